"""Cypher on a folder and in memory: what the offline index answers, and what it refuses."""

import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from lineage.errors import QueryError, StoreError, StoreUnavailable
from lineage.graph import Graph
from lineage.stores import connect
from lineage.stores.base import AnswersCypher
from lineage.stores.index import OfflineIndex, open_index
from lineage.stores.memory import MemoryStore
from lineage.stores.neo4j_model import cell_maps, stored_key
from lineage.stores.snapshot import SnapshotStore
from lineage.testing import graph
from lineage.testing.specimens import HOSTILE_NAMES, family, with_columns
from offline import folders_left, needed_engine

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(scope="module")
def engine() -> None:
    needed_engine()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / "a store"
    with connect(path) as store:
        store.write(family())
    return path


@pytest.fixture(scope="module")
def index(folder: Path) -> Iterator[OfflineIndex]:
    with connect(folder) as store, open_index(store) as opened:
        yield opened


def _asked(written: Graph, query: str, **parameters: str) -> list[dict[str, object]]:
    with MemoryStore() as store:
        store.write(written)
        return store.cypher(query, parameters).records


# -- what is in it -------------------------------------------------------------------------------------------


def test_nodes_have_their_labels(index: OfflineIndex) -> None:
    rows = index.cypher("MATCH (n) RETURN labels(n) AS labels, count(*) AS n").records
    found = {tuple(sorted(row["labels"])): row["n"] for row in rows}
    assert found == {
        ("Dataset", "Lineage", "Product"): 1,
        ("Lineage", "Model", "Product"): 4,
        ("Lineage", "Platform", "Product"): 1,
        ("Job", "Lineage"): 3,
        ("Lineage", "System"): 1,
        ("Grid", "Lineage"): 1,
        ("Lineage", "Source"): 1,
    }


@pytest.mark.parametrize("table", ["products", "jobs", "systems", "grids"])
def test_properties_are_those_of_the_graph(index: OfflineIndex, table: str) -> None:
    label = {"products": "Product", "jobs": "Job", "systems": "System", "grids": "Grid"}[table]
    rows = index.cypher(f"MATCH (n:{label}) RETURN properties(n) AS p ORDER BY n.id").records
    expected = cell_maps(table, family().tables[table])
    assert [row["p"] for row in rows] == sorted(expected, key=lambda cells: cells["id"])
    # Equal is not enough: 1 == 1.0 == True.
    for row, cells in zip(rows, sorted(expected, key=lambda cells: cells["id"]), strict=True):
        assert {name: type(value) for name, value in row["p"].items()} == {
            name: type(value) for name, value in cells.items()
        }


def test_edges_point_to_what_something_was_made_of(index: OfflineIndex) -> None:
    rows = index.cypher(
        "MATCH (a:Product)-[r]->(b:Product) RETURN a.id AS a, type(r) AS type, b.id AS b, properties(r) AS p"
    ).records
    found = {(row["a"], row["type"], row["b"]): row["p"] for row in rows}
    written = family()
    edges = written.tables["edges"]
    expected = {
        (written.ids[row["product"]], row["type"], written.ids[row["parent"]]): cells
        for row, cells in zip(edges.to_pylist(), cell_maps("edges", edges), strict=True)
    }
    assert found == expected and len(found) >= 4


def test_jobs_are_linked(index: OfflineIndex) -> None:
    rows = index.cypher(
        "MATCH (a)-[r]->(b) WHERE a:Job OR b:Job OR b:Source RETURN a.id AS a, type(r) AS type, b.id AS b"
    ).records
    assert {(row["a"], row["type"], row["b"]) for row in rows} >= {
        ("model:base", "MADE_BY", "job:1"),
        ("job:2", "SERVES", "model:base"),
        ("job:2", "RAN_IN", "platform:hub"),
        ("model:undated", "MADE_BY", "job:3"),
        ("job:1", "RAN_ON", "gpu"),
        ("job:1", "POWERED_BY", "x"),
        ("model:base", "REPORTED_IN", "family.csv"),
    }


def test_a_label_without_nodes_finds_none() -> None:
    assert _asked(graph("a -> b"), "MATCH (n:Job)-[:RAN_ON]->(s:System) RETURN n") == []


