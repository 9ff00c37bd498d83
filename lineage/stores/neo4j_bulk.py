"""The files for `neo4j-admin database import full`: the fast way into an empty database."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from lineage.errors import StoreError
from lineage.graph import Graph
from lineage.schema import LABELS, kind_of
from lineage.stores.base import check_tables
from lineage.stores.neo4j_links import Link, links_of, sources_of
from lineage.stores.neo4j_model import NODE_LABELS, OURS, cell_arrays, stored_columns, stored_key
from lineage.stores.neo4j_publish import Publication
from lineage.stores.neo4j_state import parts_of

__all__ = ["BulkFiles", "write_bulk_files"]

_ROWS: Final = 50_000
_OPTIONS: Final = (
    "--overwrite-destination=true",  # the database is there as soon as a server has run, though empty
    "--id-type=string",
    "--multiline-fields=true",
    "--read-buffer-size=16m",
)
_TYPES: Final = {pa.string(): "string", pa.int64(): "long", pa.float64(): "double", pa.bool_(): "boolean"}
_GROUPS: Final = {
    **dict.fromkeys(LABELS.values(), "Product"),
    "Job": "Job",
    "System": "System",
    "Grid": "Grid",
}
_SCRIPT: Final = """\
#!/bin/sh
# Loads the graph in this folder into an EMPTY database; what the database holds is lost. The server must be
# stopped (Community Edition). The first `lineage load` or `lineage copy` afterwards makes the indexes.
cd "$(dirname "$0")" && exec {command} "$@"
"""


@dataclass(frozen=True)
class BulkFiles:
    """What was written: the folder, and the command that loads it, to be run in that folder."""

    folder: Path
    command: tuple[str, ...]

    @property
    def command_line(self) -> str:
        """The command as it is typed into a shell."""
        return shlex.join(self.command)


def write_bulk_files(graph: Graph, folder: str | Path, *, database: str = "neo4j") -> BulkFiles:
    """Write a graph as CSV files for Neo4j's bulk import, with the script `import.sh` that runs it.

    What is loaded is what `Neo4jStore.write` would have written, findings and claims included. Rows are
    written in batches; nothing but one batch is held besides the graph. Raises `StoreError` for a folder that
    is not empty, and for a graph that cannot be kept as nodes.
    """
    check_tables(graph)
    path = Path(folder)
    publication = Publication.of(graph, str(path))
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise StoreError(f"{path} is not empty; give a new or an empty folder")
        files = _Files(path)
        _write_nodes(files, graph)
        _write_edges(files, graph)
        _write_links(files, graph)
        _write_beside(files, publication)
        command = ("neo4j-admin", "database", "import", "full", database, *_OPTIONS, *files.options)
        script = path / "import.sh"
        script.write_text(_SCRIPT.format(command=shlex.join(command)), encoding="utf-8")
        script.chmod(0o755)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}; give another folder"
        ) from error
    return BulkFiles(path, command)


class _Files:
    """The CSV files of one folder, and the options that name them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.options: list[str] = []

    def add(self, option: str, stem: str, header: Iterable[str], tables: Iterable[pa.Table]) -> None:
        """Write the rows of some tables under a header; no option for a file without rows."""
        cells = list(header)
        data = self._folder / f"{stem}.csv"
        rows = 0
        with data.open("wb") as out:
            for table in tables:
                rows += table.num_rows
                if table.num_rows:
                    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
                    pacsv.write_csv(_written(table), out, options)
        if not rows:
            data.unlink()
            return
        (self._folder / f"{stem}-header.csv").write_text(",".join(cells) + "\n", encoding="utf-8")
        self.options.append(f"{option}={stem}-header.csv,{stem}.csv")


def _written(table: pa.Table) -> pa.Table:
    """Return the table with numbers spelled as Java reads them."""
    for place, item in enumerate(table.schema):
        if item.type == pa.float64():
            values = table.column(place)
            if pc.any(pc.invert(pc.is_finite(values))).as_py():
                spelled = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
                texts = [
                    None if value is None else spelled.get(value, "NaN" if value != value else repr(value))
                    for value in values.to_pylist()
                ]
                table = table.set_column(place, item.name, pa.array(texts, pa.string()))
    return table


def _slices(rows: "np.ndarray[Any, np.dtype[np.int64]]") -> Iterator["np.ndarray[Any, np.dtype[np.int64]]"]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start : start + _ROWS]


