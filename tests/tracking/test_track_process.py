"""`lineage track -- COMMAND` as a process: streams, exit codes, signals, and a tracker that is killed."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from command_lines import checked
from fake_powercap import Counters
from launching import launched, wait_for
from lineage.stores import connect
from lineage.tracking.process import run_command

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# Says that it is there, then tells which signal came and ends with an exit code of its own.
CHILD = """
import pathlib, signal, sys, time
def told(number, frame):
    print("child got", signal.Signals(number).name, flush=True)
    sys.exit(7)
for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
    signal.signal(getattr(signal, name), told)
pathlib.Path("ready").touch()
time.sleep(60)
"""


def track(counters: Counters, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return launched(counters.root, "track", "--product", "m", "--meter", "rapl", *arguments, folder=folder)


def job(folder: Path) -> dict[str, object]:
    with connect(folder / "lineage.store") as store:
        [row] = store.read().jobs.to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_streams_and_exit_code_are_the_commands_own(counters: Counters, tmp_path: Path) -> None:
    script = "import sys; print(sys.stdin.read()); print('to err', file=sys.stderr); sys.exit(3)"
    process = track(counters, tmp_path, "--", sys.executable, "-c", script)
    out, err = process.communicate("from the pipe")
    assert (process.returncode, out, err) == (3, "from the pipe\n", "to err\n")
    assert (job(tmp_path)["outcome"], job(tmp_path)["exit_code"]) == ("failed", 3)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["lineage.store", "powercap"]


def test_what_was_recorded_is_told_where_it_is_asked_for(counters: Counters, tmp_path: Path) -> None:
    process = track(
        counters, tmp_path, "--verbose", "--output", "job.json", "--", sys.executable, "-c", "print(1)"
    )
    out, err = process.communicate()
    assert (process.returncode, out) == (0, "1\n")
    made = checked(json.loads((tmp_path / "job.json").read_text(encoding="utf-8")))
    assert (made["job"]["product"], made["job"]["outcome"]) == ("model:m", "finished")
    assert err == ""  # the answer went to the file


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_signals_reach_the_command_and_the_run_is_recorded(
    counters: Counters, tmp_path: Path, name: str
) -> None:
    process = track(counters, tmp_path, "--", sys.executable, "-c", CHILD)
    wait_for((tmp_path / "ready").exists)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (7, f"child got {name}\n", "")
    assert job(tmp_path)["outcome"] == "failed"


@posix
def test_a_command_that_a_signal_ends(counters: Counters, tmp_path: Path) -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    process = track(counters, tmp_path, "--", sys.executable, "-c", script)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGKILL
    with connect(tmp_path / "lineage.store") as store:
        assert any("ended by SIGKILL" in item.text for item in store.findings())


def killed(counters: Counters, folder: Path, joules: float) -> None:
    """Track a run, let the journal see so much energy, and kill the tracker and its command."""
    process = track(counters, folder, "--every", "0.2", "--", sys.executable, "-c", CHILD)
    wait_for((folder / "ready").exists)
    counters.turn("intel-rapl:0", 100 + joules)
    [file] = (folder / "lineage.store.runs").glob("*.json")

    def is_seen() -> bool:
        reading = json.loads(file.read_text(encoding="utf-8"))["reading"]
        return reading is not None and reading["energy_kwh"] > 0

    wait_for(is_seen)
    os.killpg(process.pid, signal.SIGKILL)  # its own session: nobody else is in it
    process.communicate(timeout=30)
    (folder / "ready").unlink()


@posix
@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "load", "track"])
def test_a_killed_tracker_leaves_a_partial_job(counters: Counters, tmp_path: Path, command: str) -> None:
    killed(counters, tmp_path, 720)
    (tmp_path / "products.csv").write_text("id\nmodel:other\n", encoding="utf-8")
    more = {
        "check": ["--format", "json"],
        "load": ["products.csv"],
        "track": ["--product", "n", "--meter", "rapl", "--", "true"],
    }
    process = launched(counters.root, command, *more[command], folder=tmp_path)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    if command == "check":
        assert "partial-job" in {item["code"] for item in checked(json.loads(out))["findings"]}
    assert "of model:m was killed: recorded as a partial job" in err
    with connect(tmp_path / "lineage.store") as store:
        graph = store.read()
        [row] = [row for row in graph.jobs.to_dict("records") if row["outcome"] == "partial"]
        [found] = [item for item in store.findings() if item.code == "partial-job"]
    assert row["energy_kwh"] == pytest.approx(720 / 3.6e6) and row["tier"] == "measured"
    assert found.subject == row["id"] and found.severity == "warning"
    assert not (tmp_path / "lineage.store.runs").exists()


@posix
def test_a_run_that_is_still_tracked_is_left_alone(counters: Counters, tmp_path: Path) -> None:
    process = track(counters, tmp_path, "--", sys.executable, "-c", CHILD)
    wait_for((tmp_path / "ready").exists)
    other = track(counters, tmp_path, "--", "true")
    _, err = other.communicate(timeout=30)
    assert (other.returncode, err) == (0, "")
    assert len(list((tmp_path / "lineage.store.runs").glob("*.json"))) == 1
    process.terminate()
    process.communicate(timeout=30)
    with connect(tmp_path / "lineage.store") as store:
        assert sorted(store.read().jobs["outcome"]) == ["failed", "finished"]


# -- the same, in this process ---------------------------------------------------------------------------------

# Sends the signal to whoever started it, and says by its exit code whether it came back.
ECHO = """
import os, signal, sys, time
signal.signal(signal.SIGINT, lambda *told: os._exit(5))
os.kill(os.getppid(), signal.SIGINT)
time.sleep(0.5)
"""


@posix
@pytest.mark.parametrize(("foreground", "exit_code"), [(False, 5), (True, 0)])
def test_what_a_terminal_tells_everybody_is_not_told_again(
    monkeypatch: pytest.MonkeyPatch, foreground: bool, exit_code: int
) -> None:
    monkeypatch.setattr("lineage.tracking.process._in_foreground", lambda: foreground)
    assert run_command([sys.executable, "-c", ECHO]).exit_code == exit_code


@posix
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As nohup wants it: a handler of ours would make it deadly for the command."""
    ask = "import signal, sys; sys.exit(7 if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else 0)"
    before = signal.getsignal(signal.SIGHUP)
    try:
        for kept, exit_code in ((signal.SIG_IGN, 7), (signal.SIG_DFL, 0)):
            signal.signal(signal.SIGHUP, kept)
            assert run_command([sys.executable, "-c", ask]).exit_code == exit_code
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert run_command([sys.executable, "-c", "pass"]).exit_code == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_may_run_a_command_too() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run_command, [sys.executable, "-c", "raise SystemExit(3)"]).result().exit_code == 3
