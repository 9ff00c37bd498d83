"""The plain engine: pure Python that reads like the formula, for small graphs and as the oracle of the others.

    EPC(v) = c(v) + sum over parents u of w(u, v) EPC(u)

Products are numbered 0 .. n-1 in the order of their ids; edges are given sorted by (child, parent), and that is the
order in which a product's terms are added (plain float64), so that every engine gives the same bits.
Source: Eilam et al., "Towards a Methodology and Framework for AI Sustainability Metrics", HotCarbon 2023.
"""

from collections.abc import Sequence
from itertools import pairwise

from lineage.kernels.cycles import components, solve_dense

__all__ = ["Structure"]


class Structure:
    """The shape of a lineage of n products: who is made out of whom, and in which order to add up.

    `child` and `parent` are the edges, shape (m,), sorted by (child, parent). `cycles` lists the groups of products
    that are made out of each other.

    >>> diamond = Structure(4, child=[1, 2, 3, 3], parent=[0, 0, 1, 2])
    >>> diamond.solve([0.5, 0.5, 1.0, 1.0], [100.0, 5.0, 5.0, 1.0])
    [100.0, 55.0, 55.0, 111.0]
    """

    name = "plain"

    def __init__(self, n: int, child: Sequence[int], parent: Sequence[int]) -> None:
        self.n = n
        self.parent = list(parent)
        self.first = _row_starts(n, child)
        self.order = components(n, self.first, self.parent)  # parents before children
        self.cycles = [group for group in self.order if len(group) > 1]

    def solve(self, w: Sequence[float], own: Sequence[float]) -> list[float]:
        """Return EPC, shape (n,), for shares `w` (m,) and own costs `own` (n,), in the unit of `own`."""
        epc = list(own)
        for group in self.order:
            if len(group) == 1:
                (v,) = group
                for edge in range(self.first[v], self.first[v + 1]):
                    epc[v] += w[edge] * epc[self.parent[edge]]
            else:
                self._solve_cycle(group, w, epc)
        return epc

    def reach(self, w: Sequence[float], start: Sequence[bool]) -> list[bool]:
        """Return which products receive anything, however little, from those marked in `start`."""
        reached = list(start)
        for group in self.order:
            touched = any(reached[v] for v in group) or any(
                reached[self.parent[edge]]
                for v in group
                for edge in range(self.first[v], self.first[v + 1])
                if w[edge] != 0
            )
            if len(group) == 1:
                reached[group[0]] = touched
            elif touched:
                self._spread(group, w, reached)
        return reached

    def divergent(self, w: Sequence[float]) -> list[list[int]]:
        """Return the cycles that have no finite cost: those where (I - W^T) y = 1 has no solution with all y > 0.

        For shares >= 0 that is exactly a spectral radius of one or more.
        """
        failing = []
        for group in self.cycles:
            y = solve_dense(self._block(group, w), [1.0] * len(group))
            if y is None or min(y) <= 0:
                failing.append(group)
        return failing

    def _block(self, group: list[int], w: Sequence[float]) -> list[list[float]]:
        """Return I - W^T of one cycle's members."""
        place = {v: row for row, v in enumerate(group)}
        block = [[float(row == column) for column in range(len(group))] for row in range(len(group))]
        for v in group:
            for edge in range(self.first[v], self.first[v + 1]):
                if self.parent[edge] in place:
                    block[place[v]][place[self.parent[edge]]] -= w[edge]
        return block

    def _solve_cycle(self, group: list[int], w: Sequence[float], epc: list[float]) -> None:
        members = set(group)
        inflow = []
        for v in group:
            total = epc[v]
            for edge in range(self.first[v], self.first[v + 1]):
                if self.parent[edge] not in members:
                    total += w[edge] * epc[self.parent[edge]]
            inflow.append(total)
        solution = solve_dense(self._block(group, w), inflow)
        if solution is None:
            raise ZeroDivisionError("the cycle has no finite solution; ask divergent() before solve()")
        for v, value in zip(group, solution, strict=True):
            epc[v] = value

    def _spread(self, group: list[int], w: Sequence[float], reached: list[bool]) -> None:
        """Let what arrived at one member of a cycle go round it."""
        changed = True
        while changed:
            changed = False
            for v in group:
                if not reached[v] and any(
                    w[edge] != 0 and reached[self.parent[edge]]
                    for edge in range(self.first[v], self.first[v + 1])
                ):
                    reached[v] = changed = True


def _row_starts(n: int, child: Sequence[int]) -> list[int]:
    """Return where each child's edges begin in the sorted edge list, shape (n + 1,)."""
    if any(a > b for a, b in pairwise(child)):
        raise ValueError("edges must be sorted by child")
    first = [0] * (n + 1)
    for v in child:
        first[v + 1] += 1
    for v in range(n):
        first[v + 1] += first[v]
    return first
