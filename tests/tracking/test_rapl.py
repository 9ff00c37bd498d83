"""RAPL on a fake powercap tree: which counters, how they begin again, what cannot be read."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_powercap import Counters
from lineage.errors import MeterError
from lineage.tracking.rapl import RaplMeter

KWH_PER_J = 1 / 3.6e6


def meter(counters: Counters, gpus: Path | None = None) -> RaplMeter:
    return RaplMeter(counters.root, counters.clock, gpus or counters.root / "no-gpus")


def test_package_and_memory_count_and_what_lies_inside_or_around_does_not(counters: Counters) -> None:
    made = meter(counters)
    counters.turn("intel-rapl:0", 150)  # before the start: not part of the run
    made.start()
    counters.turn("intel-rapl:0", 250)
    counters.turn("intel-rapl:0:0", 900)
    counters.turn("intel-rapl:0:1", 17)
    counters.turn("intel-rapl:1", 999)
    counters.now_s = 4.0
    reading = made.stop()
    assert reading.energy_kwh == pytest.approx(107 * KWH_PER_J, rel=1e-12)
    assert (reading.measured_kwh, reading.duration_s, reading.tier) == (reading.energy_kwh, 4.0, "measured")
    assert reading.estimated_share == 0.0 and reading.notes == ()
    assert reading.facts["counters"] == "package-0, dram"


def test_a_counter_that_begins_again_goes_on(counters: Counters) -> None:
    made = meter(counters)
    made.start()
    sums = []
    for joules in (900, 100, 950, 20):  # range 1,000 J: it begins again twice
        counters.turn("intel-rapl:0", joules)
        sums.append(made.read().energy_kwh / KWH_PER_J)
    assert sums == pytest.approx([800, 1000, 1850, 1920])


def test_two_sockets_add_up_and_mirrored_dies_count_once(counters: Counters) -> None:
    counters.add("intel-rapl:2", "package-1-die-0", 300)
    counters.add("intel-rapl:3", "package-1-die-1", 300.5)  # the same counter, read a moment later
    counters.add("intel-rapl:4", "package-2-die-0", 300)  # another socket
    made = meter(counters)
    made.start()
    for folder in ("intel-rapl:2", "intel-rapl:3", "intel-rapl:4"):
        counters.turn(folder, 400)
    reading = made.stop()
    assert reading.energy_kwh == pytest.approx(200 * KWH_PER_J)
    assert reading.facts["counters"] == "package-0, package-1-die-0, package-2-die-0, dram"


def test_the_platform_counts_where_there_is_no_package(tmp_path: Path) -> None:
    counters = Counters(tmp_path)
    (tmp_path / "intel-rapl:0" / "name").write_text("core\n", encoding="ascii")
    assert meter(counters).read().facts["counters"] == "psys"


def test_no_energy_yet_is_an_energy_of_nothing_and_not_an_estimate(counters: Counters) -> None:
    made = meter(counters)
    made.start()
    assert made.read().energy_kwh == 0.0


def test_gpus_that_nobody_measures_are_told(counters: Counters, tmp_path: Path) -> None:
    gpus = tmp_path / "gpus"
    (gpus / "0000:01:00.0").mkdir(parents=True)
    [note] = meter(counters, gpus).read().notes
    assert "GPUs" in note


def test_a_machine_without_counters(tmp_path: Path) -> None:
    with pytest.raises(MeterError, match=r"shows no RAPL counter.*--meter codecarbon"):
        RaplMeter(tmp_path / "nothing")


@pytest.mark.parametrize(("text", "problem"), [("many", "cannot be read"), (None, "cannot be read")])
def test_a_counter_that_is_no_number(counters: Counters, text: str | None, problem: str) -> None:
    file = counters.root / "intel-rapl:0" / "energy_uj"
    file.unlink()
    if text is not None:
        file.write_text(text, encoding="ascii")
    with pytest.raises(MeterError, match=problem):
        meter(counters)


def test_a_domain_without_a_name(counters: Counters) -> None:
    (counters.root / "intel-rapl:0" / "name").unlink()
    with pytest.raises(MeterError, match="No such file"):
        meter(counters)


def test_a_counter_that_only_the_administrator_may_read(
    counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_text

    def refuse(self: Path, encoding: str | None = None, errors: str | None = None) -> str:
        if self.name == "energy_uj":
            raise PermissionError(13, os.strerror(13), str(self))
        return read(self, encoding=encoding, errors=errors)

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(MeterError, match="may not be read by this user"):
        meter(counters)


def test_a_counter_that_goes_away_leaves_its_last_sum(counters: Counters) -> None:
    made = meter(counters)
    made.start()
    counters.turn("intel-rapl:0", 136)
    made.read()
    (counters.root / "intel-rapl:0" / "energy_uj").unlink()
    reading = made.stop()
    assert reading.energy_kwh == pytest.approx(36 * KWH_PER_J)
    assert "went away before the end" in reading.notes[0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(0, 999), max_size=8))
def test_whatever_it_counts_between_two_looks_adds_up(counters: Counters, steps: list[int]) -> None:
    counters.turn("intel-rapl:0", 100)
    made = meter(counters)
    made.start()
    shown = 100
    for step in steps:  # each below the range of 1,000 J
        shown = (shown + step) % 1000
        counters.turn("intel-rapl:0", shown)
        made.read()
    assert made.read().energy_kwh == pytest.approx(sum(steps) * KWH_PER_J)
