"""Runs kept with the graph, in a folder and in a Neo4j: figures and shares, asked in Cypher, copied, removed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bolt_servers import Neo4jServer
from lineage.errors import OptionError, StoreDamaged, StoreError
from lineage.graph import Graph
from lineage.run import Run
from lineage.stores import connect
from lineage.stores.kept_run import KeptRun, kept_run
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.snapshot import SnapshotStore
from lineage.testing import graph as drawn
from lineage.views.bill import weights_to
from lineage.views.cost import cost
from offline import needed_engine


def supply_chain() -> Graph:
    """A diamond, a merge, an explicit share, and a platform that only jobs name."""
    job = {
        "phase": "training",
        "duration_h": 876.0,
        "energy_kwh": 10.0,
        "grid_intensity_gco2e_per_kwh": 100.0,
    }
    return drawn(
        "dataset:web -> base -[fine-tune]-> left, right",
        "left, right -[merge]-> merged -> far",
        "base -[0.25]-> deep",
        own={"dataset:web": 40, "base": 100, "left": 5, "right": None, "merged": 1, "platform:hub": 1000},
        products={
            "base": {"downloads": 8.0, "quality": 0.9},
            "left": {"downloads": 3.0, "quality": 0.8},
            "right": {"downloads": 1.0, "quality": 0.7},
            "merged": {"downloads": 2.0, "quality": 0.6},
            "far": {"downloads": 2.0, "quality": 0.6},
            "deep": {"downloads": 2.0, "quality": 0.6},
            "dataset:web": {"downloads": 5.0, "quality": 1.0},
            "platform:hub": {"lifetime_h": 8760.0, "downloads": 1.0, "quality": 1.0},
        },
        jobs=[
            {"id": "train-base", "product": "base", "platform": "hub", "concurrent_jobs": 2.0, **job},
            {"id": "train-left", "product": "left", "platform": "hub", "concurrent_jobs": 4.0, **job},
        ],
    )


GRAPH = supply_chain()
RUNS = {
    "equal": Run(),
    "half": Run(policy="half"),
    "property": Run(policy="property", property="downloads"),
    "merge": Run(policy="merge"),
    "cff": Run(policy="cff", cff_a=0.4),
    "full": Run(policy="full"),
}
WALK = (
    "MATCH path = (v:Product {id: $product})-[:LINEAGE_SHARE*0..]->(u:Product) "
    "WHERE all(r IN relationships(path) WHERE r.lineage_run = $run) "
    "RETURN u.id AS id, sum(reduce(share = 1.0, r IN relationships(path) | share * r.w)) AS weight"
)
FIGURES = "MATCH (p:Product) RETURN p.id AS id, p.epc_gco2e AS epc, p.lineage_run AS run ORDER BY id"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[SnapshotStore]:
    with SnapshotStore(tmp_path / "a store") as store:
        store.write(GRAPH)
        yield store


@pytest.fixture(params=["folder", "neo4j"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A store that holds GRAPH, of each kind that keeps runs and answers Cypher."""
    if request.param == "folder":
        needed_engine()
        address: str | Path = tmp_path / "asked"
    else:
        address = request.getfixturevalue("neo4j_address")
    with connect(address) as opened:
        opened.write(GRAPH)
        yield opened


def same(left: KeptRun, right: KeptRun) -> bool:
    nodes = [{key: value for key, value in run.node.items() if key != "products"} for run in (left, right)]
    return nodes[0] == nodes[1] and left.figures.equals(right.figures) and left.shares.equals(right.shares)


# -- both ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
@pytest.mark.parametrize("policy", RUNS)
def test_shares_walked_in_cypher_are_those_of_the_bill(store: Any, policy: str) -> None:
    result = cost(GRAPH, RUNS[policy])
    run = store.write_result(result)
    for product in ("merged", "far", "left", "deep"):
        code = result.code(product)
        wanted = {GRAPH.ids[u]: weight for u, weight in weights_to(result, code).items()}
        found = {row["id"]: row["weight"] for row in store.cypher(WALK, product=GRAPH.ids[code], run=run)}
        assert found == pytest.approx(wanted, rel=1e-12), product
        assert "platform:hub" in found or product == "deep"
    sources = {row["s"] for row in store.cypher("MATCH ()-[r:LINEAGE_SHARE]->() RETURN r.weight_source AS s")}
    assert {"explicit", "job"} <= sources


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_figures_have_the_same_names_and_values_everywhere(store: Any) -> None:
    result = cost(GRAPH)
    run = store.write_result(result)
    for row in store.cypher(FIGURES).records:
        told = result.row(row["id"])
        assert told.epc is not None
        assert (row["epc"], row["run"]) == (told.epc.best, run)
    (node,) = store.cypher("MATCH (r:LineageRun) RETURN properties(r) AS p").records
    (kept,) = store.results()
    assert node["p"]["id"] == kept["id"] == run
    assert node["p"]["properties"] == kept["properties"]
    assert (kept["graph"], kept["policy"], kept["shares"]) == (GRAPH.digest, "equal", len(result.weights))
    again = store.write_result(cost(GRAPH, Run(policy="half")))
    assert {row["run"] for row in store.cypher(FIGURES)} == {again}
    store.remove_result(again)
    assert {row["run"] for row in store.cypher(FIGURES)} == {None}
    left = store.cypher(
        "MATCH (r:LineageRun) RETURN r.id AS id UNION MATCH ()-[r:LINEAGE_SHARE]->() RETURN r.w AS id"
    )
    assert left.records == []
    assert store.read() == GRAPH


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_a_run_comes_back_as_it_was_kept(store: Any) -> None:
    for prefix, options in {
        "": Run(),
        "x_": Run(policy="half", as_of="2030"),
        "e_": Run(impact="energy"),
    }.items():
        run = kept_run(cost(GRAPH, options), prefix)
        store.put_run(run)
        assert same(store.kept(run.id), run)
    assert [item["prefix"] for item in store.results()] == ["", "e_", "x_"]
    both = kept_run(cost(GRAPH), "y_")
    store.put_run(both)  # one run in two namespaces is kept twice
    assert {item["prefix"] for item in store.results()} == {"", "e_", "x_", "y_"}


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_a_product_that_goes_takes_its_shares_with_it(neo4j_server: Neo4jServer, neo4j_address: str) -> None:
    with Neo4jStore(neo4j_address) as store:
        store.write(GRAPH)
        run = store.write_result(cost(GRAPH))
        store.write(drawn("base -> left"))
        assert store.read() == drawn("base -> left")
        assert store.cypher("MATCH (n {id: 'model:merged'}) RETURN n").records == []
        with pytest.raises(StoreError, match="is no longer whole: the graph was changed since"):
            store.kept(run)
        store.remove_result(run)
        assert store.cypher("MATCH ()-[r:LINEAGE_SHARE]->() RETURN r").records == []


