"""When reuse began to pay: the actual and the counterfactual sum, descendant by descendant in order of date."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from lineage.strategies.cases import BreakEven, Case, tasks_star
from lineage.strategies.open_ended import bounded
from lineage.views.interval import Interval

__all__ = ["Paid", "crossing", "is_like", "summed"]


class Compared(Protocol):
    """A descendant; what is unknown of it has no best value."""

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

    Counts are places in the whole line, those included of which a figure is unknown. `again` is the last count at
    which it did not pay although it had before. `average` is k* for a descendant of average costs, as in a plan. `why`
    says why it never paid, what is unknown, or that the count is a bound ("at the earliest: ...").
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


def is_like(row: Compared) -> bool:
    """Return whether both figures of a descendant are known."""
    return row.own.best is not None and row.scratch.best is not None


def crossing(base: Interval, rows: Sequence[Compared]) -> Paid:
    """Return when the sum from scratch first exceeds base + own costs, over descendants in order of date.

    Of `rows`, those of which a figure is unknown are passed over, but keep their place. Sums are exact (fractions), so
    equal costs never pass for a gain.
    """
    placed = [(place, row) for place, row in enumerate(rows, 1) if is_like(row)]
    line = [row for _, row in placed]
    if not line:
        return Paid(why="no descendant has both a known own cost and a known cost from scratch")
    own = [Fraction(repr(row.own.best)) for row in line]
    anew = [Fraction(repr(row.scratch.best)) for row in line]
    if base.best is None:
        return Paid(why="the cost of the base is unknown")
    charged, partly = Fraction(repr(base.best)), _partly(base, line)
    mean = Case(epc=charged, adaptation=sum(own) / len(own), training=sum(anew) / len(anew))
    average = bounded(tasks_star(mean), partly)
    saved, first, again = -charged, None, None
    for index, (adapted, alone) in enumerate(zip(own, anew, strict=True)):
        saved += alone - adapted
        if saved > 0:
            first = index if first is None else first
        elif first is not None:
            again = placed[index][0]
    if first is None:
        why = average.never or f"together they saved less than the base cost ({len(line)} compared)"
        if any(name.startswith("scratch.") for name in partly):
            why += "; as far as known, the cost from scratch is a lower bound"
        return Paid(average=average, why=why)
    place, row = placed[first]
    why = _bound(_partly(base, line[: (len(line) if again else first + 1)]))
    return Paid(count=place, product=row.id, date=row.date, again=again, average=average, why=why)


def _partly(base: Interval, line: Sequence[Compared]) -> list[str]:
    """Return the costs of which a part is known, but no upper bound, as a plan names them."""
    found = {
        "base.epc": base.hi is None,
        "reuse.adaptation": any(row.own.hi is None for row in line),
        "scratch.training": any(row.scratch.hi is None for row in line),
    }
    return [name for name, is_open in found.items() if is_open]


def _bound(partly: Sequence[str]) -> str:
    """Return what bound the count is, and why; nothing where it is exact."""
    if not partly:
        return ""
    said = {
        "base.epc": "the base",
        "reuse.adaptation": "what reuse adds",
        "scratch.training": "the cost from scratch",
    }
    what = " and ".join(said[name] for name in partly)
    many = len(partly) > 1
    late = "scratch.training" in partly
    bound = "as far as known" if late and many else "at the latest" if late else "at the earliest"
    return f"{bound}: {what} {'are lower bounds' if many else 'is a lower bound'}"


def summed(parts: Sequence[Interval]) -> Interval:
    """Return the sum of intervals; best is the known part, hi None where one is open."""
    known = [part.best for part in parts if part.best is not None]
    open_ended = any(part.hi is None for part in parts)
    return Interval(
        float(sum(part.lo or 0.0 for part in parts)),
        float(sum(known)) if known else None,
        None if open_ended else float(sum(part.hi or 0.0 for part in parts)),
    )
