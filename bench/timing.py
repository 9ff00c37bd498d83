"""Ratios, not seconds: both sides of a comparison run alternately in one process, and medians are compared."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np

from bench.graphs import Graph

__all__ = ["alternately", "yardstick"]


def yardstick(made: Graph) -> Callable[[], Any]:
    """Return L: stream child, parent and share once, and gather one double per edge at random.

    About the least that a method can do which starts from unsorted integer edges.
    """
    views = [np.ascontiguousarray(side).astype(np.int64) for side in (made.child, made.parent)]
    views.append(made.w.view(np.int64))
    buffer = np.empty(len(made.child))

    def once() -> None:
        for view in views:
            view.sum()
        np.take(made.own, views[1], out=buffer, mode="clip")

    return once


def alternately(sides: Mapping[str, Callable[[], Any]], repeats: int = 5) -> dict[str, float]:
    """Return the median seconds of CPU of each side, the sides taking turns; each runs once before, unmeasured."""
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats + 1):
        for name, run in sides.items():
            gc.collect()
            begin = time.process_time()
            run()
            if turn:
                spent[name].append(time.process_time() - begin)
    return {name: median(times) for name, times in spent.items()}
