"""Policies beside each other: each row is that policy's own cost, and unfair divisions are found with their group."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import POLICIES, Run
from lineage.strategies import policies
from lineage.strategies.allotments import QUESTIONS
from lineage.strategies.fairness import fairness, worst_group
from lineage.testing import graph
from lineage.views.cost import cost
from strategies import graphs

DIAMOND = graph(
    "base -> left, right", "left, right -> merged", own={"base": 100, "left": 5, "right": 5, "merged": 1}
)


def test_every_policy_is_its_own_cost() -> None:
    told = policies(DIAMOND, ["merged", "base", "merged"])
    assert [row.id for row in told.rows] == ["model:merged", "model:base"]
    for name in POLICIES:
        result = cost(DIAMOND, told.runs[name])
        for row in told.rows:
            (item,) = [item for item in row.allotments if item.policy == name]
            assert (item.burden, item.epc) == (result.row(row.id).burden, result.row(row.id).epc)
    assert set(QUESTIONS) == set(POLICIES) == set(told.checks)
    first = told.rows[0]
    assert first.least == (1.0, "cutoff") and first.most is not None and first.most[0] > 30
    assert first.ratio == pytest.approx(first.most[0])
    assert len(told.table) == 2 * len(POLICIES) and told.table["burden_gco2e"].isna().sum() == 2
    assert told.assumed[0].startswith("property divides by own cost")
    chosen = policies(DIAMOND, ["base"], Run(property="downloads", cff_a=0.2))
    assert chosen.assumed == () and chosen.runs["cff"].cff_a == 0.2


def test_fairness_of_the_policies() -> None:
    checks = policies(DIAMOND, ["merged"]).checks
    assert checks["shapley"].in_core and checks["shapley"].efficient and checks["shapley"].conserves
    assert checks["full"].efficient is None and checks["full"].in_core is None
    assert all(check.checked == "groups" for name, check in checks.items() if name != "full")


def test_a_group_that_overpays_is_named() -> None:
    made = graph(
        "base -[0.9]-> a", "base -> b", "other -[0.9]-> b", own={"base": 100, "other": 50, "a": 1, "b": 1}
    )
    assert fairness(cost(made)).in_core is True  # paying for what one uses never exceeds doing it alone
    over = graph("base -[0.9]-> a", "base -[0.9]-> b", own={"base": 100, "a": 1, "b": 1})
    told = fairness(cost(over))
    # a and b are handed 90 each of a base of 100: 182 against 102
    assert (
        told.in_core is False and told.worst == ("model:a", "model:b") and told.excess == pytest.approx(80.0)
    )
    assert told.conserves is None


def test_nothing_known_is_nothing_to_check() -> None:
    told = policies(graph("base -> a"), ["a"])
    assert (
        told.checks["equal"].efficient is None and told.rows[0].least is None and told.rows[0].ratio is None
    )
    assert told.rows[0].as_dict()["spread"] == {"least": None, "most": None, "ratio": None}


def stand_alone(made: Graph, group: tuple[int, ...]) -> float:
    result = cost(made)
    first, parents = result.parents_of
    needed, frontier = set(group), list(group)
    while frontier:
        v = frontier.pop()
        for edge in range(first[v], first[v + 1]):
            if parents[edge] not in needed:
                needed.add(parents[edge])
                frontier.append(parents[edge])
    return float(sum(np.nan_to_num(result.own.best)[code] for code in needed))


@settings(max_examples=20)
@given(graphs(max_products=6), st.data())
def test_the_worst_group_is_the_worst_of_all(made: Graph, data: st.DataObject) -> None:
    burdens = [data.draw(st.integers(0, 300)) * 1.0 for _ in made.ids]
    found, group = worst_group(cost(made), burdens)
    codes = range(len(made))
    excesses = [
        sum(burdens[code] for code in chosen) - stand_alone(made, chosen)
        for size in range(1, len(made) + 1)
        for chosen in combinations(codes, size)
    ]
    assert found == pytest.approx(max([0.0, *excesses]), abs=1e-6)
    if group:
        assert sum(burdens[code] for code in group) - stand_alone(made, tuple(group)) == pytest.approx(found)


@settings(max_examples=20)
@given(graphs(max_products=8))
def test_shapley_is_always_fair(made: Graph) -> None:
    told = fairness(cost(made, Run(policy="shapley")))
    assert told.in_core in (True, None) and told.efficient in (True, None)


@settings(max_examples=20)
@given(graphs(max_products=8), st.sampled_from(["equal", "half", "merge", "cutoff"]))
def test_what_conserves_is_in_the_core(made: Graph, policy: str) -> None:
    """The argument from the weights, which large lineages rest on, holds wherever the cut can be computed."""
    result = cost(made, Run(policy=policy))
    told = fairness(result)
    if result.conservation.applies and told.in_core is not None:
        assert told.checked == "groups" and told.in_core


def test_large_lineages_are_checked_by_weights_or_product_by_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.strategies.fairness.MOST_PLAYERS", 2)
    told = fairness(cost(DIAMOND))
    assert told.checked == "weights" and told.in_core is True
    over = graph("base -[0.9]-> a", "a -[0.9]-> b", "base -[0.9]-> b", own={"base": 100, "a": 1, "b": 1})
    told = fairness(cost(over))
    assert told.in_core is False and told.worst == ("model:b",)


def test_mistakes_are_told() -> None:
    with pytest.raises(OptionError, match="no product is named; name those to look at"):
        policies(DIAMOND, [])
    with pytest.raises(UnknownProduct, match="did you mean"):
        policies(DIAMOND, ["bose"])
