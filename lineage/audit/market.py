"""Zeros by contract: a supply that is bought as carbon-free is 0 g on the market, never at the place.

Without the figure of the location beside it, a run on such a supply looks as if it had cost nothing.
"""

from collections.abc import Iterator
from typing import Final

from lineage.audit.evidence import Evidence, Statement
from lineage.costs import JobFigures
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "find"]

CODE: Final = "market-zero"
_TWIN: Final = "give energy x the grid of the place as own_carbon beside it"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find zeros by contract in totals and in jobs."""
    told = set()
    for statement in evidence.statements:
        text = _of_statement(evidence, statement) if statement.counts else ""
        if text:
            told.add(statement.product)
            yield statement.finding(CODE, text)
    for item in evidence.jobs:
        text = _of_job(item)
        if text and item.job.product not in told:
            yield evidence.job_finding(CODE, item, text)


def _of_statement(evidence: Evidence, statement: Statement) -> str:
    energy = statement.stated.get("energy")
    used = f" for {show(energy, 'kWh')}" if energy else ""
    if statement.stated.get("carbon") == 0 and energy != 0:
        return (
            f"0 g at the place is stated{used}, but no place has a grid of 0 g/kWh: bought as carbon-free, "
            "or rounded away; most likely correction: own_carbon_market = 0, and own_carbon = energy x the "
            "grid of the place"
        )
    if statement.stated.get("carbon-market") != 0 or _has_location(evidence, statement):
        return ""
    return (
        f"0 g on the market is stated{used}, without the carbon of the place: 0 g/kWh holds by contract "
        f"only; most likely correction: {_TWIN}"
    )


def _has_location(evidence: Evidence, statement: Statement) -> bool:
    stated = any(
        other.counts and (other.stated.get("carbon") or 0) > 0
        for other in evidence.by_product[statement.product]
    )
    return stated or any((item.jsc_gco2e or 0) > 0 for item in evidence.jobs_of.get(statement.product, ()))


def _of_job(item: JobFigures) -> str:
    energy = item.energy.total_kwh
    if not energy:
        return ""
    location = item.intensity_gco2e_per_kwh
    if location == 0:
        return (
            f"{show(energy, 'kWh')} x 0 g/kWh = 0 g at the place, but no place has a grid of 0 g/kWh; most "
            "likely correction: grid_intensity_market = 0, and the grid of the place as grid_intensity"
        )
    if location is None and not item.market_from_location and item.intensity_market_gco2e_per_kwh == 0:
        return (
            f"{show(energy, 'kWh')} x 0 g/kWh = 0 g on the market, without the grid of the place: it holds "
            "by contract only; most likely correction: give the grid of the place as grid_intensity beside "
            "it"
        )
    return ""
