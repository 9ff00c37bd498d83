"""Sums over distinct ancestors or descendants, for all products in one go: cumulative, family and covered."""

from dataclasses import dataclass

import numpy as np

from lineage.kernels.arrays import Floats, Offsets
from lineage.kernels.closure import Totals
from lineage.views.cost import Cost
from lineage.views.interval import Bounds
from lineage.views.joined import Joined

__all__ = ["Closures", "closures"]


@dataclass(frozen=True, slots=True)
class Closures:
    """For every product the sum over it and its distinct ancestors (or descendants), arrays (n,).

    `lo`, `best` and `hi` add what is known; `known` of the `members` have a best value, `open_ended` no upper bound.
    """

    lo: Floats
    best: Floats
    hi: Floats
    members: Offsets
    known: Offsets
    open_ended: Offsets

    def at(self, code: int) -> Totals:
        """Return one product's sums."""
        lo, best, hi = (float(side[code]) for side in (self.lo, self.best, self.hi))
        counts = (int(side[code]) for side in (self.members, self.known, self.open_ended))
        return Totals(lo, best, hi, *counts)

    @property
    def bounds(self) -> Bounds:
        """The sums as figures: best is NaN where nothing is known, hi where something has no upper bound."""
        best = np.where(self.known > 0, self.best, np.nan)
        return Bounds(self.lo, best, np.where(self.open_ended > 0, np.nan, self.hi))

    @property
    def covered(self) -> Floats:
        """The part of the members with a best value."""
        return self.known / self.members


def closures(result: Cost, *, down: bool = False) -> Closures:
    """Return the sums over ancestors (`down`: descendants) of every product of a result, each member once.

    One closure walk serves all six sums; a product with one parent takes its parent's sums and needs no walk. They are
    those of `Cost.upstream` and `Cost.downstream`, bit for bit where no cycle is left.

    >>> from lineage.testing import graph
    >>> from lineage.views.cost import cost
    >>> made = graph("base -> left, right", "left, right -> merged",
    ...              own={"base": 100, "left": 5, "right": 5, "merged": 1})
    >>> closures(cost(made)).best.tolist()
    [100.0, 105.0, 111.0, 105.0]
    """
    joined = Joined(result.network, result.run, down=down)
    unknown, open_ended = np.isnan(result.own.best), np.isnan(result.own.hi)
    figures = [np.nan_to_num(side) for side in result.own]
    counts = [np.ones(joined.n), (~unknown).astype(np.float64), open_ended.astype(np.float64)]
    everybody = np.ones(joined.n, np.bool_)
    sums = joined.sums([*figures, *counts], everybody)
    lo, best, hi = sums[:3]
    return Closures(lo, best, hi, *(side.astype(np.int64) for side in sums[3:]))
