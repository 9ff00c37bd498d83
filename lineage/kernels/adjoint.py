"""What every ancestor contributes to one product, and how it would change: the adjoint on its ancestor cone.

y[u] = d x[m] / d c[u] is 1 at m and, above it, the sum over the children v of u of w(u, v) y[v]. Then u contributes
c[u] y[u] to x[m], and d x[m] / d w(u, v) = x[u] y[v] (Griewank and Walther 2008, reverse mode). The work follows the
cone, not the graph: some ten products of three million.

`adjoint` works in topological numbering (parents have smaller numbers) on room that is kept between calls; `compiled`
is the same function in machine code. `weights_above` needs no numbering, for a single question.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Room", "adjoint", "compiled", "exercise", "room", "weights_above"]


class Room(NamedTuple):
    """Arrays that calls share, made by `room`; `mark` counts the calls."""

    stamp: Any
    cone: Any
    y: Any
    mark: Any


def room(n: int) -> Room:
    """Return room for a lineage of n products, for `adjoint`."""
    return Room(np.zeros(n, np.uint32), np.empty(n, np.uint32), np.zeros(n), np.zeros(1, np.uint32))


def adjoint(m: int, first: Any, parent: Any, w: Any, held: Room) -> tuple[Any, Any]:
    """Return the ancestors of m and m itself, ascending (k,), and y for each of them (k,).

    `first` (n + 1,), `parent` (m,) and the shares `w` (m,) are in topological numbering.

    >>> rows = np.array([0, 0, 1, 2, 4]), np.array([0, 0, 1, 2]), np.array([0.5, 0.5, 1.0, 1.0])
    >>> adjoint(3, *rows, room(4))[1].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    stamp, cone, y, count = held
    count[0] += 1
    mark = count[0]
    cone[0] = m
    stamp[m] = mark
    size, head = 1, 0
    while head < size:
        v = cone[head]
        head += 1
        for edge in range(first[v], first[v + np.uint32(1)]):
            u = parent[edge]
            if stamp[u] != mark:
                stamp[u] = mark
                cone[size] = u
                size += 1
    members = np.sort(cone[:size])
    y[m] = 1.0
    for place in range(size - 1, -1, -1):
        v = members[place]
        passed = y[v]
        for edge in range(first[v], first[v + np.uint32(1)]):
            y[parent[edge]] += w[edge] * passed
    found = np.empty(size)
    for place in range(size):
        found[place] = y[members[place]]
        y[members[place]] = 0.0
    return members, found


@cache
def compiled() -> Any:
    """Return `adjoint` compiled; imports numba."""
    from lineage.kernels.jit import kernel

    return kernel(adjoint)


def weights_above(
    m: int, first: Sequence[int], parent: Sequence[int], w: Sequence[float]
) -> dict[int, float] | None:
    """Return y of m and of each of its ancestors; None where a cycle lies above m. Any numbering.

    `first` (n + 1,), `parent` (m,) and `w` (m,) may be memory views: only the cone is looked at.

    >>> weights_above(3, [0, 0, 1, 2, 4], [0, 0, 1, 2], [0.5, 0.5, 1.0, 1.0])
    {3: 1.0, 2: 1.0, 1: 1.0, 0: 1.0}
    """
    order = _finished(m, first, parent)
    if order is None:
        return None
    y = dict.fromkeys(reversed(order), 0.0)  # children before parents
    y[m] = 1.0
    for v in y:
        for edge in range(first[v], first[v + 1]):
            y[parent[edge]] += w[edge] * y[v]
    return y


def _finished(m: int, first: Sequence[int], parent: Sequence[int]) -> list[int] | None:
    """Return m and its ancestors, parents first, by a depth-first search; None if it meets itself."""
    at = {m: first[m]}
    open_ones = {m}
    stack, order = [m], []
    while stack:
        v = stack[-1]
        if at[v] == first[v + 1]:
            order.append(stack.pop())
            open_ones.discard(v)
            continue
        u = parent[at[v]]
        at[v] += 1
        if u in open_ones:
            return None
        if u not in at:
            at[u] = first[u]
            open_ones.add(u)
            stack.append(u)
    return order


def exercise() -> None:
    """Call every kernel of this module once, with the types that are used."""
    first, parent = np.array([0, 0, 1], np.uint32), np.zeros(1, np.uint32)
    compiled()(1, first, parent, np.ones(1), room(2))
