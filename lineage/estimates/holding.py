"""How the ranges hold: every published case estimated from all the others, and the tables of docs/estimates.md."""

import math
import re
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from lineage.estimates.calibration import Calibration, calibrated
from lineage.estimates.cases import Case, published_cases
from lineage.estimates.impacts import accelerator_of_year, embodied_rate, widened
from lineage.estimates.spans import Span, Term, product
from lineage.estimates.trends import epoch_rows
from lineage.factors import Shelf, shelf

__all__ = ["Held", "held_out", "report", "summary"]


@dataclass(frozen=True, slots=True)
class Held:
    """A published figure and the interval that all other cases give for it: kWh, or gCO2e."""

    kind: str
    case: str
    published: float
    lo: float
    best: float
    hi: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the published figure."""
        return self.lo <= self.published <= self.hi

    @property
    def width(self) -> float:
        """hi / lo."""
        return self.hi / self.lo


Estimator = Callable[[Case, Calibration, Shelf], "tuple[Term, ...] | None"]


def _hours(case: Case, found: Calibration, table: Shelf) -> tuple[Term, ...] | None:
    hardware = table.accelerator(case.accelerator) if case.accelerator else None
    if hardware is None or case.device_hours is None:
        return None
    power = hardware.power_w
    rated = Span.of(power.lo / 1000, power.value / 1000, power.hi / 1000)
    hours = Term("device-hours", Span.exact(case.device_hours))
    return (
        hours,
        Term("power", rated),
        Term("draw", found.ranges["draw"].span),
        Term("PUE", found.ranges["pue"].span),
    )


def _tokens(case: Case, found: Calibration, table: Shelf) -> tuple[Term, ...] | None:
    if case.step != "training" or case.flop is None:
        return None
    rate = found.ranges["rate"].span.scaled(found.rate.at(case.year))
    return (Term("compute", Span.exact(case.flop)), Term("rate", rate))


def _size(case: Case, found: Calibration, table: Shelf) -> tuple[Term, ...] | None:
    if case.step != "training" or case.parameters is None:
        return None
    rate = found.ranges["rate"].span.scaled(found.rate.at(case.year))
    size = math.sqrt(case.parameters * (case.active_parameters or case.parameters))
    compute = found.ranges["flop"].span.scaled(found.flop.at(case.year, size))
    return (Term("compute", compute), Term("rate", rate))


def _energy(case: Case, found: Calibration, table: Shelf) -> tuple[Term, ...] | None:
    if case.energy_kwh is None:
        return None
    return (Term("energy", Span.exact(case.energy_kwh)),)


def _carbon(case: Case, found: Calibration, table: Shelf, *, place: bool) -> Term | None:
    """Return carbon per kWh at the place of a case, or at an unknown one."""
    made = embodied_rate(table, accelerator_of_year(int(case.year)))[:3]
    if not place:
        used = found.ranges["grid-unknown"]
        return Term("carbon", Span.of(used.lo + made[0], used.best + made[1], used.hi + made[2]))
    choice = table.grid(case.place, year=int(case.year)) if case.place else None
    if choice is None:
        return None
    lo, best, hi = widened(choice.factor, found.ranges["grid"])
    return Term("carbon", Span.of(lo + made[0], best + made[1], hi + made[2]))


WAYS: dict[str, Estimator] = {
    "device-hours and hardware": _hours,
    "parameters, tokens and year": _tokens,
    "parameters and year": _size,
}


def held_out(cases: Iterable[Case] | None = None) -> list[Held]:
    """Estimate every published case from a calibration without it, and without any other row of its model."""
    everything = tuple(published_cases() if cases is None else cases)
    table, epoch = shelf(adapters=False), epoch_rows()
    rows: list[Held] = []
    for model in dict.fromkeys(case.model for case in everything):
        others = [case for case in everything if case.model != model]
        rest = [row for row in epoch if not _same(row.model, model)]
        found = calibrated(others, rest, table)
        for case in (case for case in everything if case.model == model):
            rows += _one(case, found, table)
    return rows


def _same(one: str, other: str) -> bool:
    """Whether two names may be one model: one is the beginning of the other.

    >>> _same("GPT-3 175B (davinci)", "GPT-3 175B"), _same("LLaMA-7B", "LLaMA 65B")
    (True, False)
    """
    left, right = (
        re.sub(r"[^a-z0-9.]+", " ", name.lower().partition("(")[0]).strip() for name in (one, other)
    )
    return left.startswith(right) or right.startswith(left)


def _one(case: Case, found: Calibration, table: Shelf) -> list[Held]:
    rows = []
    ways = WAYS | {"energy": _energy}
    for way, estimator in ways.items():
        terms = estimator(case, found, table)
        if terms is None:
            continue
        if case.energy_kwh is not None and way != "energy":
            rows.append(Held(f"energy from {way}", case.case, case.energy_kwh, *product(terms).at(0)))
        for place in (True, False):
            rate = _carbon(case, found, table, place=place)
            if case.carbon_gco2e is None or rate is None or case.step != "training":
                continue
            told = f"carbon from {way}, place {'known' if place else 'unknown'}"
            rows.append(Held(told, case.case, case.carbon_gco2e, *product((*terms, rate)).at(0)))
    return rows


def summary(rows: Iterable[Held]) -> dict[str, tuple[int, float, float, float]]:
    """Return per kind: cases, the part of them that holds, the median hi / lo, and the median of best / published."""
    by_kind: dict[str, list[Held]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    return {
        kind: (
            len(group),
            float(np.mean([row.holds for row in group])),
            statistics.median(row.width for row in group),
            statistics.median(row.best / row.published for row in group),
        )
        for kind, group in sorted(
            by_kind.items(), key=lambda item: (not item[0].startswith("energy"), item[0])
        )
    }


def report(found: Calibration) -> str:
    """Return the ranges, and how they hold on the cases left out, as two Markdown tables."""
    lines = ["| range | low | best | high | unit | cases | from |", "|---|---|---|---|---|---|---|"]
    for item in found.ranges.values():
        if item.unit == "log10":
            continue
        numbers = " | ".join(f"{x:.3g}" for x in (item.lo, item.best, item.hi))
        lines.append(
            f"| {item.meaning} | {numbers} | {item.unit if item.unit != '1' else ''} | {item.cases} | {item.source} |"
        )
    rows = held_out()
    lines += [
        "",
        "| left out, then estimated: | cases | held | median hi / lo | median best / published |",
        "|---|---|---|---|---|",
    ]
    for kind, (count, held, width, centre) in summary(rows).items():
        lines.append(f"| {kind} | {count} | {held:.0%} | {width:.1f} | {centre:.2f} |")
    missed = [
        f"{row.case} ({row.kind}: {row.published / row.best:.2f} x best)" for row in rows if not row.holds
    ]
    lines += ["", f"Not held: {'; '.join(missed) or 'none'}."]
    return "\n".join(lines)
