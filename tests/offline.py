"""What the tests of the offline index share: the engine or a skip, and processes that ask."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage.errors import MissingExtra
from lineage.stores.index_process import Engine, installed_engine

__all__ = [
    "Started",
    "answered",
    "asking",
    "children",
    "folders_left",
    "needed_engine",
    "python",
    "runs",
    "wait_until",
]

ROOT = Path(__file__).parents[1]
_ASK = """
import json, sys
from lineage.stores import connect
with connect(sys.argv[1]) as store:
    store.progress = lambda done, total, what: print(json.dumps({"done": done}), flush=True)
    records = store.cypher(sys.argv[2]).records
    engine = store._index.process_id
    print(json.dumps({"records": records, "engine": engine}), flush=True)
    if len(sys.argv) > 3:
        sys.stdin.read()
"""


class Started(subprocess.Popen[str]):
    """A process that does not outlive its block, also where the test in it fails."""

    def __exit__(self, *arguments: object) -> None:
        if self.poll() is None:
            self.kill()
        super().__exit__(*arguments)  # type: ignore[arg-type]


def python(*arguments: str, **variables: str) -> Started:
    """Start a Python that finds this package, with pipes to it."""
    paths = [str(ROOT), str(ROOT / "importers"), os.environ.get("PYTHONPATH", "")]
    return Started(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | variables,
    )


def needed_engine() -> Engine:
    """Return the engine; a skip that says what to install where there is none, a failure in CI."""
    try:
        return installed_engine()
    except MissingExtra as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def asking(
    store: Path, query: str, *more: str, temporary: Path | None = None, program: str | None = None
) -> Started:
    """Start a process that asks one query and prints its progress and its answer as JSON.

    With one argument `more` it then waits for the end of its input, with the index open.
    """
    variables = {} if temporary is None else {"TMPDIR": str(temporary)}
    begin = [_ASK, str(store)] if program is None else [program]
    return python("-c", *begin, query, *more, **variables)


def answered(process: Started) -> dict[str, object]:
    """Return the answer of a process that asks; its progress lines are passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        answer: dict[str, object] = json.loads(line)
        if "records" in answer:
            return answer
    raise AssertionError(process.stderr.read() if process.stderr is not None else "no answer")


def runs(process: int) -> bool:
    """Return whether a process lives; a zombie does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def children(process: int) -> list[int]:
    """Return the ids of the processes that a process started, without those of its further threads."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(item) for item in text.split()]


def wait_until(said: Callable[[], bool], within_s: float) -> bool:
    """Wait until something is so, at most for a while; return whether it came to be."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if said():
            return True
        time.sleep(0.02)
    return said()


def folders_left(store: Path) -> list[str]:
    """Return what lies in the index folder besides whole indexes and the lock."""
    names = [item.name for item in (store / "index").iterdir()] if (store / "index").exists() else []
    return sorted(name for name in names if "-" in name)
