"""A store as large as the public Hub: seeded own tables of a copying model, and the snapshot made of them.

The model is that of the kernels' benchmarks: a node is a root with probability 0.4; else each of its parents is any
earlier node (6 %), or the parent end (75 %) or the child end (19 %) of a random earlier edge.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["HUB_EDGES", "HUB_PRODUCTS", "hub_edges", "hub_tables", "write_tables"]

HUB_PRODUCTS, HUB_EDGES = 3_000_000, 4_114_364


def hub_edges(n: int, m: int, seed: int = 0) -> tuple[Any, Any]:
    """Return child and parent of m distinct edges between n nodes in birth order (parents are older)."""
    from numba import njit

    @njit(cache=True)
    def grow(n: int, m: int, seed: int) -> Any:
        np.random.seed(seed)
        child, parent = np.empty(m, np.int32), np.empty(m, np.int32)
        per_node = 1.01 * m / (0.6 * n)  # some draws repeat a parent; what is too much is cut
        placed = 0
        for v in range(1, n):
            if np.random.random() < 0.4 and placed:
                continue
            wanted = np.random.geometric(1 / per_node)
            row = placed
            for _ in range(wanted):
                if placed == m:
                    break
                draw = np.random.random()
                if draw < 0.06 or row == 0:
                    u = np.random.randint(v)
                else:
                    edge = np.random.randint(row)
                    u = parent[edge] if draw < 0.81 else child[edge]
                known = False
                for e in range(row, placed):
                    known |= parent[e] == u
                if not known:
                    child[placed], parent[placed] = v, u
                    placed += 1
        return child[:placed], parent[:placed]

    child, parent = grow(n, m, seed)
    return child, parent


def hub_tables(n: int = HUB_PRODUCTS, m: int = HUB_EDGES, seed: int = 0) -> dict[str, pa.Table]:
    """Return own tables (columns as people write them): most own costs known, some with bounds, some shares given."""
    draw = np.random.default_rng(seed)
    child, parent = hub_edges(n, m, seed)
    number = draw.permutation(n)  # in birth order a sweep would be flattered by its locality
    org = draw.integers(10_000, 99_999, n)
    kind = np.where(draw.random(n) < 0.05, "dataset", "model")
    ids = np.array(
        [f"{k}:org{o}/name-{x:07d}" for k, o, x in zip(kind, org.tolist(), number.tolist(), strict=True)]
    )
    best = draw.lognormal(0, 2, n) * 1000.0
    unknown, bounded = draw.random(n) < 0.1, draw.random(n) < 0.1
    days = draw.integers(0, 1500, n).astype("timedelta64[D]") + np.datetime64("2022-01-01")
    measured = draw.random(n) < 0.2
    products = pa.table(
        {
            "id": pa.array(ids.tolist(), pa.string()),
            "own_carbon_gco2e": pa.array(best, mask=unknown),
            "own_carbon_gco2e_lo": pa.array(best * 0.5, mask=unknown | ~bounded),
            "own_carbon_gco2e_hi": pa.array(best * 2.0, mask=unknown | ~bounded),
            "tier": pa.array(np.where(measured, "measured", "reported").tolist(), pa.string(), mask=unknown),
            "created_at": pa.array(np.datetime_as_string(days).tolist(), pa.string()),
            "downloads": pa.array(draw.integers(0, 10_000, n).astype(np.float64)),
        }
    )
    children = np.bincount(parent, minlength=n)
    share = draw.random(len(child)) / (children[parent] + 1.0)
    edges = pa.table(
        {
            "product": pa.array(ids[child].tolist(), pa.string()),
            "parent": pa.array(ids[parent].tolist(), pa.string()),
            "relation": pa.array(np.where(draw.random(len(child)) < 0.7, "fine-tune", "adapter").tolist()),
            "w": pa.array(share, mask=draw.random(len(child)) >= 0.02),
        }
    )
    return {"products": products, "edges": edges}


def write_tables(folder: Path, tables: dict[str, pa.Table]) -> None:
    """Write own tables as Parquet files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
