"""The Bolt adapter on the offline index: its time limits, and its errors in our words."""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lineage.errors import QueryError, StoreDenied, StoreUnavailable
from lineage.stores.bolt import Bolt, Login, Question
from lineage.stores.index_process import EngineProcess

__all__ = ["ONLY_READS", "IndexBolt", "load_driver"]

ONLY_READS: Final = (
    "the offline index only answers questions about its own nodes; to change the graph use lineage load, or "
    "lineage copy it to a Neo4j and write there"
)
_PLACE: Final = re.compile(r"(.*?) at line (\d+)(?::|, column )(\d+)(?: - |\n|$)(.*)", re.DOTALL)


class IndexBolt(Bolt):
    """A connection to an engine process that is nobody else's, so that it may be ended with a query."""

    def __init__(self, address: str, login: Login, process: EngineProcess) -> None:
        super().__init__(address, login, advice=ONLY_READS)
        self._process = process

    @property
    def busy(self) -> bool:
        """Whether an answer is still being read."""
        return any(not item.closed for item in self._results)

    def close(self) -> None:
        """End the connection and the engine process; closing twice is fine."""
        try:
            super().close()
        finally:
            self._process.close()

    @contextmanager
    def translating(self, question: Question) -> Iterator[None]:
        """Turn errors of the engine into ours, and end a query at its time limit.

        The engine does not stop a query at a limit by itself, so its process is ended; the next question starts
        another.
        """
        late = threading.Event()
        try:
            with self._limited(question.timeout_s, late), super().translating(question):
                yield
        except StoreDenied:
            raise QueryError(question.text, f"the query is refused: {ONLY_READS}") from None
        except StoreUnavailable:
            ended = (
                self._process.ended()
            )  # waits: the next question must not take a dying engine for a living one
            if late.is_set():
                raise QueryError(
                    question.text,
                    f"the query took longer than its limit of {question.timeout_s:g} s; start it at its most "
                    "selective node, match less, or give it more time",
                ) from None
            raise ended from None
        except QueryError as error:
            raise _placed(error) from None

    @contextmanager
    def _limited(self, timeout_s: float | None, late: threading.Event) -> Iterator[None]:
        if timeout_s is None:
            yield
            return

        def end() -> None:
            late.set()
            self._process.kill()

        clock = threading.Timer(timeout_s, end)
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()


def _placed(error: QueryError) -> QueryError:
    """Return the error with the place that the engine says in its own way, counting columns from 0.

    Either "Syntax error at line 1:9 - REASON", or "REASON at line 1, column 9" and an excerpt under it.
    """
    found = _PLACE.fullmatch(error.problem)
    if error.line is not None or found is None:
        return error
    problem = found[1] if "column" in found[0][found.end(1) : found.end(3)] else f"{found[1]}: {found[4]}"
    return QueryError(error.text, problem, int(found[2]), int(found[3]) + 1)


class _NoPandas:
    """An import finder that knows only one thing: there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Refuse pandas, leave everything else to the finders after this one."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not wanted yet", name=name)


def load_driver() -> None:
    """Import the driver without pandas, which it would load only to know its types; half a second for one question."""
    if "neo4j" in sys.modules or "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        import neo4j  # noqa: F401
    finally:
        sys.meta_path.remove(_NoPandas)
