"""Pictures of a lineage with its figures: which boxes and lines are drawn, and what they say."""

from collections.abc import Iterable
from typing import Final

from lineage.explanation.wording import at_least, percent
from lineage.reports.drawing import Box, Line, Picture, summarised
from lineage.schema import kind_of
from lineage.views.bill import Bill
from lineage.views.cost import Cost, ProductCost
from lineage.views.tree import Tree, tree

__all__ = ["picture_of_graph", "picture_of_product", "picture_of_tree"]

MOST_IN_REPORT: Final = 40


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
        f"EPC {at_least(row.epc, cost.unit)}, own {at_least(row.own, cost.unit)}.",
        boxes=tuple(boxes),
        lines=tuple(_lines(cost, set(names))),
        caption=(_caption(cost), *more),
    )
    return summarised(picture, MOST_IN_REPORT)


def picture_of_graph(cost: Cost) -> Picture:
    """Return the whole graph with own cost and EPC; beyond 40 products the rest is counted."""
    rows = cost.top(MOST_IN_REPORT) if len(cost.existing) > 20 * MOST_IN_REPORT else cost.existing
    if len(rows) < min(len(cost.existing), MOST_IN_REPORT):
        rows = [
            *rows,
            *[code for code in cost.existing if code not in set(rows)][: MOST_IN_REPORT - len(rows)],
        ]
    figures = [cost.row(code) for code in rows]
    names = {item.id for item in figures}
    left_out = len(cost.existing) - len(names)
    more = (
        (f"{left_out:,} further products, with a smaller EPC or none that is known, are not drawn",)
        if left_out
        else ()
    )
    picture = Picture(
        title="Lineage",
        description=f"{len(names):,} products, from data sets and base models on the left to what was built on them.",
        boxes=tuple(_box(cost, item, importance=_size(item), focus=False) for item in figures),
        lines=tuple(_lines(cost, names)),
        caption=(_caption(cost), *more),
    )
    return summarised(picture, MOST_IN_REPORT)


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
    left_out = view.found - len(view.nodes)
    caption = (f"{left_out:,} more products are not drawn",) if left_out > 0 else ()
    return Picture(f"Lineage of {view.root}", f"{len(boxes):,} products", boxes, lines, caption)


def _size(row: ProductCost) -> float:
    """Return an importance in [0, 1) that grows with the known EPC."""
    best = row.epc.best if row.epc is not None else None
    return 0.0 if not best or best < 0 else best / (1.0 + best)


def _box(cost: Cost, row: ProductCost, *, importance: float, focus: bool) -> Box:
    inherited = row.upstream_share
    return Box(
        id=row.id,
        name=row.name,
        kind=kind_of(row.id),
        note=row.tier if row.own.best is not None else "no figure",
        figures=(("own", at_least(row.own, cost.unit)), ("EPC", at_least(row.epc, cost.unit))),
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
    known = 1.0 - cost.coverage.products.get("unknown", 0) / max(len(cost.existing), 1)
    return (
        f"own cost and EPC, {run.impact} in {run.unit}, policy {run.policy}{as_of}; “≥”: figures are missing upstream; "
        f"a figure is known for {percent(known)} of all products"
    )
