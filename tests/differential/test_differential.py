"""Random read queries: the offline index, a real Neo4j and an oracle in plain Python give the same answers.

Ten dirty graphs (loops, parallel edges, circles, odd names, missing values) and the real graph of the Hub; the
same queries in every run. A difference is shown with its query and parameters.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from bolt_servers import Neo4jServer, NotAvailable
from differential.answers import Answer
from differential.asking import Tally, ask_all
from differential.dirty import dirty
from differential.drawing import Style, drawn
from differential.filling import fill
from differential.hub import hub_queries, world_of
from differential.matching import Oracle
from differential.syntax import Query
from differential.world import World
from lineage.graph import Graph
from lineage.importing import read
from lineage.stores.bolt import Login
from lineage.stores.index import open_index
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_bulk import write_bulk_files
from lineage.stores.snapshot import SnapshotStore
from offline import needed_engine

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]

GRAPHS = 10
PER_GRAPH = 150
ON_THE_HUB, HUB_SCANS = 500, 10

# Every query is planned anew, and by default the planner may think about each for up to a second.
QUICK_PLANS = """\
internal.cypher.idp_solver_table_threshold=16
internal.cypher.idp_solver_duration_threshold=10
"""


def installed(home: Path) -> Neo4jServer:
    """Return a server of our own that is not started; a skip where there is none, a failure in CI."""
    try:
        return Neo4jServer(home, settings=QUICK_PLANS)
    except NotAvailable as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def lean_java() -> Iterator[None]:
    """Compile no machine code at length: a server that plans every query anew ends before that pays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, lean_java: None) -> Iterator[Neo4jServer]:
    """A server for the dirty graphs, one after the other."""
    made = installed(tmp_path_factory.mktemp("neo4j"))
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def hub(samples: Path) -> Graph:
    """The real graph of the Hub."""
    return read(samples / "hf_hub_2024" / "lineage_families.jsonl.gz")


def compared(
    name: str, graph: Graph, asked: Iterator[tuple[Query, Answer]], server: Neo4jServer, folder: Path
) -> Tally:
    """Ask a server that holds a graph, and the index that is built of it."""
    store = SnapshotStore(folder / "store")
    store.write(graph)
    login = Login(username=server.username, password=server.password, database="neo4j")
    with open_index(store) as index, Neo4jStore(server.address, login) as neo4j:
        return ask_all(name, asked, {"offline index": index, "Neo4j": neo4j})


def answered(world: World, seed: str, count: int) -> Iterator[tuple[Query, Answer]]:
    """Yield queries about a small world with the oracle's answers."""
    oracle = Oracle(world)
    return ((query, oracle.answer(query)) for query in islice(drawn(world, seed, Style()), count))


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_engines_agree_on_dirty_graphs(seed: int, server: Neo4jServer, tmp_path: Path) -> None:
    needed_engine()
    made = dirty(seed)
    fill(server, made.world)
    queries = answered(made.world, f"dirty {seed}", PER_GRAPH)
    tally = compared(f"dirty graph {seed}", made.graph, queries, server, tmp_path)
    tally.check()
    assert tally.asked == PER_GRAPH


@pytest.mark.samples
@pytest.mark.usefixtures("lean_java")
def test_engines_agree_on_the_hub(hub: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed_engine()
    server = installed(tmp_path / "neo4j")
    files = write_bulk_files(hub, tmp_path / "import")
    monkeypatch.chdir(files.folder)
    server.admin(*files.command[1:])
    server.start()
    try:
        login = Login(username=server.username, password=server.password, database="neo4j")
        with Neo4jStore(server.address, login) as store, store.writing():
            pass  # which makes the indexes
        world = world_of(hub)
        queries = hub_queries(world, ON_THE_HUB, scans=HUB_SCANS)
        tally = compared("Hub", hub, queries, server, tmp_path)
    finally:
        server.stop()
    tally.check()
    assert tally.asked == ON_THE_HUB


def test_a_missing_edge_is_noticed(tmp_path: Path) -> None:
    """The suite can fail: an index that lacks one edge of forty does not agree with the oracle."""
    needed_engine()
    made = dirty(0)
    edges = made.graph.tables["edges"]
    store = SnapshotStore(tmp_path / "store")
    store.write(Graph({**made.graph.tables, "edges": edges.slice(0, edges.num_rows - 1)}))
    with open_index(store) as index:
        tally = ask_all("one edge less", answered(made.world, "dirty 0", 60), {"offline index": index})
    assert tally.differences
