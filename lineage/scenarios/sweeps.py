"""One input swept over a range: figures at each value, and the value at which the ranking of two products flips."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any, Final

from lineage.errors import CycleError, InputError, OptionError, UnitError
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios.applying import changed
from lineage.scenarios.change import Change
from lineage.scenarios.effects import WhatIf
from lineage.scenarios.movement import Figures, common_view, figures, moved
from lineage.scenarios.reading import setting
from lineage.scenarios.scenario import changed_run
from lineage.units import POWERS, number, quantity
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval

__all__ = ["Flip", "Range", "Swept", "sweep"]

_FACTORS: Final = ("x", "X", "×", "*")
PRECISION: Final = 1e-9  # relative, of a value at which a ranking flips
MOST_POINTS: Final = 10_000
SHOWN: Final = 5  # products that are followed where none are named
_END: Final = re.compile(
    r"\s*(?P<sign>[xX×*+-]?)\s*(?P<number>[0-9.,]+(?:[eE][+-]?[0-9]+)?)\s*(?P<unit>[^0-9].*)?", re.DOTALL
)
_EXAMPLE: Final = "write for example 'own[model:base]=1t:10t:10', from 1 t to 10 t in 10 values"


@dataclass(frozen=True, slots=True)
class Range:
    """Values of one input: `count` from `start` to `stop`, evenly spaced, in the `unit` of `start`.

    `sign` is "x" for factors, "+" for percentages that are added or taken off (the values have their sign), else "".

    >>> values = Range.of("own[model:a]=1t:2t:3")
    >>> values.key, [values.text(value) for value in values.values]
    ('own[model:a]', ['1.0 t', '1.5 t', '2.0 t'])
    """

    key: str
    sign: str
    start: float
    stop: float
    unit: str
    count: int

    @classmethod
    def of(cls, text: str) -> "Range":
        """Read "KEY=START:STOP:COUNT". Raises `OptionError` with the way out."""
        key, _, values = text.rpartition("=")
        parts = values.split(":")
        if not key or len(parts) != 3:
            raise OptionError(f"--sweep {text!r} is no range; {_EXAMPLE}")
        ends = [_END.fullmatch(part) for part in parts[:2]]
        try:
            count = int(parts[2])
            (first, last) = (_signed(end) for end in ends if end is not None)
        except (ValueError, UnitError):
            raise OptionError(f"--sweep {text!r}: {values!r} is no START:STOP:COUNT; {_EXAMPLE}") from None
        units = [end["unit"].strip() for end in ends if end is not None and end["unit"]]
        factor = _ratio(units[1], units[0]) if len(units) == 2 else 1.0
        sign = _sign([end["sign"] for end in ends if end is not None], units, (first, last))
        if sign is None:
            raise OptionError(
                f"--sweep {text!r}: write both ends as values, as factors or as percentages with their signs, "
                "such as 1t:10t:10, x 0.5:x 2:4 or -50 %:+50 %:5"
            )
        if factor is None:
            raise OptionError(f"--sweep {text!r}: write both ends in the same unit, such as 1t:10t:10")
        last *= factor
        if not 2 <= count <= MOST_POINTS or first == last:
            raise OptionError(
                f"--sweep {text!r}: needs 2 to {MOST_POINTS:,} values between two different ends"
            )
        return cls(key.strip(), sign, first, last, units[0] if units else "", count)

    @property
    def values(self) -> list[float]:
        """The values, both ends included."""
        width = self.stop - self.start
        return [self.start + width * step / (self.count - 1) for step in range(self.count)]

    def text(self, value: float) -> str:
        """Return a value as a scenario takes it."""
        unit = f" {self.unit}" if self.unit else ""
        value += 0.0  # no -0.0
        sign = {"x": "x ", "+": "+" if value >= 0 else "", "": ""}[self.sign]
        return f"{sign}{value!r}{unit}"

    def label(self, value: float) -> str:
        """Return a value as people read it, with ten digits at most."""
        value += 0.0
        return self.text(value).replace(repr(value), f"{value:.10g}")

    def change(self, value: float) -> Change:
        """Return the change that sets this value. Raises `OptionError`."""
        return setting(f"{self.key}={self.text(value)}")


def _signed(end: re.Match[str]) -> float:
    value = number(end["number"])
    return -value if end["sign"] == "-" else value


def _sign(signs: Sequence[str], units: Sequence[str], ends: tuple[float, float]) -> str | None:
    """Return the kind of sign that both ends have: "x", "+" or ""; None where they do not go together."""
    factors = [sign in _FACTORS for sign in signs if sign]
    if any(factors):
        return "x" if factors == [True, True] else None
    if "%" in units and any(signs):
        return "+" if all(sign or end == 0 for sign, end in zip(signs, ends, strict=True)) else None
    return None if "+" in signs else ""


def _ratio(unit: str, other: str) -> float | None:
    """Return how many of another unit one unit is; None where they are not of one kind."""
    for base in POWERS if unit != other else ():
        try:
            return quantity(f"1 {unit}", base) / quantity(f"1 {other}", base)
        except UnitError:
            continue
    return 1.0 if unit == other else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Where the ranking of two products flips: `below` this value of the input one is cheaper, `above` it the other.

    `open` where a figure beside it is known on one side only: then it holds as far as known.
    """

    value: float
    text: str
    below: str
    above: str
    open: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the flip as JSON holds it."""
        return {name: getattr(self, name) for name in ("value", "text", "below", "above")}


@dataclass(frozen=True, kw_only=True)
class Swept:
    """Figures of some `products` for each value of a range, and the flips of their ranking."""

    range: Range
    products: tuple[str, ...]
    view: str
    unit: str
    stages: tuple[Figures, ...] = field(repr=False)
    flips: tuple[Flip, ...]

    @cached_property
    def rows(self) -> list[tuple[str, list[float | None]]]:
        """The value as text, and the best figure of every product there."""
        values = zip(self.range.values, self.stages, strict=True)
        return [
            (self.range.label(value), [stage.best(name) for name in self.products]) for value, stage in values
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the sweep as JSON holds it."""
        points = [
            {
                "value": value,
                "text": self.range.text(value),
                "figures": [{"id": name, **_bounds(stage, name)} for name in self.products],
            }
            for value, stage in zip(self.range.values, self.stages, strict=True)
        ]
        return {
            "input": self.range.key,
            "unit": self.range.unit,
            "view": self.view,
            "points": points,
            "flips": [item.as_dict() for item in self.flips],
        }


