"""The contract of every store, and what it says about its past.

`lineage.testing.StoreContract` is this contract as tests.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from lineage.claims import Claims
from lineage.errors import StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.schema import CLAIM_TABLES, GRAPH_TABLES
from lineage.stores.result import Result

if TYPE_CHECKING:
    from lineage.stores.kept_run import KeptRun

__all__ = [
    "KEPT",
    "AnswersCypher",
    "RunResult",
    "Snapshot",
    "Store",
    "Verifies",
    "WritesBack",
    "check_tables",
]

KEPT = 10  # newest snapshots that a store keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One published state of a store.

    `address` opens it again (read-only), where the store outlives its process; `digest` is that of its graph,
    `counts` are the rows of its graph tables. A snapshot has no time of day: equal content has equal bytes.
    Where it cannot be read, `problem` says why and the digest is None.
    """

    number: int
    address: str
    digest: str | None
    counts: Mapping[str, int]
    problem: str | None = None


@runtime_checkable
class Store(Protocol):
    """Where a graph lives, with the claims it was made from. A context manager: leaving it closes it.

    After `close` every other call raises `StoreError`.
    """

    @property
    def address(self) -> str:
        """What `connect` opens this store with."""

    def read(self, *, as_of: str | None = None) -> Graph:
        """Return the newest graph, or the part of it that existed at an ISO date (`lineage.timeline`).

        The graph brings its findings and, unless `as_of` is given, its claims. Raises `StoreError` where
        nothing was written yet, `StoreDamaged` where a file is not what was written, `OptionError` for a bad
        date.
        """

    def claims(self) -> Claims:
        """Return what the sources of the newest graph said; empty claims where it was written without any.

        Raises as `read` does.
        """

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the newest graph. Raises as `read` does."""

    def write(self, graph: Graph) -> None:
        """Publish exactly this graph with its findings and its claims: all of it, or nothing.

        What was there before is replaced, and kept as an older snapshot. Writing what is already there
        changes nothing. Raises `StoreLocked` while another process or thread writes, `StoreError` where it
        cannot be written; the store is then unchanged.
        """

    def writing(self) -> AbstractContextManager[None]:
        """Keep other writers out, so that reading, changing and writing are one step.

        Raises `StoreLocked` at once where another writes. `write` takes the same lock by itself.
        """

    def snapshots(self) -> list[Snapshot]:
        """Return the published states that are kept, the newest last; [] where nothing was written."""

    def close(self) -> None:
        """Let go of what the store holds; closing twice is fine."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class AnswersCypher(Protocol):
    """A store that is asked in Cypher."""

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
        """Answer a query; parameters, by name or as a mapping, are bound, never put into the text.

        Raises `QueryError` for a query that is refused, also for one that writes without `write`.
        """


@runtime_checkable
class Verifies(Protocol):
    """A store whose files have checksums."""

    def verify(self) -> None:
        """Read every file of the newest snapshot; raises `StoreDamaged` where one is not what was written."""


class RunResult(Protocol):
    """What is written back: `lineage.views.cost.Cost`, which the stores know by these three alone."""

    @property
    def graph(self) -> Graph:
        """The graph that the run was on."""

    @property
    def weights(self) -> Mapping[tuple[str, str], tuple[float, str]]:
        """(product, parent) -> the part of the parent that the product carries, and who decided it."""

    def as_dict(self, codes: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the document lineage/cost/1."""


@runtime_checkable
class WritesBack(Protocol):
    """A store that keeps the figures and shares of runs with the products they belong to."""

    def write_result(self, result: RunResult, *, prefix: str = "") -> str:
        """Keep the figures of a run, all or none, in one namespace; return the run's id."""

    def put_run(self, run: "KeptRun") -> None:
        """Keep a run as another store kept it: `write_result` without computing anything."""

    def kept(self, run_id: str) -> "KeptRun":
        """Return a run with its figures and shares. Raises `StoreError` where there is no such run."""

    def remove_result(self, run_id: str) -> None:
        """Remove a run with its figures. Raises `StoreError` where there is no such run."""

    def results(self) -> list[dict[str, Any]]:
        """Return the runs that are kept, sorted by id."""


def check_tables(graph: Graph) -> None:
    """Raise `StoreError` for a table of a graph or of its claims that the schema does not know."""
    claims = {} if graph.claims is None else graph.claims.tables
    for what, tables, known in (("a graph", graph.tables, GRAPH_TABLES), ("claims", claims, CLAIM_TABLES)):
        strange = sorted(set(tables) - set(known))
        if strange:
            raise StoreError(
                f"{what} cannot hold a table {strange[0]!r}; there are {', '.join(known)}, "
                "and further columns are kept as attributes"
            )
