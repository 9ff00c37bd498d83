"""The numpy and scipy engine: the plain engine's formula, level by level, with the same bits on acyclic graphs.

Each level adds its terms with `np.add.at`, which adds one by one in the order of the edges, exactly as the plain
engine does; no fused multiply-add. Cycles are solved one component at a time.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.core import Edges, add_one_by_one, has_no_cost, reach_group, solve_group
from lineage.kernels.cycles import components
from lineage.kernels.order import NARROW, in_edges, levels, row_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Structure"]


class Structure:
    """The shape of a lineage, as in the plain engine: edges (m,) sorted by (child, parent).

    >>> diamond = Structure(4, np.array([1, 2, 3, 3], np.int32), np.array([0, 0, 1, 2], np.int32))
    >>> diamond.solve(np.array([0.5, 0.5, 1.0, 1.0]), np.array([100.0, 5.0, 5.0, 1.0])).tolist()
    [100.0, 55.0, 55.0, 111.0]
    """

    name = "scipy"

    def __init__(self, n: int, child: Codes, parent: Codes) -> None:
        if np.any(child[1:] < child[:-1]):
            raise ValueError("edges must be sorted by child")
        self.n = n
        self.child, self.parent = child, parent
        self.first = row_starts(n, child)
        self.edges = Edges(self.first, child, parent)
        found = levels(n, child, parent)
        self._order = found.order
        self._edges = in_edges(found.order, self.first)
        self._runs = list(_runs(found.starts))
        after = np.zeros(len(found.order) + 1, dtype=np.int64)
        np.cumsum(self.first[found.order + 1] - self.first[found.order], out=after[1:])
        self._edge_starts = after
        self._rest = self._components_of_rest()
        self.cycles = [group for group in self._rest if len(group) > 1]

    def _components_of_rest(self) -> list[list[int]]:
        """Return what the order left out: cycles and what is made out of them, parents first."""
        if len(self._order) == self.n:
            return []
        left = np.ones(self.n, dtype=np.bool_)
        left[self._order] = False
        return components(self.n, self.first.tolist(), self.parent.tolist(), np.flatnonzero(left).tolist())

    def solve(self, w: Floats, own: Floats) -> Floats:
        """Return EPC, shape (n,), for shares `w` (m,) and own costs `own` (n,), in the unit of `own`."""
        epc: Floats = np.array(own, dtype=np.float64)
        child, parent, share = self.child[self._edges], self.parent[self._edges], w[self._edges]
        for wide, begin, end in self._runs:
            low, high = self._edge_starts[begin], self._edge_starts[end]
            if low == high:
                continue
            if wide:
                terms = share[low:high] * epc[parent[low:high]]
                np.add.at(epc, child[low:high], terms)
            else:
                add_one_by_one(epc, child[low:high], parent[low:high], share[low:high])
        for group in self._rest:
            self._solve_rest(group, w, epc)
        return epc

    def reach(self, w: Floats, start: Flags) -> Flags:
        """Return which products receive anything, however little, from those marked in `start`."""
        reached: Flags = np.array(start, dtype=np.bool_)
        child, parent, given = self.child[self._edges], self.parent[self._edges], w[self._edges] != 0
        for wide, begin, end in self._runs:
            low, high = int(self._edge_starts[begin]), int(self._edge_starts[end])
            if wide:
                hit = given[low:high] & reached[parent[low:high]]
                reached[child[low:high][hit]] = True
            else:
                for edge in range(low, high):
                    if given[edge] and reached[parent[edge]]:
                        reached[child[edge]] = True
        for group in self._rest:
            reach_group(self.edges, group, w, reached)
        return reached

    def divergent(self, w: Floats) -> list[list[int]]:
        """Return the cycles that have no finite cost: those where (I - W^T) y = 1 has no solution with all y > 0."""
        return [group for group in self.cycles if has_no_cost(self.edges, group, w)]

    def _solve_rest(self, group: list[int], w: Floats, epc: Floats) -> None:
        if len(group) > 1:
            solve_group(self.edges, group, w, epc)
            return
        (v,) = group
        edges = np.arange(self.first[v], self.first[v + 1])
        add_one_by_one(epc, self.child[edges], self.parent[edges], w[edges])


def _runs(starts: list[int]) -> "Iterator[tuple[bool, int, int]]":
    """Join neighbouring narrow levels: yield (wide, first position, end position)."""
    begin = 0
    for low, high in pairwise(starts):
        if high - low >= NARROW:
            if begin < low:
                yield False, begin, low
            yield True, low, high
            begin = high
    if begin < starts[-1]:
        yield False, begin, starts[-1]
