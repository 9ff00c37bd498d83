"""A plan for many solves of one lineage: products renumbered so that parents come first, and rows in both directions.

In that numbering a solve reads its rows one after the other and finds most parents nearby: a pass over it costs little
more than one product of a sparse matrix with a vector.
"""

from typing import Any, NamedTuple

import numpy as np

from lineage.kernels.arrays import Codes, Floats, Indices
from lineage.kernels.compiled import ONE, Rows
from lineage.kernels.fast import Structure
from lineage.kernels.jit import kernel

__all__ = ["Children", "Plan", "exercise"]


class Children(NamedTuple):
    """The children of each product: row starts (n + 1,) and numbers (m,), both uint32."""

    first: Any
    child: Any


class Numbering(NamedTuple):
    """`order` gives the product at each number, `number` the number of each product; uint32 (n,)."""

    order: Any
    number: Any


@kernel
def renumber(rows: Rows, numbering: Numbering, inward: Rows, edge_at: Any) -> None:
    """Write the rows in the new numbering; each keeps the order of its parents' codes: that of addition."""
    order, number = numbering
    for i in range(order.size):
        number[order[i]] = i
    place = np.uint32(0)
    for i in range(order.size):
        v = order[i]
        inward.first[i] = place
        for e in range(rows.first[v], rows.first[v + ONE]):
            inward.parent[place] = number[rows.parent[e]]
            edge_at[place] = e
            place += ONE
    inward.first[order.size] = place


@kernel
def turn(inward: Rows, outward: Children, edge_out: Any) -> None:
    """Write the rows of children: `edge_out` says which edge of the inward rows each one is."""
    first, child = outward
    first[:] = 0
    for u in inward.parent:
        first[u + ONE] += ONE
    for v in range(1, first.size):
        first[v] += first[v - 1]
    to = first.copy()
    for v in range(first.size - 1):
        for e in range(inward.first[v], inward.first[v + 1]):
            u = inward.parent[e]
            child[to[u]] = v
            edge_out[to[u]] = e
            to[u] += ONE


@kernel
def gathered(values: Any, places: Any, out: Any) -> None:
    """Copy `values[places]` to `out`."""
    for i in range(places.size):
        out[i] = values[places[i]]


@kernel
def scattered(values: Any, places: Any, out: Any) -> None:
    """Copy `values` to `out[places]`."""
    for i in range(places.size):
        out[places[i]] = values[i]


@kernel
def sweep(inward: Rows, w: Any, x: Any) -> None:
    """Turn own costs x (n,) into EPC, both in the plan's numbering, as are the shares."""
    first, parent = inward
    e = np.uint64(0)
    for v in range(x.size):
        total = x[v]
        end = np.uint64(first[v + 1])
        while e < end:
            total += w[e] * x[parent[e]]
            e += np.uint64(1)
        x[v] = total


@kernel
def sweep_columns(inward: Rows, w: Any, x: Any) -> None:
    """Turn own costs x (n, k) into EPC in place, column by column the bits of `sweep`."""
    first, parent = inward
    for v in range(x.shape[0]):
        here = x[v]
        for e in range(first[v], first[v + 1]):
            share, above = w[e], x[parent[e]]
            for column in range(here.size):
                here[column] += share * above[column]


class Plan:
    """The shape of an acyclic lineage, made ready for many solves; edges (m,) int32 sorted by (child, parent).

    order, number     which product has which place, and the reverse; uint32 (n,)
    inward, outward   rows of parents and of children in the new numbering
    edge_in, edge_out the given edge of each inward place, and the inward place of each outward one; uint32 (m,)

    >>> plan = Plan(Structure(3, np.array([0, 1], np.int32), np.array([2, 0], np.int32)))
    >>> plan.order.tolist(), plan.solve(plan.shares(np.array([0.5, 0.5])), np.array([0.0, 1.0, 8.0])).tolist()
    ([2, 0, 1], [4.0, 3.0, 8.0])
    """

    def __init__(self, structure: Structure) -> None:
        if structure.cycles:
            raise ValueError(
                "a plan needs an order, and there are cycles; break them, or use Structure.solve"
            )
        n, m = structure.n, len(structure.parent)
        self.n = n
        self.order: Indices = structure.order
        self.number: Indices = np.empty(n, dtype=np.uint32)
        self.inward = Rows(np.empty(n + 1, dtype=np.uint32), np.empty(m, dtype=np.uint32))
        self.edge_in: Indices = np.empty(m, dtype=np.uint32)
        renumber(structure.rows, Numbering(self.order, self.number), self.inward, self.edge_in)
        self.outward = Children(np.empty(n + 1, dtype=np.uint32), np.empty(m, dtype=np.uint32))
        self.edge_out: Indices = np.empty(m, dtype=np.uint32)
        turn(self.inward, self.outward, self.edge_out)

    @classmethod
    def of(cls, n: int, child: Codes, parent: Codes) -> "Plan":
        """Return the plan of a lineage given by its edges."""
        return cls(Structure(n, child, parent))

    def shares(self, w: Floats) -> Floats:
        """Return the shares (m,) in the plan's order of edges, to be kept for many solves."""
        out: Floats = np.empty(len(w))
        gathered(np.ascontiguousarray(w, dtype=np.float64), self.edge_in, out)
        return out

    def solve(self, shares: Floats, own: Floats) -> Floats:
        """Return EPC (n,) for own costs (n,), both by product; `shares` comes from the method of that name."""
        x, epc = np.empty(self.n), np.empty(self.n)
        gathered(np.ascontiguousarray(own, dtype=np.float64), self.order, x)
        sweep(self.inward, shares, x)
        scattered(x, self.order, epc)
        return epc

    def solve_block(self, shares: Floats, own: Floats) -> Floats:
        """Return EPC (n, k) for k columns of own costs; each column has the bits of a single solve."""
        x: Floats = np.ascontiguousarray(own, dtype=np.float64)[self.order]
        self.sweep(shares, x)
        epc: Floats = np.empty_like(x)
        epc[self.order] = x
        return epc

    def sweep(self, shares: Floats, x: Floats) -> None:
        """Turn own costs (n,) or (n, k), in the plan's numbering, into EPC in place."""
        (sweep if x.ndim == 1 else sweep_columns)(self.inward, shares, x)


def exercise() -> None:
    """Call every kernel of this module once."""
    plan = Plan.of(3, np.array([1, 2], np.int32), np.array([0, 0], np.int32))
    shares = plan.shares(np.full(2, 0.5))
    plan.solve(shares, np.ones(3))
    plan.solve_block(shares, np.ones((3, 2)))
