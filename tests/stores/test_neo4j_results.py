"""Figures of a run on the nodes of a real Neo4j: all or none, in one namespace, removable."""

from collections.abc import Iterator
from typing import Any

import pytest

from lineage.errors import OptionError, StoreError
from lineage.run import Run
from lineage.stores import neo4j as module
from lineage.stores.bolt_errors import OutOfServerMemory
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_publish import run_steps
from lineage.testing import graph as drawn
from lineage.views.cost import cost

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]

GRAPH = drawn("web -> base", "base -> left, right", own={"base": 100.0, "left": 5.0, "web": None})
FIGURES = (
    "MATCH (n:Product) RETURN n.id AS id, n.epc_gco2e AS epc, n.burden_gco2e AS burden, n.covered AS covered, "
    "n.lineage_run AS run ORDER BY id"
)


@pytest.fixture
def store(neo4j_address: str) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_address) as store:
        store.write(GRAPH)
        yield store


def test_figures_are_those_of_the_run(store: Neo4jStore) -> None:
    result = cost(GRAPH)
    run = store.write_result(result)
    for row in store.cypher(FIGURES):
        told = result.row(row["id"])
        assert told.epc is not None and told.burden is not None
        assert (row["epc"], row["burden"]) == (told.epc.best, told.burden.best)
        assert (row["covered"], row["run"]) == (told.covered, run)
    (kept,) = store.results()
    assert (kept["id"], kept["policy"], kept["graph"]) == (run, "equal", GRAPH.digest)
    assert kept["sum_own"] == result.conservation.sum_own


def test_reported_figures_and_the_graph_stay_as_they_are(store: Neo4jStore) -> None:
    store.write_result(cost(GRAPH))
    assert store.read() == GRAPH
    store.write(GRAPH)
    assert len(store.results()) == 1
    assert store.cypher("MATCH (n:Product) RETURN count(n.lineage_run) AS n").records == [{"n": len(GRAPH)}]


def test_equal_runs_have_equal_ids(store: Neo4jStore) -> None:
    first = store.write_result(cost(GRAPH))
    assert store.write_result(cost(GRAPH)) == first
    assert [item["id"] for item in store.results()] == [first]


def test_a_namespace_holds_one_run(store: Neo4jStore) -> None:
    store.write_result(cost(GRAPH))
    energy = store.write_result(cost(GRAPH, Run(impact="energy")))
    assert [item["id"] for item in store.results()] == [energy]
    assert store.cypher("MATCH (n:Product) RETURN count(n.epc_gco2e) AS n").records == [{"n": 0}]


def test_prefixes_keep_runs_apart_and_each_is_removable(store: Neo4jStore) -> None:
    plain = store.write_result(cost(GRAPH))
    full = store.write_result(cost(GRAPH, Run(policy="full")), prefix="full_")
    assert {item["id"] for item in store.results()} == {plain, full}
    store.remove_result(plain)
    assert [item["id"] for item in store.results()] == [full]
    (row,) = store.cypher("MATCH (n {id: 'model:left'}) RETURN keys(n) AS keys").records
    assert "full_epc_gco2e" in row["keys"]
    assert "epc_gco2e" not in row["keys"]
    store.remove_result(full)
    (row,) = store.cypher("MATCH (n:Product) UNWIND keys(n) AS k RETURN collect(DISTINCT k) AS keys").records
    assert not [name for name in row["keys"] if "epc" in name or "lineage" in name]


def test_a_property_that_is_not_ours_is_never_overwritten(store: Neo4jStore) -> None:
    store.cypher("MATCH (n {id: 'model:left'}) SET n.epc_gco2e = 'mine'", write=True)
    with pytest.raises(
        StoreError, match="'model:left', and not written by a run: nothing was changed; give a prefix"
    ):
        store.write_result(cost(GRAPH))
    assert store.results() == []
    store.write_result(cost(GRAPH), prefix="x_")
    assert store.cypher("MATCH (n {id: 'model:left'}) RETURN n.epc_gco2e AS e").records == [{"e": "mine"}]


def test_a_run_node_that_was_changed_removes_nothing_of_others(store: Neo4jStore) -> None:
    run = store.write_result(cost(GRAPH))
    store.cypher("MATCH (r:LineageRun) SET r.properties = ['id', 'name'], r.labels = ['Product']", write=True)
    store.remove_result(run)
    assert store.read() == GRAPH


def test_a_graph_with_an_attribute_of_that_name_is_refused(store: Neo4jStore) -> None:
    store.write_result(cost(GRAPH))
    clash = drawn("a -> b", products={"a": {"epc_gco2e": 1.0}})
    with pytest.raises(StoreError, match="'epc_gco2e' holds the figures of a run"):
        store.write(clash)
    assert store.read() == GRAPH


def test_figures_of_another_graph_are_refused(store: Neo4jStore) -> None:
    with pytest.raises(StoreError, match="is not there; nothing was changed"):
        store.write_result(cost(drawn("elsewhere -> far")))
    assert store.results() == []


@pytest.mark.parametrize("prefix", ["a b", "1", "x`", "n" * 99])
def test_a_prefix_is_a_plain_word(store: Neo4jStore, prefix: str) -> None:
    with pytest.raises(OptionError, match="use letters, digits and underscores"):
        store.write_result(cost(GRAPH), prefix=prefix)


def test_a_run_that_is_not_there(store: Neo4jStore) -> None:
    run = store.write_result(cost(GRAPH))
    with pytest.raises(StoreError, match=f"did you mean '{run}'"):
        store.remove_result(run[:-1])


def test_no_half_run_counts_where_memory_is_short(store: Neo4jStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_result(cost(GRAPH))
    seen: list[int] = []

    def scarce(transaction: Any, steps: Any, address: str) -> None:
        done = list(steps)
        if len(done) > 1:
            raise OutOfServerMemory("too much")
        run_steps(transaction, done, address)
        seen.append(transaction.run("MATCH (r:LineageRun) RETURN count(r)").single()[0])

    monkeypatch.setattr(module, "run_steps", scarce)
    store.write_result(cost(GRAPH, Run(policy="full")))
    # The old run is no run before any figure changes; the new one is none before the last has.
    assert seen[-1] == 1
    assert set(seen[1:-1]) == {0} or seen[0] == 0
    assert len(store.results()) == 1
