"""Which base is cheapest to build on for a task and horizon: every candidate put into the same plan.

Of each candidate: its EPC from the store, shared as the plan says (sunk in consequential mode); its adaptation and
inference as observed in the store (the median own cost of what was tuned from it; its inference jobs that count their
inferences), else those of the plan in proportion to the parameters, where the plan says how many its base has
([base] parameters), else as in the plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lineage.errors import OptionError, did_you_mean
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.schema import UNIT_SUFFIXES
from lineage.strategies.cases import Case
from lineage.strategies.figures import Figure
from lineage.strategies.planned import case_of, compare_plan, resolved, values_at
from lineage.strategies.plans import Plan
from lineage.units import number
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval
from lineage.views.samples import run_record
from lineage.views.serving import serving

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BaseAdvice", "Candidate", "base_advice"]

TUNED: Final = ("fine-tune", "adapter", "continued-pretraining", "distillation")
ENDS: Final = ("lo", "best", "hi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One base put into the plan: what reuse of it costs by phase, and where adaptation and inference come from.

    `saved` is from scratch less this total by best values. `arithmetic` writes the total out; `missing` names the
    phases that are unknown or known in part only, and then the total is no more than a lower bound, nothing is said to
    be saved, and the candidate has no rank.
    """

    id: str
    name: str
    rank: int | None
    tier: str
    covered: float
    size: float | None
    phases: dict[str, Interval]
    total: Interval
    saved: float | None
    origins: dict[str, str]
    missing: tuple[str, ...]
    arithmetic: str

    def as_dict(self) -> dict[str, Any]:
        """Return the candidate as JSON holds it."""
        plain = ("id", "name", "rank", "tier", "covered", "size", "saved", "origins", "arithmetic")
        return {name: getattr(self, name) for name in plain} | {
            "phases": {name: phase.as_dict() for name, phase in self.phases.items()},
            "total": self.total.as_dict(),
            "missing": list(self.missing),
        }


@dataclass(frozen=True, kw_only=True)
class BaseAdvice:
    """Candidates by total, cheapest first, then those with unknown parts by their lower bounds, without a rank.

    `scratch` is the plan's from scratch. `unknown` counts the candidates whose EPC is unknown, which are not listed
    where the base is charged.
    """

    plan: Plan
    mode: str
    unit: str
    rows: tuple[Candidate, ...]
    scratch: Interval
    unknown: int
    record: dict[str, Any] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def best(self) -> Candidate | None:
        """The cheapest candidate; None where every one has unknown parts."""
        return self.rows[0] if self.rows and self.rows[0].rank else None

    @property
    def table(self) -> "pd.DataFrame":
        """The candidates as a pandas DataFrame; unknown is NaN."""
        import pandas as pd

        return pd.DataFrame.from_records(self.records())

    def records(self) -> list[dict[str, Any]]:
        """Return one flat row per candidate."""
        suffix = UNIT_SUFFIXES[self.unit]
        records = []
        for row in self.rows:
            record: dict[str, Any] = {"rank": row.rank, "id": row.id, "mode": self.mode, "tier": row.tier}
            record |= {"covered": row.covered, "size": row.size}
            for name, (lo, best, hi) in (*row.phases.items(), ("total", row.total)):
                stem = f"{name.replace('-', '')}_{suffix}"
                record |= {stem: best, f"{stem}_lo": lo, f"{stem}_hi": hi}
            record |= {f"saved_{suffix}": row.saved, "missing": "; ".join(row.missing) or None}
            records.append(record | {"arithmetic": row.arithmetic})
        return records

    def as_dict(self) -> dict[str, Any]:
        """Return the advice as the JSON document lineage/recommend/1."""
        return {
            "schema": "lineage/recommend/1",
            "kind": "base",
            "mode": self.mode,
            "unit": self.unit,
            "run": self.record,
            "plan": self.plan.as_dict(),
            "scratch": self.scratch.as_dict(),
            "unknown": self.unknown,
            "bases": [row.as_dict() for row in self.rows],
            "measure": None,
            "findings": [item.as_dict() for item in self.findings],
        }


