"""Which weight or cost moves a product's figure most: exact derivatives, from the adjoint on its ancestors."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from lineage.errors import OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.bill import weights_to
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval

__all__ = ["Driver", "Drivers", "drivers"]


@dataclass(frozen=True, slots=True)
class Driver:
    """One input of a figure: the own cost of `product`, or the weight of the edge `product` <- `parent`.

    `derivative` is by how much the figure changes per unit of the input; `elasticity` by how many per cent when the
    input changes by one. Both hold with every other input as it is; None is not known. `source` is the tier of a
    cost, or where the weight comes from.
    """

    kind: Literal["cost", "weight"]
    product: str
    parent: str | None
    value: float | None
    derivative: float | None
    elasticity: float | None
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """The inputs that move a figure (`view`: "EPC" or "burden"), the strongest first, of `count` in all."""

    product: str
    view: str
    unit: str
    total: Interval
    rows: tuple[Driver, ...]
    count: int

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/drivers/1."""
        return {
            "schema": "lineage/drivers/1",
            "product": self.product,
            "view": self.view,
            "unit": self.unit,
            "total": self.total.as_dict(),
            "rows": [row.as_dict() for row in self.rows],
            "count": self.count,
        }


def drivers(
    graph: Graph, product: str, run: Run | None = None, *, top: int | None = None, result: Cost | None = None
) -> Drivers:
    """Return which own cost or weight moves a product's EPC most, by elasticity; all of them, or the `top` ones.

    d EPC(m) / d c(u) = B[m, u] and d EPC(m) / d w(u, v) = EPC(u) B[m, v], with B = (I - W^T)^-1: one adjoint solve on
    the ancestors of m gives them all (best values; unknown own costs count as unknown). One input is moved at a time:
    what a policy would then give to others is left out. Policies without edge weights have costs only. A result
    computed before may be passed as `result`. Raises `UnknownProduct`, `OptionError`.

    >>> from lineage.testing import graph
    >>> made = graph("base -[0.5]-> tuned", own={"base": 100, "tuned": 10})
    >>> [(row.kind, row.derivative, row.elasticity) for row in drivers(made, "tuned", top=2).rows]
    [('cost', 0.5, 0.8333333333333334), ('weight', 100.0, 0.8333333333333334)]
    """
    if top is not None and top < 1:
        raise OptionError(f"top {top} does not fit; give 1 or more")
    result = result or cost(graph, run)
    code = result.code(product)
    total = result.carried.at(code)
    found = _found(result, weights_to(result, code), total.best)
    found.sort(key=_strength)
    return Drivers(
        product=graph.id(code),
        view=result.view,
        unit=result.unit,
        total=total,
        rows=tuple(found if top is None else found[:top]),
        count=len(found),
    )


def _found(result: Cost, weights: dict[int, float], total: float | None) -> list[Driver]:
    """Return the own costs with part in the figure, and the weights of the edges among them."""
    name = result.graph.id
    rows = []
    for u, weight in weights.items():
        own, tier = _known(result.own.best[u]), result.own_costs.tier[u]
        rows.append(Driver("cost", name(u), None, own, weight, _elasticity(own, weight, total), tier))
    if result.epc is None:
        return rows
    first, parent = result.network.structure.first, result.network.parent
    for v, weight in weights.items():
        for edge in range(int(first[v]), int(first[v + 1])):
            u, w = int(parent[edge]), float(result.shares.w[edge])
            epc = _known(result.epc.best[u])
            slope = None if epc is None else epc * weight
            source = result.shares.source[edge]
            rows.append(Driver("weight", name(v), name(u), w, slope, _elasticity(w, slope, total), source))
    return rows


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _elasticity(value: float | None, slope: float | None, total: float | None) -> float | None:
    return None if value is None or slope is None or not total else value * slope / total


def _strength(row: Driver) -> tuple[Any, ...]:
    """Order by elasticity, unknown ones last; costs before weights, then by name."""
    known = row.elasticity is not None
    return (not known, -abs(row.elasticity or 0.0), row.kind, row.product, row.parent or "")
