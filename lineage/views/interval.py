"""Quantities with bounds: lo, best and hi of one product, or of all of them as arrays."""

import math
from typing import NamedTuple

import numpy as np

from lineage.kernels.arrays import Flags, Floats

__all__ = ["Bounds", "Interval"]


class Interval(NamedTuple):
    """A figure with bounds; `best` is None where nothing is known, `hi` where something unknown has part in it.

    >>> Interval(0.0, None, None).as_dict()
    {'lo': 0.0, 'best': None, 'hi': None}
    """

    lo: float | None
    best: float | None
    hi: float | None

    def as_dict(self) -> dict[str, float | None]:
        """Return the three as JSON holds them."""
        return self._asdict()

    def scaled(self, factor: float) -> "Interval":
        """Return factor times the interval; 0 times unknown is 0, and a negative factor swaps the bounds.

        >>> Interval(1.0, 2.0, None).scaled(0.0)
        Interval(lo=0.0, best=0.0, hi=0.0)
        """
        if factor == 0:
            return Interval(0.0, 0.0, 0.0)
        lo, best, hi = (None if value is None else factor * value + 0.0 for value in self)  # no -0.0
        return Interval(lo, best, hi) if factor > 0 else Interval(hi, best, lo)


def _times(factor: Floats, side: Floats, zero: Flags) -> Floats:
    with np.errstate(invalid="ignore"):
        product = factor * side
        product += 0.0  # no -0.0
    product[zero] = 0.0
    return product


class Bounds(NamedTuple):
    """Three arrays of shape (n,): lo, best, hi; NaN is null."""

    lo: Floats
    best: Floats
    hi: Floats

    def at(self, code: int) -> Interval:
        """Return one product's interval."""
        return Interval(*(None if math.isnan(value) else value for value in (float(a[code]) for a in self)))

    def scaled(self, factor: Floats) -> "Bounds":
        """Return factor (n,) times the bounds, as `Interval.scaled` does."""
        zero, negative = factor == 0, factor < 0
        lo, best, hi = (_times(factor, side, zero) for side in self)
        if not negative.any():
            return Bounds(lo, best, hi)
        return Bounds(np.where(negative, hi, lo), best, np.where(negative, lo, hi))
