"""Which spellings are one product, and which are not."""

import re

import pytest

from lineage.errors import GraphError, UnknownProduct
from lineage.graph import resolve
from lineage.merging.identity import aliases, canonical_id, same_identity
from merging.sources import said, subjects, together


def _edge(product: str, parent: str) -> dict[str, str]:
    return {"product": product, "parent": parent}


def test_a_renamed_id_is_merged_where_both_spellings_occur() -> None:
    claims = said(
        "tags",
        products=[{"id": "model:google-bert/bert-base-uncased"}, {"id": "model:a"}],
        edges=[_edge("model:a", "model:bert-base-uncased")],
    )
    graph, findings = resolve(claims)
    assert graph.ids == ["model:a", "model:google-bert/bert-base-uncased"]
    (found,) = [item for item in findings if item.code == "merged-identity"]
    assert found.subject == "model:bert-base-uncased"
    assert (
        found.text == "the same product as model:google-bert/bert-base-uncased; rule: renamed (alias table)"
    )
    assert (found.source, found.place) == ("tags", "edges 1")
    assert graph.ids[graph.code("bert-base-uncased")] == "model:google-bert/bert-base-uncased"


def test_a_renamed_id_alone_stays_as_it_is_written() -> None:
    graph, findings = resolve(said("tags", edges=[_edge("model:a", "model:bert-base-uncased")]))
    assert graph.ids == ["model:a", "model:bert-base-uncased"]
    assert subjects(findings, "merged-identity") == []


def test_a_renamed_id_is_merged_even_where_both_have_records() -> None:
    old = said("2022", products=[{"id": "dataset:squad", "downloads": 1.0, "license": "cc"}])
    new = said("2024", products=[{"id": "dataset:rajpurkar/squad", "downloads": 2.0}])
    graph, _ = resolve(together(old, new))
    assert graph.products[["id", "downloads", "license"]].values.tolist() == [
        ["dataset:rajpurkar/squad", 2.0, "cc"]
    ]


def test_an_alias_of_a_data_set_says_nothing_about_a_model() -> None:
    assert canonical_id("dataset:squad") == "dataset:rajpurkar/squad"
    assert canonical_id("model:squad") == "model:squad"


def test_the_alias_table_leads_nowhere_twice() -> None:
    table = aliases()
    assert len(table) > 60
    assert not set(table.values()) & set(table)
    assert all(re.fullmatch(r"(model|dataset):[^/\s]+", old) for old in table)
    assert all(re.fullmatch(r"(model|dataset):[^/\s]+/[^/\s]+", new) for new in table.values())


def test_letter_case_goes_to_the_spelling_with_a_record() -> None:
    claims = said(
        "tags",
        products=[{"id": "model:Org/Base"}],
        edges=[
            _edge("model:Org/Base", "model:x"),
            _edge("model:a", "model:org/base"),
            _edge("model:b", "model:ORG/base"),
        ],
    )
    graph, findings = resolve(claims)
    assert "model:Org/Base" in graph.ids and len(graph.ids) == 4
    assert subjects(findings, "merged-identity") == ["model:ORG/base", "model:org/base"]
    assert all("letter case" in item.text for item in findings if item.code == "merged-identity")


def test_letter_case_without_a_record_goes_to_the_commonest_spelling_then_the_first() -> None:
    edges = [_edge("model:a", "model:T5"), _edge("model:b", "model:t5"), _edge("model:c", "model:t5")]
    assert "model:t5" in resolve(said("tags", edges=edges))[0].ids
    assert "model:T5" in resolve(said("tags", edges=edges[:2]))[0].ids


def test_spellings_with_records_of_their_own_are_not_merged() -> None:
    claims = said(
        "tags",
        products=[{"id": "model:Base"}, {"id": "model:base"}],
        edges=[_edge("model:a", "model:BASE")],
    )
    graph, findings = resolve(claims)
    assert graph.ids == ["model:BASE", "model:Base", "model:a", "model:base"]
    (found,) = [item for item in findings if item.code == "ambiguous-identity"]
    assert found.text == (
        "model:BASE, model:Base, model:base differ only in letter case; "
        "not merged, since model:Base, model:base have records of their own"
    )


