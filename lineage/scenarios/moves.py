"""Jobs moved in place and time: onto another grid or hardware, to other hours of electricity, under a cap on power."""

import csv
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lineage.claims import conform
from lineage.errors import ImportFault, InputError, did_you_mean
from lineage.factors import shelf
from lineage.findings import finding
from lineage.kernels.arrays import Floats
from lineage.scenarios.amount import amount
from lineage.scenarios.change import Change, fitting
from lineage.scenarios.draft import Draft
from lineage.schema import GRAPH_TABLES, column
from lineage.tables.cells import iso_date
from lineage.units import quantity

__all__ = ["Series", "moved_onto", "moved_to", "refreshed", "with_power_cap", "with_series"]

_INTENSITY: Final = "grid_intensity_gco2e_per_kwh"
_DATED: Final = ("started_at", "duration", "duration_h", "grid")
_TIMES: Final = ("time", "datetime", "started_at")
_VALUES: Final = ("intensity", "intensity_gco2e_per_kwh", "grid_intensity_gco2e_per_kwh")


# -- another grid ------------------------------------------------------------------------------------------


def moved_to(draft: Draft, change: Change, rows: list[int]) -> None:
    """Put jobs on another grid: an intensity or a mix of their own gives way to that of the grid.

    A grid that the lineage does not describe is looked up by its place (Sweden, SE, europe-north1) in the factors.
    What the jobs say about their market, `grid_market`, stays.
    """
    name = str(change.value)
    if name not in draft.names("grids"):
        _describe_grid(draft, change, name)
    draft.put("jobs", "grid", rows, name)
    draft.put_floats("jobs", _INTENSITY, rows, np.nan)
    draft.put("jobs", "mix", rows, None)


def _describe_grid(draft: Draft, change: Change, name: str) -> None:
    """Add the grid of a place to the tables, as the factors know it."""
    choice = shelf().grid(name)
    if choice is None:
        known = draft.names("grids")
        hint = did_you_mean(name, known) or (f"; there are {', '.join(known[:5])}" if known else "")
        raise change.fault(
            f"no table and no factor describes the grid {name!r}{hint}; name a country, or add it under [[add.grids]]"
        )
    factor = choice.factor
    row = {
        "id": name,
        "intensity_gco2e_per_kwh": factor.value,
        "region": factor.region,
        "year": None if factor.year is None else float(factor.year),
        "basis": "location",
        "citation": factor.citation,
    }
    draft.append("grids", conform(pa.Table.from_pylist([row]), GRAPH_TABLES["grids"]))


def moved_onto(draft: Draft, change: Change, rows: list[int]) -> None:
    """Put jobs on other hardware: a power of their own gives way to that of the system; energy that is given stays.

    Hardware that the lineage does not describe is looked up by its name in the factors, at its rated power.
    """
    name = str(change.value)
    if name not in draft.names("systems"):
        _describe_system(draft, change, name)
    draft.put("jobs", "system", rows, name)
    draft.put_floats("jobs", "power_w", rows, np.nan)


def _describe_system(draft: Draft, change: Change, name: str) -> None:
    """Add hardware to the tables, as the factors know it."""
    known, found = draft.names("systems"), shelf().accelerator(name)
    if found is None:
        hint = did_you_mean(name, known)
        raise change.fault(
            f"no table and no factor describes the system {name!r}{hint}; add it under [[add.systems]] first"
        )
    lifetime = shelf().lifetime_h("accelerator").factor
    sources = dict.fromkeys(item.citation for item in (found.power_w, found.embodied_gco2e, lifetime))
    row = {
        "id": name,
        "power_w": found.power_w.value,
        "embodied_gco2e": found.embodied_gco2e.value,
        "lifetime_h": lifetime.value,
        "citation": "; ".join(sources),
    }
    draft.append("systems", conform(pa.Table.from_pylist([row]), GRAPH_TABLES["systems"]))


# -- a cap on power ----------------------------------------------------------------------------------------


def with_power_cap(draft: Draft, change: Change, rows: list[int]) -> None:
    """Cap the power per device of jobs; energy that is given falls with it. A job below the cap stays as it is.

    How much longer the job then takes is another change: duration = "x 1.1".
    """
    try:
        cap = amount(change.value, column(GRAPH_TABLES["jobs"], "power_w"))
    except InputError as error:
        raise change.fault(str(error)) from None
    if cap.kind != "set":
        raise change.fault('a cap is a power, such as "250 W"')
    by_system = dict(zip(draft.names("systems"), draft.floats("systems", "power_w").tolist(), strict=True))
    own, systems = draft.floats("jobs", "power_w"), draft.texts("jobs", "system")
    power = np.array(
        [by_system.get(systems[row], math.nan) if math.isnan(own[row]) else own[row] for row in rows]
    )
    if np.isnan(power).all():
        raise change.fault('no power is known to be capped; give energy = "-10 %" instead')
    over = np.flatnonzero(power > cap.number)
    capped = [rows[place] for place in over.tolist()]
    draft.put_floats("jobs", "power_w", capped, cap.number)
    energy = draft.floats("jobs", "energy_kwh")[capped]
    draft.put_floats("jobs", "energy_kwh", capped, energy * (cap.number / power[over]))


