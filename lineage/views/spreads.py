"""What samples say: mean, standard deviation, percentiles with their standard errors, and how they settle."""

import math
from typing import Final, NamedTuple

import numpy as np

from lineage.kernels.arrays import Floats

__all__ = ["Chances", "Spread", "Stage", "chances", "convergence", "spread"]

_LEVELS: Final = (0.05, 0.5, 0.95)


class Stage(NamedTuple):
    """The percentiles of the first `samples` samples: how far they have settled."""

    samples: int
    p5: float
    p50: float
    p95: float


class Spread(NamedTuple):
    """How a figure is spread over the samples, with the standard errors of what is estimated.

    `at_least` says that something unknown has part in it, so every value is a lower bound.
    """

    mean: float
    sd: float
    p5: float
    p50: float
    p95: float
    mean_error: float
    p5_error: float
    p50_error: float
    p95_error: float
    at_least: bool

    def as_dict(self) -> dict[str, float | bool]:
        """Return the figures as JSON holds them."""
        return self._asdict()


class Chances(NamedTuple):
    """How often one product comes out below another in the same samples; `error` is the standard error of `less`."""

    less: float
    equal: float
    greater: float
    error: float

    def as_dict(self) -> dict[str, float]:
        """Return the figures as JSON holds them."""
        return self._asdict()


def spread(drawn: Floats, *, at_least: bool = False) -> Spread:
    """Return mean, standard deviation and percentiles of samples (size,), with their standard errors.

    The error of a percentile p of N samples is half the distance of the order statistics at N p -+ sqrt(N p (1 - p)),
    which holds for any distribution (David, Nagaraja, "Order Statistics", 2003).
    """
    size = len(drawn)
    ordered = np.sort(drawn)
    percentiles = np.quantile(ordered, _LEVELS)
    errors: list[float] = []
    for level in _LEVELS:
        reach = math.sqrt(size * level * (1 - level))
        low, high = np.interp([size * level - reach, size * level + reach], np.arange(size) + 0.5, ordered)
        errors.append(float(high - low) / 2)
    mean, sd = float(np.mean(drawn)), float(np.std(drawn, ddof=1))
    p5, p50, p95 = percentiles.tolist()
    return Spread(mean, sd, p5, p50, p95, sd / math.sqrt(size), errors[0], errors[1], errors[2], at_least)


def convergence(drawn: Floats) -> tuple[Stage, ...]:
    """Return the percentiles after a quarter, half and all of the samples; each part is a run of its own."""
    sizes = [len(drawn) // 4, len(drawn) // 2, len(drawn)]
    return tuple(Stage(size, *map(float, np.quantile(drawn[:size], _LEVELS))) for size in sizes)


def chances(left: Floats, right: Floats) -> Chances:
    """Return P(left < right) from samples drawn together, (size,) each; NaN where one is unknown.

    >>> chances(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 2.0, 2.0])).less
    0.25
    """
    if np.isnan(left).any() or np.isnan(right).any():
        return Chances(math.nan, math.nan, math.nan, math.nan)
    size = len(left)
    less, equal, greater = (float(np.mean(side)) for side in (left < right, left == right, left > right))
    likely = (less * size + 0.5) / (size + 1)  # never 0 or 1: neither is certain after so many samples
    return Chances(less, equal, greater, math.sqrt(likely * (1 - likely) / size))