def test_self_loops_and_cycles_are_kept() -> None:
    looped = graph("a -> b", "b -> a")
    rows = _asked(looped, "MATCH (a:Model)-[:DERIVED_FROM*1..2]->(a) RETURN count(*) AS n")
    assert rows == [{"n": 2}]


def test_values_that_json_does_not_know() -> None:
    written = with_columns(
        graph("a -> b"),
        "products",
        {
            "odd": pa.array([math.inf, math.nan]),
            "great": pa.array([2**63 - 1, -(2**63)], pa.int64()),
            "fine": pa.array([1e22, 5e-324]),
        },
    )
    rows = _asked(
        written, "MATCH (n:Model) RETURN n.odd AS odd, n.great AS great, n.fine AS fine ORDER BY n.id"
    )
    assert rows[0] == {"odd": math.inf, "great": 2**63 - 1, "fine": 1e22}
    assert math.isnan(rows[1]["odd"]) and rows[1]["great"] == -(2**63) and rows[1]["fine"] == 5e-324  # type: ignore[arg-type]


# -- names from strangers -------------------------------------------------------------------------------------


def test_hostile_names_come_back_as_they_were() -> None:
    products = graph(*(f"model{number} -> other" for number in range(len(HOSTILE_NAMES) - 1)))
    written = with_columns(products, "products", {"extra": pa.array(HOSTILE_NAMES, pa.string())})
    with MemoryStore() as store:
        store.write(written)
        for name in HOSTILE_NAMES:
            query = "MATCH (n:Model) WHERE n.extra = $name RETURN n.extra AS extra"
            assert store.cypher(query, name=name).records == [{"extra": name}], name[:40]


def test_a_hostile_name_is_a_key_like_any_other() -> None:
    names = [name for name in HOSTILE_NAMES if "\0" not in name and name.strip() == name]
    written = graph(*(f"base -> middle{number}" for number in range(len(names))))
    ids = ["model:" + name for name in sorted(names)] + ["model:~"]
    renamed = with_columns(written, "products", {"id": pa.array(sorted(ids)[: len(written)], pa.string())})
    with MemoryStore() as store:
        store.write(renamed)
        for name in renamed.ids:
            found = store.cypher(
                "MATCH (n:Model {id: $id}) RETURN count(*) AS n", id=stored_key(name)
            ).records
            assert found == [{"n": 1}], name[:40]


def test_a_megabyte_as_parameter_and_as_text(index: OfflineIndex) -> None:
    large = "'`\\\n//*" * 150_000
    assert len(large) > 1_000_000
    assert index.cypher("RETURN $x AS x", {"x": large}).records == [{"x": large}]
    assert index.cypher(f"RETURN size('{'x' * 1_000_000}') AS n").records == [{"n": 1_000_000}]
    with pytest.raises(QueryError):
        index.cypher("MATCH (n) RETURN " + "x" * 1_000_000)
    assert index.cypher("RETURN 1 AS n").records == [{"n": 1}]


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "CREATE (:Model {id: 'model:new'})",
        "CREATE (:Stranger)",
        "MERGE (n:Model {id: 'model:new'}) RETURN n",
        "MATCH (n:Model) SET n.name = 'x'",
        "MATCH (n:Model) REMOVE n.name",
        "MATCH (n:Model) REMOVE n:Model",
        "MATCH (n) DETACH DELETE n",
        "MATCH ()-[r]->() DELETE r",
        "MATCH (a:Model), (b:Dataset) CREATE (a)-[:TRAINED_ON]->(b)",
        "UNWIND [1] AS x CALL { WITH x CREATE (:Model {id: 'y'}) } RETURN x",
        "CREATE INDEX FOR (n:Model) ON (n.name)",
        "CREATE CONSTRAINT FOR (n:Model) REQUIRE n.name IS UNIQUE",
        "CREATE USER joe SET PASSWORD 'abcdefgh1'",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    ],
)
def test_what_changes_something_is_refused(index: OfflineIndex, query: str) -> None:
    with pytest.raises(QueryError, match="lineage load") as caught:
        index.cypher(query).records  # noqa: B018
    assert caught.value.text == query
    assert index.cypher("MATCH (n:Lineage) RETURN count(n) AS n").records == [{"n": 12}]


