"""What the node `(:LineageStore)` says about the graph in the database, and the files kept beside it.

Findings and claims do not fit nodes: they lie as the same Parquet bytes that a snapshot folder has, in parts.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lineage import __version__
from lineage.claims import Claims
from lineage.errors import StoreDamaged, StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.schema import GRAPH_TABLES
from lineage.stores.columns import (
    CLAIM_FILES,
    FINDINGS_FILE,
    GRAPH_FILES,
    claims_of,
    decode,
    encode,
    findings_of,
    tables_to_write,
)

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = [
    "SCHEMA",
    "File",
    "State",
    "claims_in",
    "files_of",
    "findings_in",
    "load_state",
    "parts_of",
    "read_file",
]

SCHEMA: Final = "lineage/neo4j/1"
_PART_BYTES: Final = 768 * 1024  # one MiB as text
_STATE: Final = "MATCH (s:LineageStore {id: 'store'}) RETURN properties(s) AS state"
_PARTS: Final = "MATCH (p:LineagePart {sha256: $sha256}) RETURN p.number AS number, p.data AS data"


@dataclass(frozen=True, slots=True)
class File:
    """One file kept beside the graph: its SHA-256 and the number of its parts."""

    sha256: str
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is in the database. `complete` is no while a graph too large for one transaction is written.

    `columns` are the columns of each table with their types, `forget` the properties that an unfinished
    writer may have left.
    """

    number: int = 0
    digest: str | None = None
    complete: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, pa.Schema] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    forget: Mapping[str, list[str]] = field(default_factory=dict)

    def properties(self) -> dict[str, Any]:
        """Return the properties of the node."""
        columns = {
            name: base64.b64encode(item.serialize().to_pybytes()).decode()
            for name, item in self.columns.items()
        }
        return {
            "schema": SCHEMA,
            "writer": f"lineage {__version__}",
            "number": self.number,
            "digest": self.digest,
            "complete": self.complete,
            "counts": json.dumps(dict(self.counts), sort_keys=True),
            "columns": json.dumps(columns, sort_keys=True),
            "files": json.dumps({k: [v.sha256, v.parts] for k, v in self.files.items()}, sort_keys=True),
            "forget": json.dumps(dict(self.forget), sort_keys=True),
        }


def load_state(transaction: "ManagedTransaction", address: str) -> State:
    """Return what the database holds; an empty state where nothing was ever written.

    Raises `StoreError` for a format of another version, `StoreDamaged` where it cannot be read.
    """
    record = transaction.run(_STATE).single()
    if record is None or record["state"].get("schema") is None:
        return State()
    told = record["state"]
    if told["schema"] != SCHEMA:
        raise StoreError(
            f"{address}: the graph is in the format {told['schema']!r}, written by {told.get('writer')!r}; "
            f"this is lineage {__version__} and reads {SCHEMA}: install the version that wrote it, or newer"
        )
    try:
        columns = json.loads(told["columns"])
        return State(
            number=int(told["number"]),
            digest=told.get("digest"),
            complete=told["complete"] is True,
            counts={str(k): int(v) for k, v in json.loads(told["counts"]).items()},
            columns={
                name: pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))
                for name, text in columns.items()
                if name in GRAPH_TABLES
            },
            files={str(k): File(str(v[0]), int(v[1])) for k, v in json.loads(told["files"]).items()},
            forget={str(k): [str(i) for i in v] for k, v in json.loads(told["forget"]).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, pa.ArrowException):
        raise StoreDamaged(
            f"{address}, node :LineageStore", "its properties are not those of a store"
        ) from None


def files_of(graph: Graph) -> dict[str, bytes]:
    """Return the findings and claims of a graph as files."""
    beside = {name: table for name, table in tables_to_write(graph) if name not in GRAPH_FILES.values()}
    return {name: encode(name, table) for name, table in beside.items()}


def described(data: bytes) -> File:
    """Return what the state says about a file."""
    return File(hashlib.sha256(data).hexdigest(), max(1, -(-len(data) // _PART_BYTES)))


def parts_of(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the nodes that hold a file; a part is found by the file's SHA-256 and its number."""
    file = described(data)
    for number in range(file.parts):
        part = data[number * _PART_BYTES : (number + 1) * _PART_BYTES]
        yield {
            "id": f"{file.sha256}/{number}",
            "sha256": file.sha256,
            "number": number,
            "data": base64.b64encode(part).decode(),
        }


def read_file(transaction: "ManagedTransaction", name: str, state: State) -> bytes:
    """Return the bytes of a file; `StoreDamaged` where they are not what was written."""
    file = state.files.get(name)
    if file is None:
        raise StoreDamaged(f"node :LineageStore, {name}", "it is not listed")
    found = {record["number"]: record["data"] for record in transaction.run(_PARTS, sha256=file.sha256)}
    try:
        data = b"".join(base64.b64decode(found[number]) for number in range(file.parts))
    except (KeyError, TypeError, ValueError):
        raise StoreDamaged(f"nodes :LineagePart, {name}", "a part of it is missing") from None
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise StoreDamaged(f"nodes :LineagePart, {name}", "it does not match its checksum")
    return data


def findings_in(transaction: "ManagedTransaction", state: State) -> tuple[Finding, ...]:
    """Return the findings of the graph in the database."""
    return findings_of(decode(FINDINGS_FILE, read_file(transaction, FINDINGS_FILE, state)))


def claims_in(transaction: "ManagedTransaction", state: State) -> Claims | None:
    """Return the claims of the graph in the database; None where it was written without."""
    if CLAIM_FILES["sources"] not in state.files:
        return None
    names = {name: file for name, file in CLAIM_FILES.items() if file in state.files}
    return claims_of(
        {name: decode(file, read_file(transaction, file, state)) for name, file in names.items()}
    )
