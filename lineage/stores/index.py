"""Cypher on a folder: a read-only index built from the snapshot, answered over Bolt by a process of its own.

The index is derived data: it is built when it is first asked for and when the graph changed, and may be
deleted at any time (docs/cypher-offline.md). Needs the extra `cypher`.
"""

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self

from lineage.errors import QueryError, StoreUnavailable
from lineage.graph import Graph
from lineage.stores.bolt import Login, Question
from lineage.stores.index_bolt import ONLY_READS, IndexBolt, load_driver
from lineage.stores.index_folder import IndexFolder
from lineage.stores.index_process import Engine, EngineProcess, EngineRefusal, Progress, installed_engine
from lineage.stores.result import Result
from lineage.stores.snapshot import SnapshotStore

__all__ = ["LARGE", "Access", "OfflineIndex", "open_index"]

LARGE: Final = 1_000_000  # products from which a Neo4j is the better place to ask
USER: Final = "lineage"
DATABASE: Final = "lineage"


class Readable(Protocol):
    """What an index can be made of: any store."""

    def read(self) -> Graph:
        """Return the newest graph."""


@dataclass(frozen=True, slots=True)
class Access:
    """How any Bolt client connects to a running index: address, user, password, database; and what answers there."""

    address: str
    login: Login
    engine: str


class _Wanted(NamedTuple):
    """Which snapshot is to be asked; `key` names its index: the digest, until runs are kept beside it."""

    store: SnapshotStore
    number: int
    digest: str
    key: str


def open_index(
    store: Readable, *, progress: Progress | None = None, port: int | None = None, lasting: bool = False
) -> "OfflineIndex":
    """Return the offline index of a store; use it as a context manager. Nothing starts before the first question.

    `progress(done, total, what)` hears of the building. `port` is the one to answer on, by default any that is
    free. `lasting` is for a process that stays up: `installed_engine`. Raises `MissingExtra` where no engine is
    installed.
    """
    return OfflineIndex(store, installed_engine(lasting=lasting), progress=progress, port=port)


