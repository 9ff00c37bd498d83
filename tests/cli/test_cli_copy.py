"""`lineage copy` and `cost --write-back`: graphs and figures from one store to another, verified."""

from pathlib import Path

import pytest

from command_lines import Run, document, small_graph
from lineage.graph import Graph
from lineage.stores import connect
from lineage.stores.base import WritesBack
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


def test_what_is_gone_with_the_command_keeps_no_results(run: Run) -> None:
    for command in (("cost", "--write-back"), ("results",)):
        told = run(*command, "--store", "demo:")
        assert told.exit_code == 1 and "is gone with this command, and keeps no results" in told.stderr


def test_a_folder_keeps_the_figures_of_runs(run: Run, store: Path) -> None:
    told = run("results")
    assert told.exit_code == 0 and "lineage cost --write-back keeps one" in told.stdout
    first = document(run("cost", "--write-back", "--format", "json"))
    run("cost", "--write-back", "--policy", "half", "--prefix", "half_")
    runs = document(run("results", "--format", "json"))["runs"]
    assert [(item["prefix"], item["policy"]) for item in runs] == [("", "equal"), ("half_", "half")]
    assert runs[0]["graph"] == first["run"]["graph"]
    told = run("results", "--remove", runs[0]["id"])
    assert told.exit_code == 0 and f"removed run {runs[0]['id']}" in told.stderr
    assert [item["prefix"] for item in document(run("results", "--format", "json"))["runs"]] == ["half_"]
    told = run("results", "--remove", "nothing")
    assert told.exit_code == 1 and "holds no run 'nothing'" in told.stderr


def test_runs_are_copied_where_that_is_asked_for(run: Run, store: Path) -> None:
    told = run("copy", store, "other.store", "--results")
    assert told.exit_code == 1 and "keeps no results; leave out --results" in told.stderr
    assert not Path("other.store").exists()
    run("cost", "--write-back")
    (kept,) = document(run("results", "--format", "json"))["runs"]
    assert document(run("copy", store, "plain.store", "--format", "json"))["runs"] == []
    assert document(run("copy", store, "other.store", "--results", "--dry-run", "--format", "json"))["runs"]
    assert not Path("other.store").exists()
    for _ in range(2):  # copying again changes nothing
        made = document(run("copy", store, "other.store", "--results", "--format", "json"))
        assert made["runs"] == [kept["id"]]
        other = document(run("results", "--store", "other.store", "--format", "json"))
        assert other["runs"] == [kept]
    assert document(run("results", "--store", "plain.store", "--format", "json"))["runs"] == []


def test_options_of_copy_that_do_not_go_together(run: Run, store: Path) -> None:
    told = run("copy", store, "import", "--bulk", "--results")
    assert told.exit_code == 2 and "leave out --bulk and --mapping" in told.stderr
    Path("m.toml").write_text("[[products]]\nkind = 'model'\nlabel = 'A'\nkey = 'b'\n")
    told = run("cost", "--mapping", "m.toml")
    assert told.exit_code == 2 and "is for a Neo4j that another tool filled" in told.stderr


def test_the_files_of_the_bulk_path(run: Run, store: Path) -> None:
    told = run("copy", store, "import", "--bulk", "--dry-run")
    assert told.exit_code == 0 and not Path("import").exists()
    made = document(run("copy", store, "import", "--bulk", "--format", "json"))
    assert made["command"].startswith("neo4j-admin database import full")
    assert Path("import/import.sh").exists()
    told = run("copy", store, "import", "--bulk")
    assert told.exit_code == 1 and "is not empty" in told.stderr


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_runs_travel_between_a_folder_and_a_server(run: Run, store: Path, neo4j_address: str) -> None:
    run("cost", "--write-back")
    run("cost", "--write-back", "--impact", "energy", "--prefix", "e_")
    assert run("copy", store, neo4j_address, "--results").exit_code == 0
    assert run("copy", neo4j_address, "back.store", "--results").exit_code == 0
    with connect(store) as old, connect("back.store") as back:
        assert isinstance(old, WritesBack) and isinstance(back, WritesBack)
        assert [item["prefix"] for item in back.results()] == ["", "e_"]
        for item in old.results():
            was, kept = old.kept(item["id"]), back.kept(item["id"])
            assert kept.figures.equals(was.figures) and kept.shares.equals(was.shares)
            assert kept.node == was.node


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
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
