"""Reading a graph that another tool wrote, by a mapping; and finding its nodes again for the figures."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lineage.claims import Claims, Source
from lineage.errors import ImportFault, UnknownProduct, did_you_mean
from lineage.findings import finding
from lineage.graph import Graph
from lineage.stores.bolt import Bolt
from lineage.stores.neo4j_mapping import EdgeMap, ModelMapping, NodeMap, Property
from lineage.stores.neo4j_model import quoted
from lineage.stores.neo4j_results import Target
from lineage.tables import claims_from_table

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = ["adopted", "target_of"]

_FORMAT: Final = "neo4j"
_LIVE: Final = {
    "label": "CALL db.labels() YIELD label RETURN label AS name",
    "relationship type": "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType AS name",
}

Rows = list[dict[str, Any]]


def adopted(bolt: Bolt, mapping: ModelMapping) -> Graph:
    """Return the graph that a mapping finds in a database. What it raises: `Neo4jStore.adopt`."""

    def work(transaction: "ManagedTransaction") -> Claims:
        check_live(transaction, mapping)
        parts = [_claims_of_nodes(transaction, item, mapping, bolt.address) for item in mapping.nodes]
        parts += [_claims_of_edges(transaction, item, mapping, bolt.address) for item in mapping.edges]
        return Claims.concat(parts)

    return Graph.from_claims(bolt.read(work))


def check_live(transaction: "ManagedTransaction", mapping: ModelMapping) -> None:
    """Raise `ImportFault`, with a close name, for what a mapping names and the database does not have."""
    live = {what: [record["name"] for record in transaction.run(text)] for what, text in _LIVE.items()}

    def check(where: str, what: str, name: str) -> None:
        if name not in live[what]:
            hint = (
                did_you_mean(name, live[what]) or f"; it has {', '.join(sorted(live[what])[:20]) or 'none'}"
            )
            raise ImportFault(mapping.source, where, f"the database has no {what} {name!r}{hint}")

    for item in mapping.nodes:
        check(f"{item.where}, label", "label", item.label)
        for link in item.links:
            check(f"{item.where}, {link.column}", "relationship type", link.type)
        names = [(f"{item.where}, key", item.key)]
        names += [(f"{item.where}, properties, {told.column}", told.name) for told in item.properties]
        _check_properties(transaction, mapping.source, f"(n:{quoted(item.label)})", names)
    for edge in mapping.edges:
        check(f"{edge.where}, type", "relationship type", edge.type)
        pattern = f"(:{quoted(edge.start)})-[n:{quoted(edge.type)}]->(:{quoted(edge.end)})"
        if transaction.run(f"MATCH {pattern} RETURN n LIMIT 1").single() is None:
            raise ImportFault(
                mapping.source,
                edge.where,
                f"no relationship {edge.type!r} leads from {edge.start!r} to {edge.end!r}; is it the other way round?",
            )
        told = [(f"{edge.where}, properties, {item.column}", item.name) for item in edge.properties]
        _check_properties(transaction, mapping.source, pattern, told)


def _check_properties(
    transaction: "ManagedTransaction", source: str, pattern: str, names: Sequence[tuple[str, str]]
) -> None:
    if not names:
        return
    answer = transaction.run(f"MATCH {pattern} UNWIND keys(n) AS name RETURN DISTINCT name")
    there = sorted(record["name"] for record in answer)
    for where, name in names:
        if name not in there:
            hint = did_you_mean(name, there) or f"; there are {', '.join(there[:20]) or 'none'}"
            raise ImportFault(
                source, where, f"no property {name!r} is on any {pattern.replace('n:', ':')}{hint}"
            )


def _claims_of_nodes(
    transaction: "ManagedTransaction", item: NodeMap, mapping: ModelMapping, address: str
) -> Claims:
    returned = ["elementId(n) AS element", f"n.{quoted(item.key)} AS key", *_values(item.properties)]
    rows, without = [], 0
    answer = transaction.run(f"MATCH (n:{quoted(item.label)}) RETURN {', '.join(returned)}")
    linked = {link.column: _linked(transaction, item, link, mapping) for link in item.links}
    for record in answer:
        if record["key"] is None:
            without += 1
            continue
        row = {"id": _name(item, record["key"]), **item.constants, **_row(record, item.properties)}
        row |= {column: found.get(record["element"]) for column, found in linked.items()}
        rows.append(row)
    rows.sort(key=lambda row: str(row["id"]))
    claims = _claims(
        item.table, rows, Source(address=f"{address} :{item.label}", root=address, format=_FORMAT)
    )
    if not without:
        return claims
    text = f"{without} nodes :{item.label} have no {item.key!r} and are left out"
    said = finding("ignored-value", f":{item.label}", text, source=f"{address} :{item.label}")
    return Claims(claims.sources, claims.tables, (*claims.findings, said))


def _linked(
    transaction: "ManagedTransaction", item: NodeMap, link: Any, mapping: ModelMapping
) -> dict[str, str]:
    """Return element id of a job -> id of what a relationship leads to; the first id where there are several."""
    tables = ("products",) if link.column in ("product", "platform") else (f"{link.column}s",)
    other = mapping.node(link.label, tables)
    assert other is not None, "checked by parse_mapping"
    left, right = ("-", "->") if link.out else ("<-", "-")
    pattern = f"(n:{quoted(item.label)}){left}[:{quoted(link.type)}]{right}(m:{quoted(link.label)})"
    answer = transaction.run(f"MATCH {pattern} RETURN elementId(n) AS element, m.{quoted(other.key)} AS key")
    found: dict[str, str] = {}
    for record in answer:
        if record["key"] is not None:
            name = _name(other, record["key"])
            found[record["element"]] = min(name, found.get(record["element"], name))
    return found


def _claims_of_edges(
    transaction: "ManagedTransaction", item: EdgeMap, mapping: ModelMapping, address: str
) -> Claims:
    start, end = mapping.node(item.start, ("products",)), mapping.node(item.end, ("products",))
    assert start is not None and end is not None, "checked by parse_mapping"
    text = (
        f"MATCH (a:{quoted(item.start)})-[n:{quoted(item.type)}]->(b:{quoted(item.end)}) "
        f"WHERE a.{quoted(start.key)} IS NOT NULL AND b.{quoted(end.key)} IS NOT NULL "
        f"RETURN a.{quoted(start.key)} AS a, b.{quoted(end.key)} AS b"
        + "".join(f", {value}" for value in _values(item.properties))
    )
    rows = []
    for record in transaction.run(text):
        ends = [_name(start, record["a"]), _name(end, record["b"])]
        product, parent = ends if item.made_is_start else reversed(ends)
        rows.append({"product": product, "parent": parent, **item.constants, **_row(record, item.properties)})
    rows.sort(key=lambda row: (row["product"], row["parent"]))
    return _claims("edges", rows, Source(address=f"{address} :{item.type}", root=address, format=_FORMAT))


def _name(item: NodeMap, key: Any) -> str:
    return f"{item.kind}:{_text(key)}" if item.kind else _text(key)


def _values(properties: Sequence[Property]) -> Iterator[str]:
    """Yield what a query returns for each property; `c0`, `c1` are their places."""
    for place, item in enumerate(properties):
        yield f"n.{quoted(item.name)} AS c{place}"


def _row(record: Any, properties: Sequence[Property]) -> dict[str, Any]:
    made = {}
    for place, item in enumerate(properties):
        value = record[f"c{place}"]
        if item.unit and isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value!r} {item.unit}"
        elif value is not None and not isinstance(value, str | bool | int | float):
            value = _text(value)
        made[item.column] = value
    return made


def _text(value: Any) -> str:
    """Return a value as text: a moment as ISO 8601, a list separated by semicolons."""
    if isinstance(value, list):
        return ";".join(_text(item) for item in value)
    return str(value.iso_format()) if hasattr(value, "iso_format") else str(value)


def _claims(table: str, rows: Rows, source: Source) -> Claims:
    if not rows:
        return Claims.empty()
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in rows[0]}
    return claims_from_table(table, pa.table({name: _array(item) for name, item in columns.items()}), source)


def _array(values: list[Any]) -> pa.Array:
    """Return values as one column; text where they are of several types."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def target_of(bolt: Bolt, mapping: ModelMapping, graph: Graph, products: frozenset[str]) -> Target:
    """Return the nodes of the other model that are products of a graph; several may be the same product."""

    def work(transaction: "ManagedTransaction") -> list[tuple[str, str, str]]:
        check_live(transaction, mapping)
        rows = []
        for item in mapping.products():
            text = (
                f"MATCH (n:{quoted(item.label)}) RETURN elementId(n) AS element, n.{quoted(item.key)} AS key"
            )
            for record in transaction.run(text):
                if record["key"] is not None:
                    name = _product(graph, _name(item, record["key"]))
                    if name in products:
                        rows.append((item.label, record["element"], name))
        return rows

    labels = sorted({item.label for item in mapping.products()})
    return Target.foreign(labels, bolt.read(work))


def _product(graph: Graph, name: str) -> str:
    """Return the id of a product in the graph, which may have merged two spellings; "" where it is not there."""
    try:
        return graph.ids[graph.code(name)]
    except UnknownProduct:
        return ""
