"""Topological order by levels, in numpy, without recursion: what can be added up at the same time.

Wide levels are handled as arrays, narrow ones (a chain has a million of them) by a plain loop over memory views.
"""

from typing import NamedTuple

import numpy as np

from lineage.kernels.arrays import Codes, Offsets

__all__ = ["NARROW", "Levels", "in_edges", "levels", "row_starts"]


# Below this many products a level is quicker in a loop than as an array (numpy costs some 10 us a call).
NARROW = 48


class Levels(NamedTuple):
    """Products in an order where parents come first; level i is `order[starts[i]:starts[i + 1]]`.

    Products on a cycle, or made out of one, are missing from `order`.
    """

    order: Codes
    starts: list[int]


def row_starts(n: int, rows: Codes) -> Offsets:
    """Return where each row begins in a list sorted by row, shape (n + 1,)."""
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=n), out=starts[1:])
    return starts


def in_edges(nodes: Codes, first: Offsets) -> Offsets:
    """Return the positions of these products' edges, row after row."""
    counts = first[nodes + 1] - first[nodes]
    if not counts.size:
        return np.zeros(0, dtype=np.int64)
    ends = np.cumsum(counts)
    total = int(ends[-1])
    return np.repeat(first[nodes] - (ends - counts), counts) + np.arange(total, dtype=np.int64)


def levels(n: int, child: Codes, parent: Codes) -> Levels:
    """Return the levels of a lineage; edges are (m,) codes in any order (Kahn 1962)."""
    by_parent = np.argsort(parent, kind="stable")
    first = row_starts(n, parent)
    target = child[by_parent]
    waiting = np.bincount(child, minlength=n).astype(np.int64)
    order = np.empty(n, dtype=np.int32)
    starts = [0]
    ready = np.flatnonzero(waiting == 0).astype(np.int32)
    views = (first.data, target.data, waiting.data, order.data)
    placed = 0
    while ready.size:
        if ready.size >= NARROW:
            order[placed : placed + ready.size] = ready
            placed += ready.size
            starts.append(placed)
            reached = target[in_edges(ready, first)]
            np.subtract.at(waiting, reached, 1)
            ready = np.unique(reached[waiting[reached] == 0])
        else:
            placed, ready = _narrow_levels(ready, placed, starts, views)
    return Levels(order[:placed], starts)


def _narrow_levels(
    ready: Codes, placed: int, starts: list[int], views: tuple[memoryview, ...]
) -> tuple[int, Codes]:
    """Place levels one product at a time until a level is wide again, or none is left."""
    first, target, waiting, order = views
    level = ready.tolist()
    while level and len(level) < NARROW:
        following = []
        for u in level:
            order[placed] = u
            placed += 1
            for edge in range(first[u], first[u + 1]):
                v = target[edge]
                waiting[v] -= 1
                if not waiting[v]:
                    following.append(v)
        starts.append(placed)
        level = following
    return placed, np.array(level, dtype=np.int32)
