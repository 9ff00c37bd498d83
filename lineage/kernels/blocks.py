"""Many solves in one pass: a block of own costs (n, k), under one set of shares or under k of them.

    EPC[v, s] = c[v, s] + sum over parents u, in order, of w(u, v)[s] EPC[u, s]

Each column has the bits of a single solve by the plain engine: the terms of a product are added in the order of its
parents, in plain float64. All the first parents of a level are added at once, then all the second ones, and so on.
"""

from typing import Any

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats, Offsets
from lineage.kernels.order import in_edges, levels, row_starts

__all__ = ["Blocks"]


class Blocks:
    """Solves blocks on a lineage of n products; edges (m,) are sorted by (child, parent).

    `structure` is an engine of the same lineage: where products are made out of each other, it solves column by
    column, as it always does.

    >>> diamond = Blocks(4, np.array([1, 2, 3, 3], np.int32), np.array([0, 0, 1, 2], np.int32))
    >>> own = np.array([[100.0, 1.0], [5.0, 0.0], [5.0, 0.0], [1.0, 0.0]])
    >>> diamond.solve(np.array([0.5, 0.5, 1.0, 1.0]), own).tolist()[-1]
    [111.0, 1.0]
    """

    def __init__(self, n: int, child: Codes, parent: Codes, structure: Any = None) -> None:
        self.n, self.child, self.parent = n, child, parent
        self._structure = structure
        self.cyclic = structure is not None and bool(structure.cycles)
        self._steps = [] if self.cyclic else _steps(n, child, parent)

    def solve(self, w: Floats, own: Floats) -> Floats:
        """Return EPC, shape (n, k), for own costs (n, k) and shares (m,), or (m, k) with a column for each."""
        if self.cyclic:
            return self._by_column(w, own)
        epc: Floats = np.array(own, dtype=np.float64)
        wide = w.ndim == 2
        for children, parents, edges in self._steps:
            share = w[edges] if wide else w[edges][:, None]
            epc[children] += share * epc[parents]
        return epc

    def reach(self, w: Floats, start: Flags) -> Flags:
        """Return which products receive anything, however little, from those marked in `start`."""
        if self.cyclic:
            marked: Any = start.tolist() if self._structure.name == "plain" else start
            return np.asarray(self._structure.reach(self._given(w), marked), dtype=np.bool_)
        reached: Flags = np.array(start, dtype=np.bool_)
        for children, parents, edges in self._steps:
            reached[children] |= (w[edges] != 0) & reached[parents]
        return reached

    def divergent(self, w: Floats) -> list[list[int]]:
        """Return the cycles without a finite cost under one of the columns of `w`; see the engines."""
        if not self.cyclic:
            return []
        for column in w.T if w.ndim == 2 else [w]:
            failing: list[list[int]] = self._structure.divergent(self._given(column))
            if failing:
                return failing
        return []

    def _given(self, values: Floats) -> Any:
        return values.tolist() if self._structure.name == "plain" else np.ascontiguousarray(values)

    def _by_column(self, w: Floats, own: Floats) -> Floats:
        solved = [
            self._structure.solve(self._given(w[:, place] if w.ndim == 2 else w), self._given(own[:, place]))
            for place in range(own.shape[1])
        ]
        return np.stack([np.asarray(column, dtype=np.float64) for column in solved], axis=1)


def _steps(n: int, child: Codes, parent: Codes) -> list[tuple[Codes, Codes, Offsets]]:
    """Return what is added at once: (children, parents, edges), children distinct within a step."""
    first = row_starts(n, child)
    found = levels(n, child, parent)
    if len(found.order) < n:
        raise ValueError("the lineage has cycles; give an engine that solves them")
    steps = []
    for low, high in zip(found.starts, found.starts[1:], strict=False):
        nodes = found.order[low:high]
        edges = in_edges(nodes, first)
        if not edges.size:
            continue
        rank = edges - first[child[edges]]
        by_rank = np.argsort(rank, kind="stable")
        ends = np.cumsum(np.bincount(rank))
        for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
            at = edges[by_rank[start:end]]
            steps.append((child[at], parent[at], at))
    return steps
