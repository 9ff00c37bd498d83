"""Who stands at or below whom: sizes of D(u) and sums over ancestors, in plain Python; the oracle of the compiled twin.

D(u) is u and everything built on it, as a set: a product that is reached on many paths counts once. Two sums need it:

    total(u) = sum over v in D(u) of weight(v)                what stands at or below u
    sum(v)   = sum over u with v in D(u) of column(u)         what v and its distinct ancestors bring

A product with one parent has its parent's ancestors and itself, so its weight is handed on to the parent, and its sum
is the parent's and its own. Only a product of two or more parents is walked. On a forest that is two sweeps; on a
lineage it is exact all the same, in as many steps as the walked products have ancestors. Edges may not run in a
circle: the members of one are joined first (`lineage.views.sharing`). Beyond reach: bottom-k sketches of D(u), exact
below k, else with standard error 1/sqrt(k - 2) (Bar-Yossef et al. 2002; Cohen and Kaplan 2007).
"""

import math
from bisect import insort
from collections.abc import Iterator, Sequence

__all__ = ["Reach", "finishing_order"]


def finishing_order(first: Sequence[int], neighbour: Sequence[int]) -> list[int]:
    """Return all products so that neighbours come first: the order in which a depth-first search is done with them.

    Without recursion; an edge that closes a circle is passed over.

    >>> finishing_order([0, 1, 1, 3], [1, 0, 1])
    [1, 0, 2]
    """
    n = len(first) - 1
    order: list[int] = []
    seen = bytearray(n)
    at = list(first[:n])
    for root in range(n):
        if seen[root]:
            continue
        seen[root] = 1
        stack = [root]
        while stack:
            v = stack[-1]
            if at[v] == first[v + 1]:
                order.append(stack.pop())
                continue
            u = neighbour[at[v]]
            at[v] += 1
            if not seen[u]:
                seen[u] = 1
                stack.append(u)
    return order


class Reach:
    """A lineage without circles: `first` (n + 1,) and `parent` (m,) are the parents of each product.

    The order of every sum is fixed, so that the compiled twin gives the same bits.

    >>> diamond = Reach([0, 0, 1, 2, 4], [0, 0, 1, 2])
    >>> diamond.totals([1, 1, 1, 1]), diamond.sums([[8.0, 4.0, 2.0, 1.0]], [True] * 4)
    ([4.0, 2.0, 2.0, 1.0], [[8.0, 12.0, 10.0, 15.0]])
    """

    name = "plain"

    def __init__(self, first: Sequence[int], parent: Sequence[int]) -> None:
        self.first, self.parent = list(first), list(parent)
        self.order = finishing_order(self.first, self.parent)

    def totals(self, weight: Sequence[float]) -> list[float]:
        """Return the weight of D(u) for each u, (n,); whole numbers are exact below 2^53."""
        total, mass = [0.0] * len(weight), [float(value) for value in weight]
        for v in reversed(self.order):
            if mass[v] == 0:
                continue
            low, high = self.first[v], self.first[v + 1]
            if high - low > 1:
                for u in self._closure(v):
                    total[u] += mass[v]
                continue
            total[v] += mass[v]
            if high > low:
                mass[self.parent[low]] += mass[v]
        return total

    def sums(self, columns: Sequence[Sequence[float]], wanted: Sequence[bool]) -> list[list[float]]:
        """Return, for each column, its sum over v and its distinct ancestors, (n,); 0 where not wanted."""
        needed = self._needed(wanted)
        return [self._summed(column, needed, wanted) for column in columns]

    def _needed(self, wanted: Sequence[bool]) -> list[bool]:
        """Mark what is wanted, and the parents whose sums are handed down to it."""
        needed = list(wanted)
        for v in reversed(self.order):
            low = self.first[v]
            if needed[v] and self.first[v + 1] - low == 1:
                needed[self.parent[low]] = True
        return needed

    def _summed(self, column: Sequence[float], needed: Sequence[bool], wanted: Sequence[bool]) -> list[float]:
        found = [0.0] * len(column)
        for v in self.order:
            if not needed[v]:
                continue
            low, high = self.first[v], self.first[v + 1]
            found[v] = column[v]
            if high - low == 1:
                found[v] += found[self.parent[low]]
            elif high > low:
                members = self._closure(v)
                next(members)  # v itself
                for u in members:
                    found[v] += column[u]
        return [value if wanted[v] else 0.0 for v, value in enumerate(found)]

    def _closure(self, v: int) -> Iterator[int]:
        """Yield v and its distinct ancestors, the nearest first."""
        found, seen = [v], {v}
        for u in found:
            yield u
            for edge in range(self.first[u], self.first[u + 1]):
                above = self.parent[edge]
                if above not in seen:
                    seen.add(above)
                    found.append(above)

    def below(self, marked: Sequence[bool]) -> list[bool]:
        """Return who has one of the marked at or below it, (n,)."""
        found = list(marked)
        for v in reversed(self.order):
            if found[v]:
                for edge in range(self.first[v], self.first[v + 1]):
                    found[self.parent[edge]] = True
        return found

    def above(self, marked: Sequence[bool]) -> list[bool]:
        """Return who has one of the marked at or above it, (n,)."""
        found = list(marked)
        for v in self.order:
            edges = range(self.first[v], self.first[v + 1])
            found[v] = found[v] or any(found[self.parent[edge]] for edge in edges)
        return found

    def walked(self, wanted: Sequence[bool]) -> list[int]:
        """Return the products that `sums` walks, sorted."""
        needed = self._needed(wanted)
        return [v for v, need in enumerate(needed) if need and self.first[v + 1] - self.first[v] > 1]

    def sizes(self, starts: Sequence[int]) -> list[int]:
        """Return how many distinct ancestors each of these has, itself counted."""
        return [sum(1 for _ in self._closure(v)) for v in starts]

    def sketches(
        self, order: Sequence[int], weight: Sequence[float], rank: Sequence[float], k: int
    ) -> tuple[list[int], list[int], list[float]]:
        """Return what is found among the first k of D(u): how many, the last one's position, and the weight of D(u).

        `order` are the users by `rank`, an exponential draw above 0 / their weight. Fewer than k is all of D(u),
        and the weight exact; else each but the last counts for its weight / the probability to come before the last.
        """
        n = len(weight)
        position = [-1] * n
        for place, v in enumerate(order):
            position[v] = place
        bottom: list[list[int]] = [[] for _ in range(n)]
        for v in reversed(self.order):
            if position[v] >= 0:
                _insert(bottom[v], position[v], k)
            for u in {self.parent[edge] for edge in range(self.first[v], self.first[v + 1])}:
                for place in bottom[v]:
                    _insert(bottom[u], place, k)
        found = []
        for places in bottom:
            users = [order[place] for place in places]
            last = rank[users.pop()] if len(users) == k else math.inf
            found.append(_added(weight[v] / -math.expm1(-weight[v] * last) for v in users))
        return list(map(len, bottom)), [places[-1] if places else -1 for places in bottom], found


def _insert(bottom: list[int], place: int, k: int) -> None:
    """Keep the k smallest of a sorted list and one more."""
    if (len(bottom) < k or place < bottom[-1]) and place not in bottom:
        insort(bottom, place)
        del bottom[k:]


def _added(values: Iterator[float]) -> float:
    """Add one after the other, as the compiled twin does (`sum` compensates from Python 3.12 on)."""
    total = 0.0
    for value in values:
        total += value
    return total
