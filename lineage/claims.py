"""Claims: what each source says, row by row, with its place; nothing merged, nothing decided.

An importer fills a `ClaimsBuilder`; `resolve` (graph.py) makes one graph of all claims. Because a store keeps
the claims, loading a source again replaces exactly what it said before, and every figure can name its origin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from lineage.findings import Finding, finding
from lineage.schema import CLAIM_TABLES, SOURCE_COLUMNS, Column

__all__ = ["ARROW_TYPES", "Claims", "ClaimsBuilder", "Source", "conform", "stack"]

ARROW_TYPES: Final = {
    "text": pa.string(),
    "date": pa.string(),
    "number": pa.float64(),
    "count": pa.int32(),
    "flag": pa.bool_(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file or address that figures come from.

    `root` is what the user asked to load: a folder, a file or an address. Loading it again replaces every
    source with the same root.
    """

    address: str
    root: str = ""
    format: str = ""
    sha256: str = ""
    title: str | None = None
    url: str | None = None
    licence: str | None = None
    retrieved_at: str | None = None

    def as_row(self) -> dict[str, str | None]:
        """Return the row of the sources table; an empty root is the address itself."""
        row = {item.name: getattr(self, item.name) for item in SOURCE_COLUMNS}
        return row | {"root": self.root or self.address}


