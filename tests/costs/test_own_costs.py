"""Own costs: from jobs, from totals, which of them wins, and what is said about the other."""

import math
from typing import Any

import numpy as np
import pytest

from lineage.costs import OwnCosts, own_costs
from lineage.errors import InputError
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph

YEAR = 8760.0
SYSTEMS = {"v100": {"embodied_gco2e": 150_000.0, "lifetime_h": 30_000.0}}
GRIDS = {"fr": {"intensity_gco2e_per_kwh": 50.0}}


def drawn(*jobs: dict[str, Any], **products: dict[str, Any]) -> Graph:
    named = {"m": {}, **{name.replace("_", ":"): values for name, values in products.items()}}
    rows = [
        {"id": f"j{n}", "product": "model:m", "phase": "training", **job} for n, job in enumerate(jobs, 1)
    ]
    return graph("m", products=named, jobs=rows, systems=SYSTEMS, grids=GRIDS)


def at(costs: OwnCosts, code: int = 0) -> tuple[Any, ...]:
    lo, best, hi = (float(side[code]) for side in (costs.lo, costs.best, costs.hi))
    values = [None if math.isnan(value) else value for value in (lo, best, hi)]
    return values[0], values[1], values[2], costs.tier[code], costs.origin[code]


def codes(costs: OwnCosts) -> list[str]:
    return [item.code for item in costs.findings]


def test_nothing_known_is_an_interval_from_zero_to_unknown() -> None:
    for impact in ("carbon", "carbon-market", "energy", "water"):
        costs = own_costs(drawn(), Run(impact=impact))
        assert at(costs) == (0.0, None, None, "unknown", "")
        assert costs.unit == Run(impact=impact).unit


def test_a_printed_total_with_and_without_bounds() -> None:
    costs = own_costs(graph("a -> b -> c", own={"a": 5.0, "b": (1.0, 2.0, 4.0)}), Run())
    assert at(costs, 0) == (5.0, 5.0, 5.0, "reported", "total")
    assert at(costs, 1) == (1.0, 2.0, 4.0, "reported", "total")
    assert at(costs, 2) == (0.0, None, None, "unknown", "")


def test_bounds_without_a_best_value_stay_bounds() -> None:
    costs = own_costs(drawn(m={"own_carbon_gco2e_lo": 2.0, "own_carbon_gco2e_hi": 3.0}), Run())
    assert at(costs) == (2.0, None, 3.0, "reported", "total")
    costs = own_costs(drawn(m={"own_carbon_gco2e_hi": 3.0}), Run())
    assert at(costs) == (0.0, None, 3.0, "reported", "total")


JOB = {
    "energy_kwh": 100.0,
    "pue": 1.2,
    "grid": "fr",
    "system": "v100",
    "duration_h": 10.0,
    "device_count": 8.0,
}


def test_a_sum_of_jobs() -> None:
    costs = own_costs(drawn(JOB, JOB | {"phase": "data", "energy_kwh": 10.0}), Run())
    ec = 2 * 150_000 * 8 * 10 / 30_000
    assert at(costs) == (
        pytest.approx(6600 + ec),
        pytest.approx(6600 + ec),
        pytest.approx(6600 + ec),
        "from-energy",
        "jobs",
    )
    assert codes(costs) == []
    energy = own_costs(drawn(JOB, JOB), Run(impact="energy"))
    assert at(energy) == (240.0, 240.0, 240.0, "reported", "jobs")


def test_retraining_serving_and_operating_never_enter_an_own_cost() -> None:
    costs = own_costs(
        drawn(*({**JOB, "phase": phase} for phase in ("retraining", "inference", "platform"))), Run()
    )
    assert at(costs) == (0.0, None, None, "unknown", "") and costs.findings == ()


def test_an_unknown_part_of_a_job_opens_the_upper_bound() -> None:
    costs = own_costs(drawn({"energy_kwh": 100.0, "pue": 1.0, "grid": "fr"}), Run())
    assert at(costs) == (5000.0, 5000.0, None, "from-energy", "jobs")
    assert codes(costs) == ["missing-component"]
    assert costs.findings[0].subject == "j1"
    assert "systems_embodied (needs system)" in costs.findings[0].text
    energy = own_costs(drawn({"energy_kwh": 100.0, "pue": 1.0}), Run(impact="energy"))
    assert at(energy) == (100.0, 100.0, 100.0, "reported", "jobs") and codes(energy) == []


