"""Claims: collected row by row, put together, taken apart."""

import pyarrow as pa
import pytest

from lineage.claims import Claims, ClaimsBuilder, Source, conform, stack
from lineage.graph import resolve
from lineage.schema import CLAIM_TABLES, SOURCE_COLUMNS
from merging.sources import said, together


def test_a_builder_fills_columns_and_keeps_attributes() -> None:
    build = ClaimsBuilder(Source(address="a.json", format="x"))
    build.product("model:a", place="$[0]", downloads=1, likes=3)
    build.product("model:b", place="$[1]", tags=["x", "y"], odd=1)
    build.product("model:c", place="$[2]", odd="z")
    build.finding("skipped-file", "b.json", "not JSON", place="line 1")
    claims = build.done()
    table = claims.tables["products"]
    assert table.column_names[: len(CLAIM_TABLES["products"])] == [
        item.name for item in CLAIM_TABLES["products"]
    ]
    assert table.select(["id", "downloads", "likes", "odd", "place", "source"]).to_pylist() == [
        {"id": "model:a", "downloads": 1.0, "likes": 3, "odd": None, "place": "$[0]", "source": 0},
        {"id": "model:b", "downloads": None, "likes": None, "odd": "1", "place": "$[1]", "source": 0},
        {"id": "model:c", "downloads": None, "likes": None, "odd": "z", "place": "$[2]", "source": 0},
    ]
    assert table.column("tags").to_pylist() == [None, "['x', 'y']", None]
    assert [(item.code, item.source, item.place) for item in claims.findings] == [
        ("skipped-file", "a.json", "line 1")
    ]


def test_a_source_without_a_root_is_its_own_root() -> None:
    row = Source(address="a.csv").as_row()
    assert (row["root"], row["sha256"], row["licence"]) == ("a.csv", "", None)
    assert Source(address="d/a.csv", root="d").as_row()["root"] == "d"
    assert list(row) == [item.name for item in SOURCE_COLUMNS]


def test_empty_claims_make_an_empty_graph() -> None:
    graph, findings = resolve(Claims.empty())
    assert (len(graph), findings) == (0, ())
    assert resolve(Claims.concat([]))[0] == graph
    assert Claims.empty().roots() == []


def test_putting_together_numbers_the_sources_anew() -> None:
    one = said("one", products=[{"id": "model:a"}])
    two = said(
        "two", products=[{"id": "model:b", "likes": 1}], edges=[{"product": "model:b", "parent": "model:a"}]
    )
    both = Claims.concat([one, two, Claims.empty()])
    assert both.roots() == ["one", "two"]
    assert both.tables["products"].column("source").to_pylist() == [0, 1]
    assert both.tables["edges"].column("source").to_pylist() == [1]
    assert Claims.concat([both]) is both


def test_taking_a_root_out_gives_the_others_back() -> None:
    parts = [said(name, products=[{"id": f"model:{name}", "likes": 1}]) for name in ("one", "two", "three")]
    whole = together(*parts)
    rest = whole.without("two")
    assert rest.roots() == ["one", "three"]
    assert rest.tables["products"].column("source").to_pylist() == [0, 1]
    assert resolve(rest)[0] == resolve(together(parts[0], parts[2]))[0]
    assert whole.without("no such root").tables == whole.tables
    assert len(resolve(whole.without("one").without("two").without("three"))[0]) == 0


def test_findings_leave_with_their_source() -> None:
    parts = []
    for name in ("one", "two"):
        build = ClaimsBuilder(Source(address=f"{name}/a.csv", root=name))
        build.finding("skipped-file", "x", "broken")
        parts.append(build.done())
    assert [item.source for item in together(*parts).without("one").findings] == ["two/a.csv"]


def test_a_file_that_two_roots_share_keeps_its_findings() -> None:
    parts = []
    for root in ("folder", "folder/a.csv"):
        build = ClaimsBuilder(Source(address="folder/a.csv", root=root))
        build.finding("skipped-file", "x", "broken")
        parts.append(build.done())
    assert together(*parts).without("folder").roots() == ["folder/a.csv"]
    assert together(*parts).without("folder").findings


def test_columns_are_brought_into_order_and_type() -> None:
    table = conform(
        pa.table({"b": [1], "id": ["model:a"], "a": [True], "downloads": [3]}), CLAIM_TABLES["products"]
    )
    assert table.column_names[-2:] == ["a", "b"]
    assert table.column("downloads").to_pylist() == [3.0]
    assert table.column("license").to_pylist() == [None]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (([1], [2.5]), [1.0, 2.5]),
        (([1], ["x"]), ["1", "x"]),
        (([True], [2]), ["true", "2"]),
        (([None], [2]), [None, 2]),
    ],
)
def test_an_attribute_gets_the_type_that_holds_all_its_values(
    values: tuple[list[object], ...], expected: list[object]
) -> None:
    stacked = stack([pa.table({"id": ["x"], "note": part}) for part in values], CLAIM_TABLES["systems"])
    assert stacked.column("note").to_pylist() == expected
