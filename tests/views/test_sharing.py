"""Policies without edge weights: the Shapley value by its definition, and the laws that it is known by."""

import math
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import drawn
from lineage.errors import CycleError, OptionError
from lineage.explanation import explain, paths
from lineage.graph import Graph
from lineage.kernels.jit import installed
from lineage.run import WITHOUT_WEIGHTS, Run
from lineage.testing import graph
from lineage.views import sharing
from lineage.views.bill import bill
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval
from lineage.views.serving import serving
from lineage.views.show import show

ENGINES = [
    "plain",
    "scipy",
    pytest.param("numba", marks=pytest.mark.skipif(not installed(), reason="no numba")),
]
SHAPLEY = Run(policy="shapley")
DIAMOND = ("base -> left", "base -> right", "left, right -> merged")
OWN = {"base": 100.0, "left": 5.0, "right": 5.0, "merged": 1.0}


@st.composite
def small(draw: st.DrawFn) -> Graph:
    """A lineage of at most six products with whole own costs and inferences; some are not used themselves."""
    n = draw(st.integers(1, 6))
    kinds = draw(st.lists(st.sampled_from(["model", "model", "dataset"]), min_size=n, max_size=n))
    names = [f"{kind}:p{number}" for number, kind in enumerate(kinds)]
    products = [
        {"id": name, "own_carbon_gco2e": draw(st.integers(0, 60)), "inferences": draw(st.integers(0, 2))}
        for name in names
    ]
    pairs = [(v, u) for v in range(n) for u in range(v) if draw(st.booleans())]
    return Graph.from_tables(products, [{"product": names[v], "parent": names[u]} for v, u in pairs])


def ancestors(made: Graph, v: int) -> set[int]:
    """Return v and everything it is made out of, by repeated look-up."""
    pairs = list(zip(*(made.integers("edges", name).tolist() for name in ("product", "parent")), strict=True))
    found = {v}
    while True:
        more = {u for child, u in pairs if child in found} - found
        if not more:
            return found
        found |= more


def by_definition(made: Graph, players: list[int]) -> dict[int, Fraction]:
    """Return the Shapley value of "whoever joins pays for what is not paid for yet", over all orders of joining.

    A product may stand for several players (one per inference).
    """
    own = [Fraction(value) for value in made.floats("products", "own_carbon_gco2e").tolist()]
    total: dict[int, Fraction] = dict.fromkeys(players, Fraction(0))
    orders = list(permutations(range(len(players))))
    for order in orders:
        paid: set[int] = set()
        for place in order:
            needed = ancestors(made, players[place]) - paid
            total[players[place]] += sum((own[u] for u in needed), Fraction(0))
            paid |= needed
    return {player: value / len(orders) for player, value in total.items()}


def burdens(result: Cost) -> dict[int, float]:
    assert result.burden is not None
    return {v: value for v, value in enumerate(result.burden.best.tolist()) if value}


@settings(max_examples=60, deadline=None)
@given(made=small())
def test_shapley_is_the_mean_over_all_orders(made: Graph) -> None:
    players = [v for v, name in enumerate(made.ids) if name.startswith("model:")]
    expected = {v: float(value) for v, value in by_definition(made, players).items() if value}
    assert burdens(cost(made, SHAPLEY)) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(made=small())
