"""From nodes and relationships to the tables of a graph, in one streamed pass per label and type."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import StoreDamaged
from lineage.stores.neo4j_model import (
    EDGE_TYPES,
    NODE_LABELS,
    OURS,
    long_name,
    quoted,
    stored_columns,
    stored_key,
    stored_type,
)

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = ["read_tables"]

_ROWS: Final = 20_000  # rows that are Python objects at one time

_JOB_LINKS: Final = """\
MATCH (j:Lineage:Job)
OPTIONAL MATCH (j)<-[:MADE_BY]-(made:Lineage:Product)
OPTIONAL MATCH (j)-[:SERVES]->(served:Lineage:Product)
OPTIONAL MATCH (j)-[:RAN_IN]->(platform:Lineage:Product)
RETURN j.id AS id, coalesce(made.id, served.id) AS product, platform.id AS platform"""


def read_tables(transaction: "ManagedTransaction", columns: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """Return the graph tables with these columns.

    Nodes are sorted by id and edges by product and parent here, not by the server. Raises `StoreDamaged` for
    a property of another type than it had when the graph was written.
    """
    tables = {
        name: _sorted(_nodes(transaction, name, schema), "id")
        for name, schema in columns.items()
        if name in NODE_LABELS
    }
    ids = tables["products"].column("id").to_pylist()
    codes = {stored_key(name): code for code, name in enumerate(ids)}
    if "edges" in columns:
        tables["edges"] = _edges(transaction, columns["edges"], codes)
    if "jobs" in tables and "product" in columns["jobs"].names:
        tables["jobs"] = _with_products(transaction, tables["jobs"], codes, columns["jobs"])
    return tables


class _Columns:
    """Reads the columns of one table from what a pattern finds as `n`: values alone, names only once."""

    def __init__(
        self, transaction: "ManagedTransaction", table: str, schema: pa.Schema, pattern: str
    ) -> None:
        self._transaction = transaction
        self._pattern = pattern
        self.table, self.schema = table, schema
        answer = transaction.run(f"MATCH {pattern} UNWIND keys(n) AS name RETURN DISTINCT name")
        there = {record["name"] for record in answer}
        self._columns = [
            (column, [name for name in (long_name(column), name) if name in there], kind)
            for column, name, kind in stored_columns(table, schema)
        ]

    def read(self, *ends: str) -> Iterator[tuple[list[list[Any]], dict[str, pa.Array]]]:
        """Yield the values of `ends` (expressions) and the columns, some thousand rows at a time."""
        names = [name for _, found, _ in self._columns for name in found]
        wanted = [*ends, *(f"n.{quoted(name)}" for name in names)] or ["null"]
        answer = self._transaction.run(f"MATCH {self._pattern} RETURN {', '.join(wanted)}")
        for rows in _batches(answer):
            values = [list(item) for item in zip(*rows, strict=True)]
            told = dict(zip(names, values[len(ends) :], strict=False))
            yield (
                values[: len(ends)],
                {
                    column: self._array([told[name] for name in found], kind, len(rows))
                    for column, found, kind in self._columns
                },
            )

    def _array(self, told: list[list[Any]], kind: pa.DataType, rows: int) -> pa.Array:
        """Return a column; of a value that is too long for an index, the whole comes first."""
        if not told:
            return pa.nulls(rows, kind)
        values = told[0]
        if len(told) > 1:
            values = [short if long is None else long for long, short in zip(*told, strict=True)]
        try:
            return pa.array(values, stored_type(kind)).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
            raise StoreDamaged(
                f"{self.table} in the database", f"a value is not of the type {kind}: {error}"
            ) from None

    def table_of(self, batches: list[dict[str, pa.Array]]) -> pa.Table:
        """Return batches as one table, in the order of the schema."""
        if not batches:
            return self.schema.empty_table()
        fields = [item for item in self.schema if item.name in batches[0]]
        made = [
            pa.table([batch[item.name] for item in fields], schema=pa.schema(fields)) for batch in batches
        ]
        return pa.concat_tables(made).combine_chunks()


def _nodes(transaction: "ManagedTransaction", table: str, schema: pa.Schema) -> pa.Table:
    columns = _Columns(transaction, table, schema, f"(n:{OURS}:{NODE_LABELS[table]})")
    return columns.table_of([batch for _, batch in columns.read()])


def _batches(answer: Iterable[Any]) -> Iterator[list[tuple[Any, ...]]]:
    rows = iter(answer)
    while batch := [tuple(record.values()) for record in islice(rows, _ROWS)]:
        yield batch


def _sorted(table: pa.Table, *keys: str) -> pa.Table:
    if "id" in keys and table.column("id").null_count:
        raise StoreDamaged("a node with the label Lineage", "it has no id")
    order = pc.sort_indices(table, sort_keys=[(key, "ascending") for key in keys])
    return table.take(order).combine_chunks()


def _edges(transaction: "ManagedTransaction", schema: pa.Schema, codes: Mapping[str, int]) -> pa.Table:
    made = []
    product = f"{OURS}:{NODE_LABELS['products']}"
    for kind in EDGE_TYPES:
        columns = _Columns(transaction, "edges", schema, f"(a:{product})-[n:{kind}]->(b:{product})")
        for ends, batch in columns.read("a.id", "b.id"):
            # A node that came after the products were read is no part of this pass.
            for name, keys in zip(("product", "parent"), ends, strict=True):
                batch[name] = pa.array([codes.get(key, -1) for key in keys], pa.int32())
            batch["type"] = pa.array([kind] * len(ends[0]), pa.string())
            made.append(batch)
    table = columns.table_of(made)
    there = pc.and_(pc.greater_equal(table.column("product"), 0), pc.greater_equal(table.column("parent"), 0))
    return _sorted(table.filter(there), "product", "parent")


def _with_products(
    transaction: "ManagedTransaction", jobs: pa.Table, codes: Mapping[str, int], schema: pa.Schema
) -> pa.Table:
    """Return the jobs with the row numbers of their products and platforms."""
    links = {row[0]: row[1:] for rows in _batches(transaction.run(_JOB_LINKS)) for row in rows}
    ids = jobs.column("id").to_pylist()
    of = [links.get(stored_key(name), (None, None)) for name in ids]
    for name, (product, _) in zip(ids, of, strict=True):
        if product not in codes:
            raise StoreDamaged(f"job {name!r}", "no relationship MADE_BY or SERVES leads to its product")
    found = {
        "product": pa.array([codes[product] for product, _ in of], pa.int32()),
        "platform": pa.array([codes.get(platform) for _, platform in of], pa.int32()),
    }
    for name, values in found.items():
        if name in schema.names and name not in jobs.column_names:  # an empty table has them already
            jobs = jobs.append_column(name, values)
    return jobs.select(schema.names)
