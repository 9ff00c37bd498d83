"""CodeCarbon as the meter: the same figures as its own file, nothing said, nothing left, nothing asked."""

import csv
import json
import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lineage as ln
from command_lines import checked
from launching import busy_for, launched
from lineage.errors import MeterError, OptionError
from lineage.importing import read
from lineage.tracking import MeterChoice, RunPlan

pytest.importorskip("codecarbon", reason="the extra `track` is not installed")

from lineage.tracking.codecarbon_meter import CodeCarbonMeter, country_code


def meter(plan: RunPlan | None = None, **choice: Any) -> CodeCarbonMeter:
    return CodeCarbonMeter(MeterChoice(**choice), plan or RunPlan(product="m"))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "emissions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_real_process_agrees_with_codecarbons_own_file(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    options = ["--product", "model:m", "--meter", "codecarbon", "--country", "fr", "--pue", "1.25"]
    options += ["--emissions", "kept", "--format", "json", "--every", "1"]
    process = launched(tmp_path, "track", *options, "--", *busy_for(2.2), folder=tmp_path)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    job = checked(json.loads(out))["job"]
    [row] = rows(tmp_path / "kept")
    assert (
        job["energy_kwh"] == pytest.approx(float(row["energy_consumed"]), rel=1e-12) and job["energy_kwh"] > 0
    )
    assert job["duration_h"] * 3600 == pytest.approx(float(row["duration"]), rel=1e-12)
    assert job["carbon_gco2e"] == pytest.approx(float(row["emissions"]) * 1000, rel=1e-12)
    assert 2.2 <= float(row["duration"]) < 20 and (job["pue"], job["pue_included"]) == (1.25, True)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["kept", "lineage.store"]

    with ln.connect(tmp_path / "lineage.store") as store:
        tracked = ln.cost(store.read()).row("m").own.best
    imported = ln.cost(read(tmp_path / "kept" / "emissions.csv")).row("m").own.best
    assert tracked and tracked == pytest.approx(imported, rel=1e-12)

    loaded = launched(tmp_path, "load", "kept/emissions.csv", folder=tmp_path)
    loaded.communicate(timeout=60)
    with ln.connect(tmp_path / "lineage.store") as store:  # the same run in both: counted once
        assert store.read().jobs["id"].tolist() == [job["id"]] == [f"codecarbon:{row['run_id']}"]


def test_what_codecarbon_makes_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By rated power, wherever the tests run: its own setting for the processor's power turns counters off."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODECARBON_FORCE_CPU_POWER", "100")
    with ln.track("m", meter="codecarbon", every_s=0.3, grid="56 g/kWh") as run:
        subprocess.run(busy_for(0.7), check=True)
    assert run.recorded is not None and run.recorded.record.reading is not None
    reading = run.recorded.record.reading
    gpu_kwh = float(reading.facts["gpu_energy_kwh"])
    assert reading.measured_kwh == pytest.approx(gpu_kwh)
    if not gpu_kwh:
        assert run.recorded.tier == "from-device-hours"
    [found] = [item for item in run.recorded.findings if item.code == "estimated-power"]
    assert "rated power x load x time" in found.text
    assert run.recorded.carbon_gco2e == pytest.approx(reading.energy_kwh * 56)
    assert [item.name for item in Path().iterdir()] == ["lineage.store"]


class Part:
    """What a part of a machine says of itself to CodeCarbon."""

    def __init__(self, described: str) -> None:
        self._described = described

    def description(self) -> str:
        return self._described


@pytest.mark.parametrize(
    ("described", "kwh"),
    [("CPU(Intel Rapl)", 3.0 + 5.0), ("CPU(Cpu Load)", 5.0), ("CPU(x > 85W [generic])", 5.0)],
)
def test_processors_count_as_measured_where_a_counter_is_read(described: str, kwh: float) -> None:
    class Data:
        cpu_energy, gpu_energy, ram_energy = 3.0, 5.0, 2.0

    made = meter()
    cpu = type("CPU", (Part,), {})(described)
    made._tracker._hardware = [cpu, type("RAM", (Part,), {})("RAM()")]
    assert made._counted_kwh(Data()) == kwh


def test_no_place_is_no_carbon_and_not_the_worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CODECARBON_COUNTRY_ISO_CODE", raising=False)
    with ln.track("m", meter="codecarbon", scope="process") as run:
        pass
    assert run.recorded is not None
    assert run.recorded.carbon_gco2e is None and run.recorded.energy_kwh is not None


def test_its_logger_is_silent_meanwhile_and_as_before_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("codecarbon")
    before = (logger.level, list(logger.handlers), logger.propagate)
    made = meter(every_s=0.2)
    made.start()
    logger.warning("chatter")
    assert made.read() is not None
    made.stop()
    assert (logger.level, logger.handlers, logger.propagate) == before
    assert capfd.readouterr() == ("", "")


def test_nothing_is_asked_of_any_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the user's own settings of CodeCarbon send everything somewhere."""

    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError(f"asked a server: {arguments}")

    settings = {
        "SAVE_TO_API": "true",
        "EMISSIONS_ENDPOINT": "http://127.0.0.1:9/",
        "ELECTRICITYMAPS_API_TOKEN": "x",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"CODECARBON_{name}", value)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    made = meter(RunPlan(product="m", country="DEU"), every_s=0.2)
    made.start()
    assert made.stop().intensity_gco2e_per_kwh == pytest.approx(381, rel=0.5)


def test_countries() -> None:
    assert [country_code(text) for text in ("fra", "FR", "France")] == ["FRA"] * 3
    with pytest.raises(OptionError, match="no country 'Atlantis'"):
        country_code("Atlantis")
    with pytest.raises(OptionError, match="no grid for ATA"):
        country_code("Antarctica")


def test_a_codecarbon_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECARBON_TRACKING_MODE", "machine")
    made = meter()

    def broken() -> None:
        raise RuntimeError("no hardware")

    monkeypatch.setattr(made._tracker, "_ensure_hardware_ready", broken)
    with pytest.raises(MeterError, match=r"did not start \(RuntimeError: no hardware\)"):
        made.start()
    assert logging.getLogger("codecarbon").handlers != [made._heard]


def test_a_codecarbon_that_breaks_off_leaves_its_last_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    made = meter(every_s=0.2)
    made.start()
    seen = made.read()

    def broken() -> None:
        raise RuntimeError("lost")

    monkeypatch.setattr(made._tracker, "_prepare_emissions_data", broken)
    reading = made.stop()
    assert seen is not None and reading.energy_kwh >= seen.energy_kwh
    assert "broke off before the end (RuntimeError: lost)" in reading.notes[0]


def test_the_module_is_not_imported_by_the_others() -> None:
    program = "import lineage.tracking, lineage.cli.tracking, sys; print({'codecarbon', 'mlflow'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert out == "set()\n"
