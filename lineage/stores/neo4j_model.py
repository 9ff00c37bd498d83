"""How a graph lies in Neo4j: labels, relationship types, properties and types (docs/neo4j.md).

Every node of ours has the label `Lineage` besides its own: that, and nothing else, says what may be changed.
Property names are the column names of `lineage.schema.GRAPH_TABLES`; relationships go from the made to what
it was made of.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import StoreError
from lineage.schema import GRAPH_TABLES, LABELS, MAKING_PHASES

__all__ = [
    "EDGE_TYPES",
    "LINK_TYPES",
    "NODE_LABELS",
    "OURS",
    "RESERVED",
    "all_properties",
    "cell_arrays",
    "cell_maps",
    "check_storable",
    "label_of",
    "link_of_job",
    "long_name",
    "property_name",
    "quoted",
    "stored_columns",
    "stored_key",
    "stored_type",
]

OURS: Final = "Lineage"
RESERVED: Final = "lineage_"  # property names that begin so are never those of an attribute
EDGE_TYPES: Final = ("DERIVED_FROM", "TRAINED_ON", "GENERATED_BY", "BUILT_ON")
LINK_TYPES: Final = ("MADE_BY", "SERVES", "RAN_IN", "RAN_ON", "POWERED_BY", "REPORTED_IN")

# Table -> labels besides `OURS`; a product has that of its kind too, which is the one with the constraint.
NODE_LABELS: Final = {"products": "Product", "jobs": "Job", "systems": "System", "grids": "Grid"}

# Not properties: relationships say these, or they follow from the kinds at both ends.
_BY_RELATIONSHIP: Final = {"edges": ("product", "parent", "type"), "jobs": ("product", "platform")}

# An index holds no value over about 8 kB: a longer one is cut there, and kept whole beside it.
_INDEXED: Final = ("id", "name", "created_at", "license", "phase", "started_at", "relation")
_LONGEST_INDEXED: Final = 4000
_HEAD: Final = 200


def quoted(name: str) -> str:
    """Return a label, type or property name as it is written into a query.

    >>> quoted("a `b`")
    '`a ``b```'
    """
    # An escape of the language inside backticks would be read as the character it stands for.
    return "`" + name.replace("\\", "\\u005C").replace("`", "``") + "`"


def label_of(table: str, kind: str | None = None) -> str:
    """Return the label that carries the constraint on `id`."""
    return LABELS[kind] if table == "products" and kind else NODE_LABELS[table]


def link_of_job(phase: str | None) -> str:
    """Return the type of the relationship between a job and its product.

    `MADE_BY` goes from the product to a job that made or re-made it, `SERVES` from any other job to it.

    >>> link_of_job("training"), link_of_job("inference")
    ('MADE_BY', 'SERVES')
    """
    return "MADE_BY" if phase in MAKING_PHASES or phase == "retraining" else "SERVES"


@cache
def property_name(table: str, column: str) -> str:
    """Return the property that holds a column: its own name, except for an attribute that cannot have it.

    >>> property_name("products", "colour"), property_name("products", "a.b")
    ('colour', 'a_b_2e7336')
    """
    if column in {item.name for item in GRAPH_TABLES[table]}:
        return column
    reserved = column.startswith(RESERVED) or len(column) > 200
    if column.isidentifier() and not reserved:
        return column
    stem = re.sub(r"\W", "_", column.removeprefix(RESERVED), flags=re.ASCII)[:40] or "attribute"
    return f"{stem}_{hashlib.sha256(column.encode()).hexdigest()[:6]}"


def long_name(column: str) -> str:
    """Return the property that holds a value too long for an index."""
    return f"{RESERVED}long_{column}"


def stored_columns(table: str, schema: pa.Schema) -> list[tuple[str, str, pa.DataType]]:
    """Return (column, property, type) of what the properties of a node or relationship hold.

    Raises `StoreError` where two attributes would share a property.
    """
    without = _BY_RELATIONSHIP.get(table, ())
    columns = [
        (item.name, property_name(table, item.name), item.type) for item in schema if item.name not in without
    ]
    seen: dict[str, str] = {}
    for column, name, _ in columns:
        if name in seen:
            raise StoreError(f"{table}: {column!r} and {seen[name]!r} would be one property; rename one")
        seen[name] = column
    return columns


def all_properties(table: str, schema: pa.Schema) -> Iterator[str]:
    """Yield every property that a node or relationship of a table may have."""
    for column, name, kind in stored_columns(table, schema):
        yield name
        if column in _INDEXED and _is_text(kind):
            yield long_name(column)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def stored_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that a property has; what is no number, flag or text is kept as text."""
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return kind
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else pa.string()