def conform(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """Return the table with all these columns in their types, in order, and then its own further columns.

    A missing column is added as nulls; further columns (attributes) are kept, sorted by name.
    """
    present = dict(zip(table.column_names, table.columns, strict=True))
    arrays: list[Any] = []
    fields: list[Any] = []
    for item in columns:
        kind = ARROW_TYPES[item.type]
        values = present.pop(item.name, None)
        if values is None:
            values = pa.nulls(table.num_rows, kind)
        arrays.append(values if values.type == kind else values.cast(kind))
        fields.append(pa.field(item.name, kind))
    for name in sorted(present):
        arrays.append(present[name])
        fields.append(pa.field(name, present[name].type))
    return pa.table(arrays, schema=pa.schema(fields))


def stack(tables: list[pa.Table], columns: Iterable[Column]) -> pa.Table:
    """Return the tables one under the other; an attribute of numbers and of anything else becomes text."""
    columns = list(columns)
    if not tables:
        return conform(pa.table({}), columns)
    if len(tables) == 1:
        return conform(tables[0], columns)
    types: dict[str, set[Any]] = {}
    for table in tables:
        for item in table.schema:
            if not pa.types.is_null(item.type):
                types.setdefault(item.name, set()).add(item.type)
    for item in columns:
        types.pop(item.name, None)
    common = {name: _common_type(seen) for name, seen in types.items() if len(seen) > 1}
    ready = []
    for table in tables:
        for name in sorted(common.keys() & set(table.column_names)):
            place = table.column_names.index(name)
            table = table.set_column(place, name, table.column(name).cast(common[name]))
        ready.append(conform(table, columns))
    return pa.concat_tables(ready, promote_options="default").combine_chunks()


def _common_type(types: set[Any]) -> Any:
    """Return the type that holds values of all these types: whole numbers and fractions are numbers, else text."""
    numbers = all(pa.types.is_integer(item) or pa.types.is_floating(item) for item in types)
    return pa.float64() if numbers else pa.string()


@dataclass(frozen=True)
class Claims:
    """Tables of claims (columns: `lineage.schema.CLAIM_TABLES`), the sources they come from, and findings.

    The column `source` of every table is a row number of `sources`.
    """

    sources: pa.Table
    tables: Mapping[str, pa.Table]
    findings: tuple[Finding, ...] = ()

    @classmethod
    def empty(cls) -> "Claims":
        """Return claims that say nothing."""
        tables = {name: conform(pa.table({}), columns) for name, columns in CLAIM_TABLES.items()}
        return cls(conform(pa.table({}), SOURCE_COLUMNS), tables)

    @classmethod
    def concat(cls, parts: Iterable["Claims"]) -> "Claims":
        """Return all parts as one, in this order: a later source counts as newer."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        offset = 0
        shifted: dict[str, list[pa.Table]] = {name: [] for name in CLAIM_TABLES}
        for part in parts:
            for name, table in part.tables.items():
                if table.num_rows:
                    shifted[name].append(_shift_source(table, offset))
            offset += part.sources.num_rows
        tables = {name: stack(shifted[name], columns) for name, columns in CLAIM_TABLES.items()}
        sources = stack([part.sources for part in parts], SOURCE_COLUMNS)
        return cls(sources, tables, tuple(item for part in parts for item in part.findings))

    def roots(self) -> list[str]:
        """Return what was loaded, in order, each once."""
        return list(dict.fromkeys(self.sources.column("root").to_pylist()))

    def without(self, root: str) -> "Claims":
        """Return the claims without those of one root."""
        return self._keeping([name != root for name in self.sources.column("root").to_pylist()])

    def superseded_by(self, newer: "Claims") -> "Claims":
        """Return the claims without those of a root, or of a file, that newer claims speak for."""
        roots, files = set(newer.roots()), set(newer.sources.column("address").to_pylist())
        names = zip(
            self.sources.column("root").to_pylist(), self.sources.column("address").to_pylist(), strict=True
        )
        return self._keeping([root not in roots and address not in files for root, address in names])

    def _keeping(self, kept: list[bool]) -> "Claims":
        """Return the claims of these sources only, numbered anew."""
        keep = [row for row, wanted in enumerate(kept) if wanted]
        dropped = set(self.sources.column("address").to_pylist())
        sources = self.sources.take(pa.array(keep, pa.int64()))
        dropped -= set(sources.column("address").to_pylist())
        renumber = {old: new for new, old in enumerate(keep)}
        tables = {}
        for name, table in self.tables.items():
            numbers = [renumber.get(number) for number in table.column("source").to_pylist()]
            place = table.column_names.index("source")
            table = table.set_column(place, "source", pa.array(numbers, pa.int32()))
            tables[name] = table.filter(table.column("source").is_valid())
        return Claims(sources, tables, tuple(item for item in self.findings if item.source not in dropped))


def _shift_source(table: pa.Table, offset: int) -> pa.Table:
    if not offset:
        return table
    import pyarrow.compute as pc

    place = table.column_names.index("source")
    moved = pc.add(table.column("source"), pa.scalar(offset, pa.int32()))
    return table.set_column(place, "source", moved)


@dataclass
class ClaimsBuilder:
    """Collects the claims of one source, row by row.

    Values are given under the names of `lineage.schema.CLAIM_TABLES` in their base units; any other name is
    kept as an attribute. Ids are prefixed ("model:NAME").

    >>> build = ClaimsBuilder(Source(address="cards/a.md", format="huggingface"))
    >>> build.product("model:a", place="line 2", downloads=10)
    >>> build.edge("model:a", "model:base", place="line 3", relation="fine-tune")
    >>> claims = build.done()
    >>> claims.tables["edges"].column("parent").to_pylist()
    ['model:base']
    """

    source: Source
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in CLAIM_TABLES})
    findings: list[Finding] = field(default_factory=list)

    def product(self, /, id: str, *, place: str = "", **values: Any) -> None:
        """Say something about a product."""
        values["id"] = id
        values["place"] = place
        self.rows["products"].append(values)

    def edge(self, /, product: str, parent: str, *, place: str = "", **values: Any) -> None:
        """Say that a product was made out of a parent."""
        values["product"] = product
        values["parent"] = parent
        values["place"] = place
        self.rows["edges"].append(values)

    def job(self, /, id: str, product: str, phase: str, *, place: str = "", **values: Any) -> None:
        """Say that a job made, re-trained or served a product."""
        self.rows["jobs"].append({**values, "id": id, "product": product, "phase": phase, "place": place})

    def system(self, /, id: str, *, place: str = "", **values: Any) -> None:
        """Describe a kind of hardware."""
        self.rows["systems"].append({**values, "id": id, "place": place})

    def grid(self, /, id: str, *, place: str = "", **values: Any) -> None:
        """Describe an electricity supply."""
        self.rows["grids"].append({**values, "id": id, "place": place})

    def finding(self, code: str, subject: str, text: str, *, place: str = "") -> None:
        """Record what was repaired, guessed or left out, with file, place and name."""
        self.findings.append(finding(code, subject, text, source=self.source.address, place=place))

    def done(self) -> Claims:
        """Return the claims as columns."""
        sources = pa.Table.from_pylist(
            [self.source.as_row()], schema=pa.schema([(item.name, pa.string()) for item in SOURCE_COLUMNS])
        )
        tables = {name: _columns(rows, CLAIM_TABLES[name]) for name, rows in self.rows.items()}
        return Claims(sources, tables, tuple(self.findings))


def _columns(rows: list[dict[str, Any]], columns: tuple[Column, ...]) -> pa.Table:
    """Turn rows into a table, filling what a row does not say with null."""
    types = {item.name: ARROW_TYPES[item.type] for item in columns}
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    arrays = {}
    for name in names:
        values = [row.get(name) for row in rows]
        arrays[name] = pa.array(values, types[name]) if name in types else _attribute(values)
    arrays["source"] = pa.array([0] * len(rows), pa.int32())
    return conform(pa.table(arrays), columns)


def _attribute(values: list[Any]) -> pa.Array:
    """Return an attribute column: its own type if all values share one, else text."""
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        array = pa.array([None if value is None else str(value) for value in values], pa.string())
    if pa.types.is_nested(array.type):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return array
