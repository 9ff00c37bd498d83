"""Sizes of D(u) and sums over ancestors: against sets, and the compiled twin bit for bit."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.kernels.reachability import Reach, finishing_order


class Case(NamedTuple):
    """A lineage without circles, weights and flags."""

    first: list[int]
    parent: list[int]
    weight: list[float]
    flag: list[bool]

    def ancestors(self, v: int) -> set[int]:
        found, waiting = {v}, [v]
        while waiting:
            u = waiting.pop()
            new = set(self.parent[self.first[u] : self.first[u + 1]]) - found
            found |= new
            waiting += new
        return found


@st.composite
def cases(draw: st.DrawFn, most_parents: int = 4) -> Case:
    n = draw(st.integers(1, 24))
    rank = draw(st.permutations(range(n)))
    rows = []
    for v in range(n):
        earlier = [u for u in range(n) if rank[u] < rank[v]]
        rows.append(sorted(draw(st.sets(st.sampled_from(earlier), max_size=most_parents))) if earlier else [])
    first = [0]
    for row in rows:
        first.append(first[-1] + len(row))
    weight = draw(st.lists(st.just(0.0) | st.floats(0.01, 1e6), min_size=n, max_size=n))
    flag = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return Case(first, [u for row in rows for u in row], weight, flag)


@given(cases())
def test_sums_are_those_over_sets(case: Case) -> None:
    reach, n = Reach(case.first, case.parent), len(case.weight)
    above = [case.ancestors(v) for v in range(n)]
    total = reach.totals(case.weight)
    (found,) = reach.sums([case.weight], case.flag)
    for v in range(n):
        assert total[v] == pytest.approx(sum(case.weight[d] for d in range(n) if v in above[d]))
        assert found[v] == pytest.approx(sum(case.weight[u] for u in above[v]) if case.flag[v] else 0.0)
    assert reach.sizes(range(n)) == [len(members) for members in above]
    assert reach.above(case.flag) == [any(case.flag[u] for u in above[v]) for v in range(n)]
    assert reach.below(case.flag) == [any(case.flag[d] for d in range(n) if v in above[d]) for v in range(n)]


@given(cases(most_parents=1))
def test_nothing_is_walked_on_a_forest(case: Case) -> None:
    assert Reach(case.first, case.parent).walked([True] * len(case.weight)) == []


@given(cases(), st.integers(2, 8), st.randoms(use_true_random=False))
def test_a_sketch_holds_the_first_k(case: Case, k: int, random: Any) -> None:
    n = len(case.weight)
    users = [v for v in range(n) if case.weight[v]]
    rank = [
        (random.expovariate(1.0) + 1e-9) / case.weight[v] if case.weight[v] else math.inf for v in range(n)
    ]
    users.sort(key=lambda v: rank[v])
    size, last, weight = Reach(case.first, case.parent).sketches(users, case.weight, rank, k)
    for u in range(n):
        below = [place for place, v in enumerate(users) if u in case.ancestors(v)]
        assert (size[u], last[u]) == (min(len(below), k), below[:k][-1] if below else -1)
        if len(below) < k:
            assert weight[u] == pytest.approx(sum(case.weight[users[place]] for place in below))


def test_a_sketch_is_right_on_average() -> None:
    n, k = 60, 12
    random = np.random.default_rng(5)
    weight = [0.0, *random.lognormal(0, 2, n).tolist()]
    reach = Reach([0, *range(n + 1)], [0] * n)  # everybody stands on the first
    found = []
    for _ in range(400):
        rank = (random.standard_exponential(n) / weight[1:]).tolist()
        order = (np.argsort(rank) + 1).tolist()
        found.append(reach.sketches(order, weight, [math.inf, *rank], k)[2][0])
    ratio = np.array(found) / sum(weight)
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / 20 and ratio.std() < (k - 2) ** -0.5


@settings(deadline=None)
@given(cases() | cases(most_parents=1), st.integers(2, 12))
def test_compiled_gives_the_same_bits(case: Case, k: int) -> None:
    pytest.importorskip("numba")
    from lineage.kernels import compiled_reach

    slow, quick = Reach(case.first, case.parent), compiled_reach.Reach(case.first, case.parent)
    n = len(case.weight)
    assert quick.order.tolist() == slow.order == finishing_order(case.first, case.parent)
    assert quick.totals(case.weight).tolist() == slow.totals(case.weight)
    columns = [case.weight, [1.0] * n]
    assert [side.tolist() for side in quick.sums(columns, case.flag)] == slow.sums(columns, case.flag)
    assert quick.above(case.flag).tolist() == slow.above(case.flag)
    assert quick.below(case.flag).tolist() == slow.below(case.flag)
    assert quick.walked(case.flag).tolist() == slow.walked(case.flag)
    assert quick.sizes([*range(n), 0]).tolist() == slow.sizes([*range(n), 0])
    users = [v for v in range(n) if case.weight[v]]
    rank = [(v * 37 % 11 + 1) / case.weight[v] if case.weight[v] else math.inf for v in range(n)]
    users.sort(key=lambda v: rank[v])
    drawn = zip(
        quick.sketches(users, case.weight, rank, k), slow.sketches(users, case.weight, rank, k), strict=True
    )
    for one, other in drawn:
        assert one.tolist() == pytest.approx(other, rel=1e-14)


def test_a_chain_of_a_hundred_thousand_needs_no_recursion() -> None:
    n = 100_000
    reach = Reach([0, *range(n)], list(range(n - 1)))
    assert reach.totals([1.0] * n) == [float(n - v) for v in range(n)]
    assert reach.sums([[1.0] * n], [True] * n)[0][-1] == n
