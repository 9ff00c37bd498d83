"""What has to change in the database so that it holds exactly a graph: statements with their rows, in order.

Everything is repeatable: running a step twice, or a plan after a part of it, leads to the same graph.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.graph import Graph
from lineage.schema import KINDS, kind_of
from lineage.stores.kept_run import SHARE_TYPE
from lineage.stores.neo4j_links import Link, links_of, sources_of
from lineage.stores.neo4j_model import (
    EDGE_TYPES,
    NODE_LABELS,
    OURS,
    all_properties,
    cell_maps,
    label_of,
    stored_key,
)

__all__ = ["BATCH_ROWS", "Existing", "Step", "batches", "count_changes", "plan"]

BATCH_ROWS: Final = 5000
_BATCH_CHARACTERS: Final = 8_000_000  # texts may be long; a batch is one message

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


class Step(NamedTuple):
    """A statement over `$rows`. With `counted`, as many nodes must match as there are rows.

    `refuse` is a query that finds what belongs to others; `refusal` then says why nothing is done.
    """

    text: str
    rows: list[dict[str, Any]]
    parameters: Mapping[str, Any] = {}
    refuse: str | None = None
    refusal: str = (
        "a node with the id {place} is there that this tool did not write; nothing was changed: adopt it by a "
        "mapping, or use another database"
    )
    counted: bool = False


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What the database holds of ours. Unless `whole`, the tables are the keys alone.

    `forget` are properties, by table, that go from every node or relationship that stays.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    whole: bool = True
    forget: Mapping[str, frozenset[str]] = field(default_factory=dict)
    results: frozenset[str] = frozenset()
    links: frozenset[Link] = frozenset()
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class _Difference(NamedTuple):
    """Row numbers: of the new table where created or changed, of the old one where gone."""

    created: Rows
    changed: Rows
    gone: Rows


def plan(old: Existing, new: Graph) -> Iterator[Step]:
    """Yield the steps from what is there to a graph: relationships go, nodes go, nodes come, relationships come."""
    nodes = {name: _node_difference(name, old, new) for name in NODE_LABELS if name in new.tables}
    edges = _edge_difference(old, new)
    links, sources = links_of(new), sources_of(new)
    yield from _gone_edges(old, edges.gone)
    yield from _gone_links(old.links - links)
    for name, difference in nodes.items():
        yield from _gone_nodes(name, old, difference.gone)
    yield from _gone_sources(old, set(old.sources) - set(sources))
    for name, difference in nodes.items():
        yield from _nodes(name, new, difference.created, None)
        yield from _nodes(name, new, difference.changed, _nothing(name, old))
    yield from _sources(old, sources)
    yield from _edges(new, edges.created, None)
    yield from _edges(new, edges.changed, _nothing("edges", old))
    yield from _links(links - old.links)


def count_changes(old: Existing, new: Graph) -> int:
    """Return about how many nodes and relationships a plan touches."""
    differences = [_node_difference(name, old, new) for name in NODE_LABELS if name in new.tables]
    differences.append(_edge_difference(old, new))
    return sum(len(rows) for item in differences for rows in item)


def batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows in groups that fit one message."""
    group: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        length = sum(len(value) for value in _texts(row))
        if group and (len(group) >= BATCH_ROWS or size + length > _BATCH_CHARACTERS):
            yield group
            group, size = [], 0
        group.append(row)
        size += length
    if group:
        yield group


def _texts(row: Mapping[str, Any]) -> Iterator[str]:
    for value in row.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (item for item in value.values() if isinstance(item, str))


# -- differences -------------------------------------------------------------------------------------------


def _node_difference(table: str, old: Existing, new: Graph) -> _Difference:
    ids = new.texts(table, "id")
    there = {} if table not in old.tables else _places(old.tables[table])
    before = np.array([there.get(name or "", -1) for name in ids], np.int64)
    current = set(ids)
    gone = np.array([row for name, row in there.items() if name not in current], np.int64)
    return _difference(old, new, table, before, gone)


def _places(table: pa.Table) -> dict[str, int]:
    return {name: row for row, name in enumerate(table.column("id").to_pylist())}


def _edge_difference(old: Existing, new: Graph) -> _Difference:
    nothing = np.zeros(0, np.int64)
    if "edges" not in new.tables and "edges" not in old.tables:
        return _Difference(nothing, nothing, nothing)
    size = max(len(new), 1)
    wanted = _edge_keys(new.tables["edges"], np.arange(len(new)), size)
    if "edges" not in old.tables:
        return _Difference(np.arange(len(wanted)), nothing, nothing)
    codes = np.array(
        [new.codes.get(name, -1) for name in old.tables["products"].column("id").to_pylist()], np.int64
    )
    found = _edge_keys(old.tables["edges"], codes, size)
    keys, first, count = np.unique(found, return_index=True, return_counts=True)
    # What is there twice goes, and comes again once.
    usable = (count == 1) & (keys >= 0)
    keys, first = keys[usable], first[usable]
    place = np.searchsorted(keys, wanted).clip(max=max(len(keys) - 1, 0))
    hit = keys[place] == wanted if len(keys) else np.zeros(len(wanted), bool)
    before = np.where(hit, first[place] if len(keys) else -1, -1)
    gone = np.setdiff1d(np.arange(len(found)), before)
    return _difference(old, new, "edges", before, gone)


