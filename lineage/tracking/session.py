"""One tracked run from start to record: `with lineage.track(...)`."""

import hashlib
import os
import platform
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from lineage.errors import InputError, MeterError, StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.stores import connect
from lineage.stores.base import Store
from lineage.tracking.journal import Journal, runs_folder, take_up
from lineage.tracking.meters import Meter, Reading, open_meter
from lineage.tracking.plan import plan_of
from lineage.tracking.record import Record, publish

__all__ = ["DEFAULT_STORE", "Recorded", "TrackedRun", "track"]

DEFAULT_STORE: Final = "lineage.store"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run that is in the store: its record, the store's graph with it, and what its job says there.

    `energy_kwh` includes cooling and loss (PUE); `carbon_gco2e` is energy x intensity, None where the grid is not
    known; `tier` is the evidence behind the energy.
    """

    record: Record
    graph: Graph
    energy_kwh: float | None
    carbon_gco2e: float | None
    tier: str
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the job as one of the JSON document lineage/track/1."""
        record, reading = self.record, self.record.reading
        facts = {} if reading is None else reading.facts
        return {
            "id": record.job_id,
            "product": record.plan.product,
            "parents": list(record.plan.parents),
            "datasets": list(record.plan.datasets),
            "phase": record.plan.phase,
            "outcome": "partial" if record.partial else record.outcome,
            "exit_code": record.exit_code,
            "reason": record.reason or None,
            "command": record.command or None,
            "started_at": record.started_at,
            "duration_h": None if reading is None else reading.duration_s / 3600.0,
            "energy_kwh": self.energy_kwh,
            "carbon_gco2e": self.carbon_gco2e,
            "tier": self.tier,
            "estimated_share": None if reading is None else reading.estimated_share,
            "meter": record.meter,
            "pue": record.plan.pue if reading is None or reading.pue is None else reading.pue,
            "pue_included": reading is not None and reading.pue is not None,
            "grid": record.plan.grid or record.plan.country,
            "devices": dict(facts),
        }


def recorded_in(graph: Graph, record: Record) -> Recorded:
    """Return what the graph makes of a run: the figures of its job, and the findings about it."""
    from lineage.costs import job_figures, read_jobs, read_supplies

    [job] = [item for item in read_jobs(graph) if item.id == record.job_id]
    figures = job_figures(job, read_supplies(graph, [job]))
    told = tuple(
        item for item in graph.findings if item.source == record.address or item.subject == record.job_id
    )
    energy = figures.energy.total_kwh
    tier = figures.energy_tier if energy is not None else "unknown"
    return Recorded(record, graph, energy, figures.jsc_gco2e, tier, told)


