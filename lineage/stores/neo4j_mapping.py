"""A mapping file: how labels, keys, relationships and properties of another model correspond to ours (TOML).

::

    [[products]]
    kind = "model"                    # model, dataset or platform
    label = "FoundationModel"
    key = "uuid"                      # the property that names it: the product is "model:" and its value
    [products.properties]             # column of our own tables = their property, with its unit where it has one
    name = "title"
    own_carbon = { property = "training_co2", unit = "t" }

    [[edges]]
    type = "FINETUNED_FROM"
    start = "FoundationModel"         # labels at both ends of the relationship
    end = "FoundationModel"
    made = "start"                    # which end was made out of the other
    relation = "fine-tune"            # further columns that are the same for all
    [edges.properties]
    w = "share"

    [[jobs]]
    label = "TrainingRun"
    key = "run"
    phase = "training"
    product = { type = "PRODUCED", label = "FoundationModel", direction = "out" }   # from the job, or "in" to it
    grid = { type = "DREW_FROM", label = "Supply", direction = "out" }
    [jobs.properties]
    energy = { property = "mwh", unit = "MWh" }

    [[systems]]                       # and [[grids]]: label, key, properties
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lineage.errors import ImportFault, did_you_mean
from lineage.schema import CLAIM_TABLES, KINDS

__all__ = ["EdgeMap", "JobLink", "ModelMapping", "NodeMap", "Property", "load_mapping", "parse_mapping"]

_LARGEST_BYTES: Final = 1 << 20
_LINKS: Final = {"product": KINDS, "platform": KINDS, "system": ("systems",), "grid": ("grids",)}
_NOT_MAPPED: Final = ("id", "product", "parent", "source", "place")


@dataclass(frozen=True, slots=True)
class Property:
    """Where a column comes from: their property, and the unit of its numbers."""

    column: str
    name: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class JobLink:
    """The relationship that leads from a job to its product, platform, system or grid."""

    column: str
    type: str
    label: str
    out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMap:
    """Nodes with one label: rows of `table`; `kind` is that of products."""

    where: str
    table: str
    label: str
    key: str
    kind: str = ""
    properties: tuple[Property, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[JobLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeMap:
    """Relationships of one type between two labels; `made_is_start`: the start was made out of the end."""

    where: str
    type: str
    start: str
    end: str
    made_is_start: bool
    properties: tuple[Property, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelMapping:
    """A checked mapping; that the database has what it names is checked when it is used."""

    source: str
    nodes: tuple[NodeMap, ...]
    edges: tuple[EdgeMap, ...]

    def products(self) -> list[NodeMap]:
        """Return the labels that are products."""
        return [item for item in self.nodes if item.table == "products"]

    def node(self, label: str, tables: Sequence[str]) -> NodeMap | None:
        """Return what a label is, among some tables; None where the mapping does not say."""
        return next((item for item in self.nodes if item.label == label and item.table in tables), None)


def load_mapping(path: str | Path) -> ModelMapping:
    """Read a mapping file. Raises `ImportFault` with file, place, problem and way out."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise ImportFault(str(file), "", f"it cannot be read: {error.strerror or error}") from None
    if len(data) > _LARGEST_BYTES:
        raise ImportFault(str(file), "", "it is larger than 1 MiB, which no mapping is")
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ImportFault(str(file), "", f"it is not TOML: {error}") from None
    return parse_mapping(tree, str(file))


def parse_mapping(tree: Mapping[str, Any], source: str = "mapping") -> ModelMapping:
    """Check a mapping given as the tree of its TOML file. Raises `ImportFault`."""
    reading = _Reading(source)
    reading.names("", tree, ("products", "edges", "jobs", "systems", "grids"))
    nodes = [
        reading.node(table, number, entry)
        for table in ("products", "systems", "grids", "jobs")
        for number, entry in enumerate(reading.entries(table, tree), 1)
    ]
    edges = [reading.edge(number, entry) for number, entry in enumerate(reading.entries("edges", tree), 1)]
    mapping = ModelMapping(source, tuple(nodes), tuple(edges))
    if not mapping.products():
        raise ImportFault(source, "", "it maps no products; begin with [[products]]: kind, label, key")
    labels = [item.label for item in mapping.products()]
    for item in mapping.edges:
        for end in (item.start, item.end):
            if end not in labels:
                reading.fail(item.where, f"no [[products]] has the label {end!r}{did_you_mean(end, labels)}")
    for node in mapping.nodes:
        for link in node.links:
            tables = ("products",) if link.column in ("product", "platform") else _LINKS[link.column]
            if mapping.node(link.label, tables) is None:
                known = [item.label for item in mapping.nodes if item.table in tables]
                hint = did_you_mean(link.label, known)
                reading.fail(
                    f"{node.where}, {link.column}", f"no [[{tables[0]}]] has the label {link.label!r}{hint}"
                )
    return mapping


