"""`lineage init`, `load`, `formats`, `snapshots`, `job`: files in, the store changed in one step or not at all."""

import json
from pathlib import Path

import pytest

from command_lines import Run, document
from lineage.cli.templates import COLUMNS, template_files
from lineage.errors import StoreLocked
from lineage.graph import Graph
from lineage.stores import connect
from lineage.stores.snapshot import SnapshotStore
from lineage.tables import TABLE_NAMES, table_of
from lineage.testing import graph


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def digest(path: Path) -> str | None:
    with connect(path) as store:
        return store.snapshots()[-1].digest


# -- init --------------------------------------------------------------------------------------------------


def test_templates_are_all_tables_and_load_as_they_are(run: Run) -> None:
    assert sorted(COLUMNS) == sorted(TABLE_NAMES)
    assert all(table_of(columns.split()) == name for name, columns in COLUMNS.items())
    made = document(run("init", "mine", "--format", "json"))
    assert len(made["files"]) == len(TABLE_NAMES) + 1
    loaded = document(run("load", "mine", "--strict", "--format", "json"))
    assert loaded["products"] == {"Dataset": 1, "Model": 2, "Platform": 1} and loaded["jobs"] == 2
    assert run("check", "--strict").exit_code == 0
    known = document(run("cost", "--format", "json"))
    assert all(row["epc"]["hi"] is not None for row in known["products"])


def test_templates_explain_every_column_that_needs_it(run: Run, tmp_path: Path) -> None:
    run("init")
    text = (tmp_path / "lineage-tables-guide.txt").read_text(encoding="utf-8")
    for word in ("fine-tune", "retraining", "from-device-hours", "lineage load lineage-tables", '"7.4 MWh"'):
        assert word in text
    assert max(map(len, text.splitlines())) <= 120
    assert all(text.startswith("id,") or text.startswith("product,") for text in template_files().values())


def test_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "mine", "jobs.csv", "precious")
    result = run("init", "mine")
    assert result.exit_code == 1 and "jobs.csv exists already and is not overwritten" in result.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["jobs.csv"]
    assert not (tmp_path / "mine-guide.txt").exists()


# -- load --------------------------------------------------------------------------------------------------


def test_a_source_loaded_again_is_replaced(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "products.csv", "id,own_carbon", "model:a,1 g", "model:b,2 g")
    write(tmp_path / "b", "products.csv", "id,own_carbon", "model:c,3 g")
    run("load", "a", "b")
    write(tmp_path / "a", "products.csv", "id,own_carbon", "model:a,5 g")
    made = document(run("load", "a/../a", "--format", "json"))
    assert made["products"] == {"Model": 2}
    rows = document(run("list", "--format", "json"))["products"]
    assert [(row["id"], row["own"]["best"]) for row in rows] == [("model:a", 5.0), ("model:c", 3.0)]


def test_one_file_of_a_folder_loaded_again(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "products.csv", "id,own_carbon", "model:a,1 g")
    write(tmp_path / "a", "products-2.csv", "id,own_carbon", "model:b,2 g")
    run("load", "a")
    write(tmp_path / "a", "products-2.csv", "id,own_carbon", "model:b,7 g")
    run("load", "a/products-2.csv")
    run("load", "a")
    figures = document(run("sources", "b", "--format", "json"))["figures"]
    assert [(item["best"], item["why"]) for item in figures] == [(7.0, "the only figure")]


def test_replace_starts_empty(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "products.csv", "id", "model:a")
    write(tmp_path / "b", "products.csv", "id", "model:b")
    run("load", "a")
    assert document(run("load", "b", "--replace", "--format", "json"))["products"] == {"Model": 1}


def test_a_failed_load_changes_nothing(run: Run, tmp_path: Path, store: Path) -> None:
    before = digest(store)
    write(tmp_path / "a", "products.csv", "id,own_carbon", "model:a,1 g")
    write(tmp_path / "bad", "products.csv", "id,own_carbon", "model:a,-1 g")
    result = run("load", "a", "bad")
    assert result.exit_code == 1 and result.stdout == ""
    assert "products.csv, line 2" in result.stderr and "Traceback" not in result.stderr
    assert digest(store) == before and len(document(run("snapshots", "--format", "json"))["snapshots"]) == 1


def test_a_failed_first_load_makes_no_store(run: Run, tmp_path: Path) -> None:
    assert run("load", "nowhere").exit_code == 1
    assert not (tmp_path / "lineage.store").exists()


def test_keep_going_leaves_out_what_cannot_be_read(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "products.csv", "id,own_carbon", "model:a,1 g")
    write(tmp_path / "a", "edges.csv", "product,parent,w", "model:a,model:b,7")
    assert run("load", "a").exit_code == 1
    made = document(run("load", "a", "--keep-going", "--format", "json"))
    assert made["products"] == {"Model": 1} and made["findings"] == {"skipped-file": 1}
    assert run("load", "a", "--keep-going", "--strict").exit_code == 1
    assert run("load", "a", "--keep-going").stdout.startswith("Read 1 file, left out 1.")
    assert "There is no job in these files." in run("job", "a", "--keep-going").stdout
    assert run("job", "a").exit_code == 1


def test_as_names_the_format(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "odd.csv", "id,own_carbon", "model:a,1 g")
    assert run("load", "odd.csv", "--as", "tables").exit_code == 0
    result = run("load", "odd.csv", "--as", "tabels")
    assert result.exit_code == 1 and "did you mean 'tables'?" in result.stderr