def test_a_job_of_which_nothing_is_known_makes_the_sum_unknown_evidence() -> None:
    nothing = own_costs(drawn({}), Run())
    assert at(nothing) == (0.0, None, None, "unknown", "")
    assert codes(nothing) == ["missing-component"]
    both = own_costs(drawn({}, JOB), Run(impact="energy"))
    assert at(both) == (120.0, 120.0, None, "unknown", "jobs")
    assert "energy (needs energy, or power and time)" in both.findings[0].text


def test_water_is_unknown_from_jobs() -> None:
    costs = own_costs(drawn(JOB, m={"own_water_l": 3.0}), Run(impact="water"))
    assert at(costs) == (3.0, 3.0, 3.0, "reported", "total") and costs.findings == ()


# -- two figures for one product -----------------------------------------------------------------------------


def test_the_better_evidence_wins() -> None:
    costs = own_costs(drawn(JOB, m={"own_carbon_gco2e": 6400.0}), Run())
    assert at(costs)[3:] == ("reported", "total")
    assert [tuple(item) for item in costs.alternatives] == [(0, "jobs", pytest.approx(6400.0), "from-energy")]
    assert codes(costs) == []
    costs = own_costs(drawn(JOB, m={"own_carbon_gco2e": 6400.0, "tier": "imputed"}), Run())
    assert at(costs)[3:] == ("from-energy", "jobs")
    assert costs.alternatives == [(0, "total", 6400.0, "imputed")]


def test_on_a_tie_the_jobs_win_and_a_difference_is_found() -> None:
    costs = own_costs(drawn(JOB, m={"own_energy_kwh": 118.0}), Run(impact="energy"))
    assert at(costs) == (120.0, 120.0, 120.0, "reported", "jobs")
    assert costs.alternatives == [(0, "total", 118.0, "reported")]
    assert codes(costs) == ["does-not-reconcile"]
    text = costs.findings[0].text
    assert "118 kWh (reported)" in text and "120 kWh (reported)" in text
    assert codes(own_costs(drawn(JOB, m={"own_energy_kwh": 119.0}), Run(impact="energy"))) == []


def test_jobs_of_which_nothing_is_known_never_displace_a_total() -> None:
    costs = own_costs(drawn({}, m={"own_carbon_gco2e": 7.0, "tier": "unknown"}), Run())
    assert at(costs) == (7.0, 7.0, 7.0, "unknown", "total") and costs.alternatives == []


def test_a_sum_that_lacks_whole_jobs_cannot_contradict_a_larger_total() -> None:
    larger = own_costs(drawn({}, JOB, m={"own_energy_kwh": 500.0}), Run(impact="energy"))
    assert at(larger)[4] == "total" and codes(larger) == ["missing-component"]
    smaller = own_costs(drawn({}, JOB, m={"own_energy_kwh": 50.0}), Run(impact="energy"))
    assert codes(smaller) == ["missing-component", "does-not-reconcile"]
    assert "incomplete" in smaller.findings[-1].text


def test_bounds_without_a_best_value_are_not_compared() -> None:
    costs = own_costs(drawn(JOB, m={"own_energy_kwh_hi": 5.0}), Run(impact="energy"))
    assert codes(costs) == [] and at(costs)[4] == "jobs"


# -- market ------------------------------------------------------------------------------------------------


def test_without_a_market_figure_the_location_counts_and_is_marked() -> None:
    costs = own_costs(drawn(m={"own_carbon_gco2e": 9.0, "tier": "measured"}), Run(impact="carbon-market"))
    assert at(costs) == (9.0, 9.0, 9.0, "measured", "total")
    assert costs.market_from_location.tolist() == [True]
    assert at(own_costs(drawn(m={"own_carbon_market_gco2e": 9.0}), Run()))[1] is None, "never the reverse"
    costs = own_costs(drawn(JOB), Run(impact="carbon-market"))
    assert costs.market_from_location.tolist() == [True]


def test_jobs_that_know_their_market_win_over_a_total_of_the_location() -> None:
    market = JOB | {"grid_intensity_market_gco2e_per_kwh": 10.0}
    costs = own_costs(drawn(market, m={"own_carbon_gco2e": 6400.0}), Run(impact="carbon-market"))
    assert at(costs)[1] == pytest.approx(1200 + 400) and at(costs)[4] == "jobs"
    assert costs.market_from_location.tolist() == [False]
    located = own_costs(drawn(JOB, m={"own_carbon_gco2e": 6400.0}), Run(impact="carbon-market"))
    assert at(located)[4] == "total"


