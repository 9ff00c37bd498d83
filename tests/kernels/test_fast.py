"""The numba engine against the plain and the scipy engine: the same bits without cycles, 1e-12 on them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.kernels import core, plain, sparse
from lineages_drawn import SHAPES, Lineage, lineages, made

pytest.importorskip("numba", reason="not installed: pip install numba")
from lineage.kernels import fast


def both(case: Lineage) -> tuple[Any, Any]:
    edges = case.n, case.child, case.parent
    return sparse.Structure(*edges), fast.Structure(*edges)


def by_formula(case: Lineage) -> plain.Structure:
    return plain.Structure(case.n, case.child.tolist(), case.parent.tolist())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_bits_of_scipy(shape: str) -> None:
    case = SHAPES[shape]()
    slow, quick = both(case)
    assert quick.cycles == []
    assert sorted(quick.order.tolist()) == list(range(case.n))
    assert quick.solve(case.w, case.own).tobytes() == slow.solve(case.w, case.own).tobytes()


@given(lineages(cyclic=True), st.data())
def test_the_engines_agree(case: Lineage, data: st.DataObject) -> None:
    formula = by_formula(case)
    slow, quick = both(case)
    assert sorted(quick.cycles) == sorted(formula.cycles) == sorted(slow.cycles)
    epc = quick.solve(case.w, case.own)
    expected = formula.solve(case.w.tolist(), case.own.tolist())
    if not formula.cycles:
        assert epc.tolist() == expected == slow.solve(case.w, case.own).tolist()
    np.testing.assert_allclose(epc, expected, rtol=1e-12)
    start = np.array(data.draw(st.lists(st.booleans(), min_size=case.n, max_size=case.n)), dtype=np.bool_)
    nothing = data.draw(st.lists(st.booleans(), min_size=len(case.w), max_size=len(case.w)))
    w = np.where(np.array(nothing, dtype=np.bool_), 0.0, case.w)
    assert quick.reach(w, start).tolist() == formula.reach(w.tolist(), start.tolist())


@given(lineages(cyclic=True), st.integers(1, 5))
def test_columns_have_the_bits_of_single_solves(case: Lineage, k: int) -> None:
    quick = both(case)[1]
    own = np.random.default_rng(k).lognormal(0, 2, (case.n, k))
    epc = quick.solve_columns(case.w, own)
    listed = quick.solve_all(case.w, list(own.T))
    for column in range(k):
        alone = quick.solve(case.w, own[:, column])
        assert epc[:, column].tolist() == listed[column].tolist() == alone.tolist()


@given(lineages(cyclic=True), st.floats(0.5, 4))
def test_the_certificate_is_that_of_the_plain_engine(case: Lineage, factor: float) -> None:
    w = case.w * factor
    assert sorted(both(case)[1].divergent(w)) == sorted(by_formula(case).divergent(w.tolist()))


def test_several_sets_spread_at_once() -> None:
    quick = both(made(4, np.array([[1, 0], [2, 1], [1, 2], [3, 2]])))[1]
    starts = [np.eye(4, dtype=np.bool_)[v] for v in range(4)]
    found = quick.reach_all(np.ones(4), starts)
    assert [set(np.flatnonzero(mark).tolist()) for mark in found] == [{0, 1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {3}]


def test_cycles_behind_cycles_and_far_downstream() -> None:
    """Rings that hand on to rings, and a long tail made out of the last."""
    ring, rings, tail = 5, 40, 3_000
    members = np.arange(ring * rings).reshape(rings, ring)
    pairs = [np.stack([members.ravel(), np.roll(members, 1, axis=1).ravel()], axis=1)]
    pairs.append(np.stack([members[1:, 2], members[:-1, 3]], axis=1))
    end = ring * rings
    pairs.append(np.stack([np.arange(end, end + tail), np.arange(end - 1, end + tail - 1)], axis=1))
    names = np.random.default_rng(5).permutation(end + tail)
    case = made(end + tail, names[np.concatenate(pairs)])
    slow, quick = both(case)
    assert sorted(quick.cycles) == sorted(sorted(names[row].tolist()) for row in members)
    place = np.argsort(quick.order)
    outside = [
        (v, u)
        for v, u in zip(case.child, case.parent, strict=True)
        if not any(v in g and u in g for g in map(set, quick.cycles))
    ]
    assert all(place[u] < place[v] for v, u in outside)
    np.testing.assert_allclose(quick.solve(case.w, case.own), slow.solve(case.w, case.own), rtol=1e-12)


def test_a_large_cycle_is_solved_sparsely() -> None:
    n = core.DENSE + 50
    child = np.arange(n, dtype=np.int32)
    ring = fast.Structure(n, child, ((child - 1) % n).astype(np.int32))
    w = np.full(n, 0.5)
    np.testing.assert_allclose(ring.solve_columns(w, np.ones((n, 2))), np.full((n, 2), 2.0), rtol=1e-12)
    assert not ring.divergent(w) and ring.divergent(np.ones(n)) == [list(range(n))]
    with pytest.raises(ZeroDivisionError, match="divergent"):
        ring.solve(np.ones(n), np.ones(n))


def test_unsorted_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="sorted"):
        fast.Structure(3, np.array([2, 1], np.int32), np.array([0, 0], np.int32))
