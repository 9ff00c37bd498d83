"""A graph in a real Neo4j: what is not ours stays, nobody sees half, and strangers' texts stay texts."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import neo4j
import pyarrow as pa
import pytest

from bolt_servers import Neo4jServer
from lineage.claims import ClaimsBuilder, Source
from lineage.errors import StoreDamaged, StoreError, StoreLocked
from lineage.graph import Graph, resolve
from lineage.stores import connect
from lineage.stores import neo4j as module
from lineage.stores.bolt_errors import OutOfServerMemory
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_model import quoted
from lineage.stores.neo4j_publish import run_steps
from lineage.testing import graph as drawn
from lineage.testing.specimens import HOSTILE_NAMES, family, named, with_columns

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]

FOREIGN = """
CREATE (u:User {name: 'u'}), (m:Model {title: 'a foreign model without an id'}), (p:Product {id: 'shoe'})
CREATE (u)-[:LIKES {since: 2020}]->(m), (u)-[:DERIVED_FROM]->(p)
"""


@pytest.fixture
def store(neo4j_address: str) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_address) as store:
        yield store


def counted(store: Neo4jStore, text: str, **parameters: Any) -> Any:
    """Return the one value of the one row that a query has."""
    (row,) = store.cypher(text, parameters).records
    (value,) = row.values()
    return value


# -- the model ---------------------------------------------------------------------------------------------


def test_labels_and_relationships_are_those_of_the_design(store: Neo4jStore) -> None:
    store.write(family())
    rows = store.cypher("MATCH (a)-[r]->(b) RETURN a.id AS a, type(r) AS r, b.id AS b").records
    assert {(row["a"], row["r"], row["b"]) for row in rows} >= {
        ("model:base", "TRAINED_ON", "dataset:web"),
        ("model:tuned", "DERIVED_FROM", "model:base"),
        ("model:base", "MADE_BY", "job:1"),
        ("job:2", "SERVES", "model:base"),
        ("job:2", "RAN_IN", "platform:hub"),
        ("job:1", "RAN_ON", "gpu"),
        ("job:1", "POWERED_BY", "x"),
        ("model:base", "REPORTED_IN", "family.csv"),
    }
    assert counted(store, "MATCH (m:Product:Model {id: 'model:base'}) RETURN m.colour") == "blue"


def test_the_schema_is_there_once(store: Neo4jStore) -> None:
    store.write(family())
    before = store.cypher("SHOW INDEXES YIELD name, state RETURN name, state ORDER BY name").records
    with Neo4jStore(store.address) as again:
        again.write(named("x"))
    assert store.cypher("SHOW INDEXES YIELD name, state RETURN name, state ORDER BY name").records == before
    assert {"model_id", "model_name", "job_phase", "derived_from_relation"} <= {row["name"] for row in before}
    assert {row["state"] for row in before} == {"ONLINE"}


# -- what is not ours --------------------------------------------------------------------------------------


def test_what_is_not_ours_is_not_touched(store: Neo4jStore) -> None:
    store.cypher(FOREIGN, write=True)
    everything = (
        "MATCH (n) WHERE none(l IN labels(n) WHERE l STARTS WITH 'Lineage') "
        "RETURN n.name AS a, n.title AS b, n.id AS c ORDER BY a, b, c"
    )
    before = store.cypher(everything).records
    for graph in (family(), named("x"), drawn("a -> b")):
        store.write(graph)
        assert store.read() == graph
        assert store.cypher(everything).records == before
    assert counted(store, "MATCH (:User)-[r]->() RETURN count(r)") == 2


def test_a_foreign_node_in_our_place_is_refused(store: Neo4jStore) -> None:
    store.cypher("CREATE (:Model {id: 'model:base', theirs: 1})", write=True)
    with pytest.raises(StoreError, match="'model:base' is there that this tool did not write"):
        store.write(family())
    assert store.snapshots() == []
    assert counted(store, "MATCH (n:Lineage) RETURN count(n)") == 0


def test_what_others_add_to_our_nodes_stays(store: Neo4jStore) -> None:
    store.write(family())
    store.cypher(
        "MATCH (m:Model {id: 'model:base'}) SET m.team = 'blue' CREATE (:User {name: 'u'})-[:LIKES]->(m)",
        write=True,
    )
    store.write(family(11.0))
    assert counted(store, "MATCH (:User)-[:LIKES]->(m:Model) RETURN m.team") == "blue"
    store.write(named("x"))  # without model:base: the node loses what is ours, and stays
    (row,) = store.cypher(
        "MATCH (:User)-[:LIKES]->(m) RETURN labels(m) AS labels, properties(m) AS p"
    ).records
    assert row == {"labels": [], "p": {"team": "blue"}}
    assert store.read() == named("x")


def test_a_column_that_goes_leaves_no_property(store: Neo4jStore) -> None:
    graph = family()
    store.write(with_columns(graph, "products", {"gone": pa.array(["v"] * len(graph))}))
    assert counted(store, "MATCH (n:Product) RETURN count(n.gone)") == len(graph)
    store.write(graph)
    assert counted(store, "MATCH (n:Product) RETURN count(n.gone)") == 0


def test_changes_by_hand_are_read_and_overwritten(store: Neo4jStore) -> None:
    graph = family()
    store.write(graph)
    store.cypher("MATCH (m:Model {id: 'model:base'}) SET m.downloads = 5.0", write=True)
    assert store.read().floats("products", "downloads")[graph.code("model:base")] == 5.0
    store.write(graph)
    assert store.read() == graph


def test_a_second_relationship_by_hand_goes_with_the_next_graph(store: Neo4jStore) -> None:
    store.write(family())
    text = "MATCH (a:Model {id: 'model:tuned'}), (b:Model {id: 'model:base'}) CREATE (a)-[:DERIVED_FROM]->(b)"
    store.cypher(text, write=True)
    store.write(family())
    assert store.read() == family()


def test_a_value_of_another_type_is_named_and_mended_by_writing(store: Neo4jStore) -> None:
    store.write(family())
    store.cypher("MATCH (m:Model {id: 'model:base'}) SET m.parameters = 'many'", write=True)
    with pytest.raises(StoreDamaged, match="products in the database: a value is not of the type double"):
        store.read()
    store.write(family())
    assert store.read() == family()


# -- all or nothing ----------------------------------------------------------------------------------------


class Interrupted(Exception):
    """What a test ends a writer with."""


def interrupt_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Let the writer die after some transactions."""
    count = iter(range(steps))

    def dying(*arguments: Any) -> None:
        if next(count, None) is None:
            raise Interrupted
        run_steps(*arguments)

    monkeypatch.setattr(module, "run_steps", dying)


