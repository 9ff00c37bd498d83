"""How one factor is chosen among several: own file first, place before year, and honestly wider ranges."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lineage.factors.factor import Choice, Factor
from lineage.factors.places import WORLD, place_chain

if TYPE_CHECKING:
    from lineage.factors.shelf import FactorSource, Shelf

__all__ = ["YEARLY", "choose_name", "choose_place"]

# How far a grid's intensity moves in a year, up or down: the 90th percentile of 175 pairs of years in the tables of
# the 62 countries with the most electricity (docs/factors.md).
YEARLY: Final = 0.12

# How far a part of a country lies from the whole, where no part of that country is known: 89 of the 94 states
# and provinces of the tables lie within (Vermont is at 0.06 of the United States, Alberta at 3.9 of Canada).
PART_LEAST, PART_MOST = 0.1, 2.5

_Found = list[tuple["FactorSource", Factor]]


def choose_place(shelf: "Shelf", kind: str, place: str, year: int | None, basis: str) -> Choice | None:
    """Return the factor of the smallest place that has one, of the nearest year; None where nobody knows it.

    A user's own file wins with every place but the world; after it the sources are asked place by place.
    """
    name = place.strip()
    chain = place_chain(name) or (name,)
    found: _Found = []
    if shelf.own is not None:
        for level in dict.fromkeys((name, *chain)):
            if level != WORLD or chain == (WORLD,):
                found += _rows(shelf.own, kind, level, year, basis)
    for level in chain:
        for source in shelf.sources() if level == WORLD else (shelf.shipped, *shelf.others):
            if shelf.thorough or not found or source is shelf.shipped:
                found += _rows(source, kind, level, year, basis)
    if not found:
        return None
    source, row = found[0]
    others = tuple(item for _, item in found[1:])
    if source is shelf.own:
        return Choice(
            row, others, f"from {source.name}: {_year_reason(row, year) or 'it wins'}", chain[0], year
        )
    reasons = [f"from {source.name}"] if source is not shelf.shipped else []
    chosen = row
    if row.name not in (name, chain[0]) and row.name.lower() != name.lower():
        chosen, reason = _other_place(shelf, row, chain[0])
        reasons.append(reason)
    if year is not None and row.year is not None and row.year != year:
        chosen = _other_year(shelf, chosen, abs(row.year - year))
        reasons.append(f"range {YEARLY:.0%} wider for each year between")
    if year is not None or len({item.year for item in (row, *others) if item.name == row.name}) > 1:
        reasons.insert(0, _year_reason(row, year))
    return Choice(chosen, others, "; ".join(filter(None, reasons)), chain[0], year)


def choose_name(shelf: "Shelf", kind: str, names: Sequence[str], year: int | None) -> Choice | None:
    """Return the factor under the first of several names that has one, of the nearest year.

    A user's own file wins under any of these names but the one for everything ("any").
    """
    found: _Found = []
    for name in dict.fromkeys(names):
        if shelf.own is not None and (name != "any" or len(names) == 1):
            found += _rows(shelf.own, kind, name, year, "")
    for name in dict.fromkeys(names):
        for source in shelf.sources() if name == "any" else (shelf.shipped, *shelf.others):
            if not (shelf.thorough or not found or source is shelf.shipped):
                continue
            found += [item for item in _rows(source, kind, name, year, "") if item not in found]
    if not found:
        return None
    source, row = found[0]
    reasons = [f"from {source.name}"] if source is not shelf.shipped else []
    if row.name == "any" and names[0] != "any":
        reasons.append(f"nothing is known of {names[0]!r}")
    considered = tuple(item for _, item in found[1:])
    if year is not None or len({item.year for item in (row, *considered) if item.name == row.name}) > 1:
        reasons.append(_year_reason(row, year))
    return Choice(row, considered, "; ".join(filter(None, reasons)), names[0], year)


def _rows(source: "FactorSource", kind: str, name: str, year: int | None, basis: str) -> _Found:
    """Return the rows of one source under one name, the nearest year first."""
    rows = [row for row in source.find(kind, name) if not basis or row.basis == basis]
    return [(source, row) for row in sorted(rows, key=lambda row: _distance(row, year))]


def _distance(row: Factor, year: int | None) -> tuple[int, int]:
    """Return the order of years: the nearest, of two as near the newer; without a year the newest.

    A row without a year is the first choice where no year is asked for, and the last where one is.
    """
    if row.year is None:
        return (0, 0) if year is None else (10_000, 0)
    return (1, -row.year) if year is None else (abs(row.year - year), -row.year)


def _year_reason(row: Factor, year: int | None) -> str:
    if row.year is None:
        return ""
    if year is None:
        return f"no year asked for, {row.year} is the newest"
    return f"year {year}" if row.year == year else f"{row.year} is the nearest year to {year}"


def _other_year(shelf: "Shelf", factor: Factor, years: int) -> Factor:
    """Return a factor with a range wider by the years between; no grid is dirtier than coal alone."""
    grown = (1 + YEARLY) ** years
    return replace(factor, lo=factor.lo / grown, hi=_below_coal(shelf, factor, factor.hi * grown))


def _other_place(shelf: "Shelf", row: Factor, asked: str) -> tuple[Factor, str]:
    """Return a factor of a larger place, its range as wide as the places in it, and the reason."""
    whole = row.name == WORLD
    parts = [
        item.value
        for item in shelf.shipped.all()
        if item.kind == row.kind and item.basis == row.basis and item.name != row.name
        if ("-" not in item.name if whole else item.name.startswith(f"{row.name}-"))
    ]
    reason = f"nothing is known of {asked}, so {row.name}"
    if not parts and not whole:
        wide = replace(row, lo=row.lo * PART_LEAST, hi=_below_coal(shelf, row, row.hi * PART_MOST))
        return (
            wide,
            f"{reason}, {PART_LEAST:g} to {PART_MOST:g} times, as far as parts of countries lie from them",
        )
    if not parts:
        return row, reason
    widened = replace(row, lo=min(row.lo, *parts), hi=max(row.hi, *parts))
    return widened, f"{reason}, as wide as its {'countries' if whole else 'regions'}"


def _below_coal(shelf: "Shelf", factor: Factor, hi: float) -> float:
    """Return an upper bound that is no dirtier than coal alone, and no lower than the factor's own."""
    coal = [item.hi for item in shelf.shipped.find("source", "coal")] if factor.kind == "grid" else []
    return max(factor.hi, min(hi, *coal)) if coal else hi
