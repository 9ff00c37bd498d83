"""`lineage factors`: the list, what is in use, pins, and two tables beside each other."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from command_lines import Run, document
from lineage.cli.output import FORMATS


def told(run: Run, *arguments: object) -> dict[str, Any]:
    """The JSON of a command, which its schema allows."""
    return document(run("factors", *arguments, "--format", "json"))


def checked(result: Result) -> Result:
    """A command that ended well."""
    assert result.exit_code == 0, result.stderr
    return result


def test_every_factor_is_listed_with_its_source(run: Run) -> None:
    rows = told(run)["factors"]
    assert len(rows) > 900 and all(row["source"] and row["lo"] <= row["value"] <= row["hi"] for row in rows)
    text = checked(run("factors")).stdout
    assert "A100 SXM 80GB" in text and "TFLOP/s" in text and "Ember" in text


@pytest.mark.parametrize(
    ("words", "kinds", "names"),
    [
        (["NVIDIA A100-SXM4-80GB", "power"], {"power"}, {"A100 SXM 80GB", "A100 SXM 40GB", "A100"}),
        (["grid", "Germany"], {"grid"}, {"DE"}),
        (["us-east-1"], {"grid"}, {"US-VA"}),
        (["google"], {"pue", "wue"}, {"google"}),
        (["source", "natural gas"], {"source"}, {"gas"}),
    ],
)
def test_a_list_of_one_kind_or_name(run: Run, words: list[str], kinds: set[str], names: set[str]) -> None:
    rows = told(run, *words)["factors"]
    assert {row["kind"] for row in rows} == kinds and {row["name"] for row in rows} == names


def test_a_wrong_name_gets_did_you_mean(run: Run) -> None:
    result = run("factors", "gird")
    assert result.exit_code == 2 and "no factor fits 'gird'; did you mean 'grid'" in result.stderr


def test_what_is_in_use_in_a_store(run: Run, store: Path) -> None:
    uses = told(run, "--store", store)["uses"]
    grid = next(use for use in uses if use["asked"] == "US-VA")
    assert (grid["year"], grid["factor"]["year"], grid["jobs"]) == (2021, 2023, ["train"])
    assert "nearest year to 2021" in grid["reason"] and len(grid["considered"]) > 10
    text = checked(run("factors", "--store", store)).stdout
    assert "grid US-VA, 2021: 2023 is the nearest year to 2021; range 12% wider" in text
    assert "considered too: US 2021" in text or "considered too: US-VA 2023" in text
    of_one = told(run, "model:base", "grid")["uses"]
    assert {use["asked"] for use in of_one} == {"US-VA", "meta"}
    assert told(run, "--store", store, "--as-of", "2020")["uses"] == []
    assert "No job here rests on a factor" in checked(run("factors", "--store", "demo:")).stdout


def test_a_pinned_figure_is_the_same_years_later(run: Run, store: Path, tmp_path: Path) -> None:
    noted = checked(run("factors", "--pin", "pin.csv"))
    assert "14 factors pinned in pin.csv; compute with --factors pin.csv" in noted.stderr
    with (tmp_path / "pin.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 14
    ours, pinned = (
        json.loads(checked(run("cost", "--format", "json", *options)).stdout)["products"]
        for options in ((), ("--factors", "pin.csv"))
    )
    assert ours == pinned
    assert told(run, "diff", "pin.csv", "shipped", "--store", store)["factors"] == []


def test_two_tables_beside_each_other(run: Run, store: Path, tmp_path: Path) -> None:
    head = "kind,name,value,lo,hi,unit,year,source\n"
    rows = "grid,FR,50,40,60,g/kWh,2023,a\ngrid,SE,30,,,g/kWh,2023,a\npue,any,1.2,1.1,1.3,1,,a\n"
    (tmp_path / "old.csv").write_text(head + rows, encoding="utf-8")
    rows = "grid,FR,100,40,160,g/kWh,2023,a\npue,any,1.2,1.1,1.4,1,,a\nwue,any,1,,,L/kWh,,a\n"
    (tmp_path / "new.csv").write_text(head + rows, encoding="utf-8")
    both = told(run, "diff", "old.csv", "new.csv")
    changes = {(row["kind"], row["name"]): row["change"] for row in both["factors"]}
    assert changes == {
        ("grid", "FR"): "value",
        ("grid", "SE"): "removed",
        ("pue", "any"): "range",
        ("wue", "any"): "added",
    }
    assert both["results"] is None and both["factors"][0]["ratio"] == 2.0
    moved = told(run, "diff", "old.csv", "new.csv", "--store", store)
    assert [(row["kind"], row["change"]) for row in moved["factors"]] == [("grid", "value"), ("wue", "value")]
    assert [row["product"] for row in moved["results"]] == ["model:tuned"]
    text = checked(run("factors", "diff", "old.csv", "new.csv", "--store", store)).stdout
    assert "50 g/kWh (40 g/kWh to 60 g/kWh)" in text and "model:tuned: EPC" in text
    same = checked(run("factors", "diff", "old.csv", "old.csv", "--store", store)).stdout
    assert "No result in" in same


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["diff", "a.csv"], 2, "write: lineage factors diff OLD NEW"),
        (["diff", "a.csv", "shipped"], 2, "a.csv: there is no such file"),
        (["model:a", "model:b"], 2, "name one product at a time"),
        (["--factors", "a.csv"], 2, "a.csv"),
    ],
)
def test_wrong_use_says_the_way_out(run: Run, arguments: list[str], code: int, text: str) -> None:
    result = run("factors", *arguments)
    assert result.exit_code == code and text in result.stderr


@pytest.mark.parametrize("format", FORMATS)
def test_every_format(run: Run, store: Path, tmp_path: Path, format: str) -> None:
    for arguments in (("T4",), ("--store", store), ("diff", "shipped", "shipped", "--store", store)):
        checked(run("factors", *arguments, "--format", format, "--output", "out"))
        assert (tmp_path / "out").stat().st_size > 0


def test_a_users_file_is_listed_first(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("kind,name,value,unit\npower,T4,65,W\n", encoding="utf-8")
    rows = told(run, "T4", "power", "--factors", "mine.csv")["factors"]
    assert [row["value"] for row in rows] == [65.0, 70.0]
