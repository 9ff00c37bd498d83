"""Energy that contradicts hardware x hours x power, and power that no such device draws."""

from collections.abc import Iterator
from typing import Final

from lineage.audit.comparing import Cause, Comparison, number
from lineage.audit.device_hours import by_devices, by_row
from lineage.audit.evidence import Evidence
from lineage.audit.hardware import Drawn, allowed_kwh, drawn
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "cause", "find"]

CODE: Final = "energy-contradicts"
# Of the rated power of the device: idle at a tenth, with its share of the host and the building at four times.
LEAST_PART, MOST_PART = 0.08, 4.0


def cause(comparison: Comparison) -> Cause | None:
    """Return the contradiction of an energy that nothing else explains."""
    if comparison.impact != "energy":
        return None
    return Cause("energy and hardware x hours x power contradict each other", show(comparison.implied, "kWh"))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find energy that is no power of the device that a job, or a row, names."""
    for item in evidence.jobs:
        used = drawn(evidence, item)
        if used is not None and not LEAST_PART <= used.part <= MOST_PART and not by_devices(used, item):
            yield evidence.job_finding(CODE, item, _drawn_text(used))
    for statement in evidence.statements:
        allowed, energy = allowed_kwh(statement), statement.stated.get("energy")
        if allowed is None or not energy or not statement.counts or allowed[0] <= energy <= allowed[1]:
            continue
        if by_row(statement, "energy"):
            continue  # its devices explain it
        least, most, named = allowed
        span = f"{show(least, 'kWh')} to {show(most, 'kWh')}"
        yield statement.finding(
            CODE,
            f"{show(energy, 'kWh')} is stated, but {named} take {span}: energy and hardware x hours x power "
            "contradict each other; most likely correction: a figure in that range, or other hours",
        )


def _drawn_text(used: Drawn) -> str:
    implied = used.rated_w * used.device_hours / 1000
    return (
        f"{show(used.energy_kwh, 'kWh')} over {number(used.device_hours)} device-hours is "
        f"{number(used.watts)} W each, but {used.device} is rated at {number(used.rated_w)} W: "
        f"{used.part:.2g} times; most likely correction: about {show(implied, 'kWh')} "
        f"({number(used.device_hours)} h x {number(used.rated_w)} W), or other hours"
    )
