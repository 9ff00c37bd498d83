"""Where the tables come from: a snapshot of a store, or own tables in Parquet, anywhere Spark can read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from lineage.errors import GraphError, OptionError, StoreError, UnknownProduct, did_you_mean
from lineage.schema import IMPACTS, KINDS
from lineage.spark.columns import number
from lineage.spark.sessions import keep

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

__all__ = ["Source", "open_source"]

OWN_TABLES: Final = ("products.parquet", "edges.parquet")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://.*")
_WAY_OUT: Final = "load the tables (lineage load) and give the store, or write numbers"
_NUMBERS: Final = ("tinyint", "smallint", "int", "bigint", "float", "double", "void")


@dataclass(frozen=True)
class Source:
    """The tables of a graph as Spark sees them.

    products  code (a number, of any size), id, kind, and the columns of `lineage.schema.GRAPH_TABLES` that there are
    edges     product, parent (codes), and the columns that there are
    small     jobs, systems and grids, on the driver; empty where there are no jobs
    digest    that of the graph, None for own tables
    notes     what was mended on the way: finding code -> how many
    """

    address: str
    products: "DataFrame"
    edges: "DataFrame"
    small: dict[str, pa.Table] = field(default_factory=dict)
    digest: str | None = None
    notes: dict[str, int] = field(default_factory=dict)

    def found(self, names: Sequence[str]) -> list[str]:
        """Return the ids of products given by id, or by a name that fits one. Raises `UnknownProduct`."""
        written = {name: _ids_of(name) for name in names}
        asked = [item for ids in written.values() for item in ids]
        there = {row["id"] for row in self.products.where(self.products["id"].isin(asked)).collect()}
        for name, ids in written.items():
            hits = [item for item in ids if item in there]
            if len(hits) != 1:
                raise UnknownProduct(name, (), hits)
        return list(dict.fromkeys(item for name in names for item in written[name] if item in there))

    def numbers(self, table: str, name: str, option: str) -> "Column":
        """Return a column of numbers. Raises `OptionError` where there is none of that name, or it holds no numbers."""
        from pyspark.sql import functions as F

        types = dict((self.products if table == "products" else self.edges).dtypes)
        if name not in types:
            raise OptionError(f"{option} {name!r} is no column of {table}{did_you_mean(name, list(types))}")
        if types[name] not in _NUMBERS:
            raise OptionError(f"{option} {name!r} is a column of {types[name]}, not of numbers")
        return number(F.col(f"`{name}`"))


def _ids_of(name: str) -> list[str]:
    return [name] if name.partition(":")[0] in KINDS else [f"{kind}:{name}" for kind in KINDS]


def open_source(spark: "SparkSession", address: str | Path) -> Source:
    """Open a store's newest snapshot (FOLDER, or FOLDER@NUMBER for an older one), or a folder of own tables.

    Own tables are `products.parquet` and `edges.parquet`, files or folders of files, with the columns of own tables
    (`lineage init`) as numbers in base units. They may lie wherever Spark reads, such as "s3a://bucket/lineage".
    Raises `StoreError` where there is neither, `GraphError` for tables that make no graph, `OptionError` for columns
    that only `lineage load` understands.
    """
    text = str(address)
    if _URI.fullmatch(text):
        if text.split(":", 1)[0].lower().startswith(("neo4j", "bolt")):
            raise StoreError(
                f"engine 'spark' reads Parquet, not a server: lineage copy {text} FOLDER, and give that"
            )
        return _own_tables(spark, text)
    folder = Path(text)
    if all((folder / name).exists() for name in OWN_TABLES):
        return _own_tables(spark, text)
    if text in ("demo:", "memory:"):
        raise StoreError(
            f"engine 'spark' reads Parquet from a folder: lineage copy {text} FOLDER, and give that"
        )
    return _snapshot(spark, text)


# -- a store ----------------------------------------------------------------------------------------------


def _snapshot(spark: "SparkSession", address: str) -> Source:
    from lineage.stores import connect
    from lineage.stores.columns import GRAPH_FILES
    from lineage.stores.folder import StoreFolder
    from lineage.stores.snapshot import SnapshotStore

    with connect(address) as store:
        assert isinstance(store, SnapshotStore)  # servers and memory have been refused
        count, digest = store.current()
        folder = StoreFolder(store.path).snapshot(count)
    small: dict[str, pa.Table] = {}
    jobs = folder / GRAPH_FILES["jobs"]
    if jobs.exists():
        import pyarrow.parquet as pq

        small = {"jobs": pq.ParquetFile(jobs).read()}
        if small["jobs"].num_rows:
            for name in ("systems", "grids"):
                if (folder / GRAPH_FILES[name]).exists():
                    small[name] = pq.ParquetFile(folder / GRAPH_FILES[name]).read()
        else:
            small = {}
    products = spark.read.parquet((folder / GRAPH_FILES["products"]).absolute().as_uri())
    edges = spark.read.parquet((folder / GRAPH_FILES["edges"]).absolute().as_uri())
    # Products are stored in the order of their codes, in one file.
    coded = products.withColumn("code", products["_metadata.row_index"])
    return Source(address, coded, edges, small, digest)


# -- own tables -------------------------------------------------------------------------------------------


def _own_tables(spark: "SparkSession", address: str) -> Source:
    from pyspark.sql import functions as F

    products, edges = (_parquet(spark, f"{address.rstrip('/')}/{name}") for name in OWN_TABLES)
    if "://" not in address and any(Path(address, name).exists() for name in ("jobs.parquet", "jobs.csv")):
        raise OptionError(
            f"{address}: engine 'spark' takes own costs from the columns of products, and there are jobs besides: "
            "load the tables (lineage load) and give the store"
        )
    _check_columns(address, products, edges)
    products = products.where(F.col("id").isNotNull())
    edges = _joined(edges)
    ends = edges.select(F.col("product").alias("id")).unionByName(edges.select(F.col("parent").alias("id")))
    named = ends.distinct().join(products.select("id"), "id", "left_anti")
    listed = products.select("id").unionByName(named)
    coded = keep(
        listed.withColumn("code", F.monotonically_increasing_id()).withColumn(
            "kind", F.substring_index("id", ":", 1)
        )
    )
    _check_rows(address, coded, products, edges)
    codes = {
        name: coded.select(F.col("id").alias(name), F.col("code").alias(f"{name}_code")) for name in _ENDS
    }
    for name in _ENDS:
        edges = edges.join(codes[name], name).drop(name).withColumnRenamed(f"{name}_code", name)
    loops = int(edges.where(F.col("product") == F.col("parent")).count())
    edges = keep(edges.where(F.col("product") != F.col("parent")))
    facts = products.drop("kind", "code")
    return Source(
        address, keep(coded.join(facts, "id", "left")), edges, notes={"self-edge": loops} if loops else {}
    )


_ENDS: Final = ("product", "parent")


def _parquet(spark: "SparkSession", place: str) -> "DataFrame":
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    where = place if _URI.fullmatch(place) else Path(place).absolute().as_uri()
    try:
        return spark.read.parquet(where)
    except (PySparkException, Py4JJavaError) as error:
        raise StoreError(f"{place} cannot be read: {str(error).splitlines()[0]}") from None


def _check_columns(address: str, products: "DataFrame", edges: "DataFrame") -> None:
    """Raise for columns that are missing, and for those that only `lineage load` understands."""
    for name, table, needed in (("products", products, ("id",)), ("edges", edges, _ENDS)):
        for column in needed:
            if column not in table.columns:
                hint = did_you_mean(column, table.columns)
                raise GraphError(f"{address}, {name}: there is no column {column!r}{hint}")
    for impact in IMPACTS.values():
        spelled = impact.column.rsplit("_", 1)[0]
        for bound in ("", "_lo", "_hi"):
            if spelled + bound in products.columns:
                raise OptionError(
                    f"{address}, products: {spelled + bound} is text with a unit; {_WAY_OUT} in "
                    f"{impact.unit} as {impact.column + bound}"
                )
    types = dict(products.dtypes) | {"w": dict(edges.dtypes).get("w", "double")}
    for name in ("w", *(item.column + bound for item in IMPACTS.values() for bound in ("", "_lo", "_hi"))):
        if types.get(name, "double") not in _NUMBERS:
            raise OptionError(f"{address}: {name} is a column of {types[name]}, not of numbers; {_WAY_OUT}")


def _check_rows(address: str, coded: "DataFrame", products: "DataFrame", edges: "DataFrame") -> None:
    """Raise for ids that are none or come twice, costs below 0 and shares outside [0, 1]."""
    from pyspark.sql import functions as F

    bare = coded.where(~F.col("kind").isin(*KINDS) | ~F.col("id").contains(":")).select("id").first()
    if bare is not None:
        raise GraphError(f"{address}: {bare[0]!r} is not KIND:NAME with one of the kinds {', '.join(KINDS)}")
    twice = products.groupBy("id").count().where("count > 1").select("id").first()
    if twice is not None:
        raise GraphError(f"{address}, products: {twice[0]!r} stands there more than once; keep one row of it")
    figures = [item.column + bound for item in IMPACTS.values() for bound in ("", "_lo", "_hi")]
    wrong = [
        F.max(F.col(name).cast("double").isNotNull() & ~_sound(name)).alias(name)
        for name in figures
        if name in products.columns
    ]
    if wrong:
        row = products.agg(*wrong).first()
        assert row is not None
        for name, found in row.asDict().items():
            if found:
                raise GraphError(f"{address}, products: {name} holds a cost that is negative or no number")
    outside = edges.where(F.col("w").isNotNull() & ~F.col("sound")).select("product", "parent").first()
    if outside is not None:
        raise GraphError(f"{address}, edges: w of {outside[0]} <- {outside[1]} is not between 0 and 1")


def _sound(name: str) -> "Column":
    from pyspark.sql import functions as F

    value = F.col(name).cast("double")
    return ~F.isnan(value) & (value >= 0) & (value < float("inf"))


def _joined(edges: "DataFrame") -> "DataFrame":
    """Return one edge for each two products: explicit shares are added; of other columns one value is kept."""
    from pyspark.sql import functions as F

    edges = edges.where(F.col("product").isNotNull() & F.col("parent").isNotNull())
    w = F.col("w").cast("double") if "w" in edges.columns else F.lit(None).cast("double")
    edges = edges.withColumns({"w": w, "sound": F.coalesce(~F.isnan(w) & (w >= 0) & (w <= 1), F.lit(True))})
    others = [name for name in edges.columns if name not in (*_ENDS, "w", "sound")]
    return edges.groupBy(*_ENDS).agg(
        F.sum("w").alias("w"), F.min("sound").alias("sound"), *(F.max(name).alias(name) for name in others)
    )
