"""A server that is killed while a command writes: what it shows afterwards is whole, or says that it is not.

The kills are spread over the bytes that a command sends and receives, so that a busy machine changes nothing about
where they fall. Between the kill and the look at what it left, the command is kept from the server.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bolt_servers import Neo4jServer, NotAvailable, pass_over
from lineage.errors import StoreError
from lineage.graph import Graph
from lineage.stores.bolt import Login
from lineage.stores.neo4j import Neo4jStore
from stores.commands import Ended, chain, ended, kept_folder, started
from stores.relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j-killed")]

ROWS = 600
KILLS = 10  # of each command, in each of the two ways of writing
SCARCE = "db.memory.transaction.max={}m\n"
BEYOND = 1.15  # the last kills fall when all is done: what a command said is kept must be
LATEST_S = 0.05  # after the bytes have passed: commits take time, and pass none
UNFINISHED = -1  # flagged, so that it is not read
NOTHING = -2  # no run is visible
# As a new user sees it, but in many small transactions, as a graph of more than 50,000 changes is written.
IN_STEPS = (
    "import lineage.stores.neo4j as stores, lineage.stores.neo4j_plan as plans\n"
    "stores.ONE_TRANSACTION, plans.BATCH_ROWS = 0, 150\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A server that starts fast: with quick compilation, and its classes kept from a first start."""
    home = tmp_path_factory.mktemp("killed")
    fast = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    try:
        server = Neo4jServer(home, heap_mb=384, java=(*fast, f"-XX:ArchiveClassesAtExit={home}/classes.jsa"))
    except NotAvailable as error:
        pass_over(error)
    server.start().stop(patience_s=600)
    server.java = (*fast, f"-XX:SharedArchiveFile={home}/classes.jsa")
    yield server.start()
    server.stop()


@dataclass
class Case:
    """A command that takes the server from one of two states to the other, and how they are told apart.

    `arguments[n]` make state n; `look()` returns the state, `UNFINISHED` or `NOTHING`, and fails on a mixture.
    """

    server: Neo4jServer
    arguments: list[tuple[str | Path, ...]]
    look: Callable[[], int]
    before: str = ""
    found: Counter[str] = field(default_factory=Counter)
    relay: Relay = field(init=False)

    def run(self, wanted: int, *, rounds: int, seed: int) -> int:
        """Kill the server `rounds` times; returns the state at the end, which is whole."""
        moments = random.Random(seed)
        login = self.server.environment
        sizes = []
        for _ in range(2):  # from each state to the other
            self.relay.renew()
            started(*self._told(wanted), login=login, before=self.before).end().assert_done(
                secret=self.server.password
            )
            assert self.look() == wanted
            sizes.append(self.relay.passed)
            wanted = 1 - wanted
        for number in range(rounds):
            moment = BEYOND * (number + moments.random()) / rounds
            self._once(wanted, number, int(moment * sizes[number % 2]), moments.uniform(0, LATEST_S))
            wanted = 1 - wanted
        return 1 - wanted

    def _told(self, wanted: int) -> list[str | Path]:
        return [self.relay.address if item == "RELAY" else item for item in self.arguments[wanted]]

    def _once(self, wanted: int, number: int, size: int, later_s: float) -> None:
        relay, login, secret = self.relay, self.server.environment, self.server.password
        relay.renew()
        patient = number % 2 == 0  # it tries again until the server is back; the other one gives up
        command = started(
            *self._told(wanted), login=login, before=self.before, retry_s=None if patient else 0.5
        )
        while command.runs and relay.passed < size:
            time.sleep(0.001)
        time.sleep(later_s)
        ran = command.runs
        relay.shut = True
        self.server.kill()
        told = None if patient else command.end()
        self.server.start()
        self._count(self.look(), wanted, ran)
        relay.shut = False
        told = told or command.end()
        self._assert_end(told, ran)
        if told.code:
            again = started(*self._told(wanted), login=login, before=self.before)
            again.end().assert_done(secret=secret)
        assert self.look() == wanted

    def _count(self, state: int, wanted: int, ran: bool) -> None:
        assert state in (wanted, 1 - wanted, UNFINISHED, NOTHING)
        names = {wanted: "after", 1 - wanted: "before"}
        self.found[names.get(state, "between")] += 1
        self.found["while the command ran"] += ran

    def _assert_end(self, told: Ended, ran: bool) -> None:
        if told.code == 0:
            told.assert_done(secret=self.server.password)
            self.found["finished by the same command"] += ran
        else:
            assert ran, told
            told.assert_told(f"{self.relay.address}", secret=self.server.password)
            assert "; " in told.err, told
            self.found["clear error, then finished by the next"] += 1


@contextmanager
def relayed(case: Case) -> Iterator[Case]:
    """Put a relay between the command and the server."""
    with Relay(case.server.port) as case.relay:
        yield case


def restarted(server: Neo4jServer, settings: str) -> None:
    """Start the server anew with other settings."""
    if server.settings != settings:
        server.stop()
        server.settings = settings
        server.start()


