"""What differs between two graphs: products, edges, jobs, hardware and grids that came, went or changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.claims import conform
from lineage.conversion import with_ids
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios.movement import Moved, common_view, figures, moved
from lineage.schema import GRAPH_TABLES
from lineage.views.cost import Cost, cost

__all__ = ["Diff", "Difference", "diff", "differences"]

_NAMES: Final = ("id", "product", "parent")
# What only says how a figure came about: left out of the inputs of a scenario.
BOOKKEEPING: Final = ("weight_source", "known", "type", "kind", "citation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs: a row that was `added` or `removed`, or a field that `changed`; values in `unit`."""

    table: str
    id: str
    what: str
    field: str = ""
    before: Any = None
    after: Any = None
    unit: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def is_bookkeeping(self) -> bool:
        """Whether this only says how a figure came about."""
        return self.field in BOOKKEEPING or self.field.endswith(("_source", "_assumed"))


def differences(a: Graph, b: Graph) -> tuple[Difference, ...]:
    """Return what differs from graph a to graph b: by table, then by name, then by column.

    >>> from lineage.testing import graph
    >>> told = differences(graph("a", own={"a": 1}), graph("a", own={"a": 2}))[0]
    >>> told.id, told.field, told.before, told.after, told.unit
    ('model:a', 'own_carbon_gco2e', 1.0, 2.0, 'gCO2e')
    """
    if a is b:
        return ()
    return tuple(item for table in GRAPH_TABLES for item in _of_table(table, a, b))


def _of_table(name: str, a: Graph, b: Graph) -> Iterator[Difference]:
    raw = [graph.tables.get(name) for graph in (a, b)]
    if raw[0] is raw[1] and (raw[0] is None or a.ids == b.ids):
        return
    old, new = (conform(with_ids(_tables(graph), name), _text_codes(name)) for graph in (a, b))
    if old.equals(new):
        return
    before, after = _keys(name, old), _keys(name, new)
    place = {key: row for row, key in enumerate(after)}
    there = set(before)
    for key in before:
        if key not in place:
            yield Difference(table=name, id=key, what="removed")
    for key in after:
        if key not in there:
            yield Difference(table=name, id=key, what="added")
    common = [(row, place[key]) for row, key in enumerate(before) if key in place]
    found = [
        item
        for column in dict.fromkeys((*old.column_names, *new.column_names))
        if column not in _NAMES or (name == "jobs" and column == "product")
        for item in _of_column(name, column, (old, new), np.array(common, np.int64).reshape(-1, 2), before)
    ]
    order = {column: number for number, column in enumerate((*old.column_names, *new.column_names))}
    yield from sorted(found, key=lambda item: (item.id, order[item.field]))


def _tables(graph: Graph) -> dict[str, pa.Table]:
    return {name: graph.tables.get(name, conform(pa.table({}), GRAPH_TABLES[name])) for name in GRAPH_TABLES}


def _text_codes(name: str) -> list[Any]:
    return [item for item in GRAPH_TABLES[name] if item.type != "count"]


def _keys(name: str, table: pa.Table) -> list[str]:
    if name != "edges":
        keys: list[str] = table.column("id").to_pylist()
        return keys
    pairs = zip(table.column("product").to_pylist(), table.column("parent").to_pylist(), strict=True)
    return [f"{product} <- {parent}" for product, parent in pairs]


def _of_column(
    name: str, column: str, tables: tuple[pa.Table, pa.Table], common: Any, keys: list[str]
) -> Iterator[Difference]:
    """Yield the rows that both tables have and whose value in one column differs."""
    sides = []
    for side, table in enumerate(tables):
        there = column in table.column_names
        values = table.column(column).combine_chunks() if there else pa.nulls(table.num_rows)
        sides.append(values.take(pa.array(common[:, side])))
    old, new = sides
    if old.equals(new):
        return
    if old.type == new.type:
        differs = pc.or_(pc.fill_null(pc.not_equal(old, new), False), pc.xor(old.is_null(), new.is_null()))
        rows = np.flatnonzero(differs.to_numpy(zero_copy_only=False)).tolist()
    else:
        rows = [
            row
            for row, pair in enumerate(zip(old.to_pylist(), new.to_pylist(), strict=True))
            if pair[0] != pair[1]
        ]
    units = {item.name: item.unit for item in GRAPH_TABLES[name]}
    for row in rows:
        yield Difference(
            table=name,
            id=keys[int(common[row, 0])],
            what="changed",
            field=column,
            before=old[row].as_py(),
            after=new[row].as_py(),
            unit=units.get(column, ""),
        )


@dataclass(frozen=True, kw_only=True)
class Diff:
    """Two graphs beside each other: what differs in their tables, and in their results."""

    before: Cost = field(repr=False)
    after: Cost = field(repr=False)
    rows: tuple[Difference, ...]

    @property
    def view(self) -> str:
        """The view of the results: "EPC" or "burden"."""
        return common_view(self.before, self.after)

    @cached_property
    def results(self) -> list[Moved]:
        """Products whose figure differs, the largest difference first."""
        return moved(figures(self.before, self.view), figures(self.after, self.view))

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many rows of each table were added, removed and changed (a row with several changes counts once)."""
        told = {name: {"added": 0, "removed": 0, "changed": 0} for name in GRAPH_TABLES}
        for table, what, _ in {(item.table, item.what, item.id) for item in self.rows}:
            told[table][what] += 1
        return told

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/diff/1."""
        from lineage.views.samples import run_record

        return {
            "schema": "lineage/diff/1",
            "run": run_record(self.after),
            "graphs": [self.before.graph.digest, self.after.graph.digest],
            "view": self.view,
            "counts": self.counts,
            "differences": [item.as_dict() for item in self.rows],
            "results": [row.as_dict() for row in self.results],
        }


def diff(a: Graph, b: Graph, run: Run | None = None) -> Diff:
    """Return what differs from graph a to graph b, tables and results, under one run.

    Raises what `lineage.views.cost.cost` raises.

    >>> from lineage.testing import graph
    >>> told = diff(graph("a -> b", own={"a": 2}), graph("a -> b", own={"a": 4}))
    >>> [(row.id, row.difference) for row in told.results]
    [('model:a', 2.0), ('model:b', 1.0)]
    """
    return Diff(before=cost(a, run), after=cost(b, run), rows=differences(a, b))
