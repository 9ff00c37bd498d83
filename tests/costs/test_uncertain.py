"""Own costs as functions of factors: the best figure bit for bit, and what each factor does to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.costs import own_costs
from lineage.costs.named import unused_lines
from lineage.costs.uncertain import OwnModel, own_model
from lineage.errors import OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.uncertainty import Uncertainty

EVERYTHING = Uncertainty(
    own={"*": "lognormal(100%, 1.2)"},
    grid={"*": "uniform(80%, 120%)"},
    power={"*": "uniform(80%, 120%)"},
    embodied={"*": "uniform(80%, 120%)"},
    energy={"*": "uniform(80%, 120%)"},
    pue={"*": "uniform(100%, 120%)"},
    platform={"*": "uniform(80%, 120%)"},
)
SYSTEMS: dict[str, dict[str, Any]] = {
    "gpu": {"power_w": 400.0, "embodied_gco2e": 150_000.0, "lifetime_h": 43_800.0}
}
GRIDS: dict[str, dict[str, Any]] = {
    "FR": {"intensity_gco2e_per_kwh": 56.0},
    "green": {"intensity_gco2e_per_kwh": 11.0, "basis": "market"},
    "coal": {"intensity_gco2e_per_kwh": 820.0},
    "solar": {"intensity_gco2e_per_kwh": 48.0},
}
TIMED: dict[str, Any] = {"system": "gpu", "device_count": 8.0, "duration_h": 10.0}


def model_of(made: Graph, given: Uncertainty, impact: str = "carbon") -> OwnModel:
    run = Run(impact=impact)
    return own_model(made, run, own_costs(made, run), given, list(range(len(made))))


def one_job(given: Uncertainty, draws: Mapping[str, float], impact: str = "carbon", **job: Any) -> float:
    """Return the own cost of a product made by one job, with these factors (section -> draw)."""
    made = graph("m", jobs=[{"id": "j", "product": "m", **job}], systems=SYSTEMS, grids=GRIDS)
    model = model_of(made, given, impact)
    values = [draws.get(f"{item.section} {item.name}", np.nan) for item in model.factors]
    assert set(draws) <= {f"{item.section} {item.name}" for item in model.factors}
    return float(model.values(np.array(values).reshape(-1, 1))[0, 0])


def test_the_factors_of_a_job() -> None:
    """energy = devices x power x time x PUE, JSC = energy x intensity, ec = embodied x devices x time / lifetime."""
    job = TIMED | {"grid": "FR", "pue": 1.1}
    jsc, ec = 8 * 0.4 * 10 * 1.1 * 56.0, 150_000 * 8 * 10 / 43_800
    for draws, expected in (
        ({}, jsc + ec),
        ({"grid FR": 1.5}, 1.5 * jsc + ec),
        ({"power gpu": 0.5, "pue j": 1.2}, 0.6 * jsc + ec),
        ({"energy j": 2.0, "embodied gpu": 3.0}, 2 * jsc + 3 * ec),
        ({"own model:m": 2.0, "grid FR": 1.5}, 2 * (1.5 * jsc + ec)),
    ):
        assert one_job(EVERYTHING, draws, **job) == pytest.approx(expected, rel=1e-14)


def test_absolute_draws_stand_for_the_value_in_use() -> None:
    given = Uncertainty(grid={"FR": "uniform(41, 98)"}, pue={"j": "uniform(1.1, 1.6)"})
    jsc, ec = 8 * 0.4 * 10 * 56.0, 150_000 * 8 * 10 / 43_800
    job = TIMED | {"grid": "FR"}
    assert one_job(given, {"grid FR": 98.0, "pue j": 1.5}, **job) == pytest.approx(jsc * 98 / 56 * 1.5 + ec)
    own_value = job | {"grid_intensity_gco2e_per_kwh": 50.0}
    assert one_job(given, {"grid FR": 98.0}, **own_value) == pytest.approx(jsc * 98 / 56 + ec)


def test_overhead_mix_and_included_pue() -> None:
    """Only the IT part of energy + overhead follows the energy; each source of a mix has its own draw."""
    job: dict[str, Any] = {"energy_kwh": 100.0, "overhead_kwh": 25.0, "grid": "FR"}
    assert one_job(EVERYTHING, {"energy j": 2.0}, **job) == pytest.approx(225 * 56.0)
    mixed: dict[str, Any] = {"energy_kwh": 100.0, "pue": 1.0, "mix": "coal:0.8;solar:0.2"}
    assert one_job(EVERYTHING, {"grid coal": 0.5}, **mixed) == pytest.approx(100 * (0.4 * 820 + 0.2 * 48))
    both = {"grid coal": 0.5, "grid solar": 2.0}
    assert one_job(EVERYTHING, both, **mixed) == pytest.approx(100 * (0.4 * 820 + 0.4 * 48))
    included: dict[str, Any] = {"energy_kwh": 100.0, "pue": 1.2, "pue_included": True, "grid": "FR"}
    assert one_job(EVERYTHING, {"energy j": 2.0}, **included) == pytest.approx(200 * 56.0)
    with pytest.raises(AssertionError):
        one_job(EVERYTHING, {"pue j": 1.1}, **included)  # a PUE that is in the energy moves nothing


def test_market_energy_and_platform() -> None:
    job: dict[str, Any] = {"energy_kwh": 100.0, "pue": 1.0, "grid": "FR", "grid_market": "green"}
    assert one_job(EVERYTHING, {"grid green": 2.0}, "carbon-market", **job) == pytest.approx(100 * 22.0)
    assert one_job(EVERYTHING, {"grid FR": 2.0}, "carbon", **job) == pytest.approx(100 * 112.0)
    assert one_job(EVERYTHING, {"energy j": 2.0, "pue j": 1.5}, "energy", **job) == pytest.approx(300.0)
    unnamed: dict[str, Any] = {"energy_kwh": 100.0, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 50.0}
    assert one_job(EVERYTHING, {"grid job:j": 2.0}, **unnamed) == pytest.approx(10_000.0)
    facts = {"platform:p": {"operations_rate_gco2e_per_h": 50.0, "lifetime_h": 1e4}}
    made = graph("m", products=facts, jobs=[{"product": "m", "platform": "p", "duration_h": 4.0}])
    model = model_of(made, Uncertainty(platform={"platform:p": "uniform(50%, 150%)"}))
    assert model.values(np.array([[1.5]]))[0, 0] == pytest.approx(300.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["carbon", "carbon-market", "energy"]))
def test_all_at_best_is_the_best_own_cost_bit_for_bit(seed: int, impact: str) -> None:
    made = np.random.default_rng(seed)

    def maybe(value: Any) -> Any:
        return value if made.random() < 0.5 else None

    jobs = [
        {
            "product": f"m{made.integers(3)}",
            "energy_kwh": maybe(float(made.lognormal())),
            "overhead_kwh": maybe(float(made.random())),
            "power_w": maybe(float(300 * made.random())),
            "device_count": float(made.integers(1, 9)),
            "duration_h": maybe(float(10 * made.random())),
            "system": maybe("gpu"),
            "pue": maybe(1.0 + float(made.random())),
            "grid": maybe("FR"),
            "mix": maybe("coal:0.7;solar:0.3"),
            "grid_market": maybe("green"),
        }
        for _ in range(6)
    ]
    lineage = graph("m0, m1, m2 -> m3", own={"m3": (1.0, 2.0, 3.5)}, jobs=jobs, systems=SYSTEMS, grids=GRIDS)
    model = model_of(lineage, EVERYTHING, impact)
    best = own_costs(lineage, Run(impact=impact)).best
    found = model.values(np.full((len(model.factors), 2), np.nan))
    assert np.array_equal(found[:, 0], np.nan_to_num(best)) and np.array_equal(found[:, 1], found[:, 0])
    ones = [1.0 if item.distribution.relative else item.best for item in model.factors]
    drawn = model.values(np.array(ones, dtype=np.float64).reshape(-1, 1))
    np.testing.assert_allclose(drawn[:, 0], found[:, 0], rtol=1e-12)


def test_ranges_of_printed_totals() -> None:
    own: dict[str, Any] = {
        "a": (80, 100, 140),
        "b": 5.0,
        "c": (2, None, 4),
        "d": None,
        "e": (3, None, None),
        "f": (1, 2, None),
    }
    made = graph(own=own)
    model = model_of(made, Uncertainty())
    told = {item.name: str(item.distribution) for item in model.factors}
    assert told == {
        "model:a": "pert(80, 100, 140)",
        "model:c": "uniform(2, 4)",
        "model:f": "pert(1, 2, 2)",
    }
    assert model.base.tolist() == [100.0, 5.0, 2.0, 0.0, 3.0, 2.0]
    assert model.open_ended.tolist() == [False, False, False, True, True, False]
    assert model.known.tolist() == [True, True, True, False, True, True]
    assert [(item.code, item.subject) for item in model.findings] == [
        ("not-sampled", "model:d"),
        ("not-sampled", "model:e"),
    ]
    assert [item.centre for item in model.factors] == [100.0, 3.0, 2.0]


def test_a_line_of_its_own_overrules_the_range() -> None:
    made = graph(own={"a": (80, 100, 140), "b": None, "c": 7.0})
    given = Uncertainty(own={"*": "uniform(90%, 110%)", "b": "uniform(10 g, 20 g)", "model:c": "fixed(9 g)"})
    model = model_of(made, given)
    assert [(item.name, str(item.distribution)) for item in model.factors] == [
        ("model:a", "uniform(90, 110)"),
        ("model:b", "uniform(10, 20)"),
        ("model:c", "fixed(9)"),
    ]
    assert not model.open_ended.any() and model.known.all()
    assert model.values(np.array([[95.0], [12.0], [9.0]])).ravel().tolist() == [95.0, 12.0, 9.0]


def test_bare_names_and_the_order_of_lines() -> None:
    made = graph(own={"a": 1.0, "b": 2.0})
    for lines, told in (
        ({"a": "fixed(7)", "model:*": "fixed(8)"}, ["fixed(8)", "fixed(8)"]),
        ({"model:*": "fixed(8)", "a": "fixed(7)"}, ["fixed(7)", "fixed(8)"]),
    ):
        assert [str(item.distribution) for item in model_of(made, Uncertainty(own=lines)).factors] == told


def test_a_total_instead_of_jobs() -> None:
    job: dict[str, Any] = {"energy_kwh": 100.0, "pue": 1.0, "grid": "FR", "system": "gpu", "id": "j"}
    given = Uncertainty(own={"m": "uniform(5 kg, 6 kg)"}, grid={"*": "uniform(50%, 150%)"})
    assert one_job(given, {"own model:m": 5500.0}, **job) == 5500.0
    assert one_job(given, {}, **job) == 5600.0


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (Uncertainty(pue={"*": "uniform(90%, 120%)"}), "may fall below 1, which no PUE can"),
        (Uncertainty(pue={"*": "lognormal(1.2, 1.1)"}), "may fall below 1"),
        (Uncertainty(own={"*": "uniform(1 kWh, 2 kWh)"}), "is not a mass"),
        (Uncertainty(grid={"zero": "uniform(1, 2)"}), "its best value is 0 or unknown"),
    ],
)
def test_distributions_that_do_not_fit(given: Uncertainty, problem: str) -> None:
    jobs = [
        {"id": "j", "product": "m", "energy_kwh": 1.0, "pue": 1.1, "grid": "FR"},
        {"id": "k", "product": "m", "energy_kwh": 1.0, "pue": 1.1, "grid": "zero"},
    ]
    grids = GRIDS | {"zero": {"intensity_gco2e_per_kwh": 0.0}}
    with pytest.raises(OptionError) as caught:
        model_of(graph("m", jobs=jobs, grids=grids), given)
    assert problem in str(caught.value)


def test_names_that_do_not_exist() -> None:
    jobs = [{"id": "j", "product": "m", "energy_kwh": 1.0, "grid": "FR", "system": "gpu"}]
    made = graph("m", jobs=jobs, systems=SYSTEMS, grids=GRIDS)
    with pytest.raises(UnknownProduct, match="no product 'n'"):
        unused_lines(made, Uncertainty(own={"n": "fixed(1)"}))
    for wrong, hint in (
        (Uncertainty(grid={"FRA": "fixed(1)"}), "[grid] 'FRA': there is no such name (intensity of a grid)"),
        (Uncertainty(embodied={"gpus": "fixed(1)"}), "did you mean 'gpu'"),
    ):
        with pytest.raises(OptionError) as caught:
            unused_lines(made, wrong)
        assert hint in str(caught.value)
    quiet = Uncertainty(
        own={"m": "fixed(1)"}, grid={"FR": "fixed(1)", "job:j": "fixed(1)"}, pue={"*": "fixed(2)"}
    )
    assert unused_lines(made, quiet) == []
    [found] = unused_lines(made, Uncertainty(own={"model:acme/*": "fixed(1)"}))
    assert (found.code, found.subject) == ("unused-uncertainty", "[own] model:acme/*")
