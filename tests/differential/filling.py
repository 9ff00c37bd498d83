"""Filling a Neo4j with a world as it is, loops and parallel relationships included, by nothing but the driver."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import neo4j

from bolt_servers import Neo4jServer
from differential.world import World

__all__ = ["fill"]


def fill(server: Neo4jServer, world: World) -> None:
    """Make a server hold exactly this world."""
    server.empty()
    login = (server.username, server.password)
    nodes: dict[frozenset[str], list[Mapping[str, Any]]] = defaultdict(list)
    for thing in world.things:
        nodes[thing.labels].append(thing.properties)
    ties: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for tie in world.ties:
        ends = {"a": tie.start.properties["id"], "b": tie.end.properties["id"]}
        ties[tie.type].append({**ends, "p": tie.properties})
    with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{server.port}", auth=login) as driver:
        for labels, rows in nodes.items():
            text = f"UNWIND $rows AS row CREATE (n:{':'.join(sorted(labels))}) SET n = row"
            driver.execute_query(text, rows=rows, database_="neo4j")
        for kind, ends_and in ties.items():
            text = "UNWIND $rows AS row MATCH (a:Lineage {id: row.a}) MATCH (b:Lineage {id: row.b}) "
            text += f"CREATE (a)-[r:{kind}]->(b) SET r = row.p"
            driver.execute_query(text, rows=ends_and, database_="neo4j")
