"""The carbon bill of materials: what each ancestor contributes to a product's EPC or burden, adding up to all of it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lineage.errors import OptionError
from lineage.graph import Graph
from lineage.kernels.adjoint import weights_above
from lineage.kernels.closure import walk
from lineage.kernels.order import in_edges
from lineage.run import Run
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval

__all__ = ["Bill", "BillRow", "bill", "weights_to"]


@dataclass(frozen=True, slots=True)
class BillRow:
    """What one product contributes: `weight` is B[v, u], the part of its own cost that reaches the product."""

    id: str
    name: str
    weight: float
    own: Interval
    tier: str
    contribution: float
    share: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "id": self.id,
            "name": self.name,
            "contribution": self.contribution,
            "share": self.share,
            "weight": self.weight,
            "tier": self.tier,
        }


@dataclass(frozen=True, slots=True)
class Remainder:
    """What the rows below the cut-off contribute together."""

    count: int
    contribution: float
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A product's EPC opened by origin; rows (largest first) and the remainder add up to `total.best`.

    `view` is what is opened: "EPC", or "burden" under a policy without edge weights.
    `not_covered` names the products that have part in the figure but whose own cost is unknown.
    """

    product: str
    name: str
    unit: str
    total: Interval
    rows: tuple[BillRow, ...]
    remainder: Remainder
    not_covered: tuple[str, ...]
    view: str = "EPC"

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/bill/1."""
        rest = self.remainder
        return {
            "schema": "lineage/bill/1",
            "product": self.product,
            "unit": self.unit,
            "view": self.view,
            "total": self.total.as_dict(),
            "rows": [row.as_dict() for row in self.rows],
            "remainder": {"count": rest.count, "contribution": rest.contribution, "share": rest.share},
            "not_covered": list(self.not_covered),
        }


def bill(
    graph: Graph, product: str, run: Run | None = None, *, cutoff: float = 0.0, result: Cost | None = None
) -> Bill:
    """Return who contributed what to a product's EPC: B[v, u] c(u) for every ancestor u, and v itself.

    Under a policy without edge weights it is the burden that is opened: c(u) / |D(u)| (or by use) of every u.
    Rows below `cutoff` (a share of the total, 0 to 1) are gathered in the remainder, so the bill always reaches
    100 %. A result computed before may be passed as `result`. Raises `UnknownProduct`, `OptionError`.

    >>> from lineage.testing import graph
    >>> result = bill(graph("base -> tuned", own={"base": 100, "tuned": 10}), "tuned")
    >>> [(row.name, row.contribution) for row in result.rows]
    [('base', 50.0), ('tuned', 10.0)]
    """
    if not 0 <= cutoff <= 1:
        raise OptionError(f"the cut-off is a share between 0 and 1, not {cutoff}")
    result = result or cost(graph, run)
    code = result.code(product)
    total = result.carried.at(code)
    rows, unknown = [], []
    for u, weight in sorted(weights_to(result, code).items()):
        own = result.own.at(u)
        if own.best is None:
            if weight:
                unknown.append(graph.id(u))
            continue
        amount = weight * own.best
        share = amount / total.best if total.best else None
        rows.append(
            BillRow(graph.id(u), result.name(u), weight, own, result.own_costs.tier[u], amount, share)
        )
    rows.sort(key=lambda row: (-abs(row.contribution), row.id))
    shown = [row for row in rows if cutoff == 0 or row.share is None or abs(row.share) >= cutoff]
    rest = rows[len(shown) :]
    amount = math.fsum(row.contribution for row in rest)
    return Bill(
        product=graph.id(code),
        name=result.name(code),
        unit=result.unit,
        total=total,
        rows=tuple(shown),
        remainder=Remainder(len(rest), amount, amount / total.best if total.best else None),
        not_covered=tuple(unknown),
        view=result.view,
    )


def weights_to(result: Cost, code: int) -> dict[int, float]:
    """Return B[v, u] for v = `code` and every u with part in it: how much of u's own cost reaches v, by code.

    The adjoint on the ancestors of v only; where a cycle lies above, the same engine on the turned graph.
    """
    first, parent = _rows(result.network.structure.first), _rows(result.network.parent)
    if result.sharing is not None:
        return {u: result.sharing.weight(u, code) for u in sorted([code, *walk(code, first, parent)])}
    found = weights_above(code, first, parent, _rows(result.shares.w))
    return _solved_turned(result, code) if found is None else dict(sorted(found.items()))


def _rows(values: Any) -> Any:
    """Return a list, or the memory of an array: quick to look into at a few places."""
    return values if isinstance(values, list) else np.ascontiguousarray(values).data


def _solved_turned(result: Cost, code: int) -> dict[int, float]:
    first, parent = result.parents_of
    members = np.array(sorted([code, *walk(code, first, parent)]), dtype=np.int32)
    edges = in_edges(members, np.asarray(first, dtype=np.int64))
    up = np.searchsorted(members, result.network.parent[edges])
    down = np.searchsorted(members, result.network.child[edges])
    turned = np.lexsort((down, up))  # in the turned graph the parent receives from its children
    share = result.shares.w[edges][turned]
    source = (members == code).astype(np.float64)
    child, parents = up[turned].astype(np.int32), down[turned].astype(np.int32)
    if result.engine == "plain":
        from lineage.kernels import plain

        weights = plain.Structure(len(members), child.tolist(), parents.tolist()).solve(
            share.tolist(), source.tolist()
        )
    else:
        from lineage.kernels import sparse

        weights = sparse.Structure(len(members), child, parents).solve(share, source).tolist()
    return dict(zip(members.tolist(), weights, strict=True))
