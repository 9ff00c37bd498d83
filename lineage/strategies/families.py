"""What the comparison of a base with its real descendants says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lineage.errors import OptionError
from lineage.findings import Finding
from lineage.kernels.arrays import Floats
from lineage.kernels.draws import keys_of, uniforms
from lineage.schema import UNIT_SUFFIXES
from lineage.strategies.open_ended import decided, leads, why_undrawn
from lineage.strategies.paying import Paid, is_like
from lineage.uncertainty import Uncertainty
from lineage.views.cost import Cost
from lineage.views.interval import Interval
from lineage.views.spreads import Chances, chances

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Descendant", "FamilyComparison", "verdict"]

MOST_DRAWN: Final = 2_000  # descendants of which samples are drawn


def verdict(reuse: Interval, alone: Interval) -> str | None:
    """Return which is cheaper by best values: "reuse", "alone", "equal".

    None where that side has no upper bound. Where one is unknown, the bounds may still decide it; else None.

    >>> verdict(Interval(1.0, 2.0, 3.0), Interval(2.0, 2.5, 3.0)), verdict(Interval(0.0, None, None), Interval(1, 1, 1))
    ('reuse', None)
    """
    if reuse.best is None or alone.best is None:
        return "reuse" if surely_below(reuse, alone) else "alone" if surely_below(alone, reuse) else None
    found = decided(alone.best - reuse.best, reuse, alone)
    return "alone" if found == "scratch" else found


def surely_below(a: Interval, b: Interval) -> bool:
    """Return whether the bounds decide that a is less than b."""
    return a.hi is not None and b.lo is not None and a.hi < b.lo


@dataclass(frozen=True, slots=True, kw_only=True)
class Descendant:
    """One descendant: its own cost, what it costs by reuse, and from scratch (`method` says how that is known).

    `cheaper` goes by best values, else by bounds; None where that side has no upper bound, or nothing is known.
    `certain` says that the bounds decide it.
    """

    id: str
    name: str
    date: str | None
    own: Interval
    tier: str
    reuse: Interval
    scratch: Interval
    scratch_tier: str
    method: str
    cheaper: str | None
    certain: bool

    @property
    def leads(self) -> str | None:
        """What is ahead as far as known: "reuse", "alone", "equal"; None is unknown."""
        if self.reuse.best is None or self.scratch.best is None:
            return self.cheaper
        found = leads(self.scratch.best - self.reuse.best)
        return "alone" if found == "scratch" else found

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        plain = {name: getattr(self, name) for name in ("id", "name", "date", "method", "cheaper", "certain")}
        return plain | {
            "own": self.own.as_dict() | {"tier": self.tier},
            "reuse": self.reuse.as_dict(),
            "scratch": self.scratch.as_dict() | {"tier": self.scratch_tier},
        }


@dataclass(frozen=True, kw_only=True)
class FamilyComparison:
    """A base with its real descendants: the actual footprint beside each of them trained from scratch, in `unit`.

    `charged` is what the base counts: its EPC, or exactly 0 where it is sunk. `actual` and `counterfactual` are sums
    over the `compared` descendants of which both own cost and cost from scratch are known; `footprint` is the actual
    sum over all of them. `covered` is the part of base and descendants with a known own cost.
    """

    product: str
    name: str
    unit: str
    mode: str
    result: Cost = field(repr=False)
    charged: Interval
    base_own: Interval
    base_tier: str
    footprint: Interval
    actual: Interval
    counterfactual: Interval
    compared: int
    paid: Paid
    covered: float
    scratch_covered: float | None
    count_by_tier: dict[str, int]
    scratch_methods: dict[str, int]
    rows: tuple[Descendant, ...] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    sizes: tuple[float | None, ...] = field(default=(), repr=False)

    @property
    def paid_from(self) -> int | None:
        """The descendant count at which reuse began to pay; None where it never did, or that is unknown."""
        return self.paid.count

    @property
    def saved(self) -> Interval:
        """From scratch less actual; its bounds take the two as independent, so they are outer bounds."""
        a, b = self.counterfactual, self.actual
        return Interval(
            None if a.lo is None or b.hi is None else a.lo - b.hi,
            None if a.best is None or b.best is None or self.charged.best is None else a.best - b.best,
            None if a.hi is None or b.lo is None else a.hi - b.lo,
        )

    @property
    def cheaper(self) -> str | None:
        """The cheaper of "reuse" and "scratch" over the compared descendants, by best values.

        None is unknown, also where the side that leads has no upper bound.
        """
        return decided(self.saved.best, self.actual, self.counterfactual)

    @property
    def leads(self) -> str | None:
        """The side that is ahead by best values, whatever has no upper bound; None is unknown."""
        return leads(self.saved.best)

    @property
    def undrawn(self) -> str | None:
        """Why no chances can be drawn: a sum is a lower bound only; None where both have an upper bound."""
        return why_undrawn(self.actual, self.counterfactual)

    @property
    def cheaper_alone(self) -> list[Descendant]:
        """The descendants that would have been cheaper trained from scratch, by best values."""
        return [row for row in self.rows if row.cheaper == "alone"]

    def chances(self, size: int = 1000, uncertainty: Uncertainty | None = None) -> Chances:
        """Return how often the actual footprint is below the counterfactual, in the same samples.

        The base's own cost is one draw for both sides where the counterfactual is scaled from it; `uncertainty` says
        how sure own costs and what they are made of are. Raises `OptionError`
        for more than 2,000 compared descendants, where nothing can be compared, and where a sum is a lower bound.
        """
        rows = [(row, size_of) for row, size_of in zip(self.rows, self.sizes, strict=True) if is_like(row)]
        if not rows or self.charged.best is None:
            raise OptionError(f"nothing of {self.product} can be compared: {self.paid.why}")
        if self.undrawn is not None:
            raise OptionError(f"no chances for {self.product}: {self.undrawn}")
        if len(rows) > MOST_DRAWN:
            raise OptionError(
                f"{self.product} has {len(rows):,} descendants to draw, more than {MOST_DRAWN:,}; "
                "compare it without samples"
            )
        from lineage.views.samples import sampled

        ids = self.result.graph.codes
        base = ids[self.product]
        drawn = sampled(
            self.result, [base, *(ids[row.id] for row, _ in rows)], size=size, uncertainty=uncertainty
        )
        own = drawn.values["own"]
        actual = own[1:].sum(axis=0)
        if self.mode == "attributional":
            actual = actual + drawn.of(self.product)
        return chances(actual, self._anew(rows, own[0], size))

    def _anew(self, rows: Sequence[tuple[Descendant, float | None]], base: Floats, size: int) -> Floats:
        from lineage.strategies.figures import of_interval

        total = np.zeros(size)
        for row, of_base in rows:
            if row.method == "scaled" and of_base is not None:
                total += of_base * base
                continue
            figure = of_interval(self.unit, row.scratch, row.scratch_tier, "")
            if figure.distribution is None:
                total += row.scratch.best or 0.0
            else:
                u = uniforms(self.result.run.seed, keys_of("scratch", [row.id]), 0, size)[0]
                total += figure.distribution.quantile(u)
        return total

    @property
    def table(self) -> "pd.DataFrame":
        """The descendants as a pandas DataFrame, in order of date; unknown is NaN."""
        import pandas as pd

        return pd.DataFrame.from_records(self.records())

    def records(self) -> list[dict[str, Any]]:
        """Return one flat row per descendant."""
        suffix = UNIT_SUFFIXES[self.unit]
        records = []
        for place, row in enumerate(self.rows, 1):
            record: dict[str, Any] = {"base": self.product, "mode": self.mode, "count": place, "id": row.id}
            record["date"] = row.date
            for view in ("own", "reuse", "scratch"):
                lo, best, hi = getattr(row, view)
                stem = f"{view}_{suffix}"
                record |= {stem: best, f"{stem}_lo": lo, f"{stem}_hi": hi}
            record |= {"tier": row.tier, "scratch_tier": row.scratch_tier, "method": row.method}
            records.append(record | {"cheaper": row.cheaper, "certain": row.certain})
        return records

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as one of the `families` of the JSON document lineage/compare/1."""
        return {
            "product": self.product,
            "name": self.name,
            "charged": self.charged.as_dict(),
            "base_own": self.base_own.as_dict() | {"tier": self.base_tier},
            "descendants": len(self.rows),
            "compared": self.compared,
            "footprint": self.footprint.as_dict(),
            "actual": self.actual.as_dict(),
            "counterfactual": self.counterfactual.as_dict(),
            "saved": self.saved.as_dict(),
            "cheaper": self.cheaper,
            "paid": self.paid.as_dict(),
            "cheaper_alone": [row.id for row in self.cheaper_alone],
            "covered": self.covered,
            "scratch_covered": self.scratch_covered,
            "count_by_tier": self.count_by_tier,
            "scratch_methods": self.scratch_methods,
            "rows": [row.as_dict() for row in self.rows],
        }
