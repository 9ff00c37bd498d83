"""What goes wrong between a command and a real Neo4j: each a clear error, and nothing is lost."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import neo4j
import pytest

from bolt_servers import Neo4jServer
from lineage.errors import StoreDenied, StoreUnavailable
from lineage.graph import Graph
from lineage.run import Run
from lineage.stores import neo4j as module
from lineage.stores.bolt import Login
from lineage.stores.bolt_errors import OutOfServerMemory
from lineage.stores.kept_run import kept_run
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_plan import Step
from lineage.stores.neo4j_publish import run_steps
from lineage.stores.snapshot import SnapshotStore
from lineage.views.cost import cost
from stores.commands import chain, ended, kept_folder, started
from stores.relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]

ROWS = 600
COUNTING = "MATCH (n:Product) MATCH (:LineageRun {id: n.lineage_run}) RETURN count(n) AS n"
LEFT = (
    "MATCH (n) WHERE n.lineage_run IS NOT NULL OR n.epc_kwh IS NOT NULL OR n:LineageUnfinished "
    "RETURN count(n) AS n"
)
CLERKS_PASSWORD, WRONG = "known-to-the-clerk", "not-the-clerks-word"


@dataclass(frozen=True)
class Kept:
    """A graph, and the folder that keeps it."""

    graph: Graph
    folder: Path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[Kept]:
    graphs = [chain(which, ROWS) for which in (0, 1)]
    folders = [tmp_path_factory.mktemp("kept") / "store" for _ in graphs]
    return [Kept(graph, kept_folder(graph, path)) for graph, path in zip(graphs, folders, strict=True)]


@pytest.fixture
def store(neo4j_address: str, kept: list[Kept]) -> Iterator[Neo4jStore]:
    """A server that holds the first graph."""
    with Neo4jStore(neo4j_address) as store:
        store.write(kept[0].graph)
        yield store


@pytest.fixture
def clerk(neo4j_server: Neo4jServer, store: Neo4jStore) -> Iterator[dict[str, str]]:
    """The login of another user, who may do everything: roles are for the Enterprise Edition.

    A new name each time: the server locks a name out for seconds after wrong passwords, also once the user
    of that name was dropped and made again.
    """
    name = f"clerk{uuid.uuid4().hex[:8]}"
    text = "CREATE USER $name SET PLAINTEXT PASSWORD $word CHANGE NOT REQUIRED"
    of_system(neo4j_server, text, name)
    yield {"NEO4J_USERNAME": name, "NEO4J_PASSWORD": CLERKS_PASSWORD, "NEO4J_DATABASE": "neo4j"}
    of_system(neo4j_server, "DROP USER $name", name)


def of_system(server: Neo4jServer, text: str, name: str) -> None:
    """Run a statement about the user of this name; users are kept in a database of their own."""
    login = (server.username, server.password)
    with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{server.port}", auth=login) as driver:
        driver.execute_query(text, {"name": name, "word": CLERKS_PASSWORD}, database_="system")


# -- logins ------------------------------------------------------------------------------------------------


def test_a_wrong_password(store: Neo4jStore, clerk: dict[str, str], kept: list[Kept], tmp_path: Path) -> None:
    name, login = clerk["NEO4J_USERNAME"], clerk | {"NEO4J_PASSWORD": WRONG}
    refused = f"refuses the login of '{name}'"
    for arguments in (
        ("copy", kept[1].folder, store.address),
        ("copy", store.address, tmp_path / "copied"),
        ("cost", "--store", store.address, "--write-back"),
    ):
        ended(*arguments, login=login).assert_told(refused, secret=WRONG)
    # Now the server locks this user out for some seconds after each, and says so.
    told = set()
    for _ in range(5):
        with Neo4jStore(store.address, Login(username=name, password=WRONG)) as away:
            with pytest.raises(StoreDenied, match=refused) as caught:
                away.read()
            told.add("too many wrong passwords; wait some seconds" in str(caught.value))
            assert WRONG not in str(caught.value)
    assert True in told
    assert list(tmp_path.iterdir()) == []
    assert store.read() == kept[0].graph
    assert store.results() == []


def test_a_password_that_must_be_changed(neo4j_server: Neo4jServer, clerk: dict[str, str]) -> None:
    of_system(neo4j_server, "ALTER USER $name SET PASSWORD CHANGE REQUIRED", clerk["NEO4J_USERNAME"])
    told = ended("list", "--store", neo4j_server.address, login=clerk)
    told.assert_told("ALTER CURRENT USER SET PASSWORD", secret=CLERKS_PASSWORD)


def test_a_wrong_database(store: Neo4jStore, neo4j_server: Neo4jServer, kept: list[Kept]) -> None:
    login = neo4j_server.environment | {"NEO4J_DATABASE": "nosuch"}
    told = ended("copy", kept[1].folder, store.address, login=login)
    told.assert_told("has no database 'nosuch'; set NEO4J_DATABASE", secret=neo4j_server.password)
    assert store.read() == kept[0].graph


@pytest.mark.parametrize("scheme", ["bolt+s", "bolt+ssc", "neo4j+s"])
def test_tls_where_there_is_none(
    store: Neo4jStore, neo4j_server: Neo4jServer, kept: list[Kept], scheme: str
) -> None:
    address = f"{scheme}://127.0.0.1:{neo4j_server.port}"
    told = ended("copy", kept[1].folder, address, login=neo4j_server.environment)
    told.assert_told("do not agree on TLS; without it the scheme is", secret=neo4j_server.password)
    assert store.read() == kept[0].graph


# -- connections that drop ---------------------------------------------------------------------------------


@pytest.fixture
def relay(store: Neo4jStore, neo4j_server: Neo4jServer) -> Iterator[Relay]:
    with Relay(neo4j_server.port) as relay:
        yield relay


def test_the_connection_drops_while_a_graph_is_read(
    relay: Relay, neo4j_server: Neo4jServer, kept: list[Kept], tmp_path: Path
) -> None:
    login, secret = neo4j_server.environment, neo4j_server.password
    ended("copy", relay.address, tmp_path / "measured", login=login).assert_done(secret=secret)
    size = relay.downwards
    for percent in (5, 40, 95):
        target = tmp_path / f"cut-{percent}"
        relay.renew(cut_downwards=size * percent // 100)
        relay.shut_when_cut = True
        told = ended("copy", relay.address, target, login=login, retry_s=0.5)
        told.assert_told(f"{relay.address}: the connection was lost", secret=secret)
        assert "check that the server runs" in told.err
        with SnapshotStore(target) as copied:
            assert copied.snapshots() == []
        relay.shut = relay.shut_when_cut = False
        # A connection that drops once is opened again, and everything is read again.
        relay.renew(cut_downwards=size * percent // 100)
        cuts = relay.cuts
        ended("copy", relay.address, target, login=login).assert_done(secret=secret)
        assert relay.cuts == cuts + 1
        with SnapshotStore(target) as copied:
            assert copied.read() == kept[0].graph


def test_the_connection_drops_while_rows_are_read(
    relay: Relay, neo4j_server: Neo4jServer, store: Neo4jStore
) -> None:
    text = "UNWIND range(1, 200000) AS n RETURN n, 'some text to be sent' AS t"
    with Neo4jStore(relay.address, Login(password=neo4j_server.password)) as away:
        answer = away.cypher(text)
        relay.renew(cut_downwards=500_000)
        with pytest.raises(StoreUnavailable, match="the connection was lost"):
            _ = answer.records
    relay.renew(cut_downwards=500_000)
    login = neo4j_server.environment
    told = ended("query", "--store", relay.address, "--format", "csv", "--cypher", text, login=login)
    assert told.code == 1
    assert "the connection was lost" in told.err
    told.assert_discreet(neo4j_server.password)


def test_the_connection_drops_while_a_graph_is_written(
    relay: Relay, neo4j_server: Neo4jServer, store: Neo4jStore, kept: list[Kept]
) -> None:
    login, secret = neo4j_server.environment, neo4j_server.password
    ended("copy", kept[1].folder, relay.address, login=login).assert_done(secret=secret)
    size, present = relay.upwards, 1
    seen: set[bool] = set()
    for percent in (2, 50, 98):
        relay.renew(cut_upwards=size * percent // 100)
        relay.shut_when_cut = True
        wanted = 1 - present
        told = ended("copy", kept[wanted].folder, relay.address, login=login, retry_s=0.5)
        told.assert_told(f"{relay.address}: the connection was lost", secret=secret)
        left = store.read()
        assert left in (kept[present].graph, kept[wanted].graph)
        seen.add(left == kept[wanted].graph)
        relay.shut = relay.shut_when_cut = False
        relay.renew(cut_upwards=size * percent // 100)  # and once more, only that it comes back
        ended("copy", kept[wanted].folder, relay.address, login=login).assert_done(secret=secret)
        assert store.read() == kept[wanted].graph
        present = wanted
    assert False in seen


def test_the_connection_drops_while_figures_are_written(
    relay: Relay, neo4j_server: Neo4jServer, store: Neo4jStore
) -> None:
    login, secret = neo4j_server.environment, neo4j_server.password
    command = ("cost", "--store", relay.address, "--impact", "energy", "--top", "1", "--write-back")
    ended(*command, login=login).assert_done(secret=secret)
    (before,) = store.results()
    size = relay.upwards
    for percent in (20, 70):
        relay.renew(cut_upwards=size * percent // 100)
        relay.shut_when_cut = True
        told = ended(*command, "--policy", "full", login=login, retry_s=0.5)
        told.assert_told("the connection was lost", secret=secret)
        (there,) = store.results()
        assert there["id"] == before["id"]
        text = "MATCH (n:Product) RETURN n.lineage_run AS run, count(*) AS nodes"
        assert store.cypher(text).records == [{"run": before["id"], "nodes": ROWS}]
        relay.shut = relay.shut_when_cut = False
    relay.renew()
    ended(*command, "--policy", "full", login=login).assert_done(secret=secret)
    assert [item["policy"] for item in store.results()] == ["full"]


class Interrupted(Exception):
    """What a test ends a writer with."""


@pytest.mark.parametrize("done", [2, 3, 4, 6])
def test_figures_that_were_written_in_part_are_written_again_or_removed(
    store: Neo4jStore, kept: list[Kept], monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    """The server has too little memory for one transaction, and the writer dies between two of its steps."""
    store.write_result(cost(kept[0].graph, Run(impact="energy")))
    full = cost(kept[0].graph, Run(impact="energy", policy="full"))
    with monkeypatch.context() as patch:
        left = iter(range(done))

        def dying(transaction: Any, steps: Iterable[Step], address: str) -> None:
            some = list(steps)
            if len(some) > 1:
                raise OutOfServerMemory("too much")
            if next(left, None) is None:
                raise Interrupted
            run_steps(transaction, some, address)

        patch.setattr(module, "run_steps", dying)
        with pytest.raises(Interrupted):
            store.write_result(full)
    assert store.results() == []
    assert store.cypher(COUNTING).records == [{"n": 0}]
    assert store.read() == kept[0].graph
    if done % 2:  # what is there of it goes without being finished
        store.remove_result(kept_run(full).id)
    else:
        assert store.write_result(full) == kept_run(full).id
        assert store.cypher(COUNTING).records == [{"n": ROWS}]
        store.remove_result(kept_run(full).id)
    store.write_result(cost(kept[0].graph, Run(impact="energy")))
    (run,) = store.results()
    store.remove_result(run["id"])
    assert store.results() == []
    assert store.cypher(LEFT).records == [{"n": 0}]


# -- two writers -------------------------------------------------------------------------------------------


def test_two_commands_write_at_once(neo4j_server: Neo4jServer, store: Neo4jStore, kept: list[Kept]) -> None:
    """Each gets its graph in whole, or the clear error; the server ends with exactly one of the graphs."""
    login, secret = neo4j_server.environment, neo4j_server.password
    locked = 0
    for number in range(10):
        sides = (0, 1) if number % 2 else (1, 0)
        writers = [started("copy", kept[side].folder, store.address, login=login) for side in sides]
        told = {side: writer.end() for side, writer in zip(sides, writers, strict=True)}
        pids = {side: writer.process.pid for side, writer in zip(sides, writers, strict=True)}
        done = [side for side in sides if told[side].code == 0]
        assert done, told
        for side in set(sides) - set(done):
            if "is being written by" in told[side].err:
                locked += 1
                holder = f"process {pids[1 - side]}; wait for it to end, or stop it"
                problem = holder if "by process" in told[side].err else "by another process; wait for it"
                told[side].assert_told(problem, secret=secret)
            else:  # it wrote, and then the other did, before it had read again what it wrote
                told[side].assert_told("somebody else wrote to it meanwhile; copy again", secret=secret)
        assert store.read() in [kept[side].graph for side in done]
        if locked >= 2:
            break
    print(f"two writers: {number + 1} rounds, {locked} times the second was kept out")
    assert locked
