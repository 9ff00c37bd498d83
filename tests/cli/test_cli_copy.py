"""`lineage copy` and `cost --write-back`: graphs and figures from one store to another, verified."""

from pathlib import Path

import pytest

from command_lines import Run, document, small_graph
from lineage.graph import Graph
from lineage.stores import connect
from lineage.stores.memory import MemoryStore
from lineage.testing import graph


def test_a_copy_is_equal_with_its_claims(run: Run, store: Path) -> None:
    told = document(run("copy", store, "other.store", "--format", "json"))
    with connect(store) as old, connect("other.store") as new:
        assert new.read() == old.read() and told["digest"] == old.read().digest
        assert new.claims().sources.equals(old.claims().sources)
    assert told["digest_before"] is None


def test_a_dry_run_changes_nothing(run: Run, store: Path) -> None:
    told = run("copy", store, "other.store", "--dry-run")
    assert told.exit_code == 0 and "nothing was written" in told.stdout
    assert not Path("other.store").exists()


def test_copying_again_changes_nothing(run: Run, store: Path) -> None:
    run("copy", store, "other.store")
    again = document(run("copy", store, "other.store", "--format", "json"))
    assert again["digest"] == again["digest_before"]
    with connect("other.store") as other:
        assert len(other.snapshots()) == 1


def test_the_bundled_chain_is_a_source_and_no_target(run: Run, store: Path) -> None:
    assert run("copy", "demo:", "demo.store").exit_code == 0
    told = run("copy", store, "demo:")
    assert told.exit_code == 1 and "never changes" in told.stderr


def test_a_store_that_somebody_else_wrote_meanwhile_is_noticed(
    run: Run, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Overtaken(MemoryStore):
        def write(self, graph: Graph) -> None:
            super().write(small_graph() if graph != small_graph() else other)

    other = graph("quite -> another")
    monkeypatch.setattr("lineage.stores.memory.MemoryStore", Overtaken)
    told = run("copy", store, "memory:")
    assert told.exit_code == 1 and "holds another graph than was written" in told.stderr


def test_a_folder_keeps_no_results(run: Run, store: Path) -> None:
    told = run("cost", "--write-back")
    assert told.exit_code == 1 and "keeps no results beside its products" in told.stderr


@pytest.mark.slow
def test_figures_live_beside_the_graph(run: Run, store: Path, neo4j_address: str) -> None:
    assert run("copy", store, neo4j_address).exit_code == 0
    told = run("cost", "--store", neo4j_address, "--write-back", "--format", "json")
    assert told.exit_code == 0 and "as run " in told.stderr
    wanted = {row["id"]: row["epc"]["best"] for row in document(told)["products"]}
    text = "MATCH (p:Product) RETURN p.id AS id, p.epc_gco2e AS epc ORDER BY id"
    rows = document(run("query", "--cypher", text, "--store", neo4j_address, "--format", "json"))["rows"]
    assert {row["id"]: row["epc"] for row in rows} == wanted
    assert run("copy", neo4j_address, "back.store").exit_code == 0
    with connect(store) as old, connect("back.store") as back:
        assert back.read() == old.read()
