"""What is loaded when: the package itself nothing heavy, a command what it needs. The clock is printed, not judged."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command_lines import small_graph
from lineage.stores import connect

HEAVY = {"pandas", "scipy", "networkx", "numba", "pint", "jinja2", "yaml", "rich", "neo4j"}
NUMBERS = {"numpy", "pyarrow"}


def loaded(code: str, folder: Path) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after some code."""
    told = "print(*sys.modules)"
    probe = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n{told}"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def seconds(*arguments: str, folder: Path) -> float:
    """Return the best of five runs, compiled modules kept as an installed package keeps them."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        command = [sys.executable, *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60, env=variables)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with connect(tmp_path / "lineage.store") as store:
        store.write(small_graph())
    return tmp_path


def command(*arguments: str) -> str:
    return f"from lineage.cli import main; main({list(arguments)})"


def test_import_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded("import lineage", tmp_path) & (HEAVY | NUMBERS | {"click"}) == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["cost", "--help"], ["load", "--help"], ["--version"]], ids=" ".join
)
def test_help_loads_no_numbers(tmp_path: Path, arguments: list[str]) -> None:
    assert loaded(command(*arguments), tmp_path) & (HEAVY | NUMBERS) == set()


COMMANDS = ["cost", "cost --format json", "cost --format csv", "list", "check", "bill merged", "show base"]
COMMANDS += ["sources base", "family base", "explain merged", "tree base", "snapshots"]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_on_a_small_store_stay_light(folder: Path, line: str) -> None:
    assert loaded(command(*line.split()), folder) & HEAVY == set()


def test_a_small_table_of_costs_needs_no_wrappers_of_arrow(folder: Path) -> None:
    """A sixth of the time that the command takes."""
    assert "pyarrow.compute" not in loaded(command("cost"), folder)


def test_pandas_is_there_when_it_is_wanted(folder: Path) -> None:
    code = "from lineage.cli.opening import stored_graph; print(stored_graph('lineage.store').products.shape)"
    assert "pandas" in loaded(code, folder)


def test_times_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = seconds("-c", "pass", folder=folder)
    times = {
        "import lineage": seconds("-c", "import lineage", folder=folder),
        "lineage --help": seconds("-m", "lineage", "--help", folder=folder),
        "lineage cost": seconds("-m", "lineage", "cost", folder=folder),
    }
    with capsys.disabled():
        told = ", ".join(f"{name} +{1000 * (value - bare):.0f} ms" for name, value in times.items())
        print(f"\nover a bare interpreter ({1000 * bare:.0f} ms): {told}")
    assert all(value > 0 for value in times.values())
