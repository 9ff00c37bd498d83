"""How figures moved between two dates, and which arrivals moved them; the rows add up to the difference."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Final

import numpy as np

from lineage.errors import OptionError
from lineage.graph import Graph
from lineage.kernels.arrays import Flags
from lineage.run import WITHOUT_WEIGHTS, Run
from lineage.scenarios.arrivals import NEVER, Arrival, Arrivals
from lineage.scenarios.differences import differences
from lineage.scenarios.draft import Draft
from lineage.scenarios.movement import Figures, Moved, common_view, figures, moved
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval
from lineage.views.samples import run_record

__all__ = ["ORDER", "Restatement", "Row", "restate"]

MOST_STEPS: Final = 200  # arrivals that are computed one by one; more of them day by day, or month by month
ORDER: Final = (
    "arrivals by date, then by name; corrections last. "
    "In another order single rows differ, their sum does not."
)
_SPANS: Final = ((None, "arrival"), (10, "day"), (7, "month"), (4, "year"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step of a restatement: what arrived, the figure after it, and by how much that moved.

    `change` is None where the figure before or after is not known.
    """

    date: str
    what: str
    ids: tuple[str, ...]
    figure: Interval | None
    change: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "date": self.date,
            "what": self.what,
            "ids": list(self.ids),
            "figure": self.figure and self.figure.as_dict(),
            "change": self.change,
        }


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """Figures as of two dates. `earlier` is the graph as it was published at the first, where that is another."""

    since: str
    until: str
    before: Cost = field(repr=False)
    after: Cost = field(repr=False)

    @property
    def unit(self) -> str:
        """The unit of every figure."""
        return self.after.unit

    @property
    def view(self) -> str:
        """The view that is compared: "EPC" or "burden"."""
        return common_view(self.before, self.after)

    @cached_property
    def sides(self) -> tuple[Figures, Figures]:
        """The figures as of the two dates."""
        return figures(self.before, self.view), figures(self.after, self.view)

    @cached_property
    def results(self) -> list[Moved]:
        """The products whose figure moved, the largest difference first."""
        return moved(*self.sides)

    def row(self, product: str) -> Moved:
        """Return a product's figures as of the two dates. Raises `UnknownProduct`."""
        name = self.after.graph.ids[self.after.graph.code(product)]
        return Moved(id=name, before=self.sides[0].at(name), after=self.sides[1].at(name))

    def rows(self, product: str) -> list[Row]:
        """Return what moved a product's figure, step by step; the changes add up to the difference.

        Where it did not exist at the first date, they add up from its first known figure on.
        """
        name = self.row(product).id
        told = list(self._steps(name))
        value = None if (first := self.sides[0].at(name)) is None else first.best
        rows = []
        for date, what, ids, figure in told:
            best = None if figure is None else figure.best
            change = None if best is None or value is None else best - value
            rows.append(Row(date=date, what=what, ids=ids, figure=figure, change=change))
            value = best
        return rows

    def _steps(self, name: str) -> Iterator[tuple[str, str, tuple[str, ...], Interval | None]]:
        graph = self._before_corrections
        arrivals = Arrivals(self._around(graph, name), self.since, self.until)
        run = replace(self.after.run, as_of=None)
        span, groups = _grouped(arrivals.events)
        for label, last, events in groups:
            state = arrivals.state(last)
            found = _figure(cost(state, run), self.view, name)
            what = events[0].what if len(events) == 1 else f"arrivals of a {span}"
            yield label, what, tuple(event.id for event in events), found
        if graph is not self.after.graph:
            rows = differences(arrivals_at(graph, self.until), arrivals_at(self.after.graph, self.until))
            ids = tuple(dict.fromkeys(f"{item.table.removesuffix('s')} {item.id}" for item in rows))
            yield self.until, "corrections", ids, self.sides[1].at(name)

    @cached_property
    def _before_corrections(self) -> Graph:
        """The earlier graph with what is new since, where an earlier one was given; else the graph itself."""
        old, new = self.before.graph, self.after.graph
        return new if old is new or old == new else _with_new(old, new, self.since)

    def _around(self, graph: Graph, name: str) -> Graph:
        """Return the part of a graph that a product's figure depends on, its siblings at every step included."""
        touched = {
            code for pair in (*self.after.network.dropped, *self.before.network.dropped) for code in pair
        }
        near = _near(graph, graph.code(name), self.after.run.policy in WITHOUT_WEIGHTS)
        if graph is not self.after.graph or any(near[code] for code in touched):
            return graph  # which edge of a cycle is dropped depends on all of it
        draft = Draft(graph)
        draft.remove_products(np.flatnonzero(~near).tolist())
        return draft.graph()

    def as_dict(self, product: str | None = None) -> dict[str, Any]:
        """Return the result as the JSON document lineage/restate/1."""
        return {
            "schema": "lineage/restate/1",
            "run": run_record(self.after),
            "from": self.since,
            "to": self.until,
            "view": self.view,
            "order": ORDER,
            "results": [row.as_dict() for row in self.results],
            "product": None if product is None else self.row(product).as_dict(),
            "rows": [] if product is None else [row.as_dict() for row in self.rows(product)],
        }


