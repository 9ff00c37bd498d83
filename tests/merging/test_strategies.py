"""The random lineages keep the laws that other tests rely on."""

from collections import defaultdict

import networkx as nx
from hypothesis import given

from lineage.graph import Graph
from strategies import Lineage, graphs, lineages


def _shares(rows: Lineage) -> dict[str, float]:
    shares: dict[str, float] = defaultdict(float)
    for edge in rows[1]:
        shares[edge["parent"]] += edge["w"] or 0.0
    return shares


@given(lineages(explicit="all"))
def test_explicit_weights_never_hand_out_more_than_the_whole(rows: Lineage) -> None:
    assert all(edge["w"] is not None for edge in rows[1])
    assert all(share <= 1 + 1e-12 for share in _shares(rows).values())


@given(lineages(cyclic=True, explicit="some"))
def test_cyclic_lineages_can_be_solved(rows: Lineage) -> None:
    assert all(row["id"].startswith("model:") for row in rows[0])
    assert all(share <= 0.75 for share in _shares(rows).values())


@given(lineages(explicit="none"))
def test_without_explicit_weights_there_are_none(rows: Lineage) -> None:
    assert all(edge["w"] is None for edge in rows[1])


@given(lineages(dyadic=True, explicit="all"))
def test_dyadic_lineages_hold_whole_numbers_and_quarters(rows: Lineage) -> None:
    costs = [row["own_carbon_gco2e"] for row in rows[0] if row["own_carbon_gco2e"] is not None]
    assert all(cost == int(cost) and 0 <= cost < 256 for cost in costs)
    assert all(edge["w"] * 4 == int(edge["w"] * 4) for edge in rows[1])


@given(graphs())
def test_lineages_resolve_without_a_finding_and_without_a_cycle(graph: Graph) -> None:
    assert graph.findings == ()
    assert nx.is_directed_acyclic_graph(graph.to_networkx())
