"""Figures of a run on the nodes they belong to, in one namespace, and the run itself as `(:LineageRun)`.

Properties: `lineage_run`; `own_`, `cumulative_`, `epc_` and `burden_` with the unit and the bounds
(`epc_gco2e`, `epc_gco2e_lo`, `epc_gco2e_hi`); `own_tier`, `retained_share`, `covered`; each after the prefix of
the namespace. The shares that the run handed cost down by are relationships of their own type, `LINEAGE_SHARE
{lineage_run, w, weight_source}`, from the product to what it carries a part of: so they are there for platforms
that jobs alone name, and in a model of others no relationship of theirs is changed. A figure or a share counts
where its `lineage_run` is the id of a `(:LineageRun)` that exists.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lineage.errors import StoreError
from lineage.schema import kind_of
from lineage.stores.kept_run import (
    RUN_PROPERTY,
    SHARE_TYPE,
    SHARES,
    KeptRun,
    figure_columns,
    figure_names,
    is_sound,
    prefixed,
)
from lineage.stores.neo4j_model import OURS, label_of, long_name, quoted, stored_key
from lineage.stores.neo4j_plan import Step, batches

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = ["Stale", "Target", "find_results", "find_stale", "read_run", "remove_steps", "result_steps"]

_RUNS: Final = "MATCH (r:LineageRun) WITH r ORDER BY r.id RETURN properties(r) AS run"
# A run that is being written or removed in several transactions: its figures do not count, and are known as ours.
_UNFINISHED: Final = "MATCH (r:LineageUnfinished) WITH r ORDER BY r.id RETURN properties(r) AS run"
_END_RUN: Final = (
    "UNWIND $rows AS row MATCH (r:LineageRun {id: row.id}) SET r:LineageUnfinished REMOVE r:LineageRun"
)
_BEGIN_RUN: Final = "UNWIND $rows AS row MERGE (r:LineageUnfinished {id: row.id}) SET r = row"
_SET_RUN: Final = (
    "UNWIND $rows AS row OPTIONAL MATCH (u:LineageUnfinished) WHERE u.prefix = row.prefix DETACH DELETE u "
    "WITH DISTINCT row MERGE (r:LineageRun {id: row.id}) SET r = row"
)
_FORGET_RUN: Final = "UNWIND $rows AS row MATCH (r:LineageUnfinished {id: row.id}) DETACH DELETE r"
_CLEAR: Final = "UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.key SET n += $nothing"
_FREE: Final = "UNWIND $rows AS row MATCH ()-[r]->() WHERE elementId(r) = row.key DELETE r"
_SHARES_OF: Final = (
    f"MATCH ()-[r:{SHARE_TYPE}]->() WHERE r.{RUN_PROPERTY} IN $runs RETURN elementId(r) AS key"
)
_TAKEN: Final = (
    "the property of a figure is on a node already, at {place}, and not written by a run: nothing was "
    "changed; give a prefix"
)

Found = Sequence[Mapping[str, Any]]
Match = Callable[[str, str, str], str]
Rows = dict[tuple[str, str], list[dict[str, Any]]]


class Target:
    """Which nodes take figures: those of our graph, or those of a model that a mapping describes.

    `match(variable, label, key)` is the pattern that finds a node; `rows` are (label, key, product id). Several
    nodes may be the same product: each gets its figures and carries its shares, the first stands for it as a parent.
    """

    def __init__(self, labels: Sequence[str], match: Match, rows: Sequence[tuple[str, str, str]]) -> None:
        self.labels = tuple(labels)
        self._match = match
        self.rows = sorted(rows)

    @classmethod
    def ours(cls, products: Sequence[str]) -> "Target":
        """Return the nodes that `write` made for these products."""
        rows = [(label_of("products", kind_of(name)), stored_key(name), name) for name in products]
        return cls([OURS], lambda n, label, key: f"MATCH ({n}:{label}:{OURS} {{id: {key}}})", rows)

    @classmethod
    def foreign(cls, labels: Sequence[str], rows: Sequence[tuple[str, str, str]]) -> "Target":
        """Return nodes of others, known by their element ids."""

        def match(n: str, label: str, key: str) -> str:
            return f"MATCH ({n}:{quoted(label)}) WHERE elementId({n}) = {key}"

        return cls(labels, match, rows)

    def figure_steps(self, figures: Mapping[str, Mapping[str, Any]]) -> Iterator[Step]:
        """Yield what puts its properties onto the node of every product."""
        for label in sorted({label for label, _, _ in self.rows}):
            text = f"UNWIND $rows AS row {self._match('n', label, 'row.key')} SET n += row.p"
            rows = ({"key": key, "p": figures[name]} for at, key, name in self.rows if at == label)
            yield from (Step(text, some, counted=True) for some in batches(rows))

    def share_steps(self, run: KeptRun) -> Iterator[Step]:
        """Yield what makes the relationships that hold the shares; made again, they stay as they are."""
        for (above, below), rows in sorted(self._share_rows(run.shares).items()):
            text = (
                f"UNWIND $rows AS row {self._match('a', above, 'row.a')} {self._match('b', below, 'row.b')} "
                f"MERGE (a)-[r:{SHARE_TYPE} {{{RUN_PROPERTY}: $run}}]->(b) "
                "SET r.w = row.w, r.weight_source = row.weight_source"
            )
            yield from (Step(text, some, {"run": run.id}, counted=True) for some in batches(rows))

    def _share_rows(self, shares: pa.Table) -> Rows:
        nodes: dict[str, list[tuple[str, str]]] = {}
        for label, key, name in self.rows:
            nodes.setdefault(name, []).append((label, key))
        found: Rows = {}
        for row in zip(*(shares.column(name).to_pylist() for name in SHARES.names), strict=True):
            product, parent, w, source = row
            if parent not in nodes:  # a mapping may find fewer nodes than the graph has products
                continue
            below, b = nodes[parent][0]
            for above, a in nodes.get(product, ()):
                found.setdefault((above, below), []).append({"a": a, "b": b, "w": w, "weight_source": source})
        return found


class Stale:
    """What runs that go have left: element ids of nodes with figures, and of relationships with shares."""

    def __init__(self, nodes: Sequence[str], shares: Sequence[str]) -> None:
        self.nodes, self.shares = tuple(nodes), tuple(shares)

    def steps(self, nothing: Sequence[str]) -> Iterator[Step]:
        """Yield what removes these properties and these relationships."""
        parameters = {"nothing": dict.fromkeys(nothing)}
        yield from (Step(_CLEAR, some, parameters) for some in batches({"key": key} for key in self.nodes))
        yield from (Step(_FREE, some) for some in batches({"key": key} for key in self.shares))


def find_results(transaction: "ManagedTransaction", *, unfinished: bool = False) -> list[dict[str, Any]]:
    """Return the runs in the database, sorted by id; after them, where asked for, what interrupted writers left."""
    runs = []
    records = list(transaction.run(_RUNS))
    for record in (*records, *(transaction.run(_UNFINISHED) if unfinished else ())):
        run = dict(record["run"])
        run["prefix"] = str(run.get("prefix", ""))
        if is_sound(run):
            # Not as the node lists them: it could be changed to list what is not ours.
            runs.append(run | {"properties": figure_names(run["prefix"], run["impact"])})
    return runs


def result_steps(run: KeptRun, target: Target, found: Found, stale: Stale) -> Callable[[], Iterator[Step]]:
    """Return what yields the steps that put a run into the database; `stale` is what the namespace holds now."""
    names = figure_names(run.prefix, run.node["impact"])
    before = [item for item in found if item["prefix"] == run.prefix]
    nothing = sorted({*(name for item in before for name in item["properties"]), *names})
    owned = {name for item in found for name in item["properties"]}
    figures = prefixed(run, keep_nulls=True)
    node = {**run.node, "labels": list(target.labels), "properties": names, "products": len(target.rows)}

    def steps() -> Iterator[Step]:
        yield from _refusals(target, sorted(set(names) - owned))
        yield Step(_END_RUN, [{"id": item["id"]} for item in before])
        yield Step(_BEGIN_RUN, [node])
        yield from stale.steps(nothing)
        yield from target.figure_steps(figures)
        yield from target.share_steps(run)
        yield Step(_SET_RUN, [node])

    return steps


def _refusals(target: Target, names: Sequence[str]) -> Iterator[Step]:
    """Yield steps that change nothing, and refuse where a name is on a node that no run wrote."""
    for label in target.labels if names else ():
        where = " OR ".join(f"n.{name} IS NOT NULL" for name in names)
        refuse = f"MATCH (n:{quoted(label)}) WHERE {where} RETURN coalesce(n.id, elementId(n)) LIMIT 1"
        yield Step("UNWIND $rows AS row RETURN row", [], refuse=refuse, refusal=_TAKEN)


def find_stale(transaction: "ManagedTransaction", runs: Found) -> Stale:
    """Return what these runs have in the database."""
    nodes: list[str] = []
    for run in runs:
        key = f"{run['prefix']}{RUN_PROPERTY}"
        for label in run.get("labels", [OURS]):
            answer = transaction.run(
                f"MATCH (n:{quoted(label)}) WHERE n.{key} = $run RETURN elementId(n)", run=run["id"]
            )
            nodes += [record[0] for record in answer]
    shares = transaction.run(_SHARES_OF, runs=[run["id"] for run in runs]) if runs else ()
    return Stale(nodes, [record["key"] for record in shares])


def remove_steps(run: Mapping[str, Any], stale: Stale) -> Iterator[Step]:
    """Yield the steps that remove a run: first what says that its figures count."""
    yield Step(_END_RUN, [{"id": run["id"]}])
    yield from stale.steps(run["properties"])
    yield Step(_FORGET_RUN, [{"id": run["id"]}])


def read_run(transaction: "ManagedTransaction", run: Mapping[str, Any], address: str) -> KeptRun:
    """Return a run with its figures and shares. Raises `StoreError` for one on the nodes of another model."""
    if list(run.get("labels", [OURS])) != [OURS]:
        raise StoreError(
            f"{address}: the figures of run {run['id']!r} are on nodes of another model, which are no products "
            "elsewhere; copy the graph with --mapping, and compute it there: lineage cost --write-back"
        )
    columns = figure_columns(run["impact"])
    name = f"coalesce(n.{long_name('id')}, n.id)"
    wanted = ", ".join(f"n.{run['prefix']}{column}" for column in columns)
    mark = f"{run['prefix']}{RUN_PROPERTY}"
    rows = transaction.run(
        f"MATCH (n:{OURS}:Product) WHERE n.{mark} = $run RETURN {name} AS id, {wanted}", run=run["id"]
    ).values()
    types = {"id": pa.string(), **dict.fromkeys(columns, pa.float64()), "own_tier": pa.string()}
    cells = zip(*rows, strict=True) if rows else iter([()] * len(types))
    figures = {key: pa.array(values, kind) for (key, kind), values in zip(types.items(), cells, strict=True)}
    shares = transaction.run(
        f"MATCH (n:{OURS})-[r:{SHARE_TYPE} {{{RUN_PROPERTY}: $run}}]->(m:{OURS}) RETURN {name} AS product, "
        f"{name.replace('n.', 'm.')} AS parent, r.w AS w, r.weight_source AS weight_source",
        run=run["id"],
    ).values()
    told = pa.table([list(item) for item in zip(*shares, strict=True)] or [[]] * len(SHARES), schema=SHARES)
    node = {key: value for key, value in run.items() if key not in ("labels", "properties")}
    if len(rows) != run.get("products") or told.num_rows != run.get("shares"):
        raise StoreError(
            f"{address}: run {run['id']!r} is no longer whole: the graph was changed since; compute it again "
            "with: lineage cost --write-back"
        )
    by_ends = [("product", "ascending"), ("parent", "ascending")]
    return KeptRun(node, pa.table(figures).sort_by("id"), told.sort_by(by_ends))
