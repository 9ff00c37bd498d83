"""Superseded estimates: a figure that a later source puts at half, double, or a hundredth of it."""

import re
from collections.abc import Iterator
from typing import Final

from lineage.audit import magnitudes
from lineage.audit.comparing import Cause, Comparison, fits, told
from lineage.audit.evidence import UNITS, Evidence, Statement
from lineage.costs import JobFigures
from lineage.findings import Finding
from lineage.schema import tier_rank
from lineage.units import show

__all__ = ["CODE", "find"]

CODE: Final = "outdated-figure"
APART: Final = 2.0
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find products for which two sources state figures that are a factor of two or more apart."""
    for statements in evidence.by_product.values():
        for impact in ("carbon", "energy"):
            rows = [item for item in statements if item.counts and item.stated.get(impact)]
            found = _oldest_apart(rows, impact)
            if found is not None:
                yield found
                break
    for jobs in evidence.jobs_of.values():
        yield from _older_jobs(evidence, jobs)


def _older_jobs(evidence: Evidence, jobs: list[JobFigures]) -> Iterator[Finding]:
    """Find two publications' estimates of one training that stand as two jobs, so that both are added."""
    dated = [(_year_of(item.job.citation or ""), item) for item in jobs]
    known = [
        (year, item)
        for year, item in dated
        if year and item.job.phase == "training" and item.energy.total_kwh
    ]
    if len({item.job.citation for _, item in known}) < 2:
        return
    last, newest = max(known, key=lambda pair: pair[0])
    for year, item in known:
        mine, theirs = item.energy.total_kwh or 0.0, newest.energy.total_kwh or 0.0
        if year < last and not 1 / APART < mine / theirs < APART:
            yield evidence.job_finding(
                CODE,
                item,
                f"{show(mine, 'kWh')} ({item.job.citation}) over {show(theirs, 'kWh')} of job "
                f"{newest.job.id} ({newest.job.citation}) is {told(mine / theirs)}, and both are added: the "
                "later source replaces the older; most likely correction: leave this job out, or keep its "
                "figure as a total with `superseded`",
            )


def _oldest_apart(rows: list[Statement], impact: str) -> Finding | None:
    """Return a finding for the older of two figures that are far apart, where they are not of one source."""
    if len(rows) < 2:
        return None
    newest = max(rows, key=lambda item: (_year(item), -tier_rank(item.tier), item.order))
    for item in rows:
        ratio = item.stated[impact] / newest.stated[impact]
        if item.who == newest.who or 1 / APART < ratio < APART or _other_grid(item, newest, impact):
            continue
        unit = UNITS[impact]
        slip = magnitudes.cause(
            Comparison(
                subject=item.id,
                impact=impact,
                stated=item.stated[impact],
                implied=newest.stated[impact],
                arithmetic="",
            )
        )
        why = _why(item, newest, slip)
        return item.finding(
            CODE if slip is None else magnitudes.CODE,
            f"{show(item.stated[impact], unit)} ({item.who}) over {show(newest.stated[impact], unit)} "
            f"({newest.who}) is {told(ratio)}: {why}",
        )
    return None


def _why(item: Statement, newest: Statement, slip: Cause | None) -> str:
    if slip is not None:
        return f"perhaps {slip.why}; most likely correction: {slip.correction}"
    later = "the later source replaces the older" if _year(newest) > _year(item) else "one replaces the other"
    return f"{later}; most likely correction: say so in the column `superseded` of the row that is withdrawn"


def _other_grid(item: Statement, newest: Statement, impact: str) -> bool:
    """Whether the energies of two rows agree, so that only the grid differs (`other-grid` says so)."""
    mine, theirs = item.stated.get("energy"), newest.stated.get("energy")
    return impact == "carbon" and bool(mine) and bool(theirs) and fits((mine or 0) / (theirs or 1), 1.0, 0.15)


def _year(item: Statement) -> int:
    """Return the year of the publication that a row names, 0 where it names none."""
    return _year_of(item.citation)


def _year_of(text: str) -> int:
    return max(map(int, _YEAR.findall(text)), default=0)
