"""Lower bounds in a comparison: a side without an upper bound decides nothing that more cost could turn around."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lineage.strategies.cases import BreakEven, Case, Flip, unknown_of
from lineage.views.interval import Interval

__all__ = ["as_known", "bounded", "decided", "in_part", "leads", "side_of", "why_undrawn"]

IN_PART = " (in part)"


def leads(difference: Any) -> str | None:
    """Return the side that is ahead as far as known, by from scratch less reuse: "reuse", "scratch", "equal"."""
    if difference is None:
        return None
    return "reuse" if difference > 0 else "scratch" if difference < 0 else "equal"


def decided(difference: Any, reuse: Interval, scratch: Interval) -> str | None:
    """Return the side that is ahead, or None where it has no upper bound ("equal": where either has none).

    >>> decided(5, Interval(1.0, 1.0, None), Interval(6.0, 6.0, 6.0))
    >>> decided(5, Interval(1.0, 1.0, 1.0), Interval(6.0, 6.0, None))
    'reuse'
    """
    ahead = leads(difference)
    is_open = {"reuse": reuse.hi is None, "scratch": scratch.hi is None}
    return None if is_open.get(ahead or "", any(is_open.values())) else ahead


def bounded(found: BreakEven, names: Sequence[str]) -> BreakEven:
    """Return a break-even with what it rests on that is known in part only, in `unknown` beside its figures.

    More cost of reuse makes reuse better nowhere, so "never" stands where only that side is open.
    """
    if not names or found.unknown is not None:
        return found
    if found.never is not None and not any(name.startswith("scratch.") for name in names):
        return found
    return replace(found, unknown=", ".join(name + IN_PART for name in names))


def in_part(hi: Case, best: Case) -> list[str]:
    """Return the costs of which a part is known, but no upper bound."""
    return [name for name in unknown_of(hi) if name not in unknown_of(best)]


def as_known(row: Flip, names: Sequence[str]) -> Flip:
    """Return a flip, saying which other costs are lower bounds; its own takes the place of what is unknown of it."""
    others = [name + IN_PART for name in names if name != row.parameter]
    rests = row.value is not None or "cheaper at every value" in row.why
    if not others or not rests:
        return row
    said = "as far as known: " + ", ".join(others)
    return replace(row, why=f"{row.why}, {said}" if row.why else said)


def side_of(found: BreakEven) -> str | None:
    """Return which side of a break-even is open: "reuse", "scratch", "both"; None where its figures are exact."""
    if found.unknown is None or (found.integer is None and found.never is None):
        return None
    sides = {name.startswith("scratch.") for name in found.unknown.split(", ")}
    return "both" if len(sides) > 1 else "scratch" if True in sides else "reuse"


def why_undrawn(reuse: Interval, scratch: Interval) -> str | None:
    """Return why no chances are drawn: a side has no upper bound; None where both have one."""
    named = (("reuse", reuse), ("from scratch", scratch))
    sides = [name for name, total in named if total.hi is None]
    if not sides:
        return None
    said = "the total of " + " and that of ".join(sides)
    return f"something unknown has part in {said}, so there is no upper bound to draw below"
