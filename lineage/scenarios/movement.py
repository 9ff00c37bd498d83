"""Figures that differ between two costs, the largest difference first."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lineage.errors import OptionError
from lineage.kernels.arrays import Flags
from lineage.views.cost import Cost
from lineage.views.interval import Bounds, Interval

__all__ = ["Figures", "Moved", "common_view", "figures", "moved", "moved_count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A product's figure before and after, each None where the product is not there.

    `difference` is that of the best values, None where one of them is not known.
    """

    id: str
    before: Interval | None
    after: Interval | None

    @property
    def difference(self) -> float | None:
        """After less before; None where either is not known."""
        if self.before is None or self.after is None or self.before.best is None or self.after.best is None:
            return None
        return self.after.best - self.before.best

    @property
    def relative(self) -> float | None:
        """The difference as a part of the figure before; None to nothing."""
        difference = self.difference
        if difference is None or self.before is None or not self.before.best:
            return None
        return difference / self.before.best

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "id": self.id,
            "before": self.before and self.before.as_dict(),
            "after": self.after and self.after.as_dict(),
            "difference": self.difference,
            "relative": self.relative,
        }


@dataclass(frozen=True)
class Figures:
    """A view of every product that existed: `ids`, and lo, best, hi in their order."""

    ids: list[str]
    bounds: Bounds

    def at(self, product: str) -> Interval | None:
        """Return the figure of a product, None where it is not there."""
        code = self.codes.get(product)
        return None if code is None else self.bounds.at(code)

    def best(self, product: str) -> float | None:
        """Return the best value of a product; None where it is not there or not known."""
        found = self.at(product)
        return None if found is None else found.best

    @property
    def codes(self) -> dict[str, int]:
        """Product -> place."""
        if "_codes" not in self.__dict__:
            self.__dict__["_codes"] = {name: code for code, name in enumerate(self.ids)}
        codes: dict[str, int] = self.__dict__["_codes"]
        return codes


def common_view(*results: Cost) -> str:
    """Return the view that all of these have: "EPC", else "burden".

    Raises `OptionError` where there is none: policy `full` has no burden, `shapley` and `usage` have no EPC.
    """
    if all(result.epc is not None for result in results):
        return "EPC"
    if all(result.burden is not None for result in results):
        return "burden"
    raise OptionError(
        "policy full has an EPC only, shapley and usage a burden only: they do not compare; choose others"
    )


def figures(result: Cost, view: str) -> Figures:
    """Return a view ("own", "EPC" or "burden") of the products that existed."""
    bounds = {"own": result.own, "EPC": result.epc, "burden": result.burden}[view]
    assert bounds is not None  # `common_view` has seen to it
    existing = result.network.existing
    if existing.all():
        return Figures(result.graph.ids, bounds)
    ids = [result.graph.ids[code] for code in result.existing]
    return Figures(ids, Bounds(*(side[existing] for side in bounds)))


def moved(before: Figures, after: Figures) -> list[Moved]:
    """Return the products whose figure is another, in any of its bounds; the largest difference first, then by id."""
    if _same_products(before, after):
        at = np.flatnonzero(_differs(before, after))
        names = [before.ids[code] for code in at.tolist()]
        pairs = zip(_intervals(before.bounds, at), _intervals(after.bounds, at), strict=True)
        rows = [Moved(id=name, before=a, after=b) for name, (a, b) in zip(names, pairs, strict=True)]
    else:
        every = sorted({*before.ids, *after.ids})
        rows = [Moved(id=name, before=before.at(name), after=after.at(name)) for name in every]
        rows = [row for row in rows if row.before != row.after]
    far = [(math.inf if row.difference is None else -abs(row.difference), row.id) for row in rows]
    return [rows[place] for place in sorted(range(len(rows)), key=far.__getitem__)]


def moved_count(before: Figures, after: Figures) -> int:
    """Return how many products' figures are another."""
    return int(_differs(before, after).sum()) if _same_products(before, after) else len(moved(before, after))


def _same_products(a: Figures, b: Figures) -> bool:
    return a.ids is b.ids or a.ids == b.ids


def _differs(before: Figures, after: Figures) -> Flags:
    pairs = zip(before.bounds, after.bounds, strict=True)
    differs = [(a != b) & ~(np.isnan(a) & np.isnan(b)) for a, b in pairs]
    return np.asarray(np.logical_or.reduce(differs), np.bool_)


def _intervals(bounds: Bounds, at: Any) -> list[Interval]:
    sides = [[None if value != value else value for value in side[at].tolist()] for side in bounds]
    return [Interval(*each) for each in zip(*sides, strict=True)]
