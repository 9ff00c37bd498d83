"""The numpy and scipy engine: the plain engine's formula, level by level, with the same bits on acyclic graphs.

Each level adds its terms with `np.add.at`, which adds one by one in the order of the edges, exactly as the plain
engine does; no fused multiply-add. Cycles are solved one component at a time.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.cycles import components
from lineage.kernels.order import NARROW, in_edges, levels, row_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Structure"]


# Above this many members a cycle's equations are kept sparse.
DENSE = 500


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
                _add_one_by_one(epc, child[low:high], parent[low:high], share[low:high])
        for group in self._rest:
            self._solve_group(group, w, epc)
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
            self._reach_group(group, w, reached)
        return reached

    def _reach_group(self, group: list[int], w: Floats, reached: Flags) -> None:
        members = np.array(group, dtype=np.int32)
        edges = in_edges(members, self.first)
        edges = edges[w[edges] != 0]
        before = -1
        while before != (before := int(reached[members].sum())):
            reached[self.child[edges[reached[self.parent[edges]]]]] = True

    def divergent(self, w: Floats) -> list[list[int]]:
        """Return the cycles that have no finite cost: those where (I - W^T) y = 1 has no solution with all y > 0."""
        failing = []
        for group in self.cycles:
            y = _solve_linear(self._block(group, w)[0], np.ones(len(group)))
            if y is None or not np.all(y > 0):
                failing.append(group)
        return failing

    def _block(self, group: list[int], w: Floats) -> tuple[Any, Codes, Any]:
        """Return I - W^T of a component's members (dense or sparse), the members, and their edges from outside."""
        members = np.array(group, dtype=np.int32)
        edges = in_edges(members, self.first)
        place = np.searchsorted(members, self.parent[edges])
        inside = (place < len(members)) & (members[np.minimum(place, len(members) - 1)] == self.parent[edges])
        rows = np.searchsorted(members, self.child[edges[inside]])
        columns = place[inside]
        if len(group) <= DENSE:
            block = np.eye(len(group))
            np.subtract.at(block, (rows, columns), w[edges[inside]])
            return block, members, edges[~inside]
        from scipy.sparse import csc_array, eye_array

        coupling = csc_array((w[edges[inside]], (rows, columns)), shape=(len(group), len(group)))
        return csc_array(eye_array(len(group)) - coupling), members, edges[~inside]

    def _solve_group(self, group: list[int], w: Floats, epc: Floats) -> None:
        if len(group) == 1:
            (v,) = group
            edges = np.arange(self.first[v], self.first[v + 1])
            _add_one_by_one(epc, self.child[edges], self.parent[edges], w[edges])
            return
        block, members, outside = self._block(group, w)
        _add_one_by_one(epc, self.child[outside], self.parent[outside], w[outside])
        solution = _solve_linear(block, epc[members])
        if solution is None:
            raise ZeroDivisionError("the cycle has no finite solution; ask divergent() before solve()")
        epc[members] = solution


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


def _add_one_by_one(epc: Floats, child: Codes, parent: Codes, share: Floats) -> None:
    """Add terms in order, where one product may be the parent of the next."""
    values: Any = epc.data  # a memory view: quicker than an array, one element at a time
    for v, u, w in zip(child.tolist(), parent.tolist(), share.tolist(), strict=True):
        values[v] += w * values[u]


def _solve_linear(matrix: Any, right: Floats) -> Floats | None:
    """Solve matrix x = right; None where the matrix is singular."""
    if isinstance(matrix, np.ndarray):
        try:
            return np.asarray(np.linalg.solve(matrix, right))
        except np.linalg.LinAlgError:
            return None
    from scipy.sparse.linalg import splu

    try:
        return np.asarray(splu(matrix).solve(right))
    except RuntimeError:  # SuperLU's word for an exactly singular matrix
        return None
