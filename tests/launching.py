"""Running `lineage` as a process of its own whose RAPL is a fake tree."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["LAUNCH", "busy_for", "launched", "wait_for"]

LAUNCH = """
import sys, time
from pathlib import Path
import lineage.tracking.rapl as rapl
rapl.RaplMeter.__init__.__defaults__ = (Path(sys.argv[1]), time.monotonic, Path("no-gpus"))
from lineage.cli import main
main(sys.argv[2:], prog_name="lineage")
"""


def launched(root: Path, *arguments: str, folder: Path) -> "subprocess.Popen[str]":
    """Start `lineage` with these arguments; streams are pipes."""
    names = ("LINEAGE_STORE", "LINEAGE_COUNTRY", "LINEAGE_GRID", "LINEAGE_PUE")
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(root), *arguments],
        cwd=folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name not in names},
        start_new_session=True,
    )


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so; fail where it never is."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def busy_for(seconds: float) -> list[str]:
    """Return a command that keeps a processor busy."""
    return [
        sys.executable,
        "-c",
        f"import time\nend = time.time() + {seconds}\nwhile time.time() < end: pass",
    ]
