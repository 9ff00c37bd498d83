"""The arithmetic of reuse against from scratch (ACCOUNTING.md section 5), on exact fractions or on samples.

k tasks with n inferences each. Reuse costs the base's share, and per task adaptation a, n inferences and re-training;
from scratch costs per task training s, data d, n inferences and re-training. One task gains

    gain = s + d - a + n (i_s - i_r),    i = inference + re-training / n

and reuse is better where k gain > what the k tasks carry of the base: all of its EPC (`whole`), k / (n0 + 1 + k) of it
(`equal`, with n0 other children and its own use), or nothing (consequential: the base exists, its cost is sunk).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np

__all__ = ["MODES", "SHARES", "BreakEven", "Case", "Flip", "flip", "n_star", "parity", "tasks_star"]

MODES: Final = ("attributional", "consequential")
SHARES: Final = ("whole", "equal")

REUSE: Final = ("base", "adaptation", "inference", "re-training")
SCRATCH: Final = ("training", "data", "inference", "re-training")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All numbers of one comparison: fractions, or arrays of samples; None is unknown.

    Costs are per task, those of inference per inference; `epc` is what the base carries, 0 where it is sunk.

    >>> case = Case(epc=Fraction(100), adaptation=Fraction(5), training=Fraction(60), tasks=Fraction(2))
    >>> case.reuse["base"], case.total("reuse"), case.total("scratch"), case.difference
    (Fraction(100, 1), Fraction(110, 1), Fraction(120, 1), Fraction(10, 1))
    """

    epc: Any = Fraction(0)
    adaptation: Any = Fraction(0)
    reuse_inference: Any = Fraction(0)
    reuse_retraining: Any = Fraction(0)
    training: Any = Fraction(0)
    data: Any = Fraction(0)
    scratch_inference: Any = Fraction(0)
    scratch_retraining: Any = Fraction(0)
    tasks: Any = Fraction(1)
    inferences: Any = Fraction(0)
    claims: Any = Fraction(
        1
    )  # others that share the base under `equal`: n0 other children, and 1 for its own use
    share: str = "whole"

    @property
    def reuse(self) -> dict[str, Any]:
        """What reuse costs, by phase, over all tasks."""
        k, n = self.tasks, self.inferences
        return {
            "base": _times(self.epc, 1 if self.share == "whole" else k / (self.claims + k)),
            "adaptation": _times(self.adaptation, k),
            "inference": _times(self.reuse_inference, k * n),
            "re-training": _times(self.reuse_retraining, k),
        }

    @property
    def scratch(self) -> dict[str, Any]:
        """What training each model from scratch costs, by phase, over all tasks."""
        k, n = self.tasks, self.inferences
        return {
            "training": _times(self.training, k),
            "data": _times(self.data, k),
            "inference": _times(self.scratch_inference, k * n),
            "re-training": _times(self.scratch_retraining, k),
        }

    def total(self, strategy: str) -> Any:
        """Return the total of "reuse" or "scratch"; None where a phase is unknown."""
        return _sum(getattr(self, strategy).values())

    @property
    def difference(self) -> Any:
        """From scratch less reuse: what reuse saves; None where something is unknown."""
        reuse, scratch = self.total("reuse"), self.total("scratch")
        return None if reuse is None or scratch is None else scratch - reuse

    def with_value(self, name: str, value: Any) -> "Case":
        """Return the case with one of its numbers changed."""
        changed: dict[str, Any] = {name: value}
        return replace(self, **changed)

    @property
    def gain(self) -> Any:
        """What one task saves once the base is there: s + d - a + n (i_s - i_r)."""
        return replace(self, epc=Fraction(0), tasks=Fraction(1)).difference


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The smallest integer >= 1 at which reuse is strictly better, and the real number at which both cost the same.

    `last` is the largest integer at which it still is (None: from there on always); `never` says why there is none,
    `unknown` what would have to be known.
    """

    integer: int | None = None
    real: float | None = None
    last: int | None = None
    never: str | None = None
    unknown: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The value of one parameter at which the cheaper strategy changes; `above` names the cheaper one beyond it.

    `value` is None where no value from 0 on changes it; `why` says so.
    """

    parameter: str
    now: float | None
    value: float | None
    above: str | None
    unit: str
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


def tasks_star(case: Case) -> BreakEven:
    """Return k*, the break-even number of tasks: EPC / gain, under `equal` less (n0 + 1).

    k* is floor of the real value + 1, at least 1. Source: ACCOUNTING.md section 5; per task the comparison of
    Luccioni, Jernite, Strubell, "Power Hungry Processing", 2024.

    >>> tasks_star(Case(epc=Fraction(100), adaptation=Fraction(5), training=Fraction(55)))
    BreakEven(integer=3, real=2.0, last=None, never=None, unknown=None)
    """
    gain = case.gain
    if gain is None or case.epc is None:
        return BreakEven(unknown=", ".join(unknown_of(case)))
    if gain <= 0:
        word = "saves nothing" if gain == 0 else "costs more than from scratch"
        return BreakEven(never=f"a task with reuse {word}, even with the base for free")
    real = case.epc / gain - (0 if case.share == "whole" else case.claims)
    return BreakEven(integer=max(1, math.floor(real) + 1), real=float(real))


