"""Adjoint and increments: against the inverse matrix, finite differences and a fresh solve, plain and compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.kernels import adjoint, increment
from lineage.kernels.increment import Rows
from lineage.kernels.jit import installed

BOTH = [False, pytest.param(True, marks=pytest.mark.skipif(not installed(), reason="no numba"))]


def lineage(seed: int, n: int, parents: int = 3) -> Rows:
    """A random lineage in topological numbering with dyadic shares and whole costs."""
    random = np.random.default_rng(seed)
    rows = [
        np.unique(random.integers(0, v, random.integers(0, parents + 1))) if v else np.zeros(0, int)
        for v in range(n)
    ]
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    parent = np.concatenate([*rows, np.zeros(0, int)]).astype(np.uint32)
    child = np.repeat(np.arange(n), np.diff(first)).astype(np.uint32)
    by_parent = np.argsort(parent, kind="stable")
    out_first = np.concatenate([[0], np.cumsum(np.bincount(parent, minlength=n))]).astype(np.int64)
    w = random.integers(0, 3, parent.size) / 4
    return Rows(first, parent, w, out_first, child[by_parent], random.integers(0, 50, n).astype(float))


def solved(rows: Rows) -> Any:
    x = rows.c.copy()
    for v in range(x.size):
        for edge in range(rows.first[v], rows.first[v + 1]):
            x[v] += rows.w[edge] * x[rows.parent[edge]]
    return x


def chosen(module: Any, name: str, compiled: bool) -> Callable[..., Any]:
    function: Callable[..., Any] = module.compiled() if compiled else getattr(module, name)
    return function


@pytest.mark.parametrize("compiled", BOTH)
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 12))
def test_adjoint_is_a_row_of_the_inverse(compiled: bool, seed: int, n: int) -> None:
    rows, work = lineage(seed, n), adjoint.room(n)
    matrix = np.eye(n)
    for v in range(n):
        for edge in range(rows.first[v], rows.first[v + 1]):
            matrix[v, rows.parent[edge]] -= rows.w[edge]
    inverse = np.linalg.inv(matrix)
    ask = chosen(adjoint, "adjoint", compiled)
    for m in range(n):
        members, y = ask(m, rows.first, rows.parent, rows.w, work)
        found = np.zeros(n)
        found[members] = y
        np.testing.assert_allclose(found, inverse[m], rtol=1e-12, atol=1e-15)
        plain = adjoint.weights_above(m, rows.first.tolist(), rows.parent.tolist(), rows.w.tolist())
        assert plain == dict(zip(members.tolist(), y.tolist(), strict=True))  # dyadic: every order is exact
        assert float(y @ rows.c[members]) == solved(rows)[m]


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 12))
def test_a_central_difference_is_exact(seed: int, n: int) -> None:
    """x[m] is linear in one weight, so on dyadic numbers the difference is the derivative, to the bit."""
    rows, m = lineage(seed, n), n - 1
    x = solved(rows)
    members, y = adjoint.adjoint(m, rows.first, rows.parent, rows.w, adjoint.room(n))
    at = dict(zip(members.tolist(), y.tolist(), strict=True))
    for v in range(n):
        for edge in range(rows.first[v], rows.first[v + 1]):
            sides = []
            for step in (0.125, -0.125):
                moved = rows.w.copy()
                moved[edge] += step
                sides.append(solved(rows._replace(w=moved))[m])
            assert (sides[0] - sides[1]) / 0.25 == x[rows.parent[edge]] * at.get(v, 0.0)


def test_a_cycle_above_is_told() -> None:
    assert adjoint.weights_above(2, [0, 1, 2, 3], [1, 0, 1], [0.5] * 3) is None
    assert adjoint.weights_above(0, [0, 0, 1, 2], [2, 1], [0.5] * 2) == {0: 1.0}


@pytest.mark.parametrize("compiled", BOTH)
@pytest.mark.parametrize("cap", [0, 3, 1000])
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 30))
def test_an_increment_is_a_fresh_solve(compiled: bool, cap: int, seed: int, n: int) -> None:
    rows, held = lineage(seed, n), increment.space(n)
    random = np.random.default_rng(seed)
    rows = rows._replace(w=random.random(rows.w.size) / 3, c=random.lognormal(0, 2, n))
    x = solved(rows)
    repull = chosen(increment, "repull", compiled)
    for _ in range(5):
        before, v = x.copy(), int(random.integers(0, n))
        w, c = rows.w.copy(), rows.c.copy()
        if rows.first[v + 1] > rows.first[v] and random.random() < 0.5:
            w[rows.first[v]] *= 1.1
        else:
            c[v] += random.integers(0, 2)  # sometimes nothing changes at all
        scenario = rows._replace(w=w, c=c)
        done = repull(np.array([v], np.uint32), scenario, x, held, cap)
        assert x.tobytes() == solved(scenario).tobytes()
        places, old = increment.moved(x, held, done)
        assert places.tolist() == np.flatnonzero(x != before).tolist()
        assert old.tobytes() == before[places].tobytes()
        pulled, changed, swept = done
        assert changed <= pulled <= n and (swept == n or pulled == n - swept)
        increment.undo(x, held, done)
        assert x.tobytes() == before.tobytes()


def test_only_what_changes_is_pulled_and_a_hub_is_swept_once() -> None:
    n = 2000
    first = np.concatenate([[0, 0], np.arange(1, n)]).astype(np.int64)  # everybody is made out of 0
    rows = Rows(
        first,
        np.zeros(n - 1, np.uint32),
        np.full(n - 1, 0.25),
        np.concatenate([[0], np.full(n, n - 1)]).astype(np.int64),
        np.arange(1, n, dtype=np.uint32),
        np.ones(n),
    )
    x, held, cap = solved(rows), increment.space(n), n // increment.SHARE
    rows.c[5] = 3.0
    assert increment.repull(np.array([5], np.uint32), rows, x, held, cap) == (1, 1, n)
    assert increment.repull(np.array([0], np.uint32), rows, x, held, cap) == (n, 0, 0)  # swept
    assert increment.moved(x, held, (n, 0, 0))[0].size == 0  # and all is as it was
    rows.c[0] = 2.0
    assert increment.repull(np.array([0], np.uint32), rows, x, held, cap) == (n, 0, 0)
    assert increment.moved(x, held, (n, 0, 0))[0].size == n
    assert x.tobytes() == solved(rows).tobytes()
