"""The numba engine: the plain engine's formula in compiled loops, with the same bits on acyclic graphs.

Products are put in order once, each behind its parents; a solve is then one pass over the rows in that order. Cycles
are solved one component at a time, with numpy and scipy.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats, Indices, Marks, Offsets
from lineage.kernels.compiled import NONE, Rows, State, arrange, pull, pull_columns, spread, start_rows
from lineage.kernels.core import Edges, has_no_cost, solve_group
from lineage.kernels.tangle import Search, untangle

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Structure", "exercise", "ordered", "unsigned"]


class Structure:
    """The shape of a lineage, as in the plain engine: edges (m,) sorted by (child, parent), int32.

    `order` has every product behind its parents; `cycles` lists the groups of products that are made out of each
    other, whose members stand side by side in it.

    >>> diamond = Structure(4, np.array([1, 2, 3, 3], np.int32), np.array([0, 0, 1, 2], np.int32))
    >>> diamond.solve(np.array([0.5, 0.5, 1.0, 1.0]), np.array([100.0, 5.0, 5.0, 1.0])).tolist()
    [100.0, 55.0, 55.0, 111.0]
    """

    name = "numba"

    def __init__(self, n: int, child: Codes, parent: Codes) -> None:
        first = np.empty(n + 1, dtype=np.uint32)
        if not start_rows(unsigned(child), first):
            raise ValueError("edges must be sorted by child")
        self.n = n
        self.child, self.parent = child, parent
        self.rows = Rows(first, unsigned(parent))
        self.order, self._groups = ordered(self.rows)
        self.cycles: list[list[int]] = [self.order[begin:end].tolist() for begin, end in self._groups]

    @cached_property
    def first(self) -> Offsets:
        """Where each product's row begins, shape (n + 1,)."""
        return np.asarray(self.rows.first, dtype=np.int64)

    def solve(self, w: Floats, own: Floats) -> Floats:
        """Return EPC, shape (n,), for shares `w` (m,) and own costs `own` (n,), in the unit of `own`."""
        return self._solved(w, np.array(own, dtype=np.float64))

    def solve_columns(self, w: Floats, own: Floats) -> Floats:
        """Return EPC, shape (n, k), for k columns of own costs in one pass; each has the bits of `solve`."""
        return self._solved(w, np.array(own, dtype=np.float64, order="C"))

    def _solved(self, w: Floats, epc: Floats) -> Floats:
        run = pull if epc.ndim == 1 else pull_columns
        share = np.ascontiguousarray(w, dtype=np.float64)
        for order, group in self._stretches():
            run(self.rows, share, order, epc)
            if group:
                solve_group(self._edges, group, share, epc)
        return epc

    def solve_all(self, w: Floats, columns: Sequence[Floats]) -> list[Floats]:
        """Return EPC for several own costs (n,), in one pass."""
        if len(columns) == 1:
            return [self.solve(w, columns[0])]
        solved = self.solve_columns(w, np.stack(columns, axis=1))
        return [np.ascontiguousarray(column) for column in solved.T]

    def reach(self, w: Floats, start: Flags) -> Flags:
        """Return which products receive anything, however little, from those marked in `start`."""
        return self.reach_all(w, [start])[0]

    def reach_all(self, w: Floats, starts: Sequence[Flags]) -> list[Flags]:
        """Return what each of up to eight sets of products reaches, in one pass."""
        marks = np.zeros(self.n, dtype=np.uint8)
        for bit, start in enumerate(starts):
            marks |= np.asarray(start, dtype=np.uint8) << np.uint8(bit)
        share = np.ascontiguousarray(w, dtype=np.float64)
        for order, group in self._stretches():
            spread(self.rows, share, order, marks)
            if group:
                self._round(group, share, marks)
        return [(marks >> np.uint8(bit) & np.uint8(1)).astype(np.bool_) for bit in range(len(starts))]

    def _round(self, group: list[int], w: Floats, marks: Marks) -> None:
        """Let what arrived at the members of a cycle go round it, until nothing changes."""
        members = np.array(group, dtype=np.uint32)
        before = None
        while before != (before := marks[members].tobytes()):
            spread(self.rows, w, members, marks)

    def divergent(self, w: Floats) -> list[list[int]]:
        """Return the cycles that have no finite cost: those where (I - W^T) y = 1 has no solution with all y > 0."""
        return [group for group in self.cycles if has_no_cost(self._edges, group, w)]

    @property
    def _edges(self) -> Edges:
        return Edges(self.first, self.child, self.parent)

    def _stretches(self) -> "Iterator[tuple[Indices, list[int]]]":
        """Yield the order up to each cycle, and the cycle; at last what follows, with no cycle."""
        bounds = [0, *chain.from_iterable(self._groups), self.n]
        stretches = [self.order[begin:end] for begin, end in list(pairwise(bounds))[::2]]
        yield from zip(stretches, [*self.cycles, []], strict=True)


def ordered(rows: Rows) -> tuple[Indices, list[tuple[int, int]]]:
    """Return the products behind their parents (n,), and where cycles stand in that order, from begin to end."""
    n = rows.first.size - 1
    state = State(
        rows.first[:-1].copy(),
        np.full(n, NONE, dtype=np.uint32),
        np.empty(n, dtype=np.uint32),
        np.empty(n, dtype=np.uint32),
        np.zeros(2, dtype=np.int64),
    )
    arrange(rows, state)
    left = n - int(state.place[1])
    if not left:
        return state.order, []
    search = Search(
        index=np.zeros(n, dtype=np.uint32),
        low=np.empty(n, dtype=np.uint32),
        path=np.empty(left, dtype=np.uint32),
        work=np.empty(left, dtype=np.uint32),
        stack=np.empty(left, dtype=np.uint32),
        heads=np.empty(left, dtype=np.uint32),
        groups=np.empty((left // 2, 2), dtype=np.int64),
        found=np.zeros(1, dtype=np.int64),
    )
    untangle(rows, state, search)
    groups = [(int(begin), int(end)) for begin, end in search.groups[: search.found[0]].tolist()]
    return state.order, groups


def exercise() -> None:
    """Call every kernel of this engine once, on three products with a cycle."""
    child, parent = np.array([0, 1, 2], np.int32), np.array([1, 0, 1], np.int32)
    structure = Structure(3, child, parent)
    w, own = np.full(3, 0.5), np.ones(3)
    structure.solve_all(w, [own])
    structure.solve_all(w, [own, own])
    structure.reach(w, own > 0)


def unsigned(codes: Codes) -> Indices:
    """Return the same codes as uint32, without a copy where they are int32."""
    return np.ascontiguousarray(codes, dtype=np.int32).view(np.uint32)