def restate(
    graph: Graph, run: Run | None, since: str, until: str, *, earlier: Graph | None = None
) -> Restatement:
    """Return how figures moved from one date to another: each is computed on what existed by then.

    `earlier` is the graph as it was known at the first date: what differs beyond arrivals is a correction, the last
    row. Raises `OptionError` for dates that are none, or not in order, and what `cost` raises.

    >>> from lineage.testing import graph
    >>> made = graph("base -> a, b", own={"base": 12.0}, products={"b": {"created_at": "2024-06-01"}})
    >>> told = restate(made, None, "2024-01-01", "2025-01-01")
    >>> [(row.date, row.ids, row.change) for row in told.rows("a")]
    [('2024-06-01', ('model:b',), -2.0)]
    """
    options = run or Run()
    if options.as_of is not None:
        raise OptionError("a restatement has two dates of its own; leave out --as-of")
    first, last = (replace(options, as_of=date) for date in (since, until))
    assert first.as_of is not None and last.as_of is not None
    _check_order(first.as_of, last.as_of)
    return Restatement(
        since=first.as_of,
        until=last.as_of,
        before=cost(graph if earlier is None else earlier, first),
        after=cost(graph, last),
    )


def _check_order(since: str, until: str) -> None:
    """Refuse dates whose ends are not in order: a date includes its whole day, 2024 the whole year."""
    a, b = _end(since), _end(until)
    if a == b:
        raise OptionError(f"nothing lies between {since} and {until}: both end at {a}; choose a later --to")
    if a > b:
        told = "" if len(since) >= 10 else f" (its last day is {a[:10]})"
        raise OptionError(
            f"the dates are not in order: {since}{told} is not before {until}; choose a later --to"
        )


def _end(date: str) -> str:
    """Return the last moment of a year, a month, a day, or of what is a moment itself.

    >>> _end("2024-02"), _end("2024-06-01T12:00:00Z")
    ('2024-02-29T23:59:59Z', '2024-06-01T12:00:00Z')
    """
    day = date if len(date) > 4 else f"{date}-12"
    if len(day) == 7:
        day = f"{day}-{monthrange(int(day[:4]), int(day[5:]))[1]:02d}"
    return day if len(day) > 10 else f"{day}T23:59:59Z"


def _figure(result: Cost, view: str, name: str) -> Interval | None:
    code = result.graph.codes.get(name)
    bounds = result.epc if view == "EPC" else result.burden
    return None if code is None or bounds is None else bounds.at(code)


def _grouped(events: Sequence[Arrival]) -> tuple[str, list[tuple[str, int, list[Arrival]]]]:
    """Return single arrivals, or those of a day, a month or a year where there are too many: (date, last, arrivals)."""
    groups: list[tuple[str, int, list[Arrival]]] = []
    span = ""
    for length, span in _SPANS:  # noqa: B007 - the last one tried is the one that is told
        numbered = list(enumerate(events, 1))
        if length is None:
            groups = [(event.date, number, [event]) for number, event in numbered]
        else:
            found = [list(each) for _, each in groupby(numbered, key=lambda pair: pair[1].date[:length])]
            groups = [(each[0][1].date[:length], each[-1][0], [event for _, event in each]) for each in found]
        if len(groups) <= MOST_STEPS:
            break
    return span, groups


def _near(graph: Graph, code: int, by_reach: bool) -> Flags:
    """Mark a product, its ancestors, the children of these, and their parents; by reach, all that stands below."""
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    near = np.zeros(len(graph), np.bool_)
    near[code] = True
    _spread(near, child, parent)
    if by_reach:
        _spread(near, parent, child)
    else:
        near[child[near[parent]]] = True
    near[parent[near[child]]] = True
    return near


def _spread(near: Flags, start: Any, end: Any) -> None:
    """Mark what can be reached along edges from start to end."""
    count = -1
    while count != (count := int(near.sum())):
        near[end[near[start]]] = True


def _with_new(old: Graph, new: Graph, since: str) -> Graph:
    """Return the old graph with the rows that only the new one has and that are dated after the first date."""
    arrivals = Arrivals(new, since, "9999")
    known, pairs, jobs = set(old.ids), set(Draft(old).names("edges")), set(Draft(old).names("jobs"))
    draft = Draft(new)
    fresh = arrivals.products > 0
    ends = fresh[new.integers("edges", "product")] if arrivals.edges.size else np.zeros(0, np.bool_)
    kept = (arrivals.edges > 0) | ends
    draft.keep("edges", kept & np.array([name not in pairs for name in draft.names("edges")], np.bool_))
    made = fresh[new.integers("jobs", "product")] if arrivals.jobs.size else np.zeros(0, np.bool_)
    kept = (arrivals.jobs > 0) | made
    draft.keep("jobs", kept & np.array([name not in jobs for name in draft.names("jobs")], np.bool_))
    late = [place for place, name in enumerate(new.ids) if name not in known and not fresh[place]]
    draft.remove_products(late)
    for table in ("systems", "grids"):
        there = set(Draft(old).names(table))
        draft.keep(table, np.array([name not in there for name in draft.names(table)], np.bool_))
    whole = Draft(old)
    whole.add(draft.tables)
    return whole.graph()


def arrivals_at(graph: Graph, date: str) -> Graph:
    """Return what existed of a graph at a date."""
    return Arrivals(graph, "", date).state(NEVER - 1)