def _bounds(stage: Figures, name: str) -> dict[str, float | None]:
    found = stage.at(name)
    return {"lo": None, "best": None, "hi": None} if found is None else found.as_dict()


def sweep(told: WhatIf, values: Range, products: Sequence[str] = ()) -> Swept:
    """Return figures for every value of one input, set after the changes of a scenario, and where rankings flip.

    Without `products` the ones that move most from the first value to the last. A flip is found by bisection between
    two neighbouring values, to 1e-9 of the value. Raises `OptionError` where the input does not take a value.

    >>> from lineage.testing import graph
    >>> from lineage.scenarios import Scenario, whatif
    >>> told = whatif(graph("a, b", own={"a": 5, "b": 3}), Scenario())
    >>> [(flip.text, flip.below) for flip in sweep(told, Range.of("own[b]=1g:9g:3"), ["a", "b"]).flips]
    [('5.0 g', 'model:b')]
    """
    evaluate = _evaluator(told, values)
    results = [evaluate(value) for value in values.values]
    view = common_view(*results)
    stages = tuple(figures(result, view) for result in results)
    names = [told.product(name) for name in products] or [
        row.id for row in moved(stages[0], stages[-1])[:SHOWN]
    ]
    flips = [
        flip
        for a, b in combinations(dict.fromkeys(names), 2)
        for flip in _flips(values, lambda x: figures(evaluate(x), view), stages, (a, b))
    ]
    return Swept(
        range=values,
        products=tuple(dict.fromkeys(names)),
        view=view,
        unit=told.unit,
        stages=stages,
        flips=tuple(sorted(flips, key=lambda flip: (flip.value, flip.below, flip.above))),
    )


def _evaluator(told: WhatIf, values: Range) -> Callable[[float], Cost]:
    """Return the result for a value of the input."""
    graph: Graph = told.graph
    run: Run = told.after.run
    context = told.scenario.changes

    def evaluate(value: float) -> Cost:
        change = values.change(value)
        try:
            return cost(changed(graph, change, (*context, change)), changed_run(run, change))
        except (CycleError, InputError) as error:
            raise error if isinstance(error, OptionError) else change.fault(str(error)) from error

    return evaluate


def _flips(
    values: Range, at: Callable[[float], Figures], stages: Sequence[Figures], pair: tuple[str, str]
) -> Iterator[Flip]:
    """Yield where a - b changes its sign; where it is not known no flip is found."""
    told = [(value, _gap(stage, pair), stage) for value, stage in zip(values.values, stages, strict=True)]
    leading = [each for each in told if each[1] != 0]  # where they are equal neither leads
    for (left, before, first), (right, after, last) in pairwise(leading):
        if before is None or after is None or (before < 0) == (after < 0):
            continue
        value = _meeting(values, lambda x: _gap(at(x), pair), (left, right), before)
        if value is None:
            continue
        ahead, behind = pair if before < 0 else (pair[1], pair[0])
        if values.start > values.stop:
            ahead, behind = behind, ahead
        is_open = any(_is_open(stage.at(name)) for stage in (first, last) for name in pair)
        yield Flip(value=value, text=values.text(value), below=ahead, above=behind, open=is_open)


def _meeting(
    values: Range, gap_at: Callable[[float], float | None], ends: tuple[float, float], before: float
) -> float | None:
    """Return the value between two ends at which a gap is 0; None where it is not known on the way there."""
    low, high = ends
    # A percentage may be 0 where they meet: then 1e-9 of it is nothing to reach.
    least = 1e-6 * abs(values.stop - values.start) if values.sign == "+" else 0.0
    while abs(high - low) > PRECISION * max(abs(low), abs(high), least):
        middle = low + (high - low) / 2
        gap = gap_at(middle)
        if gap is None:
            return None
        if gap == 0:
            return middle
        if (gap < 0) == (before < 0):
            low = middle
        else:
            high = middle
    return low + (high - low) / 2


def _is_open(figure: Interval | None) -> bool:
    """Return whether a figure is known on one side only, so that it is printed with "≥" or "≤"."""
    if figure is None:
        return False
    lo, best, hi = figure
    if best is None:
        return False
    return lo is None or hi is None or not lo <= best <= hi


def _gap(stage: Figures, pair: tuple[str, str]) -> float | None:
    a, b = (stage.best(name) for name in pair)
    return None if a is None or b is None else a - b
