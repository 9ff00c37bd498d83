"""Compiled: what the ordering cannot place, cycles and whatever is made out of them.

Everything left waits on a parent that is left too, so a walk from any product to the parent it waits on runs into a
circle. What leads into that circle is small and is taken apart by Tarjan's algorithm (1972, iterative); after that,
those who waited on it go on as usual. So the search stays within the cycles and what lies between them, however much
is made out of them.
"""

from typing import Any, NamedTuple

import numpy as np

from lineage.kernels.compiled import DONE, ONE, Rows, State, release
from lineage.kernels.jit import kernel

__all__ = ["Search", "untangle"]


class Search(NamedTuple):
    """Working space for `left` products that could not be placed, and the cycles found among them.

    index, low  Tarjan's numbers (n,), `index` zero where not visited
    path        where the walk has been (left,)
    work, stack where the search has been, and what it has not yet placed (left,)
    heads       who waits on what the search has placed (left,)
    groups      where each cycle begins and ends in `order`, (left // 2, 2)
    found       one int64: how many cycles
    """

    index: Any
    low: Any
    path: Any
    work: Any
    stack: Any
    heads: Any
    groups: Any
    found: Any


@kernel
def untangle(rows: Rows, state: State, search: Search) -> None:
    """Place what is left, the members of a cycle side by side; `search.groups` tells where."""
    waits_in_path = np.zeros(rows.first.size - 1, np.bool_)
    for start in range(rows.first.size - 1):
        depth = 0
        top = np.uint32(start)
        while True:
            if state.waiter[top] == DONE:
                if depth == 0:
                    break
                depth -= 1
                top = search.path[depth]
                waits_in_path[top] = False
            elif waits_in_path[top]:
                waits_in_path[top] = False
                _take_apart(rows, state, search, top)
            else:
                waits_in_path[top] = True
                search.path[depth] = top
                depth += 1
                top = rows.parent[state.edge[top]]


@kernel
def _take_apart(rows: Rows, state: State, search: Search, root: Any) -> None:
    """Place a product and all that is left of its ancestors, then let those go on who waited on them."""
    begin = state.place[1]
    _components(rows, state, search, root)
    end = state.place[1]
    state.place[0] = end
    for place in range(begin, end):
        release(rows, state, search.heads[place - begin])


@kernel
def _components(rows: Rows, state: State, search: Search, root: Any) -> None:
    """Place the strongly connected components above a product, parents first, each sorted."""
    edge, waiter = state.edge, state.waiter
    index, low, work = search.index, search.low, search.work
    begin, depth, held, counter = state.place[1], 0, 0, np.uint32(1)
    v = root
    while True:
        if index[v] == 0:
            index[v] = low[v] = counter
            counter += ONE
            search.stack[held] = v
            held += 1
        descended = False
        while edge[v] < rows.first[v + ONE]:
            u = rows.parent[edge[v]]
            if waiter[u] != DONE:
                if index[u] == 0:
                    work[depth] = v
                    depth += 1
                    v = u
                    descended = True
                    break
                low[v] = min(low[v], low[u])
            edge[v] += ONE
        if descended:
            continue
        if low[v] == index[v]:
            held = _place_component(state, search, v, held, begin)
        if depth == 0:
            return
        depth -= 1
        v = work[depth]


@kernel
def _place_component(state: State, search: Search, root: Any, held: int, begin: int) -> int:
    """Move the component on top of the stack into the order; return what the stack still holds."""
    start = place = state.place[1]
    while True:
        held -= 1
        v = search.stack[held]
        state.order[place] = v
        place += 1
        if v == root:
            break
    state.order[start:place].sort()
    for i in range(start, place):
        v = state.order[i]
        search.heads[i - begin] = state.waiter[v]
        state.waiter[v] = DONE
    if place - start > 1:
        search.groups[search.found[0], 0] = start
        search.groups[search.found[0], 1] = place
        search.found[0] += 1
    state.place[1] = place
    return held
