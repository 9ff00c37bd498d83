"""The graph: own tables, data frames and networkx, in both directions, without loss."""

import json
import re
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given

from lineage.claims import ClaimsBuilder, Source
from lineage.errors import GraphError, ImportFault
from lineage.graph import Graph, resolve
from lineage.testing import graph as drawn
from strategies import graphs

_PRODUCTS = [
    {"id": "model:base", "own_carbon": "7.4 t"},
    {"id": "model:tuned", "own_carbon": None, "likes": 3},
]
_EDGES = [{"product": "model:tuned", "parent": "model:base", "w": 0.25, "relation": "fine-tune"}]
_JOBS = [
    {
        "id": "j1",
        "product": "model:tuned",
        "phase": "fine-tuning",
        "energy": "3 kWh",
        "platform": "platform:p",
    }
]


def _full() -> Graph:
    """Return a graph with something in every table and an attribute of every type."""
    build = ClaimsBuilder(Source(address="full"))
    build.product(
        "model:a", own_carbon_gco2e=1.5, own_energy_kwh_lo=2.0, tier="measured", likes=3, ok=True, size=0.5
    )
    build.product("dataset:web", deployed=False, node_for_adding="x", self="y", license='"MIT"\n')
    build.edge("model:a", "dataset:web", w=0.5, note="n", u_of_edge=1)
    build.edge("model:a", "model:gone", relation="merge", merge_weight=-0.5)
    build.job(
        "j2", "model:a", "training", platform="platform:p", system="a100", started_at="2024-01-01", cores=8
    )
    build.job("j1", "model:a", "inference", pue_included=True)
    build.system("a100", power_w=400.0, vendor="n")
    build.grid("FR", intensity_gco2e_per_kwh=50.0, year=2024)
    return resolve(build.done())[0]


@pytest.mark.parametrize("form", ["rows", "pandas", "pyarrow"])
def test_own_tables_come_in_any_form(form: str) -> None:
    tables: list[Any] = [_PRODUCTS, _EDGES, _JOBS]
    if form == "pandas":
        tables = [pd.DataFrame(table) for table in tables]
    if form == "pyarrow":
        tables = [pa.Table.from_pylist(table) for table in tables]
    graph = Graph.from_tables(*tables)
    assert graph.ids == ["model:base", "model:tuned", "platform:p"]
    assert graph.floats("products", "own_carbon_gco2e").tolist()[0] == 7.4e6
    assert graph.floats("jobs", "energy_kwh").tolist() == [3.0]
    assert repr(graph) == "Graph(products=3, edges=2, jobs=1)"
    assert len(graph) == 3


def test_edges_alone_are_a_graph_and_so_is_nothing() -> None:
    assert Graph.from_tables(edges=_EDGES).ids == ["model:base", "model:tuned"]
    assert repr(Graph.from_tables()) == "Graph(products=0, edges=0, jobs=0)"


def test_systems_and_grids_are_read_too() -> None:
    graph = Graph.from_tables(
        systems=[{"id": "a100", "power": "400 W"}], grids=[{"id": "FR", "intensity": 50.0}]
    )
    assert graph.floats("systems", "power_w").tolist() == [400.0]
    assert graph.floats("grids", "intensity_gco2e_per_kwh").tolist() == [50.0]


@pytest.mark.parametrize(
    ("given_products", "problem"),
    [
        ("model:a", "products is a str; give a pandas DataFrame, a pyarrow Table or a list of dicts"),
        ({"id": "model:a"}, "products is a dict"),
        (7, "products is a int"),
        (["model:a"], "products, row 1 is a str; give one dict per row"),
    ],
)
def test_what_is_no_table_is_an_error(given_products: object, problem: str) -> None:
    with pytest.raises(GraphError, match=problem):
        Graph.from_tables(given_products)


def test_a_bad_cell_names_table_and_row() -> None:
    with pytest.raises(ImportFault, match="edges, row 1, column w"):
        Graph.from_tables(edges=[{"product": "model:a", "parent": "model:b", "w": 1.5}])
    with pytest.raises(ImportFault, match="products, row 2"):
        Graph.from_tables([{"id": "model:a", "own_carbon": "7 t"}, {"id": "model:b", "own_carbon": 7}])


def test_data_frames_hold_ids_and_units_and_lead_back() -> None:
    graph = _full()
    assert graph.edges["parent"].tolist() == ["dataset:web", "model:gone", "platform:p"]
    assert graph.jobs["platform"].fillna("").tolist() == ["", "platform:p"]
    frame = graph.products.set_index("id")
    assert frame.loc["model:a", "own_carbon_gco2e"] == 1.5
    again = Graph.from_tables(graph.products, graph.edges.drop(columns=["type", "weight_source"]), graph.jobs)
    assert again.ids == graph.ids
    assert again.edges[["product", "parent", "w"]].equals(graph.edges[["product", "parent", "w"]])


def test_networkx_and_back_loses_nothing() -> None:
    graph = _full()
    made = graph.to_networkx()
    assert isinstance(made, nx.DiGraph)
    assert sorted(made.successors("model:a")) == ["dataset:web", "model:gone", "platform:p"]
    assert made.nodes["model:a"]["own_carbon_gco2e"] == 1.5
    assert made.edges["model:a", "dataset:web"]["w"] == 0.5
    assert "w" not in made.edges["model:a", "model:gone"]
    assert made.graph["jobs"][1]["platform"] == "platform:p"
    assert Graph.from_networkx(made) == graph


