"""Is a division of costs fair? Efficiency, the core (no group pays more than alone), conservation.

A group S that went alone would have to make everything it stands on: cost(S) = sum of own costs over S and the union
of its ancestors. A division is in the core if no group's burden exceeds that. The group that pays most above its cost
is a maximum-weight closure: choosing a product gains its burden and needs its ancestors, each at its own cost, once. A
minimum cut finds it exactly (Picard, "Maximal Closure of a Graph and Applications to Combinatorial Problems", 1976).
Games of at most `MOST_PLAYERS` products are decided so. Larger ones follow from the weights where nothing is handed
out twice: S carries sum over u of c(u) x sum over v in S of r(v) B[v, u]; the inner sum is at most 1, and 0 unless u is
in S or above it, so S never carries more than cost(S). Else only single products are checked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from lineage.views.closures import closures
from lineage.views.cost import Cost

__all__ = ["MOST_PLAYERS", "Fairness", "fairness", "worst_group"]

MOST_PLAYERS: Final = 300
TOLERANCE: Final = 1e-9  # relative to the sum of own costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """What holds of one policy's burdens, over the known part of the costs.

    `efficient`: burdens (and what nobody carries) add up to the own costs; `relative_error` is by how much they miss.
    `in_core`: no group pays more than it would alone; `checked` is "groups", "weights" (see the module), or "single
    products" (then a True says no more than that no single product pays too much). `worst` is the group that pays most
    above its cost, `excess` by how much. None: not applicable, or nothing is known.
    """

    efficient: bool | None
    relative_error: float | None
    conserves: bool | None
    in_core: bool | None
    checked: str
    worst: tuple[str, ...]
    excess: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the checks as JSON holds them."""
        return {name: getattr(self, name) for name in self.__slots__}


def fairness(result: Cost) -> Fairness:
    """Check the burdens of a result.

    >>> from lineage.testing import graph
    >>> from lineage.views.cost import cost
    >>> from lineage.run import Run
    >>> made = graph("base -> a, b", own={"base": 90, "a": 1, "b": 1})
    >>> fairness(cost(made, Run(policy="shapley"))).in_core
    True
    """
    held = result.conservation
    if result.burden is None or held.sum_own is None or held.relative_error is None:
        return Fairness(
            efficient=None,
            relative_error=held.relative_error,
            conserves=None,
            in_core=None,
            checked="",
            worst=(),
            excess=None,
        )
    burdens = np.nan_to_num(result.burden.best)
    limit = TOLERANCE * max(held.sum_own, 1e-300)
    if len(result.existing) <= MOST_PLAYERS:
        checked, (excess, worst) = "groups", worst_group(result, burdens.tolist())
    elif held.applies:
        checked, (excess, worst) = "weights", (0.0, [])
    else:
        checked, (excess, worst) = "single products", _worst_single(result, burdens)
    fair = excess <= limit
    return Fairness(
        efficient=held.relative_error <= TOLERANCE,
        relative_error=held.relative_error,
        conserves=held.relative_error <= TOLERANCE if held.applies else None,
        in_core=fair,
        checked=checked,
        worst=() if fair else tuple(result.graph.ids[code] for code in worst),
        excess=0.0 if fair else excess,
    )


def worst_group(result: Cost, burdens: Sequence[float]) -> tuple[float, list[int]]:
    """Return the group that pays most above its stand-alone cost: by how much, and its codes; 0 and none if fair.

    The cut is computed in whole numbers: every figure times one power of two, so nothing is rounded.
    """
    import networkx as nx

    own = [Fraction(value) for value in np.nan_to_num(result.own.best).tolist()]
    paid = [Fraction(value) for value in burdens]
    scale = math.lcm(*(value.denominator for value in (*own, *paid)))
    network = result.network
    flow: Any = nx.DiGraph()
    flow.add_nodes_from(("source", "sink"))
    for code in result.existing:
        if paid[code] > 0:
            flow.add_edge("source", ("player", code), capacity=int(paid[code] * scale))
            flow.add_edge(("player", code), ("cost", code))
        if own[code] > 0:
            flow.add_edge(("cost", code), "sink", capacity=int(own[code] * scale))
    for child, parent in zip(network.child.tolist(), network.parent.tolist(), strict=True):
        flow.add_edge(("cost", child), ("cost", parent))
    _, (above, _) = nx.minimum_cut(flow, "source", "sink")
    players = sorted(node[1] for node in above if isinstance(node, tuple) and node[0] == "player")
    needed = {node[1] for node in above if isinstance(node, tuple) and node[0] == "cost"}
    excess = sum((paid[code] for code in players), Fraction(0)) - sum(own[code] for code in needed)
    return (float(excess), players) if excess > 0 else (0.0, [])


def _worst_single(result: Cost, burdens: Any) -> tuple[float, list[int]]:
    over = np.where(result.network.existing, burdens - closures(result).best, 0.0)
    code = int(np.argmax(over))
    return (float(over[code]), [code]) if over[code] > 0 else (0.0, [])
