"""Published energies and emissions, recomputed from the inputs that their sources print."""

import csv
from pathlib import Path

import pytest

from lineage.costs import Job, JobFigures, Supplies, job_figures
from lineage.kernels.jobs import device_hours_ec_gco2e
from lineage.kernels.jobs_values import relative_difference

TOLERANCE = 0.02
TONNE = 1e6  # gCO2e
NOTHING = Supplies({}, {}, {})

Case = dict[str, str]


@pytest.fixture(scope="module")
def cases(samples: Path) -> list[Case]:
    path = samples / "published_cases" / "published-cases.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _power(case: Case) -> dict[str, float]:
    """Return the inputs of power x time; none if the source does not print them."""
    power, hours = _number(case["power_w"]), _number(case["device_hours"])
    if power is None:
        return {}
    if case["power_scope"] == "whole_system":
        return {"power_w": power, "duration_h": float(case["wall_hours"])}
    if hours is not None:
        return {"power_w": power, "device_hours": hours}
    return {
        "power_w": power,
        "device_count": float(case["device_count"]),
        "duration_h": float(case["wall_hours"]),
    }


def _figures(case: Case, inputs: dict[str, float], *, pue_included: bool = False) -> JobFigures:
    """Return the figures of a job with the case's PUE and grid."""
    job = Job(
        id=case["case_id"],
        product=0,
        phase="training",
        pue=_number(case["pue"]),
        pue_included=pue_included,
        grid_intensity_gco2e_per_kwh=_number(case["grid_gco2e_per_kwh"]),
        **inputs,  # type: ignore[arg-type]
    )
    return job_figures(job, NOTHING)


def _energy(case: Case) -> float | None:
    """Return the energy from power and time, with the PUE if the printed energy holds it."""
    inputs = _power(case)
    if not inputs:
        return None
    energy = _figures(case, inputs).energy
    return energy.total_kwh if case["pue_in_published_kwh"] == "yes" else energy.it_kwh


def _carbon(case: Case) -> float | None:
    """Return the carbon from power and time where printed, else from the printed energy."""
    inputs = _power(case)
    published = _number(case["published_kwh"])
    if inputs:
        return _figures(case, inputs).jsc_gco2e
    if published is None:
        return None
    included = case["pue_in_published_kwh"] == "yes"
    return _figures(case, {"energy_kwh": published}, pue_included=included).jsc_gco2e


@pytest.mark.samples
def test_energies_recompute_but_for_the_two_misprints(cases: list[Case]) -> None:
    pairs = {
        case["case_id"]: (_energy(case), float(case["published_kwh"]))
        for case in cases
        if case["published_kwh"] and _power(case)
    }
    assert len(pairs) == 22
    wrong = {name: pair for name, pair in pairs.items() if relative_difference(*_both(pair)) > TOLERANCE}
    assert wrong == {"roberta-eilam": (pytest.approx(7372.8), 737.0), "distilbert-eilam": (168.0, 14.4)}


@pytest.mark.samples
def test_emissions_recompute_but_for_the_one_that_leaves_its_pue_out(cases: list[Case]) -> None:
    pairs = {
        case["case_id"]: (_carbon(case), float(case["published_tco2e"]) * TONNE)
        for case in cases
        if case["published_tco2e"] and case["grid_gco2e_per_kwh"]
    }
    assert len(pairs) == 33
    wrong = {name for name, pair in pairs.items() if relative_difference(*_both(pair)) > TOLERANCE}
    assert wrong == {"bloom-176b-dynamic"}
    bloom = next(case for case in cases if case["case_id"] == "bloom-176b-dynamic")
    assert "PUE is not applied" in bloom["check_note"]
    without_pue = _carbon(bloom | {"pue": ""})
    assert without_pue == pytest.approx(24.69 * TONNE, rel=TOLERANCE)


@pytest.mark.samples
def test_recomputed_energies_agree_with_the_table(cases: list[Case]) -> None:
    """The table was recomputed by hand: an independent check of power x time."""
    checked = 0
    for case in cases:
        expected, energy = _number(case["recomputed_kwh"]), _energy(case)
        if expected is not None and energy is not None:
            assert energy == pytest.approx(expected, rel=1e-3), case["case_id"]
            checked += 1
    assert checked == sum(case["recomputed_kwh"] != "" for case in cases) == 30


@pytest.mark.samples
def test_the_embodied_tax_of_bloom(cases: list[Case]) -> None:
    """150 kg per GPU, 2,500 kg per server of 8, 6 years at 85 % use (as the table's note says)."""
    bloom = next(case for case in cases if case["case_id"] == "bloom-176b-embodied")
    hours, lifetime_h = float(bloom["device_hours"]), 6 * 8760 * 0.85
    gpus = device_hours_ec_gco2e(hours, 150e3, lifetime_h)
    servers = device_hours_ec_gco2e(hours / 8, 2500e3, lifetime_h)
    assert gpus is not None and servers is not None
    assert gpus == pytest.approx(3.64 * TONNE, rel=0.005)
    assert gpus + servers == pytest.approx(float(bloom["recomputed_tco2e"]) * TONNE, rel=1e-4)
    assert gpus + servers == pytest.approx(float(bloom["published_tco2e"]) * TONNE, rel=TOLERANCE)


def _both(pair: tuple[float | None, float]) -> tuple[float, float]:
    left, right = pair
    assert left is not None
    return left, right
