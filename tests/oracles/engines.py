"""The engines that the catalogue is tried on, each holding one graph at a time."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bolt_servers import Neo4jServer
from lineage.graph import Graph
from lineage.stores.base import AnswersCypher

__all__ = ["Engine"]


@dataclass
class Engine:
    """A store that answers Cypher, filled with a graph when one is asked for."""

    name: str
    folder: Path
    server: Neo4jServer | None = None
    opened: dict[str, Any] = field(default_factory=dict)

    def holding(self, key: str, graph: Graph) -> AnswersCypher:
        """Return the store after making sure that it holds exactly this graph, without results of runs."""
        if self.opened.get("key") == key:
            store: Any = self.opened["store"]
            if self.server:  # other tests use it too; writing what is there changes nothing
                store.write(graph)
            answering: AnswersCypher = store
            return answering
        self.close()
        self.opened = {"key": key, "store": self._neo4j(graph) if self.server else self._offline(key, graph)}
        return self.holding(key, graph)

    def _neo4j(self, graph: Graph) -> Any:
        from lineage.stores.bolt import Login
        from lineage.stores.neo4j import Neo4jStore

        assert self.server is not None
        login = Login(username=self.server.username, password=self.server.password, database="neo4j")
        store = Neo4jStore(self.server.address, login)
        store.write(graph)
        for run in store.results():
            store.remove_result(run["id"])
        return store

    def _offline(self, key: str, graph: Graph) -> Any:
        from lineage.stores.snapshot import SnapshotStore

        store = SnapshotStore(self.folder / key)
        store.write(graph)
        return store

    def close(self) -> None:
        """Close what is open; the server goes on."""
        if self.opened:
            self.opened["store"].close()
        self.opened = {}