def test_kinds_are_never_merged() -> None:
    claims = said("tags", products=[{"id": "model:x", "uid": "1"}, {"id": "dataset:X", "uid": "1"}])
    graph, findings = resolve(claims)
    assert graph.ids == ["dataset:X", "model:x"]
    assert findings == ()


def test_the_same_uid_under_a_new_id_is_the_same_product() -> None:
    old = said(
        "2022",
        products=[{"id": "model:old", "uid": "621f", "license": "mit"}, {"id": "model:a"}],
        edges=[_edge("model:a", "model:old")],
    )
    new = said("2024", products=[{"id": "model:new", "uid": "621f"}])
    graph, findings = resolve(together(old, new))
    assert graph.ids == ["model:a", "model:new"]
    assert graph.edges["parent"].tolist() == ["model:new"]
    assert [item.text for item in findings] == ["the same product as model:new; rule: same uid"]
    assert graph.ids[graph.code("old")] == "model:new"
    assert resolve(together(new, old))[0].ids == ["model:a", "model:old"]


def test_rules_follow_one_another_to_one_id() -> None:
    claims = together(
        said("2022", products=[{"id": "model:google-bert/bert-base-uncased", "uid": "1"}]),
        said(
            "2025",
            products=[{"id": "model:bert/uncased", "uid": "1"}],
            edges=[_edge("model:a", "model:bert-base-uncased"), _edge("model:b", "model:BERT/uncased")],
        ),
    )
    graph, findings = resolve(claims)
    assert graph.ids == ["model:a", "model:b", "model:bert/uncased"]
    assert same_identity(findings) == {
        "model:BERT/uncased": "model:bert/uncased",
        "model:bert-base-uncased": "model:bert/uncased",
        "model:google-bert/bert-base-uncased": "model:bert/uncased",
    }


def test_the_written_spelling_is_read_back_even_where_it_looks_like_the_sentence() -> None:
    odd = "model:A; rule: b"
    claims = said(
        "tags", products=[{"id": odd}], edges=[_edge("model:x", odd.upper().replace("MODEL", "model"))]
    )
    _, findings = resolve(claims)
    assert same_identity(findings) == {"model:A; RULE: B": odd}


def test_edges_that_merging_makes_equal_are_reported() -> None:
    claims = said(
        "tags",
        products=[{"id": "model:Base"}, {"id": "model:a"}],
        edges=[
            _edge("model:a", "model:Base"),
            _edge("model:a", "model:base"),
            _edge("model:Base", "model:base"),
        ],
    )
    graph, findings = resolve(claims)
    assert graph.edges[["product", "parent"]].values.tolist() == [["model:a", "model:Base"]]
    assert subjects(findings, "parallel-edge") == ["model:a <- model:Base"]
    assert subjects(findings, "self-edge") == ["model:Base"]


@pytest.mark.parametrize("bad", ["a", "Model:a", "model:", "model: ", "job:x", ""])
def test_an_id_without_one_of_our_kinds_is_an_error(bad: str) -> None:
    with pytest.raises(GraphError, match=re.escape(f"{bad!r} is not KIND:NAME")):
        resolve(said("tags", products=[{"id": bad}]))


def test_a_row_without_an_id_is_an_error() -> None:
    with pytest.raises(GraphError, match="a row without a value in 'parent'"):
        resolve(said("tags", edges=[{"product": "model:a", "parent": None}]))


def test_a_bare_name_that_fits_several_products_lists_them() -> None:
    graph, _ = resolve(
        said("tags", products=[{"id": "model:glue"}, {"id": "dataset:glue"}, {"id": "model:o/x"}])
    )
    with pytest.raises(UnknownProduct) as caught:
        graph.code("glue")
    assert str(caught.value) == "'glue' is ambiguous; write 'dataset:glue' or 'model:glue'"
    assert caught.value.candidates == ("dataset:glue", "model:glue")
    assert graph.ids[graph.code("x")] == "model:o/x"
    assert graph.ids[graph.code("MODEL:GLUE".replace("MODEL", "model"))] == "model:glue"
    with pytest.raises(UnknownProduct, match="did you mean 'model:o/x'"):
        graph.code("model:o/xx")
