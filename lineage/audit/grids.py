"""Carbon that contradicts energy x grid, and one run that is stated on two grids or two bases."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from lineage.audit.comparing import Cause, Comparison, digits, fits, number
from lineage.audit.copies import SURE_DIGITS
from lineage.audit.device_hours import by_row
from lineage.audit.evidence import Evidence, Statement
from lineage.audit.hardware import Span, allowed_gco2e, span_of
from lineage.audit.magnitudes import HIGHEST, LOWEST, carbon_slip, slip_into
from lineage.costs import Job, JobFigures
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "OTHER", "cause", "find"]

CODE: Final = "carbon-contradicts"
OTHER: Final = "other-grid"
_APART: Final = 0.05  # intensities that differ by less are one grid, rounded
CLEAN_LEAST, CLEAN_MOST = 4.0, 50.0  # g/kWh of one supplier of water, wind or atoms, life cycle


def cause(comparison: Comparison) -> Cause | None:
    """Return the contradiction of a carbon that nothing else explains, with the grid that it would need."""
    if comparison.impact == "energy":
        return None
    needed = ""
    if comparison.intensity:
        grid = number(comparison.intensity * comparison.ratio)
        needed = f"; {show(comparison.stated, 'gCO2e')} would need {grid} g/kWh"
    return Cause(f"carbon and energy x grid contradict each other{needed}", show(comparison.implied, "gCO2e"))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find runs on two grids, and carbon that the place or the hardware of the same row does not allow."""
    for statements in evidence.by_product.values():
        yield from _two_rows([item for item in statements if item.counts])
    for jobs in evidence.jobs_of.values():
        yield from _two_jobs(evidence, jobs)
    for statement in evidence.statements:
        if statement.counts and statement.stated.get("carbon"):
            contract = _by_contract(evidence, statement)
            if contract:
                # Less than a warning: such a figure is right on its basis.
                yield replace(statement.finding(OTHER, contract), severity="info")
                continue
            text = (
                _by_place(evidence, statement) or _by_hardware(statement) or _by_no_grid(evidence, statement)
            )
            if text:
                yield statement.finding(CODE, text)


# -- one run on two grids ----------------------------------------------------------------------------------


def _two_rows(rows: list[Statement]) -> Iterator[Finding]:
    both = [item for item in rows if item.stated.get("energy") and item.stated.get("carbon")]
    for first, second in pairwise(both):
        texts = [(item.stated["energy"], item.stated["carbon"]) for item in (first, second)]
        (energy, carbon), (other_energy, other_carbon) = texts
        grid, other = carbon / energy, other_carbon / other_energy
        if fits(energy / other_energy, 1.0, 0.15) and not fits(grid / other, 1.0, _APART):
            yield second.finding(
                OTHER,
                f"{show(other_carbon, 'gCO2e')} / {show(other_energy, 'kWh')} = {number(round(other, 1))} "
                f"g/kWh ({second.who}), and {show(carbon, 'gCO2e')} / {show(energy, 'kWh')} = "
                f"{number(round(grid, 1))} g/kWh ({first.who}): one run on two grids; most likely "
                "correction: keep the grid of its place, and mark the other row `superseded`, or as "
                "own_carbon_market",
            )


def _two_jobs(evidence: Evidence, jobs: list[JobFigures]) -> Iterator[Finding]:
    """Find a run that stands twice: the same phase, hours or energy, on another grid; both would be added."""
    for place, first in enumerate(jobs):
        for second in jobs[place + 1 :] if len(jobs) < 1000 else ():
            text = _again(first, second)
            if text:
                yield evidence.job_finding(OTHER, second, text)


def _again(first: JobFigures, second: JobFigures) -> str:
    a, b = first.job, second.job
    grid, other = _any_intensity(first), _any_intensity(second)
    if a.phase != b.phase or not grid or not other or fits(grid / other, 1.0, _APART):
        return ""
    if a.started_at is not None and b.started_at is not None and a.started_at != b.started_at:
        return ""
    same_hours = bool(a.device_hours and b.device_hours) and fits(
        a.device_hours or 0, b.device_hours or 0, 0.002
    )
    same_run = (
        a.duration_h is not None and a.duration_h == b.duration_h and a.device_count == b.device_count > 1
    )
    same_energy = a.energy_kwh is not None and a.energy_kwh == b.energy_kwh and a.energy_kwh > 0
    if not (same_hours or same_run or same_energy) or _may_be_two(first, second):
        return ""
    carbon, more = first.jsc_market_gco2e, second.jsc_market_gco2e
    if first.intensity_gco2e_per_kwh is not None and second.intensity_gco2e_per_kwh is not None:
        carbon, more = first.jsc_gco2e, second.jsc_gco2e
    return (
        f"the same {a.phase} as job {a.id}, on {number(other)} g/kWh ({show(more, 'gCO2e')}) in place of "
        f"{number(grid)} g/kWh ({show(carbon, 'gCO2e')}): one run on two grids, and both are added; most "
        "likely correction: one job, the second intensity as grid_intensity_market if it is one of "
        "contracts, else left out"
    )


