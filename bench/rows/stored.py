"""The coded graph on disk: ids to codes once, a stored graph opened, and a whole command against reading its columns.

Run alone: python -m bench.rows.stored [FOLDER]; the folder keeps the own tables and the store between runs.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.graphs import Graph
from bench.stores import HUB_EDGES, HUB_PRODUCTS, hub_tables, write_tables
from bench.timing import alternately, yardstick
from lineage.stores import connect

__all__ = ["codes_row", "command_row", "made_store", "open_row"]

CODES_S: Final = 3.0
OPEN_L: Final = 5.0
COMMAND: Final = 3.0


def made_store(folder: Path, n: int = HUB_PRODUCTS, m: int = HUB_EDGES) -> Path:
    """Return a store of the own tables of a Hub, loaded as anybody loads them; what is there is kept."""
    tables, store = folder / f"tables-{n}", folder / f"store-{n}"
    if not (tables / "edges.parquet").exists():
        write_tables(tables, hub_tables(n, m))
    if not (store / "snapshots").exists():
        command = [sys.executable, "-m", "lineage", "load", "--quiet", "--store", str(store), str(tables)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return store


def length(store: Path) -> Callable[[], Any]:
    """Return the yardstick L of a stored graph."""
    with connect(store) as there:
        graph = there.read()
    child, parent = (np.array(graph.integers("edges", name)) for name in ("product", "parent"))
    own, w = graph.floats("products", "own_carbon_gco2e"), graph.floats("edges", "w")
    return yardstick(Graph(len(graph), child, parent, np.nan_to_num(w), np.nan_to_num(own)))


def codes_row(folder: Path, store: Path, n: int = HUB_PRODUCTS) -> dict[str, Any]:
    """Row 19: ids of products and edges to codes, by pyarrow on one thread."""
    tables = folder / f"tables-{n}"
    texts = [pq.read_table(tables / "products.parquet", columns=["id"]).column(0)]
    texts += pq.read_table(tables / "edges.parquet", columns=["product", "parent"]).columns
    whole = pa.chunked_array([chunk for column in texts for chunk in column.chunks])

    def once() -> None:
        coded = pc.dictionary_encode(whole)
        assert len(coded.chunk(0).dictionary) >= n

    spent = alternately({"L": length(store), "codes": once}, repeats=3)
    row = {"row": "19 ids to codes", "seconds": spent["codes"], "ratio_to_L": spent["codes"] / spent["L"]}
    return row | {"target": f"<= {CODES_S} s on a quiet core", "met": spent["codes"] <= CODES_S}


def open_row(store: Path) -> dict[str, Any]:
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
    ratios = {name: spent[name] / spent["L"] for name in ("open", "open and stream")}
    met = max(ratios.values()) <= OPEN_L
    return {
        "row": "19 open",
        "L_s": spent["L"],
        "ratios_to_L": ratios,
        "target": f"<= {OPEN_L} L",
        "met": met,
    }


def command_row(store: Path, repeats: int = 5) -> dict[str, Any]:
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
            for name, command in sides.items():
                taken = _timed(command, Path(compiled))
                if turn:  # the first one compiles modules, as installing a package does
                    spent[name].append(taken)
    wall, cpu = ({name: median(one[k] for one in spent[name]) for name in sides} for k in (0, 1))
    ratio = {"wall": wall["cost"] / wall["read"], "cpu": cpu["cost"] / cpu["read"]}
    row = {"row": "cost --top 20 / read columns", "wall_s": wall, "cpu_s": cpu, "ratio": ratio}
    return row | {"target": f"<= {COMMAND}", "met": ratio["wall"] <= COMMAND}


def _timed(command: list[str], compiled: Path) -> tuple[float, float]:
    """Return seconds of the wall and of the processors that a command takes."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONPYCACHEPREFIX"] = str(compiled)
    before, begin = _children(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=variables)
    return time.perf_counter() - begin, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(folder: Path) -> None:
    """Print the rows."""
    store = made_store(folder)
    rows: list[Callable[[], dict[str, Any]]] = [
        lambda: codes_row(folder, store),
        lambda: open_row(store),
        lambda: command_row(store),
    ]
    for row in rows:
        print(json.dumps(row()), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