def base_advice(
    graph: Graph,
    plan: Plan,
    run: Run | None = None,
    *,
    candidates: Sequence[str] = (),
    mode: str | None = None,
) -> BaseAdvice:
    """Return every candidate base in the plan, cheapest first; see the module for where its figures come from.

    Candidates are ids or patterns; without any, all models. Raises `OptionError` for a pattern that fits no model, and
    what `compare_plan` and `cost` raise.

    >>> from lineage.testing import graph
    >>> made = graph("big -[fine-tune]-> tuned", "small", own={"big": 900, "small": 100, "tuned": 30},
    ...              products={"big": {"parameters": 2e9}, "small": {"parameters": 1e9}})
    >>> plan = Plan(tasks=2, base={"epc": "0 g", "parameters": 1e9}, inferences=1000,
    ...             reuse={"adaptation": "10 g", "inference": "0.1 g"},
    ...             scratch={"training": "400 g", "inference": "0.1 g"})
    >>> [(row.id, row.total.best) for row in base_advice(made, plan, candidates=["*big", "*small"]).rows]
    [('model:small', 320.0), ('model:big', 1360.0)]
    """
    run = replace(run or Run(), impact=plan.impact)
    told = compare_plan(plan, graph, run, mode=mode, samples=None)
    result = cost(graph, run)
    figures = resolved(plan, graph, run)
    codes = _chosen(result, candidates)
    place = _Placed(plan, told.mode, figures, result)
    known = [code for code in codes if place.sunk or place.epc(code).best is not None]
    total = told.scratch.total
    rows = [place.candidate(code, None if total.hi is None else total.best) for code in known]
    rows.sort(key=lambda row: (bool(row.missing), _at_least(row.total), row.id))
    ranked = tuple(replace(row, rank=None if row.missing else number) for number, row in enumerate(rows, 1))
    return BaseAdvice(
        plan=plan,
        mode=told.mode,
        unit=plan.unit,
        rows=ranked,
        scratch=told.scratch.total,
        unknown=len(codes) - len(known),
        record=run_record(result),
        findings=result.findings,
    )


def _chosen(result: Cost, patterns: Sequence[str]) -> list[int]:
    """Return the codes of the models that fit a pattern, or of all."""
    ids = result.graph.ids
    models = [code for code in result.existing if ids[code].startswith("model:")]
    if not patterns:
        return models
    found: dict[int, None] = {}
    for pattern in patterns:
        if any(mark in pattern for mark in "*?["):
            fitting = [code for code in models if fnmatchcase(ids[code], pattern)]
            if not fitting:
                close = did_you_mean(pattern, [ids[code] for code in models])
                raise OptionError(f"no model fits {pattern!r}{close}; write for example 'model:acme/*'")
        else:
            fitting = [result.code(pattern)]
        found |= dict.fromkeys(fitting)
    return list(found)


