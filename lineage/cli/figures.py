"""Figures as people and tables read them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage.cli.text import share
from lineage.explanation.wording import at_least
from lineage.findings import Finding, count_by_code
from lineage.schema import UNIT_SUFFIXES
from lineage.units import show

if TYPE_CHECKING:
    from lineage.run import Run
    from lineage.views.interval import Interval

__all__ = [
    "amount",
    "amount_columns",
    "choices",
    "finding_notes",
    "full_amount",
    "header",
    "shares_by_tier",
    "unit_suffix",
]


def unit_suffix(unit: str) -> str:
    """Return a unit as the end of a column name.

    >>> unit_suffix("gCO2e")
    'gco2e'
    """
    return UNIT_SUFFIXES[unit]


def amount(value: "Interval | None", unit: str) -> str:
    """Return a figure: "?" where nothing is known, "≥" before one that something unknown has part in."""
    return at_least(value, unit)


def full_amount(value: "Interval | None", unit: str) -> str:
    """Return a figure with its bounds, where they differ: "100 g (80 g to 120 g)"."""
    text = amount(value, unit)
    if value is None or value.best is None or value.hi is None or value.lo is None:
        return text
    bounds = {show(value.lo, unit), show(value.hi, unit)} - {show(value.best, unit)}
    return f"{text} ({show(value.lo, unit)} to {show(value.hi, unit)})" if bounds else text


def amount_columns(view: str, value: "Interval | None", unit: str) -> dict[str, float | None]:
    """Return the flat columns of a figure: own_gco2e, own_gco2e_lo, own_gco2e_hi."""
    stem = f"{view}_{unit_suffix(unit)}"
    if value is None:
        return {stem: None, f"{stem}_lo": None, f"{stem}_hi": None}
    return {stem: value.best, f"{stem}_lo": value.lo, f"{stem}_hi": value.hi}


def header(run: "Run", what: str, engine: str | None = None) -> str:
    """Return the line that says how figures of the run's impact were computed."""
    return f"{what} in {run.unit}; impact: {run.impact}; {choices(run, engine)}"


def choices(run: "Run", engine: str | None = None) -> str:
    """Return how a lineage was shared out: policy, date, and what differs from the default."""
    parts = [f"policy: {_policy(run)}", f"as of: {run.as_of or 'now'}"]
    if run.cycles != "error":
        parts.append(f"cycles: {run.cycles}")
    if run.users != "all":
        parts.append(f"users: {run.users}")
    if run.impute:
        parts.append("unknown own costs: estimated")
    if run.factors is not None:
        parts.append(f"factors: {run.factors}")
    if engine is not None:
        parts.append(f"engine: {engine}")
    return "; ".join(parts)


def _policy(run: "Run") -> str:
    if run.policy == "property":
        return f"property ({run.property})"
    if run.policy == "cff":
        return f"cff (A = {run.cff_a:g}, {run.quality})"
    return run.policy if run.retain else f"{run.policy} (own use keeps nothing)"


def finding_notes(findings: Sequence[Finding], *, verbose: bool) -> list[str]:
    """Return one line that counts findings by code, or all of them where the user asked for more."""
    if not findings:
        return []
    if verbose:
        return [f"{item.severity}: {item.code}: {item.subject}: {item.text}" for item in findings]
    counts = ", ".join(f"{code} {count:,}" for code, count in count_by_code(findings).items())
    return [f"Findings: {counts} (lineage check lists them)"]


def shares_by_tier(shares: dict[str, float]) -> str:
    """Return the cost by tier on one line."""
    return ", ".join(f"{tier} {share(part)}" for tier, part in shares.items()) or "nothing is known"
