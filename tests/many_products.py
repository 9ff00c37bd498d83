"""Own tables of a large, made-up hub: seeded, with the columns that real products have.

`python tests/many_products.py 1000000 tables/` writes products.csv, edges.csv and jobs.csv of a million products.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

__all__ = ["many_tables", "write_many"]

LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "llama2", "openrail", None)
RELATIONS = ("fine-tune", "adapter", "quantization", "merge", "continued-pretraining")
OWNERS = 50  # products to one owner

Column = np.ndarray[Any, np.dtype[Any]]


def many_tables(products: int, seed: int = 0) -> dict[str, pa.Table]:
    """Return the tables `products`, `edges` (about 1.4 to a product) and `jobs` (one to ten products).

    One product in ten is a data set. A parent is older than its product, and old ones have far more children.
    """
    random = np.random.default_rng(seed)
    number = np.arange(products)
    is_dataset = number % 10 == 0
    ids = [
        f"{'dataset' if data else 'model'}:owner-{n % max(products // OWNERS, 1)}/{'corpus' if data else 'net'}-{n}"
        for n, data in zip(number.tolist(), is_dataset.tolist(), strict=True)
    ]
    names = pa.array(ids, pa.string())
    product, parent = _pairs(random, is_dataset)
    between_models = ~is_dataset[parent] & ~is_dataset[product]
    relations = np.array(RELATIONS, object)[random.integers(0, len(RELATIONS), len(product))]
    jobs = np.flatnonzero((number % 10 == 3) & ~is_dataset)
    return {
        "products": _products(random, names, is_dataset),
        "edges": pa.table(
            {
                "product": names.take(pa.array(product)),
                "parent": names.take(pa.array(parent)),
                "relation": pa.array(relations, pa.string(), mask=~between_models),
                "w": _sparse(random, np.round(random.random(len(product)) / 1e4, 9), 0.1),
            }
        ),
        "jobs": pa.table(
            {
                "id": [f"job-{n}" for n in jobs.tolist()],
                "product": names.take(pa.array(jobs)),
                "phase": ["fine-tuning"] * len(jobs),
                "energy_kwh": np.round(random.lognormal(3, 2, len(jobs)), 3),
                "duration_h": np.round(random.lognormal(1, 1, len(jobs)), 2),
                "pue": [1.2] * len(jobs),
                "grid_intensity_gco2e_per_kwh": random.integers(20, 700, len(jobs)).astype(float),
            }
        ),
    }


def _pairs(random: np.random.Generator, is_dataset: Column) -> tuple[Column, Column]:
    """Return (product, parent) pairs without repetition; data sets come from data sets alone."""
    count = len(is_dataset)
    product = random.integers(1, count, int(count * 1.4))
    parent = (product * random.random(len(product)) ** 3).astype(np.int64)
    parent = np.where(is_dataset[product], parent // 10 * 10, parent)
    kept = parent < product
    pairs = np.unique(product[kept] * count + parent[kept])
    return pairs // count, pairs % count


def _products(random: np.random.Generator, names: pa.Array, is_dataset: Column) -> pa.Table:
    count = len(names)
    days = random.integers(0, 2000, count).astype("timedelta64[D]") + np.datetime64("2019-06-01")
    carbon = np.round(random.lognormal(10, 3, count), 1)
    return pa.table(
        {
            "id": names,
            "name": [f"Product {n:,} of the hub" for n in range(count)],
            "created_at": [str(day) for day in days],
            "license": [LICENCES[place] for place in random.integers(0, len(LICENCES), count).tolist()],
            "parameters": pa.array(np.round(random.lognormal(20, 2, count)), mask=is_dataset),
            "tokens": pa.array(np.round(random.lognormal(22, 2, count)), mask=~is_dataset),
            "downloads": np.round(random.lognormal(4, 3, count)),
            "own_carbon_gco2e": _sparse(random, carbon, 0.5),
            "own_energy_kwh": _sparse(random, np.round(carbon / 400, 3), 0.4),
            "pipeline": [f"task-{place}" for place in random.integers(0, 40, count).tolist()],
        }
    )


def _sparse(random: np.random.Generator, values: Column, part: float) -> pa.Array:
    return pa.array(values, mask=random.random(len(values)) >= part)


def write_many(products: int, folder: Path, seed: int = 0) -> None:
    """Write the tables as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in many_tables(products, seed).items():
        pacsv.write_csv(table, folder / f"{name}.csv")


if __name__ == "__main__":
    write_many(int(sys.argv[1]), Path(sys.argv[2]))
