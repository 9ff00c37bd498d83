"""Figures copied from a parent's card: a tuned or quantised model that repeats what its base took."""

from collections.abc import Iterator
from typing import Final

from lineage.audit.comparing import digits
from lineage.audit.evidence import UNITS, Evidence, Statement
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "SURE_DIGITS", "find", "is_copy"]

CODE: Final = "copied-figure"
SURE_DIGITS: Final = 4  # figures with fewer may be equal by rounding
_IMPACTS: Final = ("carbon", "energy")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find figures that equal those of what the product was made out of, by the graph or by its name."""
    by_name: dict[str, list[Statement]] = {}
    for item in evidence.statements:
        by_name.setdefault(_bare(item.id), []).append(item)
    for item in evidence.statements:
        if item.counts:
            found = next(_origins(evidence, item, by_name), None)
            if found is not None:
                yield item.finding(CODE, _text(item, *found))


def _origins(
    evidence: Evidence, item: Statement, by_name: dict[str, list[Statement]]
) -> Iterator[tuple[Statement, str]]:
    """Yield the rows that a row copies, with the impact: of its ancestors, and of what its name begins with."""
    bare = _bare(item.id)
    ends = [place for place, sign in enumerate(bare) if sign in "-_."]
    possible = [
        row for code in sorted(evidence.ancestors(item.product)) for row in evidence.by_product.get(code, ())
    ]
    possible += [row for end in ends for row in by_name.get(bare[:end], ())]
    for impact in _IMPACTS:
        value = item.stated.get(impact)
        for origin in possible:
            if value and origin.stated.get(impact) == value and is_copy(evidence, item, origin):
                yield origin, impact


def is_copy(evidence: Evidence, item: Statement, origin: Statement) -> bool:
    """Say whether a row's product descends from another's: by the graph, or because its name begins with that one.

    A name alone counts only for a figure of four digits or more that no rounding makes equal.
    """
    if item.product == origin.product:
        return False
    if origin.product in evidence.ancestors(item.product):
        return True
    mine, theirs = _bare(item.id), _bare(origin.id)
    longer = mine.startswith((f"{theirs}-", f"{theirs}_", f"{theirs}."))
    return longer and any(
        digits(value) >= SURE_DIGITS for value in origin.stated.values() if value in item.stated.values()
    )


def _bare(product_id: str) -> str:
    return product_id.rpartition(":")[2].rpartition("/")[2].casefold()


def _text(item: Statement, origin: Statement, impact: str) -> str:
    unit, value = UNITS[impact], item.stated[impact]
    alike = [name for name in ("co2_hardware_used", "co2_training_type") if item.facts.get(name)]
    same = [name for name in alike if item.facts[name] == origin.facts.get(name)]
    words = ", ".join(name.removeprefix("co2_").replace("_", " ") for name in same)
    beside = f" (and the same {words})" if same else ""
    return (
        f"{show(value, unit)} is stated, exactly what {origin.id} states{beside}: the card was most likely "
        f"copied, and the two add up to {show(value, unit)} + {show(value, unit)} = "
        f"{show(2 * value, unit)}; most likely correction: leave it out here; what {origin.id} took comes "
        "through the lineage"
    )
