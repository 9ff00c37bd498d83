"""Where the ranking of a plan flips: one parameter moved, the others at their best values."""

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lineage.strategies.cases import LABELS, Case, Flip, cheaper_everywhere, flip, tasks_star
from lineage.strategies.figures import Figure
from lineage.strategies.plans import FIGURES, Plan

__all__ = ["flips_of"]


def flips_of(plan: Plan, figures: Mapping[str, Figure], mode: str, best: Case) -> tuple[Flip, ...]:
    """Return the flip along every cost, every factor, the inferences, the tasks and the base's other children.

    A cost is named as in the plan and counts with its factors, per task (re-training: of one re-training).
    """
    rows = [_along(plan, figures, name, best) for name in FIGURES if name in figures]
    rows += [_factor(plan, figures, name, best) for name in plan.shared]
    rows.append(flip("inferences", best, lambda x: replace(best, inferences=x), best.inferences, ""))
    if plan.inferences_per_day is not None and plan.horizon_h and not _in_steps(plan):
        rate = best.inferences / Fraction(repr(plan.horizon_h))
        now = Fraction(repr(plan.horizon_h))
        rows.append(flip("horizon", best, lambda x: replace(best, inferences=rate * x), now, "h"))
    rows.append(_tasks(best))
    if plan.share == "equal":
        rows.append(_others(plan, best))
    return tuple(_sunk(row) if _is_sunk(row, plan, mode) else row for row in rows)


def _is_sunk(row: Flip, plan: Plan, mode: str) -> bool:
    return mode == "consequential" and plan.exists and row.parameter.startswith("base.")


def _sunk(row: Flip) -> Flip:
    return replace(
        row, now=None, value=None, above=None, why="sunk: the base exists, its cost counts for nothing"
    )


def _in_steps(plan: Plan) -> bool:
    return any("retraining_every" in section for section in (plan.reuse, plan.scratch))


def _along(plan: Plan, figures: Mapping[str, Figure], name: str, best: Case) -> Flip:
    strategy, _, key = name.partition(".")
    field = FIGURES[name]
    times = plan.retrainings(strategy) if key == "retraining" else 1
    if not times:
        why = "no re-training falls into the horizon: it moves neither strategy"
        now = _one(plan, figures[name])
        return Flip(parameter=LABELS[field], now=now, value=None, above=None, unit=plan.unit, why=why)

    def moved(value: Fraction) -> Case:
        return best.with_value(field, value * times)

    return flip(LABELS[field], best, moved, _scaled(getattr(best, field), Fraction(1, times)), plan.unit)


def _one(plan: Plan, figure: Figure) -> float | None:
    """Return a figure with its factors, once."""
    parts = [figure.best, *(plan.shared[name].best for name in figure.times)]
    known = [Fraction(repr(float(part))) for part in parts if part is not None]
    return float(math.prod(known)) if len(known) == len(parts) else None


def _factor(plan: Plan, figures: Mapping[str, Figure], name: str, best: Case) -> Flip:
    factor = plan.shared[name]
    touched = [FIGURES[key] for key, figure in figures.items() if name in figure.times]
    now = None if factor.best is None else Fraction(repr(factor.best))
    if not now:
        why = "unknown, or 0: nothing says what it multiplies"
        return Flip(
            parameter=f"factor {name}", now=factor.best, value=None, above=None, unit=factor.unit, why=why
        )

    def moved(value: Fraction) -> Case:
        case = best
        for field in touched:
            case = case.with_value(field, _scaled(getattr(best, field), value / now))
        return case

    return flip(f"factor {name}", best, moved, now, factor.unit)


def _scaled(value: Any, factor: Fraction) -> Any:
    return None if value is None else value * factor


def _tasks(best: Case) -> Flip:
    """k* as a flip: its real value, where it is above 0."""
    found = tasks_star(best)
    told: dict[str, Any] = {"parameter": "tasks", "now": float(best.tasks), "unit": ""}
    if found.real is None or found.real <= 0:
        why = found.never or found.unknown or "reuse is cheaper from the first task on"
        return Flip(**told, value=None, above=None, why=why)
    return Flip(**told, value=found.real, above="reuse")


def _others(plan: Plan, best: Case) -> Flip:
    """Other children n0 from which the tasks' share of the base is less than they save: EPC / gain - k - own use."""
    own_use = Fraction(1 if plan.base.get("own_use", True) else 0)
    told: dict[str, Any] = {
        "parameter": "base.other_children",
        "now": float(best.claims - own_use),
        "unit": "",
    }
    gain = best.gain
    if gain is None or best.epc is None:
        return Flip(**told, value=None, above=None, why="unknown")
    if gain <= 0:
        return Flip(
            **told, value=None, above=None, why="a task with reuse saves nothing, even with the base for free"
        )
    value = best.epc / gain - best.tasks - own_use
    if value <= 0:
        return Flip(**told, value=None, above=None, why=cheaper_everywhere("reuse", tie=value == 0))
    return Flip(**told, value=float(value), above="reuse")
