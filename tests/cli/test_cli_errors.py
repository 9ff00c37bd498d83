"""Every failure is one message and an exit code; a traceback only on request."""

from pathlib import Path

import click
import pytest

from command_lines import Run
from lineage.cli import COMMANDS, LazyGroup, main
from lineage.cli.boundary import State, report_failure
from lineage.errors import ImportFault, OptionError, UnknownProduct
from lineage.stores import connect
from lineage.testing import graph


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["cost", "model:lefft"], 1, "no product 'model:lefft'; did you mean 'model:left'"),
        (["show", "lefft"], 1, "did you mean 'model:left'"),
        (["tree", "nobody"], 1, "no product 'nobody'"),
        (["cost", "--policy", "equall"], 2, "did you mean 'equal'"),
        (["cost", "--policy", "property"], 2, "needs a column: --property COLUMN"),
        (["cost", "--policy", "property", "--property", "downlods"], 2, "did you mean 'downloads'"),
        (["cost", "--policy", "cff"], 2, "--cff-a NUMBER"),
        (["cost", "--policy", "cff", "--cff-a", "2"], 2, "between 0 and 1"),
        (["cost", "--as-of", "yesterday"], 2, "'yesterday' is not a date"),
        (["cost", "--top", "0"], 2, "--top"),
        (["cost", "--format", "xml"], 2, "'xml' is not one of"),
        (["cost", "--frmat", "json"], 2, "No such option"),
        (["bill"], 2, "Missing argument 'PRODUCT'"),
        (["bill", "left", "--cutoff", "2"], 2, "--cutoff"),
        (["load"], 2, "Missing argument 'SOURCE...'"),
        (["load", "nowhere.csv"], 1, "no such file or folder"),
        (["cots"], 2, "there is no command 'cots'; did you mean 'cost'?"),
        (["cost", "--store", "neo5j://host"], 1, "no store opens with the address"),
        (["explain", "left", "--depth", "99"], 2, "--depth"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_message_and_exit_code(run: Run, arguments: list[str], code: int, told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert told in result.stderr
    assert [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert result.stdout == "" and "Traceback" not in result.stderr


def test_a_cycle_is_named_edge_by_edge(run: Run, tmp_path: Path) -> None:
    with connect(tmp_path / "lineage.store") as store:
        store.write(graph("a -> b -> a", own={"a": 1}))
    for command in (
        ["cost"],
        ["bill", "a"],
        ["family", "a"],
        ["explain", "a"],
        ["show", "a"],
        ["report", "a"],
    ):
        result = run(*command)
        assert result.exit_code == 1
        assert result.stderr.startswith(
            "error: a product cannot be made out of itself, but: model:a <- model:b <- model:a"
        )
        assert "--cycles solve" in result.stderr
        assert run(*command, "--cycles", "break").exit_code == 0


def test_damage_is_named(run: Run, store: Path) -> None:
    file = max(store.rglob("graph-products.parquet"), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    result = run("cost")
    assert result.exit_code == 1 and file.name in result.stderr and "Traceback" not in result.stderr


def fails(error: BaseException) -> click.Command:
    @click.command("formats")
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            ZeroDivisionError("division by zero"),
            1,
            "error: ZeroDivisionError: division by zero\nThis is a mistake in lineage",
        ),
        (KeyboardInterrupt(), 130, "error: interrupted"),
        (PermissionError(13, "Permission denied", "a.csv"), 1, "error: a.csv: Permission denied"),
        (OSError(28, "No space left on device"), 1, "error: No space left on device"),
        (ImportFault("a\x1b[31m.csv", "line 2", "broken"), 1, "error: a\\x1b[31m.csv, line 2: broken"),
        (OptionError("no"), 2, "error: no"),
        (UnknownProduct("x"), 1, "error: no product 'x'"),
    ],
)
def test_every_kind_of_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    monkeypatch.setattr(LazyGroup, "get_command", lambda group, ctx, name: fails(error))
    result = run("formats")
    assert result.exit_code == code
    assert result.stderr.lstrip("\n").startswith(told)


def test_nothing_asked_for_is_helped(run: Run) -> None:
    result = run()
    assert result.exit_code == 2 and result.stdout == "" and "error:" not in result.stderr
    assert result.stderr.startswith("Usage: lineage") and "Start with: lineage demo" in result.stderr


def test_a_traceback_on_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Traceback" not in run("cost").stderr
    verbose = run("cost", "--verbose")
    assert "Traceback" in verbose.stderr and verbose.exit_code == 1
    monkeypatch.setenv("LINEAGE_DEBUG", "1")
    assert "Traceback" in run("cost").stderr


def test_misuse_shows_no_traceback_even_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(click.UsageError("wrong"), State(verbose=True)) == 2
    assert report_failure(click.ClickException("other"), State()) == 1
    assert "error: other" in capsys.readouterr().err


def test_the_group_answers_without_a_process(run: Run) -> None:
    assert main.main(["formats", "--quiet"], standalone_mode=False) is None
    with pytest.raises(click.UsageError):
        main.main(["nothing"], standalone_mode=False)
    assert main.get_command(click.Context(main), "nothing") is None
    assert main.list_commands(click.Context(main)) == list(COMMANDS)
