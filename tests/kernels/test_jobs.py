"""Job metrics: the paper's worked examples, laws, and every refusal."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import InputError
from lineage.kernels import jobs, jobs_shares, jobs_values

KJ = 1 / 3600  # kWh
MINUTE = 1 / 60  # h
DAY = 24.0
YEAR = 365 * DAY

amounts = st.floats(0, 1e9, allow_subnormal=False)
positive = st.floats(1e-6, 1e6)
unknown_or = st.none() | amounts


# -- the worked examples of the paper ----------------------------------------------------------------------


def test_jsc_of_one_kilojoule_on_coal_and_solar() -> None:
    split = jobs.facility_energy(1 * KJ, overhead_kwh=0.08 * KJ)
    intensity = jobs.mix_intensity_gco2e_per_kwh({"coal": 0.8, "solar": 0.2}, {"coal": 820.0, "solar": 48.0})
    assert intensity == pytest.approx(665.6, rel=1e-12)
    assert jobs.jsc_gco2e(split.total_kwh, intensity) == pytest.approx(0.19968, rel=1e-12)


def test_ec_and_asc_of_five_minutes_on_a_server() -> None:
    ec = jobs.ec_gco2e(10_000.0, 5 * MINUTE, 3 * YEAR)
    assert ec == pytest.approx(0.031710, abs=5e-7)
    assert jobs.asc_gco2e(0.19968, ec) == pytest.approx(0.231390, abs=5e-7)


def test_platform_tax_of_ten_equal_jobs() -> None:
    share = jobs_shares.equal_share(10)
    assert jobs_shares.platform_tax_gco2e(50 / MINUTE, 5 * MINUTE, share) == pytest.approx(25.0, rel=1e-12)


def test_five_days_of_a_platform_that_lives_six_years() -> None:
    share = jobs_shares.product_share(5 * DAY, 6 * YEAR, 10)
    assert share == pytest.approx(5 / (10 * 365 * 6), rel=1e-12)
    assert share == pytest.approx(2.28311e-4, rel=1e-5)
    assert jobs_shares.embodied_share_gco2e(1e6, share) == pytest.approx(228.311, rel=1e-5)


def test_energy_of_roberta_and_distilbert() -> None:
    assert jobs.it_energy_kwh(1024, 300.0, 1 * DAY) == pytest.approx(7372.8, rel=1e-12)
    assert jobs.it_energy_kwh(8, 250.0, 3.5 * DAY) == 168.0


def test_distilbert_inference() -> None:
    power = jobs.mean_power_w(0.015, 410 / 3600)
    assert power == pytest.approx(131.7, abs=0.05)
    berts = 0.015 / 0.6
    assert berts == pytest.approx(0.025)
    assert jobs.it_energy_kwh(1, power, 410 / 3600) == pytest.approx(0.015, rel=1e-12)


# -- laws ------------------------------------------------------------------------------------------------


@given(energy=amounts, intensity=amounts, factor=st.floats(0, 100))
def test_jsc_is_linear_in_energy(energy: float, intensity: float, factor: float) -> None:
    one = jobs.jsc_gco2e(energy, intensity)
    assert one is not None
    assert jobs.jsc_gco2e(factor * energy, intensity) == pytest.approx(factor * one, rel=1e-9)


@given(energy=amounts, pue=st.floats(1, 3), more=st.floats(0, 2))
def test_a_higher_pue_never_costs_less(energy: float, pue: float, more: float) -> None:
    low, high = jobs.facility_energy(energy, pue=pue), jobs.facility_energy(energy, pue=pue + more)
    assert low.total_kwh is not None and high.total_kwh is not None
    assert energy <= low.total_kwh <= high.total_kwh
    included = jobs.facility_energy(energy, pue=pue, included=True)
    assert included.total_kwh == energy
    assert included.it_kwh is not None and included.it_kwh <= energy


@given(energy=amounts, pue=st.none() | st.floats(1, 3), included=st.booleans(), overhead=st.none() | amounts)
def test_the_split_of_energy_adds_up(
    energy: float, pue: float | None, included: bool, overhead: float | None
) -> None:
    split = jobs.facility_energy(energy, pue=pue, included=included, overhead_kwh=overhead)
    assert split.total_kwh is not None and split.it_kwh is not None
    if split.cooling_and_loss_kwh is None:
        assert included and pue is None
        assert split.it_kwh == split.total_kwh == energy
    else:
        assert split.it_kwh + split.cooling_and_loss_kwh == pytest.approx(split.total_kwh, rel=1e-9, abs=1e-9)


def test_an_included_overhead_is_taken_out_where_it_fits() -> None:
    assert jobs.facility_energy(10.0, included=True, overhead_kwh=2.0) == (10.0, 8.0, 2.0)
    assert jobs.facility_energy(10.0, included=True, overhead_kwh=20.0) == (10.0, 10.0, None)


Formula = Callable[..., float | None]
FORMULAS: list[tuple[Formula, int]] = [
    (jobs.it_energy_kwh, 3),
    (jobs.device_hours_energy_kwh, 2),
    (jobs.mean_power_w, 2),
    (jobs.jsc_gco2e, 2),
    (jobs.ec_gco2e, 3),
    (jobs.device_hours_ec_gco2e, 3),
    (jobs.asc_gco2e, 2),
    (jobs_shares.equal_share, 1),
    (jobs_shares.size_share, 2),
    (jobs_shares.platform_tax_gco2e, 3),
    (jobs_shares.retraining_share_gco2e, 2),
    (jobs_shares.retraining_share_by_size_gco2e, 3),
    (jobs_shares.jsc_expanded_gco2e, 3),
    (jobs_shares.product_share, 3),
    (jobs_shares.volume_share, 2),
    (jobs_shares.unrecovered_share, 2),
    (jobs_shares.embodied_share_gco2e, 2),
    (jobs_shares.asc_expanded_gco2e, 4),
    (jobs.scr_gco2e_per_h, 2),
    (jobs.jqcr, 2),
]


@pytest.mark.parametrize(("formula", "inputs"), FORMULAS, ids=lambda item: getattr(item, "__name__", ""))
def test_one_unknown_input_makes_the_result_unknown(formula: Formula, inputs: int) -> None:
    assert formula(*[2.0] * inputs) is not None
    for place in range(inputs):
        values: list[float | None] = [2.0] * inputs
        values[place] = None
        assert formula(*values) is None
        values = [0.0 if index != place else None for index in range(inputs)]
        if formula not in (jobs.ec_gco2e, jobs.device_hours_ec_gco2e, jobs_shares.product_share):
            assert formula(*values) is None, "0 x unknown is unknown here"


def test_every_public_formula_is_tried_with_unknown_inputs() -> None:
    tried = {formula.__name__ for formula, _ in FORMULAS}
    elsewhere = {
        "MIX_TOLERANCE",
        "EnergySplit",
        "facility_energy",
        "mix_intensity_gco2e_per_kwh",
        "part_of_lifetime",
    }
    assert {*jobs.__all__, *jobs_shares.__all__} == tried | elsewhere
    assert jobs.facility_energy(None, pue=1.5) == (None, None, None)
    assert jobs.mix_intensity_gco2e_per_kwh({"wind": 1.0}, {"wind": None}) is None
    assert jobs.mix_intensity_gco2e_per_kwh({"wind": 1.0}, {}) is None


@given(st.lists(unknown_or, max_size=6))
def test_totals_and_known_parts(parts: list[float | None]) -> None:
    known = [part for part in parts if part is not None]
    assert (jobs_values.total(*parts) is None) == (None in parts)
    assert jobs_values.known_part(*parts) == (sum(known) if known else None)


@given(duration=positive, lifetime=positive, k=st.integers(1, 1000))
def test_k_jobs_through_the_lifetime_recover_the_whole(duration: float, lifetime: float, k: int) -> None:
    share = jobs_shares.product_share(lifetime, lifetime, k)
    assert jobs_shares.unrecovered_share(*[share] * k) == pytest.approx(0.0, abs=1e-9)
    one = jobs_shares.product_share(duration, lifetime, k)
    assert one == pytest.approx(duration / (lifetime * k), rel=1e-12)


@given(st.lists(positive, min_size=1, max_size=8))
def test_shares_by_size_add_up_to_one(sizes: list[float]) -> None:
    shares = [jobs_shares.size_share(size, sum(sizes)) for size in sizes]
    assert jobs_values.total(*shares) == pytest.approx(1.0, rel=1e-9)


def test_inferences_carry_retraining_in_proportion_to_their_number() -> None:
    assert jobs_shares.retraining_share_gco2e(500.0, 1000.0, inferences=10.0) == pytest.approx(5.0)


def test_a_metric_of_which_less_is_better_enters_inverted() -> None:
    assert jobs.jqcr(0.5, 4.0, higher_is_better=False) == 0.5
    assert jobs.jqcr(0.0, 4.0, higher_is_better=False) is None
    assert jobs.jqcr(3.0, 0.0) is None
    assert jobs.scr_gco2e_per_h(3.0, 0.0) is None


def test_two_zeros_do_not_differ() -> None:
    assert jobs_values.relative_difference(0.0, 0.0) == 0.0


# -- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shares", [{"coal": 0.8, "solar": 0.1}, {"coal": 1.01}, {"coal": float("nan")}, {}])
def test_shares_that_miss_one_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must add up to 1"):
        jobs.mix_intensity_gco2e_per_kwh(shares, {"coal": 820.0, "solar": 48.0})


def test_shares_may_miss_one_by_a_thousandth() -> None:
    assert jobs.mix_intensity_gco2e_per_kwh({"coal": 0.999}, {"coal": 1000.0}) == pytest.approx(999.0)


def test_impossible_inputs_are_refused() -> None:
    with pytest.raises(InputError, match=r"PUE of 0\.9 is impossible"):
        jobs.facility_energy(1.0, pue=0.9)
    with pytest.raises(InputError, match="lifetime of 0 h is impossible"):
        jobs.ec_gco2e(1.0, 1.0, 0.0)
    with pytest.raises(InputError, match=r"0\.5 concurrent jobs are too few"):
        jobs_shares.product_share(1.0, 1.0, 0.5)