def _edge_keys(edges: pa.Table, codes: Rows, size: int) -> Rows:
    """Return a number for product, parent and type; -1 for an edge of a product that is gone."""
    product, parent = (codes[edges.column(name).to_numpy()] for name in ("product", "parent"))
    numbers = {name: number for number, name in enumerate(EDGE_TYPES)}
    kind = np.array([numbers.get(name, 0) for name in edges.column("type").to_pylist()], np.int64)
    return np.where((product < 0) | (parent < 0), -1, (product * size + parent) * len(EDGE_TYPES) + kind)


def _difference(old: Existing, new: Graph, table: str, before: Rows, gone: Rows) -> _Difference:
    created, kept = np.flatnonzero(before < 0), np.flatnonzero(before >= 0)
    if not len(kept):
        return _Difference(created, kept, gone)
    differs = np.ones(len(kept), np.bool_)
    if old.whole:
        was, is_now = old.tables[table].take(before[kept]), new.tables[table].take(kept)
        differs[:] = False
        coded = ("product", "parent", "platform", "type") if table in ("edges", "jobs") else ()
        for name in {*was.column_names, *is_now.column_names}.difference(coded):
            differs |= _unequal(was, is_now, name)
    return _Difference(created, kept[differs], gone)


def _unequal(was: pa.Table, is_now: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rows differ in a column; floats are compared bit by bit."""
    sides = [
        item.column(name).combine_chunks() if name in item.column_names else pa.nulls(item.num_rows)
        for item in (was, is_now)
    ]
    valid = [side.is_valid().to_numpy(zero_copy_only=False) for side in sides]
    if sides[0].type != sides[1].type:
        return np.asarray(valid[0] | valid[1])
    if pa.types.is_null(sides[0].type):
        return np.zeros(len(valid[0]), np.bool_)
    if sides[0].type == pa.float64():
        sides = [pa.array(pc.fill_null(side, 0.0).to_numpy().view(np.int64)) for side in sides]
    unequal = pc.fill_null(pc.not_equal(*sides), False).to_numpy(zero_copy_only=False)
    return np.asarray((valid[0] != valid[1]) | (valid[0] & valid[1] & unequal))


def _nothing(table: str, old: Existing) -> frozenset[str]:
    """Return the properties that a changed node or relationship may still have from before."""
    schema = old.tables[table].schema if table in old.tables else pa.schema([])
    return old.forget.get(table, frozenset()) | set(all_properties(table, schema))


# -- steps -------------------------------------------------------------------------------------------------


def _slices(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


def _label(table: str, name: str) -> str:
    """Return the label by which a node is found; an id of no kind of ours has only the common one."""
    kind = kind_of(name)
    return label_of(table, kind if kind in KINDS else None)


def _nodes(table: str, new: Graph, rows: Rows, nothing: frozenset[str] | None) -> Iterator[Step]:
    """Yield upserts; `nothing`: properties to remove where the graph does not say them (None: new nodes)."""
    labels = np.array([_label(table, name or "") for name in new.texts(table, "id")], object)[rows]
    for label in sorted(set(labels)):
        common = f"{OURS}:{NODE_LABELS[table]}"
        text = f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) SET n:{common}, n += row.p"
        refuse = (
            f"UNWIND $rows AS row MATCH (n:{label} {{id: row.id}}) WHERE NOT n:{OURS} RETURN n.id LIMIT 1"
        )
        for some in _slices(rows[labels == label]):
            maps = cell_maps(
                table, new.tables[table].take(some), nothing=nothing or (), keep_nulls=nothing is not None
            )
            for group in batches({"id": item["id"], "p": item} for item in maps):
                yield Step(text, group, refuse=refuse if nothing is None else None)


def _gone_nodes(table: str, old: Existing, rows: Rows) -> Iterator[Step]:
    """Yield removals. A node that carries something of others loses what is ours, and stays."""
    if not len(rows):
        return
    names = old.tables[table].column("id").take(rows).to_pylist()
    nothing = dict.fromkeys([*_nothing(table, old), *old.results])
    yield from _stripped(table, names, nothing)


def _stripped(table: str, names: list[str], nothing: Mapping[str, None]) -> Iterator[Step]:
    common = f"{OURS}:{NODE_LABELS.get(table, 'Source')}"
    by_label: dict[str, list[str]] = {}
    for name in names:
        by_label.setdefault("Source" if table == "sources" else _label(table, name), []).append(name)
    for label, group in sorted(by_label.items()):
        # Deleted at once where nothing of others is on it: emptying it first costs the server far more.
        text = (
            f"UNWIND $rows AS row MATCH (n:{label} {{id: row.id}}) WHERE n:{OURS} "
            f"WITH n, all(l IN labels(n) WHERE l IN $labels) AND NOT EXISTS {{ (n)--() }} "
            "AND all(k IN keys(n) WHERE k IN $known) AS whole "
            "FOREACH (_ IN CASE WHEN whole THEN [1] ELSE [] END | DELETE n) "
            "FOREACH (_ IN CASE WHEN whole THEN [] ELSE [1] END | "
            f"SET n += $nothing REMOVE n:{common}:{label})"
        )
        # The shares of a run go with the product; they are ours, and would keep the node.
        free = f"UNWIND $rows AS row MATCH (n:{label}:{OURS} {{id: row.id}})-[r:{SHARE_TYPE}]-() DELETE r"
        labels = [*common.split(":"), label]
        parameters = {"nothing": dict(nothing), "known": sorted(nothing), "labels": labels}
        for some in batches({"id": stored_key(name)} for name in sorted(group)):
            if table == "products":
                yield Step(free, some)
            yield Step(text, some, parameters)


def _edge_rows(table: pa.Table, ids: list[str], rows: Rows) -> dict[tuple[str, str, str], Rows]:
    """Return (type, label of the product, label of the parent) -> rows."""
    edges = table.select(["product", "parent", "type"]).take(rows)
    kinds = np.array([_label("products", name) for name in ids], object)
    found: dict[tuple[str, str, str], list[int]] = {}
    told = (edges.column(name).to_pylist() for name in ("product", "parent", "type"))
    for row, (product, parent, kind) in zip(rows.tolist(), zip(*told, strict=True), strict=True):
        found.setdefault((kind, kinds[product], kinds[parent]), []).append(row)
    return {key: np.array(found[key], np.int64) for key in sorted(found)}


def _edges(new: Graph, rows: Rows, nothing: frozenset[str] | None) -> Iterator[Step]:
    if not len(rows):
        return
    table = new.tables["edges"]
    for (kind, above, below), group in _edge_rows(table, new.ids, rows).items():
        text = (
            f"UNWIND $rows AS row MATCH (a:{above} {{id: row.a}}) MATCH (b:{below} {{id: row.b}}) "
            f"MERGE (a)-[r:{kind}]->(b) SET r += row.p"
        )
        for some in _slices(group):
            part = table.take(some)
            maps = cell_maps("edges", part, nothing=nothing or (), keep_nulls=nothing is not None)
            ends = _ends(part, new.ids)
            yield from (
                Step(text, sent, counted=True)
                for sent in batches({**end, "p": item} for end, item in zip(ends, maps, strict=True))
            )


def _ends(edges: pa.Table, ids: list[str]) -> list[dict[str, Any]]:
    pairs = zip(edges.column("product").to_pylist(), edges.column("parent").to_pylist(), strict=True)
    return [{"a": stored_key(ids[product]), "b": stored_key(ids[parent])} for product, parent in pairs]


def _gone_edges(old: Existing, rows: Rows) -> Iterator[Step]:
    if not len(rows):
        return
    table, ids = old.tables["edges"], old.tables["products"].column("id").to_pylist()
    for (kind, above, below), group in _edge_rows(table, ids, rows).items():
        text = f"UNWIND $rows AS row MATCH (a:{above} {{id: row.a}})-[r:{kind}]->(b:{below} {{id: row.b}}) DELETE r"
        yield from (Step(text, some) for some in batches(_ends(table.take(group), ids)))


def _grouped(links: Iterable[Link]) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for link in sorted(links):
        found.setdefault((link.kind, link.above, link.below), []).append({"a": link.a, "b": link.b})
    return found


def _links(links: Iterable[Link]) -> Iterator[Step]:
    for (kind, above, below), rows in _grouped(links).items():
        text = (
            f"UNWIND $rows AS row MATCH (a:{above} {{id: row.a}}) MATCH (b:{below} {{id: row.b}}) "
            f"MERGE (a)-[r:{kind}]->(b)"
        )
        yield from (Step(text, some, counted=True) for some in batches(rows))


def _gone_links(links: Iterable[Link]) -> Iterator[Step]:
    for (kind, above, below), rows in _grouped(links).items():
        text = f"UNWIND $rows AS row MATCH (a:{above} {{id: row.a}})-[r:{kind}]->(b:{below} {{id: row.b}}) DELETE r"
        yield from (Step(text, some) for some in batches(rows))


def _sources(old: Existing, sources: Mapping[str, Mapping[str, Any]]) -> Iterator[Step]:
    changed = [
        {"id": key, "p": dict(item)} for key, item in sorted(sources.items()) if old.sources.get(key) != item
    ]
    text = f"UNWIND $rows AS row MERGE (n:Source {{id: row.id}}) SET n:{OURS}, n += row.p"
    refuse = f"UNWIND $rows AS row MATCH (n:Source {{id: row.id}}) WHERE NOT n:{OURS} RETURN n.id LIMIT 1"
    yield from (Step(text, some, refuse=refuse) for some in batches(changed))


def _gone_sources(old: Existing, names: Iterable[str]) -> Iterator[Step]:
    nothing = dict.fromkeys([name for key in names for name in old.sources[key]])
    yield from _stripped("sources", sorted(names), nothing)
