"""Formats, files and exit codes that all commands share."""

import csv
import io
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command_lines import HOSTILE, Run
from lineage.cli.output import Answer, Output, encodable, plain
from lineage.errors import OptionError
from lineage.findings import finding

pytestmark = pytest.mark.usefixtures("store")

# Every command that answers with rows, as it is called on the small store.
ROWS = [
    ("cost",),
    ("list",),
    ("check",),
    ("snapshots",),
    ("formats",),
    ("show", "base"),
    ("sources", "base"),
    ("bill", "merged"),
    ("family", "base"),
    ("explain", "merged"),
    ("explain", "merged", "--paths", "3"),
]


@pytest.mark.parametrize("command", ROWS, ids=" ".join)
def test_csv_and_parquet_hold_the_same_rows(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(*command, "--format", "csv")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert run(*command, "--output", "answer.parquet").exit_code == 0
    table = pq.read_table(tmp_path / "answer.parquet")
    assert table.num_rows == len(rows) > 0
    assert table.column_names == list(rows[0])


@pytest.mark.parametrize("command", ROWS, ids=" ".join)
def test_markdown_and_table_say_something(run: Run, command: tuple[str, ...]) -> None:
    table = run(*command)
    markdown = run(*command, "--format", "markdown")
    assert table.exit_code == markdown.exit_code == 0, table.output
    assert len(table.stdout) > 20 and len(markdown.stdout) > 20
    assert "\x1b" not in table.stdout + markdown.stdout and "<b>" not in markdown.stdout


def test_no_csv_cell_is_a_formula(run: Run) -> None:
    rows = csv.reader(io.StringIO(run("list", "--format", "csv").stdout))
    cells = [cell for row in rows for cell in row]
    assert f"'{HOSTILE}" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t")]


def test_an_unknown_figure_is_an_empty_cell(run: Run) -> None:
    rows = csv.DictReader(io.StringIO(run("cost", "--format", "csv").stdout))
    web = next(row for row in rows if row["id"] == "dataset:web")
    assert web["own_gco2e"] == "" and web["own_gco2e_lo"] == "0.0" and web["tier"] == "unknown"


@pytest.mark.parametrize(
    ("name", "starts"), [("a.json", "{"), ("a.csv", "id,"), ("a.md", "Cost in"), ("a.txt", "Cost in")]
)
def test_the_suffix_decides(run: Run, tmp_path: Path, name: str, starts: str) -> None:
    assert run("cost", "--output", name).stdout == ""
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(starts)
    assert not list(tmp_path.glob(".*"))


def test_a_format_wins_over_the_suffix(run: Run, tmp_path: Path) -> None:
    run("cost", "--output", "a.csv", "--format", "json")
    assert json.loads((tmp_path / "a.csv").read_text(encoding="utf-8"))["schema"] == "lineage/cost/1"


def test_parquet_needs_a_file(run: Run) -> None:
    result = run("cost", "--format", "parquet")
    assert result.exit_code == 2 and "name a file with --output FILE" in result.stderr


def test_a_file_that_cannot_be_written(run: Run) -> None:
    result = run("cost", "--output", "nowhere/a.json")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ") and "No such file or directory" in result.stderr
    assert result.stdout == ""


def test_a_failed_write_keeps_what_was_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("kept", encoding="utf-8")
    assert run("cost", "nobody", "--output", "a.json").exit_code == 1
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "kept"


def test_same_input_same_bytes(run: Run) -> None:
    for format in ("json", "csv", "markdown", "table"):
        assert run("cost", "--format", format).stdout == run("cost", "--format", format).stdout


def test_plain_values() -> None:
    assert plain({"a": float("inf"), "b": [float("nan"), 1]}) == {"a": None, "b": [None, 1]}
    assert plain("\ud800") == "\\ud800"
    assert plain(Path("x")) == "x"


def test_strict_counts_warnings_not_notes(run: Run) -> None:
    assert run("cost", "--strict").exit_code == 0
    answer = Answer(document={}, findings=[finding("cycle", "model:a", "round")])
    assert [item.severity for item in answer.findings] == ["warning"]


def test_signs_that_an_encoding_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Narrow(io.StringIO):
        encoding = "ascii"

    monkeypatch.setattr("sys.stdout", Narrow())
    assert encodable("≥ 5 g") == ">= 5 g" and encodable("plain") == "plain"


def test_parquet_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(OptionError, match="parquet is not for terminals"):
        Output.chosen("parquet", None)


def test_json_holds_no_nan_and_no_broken_text() -> None:
    answer = Answer(document={"a": float("nan"), "rows": [{"x": float("inf")}, {"y": Path("z")}], "none": []})
    assert json.loads(answer.json()) == {"a": None, "rows": [{"x": None}, {"y": "z"}], "none": []}
    assert len(answer.json().splitlines()) == 5


def test_a_name_that_is_no_text_is_written_out(tmp_path: Path) -> None:
    output = Output("json", tmp_path / "a.json")
    output.write(Answer(document={"name": "a\ud800b"}).json())
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"name": "a\ud800b"}


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("cost", "--output", "a.xlsx"), "--format"),
        (("tree", "base", "--output", "a.png"), "--format"),
        (("report", "base", "--output", "a.pdf"), "--to"),
    ],
)
def test_a_suffix_that_says_no_format(
    run: Run, tmp_path: Path, command: tuple[str, ...], option: str
) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert f"{command[-1]}: the suffix says no format; use one of ." in result.stderr
    assert result.stderr.rstrip().endswith(f"or give {option}")
    assert not (tmp_path / command[-1]).exists()


def test_a_load_whose_answer_has_nowhere_to_go_changes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id\nmodel:late\n", encoding="utf-8")
    result = run("load", "products.csv", "--output", "nowhere/a.json")
    assert (result.exit_code, result.stderr) == (1, "error: nowhere/a.json: No such file or directory\n")
    assert "model:late" not in run("list").stdout


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to("real.txt")
    Output("table", tmp_path / "link.txt").write("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text(encoding="utf-8") == "new"


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        Output("table", pipe).write("through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_failed_write_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        Output("table", tmp_path / "gone" / "a.txt").write("x")
    assert caught.value.filename == str(tmp_path / "gone" / "a.txt")
