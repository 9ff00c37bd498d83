"""The compiled kernels, written to be read: what the numba engine does, each in some twenty lines.

Rows hold the parents: those of product v are `parent[first[v]:first[v + 1]]`, sorted by code, and that is the order
of addition. All index arrays are unsigned (numba then drops its test for negative indices). The tuned kernels of
`lineage.kernels.tuned` must give the same bits.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from lineage.kernels.jit import kernel

__all__ = ["DONE", "NONE", "Rows", "State", "arrange", "pull", "pull_columns", "spread", "start_rows"]

NONE: Final = np.uint32(0xFFFFFFFF)  # no product
DONE: Final = np.uint32(0xFFFFFFFE)  # instead of a first waiter: this product is placed
ONE: Final = np.uint32(1)


class Rows(NamedTuple):
    """The parents of each product: row starts (n + 1,) and codes (m,), both uint32."""

    first: Any
    parent: Any


class State(NamedTuple):
    """How far the ordering has come; the first three are uint32 (n,).

    edge    how far each product's row has been read
    waiter  the first product that waits on each, `NONE`, or `DONE`
    behind  the product that waits behind it for the same parent
    order   products behind their parents (n,)
    place   two int64: up to where `order` has been announced to those who wait, and up to where it is filled
    """

    edge: Any
    waiter: Any
    behind: Any
    order: Any
    place: Any


@kernel
def start_rows(child: Any, first: Any) -> bool:
    """Fill in the row starts (n + 1,) of edges sorted by child; return whether they are sorted."""
    v = np.uint32(0)
    first[0] = 0
    for edge in range(child.size):
        if child[edge] < v:
            return False
        while v < child[edge]:
            v += ONE
            first[v] = edge
    while v < first.size - 1:
        v += ONE
        first[v] = child.size
    return True


@kernel
def arrange(rows: Rows, state: State) -> None:
    """Place every product behind its parents, but for those on a cycle or made out of one.

    A product waits on one parent at a time, the first in its row that is not placed yet; once that is placed, it goes
    on along its row. So every edge is looked at once, and no list of children is needed.
    """
    for v in range(rows.first.size - 1):
        state.behind[v] = NONE
        release(rows, state, np.uint32(v))


@kernel
def release(rows: Rows, state: State, v: Any) -> None:
    """Let v and all that wait behind it go on along their rows; then those who waited on what that placed."""
    edge, waiter, behind, order, place = state
    while True:
        while v != NONE:
            following = behind[v]
            if waiter[v] != DONE:
                e = edge[v]
                while e < rows.first[v + ONE] and waiter[rows.parent[e]] == DONE:
                    e += ONE
                edge[v] = e
                if e < rows.first[v + ONE]:
                    behind[v] = waiter[rows.parent[e]]
                    waiter[rows.parent[e]] = v
                else:
                    order[place[1]] = v
                    place[1] += 1
            v = following
        if place[0] == place[1]:
            return
        u = order[place[0]]
        place[0] += 1
        v = waiter[u]
        waiter[u] = DONE


@kernel
def pull(rows: Rows, w: Any, order: Any, x: Any) -> None:
    """Turn own costs x (n,) into EPC, for products placed behind their parents."""
    for v in order:
        total = x[v]
        for e in range(rows.first[v], rows.first[v + ONE]):
            total += w[e] * x[rows.parent[e]]
        x[v] = total


@kernel
def pull_columns(rows: Rows, w: Any, order: Any, x: Any) -> None:
    """Turn own costs x (n, k) into EPC, column by column the same bits as `pull`."""
    for v in order:
        for e in range(rows.first[v], rows.first[v + ONE]):
            u, share = rows.parent[e], w[e]
            for column in range(x.shape[1]):
                x[v, column] += share * x[u, column]


@kernel
def spread(rows: Rows, w: Any, order: Any, reached: Any) -> None:
    """Mark, bit by bit of `reached` (n,), whoever receives anything from those marked."""
    for v in order:
        mark = reached[v]
        for e in range(rows.first[v], rows.first[v + ONE]):
            if w[e] != 0.0:
                mark |= reached[rows.parent[e]]
        reached[v] = mark
