"""Estimates fill what is not known, and never take away what is."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lineage.costs import own_costs
from lineage.estimates.constants import range_of
from lineage.explanation import explain
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph as drawn

IMPUTED = Run(impute=True)

KNOWN = {"id": "a", "product": "model:k", "phase": "training", "energy": "1 MWh", "pue": 1.1, "grid": "FR"}
RATED = {
    "id": "b",
    "product": "model:k",
    "phase": "training",
    "duration": "2 h",
    "system": "A100",
    "pue": 1.1,
}
OPEN = {
    "id": "c",
    "product": "model:k",
    "phase": "training",
    "duration": "2 h",
    "system": "of no table",
    "pue": 1.1,
}


def with_jobs(*jobs: dict[str, object]) -> Graph:
    table = pd.DataFrame([{**job, "grid": "FR"} for job in jobs])
    return Graph.from_tables(
        pd.DataFrame([{"id": "model:k"}]), pd.DataFrame(columns=["product", "parent"]), table
    )


@pytest.mark.parametrize("impact", ["carbon", "energy"])
@pytest.mark.parametrize("jobs", [(KNOWN, RATED), (KNOWN, OPEN), (KNOWN, RATED, OPEN), (KNOWN,)])
def test_what_one_job_is_known_to_cost_is_not_given_up(
    impact: str, jobs: tuple[dict[str, object], ...]
) -> None:
    graph = with_jobs(*jobs)
    known, filled = (own_costs(graph, Run(impact=impact, impute=impute)) for impute in (False, True))
    assert filled.best[0] == known.best[0]
    assert filled.lo[0] == known.lo[0]
    assert np.isnan(filled.hi[0]) or filled.hi[0] >= filled.best[0]
    assert filled.tier[0] == known.tier[0]


def test_jobs_that_only_name_hardware_are_estimated() -> None:
    graph = with_jobs(RATED)
    known, filled = (own_costs(graph, Run(impute=impute)) for impute in (False, True))
    assert filled.origin[0] == "estimate" and known.origin[0] == "jobs"
    assert filled.lo[0] < filled.best[0] < filled.hi[0]


TESTED: dict[str, Any] = {"product": "m-7b", "phase": "testing"}
BY_SYSTEM: dict[str, Any] = {
    "product": "m-7b",
    "id": "1",
    "system": "cluster",
    "device_hours": 1000.0,
    "pue": 1.1,
}
LARGE: dict[str, Any] = {"product": "m-7b", "id": "1", "energy_kwh": 1e6, "pue": 1.1}
GRID = range_of("grid-unknown")


def test_a_job_that_tells_nothing_does_not_make_the_known_one_cheaper() -> None:
    alone, both = (own_costs(drawn("m-7b", jobs=jobs), IMPUTED) for jobs in ([LARGE], [LARGE, TESTED]))
    assert alone.tier[0] == "from-energy" and alone.lo[0] == pytest.approx(1.1e6 * GRID.lo)
    assert (both.lo[0], both.best[0]) == (alone.lo[0], alone.best[0])
    assert np.isnan(both.hi[0]) and both.tier[0] == "unknown"
    assert any("estimated in part" in item.text for item in both.findings)
    said = str(explain(drawn("m-7b", jobs=[LARGE, TESTED]), "m-7b", IMPUTED))
    assert "at least" in said and "energy of 1 of 2 jobs" in said and "nan" not in said


def test_a_job_on_a_system_of_the_graph_is_never_estimated_from_its_size() -> None:
    costs = own_costs(drawn("m-7b", jobs=[BY_SYSTEM], systems={"cluster": {"power_w": 300.0}}), IMPUTED)
    assert costs.tier[0] == "from-device-hours"
    assert 330 * GRID.best <= costs.best[0] < 330 * (GRID.best + 100)
    assert costs.lo[0] == pytest.approx(330 * GRID.lo)


def test_a_known_energy_without_grid_is_added_to_the_embodied_part() -> None:
    job = LARGE | {"system": "A100", "device_hours": 2e6}
    known, filled = (own_costs(drawn("m-7b", jobs=[job]), run) for run in (Run(), IMPUTED))
    assert known.origin[0] == "jobs" and np.isnan(known.hi[0])  # the making of the systems alone
    assert filled.origin[0] == "estimate" and filled.tier[0] == "from-energy"
    assert filled.best[0] == pytest.approx(known.best[0] + 1.1e6 * GRID.best)
    assert filled.lo[0] == pytest.approx(known.lo[0] + 1.1e6 * GRID.lo)
    assert filled.hi[0] > filled.best[0]
    said = str(explain(drawn("m-7b", jobs=[job]), "m-7b", IMPUTED))
    assert "gCO2e known" in said


def test_a_stated_utilisation_is_not_taken_for_rated_power() -> None:
    job = {"product": "m-7b", "system": "A100", "device_hours": 1000.0, "pue": 1.0, "utilisation": 0.3}
    known, filled = (own_costs(drawn("m-7b", jobs=[job]), run) for run in (Run(), IMPUTED))
    assert filled.best[0] == pytest.approx(known.best[0] + 120 * GRID.best)


def test_of_several_jobs_only_the_one_without_grid_is_estimated() -> None:
    placed = LARGE | {"id": "2", "grid_intensity_gco2e_per_kwh": 20.0}
    known, filled = (own_costs(drawn("m-7b", jobs=[LARGE, placed]), run) for run in (Run(), IMPUTED))
    assert known.best[0] == pytest.approx(1.1e6 * 20)
    assert filled.lo[0] >= known.lo[0] and filled.best[0] > known.best[0] and filled.hi[0] > filled.best[0]


def test_the_mix_of_a_job_that_only_names_hardware_is_used() -> None:
    job = {"product": "m-7b", "system": "A100", "device_hours": 1000.0, "pue": 1.0}
    unknown, solar = (
        own_costs(drawn("m-7b", jobs=[row]), IMPUTED) for row in (job, job | {"mix": "solar:1"})
    )
    assert solar.hi[0] < unknown.best[0]


@pytest.mark.parametrize("impact", ["carbon", "carbon-market", "energy", "water"])
def test_what_is_known_of_jobs_is_the_floor(impact: str) -> None:
    rows = [LARGE, LARGE | {"id": "2", "grid": "FR", "system": "A100", "device_hours": 1e6}, TESTED]
    for jobs in (rows, rows[:2], rows[1:]):
        known, filled = (
            own_costs(drawn("m-7b", jobs=jobs), Run(impact=impact, impute=on)) for on in (False, True)
        )
        assert filled.lo[0] >= known.lo[0] and filled.best[0] >= known.best[0]
        assert np.isnan(filled.hi[0]) == (TESTED in jobs)


def test_the_tax_of_a_platform_is_added() -> None:
    platform = {"platform:p": {"operations_rate_gco2e_per_h": 1e5}}
    hours = {"product": "m-7b", "system": "A100", "device_hours": 1000.0, "pue": 1.0}
    for job in (LARGE, hours):
        without, taxed = (
            own_costs(drawn("m-7b", jobs=[job | {"duration_h": 10.0} | more], products=platform), IMPUTED)
            for more in ({}, {"platform": "platform:p"})
        )
        at = drawn("m-7b", jobs=[job], products=platform).code("m-7b")
        for side in ("lo", "best", "hi"):
            assert getattr(taxed, side)[at] == pytest.approx(getattr(without, side)[at] + 1e6)


def test_an_estimate_that_no_cost_took_is_not_spoken_of() -> None:
    placed = LARGE | {"id": "2", "grid": "FR"}
    said = str(explain(drawn("m-7b", jobs=[placed, TESTED]), "m-7b", IMPUTED))
    assert "bounds estimated" not in said


def test_a_stated_energy_of_better_evidence_fills_what_jobs_leave_unknown() -> None:
    told = {"m-7b": {"own_energy_kwh": 500.0}}
    ours = {"cluster": {"power_w": 300.0, "embodied_gco2e": 1e5, "lifetime_h": 1e4}}
    known, filled = (
        own_costs(drawn("m-7b", products=told, jobs=[BY_SYSTEM], systems=ours), run)
        for run in (Run(), IMPUTED)
    )
    assert known.best[0] == pytest.approx(1e4) and filled.tier[0] == "from-energy"
    assert filled.best[0] >= 500 * GRID.best