def test_asking_to_write_is_refused_before_anything_starts(folder: Path) -> None:
    with connect(folder) as store:
        assert isinstance(store, AnswersCypher)
        with pytest.raises(QueryError, match="wants to write: the offline index only answers"):
            store.cypher("CREATE (:Model)", write=True)


@pytest.mark.parametrize(
    ("query", "line", "column", "problem"),
    [
        ("MATCH (n)\nRETURN n n", 2, 10, "Unexpected input 'n'"),
        ("MATCH (n RETURN n", 1, 10, "Syntax error: no viable alternative at input '(n RETURN'"),
        (
            "MATCH (n) RETURN n.id ORDER BY",
            1,
            31,
            "Syntax error: mismatched input '<EOF>', expected: an expression",
        ),
    ],
)
def test_an_error_marks_its_place(
    index: OfflineIndex, query: str, line: int, column: int, problem: str
) -> None:
    with pytest.raises(QueryError) as caught:
        index.cypher(query)
    assert (caught.value.line, caught.value.column, caught.value.problem) == (line, column, problem)
    assert str(caught.value).splitlines()[-1] == " " * (2 + column - 1) + "^"


def test_other_errors_say_what_is_wrong(index: OfflineIndex) -> None:
    with pytest.raises(QueryError, match="Variable 'm' not defined"):
        index.cypher("MATCH (n) RETURN m")
    with pytest.raises(QueryError, match="Expected parameter"):
        index.cypher("RETURN $x")


def test_a_limit_ends_the_reading(index: OfflineIndex) -> None:
    assert len(index.cypher("UNWIND range(1, 100000) AS n RETURN n", limit=3).records) == 3


def test_a_time_limit_ends_the_query_and_the_next_is_answered(folder: Path) -> None:
    endless = (
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a * b = -1 RETURN count(*)"
    )
    with connect(folder) as store, open_index(store) as index:
        other = iter(index.cypher("UNWIND range(1, 1000000) AS n RETURN n"))
        assert next(other) == {"n": 1}
        with pytest.raises(QueryError, match=r"took longer than its limit of 0\.5 s"):
            index.cypher(endless, timeout_s=0.5).records  # noqa: B018
        assert index.cypher("RETURN 1 AS n", timeout_s=60).records == [{"n": 1}]
        with pytest.raises(StoreUnavailable, match="signal 9"):  # not an answer that looks complete
            list(other)


def test_closing_over_an_unread_answer_of_a_lost_engine_is_quiet(folder: Path) -> None:
    with connect(folder) as store, open_index(store) as index:
        rows = iter(index.cypher("UNWIND range(1, 1000000) AS n RETURN n"))
        assert next(rows) == {"n": 1}
        assert index._process is not None
        index._process.kill()


def test_a_lost_engine_is_named_and_started_again(folder: Path) -> None:
    with connect(folder) as store, open_index(store) as index:
        rows = iter(index.cypher("UNWIND range(1, 1000000) AS n RETURN n"))
        assert next(rows) == {"n": 1}
        assert index._process is not None
        index._process.kill()
        with pytest.raises(StoreUnavailable, match="signal 9"):
            list(rows)
        assert index.cypher("RETURN 1 AS n").records == [{"n": 1}]
    assert folders_left(folder) == [] or all("serving" in name for name in folders_left(folder))


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with connect(tmp_path / "none") as store, pytest.raises(StoreError, match="there is no store at"):
        store.cypher("RETURN 1")  # type: ignore[attr-defined]
    with MemoryStore() as memory, pytest.raises(StoreError, match="is empty"):
        memory.cypher("RETURN 1")


@pytest.mark.parametrize("address", ["memory:", "folder"])
def test_a_closed_store_is_not_asked(address: str, tmp_path: Path) -> None:
    store = MemoryStore() if address == "memory:" else SnapshotStore(tmp_path / "s")
    store.write(family())
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.cypher("RETURN 1")
