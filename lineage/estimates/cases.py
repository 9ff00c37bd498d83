"""The published runs that the ranges come from (lineage/data/estimates/cases.csv), and what each of them says."""

import csv
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lineage.factors import Shelf

__all__ = ["Case", "draw_of", "energy_of", "grid_ratio", "published_cases", "rated_kwh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A published run (lineage/data/estimates/cases.csv); None is not published."""

    case: str
    model: str
    step: str
    parameters: float | None
    active_parameters: float | None
    teacher_parameters: float | None
    tokens: float | None
    year: float
    accelerator: str
    device_hours: float | None
    place: str
    pue: float | None
    energy_kwh: float | None
    pue_inside: bool
    carbon_gco2e: float | None
    source: str

    @property
    def flop(self) -> float | None:
        """6 x active parameters x tokens; None where one of them is unknown."""
        if self.active_parameters is None or self.tokens is None:
            return None
        return 6 * self.active_parameters * self.tokens


_TEXTS: Final = frozenset({"case", "model", "step", "accelerator", "place", "source"})


@cache
def published_cases() -> tuple[Case, ...]:
    """Return all published cases."""
    text = (files("lineage") / "data" / "estimates" / "cases.csv").read_text(encoding="utf-8")
    return tuple(_case(row) for row in csv.DictReader(text.splitlines()))


def _case(row: dict[str, str]) -> Case:
    values: dict[str, Any] = {}
    for item in fields(Case):
        cell = row[item.name]
        if item.name in _TEXTS:
            values[item.name] = cell
        elif item.name == "pue_inside":
            values[item.name] = cell == "yes"
        else:
            values[item.name] = float(cell) if cell else None
    return Case(**values)


def rated_kwh(case: Case, table: Shelf) -> float | None:
    """Return device-hours x rated power in kWh."""
    found = table.accelerator(case.accelerator)
    if found is None or case.device_hours is None:
        return None
    return case.device_hours * found.power_w.value / 1000


def draw_of(case: Case, table: Shelf) -> float | None:
    """Return the IT energy of a case over device-hours x rated power; None where something is not published."""
    rated = rated_kwh(case, table)
    if rated is None or case.energy_kwh is None or (case.pue_inside and case.pue is None):
        return None
    return case.energy_kwh / (case.pue if case.pue_inside and case.pue else 1.0) / rated


def energy_of(case: Case, draw: float, pue: float, table: Shelf) -> float | None:
    """Return the energy of a case with cooling: published, from device-hours, or from carbon over the grid."""
    if case.energy_kwh is not None:
        return case.energy_kwh if case.pue_inside else case.energy_kwh * (case.pue or pue)
    rated = rated_kwh(case, table)
    if rated is not None:
        return rated * draw * pue
    if case.carbon_gco2e is None:
        return None
    grid = table.grid(case.place or "world", year=int(case.year))
    return None if grid is None else case.carbon_gco2e / grid.factor.value


def grid_ratio(case: Case, table: Shelf) -> float | None:
    """Return carbon per kWh as published over the table's, where place, energy and carbon are known."""
    choice = table.grid(case.place, year=int(case.year)) if case.place else None
    if choice is None or case.energy_kwh is None or case.carbon_gco2e is None:
        return None
    return case.carbon_gco2e / case.energy_kwh / choice.factor.value
