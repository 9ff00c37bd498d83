"""Which measurements would narrow a product's result most: the value of information.

Each uncertain input goes from its 5th to its 95th percentile (`sensitivity`); the result moves by its swing. What a
measurement leaves is the swing of an input known as well as a measured one (`MEASURED`). Inputs are independent and the
result is close to linear in each, so swings add as squares: the width before is sqrt(sum of swing^2), after measuring
the first inputs sqrt(sum of what is left^2). A figure without a range gets the spread of its tier (`SPREADS`, an
assumption, marked so). An unknown own cost comes first: until it is known the result has no upper bound.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.uncertainty import Uncertainty
from lineage.views.bill import weights_to
from lineage.views.cost import Cost
from lineage.views.samples import run_record
from lineage.views.sensitivity import Swing, sensitivity

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MEASURED", "SPREADS", "MeasureAdvice", "Measurement", "measure_advice"]

# Geometric standard deviations of a figure without a range, by tier: assumptions, coarse on purpose.
SPREADS: Final = {
    "measured": 1.05,
    "reported": 1.1,
    "from-energy": 1.2,
    "from-device-hours": 1.4,
    "from-flops": 2.0,
    "imputed": 3.0,
}
MEASURED: Final = 1.05
NINETY: Final = 1.6448536269514722  # standard deviations to the 95th percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One input worth measuring; `left` is the width of the result once this and all before it are measured.

    `why` is "unknown" (no upper bound without it), "range" (the figure or the uncertainty has one) or "assumed" (the
    spread of its tier); `weight` is the part of a product's own cost that reaches the result.
    """

    rank: int
    what: str
    kind: str
    name: str
    tier: str | None
    weight: float | None
    why: str
    low: float | None
    high: float | None
    swing: float | None
    after: float | None
    left: float | None
    arithmetic: str

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, kw_only=True)
class MeasureAdvice:
    """What to measure to know a product's EPC (or burden) better, most useful first, in `unit`.

    `width` is the 90 % width of the result now, of what is known; `unknown` counts inputs of which nothing is known.
    """

    product: str
    view: str
    unit: str
    best: float | None
    width: float
    unknown: int
    rows: tuple[Measurement, ...]
    record: dict[str, Any] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def table(self) -> "pd.DataFrame":
        """The measurements as a pandas DataFrame; unknown is NaN."""
        import pandas as pd

        return pd.DataFrame.from_records([row.as_dict() for row in self.rows])

    def as_dict(self) -> dict[str, Any]:
        """Return the advice as the JSON document lineage/recommend/1."""
        return {
            "schema": "lineage/recommend/1",
            "kind": "measure",
            "mode": None,
            "unit": self.unit,
            "run": self.record,
            "plan": None,
            "scratch": None,
            "unknown": self.unknown,
            "bases": [],
            "measure": {
                "product": self.product,
                "view": self.view,
                "best": self.best,
                "width": self.width,
                "rows": [row.as_dict() for row in self.rows],
            },
            "findings": [item.as_dict() for item in self.findings],
        }


