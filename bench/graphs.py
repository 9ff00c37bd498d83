"""The graphs that targets name: seeded, ids and edges in random order (the worst case for locality).

Shares are gamma draws normalised over each parent's children, so that a parent hands on all it has; own costs are
lognormal(0, 2).
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from bench.stores import hub_edges

__all__ = ["GRAPHS", "Graph", "graph", "with_cycles"]

Array = np.ndarray[Any, np.dtype[Any]]


class Graph(NamedTuple):
    """Unsorted edges: codes of child and parent (m,) int32, shares (m,), own costs (n,)."""

    n: int
    child: Array
    parent: Array
    w: Array
    own: Array


def _hub(n: int, m: int) -> tuple[Array, Array]:
    child, parent = hub_edges(n, m)
    return child, parent


def _random(n: int, m: int) -> tuple[Array, Array]:
    """Return m edges, the source uniform below the target."""
    draw = np.random.default_rng(1)
    child = draw.integers(1, n, m, dtype=np.int32)
    return child, (draw.random(m) * child).astype(np.int32)


def _layers(n: int, m: int, levels: int = 50) -> tuple[Array, Array]:
    draw = np.random.default_rng(1)
    width = n // levels
    child = draw.integers(width, width * levels, m, dtype=np.int32)
    return child, (child // width - 1) * np.int32(width) + draw.integers(0, width, m, dtype=np.int32)


def _chain(n: int) -> tuple[Array, Array]:
    return np.arange(1, n, dtype=np.int32), np.arange(n - 1, dtype=np.int32)


def _star(n: int) -> tuple[Array, Array]:
    return np.arange(1, n, dtype=np.int32), np.zeros(n - 1, dtype=np.int32)


# name -> number of products, and what makes the edges
GRAPHS: Final[dict[str, tuple[int, Callable[[], tuple[Array, Array]]]]] = {
    "hub10k": (10_000, lambda: _hub(10_000, 13_000)),
    "hub100k": (100_000, lambda: _hub(100_000, 137_000)),
    "hub300k": (300_000, lambda: _hub(300_000, 411_000)),
    "hub3m": (3_000_000, lambda: _hub(3_000_000, 4_114_364)),
    "rand1m": (1_000_000, lambda: _random(1_000_000, 3_000_000)),
    "rand10m": (10_000_000, lambda: _random(10_000_000, 30_000_000)),
    "lay10m": (10_000_000, lambda: _layers(10_000_000, 30_000_000)),
    "chain100k": (100_000, lambda: _chain(100_000)),
    "chain1m": (1_000_000, lambda: _chain(1_000_000)),
    "star1m": (1_000_001, lambda: _star(1_000_001)),
}


def graph(name: str, seed: int = 0) -> Graph:
    """Return a graph by its name."""
    n, edges = GRAPHS[name]
    return _dealt(n, *edges(), seed)


def with_cycles(made: Graph, back: int = 50, seed: int = 0) -> Graph:
    """Return the graph with some edges against the flow, each closing cycles of gain below one."""
    draw = np.random.default_rng(seed)
    picked = draw.choice(len(made.child), back, replace=False)
    child = np.concatenate([made.child, made.parent[picked]])
    parent = np.concatenate([made.parent, made.child[picked]])
    w = np.concatenate([made.w * 0.9, np.full(back, 0.1)])
    turn = draw.permutation(len(child))
    return Graph(made.n, child[turn], parent[turn], w[turn], made.own)


def _dealt(n: int, child: Array, parent: Array, seed: int) -> Graph:
    """Deal out new numbers, mix the edges, and draw shares and costs."""
    draw = np.random.default_rng(seed)
    names = draw.permutation(n).astype(np.int32)
    turn = draw.permutation(len(child))
    child, parent = names[child[turn]], names[parent[turn]]
    w = draw.gamma(2.0, 1.0, len(child))
    w /= np.bincount(parent, weights=w, minlength=n)[parent]
    return Graph(n, child, parent, w, draw.lognormal(0, 2, n))
