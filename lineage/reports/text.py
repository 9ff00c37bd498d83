"""A tree as text for a terminal, drawn with box characters."""

from typing import Final, Literal

from lineage.explanation.wording import counted, number
from lineage.reports.escaping import clipped, visible
from lineage.views.tree import Hidden, Tree, TreeEdge

__all__ = ["tree_text"]

DEEPEST: Final = 60  # columns of indentation are finite; what lies deeper is counted
LONGEST_NAME: Final = 120


def tree_text(view: Tree, limit: int = 30) -> str:
    """Return the tree: what the product was made out of, then what was built on it, at most `limit` each per product.

    A product reached on several ways is opened once and referred to afterwards; what is left out by depth or number
    has a row that counts it.

    >>> from lineage.testing import graph
    >>> from lineage.views.tree import tree
    >>> print(tree_text(tree(graph("dataset:web -> base -[0.25, fine-tune]-> tuned"), "base")))
    model:base
    made out of
    └─ dataset:web  trained on
    built on it
    └─ model:tuned  fine-tune, w 0.25 explicit
    """
    small = view.limited(limit)
    lines = [_name(small.root)]
    for direction, heading in (("up", "made out of"), ("down", "built on it")):
        rows = _half(small, "up" if direction == "up" else "down")
        lines += [heading, *rows] if rows else []
    if len(small.nodes) < small.found:
        lines.append(f"{len(small.nodes):,} of {counted(small.found, 'product')} shown")
    return "\n".join(lines)


def _name(product_id: str) -> str:
    return visible(clipped(product_id, LONGEST_NAME))


def _half(view: Tree, direction: Literal["up", "down"]) -> list[str]:
    """Return the rows of one direction, depth first, with an explicit stack: chains may be long."""
    hidden: dict[str, list[Hidden]] = {}
    for item in view.hidden:
        if item.direction == direction:
            hidden.setdefault(item.of, []).append(item)
    rows: list[str] = []
    opened = {view.root}
    stack = list(reversed(_branches(view, view.root, direction, hidden)))
    levels = [""] * len(stack)
    while stack:
        branch, indent = stack.pop(), levels.pop()
        last = not stack or levels[-1] != indent
        first, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if isinstance(branch, Hidden):
            rows.append(f"{indent}{first}{_more(branch)}")
            continue
        end = branch.parent if direction == "up" else branch.product
        again = end in opened
        rows.append(f"{indent}{first}{_row(view, branch, end, again=again)}")
        if again:
            continue
        opened.add(end)
        below = _branches(view, end, direction, hidden)
        if below and len(indent) >= 3 * DEEPEST:
            rows.append(f"{indent}{rest}└─ … deeper than {DEEPEST} steps: ask for a tree of {_name(end)}")
            continue
        stack += reversed(below)
        levels += [f"{indent}{rest}"] * len(below)
    return rows


def _branches(
    view: Tree, product: str, direction: Literal["up", "down"], hidden: dict[str, list[Hidden]]
) -> list[TreeEdge | Hidden]:
    edges = view.above.get(product, []) if direction == "up" else view.below.get(product, [])
    leading = [
        edge
        for edge in edges
        if view.by_id[edge.parent if direction == "up" else edge.product].direction
        in (direction, "both", "self")
    ]
    return [*leading, *hidden.get(product, [])]


def _row(view: Tree, edge: TreeEdge, end: str, *, again: bool) -> str:
    relation = (
        edge.relation if edge.relation and edge.relation != "unknown" else edge.type.replace("_", " ").lower()
    )
    share = f", w {number(edge.w)} {edge.weight_source or 'explicit'}" if edge.w is not None else ""
    state = "" if view.by_id[end].known else " (only named)"
    seen = (
        " (a cycle: back at the start)" if again and end == view.root else " (opened above)" if again else ""
    )
    return f"{_name(end)}  {visible(relation)}{share}{state}{seen}"


def _more(item: Hidden) -> str:
    kind = ("parent", "parents") if item.direction == "up" else ("child", "children")
    why = "beyond the depth" if item.why == "depth" else "not shown"
    return f"… and {item.count:,} more {kind[0] if item.count == 1 else kind[1]}, {why}"
