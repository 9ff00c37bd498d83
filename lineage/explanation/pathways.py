"""Path by path: which way which part of an EPC came down the lineage."""

import heapq
import math
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any, Final

import numpy as np

from lineage.errors import OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval

__all__ = ["Path", "Paths", "paths"]

# A lineage of many diamonds has more ways than anybody can walk; past this many steps the rest is the remainder.
MOST_STEPS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Path:
    """One way from an ancestor down to the product.

    `products` runs from the ancestor to the product, `shares` are those of the steps between them; `weight` is
    their product and `contribution` = weight x own cost of the ancestor, in the unit of the run; `share` is its
    part of the EPC.
    """

    products: tuple[str, ...]
    shares: tuple[float, ...]
    weight: float
    contribution: float
    share: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Paths:
    """The largest paths of a product, and the rest.

    The contributions and `remainder` add up to `total.best`; both are None where nothing is known. `cyclic` says
    that some paths go round a cycle, so that there are infinitely many; `complete` that the listed paths are
    certainly the largest ones (False: the search was stopped after a fixed number of steps).
    """

    product: str
    unit: str
    total: Interval
    rows: tuple[Path, ...]
    remainder: float | None
    cyclic: bool
    complete: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the decomposition as JSON holds it (schema lineage/paths/1)."""
        return {
            "schema": "lineage/paths/1",
            "product": self.product,
            "unit": self.unit,
            "total": self.total.as_dict(),
            "rows": [row.as_dict() for row in self.rows],
            "remainder": self.remainder,
            "cyclic": self.cyclic,
            "complete": self.complete,
        }


@dataclass(frozen=True, slots=True)
class _Step:
    """A path under construction, as a linked list from the ancestor's end; long paths share their tails."""

    code: int
    share: float
    below: "_Step | None"

    def path(self, ids: list[str], weight: float, own: float, total: float) -> Path:
        products, shares = [], []
        here: _Step | None = self
        while here is not None:
            products.append(ids[here.code])
            if here.below is not None:
                shares.append(here.share)
            here = here.below
        amount = weight * own
        return Path(tuple(products), tuple(shares), weight, amount, amount / total if total else None)


def paths(
    graph: Graph, name: str, run: Run | None = None, top: int = 20, *, result: Cost | None = None
) -> Paths:
    """Return the `top` paths by which cost reaches a product's EPC, largest first, and an explicit remainder.

    EPC(v) = sum over all paths u -> ... -> v of (product of the shares) x c(u), the empty path being v's own cost
    (Neumann series of (I - W^T)^-1 c; structural path analysis, Defourny and Thorbecke 1984). Found best-first: what
    arrives through the beginning of a path is at most its weight x EPC, so no larger path is overlooked.
    Values in the unit of the run's impact, best values only (unknown own costs have no part, see `total.hi`).
    On a cycle that is solved each round is a path of its own. Raises `UnknownProduct`, `CycleError`, and `OptionError`
    under a policy without edge weights.
    """
    result = result or cost(graph, run)
    code = result.code(name)
    if result.epc is None:
        raise OptionError(
            f"policy {result.run.policy} has no edge weights, so no cost comes along a path; lineage bill opens the "
            "burden by origin, or choose another --policy"
        )
    total = result.epc.at(code)
    if total.best is None:
        return Paths(graph.id(code), result.unit, total, (), None, False, True)
    rows, complete = _largest(result, code, total.best, top)
    remainder = total.best - math.fsum(row.contribution for row in rows)
    if abs(remainder) <= 1e-12 * abs(total.best):
        remainder = 0.0
    return Paths(graph.id(code), result.unit, total, tuple(rows), remainder, _cyclic(result, code), complete)


def _largest(result: Cost, code: int, total: float, top: int) -> tuple[list[Path], bool]:
    """Return the largest paths, and whether the search could finish."""
    first, parent, share = parents_of(result)
    own, epc = np.nan_to_num(result.own.best), np.nan_to_num(result.carried.best)
    ids, ticket = result.graph.ids, count()
    # (minus what can still come through it, ticket, is it a finished path, weight, step)
    heap: list[tuple[float, int, bool, float, _Step]] = [
        (-total, next(ticket), False, 1.0, _Step(code, 1.0, None))
    ]
    rows: list[Path] = []
    for _ in range(MOST_STEPS):
        if not heap or len(rows) >= top:
            return rows, True
        _, _, finished, weight, step = heapq.heappop(heap)
        here = step.code
        if finished:
            rows.append(step.path(ids, weight, float(own[here]), total))
            continue
        if weight * own[here] > 0:
            heapq.heappush(heap, (-weight * float(own[here]), -next(ticket), True, weight, step))
        for place in range(first[here], first[here + 1]):
            above, through = int(parent[place]), weight * float(share[place])
            if through * epc[above] > 0:
                further = _Step(above, float(share[place]), step)
                heapq.heappush(heap, (-through * float(epc[above]), -next(ticket), False, through, further))
    return rows, False


def parents_of(result: Cost) -> tuple[Any, Any, Any]:
    """Return the edges of a run by child: (bounds per child, parent codes, shares)."""
    first = np.searchsorted(result.network.child, np.arange(len(result.graph) + 1))
    return first, result.network.parent, result.shares.w


def _cyclic(result: Cost, code: int) -> bool:
    """Tell whether a cycle lies at or above the product."""
    members = {member for group in result.network.cycles for member in group}
    if not members:
        return False
    first, parent, _ = parents_of(result)
    seen, stack = {code}, [code]
    while stack:
        here = stack.pop()
        if here in members:
            return True
        for place in range(first[here], first[here + 1]):
            above = int(parent[place])
            if above not in seen:
                seen.add(above)
                stack.append(above)
    return False


def steps(path: Path) -> list[tuple[str, str, float]]:
    """Return the steps of a path as (from, to, share), from the ancestor down."""
    return [(u, v, share) for (u, v), share in zip(pairwise(path.products), path.shares, strict=True)]
