"""Distinct ancestors or descendants of a product: each counted once, however many paths lead to it."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

__all__ = ["Closure", "Totals", "walk"]


def walk(start: int, first: Sequence[int], neighbour: Sequence[int]) -> list[int]:
    """Return every product reached from `start`, itself left out, sorted; no recursion, safe on cycles.

    `first` (n + 1,) and `neighbour` (m,) are parents of each product for ancestors, children for descendants.

    >>> walk(3, [0, 0, 1, 2, 4], [0, 0, 1, 2])
    [0, 1, 2]
    """
    seen = {start}
    stack = [start]
    while stack:
        v = stack.pop()
        for edge in range(first[v], first[v + 1]):
            u = neighbour[edge]
            if u not in seen:
                seen.add(u)
                stack.append(u)
    seen.discard(start)
    return sorted(seen)


class Totals(NamedTuple):
    """A sum over a product and its closure, each member once.

    `members` products, of them `known` with a best value; `open_ended` of them without an upper bound.
    `lo`, `best` and `hi` add what is known.
    """

    lo: float
    best: float
    hi: float
    members: int
    known: int
    open_ended: int


class Closure:
    """Sums over closures, remembered: a product with one neighbour is that neighbour's sum and its own.

    `own(v)` gives one product's `Totals`; `cyclic` names products for which the short cut is wrong.
    """

    def __init__(
        self,
        first: Sequence[int],
        neighbour: Sequence[int],
        own: Callable[[int], Totals],
        cyclic: Iterable[int] = (),
    ) -> None:
        self._first, self._neighbour, self._own = first, neighbour, own
        self._cyclic = frozenset(cyclic)
        self._known: dict[int, Totals] = {}

    def totals(self, v: int) -> Totals:
        """Return the sums over v and everything reached from it."""
        chain = []
        while v not in self._known:
            if self._first[v + 1] - self._first[v] != 1 or v in self._cyclic:
                self._known[v] = self._walked(v)
                break
            chain.append(v)
            v = self._neighbour[self._first[v]]
        total = self._known[v]
        for member in reversed(chain):
            total = _plus(self._own(member), total)
            self._known[member] = total
        return total

    def _walked(self, v: int) -> Totals:
        total = self._own(v)
        found, seen = [v], {v}
        for u in found:  # the nearest first, as the compiled walk does it
            for edge in range(self._first[u], self._first[u + 1]):
                above = self._neighbour[edge]
                if above not in seen:
                    seen.add(above)
                    found.append(above)
                    total = _plus(total, self._own(above))
        return total


def _plus(a: Totals, b: Totals) -> Totals:
    return Totals(
        a.lo + b.lo,
        a.best + b.best,
        a.hi + b.hi,
        a.members + b.members,
        a.known + b.known,
        a.open_ended + b.open_ended,
    )
