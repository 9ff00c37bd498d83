"""`compare`: what a base with its real descendants cost, beside each descendant trained from scratch."""

from collections import Counter
from collections.abc import Sequence
from typing import overload

import numpy as np

from lineage.errors import OptionError, did_you_mean
from lineage.graph import Graph
from lineage.kernels.arrays import Floats
from lineage.run import Run
from lineage.schema import TIERS
from lineage.strategies.cases import MODES
from lineage.strategies.counterfactual import Scratch, ScratchCosts, anew
from lineage.strategies.families import Descendant, FamilyComparison, surely_below, verdict
from lineage.strategies.lines import Line, Lines
from lineage.strategies.paying import Paid, crossing, is_like, summed
from lineage.strategies.planned import PlanComparison, compare_plan
from lineage.strategies.plans import Plan
from lineage.views.closures import closures
from lineage.views.cost import Cost, cost
from lineage.views.interval import Bounds, Interval

__all__ = ["biggest_families", "compare", "compare_families"]

SUNK = Interval(0.0, 0.0, 0.0)


@overload
def compare(subject: Plan, *, mode: str | None = None) -> PlanComparison:
    """Compare the strategies of a plan."""


@overload
def compare(
    subject: Graph,
    base: str,
    run: Run | None = None,
    *,
    mode: str | None = None,
    scratch: ScratchCosts | None = None,
) -> FamilyComparison:
    """Compare a base and its real descendants with each of them trained from scratch."""


def compare(
    subject: Graph | Plan,
    base: str | None = None,
    run: Run | None = None,
    *,
    mode: str | None = None,
    scratch: ScratchCosts | None = None,
) -> FamilyComparison | PlanComparison:
    """Compare reuse with training from scratch: a plan, or a base with its real descendants.

    Of a real base: the actual footprint, EPC(base) + the own cost of each descendant once, beside the counterfactual
    in which each was trained anew (`ScratchCosts`), over the descendants of which both are known, in order of date.
    For a single descendant, reuse is its own cost + w x EPC of each model it was made of (attributional) or its own
    cost alone (consequential: all that was there before is sunk); its data sets count the same either way and are
    left out. Raises `UnknownProduct`, `OptionError`, and what `cost` raises.

    >>> from lineage.testing import graph
    >>> made = graph("base -[fine-tune]-> a, b, c", own={"base": 100, "a": 10, "b": 10, "c": 10})
    >>> told = compare(made, "base")
    >>> told.actual.best, told.counterfactual.best, told.paid_from, told.scratch_methods
    (130.0, 300.0, 2, {'scaled': 3})
    """
    if isinstance(subject, Plan):
        return compare_plan(subject, mode=mode)
    if base is None:
        raise OptionError(
            'a graph is compared for a base: compare(graph, "model:base"), or compare_families(graph, 10)'
        )
    result = cost(subject, run)
    return _compared(Lines(result), result.code(base), _mode(mode), scratch or ScratchCosts())


def compare_families(
    graph: Graph,
    count: int,
    run: Run | None = None,
    *,
    mode: str | None = None,
    scratch: ScratchCosts | None = None,
) -> list[FamilyComparison]:
    """Compare the families of the `count` models with most descendants that were made of no other model."""
    result = cost(graph, run)
    lines, chosen = Lines(result), _mode(mode)
    return [
        _compared(lines, code, chosen, scratch or ScratchCosts()) for code in biggest_families(result, count)
    ]


def biggest_families(result: Cost, count: int) -> list[int]:
    """Return the codes of the models with most descendants among those made of no model; ties by id."""
    network, ids = result.network, result.graph.ids
    is_model = np.array([name.startswith("model:") for name in ids], dtype=np.bool_)
    root = is_model & network.existing
    root[network.child[is_model[network.parent]]] = False
    members = closures(result, down=True).members
    found = np.flatnonzero(root & (members > 1))
    codes: list[int] = found[np.argsort(-members[found], kind="stable")[:count]].tolist()
    return codes


