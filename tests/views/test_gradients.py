"""What moves a figure most: derivatives against differences, and what is said where there is nothing to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import drawn
from lineage.errors import OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.views.cost import cost
from lineage.views.gradients import Driver, drivers
from strategies import graphs

OWN = {"base": 100.0, "left": 5.0, "right": 5.0, "merged": 1.0}


def changed(made: Graph, row: Driver, step: float) -> Graph:
    """Return the graph with one input moved."""
    products = made.products[["id", "own_carbon_gco2e"]].copy()
    edges = made.edges[["product", "parent", "w"]].copy()
    if row.kind == "cost":
        products.loc[products["id"] == row.product, "own_carbon_gco2e"] += step
    else:
        edges.loc[(edges["product"] == row.product) & (edges["parent"] == row.parent), "w"] += step
    return Graph.from_tables(products, edges)


@given(made=graphs(explicit="all", dyadic=True, max_products=7), data=st.data())
def test_a_difference_is_the_derivative_on_dyadic_numbers(made: Graph, data: st.DataObject) -> None:
    """EPC is linear in each input alone; moving up only keeps weights from going below 0."""
    plain = Graph.from_tables(
        made.products[["id", "own_carbon_gco2e"]], made.edges[["product", "parent", "w"]]
    )
    name = data.draw(st.sampled_from(plain.ids))
    before = cost(plain).row(name).epc
    for row in drivers(plain, name).rows:
        if row.value is None or row.derivative is None or (row.kind == "weight" and row.value > 0.75):
            continue
        after = cost(changed(plain, row, 0.25)).row(name).epc
        assert before is not None and after is not None
        assert ((after.best or 0.0) - (before.best or 0.0)) / 0.25 == row.derivative


@given(made=drawn(cyclic=True))
def test_elasticities_of_costs_add_up_to_one(made: Graph) -> None:
    """EPC is linear in all costs together: 1 % more of everything is 1 % more."""
    result = cost(made, Run(cycles="solve", users="all"))
    for name in made.ids:
        told = drivers(made, name, result=result)
        found = [row.elasticity for row in told.rows if row.kind == "cost" and row.elasticity is not None]
        if told.total.best:
            assert sum(found) == pytest.approx(1.0, rel=1e-9)
        else:
            assert found == []
        strengths = [abs(row.elasticity) for row in told.rows if row.elasticity is not None]
        assert strengths == sorted(strengths, reverse=True)
        assert all(row.elasticity is not None for row in told.rows[: len(strengths)])


def test_the_strongest_come_first_and_the_rest_is_counted() -> None:
    made = graph("base -[0.5]-> left, right", "left, right -[0.5]-> merged", own=OWN)
    told = drivers(made, "merged", top=1)
    (first,) = told.rows
    assert (first.kind, first.product, first.derivative, first.source) == (
        "cost",
        "model:base",
        0.5,
        "reported",
    )
    assert told.count == 8 and told.view == "EPC" and told.as_dict()["count"] == 8
    weights = {(row.product, row.parent): row for row in drivers(made, "merged").rows if row.kind == "weight"}
    assert weights["model:left", "model:base"].derivative == 50.0
    assert weights["model:left", "model:base"].source == "explicit"


def test_unknown_costs_have_a_derivative_and_no_elasticity() -> None:
    told = drivers(graph("dataset:web -[0.5]-> base", own={"base": 2.0}), "base")
    unknown = told.rows[-1]
    assert (unknown.kind, unknown.value, unknown.elasticity) == ("weight", 0.5, None)
    web = next(row for row in told.rows if row.product == "dataset:web")
    assert (web.value, web.derivative, web.elasticity) == (None, 0.5, None)


def test_policies_without_weights_have_costs_only() -> None:
    told = drivers(graph("base -> tuned", own={"base": 100.0}), "tuned", Run(policy="shapley"))
    assert told.view == "burden" and [row.derivative for row in told.rows] == [0.5, 1.0]
    assert {row.kind for row in told.rows} == {"cost"}


def test_wrong_asks() -> None:
    made = graph("base -> tuned", own={"base": 1.0})
    with pytest.raises(UnknownProduct):
        drivers(made, "tunned")
    with pytest.raises(OptionError, match="1 or more"):
        drivers(made, "tuned", top=0)
