"""Cycles: find them, name them edge by edge, choose what to drop, solve them.

Cycles occur in real metadata (A names B as its base, B names A). Everything here is pure Python over lists: it runs
on what is left after the acyclic part has been taken away, which is small.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["components", "edges_to_drop", "heaviest_cycle", "named_cycles", "solve_dense"]


CLOSE = 1e-12  # logs this close count as equal: rounding must not send a search round for ever
NOTHING = -1e3  # in place of the log of a share of 0, which has no part in any gain


def components(
    n: int, first: Sequence[int], parent: Sequence[int], nodes: Iterable[int] | None = None
) -> list[list[int]]:
    """Return the strongly connected components, each sorted, parents before children (Tarjan 1972, iterative).

    `first` (n + 1,) and `parent` (m,) hold the parents of each product. `nodes` limits the search to some products.

    >>> components(3, [0, 1, 2, 3], [1, 0, 1])
    [[0, 1], [2]]
    """
    inside = range(n) if nodes is None else set(nodes)
    index = [-1] * n
    low = [0] * n
    on_stack = bytearray(n)
    stack: list[int] = []
    found: list[list[int]] = []
    counter = 0
    for root in sorted(inside) if isinstance(inside, set) else inside:
        if index[root] >= 0:
            continue
        index[root] = low[root] = counter
        counter += 1
        stack.append(root)
        on_stack[root] = 1
        work = [(root, first[root])]
        while work:
            v, edge = work.pop()
            descended = False
            while edge < first[v + 1]:
                u = parent[edge]
                edge += 1
                if u not in inside:
                    continue
                if index[u] < 0:
                    index[u] = low[u] = counter
                    counter += 1
                    stack.append(u)
                    on_stack[u] = 1
                    work.append((v, edge))
                    work.append((u, first[u]))
                    descended = True
                    break
                if on_stack[u]:
                    low[v] = min(low[v], index[u])
            if descended:
                continue
            if low[v] == index[v]:
                found.append(_pop_component(stack, on_stack, v))
            if work:
                below = work[-1][0]
                low[below] = min(low[below], low[v])
    return found


def _pop_component(stack: list[int], on_stack: bytearray, root: int) -> list[int]:
    group = []
    while True:
        v = stack.pop()
        on_stack[v] = 0
        group.append(v)
        if v == root:
            return sorted(group)


def named_cycles(group: Sequence[int], first: Sequence[int], parent: Sequence[int]) -> list[tuple[int, ...]]:
    """Return shortest cycles through a component's members until every member is named at least once.

    In each, a product is made out of the next one, and the last out of the first.

    >>> named_cycles([0, 1, 2], [0, 1, 2, 3], [2, 0, 1])
    [(0, 2, 1)]
    """
    members = set(group)
    cycles: list[tuple[int, ...]] = []
    named: set[int] = set()
    for v in sorted(group):
        if v not in named:
            cycle = _shortest_cycle(v, members, first, parent)
            cycles.append(cycle)
            named.update(cycle)
    return cycles


def _shortest_cycle(
    start: int, members: set[int], first: Sequence[int], parent: Sequence[int]
) -> tuple[int, ...]:
    came_from: dict[int, int] = {}
    queue = deque([start])
    while queue:
        v = queue.popleft()
        for edge in range(first[v], first[v + 1]):
            u = parent[edge]
            if u == start:
                path = [v]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if u in members and u not in came_from:
                came_from[u] = v
                queue.append(u)
    raise ValueError(f"product {start} is on no cycle")


def heaviest_cycle(
    group: Sequence[int], first: Sequence[int], parent: Sequence[int], w: Sequence[float]
) -> tuple[tuple[int, ...], float]:
    """Return the cycle of largest mean log share in a component, and its gain, the product of its shares.

    Policy iteration (Howard 1960): every product points at one parent, which makes cycles with trees on them; as long
    as another parent leads to a heavier cycle, or to the same one by a heavier way, it points there instead.

    >>> cycle, gain = heaviest_cycle([0, 1], [0, 1, 2], [1, 0], [0.5, 3.0])
    >>> cycle, round(gain, 12)
    ((0, 1), 1.5)
    """
    choices = _choices(group, first, parent, w)
    points_at = [max(row, key=lambda choice: (choice[1], -choice[0])) for row in choices]
    best: tuple[float, list[int]] = (-math.inf, [])
    for _ in range(4 * len(group) + 100):  # it takes a dozen; the bound is for ties that rounding turns
        cycles, mean, value = _weighed(points_at)
        best = max([best, *cycles], key=lambda item: item[0])
        if not _improved(points_at, choices, mean, value):
            break
    heaviest, cycle = best
    at = cycle.index(min(cycle))
    return tuple(group[row] for row in cycle[at:] + cycle[:at]), math.exp(heaviest * len(cycle))


def _choices(
    group: Sequence[int], first: Sequence[int], parent: Sequence[int], w: Sequence[float]
) -> list[list[tuple[int, float]]]:
    """Return every member's parents in the component, as rows of the group, with the logs of their shares."""
    place = {v: row for row, v in enumerate(group)}
    return [
        [
            (place[parent[edge]], math.log(w[edge]) if w[edge] > 0 else NOTHING)
            for edge in range(first[v], first[v + 1])
            if parent[edge] in place
        ]
        for v in group
    ]