def test_networkx_graphs_travel_as_json() -> None:
    jobs = [{"product": "base", "system": "a100"}]
    graph = drawn("web -[0.5]-> base", own={"base": (1.0, 2.0, 4.0)}, jobs=jobs)
    text = json.dumps(nx.node_link_data(graph.to_networkx(), edges="edges"))
    assert Graph.from_networkx(nx.node_link_graph(json.loads(text), edges="edges")) == graph


@given(graphs(max_products=6))
def test_networkx_and_back_for_any_graph(graph: Graph) -> None:
    again = Graph.from_networkx(graph.to_networkx())
    assert again == graph
    assert again.digest == graph.digest


@given(graphs(max_products=6, cyclic=True))
def test_networkx_and_back_with_cycles(graph: Graph) -> None:
    assert Graph.from_networkx(graph.to_networkx()) == graph


def test_a_plain_networkx_graph_is_read() -> None:
    made: nx.DiGraph[str] = nx.DiGraph()
    made.add_node("model:base", own_carbon="7.4 t")
    made.add_edge("model:tuned", "model:base", w=0.25)
    made.graph["jobs"] = _JOBS
    graph = Graph.from_networkx(made)
    assert graph.floats("products", "own_carbon_gco2e").tolist()[0] == 7.4e6
    assert graph.edges["w"].tolist()[0] == 0.25
    assert graph.texts("jobs", "id") == ["j1"]


def test_parallel_edges_of_a_multigraph_are_joined() -> None:
    made: nx.MultiDiGraph[str] = nx.MultiDiGraph(
        [("model:a", "model:b", {"w": 0.25}), ("model:a", "model:b", {"w": 0.5})]
    )
    graph = Graph.from_networkx(made)
    assert graph.edges["w"].tolist() == [0.75]
    assert [item.code for item in graph.findings] == ["parallel-edge"]


def test_a_changed_graph_is_taken_as_changed() -> None:
    made = drawn("base -> tuned -> chat", own={"base": 1.0}).to_networkx()
    made.remove_node("model:chat")
    made.add_node("model:new", own_carbon_gco2e=2.0)
    made.add_edge("model:new", "model:tuned", w=0.5)
    graph = Graph.from_networkx(made)
    assert graph.ids == ["model:base", "model:new", "model:tuned"]
    assert graph.products["name"].tolist() == ["base", "new", "tuned"]
    assert graph.edges[["product", "type", "weight_source"]].values.tolist()[0] == [
        "model:new",
        "DERIVED_FROM",
        "explicit",
    ]


def _broken(change: str) -> Any:
    made: Any = _full().to_networkx()
    if change == "undirected":
        return nx.Graph([("model:a", "model:b")])
    if change == "number":
        return nx.DiGraph([(1, 2)])
    if change == "no kind":
        return nx.DiGraph([("a", "b")])
    if change == "added":
        made.add_node("chat")
    if change == "loop":
        made.add_edge("model:a", "model:a")
    if change == "job":
        made.remove_node("platform:p")
    if change == "nameless":
        made.graph["systems"].append({"power_w": 1.0})
    if change == "type":
        made.nodes["model:a"]["own_carbon_gco2e"] = "heavy"
    return made


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("undirected", "the graph has no directions; give a DiGraph whose edges point from made to made of"),
        ("number", "node 1 is a int; nodes are ids such as 'model:1'"),
        ("no kind", "node 'a' is not KIND:NAME"),
        ("added", "node 'chat' is not KIND:NAME"),
        ("loop", "model:a is made out of itself; remove the edge"),
        ("job", "jobs: j2 names platform 'platform:p', which is no node; add it or drop the row"),
        ("nameless", "systems, row 2 has no id; every row needs one"),
        ("type", "products, column own_carbon_gco2e"),
    ],
)
def test_a_networkx_graph_that_is_no_lineage_is_an_error(change: str, problem: str) -> None:
    with pytest.raises(GraphError, match=re.escape(problem)):
        Graph.from_networkx(_broken(change))


def test_graphs_are_equal_by_content() -> None:
    one, two = drawn("a -> b", own={"a": 1.0}), drawn("a -> b", own={"a": 1.0})
    assert one == two and one.digest == two.digest
    assert one != drawn("a -> b", own={"a": 2.0}) != drawn("b -> a", own={"a": 2.0})
    assert one != drawn("a -> b", own={"a": 1.0}, products={"a": {"likes": 1}})
    assert one != "a -> b"
    with pytest.raises(TypeError):
        hash(one)


def test_missing_is_neither_zero_nor_empty_text() -> None:
    assert drawn("a", own={"a": None}) != drawn("a", own={"a": 0.0})
    assert drawn("a") != drawn("a", products={"a": {"license": ""}})
    assert drawn("a", products={"a": {"deployed": False}}) != drawn("a")


def test_columns_come_as_arrays() -> None:
    graph = _full()
    assert np.isnan(graph.floats("edges", "w")[1])
    assert graph.flags("jobs", "pue_included").tolist() == [True, False]
    assert graph.integers("jobs", "platform").tolist() == [-1, graph.codes["platform:p"]]
    assert graph.texts("jobs", "system") == [None, "a100"]