class _Placed:
    """Puts candidates into a plan."""

    def __init__(self, plan: Plan, mode: str, figures: dict[str, Figure], result: Cost) -> None:
        self.plan, self.figures, self.result = plan, figures, result
        self.sunk = mode == "consequential" and plan.exists
        self.parameters = result.graph.floats("products", "parameters")
        self.reference = number(plan.base["parameters"]) if "parameters" in plan.base else None
        self.first, self.children = result.children_of
        self.cases = [case_of(plan, figures, mode, values_at(plan, figures, end)) for end in ENDS]
        labels = result.graph.labels("edges", "relation")
        codes = result.network.of_edges(labels.codes).tolist()
        edges = zip(result.network.child.tolist(), result.network.parent.tolist(), codes, strict=True)
        self.relation = {(child, parent): labels.names[code] for child, parent, code in edges}
        self.serving = _serving(result.graph)

    def epc(self, code: int) -> Interval:
        """Return the candidate's EPC, or its burden where the policy has no EPC."""
        return self.result.carried.at(code)

    def candidate(self, code: int, scratch: float | None) -> Candidate:
        """Return one candidate, not ranked yet."""
        size = self._size(code)
        adaptation, tuned = self._adaptation(code, size)
        inference, served = self._inference(code, size)
        again = self._scaled("reuse_retraining", size)
        epc = Interval(0.0, 0.0, 0.0) if self.sunk else self.epc(code)
        cases = [
            replace(
                case,
                epc=_fraction(getattr(epc, end)),
                adaptation=_fraction(getattr(adaptation, end)),
                reuse_inference=_fraction(getattr(inference, end)),
                reuse_retraining=_fraction(getattr(again, end)),
            )
            for end, case in zip(ENDS, self.cases, strict=True)
        ]
        phases = {name: _interval(cases, name) for name in cases[1].reuse}
        missing = tuple(name for name, phase in phases.items() if phase.best is None or phase.hi is None)
        total = _summed(list(phases.values()))
        row = self.result.row(code)
        return Candidate(
            id=row.id,
            name=row.name,
            rank=None,
            tier=row.tier,
            covered=row.covered,
            size=size,
            phases=phases,
            total=total,
            saved=None if scratch is None or total.best is None or missing else scratch - total.best,
            origins={"base": self._base_said(), "adaptation": tuned, "inference": served},
            missing=missing,
            arithmetic=f"{' + '.join(map(_said, phases.values()))} = {_said(total)} {self.plan.unit}",
        )

    def _base_said(self) -> str:
        if self.sunk:
            return "sunk"
        return f"{self.result.view}, " + ("whole" if self.plan.share == "whole" else "shared equally")

    def _size(self, code: int) -> float | None:
        """Return the candidate's parameters over those of the plan's base."""
        own = float(self.parameters[code])
        return own / self.reference if self.reference and own > 0 else None

    def _adaptation(self, code: int, size: float | None) -> tuple[Interval, str]:
        children = self.children[self.first[code] : self.first[code + 1]]
        own = [self.result.own.at(child) for child in children if self.relation[child, code] in TUNED]
        known = [item for item in own if item.best is not None]
        if not known:
            return self._scaled("adaptation", size), self._origin(size)
        middle = [median([getattr(item, end) or 0.0 for item in known]) for end in ("lo", "best")]
        tops = [item.hi for item in known if item.hi is not None]
        top = median(tops) if len(tops) == len(known) else None
        return Interval(middle[0], middle[1], top), f"observed, {len(known)} tuned from it"

    def _inference(self, code: int, size: float | None) -> tuple[Interval, str]:
        if code in self.serving:
            told = serving(self.result.graph, self.result.graph.ids[code], self.result.run, cost=self.result)
            value = told.per_inference["operation"]
            if told.jobs and value is not None:
                return Interval(value, value, value), f"observed, {told.jobs} jobs"
        return self._scaled("reuse_inference", size), self._origin(size)

    def _origin(self, size: float | None) -> str:
        if self.reference is None:
            return "as in the plan"
        return "unknown size" if size is None else f"plan x {size:.4g} (size)"

    def _scaled(self, name: str, size: float | None) -> Interval:
        """Return the plan's figure in proportion to the parameters, or as it is where its base has no size."""
        lo, best, hi = (getattr(case, name) for case in self.cases)
        found = Interval(*(None if end is None else float(end) for end in (lo, best, hi)))
        if self.reference is None or found.best == 0:
            return found
        return Interval(0.0, None, None) if size is None else found.scaled(size)


def _serving(graph: Graph) -> set[int]:
    """Return the products with inference jobs that say how many inferences they stand for."""
    if not graph.rows("jobs"):
        return set()
    counted = ~np.isnan(graph.floats("jobs", "inferences"))
    counted &= graph.labels("jobs", "phase").where("inference")
    return set(graph.integers("jobs", "product")[counted].tolist())


def _summed(phases: Sequence[Interval]) -> Interval:
    """Return the sum; best is None where that of a phase is."""
    lows, bests, tops = ([getattr(phase, end) for phase in phases] for end in ENDS)
    return Interval(
        sum(low or 0.0 for low in lows),
        None if None in bests else sum(bests),
        None if None in tops else sum(tops),
    )


def _at_least(total: Interval) -> float:
    """Return what candidates are ordered by: the best value; where there is none, the lower bound."""
    return max(total.lo or 0.0, total.best or 0.0) if total.hi is None or total.best is None else total.best


def _said(phase: Interval) -> str:
    """Return a part of the arithmetic: "?" where it is unknown, with "≥" where it is known in part."""
    return "?" if phase.best is None else f"{'≥ ' if phase.hi is None else ''}{phase.best:.6g}"


def _fraction(value: float | None) -> Fraction | None:
    return None if value is None else Fraction(repr(float(value)))


def _interval(cases: Sequence[Case], name: str) -> Interval:
    return Interval(*(None if case.reuse[name] is None else float(case.reuse[name]) for case in cases))
