"""Between graph tables, data frames, lists of rows and networkx; in both directions, without loss."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lineage.claims import ARROW_TYPES, Claims, Source, conform
from lineage.errors import GraphError
from lineage.schema import GRAPH_TABLES, edge_type, kind_of, split_id
from lineage.tables import claims_from_table

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Tables", "claims_of_networkx", "claims_of_tables", "digraph_of", "tables_of", "with_ids"]

Tables = Mapping[str, pa.Table]

# Table -> columns that hold row numbers of products.
CODED: Final = {"edges": ("product", "parent"), "jobs": ("product", "platform")}
_MARK: Final = "lineage"  # the graph attribute that says: every column is as in the graph tables
_FORMAT: Final = "graph/1"
_BESIDE: Final = ("jobs", "systems", "grids")  # tables that are attributes of the networkx graph


def claims_of_tables(given: Mapping[str, Any]) -> Claims:
    """Read own tables (pandas, pyarrow or lists of rows, by name) into claims; None or an empty list is a
    table not given.

    Each table is a source of its own, whose address is its name. Raises `ImportFault` as
    `claims_from_table` does, `GraphError` for what is no table.
    """
    parts = []
    for name, table in given.items():
        empty = isinstance(table, list | tuple) and not table  # no rows, and so no header to read
        if table is not None and not empty:
            parts.append(claims_from_table(name, _arrow(name, table), Source(address=name, format="tables")))
    return Claims.concat(parts) if parts else Claims.empty()


def _arrow(name: str, table: Any) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "to_records"):
        return pa.Table.from_pandas(table, preserve_index=False)
    if isinstance(table, Iterable) and not isinstance(table, str | bytes | Mapping):
        return _from_rows(name, list(table))
    raise GraphError(
        f"{name} is a {type(table).__name__}; give a pandas DataFrame, a pyarrow Table or a list of dicts"
    )


def _from_rows(name: str, rows: list[Any]) -> pa.Table:
    """Return a table of these rows; what a row does not say is null, a column of mixed types is text."""
    columns: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise GraphError(f"{name}, row {number + 1} is a {type(row).__name__}; give one dict per row")
        for column in row:
            columns.setdefault(str(column), [])
    for column, values in columns.items():
        values += [row.get(column) for row in rows]
    return pa.table({column: _array(values) for column, values in columns.items()})


def _array(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def with_ids(tables: Tables, name: str) -> pa.Table:
    """Return a graph table with product ids in place of row numbers."""
    table = tables[name]
    ids = tables["products"].column("id")
    for column in CODED.get(name, ()):
        place = table.column_names.index(column)
        table = table.set_column(place, column, ids.take(table.column(column)))
    return table


def digraph_of(tables: Tables) -> "nx.DiGraph[str]":
    """Return a networkx graph of these tables. What it holds: `Graph.to_networkx`."""
    import networkx as nx

    made: nx.DiGraph[str] = nx.DiGraph()
    made.graph[_MARK] = _FORMAT
    made.graph["columns"] = {name: _attribute_types(table, name) for name, table in tables.items()}
    # Attributes go in as dicts, never as keywords: a column of a stranger may be called as a parameter is.
    made.add_nodes_from((row.pop("id"), row) for row in _rows(tables["products"]))
    made.add_edges_from(
        (row.pop("product"), row.pop("parent"), row) for row in _rows(with_ids(tables, "edges"))
    )
    for name in _BESIDE:
        made.graph[name] = _rows(with_ids(tables, name))
    return made


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table without what is null."""
    said = [name for name in table.column_names if table.column(name).null_count < table.num_rows]
    rows = table.select(said).to_pylist()
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def _attribute_types(table: pa.Table, name: str) -> dict[str, str]:
    known = {item.name for item in GRAPH_TABLES[name]}
    return {item.name: str(item.type) for item in table.schema if item.name not in known}


