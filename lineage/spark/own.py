"""Own costs as columns: printed totals where they stand, and those of jobs from the one place that knows jobs."""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from lineage.costs import own_costs
from lineage.errors import OptionError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.schema import GRAPH_TABLES, IMPACTS, TIERS
from lineage.spark.columns import FIGURES, number
from lineage.spark.sessions import local_rows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["JobCosts", "from_jobs", "totals", "with_jobs"]

MOST_JOBS: Final = 200_000
_FIGURES = "code bigint, lo double, best double, hi double, tier string"


class JobCosts(NamedTuple):
    """What jobs say: own costs by product (code, lo, best, hi, tier), shares of platforms (parent, child, share)."""

    own: "DataFrame"
    weights: "DataFrame"
    findings: tuple[Finding, ...]


def totals(run: Run, columns: list[str]) -> "dict[str, Column]":
    """Return lo, best, hi (null is unknown) and tier of what the products' own columns say, jobs apart."""
    from pyspark.sql import functions as F

    stated = _stated(IMPACTS[run.impact].column, columns)
    found = F.coalesce(*(stated[name] for name in FIGURES)).isNotNull()
    if run.impact == "carbon-market":  # without a market figure the location's stands in
        place = _stated(IMPACTS["carbon"].column, columns)
        stated = {name: F.when(found, stated[name]).otherwise(place[name]) for name in place}
        found = F.coalesce(*(stated[name] for name in FIGURES)).isNotNull()
    tier = F.when(stated["tier"].isin(*TIERS), stated["tier"]).otherwise("reported")
    return {
        "lo": F.coalesce(stated["lo"], stated["best"], F.lit(0.0)),
        "best": stated["best"],
        "hi": F.coalesce(stated["hi"], stated["best"]),
        "tier": F.when(found, tier).otherwise("unknown"),
    }


def _stated(column: str, columns: list[str]) -> "dict[str, Column]":
    from pyspark.sql import functions as F

    names = {"lo": f"{column}_lo", "best": column, "hi": f"{column}_hi"}
    nothing = F.lit(None)
    tier = next((name for name in (f"{column.rsplit('_', 1)[0]}_tier", "tier") if name in columns), None)
    figures = {
        key: number(F.col(name)) if name in columns else nothing.cast("double") for key, name in names.items()
    }
    return figures | {"tier": F.col(tier) if tier else nothing.cast("string")}


def from_jobs(run: Run, products: "DataFrame", edges: "DataFrame", tables: dict[str, pa.Table]) -> JobCosts:
    """Compute the own costs of the products that have jobs, on the driver: of jobs there are few.

    `products` and `edges` are the stored tables with `code`; `tables` are jobs, systems and grids. Raises
    `OptionError` where there are too many jobs.
    """
    jobs = tables["jobs"]
    if jobs.num_rows > MOST_JOBS:
        raise OptionError(
            f"engine 'spark' reads at most {MOST_JOBS:,} jobs, and there are {jobs.num_rows:,}: write the own costs "
            "that follow from them into the columns of products, and leave the table of jobs out"
        )
    ends = set(jobs.column("product").to_pylist()) | set(jobs.column("platform").to_pylist())
    codes = sorted(code for code in ends if code is not None and code >= 0)
    graph = Graph(tables | _part(products, edges, codes) | {"jobs": _renumbered(jobs, codes)})
    found = own_costs(graph, run)
    spark = products.sparkSession
    rows = [
        {"code": code, "tier": found.tier[row]} | {name: _told(getattr(found, name)[row]) for name in FIGURES}
        for row, code in enumerate(codes)
    ]
    weights = [
        {"parent": codes[parent], "child": codes[child], "share": share}
        for (child, parent), share in found.job_weights.items()
    ]
    return JobCosts(
        local_rows(spark, rows, _FIGURES),
        local_rows(spark, weights, "parent bigint, child bigint, share double"),
        found.findings,
    )


def with_jobs(products: "DataFrame", jobs: JobCosts) -> "DataFrame":
    """Return products with the own costs that their jobs make, where they have any."""
    from pyspark.sql import functions as F

    told = F.broadcast(jobs.own).alias("j")
    figures = [
        F.when(F.col("j.code").isNotNull(), F.col(f"j.{name}")).otherwise(F.col(f"p.{name}")).alias(name)
        for name in (*FIGURES, "tier")
    ]
    others = [f"p.{name}" for name in products.columns if name not in (*FIGURES, "tier")]
    joined = products.alias("p").join(told, F.col("p.code") == F.col("j.code"), "left")
    return joined.select(*others, *figures)


def _told(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _part(products: "DataFrame", edges: "DataFrame", codes: list[int]) -> dict[str, pa.Table]:
    """Return the tables of these products and of the edges between them, with codes of their own."""
    from pyspark.sql import functions as F

    spark = products.sparkSession
    wanted = F.broadcast(local_rows(spark, [{"code": code} for code in codes], "code bigint"))
    rows = products.join(wanted, "code").orderBy("code").collect()
    ends = edges.join(wanted.withColumnRenamed("code", "product"), "product", "left_semi")
    ends = ends.join(wanted.withColumnRenamed("code", "parent"), "parent", "left_semi")
    place = {code: row for row, code in enumerate(codes)}
    between = [row.asDict() for row in ends.orderBy("product", "parent").collect()]
    for row in between:
        row["product"], row["parent"] = place[row["product"]], place[row["parent"]]
    return {
        "products": _table("products", [row.asDict() for row in rows]),
        "edges": _table("edges", between),
    }


_TYPES: Final = {
    "text": pa.string(),
    "number": pa.float64(),
    "count": pa.int32(),
    "flag": pa.bool_(),
    "date": pa.string(),
}


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema([(item.name, _TYPES[item.type]) for item in GRAPH_TABLES[name]])
    return pa.Table.from_pylist(rows, schema=schema)


def _renumbered(jobs: pa.Table, codes: list[int]) -> pa.Table:
    place = {code: row for row, code in enumerate(codes)}
    for name in ("product", "platform"):
        values = [place.get(code) for code in jobs.column(name).to_pylist()]
        jobs = jobs.set_column(jobs.column_names.index(name), name, pa.array(values, pa.int32()))
    return jobs