def stored_key(value: str) -> str:
    """Return an id as its indexed property holds it: itself, or its beginning and its digest.

    >>> stored_key("model:m"), len(stored_key("model:" + "n" * 9999))
    ('model:m', 272)
    """
    if len(value) <= _LONGEST_INDEXED // 4 or len(value.encode()) <= _LONGEST_INDEXED:
        return value
    return f"{value[:_HEAD]} sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def cell_maps(
    table: str, rows: pa.Table, *, nothing: Iterable[str] = (), keep_nulls: bool = False
) -> list[dict[str, Any]]:
    """Return the properties of each row; what is null is left out, or said as None (which removes it).

    `nothing` are further properties to say None for. Raises `StoreError` for a value that no property holds.
    """
    columns = {name: values.to_pylist() for name, values in cell_arrays(table, rows).items()}
    if keep_nulls:
        blank: dict[str, None] = dict.fromkeys([*nothing, *all_properties(table, rows.schema)])
        filled = zip(*columns.values(), strict=True) if columns else iter([()] * rows.num_rows)
        return [{**blank, **dict(zip(columns, values, strict=True))} for values in filled]
    made: list[dict[str, Any]] = [{} for _ in range(rows.num_rows)]
    for name, values in columns.items():
        for cells, value in zip(made, values, strict=True):
            if value is not None:
                cells[name] = value
    return made


def cell_arrays(table: str, rows: pa.Table) -> Mapping[str, pa.Array]:
    """Return property -> values as they are stored, for properties that have any."""
    cells: dict[str, pa.Array] = {}
    for column, name, kind in stored_columns(table, rows.schema):
        values = rows.column(column).combine_chunks()
        if values.null_count == len(values):
            continue
        stored = _stored(f"{table}, column {column}", values)
        if column in _INDEXED and _is_text(kind):
            length = pc.max(pc.binary_length(stored)).as_py()
            if length > _LONGEST_INDEXED:
                whole = stored.to_pylist()
                keys = [None if value is None else stored_key(value) for value in whole]
                long = [value if value != key else None for value, key in zip(whole, keys, strict=True)]
                cells[name] = pa.array(keys, pa.string())
                cells[long_name(column)] = pa.array(long, pa.string())
                continue
        cells[name] = stored
    return cells


def check_storable(table: str, rows: pa.Table) -> None:
    """Raise `StoreError` for a column of a type that properties cannot hold, or two that would share one."""
    for column, _, _ in stored_columns(table, rows.schema):
        _stored(f"{table}, column {column}", rows.column(column).combine_chunks())


def _stored(where: str, values: pa.Array) -> pa.Array:
    """Return values in the type that a property has, checked to come back as they were."""
    kind = stored_type(values.type)
    if values.type == kind:
        return values
    if pa.types.is_floating(values.type):
        return values.cast(kind)  # every shorter float is one of 64 bits, NaN included
    try:
        stored = values.cast(kind)
        same = stored.cast(values.type).equals(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        same = False
    if not same:
        raise StoreError(
            f"{where}: values of the type {values.type} would not come back as they were; "
            "cast the column to text or to a number"
        )
    return stored
