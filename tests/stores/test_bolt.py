"""Addresses, logins, errors and answers of a Bolt server."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import neo4j.exceptions
import pytest

from bolt_servers import Neo4jServer, NotAvailable, free_port, neo4j_packages
from lineage.errors import LineageError, QueryError, StoreDenied, StoreError, StoreUnavailable
from lineage.stores import connect
from lineage.stores.base import AnswersCypher, WritesBack
from lineage.stores.bolt import Bolt, Login, Question, bolt_address
from lineage.stores.bolt_errors import OutOfServerMemory, translated
from lineage.stores.neo4j import Neo4jStore

SECRET = "s3cret-w0rd"
LOGIN = Login(username="me", password=SECRET, database="films")


# -- addresses and logins ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"])
def test_every_scheme_opens_without_a_connection(scheme: str) -> None:
    with connect(f"{scheme}://example.invalid:7687") as store:
        assert store.address == f"{scheme}://example.invalid:7687"
        assert isinstance(store, AnswersCypher)
        assert isinstance(store, WritesBack)


@pytest.mark.parametrize(
    "address", [f"neo4j://me:{SECRET}@host:7687", f"bolt+s://{SECRET}@host", f"neo4jj://me:{SECRET}@host"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(StoreError) as caught:
        connect(address)
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_the_refusal_names_the_variables() -> None:
    with pytest.raises(StoreError, match="set NEO4J_USERNAME and NEO4J_PASSWORD"):
        bolt_address(f"neo4j://me:{SECRET}@host")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("neo4j://", "names no host"),
        ("neo4j://ho st", "names no host"),
        ("neo4j://host:port", "is no address"),
        ("neo4j://host/films", "the database is named by NEO4J_DATABASE"),
        ("neo4j://host?policy=x", "the database is named by NEO4J_DATABASE"),
    ],
)
def test_other_addresses_are_refused(address: str, problem: str) -> None:
    with pytest.raises(StoreError, match=problem):
        bolt_address(address)


def test_an_address_of_six_numbers_keeps_its_brackets() -> None:
    assert bolt_address("bolt://[::1]:7687") == "bolt://[::1]:7687"


def test_the_login_comes_from_the_environment() -> None:
    told = {"NEO4J_USERNAME": "me", "NEO4J_PASSWORD": SECRET, "NEO4J_DATABASE": "films"}
    login = Login.from_environment(told)
    assert login == LOGIN
    assert SECRET not in repr(login)


def test_a_missing_password_is_asked_for() -> None:
    asked: list[str] = []
    login = Login.from_environment({}, lambda question: asked.append(question) or SECRET)  # type: ignore[func-returns-value]
    assert login == Login(username="neo4j", password=SECRET)
    assert asked == ["password of neo4j: "]


def fault_of_reading(address: str, login: Login) -> StoreError:
    """Return the error that the first call of a store brings."""
    with Neo4jStore(address, login) as store, pytest.raises(StoreError) as caught:
        store.read()
    assert login.password not in str(caught.value) + repr(caught.value)
    return caught.value


# -- errors ------------------------------------------------------------------------------------------------

SERVER = [
    ("Security.Unauthorized", None, StoreDenied, "refuses the login of 'me'; check NEO4J_USERNAME"),
    ("Security.Forbidden", None, StoreDenied, "'me' may not do this"),
    ("General.ForbiddenOnReadOnlyDatabase", None, StoreDenied, "is read-only"),
    ("General.WriteOnReadOnlyAccessDatabase", None, StoreDenied, "is read-only"),
    ("Database.DatabaseNotFound", None, StoreError, "has no database 'films'; set NEO4J_DATABASE"),
    ("Database.DatabaseUnavailable", None, StoreUnavailable, "cannot answer now"),
    ("Schema.ConstraintValidationFailed", None, StoreError, "refused: the problem"),
    ("General.MemoryPoolOutOfMemoryError", None, OutOfServerMemory, "transaction.total.max"),
    ("General.MemoryPoolOutOfMemoryError", "q", QueryError, "return fewer rows"),
    ("Statement.AccessMode", "q", QueryError, "--write"),
    ("Transaction.TransactionTimedOutClientConfiguration", "q", QueryError, "longer than its limit of 3 s"),
    ("Statement.ParameterMissing", "q", QueryError, "^the problem$"),
]


@pytest.mark.parametrize(("code", "text", "kind", "problem"), SERVER)
def test_errors_of_the_server(code: str, text: str | None, kind: type[LineageError], problem: str) -> None:
    question = None if text is None else Question(text=text, timeout_s=3)
    with pytest.raises(kind, match=problem) as caught, translated("neo4j://host", LOGIN, question):
        raise neo4j.exceptions.Neo4jError._hydrate_neo4j(
            code=f"Neo.ClientError.{code}", message="the problem"
        )
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)


DRIVER = [
    (neo4j.exceptions.ServiceUnavailable("gone"), StoreUnavailable, "neo4j://host: the connection was lost"),
    (neo4j.exceptions.SessionExpired("gone"), StoreUnavailable, "check that the server runs"),
    (neo4j.exceptions.ResultConsumedError(object(), "read"), StoreError, "ask again"),
    (neo4j.exceptions.ConfigurationError("odd"), StoreError, "neo4j://host: odd"),
    (OSError("no route"), StoreUnavailable, "no route"),
]


@pytest.mark.parametrize(("error", "kind", "problem"), DRIVER)
def test_errors_of_the_driver(error: Exception, kind: type[LineageError], problem: str) -> None:
    with pytest.raises(kind, match=problem), translated("neo4j://host", LOGIN):
        raise error


def test_a_parameter_that_cannot_be_sent() -> None:
    question = Question(text="RETURN $x")
    with (
        pytest.raises(QueryError, match="a parameter cannot be sent"),
        translated("neo4j://host", LOGIN, question),
    ):
        raise TypeError("no such type")
    with pytest.raises(TypeError), translated("neo4j://host", LOGIN):
        raise TypeError("a mistake of ours stays one")


def test_nobody_listens() -> None:
    address = f"bolt://127.0.0.1:{free_port()}"
    error = fault_of_reading(address, Login(password=SECRET))
    assert type(error) is StoreUnavailable
    assert f"{address}: the connection was lost or refused" in str(error)


def test_somebody_listens_who_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            caller, _ = listener.accept()
            caller.recv(64)
            caller.close()

        answering = threading.Thread(target=hang_up)
        answering.start()
        error = fault_of_reading(f"bolt://127.0.0.1:{listener.getsockname()[1]}", Login(password=SECRET))
        answering.join()
    assert type(error) is StoreUnavailable
    assert "it may want TLS (neo4j+s:// or bolt+s://)" in str(error)


# -- a real server -----------------------------------------------------------------------------------------

real = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]


@pytest.fixture
def store(neo4j_address: str) -> Any:
    with connect(neo4j_address) as store:
        yield store


class TestServer:
    pytestmark = real

    def test_a_wrong_password(self, neo4j_server: Neo4jServer) -> None:
        error = fault_of_reading(neo4j_server.address, Login(password=SECRET))
        assert type(error) is StoreDenied
        assert "refuses the login of 'neo4j'; check NEO4J_USERNAME and NEO4J_PASSWORD" in str(error)

    def test_a_wrong_database(self, neo4j_server: Neo4jServer) -> None:
        error = fault_of_reading(
            neo4j_server.address, Login(password=neo4j_server.password, database="nosuch")
        )
        assert "has no database 'nosuch'; set NEO4J_DATABASE" in str(error)

    def test_tls_where_there_is_none(self, neo4j_server: Neo4jServer) -> None:
        address = neo4j_server.address.replace("neo4j://", "bolt+s://")
        error = fault_of_reading(address, Login(password=SECRET))
        assert type(error) is StoreUnavailable
        assert "do not agree on TLS" in str(error)

    def test_rows_as_they_are(self, store: Any) -> None:
        result = store.cypher("UNWIND [1, 2, 3] AS n RETURN n, $x AS x", x="a")
        assert result.columns == ("n", "x")
        assert result.records == [{"n": 1, "x": "a"}, {"n": 2, "x": "a"}, {"n": 3, "x": "a"}]
        assert result.to_arrow().to_pydict() == {"n": [1, 2, 3], "x": ["a", "a", "a"]}
        assert result.to_pandas()["n"].tolist() == [1, 2, 3]

    def test_a_query_without_rows_has_columns(self, store: Any) -> None:
        result = store.cypher("MATCH (n:Nothing) RETURN n.id AS id")
        assert result.columns == ("id",)
        assert result.to_arrow().num_rows == len(result.to_pandas()) == 0

    def test_a_limit_stops_the_server(self, store: Any) -> None:
        result = store.cypher("UNWIND range(1, 1000000000) AS n RETURN n", limit=3)
        assert [row["n"] for row in result] == [1, 2, 3]

    def test_a_time_limit_stops_the_server(self, store: Any) -> None:
        with pytest.raises(QueryError, match="longer than its limit of 1 s"):
            store.cypher(
                "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b)", timeout_s=1
            )

    def test_parameters_may_be_called_as_options_are(self, store: Any) -> None:
        result = store.cypher("RETURN $limit AS a, $write AS b", {"limit": 7, "write": "x"})
        assert result.records == [{"a": 7, "b": "x"}]

    @pytest.mark.parametrize(
        "text", ["CREATE (n:Mine)", "MERGE (n:Mine) RETURN n", "CALL db.createLabel('X')"]
    )
    def test_queries_only_read(self, store: Any, text: str) -> None:
        with pytest.raises(QueryError, match="--write"):
            store.cypher(text)
        assert store.cypher("MATCH (n:Mine) RETURN count(n) AS n").records == [{"n": 0}]

    def test_a_writing_query_is_done_when_it_returns(self, store: Any) -> None:
        store.cypher("UNWIND [1, 2] AS n CREATE (m:Mine {n: n}) RETURN m", write=True, limit=1)
        assert store.cypher("MATCH (n:Mine) RETURN count(n) AS n").records == [{"n": 2}]

    def test_the_place_of_a_mistake_is_marked(self, store: Any) -> None:
        with pytest.raises(QueryError) as caught:
            store.cypher("MATCH (m:Model)\nRETRN m")
        assert (caught.value.line, caught.value.column) == (2, 1)
        assert str(caught.value).splitlines()[1:] == ["  RETRN m", "  ^"]

    def test_a_missing_parameter(self, store: Any) -> None:
        with pytest.raises(QueryError, match=r"parameter.*who"):
            store.cypher("RETURN $who")

    def test_a_mistake_that_shows_while_rows_come(self, store: Any) -> None:
        result = store.cypher("UNWIND [1, 0] AS n RETURN 1 / n AS x")
        with pytest.raises(QueryError, match="by zero"):
            _ = result.records

    @pytest.mark.parametrize(
        "value",
        ["' OR 1=1 //", '"}) DETACH DELETE n //', "`x` /* */", "line\nbreak", "\\u0027", "n" * 1_000_000],
    )
    def test_parameters_are_values(self, store: Any, value: str) -> None:
        store.cypher("CREATE (:Kept {id: $x})", write=True, x=value)
        assert store.cypher("MATCH (n:Kept) WHERE n.id = $x RETURN n.id AS id", x=value).records == [
            {"id": value}
        ]

    def test_graphs_in_rows(self, store: Any) -> None:
        store.cypher(
            "CREATE (a:P {id: 'a'})-[:R {w: 0.5}]->(b:P {id: 'b'})-[:R]->(:P {name: 'no id'}), (a)-[:R]->(b)",
            write=True,
        )
        made = store.cypher("MATCH p = (:P {id: 'a'})-[:R*2]->(x) RETURN p, {deep: [x]} AS m").to_networkx()
        assert {name for name in made if not name.startswith("4:")} == {"a", "b"}
        assert made.number_of_edges() == 3
        assert sorted(facts.get("w", 0) for _, _, facts in made.edges(data=True)) == [0, 0, 0.5]
        text = "MATCH (a:P {id: 'a'})-[r]->(b) RETURN a, r, b, date('2024-01-02') AS d LIMIT 1"
        (row,) = store.cypher(text).plain()
        json.dumps(row)
        assert (row["a"]["labels"], row["a"]["properties"]) == (["P"], {"id": "a"})
        assert (row["r"]["start"], row["r"]["end"]) == (row["a"]["element_id"], row["b"]["element_id"])
        assert (row["r"]["type"], row["d"]) == ("R", "2024-01-02")

    def test_a_closed_store_answers_nothing(self, store: Any) -> None:
        result = store.cypher("UNWIND range(1, 100000) AS n RETURN n")
        store.close()
        assert result.closed
        with pytest.raises(StoreError, match="closed"):
            store.cypher("RETURN 1")

    def test_bolt_reads_and_writes_in_transactions(self, neo4j_server: Neo4jServer) -> None:
        bolt = Bolt(neo4j_server.address, Login(password=neo4j_server.password))
        try:
            bolt.write(lambda tx: tx.run("CREATE (:T {n: 1})").consume())
            assert bolt.read(lambda tx: tx.run("MATCH (t:T) RETURN t.n").single(strict=True)[0]) == 1
            with pytest.raises(StoreError, match="refused"):
                bolt.command("NOT CYPHER")
        finally:
            bolt.close()


def test_nothing_is_written_beside_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with connect("neo4j://host.invalid"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_java_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NotAvailable, match="missing here: java, mvn"):
        neo4j_packages()
    assert list(tmp_path.iterdir()) == []
