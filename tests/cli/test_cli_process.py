"""The command as a process: exit codes, pipes, signals, encodings, and what it says while it works."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command_lines import small_graph
from lineage.cli import progress
from lineage.stores import connect

COMMAND = [sys.executable, "-m", "lineage"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with connect(tmp_path / "lineage.store") as store:
        store.write(small_graph())
    return tmp_path


def lineage(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in a folder, without what this process has in its environment about us."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINEAGE")}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=kept | variables, capture_output=True, timeout=60
    )


def test_exit_codes(folder: Path) -> None:
    assert lineage(folder, "list").returncode == 0
    assert lineage(folder, "show", "nobody").returncode == 1
    assert lineage(folder, "show").returncode == 2
    assert lineage(folder, "check", "--fail-on", "missing-figure").returncode == 1
    version = lineage(folder, "--version")
    assert version.returncode == 0 and version.stdout.startswith(b"lineage, version ")


def test_results_and_messages_do_not_mix(folder: Path) -> None:
    failed = lineage(folder, "cost", "nobody")
    assert failed.stdout == b"" and failed.stderr.startswith(b"error: no product 'nobody'")
    fine = lineage(folder, "cost")
    assert fine.stderr == b"" and b"\x1b" not in fine.stdout


@pytest.mark.parametrize("line", ["list", "cost --format json", "--help", "tree base"])
def test_nobody_reads_on(folder: Path, line: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [*COMMAND, *line.split()], cwd=folder, stdout=write_end, stderr=subprocess.PIPE, timeout=60
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(os.name != "posix", reason="signals of other systems differ")
def test_interrupted(folder: Path) -> None:
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
        "import lineage.stores\n"
        "from lineage.cli import main\n"
        "def connect(address, **options):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(30)\n"
        "lineage.stores.connect = connect\n"
        "main(['cost'])\n"
    )
    start, before = time.monotonic(), signal.getsignal(signal.SIGINT)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, timeout=60)
    assert done.returncode == 130 and time.monotonic() - start < 25
    assert done.stderr.strip() == b"error: interrupted" and done.stdout == b""
    assert signal.getsignal(signal.SIGINT) is before


def test_a_narrow_encoding_gets_plain_signs(folder: Path) -> None:
    done = lineage(folder, "cost", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0 and b">= " in done.stdout and done.stdout.isascii()
    tree = lineage(folder, "explain", "merged", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert tree.returncode == 0 and b"|- " in tree.stdout


def test_quiet_says_nothing_but_the_answer(folder: Path) -> None:
    (folder / "products.csv").write_text("id,own_carbon\nmodel:x,1 g\n", encoding="utf-8")
    done = lineage(folder, "load", "products.csv", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    report = lineage(folder, "report", "--output", "r.html", "--quiet")
    assert (report.returncode, report.stdout, report.stderr) == (0, b"", b"")


def test_the_installed_script_is_the_same_command(folder: Path) -> None:
    script = Path(sys.executable).with_name("lineage")
    if not script.exists():
        pytest.skip("the package is not installed, only on the path")
    done = subprocess.run([script, "list"], cwd=folder, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout == lineage(folder, "list").stdout


# -- progress ----------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def drawn(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, patience_s: float, quiet: bool = False
) -> str:
    """Return what reading three files draws on stderr."""
    monkeypatch.setattr(progress, "PATIENCE_S", patience_s)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(
        "sys.stderr", stream
    )  # here, not in a fixture: the runner puts its own in place for each phase
    with progress.progress_bar(quiet=quiet) as bar:
        for done in range(1, 4):
            bar(done, 3, f"file-{done}\x1b[31m.csv")
    return stream.getvalue()


def test_a_bar_only_when_it_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, Terminal(), patience_s=60.0) == ""
    text = drawn(monkeypatch, Terminal(), patience_s=0.0)
    assert "/3" in text and "file-" in text
    assert "\x1b[31m" not in text


def test_no_bar_when_quiet_or_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, Terminal(), patience_s=0.0, quiet=True) == ""
    assert drawn(monkeypatch, io.StringIO(), patience_s=0.0) == ""
