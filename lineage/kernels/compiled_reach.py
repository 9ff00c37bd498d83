"""The sums of `lineage.kernels.reachability`, compiled: same order of every sum, so the same bits.

Products are renumbered in finishing order (parents first) once, so that a walk stays in memory that is near. numba is
imported with this module; who loads it has a large lineage.
"""

from typing import Any

import numpy as np

from lineage.kernels.arrays import Flags, Floats, Offsets
from lineage.kernels.jit import kernel

__all__ = ["Reach", "exercise", "finishing_order", "renumbered"]

Indices = np.ndarray[Any, np.dtype[np.uint32]]  # unsigned: no check for negative ones in the loops


@kernel
def finishing_order(first: Offsets, neighbour: Indices) -> Indices:
    """Return all products, (n,), in the order in which a depth-first search is done with them."""
    n = first.size - 1
    order, stack = np.empty(n, np.uint32), np.empty(n, np.uint32)
    seen = np.zeros(n, np.uint8)
    at = first[:n].copy()
    placed = 0
    for root in range(n):
        if seen[root]:
            continue
        seen[root] = 1
        stack[0] = root
        depth = 1
        while depth:
            v = stack[depth - 1]
            if at[v] == first[v + np.uint32(1)]:
                order[placed] = v
                placed += 1
                depth -= 1
                continue
            u = neighbour[at[v]]
            at[v] += 1
            if not seen[u]:
                seen[u] = 1
                stack[depth] = u
                depth += 1
    return order


@kernel
def renumbered(order: Indices, first: Offsets, neighbour: Indices) -> tuple[Indices, Indices]:
    """Return row starts (n + 1,) and neighbours (m,) of the same lineage, numbered by place in `order`."""
    n = order.size
    rank = np.empty(n, np.uint32)
    for place in range(n):
        rank[order[place]] = place
    starts, moved = np.empty(n + 1, np.uint32), np.empty(neighbour.size, np.uint32)
    at = 0
    for place in range(n):
        starts[place] = at
        v = np.int64(order[place])
        for edge in range(first[v], first[v + 1]):
            moved[at] = rank[neighbour[edge]]
            at += 1
    starts[n] = at
    return starts, moved


@kernel
def _walk(first: Indices, parent: Indices, stamp: Indices, mark: Any, found: Indices) -> Any:
    """Add the distinct ancestors of `found[0]` behind it, the nearest first; return how many it makes.

    `stamp` (n,) is set to `mark`, which no walk before has used, for all of them; `found` has room for n + 1.
    """
    stamp[found[0]] = mark
    size, head = np.uint64(1), np.uint64(0)
    while head < size:
        u = found[head]
        head += np.uint64(1)
        for edge in range(first[u], first[u + np.uint32(1)]):
            above = parent[edge]
            found[size] = above  # without a branch: one in two would be guessed wrong
            size += np.uint64(stamp[above] != mark)
            stamp[above] = mark
    return size


@kernel
def _totals(first: Indices, parent: Indices, weight: Floats) -> Floats:
    n = weight.size
    total, mass = np.zeros(n), weight.copy()
    stamp, found = np.zeros(n, np.uint32), np.empty(n + 1, np.uint32)
    for v in range(n - 1, -1, -1):
        if mass[v] == 0:
            continue
        low, high = first[v], first[v + 1]
        if high - low > 1:
            found[0] = v
            size = _walk(first, parent, stamp, np.uint32(v + 1), found)
            for place in range(size):  # each once, so the order is free
                total[found[place]] += mass[v]
            continue
        total[v] += mass[v]
        if high > low:
            mass[parent[low]] += mass[v]
    return total


@kernel
def _needed(first: Indices, parent: Indices, wanted: Flags) -> Flags:
    needed = wanted.copy()
    for v in range(wanted.size - 1, -1, -1):
        if needed[v] and first[v + 1] - first[v] == 1:
            needed[parent[first[v]]] = True
    return needed


@kernel
def _sums(first: Indices, parent: Indices, columns: Floats, wanted: Flags) -> Floats:
    """Return sums (n, k) of columns (n, k); one walk serves all columns."""
    n, k = columns.shape
    needed = _needed(first, parent, wanted)
    sums = np.zeros((n, k))
    stamp, found = np.zeros(n, np.uint32), np.empty(n + 1, np.uint32)
    for v in range(n):
        if not needed[v]:
            continue
        low, high = first[v], first[v + 1]
        if high - low > 1:
            found[0] = v
            size = _walk(first, parent, stamp, np.uint32(v + 1), found)
            for j in range(k):
                added = columns[v, j]
                for place in range(1, size):
                    added += columns[found[place], j]
                sums[v, j] = added
            continue
        for j in range(k):
            sums[v, j] = columns[v, j]
            if high > low:
                sums[v, j] += sums[parent[low], j]
    for v in range(n):
        if not wanted[v]:
            sums[v] = 0.0
    return sums


@kernel
def _forest_totals(first: Indices, parent: Indices, total: Floats) -> None:
    """Turn weights into totals, where nobody has two parents: everything is handed on, and nothing walked."""
    for v in range(total.size - 1, -1, -1):
        low = first[v]
        if first[v + 1] > low:
            total[parent[low]] += total[v]


@kernel
def _forest_sums(first: Indices, parent: Indices, summed: Floats) -> None:
    """Turn a column into sums over ancestors, where nobody has two parents."""
    for v in range(summed.size):
        low = first[v]
        if first[v + 1] > low:
            summed[v] += summed[parent[low]]