def n_star(case: Case) -> BreakEven:
    """Return n*, the break-even number of inferences per task, at the case's number of tasks.

    With F the gain per task without inference, less the task's part of the base, n* solves F + n (i_s - i_r) = 0. Where
    reuse is cheaper per inference it is better from n* on, where it is dearer up to `last`.

    >>> n_star(Case(epc=Fraction(100), training=Fraction(70), reuse_inference=Fraction(2),
    ...             scratch_inference=Fraction(5)))
    BreakEven(integer=11, real=10.0, last=None, never=None, unknown=None)
    """
    at_none = replace(case, inferences=Fraction(0)).difference
    at_one = replace(case, inferences=Fraction(1)).difference
    if at_none is None or at_one is None:
        return BreakEven(unknown=", ".join(unknown_of(case)))
    slope = at_one - at_none
    if slope == 0:
        if at_none > 0:
            return BreakEven(integer=1)
        return BreakEven(never="an inference costs the same either way, and reuse costs no less to make")
    real = -at_none / slope
    if slope > 0:
        return BreakEven(integer=max(1, math.floor(real) + 1), real=float(real))
    if real <= 1:
        return BreakEven(
            real=float(real),
            never="an inference with reuse costs more, and making it does not save that much",
        )
    return BreakEven(integer=1, real=float(real), last=math.ceil(real) - 1)


def parity(created: Any, inference: Any, retraining: Any, inferences: Any) -> float | None:
    """Return the number of inferences at which inference has cost as much as creation: created / i.

    `created` is EPC + a (or s + d), i the cost of an inference with its share of re-training. None where unknown or i
    is 0.

    >>> parity(Fraction(51686 + 7571), Fraction("1e-4"), Fraction(0), Fraction(1))
    592570000.0
    """
    if created is None or inference is None or retraining is None:
        return None
    if retraining and not inferences:
        return None
    each = inference + (retraining / inferences if retraining else 0)
    return float(created / each) if each else None


def flip(parameter: str, case: Case, moved: Callable[[Fraction], Case], now: Any, unit: str) -> Flip:
    """Return where the difference, linear in what `moved` sets, changes its sign.

    From its values d0 at 0 and d1 at 1: the parameter is -d0 / (d1 - d0), exactly.
    """
    at_none, at_one = (moved(Fraction(value)).difference for value in (0, 1))
    told: dict[str, Any] = {"parameter": parameter, "now": None if now is None else float(now), "unit": unit}
    if at_none is None or at_one is None:
        missing = ", ".join(unknown_of(moved(Fraction(0))))
        return Flip(**told, value=None, above=None, why=f"unknown: {missing}")
    slope = at_one - at_none
    if slope == 0:
        return Flip(**told, value=None, above=None, why="it moves neither strategy, or both alike")
    value = -at_none / slope
    if value <= 0:
        better = "reuse" if slope > 0 else "scratch"
        return Flip(**told, value=None, above=None, why=cheaper_everywhere(better, tie=value == 0))
    return Flip(**told, value=float(value), above="reuse" if slope > 0 else "scratch")


def cheaper_everywhere(strategy: str, *, tie: bool) -> str:
    """Return why nothing flips: a strategy is cheaper at every value, or at all but 0, where both cost the same."""
    said = f"{_SAID[strategy]} is cheaper at every value"
    return f"{said} above 0; at 0 both cost the same" if tie else said


def unknown_of(case: Case) -> list[str]:
    """Return the names of the numbers that are unknown."""
    return [LABELS[item.name] for item in fields(case) if getattr(case, item.name) is None]


LABELS: Final = {
    "epc": "base.epc",
    "adaptation": "reuse.adaptation",
    "reuse_inference": "reuse.inference",
    "reuse_retraining": "reuse.retraining",
    "training": "scratch.training",
    "data": "scratch.data",
    "scratch_inference": "scratch.inference",
    "scratch_retraining": "scratch.retraining",
    "tasks": "tasks",
    "inferences": "inferences",
    "claims": "base.other_children",
}
_SAID: Final = {"reuse": "reuse", "scratch": "from scratch"}


def _times(value: Any, factor: Any) -> Any:
    """Return value x factor; an unknown of which nothing is taken is 0."""
    if value is None:
        return Fraction(0) if isinstance(factor, (int, Fraction)) and factor == 0 else None
    if isinstance(value, np.ndarray) and isinstance(factor, Fraction):
        return value * float(factor)
    return value * factor


def _sum(parts: Iterable[Any]) -> Any:
    """Return the sum; None where a part is unknown. Exact parts are added exactly, then those that are samples."""
    listed = list(parts)
    if any(part is None for part in listed):
        return None
    exact = sum((part for part in listed if isinstance(part, Fraction)), Fraction(0))
    drawn = [part for part in listed if not isinstance(part, Fraction)]
    return sum(drawn, float(exact)) if drawn else exact
