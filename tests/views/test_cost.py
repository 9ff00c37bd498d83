"""Own, cumulative, EPC and burden: the laws they keep, and what is never invented."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import drawn
from lineage.errors import CycleError, DivergentCycle, OptionError
from lineage.graph import Graph
from lineage.run import POLICIES, Run
from lineage.testing import graph
from lineage.views.bill import bill
from lineage.views.cost import cost
from lineage.views.family import family

DIAMOND = ("base -> left", "base -> right", "left, right -> merged")
OWN = {"base": 100.0, "left": 5.0, "right": 5.0, "merged": 1.0}


def run_of(policy: str, **options: Any) -> Run:
    extra: dict[str, dict[str, Any]] = {"property": {"property": "downloads"}, "cff": {"cff_a": 0.5}}
    return Run(policy=policy, **{**extra.get(policy, {}), **options})


def pairs_of(made: Graph) -> set[tuple[str, str]]:
    columns = (made.integers("edges", name).tolist() for name in ("product", "parent"))
    return {(made.ids[v], made.ids[u]) for v, u in zip(*columns, strict=True)}


def test_the_diamond_counts_a_shared_ancestor_once() -> None:
    result = cost(graph(*DIAMOND, own=OWN), Run(policy="full"))
    merged = result.row("merged")
    assert merged.cumulative.best == 111
    assert merged.epc is not None and merged.epc.best == 211
    assert merged.retained_share is None and merged.burden is None
    assert not result.conservation.applies and result.conservation.sum_burden is None


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "full"])
@given(made=drawn(), retain=st.booleans(), users=st.sampled_from(["all", "deployed"]))
def test_every_known_gram_is_carried_once(policy: str, made: Graph, retain: bool, users: str) -> None:
    result = cost(made, run_of(policy, retain=retain, users=users))
    kept = result.conservation
    retained = result.retained_share
    assert kept.applies == bool(result.sharing or (retained is not None and np.all(retained >= 0)))
    if kept.sum_own is None:
        assert kept.sum_burden is None
    else:
        assert kept.relative_error is not None and kept.relative_error < 1e-9


@given(made=drawn(), policy=st.sampled_from(POLICIES))
def test_engines_give_the_same_bits(made: Graph, policy: str) -> None:
    slow, quick = (cost(made, run_of(policy, engine=engine)) for engine in ("plain", "scipy"))
    assert (slow.engine, quick.engine) == ("plain", "scipy")
    for left, right in ((slow.carried, quick.carried), (slow.own, quick.own)):
        for a, b in zip(left, right, strict=True):
            assert a.tobytes() == b.tobytes()


@given(made=drawn(cyclic=True))
def test_cycles_are_refused_solved_or_broken(made: Graph) -> None:
    try:
        plain = cost(made)
    except CycleError as error:
        for cycle in error.cycles:
            pairs = pairs_of(made)
            assert all(pair in pairs for pair in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        broken = cost(made, Run(cycles="break"))
        assert broken.dropped
        assert {item.code for item in broken.findings} >= {"cycle", "dropped-edge"}
        try:
            solved = cost(made, Run(cycles="solve"))
        except DivergentCycle as divergent:  # data sets that keep nothing hand all of it round
            assert {*divergent.members} <= {*error.members}
        else:
            assert solved.conservation.relative_error is None or solved.conservation.relative_error < 1e-9
    else:
        assert not plain.dropped


@given(made=drawn())
def test_unknown_never_becomes_zero(made: Graph) -> None:
    result = cost(made)
    known = ~np.isnan(result.own.best)
    for row in result.rows():
        members = [result.graph.codes[row.id], *_ancestors(made, row.id)]
        if not known[members].any():
            assert row.cumulative.best is None and row.epc is not None and row.epc.best is None
        if not known[members].all():
            assert row.cumulative.hi is None
            assert row.covered < 1
        assert row.covered == pytest.approx(known[members].mean())


def _ancestors(made: Graph, name: str) -> list[int]:
    parents: dict[str, set[str]] = {}
    for product, parent in pairs_of(made):
        parents.setdefault(product, set()).add(parent)
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in parents.get(waiting.pop(), set()) - seen:
            seen.add(parent)
            waiting.append(parent)
    return [made.codes[item] for item in seen - {name}]


@given(made=drawn())
def test_bounds_hold_the_best_value(made: Graph) -> None:
    for row in cost(made).rows():
        for interval in (row.own, row.cumulative, row.epc, row.burden):
            assert interval is not None
            if interval.best is not None and interval.lo is not None:
                assert interval.lo <= interval.best * (1 + 1e-12)
            if interval.best is not None and interval.hi is not None:
                assert interval.best <= interval.hi * (1 + 1e-12)


@given(made=drawn(), factor=st.sampled_from([0.5, 2.0, 4.0]))
def test_linear_in_own_cost(made: Graph, factor: float) -> None:
    products = made.products.copy()
    for bound in ("", "_lo", "_hi"):
        products[f"own_carbon_gco2e{bound}"] *= factor
    columns = [name for name in products.columns if not name.endswith(("_tier", "_source"))]
    scaled = Graph.from_tables(
        products[columns].drop(columns=["kind", "known"]), made.edges[["product", "parent", "w"]]
    )
    before, after = cost(made), cost(scaled)
    np.testing.assert_array_equal(after.carried.best, before.carried.best * factor)


def test_nothing_known_is_null_and_not_zero() -> None:
    result = cost(graph("a -> b"))
    row = result.row("b")
    assert (row.own.best, row.cumulative.best, row.epc and row.epc.best) == (None, None, None)
    assert result.conservation.sum_own is None and result.conservation.sum_burden is None
    assert result.coverage.products == {"unknown": 2} and result.coverage.cost == {}
    assert row.upstream_share is None


def test_as_of_leaves_out_what_did_not_exist() -> None:
    dated = {"base": {"created_at": "2023-01-01"}, "young": {"created_at": "2024-06-01T10:00:00Z"}}
    made = graph("base -> old", "base -> young", own={"base": 30.0}, products=dated)
    now, then = cost(made), cost(made, Run(as_of="2024-05-31"))
    assert now.row("base").retained_share == pytest.approx(1 / 3)
    assert then.row("base").retained_share == 0.5
    assert [row.id for row in then.rows()] == ["model:base", "model:old"]
    assert [(item.code, item.subject) for item in then.findings if item.code == "undated"] == [
        ("undated", "model:old")
    ]
    same_day = cost(made, Run(as_of="2024-06-01"))
    assert same_day.row("base").retained_share == pytest.approx(1 / 3)


def test_an_edge_to_a_parent_that_did_not_exist_is_named() -> None:
    dated = {"base": {"created_at": "2024-01-01"}, "child": {"created_at": "2023-01-01"}}
    result = cost(graph("base -> child", products=dated), Run(as_of="2023-06-01"))
    assert [item.subject for item in result.findings if item.code == "dropped-edge"] == [
        "model:child <- model:base"
    ]


def test_a_cycle_without_a_finite_cost_names_the_guilty_one() -> None:
    made = graph("a -[0.9]-> b -[1.0]-> c -[1.0]-> a", "c -[0.9]-> b", own={"a": 1.0})
    with pytest.raises(DivergentCycle) as caught:
        cost(made, Run(cycles="solve"))
    assert set(caught.value.cycles[0]) <= {"model:a", "model:b", "model:c"}


def test_merge_coefficients_that_are_missing_are_named() -> None:
    result = cost(
        graph("p -[merge]-> soup", "q -[merge, merge_weight=0.5]-> soup", own={"p": 8.0}), Run(policy="merge")
    )
    assert [(item.code, item.subject) for item in result.findings if item.code == "missing-property"] == [
        ("missing-property", "model:soup <- model:p")
    ]


def test_a_property_of_edges_divides_data_sets() -> None:
    made = graph(
        "dataset:web -[tokens_sampled=30]-> a",
        "dataset:web -[tokens_sampled=10]-> b",
        own={"dataset:web": 40.0},
    )
    result = cost(made, Run(policy="property", property="tokens_sampled"))
    assert result.weights["model:a", "dataset:web"] == (0.75, "policy")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "property", "property": "downlods"}, "did you mean 'downloads'"),
        ({"policy": "property", "property": "license"}, "not of numbers"),
        ({"policy": "cff", "cff_a": 0.5, "quality": "qualty"}, "did you mean 'quality'"),
    ],
)
def test_columns_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        cost(graph("a -> b"), Run(**options))


def test_top_orders_by_epc_and_leaves_out_the_unknown() -> None:
    made = graph("base -> a", "base -> b", own={"base": 30.0, "a": 7.0})
    result = cost(made)
    assert [made.ids[code] for code in result.top(10)] == ["model:base", "model:a", "model:b"]
    assert cost(graph("a -> b")).top(3) == []


def test_the_table_names_views_and_units() -> None:
    table = cost(graph(*DIAMOND, own=OWN)).table.set_index("id")
    assert table.loc["model:merged", "cumulative_gco2e"] == 111
    assert math.isnan(cost(graph("a -> b")).table["epc_gco2e"][0])
    assert table.attrs["run"]["policy"] == "equal"


def test_what_is_handed_out_twice_is_null_where_it_is_not_known() -> None:
    drawn_twice = ("a -[0.8]-> b", "a -[0.7]-> c")
    known = cost(graph(*drawn_twice, own={"a": 10.0})).conservation
    assert not known.applies and known.over_allocated == pytest.approx(5.0)
    unknown = cost(graph(*drawn_twice, own={"b": 1.0})).conservation
    assert not unknown.applies and unknown.over_allocated is None
    assert cost(graph("a -> b", own={"a": 1.0}), Run(policy="full")).conservation.over_allocated is None
    assert cost(graph("a -> b", own={"a": 1.0})).conservation.over_allocated == 0.0


def test_a_product_that_came_later_has_no_figures() -> None:
    made = graph("a -> b", own={"a": 1.0, "b": 2.0}, products={"b": {"created_at": "2021-01-01"}})
    result = cost(made, Run(as_of="2020-12-31"))
    for ask in (result.row, lambda name: bill(made, name, result=result)):
        with pytest.raises(OptionError, match="model:b did not exist as of 2020-12-31"):
            ask("b")
    with pytest.raises(OptionError, match="did not exist"):
        family(made, "b", result=result)


def test_coverage_counts_best_values() -> None:
    made = graph("a -> b", "c", own={"a": (5.0, None, 10.0), "b": 3.0})
    coverage = cost(made).coverage
    assert (coverage.known, coverage.total) == (1, 3)
    jobs = [{"product": "m", "energy_kwh": 60.0, "pue": 1.0}, {"product": "m", "pue": 1.0}]
    result = cost(graph("m", jobs=jobs), Run(impact="energy"))
    assert result.row("m").own == (60.0, 60.0, None) and result.coverage.known == 1


def test_no_bound_is_a_negative_zero() -> None:
    row = cost(graph("a -[0.8]-> b", "a -[0.7]-> c")).row("a")
    assert row.burden is not None and row.burden.hi is not None
    assert math.copysign(1.0, row.burden.hi) == 1.0


def test_an_inherited_part_known_by_bounds_is_no_zero() -> None:
    made = graph("a -[0.5]-> m", "alone", own={"a": (0.0, None, 10.0), "m": 3.0}, jobs=[JOB_WITHOUT_SYSTEM])
    result = cost(made)
    assert result.row("m").upstream_share is None
    assert result.row("alone").own.hi is None and result.row("alone").upstream_share == 0.0
    known = cost(graph("a -[0]-> m", own={"m": 3.0}))
    assert known.row("m").upstream_share == 0.0


JOB_WITHOUT_SYSTEM = {
    "product": "alone",
    "energy_kwh": 1.0,
    "pue": 1.0,
    "grid_intensity_gco2e_per_kwh": 100.0,
}