def _shape(name: str, table: pa.Table) -> dict[str, Any]:
    """Return property -> stored type of what a table holds, also where only another slice has values."""
    shape: dict[str, Any] = {}
    known = {prop: column for column, prop, _ in stored_columns(name, table.schema)}
    for start in range(0, table.num_rows, _ROWS):
        for prop, values in cell_arrays(name, table.slice(start, _ROWS)).items():
            shape.setdefault(prop, values.type)
    order = list(known)
    return {
        key: shape[key]
        for key in sorted(
            shape, key=lambda key: (key not in known, order.index(key) if key in known else 0, key)
        )
    }


def _rows_of(name: str, part: pa.Table, shape: Mapping[str, Any]) -> dict[str, pa.Array]:
    cells = cell_arrays(name, part)
    return {prop: cells.get(prop, pa.nulls(part.num_rows, kind)) for prop, kind in shape.items()}


def _write_nodes(files: _Files, graph: Graph) -> None:
    for name, common in NODE_LABELS.items():
        if name not in graph.tables:
            continue
        table = graph.tables[name]
        shape = _shape(name, table)
        header = [
            f"id:ID({common})" if prop == "id" else f"{prop}:{_TYPES[kind]}" for prop, kind in shape.items()
        ]
        ids = graph.ids if name == "products" else ()
        labels = np.array([LABELS[kind_of(item)] for item in ids] or [common] * table.num_rows, object)
        for label in sorted(set(labels)):
            rows = np.flatnonzero(labels == label)
            parts = (pa.table(_rows_of(name, table.take(some), shape)) for some in _slices(rows))
            option = f"--nodes={OURS}:{common}" + (f":{label}" if label != common else "")
            files.add(option, f"nodes-{label}", header, parts)


def _write_edges(files: _Files, graph: Graph) -> None:
    if "edges" not in graph.tables:
        return
    table = graph.tables["edges"]
    shape = _shape("edges", table)
    header = [
        ":START_ID(Product)",
        ":END_ID(Product)",
        *(f"{prop}:{_TYPES[kind]}" for prop, kind in shape.items()),
    ]
    keys = pa.array([stored_key(name) for name in graph.ids], pa.string())
    kinds = table.column("type")

    def part(some: "np.ndarray[Any, np.dtype[np.int64]]") -> pa.Table:
        edges = table.take(some)
        ends = [keys.take(edges.column(name).combine_chunks()) for name in ("product", "parent")]
        cells = _rows_of("edges", edges, shape)
        return pa.table([*ends, *cells.values()], names=[":START", ":END", *cells])

    for kind in sorted(kinds.unique().to_pylist()):
        rows = np.flatnonzero(pc.equal(kinds, kind).to_numpy())
        files.add(f"--relationships={kind}", f"edges-{kind}", header, map(part, _slices(rows)))


def _write_links(files: _Files, graph: Graph) -> None:
    groups = {"Source": "Source", **_GROUPS}
    found: dict[tuple[str, str, str], list[Link]] = {}
    for link in sorted(links_of(graph)):
        found.setdefault((link.kind, groups[link.above], groups[link.below]), []).append(link)
    for (kind, above, below), links in found.items():
        header = [f":START_ID({above})", f":END_ID({below})"]
        files.add(f"--relationships={kind}", f"links-{kind}-{above}-{below}", header, _link_tables(links))
    sources = sources_of(graph)
    names = ["id", *sorted({name for item in sources.values() for name in item} - {"id"})]
    columns = {name: pa.array([item.get(name) for item in sources.values()], pa.string()) for name in names}
    header = ["id:ID(Source)", *(f"{name}:string" for name in names[1:])]
    files.add(f"--nodes={OURS}:Source", "nodes-Source", header, [pa.table(columns)])


def _link_tables(links: Sequence[Link]) -> Iterator[pa.Table]:
    for start in range(0, len(links), _ROWS):
        some = links[start : start + _ROWS]
        yield pa.table([[link.a for link in some], [link.b for link in some]], names=["a", "b"])


def _write_beside(files: _Files, publication: Publication) -> None:
    told = publication.state(1).properties() | {"id": "store"}
    told = {name: value for name, value in sorted(told.items()) if value is not None}
    store = pa.table({name: [value] for name, value in told.items()})
    header = [
        "id:ID(Store)" if name == "id" else f"{name}:{_TYPES[store.schema.field(name).type]}" for name in told
    ]
    files.add("--nodes=LineageStore", "nodes-LineageStore", header, [store])
    unique = {part["id"]: part for data in publication.files.values() for part in parts_of(data)}
    tables = (pa.table({name: [value] for name, value in part.items()}) for part in unique.values())
    header = ["id:ID(Part)", "sha256:string", "number:long", "data:string"]
    files.add("--nodes=LineagePart", "nodes-LineagePart", header, tables)
