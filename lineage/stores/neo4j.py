"""A graph in a Neo4j server (5.26 or newer): written whole, read whole, asked in Cypher. docs/neo4j.md.

A graph of up to `ONE_TRANSACTION` changes is published in one transaction. A larger one is written in
steps, during which the store says that it is not complete: `read` refuses, and writing again finishes it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from lineage.claims import Claims
from lineage.errors import StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.stores.base import RunResult, Snapshot, check_tables
from lineage.stores.bolt import Bolt, Login, Question, bolt_address
from lineage.stores.bolt_errors import OutOfServerMemory
from lineage.stores.kept_run import KeptRun, find_run, kept_run
from lineage.stores.neo4j_lock import ServerLock
from lineage.stores.neo4j_plan import Step
from lineage.stores.neo4j_publish import Publication, existing, run_steps
from lineage.stores.neo4j_read import read_tables
from lineage.stores.neo4j_results import (
    Target,
    find_results,
    find_stale,
    read_run,
    remove_steps,
    result_steps,
)
from lineage.stores.neo4j_schema import apply_schema
from lineage.stores.neo4j_state import State, claims_in, findings_in, load_state
from lineage.stores.result import Result
from lineage.timeline import existing_at

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from lineage.stores.neo4j_mapping import ModelMapping

__all__ = ["ONE_TRANSACTION", "Neo4jStore"]

ONE_TRANSACTION: Final = 50_000  # nodes and relationships changed; more need much memory of the server
_READS: Final = 5  # a writer may publish while a reader reads; then it reads again

T = TypeVar("T")


class Neo4jStore:
    """The graph in one database of a server. Nothing connects before the first call."""

    def __init__(self, address: str, login: Login | None = None) -> None:
        self._bolt = Bolt(bolt_address(address), login)
        self._lock = ServerLock(self._bolt)
        self._has_schema = False
        self._closed = False

    @property
    def address(self) -> str:
        """SCHEME://HOST:PORT, without user and password."""
        return self._bolt.address

    # -- reading -----------------------------------------------------------------------------------------

    def read(self, *, as_of: str | None = None) -> Graph:
        """Return the graph in the database, or the part of it that existed at an ISO date.

        What others changed by Cypher in nodes of ours is in it. Raises `StoreError` where nothing was written
        yet, or a large graph is being written.
        """
        day = None if as_of is None else Run(as_of=as_of).as_of
        self._check_open()
        previous = None
        for attempt in range(_READS):
            graph, state = self._bolt.read(self._whole)
            # As written; or twice the same, and so changed by hand: not half of what a writer does just now.
            if graph.digest in (state.digest, previous):
                return graph if day is None else existing_at(graph, day)
            previous = graph.digest
            time.sleep(0.1 * attempt)
        raise StoreError(
            f"{self.address} is being written again and again; read it when the writers are done"
        )

    def _whole(self, transaction: "ManagedTransaction") -> tuple[Graph, State]:
        state = self._complete(load_state(transaction, self.address))
        tables = read_tables(transaction, state.columns)
        graph = Graph(tables, findings_in(transaction, state), claims_in(transaction, state))
        return graph, state

    def claims(self) -> Claims:
        """Return what the sources of the graph said, as it was written."""
        return self._reading(claims_in) or Claims.empty()

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the graph, as it was written."""
        return self._reading(findings_in)

    def snapshots(self) -> list[Snapshot]:
        """Return the one state that a server keeps; [] where nothing was written, or a graph is unfinished."""
        self._check_open()
        state = self._bolt.read(lambda transaction: load_state(transaction, self.address))
        if state.digest is None or not state.complete:
            return []
        return [
            Snapshot(
                number=state.number, address=self.address, digest=state.digest, counts=dict(state.counts)
            )
        ]

    def _reading(self, read: Callable[["ManagedTransaction", State], T]) -> T:
        self._check_open()
        return self._bolt.read(
            lambda transaction: read(transaction, self._complete(load_state(transaction, self.address)))
        )

    def _complete(self, state: State) -> State:
        if state.forget and not state.complete:
            raise StoreError(
                f"{self.address}: a large graph is being written, or its writer was interrupted; "
                "wait for it, or write the graph again to finish"
            )
        if state.digest is None:
            raise StoreError(
                f"the store {self.address} is empty; write a graph to it first, with: lineage load"
            )
        return state

    # -- Cypher ------------------------------------------------------------------------------------------

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
        """Answer a query; parameters by name or as a mapping, always bound, never put into the text.

        Only with `write` may it change anything; what it writes is committed before the result is returned.
        Rows are streamed, at most `limit`; after `timeout_s` the server stops. Raises `QueryError`.
        """
        self._check_open()
        bound = {**(parameters or {}), **more}
        return self._bolt.ask(
            Question(text=text, parameters=bound, limit=limit, timeout_s=timeout_s, write=write)
        )

    # -- writing -----------------------------------------------------------------------------------------

    def write(self, graph: Graph) -> None:
        """Publish exactly this graph with its findings and claims; what is not ours stays untouched."""
        self._check_open()
        check_tables(graph)
        publication = Publication.of(graph, self.address)
        with self.writing():
            old, state = self._bolt.read(lambda transaction: existing(transaction, self.address))
            if publication.is_in(old, state):
                return
            if publication.changes(old) <= ONE_TRANSACTION:
                try:
                    self._in_one(lambda: publication.steps(old, state))
                    return
                except OutOfServerMemory:
                    pass  # nothing was changed; smaller transactions it is
            self._in_one(lambda: publication.begin(old, state))
            self._in_several(lambda: publication.steps(old, state))

    def _in_one(self, steps: Callable[[], Iterator[Step]]) -> None:
        def work(transaction: "ManagedTransaction") -> None:
            self._lock.check(transaction)
            run_steps(transaction, steps(), self.address)

        self._bolt.write(work)

    def _in_several(self, steps: Callable[[], Iterator[Step]]) -> None:
        """Run each step in a transaction of its own: after a failure, all of them can be run again."""
        for step in steps():
            self._in_parts(step)

    def _in_parts(self, step: Step) -> None:
        """Run a step in one transaction, or half of its rows in one each where that takes too much memory."""
        try:
            self._in_one(lambda: iter([step]))
        except OutOfServerMemory:
            half = len(step.rows) // 2
            if not half:
                raise
            self._in_parts(step._replace(rows=step.rows[:half]))
            self._in_parts(step._replace(rows=step.rows[half:]))

    def _in_one_or_more(self, steps: Callable[[], Iterator[Step]]) -> None:
        try:
            self._in_one(steps)
        except OutOfServerMemory:
            self._in_several(steps)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer lock of the database."""
        self._check_open()
        if not self._has_schema:
            apply_schema(self._bolt)
            self._has_schema = True
        self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    # -- results -----------------------------------------------------------------------------------------

    def write_result(
        self, result: RunResult, *, prefix: str = "", mapping: "ModelMapping | None" = None
    ) -> str:
        """Put the figures and shares of a run onto the nodes, and the run beside them; returns the run's id.

        One namespace (`prefix`) holds one run: the one before goes. With `mapping` the nodes are those of the
        model that `adopt` read. Raises `StoreError` where a property of that name is not ours.
        """
        run = kept_run(result, prefix)
        if mapping is None:
            self.put_run(run)
            return run.id
        from lineage.stores.neo4j_adopt import target_of

        products = frozenset(run.figures.column("id").to_pylist())
        self._put(run, lambda: target_of(self._bolt, mapping, result.graph, products))
        return run.id

    def put_run(self, run: KeptRun) -> None:
        """Put a run that another store kept onto the nodes of the same products. Raises as `write_result` does."""
        self._put(run, lambda: Target.ours(run.figures.column("id").to_pylist()))

    def _put(self, run: KeptRun, target: Callable[[], Target]) -> None:
        with self.writing():
            found = self._bolt.read(_every_run)
            before = [item for item in found if item["prefix"] == run.prefix]
            stale = self._bolt.read(lambda transaction: find_stale(transaction, before))
            self._in_one_or_more(result_steps(run, target(), found, stale))

    def kept(self, run_id: str) -> KeptRun:
        """Return a run with its figures and shares. Raises `StoreError` where it is not there, or not whole."""
        self._check_open()

        def work(transaction: "ManagedTransaction") -> KeptRun:
            run = find_run(run_id, find_results(transaction), self.address)
            return read_run(transaction, run, self.address)

        return self._bolt.read(work)

    def remove_result(self, run_id: str) -> None:
        """Remove a run with its figures and shares. Raises `StoreError` where there is no such run."""
        with self.writing():
            run = find_run(run_id, self._bolt.read(_every_run), self.address)
            stale = self._bolt.read(lambda transaction: find_stale(transaction, [run]))
            self._in_one_or_more(lambda: remove_steps(run, stale))

    def results(self) -> list[dict[str, Any]]:
        """Return the runs whose figures are in the database, sorted by id."""
        self._check_open()
        return [dict(item) for item in self._bolt.read(find_results)]

    # -- another model -----------------------------------------------------------------------------------

    def adopt(self, mapping: "ModelMapping") -> Graph:
        """Read a graph that this tool did not write, by a mapping (`load_mapping`) of its model to ours.

        Raises `ImportFault` for what a mapping names and the database does not have, and for a
        value that cannot be read.
        """
        from lineage.stores.neo4j_adopt import adopted

        self._check_open()
        return adopted(self._bolt, mapping)

    def close(self) -> None:
        """End the connection; further calls raise `StoreError`."""
        self._closed = True
        self._bolt.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self.address} is closed; connect again")


def _every_run(transaction: "ManagedTransaction") -> list[dict[str, Any]]:
    return find_results(transaction, unfinished=True)
