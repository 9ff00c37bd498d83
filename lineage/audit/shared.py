"""One figure for several products: a run, or a total, that every one of its models repeats as its own."""

from collections.abc import Iterator
from typing import Final

from lineage.audit.comparing import digits
from lineage.audit.copies import SURE_DIGITS, is_copy
from lineage.audit.evidence import UNITS, Evidence, Statement
from lineage.audit.names import family, owner
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "find"]

CODE: Final = "shared-figure"
_NAMED: Final = 4


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find figures that several products of one family state alike, none made out of another."""
    for impact in ("carbon", "energy"):
        groups: dict[tuple[str, str, float], dict[int, Statement]] = {}
        for item in evidence.statements:
            value = item.stated.get(impact)
            if value and item.counts:
                # Models of two owners may be alike in name and in a round figure, and have nothing in common.
                whose = "" if digits(value) >= SURE_DIGITS else owner(item.id)
                groups.setdefault((whose, family(item.id), value), {}).setdefault(item.product, item)
        for (_, _, value), members in groups.items():
            if len(members) > 1:
                yield from _shared(evidence, impact, value, list(members.values()))


def _shared(evidence: Evidence, impact: str, value: float, members: list[Statement]) -> Iterator[Finding]:
    members = [
        item
        for item in members
        if not any(is_copy(evidence, item, other) for other in members if other is not item)
    ]
    if len(members) < 2 or (impact == "energy" and _same_carbon(members)):
        return
    unit = UNITS[impact]
    names = ", ".join(item.id for item in members[:_NAMED])
    more = f" and {len(members) - _NAMED} more" if len(members) > _NAMED else ""
    yield members[0].finding(
        CODE,
        f"{show(value, unit)} is stated for {len(members)} products, {names}{more}: added up, "
        f"{len(members)} x {show(value, unit)} = {show(len(members) * value, unit)} for what may be one "
        "figure; most likely correction: the figure once, on a product of the family with `contains`, or "
        "each product's own part",
    )


def _same_carbon(members: list[Statement]) -> bool:
    """Whether the carbon of these products is one figure too, and so reported already."""
    carbon = {item.stated.get("carbon") for item in members}
    return len(carbon) == 1 and bool(carbon.pop())
