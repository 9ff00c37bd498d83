"""The newest source that states a fact wins, fact by fact."""

from typing import Any

from lineage.graph import Graph, resolve
from merging.sources import said, subjects, together


def _value(graph: Graph, name: str, product: str = "model:a") -> object:
    return graph.tables["products"].column(name)[graph.codes[product]].as_py()


def test_the_newest_source_that_states_a_fact_wins() -> None:
    old = said("old", products=[{"id": "model:a", "downloads": 1.0, "license": "mit", "likes": 3}])
    new = said("new", products=[{"id": "model:a", "downloads": 2.0, "quality": 0.5}])
    graph, findings = resolve(together(old, new))
    assert [_value(graph, name) for name in ("downloads", "license", "quality", "likes")] == [
        2.0,
        "mit",
        0.5,
        3,
    ]
    (found,) = findings
    assert (found.code, found.subject, found.source) == ("conflicting-value", "model:a", "old")
    assert found.text == "downloads: 1.0 (old, products 1) is overruled by the newer 2.0 (new, products 1)"


def test_the_date_of_retrieval_decides_before_the_order_of_loading() -> None:
    first = said("first", retrieved_at="2024-07-01", products=[{"id": "model:a", "downloads": 1.0}])
    second = said("second", retrieved_at="2023-01-01", products=[{"id": "model:a", "downloads": 2.0}])
    undated = said("undated", products=[{"id": "model:a", "downloads": 3.0}])
    assert _value(resolve(together(first, second))[0], "downloads") == 1.0
    assert _value(resolve(together(second, first))[0], "downloads") == 1.0
    assert _value(resolve(together(first, second, undated))[0], "downloads") == 3.0
    assert _value(resolve(together(undated, first, second))[0], "downloads") == 1.0


def test_equal_values_are_no_conflict_and_neither_are_silence_and_a_value() -> None:
    silent = said("one", products=[{"id": "model:a", "downloads": 1.0}])
    _, findings = resolve(
        together(silent, said("two", products=[{"id": "model:a", "downloads": 1.0, "license": "mit"}]))
    )
    assert findings == ()


def test_a_record_repeated_in_one_source_is_a_finding_and_the_last_wins() -> None:
    rows: list[dict[str, Any]] = [{"id": "model:a", "downloads": 1.0}, {"id": "model:b"}]
    rows.append({"id": "model:a", "downloads": 2.0})
    graph, findings = resolve(said("list", products=rows))
    assert _value(graph, "downloads") == 2.0
    assert [(item.code, item.subject, item.place) for item in findings] == [
        ("repeated-record", "model:a", "products 3")
    ]


def test_a_product_that_no_source_describes_is_a_placeholder() -> None:
    claims = said(
        "tags",
        products=[{"id": "model:a"}],
        edges=[{"product": "model:a", "parent": "model:base"}],
        jobs=[{"id": "j", "product": "model:made", "phase": "training", "platform": "platform:p"}],
    )
    graph, findings = resolve(claims)
    known = dict(zip(graph.ids, graph.flags("products", "known").tolist(), strict=True))
    assert known == {"model:a": True, "model:base": False, "model:made": True, "platform:p": False}
    assert subjects(findings, "unknown-parent") == ["model:base", "platform:p"]
    assert [item.place for item in findings] == ["edges 1", "jobs 1"]


def test_kind_and_name_come_from_the_id_unless_a_source_names_the_product() -> None:
    rows = [{"id": "dataset:org/web"}, {"id": "model:b", "name": "Big one"}]
    graph, _ = resolve(said("list", products=rows))
    assert graph.products[["kind", "name"]].values.tolist() == [["dataset", "org/web"], ["model", "Big one"]]


def test_systems_and_grids_are_merged_fact_by_fact_too() -> None:
    old = said("old", systems=[{"id": "v100", "power_w": 300.0, "embodied_gco2e": 9.0}], grids=[{"id": "FR"}])
    new = said("new", systems=[{"id": "v100", "power_w": 250.0}, {"id": "a100"}])
    graph, findings = resolve(together(old, new))
    systems = graph.tables["systems"].select(["id", "power_w", "embodied_gco2e"]).to_pylist()
    assert systems == [
        {"id": "a100", "power_w": None, "embodied_gco2e": None},
        {"id": "v100", "power_w": 250.0, "embodied_gco2e": 9.0},
    ]
    assert graph.tables["grids"].column("id").to_pylist() == ["FR"]
    assert subjects(findings, "conflicting-value") == ["v100"]


def test_an_attribute_of_two_types_keeps_its_values() -> None:
    whole = said("whole", products=[{"id": "model:a", "likes": 1, "tag": 1}])
    parts = said("parts", products=[{"id": "model:b", "likes": 1.5, "tag": "x"}])
    graph, _ = resolve(together(whole, parts))
    assert graph.tables["products"].select(["likes", "tag"]).to_pylist() == [
        {"likes": 1.0, "tag": "1"},
        {"likes": 1.5, "tag": "x"},
    ]


def test_a_source_cannot_state_what_is_always_computed() -> None:
    row = {"id": "model:a", "kind": "platform", "known": False, "own_carbon_tier": "measured"}
    graph, _ = resolve(said("list", products=[row]))
    assert [_value(graph, name) for name in ("kind", "known", "own_carbon_tier")] == ["model", True, None]
