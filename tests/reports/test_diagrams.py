"""Trees as text, Mermaid and DOT: everything once, the rest counted."""

import re

import pytest

from lineage.reports.diagrams import tree_dot, tree_mermaid, tree_svg
from lineage.reports.text import tree_text
from lineage.testing import graph
from lineage.views.tree import tree

HUB = f"hub -> {', '.join(f'child-{number:02}' for number in range(40))}"


def test_text_draws_both_halves_and_refers_to_what_was_opened() -> None:
    made = graph("dataset:web -> a, b", "a, b -> c", "c -[0.5, fine-tune]-> d")
    assert tree_text(tree(made, "c")).splitlines() == [
        "model:c",
        "made out of",
        "├─ model:a  derived from",
        "│  └─ dataset:web  trained on",
        "└─ model:b  derived from",
        "   └─ dataset:web  trained on (opened above)",
        "built on it",
        "└─ model:d  fine-tune, w 0.5 explicit",
    ]


def test_text_of_a_cycle_comes_back_to_the_start_and_ends() -> None:
    lines = tree_text(tree(graph("a -> b -> a"), "a")).splitlines()
    assert lines[3] == "   └─ model:a  derived from (a cycle: back at the start)"
    assert len(lines) == 7


def test_text_marks_what_is_only_named() -> None:
    made = graph("a -> b")
    unknown = made.tables["products"].set_column(2, "known", [[False, True]])
    named = type(made)({**made.tables, "products": unknown})
    assert "model:a  derived from (only named)" in tree_text(tree(named, "b"))


def test_every_rendering_counts_what_it_leaves_out() -> None:
    view = tree(graph(HUB), "hub")
    text = tree_text(view, limit=30)
    assert "└─ … and 10 more children, not shown" in text and text.endswith("31 of 41 products shown")
    for made in (tree_mermaid(view, limit=30), tree_dot(view, limit=30)):
        assert "… and 10 more" in made and len(re.findall(r"child-\d\d", made.split("tooltip")[0])) <= 41
    svg = tree_svg(view, limit=30)
    assert "10 more products are not drawn" in svg and ">… and 10 more<" in svg
    assert "… and 2 more children, beyond the depth" in tree_text(tree(graph("a -> b -> c, d"), "a", depth=1))


def test_one_more_is_singular() -> None:
    assert "… and 1 more parent, beyond the depth" in tree_text(tree(graph("a -> b -> c"), "c", depth=1))


def test_a_chain_deeper_than_the_screen_is_counted_not_indented_for_ever() -> None:
    chain = " -> ".join(f"m{number:04}" for number in range(400))
    text = tree_text(tree(graph(chain), "m0000"))
    assert "… deeper than 60 steps: ask for a tree of model:m0061" in text
    assert max(map(len, text.splitlines())) < 300


@pytest.mark.parametrize(
    ("kind", "mermaid", "dot"),
    [("dataset", "[(", "cylinder"), ("platform", "{{", "octagon"), ("model", "[", "box")],
)
def test_kinds_differ_by_shape_and_words(kind: str, mermaid: str, dot: str) -> None:
    view = tree(graph(f"{kind}:x -> y"), f"{kind}:x")
    word = {"dataset": "data set"}.get(kind, kind)
    assert f'{mermaid}"x<br>{word}"' in tree_mermaid(view)
    assert re.search(rf'label="x\\n{word}", shape={dot}', tree_dot(view))


def test_arrows_run_from_the_parent_to_the_product_with_the_explicit_share() -> None:
    view = tree(graph("a -[0.25]-> b"), "b")
    numbers = dict(re.findall(r'(n\d)\["(\w)<br>', tree_mermaid(view)))
    names = {name: number for number, name in numbers.items()}
    assert f'  {names["a"]} -->|"25 %"| {names["b"]}' in tree_mermaid(view).splitlines()
    assert f'  {names["a"]} -> {names["b"]} [label="25 %"];' in tree_dot(view).splitlines()


def test_hidden_parents_stand_on_the_left() -> None:
    view = tree(graph("a -> b -> c"), "c", depth=1)
    assert re.search(r"h0 -\.-> n\d", tree_mermaid(view)) and re.search(
        r"h0 -> n\d \[style=dashed\]", tree_dot(view)
    )
