"""MLflow: a tracked run beside the metrics of the run that it belongs to, and back again.

`log_to_mlflow(recorded)` writes tags, metrics and the whole record as the artifact `lineage/run.json`;
`from_mlflow(run_id)` reads the record, and `record_from_mlflow(run_id, store)` puts it into a store. So a team
can keep its runs on an MLflow server, and fill a store from there. MLflow is imported late; any version from 2 on.
"""

import json
from pathlib import Path
from typing import Any, Final

from lineage.errors import InputError, MissingExtra
from lineage.graph import Graph
from lineage.stores.base import Store
from lineage.tracking.record import Record, publish
from lineage.tracking.session import Recorded

__all__ = ["ARTIFACT", "from_mlflow", "log_to_mlflow", "record_from_mlflow"]

ARTIFACT: Final = "lineage/run.json"
LONGEST_TAG: Final = 5000


def log_to_mlflow(recorded: Recorded, run_id: str | None = None) -> str:
    """Write a recorded run to an MLflow run, by default the active one, and return its id.

    Tags are `lineage.job`, `.product`, `.parents`, `.datasets`, `.phase`, `.outcome`, `.tier`; metrics, where known,
    `lineage.energy_kwh`, `.carbon_gco2e`, `.duration_h`, `.estimated_share`. Raises `MissingExtra` without MLflow,
    `InputError` where no run is active.
    """
    client = _client()
    run_id = run_id or _active()
    job = recorded.as_dict()
    tags = {"job": job["id"], **{name: job[name] for name in ("product", "phase", "outcome", "tier")}}
    tags |= {name: ", ".join(job[name]) for name in ("parents", "datasets")}
    for name, value in tags.items():
        client.set_tag(run_id, f"lineage.{name}", value[:LONGEST_TAG])
    for name in ("energy_kwh", "carbon_gco2e", "duration_h", "estimated_share"):
        if job[name] is not None:
            client.log_metric(run_id, f"lineage.{name}", job[name])
    client.log_dict(run_id, recorded.record.as_dict(), ARTIFACT)
    return run_id


def from_mlflow(run_id: str) -> Record:
    """Return the record that `log_to_mlflow` wrote to a run. Raises `InputError` where there is none."""
    import tempfile

    client = _client()
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = client.download_artifacts(run_id, ARTIFACT, folder)
            return Record.from_dict(json.loads(Path(path).read_bytes()))
        except InputError:
            raise
        except Exception as problem:  # a server's client raises what its transport raises
            raise InputError(
                f"MLflow run {run_id!r} has no readable {ARTIFACT}: {problem}; was it written with log_to_mlflow?"
            ) from problem


def record_from_mlflow(run_id: str, store: Store) -> Graph:
    """Put the run that an MLflow run holds into a store, in place of an earlier copy, and return the graph."""
    return publish([from_mlflow(run_id)], store)


def _client() -> Any:
    try:
        from mlflow import MlflowClient
    except ImportError as missing:
        raise MissingExtra("the MLflow bridge", "track", "pip install mlflow") from missing
    return MlflowClient()


def _active() -> str:
    import mlflow

    active = mlflow.active_run()
    if active is None:
        raise InputError("no MLflow run is active; open one with mlflow.start_run(), or name its id")
    run_id: str = active.info.run_id
    return run_id
