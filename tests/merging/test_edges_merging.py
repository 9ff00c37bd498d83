"""Edges: self-edges, parallel edges of one source, the same edge from two sources."""

from typing import Any

from lineage.graph import Graph, resolve
from merging.sources import said, subjects, together


def _edge(product: str = "a", parent: str = "base", **values: Any) -> dict[str, Any]:
    return {"product": f"model:{product}", "parent": f"model:{parent}", **values}


def _only(graph: Graph) -> dict[str, Any]:
    (row,) = graph.tables["edges"].to_pylist()
    return {
        key: value for key, value in row.items() if value is not None and key not in ("product", "parent")
    }


def test_edges_are_sorted_and_typed() -> None:
    rows = [
        {"product": "model:b", "parent": "model:a"},
        {"product": "model:b", "parent": "dataset:d"},
        {"product": "dataset:d", "parent": "dataset:c"},
        {"product": "dataset:d", "parent": "model:a"},
        {"product": "model:a", "parent": "platform:p"},
    ]
    graph, _ = resolve(said("s", edges=rows))
    assert graph.edges[["product", "parent", "type"]].values.tolist() == [
        ["dataset:d", "dataset:c", "DERIVED_FROM"],
        ["dataset:d", "model:a", "GENERATED_BY"],
        ["model:a", "platform:p", "BUILT_ON"],
        ["model:b", "dataset:d", "TRAINED_ON"],
        ["model:b", "model:a", "DERIVED_FROM"],
    ]


def test_every_self_edge_is_dropped_and_reported_with_its_place() -> None:
    graph, findings = resolve(said("s", edges=[_edge("a", "a"), _edge(), _edge("a", "a")]))
    assert len(graph.edges) == 1
    selfs = [item for item in findings if item.code == "self-edge"]
    assert [(item.subject, item.place, item.severity) for item in selfs] == [
        ("model:a", "edges 1", "warning"),
        ("model:a", "edges 3", "warning"),
    ]


def test_parallel_edges_of_one_source_add_their_weights() -> None:
    graph, findings = resolve(said("s", edges=[_edge(w=0.125), _edge(w=0.25), _edge()]))
    assert _only(graph) == {"type": "DERIVED_FROM", "w": 0.375, "weight_source": "explicit"}
    found = [item for item in findings if item.code == "parallel-edge"]
    assert [item.subject for item in found] == ["model:a <- model:base"] * 2
    assert [item.place for item in found] == ["edges 2", "edges 3"]
    assert (
        found[0].text == "3 edges model:a <- model:base in one source are one; their weights add up to 0.375"
    )


def test_a_sum_over_one_is_kept_for_the_costs_to_report() -> None:
    assert _only(resolve(said("s", edges=[_edge(w=0.75), _edge(w=0.5)]))[0])["w"] == 1.25


def test_parallel_edges_without_weights_count_once() -> None:
    graph, findings = resolve(said("s", edges=[_edge(), _edge(relation="fine-tune")]))
    assert _only(graph) == {"type": "DERIVED_FROM", "relation": "fine-tune"}
    assert findings[-1].text.endswith("without weights they count once")


def test_an_explicit_zero_is_a_weight() -> None:
    assert _only(resolve(said("s", edges=[_edge(w=0.0), _edge()]))[0])["w"] == 0.0


def test_the_same_edge_from_two_sources_is_one_and_its_weights_are_not_added() -> None:
    graph, findings = resolve(together(said("one", edges=[_edge(w=0.25)]), said("two", edges=[_edge(w=0.5)])))
    assert _only(graph)["w"] == 0.5
    (found,) = [item for item in findings if item.code == "duplicate-edge"]
    assert (found.subject, found.source) == ("model:a <- model:base", "one")
    assert found.text == "model:a <- model:base also stands in two, edges 1, which is preferred"


def test_better_evidence_beats_newer_and_a_weight_beats_none() -> None:
    old, new = said("old", edges=[_edge(w=0.25, tier="measured")]), said("new", edges=[_edge(w=0.5)])
    assert _only(resolve(together(old, new))[0])["w"] == 0.25
    graph, findings = resolve(together(said("old", edges=[_edge(w=0.25)]), said("new", edges=[_edge()])))
    assert _only(graph)["w"] == 0.25
    assert [item.source for item in findings if item.code == "duplicate-edge"] == ["new"]


def test_a_weight_without_a_tier_is_reported_and_beats_an_imputed_one() -> None:
    by_hand, guessed = said("hand", edges=[_edge(w=0.5)]), said("guess", edges=[_edge(w=0.9, tier="imputed")])
    for parts in ((by_hand, guessed), (guessed, by_hand)):
        assert _only(resolve(together(*parts))[0])["w"] == 0.5


def test_what_the_preferred_source_does_not_state_comes_from_the_other() -> None:
    old = said("old", edges=[_edge(created_at="2024-01-01", merge_weight=2.0, note="x")])
    graph, _ = resolve(together(old, said("new", edges=[_edge(w=0.5, tier="reported")])))
    assert _only(graph) == {
        "type": "DERIVED_FROM",
        "w": 0.5,
        "weight_source": "explicit",
        "tier": "reported",
        "created_at": "2024-01-01",
        "merge_weight": 2.0,
        "note": "x",
    }


def test_a_relation_beats_an_unknown_one_whatever_is_newer() -> None:
    for relations in (["adapter", "unknown"], ["unknown", "adapter"], [None, "adapter"], ["adapter", None]):
        parts = [said(f"s{number}", edges=[_edge(relation=name)]) for number, name in enumerate(relations)]
        assert _only(resolve(together(*parts))[0])["relation"] == "adapter"
    assert _only(resolve(said("s", edges=[_edge(relation="unknown")]))[0])["relation"] == "unknown"


def test_the_origin_of_a_weight_stays_with_it() -> None:
    stated = said("card", edges=[_edge(w=0.5, weight_source="metadata")])
    assert _only(resolve(stated)[0])["weight_source"] == "metadata"
    assert _only(resolve(together(stated, said("silent", edges=[_edge()])))[0])["weight_source"] == "metadata"
    both = together(stated, said("table", edges=[_edge(w=0.25)]))
    assert (_only(resolve(both)[0])["w"], _only(resolve(both)[0])["weight_source"]) == (0.25, "explicit")


def test_a_column_that_nobody_fills_says_nothing() -> None:
    row = _edge(w=0.5, weight_source=None, note=None)
    job = {"id": "j", "product": "model:a", "phase": "training", "platform": "platform:p", "note": None}
    graph, _ = resolve(said("s", products=[{"id": "model:a", "note": None}], edges=[row], jobs=[job]))
    assert graph.texts("edges", "weight_source") == ["explicit", "job"]
    assert graph == resolve(said("s", products=[{"id": "model:a"}], edges=[_edge(w=0.5)], jobs=[job]))[0]
    assert Graph.from_networkx(graph.to_networkx()) == graph


def test_parallel_edges_in_two_sources_add_up_within_each() -> None:
    rows = [_edge(w=0.125), _edge(w=0.25)]
    graph, findings = resolve(together(said("one", edges=rows), said("two", edges=rows)))
    assert _only(graph)["w"] == 0.375
    assert subjects(findings, "parallel-edge") == ["model:a <- model:base"] * 2
    assert subjects(findings, "duplicate-edge") == ["model:a <- model:base"]


def test_cycles_stay_for_the_views() -> None:
    graph, findings = resolve(said("s", edges=[_edge("a", "b"), _edge("b", "a")]))
    assert len(graph.edges) == 2
    assert subjects(findings, "cycle") == []
