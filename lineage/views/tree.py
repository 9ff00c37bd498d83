"""View: what a product was made out of, and what was built on it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from lineage.graph import Graph

__all__ = ["Direction", "Hidden", "Tree", "TreeEdge", "TreeNode", "tree"]

Direction = Literal["self", "up", "down", "both"]
SCHEMA: Final = "lineage/tree/1"


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A product of the tree.

    `known` is False where it is only named as a parent; `hop` is the number of steps from the root on the
    shortest way; `direction` is up (an ancestor), down (a descendant), both (only on a cycle) or self.
    """

    id: str
    kind: str
    name: str
    known: bool
    hop: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class TreeEdge:
    """`product` was made out of `parent`; `w` is the share that a source states, None where the policy decides."""

    product: str
    parent: str
    type: str
    relation: str | None
    w: float | None
    weight_source: str | None


@dataclass(frozen=True, slots=True)
class Hidden:
    """`count` direct parents (up) or children (down) of `of` that are left out, by `depth` or by `limit`."""

    of: str
    direction: Literal["up", "down"]
    count: int
    why: Literal["depth", "limit"]


@dataclass(frozen=True)
class Tree:
    """A product with its ancestors and descendants; every edge once, whatever the number of ways.

    `found` counts the products reached before any limit, so `found - len(nodes)` are not shown; where they
    hang is listed in `hidden`.
    """

    root: str
    nodes: tuple[TreeNode, ...]
    edges: tuple[TreeEdge, ...]
    hidden: tuple[Hidden, ...] = ()
    found: int = 0

    @cached_property
    def by_id(self) -> dict[str, TreeNode]:
        """Nodes by product id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def above(self) -> dict[str, list[TreeEdge]]:
        """Product id -> the edges to its parents, sorted by parent."""
        return _grouped((edge.product, edge) for edge in self.edges)

    @cached_property
    def below(self) -> dict[str, list[TreeEdge]]:
        """Product id -> the edges from its children, sorted by child."""
        return _grouped((edge.parent, edge) for edge in self.edges)

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Product ids by distance, from the farthest ancestors over the root to the farthest descendants."""
        places: dict[int, list[str]] = {}
        for node in self.nodes:
            places.setdefault(node.hop if node.direction == "down" else -node.hop, []).append(node.id)
        return tuple(tuple(places[place]) for place in sorted(places))

    def limited(self, limit: int) -> "Tree":
        """Return the tree with at most `limit` parents and `limit` children per product.

        The most connected ones stay; what is left out is counted in `hidden`, and so are the products that
        only hung on them (`found`).
        """
        kept_up, hidden_up = self._walk("up", limit)
        kept_down, hidden_down = self._walk("down", limit)
        kept = kept_up | kept_down
        ids = {self.root} | {edge.product for edge in kept} | {edge.parent for edge in kept}
        return Tree(
            self.root,
            tuple(node for node in self.nodes if node.id in ids),
            tuple(edge for edge in self.edges if edge in kept),
            tuple(item for item in self.hidden if item.of in ids) + tuple(hidden_up) + tuple(hidden_down),
            self.found,
        )

    def _walk(self, direction: Literal["up", "down"], limit: int) -> tuple[set[TreeEdge], list[Hidden]]:
        """Return the edges kept in one direction, and what each product lost."""
        steps = self.above if direction == "up" else self.below
        kept: set[TreeEdge] = set()
        hidden: list[Hidden] = []
        seen, queue = {self.root}, deque([self.root])
        while queue:
            here = queue.popleft()
            edges = [edge for edge in steps.get(here, ()) if self._leads(edge, direction)]
            ranked = sorted(edges, key=lambda edge: -len(steps.get(_far_end(edge, direction), ())))
            kept.update(ranked[:limit])
            if len(ranked) > limit:
                hidden.append(Hidden(here, direction, len(ranked) - limit, "limit"))
            for end in sorted(_far_end(edge, direction) for edge in ranked[:limit]):
                if end not in seen:
                    seen.add(end)
                    queue.append(end)
        return kept, hidden

    def _leads(self, edge: TreeEdge, direction: Literal["up", "down"]) -> bool:
        """Whether the edge belongs to this half of the tree (its far end was reached that way)."""
        return self.by_id[_far_end(edge, direction)].direction in (direction, "both", "self")

    def as_dict(self) -> dict[str, Any]:
        """Return the tree as JSON holds it (schema lineage/tree/1)."""
        return {
            "schema": SCHEMA,
            "product": self.root,
            "found": self.found,
            "nodes": [asdict(node) for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
            "hidden": [asdict(item) for item in self.hidden],
        }


def _far_end(edge: TreeEdge, direction: Literal["up", "down"]) -> str:
    return edge.parent if direction == "up" else edge.product


def _grouped(pairs: Iterable[tuple[str, TreeEdge]]) -> dict[str, list[TreeEdge]]:
    groups: dict[str, list[TreeEdge]] = {}
    for key, edge in pairs:
        groups.setdefault(key, []).append(edge)
    return groups


class _Steps:
    """One-step neighbours of a graph in one direction, as slices of the edge table."""

    def __init__(self, graph: Graph, direction: Literal["up", "down"]) -> None:
        product, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
        start, end = (product, parent) if direction == "up" else (parent, product)
        self.rows = np.argsort(start, kind="stable")
        self.bounds = np.searchsorted(start[self.rows], np.arange(len(graph) + 1))
        self.end = end

    def edges(self, code: int) -> list[int]:
        """Return the rows of the edge table that leave this product."""
        rows: list[int] = self.rows[self.bounds[code] : self.bounds[code + 1]].tolist()
        return rows


def _reached(
    steps: _Steps, root: int, depth: int | None, direction: Literal["up", "down"], ids: list[str]
) -> tuple[dict[int, int], set[int], list[Hidden]]:
    """Return hop by product, the rows of the edges walked, and what lies beyond `depth`."""
    hops, rows, hidden = {root: 0}, set[int](), list[Hidden]()
    queue = deque([root])
    while queue:
        here = queue.popleft()
        if depth is not None and hops[here] >= depth:
            beyond = [row for row in steps.edges(here) if int(steps.end[row]) not in hops]
            rows.update(set(steps.edges(here)).difference(beyond))  # both ends are shown, so is the edge
            if beyond:
                hidden.append(Hidden(ids[here], direction, len(beyond), "depth"))
            continue
        for row in steps.edges(here):
            rows.add(row)
            end = int(steps.end[row])
            if end not in hops:
                hops[end] = hops[here] + 1
                queue.append(end)
    return hops, rows, hidden


def tree(graph: Graph, name: str, *, up: bool = True, down: bool = True, depth: int | None = None) -> Tree:
    """Return a product with its ancestors (`up`) and descendants (`down`), at most `depth` steps away.

    Breadth first, so cycles end and a product reached on several ways is one node. Nothing is cut in silence:
    what lies beyond `depth` is counted in `hidden`; `Tree.limited` does the same for hubs. Nodes are sorted by
    distance and id, edges by product and parent. Raises `UnknownProduct` with close names.

    Example: `tree(graph, "model:distilbert", depth=2).limited(20)`.
    """
    root = graph.code(name)
    ids = graph.ids
    hops: dict[str, dict[int, int]] = {}
    rows: set[int] = set()
    hidden: list[Hidden] = []
    wanted: dict[Literal["up", "down"], bool] = {"up": up, "down": down}
    for direction in (half for half, asked in wanted.items() if asked):
        reached, walked, beyond = _reached(_Steps(graph, direction), root, depth, direction, ids)
        hops[direction] = reached
        rows |= walked
        hidden += beyond
    nodes = _nodes(graph, root, hops.get("up", {root: 0}), hops.get("down", {root: 0}))
    edges = _edges(graph, sorted(rows))
    return Tree(ids[root], nodes, edges, tuple(hidden), len(nodes))


def _nodes(graph: Graph, root: int, above: dict[int, int], below: dict[int, int]) -> tuple[TreeNode, ...]:
    names, kinds = graph.texts("products", "name"), graph.texts("products", "kind")
    known = graph.flags("products", "known")
    nodes = []
    for code in above.keys() | below.keys():
        direction: Direction = (
            "both" if code in above and code in below else "up" if code in above else "down"
        )
        hop = min(far[code] for far in (above, below) if code in far)
        product = graph.ids[code]
        kind, _, bare = product.partition(":")
        nodes.append(
            TreeNode(
                product,
                kinds[code] or kind,
                names[code] or bare,
                bool(known[code]),
                hop,
                "self" if code == root else direction,
            )
        )
    return tuple(sorted(nodes, key=lambda node: (node.hop, node.id)))


def _edges(graph: Graph, rows: list[int]) -> tuple[TreeEdge, ...]:
    product, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    types, relations = graph.texts("edges", "type"), graph.texts("edges", "relation")
    weights, origins = graph.floats("edges", "w"), graph.texts("edges", "weight_source")
    edges = [
        TreeEdge(
            graph.ids[product[row]],
            graph.ids[parent[row]],
            types[row] or "DERIVED_FROM",
            relations[row],
            None if np.isnan(weights[row]) else float(weights[row]),
            origins[row] or None,
        )
        for row in rows
    ]
    return tuple(sorted(edges, key=lambda edge: (edge.product, edge.parent)))
