"""One writer at a time: a lock that the operating system lets go when its holder dies."""

import contextlib
import os
import time
from pathlib import Path

from lineage.errors import StoreLocked

__all__ = ["HOLDER_FILE", "LOCK_FILE", "WriterLock", "runs"]

LOCK_FILE = "writer.lock"
HOLDER_FILE = "writer.pid"  # apart from the lock file, which other processes cannot read on every system


class WriterLock:
    """The writer lock of a store folder; the thread that holds it may take it again."""

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock  # late: readers need no lock

        self._folder = folder
        self._lock = FileLock(folder / LOCK_FILE, timeout=0)

    def acquire(self) -> None:
        """Take the lock; raises `StoreLocked` with the holder's process id at once where another has it."""
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            raise StoreLocked(str(self._folder), self._holder()) from None
        if self.depth == 1:
            try:
                self._announce()
            except BaseException:
                self._lock.release()
                raise

    @property
    def depth(self) -> int:
        """How often this thread has taken the lock."""
        return self._lock.lock_counter

    def release(self) -> None:
        """Let go of the lock, as often as it was taken."""
        if self.depth == 1:
            with contextlib.suppress(OSError):
                (self._folder / HOLDER_FILE).unlink(missing_ok=True)
        self._lock.release()

    def _announce(self) -> None:
        """Write down who writes, in one step, so that nobody reads half a number."""
        new = self._folder / f"{HOLDER_FILE}.new"
        new.write_text(f"{os.getpid()}\n", encoding="ascii")
        new.replace(self._folder / HOLDER_FILE)

    def _holder(self) -> int | None:
        """Return the process id of who writes; None where the holder does not say so within a moment."""
        for _ in range(5):
            with contextlib.suppress(OSError, ValueError):
                holder = int((self._folder / HOLDER_FILE).read_text(encoding="ascii"))
                if holder > 0 and runs(holder):
                    return holder
            time.sleep(0.02)  # the holder has the lock, but has not written its id yet
        return None


def runs(process: int) -> bool:
    """Return whether a process exists; True where the system cannot be asked without harm."""
    if os.name != "posix":
        return True  # os.kill(pid, 0) would end it on Windows
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # somebody else's
    return True
