"""When reuse began to pay: the actual and the counterfactual sum, descendant by descendant in order of date."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from lineage.strategies.cases import BreakEven, Case, tasks_star
from lineage.views.interval import Interval

__all__ = ["Paid", "crossing", "summed"]


class Compared(Protocol):
    """A descendant of which both figures are known."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def date(self) -> str | None:
        """When it came."""

    @property
    def own(self) -> Interval:
        """Its own cost."""

    @property
    def scratch(self) -> Interval:
        """What training it anew would have cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The descendant count at which reuse began to pay, with the product that brought it there and its date.

    `again` is the last count at which it did not pay although it had before. `average` is k* for a descendant of
    average costs, as in a plan. `why` says why it never paid, or what is unknown.
    """

    count: int | None = None
    product: str | None = None
    date: str | None = None
    again: int | None = None
    average: BreakEven | None = None
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON holds it."""
        names = ("count", "product", "date", "again", "why")
        return {name: getattr(self, name) for name in names} | {
            "average": self.average and self.average.as_dict()
        }


def crossing(base: float | None, line: Sequence[Compared]) -> Paid:
    """Return when the sum from scratch first exceeds base + own costs, over descendants in order of date.

    Sums are exact (fractions), so equal costs never pass for a gain.
    """
    if not line:
        return Paid(why="no descendant has both a known own cost and a known cost from scratch")
    own = [Fraction(repr(row.own.best)) for row in line]
    anew = [Fraction(repr(row.scratch.best)) for row in line]
    if base is None:
        return Paid(why="the cost of the base is unknown")
    charged = Fraction(repr(base))
    mean = Case(epc=charged, adaptation=sum(own) / len(own), training=sum(anew) / len(anew))
    average = tasks_star(mean)
    saved, first, again = -charged, None, None
    for count, (adapted, alone) in enumerate(zip(own, anew, strict=True), 1):
        saved += alone - adapted
        if saved > 0:
            first = first or count
        elif first:
            again = count
    if first is None:
        why = average.never or f"together they saved less than the base cost ({len(line)} compared)"
        return Paid(average=average, why=why)
    row = line[first - 1]
    return Paid(count=first, product=row.id, date=row.date, again=again, average=average)


def summed(parts: Sequence[Interval]) -> Interval:
    """Return the sum of intervals; best is the known part, hi None where one is open."""
    known = [part.best for part in parts if part.best is not None]
    open_ended = any(part.hi is None for part in parts)
    return Interval(
        float(sum(part.lo or 0.0 for part in parts)),
        float(sum(known)) if known else None,
        None if open_ended else float(sum(part.hi or 0.0 for part in parts)),
    )
