"""The folder of a snapshot store: its names, what is in it, and publishing into it by one rename.

Everything here that changes the folder needs the writer lock.
"""

import contextlib
import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lineage.errors import LineageError, StoreDamaged, StoreError
from lineage.stores.base import KEPT
from lineage.stores.coded import FOLDER as CODED_FOLDER
from lineage.stores.columns import GRAPH_FILES, encode
from lineage.stores.locking import HOLDER_FILE, LOCK_FILE
from lineage.stores.manifest import MANIFEST_FILE, Entry, Manifest, load_manifest, read_checked

__all__ = ["StoreFolder", "verify"]

SNAPSHOTS: Final = "snapshots"
INCOMING: Final = "incoming-"  # being written; a killed writer leaves it, the next one removes it
DISCARDED: Final = "discarded-"  # being deleted; likewise
CodedArrays = tuple[dict[str, Any], Iterator[tuple[str, np.ndarray[Any, np.dtype[Any]]]]]
_NUMBER = re.compile(r"[0-9]{6}|[1-9][0-9]{6,}")


@dataclass(frozen=True, slots=True)
class StoreFolder:
    """The folder `path` of a store, which need not exist yet."""

    path: Path

    @property
    def snapshots(self) -> Path:
        """The folder that holds one folder per snapshot."""
        return self.path / SNAPSHOTS

    def snapshot(self, number: int) -> Path:
        """Return the folder of a snapshot."""
        return self.snapshots / f"{number:06d}"

    def address(self, number: int) -> str:
        """Return what `connect` opens a snapshot with."""
        return f"{self.path}@{number:06d}"

    def numbers(self) -> list[int]:
        """Return the numbers of the published snapshots, ascending."""
        try:
            with _readable(self.snapshots):
                names = [item.name for item in self.snapshots.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(int(name) for name in names if _NUMBER.fullmatch(name))

    def check_ours(self) -> None:
        """Raise `StoreError` where the path is something else than a store or an empty place for one."""
        with _readable(self.path):
            if not self.path.exists() or (self.path.is_dir() and self.numbers()):
                return
            if not self.path.is_dir():
                raise StoreError(f"{self.path} is a file, not a store; give a folder")
            strange = sorted(item.name for item in self.path.iterdir() if not _is_ours(item))
        if strange:
            raise StoreError(
                f"{self.path} is not a store, and not empty (it holds {strange[0]!r}); "
                "give a new or an empty folder"
            )

    def prepare(self) -> bool:
        """Make the folders, durably; return whether the store's own folder had to be made."""
        made = not self.path.exists()
        if not self.snapshots.is_dir():
            self.snapshots.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.path)
            _sync_folder(self.path.parent)
        return made

    def withdraw(self) -> None:
        """Remove a folder that was made for a first snapshot which then never came; others' files stay."""
        with contextlib.suppress(OSError):
            self.snapshots.rmdir()
            for name in (HOLDER_FILE, LOCK_FILE):
                (self.path / name).unlink(missing_ok=True)
            self.path.rmdir()

    def clear_leftovers(self) -> None:
        """Remove what killed writers left behind."""
        for item in self.path.iterdir():
            if item.name.startswith((INCOMING, DISCARDED)):
                shutil.rmtree(item, ignore_errors=True)

    def publish(
        self, digest: str, tables: Iterable[tuple[str, pa.Table]], coded: CodedArrays | None = None
    ) -> None:
        """Write tables, and what `coded_arrays` made of them, aside and rename them into place.

        A no-op where the newest snapshot is equal.
        """
        number = max(self.numbers(), default=0) + 1
        aside = self.path / f"{INCOMING}{number:06d}"
        try:
            aside.mkdir()
            manifest = _write_files(aside, digest, tables)
            if coded is not None:
                manifest = _write_arrays(aside, manifest, coded)
            if self._has(number - 1, manifest):
                return
            _write_durably(aside / MANIFEST_FILE, manifest.render())
            _sync_folder(aside)
            aside.rename(self.snapshot(number))
            self._confirm(number)
            self._prune()
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _confirm(self, number: int) -> None:
        """Bring the rename itself to the disk."""
        try:
            _sync_folder(self.snapshots)
        except OSError as error:
            raise StoreError(
                f"{self.address(number)} is published, but may not outlast a power cut "
                f"({error.strerror or error}); check the disk and write again"
            ) from error

    def _has(self, number: int, manifest: Manifest) -> bool:
        """Return whether a snapshot holds this content, undamaged."""
        try:
            return load_manifest(self.snapshot(number)).same_content(manifest) and not verify(
                self.snapshot(number)
            )
        except StoreError:
            return False

    def _prune(self) -> None:
        with contextlib.suppress(OSError):  # open on Windows; the next writer tries again
            for number in self.numbers()[:-KEPT]:
                # Renamed first: half a snapshot must never stand under its number.
                gone = self.path / f"{DISCARDED}{number:06d}"
                self.snapshot(number).rename(gone)
                shutil.rmtree(gone, ignore_errors=True)

    def last_good(self) -> int | None:
        """Return the newest snapshot whose every file matches its checksum, or None."""
        for number in reversed(self.numbers()):
            with contextlib.suppress(StoreError):
                if not verify(self.snapshot(number)):
                    return number
        return None


