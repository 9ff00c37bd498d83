"""`lineage check`, `list`, `show`, `sources`, `tree`, `report`, `demo`."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from command_lines import HOSTILE, Run, document
from lineage.demo import REPORT_NAME
from lineage.stores import connect
from lineage.testing import graph


def fill(folder: Path, *lines: str, **options: object) -> None:
    with connect(folder / "lineage.store") as store:
        store.write(graph(*lines, **options))  # type: ignore[arg-type]


# -- check -------------------------------------------------------------------------------------------------


def test_check_names_cycles_edge_by_edge(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, "a -> b -> c -> a", "c -> d", own={"a": 1, "b": 1, "c": 1, "d": 1})
    result = run("check")
    assert result.exit_code == 0
    assert "warning: cycle (1)" in result.stdout
    assert "model:a <- model:c <- model:b <- model:a" in result.stdout
    assert "dropped-edge" not in result.stdout
    for policy in ("solve", "break"):
        assert "cycle (1)" in run("check", "--cycles", policy).stdout


def test_check_fails_on_errors_and_on_what_is_asked(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, "base -[0.7]-> a", "base -[0.6]-> b", own={"base": 1, "a": 1, "b": 1})
    over = run("check")
    assert over.exit_code == 1 and "error: 1 finding must not be: over-allocated" in over.stderr
    fill(tmp_path, "base -> a", own={"base": 1})
    assert run("check").exit_code == 0
    asked = run("check", "--fail-on", "cycle", "--fail-on", "missing-figure")
    assert asked.exit_code == 1 and "missing-figure" in asked.stderr
    assert asked.stdout == run("check").stdout


def test_check_wants_codes_that_exist(run: Run) -> None:
    result = run("check", "--fail-on", "cycles")
    assert result.exit_code == 2 and "did you mean 'cycle'?" in result.stderr


def test_check_counts_what_it_does_not_show(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "c", "d", "e")
    assert "... and 2 more: --verbose, or --format csv" in run("check").stdout
    assert run("check", "--verbose").stdout.count("its own cost is unknown") == 5
    made = document(run("check", "--format", "json"))
    assert [item["code"] for item in made["findings"]] == ["missing-figure"] * 5


def test_check_looks_at_energy_too(run: Run, tmp_path: Path) -> None:
    job = {"product": "a", "energy_kwh": 100.0, "pue": 1.0, "tier": "reported"}
    fill(tmp_path, "a", products={"a": {"own_energy_kwh": 50.0, "own_carbon_gco2e": 1.0}}, jobs=[job])
    findings = document(run("check", "--format", "json"))["findings"]
    apart = [item for item in findings if item["code"] == "does-not-reconcile"]
    assert len(apart) == 1 and "50 kWh" in apart[0]["text"] and "100 kWh" in apart[0]["text"]


def test_nothing_found_is_said(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, "a", own={"a": 1})
    assert run("check").stdout.startswith("Nothing found")


# -- list, show, sources -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("store")
def test_list_by_kind_and_pattern(run: Run) -> None:
    assert [
        row["id"] for row in document(run("list", "--kind", "dataset", "--format", "json"))["products"]
    ] == ["dataset:web"]
    rows = document(run("list", "--match", "*E?T", "--format", "json"))["products"]
    assert [row["id"] for row in rows] == ["model:left"]
    assert rows[0]["own"] == {"lo": 3.0, "best": 5.0, "hi": 9.0} and rows[0]["tier"] == "reported"
    assert "No product matches." in run("list", "--match", "nothing*").stdout


@pytest.mark.usefixtures("store")
def test_list_in_another_impact(run: Run) -> None:
    made = document(run("list", "--impact", "energy", "--match", "base", "--format", "json"))
    assert made["unit"] == "kWh" and made["products"][0]["own"]["best"] == 100.0


@pytest.mark.usefixtures("store")
def test_show_says_what_one_inference_carries(run: Run) -> None:
    made = document(run("show", "base", "--format", "json"))
    assert made["facts"] == {"lifetime_h": 8760.0, "inferences": 1e6, "parameters": 7e9, "license": "mit"}
    assert made["children"] == {"model": 3} and made["jobs"] == {"inference": 1, "training": 1}
    assert [(parent["id"], parent["w"]) for parent in made["parents"]] == [("dataset:web", 1.0)]
    serving = made["serving"]
    epc = made["cost"]["epc"]["best"]
    assert serving["per_inference"]["products_embodied"] == pytest.approx(epc / 8760 / 10)
    text = run("show", "base").stdout
    assert "one inference, upstream included: ≥" in text and "inferences known: 10" in text
    assert "parameters: 7,000,000,000" in text and "own use keeps 25 %" in text


@pytest.mark.usefixtures("store")
def test_show_a_product_that_is_only_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("product,parent\nmodel:new,model:named\n", encoding="utf-8")
    run("load", "edges.csv", "--replace")
    assert "(only named as a parent; no source describes it)" in run("show", "named").stdout
    assert "one inference" not in run("show", "dataset:web").stdout


def test_sources_say_who_won_and_why(run: Run, tmp_path: Path) -> None:
    for name, row in {
        "a": "model:m,5 g,reported,Paper A",
        "b": "model:m,9 g,measured,Meter B",
        "c": "MODEL:m,7 g,reported,Paper C",
    }.items():
        row = row.replace("MODEL:m", "model:M")
        (tmp_path / f"{name}.csv").write_text(f"id,own_carbon,tier,source\n{row}\n", encoding="utf-8")
        assert run("load", f"{name}.csv", "--as", "tables").exit_code == 0
    made = document(run("sources", "m", "--format", "json"))
    figures = [(item["best"], item["won"], item["why"]) for item in made["figures"]]
    assert figures[0] == (9.0, True, "the best evidence (measured), and the newest of it")
    assert {why for _, won, why in figures if not won} == {"weaker evidence: reported against measured"}
    assert len(made["spellings"]) == len({item["spelling"] for item in made["figures"]})
    text = run("sources", "m").stdout
    assert "Meter B [b.csv, line 2]" in text and "won" in text


def test_sources_of_the_same_evidence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("id,own_carbon\nmodel:m,5 g\n", encoding="utf-8")
    (tmp_path / "two.csv").write_text("id,own_carbon\nmodel:m,6 g\n", encoding="utf-8")
    run("load", "one.csv", "two.csv", "--as", "tables")
    figures = document(run("sources", "m", "--format", "json"))["figures"]
    assert [(item["best"], item["why"]) for item in figures] == [
        (6.0, "the best evidence (reported), and the newest of it"),
        (5.0, "the same evidence (reported), but older"),
    ]


def test_sources_of_total_and_jobs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id,own_energy,tier\nmodel:m,5 kWh,reported\n", encoding="utf-8")
    (tmp_path / "jobs.csv").write_text(
        "id,product,phase,energy,pue,tier\nj,model:m,training,8 kWh,1,{tier}\n", encoding="utf-8"
    )
    expected = {
        "measured": [("jobs", "better evidence: measured against reported")],
        "reported": [("jobs", "the same evidence (reported), and jobs can be opened")],
        "imputed": [("total", "the best evidence (reported), and the newest of it")],
    }
    template = (tmp_path / "jobs.csv").read_text(encoding="utf-8")
    for tier, winner in expected.items():
        (tmp_path / "jobs.csv").write_text(template.format(tier=tier), encoding="utf-8")
        run("load", "products.csv", "jobs.csv")
        figures = document(run("sources", "m", "--format", "json"))["figures"]
        energy = [item for item in figures if item["impact"] == "energy"]
        assert [(item["origin"], item["why"]) for item in energy if item["won"]] == winner
        assert len(energy) == 2


def test_what_is_withdrawn_never_wins(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, "m", products={"m": {"own_energy_kwh": 5.0, "superseded": "the authors corrected it"}})
    figures = document(run("sources", "m", "--format", "json"))["figures"]
    assert [(item["won"], item["why"]) for item in figures] == [
        (False, "superseded: the authors corrected it")
    ]
    fill(tmp_path, "m", products={"m": {"own_energy_kwh": 5.0, "contains": "model:x;model:y"}})
    assert "holds the totals of model:x;model:y" in run("sources", "m").stdout


@pytest.mark.usefixtures("store")
def test_a_product_without_figures(run: Run) -> None:
    assert "No source gives a figure for its own cost." in run("sources", "dataset:web").stdout


# -- tree, report, demo ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("store")
def test_tree_in_its_directions(run: Run) -> None:
    both = run("tree", "left").stdout
    assert "made out of" in both and "built on it" in both
    assert "built on it" not in run("tree", "left", "--up").stdout
    assert "made out of" not in run("tree", "left", "--down").stdout
    assert run("tree", "left", "--up", "--down").stdout == both
    nodes = document(run("tree", "merged", "--depth", "1", "--format", "json"))["nodes"]
    assert {node["id"] for node in nodes} == {"model:merged", "model:left", "model:right"}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("shape", "starts"),
    [("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg"), ("text", "model:base")],
)
def test_tree_in_its_shapes(run: Run, tmp_path: Path, shape: str, starts: str) -> None:
    text = run("tree", "base", "--format", shape).stdout
    assert text.startswith(starts) and text.endswith("\n")
    if shape == "svg":
        ElementTree.fromstring(text)
    suffix = {"mermaid": "mmd", "text": "txt"}.get(shape, shape)
    assert run("tree", "base", "--output", f"drawn.{suffix}").stdout == ""
    assert (tmp_path / f"drawn.{suffix}").read_text(encoding="utf-8") == text


@pytest.mark.usefixtures("store")
def test_report_goes_where_it_is_told(run: Run, tmp_path: Path) -> None:
    html = run("report", "merged").stdout
    assert html.lstrip().lower().startswith("<!doctype html") and "<b>" not in run("report").stdout
    note = run("report", "merged", "--output", "r.html")
    assert note.stdout == "" and "Report: r.html" in note.stderr
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == html
    run("report", "merged", "--output", "r.md", "--quiet")
    assert (tmp_path / "r.md").read_text(encoding="utf-8") == run(
        "report", "merged", "--to", "markdown"
    ).stdout
    assert "lineage" in run("report", "merged", "--to", "card").stdout


@pytest.mark.usefixtures("store")
def test_a_card_is_about_one_product(run: Run) -> None:
    result = run("report", "--to", "card")
    assert result.exit_code == 2 and "lineage report PRODUCT --to card" in result.stderr


def test_report_of_a_hostile_name(run: Run, store: Path) -> None:
    page = run("report", f"model:{HOSTILE}", "--store", store).stdout
    assert "&lt;b&gt;" in page and "<b>" not in page and "\x1b" not in page


def test_demo_writes_its_report(run: Run, tmp_path: Path) -> None:
    result = run("demo")
    assert result.exit_code == 0, result.output
    assert (tmp_path / REPORT_NAME).is_file() and not (tmp_path / "lineage.store").exists()
    assert len(result.stdout.splitlines()) < 30 and "Reusing a model is not free." in result.stdout


def test_demo_in_json(run: Run, tmp_path: Path) -> None:
    made = document(run("demo", "--format", "json"))
    assert made["run"]["impact"] == "energy" and len(made["products"]) > 10
    assert not (tmp_path / REPORT_NAME).exists()


def test_retraining_of_unknown_cost_without_an_inference_is_told(run: Run, tmp_path: Path) -> None:
    job = {"product": "m", "phase": "retraining", "energy_kwh": 1.0, "pue": 1.0, "inferences": 0.0}
    with connect(tmp_path / "lineage.store") as store:
        store.write(graph("m", own={"m": 10.0}, jobs=[job]))
    assert "re-training without an inference: ?" in run("show", "m").stdout
