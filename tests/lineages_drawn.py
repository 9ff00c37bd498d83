"""Lineages for the kernels: drawn by hypothesis, and made in many shapes."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

__all__ = ["SHAPES", "Lineage", "lineages", "made", "shuffled"]

Array = np.ndarray[Any, np.dtype[Any]]


class Lineage(NamedTuple):
    """Products 0 .. n-1, edges (m,) sorted by (child, parent) with their shares, own costs (n,)."""

    n: int
    child: Array
    parent: Array
    w: Array
    own: Array


def made(n: int, pairs: Array, seed: int = 0) -> Lineage:
    """Return a lineage of these (child, parent) pairs, in any order, with seeded shares and costs."""
    random = np.random.default_rng(seed)
    pairs = np.unique(np.asarray(pairs, dtype=np.int32).reshape(-1, 2), axis=0)
    child, parent = np.ascontiguousarray(pairs.T)
    w = 0.999 * random.random(len(child)) / np.maximum(np.bincount(parent, minlength=n)[parent], 1)
    return Lineage(n, child, parent, w, random.lognormal(0, 2, n))


@st.composite
def lineages(draw: st.DrawFn, *, cyclic: bool = False) -> Lineage:
    """Draw a small lineage; without `cyclic` no product is made out of itself."""
    n = draw(st.integers(1, 16))
    rank = draw(st.permutations(range(n)))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(
        lambda pair: pair[0] != pair[1] and (cyclic or rank[pair[1]] < rank[pair[0]])
    )
    drawn = draw(st.lists(pairs, max_size=40)) if n > 1 else []
    return made(n, np.array(drawn, dtype=np.int32), draw(st.integers(0, 99)))


def _random(n: int, m: int, seed: int) -> Array:
    random = np.random.default_rng(seed)
    rank = random.permutation(n)
    ends = np.sort(random.integers(0, n, (m, 2)), axis=1)
    return rank[ends[ends[:, 0] < ends[:, 1]][:, ::-1]]


def _layers(width: int, depth: int) -> Array:
    here = np.arange(width * (depth - 1))
    random = np.random.default_rng(1)
    return np.concatenate(
        [
            np.stack([here + width, here // width * width + random.integers(0, width, len(here))], axis=1)
            for _ in range(3)
        ]
    )


def _chain(n: int) -> Array:
    names = np.random.default_rng(2).permutation(n)
    return np.stack([names[1:], names[:-1]], axis=1)


SHAPES = {
    "empty": lambda: made(0, np.zeros((0, 2))),
    "single": lambda: made(1, np.zeros((0, 2))),
    "no edges": lambda: made(70_000, np.zeros((0, 2))),
    "star": lambda: made(5_001, np.stack([np.arange(1, 5_001), np.zeros(5_000, int)], axis=1)),
    "sink of all": lambda: made(
        5_001, np.stack([np.full(5_000, 2_500), np.delete(np.arange(5_001), 2_500)], axis=1)
    ),
    "chain": lambda: made(20_000, _chain(20_000)),
    "dense": lambda: made(200, np.stack(np.tril_indices(200, -1), axis=1)),
    "dense upside down": lambda: made(200, 199 - np.stack(np.tril_indices(200, -1), axis=1)),
    "random": lambda: made(30_000, _random(30_000, 90_000, 3)),
    "sparse": lambda: made(100_000, _random(100_000, 40_000, 4)),
    "layers": lambda: made(20_000, _layers(400, 50)),
}


def shuffled(case: Lineage, seed: int = 0) -> tuple[Array, Array, Array]:
    """Return the edges in another order: child, parent, share."""
    turn = np.random.default_rng(seed).permutation(len(case.child))
    return case.child[turn], case.parent[turn], case.w[turn]
