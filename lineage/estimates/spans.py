"""Ranges that are multiplied: every estimate is a product of terms, each with a low, a best and a high value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.kernels.arrays import Floats

__all__ = ["Span", "Term", "product"]


@dataclass(frozen=True, slots=True)
class Span:
    """Low, best and high values, each of shape (rows,) or (1,) where one range holds for all rows."""

    lo: Floats
    best: Floats
    hi: Floats

    @classmethod
    def of(cls, lo: float, best: float, hi: float) -> "Span":
        """Return one range for all rows."""
        return cls(np.array([lo], np.float64), np.array([best], np.float64), np.array([hi], np.float64))

    @classmethod
    def exact(cls, values: Floats | float) -> "Span":
        """Return values that are known, so that their range is a point."""
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
        return cls(array, array, array)

    def at(self, row: int) -> tuple[float, float, float]:
        """Return low, best and high of one row."""
        row = row if len(self.best) > 1 else 0
        return float(self.lo[row]), float(self.best[row]), float(self.hi[row])

    def plus(self, other: "Span") -> "Span":
        """Return the sum: bound by bound, as if both were high at once."""
        return Span(self.lo + other.lo, self.best + other.best, self.hi + other.hi)

    def scaled(self, factor: Floats | float) -> "Span":
        """Return the range times known numbers."""
        return Span(self.lo * factor, self.best * factor, self.hi * factor)


@dataclass(frozen=True, slots=True)
class Term:
    """One factor of an estimate: its name, range and unit, and the source that states it."""

    name: str
    span: Span
    unit: str = ""
    source: str = ""


def product(terms: Sequence[Term]) -> Span:
    """Multiply terms whose deviations are independent of each other.

    best = product of the bests; ln(hi / best) = sqrt(sum of ln(hi_i / best_i)^2), and likewise downwards: what is
    independent is seldom extreme all at once. A term of 0 makes the product 0. Shapes: (rows,) broadcast with (1,).

    >>> twice = Term("a", Span.of(1, 2, 4)), Term("b", Span.of(1, 2, 4))
    >>> [round(float(side[0]), 4) for side in (product(twice).lo, product(twice).best, product(twice).hi)]
    [1.5009, 4.0, 10.6606]
    """
    best: Floats = np.ones(1)
    down: Floats = np.zeros(1)
    up: Floats = np.zeros(1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a low bound of 0 is infinitely far
        for term in terms:
            span = term.span
            best = best * span.best
            down = down + np.nan_to_num(np.log(span.best / span.lo)) ** 2
            up = up + np.nan_to_num(np.log(span.hi / span.best)) ** 2
    return Span(best * np.exp(-np.sqrt(down)), best, best * np.exp(np.sqrt(up)))
