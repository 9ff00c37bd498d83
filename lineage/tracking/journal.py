"""The journal: what is known of a run while it runs, on disk, so that a killed run is not lost.

Beside a store `NAME` stands a folder `NAME.runs` while runs are tracked: for each run one JSON file, replaced every
few seconds in one step, and a lock that the operating system lets go of when the tracker dies. Whoever finds a
file without a holder takes the run up. For stores on a server the folder is in the user's state folder.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lineage.errors import InputError, OptionError, StoreError
from lineage.stores.base import Store
from lineage.tracking.record import Record, publish

__all__ = ["Journal", "runs_folder", "take_up"]

LARGEST_BYTES: Final = 1_000_000


def runs_folder(store: Store) -> Path:
    """Return the folder of a store's journals, which need not exist.

    Raises `OptionError` for a store in memory, `StoreError` for an older snapshot.
    """
    address = store.address
    if address == "memory:":
        raise OptionError("a tracked run needs a store that stays: memory: is gone with it; name a folder")
    if "://" in address:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(state) / "lineage" / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}.runs"
    path = Path(address)
    if re.fullmatch(r".+@[0-9]{6,}", address) and not path.exists():
        raise StoreError(f"{address} is an older state and read-only; record in {address.rpartition('@')[0]}")
    path = path.absolute()
    return path.with_name(f"{path.name}.runs")


class Journal:
    """The file of one run, held by this process until `close`. Raises `StoreError` where it cannot be made."""

    def __init__(self, folder: Path, run: str) -> None:
        from filelock import FileLock  # late, as in the stores

        self.file = folder / f"{run}.json"
        self._lock = FileLock(folder / f"{run}.lock", timeout=0)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as problem:
            raise StoreError(
                f"{folder}: {problem.strerror or problem}; the journal of a run stands there"
            ) from problem

    def write(self, record: Record) -> None:
        """Replace what is written by this record, in one step. Raises `OSError`."""
        new = self.file.with_suffix(".new")
        new.parent.mkdir(parents=True, exist_ok=True)  # somebody may have tidied up
        with new.open("w", encoding="utf-8") as stream:
            json.dump(record.as_dict(), stream)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.file)

    def has_neighbour(self, machine: str) -> bool:
        """Return whether another run is tracked, or was left, on the same machine, as far as the store knows."""
        for file in self.file.parent.glob("*.json"):
            if file != self.file:
                with contextlib.suppress(InputError):
                    if _read(file).machine == machine:
                        return True
        return False

    def release(self) -> None:
        """Let go of the run; the file stays for whoever takes it up."""
        self._lock.release()

    def close(self) -> None:
        """Remove the file: the run is in the store."""
        self.file.unlink(missing_ok=True)
        _end(self.file, self._lock)


def _end(file: Path, lock: Any) -> None:
    """Let go of a lock, and remove what is left of a run that is over, and the folder after the last one."""
    lock.release()
    file.with_suffix(".lock").unlink(missing_ok=True)
    file.with_suffix(".new").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        file.parent.rmdir()


def take_up(store: Store, *, patience_s: float = 5.0) -> tuple[list[Record], list[str]]:
    """Record the runs of a store that nobody tracks any more; return them, and what stood in the way.

    A run whose tracker was killed becomes a partial job; one that had ended, and was not recorded, is recorded as
    it ended. A file that is no journal, and a store that cannot be written now, become a message, and the files
    stay. Nothing is done for a store without journals.
    """
    try:
        folder = runs_folder(store)
    except (OptionError, StoreError):
        return [], []
    taken: list[Record] = []
    problems: list[str] = []
    with contextlib.ExitStack() as held:
        for file, lock in _unheld(folder, held):
            try:
                record = _read(file)
                publish([record], store, patience_s=patience_s)
            except (InputError, StoreError) as problem:
                problems.append(f"{file}: {problem}")
                continue
            taken.append(record)
            file.unlink(missing_ok=True)
            _end(file, lock)
    return taken, problems


def _unheld(folder: Path, held: contextlib.ExitStack) -> Iterator[tuple[Path, Any]]:
    """Yield the journals that no process holds, with their locks, which are taken."""
    if not folder.is_dir():
        return
    from filelock import FileLock, Timeout

    for file in sorted(folder.glob("*.json")):
        lock = FileLock(file.with_suffix(".lock"), timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        held.callback(lock.release)
        if file.exists():  # another process may have taken it up meanwhile
            yield file, lock


def _read(file: Path) -> Record:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise InputError("too large for a journal; remove it")
        return Record.from_dict(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError) as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"this is no journal, or a damaged one ({problem}); remove it") from problem
