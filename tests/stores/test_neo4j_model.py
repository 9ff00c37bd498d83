"""What a graph in Neo4j may be called, and what happens where two things would have one name."""

from typing import Any

import pyarrow as pa
import pytest

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.errors import StoreError
from lineage.graph import Graph, resolve
from lineage.schema import GRAPH_TABLES
from lineage.stores.kept_run import figure_names
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_links import links_of
from lineage.stores.neo4j_model import RESERVED, check_storable, property_name, quoted
from lineage.stores.neo4j_schema import apply_schema
from lineage.stores.neo4j_state import State
from lineage.testing.specimens import family


@pytest.mark.parametrize("table", sorted(GRAPH_TABLES))
def test_columns_of_the_schema_keep_their_names(table: str) -> None:
    for item in GRAPH_TABLES[table]:
        assert property_name(table, item.name) == item.name


@pytest.mark.parametrize(
    "name", ["", " ", "a:b", "a`b", "a,b", 'a"b', "1", "lineage_run", "x" * 500, "\n", "a\0"]
)
def test_other_names_become_plain_ones(name: str) -> None:
    made = property_name("products", name)
    assert made.replace("é", "e").isascii()
    assert made.replace("_", "").isalnum()
    assert not made.startswith(RESERVED)


@pytest.mark.parametrize("impact", ["carbon", "carbon-market", "energy", "water"])
def test_figures_have_names_that_no_column_has(impact: str) -> None:
    columns = {item.name for table in GRAPH_TABLES.values() for item in table}
    assert not columns & set(figure_names("", impact))


def test_two_attributes_in_one_property_are_refused() -> None:
    clash = property_name("products", "a.b")
    with pytest.raises(StoreError, match="would be one property; rename one"):
        check_storable("products", pa.table({"a.b": ["x"], clash: ["y"]}))


def test_what_is_written_again_and_again_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = iter(range(100))
    with Neo4jStore("neo4j://host.invalid") as store:
        monkeypatch.setattr(
            store._bolt,
            "read",
            lambda work: (family(float(next(versions))), State(digest="other", complete=True)),
        )
        with pytest.raises(StoreError, match="is being written again and again"):
            store.read()


def test_a_change_by_hand_is_read_once_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = iter([family(1.0), family(2.0), family(2.0)])
    with Neo4jStore("neo4j://host.invalid") as store:
        monkeypatch.setattr(
            store._bolt, "read", lambda work: (next(graphs), State(digest="other", complete=True))
        )
        assert store.read() == family(2.0)


def test_a_constraint_that_foreign_nodes_break_names_itself() -> None:
    class Refusing:
        def command(self, text: str) -> list[dict[str, Any]]:
            if text.startswith("SHOW"):
                return []
            raise StoreError("neo4j://host refused: two nodes share an id")

    with pytest.raises(
        StoreError, match=r"the schema needs this: CREATE CONSTRAINT .+ adopt them by a mapping"
    ):
        apply_schema(Refusing())  # type: ignore[arg-type]


def test_quotes_are_doubled_and_escapes_undone() -> None:
    assert quoted("a`b\\u0060") == "`a``b\\u005Cu0060`"


def cards(*folders: str) -> Graph:
    """Return the graph of model cards: each a README.md of its own, with one figure."""
    parts = []
    for number, folder in enumerate(folders):
        build = ClaimsBuilder(Source(address=f"cards/{folder}/README.md"))
        build.product(f"model:{folder}", place="co2", own_carbon_gco2e=float(number))
        parts.append(build.done())
    return resolve(Claims.concat(parts))[0]


def test_a_figure_leads_to_its_source_though_only_the_file_is_named() -> None:
    found = {(link.a, link.b) for link in links_of(cards("a", "b")) if link.kind == "REPORTED_IN"}
    assert found == {("model:a", "cards/a/README.md"), ("model:b", "cards/b/README.md")}


def test_a_source_that_cannot_be_told_is_not_guessed() -> None:
    build = ClaimsBuilder(Source(address="more/README.md"))
    build.product("model:a", license="mit")
    graph = cards("a", "b")
    assert graph.claims is not None
    both = resolve(Claims.concat([graph.claims, build.done()]))[0]
    found = {(link.a, link.b) for link in links_of(both) if link.kind == "REPORTED_IN"}
    assert found == {("model:b", "cards/b/README.md")}
