"""What a query found, drawn: names of strangers never become syntax, nothing is lost in silence."""

from typing import Any
from xml.etree import ElementTree

import networkx as nx

from lineage.reports.subgraph import subgraph_mermaid, subgraph_picture, subgraph_svg

NASTY = 'a"]; click n0 href "javascript:x" %% <script>alert(1)</script>'


def found(*edges: tuple[str, str, str], **facts: Any) -> "nx.MultiDiGraph[str]":
    """Return a graph as `Result.to_networkx` does: made -> type -> made of."""
    made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for start, kind, end in edges:
        for name in (start, end):
            made.add_node(name, id=name, labels=["Lineage", "Model", "Product"])
        made.add_edge(start, end, kind, type=kind, **facts)
    return made


def test_names_are_escaped() -> None:
    made = found((NASTY, "DERIVED_FROM", "model:b"))
    chart = subgraph_mermaid(made)
    lines = chart.splitlines()
    assert len(lines) == 4 and "click n0 href" in chart
    assert all(mark not in chart.replace("<br>", "") for mark in ("<", "javascript:", '"];', "%%"))
    picture = subgraph_svg(made)
    ElementTree.fromstring(picture)
    assert "<script>" not in picture


def test_lines_run_from_what_it_was_made_of() -> None:
    picture = subgraph_picture(found(("model:new", "DERIVED_FROM", "model:old"), w=0.25))
    assert [(line.parent, line.product, line.share) for line in picture.lines] == [
        ("model:old", "model:new", 0.25)
    ]


def test_several_relationships_between_two_nodes_are_one_line_that_names_them() -> None:
    made = found(("model:a", "TRAINED_ON", "model:b"), ("model:a", "DERIVED_FROM", "model:b"))
    picture = subgraph_picture(made)
    assert [line.note for line in picture.lines] == ["DERIVED_FROM, TRAINED_ON"]
    assert picture.description == "2 nodes, 2 relationships"


def test_a_circle_and_a_self_relationship_are_drawn() -> None:
    made = found(("a", "X", "b"), ("b", "X", "a"), ("a", "X", "a"))
    assert subgraph_mermaid(made).count("-->") == 2
    ElementTree.fromstring(subgraph_svg(made))


def test_a_share_that_is_none_is_left_out() -> None:
    for w in (-1, 2, "half", True, None):
        assert subgraph_picture(found(("a", "X", "b"), w=w)).lines[0].share is None


def test_nodes_of_other_kinds_say_their_label() -> None:
    made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    made.add_node("j", labels=["Job", "Lineage"])
    made.add_node("x", labels=[])
    assert [box.kind for box in subgraph_picture(made).boxes] == ["Job", "node"]
    assert "<br>Job" in subgraph_mermaid(made)


def test_a_large_answer_is_counted_in_the_picture() -> None:
    picture = subgraph_svg(found(*((f"m{number}", "X", "base") for number in range(400))))
    assert "of 401 products are drawn" in picture