def measure_advice(
    graph: Graph, product: str, run: Run | None = None, *, uncertainty: Uncertainty | None = None
) -> MeasureAdvice:
    """Return the inputs of a product's EPC by how much measuring them would narrow it.

    Shares of a policy are choices and cannot be measured; they are left out. Raises `UnknownProduct`, and what
    `sensitivity` raises.

    >>> from lineage.testing import graph
    >>> told = measure_advice(graph("dataset:web, base -> tuned", own={"base": (50, 100, 300), "tuned": 10}), "tuned")
    >>> [(row.name, row.why) for row in told.rows]
    [('dataset:web', 'unknown'), ('model:base', 'range'), ('model:tuned', 'assumed')]
    """
    from lineage.views.cost import cost

    result = cost(graph, run)
    code = result.code(product)
    weights = weights_to(result, code)
    given, assumed = _with_assumed(result, weights, uncertainty or Uncertainty())
    told = sensitivity(graph, product, run, uncertainty=given)
    rows = [
        _Row(result, weights, swing, assumed) for swing in told.rows if swing.kind != "weight" and swing.swing
    ]
    ordered = sorted(rows, key=lambda row: (-(row.swing.swing**2 - row.after**2), row.swing.input))
    unknown = _unknown(result, weights)
    squares = [row.swing.swing**2 for row in ordered]
    rest = math.fsum(squares)
    width = math.sqrt(rest)
    found = [replace(item, rank=place) for place, item in enumerate(unknown, 1)]
    for row in ordered:
        rest = max(0.0, rest - row.swing.swing**2 + row.after**2)
        found.append(row.measurement(len(found) + 1, math.sqrt(rest)))
    return MeasureAdvice(
        product=told.product,
        view=told.view,
        unit=told.unit,
        best=told.best if result.carried.at(code).best is not None else None,
        width=width,
        unknown=len(unknown),
        rows=tuple(found),
        record=run_record(result),
        findings=result.findings,
    )


def _with_assumed(
    result: Cost, weights: Mapping[int, float], given: Uncertainty
) -> tuple[Uncertainty, dict[str, float]]:
    """Return the uncertainty with the spread of its tier for every known figure without a range, and those spreads."""
    own, assumed = dict(given.own), {}
    for code, weight in weights.items():
        name = result.graph.ids[code]
        lo, best, hi = result.own.at(code)
        ranged = lo != hi and hi is not None
        spread = SPREADS.get(result.own_costs.tier[code])
        if not weight or not best or ranged or spread is None or given.rule("own", name, result.unit):
            continue
        own[name] = f"lognormal(100%, {spread:g})"
        assumed[name] = spread
    return replace(given, own=own), assumed


def _unknown(result: Cost, weights: Mapping[int, float]) -> list[Measurement]:
    """Return the products with an unknown own cost that reaches the result, the heaviest first."""
    found = [
        (weight, result.graph.ids[code])
        for code, weight in weights.items()
        if weight and math.isnan(result.own.hi[code])
    ]
    return [
        Measurement(
            rank=0,
            what=f"own cost of a product {name}",
            kind="own",
            name=name,
            tier="unknown",
            weight=weight,
            why="unknown",
            low=None,
            high=None,
            swing=None,
            after=None,
            left=None,
            arithmetic=f"{weight:.4g} x unknown: no upper bound",
        )
        for weight, name in sorted(found, key=lambda item: (-item[0], item[1]))
    ]


class _Row:
    """One input that is known with a spread."""

    def __init__(
        self, result: Cost, weights: Mapping[int, float], swing: Swing, assumed: Mapping[str, float]
    ) -> None:
        self.result, self.weights, self.swing, self.assumed = result, weights, swing, assumed
        moved = swing.input_high - swing.input_low
        slope = abs(swing.high - swing.low) / moved if moved else 0.0
        sure = MEASURED**NINETY - MEASURED**-NINETY
        self.after = min(swing.swing, slope * swing.input_best * sure)

    def measurement(self, rank: int, left: float) -> Measurement:
        """Return the row with its place and what is left after it."""
        swing, tier, weight = self.swing, None, None
        if swing.kind == "own" and swing.name in self.result.graph.codes:
            code = self.result.graph.codes[swing.name]
            tier, weight = self.result.own_costs.tier[code], self.weights.get(code)
        why = "assumed" if swing.kind == "own" and swing.name in self.assumed else "range"
        return Measurement(
            rank=rank,
            what=swing.input,
            kind=swing.kind,
            name=swing.name,
            tier=tier,
            weight=weight,
            why=why,
            low=swing.low,
            high=swing.high,
            swing=swing.swing,
            after=self.after,
            left=left,
            arithmetic=f"|{swing.high:.6g} - {swing.low:.6g}| = {swing.swing:.4g}, measured {self.after:.4g}",
        )