# -- a folder -----------------------------------------------------------------------------------------------


def test_a_run_lies_beside_the_snapshot_and_changes_nothing_of_it(folder: SnapshotStore) -> None:
    before = folder.current()
    run = folder.write_result(cost(GRAPH))
    assert folder.current() == before
    folder.verify()
    assert [item.name for item in (folder.path / "results").iterdir()] == ["run.parquet"]
    import pandas as pd

    table = pd.read_parquet(folder.path / "results" / "run.parquet")  # for whoever has no lineage
    assert table.set_index("id").loc["model:base", "epc_gco2e"] == cost(GRAPH).row("base").epc.best  # type: ignore[union-attr]
    folder.remove_result(run)
    assert not (folder.path / "results").exists()
    assert folder.results() == []


def test_one_namespace_holds_one_run(folder: SnapshotStore) -> None:
    folder.write_result(cost(GRAPH))
    second = folder.write_result(cost(GRAPH, Run(policy="half")))
    assert [item["id"] for item in folder.results()] == [second]


def test_a_run_of_another_graph_is_refused(folder: SnapshotStore) -> None:
    with pytest.raises(StoreError, match="computed on another graph"):
        folder.write_result(cost(drawn("elsewhere -> far")))
    assert folder.results() == []


def test_a_column_with_the_name_of_a_figure_is_never_hidden(folder: SnapshotStore) -> None:
    mine = drawn("a -> b", products={"a": {"epc_gco2e": 1.0}})
    folder.write(mine)
    with pytest.raises(StoreError, match="'epc_gco2e' that no run wrote"):
        folder.write_result(cost(mine))
    folder.write_result(cost(mine), prefix="x_")


def test_figures_stay_with_the_graph_they_were_computed_on(folder: SnapshotStore) -> None:
    run = folder.write_result(cost(GRAPH))
    folder.write(drawn("base -> left"))
    assert folder.runs() == []
    assert [item["graph"] for item in folder.results()] == [GRAPH.digest]
    with SnapshotStore(folder.path, 1) as older:
        assert [item.id for item in older.runs()] == [run]
        with pytest.raises(StoreError, match="read-only"):
            older.write_result(cost(GRAPH))


def test_what_is_asked_for_must_be_there(folder: SnapshotStore) -> None:
    run = folder.write_result(cost(GRAPH))
    for ask in (folder.kept, folder.remove_result):
        with pytest.raises(StoreError, match=f"did you mean '{run}'"):
            ask(run[:-1])
    with pytest.raises(OptionError, match="use letters, digits and underscores"):
        folder.write_result(cost(GRAPH), prefix="../x")


@pytest.mark.parametrize("damage", ["cut", "bytes", "strange", "renamed"])
def test_a_damaged_run_is_named(folder: SnapshotStore, damage: str) -> None:
    run = folder.write_result(cost(GRAPH))
    file = folder.path / "results" / "run.parquet"
    data = file.read_bytes()
    if damage == "renamed":
        file = file.rename(file.with_name("x_run.parquet"))
    else:
        middle = len(data) // 3
        made = {
            "cut": data[:middle],
            "bytes": data[:40] + bytes([data[40] ^ 255]) + data[41:],
            "strange": b"no",
        }
        file.write_bytes(made[damage])
    with pytest.raises(StoreDamaged, match=file.name):
        folder.kept(run)
    assert folder.read() == GRAPH  # what counts is not touched by it


def test_what_a_killed_writer_left_is_removed(folder: SnapshotStore) -> None:
    folder.write_result(cost(GRAPH))
    left = folder.path / "results" / "incoming-1"
    left.write_bytes(b"half")
    assert len(folder.results()) == 1
    folder.write_result(cost(GRAPH))
    assert not left.exists()


@pytest.mark.slow
def test_the_index_is_built_anew_when_results_change(folder: SnapshotStore) -> None:
    needed_engine()
    runs = "MATCH (r:LineageRun) RETURN r.id AS id"
    assert folder.cypher(runs).records == []
    run = folder.write_result(cost(GRAPH))
    assert folder.cypher(runs).records == [{"id": run}]
    with connect(folder.path) as other:
        assert isinstance(other, SnapshotStore)
        assert other.cypher(runs).records == [{"id": run}]
        folder.remove_result(run)
        assert other.cypher(runs).records == []
