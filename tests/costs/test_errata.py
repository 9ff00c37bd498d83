"""docs/errata.md prints what the kernels compute, and no code path yields the paper's two wrong energies."""

import re
from pathlib import Path

import pytest

from lineage.kernels.jobs import asc_gco2e, ec_gco2e, it_energy_kwh, jsc_gco2e, mean_power_w
from lineage.kernels.jobs import mix_intensity_gco2e_per_kwh as mix_intensity
from lineage.kernels.jobs_shares import equal_share, platform_tax_gco2e, product_share
from lineage.kernels.jobs_values import relative_difference

ERRATA = Path(__file__).parents[2] / "docs" / "errata.md"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

JSC = jsc_gco2e(1.08 / 3600, mix_intensity({"coal": 0.8, "solar": 0.2}, {"coal": 820.0, "solar": 48.0}))
EC = ec_gco2e(10_000.0, 5 / 60, 3 * 8760.0)
# how a row of the table begins -> what its correct figure must be
COMPUTED = {
    "JSC": JSC,
    "ec": EC,
    "ASC": asc_gco2e(JSC, EC),
    "platform operations": platform_tax_gco2e(50 * 60.0, 5 / 60, equal_share(10)),
    "platform embodied": product_share(5 * 24.0, 6 * 8760.0, 10),
    "RoBERTa": it_energy_kwh(1024, 300.0, 24.0),
    "DistilBERT": it_energy_kwh(8, 250.0, 84.0),
    "DistilBERT inference": mean_power_w(0.015, 410 / 3600),
    "BERT inference": 0.015 / 0.6,
}


def _rows() -> dict[str, list[str]]:
    lines = [line for line in ERRATA.read_text(encoding="utf-8").splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {re.split(r"[:,]", row[0])[0]: row for row in cells}


def _number(text: str) -> float:
    return float(NUMBER.findall(text)[-1].replace(",", ""))


def test_the_table_holds_every_example() -> None:
    assert set(_rows()) == set(COMPUTED)


@pytest.mark.parametrize("example", COMPUTED)
def test_the_correct_figures_are_those_of_the_kernels(example: str) -> None:
    computed = COMPUTED[example]
    printed = _rows()[example][2]
    figure = NUMBER.findall(printed)[-1]
    digits = len(figure.partition(".")[2])
    assert computed is not None
    assert _number(printed) == pytest.approx(computed, abs=0.5000001 * 10.0**-digits)


@pytest.mark.parametrize(("example", "wrong_kwh"), [("RoBERTa", 737.0), ("DistilBERT", 14.4)])
def test_the_wrong_figures_stand_beside_the_right_ones(example: str, wrong_kwh: float) -> None:
    row, computed = _rows()[example], COMPUTED[example]
    assert computed is not None
    assert _number(row[1]) == wrong_kwh and row[1].startswith("**") and row[3].startswith("**wrong**")
    assert relative_difference(computed, wrong_kwh) > 0.89


def test_no_source_file_holds_the_wrong_figures() -> None:
    for path in (ERRATA.parents[1] / "lineage").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(737|14\.4)\s*(kWh|\)|,)", text), path


def test_the_open_questions_are_named() -> None:
    text = ERRATA.read_text(encoding="utf-8")
    assert "breaks off" in text and "e^-k" in text and "JQCR" in text