def tables_of(made: "nx.Graph[Any]") -> dict[str, pa.Table] | None:
    """Return the graph tables that `digraph_of` made this graph of; None for a graph from elsewhere.

    Raises `GraphError` where the graph was changed into something else.
    """
    if made.graph.get(_MARK) != _FORMAT or made.is_multigraph():
        return None
    products = [{**_described(name), **facts, "id": name} for name, facts in made.nodes(data=True)]
    products.sort(key=lambda row: str(row["id"]))
    codes = {row["id"]: code for code, row in enumerate(products)}
    edges = [_edge_row(codes, edge) for edge in made.edges(data=True)]
    edges.sort(key=lambda row: (row["product"], row["parent"]))
    rows = {"products": products, "edges": edges}
    for name in _BESIDE:
        rows[name] = sorted(_coded(codes, name, made.graph.get(name, [])), key=lambda row: str(row["id"]))
    types = made.graph.get("columns", {})
    return {name: _table(name, rows[name], types.get(name, {})) for name in GRAPH_TABLES}


def _described(name: Any) -> dict[str, Any]:
    """Return what every product has, for a node that was added by hand."""
    kind, bare = _split(name)
    return {"kind": kind, "name": bare, "known": True}


def _split(name: Any) -> tuple[str, str]:
    if not isinstance(name, str):
        raise GraphError(f"node {name!r} is a {type(name).__name__}; nodes are ids such as 'model:{name}'")
    try:
        return split_id(name)
    except ValueError as error:
        raise GraphError(f"node {error}") from None


def _edge_row(codes: Mapping[str, int], edge: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    product, parent, facts = edge
    if product == parent:
        raise GraphError(f"{product} is made out of itself; remove the edge")
    row = {"type": edge_type(kind_of(product), kind_of(parent)), **facts}
    if row.get("w") is not None:
        row.setdefault("weight_source", "explicit")
    return row | {"product": codes[product], "parent": codes[parent]}


def _coded(codes: Mapping[str, int], name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with row numbers of products in place of ids."""
    coded = []
    needed = [item.name for item in GRAPH_TABLES[name] if item.required]
    for number, row in enumerate(rows, 1):
        missing = [column for column in needed if row.get(column) is None]
        if missing:
            raise GraphError(f"{name}, row {number} has no {missing[0]}; every row needs one")
        named = {column: row[column] for column in CODED.get(name, ()) if row.get(column) is not None}
        for column, value in named.items():
            if value not in codes:
                raise GraphError(
                    f"{name}: {row['id']} names {column} {value!r}, which is no node; add it or drop the row"
                )
        coded.append(row | {column: codes[value] for column, value in named.items()})
    return coded


def _table(name: str, rows: list[dict[str, Any]], types: Mapping[str, str]) -> pa.Table:
    """Return rows as a graph table; `types` are those of the attributes."""
    columns = {item.name: ARROW_TYPES[item.type] for item in GRAPH_TABLES[name]}
    names = dict.fromkeys(column for row in rows for column in row)
    arrays = {}
    for column in names:
        values = [row.get(column) for row in rows]
        try:
            arrays[column] = pa.array(values, columns.get(column) or _type(types.get(column)))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise GraphError(f"{name}, column {column}: {error}") from None
    return conform(pa.table(arrays), GRAPH_TABLES[name])


def _type(alias: str | None) -> pa.DataType | None:
    """Return the type with this name; None (take it from the values) where no name says it."""
    try:
        return pa.type_for_alias(alias) if alias else None
    except ValueError:
        return None


def claims_of_networkx(made: "nx.Graph[Any]") -> Claims:
    """Read any directed networkx graph into claims: node and edge attributes are columns of own tables.

    Jobs, systems and grids are lists of rows among the attributes of the graph. Raises `GraphError` for an
    undirected graph and for nodes that are not ids.
    """
    if not made.is_directed():
        raise GraphError("the graph has no directions; give a DiGraph whose edges point from made to made of")
    for name in made.nodes:
        _split(name)
    given: dict[str, Any] = {
        "products": [{**facts, "id": name} for name, facts in made.nodes(data=True)],
        "edges": [{**facts, "product": u, "parent": v} for u, v, facts in made.edges(data=True)],
    }
    given |= {name: made.graph.get(name) for name in _BESIDE}
    return claims_of_tables({name: rows for name, rows in given.items() if rows})
