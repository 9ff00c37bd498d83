"""What a plan may leave open: nothing missing, half written or unknown passes for 0 or for a rank."""

from pathlib import Path
from typing import Any

import pytest

from lineage.errors import ImportFault
from lineage.strategies import Plan, compare_plan, recommend
from lineage.strategies.cases import Flip
from lineage.strategies.figures import factor_of
from lineage.strategies.quality import quality_table
from lineage.strategies.scores import Score
from lineage.testing import graph
from plans_written import made

PARTLY = graph(
    "dataset:huge -> A", own={"dataset:huge": None, "A": 10, "B": 50}, products={"dataset:huge": {}}
)


def two_tasks(**changes: Any) -> Plan:
    plain: dict[str, Any] = {"tasks": 2, "inferences": 0, "reuse": {"adaptation": "1 g", "inference": 0}}
    return made(**plain | {"scratch": {"training": "20 g", "inference": 0}} | changes)


def flips(plan: Plan) -> dict[str, Flip]:
    return {row.parameter: row for row in compare_plan(plan, samples=None).flips}


def test_lower_bounds_have_no_rank() -> None:
    told = recommend(PARTLY, two_tasks())
    assert [(row.id, row.rank, row.missing) for row in told.rows] == [
        ("model:B", 1, ()),
        ("model:A", None, ("base",)),
    ]
    assert told.best is not None and told.best.id == "model:B" and told.best.saved == -12.0
    bound = told.rows[1]
    assert bound.total == (12.0, 12.0, None) and bound.saved is None
    assert bound.arithmetic == "≥ 10 + 2 + 0 + 0 = ≥ 12 gCO2e"


def test_where_nothing_is_whole_lower_bounds_stand_in_order_of_them() -> None:
    own = {"dataset:huge": None, "dear": 90, "cheap": 10, "middle": 50}
    store = graph("dataset:huge -> cheap, middle, dear", own=own, products={"dataset:huge": {}})
    told = recommend(store, two_tasks())
    assert [row.id for row in told.rows] == ["model:cheap", "model:middle", "model:dear"]
    assert {row.rank for row in told.rows} == {None} and told.best is None


def test_nothing_is_saved_over_a_lower_bound_from_scratch() -> None:
    told = recommend(PARTLY, two_tasks(scratch={"training": "20 g", "data": "unknown", "inference": 0}))
    assert told.scratch.hi is None and told.rows[0].rank == 1 and told.rows[0].saved is None


def test_a_base_yet_to_be_made_is_sunk_in_neither_mode() -> None:
    planned = two_tasks(mode="consequential", base={"epc": "100 g", "exists": False})
    told = recommend(PARTLY, planned, candidates=["B"])
    assert told.rows[0].phases["base"].best == 50.0 and told.rows[0].origins["base"] == "EPC, whole"
    sunk = recommend(PARTLY, two_tasks(mode="consequential"), candidates=["B"])
    assert sunk.rows[0].phases["base"].best == 0.0 and sunk.rows[0].origins["base"] == "sunk"


def test_a_cost_of_inference_needs_their_number() -> None:
    with pytest.raises(
        ImportFault, match=r"plan, inferences: reuse.inference is a cost of each.*write inferences = "
    ):
        made(inferences=None)
    for cost in ("1 g", "unknown", {"product": "model:a"}):
        with pytest.raises(ImportFault, match=r"scratch\.inference is a cost of each"):
            made(inferences=None, reuse={"inference": 0}, scratch={"inference": cost})
    assert made(inferences=0).count == 0.0
    assert made(inferences=None, inferences_per_day=2, horizon="3 days").count == 6.0
    assert made(inferences=None, reuse={"inference": "0 g"}, scratch={"inference": 0}).count == 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uniform(6, 9 t)", "write the unit with each number"),
        ("uniform(6, 9)", "has numbers without a unit; write the unit with each number"),
    ],
)
def test_ranges_in_a_plan_need_their_units(text: str, said: str) -> None:
    with pytest.raises(ImportFault, match=rf"\[base\] epc: .*{said}"):
        made(base={"epc": text})
    assert made(base={"epc": "uniform(0, 9 t)"}).figures["base.epc"].hi == 9e6


@pytest.mark.parametrize(
    ("horizon", "every", "times"),
    [
        ("0.9 weeks", "0.3 weeks", 2),
        ("0.91 weeks", "0.3 weeks", 3),
        ("2 years", "6 months", 3),
        ("2 years", "3 years", 0),
        ("1 day", "1 day", 0),
    ],
)
def test_the_number_of_retrainings_is_that_of_the_decimals(horizon: str, every: str, times: int) -> None:
    plan = made(horizon=horizon, reuse={"retraining": "1 g", "retraining_every": every})
    assert plan.retrainings("reuse") == times


