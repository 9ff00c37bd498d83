"""A network with its cycles joined, and the sums over distinct ancestors or descendants of all products at once."""

from importlib import import_module
from typing import Any, Final

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats, Offsets
from lineage.kernels.jit import installed
from lineage.kernels.order import row_starts
from lineage.run import Run
from lineage.views.network import Network

__all__ = ["COMPILED_EDGES", "Joined"]

COMPILED_EDGES: Final = 50_000  # from here on, loading numba is won back by the walks


class Joined:
    """The lineage without circles: the first member of each cycle stands for all, who hang below it like leaves.

    `down` turns it, so that descendants take the place of ancestors. The engine is that of the run; where that is
    `auto`, large lineages are walked by compiled kernels.
    """

    def __init__(self, network: Network, run: Run, *, down: bool = False) -> None:
        structure = network.structure
        self.n = len(network.graph)
        self.head = np.arange(self.n, dtype=np.int32)
        self.cyclic = bool(network.cycles)
        child, parent = (network.parent, network.child) if down else (network.child, network.parent)
        first = structure.first
        for group in network.cycles:
            self.head[group] = min(group)
        if self.cyclic:
            first, parent = self._joined(child, parent)
        elif down:
            first, parent = row_starts(self.n, child), parent[np.lexsort((parent, child))]
        if structure.name == "numba" or (
            run.engine == "auto" and parent.size >= COMPILED_EDGES and installed()
        ):
            self.reach = import_module("lineage.kernels.compiled_reach").Reach(first, parent)
        else:
            starts = list(map(int, first))
            self.reach = import_module("lineage.kernels.reachability").Reach(starts, parent.tolist())

    def _joined(self, child: Codes, parent: Codes) -> tuple[Offsets, Codes]:
        below, above = self.head[child], self.head[parent]
        kept = below != above
        members = np.flatnonzero(self.head != np.arange(self.n))
        edges = np.stack(
            [
                np.concatenate([below[kept], members.astype(np.int32)]),
                np.concatenate([above[kept], self.head[members]]),
            ],
            axis=1,
        )
        edges = np.unique(edges, axis=0)
        return row_starts(self.n, edges[:, 0]), np.ascontiguousarray(edges[:, 1])

    def asked(self, values: Any) -> Any:
        """Return an array as the engine takes it."""
        return values.tolist() if self.reach.name == "plain" else values

    def totals(self, weight: Floats) -> Floats:
        """Return the weight of D(u), (n,)."""
        return np.asarray(self.reach.totals(self.asked(weight)), dtype=np.float64)[self.head]

    def sums(self, columns: list[Floats], wanted: Flags) -> list[Floats]:
        """Return each column added up over v and its distinct ancestors, (n,)."""
        moved = [self.asked(self._onto_heads(column)) for column in columns]
        return [np.asarray(found) for found in self.reach.sums(moved, self.asked(wanted))]

    def _onto_heads(self, column: Floats) -> Floats:
        if not self.cyclic:
            return column
        onto = np.zeros(self.n)
        np.add.at(onto, self.head, column)
        return onto

    def below(self, marked: Flags) -> Flags:
        """Mark who has one of the marked at or below it."""
        return np.asarray(self.reach.below(self.asked(marked)), dtype=np.bool_)[self.head]

    def above(self, marked: Flags) -> Flags:
        """Mark who has one of the marked at or above it."""
        onto = np.zeros(self.n, np.bool_)
        onto[self.head[marked]] = True
        return np.asarray(self.reach.above(self.asked(onto)), dtype=np.bool_)