def test_load_says_what_is_there_now(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "edges.csv", "product,parent", "model:a,dataset:d", "model:a,model:a")
    text = run("load", "a").stdout
    assert "lineage.store now holds:" in text and "TRAINED_ON" in text and "self-edge" in text
    assert run("load", "a", "--quiet").stdout == ""
    assert document(run("load", "a", "--quiet", "--format", "json"))["edges"] == {"TRAINED_ON": 1}


def test_two_loads_at_once_are_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a", "products.csv", "id", "model:a")

    def locked(store: SnapshotStore) -> None:
        raise StoreLocked(str(store.address), 4711)

    monkeypatch.setattr(SnapshotStore, "writing", locked)
    result = run("load", "a")
    assert result.exit_code == 1 and "is being written by process 4711" in result.stderr


def test_an_older_snapshot_opens(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "products.csv", "id", "model:a")
    write(tmp_path / "b", "products.csv", "id", "model:b")
    run("load", "a")
    run("load", "b")
    first, last = document(run("snapshots", "--format", "json"))["snapshots"]
    assert (first["products"], last["products"]) == (1, 2)
    rows = document(run("list", "--store", first["address"], "--format", "json"))["products"]
    assert [row["id"] for row in rows] == ["model:a"]
    assert run("load", "a", "--store", first["address"]).exit_code == 1


def test_an_empty_store_says_how_to_fill_it(run: Run) -> None:
    assert "fill it with: lineage load" in run("snapshots").stdout
    result = run("cost")
    assert result.exit_code == 1 and result.stderr.startswith("error: ") and "load" in result.stderr


def test_the_environment_names_the_store(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a", "products.csv", "id", "model:a")
    monkeypatch.setenv("LINEAGE_STORE", "elsewhere")
    run("load", "a")
    assert (tmp_path / "elsewhere").is_dir() and not (tmp_path / "lineage.store").exists()


# -- formats, job ------------------------------------------------------------------------------------------


def test_formats_are_the_importers(run: Run) -> None:
    rows = {row["name"]: row for row in document(run("formats", "--format", "json"))["formats"]}
    assert {"tables", "huggingface", "codecarbon"} <= set(rows)
    assert rows["tables"]["available"] and ".csv" in rows["tables"]["suffixes"]


def test_jobs_of_a_file_with_products_of_the_store(run: Run, tmp_path: Path, store: Path) -> None:
    before = digest(store)
    header = "id,product,phase,energy,pue,grid_intensity,duration,inferences"
    file = write(tmp_path, "jobs.csv", header, "mine,model:base,inference,0.2 kWh,1,400,1 h,1")
    made = document(run("job", file, "--format", "json"))
    assert [item["id"] for item in made["jobs"]] == ["mine"]
    job = made["jobs"][0]
    assert job["jsc_gco2e"] == pytest.approx(80.0)
    epc = document(run("cost", "base", "--format", "json"))["products"][0]["epc"]["best"]
    assert job["components"]["products_embodied"] == pytest.approx(epc / 8760)
    assert job["at_least"] == ["products_embodied"] and "systems_embodied" in job["missing"]
    text = run("job", file).stdout
    assert "needs system" in text and "80 g" in text and "≥" in text
    assert digest(store) == before


def test_job_without_a_store_and_without_jobs(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a", "products.csv", "id", "model:a")
    assert "There is no job in these files." in run("job", "a").stdout
    header = "id,product,phase,energy"
    file = write(tmp_path, "jobs.csv", header, "one,model:a,training,1 kWh", "two,model:b,training,")
    text = run("job", file).stdout
    assert "one" in text and "two: missing" in text
    assert not (tmp_path / "lineage.store").exists()
    assert json.loads(run("job", file, "--format", "json").stdout)["jobs"][1]["energy_kwh"] is None


def test_jobs_that_lack_the_same_share_a_line(run: Run, tmp_path: Path) -> None:
    rows = [f"job{number},model:a,training,1 kWh,1,400" for number in range(5)]
    file = write(tmp_path, "jobs.csv", "id,product,phase,energy,pue,grid_intensity", *rows)
    assert "5 jobs: missing systems_embodied (needs system)" in run("job", file).stdout
    assert run("job", file, "--verbose").stdout.count("components of ASC^e") == 5


def test_the_bundled_chain_opens_without_loading(run: Run) -> None:
    told = run("cost", "model:distilbert", "--store", "demo:", "--impact", "energy", "--format", "json")
    (row,) = json.loads(told.stdout)["products"]
    assert row["own"]["best"] == 168 and row["epc"]["hi"] is None


def test_the_bundled_chain_never_changes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id\nmodel:a\n", encoding="utf-8")
    told = run("load", str(tmp_path / "products.csv"), "--store", "demo:")
    assert told.exit_code == 1 and "never changes" in told.stderr


def test_a_graph_without_sources_is_not_dropped_by_loading(run: Run, tmp_path: Path) -> None:
    address = str(tmp_path / "bare.store")
    bare = graph("base -> tuned")
    with connect(address) as store:
        store.write(Graph(bare.tables))
    (tmp_path / "products.csv").write_text("id\nmodel:a\n", encoding="utf-8")
    told = run("load", str(tmp_path / "products.csv"), "--store", address)
    assert told.exit_code == 1 and "written without its sources" in told.stderr
    with connect(address) as store:
        assert store.read() == bare
    assert run("load", str(tmp_path / "products.csv"), "--store", address, "--replace").exit_code == 0
