"""The rows of a plan with a free slot each, so that an edge can be put in without moving the others."""

from typing import Any, NamedTuple

import numpy as np

from lineage.kernels.arrays import Codes, Floats
from lineage.kernels.compiled import Rows
from lineage.kernels.fast import Structure
from lineage.kernels.order import levels
from lineage.kernels.plan import Plan, sweep

__all__ = ["Slots", "levelled"]


def levelled(n: int, child: Codes, parent: Codes) -> Plan:
    """Return a plan whose products stand level by level: what is made of nothing comes first, so most edges fit in."""
    structure = Structure(n, child, parent)
    structure.order = levels(n, child, parent).order.astype(np.uint32)
    return Plan(structure)


class Slots(NamedTuple):
    """Rows of parents and of children in the numbering of a plan; the last place of each is free.

    A free place names the product itself, with the share 0: it adds nothing. `place` is where each edge stands among
    the rows of parents.
    """

    first: Any
    parent: Any
    w: Floats
    out_first: Any
    child: Any
    place: Any

    @classmethod
    def of(cls, plan: Plan, w: Floats, spare: int) -> "Slots":
        """Return the rows of a plan for shares by edge (m,); `spare` more edges may come."""
        numbers = np.arange(plan.n + 1, dtype=np.uint32)
        first, parent, at = _padded(plan.inward.first, plan.inward.parent, numbers)
        out_first, child, _ = _padded(plan.outward.first, plan.outward.child, numbers)
        place = np.zeros(len(w) + spare, np.int64)
        place[plan.edge_in] = at
        shares = np.zeros(len(parent))
        shares[at] = plan.shares(w)
        return cls(first, parent, shares, out_first, child, place)

    def sweep(self, x: Floats) -> None:
        """Turn own costs into EPC in place, both in the plan's numbering."""
        sweep(Rows(self.first, self.parent), self.w, x)

    def room(self, v: int, u: int) -> bool:
        """Tell whether the last place of a product's parents, and of its parent's children, is free."""
        return bool(self.parent[self.first[v + 1] - 1] == v and self.child[self.out_first[u + 1] - 1] == u)


def _padded(first: Any, ends: Any, numbers: Any) -> tuple[Any, Any, Any]:
    """Return row starts and ends with a free place behind each row, and where the old places are now."""
    rows = np.repeat(numbers[:-1], np.diff(first))
    at = np.arange(len(ends), dtype=np.int64) + rows
    padded = np.empty(len(ends) + len(numbers) - 1, np.uint32)
    padded[first[1:].astype(np.int64) + numbers[:-1]] = numbers[:-1]
    padded[at] = ends
    return first + numbers, padded, at
