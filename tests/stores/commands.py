"""The command `lineage` in a process of its own, on a real Neo4j: what the tests of faults start."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lineage.claims import ClaimsBuilder, Source
from lineage.graph import Graph, resolve
from lineage.stores.snapshot import SnapshotStore

__all__ = ["Ended", "Started", "chain", "ended", "kept_folder", "started"]

LAUNCH = "import lineage.stores.bolt as bolt\n{before}from lineage.cli import main\nmain(prog_name='lineage')"


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str

    def assert_told(self, problem: str, *, secret: str) -> None:
        """Assert one clear error: exit code 1, one message, no traceback, and no password anywhere."""
        assert self.code == 1, self
        assert self.err.startswith("error: "), self
        assert self.err.count("error: ") == 1, self
        assert problem in self.err, self
        self.assert_discreet(secret)

    def assert_done(self, *, secret: str) -> None:
        """Assert that the command did its work."""
        assert self.code == 0, self
        self.assert_discreet(secret)

    def assert_discreet(self, secret: str) -> None:
        """Assert that nothing was said that nobody should read."""
        for text in (self.out, self.err):
            assert secret not in text
            assert "Traceback" not in text
            assert "Warning" not in text


@dataclass
class Started:
    """A command that runs."""

    process: "subprocess.Popen[str]"

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def end(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=600)
        return Ended(self.process.returncode, out, err)


def started(
    *arguments: str | Path, login: Mapping[str, str], retry_s: float | None = None, before: str = ""
) -> Started:
    """Start `lineage ARGUMENTS`; with `retry_s` it gives up that soon on a server that is gone.

    `before` are lines of Python that run first.
    """
    lines = before + ("" if retry_s is None else f"bolt.RETRY_S = {retry_s}\n")
    command = [sys.executable, "-c", LAUNCH.format(before=lines), *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, env=variables | dict(login), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )
    return Started(process)


def ended(*arguments: str | Path, login: Mapping[str, str], retry_s: float | None = None) -> Ended:
    """Run a command to its end."""
    return started(*arguments, login=login, retry_s=retry_s).end()


def chain(which: int, rows: int) -> Graph:
    """Return a graph without cycles; another `which` has other values, edges, and some other products."""
    build = ClaimsBuilder(Source(address=f"source-{which}.csv"))
    names = [f"model:{number + which * rows // 5:05d}" for number in range(rows)]
    for number, name in enumerate(names):
        build.product(name, downloads=number + which, license=f"licence {which}", own_energy_kwh=1.0 + which)
        if number:
            build.edge(name, names[number // (2 + which)])
    build.job(f"job:{which}", names[0], "training", energy_kwh=1.0 + which)
    return resolve(build.done())[0]


def kept_folder(graph: Graph, folder: Path) -> Path:
    """Keep a graph in a folder, for commands to copy from."""
    with SnapshotStore(folder) as store:
        store.write(graph)
    return folder
