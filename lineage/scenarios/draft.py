"""A graph that is being changed: its tables, replaced column by column and row by row; the graph itself stays."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lineage.claims import ARROW_TYPES, conform, stack
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.schema import GRAPH_TABLES, edge_type, kind_of

__all__ = ["Draft"]

_CODES: Final = {"edges": ("product", "parent"), "jobs": ("product", "platform")}
_ORDER: Final = {"products": ("id",), "edges": ("product", "parent"), "jobs": ("id",)}

Table = Mapping[str, pa.Table]


class Draft:
    """The tables of a graph, to be changed; `graph()` is the result. Rows keep the order of a resolved graph."""

    def __init__(self, graph: Graph) -> None:
        self.origin = graph
        empty = {name: conform(pa.table({}), columns) for name, columns in GRAPH_TABLES.items()}
        self.tables: dict[str, pa.Table] = empty | dict(graph.tables)
        self.changed = False
        self.findings: list[Finding] = []

    def graph(self) -> Graph:
        """Return the graph as it is now; the very same one where nothing changed."""
        findings = (*self.origin.findings, *self.findings)
        return Graph(dict(self.tables), findings) if self.changed or self.findings else self.origin

    # -- names ---------------------------------------------------------------------------------------------

    @cached_property
    def view(self) -> Graph:
        """The products as they are now, to look names up."""
        return self.origin if not self.changed else Graph({**self.tables}, self.origin.findings)

    @property
    def ids(self) -> list[str]:
        """The ids of the products, in the order of their codes."""
        return self.view.ids

    def names(self, table: str) -> list[str]:
        """Return the names of a table's rows; an edge is "PRODUCT <- PARENT"."""
        if table == "products":
            return self.ids
        if table == "edges":
            ids = self.ids
            pairs = zip(
                self.codes("edges", "product").tolist(), self.codes("edges", "parent").tolist(), strict=True
            )
            return [f"{ids[v]} <- {ids[u]}" for v, u in pairs]
        names: list[str] = self.tables[table].column("id").to_pylist()
        return names

    # -- columns -------------------------------------------------------------------------------------------

    def codes(self, table: str, name: str) -> Codes:
        """Return a column of codes, (rows,); null is -1."""
        values = self.tables[table].column(name).fill_null(-1).to_numpy()
        return np.asarray(values, dtype=np.int32)

    def floats(self, table: str, name: str) -> Floats:
        """Return a numeric column, (rows,); null, or no such column, is NaN."""
        if name not in self.tables[table].column_names:
            return np.full(self.tables[table].num_rows, np.nan)
        values = self.tables[table].column(name).to_numpy(zero_copy_only=False)
        return np.array(values, dtype=np.float64)

    def texts(self, table: str, name: str) -> list[Any]:
        """Return a column as Python's own values."""
        values: list[Any] = self.tables[table].column(name).to_pylist()
        return values

    def put_floats(self, table: str, name: str, rows: Sequence[int], values: Floats | float) -> None:
        """Write numbers into some rows of a column; NaN is null."""
        column = self.floats(table, name)
        column[list(rows)] = values
        self._put(table, name, pa.array(column, pa.float64(), from_pandas=True))

    def put(self, table: str, name: str, rows: Sequence[int], value: Any) -> None:
        """Write one value, or null, into some rows of a column."""
        kind = self._type(table, name, value)
        old = self.tables[table]
        column = old.column(name).to_pylist() if name in old.column_names else [None] * old.num_rows
        for row in rows:
            column[row] = value
        self._put(table, name, pa.array(column, kind))

    def put_codes(self, table: str, name: str, codes: Codes) -> None:
        """Write a whole column of codes; -1 is null."""
        self._put(table, name, pa.array(codes, pa.int32(), mask=codes < 0))

    def _type(self, table: str, name: str, value: Any) -> Any:
        known = {item.name: ARROW_TYPES[item.type] for item in GRAPH_TABLES[table]}
        if name in known:
            return known[name]
        columns = self.tables[table].column_names
        return self.tables[table].schema.field(name).type if name in columns else pa.array([value]).type

    def _put(self, table: str, name: str, values: pa.Array) -> None:
        old = self.tables[table]
        if name in old.column_names:
            old = old.set_column(old.column_names.index(name), name, values)
        else:
            old = old.append_column(name, values)
        self._replace(table, old)

    def _replace(self, table: str, made: pa.Table) -> None:
        self.tables[table] = made
        self.changed = True
        self.__dict__.pop("view", None)

    # -- rows ----------------------------------------------------------------------------------------------

    def keep(self, table: str, rows: Flags) -> None:
        """Keep some rows of a table, not that of products."""
        self._replace(table, self.tables[table].filter(pa.array(rows)))

    def remove_products(self, rows: Sequence[int]) -> None:
        """Remove products with their edges and jobs; the platform of other jobs becomes null."""
        stays = np.ones(len(self.ids), np.bool_)
        stays[list(rows)] = False
        number = np.full(len(stays) + 1, -1, np.int32)
        number[:-1][stays] = np.arange(int(stays.sum()), dtype=np.int32)
        self._renumber(number)
        for table in ("edges", "jobs"):
            needed = ("product", "parent") if table == "edges" else ("product",)
            there = np.logical_and.reduce([self.codes(table, name) >= 0 for name in needed])
            self.keep(table, there)
        self._replace("products", self.tables["products"].filter(pa.array(stays)))

    def _renumber(self, number: Codes) -> None:
        """Give products new codes; the last entry is that of no product, -1."""
        for table, columns in _CODES.items():
            for name in columns:
                self.put_codes(table, name, number[self.codes(table, name)])

    def add(self, tables: Table) -> None:
        """Add the rows of another graph's tables; its products that are here already are not added again."""
        ids, new = self.ids, tables["products"].column("id").to_pylist()
        there = set(ids)
        fresh = [name not in there for name in new]
        merged = sorted([*ids, *(name for name, wanted in zip(new, fresh, strict=True) if wanted)])
        code = {name: number for number, name in enumerate(merged)}
        self._renumber(np.array([*(code[name] for name in ids), -1], np.int32))
        numbers = np.array([*(code[name] for name in new), -1], np.int32)
        self._stack("products", tables["products"].filter(pa.array(fresh, pa.bool_())))
        for table in ("edges", "jobs", "systems", "grids"):
            if tables[table].num_rows:
                self._stack(table, _recoded(tables[table], table, numbers))

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table without codes."""
        self._stack(table, rows)

    def _stack(self, table: str, rows: pa.Table) -> None:
        made = stack([self.tables[table], rows], GRAPH_TABLES[table]) if rows.num_rows else self.tables[table]
        order = _ORDER.get(table)
        if rows.num_rows and order:
            made = made.take(_sorted_rows(made, order))
        self._replace(table, made)

    def sort_edges(self) -> None:
        """Put the edges in their order, and say their types anew, after codes of theirs were changed."""
        ids, table = self.ids, self.tables["edges"]
        table = table.take(_sorted_rows(table, _ORDER["edges"]))
        pairs = zip(table.column("product").to_pylist(), table.column("parent").to_pylist(), strict=True)
        types = [edge_type(kind_of(ids[v]), kind_of(ids[u])) for v, u in pairs]
        self._replace(
            "edges", table.set_column(table.column_names.index("type"), "type", pa.array(types, pa.string()))
        )


def _sorted_rows(table: pa.Table, names: tuple[str, ...]) -> pa.Array:
    """Return the rows in the order of these columns; texts in the order of their code points."""
    if names == ("id",):
        texts = table.column("id").to_pylist()
        return pa.array(sorted(range(len(texts)), key=texts.__getitem__), pa.int64())
    columns = [table.column(name).to_numpy() for name in reversed(names)]
    return pa.array(np.lexsort(columns))


def _recoded(table: pa.Table, name: str, number: Codes) -> pa.Table:
    for column in _CODES.get(name, ()):
        codes = number[np.asarray(table.column(column).fill_null(-1).to_numpy(), dtype=np.int32)]
        table = table.set_column(
            table.column_names.index(column), column, pa.array(codes, pa.int32(), mask=codes < 0)
        )
    return table
