"""Finding, naming and breaking cycles."""

from random import Random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.kernels.cycles import components, edges_to_drop, heaviest_cycle, named_cycles, solve_dense


@st.composite
def digraphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    n = draw(st.integers(2, 9))
    node = st.integers(0, n - 1)
    pairs = draw(st.sets(st.tuples(node, node).filter(lambda pair: pair[0] != pair[1]), max_size=25))
    return n, sorted(pairs)


def rows(n: int, pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    first = [sum(1 for v, _ in pairs if v < row) for row in range(n + 1)]
    return first, [u for _, u in pairs]


@given(digraphs())
def test_components_agree_with_networkx_and_put_parents_first(
    case: tuple[int, list[tuple[int, int]]],
) -> None:
    n, pairs = case
    found = components(n, *rows(n, pairs))
    oracle = nx.DiGraph(pairs)
    oracle.add_nodes_from(range(n))
    assert {frozenset(group) for group in found} == {
        frozenset(g) for g in nx.strongly_connected_components(oracle)
    }
    position = {v: place for place, group in enumerate(found) for v in group}
    assert all(position[u] <= position[v] for v, u in pairs)


@given(digraphs())
def test_every_member_is_named_on_a_real_cycle(case: tuple[int, list[tuple[int, int]]]) -> None:
    n, pairs = case
    first, parent = rows(n, pairs)
    for group in components(n, first, parent):
        if len(group) > 1:
            cycles = named_cycles(group, first, parent)
            assert {v for cycle in cycles for v in cycle} == set(group)
            for cycle in cycles:
                assert all((v, u) in pairs for v, u in zip(cycle, (*cycle[1:], cycle[0]), strict=True))


def one_by_one(
    n: int, pairs: list[tuple[int, int]], late: dict[tuple[int, int], int]
) -> list[tuple[int, int]]:
    """The rule as it is written: while a cycle remains, the latest edge of its component goes."""
    left = list(pairs)
    dropped: list[tuple[int, int]] = []
    while True:
        groups = [group for group in components(n, *rows(n, left)) if len(group) > 1]
        if not groups:
            return dropped
        for group in groups:
            latest = max((pair for pair in left if {*pair} <= {*group}), key=late.__getitem__)
            left.remove(latest)
            dropped.append(latest)


@given(digraphs(), st.randoms(use_true_random=False))
def test_the_edges_that_go_are_those_of_the_rule(
    case: tuple[int, list[tuple[int, int]]], random: Random
) -> None:
    n, pairs = case
    child, parent = [v for v, _ in pairs], [u for _, u in pairs]
    times = random.sample(range(len(pairs)), len(pairs))
    groups = [group for group in components(n, *rows(n, pairs)) if len(group) > 1]
    found = edges_to_drop(child, parent, groups, lambda edge: (times[edge],))
    assert [times[edge] for edge in found] == sorted((times[edge] for edge in found), reverse=True)
    expected = one_by_one(n, pairs, dict(zip(pairs, times, strict=True)))
    assert sorted(pairs[edge] for edge in found) == sorted(expected)


def test_a_dense_tangle_is_broken_quickly() -> None:
    n = 120
    pairs = [(v, u) for v in range(n) for u in range(n) if u != v]
    child, parent = [v for v, _ in pairs], [u for _, u in pairs]
    found = edges_to_drop(child, parent, [list(range(n))], lambda edge: (edge,))
    left = nx.DiGraph([pair for edge, pair in enumerate(pairs) if edge not in set(found)])
    assert nx.is_directed_acyclic_graph(left) and left.number_of_edges() >= n - 1


@given(digraphs(), st.data())
def test_the_heaviest_cycle_has_the_largest_mean_share(
    case: tuple[int, list[tuple[int, int]]], data: st.DataObject
) -> None:
    n, pairs = case
    first, parent = rows(n, pairs)
    share = st.floats(0.05, 2.0)
    w = [data.draw(share) for _ in pairs]
    of = dict(zip(pairs, w, strict=True))
    for group in components(n, first, parent):
        if len(group) == 1:
            continue
        cycle, gain = heaviest_cycle(group, first, parent, w)
        means = []
        for other in nx.simple_cycles(nx.DiGraph([p for p in pairs if p[0] in group and p[1] in group])):
            product = 1.0
            for v, u in zip(other, [*other[1:], other[0]], strict=True):
                product *= of[v, u]
            means.append(product ** (1 / len(other)))
        assert gain ** (1 / len(cycle)) == pytest.approx(max(means), rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_a_planted_ring_is_named_among_lighter_cycles(seed: int) -> None:
    random = Random(seed)
    n = random.randint(3, 60)
    ring = random.sample(range(n), random.randint(2, n))
    of = {
        (v, u): random.choice([0.25, 0.5, 0.99])
        for v in range(n)
        for u in random.sample(range(n), 2)
        if v != u
    }
    of |= dict.fromkeys(zip(ring, [*ring[1:], ring[0]], strict=True), 1.0625)
    pairs = sorted(of)
    first, parent = rows(n, pairs)
    (group,) = [group for group in components(n, first, parent) if ring[0] in group]
    cycle, gain = heaviest_cycle(group, first, parent, [of[pair] for pair in pairs])
    at = ring.index(min(ring))
    assert list(cycle) == ring[at:] + ring[:at] and gain == pytest.approx(1.0625 ** len(ring))


@pytest.mark.parametrize("n", [2, 5, 300])
def test_ties_end(n: int) -> None:
    pairs = sorted({(v, u % n) for v in range(n) for u in (v + 1, v + 2, v - 1) if u % n != v})
    cycle, gain = heaviest_cycle(list(range(n)), *rows(n, pairs), [0.5] * len(pairs))
    assert gain == pytest.approx(0.5 ** len(cycle))


def test_a_product_on_no_cycle_cannot_be_named() -> None:
    with pytest.raises(ValueError, match="no cycle"):
        named_cycles([0], [0, 0], [])


def test_singular_equations_have_no_solution() -> None:
    assert solve_dense([[1.0, -1.0], [-1.0, 1.0]], [1.0, 1.0]) is None
