"""A solved lineage that answers small scenarios at once: one own cost, one share or one edge, then put back.

Only what stands below a change is computed again (`lineage.kernels.increment`), only the parents that it touches are
shared out anew. The figures have the bits of a fresh solve. What is no such change, or may make a cycle, is computed
afresh: the answer is the same, only slower. Needs numba (extra `fast`).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lineage.errors import MissingExtra, OptionError
from lineage.graph import Graph
from lineage.kernels.arrays import Flags
from lineage.kernels.jit import installed
from lineage.run import Run
from lineage.scenarios.change import Change
from lineage.scenarios.effects import WhatIf, whatif
from lineage.scenarios.movement import Figures, Moved
from lineage.scenarios.reading import setting
from lineage.scenarios.scenario import Scenario
from lineage.scenarios.shift import Shift, shift_of
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval

if TYPE_CHECKING:
    from lineage.scenarios.standing import Standing

__all__ = ["Quick", "Trial"]


@dataclass(frozen=True)
class Trial:
    """What a change would do, while it is tried: `at` gives any product's figure, `moved` those that are others.

    `fresh` is the whole result, where the change was too large to be answered at once.
    """

    quick: "Quick" = field(repr=False)
    change: Change
    mark: int = 0
    fresh: WhatIf | None = field(default=None, repr=False)

    def at(self, product: str) -> Interval | None:
        """Return the EPC of a product with the change; None where it is not there any more."""
        if self.fresh is not None:
            return self.fresh.row(product).after
        return self.quick.at(product)

    @property
    def moved(self) -> list[Moved]:
        """The products whose EPC is another, the largest difference first."""
        if self.fresh is not None:
            return self.fresh.results
        standing, ids, before = self.quick.standing, self.quick.graph.ids, self.quick.before
        codes = [] if standing is None else standing.touched(self.mark)
        rows = [
            Moved(id=ids[code], before=before.bounds.at(code), after=self.quick.interval(code))
            for code in codes
        ]
        kept = [row for row in rows if row.before != row.after]
        return sorted(
            kept, key=lambda row: (math.inf if row.difference is None else -abs(row.difference), row.id)
        )


class Quick:
    """A graph with its EPCs, solved once, that tries changes and puts everything back, bit for bit.

    Raises `OptionError` for a policy without edge weights, `MissingExtra` without numba, and what `cost` raises.

    >>> from lineage.testing import graph
    >>> quick = Quick(graph("base -> a, b", own={"base": 90, "a": 1, "b": 1}))
    >>> with quick.trying("weights[a <- base]=0.5") as told:
    ...     told.at("a").best, told.at("b").best
    (46.0, 23.5)
    >>> quick.at("a").best
    31.0
    """

    def __init__(self, graph: Graph, run: Run | None = None) -> None:
        if not installed():
            raise MissingExtra("answering many scenarios at once", "fast", "compute each with whatif")
        self.result: Cost = cost(graph, run)
        if self.result.epc is None:
            raise OptionError(
                f"policy {self.result.run.policy} has no edge weights to change; use whatif, or another policy"
            )
        from lineage.scenarios.standing import Standing  # late: it loads numba

        self.graph = graph
        standing = None if self.result.network.cycles else Standing(self.result)
        self.standing = None if standing is None or standing.scaled else standing

    @cached_property
    def before(self) -> Figures:
        """The EPC of every product as it is without a change; those that did not exist are NaN."""
        epc = self.result.epc
        assert epc is not None  # seen to when this was made
        return Figures(self.graph.ids, epc)

    @property
    def run(self) -> Run:
        """The options of the run."""
        return self.result.run

    def at(self, product: str) -> Interval:
        """Return the EPC of a product as it stands now. Raises `UnknownProduct`."""
        return self.interval(self.code(product))

    def code(self, product: str) -> int:
        """Return the code of a product; ids are found at once. Raises `UnknownProduct`."""
        code = self.graph.codes.get(product)
        return self.graph.code(product) if code is None else code

    def fits(self, child: int, parent: int) -> bool:
        """Tell whether an edge can be put in without solving anew, and without a cycle that was broken in reach."""
        existing = self.result.network.existing
        if self.standing is None or not (existing[child] and existing[parent]):
            return False
        return self.standing.fits(child, parent) and not any(
            self.knotted(code) for code in self._reached(child)
        )

    def _reached(self, code: int) -> list[int]:
        """Return what stands below a product, where cycles were broken; else nothing that is looked at."""
        if self.standing is None or not self.result.dropped:
            return []
        return self.standing.below(code)

    def knotted(self, code: int) -> bool:
        """Tell whether a product stands on a cycle that was broken: its edges may decide which one is dropped."""
        return bool(self.result.dropped) and bool(self._knotted[code])

    def interval(self, code: int) -> Interval:
        """Return the EPC of a product by its code."""
        return self.before.bounds.at(code) if self.standing is None else self.standing.interval(code)

    @contextmanager
    def trying(self, change: str | Change) -> Iterator[Trial]:
        """Try a change such as "own[model:a]=2 t", "weights[a <- b]=0.2", "remove.edges=a <- b"; then put it back.

        Changes nest: one that is tried inside another comes after it, where both are small. Raises the faults of
        `lineage.scenarios.apply`.
        """
        given = setting(change) if isinstance(change, str) else change
        shift = None if self.standing is None else shift_of(self, given)
        if shift is None or self.standing is None:
            if self.standing is not None and self.standing.depth:
                raise given.fault(
                    "cannot be tried inside another change; put both into one scenario, for whatif"
                )
            fresh = whatif(self.graph, Scenario(changes=(given,)), self.run, before=self.result)
            yield Trial(self, given, 0, fresh)
            return
        mark = self.standing.mark()
        try:
            self._do(self.standing, shift)
            yield Trial(self, given, mark)
        finally:
            self.standing.undo(mark)

    @staticmethod
    def _do(standing: "Standing", shift: Shift) -> None:
        """Do what a change says."""
        if shift.kind == "own":
            standing.own(shift.product, shift.values)
        elif shift.kind == "share":
            standing.share(shift.edge, shift.values[0])
        elif shift.kind == "gone":
            standing.without(shift.edge)
        else:
            standing.within(shift.product, shift.parent, shift.values[0])

    @cached_property
    def _knotted(self) -> Flags:
        """Which products stand on a cycle that was broken: an edge of theirs may decide which edge is dropped."""
        knotted = np.zeros(len(self.graph), np.bool_)
        if not self.result.dropped:
            return knotted
        from lineage.kernels.fast import Structure

        network = self.result.network
        dropped = np.array(network.dropped, np.int32)
        child = np.concatenate((network.child, dropped[:, 0]))
        parent = np.concatenate((network.parent, dropped[:, 1]))
        order = np.lexsort((parent, child))
        for group in Structure(len(self.graph), child[order], parent[order]).cycles:
            knotted[group] = True
        return knotted