def _weighed(
    points_at: list[tuple[int, float]],
) -> tuple[list[tuple[float, list[int]]], list[float], list[float]]:
    """Return the cycles with their mean logs; for each member the mean it is led to, and its value on the way."""
    size = len(points_at)
    mean, value, seen = [0.0] * size, [0.0] * size, [-1] * size
    cycles = []
    for start in range(size):
        path: list[int] = []
        v = start
        while seen[v] < 0:
            seen[v] = start
            path.append(v)
            v = points_at[v][0]
        if path and seen[v] == start:  # a cycle not met before; the way into it is worth nothing at v
            cycle = path[path.index(v) :]
            mean[v] = math.fsum(points_at[u][1] for u in cycle) / len(cycle)
            cycles.append((mean[v], cycle))
        else:
            cycle = []
        for u in reversed(path):
            if not (cycle and u == v):
                above, log = points_at[u]
                mean[u] = mean[above]
                value[u] = value[above] + log - mean[above]
    return cycles, mean, value


def _improved(
    points_at: list[tuple[int, float]],
    choices: list[list[tuple[int, float]]],
    mean: list[float],
    value: list[float],
) -> bool:
    """Let members point at better parents: to a heavier cycle, or else a heavier way; return whether any did."""
    changed = False
    for v, row in enumerate(choices):
        better = max(row, key=lambda choice: mean[choice[0]])
        if mean[better[0]] > mean[v] + CLOSE:
            points_at[v], changed = better, True
    if changed:
        return True
    for v, row in enumerate(choices):
        better = max(row, key=lambda choice: value[choice[0]] + choice[1])
        if value[better[0]] + better[1] - mean[v] > value[v] + CLOSE * (1 + abs(value[v])):
            points_at[v], changed = better, True
    return changed


def edges_to_drop(
    child: Sequence[int],
    parent: Sequence[int],
    groups: Iterable[Sequence[int]],
    lateness: Callable[[int], tuple[Any, ...]],
) -> list[int]:
    """Return the edges that break every cycle: while a cycle remains, the latest edge of its component goes.

    `groups` are the components; `lateness(edge)` orders edges strictly. Returns positions in the edge list, the
    latest first.

    An edge goes exactly if it closes a cycle with edges earlier than itself: later ones are gone by its turn, or lie
    on no cycle. So the question is when, adding edges from the earliest on, its two ends come to lie in one
    component; halving the time span answers that for all edges at once, in O(m log m) for m edges.

    >>> edges_to_drop([0, 1], [1, 0], [[0, 1]], lambda edge: (edge,))
    [1]
    """
    home = {v: number for number, group in enumerate(groups) for v in group}
    inside = [edge for edge, v in enumerate(child) if v in home and home[v] == home.get(parent[edge])]
    ordered = sorted(inside, key=lateness)
    closing: list[int] = []
    spans = [(0, len(ordered) - 1, [(time, child[edge], parent[edge]) for time, edge in enumerate(ordered)])]
    while spans:
        begin, end, edges = spans.pop()
        if begin >= end:
            closing += [time for time, _, _ in edges if time == begin]
            continue
        middle = (begin + end) // 2
        joined = _joined([(v, u) for time, v, u in edges if time <= middle])
        sooner, later = [], []
        for time, v, u in edges:
            one, other = joined.get(v, v), joined.get(u, u)
            if one != other:
                later.append((time, one, other))
            elif time <= middle:
                sooner.append((time, v, u))
            else:  # its ends lie in one component before it comes
                closing.append(time)
        spans += [(begin, middle, sooner), (middle + 1, end, later)]
    return [ordered[time] for time in sorted(closing, reverse=True)]


def _joined(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Return, for every product on a cycle of these edges, the smallest member of its component."""
    names = sorted({v for pair in pairs for v in pair})
    place = {v: row for row, v in enumerate(names)}
    rows: list[list[int]] = [[] for _ in names]
    for v, u in pairs:
        rows[place[v]].append(place[u])
    first = [0]
    for row in rows:
        first.append(first[-1] + len(row))
    found = components(len(names), first, [u for row in rows for u in row])
    return {names[row]: names[group[0]] for group in found if len(group) > 1 for row in group}


def solve_dense(matrix: list[list[float]], right: Sequence[float]) -> list[float] | None:
    """Solve matrix x = right by elimination with partial pivoting; None where the matrix is singular.

    >>> solve_dense([[1.0, -0.5], [-0.5, 1.0]], [1.0, 1.0])
    [2.0, 2.0]
    """
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        if abs(rows[pivot][column]) < 1e-300:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for row in range(column + 1, size):
            factor = rows[row][column] / rows[column][column]
            if factor:
                for place in range(column, size + 1):
                    rows[row][place] -= factor * rows[column][place]
    solution = [0.0] * size
    for row in reversed(range(size)):
        known = sum(rows[row][place] * solution[place] for place in range(row + 1, size))
        solution[row] = (rows[row][size] - known) / rows[row][row]
    return solution
