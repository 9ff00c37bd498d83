"""`lineage track` in this process: wrong use, what is told, forgetting, --strict."""

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from command_lines import checked
from fake_powercap import Counters
from lineage.cli import main
from lineage.stores import connect

PASS = ("--", sys.executable, "-c", "pass")


@pytest.fixture(autouse=True)
def on_a_machine(machine: Counters) -> Counters:
    return machine


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["track", *arguments], prog_name="lineage")


def tracked(*arguments: str) -> Result:
    return run("--product", "m", "--meter", "rapl", *arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "what shall run?"),
        (["--", "true"], 2, "which product is the run for?"),
        (["--product", "m", "--store", "demo:", "--", "true"], 1, "never changes"),
        (["--product", "m", "--", "no-such-command"], 127, "no command 'no-such-command' can be run here"),
        (["--product", "m", "--phase", "trainin", "--", "true"], 2, "did you mean 'training'"),
        (["--product", "m", "--pue", "0.5", "--", "true"], 2, "a PUE of 0.5"),
        (["--product", "m", "--store", "memory:", "--meter", "rapl", "--", "true"], 2, "a store that stays"),
        (["--product", "m", "--country", "Atlantis", "--", "true"], 2, "no country 'Atlantis'"),
        (["--forget", "x"], 1, "no run 'x' was recorded"),
        (["--forget", "x", "--format", "json"], 2, "has no answer to write"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, text: str) -> None:
    if "Atlantis" in arguments:
        pytest.importorskip("codecarbon", reason="the extra `track` is not installed")
    result = run(*arguments)
    assert (result.exit_code, text in result.stderr) == (code, True), result.stderr
    assert not Path("lineage.store").exists() and not Path("lineage.store.runs").exists()


def test_nothing_is_said_unless_somebody_looks() -> None:
    assert tracked(*PASS).output == ""


def test_what_a_reader_is_told(machine: Counters) -> None:
    result = tracked("--verbose", "--parent", "base", "--grid", "500 g/kWh", *PASS)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Recorded track:") and lines[0].endswith(
        "(training of model:m) in lineage.store"
    )
    assert lines[1].startswith("  energy    0 kWh in ") and lines[1].endswith("measured (rapl)")
    assert lines[2] == "  carbon    0 g"
    assert lines[-1] == "Its share of what it was made of comes on top: lineage bill model:m"


def test_an_unknown_carbon_says_what_would_give_it() -> None:
    result = tracked("--verbose", "--", sys.executable, "-c", "raise SystemExit(4)")
    assert "  carbon    ?: no grid; --country says it" in result.stderr
    assert "  outcome   failed, exit code 4; it counts all the same" in result.stderr
    assert result.exit_code == 4


def test_every_shape() -> None:
    for shape in ("json", "csv", "markdown"):
        result = tracked("--format", shape, "--dataset", "glue", *PASS)
        assert result.exit_code == 0 and "model:m" in result.stdout, shape
        if shape == "json":
            assert checked(json.loads(result.stdout))["job"]["datasets"] == ["dataset:glue"]
    assert tracked("--output", "job.parquet", *PASS).exit_code == 0
    import pyarrow.parquet as pq

    assert pq.read_table("job.parquet").column("product").to_pylist() == ["model:m"]


def test_strict_fails_on_a_warning_and_the_commands_own_code_wins(machine: Counters) -> None:
    (Path("gpus") / "0000:01:00.0").mkdir(parents=True)  # nobody measures it: information, no warning
    assert tracked("--strict", *PASS).exit_code == 0
    told = tracked("--strict", "--format", "json", "--", sys.executable, "-c", "raise SystemExit(5)")
    assert told.exit_code == 5
    assert "missing-component" in told.stdout


def test_a_run_can_be_forgotten() -> None:
    made = json.loads(tracked("--format", "json", *PASS).stdout)["source"]
    result = run("--forget", made)
    assert (result.exit_code, result.stderr) == (0, f"removed {made} from lineage.store\n")
    with connect("lineage.store") as store:
        assert len(store.read().jobs) == 0


@pytest.mark.skipif(os.name != "posix", reason="execute permission of POSIX")
def test_a_file_that_is_no_program_records_nothing() -> None:
    Path("broken").write_bytes(b"\x7fELF nothing")
    Path("broken").chmod(0o755)
    result = tracked("--", "./broken")
    assert result.exit_code == 1 and "./broken cannot be run: Exec format error" in result.stderr
    assert not Path("lineage.store").exists() and not Path("lineage.store.runs").exists()


def test_a_store_that_fails_keeps_the_commands_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    import lineage.tracking.session as session
    from lineage.errors import StoreLocked

    def locked(records: object, store: object) -> None:
        raise StoreLocked("lineage.store", 4711)

    monkeypatch.setattr(session, "publish", locked)
    assert tracked("--", sys.executable, "-c", "raise SystemExit(6)").exit_code == 6
    result = tracked(*PASS)
    assert result.exit_code == 1 and "what was measured stays in" in result.stderr


def test_options_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("STORE", "other.store"), ("GRID", "100 g/kWh"), ("PUE", "1.5"), ("COUNTRY", "FRA")):
        monkeypatch.setenv(f"LINEAGE_{name}", value)
    job = json.loads(tracked("--format", "json", *PASS).stdout)["job"]
    assert (job["pue"], job["grid"]) == (1.5, "100 g/kWh") and Path("other.store").is_dir()
