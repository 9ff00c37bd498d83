"""A graph that another tool wrote: read by a mapping, costed, and the figures put onto its nodes."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.errors import ImportFault
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_mapping import load_mapping, parse_mapping
from lineage.views.cost import cost

FOLDER = Path(__file__).parents[1] / "neo4j"
MAPPING = FOLDER / "foreign_model.toml"


@pytest.fixture
def store(neo4j_address: str) -> Iterator[Neo4jStore]:
    text = (FOLDER / "foreign_model.cypher").read_text(encoding="utf-8")
    with Neo4jStore(neo4j_address) as store:
        for statement in text.split(";\n"):
            if statement.strip():
                store.cypher(statement, write=True)
        yield store


def tree(**changes: Any) -> dict[str, Any]:
    """Return the tree of the mapping with one entry changed: products_1_label="x"."""
    made = tomllib.loads(MAPPING.read_text(encoding="utf-8"))
    for path, value in changes.items():
        table, number, *names = path.split("__")
        entry = made[table][int(number)]
        for name in names[:-1]:
            entry = entry[name]
        if value is None:
            del entry[names[-1]]
        else:
            entry[names[-1]] = value
    return made


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
class TestForeign:
    def test_it_becomes_a_graph_of_ours(self, store: Neo4jStore) -> None:
        assert store.cypher("MATCH (n) RETURN count(n) AS n").records[0]["n"] >= 49
        graph = store.adopt(load_mapping(MAPPING))
        assert repr(graph) == "Graph(products=34, edges=42, jobs=8)"
        (row,) = graph.products[graph.products["id"] == "model:fm-2"].to_dict("records")
        assert (row["name"], row["created_at"], row["license"]) == (
            "Foundation 2",
            "2021-03-02",
            "apache-2.0",
        )
        assert (row["own_carbon_gco2e"], row["parameters"]) == (2e7, 2e8)
        edge = graph.edges[graph.edges["product"] == "model:fm-3"]
        assert set(edge["parent"]) == {f"dataset:corpus-{n}" for n in (3, 4, 5, 6)}
        assert set(edge["w"]) == {0.25}
        jobs = graph.jobs
        assert jobs["energy_kwh"].tolist() == [500.0 * n for n in range(1, 9)]
        assert set(jobs["system"]) == {"rack"}
        assert set(jobs["grid"]) == {"hydro"}
        left_out = [item.text for item in graph.findings if item.code == "ignored-value"]
        assert "1 nodes :TunedModel have no 'nr' and are left out" in left_out

    def test_figures_go_onto_its_nodes_and_are_asked_in_cypher(self, store: Neo4jStore) -> None:
        everything = "MATCH (n) RETURN labels(n) AS l, properties(n) AS p ORDER BY elementId(n)"
        before = store.cypher(everything).plain()
        mapping = load_mapping(MAPPING)
        graph = store.adopt(mapping)
        result = cost(graph)
        run = store.write_result(result, mapping=mapping, prefix="ours_")
        text = (
            "MATCH (t:TunedModel)-[:FINETUNED_FROM*1..2]->(f:FoundationModel {title: $base}) "
            "MATCH (:LineageRun {id: t.ours_lineage_run}) RETURN t.nr AS nr, t.ours_epc_gco2e AS epc ORDER BY nr"
        )
        rows = store.cypher(text, base="Foundation 2").records
        assert [row["nr"] for row in rows] == [1, 5, 9, 13, 17, 21]
        for row in rows:
            told = result.row(f"model:{row['nr']}")
            assert told.epc is not None
            assert row["epc"] == told.epc.best
        store.remove_result(run)
        after = [
            row
            for row in store.cypher(everything).plain()
            if not any("Lineage" in label for label in row["l"])
        ]
        assert after == before

    def test_a_property_of_theirs_is_not_overwritten(self, store: Neo4jStore) -> None:
        store.cypher("MATCH (t:TunedModel {nr: 1}) SET t.covered = 'theirs'", write=True)
        mapping = load_mapping(MAPPING)
        with pytest.raises(Exception, match="not written by a run: nothing was changed; give a prefix"):
            store.write_result(cost(store.adopt(mapping)), mapping=mapping)

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"products__0__label": "Korpus"}, "no [[products]] has the label 'Corpus'"),
            (
                {"grids__0__label": "Suply", "jobs__0__grid__label": "Suply"},
                "[[grids]] 1, label: the database has no label 'Suply'; did you mean 'Supply'",
            ),
            ({"edges__0__type": "FEDS"}, "the database has no relationship type 'FEDS'; did you mean 'FED'?"),
            ({"jobs__0__grid__type": "DREW"}, "no relationship type 'DREW'"),
            (
                {"products__1__key": "uid"},
                "no property 'uid' is on any (:`FoundationModel`); did you mean 'uuid'?",
            ),
            ({"products__1__properties__name": "titel"}, "properties, name: no property 'titel'"),
            ({"edges__1__properties__w": "potion"}, "did you mean 'portion'?"),
            ({"edges__0__start": "FoundationModel", "edges__0__end": "Corpus"}, "is it the other way round?"),
            ({"products__1__properties__own_carbon": {"property": "training_co2", "unit": "kWh"}}, "kWh"),
        ],
    )
    def test_what_the_database_does_not_have(
        self, store: Neo4jStore, changes: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(ImportFault) as caught:
            store.adopt(parse_mapping(tree(**changes), "models.toml"))
        assert problem in str(caught.value)

    def test_names_from_the_mapping_are_only_names(self, store: Neo4jStore) -> None:
        name = "x`) DETACH DELETE n //"
        store.cypher(f"CREATE (:`{name.replace('`', '``')}` {{`k``\n`: 'a'}})", write=True)
        mapping = parse_mapping({"products": [{"kind": "model", "label": name, "key": "k`\n"}]})
        assert store.adopt(mapping).ids == ["model:a"]


# -- the file itself ---------------------------------------------------------------------------------------

FAULTS = [
    ({"products__0__kind": "corpus"}, "[[products]] 1: kind is 'corpus'; there are dataset, model, platform"),
    ({"products__0__label": None}, "label is missing or not a text"),
    ({"products__0__lable": "x"}, "'lable' is not known here; did you mean 'label'?"),
    ({"products__1__properties__own_carbn": "x"}, "'own_carbn' is not known here; did you mean 'own_carbon'"),
    ({"products__1__properties__name": 7}, "is not a table of names and values"),
    ({"products__1__properties__tokens": {"property": "t", "unit": "kg"}}, "this column has a fixed unit"),
    ({"edges__0__made": "first"}, "made is 'first'; there are start, end"),
    (
        {"edges__0__end": "TunedModels"},
        "no [[products]] has the label 'TunedModels'; did you mean 'TunedModel'",
    ),
    ({"jobs__0__product": None}, "a job needs its product"),
    ({"jobs__0__phase": None}, "and its phase"),
    ({"jobs__0__grid__label": "Machine"}, "no [[grids]] has the label 'Machine'"),
    ({"jobs__0__grid__direction": "up"}, "direction is 'up'; there are out, in"),
]


@pytest.mark.parametrize(("changes", "problem"), FAULTS, ids=[text for _, text in FAULTS])
def test_faults_of_a_mapping_have_a_place_and_a_way_out(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ImportFault) as caught:
        parse_mapping(tree(**changes), "models.toml")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("models.toml")


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ({}, "it maps no products"),
        ({"product": []}, "'product' is not known here; did you mean 'products'?"),
        ({"products": {"kind": "model"}}, "write it with two brackets: [[products]]"),
        ({"products": ["model"]}, "is not a table of names and values"),
    ],
)
def test_faults_of_the_whole(made: dict[str, Any], problem: str) -> None:
    with pytest.raises(ImportFault) as caught:
        parse_mapping(made)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"[[products]\n", "it is not TOML"),
        (b"\xff", "it is not TOML"),
        (b"#" * (1 << 20) + b"\n", "larger than 1 MiB"),
    ],
)
def test_files_that_are_no_mapping(tmp_path: Path, data: bytes, problem: str) -> None:
    file = tmp_path / "m.toml"
    file.write_bytes(data)
    with pytest.raises(ImportFault, match=problem):
        load_mapping(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="it cannot be read: No such file"):
        load_mapping(tmp_path / "none.toml")
