"""Bottom-k sketches of D(u), compiled: the k users at or below u that come first in a random order.

Bottom-up, a product's sketch is merged from those of its children. Only products with children are stored; a leaf is
its own position. Exact where fewer than k users stand at or below; else the k-th position tells how many there are,
with standard error 1/sqrt(k - 2) (Bar-Yossef et al. 2002; weighted: Cohen and Kaplan 2007).
"""

import math
from typing import Any

import numpy as np

from lineage.kernels.arrays import Floats, Offsets
from lineage.kernels.jit import kernel

__all__ = ["bottom_k"]

Indices = np.ndarray[Any, np.dtype[np.uint32]]


@kernel
def _children(first: Indices, parent: Indices) -> tuple[Offsets, Indices]:
    """Return row starts (n + 1,) and children (m,) of each product, in ascending order."""
    n = first.size - 1
    starts = np.zeros(n + 1, np.int64)
    for edge in range(parent.size):
        starts[parent[edge] + np.uint32(1)] += 1
    for u in range(n):
        starts[u + 1] += starts[u]
    at = starts[:n].copy()
    child = np.empty(parent.size, np.uint32)
    for v in range(n):
        for edge in range(first[v], first[v + 1]):
            u = parent[edge]
            child[at[u]] = v
            at[u] += 1
    return starts, child


@kernel
def _insert(bottom: Indices, size: int, place: Any, k: int) -> int:
    """Insert a position into a sorted sketch of at most k; return its new size."""
    if size == k and place >= bottom[size - 1]:
        return size
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        if bottom[middle] < place:
            low = middle + 1
        else:
            high = middle
    if low < size and bottom[low] == place:
        return size
    if size < k:
        size += 1
    for j in range(size - 1, low, -1):
        bottom[j] = bottom[j - 1]
    bottom[low] = place
    return size


@kernel
def _merge(bottom: Indices, size: int, other: Indices, spare: Indices, k: int) -> int:
    """Merge a sorted sketch into `bottom`, keeping the k smallest; `spare` is room for k."""
    if size == k and other[0] >= bottom[size - 1]:
        return size
    if other.size < 8:
        for j in range(other.size):
            size = _insert(bottom, size, np.int64(other[j]), k)
        return size
    i, j, made = 0, 0, 0
    while made < k and (i < size or j < other.size):
        if j == other.size or (i < size and bottom[i] < other[j]):
            spare[made] = bottom[i]
            i += 1
        else:
            if i < size and bottom[i] == other[j]:
                i += 1
            spare[made] = other[j]
            j += 1
        made += 1
    bottom[:made] = spare[:made]
    return made


@kernel
def _weighed(bottom: Indices, size: int, weight: Floats, rank: Floats) -> float:
    """Return the weight that a sketch stands for: exact below k, else each but the last by its probability."""
    total, last, count = 0.0, np.inf, size
    if size == bottom.size:
        count -= 1
        last = rank[bottom[count]]
    for j in range(count):
        share = weight[bottom[j]]
        total += share / -math.expm1(-share * last)
    return total


@kernel
def bottom_k(
    rows: tuple[Indices, Indices], position: Offsets, weight: Floats, rank: Floats, k: int
) -> tuple[Offsets, Offsets, Floats]:
    """Return size, last position and weight of each product's sketch, (n,); parents have smaller numbers.

    `rows` are row starts and parents; `position` (n,) is a user's place in the random order, -1 for others; `weight`
    and `rank` are by position.
    """
    first, parent = rows
    n = first.size - 1
    starts, child = _children(first, parent)
    sizes, last, found = np.zeros(n, np.int64), np.full(n, -1, np.int64), np.zeros(n)
    begin = np.full(n, -1, np.int64)
    pool, used = np.empty(max(4 * n, 4 * k), np.uint32), 0
    bottom, spare = np.empty(k, np.uint32), np.empty(k, np.uint32)
    for v in range(n - 1, -1, -1):
        size = 0
        if position[v] >= 0:
            bottom[0] = position[v]
            size = 1
        for edge in range(starts[v], starts[v + 1]):
            below = child[edge]
            if begin[below] >= 0:
                if sizes[below]:
                    other = pool[begin[below] : begin[below] + sizes[below]]
                    size = _merge(bottom, size, other, spare, k)
            elif position[below] >= 0:
                size = _insert(bottom, size, position[below], k)
        sizes[v] = size
        if size:
            last[v] = bottom[size - 1]
        found[v] = _weighed(bottom, size, weight, rank)
        if starts[v + 1] > starts[v]:
            if used + size > pool.size:
                larger = np.empty(2 * pool.size, np.uint32)
                larger[:used] = pool[:used]
                pool = larger
            pool[used : used + size] = bottom[:size]
            begin[v] = used
            used += size
    return sizes, last, found
