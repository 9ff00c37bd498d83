"""Other ways to the same numbers: networkx, plain Python, scipy and GraphBLAS."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from bench.graphs import Graph

__all__ = ["BLOCKS", "ONE_SHOT"]


def by_networkx(made: Graph) -> Any:
    """Build a DiGraph, sort it topologically, add up."""
    import networkx as nx

    drawn = nx.DiGraph()
    drawn.add_nodes_from(range(made.n))
    drawn.add_weighted_edges_from(
        zip(made.parent.tolist(), made.child.tolist(), made.w.tolist(), strict=True)
    )
    x = made.own.tolist()
    for u in nx.topological_sort(drawn):
        for v, data in drawn[u].items():
            x[v] += data["weight"] * x[u]
    return np.array(x)


def by_python(made: Graph) -> Any:
    """Lists and a queue."""
    children: list[list[tuple[int, float]]] = [[] for _ in range(made.n)]
    waiting = [0] * made.n
    for v, u, w in zip(made.child.tolist(), made.parent.tolist(), made.w.tolist(), strict=True):
        children[u].append((v, w))
        waiting[v] += 1
    x = made.own.tolist()
    ready = [v for v in range(made.n) if not waiting[v]]
    for u in ready:
        for v, w in children[u]:
            x[v] += w * x[u]
            waiting[v] -= 1
            if not waiting[v]:
                ready.append(v)
    return np.array(x)


def by_triangular(made: Graph) -> Any:
    """scipy's best public way: components in topological order, then substitution."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import spsolve_triangular

    shape = (made.n, made.n)
    matrix = csr_array((made.w, (made.child, made.parent)), shape=shape)
    label = connected_components(matrix, connection="strong")[1]
    if (label[made.child] < label[made.parent]).any():
        label = made.n - 1 - label
    lower = csr_array((-made.w, (label[made.child], label[made.parent])), shape=shape)
    lower.setdiag(1.0)
    right = np.empty(made.n)
    right[label] = made.own
    return spsolve_triangular(lower, right, lower=True, unit_diagonal=True)[label]


def by_fixed_point(made: Graph) -> Any:
    """Matrix times vector until nothing changes."""
    from scipy.sparse import csr_array

    matrix = csr_array((made.w, (made.child, made.parent)), shape=(made.n, made.n))
    x, before = made.own, np.empty(0)
    while not np.array_equal(x, before):
        x, before = made.own + matrix @ x, x
    return x


def by_graphblas(made: Graph) -> Any:
    """The same iteration with SuiteSparse GraphBLAS."""
    import graphblas as gb

    matrix = gb.Matrix.from_coo(made.child, made.parent, made.w, nrows=made.n, ncols=made.n)
    own = gb.Vector.from_dense(made.own)
    x = own.dup()
    while True:
        after = own.dup()
        after(gb.binary.plus) << matrix.mxv(x, gb.semiring.plus_times)
        if after.isequal(x):
            return after.to_dense()
        x = after


# name -> (the way, how many times ours it must take at least, up to how many products)
ONE_SHOT: Final[dict[str, tuple[Callable[[Graph], Any], float, int]]] = {
    "networkx": (by_networkx, 250, 300_000),
    "plain Python": (by_python, 50, 3_000_000),
    "scipy spsolve_triangular": (by_triangular, 3.5, 10_000_000),
    "scipy fixed point": (by_fixed_point, 3.5, 10_000_000),
    "GraphBLAS fixed point": (by_graphblas, 3.5, 3_000_000),
}


def _matrix(n: int, plan: Any, share: Any, sign: float) -> Any:
    from scipy.sparse import csr_array

    first, parent = plan.inward.first.astype(np.int32), plan.inward.parent.astype(np.int32)
    return csr_array((sign * share, parent, first), shape=(n, n))


def _triangular(n: int, plan: Any, share: Any) -> Callable[[Any], Any]:
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import spsolve_triangular

    lower = (eye_array(n) + _matrix(n, plan, share, -1.0)).tocsr()
    return lambda right: spsolve_triangular(lower, right, lower=True, unit_diagonal=True)


def _splu(n: int, plan: Any, share: Any) -> Callable[[Any], Any]:
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    lower = (eye_array(n) + _matrix(n, plan, share, -1.0)).tocsc()
    factors = splu(lower, permc_spec="NATURAL", diag_pivot_thresh=0.0)
    return lambda right: factors.solve(right)


def _fixed_point(n: int, plan: Any, share: Any) -> Callable[[Any], Any]:
    matrix = _matrix(n, plan, share, 1.0)

    def run(right: Any) -> Any:
        x, before = right, np.empty(0)
        while not np.array_equal(x, before):
            x, before = right + matrix @ x, x
        return x

    return run


# name -> (what prepares it, how many times a column of ours one of its columns must take at least)
BLOCKS: Final[dict[str, tuple[Callable[[int, Any, Any], Callable[[Any], Any]], float]]] = {
    "spsolve_triangular": (_triangular, 10),
    "splu.solve": (_splu, 8),
    "fixed point": (_fixed_point, 30),
}
