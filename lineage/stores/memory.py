"""A store in memory: columns in RAM, gone with the process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from types import TracebackType
from typing import Self

from lineage.claims import Claims
from lineage.errors import StoreError, StoreLocked
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.stores.base import KEPT, Snapshot, check_tables
from lineage.stores.index_asking import AsksIndex
from lineage.timeline import existing_at

__all__ = ["MemoryStore"]


class MemoryStore(AsksIndex):
    """Keeps the graphs that were written, by reference: tables are immutable.

    >>> with MemoryStore() as store:
    ...     store.snapshots()
    []
    """

    address = "memory:"

    def __init__(self) -> None:
        self._graphs: dict[int, Graph] = {}
        self._writer = threading.RLock()
        self._closed = False

    def read(self, *, as_of: str | None = None) -> Graph:
        """Return the newest graph, or the part of it that existed at an ISO date."""
        graph = self._newest()
        return graph if as_of is None else existing_at(graph, Run(as_of=as_of).as_of or as_of)

    def claims(self) -> Claims:
        """Return what the sources of the newest graph said."""
        return self._newest().claims or Claims.empty()

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the newest graph."""
        return self._newest().findings

    def write(self, graph: Graph) -> None:
        """Publish exactly this graph."""
        with self.writing():
            check_tables(graph)
            number = max(self._graphs, default=0)
            if number and _same(self._graphs[number], graph):
                return
            # Its own mapping: a caller who goes on changing theirs does not change what was published.
            copy = Graph(dict(graph.tables), graph.findings, graph.claims)
            copy.__dict__["digest"] = graph.digest
            self._graphs[number + 1] = copy
            for old in sorted(self._graphs)[:-KEPT]:
                del self._graphs[old]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep the writers of other threads out."""
        self._check_open()
        if not self._writer.acquire(blocking=False):
            raise StoreLocked(self.address, getpid())
        try:
            yield
        finally:
            self._writer.release()

    def snapshots(self) -> list[Snapshot]:
        """Return the published states that are kept, the newest last."""
        self._check_open()
        return [
            Snapshot(
                number=number,
                address=f"{self.address}@{number:06d}",
                digest=graph.digest,
                counts={name: table.num_rows for name, table in sorted(graph.tables.items())},
            )
            for number, graph in self._graphs.items()
        ]

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._graphs.clear()
        self.close_index()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self.address} is closed; connect again")

    def _newest(self) -> Graph:
        self._check_open()
        if not self._graphs:
            raise StoreError(f"the store {self.address} is empty; write a graph to it first")
        return self._graphs[max(self._graphs)]


def _same(old: Graph, new: Graph) -> bool:
    return old == new and old.findings == new.findings and old.claims == new.claims
