"""Row 21: Apache Spark against the compiled engine, on the same stored graph.

Spark is for graphs that no machine holds, so that what is held to a target is that its figures are the same. Its
rounds, and what one takes, go into the JSON.
"""

import importlib.util
import itertools
import time
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from bench.graphs import GRAPHS
from bench.rows.engine import Row, row
from bench.rows.stored import made_store, store_folder
from bench.stores import HUB_EDGES, HUB_PRODUCTS
from lineage import Run, connect, cost
from lineage.spark.sessions import java_at_hand

__all__ = ["ROWS"]

SAME: Final = 1e-12
COLUMNS: Final = ("epc_gco2e", "burden_gco2e")


def against_spark(size: str) -> list[Row]:
    """EPC and burden of every product, and conservation; nothing where Spark or Java is missing."""
    if importlib.util.find_spec("pyspark") is None or not java_at_hand():
        print("row 21 needs the extra `spark` and Java 17: left out")
        return []
    from lineage.spark import cost as on_spark
    from lineage.spark import open_source, session

    n, ends = GRAPHS[size][0], [time.perf_counter()]
    with store_folder() as folder, session() as spark:
        store = made_store(folder, n, n * HUB_EDGES // HUB_PRODUCTS)
        ends[0] = time.perf_counter()
        found = on_spark(open_source(spark, str(store)), Run(), lambda _: ends.append(time.perf_counter()))
        found.write(str(folder / f"spark-{time.time_ns()}"))
        written = max(folder.glob("spark-*"))
        theirs = (
            pq.read_table(written / "costs.parquet", columns=["id", *COLUMNS]).to_pandas().set_index("id")
        )
        with connect(store) as there:
            ours = cost(there.read(), Run()).table.set_index("id").loc[theirs.index]
    seconds = [b - a for a, b in itertools.pairwise(ends)]
    worst = max(_relative(theirs[name], ours[name]) for name in COLUMNS)
    took = {
        "rounds": len(seconds),
        "first_s": seconds[0],
        "median_round_s": sorted(seconds)[len(seconds) // 2],
    }
    return [
        row("21 Spark against the kernel, relative", size, worst, SAME, **took),
        row("21 Spark, conservation", size, found.conservation.relative_error or 0.0, SAME),
    ]


def _relative(theirs: Any, ours: Any) -> float:
    theirs, ours = theirs.to_numpy(np.float64), ours.to_numpy(np.float64)
    assert (np.isnan(theirs) == np.isnan(ours)).all()
    with np.errstate(invalid="ignore"):
        off = np.abs(theirs - ours) / np.maximum(np.abs(ours), 1e-300)
    return float(np.nanmax(off))


ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {"21": (against_spark, ("hub100k",))}
