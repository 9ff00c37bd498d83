"""The default store: a folder of Parquet files, changed only by publishing a complete new snapshot.

Layout, guarantees and recovery: docs/store.md.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa

from lineage.claims import Claims
from lineage.errors import LineageError, StoreDamaged, StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.coded import Coded
from lineage.run import Run
from lineage.stores.base import RunResult, Snapshot, check_tables
from lineage.stores.coded import coded_arrays, open_coded
from lineage.stores.columns import (
    CLAIM_FILES,
    FINDINGS_FILE,
    GRAPH_FILES,
    claims_of,
    decode,
    findings_of,
    tables_to_write,
)
from lineage.stores.folder import StoreFolder, verify
from lineage.stores.index_asking import AsksIndex
from lineage.stores.kept_run import KeptRun, check_free, check_prefix, find_run, kept_run
from lineage.stores.locking import WriterLock
from lineage.stores.manifest import Manifest, load_manifest, read_checked
from lineage.stores.run_files import RunFiles
from lineage.stores.stored import StoredGraph, StoredTables
from lineage.timeline import existing_at

__all__ = ["SnapshotStore"]

Result = TypeVar("Result")


class SnapshotStore(AsksIndex):
    """A store in a folder; with `number`, one of its snapshots, read-only."""

    def __init__(self, path: Path, number: int | None = None) -> None:
        self._folder = StoreFolder(path)
        self._number = number
        self._lock: WriterLock | None = None
        self._closed = False
        self._folder.check_ours()

    @property
    def address(self) -> str:
        """The folder, and "@NUMBER" for one of its snapshots."""
        return str(self._folder.path) if self._number is None else self._address_of(self._number)

    # -- reading -----------------------------------------------------------------------------------------

    def read(self, *, as_of: str | None = None) -> Graph:
        """Return the newest graph, or the part of it that existed at an ISO date."""
        day = None if as_of is None else Run(as_of=as_of).as_of
        graph = self._reading(self._graph)
        return graph if day is None else existing_at(graph, day)

    def claims(self) -> Claims:
        """Return what the sources of the newest graph said."""
        return self._reading(_claims) or Claims.empty()

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the newest graph."""
        return self._reading(_findings)

    def snapshots(self) -> list[Snapshot]:
        """Return the published states that are kept, the newest last; a damaged one with its problem."""
        self._check_open()
        return [self._described(number) for number in self._folder.numbers()]

    @property
    def path(self) -> Path:
        """The folder of the store."""
        return self._folder.path

    def current(self) -> tuple[int, str]:
        """Return the number and the digest of the snapshot that `read` reads. Raises as `read` does."""
        return self._reading(lambda folder, manifest: (int(folder.name), manifest.digest))

    def verify(self) -> None:
        """Read every file of the newest snapshot; raises `StoreDamaged` where one is not what was written."""
        self._reading(_verified)

    # -- writing -----------------------------------------------------------------------------------------

    def write(self, graph: Graph) -> None:
        """Publish exactly this graph, with its findings and claims, as the newest snapshot."""
        with self.writing(), self._changing():
            check_tables(graph)
            self._folder.publish(graph.digest, tables_to_write(graph), coded_arrays(graph))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer lock; what killed writers left behind is removed."""
        self._check_open()
        if self._number is not None:
            raise StoreError(
                f"{self.address} is an older snapshot and read-only; write to {self._folder.path}"
            )
        self._folder.check_ours()
        with self._changing():
            made = self._folder.prepare()
            lock = self._lock = self._lock or WriterLock(self._folder.path)
            lock.acquire()
        try:
            if lock.depth == 1:
                with self._changing():
                    self._folder.clear_leftovers()
            yield
        finally:
            if made and not self._folder.numbers():
                self._folder.withdraw()
            lock.release()

    # -- results -----------------------------------------------------------------------------------------

    def write_result(self, result: RunResult, *, prefix: str = "") -> str:
        """Keep the figures and shares of a run beside the snapshot; returns the run's id.

        One namespace (`prefix`) holds one run: the one before goes. Raises `StoreError` for a result of another graph
        than the newest.
        """
        run = kept_run(result, prefix)
        self.put_run(run)
        return run.id

    def put_run(self, run: KeptRun) -> None:
        """Keep a run as another store kept it. Raises as `write_result` does."""
        check_prefix(run.prefix)
        with self.writing(), self._changing():
            if run.node.get("graph") != self.current()[1]:
                raise StoreError(
                    f"run {run.id!r} was computed on another graph than {self.address} holds now; nothing was "
                    "changed: compute it again with: lineage cost --write-back"
                )
            check_free(run, self.read())
            self._runs.put(run)

    def kept(self, run_id: str) -> KeptRun:
        """Return a run with its figures and shares. Raises `StoreError` where there is no such run."""
        self._check_open()
        run = self._runs.load(run_id)
        if run is None:
            find_run(run_id, self.results(), self.address)
            raise StoreError(f"run {run_id!r} was removed from {self.address} just now; ask again")
        return run

    def remove_result(self, run_id: str) -> None:
        """Remove a run with its figures. Raises `StoreError` where there is no such run."""
        with self.writing(), self._changing():
            find_run(run_id, self.results(), self.address)
            self._runs.remove(run_id)

    def results(self) -> list[dict[str, Any]]:
        """Return the runs that are kept, sorted by id."""
        self._check_open()
        return self._runs.nodes()

    def runs(self) -> list[KeptRun]:
        """Return the runs that were computed on the graph that `read` reads: those that Cypher knows."""
        return list(self._runs.runs_of(self.current()[1]))

    def index_key(self) -> tuple[int, str, str]:
        """Return number and digest of the snapshot that `read` reads, and what an index of it must be rebuilt for."""
        number, digest = self.current()
        state = self._runs.state()
        return number, digest, hashlib.sha256(f"{digest} {state}".encode()).hexdigest() if state else digest

    @property
    def _runs(self) -> RunFiles:
        return RunFiles(self._folder.path)

    def close(self) -> None:
        """End what answers Cypher; nothing else stays open between calls. Further calls raise `StoreError`."""
        self._closed = True
        self.close_index()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------------------------

    def _address_of(self, number: int) -> str:
        return self._folder.address(number)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self.address} is closed; connect again")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Turn what the system refuses into a `StoreError`."""
        try:
            yield
        except LineageError:
            raise
        except OSError as error:
            raise StoreError(
                f"{self._folder.path} cannot be written: {error.strerror or error}; the store is unchanged: "
                "make room, check its permissions, or give another folder"
            ) from error

    def _newest(self) -> int:
        numbers = self._folder.numbers()
        if not numbers:
            raise StoreError(f"there is no store at {self._folder.path}; make one with: lineage load SOURCE")
        if self._number is None:
            return numbers[-1]
        if self._number not in numbers:
            kept = ", ".join(f"{number:06d}" for number in numbers)
            raise StoreError(f"{self._folder.path} has no snapshot {self._number:06d}; it keeps {kept}")
        return self._number

    def _reading(self, read: Callable[[Path, Manifest], Result]) -> Result:
        """Read from the snapshot; a damaged file is named together with the last snapshot that is whole."""
        self._check_open()
        while True:
            folder = self._folder.snapshot(self._newest())
            try:
                return read(folder, load_manifest(folder))
            except StoreDamaged as error:
                if folder.exists():
                    raise _with_way_out(error, self._folder) from None
                # Else ten newer ones were published meanwhile, and this one was discarded: read a newer one.

    def _graph(self, folder: Path, manifest: Manifest) -> Graph:
        coded = _coded(folder, manifest)
        if coded is None:
            tables = {name: file for name, file in GRAPH_FILES.items() if file in manifest.files}
            graph = StoredGraph.opened(_tables(folder, manifest, tables), _findings(folder, manifest))
        else:
            explain = partial(_with_way_out, store=self._folder)
            graph = StoredGraph.opened(StoredTables(folder, manifest, explain))
        later = partial(_claims_later, self._folder, folder, manifest)
        return graph.backed(digest=manifest.digest, load_claims=later, coded=coded)

    def _described(self, number: int) -> Snapshot:
        try:
            manifest = load_manifest(self._folder.snapshot(number))
        except StoreError as error:
            return Snapshot(
                number=number, address=self._address_of(number), digest=None, counts={}, problem=str(error)
            )
        return Snapshot(
            number=number, address=self._address_of(number), digest=manifest.digest, counts=manifest.counts
        )


