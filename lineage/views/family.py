"""The family of a product: itself and everything built on it, each counted once."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from lineage.graph import Graph
from lineage.kernels.closure import Totals, walk
from lineage.run import Run
from lineage.schema import TIERS
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval

__all__ = ["Family", "Member", "family"]


@dataclass(frozen=True, slots=True)
class Member:
    """One product of a family, with its own cost and the tier of that figure."""

    id: str
    name: str
    own: Interval
    tier: str

    def as_dict(self) -> dict[str, Any]:
        """Return the member as JSON holds it."""
        return {"id": self.id, "name": self.name, "own": self.own.as_dict() | {"tier": self.tier}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Own costs of a product and its distinct descendants.

    `ratio` is descendants / base, None where one of them is unknown or the base is 0; `by_tier` splits the known total.
    """

    product: str
    unit: str
    base: Interval
    descendants: Interval
    total: Interval
    ratio: float | None
    covered: float
    by_tier: dict[str, float]
    count_by_tier: dict[str, int]
    members: tuple[Member, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/family/1."""
        return {
            "schema": "lineage/family/1",
            "product": self.product,
            "unit": self.unit,
            "base": self.base.as_dict(),
            "descendants": self.descendants.as_dict(),
            "total": self.total.as_dict(),
            "ratio": self.ratio,
            "covered": self.covered,
            "by_tier": self.by_tier,
            "count_by_tier": self.count_by_tier,
            "members": [member.as_dict() for member in self.members],
        }


def family(graph: Graph, product: str, run: Run | None = None, *, result: Cost | None = None) -> Family:
    """Return how large has become what was built on a product: c(v) and each descendant's c once.

    Figures are own costs in the unit of the run's impact. A result computed before may be passed as `result`.
    Raises `UnknownProduct`.

    >>> from lineage.testing import graph
    >>> family(graph("base -> a", "base -> b", own={"base": 10, "a": 2, "b": 3}), "base").ratio
    0.5
    """
    result = result or cost(graph, run)
    code = result.code(product)
    total = result.downstream(code)
    base = result.own.at(code)
    rest = _rest(result, code)
    below = result.interval(rest) if rest.members else Interval(0.0, 0.0, 0.0)
    codes = [code, *result_descendants(result, code)]
    members = [Member(graph.id(v), result.name(v), result.own.at(v), result.own_costs.tier[v]) for v in codes]
    amounts = dict.fromkeys(TIERS, 0.0)
    for member in members:
        amounts[member.tier] += member.own.best or 0.0
    count = Counter(member.tier for member in members)
    return Family(
        product=graph.id(code),
        unit=result.unit,
        base=base,
        descendants=below,
        total=result.interval(total),
        ratio=None if not base.best or below.best is None else below.best / base.best,
        covered=total.known / total.members,
        by_tier={tier: amounts[tier] for tier in TIERS if amounts[tier]},
        count_by_tier={tier: count[tier] for tier in TIERS if count[tier]},
        members=tuple(members),
    )


def result_descendants(result: Cost, code: int) -> list[int]:
    """Return the codes of everything built on a product, itself left out, sorted."""
    return walk(code, *result.children_of)


def _rest(result: Cost, code: int) -> Totals:
    own = [result.own_totals(v) for v in result_descendants(result, code)]
    return Totals(
        lo=math.fsum(item.lo for item in own),
        best=math.fsum(item.best for item in own),
        hi=math.fsum(item.hi for item in own),
        members=len(own),
        known=sum(item.known for item in own),
        open_ended=sum(item.open_ended for item in own),
    )
