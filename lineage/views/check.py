"""View: everything a reader of the figures should know, what the sources brought and what computing shows."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from lineage.costs import own_costs
from lineage.errors import CycleError
from lineage.findings import CODES, Finding, finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.schema import IMPACTS
from lineage.views.cost import cost

__all__ = ["Check", "check"]

_SEVERITIES: Final = ("error", "warning", "info")
_PLACES: Final = {code: place for place, code in enumerate(CODES)}


@dataclass(frozen=True)
class Check:
    """Findings, the gravest first, then by code, subject and text; each once."""

    findings: tuple[Finding, ...]

    def by_code(self) -> dict[str, list[Finding]]:
        """Return the findings grouped by code, the gravest codes first."""
        groups: dict[str, list[Finding]] = {}
        for item in self.findings:
            groups.setdefault(item.code, []).append(item)
        return groups

    def failing(self, codes: Iterable[str] = ()) -> list[Finding]:
        """Return the findings that must not be: those of severity error, and those with one of these codes."""
        wanted = set(codes)
        return [item for item in self.findings if item.severity == "error" or item.code in wanted]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/check/1."""
        return {"schema": "lineage/check/1", "findings": [item.as_dict() for item in self.findings]}


def check(graph: Graph, run: Run | None = None, *, published: Iterable[Finding] = ()) -> Check:
    """Collect what is wrong, doubtful or missing in a graph.

    The findings of its sources and of merging them; cycles, edge by edge (never an error here, whatever the run says);
    weights that hand out more than there is; figures that do not reconcile, whatever the impact; products without
    any figure. `published` is what `lineage.audit` finds in the published figures.

    >>> from lineage.testing import graph
    >>> [item.code for item in check(graph("base -[0.7]-> a", "base -[0.6]-> b", own={"base": 1})).findings]
    ['over-allocated', 'missing-figure', 'missing-figure']
    """
    run = run or Run()
    found = [*graph.findings, *published, *_computed(graph, run)]
    for impact in IMPACTS:
        found += own_costs(graph, replace(run, impact=impact)).findings
    found += _without_figure(graph, run)
    return Check(tuple(sorted(dict.fromkeys(found), key=_gravity)))


def _gravity(item: Finding) -> tuple[object, ...]:
    severity = _SEVERITIES.index(item.severity)
    return (severity, _PLACES[item.code], item.subject, item.text, item.source, item.place)


def _computed(graph: Graph, run: Run) -> list[Finding]:
    """Return what a run finds; where cycles make it impossible they are broken, only to look at the rest."""
    try:
        return list(cost(graph, run).findings)
    except CycleError as problem:
        cycles = problem.cycles
    result = cost(graph, replace(run, cycles="break"))
    dropped = {f"{product} <- {parent}" for product, parent in result.dropped}
    rest = [
        item
        for item in result.findings
        if item.code != "cycle" and not (item.code == "dropped-edge" and item.subject in dropped)
    ]
    drawn = [(cycle[0], " <- ".join((*cycle, cycle[0]))) for cycle in cycles]
    return [*rest, *(finding("cycle", first, f"made out of each other: {text}") for first, text in drawn)]


def _without_figure(graph: Graph, run: Run) -> list[Finding]:
    """Return a finding for every product whose own cost is unknown, whatever the impact."""
    best = [own_costs(graph, replace(run, impact=impact)).best.tolist() for impact in IMPACTS]
    text = "its own cost is unknown: no total and no job gives one"
    return [
        finding("missing-figure", name, text)
        for name, values in zip(graph.ids, zip(*best, strict=True), strict=True)
        if all(math.isnan(value) for value in values)
    ]