def _coded(folder: Path, manifest: Manifest) -> Coded | None:
    if manifest.coded is None:
        return None
    return open_coded(
        folder, manifest.coded, {name: item.size for name, item in manifest.coded_files.items()}
    )


def _tables(folder: Path, manifest: Manifest, files: dict[str, str]) -> dict[str, pa.Table]:
    return {name: decode(file, read_checked(folder, file, manifest)) for name, file in files.items()}


def _findings(folder: Path, manifest: Manifest) -> tuple[Finding, ...]:
    return findings_of(_tables(folder, manifest, {"all": FINDINGS_FILE})["all"])


def _claims(folder: Path, manifest: Manifest) -> Claims | None:
    if CLAIM_FILES["sources"] not in manifest.files:
        return None
    present = {name: file for name, file in CLAIM_FILES.items() if file in manifest.files}
    return claims_of(_tables(folder, manifest, present))


def _claims_later(store: StoreFolder, folder: Path, manifest: Manifest) -> Claims | None:
    """Read the claims of a graph that was read earlier, from the same snapshot."""
    try:
        return _claims(folder, manifest)
    except StoreDamaged as error:
        if not folder.exists():
            raise StoreError(f"{folder} has been replaced by newer snapshots; read the store again") from None
        raise _with_way_out(error, store) from None


def _with_way_out(error: StoreDamaged, store: StoreFolder) -> StoreDamaged:
    good = store.last_good()
    return StoreDamaged(error.file, error.problem, None if good is None else store.address(good))


def _verified(folder: Path, manifest: Manifest) -> None:
    problems = verify(folder)
    if problems:
        raise problems[0]