def verify(folder: Path) -> list[StoreDamaged]:
    """Return what is wrong with each file of a snapshot, read completely; an empty list where nothing is.

    Raises `StoreDamaged` or `StoreError` where the manifest itself cannot be used.
    """
    manifest = load_manifest(folder)
    problems = []
    arrays = manifest.coded_files if (folder / CODED_FOLDER).is_dir() else {}  # derived: they may be gone
    for name in (*manifest.files, *arrays):
        try:
            read_checked(folder, name, manifest)
        except StoreDamaged as error:
            problems.append(error)
    return problems


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the system says about a path into a `StoreError`; only "there is nothing" passes."""
    try:
        yield
    except (LineageError, FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        shown = str(path) if len(str(path)) < 200 else f"{str(path)[:60]}..."
        raise StoreError(f"{shown} cannot be read: {error.strerror or error}; check the address") from error


def _is_ours(item: Path) -> bool:
    """Return whether a writer that was killed before its first snapshot may have left this."""
    if item.name == SNAPSHOTS:
        return item.is_dir() and not any(item.iterdir())
    return item.name in (LOCK_FILE, HOLDER_FILE, f"{HOLDER_FILE}.new") or item.name.startswith(
        (INCOMING, DISCARDED)
    )


def _write_files(folder: Path, digest: str, tables: Iterable[tuple[str, pa.Table]]) -> Manifest:
    entries: dict[str, Entry] = {}
    for name, table in tables:
        data = encode(name, table)
        _write_durably(folder / name, data)
        entries[name] = Entry(table.num_rows, len(data), hashlib.sha256(data).hexdigest())
    counts = {table: entries[file].rows for table, file in GRAPH_FILES.items() if file in entries}
    return Manifest(digest=digest, counts=counts, files=entries)


def _write_arrays(folder: Path, manifest: Manifest, coded: CodedArrays) -> Manifest:
    described, arrays = coded
    (folder / CODED_FOLDER).mkdir()
    entries: dict[str, Entry] = {}
    for name, array in arrays:
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)
        data = stream.getbuffer()
        _write_durably(folder / name, data)
        entries[name] = Entry(len(array), len(data), hashlib.sha256(data).hexdigest())
    _sync_folder(folder / CODED_FOLDER)
    return replace(manifest, coded=described, coded_files=entries)


def _write_durably(file: Path, data: bytes | memoryview) -> None:
    with file.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # only there can a folder be opened; elsewhere the rename itself is journalled
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
