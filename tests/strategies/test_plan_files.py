"""Plan files: everything that can be wrong in one is told with its place, the problem and the way out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lineage.demo import demo_graph
from lineage.errors import ImportFault, OptionError
from lineage.run import Run
from lineage.strategies import Plan, compare, compare_plan
from lineage.strategies.figures import figure_of, of_interval
from lineage.views.interval import Interval
from plans_written import made

GOOD = """
tasks = 4
inferences = 100
horizon = "2 years"
[base]
epc = "100 g"
[reuse]
adaptation = "5 g"
inference = "0.2 g"
[scratch]
training = "50 g"
inference = "0.1 g"
"""

# what is replaced in the good plan, by what, and what the message must say
WRONG = {
    "unknown key": ("tasks = 4", "task = 4", "task: there is no 'task'; did you mean 'tasks'"),
    "no TOML": ("tasks = 4", "tasks = = 4", "this is no TOML"),
    "unknown name in a section": ("training =", "trainin =", "[scratch] trainin: there is no 'trainin'; did you mean"),
    "missing cost": ('adaptation = "5 g"', "", '[reuse] adaptation: this cost is missing; write it with its'),
    "wrong unit": ('"50 g"', '"50 kWh"', "[scratch] training: '50 kWh': 'kWh' is not a mass of CO2e"),
    "no unit": ('"50 g"', "50", "[scratch] training: '50' has no unit; write for example '7.4 t'"),
    "negative cost": ('"50 g"', '"-50 g"', "[scratch] training: '-50 g' is negative; a cost is 0 or more"),
    "negative horizon": ('"2 years"', '"-2 years"', "horizon: '-2 years' must be above 0"),
    "horizon of another kind": ('"2 years"', '"2 kg"', "horizon: '2 kg': 'kg' is not a time; write for example"),
    "no tasks": ("tasks = 4", "tasks = 0", "tasks: 0 must be above 0"),
    "half a task": ("tasks = 4", "tasks = 4.5", "tasks: 4.5 is no whole number; count tasks, such as 20"),
    "negative inferences": ("inferences = 100", "inferences = -1", "inferences: -1 must be 0 or more"),
    "inferences twice": ("inferences = 100", "inferences = 1\ninferences_per_day = 2", "keep one of the two"),
    "wrong impact": ("tasks = 4", 'impact = "carbn"', "impact: there is no 'carbn'; did you mean 'carbon'"),
    "wrong mode": ("tasks = 4", 'mode = "both"', "mode: there is no 'both'; there are attributional, consequential"),
    "a value for a section": ("[base]\nepc", "base = 1\nepc", "there is no 'epc'"),
    "wrong share": ('epc = "100 g"', 'epc = "100 g"\nshare = "half"', "[base] share: there is no 'half'; there are"),
    "others without sharing": ('epc = "100 g"', 'epc = 0\nother_children = 2', 'only with share = "equal"'),
    "no flag": ('epc = "100 g"', 'epc = 0\nexists = "no"', "[base] exists: this is true or false, not 'no'"),
    "parameters": ('epc = "100 g"', "epc = 0\nparameters = -1", "[base] parameters: -1 must be above 0"),
    "interval alone": ('inference = "0.1 g"', 'inference = 0\nretraining_every = "1 day"', "cost of one is missing"),
    "unknown distribution": ('"50 g"', '"gauss(1 g, 2 g)"', "[scratch] training: there is no distribution 'gauss'"),
    "unknown factor": ('"50 g"', '{ value = "1 kWh", times = ["FR"] }', "[factors] has no 'FR'; add a line FR = ..."),
    "times": ('"50 g"', '{ value = "1 kWh", times = 3 }', "times is a list of names"),
    "unknown key of a figure": ('"50 g"', '{ vaule = "1 g" }', "there is no 'vaule'; did you mean 'value'"),
    "tier": ('"50 g"', '{ value = "1 g", tier = "guess" }', "there is no tier 'guess'; there are measured"),
    "source": ('"50 g"', '{ value = "1 g", source = 3 }', "source is a text in quotes, not 3"),
    "one end": ('"50 g"', '{ value = "1 g", lo = "0 g" }', "a range has two ends: give lo and hi, or neither"),
    "order": ('"50 g"', '{ value = "9 g", lo = "0 g", hi = "1 g" }', "lo <= value <= hi must hold"),
    "no value": ('"50 g"', '{ tier = "measured" }', "a value is missing; write value = ..., a distribution, or"),
    "unknown with a range": ('"50 g"', '{ value = "unknown", hi = "1 g" }', "what has a range is not unknown"),
    "two ranges": ('"50 g"', '{ distribution = "uniform(1 g, 2 g)", lo = "1 g" }', "has its own bounds; leave out"),
    "relative to nothing": ('"50 g"', '"normal(100%, 5%)"', "is relative to a best value; give it as value"),
    "outside": ('"50 g"', '{ value = "9 g", distribution = "uniform(1 g, 2 g)" }', "the value lies outside of"),
    "wrong view": ('"50 g"', '{ product = "model:a", view = "all" }', "there is no view 'all'; there are own"),
    "a product with a value": ('"50 g"', '{ product = "model:a", value = "1 g" }', "leave out value"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_every_mistake_is_told(tmp_path: Path, name: str) -> None:
    old, new, said = WRONG[name]
    assert old in GOOD
    path = tmp_path / "plan.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ImportFault) as caught:
        Plan.from_file(path)
    assert str(caught.value).startswith(str(path)) and said in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base": 3}, "plan, base: this is a section: write \\[base\\] on a line of its own"),
        ({"inferences": None, "inferences_per_day": 3}, 'a horizon is missing; write horizon = "2 years"'),
        (
            {"reuse": {"retraining": "1 g", "retraining_every": "1 day"}},
            "retraining_every: a horizon is missing",
        ),
        ({"horizon": "1 year", "reuse": {"retraining": "1 g", "retraining_every": "1 kg"}}, "is not a time"),
        (
            {
                "factors": {"a": "1 g/kWh", "b": "2 g/kWh"},
                "scratch": {"training": {"value": "1 kWh", "times": ["a", "b"]}},
            },
            "times names two intensities; a figure lies on one grid",
        ),
        (
            {"factors": {"a": 2}, "scratch": {"training": {"value": "1 g", "times": ["a", "a"]}}},
            "names a factor twice; name each once",
        ),
        ({"factors": {"a": "1 kg"}}, "\\[factors\\] a: '1 kg' is not a plain number"),
        (
            {
                "factors": {"a": "1 g/kWh"},
                "impact": "water",
                "base": {"epc": 0},
                "reuse": {"adaptation": 0, "inference": 0},
                "scratch": {"training": {"value": "1 kWh", "times": "a"}, "inference": 0},
            },
            "makes carbon of energy",
        ),
    ],
)
def test_mistakes_in_python_are_told_the_same_way(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ImportFault, match=said):
        made(**changes)


def test_options_that_do_not_fit() -> None:
    with pytest.raises(OptionError, match="there is no mode 'sunk'; there are attributional, consequential"):
        compare_plan(made(), mode="sunk")
    with pytest.raises(OptionError, match="19 samples are too few"):
        compare_plan(made(), samples=19)
    named = made(base={"epc": {"product": "model:bert-base"}})
    with pytest.raises(OptionError, match="a product of a store; say which with --store"):
        compare_plan(named)
    with pytest.raises(
        OptionError, match="policy shapley has no epc of model:bert-base; choose another --policy"
    ):
        compare_plan(named, demo_graph(), Run(policy="shapley"))
    with pytest.raises(ImportFault, match=r"epc: no product .* did you mean"):
        compare_plan(made(base={"epc": {"product": "model:bert-bse"}}), demo_graph())


def test_a_plan_is_compared_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(GOOD, encoding="utf-8")
    told = compare(Plan.from_file(path))
    assert told.mode == "attributional"
    assert told.reuse.phases == {
        "base": (100.0, 100.0, 100.0),
        "adaptation": (20.0, 20.0, 20.0),
        "inference": (80.0, 80.0, 80.0),
    }
    assert told.scratch.total.best == 240.0 and told.saved.best == 40.0 and told.cheaper == "reuse"
    assert told.scratch.per_task.best == 60.0 and told.scratch.per_inference == (0.6, 0.6, 0.6)
    # gain 50 - 5 - 100 x 0.1 = 35; 100 / 35
    assert told.tasks_star.integer == 3 and told.tasks_star.real == pytest.approx(100 / 35)
    # 45 - 25 = 0.1 n
    assert (told.n_star.integer, told.n_star.last, told.n_star.real) == (1, 199, 200.0)
    assert told.chances is None and told.plan.outside == [
        "reuse.retraining",
        "scratch.data",
        "scratch.retraining",
    ]
    assert told.table.shape == (7, 7) and told.table["mode"].unique().tolist() == ["attributional"]


def test_retraining_and_horizon() -> None:
    plan = made(
        inferences=None,
        inferences_per_day=10,
        horizon="20 days",
        reuse={"retraining": "1 g", "retraining_every": "5 days"},
        scratch={"retraining": "7 g", "data": "3 g"},
    )
    assert plan.count == 200.0 and (plan.retrainings("reuse"), plan.retrainings("scratch")) == (3, 1)
    told = compare_plan(plan)
    assert told.reuse.phases["re-training"].best == 12.0 and told.scratch.phases["re-training"].best == 28.0
    assert told.scratch.phases["data"].best == 12.0
    assert told.reuse.parity == pytest.approx(105 / (0.2 + 3 / 200))
    assert "horizon" not in {row.parameter for row in told.flips}
    long = made(horizon="1 day", reuse={"retraining": "unknown", "retraining_every": "5 days"})
    assert compare_plan(long).reuse.phases["re-training"].best == 0.0  # none falls into the horizon


def test_ranges_and_distributions() -> None:
    def read(value: Any) -> Interval:
        figure = figure_of(value, "gCO2e", ("plan", "x"), {})
        return figure.interval

    assert read("uniform(1 g, 3 g)") == (1.0, 2.0, 3.0)
    assert read("triangular(1 g, 1.5 g, 3 g)") == (1.0, 1.5, 3.0)
    assert read({"lo": "1 g", "hi": "3 g"}) == (1.0, 2.0, 3.0)
    assert read({"value": "2 kg", "distribution": "uniform(50%, 200%)"}) == (1000.0, 2000.0, 4000.0)
    lo, best, hi = read("lognormal(10 g, 2)")
    assert best == 10.0 and lo == pytest.approx(10 / 2**1.6448536) and hi == pytest.approx(10 * 2**1.6448536)
    assert read("fixed(3 g)") == (3.0, 3.0, 3.0)
    assert read("unknown") == (0.0, None, None)
    assert of_interval("gCO2e", Interval(2.0, 2.0, 2.0), "reported", "").distribution is None
    assert str(of_interval("gCO2e", Interval(1.0, None, 2.0), "reported", "").distribution) == "uniform(1, 2)"


def test_shared_factors_are_drawn_once() -> None:
    def plan(second: str) -> Plan:
        return made(
            factors={"A": "uniform(10 g/kWh, 500 g/kWh)", "B": "uniform(10 g/kWh, 500 g/kWh)"},
            base={"epc": 0},
            reuse={"adaptation": {"value": "1 kWh", "times": ["A"]}, "inference": 0},
            scratch={"training": {"value": "1.2 kWh", "times": [second]}, "inference": 0},
        )

    same, other = (compare_plan(plan(second), run=Run(seed=3)) for second in "AB")
    assert same.chances is not None and other.chances is not None
    assert same.chances.less == 1.0  # on one grid, 1 kWh is always less than 1.2
    assert 0.5 < other.chances.less < 0.75
    assert same.reuse.spread is not None and other.reuse.spread is not None
    assert same.reuse.spread.p50 == other.reuse.spread.p50
    assert same.never == 0.0 and other.never is not None and other.never > 0.2


def test_samples_keep_to_the_seed_and_to_best_values() -> None:
    plan = made(scratch={"training": "triangular(40 g, 50 g, 70 g)"})
    a, b, c = (compare_plan(plan, run=Run(seed=seed)) for seed in (1, 1, 2))
    assert a.as_dict() == b.as_dict() != c.as_dict()
    assert a.saved.best == 40.0 and a.scratch.total == (200.0, 240.0, 320.0)
    assert a.saved == (0.0, 40.0, 120.0)
    assert a.tasks_spread is not None and np.isclose(a.tasks_spread.p50, 100 / 38, rtol=0.1)


def test_bounds_decide_where_something_is_unknown() -> None:
    cheap = made(base={"epc": 0}, reuse={"adaptation": 0, "inference": 0}, scratch={"inference": "unknown"})
    assert compare_plan(cheap).cheaper == "reuse"
    dear = made(scratch={"training": 0, "inference": 0}, reuse={"inference": "unknown"})
    assert compare_plan(dear).cheaper == "scratch"
    nothing = made(scratch={"training": "unknown", "inference": "unknown"})
    told = compare_plan(nothing)
    assert told.scratch.total == (0.0, None, None) and told.chances is None and told.cheaper is None
    even = made(base={"epc": 0}, scratch={"training": "5 g", "inference": "0.2 g"})
    assert compare_plan(even).cheaper == "equal"