# -- as of a date, platforms ---------------------------------------------------------------------------------


def test_only_jobs_that_had_started_count() -> None:
    made = drawn(JOB | {"started_at": "2024-12-31T10:00:00Z"}, JOB | {"started_at": "2025-01-01"}, JOB)
    energy = own_costs(made, Run(impact="energy", as_of="2024-12-31"))
    assert at(energy)[1] == 240.0
    assert codes(energy) == ["undated"] and energy.findings[0].subject == "j3"
    assert at(own_costs(made, Run(impact="energy")))[1] == 360.0


def test_weights_of_platforms_come_from_the_jobs() -> None:
    day = {
        "duration_h": 24.0,
        "platform": "platform:q",
        "concurrent_jobs": 10.0,
        "energy_kwh": 1.0,
        "pue": 1.0,
    }
    platform = {"lifetime_h": 6 * YEAR, "operations_rate_gco2e_per_h": 60.0}
    made = drawn(day, day | {"duration_h": 48.0}, day | {"phase": "inference"}, platform_q=platform)
    costs = own_costs(made, Run())
    assert costs.job_weights == {(0, 1): pytest.approx(72 / (6 * YEAR * 10))}
    assert at(costs)[:2] == (pytest.approx(60 * 72 / 10),) * 2, (
        "the tax is known, the carbon of the energy not"
    )
    assert at(costs)[3] == "from-device-hours"


def test_a_platform_of_unknown_lifetime_has_no_weight() -> None:
    made = drawn(JOB | {"platform": "platform:q"}, platform_q={"operations_rate_gco2e_per_h": 60.0})
    costs = own_costs(made, Run())
    assert costs.job_weights == {}
    assert "how much of platform:q the job carries is unknown" in costs.findings[-1].text
    assert codes(costs) == ["missing-component"]


def test_an_edge_that_exists_already_gets_no_weight_from_jobs() -> None:
    made = graph(
        "platform:q -[0.5]-> m",
        products={"platform:q": {"lifetime_h": YEAR, "operations_rate_gco2e_per_h": 1.0}},
        jobs=[{"id": "j", "product": "model:m", "platform": "platform:q", **JOB}],
        systems=SYSTEMS,
        grids=GRIDS,
    )
    assert own_costs(made, Run()).job_weights == {}


def test_a_grid_that_merging_reported_is_not_reported_again() -> None:
    made = drawn({"energy_kwh": 1.0, "pue": 1.0, "grid": "nowhere", "mix": "peat:1"})
    assert "unknown-grid" in [item.code for item in made.findings]
    assert codes(own_costs(made, Run())) == ["missing-component"]


def test_a_job_that_cannot_be_right_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="job j1: the shares of the mix"):
        own_costs(drawn({"energy_kwh": 1.0, "mix": "fr:0.5"}), Run())


def test_the_graphs_own_columns_are_left_alone() -> None:
    made = drawn(JOB, m={"own_energy_kwh": 118.0})
    before = made.digest
    first = own_costs(made, Run(impact="energy"))
    second = own_costs(made, Run(impact="energy"))
    assert np.array_equal(first.best, second.best) and made.digest == before


def test_a_market_total_beats_jobs_that_only_repeat_the_location() -> None:
    job = {"energy_kwh": 1.0, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 100.0, "system": "v100"}
    made = drawn(
        job | {"duration_h": 0.0},
        m={"own_carbon_market_gco2e": 10.0, "own_carbon_gco2e": 100.0, "tier": "from-energy"},
    )
    costs = own_costs(made, Run(impact="carbon-market"))
    assert at(costs) == (10.0, 10.0, 10.0, "from-energy", "total")
    assert not costs.market_from_location[0] and "does-not-reconcile" not in codes(costs)
    assert at(own_costs(made, Run()))[4] == "jobs"


def test_a_weight_from_jobs_is_unknown_where_one_of_them_is() -> None:
    job = {"energy_kwh": 1.0, "pue": 1.0, "platform": "q"}
    made = drawn(job | {"duration_h": 10.0}, job, platform_q={"lifetime_h": 100.0})
    costs = own_costs(made, Run(impact="energy"))
    assert costs.job_weights == {}
    assert [item.subject for item in costs.findings if "how much of platform:q" in item.text] == ["j2"]
