"""Intervals from the logarithms of a few cases: where one more case would lie."""

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["extremes", "grouped_interval", "interval"]


def interval(logs: Sequence[float], level: float) -> tuple[float, float, float]:
    """Return low, median-like best and high of one more case, from natural logarithms of the cases there are.

    >>> lo, best, hi = interval([math.log(x) for x in (0.8, 0.9, 1.0, 1.1, 1.2)], 0.9)
    >>> lo < 0.8 and 0.9 < best < 1.1 and hi > 1.2
    True
    """
    from scipy.stats import t

    values = np.sort(np.asarray(logs, dtype=np.float64))
    n = len(values)
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    half = float(t.ppf((1 + level) / 2, n - 1)) * spread * math.sqrt(1 + 1 / n)
    rank = min(math.ceil((n + 1) * (1 + level) / 2), n)
    lo, hi = min(mean - half, float(values[n - rank])), max(mean + half, float(values[rank - 1]))
    return math.exp(lo), math.exp(mean), math.exp(hi)


def extremes(logs: Sequence[float]) -> tuple[float, float, float]:
    """Return the least over 3, the geometric mean and the greatest times 3 of a handful of logarithms."""
    return math.exp(min(logs)) / 3, math.exp(sum(logs) / len(logs)), math.exp(max(logs)) * 3


def grouped_interval(groups: Sequence[Sequence[float]], level: float) -> tuple[float, float, float]:
    """Return low, median and high of logarithms in several groups that weigh the same, however large they are.

    The distances from the median are widened by 1 + 1 / (2 sqrt(n)).

    >>> [round(math.log(x), 2) for x in grouped_interval([[0.0, 1.0], [0.0] * 49 + [1.0] * 49], 0.8)]
    [0.0, 0.0, 1.05]
    """
    filled = [group for group in groups if len(group)]
    values = np.concatenate([np.asarray(group, dtype=np.float64) for group in filled])
    weights = np.concatenate([np.full(len(group), 1 / len(group)) for group in filled]) / len(filled)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = [
        min(int(np.searchsorted(reached, p - 1e-12)), len(values) - 1)
        for p in ((1 - level) / 2, 0.5, (1 + level) / 2)
    ]
    lo, best, hi = (float(values[order][place]) for place in at)
    margin = 1 + 0.5 / math.sqrt(len(values))
    return math.exp(best - (best - lo) * margin), math.exp(best), math.exp(best + (hi - best) * margin)
