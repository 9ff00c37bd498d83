"""Distinct ancestors: each once, with the short cut and without it."""

from hypothesis import given
from hypothesis import strategies as st

from lineage.kernels.closure import Closure, Totals, walk


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[int, list[int], list[int], list[int]]:
    n = draw(st.integers(1, 10))
    rows = [sorted(draw(st.sets(st.integers(0, v - 1), max_size=3))) if v else [] for v in range(n)]
    first = [0]
    for row in rows:
        first.append(first[-1] + len(row))
    return (
        n,
        first,
        [u for row in rows for u in row],
        draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)),
    )


@given(neighbours())
def test_short_cut_equals_walk(case: tuple[int, list[int], list[int], list[int]]) -> None:
    n, first, neighbour, amount = case

    def own(v: int) -> Totals:
        return Totals(amount[v], amount[v], amount[v], 1, int(amount[v] > 0), int(amount[v] == 0))

    closure = Closure(first, neighbour, own)
    for v in reversed(range(n)):
        members = [v, *walk(v, first, neighbour)]
        total = closure.totals(v)
        assert total.members == len(members) == len(set(members))
        assert total.best == sum(amount[u] for u in members)
        assert total.known == sum(amount[u] > 0 for u in members)


def test_cycles_count_each_member_once() -> None:
    first, neighbour = [0, 1, 2, 3], [1, 0, 1]  # 0 and 1 are made out of each other, 2 out of 1
    closure = Closure(first, neighbour, lambda v: Totals(1, 1, 1, 1, 1, 0), cyclic=[0, 1])
    assert [closure.totals(v).members for v in (2, 0, 1)] == [3, 2, 2]


def test_a_chain_of_a_hundred_thousand_needs_no_recursion() -> None:
    n = 100_000
    first = [0, *range(n)]
    closure = Closure(first, list(range(n - 1)), lambda v: Totals(1, 1, 1, 1, 1, 0))
    assert closure.totals(n - 1).members == n
