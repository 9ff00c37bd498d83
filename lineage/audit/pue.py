"""A PUE that is applied twice, or left out of a figure: some sources print energy with it, some without."""

from collections.abc import Iterator
from typing import Final

from lineage.audit.comparing import AGREED, Cause, Comparison, fits
from lineage.audit.evidence import Evidence
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "cause", "find"]

CODE: Final = "pue-suspect"
WITHIN: Final = 0.015
LEAST: Final = 1.03  # below, rounding explains as much
HIGHEST: Final = 3.0  # the worst rooms
_COMMON: Final = 1.7


def cause(comparison: Comparison) -> Cause | None:
    """Return how the PUE explains a comparison, if it does."""
    pue = comparison.pue
    if pue is None:
        return _missing(comparison)
    if pue < LEAST:
        return None
    corrected = show(comparison.implied, comparison.unit)
    if fits(comparison.ratio, 1 / pue, WITHIN):
        why = f"that is 1/{pue:g}, so the PUE of {pue:g} was left out"
        return Cause(why, f"{corrected}, or no PUE at all if the rest of the table has none")
    if fits(comparison.ratio, pue, WITHIN):
        if comparison.impact == "energy" and comparison.subject_is_job:
            why = f"that is the PUE of {pue:g}, which the energy holds already and which is applied once more"
            return Cause(why, "pue_included = yes")
        why = f"that is the PUE of {pue:g} once more, so it was applied twice"
        return Cause(why, corrected)
    return None


def _missing(comparison: Comparison) -> Cause | None:
    """Return a PUE that nobody gave and that would explain the difference."""
    if not comparison.without_pue or not 1 + AGREED < comparison.ratio <= _COMMON:
        return None
    pue = f"{comparison.ratio:.2f}"
    why = f"no PUE is given, and one of {pue} would explain it, so the figure most likely holds it"
    return Cause(why, f"pue = {pue}, if the source prints it")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find a PUE that no data centre has."""
    for item in evidence.jobs:
        pue = item.job.pue
        if pue is not None and pue > HIGHEST:
            way = f"{pue / 100:.2f}, as a percentage" if 100 <= pue <= 100 * HIGHEST else "look it up again"
            text = (
                f"a PUE of {pue:g} is stated, but it is total energy over IT energy, 1.05 to 2 where it is "
                f"published: {pue:g} would be {pue - 1:g} kWh of cooling and loss per kWh of IT; most "
                f"likely correction: {way}"
            )
            yield evidence.job_finding(CODE, item, text)
