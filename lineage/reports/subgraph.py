"""The nodes and relationships that a query found, as a Mermaid chart or as an SVG picture."""

from typing import TYPE_CHECKING, Any, Final

from lineage.explanation.wording import number
from lineage.reports.drawing import KIND_WORDS, Box, Line, Picture, draw
from lineage.reports.escaping import clipped, mermaid_text
from lineage.schema import LABELS

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["subgraph_mermaid", "subgraph_picture", "subgraph_svg"]

LONGEST_NAME: Final = 80
_KIND_OF: Final = {label: kind for kind, label in LABELS.items()}
_SHAPES: Final = {"dataset": ("[(", ")]"), "platform": ("{{", "}}")}
_GENERAL: Final = ("Lineage", "Product")  # labels that do not say what a thing is


def subgraph_mermaid(found: "nx.MultiDiGraph[str]") -> str:
    r"""Return a Mermaid flow chart, from what things were made of to what was made; nodes are numbered.

    >>> import networkx as nx
    >>> found = nx.MultiDiGraph()
    >>> found.add_node("model:b", labels=["Model"]); found.add_node("dataset:a", labels=["Dataset"])
    >>> _ = found.add_edge("model:b", "dataset:a", "TRAINED_ON", type="TRAINED_ON", w=0.5)
    >>> print(subgraph_mermaid(found))
    flowchart LR
      n0[("dataset#58;a<br>data set")]
      n1["model#58;b<br>model"]
      n0 -->|"TRAINED_ON 50 #37;"| n1
    <BLANKLINE>
    """
    picture = subgraph_picture(found)
    places = {box.id: f"n{place}" for place, box in enumerate(picture.boxes)}
    lines = ["flowchart LR"]
    for box in picture.boxes:
        start, end = _SHAPES.get(box.kind, ("[", "]"))
        kind = mermaid_text(KIND_WORDS.get(box.kind, clipped(box.kind, LONGEST_NAME)))
        name = mermaid_text(clipped(box.name, LONGEST_NAME))
        lines.append(f'  {places[box.id]}{start}"{name}<br>{kind}"{end}')
    for line in picture.lines:
        share = "" if line.share is None else f" {number(100 * line.share, 3)} %"
        label = mermaid_text(clipped(line.note + share, LONGEST_NAME))
        lines.append(f'  {places[line.parent]} -->|"{label}"| {places[line.product]}')
    return "\n".join(lines) + "\n"


def subgraph_svg(found: "nx.MultiDiGraph[str]") -> str:
    """Return a standalone SVG picture; beyond 200 nodes the rest is counted per layer."""
    return draw(subgraph_picture(found))


def subgraph_picture(found: "nx.MultiDiGraph[str]") -> Picture:
    """Return boxes and lines, sorted; a line runs from the end of a relationship to its start."""
    nodes = sorted(((name, dict(facts)) for name, facts in found.nodes.items()), key=lambda item: item[0])
    boxes = [
        Box(id=name, name=str(facts.get("id", name)), kind=_kind(facts), importance=float(found.degree(name)))
        for name, facts in nodes
    ]
    lines: dict[tuple[str, str], Line] = {}
    edges: list[tuple[str, str, dict[str, Any]]] = list(found.edges(data=True))
    for product, parent, facts in sorted(
        edges, key=lambda item: (item[0], item[1], str(item[2].get("type")))
    ):
        before = lines.get((parent, product))
        note = str(facts.get("type", "")) if before is None else f"{before.note}, {facts.get('type', '')}"
        if product != parent:
            lines[parent, product] = Line(parent, product, _share(facts), note)
    count = f"{len(boxes):,} nodes, {found.number_of_edges():,} relationships"
    return Picture("Answer of a query", count, tuple(boxes), tuple(lines.values()))


def _kind(facts: dict[str, Any]) -> str:
    labels = facts.get("labels", ())
    for label in labels:
        if label in _KIND_OF:
            return _KIND_OF[label]
    return next((label for label in labels if label not in _GENERAL), "node")


def _share(facts: dict[str, Any]) -> float | None:
    w = facts.get("w")
    return float(w) if isinstance(w, (int, float)) and not isinstance(w, bool) and 0 <= w <= 1 else None
