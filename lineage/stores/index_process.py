"""Starting and asking the engine's process (`lineage.stores.index_engine`), and what its end leaves to tidy."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from lineage.errors import MissingExtra, StoreError, StoreUnavailable

__all__ = ["Engine", "EngineProcess", "EngineRefusal", "Progress", "installed_engine"]

Progress = Callable[[int, int, str], None]

# Distribution -> the module it is imported as: the native one, which starts at once, before the one that brings
# a Java runtime, which starts in seconds and then answers quicker.
_DISTRIBUTIONS: Final = {"arcadedb": "arcadedb", "arcadedb-embedded": "arcadedb_embedded"}
_PATIENCE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Engine:
    """The installed engine: the module it is imported as, and its name with its version."""

    module: str
    name: str


def installed_engine(*, lasting: bool = False) -> Engine:
    """Return the engine to ask; `lasting`: for a process that stays up, where a slow start is soon made up for.

    Raises `MissingExtra` with both ways out where neither is installed.
    """
    order = reversed(_DISTRIBUTIONS.items()) if lasting else iter(_DISTRIBUTIONS.items())
    for distribution, module in order:
        with suppress(PackageNotFoundError):
            return Engine(module, f"{distribution} {version(distribution)}")
    raise MissingExtra("Cypher on a folder", "cypher", "copy the graph to a Neo4j: lineage copy")


class EngineRefusal(StoreError):
    """The engine cannot do what it was asked to; `kind` says which case it is."""

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text, kind)
        self.text, self.kind = text, kind

    def __str__(self) -> str:
        return self.text


class EngineProcess:
    """One engine process. It ends when this object is closed, and when this process ends, however it does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        if not sys.executable:
            raise StoreError(
                "there is no Python to start the engine of the offline index with; ask in a Neo4j"
            )
        script = Path(__file__).with_name("index_engine.py")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is ours to handle
        )
        self._folders: list[Path] = []

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def build(self, command: dict[str, Any], progress: Progress | None) -> dict[str, int]:
        """Build an index; returns its counts. Raises `StoreError` with the engine's reason."""
        self._folders.append(Path(command["into"]))
        counts: dict[str, int] = self._ask({"do": "build", "sys_path": sys.path, **command}, progress)[
            "counts"
        ]
        return counts

    def serve(self, command: dict[str, Any]) -> int:
        """Open an index; returns the port. Raises `StoreError` with the engine's reason."""
        self._folders.append(Path(command["links"]))
        return int(self._ask({"do": "serve", **command}, None)["port"])

    def kill(self) -> None:
        """End the process at once, from any thread."""
        self._process.kill()

    def close(self) -> None:
        """End the process and remove what it may have left; closing twice is fine."""
        with suppress(OSError, ValueError):
            self._send({"do": "end"})
        with suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders = []

    def _send(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _ask(self, command: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            self._send({"module": self._engine.module, **command})
        except OSError:
            raise self.ended() from None
        for line in self._process.stdout:
            answer = json.loads(line)
            if "ok" in answer:
                done: dict[str, Any] = answer["ok"]
                return done
            if "error" in answer:
                raise EngineRefusal(f"the engine of the offline index: {answer['error']}", answer["kind"])
            if "home" in answer:
                self._folders.append(Path(answer["home"]))
            elif progress is not None:
                progress(answer["done"], answer["total"], "building the index")
        raise self.ended()

    def ended(self) -> StoreUnavailable:
        """Wait for the end of a process that no longer answers; return the error that says so."""
        try:
            code = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            return StoreUnavailable("the offline index does not answer; ask again")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return StoreUnavailable(
            f"the engine of the offline index ended ({how}); ask again, and if it was killed for its memory, "
            "ask for less or copy the graph to a Neo4j: lineage copy"
        )
