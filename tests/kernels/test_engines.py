"""Both engines against a dense solve and against each other, on random lineages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.kernels import core, plain, sparse
from lineage.kernels.order import levels

Edges = list[tuple[int, int, float]]


@st.composite
def lineages(draw: st.DrawFn, *, cyclic: bool = False) -> tuple[int, Edges, list[float]]:
    """Draw n products, edges (child, parent, share) sorted by (child, parent), and own costs."""
    n = draw(st.integers(1, 14))
    rank = draw(st.permutations(range(n)))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(
        lambda pair: pair[0] != pair[1] and (cyclic or rank[pair[1]] < rank[pair[0]])
    )
    drawn = sorted(draw(st.sets(pairs, max_size=30))) if n > 1 else []
    handed_on = [sum(1 for _, u in drawn if u == v) for v in range(n)]
    part = st.floats(0, 1, allow_nan=False)
    edges = [(v, u, draw(part) * 0.999 / handed_on[u]) for v, u in drawn]
    own = draw(st.lists(st.floats(0, 1e6, allow_nan=False), min_size=n, max_size=n))
    return n, edges, own


def structures(n: int, edges: Edges) -> tuple[plain.Structure, sparse.Structure, list[float]]:
    child, parent = [v for v, _, _ in edges], [u for _, u, _ in edges]
    arrays = np.array(child, np.int32), np.array(parent, np.int32)
    return plain.Structure(n, child, parent), sparse.Structure(n, *arrays), [w for _, _, w in edges]


def dense(n: int, edges: Edges, own: list[float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    matrix = np.eye(n)
    for v, u, w in edges:
        matrix[v, u] -= w
    return np.asarray(np.linalg.solve(matrix, np.array(own)))


@given(lineages())
def test_acyclic_equals_dense_and_engines_share_every_bit(case: tuple[int, Edges, list[float]]) -> None:
    n, edges, own = case
    slow, quick, w = structures(n, edges)
    assert not slow.cycles and not quick.cycles
    by_formula = slow.solve(w, own)
    by_levels = quick.solve(np.array(w), np.array(own))
    assert by_levels.tolist() == by_formula
    np.testing.assert_allclose(by_formula, dense(n, edges, own), rtol=1e-12, atol=1e-300)


@given(lineages(cyclic=True))
def test_cyclic_equals_dense(case: tuple[int, Edges, list[float]]) -> None:
    n, edges, own = case
    slow, quick, w = structures(n, edges)
    assert not slow.divergent(w) and not quick.divergent(np.array(w))
    expected = dense(n, edges, own)
    np.testing.assert_allclose(slow.solve(w, own), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        quick.solve(np.array(w), np.array(own)), slow.solve(w, own), rtol=1e-12, atol=1e-12
    )


@given(lineages(cyclic=True), st.data())
def test_reach_is_what_a_positive_cost_would_touch(
    case: tuple[int, Edges, list[float]], data: st.DataObject
) -> None:
    n, edges, _ = case
    slow, quick, w = structures(n, edges)
    start = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    frontier = {v for v in range(n) if start[v]}
    while grown := {v for v, u, share in edges if share != 0 and u in frontier} - frontier:
        frontier |= grown
    expected = [v in frontier for v in range(n)]
    assert slow.reach(w, start) == expected
    assert quick.reach(np.array(w), np.array(start)).tolist() == expected


@given(lineages(), st.floats(0, 100), st.randoms(use_true_random=False))
def test_linear_in_own_cost(case: tuple[int, Edges, list[float]], factor: float, random: object) -> None:
    n, edges, own = case
    slow, _, w = structures(n, edges)
    scaled = slow.solve(w, [factor * value for value in own])
    np.testing.assert_allclose(scaled, np.array(slow.solve(w, own)) * factor, rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize("gain", [1.0, 1.000001, 1.5])
def test_a_cycle_that_hands_on_all_it_receives_has_no_cost(gain: float) -> None:
    edges = [(0, 1, gain), (1, 0, 1.0)]
    slow, quick, w = structures(2, edges)
    assert slow.divergent(w) == quick.divergent(np.array(w)) == [[0, 1]]


def test_just_below_one_is_finite() -> None:
    slow, quick, w = structures(2, [(0, 1, 0.999999), (1, 0, 1.0)])
    assert slow.divergent(w) == quick.divergent(np.array(w)) == []


def test_two_cycles_of_gain_below_one_may_diverge_together() -> None:
    edges = [(0, 1, 0.6), (0, 2, 0.6), (1, 0, 1.0), (2, 0, 1.0)]
    slow, quick, w = structures(3, edges)
    assert slow.divergent(w) == quick.divergent(np.array(w)) == [[0, 1, 2]]


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=4, max_size=4))
def test_the_certificate_agrees_with_eigenvalues(rows: list[list[float]]) -> None:
    matrix = np.array(rows)
    np.fill_diagonal(matrix, 0)
    radius = max(abs(np.linalg.eigvals(matrix)))
    edges = [(v, u, matrix[v, u]) for v in range(4) for u in range(4) if matrix[v, u] > 0]
    slow, quick, w = structures(4, edges)
    if abs(radius - 1) > 1e-6:
        assert bool(slow.divergent(w)) == bool(quick.divergent(np.array(w))) == (radius > 1)


def test_singular_cycles_are_refused() -> None:
    slow, quick, w = structures(2, [(0, 1, 1.0), (1, 0, 1.0)])
    with pytest.raises(ZeroDivisionError, match="divergent"):
        slow.solve(w, [1.0, 1.0])
    with pytest.raises(ZeroDivisionError, match="divergent"):
        quick.solve(np.array(w), np.array([1.0, 1.0]))


def test_unsorted_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="sorted"):
        plain.Structure(3, [2, 1], [0, 0])
    with pytest.raises(ValueError, match="sorted"):
        sparse.Structure(3, np.array([2, 1], np.int32), np.array([0, 0], np.int32))


def test_a_large_cycle_is_solved_sparsely() -> None:
    n = core.DENSE + 50
    child = np.arange(n, dtype=np.int32)
    parent = ((child - 1) % n).astype(np.int32)
    structure = sparse.Structure(n, child, parent)
    w = np.full(n, 0.5, dtype=np.float64)
    assert not structure.divergent(w)
    np.testing.assert_allclose(structure.solve(w, np.ones(n)), np.full(n, 2.0), rtol=1e-12)
    assert structure.divergent(np.ones(n)) == [list(range(n))]


@pytest.mark.slow
def test_a_chain_of_a_million_needs_no_recursion() -> None:
    n = 1_000_000
    shuffled = np.random.default_rng(0).permutation(n).astype(np.int32)
    child, parent = shuffled[1:], shuffled[:-1]
    by_child = np.argsort(child, kind="stable")
    structure = sparse.Structure(n, child[by_child], parent[by_child])
    own = np.zeros(n)
    own[shuffled[0]] = 8.0
    epc = structure.solve(np.ones(n - 1), own)
    assert epc.min() == epc.max() == 8.0
    assert structure.reach(np.ones(n - 1), own > 0).all()
    slow = plain.Structure(n, child[by_child].tolist(), parent[by_child].tolist())
    assert slow.solve([1.0] * (n - 1), own.tolist()) == epc.tolist()


@given(lineages())
def test_levels_place_parents_first(case: tuple[int, Edges, list[float]]) -> None:
    n, edges, _ = case
    child, parent = np.array([v for v, _, _ in edges], np.int32), np.array([u for _, u, _ in edges], np.int32)
    order, starts = levels(n, child, parent)
    level = {
        v: number
        for number in range(len(starts) - 1)
        for v in order[starts[number] : starts[number + 1]].tolist()
    }
    assert sorted(level) == list(range(n))
    assert all(level[u] < level[v] for v, u, _ in edges)


def test_wide_and_narrow_levels_share_every_bit() -> None:
    random = np.random.default_rng(3)
    n = 3000
    child = np.repeat(np.arange(1, n), 3)
    parent = (random.random(len(child)) * child * random.choice([0.05, 1.0], len(child))).astype(np.int64)
    pairs = np.unique(np.stack([child, parent]), axis=1).astype(np.int32)
    w = np.asarray(random.random(pairs.shape[1]), dtype=np.float64) / 4
    own = np.asarray(random.lognormal(size=n), dtype=np.float64)
    quick = sparse.Structure(n, pairs[0], pairs[1])
    assert any(wide for wide, _, _ in quick._runs) and any(not wide for wide, _, _ in quick._runs)
    slow = plain.Structure(n, pairs[0].tolist(), pairs[1].tolist())
    assert quick.solve(w, own).tolist() == slow.solve(w.tolist(), own.tolist())
