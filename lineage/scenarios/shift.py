"""Which changes a solved lineage answers at once, and as what; None for all others."""

import math
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from lineage.errors import InputError
from lineage.scenarios.amount import amount, own_amount
from lineage.scenarios.change import Change, edge_names
from lineage.schema import GRAPH_TABLES, column
from lineage.views.cost import Cost

__all__ = ["Shift", "shift_of"]

_MARKS: Final = "*?["


class Solved(Protocol):
    """What is known of a solved lineage."""

    result: Cost

    def code(self, product: str) -> int:
        """Return the code of a product."""

    def fits(self, child: int, parent: int) -> bool:
        """Tell whether an edge can be put in without solving anew."""

    def knotted(self, code: int) -> bool:
        """Tell whether a product stands on a cycle that was broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A change in numbers: the `own` cost (lo, best, hi) of a product, the `share` of an edge, an edge that is `gone`.

    `more` is an edge that comes, from `parent` to `product`. `edge` is a place among the edges of the network; an open
    share is NaN.
    """

    kind: Literal["own", "share", "gone", "more"]
    product: int = -1
    parent: int = -1
    edge: int = -1
    values: tuple[float, ...] = ()


def shift_of(solved: Solved, change: Change) -> Shift | None:
    """Return a change as numbers, None where it is none of the small ones; its faults are left to `apply`."""
    if any(mark in change.target for mark in _MARKS):
        return None
    try:
        if change.section == "own":
            return _own(solved, change)
        if change.section == "edges" and change.field == "w":
            return _share(solved, change)
        if change.section == "remove" and change.field == "edges":
            return _gone(solved, change)
        if change.section == "add" and change.field == "edges":
            return _more(solved, change)
    except (InputError, KeyError):
        return None
    return None


def _own(solved: Solved, change: Change) -> Shift | None:
    result = solved.result
    if change.value == "jobs" or (result.run.policy == "property" and not _is_column(result)):
        return None  # the property is the own cost itself
    impact, value = own_amount(change.value)
    code = solved.code(change.target)
    if (impact and impact != result.run.impact) or not result.network.existing[code]:
        return None
    if value.kind == "set":
        return Shift(kind="own", product=code, values=(value.number,) * 3)
    if value.kind == "unknown":
        return Shift(kind="own", product=code, values=(0.0, math.nan, math.nan))
    if result.own_costs.origin[code] != "total" or result.run.impact == "carbon-market":
        return None  # the jobs are multiplied, each by itself
    bounds = result.own.at(code)
    if None in bounds:
        return None
    return Shift(kind="own", product=code, values=tuple(float(side or 0.0) * value.number for side in bounds))


def _is_column(result: Cost) -> bool:
    """Tell whether the policy's property is a column that a change of an own cost leaves as it is."""
    name = result.run.property or ""
    return name.replace("_", " ") != "own cost" and not name.startswith("own_")


def _edge(solved: Solved, change: Change) -> int | None:
    """Return the place of an edge in the network; None where it has no part in it."""
    v, u = (solved.code(name) for name in edge_names(change, change.target))
    return _place(solved.result, v, u)


def _place(result: Cost, v: int, u: int) -> int | None:
    network = result.network
    first, last = np.searchsorted(network.child, np.array([v, v + 1], np.int32)).tolist()
    place = first + int(np.searchsorted(network.parent[first:last], np.int32(u)))
    return place if place < last and network.parent[place] == u else None


def _share(solved: Solved, change: Change) -> Shift | None:
    place = _edge(solved, change)
    if place is None:
        return None
    if change.value in ("policy", "unknown"):
        return Shift(kind="share", edge=place, values=(math.nan,))
    value = amount(change.value, column(GRAPH_TABLES["edges"], "w"))
    return Shift(kind="share", edge=place, values=(value.number,)) if value.kind == "set" else None


def _more(solved: Solved, change: Change) -> Shift | None:
    """Return an edge that comes; None where it is there, or where a cycle, a date or a fact of it has a say."""
    result = solved.result
    if set(change.value) - {"product", "parent", "w"} or result.run.as_of is not None:
        return None
    v, u = (solved.code(str(change.value[side])) for side in ("product", "parent"))
    if (
        v == u
        or (v, u) in result.network.dropped
        or _place(result, v, u) is not None
        or not solved.fits(v, u)
    ):
        return None
    given = change.value.get("w")
    share = math.nan if given is None else amount(given, column(GRAPH_TABLES["edges"], "w")).number
    return Shift(kind="more", product=v, parent=u, values=(share,))


def _gone(solved: Solved, change: Change) -> Shift | None:
    place = _edge(solved, change)
    if place is None or solved.knotted(int(solved.result.network.child[place])):
        return None
    return Shift(kind="gone", edge=place)