def test_a_large_graph_is_written_in_steps(store: Neo4jStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ONE_TRANSACTION", 0)
    for graph in (family(), named("x"), family(12.0)):
        store.write(graph)
        assert store.read() == graph
        assert store.read().claims == graph.claims


@pytest.mark.parametrize("steps", [1, 2, 5, 9])
def test_an_interrupted_large_write_is_not_read_and_can_be_finished(
    store: Neo4jStore, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    store.write(named("before"))
    with monkeypatch.context() as patch:
        patch.setattr(module, "ONE_TRANSACTION", 0)
        interrupt_after(patch, steps)
        with pytest.raises(Interrupted):
            store.write(with_columns(family(), "products", {"odd": pa.array([1] * len(family()))}))
    with pytest.raises(StoreError, match="a large graph is being written, or its writer was interrupted"):
        store.read()
    assert store.snapshots() == []
    store.write(family())
    assert store.read() == family()
    assert counted(store, "MATCH (n:Product) RETURN count(n.odd)") == 0


def test_a_server_short_of_memory_takes_smaller_steps(
    store: Neo4jStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[Any]] = []

    def scarce(transaction: Any, steps: Any, address: str) -> None:
        calls.append(list(steps))
        if len(calls[-1]) > 1:
            raise OutOfServerMemory("too much")
        run_steps(transaction, calls[-1], address)

    monkeypatch.setattr(module, "run_steps", scarce)
    store.write(family())
    assert store.read() == family()
    assert len(calls) > 3


# -- two writers -------------------------------------------------------------------------------------------

HOLD = """
import sys
from lineage.stores import connect
with connect(sys.argv[1]) as store, store.writing():
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_process_is_kept_out_until_the_first_dies(store: Neo4jStore) -> None:
    store.write(family())
    command = [sys.executable, "-c", HOLD, store.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=f"process {holder.pid}"):
            store.write(named("x"))
        assert store.read() == family()
        holder.kill()
        holder.wait()
    for _ in range(20):
        try:
            store.write(named("x"))
            break
        except StoreLocked:
            continue  # the server has not noticed yet that the connection is gone
    assert store.read() == named("x")


def test_a_writer_who_lost_the_lock_changes_nothing(store: Neo4jStore) -> None:
    store.write(family())
    with store.writing():
        store.cypher("MATCH (s:LineageStore) SET s.token = 'of the next writer'", write=True)
        with pytest.raises(StoreError, match="another writer has taken over"):
            store.write(named("x"))
    assert store.read() == family()


# -- strangers' texts --------------------------------------------------------------------------------------

COLUMNS = ["`", "a`b", "x} //", "id) DELETE n //", "n" * 70_000, "lineage_run", "a b", "ключ", "\\u0060", "é"]


@pytest.mark.parametrize(
    "name", [*HOSTILE_NAMES, "m" * 1_000_000, "`}) DETACH DELETE n //", "\\u0060"], ids=range(16)
)
def test_names_of_products_are_only_texts(store: Neo4jStore, name: str) -> None:
    build = ClaimsBuilder(Source(address="x.csv"))
    build.product(f"model:{name}", colour=name)
    build.product(f"model:{name}2", license=name)
    build.edge(f"model:{name}2", f"model:{name}", relation="fine-tune", note=name)
    build.job(f"job {name}", f"model:{name}", "training", system=name, grid=name)
    build.system(name)
    build.grid(name)
    graph = resolve(build.done())[0]
    store.write(graph)
    assert store.read() == graph
    assert counted(store, "MATCH (:Job)-[r:RAN_ON]->(:System) RETURN count(r)") == 1
    store.write(named("x"))
    assert counted(store, "MATCH (n:Product) RETURN count(n)") == 1


@pytest.mark.parametrize("name", COLUMNS, ids=range(len(COLUMNS)))
def test_names_of_attributes_are_only_texts(store: Neo4jStore, name: str) -> None:
    graph = family()
    for table in ("products", "edges", "jobs"):
        values = pa.array([f"v{row}" for row in range(graph.tables[table].num_rows)])
        graph = with_columns(graph, table, {name: values})
    store.write(graph)
    assert store.read() == graph


@pytest.mark.parametrize("name", ["a`b", "``", "\\u0060", "a\nb", "x`) DETACH DELETE n //", "n" * 10_000])
def test_a_quoted_name_is_one_name(store: Neo4jStore, name: str) -> None:
    store.cypher(f"CREATE (n:{quoted(name)})", write=True)
    assert store.cypher("MATCH (n) RETURN labels(n) AS l").records == [{"l": [name]}]


def test_types_other_than_numbers_and_texts_come_back(store: Neo4jStore) -> None:
    graph, size = family(), len(family())
    day = pa.array([None, 0, 1, 2, 3, 19000][:size], pa.int64()).cast(pa.timestamp("s")).cast(pa.date64())
    columns = {
        "day": day,
        "moment": pa.array([1_700_000_000_123_456] * size, pa.timestamp("us", "UTC")),
        "short": pa.array([0.1] * size, pa.float32()),
        "small": pa.array([7] * size, pa.uint8()),
        "nothing": pa.nulls(size),
        "infinite": pa.array([float("inf"), float("-inf"), float("nan"), -0.0, None, 1.0][:size]),
    }
    graph = with_columns(graph, "products", columns)
    store.write(graph)
    assert store.read() == graph
    store.write(graph)
    assert store.snapshots()[0].number == 1


REFUSED = [
    (lambda g: with_columns(g, "products", {"list": pa.array([[1]] * len(g))}), "column list"),
    (
        lambda g: with_columns(g, "products", {"big": pa.array([2**64 - 1] * len(g), pa.uint64())}),
        "column big",
    ),
    (
        lambda g: Graph({**g.tables, "products": g.tables["products"].take([1, 0, 2, 3, 4, 5])}),
        "not sorted by id",
    ),
    (lambda g: Graph({**g.tables, "jobs": g.tables["jobs"].take([0, 0])}), "not sorted by id"),
    (lambda g: with_columns(g, "edges", {"type": pa.array(["X"] * 4)}), "has the type 'X'"),
    (
        lambda g: with_columns(g, "products", {"id": pa.array([f"thing:{n}" for n in range(len(g))])}),
        "KIND:NAME",
    ),
    (lambda g: Graph({"edges": g.tables["edges"]}), "without a table of products"),
]


@pytest.mark.parametrize(("change", "problem"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_cannot_be_kept_is_refused_and_nothing_changed(
    store: Neo4jStore, change: Any, problem: str
) -> None:
    store.write(named("before"))
    with pytest.raises(StoreError, match=problem):
        store.write(change(family()))
    assert store.read() == named("before")


def test_a_store_of_another_version_says_so(store: Neo4jStore) -> None:
    store.write(family())
    store.cypher("MATCH (s:LineageStore) SET s.schema = 'lineage/neo4j/99'", write=True)
    with pytest.raises(StoreError, match="lineage/neo4j/99"):
        store.read()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("MATCH (s:LineageStore) SET s.columns = '{'", "not those of a store"),
        ("MATCH (p:LineagePart) DELETE p", "a part of it is missing"),
        ("MATCH (p:LineagePart) SET p.data = 'AAAA'", "does not match its checksum"),
        ("MATCH (s:LineageStore) SET s.files = '{}'", "is not listed"),
        ("MATCH (:Product)-[r:MADE_BY]->() DELETE r", "no relationship MADE_BY or SERVES"),
        ("MATCH (m:Model {id: 'model:base'}) REMOVE m.id", "it has no id"),
    ],
)
def test_damage_is_named(store: Neo4jStore, text: str, problem: str) -> None:
    store.write(family())
    store.cypher(text, write=True)
    with pytest.raises(StoreDamaged, match=problem):
        store.read()


def test_the_server_is_killed_while_a_graph_is_written(
    store: Neo4jStore, neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(family())

    def killing(transaction: Any, steps: Any, address: str) -> None:
        run_steps(transaction, steps, address)
        monkeypatch.setattr(module, "run_steps", run_steps)
        neo4j_server.kill()

    monkeypatch.setattr(module, "run_steps", killing)
    monkeypatch.setattr("lineage.stores.bolt.RETRY_S", 1.0)
    with (
        Neo4jStore(store.address) as writer,
        pytest.raises((StoreError, neo4j.exceptions.DriverError)) as caught,
    ):
        writer.write(named("x"))
    neo4j_server.start()
    assert isinstance(caught.value, StoreError)
    with connect(store.address) as again:
        assert again.read() == family()
        again.write(named("x"))
        assert again.read() == named("x")
