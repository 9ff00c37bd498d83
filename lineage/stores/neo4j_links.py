"""Relationships and source nodes that follow from jobs and claims, for whoever asks in Cypher.

`MADE_BY`, `SERVES` and `RAN_IN` say the product and the platform of a job; `RAN_ON`, `POWERED_BY` and
`REPORTED_IN` repeat what properties say, and are made anew with every graph.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lineage.graph import Graph
from lineage.schema import IMPACTS, SOURCE_COLUMNS, kind_of
from lineage.stores.neo4j_model import LINK_TYPES, NODE_LABELS, OURS, label_of, link_of_job, stored_key

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = ["Link", "links_of", "read_links", "read_sources", "sources_of"]

_KEY_LABELS: Final = ("Model", "Dataset", "Platform", "Job", "System", "Grid", "Source", "Product")


class Link(NamedTuple):
    """A relationship without properties: its type, and label and stored id at both ends."""

    kind: str
    above: str
    a: str
    below: str
    b: str


def links_of(graph: Graph) -> frozenset[Link]:
    """Return the links that a graph needs."""
    return frozenset([*_of_jobs(graph), *_of_figures(graph)])


def _of_jobs(graph: Graph) -> Iterator[Link]:
    if "jobs" not in graph.tables or not graph.tables["jobs"].num_rows:
        return
    jobs = graph.tables["jobs"]
    known = {
        name: set(graph.texts(name, "id")) if name in graph.tables else set() for name in ("systems", "grids")
    }
    wanted = ("id", "product", "platform", "phase", "system", "grid")
    columns = [
        jobs.column(name).to_pylist() if name in jobs.column_names else [None] * len(jobs) for name in wanted
    ]
    for name, product, platform, phase, system, grid in zip(*columns, strict=True):
        job = stored_key(name)
        made = graph.ids[product]
        label, key = label_of("products", kind_of(made)), stored_key(made)
        if link_of_job(phase) == "MADE_BY":
            yield Link("MADE_BY", label, key, "Job", job)
        else:
            yield Link("SERVES", "Job", job, label, key)
        if platform is not None:
            place = graph.ids[platform]
            yield Link("RAN_IN", "Job", job, label_of("products", kind_of(place)), stored_key(place))
        for table, kind, named in (("systems", "RAN_ON", system), ("grids", "POWERED_BY", grid)):
            if named in known[table]:
                yield Link(kind, "Job", job, NODE_LABELS[table], stored_key(named))


def _of_figures(graph: Graph) -> Iterator[Link]:
    """Yield which source the winning figures come from: "FILE" or "FILE, PLACE", as `own_carbon_source` says it."""
    sources = sources_of(graph)
    if not sources:
        return
    cited = _Cited(graph, sources)
    for impact in IMPACTS.values():
        column = f"{impact.column.rsplit('_', 1)[0]}_source"
        if column not in graph.tables["products"].column_names:
            continue
        for code, text in enumerate(graph.texts("products", column)):
            key = cited.source(text, graph.ids[code]) if text else None
            if key is not None:
                name = graph.ids[code]
                yield Link(
                    "REPORTED_IN", label_of("products", kind_of(name)), stored_key(name), "Source", key
                )


class _Cited:
    """Finds the source that a figure names: by its address, or by its file name.

    Of several files with one name it is the one that speaks of the product, if only one does.
    """

    def __init__(self, graph: Graph, sources: Mapping[str, Any]) -> None:
        self._graph, self._sources = graph, sources
        self._named: dict[str, list[str]] = {}
        for key in sources:
            self._named.setdefault(key.rpartition("/")[2], []).append(key)

    def source(self, text: str, product: str) -> str | None:
        """Return the stored id of the source; None where that cannot be told."""
        while text:
            if stored_key(text) in self._sources:
                return stored_key(text)
            named = self._named.get(text, ())
            if len(named) > 1:
                named = [key for key in named if key in self._speaking.get(product, ())]
            if len(named) == 1:
                return named[0]
            text = text.rpartition(", ")[0]
        return None

    @cached_property
    def _speaking(self) -> dict[str, set[str]]:
        """Product -> stored ids of the sources that have a row about it."""
        claims = self._graph.claims
        if claims is None or "products" not in claims.tables:
            return {}
        keys = [stored_key(address) for address in claims.sources.column("address").to_pylist()]
        table = claims.tables["products"]
        found: dict[str, set[str]] = {}
        for name, source in zip(*(table.column(item).to_pylist() for item in ("id", "source")), strict=True):
            found.setdefault(name, set()).add(keys[source])
        return found


def sources_of(graph: Graph) -> dict[str, dict[str, Any]]:
    """Return stored id -> properties of the sources that the claims name; {} for a graph without claims."""
    if graph.claims is None:
        return {}
    names = [item.name for item in SOURCE_COLUMNS]
    made = {}
    for row in graph.claims.sources.select(names).to_pylist():
        key = stored_key(row["address"])
        made[key] = {"id": key} | {name: value for name, value in row.items() if value is not None}
    return made


def read_links(transaction: "ManagedTransaction") -> frozenset[Link]:
    """Return the links that the database holds between nodes of ours."""
    found = []
    for kind in LINK_TYPES:
        answer = transaction.run(
            f"MATCH (a:{OURS})-[r:{kind}]->(b:{OURS}) "
            "RETURN labels(a) AS above, a.id AS a, labels(b) AS below, b.id AS b"
        )
        for row in answer:
            above, below = _key_label(row["above"]), _key_label(row["below"])
            found.append(Link(kind, above, row["a"], below, row["b"]))
    return frozenset(found)


def _key_label(labels: list[str]) -> str:
    return next((label for label in _KEY_LABELS if label in labels), OURS)


def read_sources(transaction: "ManagedTransaction") -> dict[str, dict[str, Any]]:
    """Return stored id -> properties of the sources that the database holds."""
    names = ["id", *(item.name for item in SOURCE_COLUMNS)]
    answer = transaction.run(f"MATCH (s:{OURS}:Source) RETURN s.id AS id, properties(s) AS p")
    return {row["id"]: {name: row["p"][name] for name in names if name in row["p"]} for row in answer}
