"""Why a share is what it is, in words."""

import math
from functools import cached_property
from typing import Any

import numpy as np

from lineage.explanation.answer import Input
from lineage.explanation.pathways import parents_of
from lineage.explanation.wording import counted, number, percent
from lineage.schema import MAKING_PHASES
from lineage.timeline import dated_by
from lineage.views.cost import Cost

__all__ = ["Opened"]

_POLICY_WORDS = {
    "cutoff": "nothing: reuse is free",
    "full": "all of it, to every child",
    "cff": "(1 - A) x 1/{n} x quality ratio, at most 1; A = {a}",
    "merge": "in proportion to merge coefficients, own use and other children counting 1",
}
_FRACTIONS = {2: "half", 3: "a third", 4: "a quarter"}


class Opened:
    """A computed cost with the look-ups that explanations need; made once per question."""

    def __init__(self, cost: Cost) -> None:
        self.cost, self.graph, self.run = cost, cost.graph, cost.run
        self.first, self.parent, self.w = parents_of(cost)

    @cached_property
    def _by_parent(self) -> tuple[Any, Any]:
        order = np.argsort(self.cost.network.parent, kind="stable")
        bounds = np.searchsorted(self.cost.network.parent[order], np.arange(len(self.graph) + 1))
        return order, bounds

    def parents(self, code: int) -> list[tuple[int, int]]:
        """Return (position of the edge in the run's network, parent code), largest inheritance first."""
        epc = np.nan_to_num(self.cost.carried.best)
        places = range(int(self.first[code]), int(self.first[code + 1]))
        pairs = [(place, int(self.parent[place])) for place in places]
        return sorted(
            pairs, key=lambda pair: (-float(self.w[pair[0]] * epc[pair[1]]), self.graph.id(pair[1]))
        )

    def children(self, code: int) -> list[int]:
        """Return the positions of the edges to the children of a product."""
        order, bounds = self._by_parent
        places: list[int] = order[bounds[code] : bounds[code + 1]].tolist()
        return places

    def label(self, code: int) -> str:
        """Return the id of a product: the name that every command takes."""
        return self.graph.id(code)

    # -- shares --------------------------------------------------------------------------------------------

    def reason(self, place: int) -> str:
        """Say in words where the share of an edge (position in the run's network) comes from."""
        source, w = self.cost.shares.source[place], float(self.w[place])
        if source == "explicit":
            return f"explicit weight {number(w)}"
        if source == "metadata":
            return f"weight {number(w)} from metadata"
        if source == "job":
            return self._job_reason(place, w)
        return self._policy_reason(place)

    def edge_inputs(self, place: int) -> tuple[Input, ...]:
        """Return what the edge itself says: its relation and the publication that states it."""
        row = int(self.cost.network.edges[place])
        facts = {name: self.graph.texts("edges", name)[row] for name in ("relation", "citation")}
        inputs = []
        if facts["relation"] and facts["relation"] != "unknown":
            inputs.append(Input("relation", facts["relation"]))
        if facts["citation"]:
            inputs.append(Input("stated in", facts["citation"]))
        return tuple(inputs)

    def _job_reason(self, place: int, w: float) -> str:
        """Say t of LT for a share that jobs make (ACCOUNTING section 2: w = sum of t / (LT x k))."""
        child, parent = int(self.cost.network.child[place]), int(self.parent[place])
        lifetime = float(self.graph.floats("products", "lifetime_h")[parent])
        jobs = self.graph.tables["jobs"]
        phases = self.graph.texts("jobs", "phase")
        at = (self.graph.integers("jobs", "product") == child) & (
            self.graph.integers("jobs", "platform") == parent
        )
        if self.run.as_of is not None:
            at &= dated_by(jobs.column("started_at"), self.run.as_of)
        rows = [row for row in np.flatnonzero(at).tolist() if phases[row] in MAKING_PHASES]
        if not rows or not jobs.num_rows or math.isnan(lifetime):
            return f"weight {number(w)} from the jobs that ran in its context"
        hours = self.graph.floats("jobs", "duration_h")[rows]
        at_once = np.nan_to_num(self.graph.floats("jobs", "concurrent_jobs")[rows], nan=1.0)
        alone = f"{number(float(np.sum(hours)))} h of {number(lifetime)} h"
        if np.all(at_once == 1):
            return f"{'job' if len(rows) == 1 else counted(len(rows), 'job')}: {alone}"
        times = {number(float(k)) for k in at_once}
        together = (
            f", {times.pop()} jobs at once" if len(times) == 1 else ", shared with the jobs that ran at once"
        )
        return f"{'job' if len(rows) == 1 else counted(len(rows), 'job')}: {alone}{together}"

    def _policy_reason(self, place: int) -> str:
        run, parent = self.run, int(self.parent[place])
        fallback = self.cost.shares.source[place].startswith("policy: equal")
        policy = "equal" if fallback else run.policy
        sharing = [
            edge for edge in self.children(parent) if self.cost.shares.source[edge].startswith("policy")
        ]
        own_use = bool(self.cost.shares.user[parent]) and (run.retain or policy != "equal" or fallback)
        why = f" ({run.policy} misses a value)" if fallback else ""
        if policy in ("equal", "half"):
            divided = _half if policy == "half" else _equal
            text = divided(len(sharing), own_use, self._left(parent, sharing))
        elif policy == "property":
            text = self._property(place, len(sharing), own_use)
        else:
            text = _POLICY_WORDS[policy].format(n=len(sharing), a=number(run.cff_a))
        return f"{text}, policy {policy}{why}"

    def _left(self, parent: int, sharing: list[int]) -> str:
        """Say what explicit weights leave of a parent, if there are any."""
        given = sum(float(self.w[edge]) for edge in set(self.children(parent)) - set(sharing))
        return f" of the {percent(max(1.0 - given, 0.0))} that explicit weights leave" if given else ""

    def _property(self, place: int, children: int, own_use: bool) -> str:
        name = str(self.run.property)
        claimants = counted(children, "child", "children") + (" and own use" if own_use else "")
        value = self._property_value(place, name)
        stated = f": {number(value)} here" if value is not None else ""
        return f"in proportion to {name} over {claimants}{stated}"

    def _property_value(self, place: int, name: str) -> float | None:
        if name in self.graph.tables["products"].column_names:
            return float(self.graph.floats("products", name)[int(self.cost.network.child[place])])
        if name in self.graph.tables["edges"].column_names:
            return float(self.graph.floats("edges", name)[int(self.cost.network.edges[place])])
        return None


def _equal(children: int, own_use: bool, left: str) -> str:
    claimants = children + own_use
    part = "all" if claimants == 1 else _FRACTIONS.get(claimants, f"1/{claimants}")
    who = counted(children, "child", "children")
    return f"{part}{left}: {who} + its own use" if own_use else f"{part}{left}: {who}, no own use"


def _half(children: int, own_use: bool, left: str) -> str:
    if not own_use:
        return _equal(children, own_use, left)
    among = "its one child" if children == 1 else f"its {children:,} children, equally"
    return f"half{left} stays with its own use, half goes to {among}"
