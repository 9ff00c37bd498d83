"""Tables, findings and claims as the bytes of Parquet files, and back. Equal content has equal bytes."""

import io
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import fields

import pyarrow as pa

from lineage.claims import Claims
from lineage.errors import StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.schema import CLAIM_TABLES, GRAPH_TABLES

THREADED_BYTES = 16 << 20

__all__ = [
    "CLAIM_FILES",
    "FILES",
    "FINDINGS_FILE",
    "GRAPH_FILES",
    "claims_of",
    "decode",
    "encode",
    "findings_of",
    "tables_to_write",
]

# table -> file
GRAPH_FILES = {name: f"graph-{name}.parquet" for name in GRAPH_TABLES}
CLAIM_FILES = {name: f"claims-{name}.parquet" for name in (*CLAIM_TABLES, "sources", "findings")}
FINDINGS_FILE = "findings.parquet"
FILES = (*GRAPH_FILES.values(), *CLAIM_FILES.values(), FINDINGS_FILE)

_FINDING_FIELDS = tuple(item.name for item in fields(Finding))
_FINDING_SCHEMA = pa.schema([(name, pa.string()) for name in _FINDING_FIELDS])


def tables_to_write(graph: Graph) -> Iterator[tuple[str, pa.Table]]:
    """Yield the name and the table of every file that a graph needs, with its claims where it has them."""
    for name in sorted(graph.tables):
        yield GRAPH_FILES[name], graph.tables[name]
    yield FINDINGS_FILE, _table_of(graph.findings)
    claims = graph.claims
    if claims is None:
        return
    for name in sorted(claims.tables):
        yield CLAIM_FILES[name], claims.tables[name]
    yield CLAIM_FILES["sources"], claims.sources
    yield CLAIM_FILES["findings"], _table_of(claims.findings)


def claims_of(tables: dict[str, pa.Table]) -> Claims:
    """Return the claims that these tables, by the keys of `CLAIM_FILES`, hold."""
    sources, findings = tables.pop("sources"), tables.pop("findings")
    return Claims(sources, tables, findings_of(findings))


def findings_of(table: pa.Table) -> tuple[Finding, ...]:
    """Return the findings in a table, in their order."""
    columns = [table.column(name).to_pylist() for name in _FINDING_FIELDS]
    return tuple(Finding(*row) for row in zip(*columns, strict=True))


def _table_of(findings: Iterable[Finding]) -> pa.Table:
    findings = tuple(findings)
    columns = [
        pa.array((getattr(item, name) for item in findings), pa.string(), size=len(findings))
        for name in _FINDING_FIELDS
    ]
    return pa.Table.from_arrays(columns, schema=_FINDING_SCHEMA)


def encode(file: str, table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file.

    Raises `StoreError` for a column whose type does not come back as it was, before anything is published.
    """
    import pyarrow.parquet as pq  # late: a graph whose arrays are mapped needs none

    # One chunk and no notes of other libraries: the bytes depend on the content alone.
    plain = table.replace_schema_metadata(None).combine_chunks()
    buffer = io.BytesIO()
    try:
        pq.write_table(plain, buffer, compression="zstd", version="2.6", row_group_size=1 << 20)
    except pa.ArrowException as error:
        raise StoreError(
            f"{file} cannot be written: {error}; cast the column to text or to a number"
        ) from error
    data = buffer.getvalue()
    back = pq.ParquetFile(pa.BufferReader(data)).schema_arrow
    for kept, given in zip(back, plain.schema, strict=True):
        if kept.type != given.type:
            raise StoreError(
                f"{file}, column {given.name!r}: the type {given.type} would come back as {kept.type}; "
                f"cast it to {kept.type}"
            )
    return data


def decode(file: str, data: bytes | mmap.mmap) -> pa.Table:
    """Return the table in the bytes of a Parquet file; `StoreError` where this pyarrow cannot read them."""
    import pyarrow.parquet as pq  # likewise

    try:
        # Not pq.read_table: it would load the data set engine for a file that is in memory already.
        stored = pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)))
        # Threads pay off on large files only; a short process is better off without starting any.
        return stored.read(use_threads=len(data) > THREADED_BYTES).combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise StoreError(
            f"{file} cannot be read: {error}; install the pyarrow that wrote it, or newer"
        ) from error
