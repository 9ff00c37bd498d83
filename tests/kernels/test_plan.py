"""A plan gives the bits of the engine, for one column and for many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineages_drawn import SHAPES, Lineage, lineages, made

pytest.importorskip("numba", reason="not installed: pip install numba")
from lineage.kernels.fast import Structure
from lineage.kernels.plan import Plan


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_bits_of_the_engine(shape: str) -> None:
    case = SHAPES[shape]()
    structure = Structure(case.n, case.child, case.parent)
    plan = Plan(structure)
    expected = structure.solve(case.w, case.own)
    assert plan.solve(plan.shares(case.w), case.own).tobytes() == expected.tobytes()


@given(lineages(), st.integers(1, 9))
def test_columns_have_the_bits_of_single_solves(case: Lineage, k: int) -> None:
    plan = Plan.of(case.n, case.child, case.parent)
    shares = plan.shares(case.w)
    own = np.random.default_rng(k).lognormal(0, 2, (case.n, k))
    epc = plan.solve_block(shares, own)
    for column in range(k):
        assert epc[:, column].tolist() == plan.solve(shares, own[:, column]).tolist()


@given(lineages())
def test_rows_hold_the_same_edges_both_ways(case: Lineage) -> None:
    plan = Plan.of(case.n, case.child, case.parent)
    assert plan.order[plan.number].tolist() == list(range(case.n))
    edges = set(zip(case.child.tolist(), case.parent.tolist(), strict=True))
    inward, outward = plan.inward, plan.outward
    found = []
    for v in range(case.n):
        row = inward.parent[inward.first[v] : inward.first[v + 1]]
        assert (row < v).all()
        found += [(int(plan.order[v]), int(plan.order[u])) for u in row]
        for place in range(outward.first[v], outward.first[v + 1]):
            assert inward.parent[plan.edge_out[place]] == v
            assert (int(plan.order[outward.child[place]]), int(plan.order[v])) in edges
    assert sorted(found) == sorted(edges)
    given_edges = [(int(case.child[e]), int(case.parent[e])) for e in plan.edge_in]
    assert given_edges == found


def test_cycles_have_no_plan() -> None:
    case = made(2, np.array([[0, 1], [1, 0]]))
    with pytest.raises(ValueError, match="cycles"):
        Plan.of(case.n, case.child, case.parent)