class TrackedRun:
    """A run that is being measured; a context manager. `recorded` is there once it has ended.

    `store` is an address, or a store that is open. Entering it takes up what killed trackers left beside the
    store, and starts the meter. An exception in the block is recorded as a failed run, and goes on.
    """

    def __init__(self, product: str, store: str | Path | Store = DEFAULT_STORE, **about: Any) -> None:
        self._command = str(about.pop("command", "")) or _program()
        self.plan, self.choice = plan_of(product, about)
        self._store = store
        self._meter: Meter | None = None
        self._journal: Journal | None = None
        self._wake = threading.Event()
        self._sampler: threading.Thread | None = None
        self._extra: dict[str, str | float] = {}
        self.record: Record | None = None
        self.recorded: Recorded | None = None
        self.taken_up: list[Record] = []
        self.problems: list[str] = []

    @property
    def address(self) -> str:
        """The address of the store."""
        return str(self._store) if isinstance(self._store, (str, Path)) else self._store.address

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.finish()
        else:
            try:
                self.finish(reason=type(error).__name__)
            except StoreError as problem:  # what failed in the block is what the caller must see
                error.add_note(f"the run was measured and not recorded: {problem}")

    def note(self, **facts: str | float) -> None:
        """Keep further facts with the job, such as `steps=1000`; they become attributes of it."""
        self._extra.update(facts)

    def start(self) -> None:
        """Start the meter and the journal, once. Raises what `open_meter` raises, `StoreError`, `InputError`."""
        if self.record is not None:
            raise InputError("a run is tracked once; call track again for another")
        with _opened(self._store) as store:
            self.taken_up, self.problems = take_up(store)
            folder = None if store is self._store and store.address == "memory:" else runs_folder(store)
        self._meter = open_meter(self.choice, self.plan)
        run = uuid.uuid4().hex[:16]
        self.record = Record(
            id=run,
            plan=self.plan,
            started_at=_now(),
            command=self._command,
            meter=self._meter.name,
            machine=_machine(),
        )
        if folder is not None:
            self._journal = Journal(folder, run)
        try:
            self._note_down(self.record)
            self._meter.start()
        except BaseException:
            if self._journal is not None:
                self._journal.close()
            raise
        self.record = replace(self.record, started_at=_now())  # the hardware is found out: now it runs
        self._sampler = threading.Thread(target=self._sample, name="lineage-track", daemon=True)
        self._sampler.start()

    def finish(self, *, exit_code: int | None = None, reason: str = "") -> Recorded:
        """Stop the meter and put the run into the store; it failed if there is a reason or an exit code above 0.

        Where the store cannot be written the journal stays, and the next command takes it up. Raises `StoreError`.
        """
        self._end(exit_code, reason)
        assert self.record is not None
        try:
            with _opened(self._store) as store:
                graph = publish([self.record], store)
            self.recorded = recorded_in(graph, self.record)
        except StoreError as problem:
            if self._journal is None:
                raise
            self._journal.release()
            raise StoreError(
                f"{problem}\nwhat was measured stays in {self._journal.file}; "
                "the next lineage load, check or track records it"
            ) from problem
        if self._journal is not None:
            self._journal.close()
        return self.recorded

    def leave(self, reason: str) -> None:
        """Stop the meter and leave a failed run in the journal, for the next command to record.

        For the end of Python, when the modules that write a store can no longer be imported.
        """
        self._end(None, reason)
        if self._journal is not None:
            self._journal.release()

    def discard(self) -> None:
        """Stop the meter and record nothing: what was to be measured never began."""
        self._stopped()
        if self._journal is not None:
            self._journal.close()

    # -- inside ------------------------------------------------------------------------------------------

    def _end(self, exit_code: int | None, reason: str) -> None:
        """Stop the meter, and write down how the run ended."""
        assert self.record is not None, "the run was not started"
        self.record = replace(
            self.record,
            outcome="failed" if reason or exit_code else "finished",
            exit_code=exit_code,
            reason=reason or (f"exit code {exit_code}" if exit_code else ""),
            reading=self._stopped(),
            extra=tuple(self._extra.items()),
        )
        self._note_down(self.record)

    def _stopped(self) -> Reading | None:
        self._wake.set()
        if self._sampler is not None:
            self._sampler.join()
        assert self._meter is not None
        try:
            return self._meter.stop()
        except MeterError as problem:
            self.problems.append(str(problem))
            return self.record.reading if self.record is not None else None

    def _sample(self) -> None:
        """Write the journal until the run ends; every sample is kept, also where the disk refuses one."""
        while not self._wake.wait(self.choice.every_s):
            assert self._meter is not None and self.record is not None
            try:
                self.record = replace(self.record, reading=self._meter.read())
            except MeterError as problem:
                self.problems.append(str(problem))
                return
            self._note_down(self.record)

    def _note_down(self, record: Record) -> None:
        if self._journal is None:
            return
        try:
            if self.choice.scope == "machine" and self._journal.has_neighbour(record.machine):
                self.record = record = replace(record, shared=True)
            self._journal.write(replace(record, extra=tuple(self._extra.items())))
        except OSError as problem:
            text = f"{self._journal.file} cannot be written ({problem.strerror}); a killed run would be lost"
            if text not in self.problems:
                self.problems.append(text)


@contextmanager
def _opened(store: str | Path | Store) -> Iterator[Store]:
    """Open the store of a run for one step; one that the caller holds open stays so."""
    if not isinstance(store, (str, Path)):
        yield store
        return
    with connect(store) as opened:
        yield opened


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _machine() -> str:
    """Return what tells this machine from others, and does not give its name away."""
    return hashlib.sha256(f"lineage {platform.node()}".encode()).hexdigest()[:12]


def _program() -> str:
    """Return the name of the program that runs."""
    return os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"  # noqa: PTH119 - a name


def track(product: str, *, store: str | Path | Store | None = None, **about: Any) -> TrackedRun:
    """Measure what happens in a block and record it as a job of a product, with what it was made of.

    `about` names `parents`, `datasets`, `phase` ("training"), `relation`, `system`, `country`, `grid`, `pue` (all:
    `lineage.tracking.RunPlan`), and `meter` ("auto", "codecarbon", "rapl"), `scope`, `every_s`, `emissions`
    (`lineage.tracking.MeterChoice`). `store` is an address or an open store; by default LINEAGE_STORE, else
    "lineage.store". Energy in kWh is the meter's; its tier is `measured` where counters gave half of it or more,
    else `from-device-hours`. Raises `OptionError`, `MissingExtra`, `MeterError`, `StoreError`.

    >>> run = track("bert-tuned", parents="bert", phase="fine-tuning", country="FRA", meter="rapl")
    >>> run.plan.parents, run.choice.meter, run.recorded
    (('model:bert',), 'rapl', None)

    Then `with run: train()`, and `run.recorded.energy_kwh`.
    """
    if store is None:
        store = os.environ.get("LINEAGE_STORE") or DEFAULT_STORE
    return TrackedRun(product, store, **about)
