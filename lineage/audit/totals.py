"""Totals that hold other rows: family totals, totals of earlier totals, a child's total with its "
"parent's in it."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from lineage.audit.comparing import digits, fits
from lineage.audit.evidence import UNITS, Evidence, Statement
from lineage.audit.names import family, is_total, total_of
from lineage.findings import Finding
from lineage.kernels.jobs_values import total
from lineage.units import show

__all__ = ["CODE", "find"]

CODE: Final = "total-suspect"
WHOLE: Final = 0.01  # a total of all members, each rounded
PART: Final = 0.001  # a total of some of them: chance must be kept out
MOST_MEMBERS: Final = 6  # of a family, some of which are tried
MOST_ROWS: Final = 60
SURE_MEMBERS: Final = 3  # of a sum that no name tells: 2 t + 3 t = 5 t happens
SURE_DIGITS: Final = 3
_IMPACTS: Final = ("carbon", "energy")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find totals that hold others without saying so, and such that cannot hold what they say."""
    for statement in evidence.statements:
        if statement.withdrawn:
            continue
        texts = (_text(evidence, statement, impact) for impact in _IMPACTS if statement.stated.get(impact))
        text = next(filter(None, texts), "")
        if text:
            yield statement.finding(CODE, text)


def _text(evidence: Evidence, statement: Statement, impact: str) -> str:
    if statement.contains:
        return _declared(evidence, statement, impact)
    return (
        _of_family(evidence, statement, impact)
        or _of_earlier(evidence, statement, impact)
        or _of_source(evidence, statement, impact)
        or _with_parent(evidence, statement, impact)
    )


def _declared(evidence: Evidence, statement: Statement, impact: str) -> str:
    """Say where a total is smaller than the totals that it says to hold; their jobs may be more "
    "than it meant."""
    held = [evidence.graph.codes.get(name, -1) for name in statement.contains]
    figures = [_stated(evidence, code, impact) for code in held]
    known = sum(value for value in figures if value is not None)
    stated = statement.stated[impact]
    if known <= stated * (1 + WHOLE):
        return ""
    unit = UNITS[impact]
    return (
        f"{show(stated, unit)} is said to hold {', '.join(statement.contains)}, but these add up to "
        f"{show(known, unit)} ({show(known - stated, unit)} more); most likely correction: fewer products "
        "in `contains`, or another total"
    )


def _stated(evidence: Evidence, code: int, impact: str) -> float | None:
    """Return the newest total that is stated of a product."""
    rows = evidence.by_product.get(code, ())
    return next(
        (item.stated[impact] for item in reversed(rows) if item.counts and impact in item.stated), None
    )


def _best(evidence: Evidence, code: int, impact: str) -> float | None:
    """Return the figure that stands for a product: its newest total, else the sum of its jobs."""
    stated, jobs = _stated(evidence, code, impact), evidence.jobs_of.get(code)
    if stated is not None or not jobs:
        return stated
    return total(*(item.energy.total_kwh if impact == "energy" else item.jsc_gco2e for item in jobs))


def _members(evidence: Evidence, statement: Statement, impact: str) -> list[tuple[str, float]]:
    """Return the other products of the family, each with its newest figure, the largest first."""
    name = total_of(statement.id)
    if not name:
        return []
    figures: dict[str, float] = {}
    for group in evidence.families_of(name):
        figures |= {
            item.id: item.stated[impact]
            for item in evidence.families[group]
            if item.counts and item.product != statement.product and item.stated.get(impact)
        }
    return sorted(figures.items(), key=lambda pair: (-pair[1], pair[0]))


