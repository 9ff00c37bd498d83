"""The lineage graph: tables of products, edges and jobs with integer codes; no object per node.

`resolve` makes it from claims. pandas and networkx are one conversion away, in both directions, without loss.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pyarrow as pa

from lineage.claims import Claims
from lineage.errors import UnknownProduct
from lineage.findings import Finding
from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.labels import Labels
from lineage.schema import KINDS

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from lineage.kernels.coded import Coded

__all__ = ["Graph", "resolve"]

FEW_ROWS: Final = 10_000


@dataclass(frozen=True, eq=False)
class Graph:
    """A resolved lineage graph.

    `tables` holds products (sorted by id), edges (sorted by product, then parent), jobs, systems and grids
    with the columns of `lineage.schema.GRAPH_TABLES`, and attributes besides. `findings` says what was
    merged, dropped or overruled on the way; `claims` is what the sources said, where that is known.
    """

    tables: Mapping[str, pa.Table]
    findings: tuple[Finding, ...] = ()
    claims: Claims | None = field(default=None, repr=False)

    coded: ClassVar["Coded | None"] = None
    """Columns as arrays, where a store keeps them beside the tables; the same values."""

    @classmethod
    def from_claims(cls, claims: Claims) -> "Graph":
        """Return the graph of all claims; its findings are theirs and those of resolving them."""
        return resolve(claims)[0]

    @classmethod
    def from_tables(
        cls, products: Any = None, edges: Any = None, jobs: Any = None, systems: Any = None, grids: Any = None
    ) -> "Graph":
        """Read own tables: pandas DataFrames, pyarrow Tables or lists of dicts (columns: `lineage.tables`).

        Raises `ImportFault` with table, row, column and way out for what cannot be read.

        >>> rows = [{"product": "model:tuned", "parent": "model:base", "w": 0.25}]
        >>> Graph.from_tables([{"id": "model:base", "own_carbon": "7.4 t"}], rows)
        Graph(products=2, edges=1, jobs=0)
        """
        from lineage.conversion import claims_of_tables

        given = {"products": products, "edges": edges, "jobs": jobs, "systems": systems, "grids": grids}
        return cls.from_claims(claims_of_tables(given))

    # -- columns -----------------------------------------------------------------------------------------

    @cached_property
    def ids(self) -> list[str]:
        """Product ids, in code order (sorted)."""
        texts = None if self.coded is None else self.coded.texts.get(("products", "id"))
        if texts is not None:
            buffers = (pa.py_buffer(texts.offsets), pa.py_buffer(texts.data))
            column = pa.LargeStringArray.from_buffers(len(texts), *buffers)
        else:
            column = self.tables["products"].column("id")
        ids: list[str] = column.to_pylist()
        return ids

    def id(self, code: int) -> str:
        """Return the id of a product; of a large stored graph no other is looked at."""
        texts = None if self.coded is None else self.coded.texts.get(("products", "id"))
        return self.ids[code] if texts is None else texts[code]

    def name(self, code: int) -> str | None:
        """Return the name of a product, None where it has none; of a large stored graph no other is looked at."""
        texts = None if self.coded is None else self.coded.texts.get(("products", "name"))
        return self._names[code] if texts is None else texts[code]

    @cached_property
    def _names(self) -> list[str | None]:
        return self.texts("products", "name")

    @cached_property
    def codes(self) -> dict[str, int]:
        """Product id -> row number."""
        return {name: code for code, name in enumerate(self.ids)}

    def floats(self, table: str, name: str) -> Floats:
        """Return a numeric column, shape (rows,); null is NaN."""
        coded = None if self.coded is None else self.coded.floats(table, name)
        if coded is not None:
            return coded
        values = self.tables[table].column(name)
        array: Floats = np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
        return array

    def integers(self, table: str, name: str) -> Codes:
        """Return a code column, shape (rows,); null is -1."""
        coded = None if self.coded is None else self.coded.integers(table, name)
        if coded is not None:
            return coded
        values = self.tables[table].column(name).to_numpy(zero_copy_only=False)
        if values.dtype.kind == "f":  # nulls make floats of codes
            values = np.where(np.isnan(values), -1, values)
        return np.asarray(values, dtype=np.int32)

    def texts(self, table: str, name: str) -> list[str | None]:
        """Return a text column; null is None."""
        values: list[str | None] = self.tables[table].column(name).to_pylist()
        return values

    def labels(self, table: str, name: str) -> Labels:
        """Return a text column of few different texts as codes, shape (rows,); null is ""."""
        coded = None if self.coded is None else self.coded.labelled(table, name)
        if coded is not None:
            return coded
        values = self.tables[table].column(name).combine_chunks()
        if values.null_count == len(values):
            return Labels(np.zeros(len(values), np.int32), ("",))
        if len(values) <= FEW_ROWS:  # quicker than loading pyarrow.compute
            names: dict[str, int] = {}
            codes = [names.setdefault(text or "", len(names)) for text in values.to_pylist()]
            return Labels(np.array(codes, np.int32), tuple(names))
        found = values.fill_null("").dictionary_encode()
        return Labels(found.indices.to_numpy(zero_copy_only=False), found.dictionary.to_pylist())

    def rows(self, table: str) -> int:
        """Return how many rows a table has, 0 where there is none."""
        if self.coded is not None:
            return self.coded.rows.get(table, 0)
        return int(self.tables[table].num_rows) if table in self.tables else 0

    def flags(self, table: str, name: str) -> Flags:
        """Return a yes/no column, shape (rows,); null is False."""
        coded = None if self.coded is None else self.coded.flags(table, name)
        if coded is not None:
            return coded
        values = self.tables[table].column(name).to_numpy(zero_copy_only=False)
        return np.asarray(values == True, dtype=np.bool_)  # noqa: E712 - elementwise; null is not True

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={self.rows(name)}" for name in ("products", "edges", "jobs"))
        return f"Graph({counts})"

    def __len__(self) -> int:
        return self.rows("products")

    # -- names -------------------------------------------------------------------------------------------

    def code(self, name: str) -> int:
        """Return the row number of a product: `kind:name`, or a bare name where that is unambiguous.

        Spellings that the identity rules merge are understood, and so is a bare name without its owner.
        Raises `UnknownProduct`, with close names, or with the candidates where several fit.
        """
        written = [name] if name.partition(":")[0] in KINDS else [f"{kind}:{name}" for kind in KINDS]
        hits = self._codes_of(written)
        if not hits:
            from lineage.merging.identity import canonical_id  # late: it needs more than a look-up does

            hits = self._codes_of(canonical_id(item) for item in written)
        hits = hits or self._codes_of(self._merged[item] for item in written if item in self._merged)
        if not hits:
            folded = {item.casefold() for item in written}
            hits = [code for item, code in self.codes.items() if item.casefold() in folded]
        if not hits:
            hits = [code for item, code in self.codes.items() if item.rpartition("/")[2] == name]
        if len(hits) == 1:
            return hits[0]
        raise UnknownProduct(name, self.ids, [self.ids[code] for code in hits])

    def _codes_of(self, ids: Iterable[str]) -> list[int]:
        texts = None if self.coded is None else self.coded.texts.get(("products", "id"))
        if texts is not None:
            return [code for code in map(texts.find, ids) if code is not None]
        return [self.codes[item] for item in ids if item in self.codes]

    @cached_property
    def _merged(self) -> dict[str, str]:
        from lineage.merging.identity import same_identity

        return same_identity(self.findings)

    # -- identity ----------------------------------------------------------------------------------------

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every table's content: equal for equal graphs, whatever way they were made."""
        total = hashlib.sha256()
        for name in sorted(self.tables):
            table = self.tables[name]
            for column in sorted(table.column_names):
                values = table.column(column).combine_chunks()
                if values.null_count == len(values):
                    continue  # an attribute without a value is no attribute
                total.update(f"\0{name}\0{column}\0{values.type}\0".encode())
                _update_with_column(total, values)
        return total.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.digest == other.digest

    __hash__ = None  # type: ignore[assignment]

    # -- pandas and networkx ----------------------------------------------------------------------------

    @property
    def products(self) -> "pd.DataFrame":
        """Products as a pandas DataFrame, one row each, sorted by id."""
        return _frame(self.tables["products"])

    @property
    def edges(self) -> "pd.DataFrame":
        """Edges as a pandas DataFrame; `product` and `parent` are ids."""
        from lineage.conversion import with_ids

        return _frame(with_ids(self.tables, "edges"))

    @property
    def jobs(self) -> "pd.DataFrame":
        """Jobs as a pandas DataFrame; `product` and `platform` are ids."""
        from lineage.conversion import with_ids

        return _frame(with_ids(self.tables, "jobs"))

    def to_networkx(self) -> "nx.DiGraph[str]":
        """Return a networkx graph whose edges point from what was made to what it was made of.

        Nodes are keyed by id; attributes of nodes and edges have the names of the graph's columns (which
        hold the unit), without those that are null. Jobs, systems and grids are lists of rows under
        `graph["jobs"]`, `graph["systems"]` and `graph["grids"]`. `from_networkx` gives an equal graph back;
        findings and claims stay behind.

        >>> from lineage.testing import graph
        >>> made = graph("dataset:web -[0.5]-> base").to_networkx()
        >>> made.edges["model:base", "dataset:web"]
        {'type': 'TRAINED_ON', 'w': 0.5, 'weight_source': 'explicit'}
        """
        from lineage.conversion import digraph_of

        return digraph_of(self.tables)

    @classmethod
    def from_networkx(cls, made: "nx.Graph[Any]") -> "Graph":
        """Return the graph that `to_networkx` made this of, or read any other directed networkx graph.

        There, nodes are ids (`model:NAME`), and attributes of nodes and edges are columns of own tables: `w`,
        `relation`, `own_carbon="7.4 t"`. Raises `GraphError` for an undirected graph and for nodes that are no
        ids, `ImportFault` for attributes that cannot be read.

        >>> import networkx as nx
        >>> Graph.from_networkx(nx.DiGraph([("model:tuned", "model:base")]))
        Graph(products=2, edges=1, jobs=0)
        """
        from lineage.conversion import claims_of_networkx, tables_of

        tables = tables_of(made)
        return cls.from_claims(claims_of_networkx(made)) if tables is None else cls(tables)


