"""The MLflow bridge against a fake client with MLflow's methods, and against MLflow itself where it is installed."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fake_powercap import Counters
from lineage.errors import InputError, MissingExtra
from lineage.stores import connect
from lineage.tracking import Recorded, from_mlflow, log_to_mlflow, record_from_mlflow, track


class FakeServer:
    """Keeps what the client of a fake MLflow is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tags: dict[str, str] = {}
        self.metrics: dict[str, float] = {}
        self.active: str | None = "run-1"

    def set_tag(self, run_id: str, name: str, value: str) -> None:
        self.tags[name] = value

    def log_metric(self, run_id: str, name: str, value: float) -> None:
        self.metrics[name] = value

    def log_dict(self, run_id: str, made: dict[str, Any], artifact: str) -> None:
        file = self.folder / run_id / artifact
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(made), encoding="utf-8")

    def download_artifacts(self, run_id: str, artifact: str, folder: str) -> str:
        file = self.folder / run_id / artifact
        if not file.exists():
            raise OSError("no such artifact")
        return str(file)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    made = FakeServer(tmp_path / "mlruns")
    module = ModuleType("mlflow")
    module.MlflowClient = lambda: made  # type: ignore[attr-defined]
    module.active_run = lambda: made.active and SimpleNamespace(info=SimpleNamespace(run_id=made.active))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return made


@pytest.fixture
def recorded(machine: Counters) -> Recorded:
    with track("m", parents="base", datasets=("a", "b"), grid="100 g/kWh", meter="rapl") as run:
        machine.turn("intel-rapl:0", 136)
        machine.now_s = 36.0
    assert run.recorded is not None
    return run.recorded


def test_a_run_goes_to_mlflow_and_comes_back(server: FakeServer, recorded: Recorded) -> None:
    assert log_to_mlflow(recorded) == "run-1"
    assert server.metrics == {
        "lineage.energy_kwh": pytest.approx(1e-5),
        "lineage.carbon_gco2e": pytest.approx(1e-3),
        "lineage.duration_h": 0.01,
        "lineage.estimated_share": 0.0,
    }
    assert server.tags["lineage.product"] == "model:m" and server.tags["lineage.tier"] == "measured"
    assert server.tags["lineage.datasets"] == "dataset:a, dataset:b"
    assert from_mlflow("run-1") == recorded.record
    with connect("memory:") as store:
        graph = record_from_mlflow("run-1", store)
        assert graph.jobs["energy_kwh"].tolist() == recorded.graph.jobs["energy_kwh"].tolist()
        assert len(record_from_mlflow("run-1", store).jobs) == 1


def test_an_unknown_carbon_is_no_metric(server: FakeServer, machine: Counters) -> None:
    with track("m", meter="rapl") as run:
        pass
    assert run.recorded is not None
    log_to_mlflow(run.recorded, "mine")
    assert "lineage.carbon_gco2e" not in server.metrics and "lineage.energy_kwh" in server.metrics


def test_no_active_run(server: FakeServer, recorded: Recorded) -> None:
    server.active = None
    with pytest.raises(InputError, match="no MLflow run is active"):
        log_to_mlflow(recorded)


def test_a_run_without_a_record(server: FakeServer) -> None:
    with pytest.raises(InputError, match=r"has no readable lineage/run\.json: no such artifact"):
        from_mlflow("other")
    server.log_dict("wrong", {"schema": "something"}, "lineage/run.json")
    with pytest.raises(InputError, match="no record of a tracked run"):
        from_mlflow("wrong")


def test_without_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtra, match="pip install mlflow"):
        from_mlflow("any")


def test_mlflow_itself(recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # the slim package has no other
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    with mlflow.start_run() as active:
        log_to_mlflow(recorded)
    assert from_mlflow(active.info.run_id) == recorded.record
    assert mlflow.get_run(active.info.run_id).data.metrics["lineage.energy_kwh"] == recorded.energy_kwh
