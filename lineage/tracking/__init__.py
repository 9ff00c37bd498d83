"""Measuring runs and recording them as jobs: `lineage track`, `with lineage.track(...)`, a Trainer callback, MLflow.

No meter is imported before it is used: CodeCarbon is an extra (`track`).
"""

from lineage.tracking.journal import take_up
from lineage.tracking.mlflow_bridge import from_mlflow, log_to_mlflow, record_from_mlflow
from lineage.tracking.plan import MeterChoice, RunPlan
from lineage.tracking.record import Record, forget, publish
from lineage.tracking.session import Recorded, TrackedRun, track
from lineage.tracking.trainer import TrackingCallback

__all__ = [
    "MeterChoice",
    "Record",
    "Recorded",
    "RunPlan",
    "TrackedRun",
    "TrackingCallback",
    "forget",
    "from_mlflow",
    "log_to_mlflow",
    "publish",
    "record_from_mlflow",
    "take_up",
    "track",
]