def test_the_flip_of_retraining_is_that_of_one() -> None:
    def plan(every: str, cost: Any = "20 g") -> Plan:
        again = {"adaptation": 0, "inference": 0, "retraining": cost, "retraining_every": every}
        scratch = {"training": "190 g", "inference": 0}
        base = {"epc": "50 g"}
        return made(tasks=1, inferences=0, horizon="2 years", base=base, reuse=again, scratch=scratch)

    row = flips(plan("6 months"))["reuse.retraining"]
    assert row.now == 20.0 and row.value == pytest.approx(140 / 3, rel=1e-15) and row.above == "scratch"
    at_flip = compare_plan(plan("6 months", f"{row.value!r} g"), samples=None)
    assert at_flip.saved.best == pytest.approx(0.0, abs=1e-12)
    never = flips(plan("3 years"))["reuse.retraining"]
    assert (never.now, never.value, never.above) == (20.0, None, None)
    assert never.why == "no re-training falls into the horizon: it moves neither strategy"
    assert flips(plan("3 years", "unknown"))["reuse.retraining"].now is None
    assert flips(plan("6 months", "unknown"))["reuse.retraining"].value == pytest.approx(140 / 3, rel=1e-15)


def test_factors_by_their_ends_and_unknown_ones() -> None:
    ends = factor_of({"lo": "41 g/kWh", "hi": "98 g/kWh"}, ("plan", "FR"))
    assert (ends.unit, ends.lo, ends.best, ends.hi) == ("gCO2e/kWh", 41.0, 69.5, 98.0)
    for value in ("5 kWh", "5 kg", 0):
        plan = made(factors={"DE": "unknown"}, base={"epc": {"value": value, "times": "DE"}})
        assert compare_plan(plan).reuse.phases["base"] == (0.0, None, None)
    with pytest.raises(ImportFault, match="'l' is not a mass of CO2e"):
        made(factors={"DE": "unknown"}, base={"epc": {"value": "5 l", "times": "DE"}})
    with pytest.raises(ImportFault, match="'kWh' is not a mass of CO2e"):
        made(factors={"DE": 2}, base={"epc": {"value": "5 kWh", "times": "DE"}})


def test_a_tie_at_0_is_said() -> None:
    zero = {"adaptation": "5 g", "inference": 0}
    told = flips(made(inferences=0, base={"epc": 0}, reuse=zero, scratch={"training": "5 g", "inference": 0}))
    assert told["base.epc"].why == "from scratch is cheaper at every value above 0; at 0 both cost the same"
    dear = flips(
        made(inferences=0, base={"epc": "1 g"}, reuse=zero, scratch={"training": "5 g", "inference": 0})
    )
    assert dear["base.epc"].why == "from scratch is cheaper at every value above 0; at 0 both cost the same"
    lost = flips(made(inferences=0, reuse=zero, scratch={"training": "4 g", "inference": 0}))
    assert lost["base.epc"].why == "from scratch is cheaper at every value"


def test_others_that_share_a_base_may_be_written_with_commas() -> None:
    base = {"epc": "100 g", "share": "equal", "other_children": "1,000"}
    row = flips(made(base=base))["base.other_children"]
    assert row.now == 1000.0 and row.why == "reuse is cheaper at every value"


def test_one_revision_of_a_model_counts() -> None:
    def score(metric: str, revision: str, value: float) -> Score:
        facts: dict[str, Any] = {"product": "model:m", "dataset": "d", "place": "x", "duration_h": 1.0}
        return Score(**facts, revision=revision, metric=metric, value=value, carbon_gco2e=1.0)

    mixed = [score("A", "r1", 0.1), score("A", "r2", 0.9), score("B", "r1", 0.2)]
    table = quality_table(mixed, ["A", "B"])
    (row,) = table.groups[0].rows
    assert (row.revision, row.values, row.pareto) == ("r1", (0.1, 0.2), True)  # r2 has no B
    assert {record["revision"] for record in table.records()} == {"r1"}
    (alone,) = quality_table(mixed, ["A"]).groups[0].rows
    assert (alone.revision, alone.values) == ("r2", (0.9,))
    (apart,) = quality_table([mixed[2], mixed[1]], ["A", "B"]).groups[0].rows
    assert (apart.revision, apart.values, apart.pareto) == ("r2", (0.9, None), None)


def test_plans_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    text = "[base]\nepc = 0\n[reuse]\nadaptation = 0\ninference = 0\n[scratch]\ntraining = 0\ninference = 0\n"
    path.write_text("\ufeffname = 'x'\n" + text, encoding="utf-8")
    assert Plan.from_file(path).name == "x"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ["x"]}, r"plan, name: this is a text in quotes, not \['x'\]"),
        (
            {"base": {"share": "equal", "other_children": 2.5}},
            r"\[base\] other_children: 2.5 is no whole number; count children, such as 3",
        ),
    ],
)
def test_names_and_counts(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ImportFault, match=said):
        made(**changes)