def _may_be_two(first: JobFigures, second: JobFigures) -> bool:
    """Say whether two jobs that are alike may be two runs: one for each site, and equal because they are round.

    One run on two bases, or in two publications, is one run whatever its digits.
    """
    by_place = [item.intensity_gco2e_per_kwh is not None for item in (first, second)]
    a, b = first.job, second.job
    published_twice = bool(a.citation and b.citation) and a.citation != b.citation
    return all(by_place) and not published_twice and _most_digits(a, b) < SURE_DIGITS


def _most_digits(a: Job, b: Job) -> int:
    """Return the digits of the figure that two jobs have in common with the most of them."""
    pairs = (
        (a.device_hours, b.device_hours),
        (a.duration_h, b.duration_h),
        (a.energy_kwh, b.energy_kwh),
    )
    return max((digits(one) for one, other in pairs if one and other and one == other), default=0)


def _any_intensity(item: JobFigures) -> float | None:
    """Return the intensity of the place, else that of the market."""
    location = item.intensity_gco2e_per_kwh
    return item.intensity_market_gco2e_per_kwh if location is None else location


# -- what a row's own place and hardware allow -------------------------------------------------------------


def _off_place(evidence: Evidence, statement: Statement) -> tuple[float, Span] | None:
    """Return carbon / energy of a row, where its place does not have it and no unit explains it."""
    energy, span = statement.stated.get("energy"), span_of(statement)
    if not energy or span is None or evidence.jobs_of.get(statement.product):
        return None
    intensity = statement.stated["carbon"] / energy
    slipped = not LOWEST <= intensity <= HIGHEST and carbon_slip(intensity, span) is not None
    return None if span.holds(intensity) or slipped else (intensity, span)


def _by_contract(evidence: Evidence, statement: Statement) -> str:
    """Say where carbon / energy is below the grid of the place, but what one clean supplier has."""
    off = _off_place(evidence, statement)
    if off is None or off[0] >= off[1].low or not CLEAN_LEAST <= off[0] <= CLEAN_MOST:
        return ""
    intensity, span = off
    carbon, energy, grid = statement.stated["carbon"], statement.stated["energy"], span.choice.factor
    return (
        f"{show(carbon, 'gCO2e')} / {show(energy, 'kWh')} = {number(round(intensity, 1))} g/kWh, below the "
        f"{grid.lo:.4g} to {grid.hi:.4g} g/kWh of {grid.name} ({grid.citation}): a supplier of water, wind or nuclear "
        f"power has that ({CLEAN_LEAST:g} to {CLEAN_MOST:g}), so it is most likely the figure of a contract; most "
        f"likely correction: own_carbon_market = {show(carbon, 'gCO2e')}, and own_carbon = energy x the grid of the "
        f"place, {show(energy * grid.value, 'gCO2e')}"
    )


def _by_place(evidence: Evidence, statement: Statement) -> str:
    """Judge carbon / energy by the grid of the place that the row names."""
    off = _off_place(evidence, statement)
    if off is None:
        return ""
    intensity, span = off
    carbon, energy, grid = statement.stated["carbon"], statement.stated["energy"], span.choice.factor
    low, high = energy * grid.lo, energy * grid.hi
    return (
        f"{show(carbon, 'gCO2e')} / {show(energy, 'kWh')} = {number(round(intensity, 1))} g/kWh, but "
        f"{grid.name} has {grid.lo:.4g} to {grid.hi:.4g} g/kWh ({grid.citation}): carbon and energy x grid "
        f"contradict each other; most likely correction: {show(low, 'gCO2e')} to {show(high, 'gCO2e')}, or "
        "another place"
    )


def _by_no_grid(evidence: Evidence, statement: Statement) -> str:
    """Judge carbon / energy where no unit explains that no supply has such an intensity."""
    energy, carbon = statement.stated.get("energy"), statement.stated["carbon"]
    if not energy or evidence.jobs_of.get(statement.product) or LOWEST <= carbon / energy <= HIGHEST:
        return ""
    if span_of(statement) is not None or carbon_slip(carbon / energy) is not None:
        return ""
    return (
        f"{show(carbon, 'gCO2e')} / {show(energy, 'kWh')} = {number(carbon / energy)} g/kWh, but supplies "
        f"lie between {LOWEST:g} and {HIGHEST:,.0f} g/kWh; most likely correction: "
        f"{show(energy * 400, 'gCO2e')} on a grid of 400 g/kWh"
    )


def _by_hardware(statement: Statement) -> str:
    """Judge a carbon by the hardware and hours that the row names."""
    allowed, carbon = allowed_gco2e(statement), statement.stated["carbon"]
    if allowed is None or allowed.gco2e <= carbon <= allowed.most_gco2e or slip_into(allowed, carbon):
        return ""
    if by_row(statement, "carbon"):
        return ""
    span = f"{show(allowed.gco2e, 'gCO2e')} to {show(allowed.most_gco2e, 'gCO2e')}"
    return (
        f"{show(carbon, 'gCO2e')} is stated, but {allowed.text} give {span}: carbon and "
        "hardware x hours x grid contradict each other; most likely correction: a figure in that range"
    )
