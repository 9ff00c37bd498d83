"""The order in which an acyclic lineage is added up, found once and kept; solving then needs no search for it.

Edges stand level by level (a level is what all parents of lie in earlier ones), each level sorted by (child, parent):
the terms of a product are added in the order that every engine uses, so the bits are the same.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lineage.kernels import sparse
from lineage.kernels.arrays import Codes, Flags, Floats, Offsets
from lineage.kernels.core import Edges, add_one_by_one
from lineage.kernels.order import in_edges, levels, row_starts

__all__ = ["Order", "Structure", "order_of", "restricted"]


# Below this many edges a level is quicker edge by edge than as an array.
NARROW_EDGES = 64


# So many edges are added up at a time: what that takes stays in the processor's cache.
PIECE = 1 << 16


class Order(NamedTuple):
    """Edges in the order of solving: `edges` (m,) are their positions by (child, parent), and `child` and `parent`
    their ends; `starts` (k + 1,) bounds what can be added up at the same time. `first` (n + 1,) is where the edges of
    each product begin by (child, parent).
    """

    first: Offsets
    edges: Codes
    child: Codes
    parent: Codes
    starts: Offsets


def order_of(n: int, child: Codes, parent: Codes) -> Order | None:
    """Return the order of edges (m,) sorted by (child, parent); None where products are made out of each other.

    >>> order_of(3, np.array([1, 2, 2], np.int32), np.array([0, 0, 1], np.int32)).starts.tolist()
    [0, 1, 3]
    """
    first = row_starts(n, child)
    found = levels(n, child, parent)
    if len(found.order) < n:
        return None
    edges = in_edges(found.order, first).astype(np.int32)
    after = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(first[found.order + 1] - first[found.order], out=after[1:])
    return Order(first, edges, child[edges], parent[edges], np.unique(after[found.starts]))


def restricted(order: Order, kept: Flags) -> Order:
    """Return the order of some of the edges, (m,) marked by their positions: it stays what it is without the others.

    >>> chain = order_of(3, np.array([1, 2], np.int32), np.array([0, 1], np.int32))
    >>> restricted(chain, np.array([False, True])).child.tolist()
    [2]
    """
    place, after = np.zeros((2, len(kept) + 1), dtype=np.int64)
    np.cumsum(kept, out=place[1:])
    there = kept[order.edges]
    np.cumsum(there, out=after[1:])
    edges = place[order.edges[there]].astype(np.int32)
    starts = np.unique(after[order.starts])
    return Order(place[order.first], edges, order.child[there], order.parent[there], starts)


class Structure(sparse.Structure):
    """The shape of an acyclic lineage whose order is known.

    >>> child, parent = np.array([1, 2, 3, 3], np.int32), np.array([0, 0, 1, 2], np.int32)
    >>> diamond = Structure(4, child, parent, order_of(4, child, parent))
    >>> diamond.solve(np.array([0.5, 0.5, 1.0, 1.0]), np.array([100.0, 5.0, 5.0, 1.0])).tolist()
    [100.0, 55.0, 55.0, 111.0]
    """

    def __init__(self, n: int, child: Codes, parent: Codes, order: Order) -> None:
        self.n = n
        self.child, self.parent = child, parent
        self.first = order.first
        self.edges = Edges(self.first, child, parent)
        self.cycles = []
        self.order = order
        self._parts = list(_parts(order.starts.tolist()))
        self._share: tuple[Floats, Floats] | None = None

    def solve(self, w: Floats, own: Floats) -> Floats:
        """Return EPC, shape (n,), for shares `w` (m,) and own costs `own` (n,), in the unit of `own`."""
        epc: Floats = np.array(own, dtype=np.float64)
        share, child, parent = self._in_order(w), self.order.child, self.order.parent
        terms = np.empty(PIECE)
        for wide, low, high in self._parts:
            if wide:
                piece = terms[: high - low]
                np.take(epc, parent[low:high], out=piece, mode="clip")
                piece *= share[low:high]
                np.add.at(epc, child[low:high], piece)
            else:
                add_one_by_one(epc, child[low:high], parent[low:high], share[low:high])
        return epc

    def reach(self, w: Floats, start: Flags) -> Flags:
        """Return which products receive anything, however little, from those marked in `start`."""
        reached: Flags = np.array(start, dtype=np.bool_)
        given, child, parent = self._in_order(w) != 0, self.order.child, self.order.parent
        for wide, low, high in self._parts:
            if wide:
                hit = reached.take(parent[low:high])
                hit &= given[low:high]
                reached[child[low:high][hit]] = True
            else:
                for edge in range(low, high):
                    if given[edge] and reached[parent[edge]]:
                        reached[child[edge]] = True
        return reached

    def _in_order(self, w: Floats) -> Floats:
        """Return shares in the order of solving; those of the last call are kept."""
        if self._share is None or self._share[0] is not w:
            self._share = (w, w.take(self.order.edges))
        return self._share[1]


def _parts(starts: list[int]) -> "list[tuple[bool, int, int]]":
    """Join neighbouring narrow levels, and cut wide ones: (wide, first position, end position)."""
    parts: list[tuple[bool, int, int]] = []
    for low, high in pairwise(starts):
        wide = high - low >= NARROW_EDGES
        if parts and not wide and not parts[-1][0]:
            parts[-1] = (False, parts[-1][1], high)
        elif wide:
            parts += [(True, at, min(at + PIECE, high)) for at in range(low, high, PIECE)]
        else:
            parts.append((False, low, high))
    return parts
