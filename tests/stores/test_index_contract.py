"""The offline index keeps the reading half of the contract: its graph, read back by Cypher, is the one written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.graph import Graph
from lineage.run import Run
from lineage.stores import Store
from lineage.stores.bolt import Bolt
from lineage.stores.index import OfflineIndex, open_index
from lineage.stores.neo4j_read import read_tables
from lineage.stores.snapshot import SnapshotStore
from lineage.testing import ReadingContract
from lineage.timeline import existing_at
from offline import needed_engine

pytestmark = pytest.mark.slow


class ReadThroughIndex(SnapshotStore):
    """A folder whose graph is read from the nodes and relationships of its index, as a Neo4j's is.

    Any Bolt client could do this; from the folder itself come the names and types of the columns, and the
    findings and claims, which no node holds.
    """

    index: OfflineIndex | None = None

    def read(self, *, as_of: str | None = None) -> Graph:
        there = super().read()
        self.index = self.index or open_index(self)
        access = self.index.start()
        bolt = Bolt(access.address, access.login)
        columns = {name: table.schema for name, table in there.tables.items()}
        try:
            tables = bolt.read(lambda transaction: read_tables(transaction, columns))
        finally:
            bolt.close()
        graph = Graph(tables, there.findings, there.claims)
        return graph if as_of is None else existing_at(graph, Run(as_of=as_of).as_of or as_of)

    def close(self) -> None:
        if self.index is not None:
            self.index.close()
        super().close()


class TestIndex(ReadingContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        needed_engine()
        with ReadThroughIndex(tmp_path / "s") as store:
            yield store
