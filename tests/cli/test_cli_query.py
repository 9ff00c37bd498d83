"""The command `query`: the catalogue and free Cypher on a folder, in every shape, and what it refuses."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from command_lines import HOSTILE, Run, document
from lineage.catalogue import catalogue
from lineage.cli.output import Output
from lineage.errors import StoreUnavailable
from lineage.stores import connect
from lineage.testing import graph

needs_engine = pytest.mark.usefixtures("arcadedb")
NASTY = "x'\"`$y // } /* z"
IDS = "MATCH (p:Product) WHERE p.id = $id RETURN p.id AS id ORDER BY id LIMIT 5"


@pytest.fixture
def arcadedb() -> None:
    """Skip where the engine of the extra cypher is not installed."""
    pytest.importorskip("arcadedb", reason="a folder is asked through the extra cypher")


# -- the catalogue needs no engine -------------------------------------------------------------------------


def test_the_list_has_every_question(run: Run) -> None:
    made = document(run("query", "--list", "--format", "json"))
    assert [item["name"] for item in made["queries"]] == list(catalogue())
    assert "questions; lineage query NAME --describe" in run("query", "--list").stdout
    rows = list(csv.DictReader(io.StringIO(run("query", "--list", "--format", "csv").stdout)))
    assert len(rows) == len(made["queries"]) >= 40
    carbon = document(run("query", "carbon", "--list", "--format", "json"))["queries"]
    assert {item["name"].partition("/")[0] for item in carbon} == {"carbon"}


def test_a_description_says_what_it_takes_and_returns(run: Run) -> None:
    text = run("query", "bill", "--describe").stdout
    for part in (
        "carbon/bill: Who contributed",
        "$product: str  the product",
        "weight (share of 1)",
        "MATCH (p:",
    ):
        assert part in text
    assert "lineage query carbon/bill --param product=..." in text
    made = document(run("query", "bill", "--describe", "--format", "json"))["queries"][0]
    assert made["parameters"][0] == {"name": "product", "type": "str", "required": True} | {
        "about": "the product, as kind:name"
    }
    assert "write-back" in run("query", "top-epc", "--describe").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "ask one thing"),
        (["bill", "--cypher", "RETURN 1"], "ask one thing"),
        (["--describe"], "lineage query NAME --describe"),
        (["ancestor"], "did you mean 'lineage/ancestors'"),
        (["ancestors"], "needs 'product'"),
        (["ancestors", "--param", "produkt=a"], "did you mean 'product'"),
        (["ancestors", "--param", "product=a", "--param", "top=many"], "a whole number"),
        (["ancestors", "--param", "product=a", "--param", "product=b"], "same parameter"),
        (["--cypher", "RETURN 1", "--param", "a"], "--param NAME=VALUE"),
        (["--list", "--format", "svg"], "--format is one of"),
        (["--cypher", "RETURN 1", "--format", "parquet"], "--output FILE"),
        (["--cypher", "RETURN 1", "--explain", "--format", "jsonl"], "a plan is text"),
        (["--cypher", "RETURN 1", "--timeout", "0"], "--timeout"),
        (["--cypher", "RETURN 1", "--format", "xml"], "'xml' is not one of"),
    ],
)
@pytest.mark.usefixtures("store")
def test_wrong_use_is_said_before_anything_runs(run: Run, arguments: list[str], told: str) -> None:
    result = run("query", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr


# -- answers -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_engine
@pytest.mark.usefixtures("store")
def test_an_answer_in_every_shape(run: Run, tmp_path: Path) -> None:
    asked = ("query", "ancestors", "--param", "product=merged")
    made = document(run(*asked, "--format", "json"))
    ids = [row["id"] for row in made["rows"]]
    assert ids == ["model:left", "model:right", "model:base", "dataset:web"]
    assert (made["query"], made["columns"], made["units"]) == (
        "lineage/ancestors",
        ["id", "kind", "hops"],
        {},
    )
    table = run(*asked).stdout
    assert table.startswith("What is this product made out of") and "4 rows" in table
    assert [row["id"] for row in csv.DictReader(io.StringIO(run(*asked, "--format", "csv").stdout))] == ids
    assert [json.loads(line)["id"] for line in run(*asked, "--format", "jsonl").stdout.splitlines()] == ids
    assert run(*asked, "--format", "markdown").stdout.count("| model") == 6
    for name in ("rows.parquet", "rows.csv", "rows.jsonl", "rows.json", "rows.md"):
        assert run(*asked, "--output", tmp_path / name).exit_code == 0
    assert pq.read_table(tmp_path / "rows.parquet").column("id").to_pylist() == ids
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 5
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".rows")] == []


@pytest.mark.slow
@needs_engine
@pytest.mark.usefixtures("store")
def test_a_graph_is_drawn(run: Run, tmp_path: Path) -> None:
    asked = ("query", "path", "--param", "product=merged", "--param", "parent=web")
    chart = run(*asked, "--format", "mermaid").stdout
    assert chart.startswith("flowchart LR") and chart.count("-->") == 3 and "data set" in chart
    assert run(*asked, "--output", tmp_path / "way.svg").exit_code == 0
    assert (tmp_path / "way.svg").read_text(encoding="utf-8").startswith("<svg")
    assert " -> dataset:web" in run(*asked).stdout
    nothing = run("query", "ancestors", "--param", "product=merged", "--format", "mermaid")
    assert nothing.exit_code == 2 and "nothing to draw" in nothing.stderr


@needs_engine
@pytest.mark.usefixtures("store")
def test_free_text_with_bound_parameters(run: Run) -> None:
    text = (
        "MATCH (m:Model) WHERE m.id IN $ids RETURN m.id AS id, $n + 1 AS n, $name AS name ORDER BY id LIMIT 9"
    )
    given = ("--param", 'ids=["model:base", "model:left"]', "--param", "n=3", "--param", "name=x' // $n `")
    rows = document(run("query", "--cypher", text, *given, "--format", "json"))["rows"]
    assert rows == [{"id": f"model:{name}", "n": 4, "name": "x' // $n `"} for name in ("base", "left")]
    assert (
        len(document(run("query", "--cypher", text, *given, "--limit", "1", "--format", "json"))["rows"]) == 1
    )
    assert run("query", "--cypher", text, *given, "--limit", "0", "--format", "jsonl").stdout == ""


@needs_engine
@pytest.mark.usefixtures("store")
def test_an_answer_that_may_be_wrong_is_told_so(run: Run) -> None:
    text = (
        "MATCH (a:Model) OPTIONAL MATCH (a)-[:BUILT_ON]->(b) MATCH (a)-[:DERIVED_FROM]->(b) RETURN count(*)"
    )
    told = run("query", "--quiet", "--cypher", text).stderr
    assert told.startswith("warning: the answer may be wrong: ") and "`WITH *, b WHERE" in told
    assert "warning" not in run("query", "--cypher", IDS, "--param", "id=model:base").stderr


@needs_engine
@pytest.mark.usefixtures("store")
def test_a_plan_is_shown_and_nothing_runs(run: Run) -> None:
    told = run("query", "bill", "--param", "product=merged", "--explain")
    assert told.exit_code == 0 and "Plan" in told.stdout and "CALL" in told.stdout.upper()
    plan = document(
        run("query", "--cypher", "explain MATCH (m:Model) RETURN m", "--explain", "--format", "json")
    )
    assert plan["columns"] == ["plan"] and len(plan["rows"]) > 3
    wrong = run("query", "--cypher", "MATCH (m:Model)\nRETRN m", "--explain")
    assert wrong.exit_code == 1 and "(line 2, column 1)\n  RETRN m\n  ^" in wrong.stderr


@needs_engine
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--cypher", "MATCH (m:Model) RETRN m"], "RETRN m\n                  ^"),
        (["--cypher", "RETURN $nobody"], "nobody"),
        (["--cypher", "CREATE (x:Model) RETURN x"], "lineage load"),
        (["--cypher", "MATCH (m) DETACH DELETE m", "--write"], "lineage load"),
        (["ancestors", "--param", "product=mergd"], "did you mean 'model:merged'"),
        (["ancestors", "--param", "product=model:"], "no product 'model:'"),
    ],
)
def test_refusals_are_one_message(run: Run, arguments: list[str], told: str) -> None:
    result = run("query", *arguments)
    assert result.exit_code == 1, result.output
    assert told in result.stderr and result.stderr.startswith("error: ")
    assert result.stdout == ""


@needs_engine
@pytest.mark.usefixtures("store")
def test_a_question_about_figures_says_that_there_are_none(run: Run) -> None:
    result = run("query", "top-epc")
    assert result.exit_code == 0 and "lineage cost --write-back" in result.stderr
    assert run("query", "top-epc", "--quiet").stderr == ""


@pytest.mark.slow
@needs_engine
@pytest.mark.parametrize(
    "name", [HOSTILE, NASTY, "a\nb'; MATCH (n) DETACH DELETE n //", "é\u202e模", "n" * 10**5]
)
def test_hostile_names_stay_values(run: Run, tmp_path: Path, name: str) -> None:
    made = graph("web -> other", products={name: {"license": NASTY}})
    path = tmp_path / "hostile.store"
    with connect(path) as store:
        store.write(made)
    stored = next(item for item in made.ids if item not in ("model:web", "model:other"))
    rows: list[dict[str, Any]] = document(
        run(
            "query",
            "--store",
            path,
            "--cypher",
            IDS,
            "--param",
            f"id={json.dumps(stored)}",
            "--format",
            "json",
        )
    )["rows"]
    assert [row["id"] for row in rows] == ([stored] if len(stored) < 4000 else [])
    found = run("query", "unlicensed", "--store", path, "--format", "json")
    assert {row["id"] for row in document(found)["rows"]} == {"model:web", "model:other"}
    assert "\x1b" not in run("query", "find", "--param", "text=", "--store", path).stdout.replace("\\x1b", "")


@needs_engine
@pytest.mark.usefixtures("store")
def test_a_query_that_takes_too_long_is_given_up(run: Run) -> None:
    slow = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b) AS n"
    result = run("query", "--cypher", slow, "--timeout", "0.5")
    assert result.exit_code == 1 and "longer than its limit of 0.5 s" in result.stderr


def test_a_stream_that_breaks_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("before", encoding="utf-8")

    def pieces() -> Iterator[str]:
        yield "a\n"
        raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        Output("csv", path).stream(pieces())
    assert [(item.name, item.read_text(encoding="utf-8")) for item in tmp_path.iterdir()] == [
        ("rows.csv", "before")
    ]


def test_rows_are_written_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def pieces() -> Iterator[str]:
        yield "a\n"
        seen.append(capsys.readouterr().out)
        yield "b\n"

    Output("csv").stream(pieces())
    assert seen == ["a\n"] and capsys.readouterr().out == "b\n"
