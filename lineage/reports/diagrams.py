"""A tree as Mermaid, Graphviz DOT or SVG, from ancestors on the left to descendants on the right."""

from typing import Final

from lineage.explanation.wording import number
from lineage.reports.drawing import KIND_WORDS, draw
from lineage.reports.escaping import clipped, dot_text, mermaid_text
from lineage.reports.pictures import picture_of_tree
from lineage.views.tree import Hidden, Tree, TreeEdge

__all__ = ["tree_dot", "tree_mermaid", "tree_svg"]

LONGEST_NAME: Final = 80
_MERMAID_SHAPES: Final = {"dataset": ("[(", ")]"), "platform": ("{{", "}}"), "model": ("[", "]")}
_DOT_SHAPES: Final = {"dataset": "cylinder", "platform": "octagon", "model": "box"}


def tree_mermaid(view: Tree, limit: int = 50) -> str:
    r"""Return a Mermaid flow chart; nodes are numbered, so that no name ever becomes syntax.

    >>> from lineage.testing import graph
    >>> from lineage.views.tree import tree
    >>> print(tree_mermaid(tree(graph("dataset:web -[0.5]-> base"), "base")))
    flowchart LR
      n0["base<br>model"]
      n1[("web<br>data set")]
      n1 -->|"50 %"| n0
      style n0 stroke-width:3px
    <BLANKLINE>
    """
    small = view.limited(limit)
    numbers = {node.id: f"n{place}" for place, node in enumerate(small.nodes)}
    lines = ["flowchart LR"]
    for node in small.nodes:
        start, end = _MERMAID_SHAPES.get(node.kind, ("[", "]"))
        kind = KIND_WORDS.get(node.kind, "product")
        lines.append(
            f'  {numbers[node.id]}{start}"{mermaid_text(clipped(node.name, LONGEST_NAME))}<br>{kind}"{end}'
        )
    for edge in small.edges:
        share = f'|"{_share(edge)}"|' if _share(edge) else ""
        lines.append(f"  {numbers[edge.parent]} -->{share} {numbers[edge.product]}")
    for place, item in enumerate(small.hidden):
        lines.append(f'  h{place}["… and {item.count:,} more"]')
        ends = (f"h{place}", numbers[item.of]) if item.direction == "up" else (numbers[item.of], f"h{place}")
        lines.append(f"  {ends[0]} -.-> {ends[1]}")
    lines.append(f"  style {numbers[small.root]} stroke-width:3px")
    return "\n".join(lines) + "\n"


def _share(edge: TreeEdge) -> str:
    return "" if edge.w is None else f"{number(100 * edge.w, 3)} %"


def tree_svg(view: Tree, limit: int = 50) -> str:
    """Return a standalone SVG picture; beyond 200 products the rest is counted per layer."""
    return draw(picture_of_tree(view.limited(limit)))


def tree_dot(view: Tree, limit: int = 50) -> str:
    """Return a Graphviz digraph; every name is a quoted, escaped label of a numbered node."""
    small = view.limited(limit)
    numbers = {node.id: f"n{place}" for place, node in enumerate(small.nodes)}
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in small.nodes:
        name, kind = dot_text(clipped(node.name, LONGEST_NAME)), KIND_WORDS.get(node.kind, "product")
        look = [
            f'label="{name}\\n{kind}"',
            f"shape={_DOT_SHAPES.get(node.kind, 'box')}",
            f'tooltip="{dot_text(node.id)}"',
        ]
        look += ["penwidth=3"] if node.id == small.root else [] if node.known else ["style=dashed"]
        lines.append(f"  {numbers[node.id]} [{', '.join(look)}];")
    for edge in small.edges:
        share = f' [label="{_share(edge)}"]' if _share(edge) else ""
        lines.append(f"  {numbers[edge.parent]} -> {numbers[edge.product]}{share};")
    lines += [line for place, item in enumerate(small.hidden) for line in _dot_more(place, item, numbers)]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_more(place: int, item: Hidden, numbers: dict[str, str]) -> list[str]:
    here, end = f"h{place}", numbers[item.of]
    link = f"{here} -> {end}" if item.direction == "up" else f"{end} -> {here}"
    return [f'  {here} [label="… and {item.count:,} more", shape=plaintext];', f"  {link} [style=dashed];"]