class OfflineIndex:
    """A Cypher database that holds the newest graph of a store.

    Every question looks at the store first: where its graph changed, the index is built anew. Questions go to
    a process that ends with this object, and with this process; one that was killed is started again by the
    next question.
    """

    def __init__(
        self, store: Readable, engine: Engine, *, progress: Progress | None = None, port: int | None = None
    ) -> None:
        self._engine = engine
        self._store, self._progress, self._port = store, progress, port or 0
        self._login = Login(username=USER, password=secrets.token_urlsafe(24), database=DATABASE)
        self._own: Path | None = None  # the snapshots of a store that has none on disk
        self._process: EngineProcess | None = None
        self._bolt: IndexBolt | None = None
        self._retired: list[IndexBolt] = []  # of an older graph, with an answer that is still being read
        self._digest = self._key = ""

    def cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        /,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
        write: bool = False,
        **more: Any,
    ) -> Result:
        """Answer a query; parameters, by name or as a mapping, are bound, never put into its text.

        Raises `QueryError` for a query that is refused, wants to write, or takes longer than `timeout_s`, and
        `StoreError` where the store or the engine fails.
        """
        if write:
            raise QueryError(text, f"the query wants to write: {ONLY_READS}")
        bound = {**(parameters or {}), **more}
        question = Question(text=text, parameters=bound, limit=limit, timeout_s=timeout_s)
        return self._answering().ask(question)

    def start(self) -> Access:
        """Have the index of the newest graph built and answering, and say how to connect to it."""
        return Access(self._answering().address, self._login, self._engine.name)

    @property
    def process_id(self) -> int | None:
        """The process id of the engine; None where it does not run."""
        return self._process.pid if self._process is not None and self._process.alive else None

    def is_outdated(self) -> bool:
        """Return whether the store has another graph than the one that is answered about."""
        if isinstance(self._store, SnapshotStore):
            return self._store.index_key()[2] != self._key
        return self._store.read().digest != self._digest

    def close(self) -> None:
        """End the engine's process and every answer that is still being read; closing twice is fine."""
        self._stop()
        for retired in self._retired:
            retired.close()
        self._retired = []
        own, self._own = self._own, None
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------------------------

    def _answering(self) -> IndexBolt:
        try:
            process = self._started()
            wanted = self._snapshot()
            if self._bolt is None or wanted.key != self._key:
                if self._bolt is not None:
                    self._retire()
                    process = self._started()
                self._bolt = self._opened(process, wanted)
                self._digest, self._key = wanted.digest, wanted.key
            return self._bolt
        except BaseException:  # an interrupt too: half a command may be on its way to the engine
            self._stop()
            raise

    def _started(self) -> EngineProcess:
        if self._process is not None and self._process.alive:
            return self._process
        self._retire()  # an answer that was being read says that it was cut short
        self._process = EngineProcess(self._engine)
        load_driver()  # meanwhile the engine gets ready
        return self._process

    def _retire(self) -> None:
        """Make place for another engine; an answer that is being read keeps its own until it is closed."""
        for done in [item for item in self._retired if not item.busy]:
            done.close()
            self._retired.remove(done)
        if self._bolt is not None and self._bolt.busy:
            self._retired.append(self._bolt)
            self._bolt = self._process = None
        self._stop()

    def _stop(self) -> None:
        bolt, self._bolt = self._bolt, None
        process, self._process = self._process, None
        try:
            if bolt is not None:
                bolt.close()
        finally:
            if process is not None:
                process.close()

    def _snapshot(self) -> _Wanted:
        """Return a snapshot on disk that has the graph."""
        if isinstance(self._store, SnapshotStore):
            return _Wanted(self._store, *self._store.index_key())
        graph = self._store.read()
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="lineage-index-"))
        kept = SnapshotStore(self._own / "store")
        if graph.digest != self._digest or not kept.snapshots():
            kept.write(graph)
        return _Wanted(kept, *kept.index_key())

    def _opened(self, process: EngineProcess, wanted: _Wanted) -> IndexBolt:
        """Open the index; one that the engine cannot open is built anew, once."""
        folder = IndexFolder(wanted.store.path.absolute() / "index", self._engine.name)
        self._build(process, folder, wanted)
        try:
            port = process.serve(self._opening(folder, process, wanted.key))
        except (EngineRefusal, StoreUnavailable) as error:
            if isinstance(error, EngineRefusal) and error.kind == "port":
                raise
            with folder.building():
                folder.discard(wanted.key)
            self._stop()
            process = self._started()
            self._build(process, folder, wanted)
            port = process.serve(self._opening(folder, process, wanted.key))
        return IndexBolt(f"bolt://127.0.0.1:{port}", self._login, process)

    def _opening(self, folder: IndexFolder, process: EngineProcess, key: str) -> dict[str, Any]:
        return {
            "index": str(folder.data(key)),
            "links": str(folder.serving(process.pid)),
            "user": USER,
            "password": self._login.password,
            "port": self._port,
            "own": None if self._own is None else str(self._own),
        }

    def _build(self, process: EngineProcess, folder: IndexFolder, wanted: _Wanted) -> None:
        """Have the index in its folder; where several processes want it, one builds and the others wait."""
        if folder.usable(wanted.key):
            return
        with folder.building():
            if folder.usable(wanted.key):
                return
            folder.sweep(wanted.key)
            incoming = folder.incoming(wanted.key)
            command = {
                "store": str(wanted.store.path.absolute()),
                "number": wanted.number,
                "digest": wanted.digest,
                "into": str(incoming),
                "own": None if self._own is None else str(self._own),
            }
            try:
                folder.publish(incoming, wanted.key, process.build(command, self._progress))
            finally:
                shutil.rmtree(incoming, ignore_errors=True)
