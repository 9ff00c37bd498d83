"""Uncertainty of a bill of materials: what each ancestor contributes, drawn many times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lineage.costs.named import unused_lines
from lineage.errors import OptionError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Floats
from lineage.kernels.blocks import Blocks
from lineage.run import Run
from lineage.uncertainty import Uncertainty
from lineage.views.bill import Bill, bill
from lineage.views.cost import cost
from lineage.views.samples import FEWEST
from lineage.views.sampling import Block, Sampler
from lineage.views.spreads import Spread, spread

__all__ = ["BillSamples", "bill_samples"]


@dataclass(frozen=True)
class BillSamples:
    """The spread of a bill's rows, of its remainder and of its total over the samples, in the bill's unit.

    `values` (rows, size) are the contributions in the order of the bill's rows, `remainder` and `total` (size,): in
    each sample the rows and the remainder add up to the total.
    """

    bill: Bill
    run: Run
    uncertainty: Uncertainty
    size: int
    values: Floats = field(repr=False)
    remainder: Floats = field(repr=False)
    total: Floats = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)

    def rows(self) -> list[Spread]:
        """Return the spread of every row of the bill, in its order."""
        return [spread(drawn) for drawn in self.values]

    @property
    def spread_of_remainder(self) -> Spread:
        """The spread of what the rows below the cut-off, and those without a best figure, contribute together."""
        return spread(self.remainder)

    @property
    def spread_of_total(self) -> Spread:
        """The spread of what is opened."""
        return spread(self.total, at_least=self.bill.total.hi is None)

    def as_dict(self) -> dict[str, Any]:
        """Return the bill as the JSON document lineage/bill/1, with the spreads of its figures."""
        document = self.bill.as_dict()
        rows = zip(document["rows"], self.rows(), strict=True)
        return document | {
            "samples": self.size,
            "seed": self.run.seed,
            "rows": [row | {"spread": found.as_dict()} for row, found in rows],
            "remainder": document["remainder"] | {"spread": self.spread_of_remainder.as_dict()},
            "total_spread": self.spread_of_total.as_dict(),
        }


def bill_samples(
    graph: Graph,
    product: str,
    run: Run | None = None,
    *,
    size: int = 1000,
    options: Mapping[str, Any] | None = None,
) -> BillSamples:
    """Draw a product's bill of materials `size` times: B[v, u] c(u) of every ancestor u in each sample.

    `options` may hold `uncertainty` and the `cutoff` of the bill. The rows are those of the best figures; an ancestor
    without one, but with a range, is in the remainder. Raises what `bill` and `samples` raise.

    >>> from lineage.testing import graph
    >>> drawn = bill_samples(graph("base -> tuned", own={"base": (80, 100, 140), "tuned": 10}), "tuned")
    >>> bool(np.allclose(drawn.values.sum(axis=0) + drawn.remainder, drawn.total, rtol=1e-12))
    True
    """
    if size < FEWEST:
        raise OptionError(f"{size} samples are too few for percentiles; ask for {FEWEST} or more")
    given = (options or {}).get("uncertainty") or Uncertainty()
    result = cost(graph, run)
    opened = bill(graph, product, cutoff=(options or {}).get("cutoff", 0.0), result=result)
    sampler = Sampler(result, given, [result.code(product)])
    shown = np.searchsorted(sampler.members, [graph.codes[row.id] for row in opened.rows])
    rest = np.setdiff1d(np.arange(len(sampler.members)), shown)
    values, remainder, total = np.empty((len(shown), size)), np.empty(size), np.empty(size)
    turned = _Turned(sampler)
    for block in sampler.over(size):
        place = slice(block.first, block.first + block.own.shape[1])
        contributions = turned.contributions(block)
        values[:, place] = contributions[shown]
        remainder[place] = contributions[rest].sum(axis=0)
        carried = block.burden if block.epc is None else block.epc
        assert carried is not None  # every policy has one of them
        total[place] = carried[0]
    findings = (*result.findings, *unused_lines(graph, given), *sampler.findings)
    return BillSamples(opened, result.run, given, size, values, remainder, total, findings)


class _Turned:
    """The sampler's lineage with its edges turned: fed with 1 at the product, it gives B[v, u]."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._order = np.lexsort((sampler.down, sampler.up))
        child, parent = sampler.up[self._order], sampler.down[self._order]
        structure = sampler.engine(child, parent) if sampler.blocks.cyclic else None
        self._blocks = Blocks(len(sampler.members), child, parent, structure)

    def contributions(self, block: Block) -> Floats:
        """Return B[v, u] c(u), shape (members, k)."""
        if self._sampler.shared is not None:
            return self._sampler.shared.weights(0, len(block.own))[:, None] * block.own
        start = np.zeros(block.own.shape)
        start[self._sampler.asked[0]] = 1.0
        weights: Floats = self._blocks.solve(block.w[self._order], start)
        return weights * block.own
