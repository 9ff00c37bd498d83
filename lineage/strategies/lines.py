"""The descendants of a base in the order in which they came."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lineage.kernels.arrays import Codes, Offsets
from lineage.kernels.order import row_starts
from lineage.strategies.figures import Figure
from lineage.views.cost import Cost

__all__ = ["Line", "Lines"]


@dataclass(frozen=True)
class Line:
    """The model descendants of a base: `codes` by date, then id, the undated last, with their `dates`.

    `steps` are (code, the parent through which it was found, relation), nearest to the base first.
    """

    base: int
    codes: tuple[int, ...]
    dates: tuple[str | None, ...]
    steps: tuple[tuple[int, int, str], ...]


class Lines:
    """The lines of a result's bases; what they share is sorted, and estimated, once."""

    def __init__(self, result: Cost) -> None:
        self.result = result
        self.estimated: dict[int, Figure | None] = {}
        network = result.network
        self._by_parent = np.argsort(network.parent, kind="stable")
        self._first: Offsets = row_starts(len(result.graph), network.parent)
        self._child: Codes = network.child[self._by_parent]

    @cached_property
    def _relation(self) -> tuple[Codes, tuple[str, ...]]:
        labels = self.result.graph.labels("edges", "relation")
        codes: Codes = np.asarray(self.result.network.of_edges(labels.codes))[self._by_parent]
        return codes, tuple(labels.names)

    @cached_property
    def _dates(self) -> list[str | None]:
        return self.result.graph.texts("products", "created_at")

    @cached_property
    def _ids(self) -> list[str]:
        return self.result.graph.ids

    def of(self, base: int) -> Line:
        """Return the line of a base; data sets and platforms among its descendants are passed through."""
        relation, names = self._relation
        seen, found = {base}, [base]
        steps = []
        for parent in found:
            for place in range(int(self._first[parent]), int(self._first[parent + 1])):
                child = int(self._child[place])
                if child not in seen:
                    seen.add(child)
                    found.append(child)
                    steps.append((child, parent, names[int(relation[place])]))
        models = [code for code in found[1:] if self._ids[code].startswith("model:")]
        models.sort(key=lambda code: (self._dates[code] is None, self._dates[code] or "", self._ids[code]))
        return Line(base, tuple(models), tuple(self._dates[code] for code in models), tuple(steps))