# -- hours of the grid -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """Hourly (or other) intensity of a grid: `starts` in seconds of UTC, ascending; each value holds up to the next.

    >>> series = Series("grid.csv", np.array([0.0, 3600.0]), np.array([100.0, 300.0]))
    >>> series.mean(datetime(1970, 1, 1, 0, 30, tzinfo=UTC), 1.0)
    200.0
    """

    source: str
    starts: Floats
    intensity: Floats

    @property
    def end(self) -> float:
        """Where the last value stops to hold: as long after its start as the one before."""
        return float(2 * self.starts[-1] - self.starts[-2])

    def mean(self, start: datetime, duration_h: float) -> float:
        """Return the mean intensity over a time, in gCO2e/kWh: sum of hours x intensity / duration.

        Raises `ImportFault` where the series does not reach over all of it.
        """
        first = start.timestamp()
        last = first + 3600 * duration_h
        if first < self.starts[0] or last > self.end:
            ends = [
                datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ")
                for at in (self.starts[0], self.end)
            ]
            there = (start + timedelta(hours=duration_h)).strftime("%Y-%m-%dT%H:%MZ")
            raise ImportFault(
                self.source,
                "",
                f"reaches from {ends[0]} to {ends[1]}, but the job runs from {start:%Y-%m-%dT%H:%MZ} to {there}; "
                "move its started_at, or give a longer series",
            )
        bounds = np.append(self.starts, self.end)
        overlap = np.clip(np.minimum(bounds[1:], last) - np.maximum(bounds[:-1], first), 0.0, None)
        return float(np.dot(overlap, self.intensity) / np.sum(overlap))


def with_series(draft: Draft, change: Change) -> None:
    """Give the jobs on a grid the mean intensity of the hours in which they ran."""
    if not isinstance(change.value, (str, Path)):
        raise change.fault(
            f'{change.value!r} is no text; name a CSV file with the columns time and intensity, such as "de.csv"'
        )
    path = Path(change.value)
    if change.source and not path.is_absolute():
        path = Path(change.source).parent / path
    try:
        series = _read(str(path))
    except OSError as error:
        raise change.fault(
            f"{path}: {error.strerror}; name a CSV file with the columns time and intensity"
        ) from None
    except ImportFault as error:
        raise change.fault(str(error)) from None
    _follow(draft, change, series)


def refreshed(draft: Draft, change: Change, context: tuple[Change, ...]) -> None:
    """After a job was moved, let it follow the hourly series that its scenario gave before."""
    if change.field not in _DATED:
        return
    for earlier in context:
        if earlier is change:
            return
        if earlier.section == "series":
            with_series(draft, earlier)


def _follow(draft: Draft, change: Change, series: Series) -> None:
    grids = draft.texts("jobs", "grid")
    named = sorted({grid for grid in grids if grid})
    if change.target not in named and change.target not in draft.names("grids"):
        named = [named[place] for place in fitting(change, named, "grid of a job")]
    else:
        named = [change.target]
    starts, hours = draft.texts("jobs", "started_at"), draft.floats("jobs", "duration_h")
    names = draft.names("jobs")
    for row, grid in enumerate(grids):
        if grid not in named:
            continue
        start = _moment(starts[row])
        if start is None or not hours[row] > 0:
            lacking = "start with a time of day" if start is None else "duration"
            text = f"no {lacking}, so it keeps the mean intensity of {grid}"
            draft.findings.append(finding("scenario-unused", names[row], text))
            continue
        try:
            draft.put_floats("jobs", _INTENSITY, [row], series.mean(start, float(hours[row])))
        except ImportFault as error:
            raise change.fault(f"job {names[row]}: {error}") from None


def _moment(text: str | None) -> datetime | None:
    """Return a start as a moment; a date alone counts from midnight, a month or a year says too little."""
    if text is None or len(text) < 10:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=8)
def _read(path: str) -> Series:
    """Read a CSV file with the columns time and intensity (g/kWh). Raises `ImportFault` with the line."""
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        names = list(rows.fieldnames or ())
        time = next((name for name in names if name in _TIMES), None)
        value = next((name for name in names if name in _VALUES), None)
        if time is None or value is None:
            raise ImportFault(
                path, "line 1", "the columns time and intensity are needed (g/kWh, times in UTC)"
            )
        starts, intensity = [], []
        for row in rows:
            place = f"line {rows.line_num}"
            starts.append(_start(path, place, row[time]))
            intensity.append(_value(path, place, row[value]))
    if len(starts) < 2 or np.any(np.diff(starts) <= 0):
        raise ImportFault(path, "", "a series needs two rows or more, each later than the one before")
    return Series(path, np.array(starts), np.array(intensity))


def _start(path: str, place: str, text: Any) -> float:
    try:
        moment = _moment(iso_date(str(text).strip()))
    except InputError as error:
        raise ImportFault(path, f"{place}, column time", str(error)) from None
    if moment is None:
        raise ImportFault(path, f"{place}, column time", f"{text!r} has no day; write 2024-05-31T12:00:00Z")
    return moment.timestamp()


def _value(path: str, place: str, text: Any) -> float:
    try:
        read = quantity(str(text).strip(), "gCO2e/kWh", bare="gCO2e/kWh")
        if read < 0:
            raise InputError(f"{text!r} is negative")
    except InputError as error:
        raise ImportFault(path, f"{place}, column intensity", str(error)) from None
    return read
