"""Where the boxes of a lineage drawing stand: layers from left to right, few crossings, short lines.

The steps of Sugiyama, Tagawa and Toda (1981): break cycles, layer by longest path, order the layers by
barycentres, then give heights. Heights are the least-squares solution that keeps the order and the distances
(pooling adjacent violators, Ayer et al. 1955). Plain Python, no randomness: equal input, equal picture.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["Layout", "layered", "layers_of"]

Link = tuple[str, str]
SWEEPS: Final = 12
BOX_GAP: Final = 18.0
WAYPOINT_HEIGHT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Centres of the boxes in layers and pixels, and the waypoints of every line.

    `layer` and `middle` are by node; `routes` has, for each link, (layer, height) from its left to its right
    end; `reversed` are the links that run against the drawing because they close a cycle.
    """

    layer: dict[str, int]
    middle: dict[str, float]
    routes: dict[Link, list[tuple[int, float]]]
    reversed: frozenset[Link]
    height: float


def layered(heights: Mapping[str, float], links: Iterable[Link]) -> Layout:
    """Place nodes of the given heights so that every link (from, to) runs from left to right.

    Links whose ends are not both nodes raise KeyError; a self-link is ignored.
    """
    nodes = list(heights)
    wanted, backward, forward = _forward(nodes, links)
    layer = _layers(nodes, forward)
    grid = _Grid(nodes, layer, forward)
    grid.reorder()
    middle = grid.heights({**dict.fromkeys(grid.waypoints, WAYPOINT_HEIGHT), **heights})
    routes = {}
    for link in wanted:
        chain = grid.chains[(link[1], link[0]) if link in backward else link]
        routes[link] = [(grid.layer[item], middle[item]) for item in chain]
    height = max((middle[item] + heights[item] / 2 for item in nodes), default=0.0)
    return Layout(layer, {item: middle[item] for item in nodes}, routes, frozenset(backward), height)


