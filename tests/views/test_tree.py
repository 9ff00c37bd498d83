"""The tree view: ancestors and descendants, cycles, depth and hubs; nothing is cut in silence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import UnknownProduct
from lineage.testing import graph
from lineage.views.tree import Tree, tree

CHAIN = "dataset:web -> base -[0.25, fine-tune]-> tuned -> quantised"
EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25)


def names(view: Tree) -> set[str]:
    return {node.id for node in view.nodes}


def test_a_tree_knows_hops_and_directions() -> None:
    view = tree(graph(CHAIN), "base")
    places = {node.id: (node.hop, node.direction) for node in view.nodes}
    assert places == {
        "model:base": (0, "self"),
        "dataset:web": (1, "up"),
        "model:tuned": (1, "down"),
        "model:quantised": (2, "down"),
    }
    assert view.layers == (("dataset:web",), ("model:base",), ("model:tuned",), ("model:quantised",))


def test_edges_keep_relation_and_explicit_weight_and_unknown_is_none() -> None:
    edges = {(edge.product, edge.parent): edge for edge in tree(graph(CHAIN), "base").edges}
    tuned = edges["model:tuned", "model:base"]
    assert (tuned.relation, tuned.w, tuned.weight_source, tuned.type) == (
        "fine-tune",
        0.25,
        "explicit",
        "DERIVED_FROM",
    )
    web = edges["model:base", "dataset:web"]
    assert (web.w, web.weight_source, web.type) == (None, None, "TRAINED_ON")


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        (True, False, {"model:base", "dataset:web"}),
        (False, True, {"model:base", "model:tuned", "model:quantised"}),
        (False, False, {"model:base"}),
    ],
)
def test_only_the_directions_asked_for(up: bool, down: bool, expected: set[str]) -> None:
    assert names(tree(graph(CHAIN), "base", up=up, down=down)) == expected


def test_siblings_are_neither_ancestors_nor_descendants() -> None:
    assert names(tree(graph("base -> left, right"), "left")) == {"model:left", "model:base"}


def test_what_lies_beyond_the_depth_is_counted() -> None:
    view = tree(graph(CHAIN, "tuned -> other"), "base", depth=1)
    assert names(view) == {"dataset:web", "model:base", "model:tuned"}
    (beyond,) = view.hidden
    assert (beyond.of, beyond.direction, beyond.count, beyond.why) == ("model:tuned", "down", 2, "depth")


def test_an_edge_between_two_products_at_the_edge_of_the_depth_is_kept() -> None:
    view = tree(graph("a -> b -> c", "a -> c"), "c", depth=1)
    assert ("model:b", "model:a") in {(edge.product, edge.parent) for edge in view.edges}
    assert view.hidden == ()


def test_a_hub_is_limited_with_a_count_and_keeps_the_most_built_on() -> None:
    children = ", ".join(f"child-{number:02}" for number in range(30))
    full = tree(graph(f"hub -> {children}", "child-29 -> grandchild"), "hub")
    small = full.limited(5)
    assert full.hidden == () and full.found == 32
    assert "model:child-29" in names(small) and "model:grandchild" in names(small)
    (hidden,) = small.hidden
    assert (hidden.of, hidden.count, hidden.why) == ("model:hub", 25, "limit")
    assert small.found == 32 and len(small.nodes) == 7


def test_a_cycle_ends_and_says_both() -> None:
    view = tree(graph("a -> b -> c -> a", "c -> d"), "a")
    assert {node.id: node.direction for node in view.nodes} == {
        "model:a": "self",
        "model:b": "both",
        "model:c": "both",
        "model:d": "down",
    }
    assert len(view.edges) == 4


def test_a_long_chain_needs_no_recursion() -> None:
    chain = " -> ".join(f"m{number:05}" for number in range(3000))
    view = tree(graph(chain), "m02999")
    assert len(view.nodes) == 3000 and view.nodes[-1].hop == 2999


def test_an_unknown_product_is_an_error_with_a_hint() -> None:
    with pytest.raises(UnknownProduct, match="did you mean"):
        tree(graph("base -> tuned"), "bass")


def test_the_dictionary_is_json_with_its_schema() -> None:
    document = json.loads(json.dumps(tree(graph(CHAIN), "base").as_dict()))
    assert document["schema"] == "lineage/tree/1" and document["product"] == "model:base"
    assert {"id", "kind", "name", "known", "hop", "direction"} == set(document["nodes"][0])


@given(EDGES, st.integers(1, 4))
def test_limits_never_lose_a_product_without_a_count(pairs: list[tuple[int, int]], limit: int) -> None:
    lines = [f"p{parent} -> p{child}" for parent, child in pairs if parent != child]
    made = graph("p0", *lines)
    view = tree(made, "p0")
    small = view.limited(limit)
    assert names(small) <= names(view) and set(small.edges) <= set(view.edges)
    assert (len(small.nodes) == len(view.nodes)) or sum(item.count for item in small.hidden) > 0
    assert len(view.nodes) == view.found == small.found
    below = tree(made, "p0", up=False).limited(limit)
    above = tree(made, "p0", down=False).limited(limit)
    assert all(len(edges) <= limit for edges in (*below.below.values(), *above.above.values()))


@given(EDGES)
def test_ancestors_and_descendants_are_the_closures(pairs: list[tuple[int, int]]) -> None:
    import networkx as nx

    plain = nx.DiGraph(
        [(f"model:p{parent}", f"model:p{child}") for parent, child in pairs if parent != child]
    )
    plain.add_node("model:p0")
    made = graph("p0", *(f"p{parent} -> p{child}" for parent, child in pairs if parent != child))
    assert names(tree(made, "p0", down=False)) == nx.ancestors(plain, "model:p0") | {"model:p0"}
    assert names(tree(made, "p0", up=False)) == nx.descendants(plain, "model:p0") | {"model:p0"}
