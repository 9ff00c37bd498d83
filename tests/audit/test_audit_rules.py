"""The rules of the audit: what agrees, what explains a difference, and what no rounding makes suspicious."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.audit import audit
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.stores import connect
from lineage.testing import graph

ROUNDED = st.floats(0.96, 1.04)
RUN = {"device_hours": 1000.0, "power_w": 400.0, "pue": 1.25, "grid_intensity_gco2e_per_kwh": 300.0}
ENERGY, CARBON = 500.0, 150_000.0


def run_of(energy: float | None, carbon: float | None, **job: Any) -> Graph:
    """One model with one job, and the totals that are stated of it."""
    total = {"own_energy_kwh": energy, "own_carbon_gco2e": carbon}
    return graph("m", products={"m": total}, jobs=[{"product": "m", **RUN, **job}])


def codes(found: tuple[Finding, ...]) -> list[str]:
    return sorted({item.code for item in found})


@settings(max_examples=40, deadline=None)
@given(
    devices=st.integers(2, 5000),
    hours=st.floats(1.0, 2000.0),
    power=st.floats(50.0, 1500.0),
    pue=st.floats(1.0, 2.0),
    grid=st.floats(10.0, 1100.0),
    rounded=ROUNDED,
)
def test_what_its_inputs_give_raises_no_alarm(  # noqa: PLR0913 - one argument per draw
    devices: int, hours: float, power: float, pue: float, grid: float, rounded: float
) -> None:
    kwh = devices * hours * power / 1000 * pue
    total = {"own_energy_kwh": kwh * rounded, "own_carbon_gco2e": kwh * grid / rounded}
    job = {"product": "m", "device_count": float(devices), "duration_h": hours, "power_w": power, "pue": pue}
    made = graph("m", products={"m": total}, jobs=[job | {"grid_intensity_gco2e_per_kwh": grid}])
    assert audit(made) == ()


@pytest.mark.parametrize(
    ("energy", "carbon", "code", "said"),
    [
        (ENERGY * 1000, None, "unit-suspect", "a factor of 1,000"),
        (ENERGY / 1000, None, "unit-suspect", "a figure in MWh written as kWh"),
        (ENERGY * 3.6, None, "unit-suspect", "MJ written as kWh"),
        (None, CARBON / 1000, "unit-suspect", "a figure in kg written as g"),
        (None, CARBON / 1e6, "unit-suspect", "a figure in t written as g"),
        (None, CARBON * 2.20462, "unit-suspect", "pounds written as kg"),
        (None, CARBON / 1.25, "pue-suspect", "the PUE of 1.25 was left out"),
        (None, CARBON * 1.25, "pue-suspect", "applied twice"),
        (ENERGY * 1.25, None, "pue-suspect", "applied twice"),
        (ENERGY * 1.6, None, "energy-contradicts", "+60.0 %"),
        (None, CARBON * 0.6, "carbon-contradicts", "would need 180 g/kWh"),
    ],
)
def test_the_cause_of_a_difference(energy: float | None, carbon: float | None, code: str, said: str) -> None:
    [item] = audit(run_of(energy, carbon))
    assert item.code == code and said in item.text and "most likely correction" in item.text
    assert item.subject == "model:m" and item.place == "product model:m"


def test_energy_without_its_pue_agrees() -> None:
    assert audit(run_of(ENERGY / 1.25, CARBON)) == ()


def test_the_devices_explain_only_what_came_from_them() -> None:
    eight = {"device_hours": None, "device_count": 8.0, "duration_h": 125.0}
    assert codes(audit(run_of(8 * ENERGY, None, **eight))) == ["hours-suspect"]
    assert codes(audit(run_of(ENERGY / 8, None, **eight))) == ["hours-suspect"]
    given_energy = {"device_hours": None, "power_w": None, "energy_kwh": 400.0, "device_count": 8.0}
    assert codes(audit(run_of(8 * ENERGY, None, **given_energy))) == ["energy-contradicts"]


def test_a_sum_of_jobs_is_compared_as_one() -> None:
    jobs = [{"product": "m", **RUN}, {"product": "m", **RUN, "device_hours": 3000.0}]
    assert audit(graph("m", own={"m": 4 * CARBON}, jobs=jobs)) == ()
    [item] = audit(graph("m", own={"m": 5 * CARBON}, jobs=jobs))
    assert item.code == "carbon-contradicts" and "the sum of its 2 jobs = 600 kg" in item.text
    unknown = [{"product": "m", **RUN}, {"product": "m", "duration_h": 5.0}]
    assert audit(graph("m", own={"m": 5 * CARBON}, jobs=unknown)) == ()


def test_one_run_on_two_bases_is_not_two_runs() -> None:
    gross: dict[str, Any] = {"product": "m", **RUN, "id": "gross"}
    net: dict[str, Any] = {"product": "m", **RUN, "id": "net", "grid_intensity_gco2e_per_kwh": None}
    jobs = [gross, net | {"grid_intensity_market_gco2e_per_kwh": 270.0}]
    [item] = audit(graph("m", products={"m": {"own_energy_kwh": ENERGY}}, jobs=jobs))
    assert (item.code, item.subject) == ("other-grid", "net") and "on 270 g/kWh (135 kg)" in item.text


def test_what_is_withdrawn_is_not_audited() -> None:
    total = {"own_carbon_gco2e": CARBON / 1000, "superseded": "the authors corrected it"}
    assert audit(graph("m", products={"m": total}, jobs=[{"product": "m", **RUN}])) == ()


def test_embodied_carbon_may_be_in_the_total() -> None:
    system = {"s": {"embodied_gco2e": 500_000.0, "lifetime_h": 5000.0}}
    job = {"product": "m", **RUN, "system": "s"}
    for stated in (CARBON, CARBON + 100_000.0):
        assert audit(graph("m", own={"m": stated}, jobs=[job], systems=system)) == ()
    assert codes(audit(graph("m", own={"m": CARBON + 50_000.0}, jobs=[job], systems=system))) == [
        "carbon-contradicts"
    ]


def test_copies_need_a_parent_or_a_figure_of_four_digits() -> None:
    linked = graph("base -> mid -> tuned", own={"base": 100.0, "tuned": 100.0})
    assert codes(audit(linked)) == ["copied-figure"]
    assert audit(graph("bert", "bert-tuned", own={"bert": 100.0, "bert-tuned": 100.0})) == ()
    assert codes(audit(graph("bert", "bert-tuned", own={"bert": 1234.0, "bert-tuned": 1234.0}))) == [
        "copied-figure"
    ]
    assert audit(graph("base -> a", "base -> b", own={"base": 5.0, "a": 7.0, "b": 7.0})) == ()


def test_zeros_of_the_market_with_a_location_are_fine() -> None:
    both = {"own_carbon_market_gco2e": 0.0, "own_carbon_gco2e": 100.0}
    assert audit(graph("m", products={"m": both})) == ()
    job = {"product": "m", "energy_kwh": 10.0, "pue": 1.0, "grid_intensity_market_gco2e_per_kwh": 0.0}
    assert audit(graph("m", jobs=[job | {"grid_intensity_gco2e_per_kwh": 300.0}])) == ()
    idle = job | {"energy_kwh": 0.0}
    assert audit(graph("m", jobs=[idle])) == ()


def test_grids_and_jobs_in_a_wrong_unit() -> None:
    grids = {"fr": {"intensity_gco2e_per_kwh": 0.056}, "de": {"intensity_gco2e_per_kwh": 381.0}}
    [item] = audit(graph("m", grids=grids))
    assert (item.code, item.subject) == ("unit-suspect", "fr") and "so 56 g/kWh" in item.text


def test_a_graph_without_claims_is_audited_by_what_won() -> None:
    made = run_of(None, CARBON / 1000)
    [item] = audit(replace(made, claims=None))
    assert item.code == "unit-suspect" and item.place == ""


def test_a_store_is_audited_as_its_graph_is() -> None:
    made = run_of(None, CARBON / 1000)
    with connect("memory:") as store:
        store.write(made)
        assert audit(store) == audit(made) != ()


def test_hours_and_hardware_of_a_card_bound_its_carbon() -> None:
    card = {
        "co2_hardware_used": "8x NVIDIA A100",
        "hours_used": "100 hrs",
        "co2_geographical_location": "France",
    }

    def found(grams: float, **other: Any) -> tuple[Finding, ...]:
        return audit(graph("m", products={"m": {**card, **other, "own_carbon_gco2e": grams}}))

    assert found(12_000.0) == ()
    [kilograms] = found(12.0)
    assert kilograms.code == "unit-suspect" and "100 h of 8 x A100" in kilograms.text
    assert kilograms.text.endswith("kg written as g; most likely correction: 12 kg")
    [item] = found(200.0)
    assert item.code == "carbon-contradicts" and "hardware x hours x grid" in item.text
    assert found(20.0, co2_hardware_used="a laptop") == ()
    prose = {"co2_hardware_used": "32 V100 32Gb GPUs, 1216 GPU hours", "hours_used": None}
    assert found(15_000.0, **prose) == ()
    assert "1,216 device-hours of V100" in found(15.0, **prose)[0].text


def test_a_pue_that_nobody_gives_may_explain_a_figure() -> None:
    [item] = audit(run_of(None, 120_000.0 * 1.12, pue=None))
    assert item.code == "pue-suspect" and "no PUE is given, and one of 1.12 would explain it" in item.text
    assert codes(audit(run_of(None, 120_000.0 * 0.8, pue=None))) == ["carbon-contradicts"]
    assert codes(audit(run_of(None, 120_000.0 * 1.9, pue=None))) == ["carbon-contradicts"]


def test_hardware_that_is_named_bounds_the_energy_of_a_job() -> None:
    named = {"product": "m", "system": "A100", "device_count": 8.0, "duration_h": 100.0, "pue": 1.0}
    kwh = 8 * 100 * 0.4

    def found(energy: float) -> list[str]:
        made = graph("m", jobs=[{**named, "energy_kwh": energy}], systems={"A100": {}})
        return codes(audit(made))

    assert found(kwh) == found(0.5 * kwh) == found(1.5 * kwh) == []
    assert found(8 * kwh) == found(kwh / 8 / 2) == ["hours-suspect"]
    assert found(100 * kwh) == found(kwh / 100) == ["energy-contradicts"]


def test_looked_up_power_and_grids_are_estimates_that_contradict_nothing_near() -> None:
    job = {"product": "m", "system": "A100", "device_hours": 1000.0, "pue": 1.25, "grid": "France"}

    def found(energy: float, carbon: float) -> list[str]:
        total = {"own_energy_kwh": energy, "own_carbon_gco2e": carbon}
        return codes(audit(graph("m", products={"m": total}, jobs=[job])))

    assert found(500.0, 21_000.0) == found(300.0, 25_000.0) == []
    assert found(500.0, 21_000_000.0) == ["unit-suspect"]


def test_hardware_that_a_row_names_bounds_its_energy() -> None:
    card = {"hardware": "8 x V100", "hours": 100.0}
    assert audit(graph("m", products={"m": {**card, "own_energy_kwh": 200.0}})) == ()
    [item] = audit(graph("m", products={"m": {**card, "own_energy_kwh": 2.0}}))
    assert item.code == "energy-contradicts" and "100 h of 8 x V100" in item.text


def test_the_parameters_of_a_pretraining_bound_its_carbon() -> None:
    card = {"parameters": 176e9, "co2_training_type": "pre-training"}
    assert audit(graph("m", products={"m": {**card, "own_carbon_gco2e": 24.7e6}})) == ()
    [item] = audit(graph("m", products={"m": {**card, "own_carbon_gco2e": 24.7e3}}))
    assert item.code == "unit-suspect" and item.text.endswith("most likely correction: 24.7 t")
    tuned = {"m": {**card, "own_carbon_gco2e": 24.7e3}}
    assert audit(graph("base -> m", products=tuned)) == ()


def test_no_supply_has_such_an_intensity() -> None:
    [item] = audit(graph("m", products={"m": {"own_energy_kwh": 100.0, "own_carbon_gco2e": 240_000.0}}))
    assert item.code == "carbon-contradicts" and "2,400 g/kWh" in item.text


def test_two_estimates_of_one_training_are_not_added() -> None:
    old = {"product": "m", "energy_kwh": 1000.0, "pue": 1.0, "citation": "Somebody 2019"}
    new = {"product": "m", "energy_kwh": 10.0, "pue": 1.0, "citation": "Somebody else 2021"}
    [item] = audit(graph("m", jobs=[old, new]))
    assert (item.code, item.subject) == (
        "outdated-figure",
        "job1",
    ) and "100 times, and both are added" in item.text
    assert audit(graph("m", jobs=[old | {"phase": "development"}, new])) == ()
    assert audit(graph("m", jobs=[old, old])) == ()


def test_a_total_of_everything_else_in_its_file() -> None:
    own = {"whole": 60.0, "one": 10.0, "two": 20.0, "three": 30.0}
    [item] = audit(graph("whole", own=own))
    assert item.code == "total-suspect" and "10 g + 20 g + 30 g = 60 g" in item.text
    assert audit(graph("whole", own=own | {"whole": 61.0})) == ()


ODD = st.sampled_from([None, 0.0, 1e-9, 1.0, 1000.0, 1e12, 1e24])


@settings(max_examples=60, deadline=None)
@given(
    totals=st.lists(st.tuples(ODD, ODD, ODD), min_size=1, max_size=3),
    jobs=st.lists(st.tuples(ODD, ODD, ODD, ODD, ODD, st.sampled_from([None, 1.0, 1.5, 120.0])), max_size=3),
)
def test_no_figure_is_too_odd(totals: list[tuple[Any, ...]], jobs: list[tuple[Any, ...]]) -> None:
    names = ["energy_kwh", "duration_h", "device_hours", "power_w", "grid_intensity_gco2e_per_kwh", "pue"]
    columns = ["own_energy_kwh", "own_carbon_gco2e", "own_carbon_market_gco2e"]
    products = {f"m-{n}b": dict(zip(columns, row, strict=True)) for n, row in enumerate(totals)}
    rows = [
        {"product": "m-0b", "system": "A100", "device_count": 8.0, **dict(zip(names, row, strict=True))}
        for row in jobs
    ]
    found = audit(graph("m-0b -> m-1b", products=products, jobs=rows, systems={"A100": {}}))
    assert all(item.text and "nan" not in item.text for item in found)
