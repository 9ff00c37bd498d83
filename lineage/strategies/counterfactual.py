"""What training a descendant from scratch would have cost: a figure given, an estimate, or the base's, by size.

None of these is known from a record, so each says by which method it came about, and with which tier.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from lineage.errors import OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.strategies.figures import Figure, figure_of, of_interval
from lineage.strategies.lines import Line
from lineage.views.cost import Cost
from lineage.views.interval import Interval

__all__ = ["METHODS", "Scratch", "ScratchCosts", "anew"]

METHODS: Final = {
    "given": "as given",
    "estimated": "estimated from hardware, tokens or operations",
    "scaled": "the base's own cost x parameters / the base's parameters",
    "unknown": "unknown",
}
# What is made in these ways has the architecture of what it was made of, whatever its files hold.
SAME_SIZE: Final = ("fine-tune", "adapter", "quantization", "merge", "continued-pretraining")
SMALLER_FILES: Final = ("adapter", "quantization")


class Scratch(NamedTuple):
    """The cost of training one model anew, how it came about, and the model's size in units of the base's."""

    figure: Figure
    method: str
    size: float | None


@dataclass(frozen=True, kw_only=True)
class ScratchCosts:
    """Costs of training from scratch by product, or by a pattern such as "model:acme/*"; the last that fits counts.

    A product without one gets an estimate where the run imputes, else the base's own cost in proportion to the
    parameters (`scale`), else it is unknown. Raises `ImportFault` for a text that is no cost.

    >>> ScratchCosts(given={"*": "96 t"}).rule("model:any", "gCO2e").best
    96000000.0
    """

    given: Mapping[str, str] = field(default_factory=dict)
    scale: bool = True

    def rule(self, product: str, unit: str) -> Figure | None:
        """Return the figure given for a product, or None."""
        for pattern in reversed(list(self.given)):
            if pattern == product or fnmatchcase(product, pattern):
                return figure_of(self.given[pattern], unit, ("--scratch-cost", pattern), {})
        return None

    def check(self, ids: Sequence[str], unit: str) -> None:
        """Raise `OptionError` for a name that fits no descendant."""
        for pattern in self.given:
            figure_of(self.given[pattern], unit, ("--scratch-cost", pattern), {})
            if not any(pattern == name or fnmatchcase(name, pattern) for name in ids):
                raise OptionError(
                    f"--scratch-cost {pattern}: no descendant has this name; "
                    f"write an id such as {ids[0]}, or a pattern such as 'model:*'"
                    if ids
                    else f"--scratch-cost {pattern}: the base has no descendants"
                )


def anew(result: Cost, line: Line, costs: ScratchCosts, estimated: dict[int, Figure | None]) -> list[Scratch]:
    """Return what training each descendant of a line from scratch would have cost, in the order of the line.

    `estimated` keeps estimates by code, for the families of a result overlap.
    """
    base = line.base
    sizes = _sizes(result.graph, base, line)
    ids = result.graph.ids
    found = []
    for code in line.codes:
        size = sizes[code]
        given = costs.rule(ids[code], result.unit)
        if given is not None:
            found.append(Scratch(given, "given", size))
            continue
        if code not in estimated:
            estimated[code] = _estimate(result.graph, code, result.run)
        estimate = estimated[code]
        if estimate is None and costs.scale and size is not None:
            found.append(Scratch(_scaled(result, base, size), "scaled", size))
            continue
        method = "unknown" if estimate is None else "estimated"
        nothing = Figure(unit=result.unit, lo=0.0, best=None, hi=None, tier="unknown")
        found.append(Scratch(estimate or nothing, method, size))
    return [item if item.figure.best is not None else item._replace(method="unknown") for item in found]


def _scaled(result: Cost, base: int, size: float) -> Figure:
    """Return the base's own cost times the size; it is never better evidence than imputed."""
    own = result.own.at(base).scaled(size)
    tier = "unknown" if own.best is None else "imputed"
    return of_interval(result.unit, own, tier, f"own cost of {result.graph.ids[base]} x {size:.4g}")


def _sizes(graph: Graph, base: int, line: Line) -> dict[int, float | None]:
    """Return every descendant's parameters over the base's; what is tuned has the size of what it was made of."""
    parameters = graph.floats("products", "parameters")
    own = float(parameters[base])
    sizes: dict[int, float | None] = {base: 1.0}
    for code, parent, relation in line.steps:
        stated = float(parameters[code]) / own if own > 0 else math.nan
        if not math.isnan(stated) and stated > 0 and relation not in SMALLER_FILES:
            sizes[code] = stated
        else:
            sizes[code] = sizes[parent] if relation in SAME_SIZE else None
    return sizes


def _estimate(graph: Graph, code: int, run: Run) -> Figure | None:
    """Return the estimate of training a model anew, where the run imputes and there is one."""
    if not run.impute:
        return None
    from lineage.estimates import from_scratch

    found = from_scratch(graph, code, run)
    return None if found is None else of_interval(run.unit, Interval(*found.value), found.tier, found.method)
