"""Hours of devices taken for hours of the clock, or the number of devices multiplied twice.

"GPU hours" in a card means either. Where a figure is N times what devices x power x time give, or 1/N of it,
for N devices, the one was taken for the other.
"""

from collections.abc import Iterator
from typing import Final

from lineage.audit.comparing import Cause, Comparison, fits, number
from lineage.audit.evidence import UNITS, Evidence, Statement
from lineage.audit.hardware import Drawn, Worked, drawn, grid_span, worked
from lineage.costs import JobFigures
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "by_devices", "by_row", "cause", "find"]

CODE: Final = "hours-suspect"
LONGEST_H: Final = 2 * 8760.0  # no single run of training lasts two years
# What a device at work draws of its rated power, with its share of the host and the building.
_LEAST_PART, _MOST_PART = 0.3, 1.6


def cause(comparison: Comparison) -> Cause | None:
    """Return how the number of devices explains a comparison, if it does."""
    devices = comparison.devices
    if devices < 2 or not comparison.by_power:
        return None
    count, within = number(devices), 0.05 if devices < 4 else 0.08
    corrected = show(comparison.implied, comparison.unit)
    if fits(comparison.ratio, devices, within):
        why = (
            f"that is the {count} devices again, so hours of devices were multiplied by the devices once more"
        )
        return Cause(why, corrected)
    if fits(comparison.ratio, 1 / devices, within):
        why = f"that is one of {count} devices, so hours of the clock were taken for hours of devices"
        return Cause(why, f"{corrected}, if the hours are those of the clock")
    return None


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find device-hours that are not devices x time, and times that no run lasts."""
    for item in evidence.jobs:
        text = _counted_twice(item) or _too_long(item) or _drawn_text(drawn(evidence, item), item)
        if text:
            yield evidence.job_finding(CODE, item, text)
    for statement in evidence.statements:
        texts = (by_row(statement, impact) for impact in ("energy", "carbon") if statement.counts)
        text = next(filter(None, texts), "")
        if text:
            yield statement.finding(CODE, text)


def by_row(statement: Statement, impact: str) -> str:
    """Say where the devices that a row names were multiplied once more for its figure, or left out of it; else "".

    Only beyond what its hardware and hours allow: what they do allow is no slip, whatever the hours mean.
    """
    work, value = worked(statement), statement.stated.get(impact)
    if work is None or not value or work.named.count < 2:
        return ""
    low, high, place = (1.0, 1.0, "") if impact == "energy" else grid_span(statement)
    unit, count = UNITS[impact], work.named.count
    on = f" on {low:.3g} to {high:.4g} g/kWh ({place})" if place else ""
    least, most = work.least_kwh * low, work.most_kwh * high
    if value > most and least <= value / count <= most:
        return (
            f"{show(value, unit)} is stated, but {work.words}{on} give {show(least, unit)} to "
            f"{show(most, unit)}: that is the {number(count)} devices again, so hours of devices were multiplied "
            f"by the devices once more; most likely correction: {show(value / count, unit)}"
        )
    if not _is_of_one(work, value, low, high):
        return ""
    return (
        f"{show(value, unit)} is stated, but {work.words}{on} give {show(work.least_by_clock_kwh * low, unit)} to "
        f"{show(most, unit)}: that is one of {number(count)} devices, so hours of the clock were taken for hours of "
        f"devices; most likely correction: {show(value * count, unit)}, or {number(work.hours)} h as device_hours "
        "if they are those of all devices"
    )


def _is_of_one(work: Worked, value: float, low: float, high: float) -> bool:
    """Say whether a figure is that of one of the devices, and none that all of them have for hours of the clock."""
    if work.of_devices or value >= work.least_by_clock_kwh * low:
        return False
    return work.least_kwh * low <= value <= _MOST_PART * work.one_kwh * high


def _counted_twice(item: JobFigures) -> str:
    job = item.job
    if job.device_hours is None or not job.duration_h or job.device_count < 2:
        return ""
    product = job.device_count * job.duration_h
    stated = f"{number(job.device_hours)} device-hours are stated"
    arithmetic = f"{number(job.device_count)} devices x {number(job.duration_h)} h = {number(product)}"
    if fits(job.device_hours, product * job.device_count, 0.05):
        return (
            f"{stated}, but {arithmetic}: that is the devices multiplied twice; most likely correction: "
            f"{number(product)} device-hours"
        )
    if fits(job.device_hours, job.duration_h, 0.05):
        return (
            f"{stated}, but {arithmetic}: that is the time on the clock; most likely correction: "
            f"{number(product)} device-hours"
        )
    return ""


def by_devices(used: Drawn, item: JobFigures) -> float | None:
    """Return the number of devices, or 1 over it, where that makes a power that a device draws of none."""
    devices = item.job.device_count
    if devices < 2 or _LEAST_PART <= used.part <= 2 * _MOST_PART:
        return None
    return next((n for n in (devices, 1 / devices) if _LEAST_PART <= used.part / n <= _MOST_PART), None)


def _drawn_text(used: Drawn | None, item: JobFigures) -> str:
    times = None if used is None else by_devices(used, item)
    if used is None or times is None:
        return ""
    count = number(item.job.device_count)
    meant = "counted twice" if times > 1 else "left out: hours of the clock were taken for hours of devices"
    return (
        f"{show(used.energy_kwh, 'kWh')} over {number(used.device_hours)} device-hours is "
        f"{number(used.watts)} W each, {used.part:.2g} times the {number(used.rated_w)} W of {used.device}: "
        f"the {count} devices were {meant}; most likely correction: {show(used.energy_kwh / times, 'kWh')} "
        f"({number(used.watts / times)} W each)"
    )


def _too_long(item: JobFigures) -> str:
    job = item.job
    if not job.makes or job.duration_h is None or job.duration_h <= LONGEST_H:
        return ""
    years = job.duration_h / 8760
    corrected = f"device_hours {number(job.duration_h)} and no duration"
    if job.device_count > 1:
        corrected += (
            f" ({number(job.duration_h)} / {number(job.device_count)} devices = "
            f"{number(job.duration_h / job.device_count)} h)"
        )
    return (
        f"a duration of {number(job.duration_h)} h is {years:.1f} years of one run: hours of devices, not "
        f"of the clock; most likely correction: {corrected}"
    )
