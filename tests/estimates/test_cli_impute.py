"""`--impute` and `--factors` through the real command."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from command_lines import checked, document
from lineage.cli import main
from lineage.stores import connect
from lineage.testing import graph


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("impute") / "made.store"
    made = graph("x/base-7b -[quantization]-> x/small", own={"x/base-7b": 14e6})
    with connect(folder) as opened:
        opened.write(made)
    return folder


def run(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_shows_evidence_and_bounds(store: Path) -> None:
    said = run("cost", "--store", store, "--impute")
    assert "unknown own costs: estimated" in said and "own between" in said
    assert "imputed 1" in said and " to " in said
    assert "own between" not in run("cost", "--store", store)


def test_json_says_how_it_was_computed(store: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["cost", "--store", str(store), "--impute", "--format", "json"])
    made = checked(document(result))
    assert made["run"]["impute"] is True and "factors" not in made["run"]
    small = next(row for row in made["products"] if row["id"] == "model:x/small")
    assert (
        small["own"]["tier"] == "imputed" and small["own"]["lo"] < small["own"]["best"] < small["own"]["hi"]
    )
    file = tmp_path / "ours.csv"
    file.write_text("kind,name,value,unit\ngrid,Atlantis,5,gCO2e/kWh\n", encoding="utf-8")
    words = ["cost", "--store", str(store), "--impute", "--factors", str(file), "--format", "json"]
    pinned = checked(document(CliRunner().invoke(main, words)))
    assert len(pinned["run"]["factors_sha256"]) == 64


def test_explain_opens_an_estimate(store: Path) -> None:
    said = run("explain", "x/small", "--store", store, "--impute")
    assert "method: quantization" in said and "size of its base model:x/base-7b" in said
    explained = CliRunner().invoke(
        main, ["explain", "x/small", "--store", str(store), "--impute", "--format", "json"]
    )
    assert checked(document(explained))["run"]["impute"] is True
