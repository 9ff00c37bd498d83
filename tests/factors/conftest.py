"""A store whose jobs name hardware and electricity that no table of it describes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from command_lines import Run
from lineage.cli import main
from lineage.graph import Graph
from lineage.stores import connect
from lineage.testing import graph


@pytest.fixture
def made() -> Graph:
    """Two models in a line, and three jobs: hardware in a cloud region, hardware in a country, a mix."""
    train = {
        "id": "train",
        "product": "model:base",
        "phase": "training",
        "duration_h": 240.0,
        "device_count": 64.0,
        "system": "NVIDIA A100-SXM4-80GB",
        "pue": 1.1,
        "grid": "us-east-1",
        "grid_market": "meta",
        "started_at": "2021-02-01",
    }
    tune = {
        "id": "tune",
        "product": "model:tuned",
        "phase": "fine-tuning",
        "device_hours": 96.0,
        "system": "V100",
        "utilisation": 0.5,
        "pue": 1.2,
        "grid": "FR",
        "started_at": "2023-05-01",
    }
    clean = {
        "id": "clean",
        "product": "model:tuned",
        "phase": "data",
        "energy_kwh": 12.0,
        "pue": 1.0,
        "mix": "coal:0.8;solar:0.2",
        "started_at": "2023-04-01",
    }
    return graph("base -> tuned", jobs=[train, tune, clean])


@pytest.fixture
def store(tmp_path: Path, made: Graph) -> Path:
    """A store that holds it."""
    path = tmp_path / "lineage.store"
    with connect(path) as opened:
        opened.write(made)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LINEAGE_STORE", raising=False)

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(item) for item in arguments], prog_name="lineage")

    return call