def layers_of(nodes: Sequence[str], links: Iterable[Link]) -> dict[str, int]:
    """Return the layer of every node, 0 at the left; links that close a cycle do not count.

    >>> layers_of(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    return _layers(nodes, _forward(nodes, links)[2])


def _forward(nodes: Sequence[str], links: Iterable[Link]) -> tuple[list[Link], set[Link], list[Link]]:
    """Return the links, those that close a cycle, and all of them turned so that none does."""
    wanted = sorted({link for link in links if link[0] != link[1]})
    backward = _closing_links(nodes, wanted)
    return wanted, backward, sorted({(v, u) if (u, v) in backward else (u, v) for u, v in wanted})


def _neighbours(
    nodes: Sequence[str], links: Iterable[Link]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return (node -> ends of its links, node -> starts of the links into it)."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    before: dict[str, list[str]] = {node: [] for node in nodes}
    for start, end in links:
        after[start].append(end)
        before[end].append(start)
    return after, before


def _closing_links(nodes: Sequence[str], links: Sequence[Link]) -> set[Link]:
    """Return the links that close a cycle in a depth-first walk from the nodes in the given order."""
    after, before = _neighbours(nodes, links)
    closing: set[Link] = set()
    state = dict.fromkeys(nodes, "new")
    for root in sorted(nodes, key=lambda node: len(before[node])):
        if state[root] != "new":
            continue
        state[root] = "open"
        stack = [(root, iter(after[root]))]
        while stack:
            here, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[here] = "done"
                stack.pop()
            elif state[following] == "open":
                closing.add((here, following))
            elif state[following] == "new":
                state[following] = "open"
                stack.append((following, iter(after[following])))
    return closing


def _layers(nodes: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    """Return longest-path layers; a node with more children than parents moves right, next to its children."""
    after, before = _neighbours(nodes, links)
    missing = {node: len(before[node]) for node in nodes}
    order = [node for node in nodes if not missing[node]]
    layer = dict.fromkeys(nodes, 0)
    for here in order:  # grows while it is walked
        for following in after[here]:
            layer[following] = max(layer[following], layer[here] + 1)
            missing[following] -= 1
            if not missing[following]:
                order.append(following)
    for here in reversed(order):
        if after[here] and len(after[here]) > len(before[here]):
            layer[here] = min(layer[following] for following in after[here]) - 1
    lowest = min(layer.values(), default=0)
    return {node: place - lowest for node, place in layer.items()}


class _Grid:
    """Nodes and the waypoints of long links, layer by layer, in an order that is improved step by step."""

    def __init__(self, nodes: Sequence[str], layer: Mapping[str, int], links: Sequence[Link]) -> None:
        self.layer = dict(layer)
        self.waypoints: list[str] = []
        self.chains: dict[Link, list[str]] = {}
        steps: list[Link] = []
        for number, (start, end) in enumerate(links):
            between = [f"\0{number}\0{place}" for place in range(layer[start] + 1, layer[end])]
            self.layer.update({item: place for place, item in enumerate(between, layer[start] + 1)})
            self.waypoints += between
            chain = [start, *between, end]
            self.chains[start, end] = chain
            steps += pairwise(chain)
        everything = [*nodes, *self.waypoints]
        self.after, self.before = _neighbours(everything, steps)
        self.rows: list[list[str]] = [[] for _ in range(max(self.layer.values(), default=-1) + 1)]
        for item in everything:
            self.rows[self.layer[item]].append(item)

    def reorder(self) -> None:
        """Sort layers by the mean place of their neighbours, to and fro; keep the order with fewest crossings."""
        best, fewest = [list(row) for row in self.rows], self.crossings()
        for sweep in range(SWEEPS):
            rightward = sweep % 2 == 0
            rows = self.rows[1:] if rightward else self.rows[-2::-1]
            for row in rows:
                self._sort_by_barycentre(row, self.before if rightward else self.after)
            count = self.crossings()
            if count < fewest:
                best, fewest = [list(row) for row in self.rows], count
        self.rows = best

    def _sort_by_barycentre(self, row: list[str], neighbours: Mapping[str, list[str]]) -> None:
        place = {item: number for other in self.rows for number, item in enumerate(other)}
        centre = {}
        for number, item in enumerate(row):
            near = neighbours[item]
            centre[item] = sum(place[other] for other in near) / len(near) if near else float(number)
        row.sort(key=lambda item: centre[item])

    def crossings(self) -> int:
        """Return how many pairs of lines cross between neighbouring layers."""
        total = 0
        for left, right in zip(self.rows, self.rows[1:], strict=False):
            place = {item: number for number, item in enumerate(right)}
            seen: list[int] = []
            for item in left:
                ends = sorted(place[end] for end in self.after[item])
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    def heights(self, size: Mapping[str, float]) -> dict[str, float]:
        """Return the vertical centre of every item: close to its neighbours, nothing overlapping, from 0 down."""
        middle: dict[str, float] = {}
        for row in self.rows:
            middle.update(zip(row, _spread([0.0] * len(row), [size[item] for item in row]), strict=True))
        for sweep in range(SWEEPS):
            both = sweep >= SWEEPS - 2
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                wished = []
                for item in row:
                    near = self.before[item] if sweep % 2 == 0 else self.after[item]
                    near = (self.before[item] + self.after[item]) if both or not near else near
                    wished.append(sum(middle[other] for other in near) / len(near) if near else middle[item])
                middle.update(zip(row, _spread(wished, [size[item] for item in row]), strict=True))
        top = min((middle[item] - size[item] / 2 for item in middle), default=0.0)
        return {item: place - top for item, place in middle.items()}


def _spread(wished: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Return centres in the same order, at least a gap apart, with the least squared distance to the wishes."""
    offsets, total = [], 0.0
    for number, size in enumerate(sizes):
        total += size / 2 + (BOX_GAP + sizes[number - 1] / 2 if number else 0.0)
        offsets.append(total)
    blocks: list[tuple[float, int]] = []  # (sum of what is wished, number of items): means must not fall
    for wish, offset in zip(wished, offsets, strict=True):
        amount, count = wish - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= amount / count:
            earlier, more = blocks.pop()
            amount, count = amount + earlier, count + more
        blocks.append((amount, count))
    shifts = [amount / count for amount, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]
