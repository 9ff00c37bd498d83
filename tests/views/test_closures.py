"""Sums over distinct ancestors and descendants of all products at once are those of one product at a time."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import drawn
from lineage.graph import Graph
from lineage.kernels.jit import installed
from lineage.run import Run
from lineage.views.closures import closures
from lineage.views.cost import cost

ENGINES = [
    "plain",
    "scipy",
    pytest.param("numba", marks=pytest.mark.skipif(not installed(), reason="no numba")),
]


@pytest.mark.parametrize("engine", ENGINES)
@settings(deadline=None)
@given(made=drawn(), down=st.booleans())
def test_all_at_once_has_the_bits_of_one_by_one(engine: str, made: Graph, down: bool) -> None:
    result = cost(made, Run(engine=engine))
    whole = closures(result, down=down)
    for v in range(len(made)):
        assert whole.at(v) == (result.downstream(v) if down else result.upstream(v))


@pytest.mark.parametrize("engine", ENGINES)
@settings(deadline=None)
@given(made=drawn(cyclic=True), down=st.booleans())
def test_members_of_a_cycle_count_once(engine: str, made: Graph, down: bool) -> None:
    result = cost(made, Run(policy="cutoff", cycles="solve", engine=engine))
    whole = closures(result, down=down)
    for v in range(len(made)):
        one = result.downstream(v) if down else result.upstream(v)
        assert whole.at(v)[3:] == one[3:]
        assert whole.at(v)[:3] == pytest.approx(one[:3], rel=1e-12)


@given(made=drawn())
def test_the_table_has_the_figures_of_the_rows(made: Graph) -> None:
    result = cost(made)
    table = result.table
    for place, row in enumerate(result.rows()):
        found = table.iloc[place]
        assert (found["id"], found["kind"], found["tier"], found["covered"]) == (
            row.id,
            row.kind,
            row.tier,
            row.covered,
        )
        for view, interval in {"own": row.own, "cumulative": row.cumulative, "epc": row.epc}.items():
            assert interval is not None
            for end, side in zip(("_lo", "", "_hi"), interval, strict=True):
                value = found[f"{view}_gco2e{end}"]
                assert math.isnan(value) if side is None else value == side