def _of_family(evidence: Evidence, statement: Statement, impact: str) -> str:
    """Say where a total is the sum of all smaller members of its family, or of some of a few."""
    members = _members(evidence, statement, impact)
    stated = statement.stated[impact]
    members = [(name, value) for name, value in members if value < stated]
    if len(members) < 2 or len(members) > MOST_ROWS:
        return ""
    if fits(sum(value for _, value in members), stated, WHOLE):
        return _holding(stated, members, UNITS[impact])
    if len(members) <= MOST_MEMBERS:
        for size in range(len(members) - 1, 1, -1):
            for some in combinations(members, size):
                if fits(sum(value for _, value in some), stated, PART) and not _by_chance(
                    statement, stated, some
                ):
                    return _holding(stated, some, UNITS[impact])
    return ""


def _of_source(evidence: Evidence, statement: Statement, impact: str) -> str:
    """Say where a row is the sum of all other rows of its publication, or of its file."""
    others = evidence.by_source.get((statement.citation, statement.source), [])
    rows = [
        (item.id, item.stated[impact])
        for item in (others if len(others) <= MOST_ROWS else ())
        if item.counts and item.product != statement.product and item.stated.get(impact)
    ]
    stated = statement.stated[impact]
    if len(rows) < 2 or _by_chance(statement, stated, rows):
        return ""
    return (
        _holding(stated, rows, UNITS[impact]) if fits(sum(value for _, value in rows), stated, PART) else ""
    )


def _by_chance(statement: Statement, stated: float, members: Sequence[tuple[str, float]]) -> bool:
    """Say whether a sum may be one by chance: of two round figures, under a name that is no total's."""
    if len(members) >= SURE_MEMBERS or is_total(statement.id):
        return False
    return min(digits(value) for value in (stated, *(value for _, value in members))) < SURE_DIGITS


def _holding(stated: float, members: Sequence[tuple[str, float]], unit: str) -> str:
    added = " + ".join(show(value, unit) for _, value in members[:6])
    more = f" + {len(members) - 6} more" if len(members) > 6 else ""
    summed = show(sum(value for _, value in members), unit)
    return (
        f"{show(stated, unit)} is the sum of other rows: {added}{more} = {summed}; most likely correction: "
        f"contains = {';'.join(name for name, _ in members)}"
    )


def _of_earlier(evidence: Evidence, statement: Statement, impact: str) -> str:
    """Say where a total of a family is larger than another total of the same family."""
    name = total_of(statement.id)
    if not name or name == family(statement.id):
        return ""
    stated = statement.stated[impact]
    earlier = [
        other
        for other in evidence.statements
        if other.product != statement.product
        and not other.withdrawn
        and total_of(other.id) == name
        and total_of(other.id) != family(other.id)
        and 0 < (other.stated.get(impact) or 0) < stated
    ]
    if not earlier:
        return ""
    other, unit = max(earlier, key=lambda item: item.stated[impact]), UNITS[impact]
    smaller = other.stated[impact]
    return (
        f"{show(stated, unit)} and {show(smaller, unit)} ({other.id}) are totals of one family, {name}: the "
        f"larger holds the smaller, so together they count {show(smaller, unit)} twice; most likely "
        f"correction: contains = {other.id}, which leaves {show(stated - smaller, unit)}"
    )


def _with_parent(evidence: Evidence, statement: Statement, impact: str) -> str:
    """Say where a total is the sum of the product's own jobs and a parent's total."""
    jobs = evidence.jobs_of.get(statement.product)
    if not jobs:
        return ""
    own = total(*(item.energy.total_kwh if impact == "energy" else item.jsc_gco2e for item in jobs))
    stated, unit = statement.stated[impact], UNITS[impact]
    if not own or own >= stated * (1 - WHOLE):
        return ""
    for parent in evidence.parents.get(statement.product, ()):
        figure = _best(evidence, parent, impact)
        if figure and fits(own + figure, stated, WHOLE):
            name = evidence.graph.id(parent)
            return (
                f"{show(stated, unit)} is the sum of its own jobs, {show(own, unit)}, and of {name}, "
                f"{show(figure, unit)}; most likely correction: {show(own, unit)}, as what it was made out "
                "of comes through the lineage"
            )
    return ""
