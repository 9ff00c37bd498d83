"""Every exact case, through the Python interface and on every engine."""

from typing import Any

import pytest

from lineage.errors import CycleError
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.cost import cost
from lineage.views.family import family
from vectors import CASES, assert_case, name_of, products_and_edges, run_options


@pytest.mark.parametrize("engine", ["plain", "scipy", "numba"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(case: dict[str, Any], engine: str) -> None:
    products, edges = products_and_edges(case)
    graph = Graph.from_tables(products, edges)
    run = Run(**run_options(case), engine=engine)
    if "error" in case["expect"]:
        with pytest.raises(CycleError) as caught:
            cost(graph, run)
        assert list(caught.value.members) == case["expect"]["members"]
        return
    result = cost(graph, run)
    document = result.as_dict()
    document["findings"] += [item.as_dict() for item in graph.findings]
    assert_case(case, document)
    found = {f"{v} <- {u}": share for (v, u), (share, _) in result.weights.items()}
    origin = {f"{v} <- {u}": source.partition(":")[0] for (v, u), (_, source) in result.weights.items()}
    expected = case["expect"]["weights"]
    assert found == pytest.approx({edge: share["value"] for edge, (share, _) in expected.items()}, rel=1e-12)
    assert origin == {edge: source for edge, (_, source) in expected.items()}


@pytest.mark.parametrize("case", [case for case in CASES if "error" not in case["expect"]], ids=name_of)
def test_family(case: dict[str, Any]) -> None:
    products, edges = products_and_edges(case)
    graph = Graph.from_tables(products, edges)
    result = cost(graph, Run(**run_options(case)))
    for product, views in case["expect"]["products"].items():
        total = family(graph, product, result.run, result=result).total
        for bound in ("lo", "best", "hi"):
            expected = views["family"][bound]
            value = None if expected is None else pytest.approx(expected["value"], rel=1e-12)
            assert getattr(total, bound) == value
