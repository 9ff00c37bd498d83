"""Trends in Epoch AI's table: training compute by parameters and year, and energy per FLOP by year."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from lineage.factors import Shelf

__all__ = ["EpochRow", "Trend", "epoch_rows", "extract", "flop_trend", "rate_trend"]

LEAST_FLOP: Final = 1e20  # smaller trainings are experiments on a desk: their machines mostly wait
FIRST_YEAR: Final = 2017  # the first year of the published cases


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    """A row of the extract of Epoch AI's notable models; None is not known.

    `language` says that it is a language model, `based` that its compute may hold that of a base model.
    """

    model: str
    year: float
    country: str
    parameters: float | None
    training_flop: float | None
    finetune_flop: float | None
    accelerator: str
    device_hours: float | None
    language: bool
    based: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """log10 y = at_2020 + per_year (year - 2020) + per_decade log10(parameters / 1e9); residuals are natural logs."""

    at_2020: float
    per_year: float
    per_decade: float
    residuals: tuple[float, ...]
    names: tuple[str, ...]
    source: str

    @property
    def cases(self) -> int:
        """How many cases the trend rests on."""
        return len(self.residuals)

    def at(self, year: float, parameters: float = 1e9) -> float:
        """Return the trend's value."""
        decades = math.log10(parameters / 1e9)
        return float(10 ** (self.at_2020 + self.per_year * (year - 2020) + self.per_decade * decades))


_WANTED: Final = {
    "parameters": "Parameters",
    "training_flop": "Training compute (FLOP)",
    "finetune_flop": "Finetune compute (FLOP)",
}


@cache
def epoch_rows() -> tuple[EpochRow, ...]:
    """Return the extract that comes with the package (Data: Epoch AI, CC BY 4.0)."""
    text = (files("lineage") / "data" / "estimates" / "epoch.csv").read_text(encoding="utf-8")
    rows: list[EpochRow] = []
    for row in csv.DictReader(text.splitlines()):
        numbers: dict[str, Any] = {
            name: float(row[name]) if row[name] else None for name in (*_WANTED, "device_hours")
        }
        rows.append(
            EpochRow(
                model=row["model"],
                year=float(row["year"]),
                country=row["country"],
                accelerator=row["accelerator"],
                language=row["language"] == "yes",
                based=row["based"] == "yes",
                **numbers,
            )
        )
    return tuple(rows)


def extract(source: Path, target: Path) -> int:
    """Write the columns that calibration uses out of Epoch AI's table of notable models; return the rows written."""
    written = 0
    with (
        source.open(encoding="utf-8-sig", newline="") as stream,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(
            ["model", "year", "country", *_WANTED, "accelerator", "device_hours", "language", "based"]
        )
        for row in csv.DictReader(stream):
            year = row["Publication date"][:4]
            numbers = [_short(row[column]) for column in _WANTED.values()]
            if not year.isdigit() or int(year) < FIRST_YEAR or not any(numbers[1:]):
                continue
            hours, devices = row["Training time (hours)"], row["Hardware quantity"]
            total = _short(repr(float(hours) * float(devices))) if hours and devices else ""
            country = row["Country (of organization)"].split(",")[0].strip()
            language = "yes" if "Language" in row["Domain"] else "no"
            based = "yes" if row["Base model"].strip() or numbers[2] else "no"
            name, hardware = row["Model"].strip(), row["Training hardware"].strip()
            writer.writerow([name, year, country, *numbers, hardware, total, language, based])
            written += 1
    return written


def _short(cell: str) -> str:
    return f"{float(cell):.4g}" if cell.strip() and float(cell) > 0 else ""


def _fitted(
    rows: Sequence[tuple[float, float, float]], names: Sequence[str], source: str, *, by_size: bool
) -> Trend:
    """Fit log10 y on the year, and on log10 of the parameters if wanted; rows are (year, parameters, y)."""
    table = np.array(rows, dtype=np.float64)
    columns = [np.ones(len(table)), table[:, 0] - 2020]
    if by_size:
        columns.append(np.log10(table[:, 1] / 1e9))
    design, target = np.column_stack(columns), np.log10(table[:, 2])
    found = np.linalg.lstsq(design, target, rcond=None)[0]
    residuals = (target - design @ found) * math.log(10)
    return Trend(
        float(found[0]),
        float(found[1]),
        float(found[2]) if by_size else 0.0,
        tuple(residuals.tolist()),
        tuple(names),
        source,
    )


def flop_trend(epoch: Sequence[EpochRow]) -> Trend:
    """Return training compute by parameters and year: language models, from nothing on a billion tokens or more."""
    used = [
        row
        for row in epoch
        if row.parameters
        and row.training_flop
        and row.language
        and not row.based
        and row.training_flop > 6e9 * row.parameters
    ]
    rows = [(row.year, float(row.parameters or 0), float(row.training_flop or 0)) for row in used]
    return _fitted(rows, [row.model for row in used], "Epoch AI", by_size=True)


def rate_trend(
    cases: Sequence[tuple[float, float, str]], epoch: Sequence[EpochRow], draw: float, table: Shelf
) -> Trend:
    """Return kWh per FLOP by year: published cases (year, kWh per FLOP, model), and Epoch AI's rows with device-hours.

    For these the energy is device-hours x rated power x `draw`, the published cases' mean with cooling.
    """
    rows = [(year, 1e9, rate) for year, rate, _ in cases]
    names = [name for _, _, name in cases]
    for row in epoch:
        found = (
            table.accelerator(row.accelerator)
            if row.accelerator and row.device_hours and row.training_flop
            else None
        )
        if found is None or row.device_hours is None or row.training_flop is None:
            continue
        if row.based or row.training_flop < LEAST_FLOP:
            continue
        energy = row.device_hours * found.power_w.value / 1000 * draw
        rows.append((row.year, 1e9, energy / row.training_flop))
        names.append(row.model)
    return _fitted(rows, names, "published cases and Epoch AI", by_size=False)