def test_usage_is_the_shapley_value_of_inferences(made: Graph) -> None:
    use = made.floats("products", "inferences").astype(int).tolist()
    players = [v for v, name in enumerate(made.ids) if name.startswith("model:") for _ in range(use[v])]
    if len(players) > 6:
        players = []
        return
    expected = {v: float(value) for v, value in by_definition(made, players).items() if value}
    assert burdens(cost(made, Run(policy="usage"))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("policy", WITHOUT_WEIGHTS)
@given(made=drawn(cyclic=True), users=st.sampled_from(["all", "deployed"]))
def test_burdens_and_unassigned_add_up_to_what_is_known(policy: str, made: Graph, users: str) -> None:
    result = cost(made, Run(policy=policy, users=users, cycles="solve"))
    assert result.epc is None and result.retained_share is None and result.weights == {}
    assert result.burden is not None and result.unassigned is not None
    kept = result.conservation
    assert kept.applies and (kept.sum_own is None or kept.relative_error == pytest.approx(0, abs=1e-12))
    unused = {v for v, used in enumerate(result.shares.user.tolist()) if not used}
    assert all(result.burden.at(v) == (0.0, 0.0, 0.0) for v in unused)


@given(made=drawn(cyclic=True), policy=st.sampled_from(WITHOUT_WEIGHTS))
def test_unknown_never_becomes_zero(made: Graph, policy: str) -> None:
    result = cost(made, Run(policy=policy, cycles="solve"))
    for v, name in enumerate(made.ids):
        if not name.startswith("model:"):
            continue
        opened, burden = bill(made, name, result=result), result.row(v).burden
        assert burden is not None
        parts = [u for u in ancestors(made, v) if result.sharing and result.sharing.weight(u, v)]
        known = [u for u in parts if not math.isnan(result.own.best[u])]
        assert (burden.best is None) == (bool(parts) and not known)
        assert (burden.hi is None) == any(math.isnan(result.own.hi[u]) for u in parts)
        assert sum(row.contribution for row in opened.rows) == pytest.approx(burden.best or 0.0, rel=1e-9)
        assert {made.codes[item] for item in opened.not_covered} == {*parts} - {*known}


@pytest.mark.parametrize("engine", ENGINES)
@given(made=drawn(cyclic=True), policy=st.sampled_from(WITHOUT_WEIGHTS))
def test_engines_give_the_same_bits(engine: str, made: Graph, policy: str) -> None:
    runs = [Run(policy=policy, cycles="solve", engine=name) for name in ("plain", engine)]
    one, other = (cost(made, run) for run in runs)
    assert one.burden is not None and other.burden is not None
    for a, b in zip(one.burden, other.burden, strict=True):
        assert a.tobytes() == b.tobytes()
    assert one.unassigned == other.unassigned


def test_symmetry_users_with_the_same_ancestors_carry_the_same() -> None:
    made = graph("base -> a", "base -> b", "base -> c", own={"base": 9.0, "a": 1.0, "b": 1.0, "c": 4.0})
    result = cost(made, SHAPLEY)
    assert [result.row(name).burden for name in "abc"] == [(3.25,) * 3, (3.25,) * 3, (6.25,) * 3]


def test_members_of_a_cycle_share_alike_and_an_error_stays_one() -> None:
    made = graph("a -> b -> a", "b -> c", own={"a": 6.0, "b": 3.0})
    with pytest.raises(CycleError):
        cost(made, SHAPLEY)
    result = cost(made, Run(policy="shapley", cycles="solve"))
    assert burdens(result) == {made.codes[f"model:{name}"]: 3.0 for name in "abc"}


def test_explicit_weights_are_ignored_and_said_to_be() -> None:
    result = cost(graph("a -[0.5]-> b", "a -[0.9]-> c", own={"a": 3.0}), SHAPLEY)
    (told,) = [item for item in result.findings if item.code == "explicit-weight-ignored"]
    assert told.subject == "" and "2 that are given" in told.text
    assert burdens(result) == dict.fromkeys(range(3), 1.0)
    assert not cost(graph("a -> b", own={"a": 3.0}), SHAPLEY).findings


def test_what_nobody_uses_is_unassigned() -> None:
    made = graph("dataset:web -> a", "dataset:odd", own={"dataset:web": 4.0, "dataset:odd": 7.0})
    result = cost(made, SHAPLEY)
    assert result.unassigned == Interval(7.0, 7.0, 7.0) and result.conservation.sum_burden == 11.0
    assert result.table.iloc[-1]["id"] == "unassigned" and result.table["burden_gco2e"].sum() == 11.0
    document = result.as_dict()
    assert document["unassigned"] == {"lo": 7.0, "best": 7.0, "hi": 7.0}
    assert document["sharing"] == {
        "method": "closure",
        "standard_error": None,
        "rescaled": None,
        "users": 1,
    }
    whole = cost(graph("a", own={"a": 1.0}), SHAPLEY)
    assert whole.unassigned == Interval(0.0, None, 0.0) and len(whole.table) == 1
    assert cost(graph("a", own={"a": 1.0})).as_dict()["unassigned"] is None


def test_as_of_counts_only_users_that_existed() -> None:
    dated = {"base": {"created_at": "2023-01-01"}, "young": {"created_at": "2024-06-01"}}
    made = graph("base -> young", own={"base": 30.0}, products=dated)
    assert cost(made, SHAPLEY).row("base").burden == (15.0, 15.0, 15.0)
    assert cost(made, Run(policy="shapley", as_of="2024-01-01")).row("base").burden == (30.0, 30.0, 30.0)


def test_unknown_use_falls_back_to_equal_parts() -> None:
    used = {"a": {"inferences": 3}, "b": {"inferences": 1}, "base": {"inferences": 0}}
    made = graph("base -> a, b", "base -> c", own={"base": 8.0, "a": 1.0}, products=used)
    result = cost(made, Run(policy="usage"))
    assert [result.row(name).burden for name in ("base", "a", "b")] == [
        (2.0,) * 3,
        (3.0,) * 3,
        (2.0, 2.0, None),
    ]
    assert {item.subject for item in result.findings} == {"model:base", "model:c"}
    known = cost(graph("base -> a, b", own={"base": 8.0}, products=used), Run(policy="usage"))
    assert (known.row("a").burden, known.row("base").burden) == ((6.0, 6.0, None), (0.0, 0.0, 0.0))


# -- what is shown -----------------------------------------------------------------------------------------


def test_views_open_the_burden_where_there_is_no_epc() -> None:
    made = graph(*DIAMOND, own=OWN)
    result = cost(made, SHAPLEY)
    opened = bill(made, "merged", result=result)
    assert (opened.view, opened.total.best) == ("burden", 31.0)
    assert [(row.name, row.weight, row.contribution) for row in opened.rows][:2] == [
        ("base", 0.25, 25.0),
        ("left", 0.5, 2.5),
    ]
    assert [made.ids[code] for code in result.top(2)] == ["model:merged", "model:left"]
    text = str(explain(made, "merged", SHAPLEY))
    assert "burden of model:merged  31 g" in text and "= 100 g / 4 users at or below it" in text
    assert "nobody" not in text and "unassigned" not in text
    with pytest.raises(OptionError, match="no edge weights"):
        paths(made, "merged", SHAPLEY)
    sheet = show(made, "merged", SHAPLEY)
    assert sheet.serving.epc is None and sheet.cost.epc is None and sheet.cost.carried == (31.0,) * 3
    assert all("no edge weights" in parent.weight_source for parent in sheet.parents)
    assert result.table["epc_gco2e"].isna().all()


def test_an_explanation_says_by_use_and_who_is_not_used() -> None:
    used = {"a": {"inferences": 3}, "base": {"inferences": 1}}
    made = graph("dataset:web -> base -> a", own={"base": 8.0}, products=used)
    assert "8 g x 3 of 4 inferences at or below it" in str(explain(made, "a", Run(policy="usage")))
    assert "it carries nothing" in str(explain(made, "dataset:web", Run(policy="usage")))
    idle = graph("dataset:odd", own={"dataset:odd": 7.0})
    assert "unassigned  7 g" in str(explain(idle, "dataset:odd", SHAPLEY))


def test_many_parts_are_counted_not_cut() -> None:
    many = [f"m{number:02d}" for number in range(40)]
    made = graph(" -> ".join(many), own=dict.fromkeys(many, 40.0))
    root = explain(made, "m39", SHAPLEY, depth=0)
    assert any(child.title == "parts of 15 products that are not opened" for child in root.children)
    assert sum(child.value or 0.0 for child in root.children) == pytest.approx(root.value)


def test_an_inference_carries_by_burden_only() -> None:
    job = {
        "product": "a",
        "phase": "inference",
        "energy_kwh": 1.0,
        "pue": 1.0,
        "inferences": 10,
        "duration_h": 1.0,
    }
    made = graph(
        "base -> a",
        own={"base": 8.0, "a": 2.0},
        products={"a": {"inferences": 100}},
        jobs=[{**job, "grid_intensity_gco2e_per_kwh": 10.0}],
    )
    told = serving(made, "a", SHAPLEY)
    assert told.embodied_by_lifetime is None and told.per_inference["products_embodied"] is None
    assert told.unrecovered_share is None
    assert "policy shapley gives none" in told.needs["products_embodied"][0]


# -- beyond reach: sketches --------------------------------------------------------------------------------


def large(seed: int, n: int = 4000) -> Graph:
    """A lineage with products of several parents, so that there is something to walk."""
    random = np.random.default_rng(seed)
    products = [
        {"id": f"model:p{v:05d}", "own_carbon_gco2e": float(random.integers(1, 99))} for v in range(n)
    ]
    edges: list[dict[str, Any]] = []
    for v in range(1, n):
        for u in {int(random.integers(0, v)) for _ in range(2)}:
            edges.append({"product": f"model:p{v:05d}", "parent": f"model:p{u:05d}"})
    return Graph.from_tables(products, edges)


@pytest.mark.parametrize("engine", ENGINES)
def test_sketches_are_exact_below_k_and_say_their_error(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = large(1, 1500)
    run = Run(policy="shapley", engine=engine)
    exact = cost(made, run)
    monkeypatch.setattr(sharing, "MOST_STEPS", 1000)
    result = cost(made, run)
    assert exact.sharing is not None and result.sharing is not None
    assert (exact.sharing.method, result.sharing.method) == ("closure", "sketch")
    assert result.sharing.standard_error == 254**-0.5
    few = exact.sharing.counted < sharing.SKETCH
    assert few.any() and not few.all()
    assert np.array_equal(result.sharing.counted[few], exact.sharing.counted[few])
    error = result.sharing.counted[~few] / exact.sharing.counted[~few] - 1
    assert math.sqrt(float(np.mean(error**2))) < 3 * 254**-0.5
    assert result.conservation.relative_error is not None and result.conservation.relative_error < 1e-12
    assert result.sharing.rescaled is not None and abs(result.sharing.rescaled - 1) < 0.1
    document = result.as_dict()["sharing"]
    assert document["method"] == "sketch" and document["rescaled"] == result.sharing.rescaled
    assert "standard error" in str(explain(made, made.ids[-1], run, result=result))
    again = cost(made, run)
    assert again.burden is not None and result.burden is not None
    assert again.burden.best.tobytes() == result.burden.best.tobytes()


def test_sketches_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    made = large(2, 1500)
    products = made.products[["id", "own_carbon_gco2e"]].copy()
    products["inferences"] = np.random.default_rng(3).integers(0, 1000, len(products)).astype(float)
    used = Graph.from_tables(products, made.edges[["product", "parent"]])
    run = Run(policy="usage")
    exact = cost(used, run)
    monkeypatch.setattr(sharing, "MOST_STEPS", 1000)
    result = cost(used, run)
    assert exact.burden is not None and result.burden is not None
    assert result.conservation.relative_error is not None and result.conservation.relative_error < 1e-12
    ratio = result.burden.best[exact.burden.best > 0] / exact.burden.best[exact.burden.best > 0] - 1
    assert 0 < math.sqrt(float(np.mean(ratio**2))) < 254**-0.5


@pytest.mark.slow
def test_large_lineages_add_up() -> None:
    for engine in ("scipy", "numba") if installed() else ("scipy",):
        result = cost(large(4, 20_000), Run(policy="shapley", engine=engine))
        assert result.conservation.relative_error is not None and result.conservation.relative_error < 1e-12
