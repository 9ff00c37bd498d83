"""A tracked run as a record, the record as claims, and the claims in the store.

Each run is a source of its own, with the address "track:RUN": recording it again replaces it, `forget` removes
it, and `lineage sources` names it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.errors import InputError, StoreError, StoreLocked, did_you_mean
from lineage.graph import Graph, resolve
from lineage.stores.base import Store
from lineage.tracking.meters import Reading
from lineage.tracking.plan import RunPlan
from lineage.units import show

__all__ = ["RUN_ID", "SOURCE_FORMAT", "Record", "claims_of", "forget", "publish", "source_of"]

SOURCE_FORMAT: Final = "track"
OUTCOMES: Final = ("running", "finished", "failed")
PATIENCE_S: Final = 60.0  # many runs may end, and be recorded, at once
RUN_ID: Final = "codecarbon_run"  # the fact that holds CodeCarbon's id of a run
_GPU_COUNT: Final = "gpu_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One tracked run: what it was for, how it ended, what was measured. `outcome` is one of `OUTCOMES`.

    A record that still says "running" although nobody tracks it any more was cut off: its job is partial.
    `command` is the program and its script, without arguments, which may hold secrets. `exit_code` is the
    command's, `reason` says why it failed. `machine` tells machines apart without naming them; `shared` says that
    another run was tracked on it at the same time.
    """

    id: str
    plan: RunPlan
    started_at: str
    command: str = ""
    meter: str = ""
    outcome: str = "running"
    exit_code: int | None = None
    reason: str = ""
    reading: Reading | None = None
    extra: tuple[tuple[str, str | float], ...] = ()
    machine: str = ""
    shared: bool = False

    @property
    def address(self) -> str:
        """The address of the run as a source."""
        return f"track:{self.id}"

    @property
    def job_id(self) -> str:
        """The id of the job: CodeCarbon's, so that its own file does not count the run again, or the address."""
        run = None if self.reading is None else self.reading.facts.get(RUN_ID)
        return f"codecarbon:{run}" if run else self.address

    @property
    def partial(self) -> bool:
        """Whether the measurement was cut off."""
        return self.outcome == "running"

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON holds it; `from_dict` reads it back."""
        return {
            "schema": "lineage/track-record/1",
            "id": self.id,
            "plan": self.plan.as_dict(),
            "started_at": self.started_at,
            "command": self.command,
            "meter": self.meter,
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "reason": self.reason,
            "reading": None if self.reading is None else self.reading.as_dict(),
            "extra": dict(self.extra),
            "machine": self.machine,
            "shared": self.shared,
        }

    @classmethod
    def from_dict(cls, made: Any) -> "Record":
        """Return the record that `as_dict` made. Raises `InputError` for anything else."""
        try:
            if made["schema"] != "lineage/track-record/1" or made["outcome"] not in OUTCOMES:
                raise ValueError(f"schema {made['schema']!r}, outcome {made['outcome']!r}")
            reading = made["reading"]
            if reading is not None:
                reading = Reading(**{**reading, "notes": tuple(reading["notes"])})
            fields = {name: made[name] for name in cls.__slots__ if name not in ("plan", "reading", "extra")}
            return cls(
                **fields,
                plan=RunPlan(**made["plan"]),
                reading=reading,
                extra=tuple(dict(made["extra"]).items()),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise InputError(f"this is no record of a tracked run: {problem}") from problem


# -- claims ------------------------------------------------------------------------------------------------


def source_of(record: Record) -> Source:
    """Return the source row of a run."""
    digest = hashlib.sha256(json.dumps(record.as_dict(), sort_keys=True).encode()).hexdigest()
    return Source(
        address=record.address,
        root=record.address,
        format=SOURCE_FORMAT,
        sha256=digest,
        title=f"lineage track {record.command}".strip(),
        retrieved_at=record.started_at,
    )


def claims_of(record: Record, *, new_product: bool = False) -> Claims:
    """Return what a run says: its product, the edges to what it was made of, one job, and findings.

    A `new_product` was made by this run, if it finished: it gets the run's end as its date.
    """
    build = ClaimsBuilder(source_of(record))
    plan = record.plan
    made_at = _ended_at(record) if new_product and record.outcome == "finished" else None
    build.product(plan.product, **({} if made_at is None else {"created_at": made_at}))
    for parent in plan.parents:
        build.edge(plan.product, parent, relation=plan.relation_to(parent))
        if plan.relation is None and plan.relation_to(parent):
            text = f"{plan.relation_to(parent)}, from the phase {plan.phase}; --relation says it"
            build.finding("guessed-relation", f"{plan.product} <- {parent}", text)
    for name in plan.datasets:
        build.edge(plan.product, name)
    build.job(record.job_id, plan.product, plan.phase, **_job_values(record))
    _add_findings(build, record)
    return build.done()


def _job_values(record: Record) -> dict[str, Any]:
    plan, reading = record.plan, record.reading
    values: dict[str, Any] = {
        "started_at": record.started_at,
        "grid": plan.grid_name,
        "system": plan.system,
        "meter": record.meter,
        "machine": record.machine or None,
        "outcome": "partial" if record.partial else record.outcome,
        "exit_code": record.exit_code,
        **dict(record.extra),
    }
    if reading is None:
        return values | {"pue": plan.pue, "tier": "unknown"}
    own_grid = plan.intensity_gco2e_per_kwh
    intensity = reading.intensity_gco2e_per_kwh if plan.grid is None else own_grid
    if plan.grid is None and intensity is None:
        values["grid"] = plan.country
    gpus = reading.facts.get(_GPU_COUNT)
    if plan.system is None and isinstance(gpus, (int, float)) and gpus:
        values["system"] = _only_kind(str(reading.facts.get("gpu_model", "")))
        values["device_count"] = float(gpus)
    return {
        **values,
        "energy_kwh": reading.energy_kwh,
        "duration_h": reading.duration_s / 3600.0,
        "grid_intensity_gco2e_per_kwh": intensity,
        "pue": plan.pue if reading.pue is None else reading.pue,
        "pue_included": True if reading.pue is not None else None,
        "tier": reading.tier,
        "estimated_share": reading.estimated_share,
        **reading.facts,
    }


def _only_kind(gpu_model: str) -> str | None:
    """Return the GPU of "4 x NVIDIA A100"; None where there are several kinds, or none.

    >>> _only_kind("4 x NVIDIA A100-SXM4-80GB"), _only_kind("1 x A1002 x T4")
    ('NVIDIA A100-SXM4-80GB', None)
    """
    count, _, name = gpu_model.partition(" x ")
    return name if count.isdigit() and name and " x " not in name else None


def _add_findings(build: ClaimsBuilder, record: Record) -> None:
    job, reading = record.job_id, record.reading
    if record.partial:
        held = (
            "nothing was measured yet" if reading is None else f"its first {reading.duration_s:,.0f} s count"
        )
        build.finding("partial-job", job, f"the measurement was killed; {held}")
    elif record.outcome == "failed":
        build.finding("failed-run", job, f"{record.reason or 'it failed'}; what it used counts all the same")
    if record.shared:
        text = "another run was tracked on this machine at the same time, and both count the whole machine"
        build.finding("shared-machine", job, text)
    if reading is None:
        return
    if reading.estimated_share > 0:
        text = (
            f"{reading.estimated_share:.0%} of the energy ({show(reading.energy_kwh - reading.measured_kwh, 'kWh')}) "
            "is rated power x load x time; no counter measured it"
        )
        build.finding("estimated-power", job, text)
    for note in reading.notes:
        build.finding("missing-component", job, note)


def _ended_at(record: Record) -> str | None:
    from datetime import datetime, timedelta

    if record.reading is None:
        return None
    started = datetime.fromisoformat(record.started_at)
    return (started + timedelta(seconds=record.reading.duration_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- the store ---------------------------------------------------------------------------------------------


def publish(records: Sequence[Record], store: Store, *, patience_s: float = PATIENCE_S) -> Graph:
    """Put runs into a store, in place of what was recorded of them before, and return its graph.

    Waits up to `patience_s` for another writer. Raises what the store raises, `StoreLocked` after the wait;
    `StoreError` where the store holds a graph without sources, which would be lost.
    """
    return _change(store, lambda known: _with(known, records), patience_s)


def forget(run: str, store: Store) -> Record | None:
    """Remove a run, by its id, from a store. Raises `InputError` where no such run was recorded."""
    address = run if run.startswith("track:") else f"track:{run}"

    def without(known: Claims) -> Claims:
        recorded = [root for root in known.roots() if root.startswith("track:")]
        if address not in recorded:
            raise InputError(
                f"no run {run!r} was recorded in {store.address}{did_you_mean(address, recorded)}"
            )
        return known.without(address)

    _change(store, without, PATIENCE_S)
    return None


def _with(known: Claims, records: Sequence[Record]) -> Claims:
    import pyarrow.compute as pc

    for record in records:
        known = known.superseded_by(claims_of(record))
        names = known.tables["products"].column("id")
        there = pc.any(pc.equal(names, record.plan.product)).as_py() if len(names) else False
        known = Claims.concat([known, claims_of(record, new_product=not there)])
    return known


def _change(store: Store, change: Any, patience_s: float) -> Graph:
    end = monotonic() + patience_s
    while True:
        try:
            with store.writing():
                return _changed(store, change)
        except StoreLocked:
            if monotonic() >= end:
                raise
            sleep(0.2)


def _changed(store: Store, change: Any) -> Graph:
    filled = bool(store.snapshots())
    known = store.claims() if filled else Claims.empty()
    if filled and not known.sources.num_rows and len(store.read()):
        raise StoreError(
            f"{store.address} holds a graph that was written without its sources, which recording a run would "
            "drop; name another store with --store"
        )
    graph, _ = resolve(change(known))
    store.write(graph)
    return graph
