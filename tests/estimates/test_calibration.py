"""The ranges: derived by their command, and true of published cases that were left out."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.estimates import calibration
from lineage.estimates.calibration import calibrated
from lineage.estimates.cases import published_cases
from lineage.estimates.constants import makers, range_of, ranges
from lineage.estimates.holding import held_out, summary
from lineage.estimates.intervals import extremes, grouped_interval, interval
from lineage.estimates.names import size_in
from lineage.estimates.trends import epoch_rows, extract
from lineage.factors import shelf

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[int, float, float, float]]:
    return summary(held_out())


def test_the_shipped_ranges_are_those_of_the_command(tmp_path: Path) -> None:
    found = calibrated(published_cases(), epoch_rows(), shelf(adapters=False))
    calibration.write_ranges(found.ranges.values(), tmp_path / "ranges.csv")
    shipped = ROOT / "lineage" / "data" / "estimates" / "ranges.csv"
    assert list(found.ranges) == list(ranges())
    for name, item in found.ranges.items():
        kept = range_of(name)
        assert (kept.lo, kept.best, kept.hi) == pytest.approx((item.lo, item.best, item.hi), rel=1e-6)
        assert (kept.unit, kept.cases, kept.source) == (item.unit, item.cases, item.source)
    assert (tmp_path / "ranges.csv").read_text().splitlines()[0] == shipped.read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("kind", "least", "held", "width"),
    [
        ("energy from device-hours and hardware", 15, 0.9, 4),
        ("energy from parameters, tokens and year", 15, 0.8, 10),
        ("energy from parameters and year", 15, 0.8, math.inf),
        ("carbon from device-hours and hardware, place known", 12, 0.9, 4),
        ("carbon from parameters, tokens and year, place known", 12, 0.8, 10),
        ("carbon from energy, place known", 8, 0.9, 4),
    ],
)
def test_cases_that_were_left_out(
    told: dict[str, tuple[int, float, float, float]], kind: str, least: int, held: float, width: float
) -> None:
    count, share, median_width, centre = told[kind]
    assert count >= least
    assert share >= held
    assert median_width <= width
    assert 0.4 < centre < 2.5


def test_an_unknown_place_is_honestly_wider(told: dict[str, tuple[int, float, float, float]]) -> None:
    for way in ("device-hours and hardware", "parameters, tokens and year"):
        assert told[f"carbon from {way}, place unknown"][2] > 1.5 * told[f"carbon from {way}, place known"][2]


def test_a_case_left_out_does_not_estimate_itself() -> None:
    cases = published_cases()
    moved = [case for case in cases if case.model != "BLOOM 176B"]
    one = calibrated(moved, epoch_rows(), shelf(adapters=False)).ranges["draw"]
    assert one.cases == range_of("draw").cases - 1
    assert one.best != range_of("draw").best


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=30).filter(lambda xs: max(xs) - min(xs) > 0.1))
def test_an_interval_holds_its_cases_centre(logs: list[float]) -> None:
    for lo, best, hi in (interval(logs, 0.9), grouped_interval([logs, logs[:2]], 0.9), extremes(logs)):
        assert 0 < lo <= best <= hi


def test_groups_weigh_the_same_however_large() -> None:
    few, many = [0.0] * 3, [1.0] * 300
    assert math.log(grouped_interval([few, many], 0.5)[0]) <= 0
    assert math.log(grouped_interval([few, many], 0.5)[2]) >= 1


def test_the_report_and_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert calibration.main([]) == 0
    said = capsys.readouterr().out
    assert "| energy from device-hours and hardware | 18 |" in said
    page = (ROOT / "docs" / "estimates.md").read_text(encoding="utf-8")
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert [row for row in rows if row not in page] == []


@pytest.mark.samples
def test_the_extract_is_that_of_epochs_table(samples: Path, tmp_path: Path) -> None:
    count = extract(samples / "epoch" / "notable-ai-models_2026-01-26.csv", tmp_path / "epoch.csv")
    shipped = (ROOT / "lineage" / "data" / "estimates" / "epoch.csv").read_text(encoding="utf-8")
    assert count == len(epoch_rows())
    assert (tmp_path / "epoch.csv").read_text(encoding="utf-8") == shipped


@pytest.mark.samples
def test_the_cases_are_those_of_the_published_table(samples: Path) -> None:
    import csv

    with (samples / "published_cases" / "published-cases.csv").open(encoding="utf-8") as stream:
        published = {row["case_id"]: row for row in csv.DictReader(stream)}
    shared = [case for case in published_cases() if case.case in published]
    assert len(shared) >= 20
    for case in shared:
        row = published[case.case]
        if row["published_kwh"] and "eilam" not in case.case:
            assert case.energy_kwh == float(row["published_kwh"])
        if row["published_tco2e"] and case.carbon_gco2e is not None:
            assert case.carbon_gco2e == pytest.approx(float(row["published_tco2e"]) * 1e6, rel=1e-6)
        if row["device_hours"]:
            assert case.device_hours == float(row["device_hours"])


@pytest.mark.parametrize(
    ("name", "billions", "active"),
    [
        ("meta-llama/Llama-2-7b-chat-hf", 7, 7),
        ("facebook/opt-350m", 0.35, 0.35),
        ("mistralai/Mixtral-8x7B-v0.1", 45.1, 12.4),
        ("Qwen/Qwen3-30B-A3B", 30, 3),
        ("TinyLlama/TinyLlama_1.1B", 1.1, 1.1),
        ("google-bert/bert-base-uncased", 0.11, 0.11),
        ("distilbert/distilbert-base-cased", 0.066, 0.066),
        ("FacebookAI/xlm-roberta-base", 0.278, 0.278),
    ],
)
def test_the_size_in_a_name(name: str, billions: float, active: float) -> None:
    size = size_in(name)
    assert size is not None
    assert (size.parameters / 1e9, size.active / 1e9) == pytest.approx((billions, active), rel=0.02)


@pytest.mark.parametrize(
    "name", ["orca-4bit", "x-v0.1", "yarn-128k", "b", "model-q4-k-m", "laion-39B-b160k", "a/0.0001b"]
)
def test_what_is_no_size(name: str) -> None:
    assert size_in(name) is None


def test_makers_are_written_in_lower_case() -> None:
    assert {"meta-llama", "mistralai", "qwen"} <= makers()
