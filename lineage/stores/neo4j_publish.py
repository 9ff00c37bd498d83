"""One publication of a graph: what to compare it with, the steps to it, and the switch at the end."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from sys import intern
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import StoreDamaged, StoreError
from lineage.graph import Graph
from lineage.schema import edge_type, kind_of, split_id
from lineage.stores.neo4j_links import links_of, read_links, read_sources, sources_of
from lineage.stores.neo4j_model import NODE_LABELS, all_properties, check_storable
from lineage.stores.neo4j_plan import Existing, Step, batches, count_changes, plan
from lineage.stores.neo4j_read import read_tables
from lineage.stores.neo4j_results import find_results
from lineage.stores.neo4j_state import State, described, files_of, load_state, parts_of

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = ["Publication", "existing", "run_steps"]

_ROWS: Final = 50_000
_SWITCH = "UNWIND $rows AS row MATCH (s:LineageStore {id: 'store'}) SET s += row.p"
_PARTS = "UNWIND $rows AS row MERGE (p:LineagePart {id: row.id}) SET p += row"
_OLD_PARTS = "UNWIND $rows AS row MATCH (p:LineagePart) WHERE NOT p.sha256 IN row.kept DELETE p"


def existing(transaction: "ManagedTransaction", address: str) -> tuple[Existing, State]:
    """Read what is in the database; keys alone where an interrupted writer or a stranger left something odd."""
    state = load_state(transaction, address)
    results = frozenset(
        name for run in find_results(transaction, unfinished=True) for name in run["properties"]
    )
    links, sources = read_links(transaction), read_sources(transaction)
    if state.complete:
        try:
            tables = read_tables(transaction, state.columns)
            return Existing(tables=tables, results=results, links=links, sources=sources), state
        except StoreDamaged:
            pass  # writing is the way to mend it
    keys = {name: pa.schema([("id", pa.string())]) for name in NODE_LABELS}
    keys["edges"] = pa.schema([("product", pa.int32()), ("parent", pa.int32()), ("type", pa.string())])
    forget = {name: set(all_properties(name, schema)) for name, schema in state.columns.items()}
    for name, properties in state.forget.items():
        forget.setdefault(name, set()).update(properties)
    told = {name: frozenset(items - {"id"}) for name, items in forget.items()}
    found = Existing(
        tables=read_tables(transaction, keys),
        whole=False,
        forget=told,
        results=results,
        links=links,
        sources=sources,
    )
    return found, state


@dataclass(frozen=True)
class Publication:
    """A graph that is to be in the database, with its files."""

    graph: Graph
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, graph: Graph, address: str) -> "Publication":
        """Check that a graph can be kept as nodes. Raises `StoreError` where it cannot."""
        _check_order(graph)
        for name, table in graph.tables.items():
            check_storable(name, table)
        return cls(graph, files_of(graph))

    def state(self, number: int) -> State:
        """Return what the store says once this graph is in it."""
        tables = self.graph.tables
        return State(
            number=number,
            digest=self.graph.digest,
            complete=True,
            counts={name: tables[name].num_rows for name in sorted(tables)},
            columns={name: tables[name].schema.remove_metadata() for name in sorted(tables)},
            files={name: described(data) for name, data in sorted(self.files.items())},
        )

    def changes(self, old: Existing) -> int:
        """Return about how many nodes and relationships are touched."""
        more = len(links_of(self.graph) ^ old.links) + len(sources_of(self.graph))
        return count_changes(old, self.graph) + more

    def is_in(self, old: Existing, state: State) -> bool:
        """Return whether the database holds exactly this already."""
        if not (old.whole and state.complete and state == self.state(state.number)):
            return False
        return next(plan(old, self.graph), None) is None

    def begin(self, old: Existing, state: State) -> Iterator[Step]:
        """Yield the step that says: a large graph is being written, and these properties may be about."""
        names = {name: set(items) for name, items in old.forget.items()}
        for schemas in (state.columns, {name: table.schema for name, table in self.graph.tables.items()}):
            for name, schema in schemas.items():
                names.setdefault(name, set()).update(all_properties(name, schema))
        forget = {name: sorted(items - {"id"}) for name, items in sorted(names.items())}
        unfinished = replace(state, complete=False, forget=forget or {"products": []})
        yield Step(_SWITCH, [{"p": unfinished.properties()}])

    def steps(self, old: Existing, state: State) -> Iterator[Step]:
        """Yield every step from what is there to this graph; the last one switches readers over."""
        taken = old.results & set(all_properties("products", self.graph.tables["products"].schema))
        if taken:
            raise StoreError(
                f"the property {sorted(taken)[0]!r} holds the figures of a run; remove that run first, or "
                "write it again with a prefix"
            )
        yield from plan(old, self.graph)
        told = self.state(state.number + 1)
        there = {item.sha256 for item in state.files.values()} if state.complete else set()
        for name, data in sorted(self.files.items()):
            if told.files[name].sha256 not in there:
                yield from (Step(_PARTS, some) for some in batches(parts_of(data)))
        yield Step(_SWITCH, [{"p": told.properties()}])
        yield Step(_OLD_PARTS, [{"kept": sorted({item.sha256 for item in told.files.values()})}])


def run_steps(transaction: "ManagedTransaction", steps: Iterable[Step], address: str) -> None:
    """Run steps in a transaction. Raises `StoreError` where a node belongs to others, or one is missing."""
    for step in steps:
        if step.refuse is not None:
            record = transaction.run(step.refuse, rows=step.rows).single()
            if record is not None:
                place = repr(str(record[0])[:200])
                raise StoreError(f"{address}: {step.refusal.replace('{place}', place)}")
        text = f"{step.text} RETURN count(*) AS matched" if step.counted else step.text
        record = transaction.run(text, rows=step.rows, **step.parameters).single(strict=False)
        if step.counted and (record is None or record["matched"] != len(step.rows)):
            raise StoreError(
                f"{address}: a node that a relationship or a figure needs is not there; nothing was changed: "
                "was the graph written, or changed meanwhile? Write it again"
            )


def _check_order(graph: Graph) -> None:
    """Raise `StoreError` for rows that could not be told apart, or would come back in another order."""
    missing = sorted({"products"} - set(graph.tables))
    if missing:
        raise StoreError(
            "a graph without a table of products cannot be written; make it with Graph.from_tables"
        )
    for name, table in graph.tables.items():
        keys = ("product", "parent") if name == "edges" else ("id",)
        if not _ascends(table, keys):
            raise StoreError(
                f"the rows of {name} are not sorted by {' and '.join(keys)}, each once; "
                "make the graph with Graph.from_tables"
            )
    for name in graph.ids:
        try:
            split_id(name)
        except ValueError as error:
            raise StoreError(f"products: {error}") from None
    if "edges" in graph.tables:
        _check_types(graph)


def _check_types(graph: Graph) -> None:
    """Raise `StoreError` for an edge whose type is not that of its ends; a part of the edges at a time."""
    kinds = [intern(kind_of(name)) for name in graph.ids]
    table = graph.tables["edges"].select(["product", "parent", "type"])
    for start in range(0, table.num_rows, _ROWS):
        part = table.slice(start, _ROWS)
        for product, parent, told in zip(*(item.to_pylist() for item in part.columns), strict=True):
            if told != edge_type(kinds[product], kinds[parent]):
                raise StoreError(
                    f"edge {graph.ids[product]} <- {graph.ids[parent]} has the type {told!r}, not "
                    f"{edge_type(kinds[product], kinds[parent])!r}; make the graph with Graph.from_tables"
                )


def _ascends(table: pa.Table, keys: tuple[str, ...]) -> bool:
    if table.num_rows < 2:
        return all(table.column(key).null_count == 0 for key in keys)
    columns = [table.column(key).combine_chunks() for key in keys]
    if any(item.null_count for item in columns):
        return False
    above = pa.array([False] * (table.num_rows - 1))
    equal = pa.array([True] * (table.num_rows - 1))
    for item in columns:
        before, after = item.slice(0, len(item) - 1), item.slice(1)
        above = pc.or_(above, pc.and_(equal, pc.greater(after, before)))
        equal = pc.and_(equal, pc.equal(after, before))
    return bool(pc.all(above).as_py())