class _Reading:
    """Reads the tables of one mapping; every fault names its place."""

    def __init__(self, source: str) -> None:
        self._source = source

    def fail(self, where: str, problem: str) -> None:
        raise ImportFault(self._source, where, problem)

    def names(self, where: str, entry: Any, known: Sequence[str]) -> None:
        if not isinstance(entry, dict):
            self.fail(where, "it is not a table of names and values")
        for name in entry:
            if name not in known:
                hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
                self.fail(where, f"{name!r} is not known here{hint}")

    def entries(self, table: str, tree: Mapping[str, Any]) -> list[Any]:
        found = tree.get(table, [])
        if not isinstance(found, list):
            self.fail(table, f"write it with two brackets: [[{table}]]")
        return list(found)

    def text(self, where: str, entry: Mapping[str, Any], name: str, known: Sequence[str] = ()) -> str:
        value = entry.get(name)
        if not isinstance(value, str) or not value or "\0" in value:
            choice = f": {', '.join(known)}" if known else ""
            self.fail(where, f"{name} is missing or not a text; give one{choice}")
        assert isinstance(value, str)
        if known and value not in known:
            self.fail(where, f"{name} is {value!r}{did_you_mean(value, known)}; there are {', '.join(known)}")
        return value

    def node(self, table: str, number: int, entry: Any) -> NodeMap:
        where = f"[[{table}]] {number}"
        columns = _columns(table)
        links = tuple(_LINKS) if table == "jobs" else ()
        kind = ("kind",) if table == "products" else ()
        self.names(where, entry, (*kind, "label", "key", "properties", *links, *columns))
        found = NodeMap(
            where=where,
            table=table,
            label=self.text(where, entry, "label"),
            key=self.text(where, entry, "key"),
            kind=self.text(where, entry, "kind", KINDS) if kind else "",
            properties=self.properties(where, entry, columns),
            constants={name: value for name, value in entry.items() if name in columns and name not in links},
            links=tuple(self.link(where, name, entry[name]) for name in links if name in entry),
        )
        told = {item.column for item in found.properties} | set(found.constants)
        if table == "jobs" and ("product" not in entry or "phase" not in told):
            self.fail(where, "a job needs its product (a relationship) and its phase (a text or a property)")
        return found

    def link(self, where: str, name: str, entry: Any) -> JobLink:
        place = f"{where}, {name}"
        self.names(place, entry, ("type", "label", "direction"))
        out = self.text(place, entry, "direction", ("out", "in")) == "out"
        return JobLink(name, self.text(place, entry, "type"), self.text(place, entry, "label"), out)

    def edge(self, number: int, entry: Any) -> EdgeMap:
        where = f"[[edges]] {number}"
        columns = _columns("edges")
        self.names(where, entry, ("type", "start", "end", "made", "properties", *columns))
        return EdgeMap(
            where=where,
            type=self.text(where, entry, "type"),
            start=self.text(where, entry, "start"),
            end=self.text(where, entry, "end"),
            made_is_start=self.text(where, entry, "made", ("start", "end")) == "start",
            properties=self.properties(where, entry, columns),
            constants={name: value for name, value in entry.items() if name in columns},
        )

    def properties(
        self, where: str, entry: Mapping[str, Any], columns: Mapping[str, bool]
    ) -> tuple[Property, ...]:
        place = f"{where}, properties"
        given = entry.get("properties", {})
        self.names(place, given, tuple(columns))
        made = []
        for column, said in given.items():
            told = {"property": said} if isinstance(said, str) else said
            self.names(f"{place}, {column}", told, ("property", "unit"))
            unit = self.text(f"{place}, {column}", told, "unit") if "unit" in told else ""
            if unit and not columns[column]:
                self.fail(
                    f"{place}, {column}",
                    "this column has a fixed unit; use the column without one in its name",
                )
            made.append(Property(column, self.text(f"{place}, {column}", told, "property"), unit))
        return tuple(made)


def _columns(table: str) -> dict[str, bool]:
    """Return the columns that a mapping may fill, and whether a value brings its unit."""
    columns: dict[str, bool] = {}
    for item in CLAIM_TABLES[table]:
        if item.name not in _NOT_MAPPED:
            columns[item.name] = False
        if item.spelled:
            columns[item.spelled] = True
    return columns
