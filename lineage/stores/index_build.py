"""Building the offline index: a graph's nodes and relationships into the engine's own files, by its bulk path.

Runs in the engine's process. Labels, relationship types and properties are those of the Neo4j store
(`lineage.stores.neo4j_model`), so that a query means the same in both.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lineage.errors import StoreError
from lineage.graph import Graph
from lineage.schema import KINDS, LABELS, kind_of
from lineage.stores.kept_run import RUN_LABEL, RUN_PROPERTY, SHARE_TYPE, KeptRun, figure_names, prefixed
from lineage.stores.neo4j_links import links_of, sources_of
from lineage.stores.neo4j_model import (
    EDGE_TYPES,
    LINK_TYPES,
    NODE_LABELS,
    OURS,
    cell_maps,
    label_of,
    stored_key,
)
from lineage.stores.snapshot import SnapshotStore

__all__ = ["build"]


BATCH_ROWS: Final = 5000

# Properties that few nodes have, or that questions select relationships by. The engine takes such an index for
# "= value" and "> number", not for IS NOT NULL, and for a relationship only where its ends have no label.
_LOOKED_UP: Final = (
    ("Product", "deployed", "BOOLEAN"),
    ("Product", "own_carbon_gco2e", "DOUBLE"),
    ("Product", "own_carbon_gco2e_hi", "DOUBLE"),
    ("Product", "own_energy_kwh", "DOUBLE"),
    ("Model", "parameters", "DOUBLE"),
    ("DERIVED_FROM", "relation", "STRING"),
)

Tell = Callable[[dict[str, Any]], None]
Ends = dict[tuple[str, str], str]  # (label, stored id) -> the engine's record id


def build(engine: Any, command: Mapping[str, Any], tell: Tell) -> dict[str, int]:
    """Build the index of a snapshot and return how many nodes and relationships it holds.

    `command` names the store's folder, the number and digest of the snapshot, and the folder to make.
    Raises `StoreDamaged` or `StoreError` where the snapshot is not what its digest says, and where the engine
    does not hold what was written to it.
    """
    store = SnapshotStore(Path(command["store"]), command["number"])
    graph = store.read()
    if graph.digest != command["digest"]:
        raise StoreError("the snapshot changed while its index was built; ask again")
    into = Path(command["into"]) / "data"
    into.parent.mkdir()
    database = engine.create_database(str(into))
    try:
        _make_types(database)
        counts = _Loading(database, graph, store.runs(), tell).run()
        _make_indexes(database)
        found = {name: _count(database, name) for name in counts}
    finally:
        database.close()
    if found != counts:
        raise StoreError(f"the index holds {found}, the graph {counts}")
    for file in into.iterdir():
        _sync(file)
    return counts


def _make_types(database: Any) -> None:
    """Make every label and relationship type, so that a query for one without nodes finds none."""
    parents = {OURS: None, **dict.fromkeys(NODE_LABELS.values(), OURS), "Source": OURS}
    for label in (*parents, *LABELS.values()):
        parent = parents.get(label, "Product")
        database.command("sql", f"CREATE VERTEX TYPE {label}" + (f" EXTENDS {parent}" if parent else ""))
    database.command("sql", f"CREATE VERTEX TYPE {RUN_LABEL}")
    for kind in (*EDGE_TYPES, *LINK_TYPES, SHARE_TYPE):
        database.command("sql", f"CREATE EDGE TYPE {kind}")


def _make_indexes(database: Any) -> None:
    """Make the look-ups: after loading, which is faster than while."""
    for label in (*NODE_LABELS.values(), "Source"):
        database.command("sql", f"CREATE PROPERTY {label}.id STRING")
        database.command("sql", f"CREATE INDEX ON {label} (id) UNIQUE")
    for label, name, kind in _LOOKED_UP:
        database.command("sql", f"CREATE PROPERTY {label}.{name} {kind}")
        database.command("sql", f"CREATE INDEX ON {label} ({name}) NOTUNIQUE NULL_STRATEGY SKIP")


def _count(database: Any, what: str) -> int:
    text = "MATCH (n) RETURN count(n) AS n" if what == "nodes" else "MATCH ()-[r]->() RETURN count(r) AS n"
    return int(database.query("opencypher", text).to_list()[0]["n"])


class _Loading:
    """One pass over a graph: nodes first, then what connects them."""

    def __init__(self, database: Any, graph: Graph, runs: Sequence[KeptRun], tell: Tell) -> None:
        self._database, self._graph, self._runs, self._tell = database, graph, runs, tell
        self._figures = [prefixed(run) for run in runs]
        self._links, self._sources = sorted(links_of(graph)), sources_of(graph)
        edges = graph.tables["edges"].num_rows if "edges" in graph.tables else 0
        self._relationships = edges + len(self._links) + sum(run.shares.num_rows for run in runs)
        rows = sum(graph.tables[name].num_rows for name in NODE_LABELS if name in graph.tables)
        # Relationships are written when the batch closes, which takes about as long as all before.
        self._total = rows + len(self._sources) + len(runs) + 2 * self._relationships + 1
        self._done = 0
        self._ends: Ends = {}

    def run(self) -> dict[str, int]:
        """Load everything; return the counts that the index must have."""
        with self._database.graph_batch(expected_edge_count=max(self._relationships, 1)) as batch:
            for name in NODE_LABELS:
                if name in self._graph.tables:
                    self._load_nodes(batch, name)
            self._create(batch, "Source", list(self._sources.values()))
            self._create(batch, RUN_LABEL, [_node(run) for run in self._runs])
            self._load_edges(batch)
            self._load_links(batch)
            self._load_shares(batch)
        self._tell({"done": self._total, "total": self._total})
        return {"nodes": len(self._ends), "relationships": self._relationships}

    def _load_nodes(self, batch: Any, name: str) -> None:
        table = self._graph.tables[name]
        labels = np.array([_label(name, item or "") for item in self._graph.texts(name, "id")], object)
        for label in sorted(set(labels)):
            for some in _slices(np.flatnonzero(labels == label)):
                part = table.take(some)
                maps = cell_maps(name, part)
                if name == "products":
                    for row, product in zip(maps, part.column("id").to_pylist(), strict=True):
                        for figures in self._figures:
                            row.update(figures.get(product, ()))
                self._create(batch, label, maps)

    def _create(self, batch: Any, label: str, maps: list[dict[str, Any]]) -> None:
        records = batch.create_vertices(label, maps) if maps else ()
        for cells, record in zip(maps, records, strict=True):
            self._ends[label, cells["id"]] = record
        self._step(len(maps))

    def _load_edges(self, batch: Any) -> None:
        if "edges" not in self._graph.tables:
            return
        table, ids = self._graph.tables["edges"], self._graph.ids
        records = [self._ends[_label("products", name), stored_key(name)] for name in ids]
        kinds = np.array(self._graph.texts("edges", "type"), object)
        strange = sorted({str(kind) for kind in kinds}.difference(EDGE_TYPES))
        if strange:
            raise StoreError(f"edges: {strange[0]!r} is no type of ours; there are {', '.join(EDGE_TYPES)}")
        product, parent = (self._graph.integers("edges", name) for name in ("product", "parent"))
        for kind in sorted(set(kinds)):
            for some in _slices(np.flatnonzero(kinds == kind)):
                ends = ([records[code] for code in column[some]] for column in (product, parent))
                above, below = ends
                batch.new_edges(above, kind, below, cell_maps("edges", table.take(some)))
                self._step(len(some))

    def _load_links(self, batch: Any) -> None:
        for kind in LINK_TYPES:
            pairs = [
                (self._ends[link.above, link.a], self._ends[link.below, link.b])
                for link in self._links
                if link.kind == kind
            ]
            for start in range(0, len(pairs), BATCH_ROWS):
                some = pairs[start : start + BATCH_ROWS]
                batch.new_edges([a for a, _ in some], kind, [b for _, b in some])
                self._step(len(some))

    def _load_shares(self, batch: Any) -> None:
        for run in self._runs:
            for start in range(0, run.shares.num_rows, BATCH_ROWS):
                part = run.shares.slice(start, BATCH_ROWS).to_pylist()
                above, below = (
                    [self._ends[_label("products", row[end]), stored_key(row[end])] for row in part]
                    for end in ("product", "parent")
                )
                told = [
                    {RUN_PROPERTY: run.id, "w": row["w"], "weight_source": row["weight_source"]}
                    for row in part
                ]
                batch.new_edges(above, SHARE_TYPE, below, told)
                self._step(len(part))

    def _step(self, rows: int) -> None:
        self._done += rows
        self._tell({"done": self._done, "total": self._total})


def _node(run: KeptRun) -> dict[str, Any]:
    """Return the properties of a run's node, as in a Neo4j."""
    told = {**run.node, "labels": [OURS], "properties": figure_names(run.prefix, run.node["impact"])}
    return {name: value for name, value in told.items() if value is not None}


def _label(table: str, name: str) -> str:
    """Return the label of a node; a product of no kind of ours has only the common one."""
    kind = kind_of(name)
    return label_of(table, kind if kind in KINDS else None)


def _slices(rows: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


def _sync(file: Path) -> None:
    """Have a file on the disk before its folder gets its name."""
    if file.is_file():
        handle = os.open(file, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
