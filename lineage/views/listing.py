"""View: the products of a graph with their own costs."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lineage.costs import own_costs
from lineage.graph import Graph
from lineage.run import Run
from lineage.schema import kind_of
from lineage.views.interval import Bounds, Interval

__all__ = ["Listed", "Listing", "listing"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One product; `own` is in the unit of the listing's impact."""

    id: str
    kind: str
    name: str
    own: Interval
    tier: str

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "own": self.own.as_dict(),
            "tier": self.tier,
        }


@dataclass(frozen=True)
class Listing:
    """Products sorted by id."""

    impact: str
    unit: str
    products: tuple[Listed, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/list/1."""
        rows = [row.as_dict() for row in self.products]
        return {"schema": "lineage/list/1", "impact": self.impact, "unit": self.unit, "products": rows}


def listing(
    graph: Graph, run: Run | None = None, *, kind: str | None = None, match: str | None = None
) -> Listing:
    """Return the products of a kind, and whose id or name matches a shell pattern (`*`, `?`, `[ab]`, any case).

    >>> from lineage.testing import graph
    >>> [row.id for row in listing(graph("dataset:web -> base"), match="B*").products]
    ['model:base']
    """
    run = run or Run()
    own = own_costs(graph, run)
    bounds = Bounds(own.lo, own.best, own.hi)
    names = graph.texts("products", "name")
    rows = []
    for code, product in enumerate(graph.ids):
        name = names[code] or product.partition(":")[2]
        if (kind is None or kind_of(product) == kind) and (match is None or _matches(match, product, name)):
            rows.append(Listed(product, kind_of(product), name, bounds.at(code), own.tier[code]))
    return Listing(run.impact, own.unit, tuple(rows))


def _matches(pattern: str, product: str, name: str) -> bool:
    pattern = pattern.casefold()
    bare = product.partition(":")[2]
    return any(fnmatchcase(text.casefold(), pattern) for text in (product, bare, name))