def _frame(table: pa.Table) -> "pd.DataFrame":
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _update_with_column(total: Any, values: pa.Array) -> None:
    """Feed a column's content into a hash, independent of chunks, slices and what lies under nulls."""
    import pyarrow.compute as pc

    total.update(np.packbits(values.is_valid().to_numpy(zero_copy_only=False)).tobytes())
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        filled = pc.fill_null(values, "")
        total.update(pc.binary_length(filled).to_numpy(zero_copy_only=False).tobytes())
        total.update("".join(filled.to_pylist()).encode())
        return
    kind = values.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        zero = pa.scalar(False) if pa.types.is_boolean(kind) else pa.scalar(0).cast(kind)
        total.update(pc.fill_null(values, zero).to_numpy(zero_copy_only=False).tobytes())
    else:  # an attribute of a rarer type: dates, lists
        total.update(repr(values.to_pylist()).encode("utf-8", "surrogatepass"))


def resolve(claims: Claims) -> tuple[Graph, tuple[Finding, ...]]:
    """Make one graph of all claims: identity, which figure wins, edges joined, placeholders made.

    Pure: the same claims give the same graph. Returns the graph and the findings of this step; the graph's
    own `findings` are those of the sources followed by these.
    """
    from lineage.merging import merge_claims  # late: reading a stored graph does not need it

    tables, findings = merge_claims(claims)
    return Graph(tables, (*claims.findings, *findings), claims), findings
