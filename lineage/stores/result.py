"""The answer to a Cypher query: rows as they come, and as pandas, Arrow or networkx."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from lineage.errors import StoreError

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

__all__ = ["Result", "plain"]

Record = dict[str, Any]


class Result:
    """Rows, fetched when they are asked for; reading them, or closing, ends the query.

    `answers` yields the column names first and then one tuple per row; at most `limit` rows are taken, and
    the server stops after them.

    >>> result = Result(iter([("n", "name"), (1, "a"), (2, "b")]), limit=1)
    >>> result.columns, result.records
    (('n', 'name'), [{'n': 1, 'name': 'a'}])
    """

    def __init__(self, answers: Iterator[tuple[Any, ...]], *, limit: int | None = None) -> None:
        self._answers = answers
        self.columns: tuple[str, ...] = tuple(next(answers))
        self._rows = answers if limit is None else islice(answers, max(0, limit))
        self.closed = False
        self._whole = False  # every row was handed out
        # The first row is fetched now: what is wrong with a query shows where it was asked.
        self._first = list(islice(self._rows, 1))
        if not self._first:
            self._finish()

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows that were not read yet, as dicts.

        Raises `StoreError` where the answer, or what it comes from, was closed before the last row: part of an
        answer never looks like the whole.
        """
        while self._first:
            yield dict(zip(self.columns, self._first.pop(), strict=True))
        try:
            for row in self._rows:
                yield dict(zip(self.columns, row, strict=True))
        except Exception:
            self.close()
            raise
        if self.closed and not self._whole:
            raise StoreError(
                "the answer was closed before all its rows were read; ask again, and read it while its store is open"
            )
        self._finish()

    def _finish(self) -> None:
        self._whole = True
        self.close()

    @cached_property
    def records(self) -> list[Record]:
        """All rows; nodes, relationships and paths are the driver's objects."""
        return list(self)

    def plain(self) -> list[Record]:
        """Return all rows as JSON can hold them: nodes and relationships as maps, moments as ISO text."""
        return [{name: plain(value) for name, value in row.items()} for row in self.records]

    def to_arrow(self) -> pa.Table:
        """Return all rows as a pyarrow table; a column of mixed types is JSON text."""
        rows = self.plain()
        columns = [_column([row[name] for row in rows]) for name in self.columns]
        return pa.Table.from_arrays(columns, names=list(self.columns))

    def to_pandas(self) -> "pd.DataFrame":
        """Return all rows as a pandas DataFrame."""
        import pandas as pd

        rows = self.plain()
        return pd.DataFrame(
            {name: [row[name] for row in rows] for name in self.columns}, columns=self.columns
        )

    def to_networkx(self) -> "nx.MultiDiGraph[str]":
        """Return every node and relationship in the rows, also inside paths, lists and maps.

        Nodes are keyed by their property `id` where they have one that is theirs alone, else by the
        database's element id. Their labels are the attribute `labels`; the key of an edge is its type.
        """
        from lineage.stores.result_graph import subgraph_of

        return subgraph_of(self.records)

    def close(self) -> None:
        """Stop reading; rows that were not read are gone. Closing twice is fine."""
        self.closed = True
        self._first.clear()
        with suppress(StopIteration):
            close = getattr(self._answers, "close", None)
            if close is not None:
                close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | set | frozenset) and not hasattr(value, "srid"):
        return [plain(item) for item in value]
    if hasattr(value, "nodes") and hasattr(value, "relationships"):
        return {"nodes": plain(list(value.nodes)), "relationships": plain(list(value.relationships))}
    if hasattr(value, "labels"):
        return {
            "element_id": value.element_id,
            "labels": sorted(value.labels),
            "properties": _plain_map(dict(value.items())),
        }
    if hasattr(value, "start_node"):
        return {
            "element_id": value.element_id,
            "type": value.type,
            "start": value.start_node and value.start_node.element_id,
            "end": value.end_node and value.end_node.element_id,
            "properties": _plain_map(dict(value.items())),
        }
    if isinstance(value, Mapping):
        return _plain_map(value)
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if hasattr(value, "iso_format"):
        return value.iso_format()
    return list(value) if hasattr(value, "srid") else str(value)


def _plain_map(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): plain(item) for key, item in values.items()}


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        import json

        texts = [item if item is None or isinstance(item, str) else json.dumps(item) for item in values]
        return pa.array(texts, pa.string())
