"""Recommendations: the rank follows the arithmetic that is shown; the unknown ranks apart."""

import math

import pytest

import lineage as ln
from lineage.errors import OptionError, UnknownProduct
from lineage.strategies import Plan, compare_plan, recommend
from lineage.strategies.measuring import SPREADS
from lineage.testing import graph
from lineage.uncertainty import Uncertainty
from plans_written import made

JOB = {"phase": "inference", "energy_kwh": 1.0, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 300.0}
MODELS = graph(
    "big -[fine-tune]-> x, y",
    "big -[quantization]-> q",
    own={"big": (800, 900, 1000), "small": 100, "x": 30, "y": 50, "q": 1, "sizeless": 10, "known": None},
    products={"big": {"parameters": 2e9}, "small": {"parameters": 1e9}, "known": {"parameters": 1e9}},
    jobs=[
        {"id": "serve", "product": "big", "inferences": 1000.0} | JOB,
        {"id": "once", "product": "small"} | JOB,
    ],
)


def plan(**changes: object) -> Plan:
    return made(**{"base": {"epc": "0 g", "parameters": 1e9}} | changes)


def test_bases_are_put_into_the_plan() -> None:
    told = recommend(MODELS, plan())
    rows = {row.id: row for row in told.rows}
    small, big = rows["model:small"], rows["model:big"]
    # as in the plan: 100 + 4 x 5 + 4 x 100 x 0.2; a job that does not count its inferences says nothing of one
    assert small.total.best == 200.0 and small.size == 1.0 and small.origins["inference"] == "plan x 1 (size)"
    # observed: the median of 30 and 50 (a quantization is no tuning), 300 g for 1,000 inferences
    epc = ln.cost(MODELS).row("big").epc
    assert epc is not None and epc.best is not None
    assert big.total.best is not None
    assert big.total.best == pytest.approx(epc.best + 4 * 40 + 400 * 0.3)
    assert (
        big.origins["adaptation"] == "observed, 2 tuned from it"
        and big.origins["inference"] == "observed, 1 jobs"
    )
    assert big.total.lo == pytest.approx(big.total.best - 100) and big.saved == 240.0 - big.total.best
    assert [row.rank for row in told.rows[:2]] == [1, 2] and told.best is not None
    assert told.best.id == "model:small" and told.best.arithmetic == "100 + 20 + 80 + 0 = 200 gCO2e"
    assert told.unknown == 1  # "known" has no known cost
    assert told.scratch.best == compare_plan(plan()).scratch.total.best


def test_what_is_unknown_has_no_rank() -> None:
    told = recommend(MODELS, plan(), candidates=["model:s*"])
    last = told.rows[-1]
    assert (last.id, last.rank, last.missing) == ("model:sizeless", None, ("adaptation", "inference"))
    assert last.total.best is None and last.total.hi is None and "?" in last.arithmetic
    unsized = made(base={"epc": 0})
    assert (
        recommend(MODELS, unsized, candidates=["sizeless"]).rows[0].origins["inference"] == "as in the plan"
    )
    nothing = recommend(MODELS, plan(), candidates=["known"])
    assert nothing.rows == () and nothing.best is None and nothing.unknown == 1


def test_sunk_bases_rank_by_what_changes() -> None:
    told = recommend(MODELS, plan(mode="consequential"), candidates=["big", "small", "known"])
    assert told.mode == "consequential" and told.unknown == 0
    assert {row.phases["base"] for row in told.rows} == {(0.0, 0.0, 0.0)}
    assert [row.id for row in told.rows] == ["model:known", "model:small", "model:big"]
    assert told.rows[0].origins["base"] == "sunk"
    assert told.table["rank"].tolist() == [1, 2, 3]


def test_measurements_are_ranked_by_what_they_narrow() -> None:
    lineage_graph = graph(
        "dataset:web, base -> tuned",
        own={"base": (50, 100, 300), "tuned": 10},
        products={"dataset:web": {}},
    )
    told = recommend(lineage_graph, "tuned")
    unknown, first, second = told.rows
    assert (unknown.why, unknown.tier, unknown.weight) == (
        "unknown",
        "unknown",
        1.0,
    )  # data are no users: all of it
    assert first.name == "model:base" and first.why == "range" and first.weight == 0.5
    assert second.why == "assumed" and second.tier == "reported"
    gsd = SPREADS["reported"] ** 1.6448536269514722
    assert second.swing == pytest.approx(10 * (gsd - 1 / gsd), rel=1e-9)
    assert told.width == pytest.approx(math.hypot(first.swing or 0, second.swing or 0), rel=1e-12)
    sure = 1.05**1.6448536269514722
    assert second.after == pytest.approx(10 * (sure - 1 / sure), rel=1e-9)
    assert first.left == pytest.approx(math.hypot(first.after or 0, second.swing or 0), rel=1e-12)
    assert second.left == pytest.approx(math.hypot(first.after or 0, second.after or 0), rel=1e-12)
    assert told.unknown == 1 and [row.rank for row in told.rows] == [1, 2, 3]
    assert told.table["why"].tolist() == ["unknown", "range", "assumed"]


def test_given_uncertainty_wins_over_assumed_spreads() -> None:
    made = graph("base -> tuned", own={"base": 100, "tuned": 10})
    given = Uncertainty(own={"model:base": "uniform(99%, 101%)", "model:tuned": "fixed(10 g)"})
    (row,) = recommend(made, "tuned", uncertainty=given).rows
    assert row.name == "model:base" and row.why == "range" and row.swing == pytest.approx(0.9)
    measured = graph("base", own={"base": 5}, products={"base": {"tier": "measured"}})
    (same,) = recommend(measured, "base").rows
    assert same.after == pytest.approx(same.swing or 0, rel=1e-9)  # it is measured already: nothing to gain


def test_nothing_known_and_nothing_uncertain() -> None:
    told = recommend(graph("base"), "base")
    assert told.best is None and told.width == 0.0 and [row.why for row in told.rows] == ["unknown"]
    assert recommend(graph("base", own={"base": 0.0}), "base").rows == ()


def test_mistakes_are_told() -> None:
    with pytest.raises(OptionError, match="a plan has its own ranges; leave out the uncertainty"):
        recommend(MODELS, plan(), uncertainty=Uncertainty())  # type: ignore[call-overload]
    with pytest.raises(OptionError, match="candidates are bases for a plan; leave them out for a product"):
        recommend(MODELS, "big", candidates=["x"])  # type: ignore[call-overload]
    with pytest.raises(
        OptionError, match=r"no model fits 'model:z\*'; .*write for example 'model:acme/\*'|no model fits"
    ):
        recommend(MODELS, plan(), candidates=["model:z*"])
    with pytest.raises(UnknownProduct, match="did you mean"):
        recommend(MODELS, plan(), candidates=["bigg"])
