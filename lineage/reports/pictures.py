"""Pictures of a lineage with its figures: which boxes and lines are drawn, and what they say."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from lineage.explanation.wording import at_least, counted, percent
from lineage.reports.drawing import Box, Line, Picture, summarised
from lineage.schema import kind_of
from lineage.views.bill import Bill
from lineage.views.cost import Cost, ProductCost
from lineage.views.tree import Tree, tree

__all__ = ["largest", "picture_of_graph", "picture_of_product", "picture_of_tree"]

MOST_IN_REPORT: Final = 40
MOST_IN_GRAPH: Final = 60
MOST_LAID_OUT: Final = 2000  # beyond this the layers are not counted one by one, only the largest are drawn


def picture_of_product(cost: Cost, row: ProductCost, bill: Bill) -> Picture:
    """Return the ancestors, the product, and what was built on it up to two steps, with own cost and EPC.

    Who does not fit is counted per layer: the smallest contributors go first, descendants before ancestors.
    """
    full = tree(cost.graph, row.id)
    near = {node.id for node in full.nodes if node.direction != "down" or node.hop <= 2}
    existing = {cost.graph.ids[code] for code in cost.existing}
    names = sorted(near & existing | {row.id})
    parts = {item.id: abs(item.contribution) for item in bill.rows}
    whole = max(parts.values(), default=0.0) or 1.0
    above = {node.id for node in full.nodes if node.direction != "down"}
    boxes = []
    for name in names:
        figures = cost.row(name)
        importance = (2.0 + parts.get(name, 0.0) / whole) if name in above else _size(figures)
        boxes.append(_box(cost, figures, importance=importance, focus=name == row.id))
    further = len({node.id for node in full.nodes} & existing) - len(names)
    more = (
        (f"{further:,} further descendants, more than two steps below, are not drawn",) if further > 0 else ()
    )
    picture = Picture(
        title=f"Lineage of {row.name}",
        description=f"{row.name} with what it was made of on its left and what was built on it on its right. "
        f"{cost.view} {at_least(row.carried, cost.unit)}, own {at_least(row.own, cost.unit)}.",
        boxes=tuple(boxes),
        lines=tuple(_lines(cost, set(names))),
        caption=(_caption(cost), *more),
    )
    return summarised(picture, MOST_IN_REPORT)


def picture_of_graph(cost: Cost) -> Picture:
    """Return the products that are linked to others, with own cost and EPC; who is left out is counted."""
    linked = {name for pair in (*cost.weights, *cost.dropped) for name in pair}
    drawn = [code for code in cost.existing if cost.graph.ids[code] in linked] or cost.existing
    alone = len(cost.existing) - len(drawn)
    rows = drawn
    if len(drawn) > MOST_LAID_OUT:
        rows = largest(cost, MOST_IN_GRAPH, drawn)
    figures = [cost.row(code) for code in rows]
    names = {item.id for item in figures}
    caption = [_caption(cost)]
    if alone:
        caption.append(f"{counted(alone, 'product')} without recorded lineage: not drawn")
    if len(drawn) > len(rows):
        caption.append(
            f"{len(drawn) - len(rows):,} products with a smaller {cost.view}, or none known and fewer children: "
            "not drawn"
        )
    picture = Picture(
        title="Lineage",
        description=f"{len(names):,} products, from data sets and base models on the left to what was built on them.",
        boxes=tuple(_box(cost, item, importance=_size(item), focus=False) for item in figures),
        lines=tuple(_lines(cost, names)),
        caption=tuple(caption),
    )
    return summarised(picture, MOST_IN_GRAPH)


def largest(cost: Cost, count: int, codes: Sequence[int] | None = None) -> list[int]:
    """Return the products with the largest known EPC (or burden), then those with the most children, ties by id."""
    first = cost.children_of[0]
    best = [-math.inf if math.isnan(value) else value for value in cost.carried.best.tolist()]
    wanted = cost.existing if codes is None else codes
    return sorted(wanted, key=lambda code: (-best[code], first[code] - first[code + 1], code))[:count]


def picture_of_tree(view: Tree) -> Picture:
    """Return a tree without figures; only shares that a source states are known."""
    boxes = tuple(
        Box(
            id=node.id,
            name=node.name,
            kind=node.kind,
            note="" if node.known else "only named",
            known=node.known,
            focus=node.id == view.root,
            importance=-float(node.hop),
        )
        for node in view.nodes
    )
    lines = tuple(Line(edge.parent, edge.product, edge.w, edge.relation or "") for edge in view.edges)
    for number, item in enumerate(view.hidden):
        more = Box(id=f"more:{number}", name=f"… and {item.count:,} more", kind="summary")
        boxes += (more,)
        lines += (Line(more.id, item.of) if item.direction == "up" else Line(item.of, more.id),)
    left_out = view.found - len(view.nodes)
    caption = (f"{left_out:,} more products are not drawn",) if left_out > 0 else ()
    return Picture(f"Lineage of {view.root}", f"{len(view.nodes):,} products", boxes, lines, caption)


def _size(row: ProductCost) -> float:
    """Return an importance in [0, 1) that grows with the known EPC."""
    best = row.carried.best if row.carried is not None else None
    return 0.0 if not best or best < 0 else best / (1.0 + best)


def _box(cost: Cost, row: ProductCost, *, importance: float, focus: bool) -> Box:
    inherited = row.upstream_share
    return Box(
        id=row.id,
        name=row.name,
        kind=kind_of(row.id),
        note=row.tier if row.own.best is not None else "no figure",
        figures=(("own", at_least(row.own, cost.unit)), (cost.view, at_least(row.carried, cost.unit))),
        known=row.own.best is not None,
        focus=focus,
        own_part=None if inherited is None else 1.0 - inherited,
        importance=importance,
    )


def _lines(cost: Cost, names: set[str]) -> Iterable[Line]:
    for (product, parent), (share, origin) in sorted(cost.weights.items()):
        if product in names and parent in names:
            yield Line(parent, product, share, origin)
    for product, parent in sorted(cost.dropped):
        if product in names and parent in names:
            yield Line(parent, product, None, "dropped to break a cycle")


def _caption(cost: Cost) -> str:
    run, as_of = cost.run, f", as of {cost.run.as_of}" if cost.run.as_of else ""
    known = cost.coverage.known / max(cost.coverage.total, 1)
    return (
        f"own cost and {cost.view}, {run.impact} in {run.unit}, policy {run.policy}{as_of}; “≥”: figures are missing "
        f"upstream; a figure is known for {percent(known)} of all products"
    )
