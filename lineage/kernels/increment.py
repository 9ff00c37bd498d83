"""What if a weight or a cost were another: only what stands below is computed again, in topological order.

Each product whose row changed, or a parent of which changed, is pulled anew from its parents: x[v] = c[v], then
+= w * x[parent] in the order of its row. That is how a solve does it, so the result is that of a fresh solve, bit for
bit. Where nothing changes the way down ends. Below a hub stands half the graph: beyond `cap` products the list is
given up, and everything from the first change on is swept; what stood there before is copied in one go, because
looking at each product for a change costs as much as computing it.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["SHARE", "Done", "Rows", "Space", "compiled", "exercise", "moved", "repull", "space", "undo"]

SHARE = 40  # one in so many products may be listed before sweeping is quicker


class Rows(NamedTuple):
    """A lineage in topological numbering: rows of parents with their shares, rows of children, own costs.

    first (n + 1,), parent (m,), w (m,); out_first (n + 1,), child (m,); c (n,).
    """

    first: Any
    parent: Any
    w: Any
    out_first: Any
    child: Any
    c: Any


class Space(NamedTuple):
    """Arrays that calls share, made by `space`; `mark` counts the calls."""

    stamp: Any
    dirty: Any
    cone: Any
    old: Any
    mark: Any


# What a call did: (pulled, changed, swept). A plain tuple, because making anything else of it takes a microsecond.
Done = tuple[int, int, int]


def space(n: int) -> Space:
    """Return room for a lineage of n products, for `repull`."""
    stamp, dirty, mark = (np.zeros(size, np.uint32) for size in (n, n, 1))
    return Space(stamp, dirty, np.empty(n, np.uint32), np.empty(n), mark)


def repull(starts: Any, rows: Rows, x: Any, held: Space, cap: int) -> Done:
    """Bring x (n,) up to date after the rows or own costs of `starts` changed; return (pulled, changed, swept).

    pulled   how many products were computed again
    changed  how many of them are other than before; they stand in `held.cone[:changed]`, ascending, and what they
             were in `held.old[:changed]`
    swept    from which number on everything was computed again, with what it was in `held.old[swept:]`; n where
             there is a list instead (after a sweep there is none, and `changed` is 0)

    `moved` and `undo` read them.
    """
    first, parent, w, out_first, child, c = rows
    stamp, dirty, cone, old, count = held
    n = x.size
    count[0] += 1
    mark = count[0]
    size = 0
    lowest = n
    for place in range(starts.size):
        v = starts[place]
        dirty[v] = mark
        lowest = min(lowest, np.int64(v))
        if stamp[v] != mark:
            stamp[v] = mark
            cone[size] = v
            size += 1
    head = 0
    while head < size and size <= cap:
        v = cone[head]
        head += 1
        for edge in range(out_first[v], out_first[v + np.uint32(1)]):
            below = child[edge]
            if stamp[below] != mark:
                stamp[below] = mark
                cone[size] = below
                size += 1
    if size > cap:
        old[lowest:] = x[lowest:]
        at = np.uint64(first[lowest])
        for v in range(lowest, n):
            value = c[v]
            end = np.uint64(first[v + 1])
            while at < end:
                value += w[at] * x[parent[at]]
                at += np.uint64(1)
            x[v] = value
        return n - lowest, 0, lowest
    changed, pulled = 0, 0
    members = np.sort(cone[:size])
    for place in range(size):
        v = members[place]
        if dirty[v] != mark:
            continue
        pulled += 1
        value = c[v]
        for edge in range(first[v], first[v + np.uint32(1)]):
            value += w[edge] * x[parent[edge]]
        if value == x[v]:
            continue
        cone[changed] = v
        old[changed] = x[v]
        changed += 1
        x[v] = value
        for edge in range(out_first[v], out_first[v + np.uint32(1)]):
            dirty[child[edge]] = mark
    return pulled, changed, n


def moved(x: Any, held: Space, done: Done) -> tuple[Any, Any]:
    """Return the numbers of the products that a `repull` changed, ascending, and what they were before."""
    _, changed, swept = done
    if swept == x.size:
        return held.cone[:changed].copy(), held.old[:changed].copy()
    before = held.old[swept:]
    places = np.flatnonzero(x[swept:] != before)
    return (places + swept).astype(np.uint32), before[places]


def undo(x: Any, held: Space, done: Done) -> None:
    """Put back what the last `repull` changed, bit for bit; weights and own costs are the caller's to put back."""
    _, changed, swept = done
    x[held.cone[:changed]] = held.old[:changed]
    x[swept:] = held.old[swept:]


@cache
def compiled() -> Any:
    """Return `repull` compiled; imports numba."""
    from lineage.kernels.jit import kernel

    return kernel(repull)


def exercise() -> None:
    """Call every kernel of this module once, with the types that are used."""
    first, out_first = np.array([0, 0, 1], np.uint32), np.array([0, 1, 1], np.uint32)
    rows = Rows(first, np.zeros(1, np.uint32), np.ones(1), out_first, np.ones(1, np.uint32), np.ones(2))
    compiled()(np.zeros(1, np.uint32), rows, np.ones(2), space(2), 2)
