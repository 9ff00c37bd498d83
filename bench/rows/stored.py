"""Row 19: the coded graph on disk. Ids to codes once, a stored graph opened, and a whole command against reading.

The store is made anew in a temporary folder, or kept in the folder that LINEAGE_BENCH names.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.graphs import GRAPHS, Graph
from bench.rows.engine import Row, row
from bench.stores import HUB_EDGES, HUB_PRODUCTS, hub_tables, write_tables
from bench.timing import alternately, yardstick
from lineage.stores import connect

__all__ = ["ROWS", "made_store", "store_folder", "timed"]

CODES_S: Final = 3.0
OPEN_L: Final = 5.0
COMMAND: Final = 3.0


def made_store(folder: Path, n: int = HUB_PRODUCTS, m: int = HUB_EDGES) -> Path:
    """Return a store of the own tables of a Hub, loaded as anybody loads them; what is there is kept."""
    tables, store = folder / f"tables-{n}", folder / f"store-{n}"
    if not (tables / "edges.parquet").exists():
        write_tables(tables, hub_tables(n, m))
    if not (store / "snapshots").exists():
        loading = [sys.executable, "-m", "lineage", "load", "--quiet", "--store", str(store), str(tables)]
        subprocess.run(loading, check=True, stdout=subprocess.DEVNULL)
    return store


def length(store: Path) -> Callable[[], Any]:
    """Return the yardstick L of a stored graph."""
    with connect(store) as there:
        graph = there.read()
    child, parent = (np.array(graph.integers("edges", name)) for name in ("product", "parent"))
    own, w = graph.floats("products", "own_carbon_gco2e"), graph.floats("edges", "w")
    return yardstick(Graph(len(graph), child, parent, np.nan_to_num(w), np.nan_to_num(own)))


def codes(tables: Path, size: str) -> Row:
    """Ids of products and edges to codes, by pyarrow on one thread."""
    texts = [pq.read_table(tables / "products.parquet", columns=["id"]).column(0)]
    texts += pq.read_table(tables / "edges.parquet", columns=["product", "parent"]).columns
    whole = pa.chunked_array([chunk for column in texts for chunk in column.chunks])

    def once() -> None:
        coded = pc.dictionary_encode(whole)
        assert len(coded.chunk(0).dictionary) >= len(texts[0])

    spent = alternately({"codes": once}, repeats=3)
    return row("19 ids to codes, s", size, spent["codes"], CODES_S)


def opening(store: Path, size: str) -> list[Row]:
    """A stored coded graph open, and streamed once, in the yardstick L of the same graph."""

    def opened() -> Any:
        with connect(store) as there:
            return there.read()

    def streamed() -> None:
        graph = opened()
        for name in ("product", "parent"):
            graph.integers("edges", name).sum()
        graph.floats("edges", "w").sum()
        graph.floats("products", "own_carbon_gco2e").sum()

    spent = alternately({"L": length(store), "open": opened, "open and stream": streamed})
    return [
        row(f"19 {name} / L", size, spent[name] / spent["L"], OPEN_L, seconds=spent)
        for name in ("open", "open and stream")
    ]


def command(store: Path, size: str, repeats: int = 5) -> Row:
    """`lineage cost --top 20` from process start to printed table, against reading id, own, src, dst by pyarrow."""
    newest = max((store / "snapshots").iterdir())
    read = (
        "import pyarrow.parquet as pq; "
        f"pq.read_table({str(newest / 'graph-products.parquet')!r}, columns=['id', 'own_carbon_gco2e']); "
        f"pq.read_table({str(newest / 'graph-edges.parquet')!r}, columns=['product', 'parent'])"
    )
    sides = {
        "read": [sys.executable, "-c", read],
        "cost": [sys.executable, "-m", "lineage", "cost", "--store", str(store), "--top", "20"],
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as compiled:
        for turn in range(repeats + 1):
            for name, side in sides.items():
                taken = timed(side, Path(compiled))
                if turn:  # the first one compiles modules, as installing a package does
                    spent[name].append(taken)
    wall, cpu = ({name: median(one[k] for one in spent[name]) for name in sides} for k in (0, 1))
    ratio = wall["cost"] / wall["read"]
    return row("19 cost --top 20 / read columns", size, ratio, COMMAND, wall_s=wall, cpu_s=cpu)


def timed(command: list[str], compiled: Path) -> tuple[float, float]:
    """Return seconds of the wall and of the processors that a command takes."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONPYCACHEPREFIX"] = str(compiled)
    before, begin = _children(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=variables)
    return time.perf_counter() - begin, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def store_folder() -> Iterator[Path]:
    """Give the folder for tables and store."""
    if kept := os.environ.get("LINEAGE_BENCH"):
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def stored(size: str) -> list[Row]:
    """Return the rows on a stored graph."""
    n = GRAPHS[size][0]
    with store_folder() as folder:
        store = made_store(folder, n, n * HUB_EDGES // HUB_PRODUCTS)
        return [codes(folder / f"tables-{n}", size), *opening(store, size), command(store, size)]


ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {"19": (stored, ("hub3m",))}
