"""What the numpy engines do with one cycle: its equations, dense or sparse, and what goes round it.

A cycle here is a strongly connected component, `group` its members, sorted. `edges` has the rows of all products.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats, Offsets
from lineage.kernels.order import in_edges

__all__ = ["DENSE", "Edges", "add_one_by_one", "has_no_cost", "reach_group", "solve_group"]

# Above this many members a cycle's equations are kept sparse.
DENSE = 500


class Edges(NamedTuple):
    """Edges sorted by (child, parent), shape (m,), and where each child's begin, shape (n + 1,)."""

    first: Offsets
    child: Codes
    parent: Codes


def reach_group(edges: Edges, group: list[int], w: Floats, reached: Flags) -> None:
    """Let whatever arrives at a member, or starts there, go round the cycle."""
    members = np.array(group, dtype=np.int32)
    inflow = in_edges(members, edges.first)
    inflow = inflow[w[inflow] != 0]
    before = -1
    while before != (before := int(reached[members].sum())):
        reached[edges.child[inflow[reached[edges.parent[inflow]]]]] = True


def has_no_cost(edges: Edges, group: list[int], w: Floats) -> bool:
    """Tell whether (I - W^T) y = 1 has no solution with all y > 0: a spectral radius of one or more."""
    y = _solver(_block(edges, group, w)[0])(np.ones(len(group)))
    return y is None or not bool(np.all(y > 0))


def solve_group(edges: Edges, group: list[int], w: Floats, epc: Floats) -> None:
    """Turn own costs into EPC for the members of a cycle; `epc` (n,) or (n, k) is final for all parents outside."""
    block, members, outside = _block(edges, group, w)
    add_one_by_one(epc, edges.child[outside], edges.parent[outside], w[outside])
    solve = _solver(block)
    for column in range(epc.shape[1]) if epc.ndim > 1 else [...]:  # one by one: the same bits for any number
        place: Any = (members, column) if epc.ndim > 1 else members
        solution = solve(epc[place])
        if solution is None:
            raise ZeroDivisionError("the cycle has no finite solution; ask divergent() before solve()")
        epc[place] = solution


def add_one_by_one(epc: Floats, child: Codes, parent: Codes, share: Floats) -> None:
    """Add terms in order, where one product may be the parent of the next."""
    if epc.ndim > 1:
        for v, u, w in zip(child.tolist(), parent.tolist(), share.tolist(), strict=True):
            epc[v] += w * epc[u]
        return
    values: Any = epc.data  # a memory view: quicker than an array, one element at a time
    for v, u, w in zip(child.tolist(), parent.tolist(), share.tolist(), strict=True):
        values[v] += w * values[u]


def _block(edges: Edges, group: list[int], w: Floats) -> tuple[Any, Codes, Any]:
    """Return I - W^T of a cycle's members (dense or sparse), the members, and their edges from outside."""
    members = np.array(group, dtype=np.int32)
    inflow = in_edges(members, edges.first)
    place = np.searchsorted(members, edges.parent[inflow])
    inside = (place < len(members)) & (members[np.minimum(place, len(members) - 1)] == edges.parent[inflow])
    rows = np.searchsorted(members, edges.child[inflow[inside]])
    columns = place[inside]
    if len(group) <= DENSE:
        block = np.eye(len(group))
        np.subtract.at(block, (rows, columns), w[inflow[inside]])
        return block, members, inflow[~inside]
    from scipy.sparse import csc_array, eye_array

    coupling = csc_array((w[inflow[inside]], (rows, columns)), shape=(len(group), len(group)))
    return csc_array(eye_array(len(group)) - coupling), members, inflow[~inside]


def _solver(matrix: Any) -> Callable[[Floats], Floats | None]:
    """Return what solves matrix x = right; it gives None where the matrix is singular."""
    if isinstance(matrix, np.ndarray):
        return lambda right: _solve_dense(matrix, right)
    from scipy.sparse.linalg import splu

    try:
        factors = splu(matrix)
    except RuntimeError:  # SuperLU's word for an exactly singular matrix
        return lambda right: None
    return lambda right: np.asarray(factors.solve(right))


def _solve_dense(matrix: Floats, right: Floats) -> Floats | None:
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return None
