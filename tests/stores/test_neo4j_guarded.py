"""A real Neo4j that insists on TLS, has little memory for a transaction, and then allows reading only."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bolt_servers import Neo4jServer, NotAvailable, pass_over
from lineage.claims import ClaimsBuilder, Source
from lineage.errors import QueryError, StoreDenied, StoreError
from lineage.graph import Graph, resolve
from lineage.run import Run
from lineage.stores.bolt import Login
from lineage.stores.bolt_errors import OutOfServerMemory
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.snapshot import SnapshotStore
from lineage.views.cost import cost
from stores.commands import chain, ended, kept_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j-guarded")]

ROWS = 500
LIMIT_MB = 2
GREEDY = "UNWIND range(1, 3000000) AS n WITH collect(n) AS numbers RETURN size(numbers)"
SETTINGS = f"""\
server.bolt.tls_level=REQUIRED
dbms.ssl.policy.bolt.enabled=true
dbms.ssl.policy.bolt.base_directory=certificates/bolt
dbms.ssl.policy.bolt.private_key=private.key
dbms.ssl.policy.bolt.public_certificate=public.crt
dbms.ssl.policy.bolt.client_auth=NONE
db.memory.transaction.max={LIMIT_MB}m
"""
READ_ONLY = "server.databases.read_only=neo4j\n"


def certified(home: Path) -> None:
    """Make a certificate that signs itself."""
    if shutil.which("openssl") is None:
        pass_over(NotAvailable("a certificate needs the program openssl, which is not here"))
    folder = home / "certificates" / "bolt"
    folder.mkdir(parents=True)
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(folder / "private.key"), "-out", str(folder / "public.crt")]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    home = tmp_path_factory.mktemp("guarded")
    certified(home)
    fast = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    try:
        server = Neo4jServer(home, heap_mb=384, settings=SETTINGS, java=fast, scheme="bolt+ssc").start()
    except NotAvailable as error:
        pass_over(error)
    yield server
    server.stop()


def with_settings(server: Neo4jServer, settings: str) -> Neo4jServer:
    """Start a server anew where its settings are others."""
    if server.settings != settings:
        server.stop()
        server.settings = settings
        server.start()
    return server


@pytest.fixture
def writable(server: Neo4jServer, graph: Graph) -> Neo4jServer:
    """The server holds the graph."""
    with store_of(with_settings(server, SETTINGS)) as store:
        store.write(graph)
    return server


@pytest.fixture
def read_only(server: Neo4jServer, graph: Graph) -> Neo4jServer:
    """The server holds the graph, and its database is read-only."""
    if READ_ONLY not in server.settings:
        with store_of(server) as store:
            store.write(graph)
    return with_settings(server, SETTINGS + READ_ONLY)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return chain(0, ROWS)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept_folder(chain(1, ROWS), tmp_path_factory.mktemp("kept") / "store")


def store_of(server: Neo4jServer) -> Neo4jStore:
    return Neo4jStore(server.direct, Login(password=server.password, database="neo4j"))


# -- little memory -----------------------------------------------------------------------------------------


def test_a_query_that_takes_too_much_memory(writable: Neo4jServer, graph: Graph) -> None:
    login, secret = writable.environment, writable.password
    told = ended("query", "--store", writable.direct, "--cypher", GREEDY, login=login)
    told.assert_told("more memory than the server allows; match less, or return fewer rows", secret=secret)
    with store_of(writable) as store:
        with pytest.raises(QueryError, match="return fewer rows"):
            store.cypher(GREEDY)
        assert store.read() == graph


def test_a_graph_is_written_in_as_small_steps_as_the_server_wants(
    writable: Neo4jServer, other: Path, tmp_path: Path
) -> None:
    login, secret = writable.environment, writable.password
    ended("copy", other, writable.direct, login=login).assert_done(secret=secret)
    command = ("cost", "--store", writable.direct, "--impact", "energy", "--top", "1", "--write-back")
    ended(*command, login=login).assert_done(secret=secret)
    ended("copy", writable.direct, tmp_path / "back", login=login).assert_done(secret=secret)
    with SnapshotStore(other) as expected, SnapshotStore(tmp_path / "back") as back:
        assert back.read() == expected.read()


def test_little_memory_is_no_reason_to_wait(
    writable: Neo4jServer, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server calls it a transient error, also where it comes with the commit; smaller steps come at once."""
    waits: list[float] = []
    monkeypatch.setattr("lineage.stores.bolt.sleep", waits.append)
    with store_of(writable) as store:
        store.write_result(cost(graph, Run(impact="energy")))
        store.write_result(cost(graph, Run(impact="energy", policy="full")))
        (run,) = store.results()
        store.remove_result(run["id"])
        store.write(chain(1, 2 * ROWS))
        assert store.read() == chain(1, 2 * ROWS)
    assert waits == []


def test_a_product_that_is_too_large_for_the_server(writable: Neo4jServer, graph: Graph) -> None:
    """Even alone it takes too much: the way out is named, and the graph before is there or comes back."""
    build = ClaimsBuilder(Source(address="large.csv"))
    build.product("model:large", description="x" * (LIMIT_MB * 2_000_000))
    with store_of(writable) as store:
        with pytest.raises(OutOfServerMemory, match=r"raise db\.memory\.transaction\.max there"):
            store.write(resolve(build.done())[0])
        with pytest.raises(StoreError, match="write the graph again to finish"):
            store.read()
        store.write(graph)
        assert store.read() == graph


# -- TLS ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["bolt", "neo4j", "bolt+s", "neo4j+s"])
def test_another_security_than_the_server_wants(writable: Neo4jServer, other: Path, scheme: str) -> None:
    """Without TLS, and with a certificate that the system does not trust."""
    problem = "do not agree on TLS" if "+s" in scheme else "it may want TLS (neo4j+s:// or bolt+s://)"
    address = f"{scheme}://127.0.0.1:{writable.port}"
    told = ended("copy", other, address, login=writable.environment)
    told.assert_told(problem, secret=writable.password)
    if "+s" in scheme:
        assert "neo4j+ssc:// or bolt+ssc://" in told.err


# -- reading only ------------------------------------------------------------------------------------------


def test_a_database_for_reading_only(
    read_only: Neo4jServer, graph: Graph, other: Path, tmp_path: Path
) -> None:
    login, secret = read_only.environment, read_only.password
    ended("copy", read_only.direct, tmp_path / "copied", login=login).assert_done(secret=secret)
    with SnapshotStore(tmp_path / "copied") as copied:
        assert copied.read() == graph
    ended("copy", other, read_only.direct, "--dry-run", login=login).assert_done(secret=secret)
    denied = f"the database at {read_only.direct} is read-only; write to another, or ask who runs it"
    for arguments in (
        ("copy", other, read_only.direct),
        ("cost", "--store", read_only.direct, "--impact", "energy", "--top", "1", "--write-back"),
        ("query", "--store", read_only.direct, "--write", "--cypher", "CREATE (n:Mine) RETURN n"),
    ):
        ended(*arguments, login=login).assert_told(denied, secret=secret)
    with store_of(read_only) as store:
        with pytest.raises(StoreDenied, match="is read-only"):
            store.write_result(cost(graph))
        assert store.read() == graph
        assert store.results() == []
        assert store.cypher("MATCH (n:Mine) RETURN count(n) AS n").records == [{"n": 0}]
