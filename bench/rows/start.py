"""Row 20: a command on a small graph, from process start to printed table, against a Python that does nothing."""

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.rows.engine import Row, row
from bench.rows.stored import timed
from lineage.stores.snapshot import SnapshotStore
from lineage.testing import graph

__all__ = ["ROWS"]

PRODUCTS: Final = "10 products"
OVER_START_S: Final = 0.4
ROUNDS: Final = 15


def small(size: str) -> list[Row]:
    """`lineage cost` on a chain of ten products."""
    names = [f"m{number}" for number in range(10)]
    with tempfile.TemporaryDirectory() as made:
        store, compiled = Path(made) / "store", Path(made) / "compiled"
        SnapshotStore(store).write(graph(" -> ".join(names), own={names[0]: 1.0}))
        sides = {
            "start": [sys.executable, "-c", "pass"],
            "cost": [sys.executable, "-m", "lineage", "cost", "--store", str(store)],
        }
        spent: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(ROUNDS + 1):
            for name, side in sides.items():
                wall = timed(side, compiled)[0]
                if turn:  # the first one compiles modules, as installing a package does
                    spent[name].append(wall)
    took = {name: median(walls) for name, walls in spent.items()}
    return [
        row("20 command over process start, s", size, took["cost"] - took["start"], OVER_START_S, wall_s=took)
    ]


ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {"20": (small, (PRODUCTS,))}
