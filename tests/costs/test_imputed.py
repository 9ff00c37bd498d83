"""Estimates fill what is not known, and never take away what is."""

import numpy as np
import pandas as pd
import pytest

from lineage.costs import own_costs
from lineage.graph import Graph
from lineage.run import Run

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