@kernel
def _below(first: Indices, parent: Indices, found: Flags) -> Flags:
    for v in range(found.size - 1, -1, -1):
        if found[v]:
            for edge in range(first[v], first[v + 1]):
                found[parent[edge]] = True
    return found


@kernel
def _above(first: Indices, parent: Indices, found: Flags) -> Flags:
    for v in range(found.size):
        for edge in range(first[v], first[v + 1]):
            found[v] |= found[parent[edge]]
    return found


@kernel
def _sizes(first: Indices, parent: Indices, starts: Indices) -> Offsets:
    n = first.size - 1
    stamp, found = np.zeros(n, np.uint32), np.empty(n + 1, np.uint32)
    sizes = np.empty(starts.size, np.int64)
    for place in range(starts.size):
        found[0] = starts[place]
        sizes[place] = _walk(first, parent, stamp, np.uint32(place + 1), found)
    return sizes


class Reach:
    """A lineage without circles, as `lineage.kernels.reachability.Reach`; arrays in, arrays out."""

    name = "numba"

    def __init__(self, first: Any, parent: Any) -> None:
        rows = np.asarray(first, dtype=np.int64)
        above = np.asarray(parent, dtype=np.int32).view(np.uint32)
        self.order = finishing_order(rows, above)
        self._in_order = np.array_equal(self.order, np.arange(self.order.size, dtype=np.uint32))
        self.first, self.parent = rows.astype(np.uint32), above
        if not self._in_order:
            self.first, self.parent = renumbered(self.order, rows, above)
        self._is_forest = bool(np.all(self.first[1:] - self.first[:-1] <= 1))

    def totals(self, weight: Any) -> Any:
        """Return the weight of D(u) for each u, (n,)."""
        moved = self._moved(weight, np.float64)
        if self._is_forest:
            _forest_totals(self.first, self.parent, moved)
            return self._back(moved)
        return self._back(_totals(self.first, self.parent, moved))

    def sums(self, columns: Any, wanted: Any) -> list[Floats]:
        """Return, for each column, its sum over v and its distinct ancestors, (n,); 0 where not wanted."""
        if self._is_forest:
            return [self._forest_sum(column, np.asarray(wanted, dtype=np.bool_)) for column in columns]
        moved = np.stack([self._moved(column, np.float64) for column in columns], axis=1)
        found = _sums(self.first, self.parent, moved, self._moved(wanted, np.bool_))
        return [self._back(np.ascontiguousarray(column)) for column in found.T]

    def _forest_sum(self, column: Any, wanted: Flags) -> Floats:
        moved = self._moved(column, np.float64)
        _forest_sums(self.first, self.parent, moved)
        summed: Floats = self._back(moved)
        if not wanted.all():
            summed[~wanted] = 0.0
        return summed

    def below(self, marked: Any) -> Any:
        """Return who has one of the marked at or below it, (n,)."""
        return self._back(_below(self.first, self.parent, self._moved(marked, np.bool_)))

    def above(self, marked: Any) -> Any:
        """Return who has one of the marked at or above it, (n,)."""
        return self._back(_above(self.first, self.parent, self._moved(marked, np.bool_)))

    def walked(self, wanted: Any) -> Offsets:
        """Return the products that `sums` walks, sorted."""
        needed = _needed(self.first, self.parent, self._moved(wanted, np.bool_))
        return np.sort(self.order[needed & (np.diff(self.first) > 1)]).astype(np.int64)

    def sizes(self, starts: Any) -> Offsets:
        """Return how many distinct ancestors each of these has, itself counted."""
        rank = np.empty(self.order.size, np.uint32)
        rank[self.order] = np.arange(self.order.size, dtype=np.uint32)
        sizes: Offsets = _sizes(self.first, self.parent, rank[np.asarray(starts, dtype=np.int64)])
        return sizes

    def sketches(self, order: Any, weight: Any, rank: Any, k: int) -> tuple[Any, Any, Any]:
        """Return size, last position and weight of the bottom-k sketch of D(u), each (n,)."""
        from lineage.kernels.compiled_sketches import bottom_k

        users = np.asarray(order, dtype=np.int64)
        position = np.full(self.order.size, -1, np.int64)
        position[users] = np.arange(users.size)
        weights, ranks = (np.asarray(values, dtype=np.float64)[users] for values in (weight, rank))
        rows, places = (self.first, self.parent), self._moved(position, np.int64)
        size, last, found = bottom_k(rows, places, weights, ranks, k)
        return self._back(size), self._back(last), self._back(found)

    def _moved(self, values: Any, kind: Any) -> Any:
        given = np.asarray(values, dtype=kind)
        return given.copy() if self._in_order else given[self.order]

    def _back(self, values: Any) -> Any:
        if self._in_order:
            return values
        back = np.empty_like(values)
        back[self.order] = values
        return back


def exercise() -> None:
    """Call every kernel of this module once, with the types that are used."""
    reach = Reach(np.array([0, 1, 1, 3]), np.array([1, 0, 1], np.int32))
    flags, ones = np.ones(3, np.bool_), np.ones(3)
    reach.totals(ones)
    reach.sums([ones], flags)
    reach.below(flags)
    reach.above(flags)
    reach.walked(flags)
    reach.sizes(np.arange(3))
    reach.sketches(np.arange(3), ones, ones, 2)
    chain = Reach(np.array([0, 0, 1, 2]), np.array([0, 1], np.int32))
    chain.totals(ones)
    chain.sums([ones], flags)