def store_of(server: Neo4jServer) -> Neo4jStore:
    login = Login(username=server.username, password=server.password, database="neo4j")
    return Neo4jStore(f"bolt://127.0.0.1:{server.port}", login)


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [chain(which, ROWS) for which in (0, 1)]


@pytest.fixture(scope="module")
def folders(graphs: list[Graph], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [kept_folder(graph, tmp_path_factory.mktemp("kept") / "store") for graph in graphs]


# -- copy --------------------------------------------------------------------------------------------------


def graph_in(server: Neo4jServer, graphs: list[Graph]) -> int:
    """Return which graph the server shows, with every table, claim and finding; `UNFINISHED` if it says so."""
    with store_of(server) as store:
        try:
            back = store.read()
        except StoreError as error:
            assert "a large graph is being written, or its writer was interrupted" in str(error)
            assert "write the graph again to finish" in str(error)
            assert store.snapshots() == []
            return UNFINISHED
        (snapshot,) = store.snapshots()
    which = [graph.digest for graph in graphs].index(Graph(back.tables).digest)
    assert snapshot.digest == graphs[which].digest
    assert back == graphs[which]
    assert back.claims == graphs[which].claims
    assert back.findings == graphs[which].findings
    return which


@pytest.mark.parametrize("steps", [False, True], ids=["one transaction", "steps"])
def test_killed_while_copying(
    server: Neo4jServer, graphs: list[Graph], folders: list[Path], steps: bool
) -> None:
    restarted(server, "")
    with store_of(server) as store:
        store.write(graphs[0])
    arguments: list[tuple[str | Path, ...]] = [("copy", folder, "RELAY") for folder in folders]
    case = Case(server, arguments, lambda: graph_in(server, graphs), IN_STEPS if steps else "")
    with relayed(case):
        case.run(1, rounds=KILLS, seed=int(steps))
    print(f"copy, {'in steps' if steps else 'in one transaction'}: {dict(sorted(case.found.items()))}")
    assert case.found["before"] + case.found["between"] + case.found["after"] == KILLS
    assert case.found["while the command ran"] >= KILLS // 2
    assert case.found["before"] and case.found["after"]
    assert bool(case.found["between"]) == steps


# -- figures -----------------------------------------------------------------------------------------------

FIGURES = "MATCH (n:Product) WHERE n.lineage_run = $run RETURN n.id AS id, properties(n) AS p"
SHARES = "MATCH (a)-[r]->(b) WHERE r.lineage_run = $run RETURN a.id AS id, b.id AS parent, r.w AS w"
LEFT = "MATCH (n) WHERE n.lineage_run IS NOT NULL OR n.epc_kwh IS NOT NULL RETURN count(n) AS n"


def visible(server: Neo4jServer) -> dict[str, tuple[Any, ...]]:
    """Return every run that is listed, with the figures and shares that count by it."""
    with store_of(server) as store:
        return {
            run["policy"]: tuple(
                # Sorted here: the server may have little memory.
                sorted(
                    store.cypher(text, run=run["id"]).records,
                    key=lambda row: (row["id"], row.get("parent", "")),
                )
                for text in (FIGURES, SHARES)
            )
            for run in store.results()
        }


@pytest.mark.parametrize("steps", [False, True], ids=["one transaction", "steps"])
def test_killed_while_writing_figures(server: Neo4jServer, graphs: list[Graph], steps: bool) -> None:
    restarted(server, "")
    policies = ["equal", "full"]
    whole: dict[str, tuple[Any, ...]] = {}
    command = ("cost", "--store", "RELAY", "--impact", "energy", "--top", "1", "--write-back", "--policy")
    arguments: list[tuple[str | Path, ...]] = [(*command, policy) for policy in policies]
    with store_of(server) as store:
        store.write(graphs[0])
    direct = f"bolt://127.0.0.1:{server.port}"
    for words in arguments:
        told = [direct if item == "RELAY" else item for item in words]
        ended(*told, login=server.environment).assert_done(secret=server.password)
        whole |= visible(server)
    assert [len(whole[policy][0]) for policy in policies] == [ROWS, ROWS]

    def look() -> int:
        there = visible(server)
        if not there:
            assert steps, "in one transaction a run takes the place of the one before"
            return NOTHING
        ((policy, shown),) = there.items()
        assert shown == whole[policy]
        return policies.index(policy)

    if steps:
        restarted(server, SCARCE.format(2))
    case = Case(server, arguments, look, "")
    with relayed(case):
        case.run(0, rounds=KILLS, seed=2 + steps)
    print(f"write-back, {'in steps' if steps else 'in one transaction'}: {dict(sorted(case.found.items()))}")
    assert case.found["before"] + case.found["between"] + case.found["after"] == KILLS
    assert case.found["while the command ran"] >= KILLS // 2
    assert case.found["before"] and case.found["after"]
    assert bool(case.found["between"]) == steps
    with store_of(server) as store:
        assert store.read() == graphs[0]
        (run,) = store.results()
        store.remove_result(run["id"])
        assert store.results() == []
        assert store.cypher(LEFT).records == [{"n": 0}]
