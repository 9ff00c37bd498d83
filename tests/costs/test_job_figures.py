"""Which inputs of a job count, what is missing, and how good the evidence is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.costs import Grid, Job, JobFigures, Supplies, System, job_figures
from lineage.costs.inputs import Platform, parse_mix
from lineage.errors import InputError

SUPPLIES = Supplies(
    systems={"v100": System(300.0, 150_000.0, 30_000.0), "bare": System()},
    grids={
        "fr": Grid(57.0),
        "coal": Grid(820.0),
        "solar": Grid(48.0),
        "nameless": Grid(None),
        "certificates": Grid(5.0, "market"),
    },
    products={1: Platform("platform:q", 3000.0, 6 * 8760.0), 2: Platform("platform:bare")},
)


def figures(**inputs: Any) -> JobFigures:
    return job_figures(Job(**{"id": "j", "product": 0, "phase": "training", **inputs}), SUPPLIES)


def codes(item: JobFigures) -> list[str]:
    return [found.code for found in item.findings]


# -- energy ------------------------------------------------------------------------------------------------


def test_power_times_time_with_every_factor() -> None:
    item = figures(device_count=8.0, power_w=250.0, duration_h=84.0, utilisation=0.5, share=0.25, pue=1.2)
    assert item.energy.it_kwh == pytest.approx(21.0)
    assert item.energy.total_kwh == pytest.approx(25.2)
    assert item.energy_from == "power" and item.energy_tier == "from-device-hours"


def test_a_given_energy_is_already_the_jobs_share() -> None:
    item = figures(energy_kwh=10.0, share=0.25, utilisation=0.5, pue=1.5)
    assert item.energy == (15.0, 10.0, 5.0)
    assert item.energy_tier == "reported"


def test_device_hours_stand_for_devices_and_time() -> None:
    item = figures(device_hours=1000.0, system="v100", pue=1.0, duration_h=None, share=0.5)
    assert item.energy.total_kwh == pytest.approx(150.0)
    assert item.energy_from == "device-hours"
    assert item.ec_gco2e == pytest.approx(1000 * 150_000 / 30_000 * 0.5)


def test_device_hours_that_are_not_devices_times_time_are_found() -> None:
    job = {"device_hours": 84.0, "device_count": 8.0, "power_w": 250.0, "pue": 1.0}
    item = figures(**job, duration_h=84.0)
    assert codes(item) == ["does-not-reconcile"] and item.energy.total_kwh == 21.0
    assert item.findings[0].text == "84 device-hours are used, but 8 devices x 84 h = 672"
    assert codes(figures(**job, duration_h=10.5)) == codes(figures(**job)) == []


def test_the_power_of_the_job_wins_over_that_of_its_system() -> None:
    assert figures(power_w=100.0, duration_h=10.0, system="v100", pue=1.0).energy.total_kwh == 1.0
    assert figures(duration_h=10.0, system="v100", pue=1.0).energy.total_kwh == 3.0


def test_an_included_pue_of_power_times_time() -> None:
    item = figures(power_w=1000.0, duration_h=12.0, pue=1.2, pue_included=True)
    assert item.energy.total_kwh == 12.0
    assert item.energy.it_kwh == pytest.approx(10.0)


def test_energy_and_power_are_compared_without_cooling_and_loss() -> None:
    agree = figures(energy_kwh=12.0, pue=1.2, pue_included=True, power_w=1000.0, duration_h=10.0)
    assert codes(agree) == []
    differ = figures(energy_kwh=14.4, pue=1.2, pue_included=True, power_w=1000.0, duration_h=10.0)
    assert differ.energy.total_kwh == 14.4, "the given energy wins"
    assert codes(differ) == ["does-not-reconcile"]
    assert "12 kWh is used, but power x time gives 10 kWh (-16.7%)" in differ.findings[0].text
    nothing = figures(energy_kwh=0.0, pue=1.0, power_w=1000.0, duration_h=10.0)
    assert codes(nothing) == ["does-not-reconcile"]


def test_a_missing_pue_is_found_only_where_it_is_needed() -> None:
    assert codes(figures(energy_kwh=1.0)) == ["missing-pue"]
    assert codes(figures(energy_kwh=1.0, pue=1.1)) == []
    assert codes(figures(energy_kwh=1.0, pue_included=True)) == []
    assert codes(figures(energy_kwh=1.0, overhead_kwh=0.1)) == []
    assert codes(figures()) == []


def test_an_overhead_wins_over_the_pue() -> None:
    item = figures(energy_kwh=10.0, overhead_kwh=1.0, pue=1.5)
    assert item.energy == (11.0, 10.0, 1.0)
    assert codes(item) == ["does-not-reconcile"]
    assert codes(figures(energy_kwh=10.0, overhead_kwh=1.0, pue=1.1)) == []


def test_an_included_tax_of_unknown_size_leaves_the_total() -> None:
    item = figures(energy_kwh=10.0, pue_included=True, grid="fr")
    assert item.energy == (10.0, 10.0, None)
    assert item.jsc_gco2e == pytest.approx(570.0)
    assert item.needs["cooling_and_loss"] == ("PUE",)


# -- intensity ---------------------------------------------------------------------------------------------


def test_a_given_intensity_wins_over_the_grid_and_the_grid_over_the_mix() -> None:
    mix = "coal:0.8;solar:0.2"
    given = figures(energy_kwh=1.0, grid_intensity_gco2e_per_kwh=400.0, grid="fr", mix=mix, pue=1.0)
    assert given.intensity_gco2e_per_kwh == 400.0
    assert figures(energy_kwh=1.0, grid="fr", mix=mix).intensity_gco2e_per_kwh == 57.0
    assert figures(energy_kwh=1.0, mix=mix).jsc_gco2e == pytest.approx(665.6)
    assert figures(energy_kwh=1.0, grid="nameless", mix=mix).jsc_gco2e == pytest.approx(665.6)


def test_without_a_market_intensity_the_market_repeats_the_location() -> None:
    item = figures(energy_kwh=2.0, pue=1.0, grid="fr")
    assert (item.jsc_market_gco2e, item.market_from_location) == (114.0, True)
    bought = figures(energy_kwh=2.0, pue=1.0, grid="fr", grid_market="certificates")
    assert (bought.jsc_gco2e, bought.jsc_market_gco2e, bought.market_from_location) == (114.0, 10.0, False)
    stated = figures(energy_kwh=2.0, pue=1.0, grid_intensity_market_gco2e_per_kwh=0.0)
    assert (stated.jsc_gco2e, stated.jsc_market_gco2e) == (None, 0.0), "never the reverse"


def test_a_market_based_grid_never_stands_for_a_location() -> None:
    item = figures(energy_kwh=2.0, pue=1.0, grid="certificates")
    assert (item.jsc_gco2e, item.jsc_market_gco2e) == (None, 10.0)
    assert item.needs["it"] == ("grid intensity",)


def test_a_grid_that_no_table_describes_is_found() -> None:
    item = figures(energy_kwh=1.0, pue=1.0, grid="nowhere")
    assert item.jsc_gco2e is None and codes(item) == ["unknown-grid"]
    assert codes(figures(energy_kwh=1.0, pue=1.0, mix="peat:1")) == ["unknown-grid"]
    assert codes(figures(energy_kwh=1.0, pue=1.0, grid="nowhere", grid_intensity_gco2e_per_kwh=1.0)) == []


@pytest.mark.parametrize("mix", ["coal", "coal:x", "coal:0.5;coal:0.5", ":1", "coal:1.5", "coal:nan"])
def test_a_mix_that_cannot_be_read_is_refused(mix: str) -> None:
    with pytest.raises(InputError, match="SOURCE:SHARE"):
        parse_mix(mix)


def test_a_source_of_a_mix_may_hold_a_colon() -> None:
    assert parse_mix("grid:coal:0.8;solar:0.2;") == {"grid:coal": 0.8, "solar": 0.2}


def test_a_refusal_names_the_job() -> None:
    with pytest.raises(InputError, match=r"^job j: the shares of the mix add up to 0\.7"):
        figures(energy_kwh=1.0, mix="coal:0.5;solar:0.2")
    with pytest.raises(InputError, match=r"^job j: a PUE of"):
        figures(energy_kwh=1.0, pue=0.5)


# -- systems and platform ----------------------------------------------------------------------------------


def test_the_systems_embodied_tax_and_what_it_needs() -> None:
    full = figures(system="v100", device_count=8.0, duration_h=30.0, share=0.5)
    assert full.ec_gco2e == pytest.approx(150_000 * 8 * 30 / 30_000 * 0.5)
    assert figures().needs["systems_embodied"] == ("system",)
    assert figures(system="bare").needs["systems_embodied"] == (
        "embodied carbon of system 'bare'",
        "lifetime of system 'bare'",
        "duration",
    )
    unknown = figures(system="h900", energy_kwh=1.0, pue=1.0)
    assert unknown.ec_gco2e is None and codes(unknown) == ["unknown-system"]


def test_a_job_without_a_platform_owes_it_nothing() -> None:
    assert figures().platform_gco2e == 0.0
    item = figures(platform=1, duration_h=5 / 60, concurrent_jobs=10.0)
    assert item.platform_gco2e == pytest.approx(25.0)
    assert item.platform_share == pytest.approx(5 / 60 / (6 * 8760 * 10))
    lacking = figures(platform=2)
    assert lacking.platform_gco2e is None and lacking.platform_share is None
    assert lacking.needs["platform"] == ("operations rate of platform:bare", "duration")


# -- evidence and totals ---------------------------------------------------------------------------------


def test_carbon_from_energy_is_from_energy_at_best() -> None:
    assert figures(energy_kwh=1.0, tier="measured", grid="fr").carbon_tier() == "from-energy"
    assert figures(energy_kwh=1.0, tier="measured", grid="fr").energy_tier == "measured"
    assert figures(energy_kwh=1.0, tier="imputed", grid="fr").carbon_tier() == "imputed"
    assert figures(device_hours=1.0, system="v100", grid="fr").carbon_tier() == "from-device-hours"
    assert figures(device_hours=1.0, system="v100", tier="imputed").energy_tier == "imputed"
    assert figures(device_hours=1.0, system="v100").carbon_tier() == "from-device-hours", "hardware alone"
    assert figures().carbon_tier() == figures().energy_tier == "unknown"


inputs = st.fixed_dictionaries(
    {},
    optional={
        "energy_kwh": st.floats(0, 1e6),
        "power_w": st.floats(0, 1e5),
        "duration_h": st.floats(0, 1e5),
        "device_hours": st.floats(0, 1e6),
        "pue": st.floats(1, 3),
        "pue_included": st.booleans(),
        "overhead_kwh": st.floats(0, 1e5),
        "system": st.sampled_from(["v100", "bare", "h900"]),
        "grid": st.sampled_from(["fr", "nameless", "nowhere"]),
        "platform": st.sampled_from([1, 2]),
    },
)


@given(inputs)
def test_unknown_never_becomes_zero(given_inputs: dict[str, Any]) -> None:
    item = figures(**given_inputs)
    parts = (item.jsc_gco2e, item.ec_gco2e, item.platform_gco2e)
    whole, known = item.own_gco2e(), item.known_gco2e()
    assert (whole is None) == (None in parts)
    if whole is not None:
        assert whole == pytest.approx(sum(part for part in parts if part is not None)) == known
    for name, part in zip(("it", "systems_embodied", "platform"), parts, strict=True):
        assert (name in item.needs) == (part is None)
    if known is not None:
        assert item.carbon_tier() != "unknown"
    bare = item.energy.total_kwh is None and item.ec_gco2e is None and item.job.platform < 0
    if bare:
        assert known is None and item.carbon_tier() == "unknown"


@given(inputs, st.floats(0, 100))
def test_carbon_is_linear_in_the_energy(given_inputs: dict[str, Any], factor: float) -> None:
    base = {**given_inputs, "energy_kwh": 10.0, "grid": "fr", "pue_included": False, "overhead_kwh": None}
    one, more = figures(**base), figures(**{**base, "energy_kwh": 10.0 * factor})
    assert one.jsc_gco2e is not None
    assert more.jsc_gco2e == pytest.approx(factor * one.jsc_gco2e)
    assert more.ec_gco2e == one.ec_gco2e and more.platform_gco2e == one.platform_gco2e


def test_a_job_knows_whether_it_made_something() -> None:
    job = Job(id="j", product=0, phase="distillation")
    assert job.makes
    assert not any(replace(job, phase=phase).makes for phase in ("retraining", "inference", "platform"))


def test_a_market_grid_in_a_mix_never_stands_for_a_location() -> None:
    made = figures(energy_kwh=1.0, pue=1.0, mix="certificates:0.5;coal:0.5")
    assert made.intensity_gco2e_per_kwh is None and made.jsc_gco2e is None
    assert made.needs["it"] == ("grid intensity",)