def _mode(mode: str | None) -> str:
    chosen = mode or MODES[0]
    if chosen not in MODES:
        raise OptionError(
            f"there is no mode {mode!r}{did_you_mean(chosen, MODES)}; there are {', '.join(MODES)}"
        )
    return chosen


def _compared(lines: Lines, base: int, mode: str, costs: ScratchCosts) -> FamilyComparison:
    result = lines.result
    if result.epc is None and mode == "attributional":
        raise OptionError(
            f"policy {result.run.policy} has no EPC to compare by; choose another --policy, or --mode consequential"
        )
    line = lines.of(base)
    if costs.given:
        costs.check([result.graph.ids[code] for code in line.codes], result.unit)
    anewly = anew(result, line, costs, lines.estimated)
    reused = _reused(result, line.codes, mode)
    rows = _rows(result, line, anewly, reused)
    charged = SUNK if mode == "consequential" or result.epc is None else result.epc.at(base)
    like = [row for row in rows if is_like(row)]
    paid = crossing(charged, rows) if rows else Paid(why="it has no descendants")
    known = sum(row.own.best is not None for row in rows) + (result.own.at(base).best is not None)
    tiers = Counter([*(row.tier for row in rows), result.own_costs.tier[base]])
    return FamilyComparison(
        product=result.graph.ids[base],
        name=result.name(base),
        unit=result.unit,
        mode=mode,
        result=result,
        charged=charged,
        base_own=result.own.at(base),
        base_tier=result.own_costs.tier[base],
        footprint=summed([charged, *(row.own for row in rows)]),
        actual=summed([charged, *(row.own for row in like)]) if like else Interval(0.0, None, None),
        counterfactual=summed([row.scratch for row in like]) if like else Interval(0.0, None, None),
        compared=len(like),
        paid=paid,
        covered=known / (len(rows) + 1),
        scratch_covered=sum(row.scratch.best is not None for row in rows) / len(rows) if rows else None,
        count_by_tier={tier: tiers[tier] for tier in TIERS if tiers[tier]},
        scratch_methods=dict(sorted(Counter(row.method for row in rows).items())),
        rows=tuple(rows),
        findings=result.findings,
        sizes=tuple(item.size for item in anewly),
    )


def _reused(result: Cost, codes: Sequence[int], mode: str) -> Bounds:
    """Return what each descendant costs by reuse: own cost + w x EPC of the models it was made of, or own cost."""
    picked = np.array(codes, dtype=np.int64)
    own = Bounds(*(side[picked] for side in result.own))
    if mode == "consequential" or result.epc is None or not len(picked):
        return own
    network, ids = result.network, result.graph.ids
    place = np.full(len(ids), -1, dtype=np.int64)
    place[picked] = np.arange(len(picked))
    edges = np.flatnonzero(place[network.child] >= 0)
    edges = edges[[ids[parent].startswith("model:") for parent in network.parent[edges].tolist()]]
    edges = edges[result.shares.w[edges] > 0] if len(edges) else edges
    sides: list[Floats] = []
    for side, above in zip(own, result.epc, strict=True):
        total = side.copy()
        parts = result.shares.w[edges] * above[network.parent[edges]]
        np.add.at(total, place[network.child[edges]], parts)
        sides.append(total)
    return Bounds(*sides)


def _rows(result: Cost, line: Line, anewly: Sequence[Scratch], reused: Bounds) -> list[Descendant]:
    graph, tiers = result.graph, result.own_costs.tier
    rows = []
    for place, (code, date, item) in enumerate(zip(line.codes, line.dates, anewly, strict=True)):
        reuse, alone = reused.at(place), item.figure.interval
        rows.append(
            Descendant(
                id=graph.ids[code],
                name=result.name(code),
                date=date,
                own=result.own.at(code),
                tier=tiers[code],
                reuse=reuse,
                scratch=alone,
                scratch_tier=item.figure.tier,
                method=item.method,
                cheaper=verdict(reuse, alone),
                certain=surely_below(reuse, alone) or surely_below(alone, reuse),
            )
        )
    return rows
