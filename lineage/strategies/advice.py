"""`recommend`: which base is cheapest to build on, and which measurements would narrow a result most."""

from collections.abc import Sequence
from typing import overload

from lineage.errors import OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.strategies.bases import BaseAdvice, base_advice
from lineage.strategies.measuring import MeasureAdvice, measure_advice
from lineage.strategies.plans import Plan
from lineage.uncertainty import Uncertainty

__all__ = ["recommend"]


@overload
def recommend(
    graph: Graph, about: Plan, run: Run | None = None, *, candidates: Sequence[str] = ()
) -> BaseAdvice:
    """Recommend a base for a plan."""


@overload
def recommend(
    graph: Graph, about: str, run: Run | None = None, *, uncertainty: Uncertainty | None = None
) -> MeasureAdvice:
    """Recommend what to measure for a product."""


def recommend(
    graph: Graph,
    about: Plan | str,
    run: Run | None = None,
    *,
    candidates: Sequence[str] = (),
    uncertainty: Uncertainty | None = None,
) -> BaseAdvice | MeasureAdvice:
    """Recommend with reasons: for a plan the base to build on, for a product what to measure next.

    Both are ranked tables with their arithmetic: see `lineage.strategies.bases` and `lineage.strategies.measuring`.
    `candidates` are ids or patterns of bases, `uncertainty` says how sure inputs are. Raises `UnknownProduct`,
    `OptionError`, and what `cost` raises.

    >>> from lineage.testing import graph
    >>> made = graph("base -> tuned", own={"base": (50, 100, 300), "tuned": 10})
    >>> [row.what for row in recommend(made, "tuned").rows]
    ['own cost of a product model:base', 'own cost of a product model:tuned']
    """
    if isinstance(about, Plan):
        if uncertainty is not None:
            raise OptionError("a plan has its own ranges; leave out the uncertainty")
        return base_advice(graph, about, run, candidates=candidates)
    if candidates:
        raise OptionError("candidates are bases for a plan; leave them out for a product")
    return measure_advice(graph, about, run, uncertainty=uncertainty)
