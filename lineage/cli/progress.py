"""A progress bar: on stderr, only on a terminal, only when it takes over a second."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["Bar", "progress_bar"]

PATIENCE_S: Final = 1.0


class Bar:
    """Shows how many files are done, once the wait is longer than a second."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._start = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int, name: str) -> None:
        """Take note that `done` of `total` files are read, `name` the last."""
        if not self._wanted:
            return
        if self._bar is None:
            if time.monotonic() - self._start < PATIENCE_S or done >= total:
                return
            self._open(total)
        from lineage.reports.escaping import clipped

        self._bar.update(self._task, completed=done, file=clipped(name, 40))

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = [BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[file]}", markup=False)]
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("reading", total=total, file="")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Bar]:
    """Yield a callable for `read_claims(progress=...)`; it stays silent unless stderr is a terminal."""
    bar = Bar(wanted=not quiet and sys.stderr.isatty())
    try:
        yield bar
    finally:
        bar.close()
