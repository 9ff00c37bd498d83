"""Break-evens: by formula as by bisection, strictly better at the integer, never where never; sunk costs ignored."""

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.strategies import compare_plan
from lineage.strategies.cases import Case, flip, n_star, parity, tasks_star
from lineage.strategies.flips import flips_of
from lineage.strategies.plans import FIGURES
from plans_written import made

AMOUNTS = st.integers(0, 10**6).map(lambda n: Fraction(n, 100))
COUNTS = st.integers(1, 500).map(Fraction)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    costs: dict[str, Any] = {name: draw(AMOUNTS) for name in FIGURES.values()}
    share = draw(st.sampled_from(["whole", "equal"]))
    numbers: dict[str, Any] = {
        "tasks": draw(COUNTS),
        "inferences": draw(COUNTS),
        "claims": Fraction(draw(st.integers(0, 9))),
    }
    return Case(**costs, **numbers, share=share)


def bisected(case: Case, name: str, low: float, high: float) -> float:
    """Find the sign change of the difference along one field; nothing of the formulas is used."""

    def sign(value: float) -> bool:
        return bool(case.with_value(name, Fraction(value)).difference > 0)

    start = sign(low)
    assert start != sign(high)
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if sign(middle) == start else (low, middle)
    return (low + high) / 2


@settings(max_examples=60)
@given(cases())
def test_tasks_star_is_strictly_better_and_the_one_before_is_not(case: Case) -> None:
    found = tasks_star(case)
    if found.integer is None:
        assert found.never
        for k in (1, 7, 10**9):
            assert not replace(case, tasks=Fraction(k)).difference > 0
        return
    assert replace(case, tasks=Fraction(found.integer)).difference > 0
    if found.integer > 1:
        assert not replace(case, tasks=Fraction(found.integer - 1)).difference > 0


@st.composite
def paying_cases(draw: st.DrawFn) -> Case:
    """Cases that have a k* above 0: a task gains, and the base costs more than its other claims make up for."""
    case = draw(cases())
    lacking = max(Fraction(0), draw(AMOUNTS) + Fraction(1, 100) - case.gain)
    case = replace(case, training=case.training + lacking)
    return replace(case, epc=case.epc + case.gain * (case.claims + 1))


@settings(max_examples=60)
@given(paying_cases())
def test_tasks_star_agrees_with_bisection(case: Case) -> None:
    found = tasks_star(case)
    assert found.real is not None
    by_hand = bisected(case, "tasks", found.real / 3, found.real * 3)
    assert by_hand == pytest.approx(found.real, rel=1e-9)


@settings(max_examples=60)
@given(cases())
def test_n_star_is_strictly_better_from_there_or_up_to_there(case: Case) -> None:
    found = n_star(case)

    def better(n: int) -> bool:
        return bool(replace(case, inferences=Fraction(n)).difference > 0)

    if found.integer is None:
        assert found.never and not any(better(n) for n in (1, 2, 50, 10**9))
        return
    assert better(found.integer)
    assert found.integer == 1 or not better(found.integer - 1)
    if found.last is not None:
        assert better(found.last) and not better(found.last + 1)
    else:
        assert better(10**12)


@settings(max_examples=100)
@given(cases(), st.sampled_from([*FIGURES.values(), "inferences"]))
@example(Case(epc=Fraction(1), training=Fraction(3)), "adaptation")
def test_flips_agree_with_bisection(case: Case, name: str) -> None:
    found = flip(name, case, lambda value: case.with_value(name, value), getattr(case, name), "")
    if found.value is None:
        signs = {case.with_value(name, Fraction(x)).difference > 0 for x in (1e-12, 1, 1e3, 1e9)}
        assert len(signs) == 1 and found.why
        return
    by_hand = bisected(case, name, 0.0 if found.value < 1e-12 else found.value / 4, found.value * 4)
    assert by_hand == pytest.approx(found.value, rel=1e-9)
    beyond = case.with_value(name, Fraction(found.value * 4)).difference
    assert (beyond > 0) == (found.above == "reuse")


def test_real_values_stand_beside_exact_integers() -> None:
    exact = Case(epc=Fraction("0.3"), training=Fraction("0.1"))
    assert (tasks_star(exact).integer, tasks_star(exact).real) == (4, 3.0)  # at 3 both cost the same
    assert tasks_star(replace(exact, share="equal", claims=Fraction(3))).integer == 1


def test_decimals_count_as_they_are_written() -> None:
    plan = made(base={"epc": "0.3 g"}, reuse={"adaptation": 0, "inference": 0}, inferences=0)
    plan = replace(plan, scratch={"training": "0.1 g", "inference": 0})
    assert compare_plan(plan).tasks_star.integer == 4


def test_the_same_cost_either_way_is_never_better() -> None:
    same = Case(adaptation=Fraction(5), training=Fraction(5))
    assert tasks_star(same).never == "a task with reuse saves nothing, even with the base for free"
    assert "no less to make" in (n_star(same).never or "")
    assert n_star(replace(same, training=Fraction(6))).integer == 1
    dearer = replace(same, reuse_inference=Fraction(1), inferences=Fraction(1))
    assert "does not save that much" in (n_star(dearer).never or "")


def test_what_is_unknown_makes_break_evens_unknown_and_names_it() -> None:
    case = Case(epc=None, training=Fraction(5), adaptation=Fraction(1))
    assert tasks_star(case).unknown == "base.epc" == n_star(case).unknown
    told = flip("adaptation", case, lambda value: replace(case, adaptation=value), case.adaptation, "g")
    assert told.value is None and told.why == "unknown: base.epc"


def test_an_unknown_cost_still_has_a_value_at_which_the_ranking_flips() -> None:
    told = compare_plan(made(scratch={"training": "unknown"}))
    assert told.cheaper is None and told.saved.best is None and told.scratch.total.hi is None
    (row,) = [row for row in told.flips if row.parameter == "scratch.training"]
    # 100 + 4 (5 + 20) = 200 = 4 (s + 10)
    assert (row.now, row.value, row.above) == (None, 40.0, "reuse")


def test_parity() -> None:
    assert parity(None, Fraction(1), Fraction(0), Fraction(1)) is None
    assert parity(Fraction(1), Fraction(0), Fraction(0), Fraction(1)) is None
    assert parity(Fraction(1), Fraction(1), Fraction(1), Fraction(0)) is None
    assert parity(Fraction(12), Fraction(1), Fraction(4), Fraction(2)) == 4.0


def test_shared_base_is_charged_by_claims() -> None:
    told = compare_plan(made(base={"epc": "100 g", "share": "equal", "other_children": 3}))
    assert told.reuse.phases["base"].best == 50.0  # 4 of 3 + 1 + 4
    # gain 50 - 5 - 10 = 35: 100/35 - 4 < 1
    assert told.tasks_star.integer == 1 and told.tasks_star.real == pytest.approx(100 / 35 - 4)
    flips = {row.parameter: row for row in told.flips}
    assert flips["tasks"].value is None and flips["base.other_children"].value is None
    dear = compare_plan(made(base={"epc": "1000 g", "share": "equal", "other_children": 3}))
    (row,) = [row for row in dear.flips if row.parameter == "base.other_children"]
    assert row.value == pytest.approx(1000 / 35 - 5) and row.above == "reuse"
    moved = made(base={"epc": "1000 g", "share": "equal", "other_children": math.ceil(row.value or 0)})
    assert (dear.cheaper, compare_plan(moved).cheaper) == ("scratch", "reuse")
    never = compare_plan(made(base={"share": "equal"}, scratch={"training": "1 g"}))
    assert never.flips[-1].why.startswith("a task with reuse saves nothing")
    unknown = compare_plan(made(base={"share": "equal"}, scratch={"training": "unknown"}))
    assert unknown.flips[-1].why == "unknown"


@settings(max_examples=25)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["whole", "equal"]))
def test_consequential_ignores_what_is_sunk_exactly(first: int, second: int, share: str) -> None:
    told = [
        compare_plan(made(base={"epc": f"{epc} g", "share": share}), mode="consequential", samples=20)
        for epc in (first, second)
    ]
    a, b = (
        {name: value for name, value in item.as_dict().items() if name != "plan"} | {"mode": item.mode}
        for item in told
    )
    assert a == b
    assert told[0].reuse.phases["base"] == (0.0, 0.0, 0.0)


def test_consequential_does_not_ask_what_the_base_cost() -> None:
    told = compare_plan(made(base={"epc": "unknown"}), mode="consequential")
    assert told.cheaper == "reuse" and told.saved.best == 140.0 and told.tasks_star.integer == 1
    (row,) = [row for row in told.flips if row.parameter == "base.epc"]
    assert row.why.startswith("sunk") and row.value is None


def test_a_base_that_is_yet_to_be_made_is_not_sunk() -> None:
    planned = made(base={"epc": "100 g", "exists": False})
    told = [compare_plan(planned, mode=mode) for mode in ("attributional", "consequential")]
    assert told[0].reuse.total == told[1].reuse.total == (200.0, 200.0, 200.0)


def test_flips_along_factors_and_horizon() -> None:
    plan = made(
        inferences=None,
        inferences_per_day=1,
        horizon="100 days",
        factors={"FR": "50 g/kWh", "idle": {"value": 2}, "none": 0},
        scratch={"training": {"value": "1 kWh", "times": ["FR"]}},
    )
    told = compare_plan(plan)
    flips = {row.parameter: row for row in told.flips}
    assert flips["factor FR"].value == 40.0 and flips["factor FR"].now == 50.0
    assert flips["factor idle"].why == "it moves neither strategy, or both alike"
    assert flips["factor none"].why.startswith("unknown, or 0")
    # 100 + 4 (5 + 0.2 n) = 4 (50 + 0.1 n) at n = 200 a task: 200 days
    assert flips["inferences"].value == 200.0 and flips["horizon"].value == 4800.0
    best = Case(epc=Fraction(1))
    assert len(flips_of(plan, plan.figures, "attributional", best)) == len(told.flips)
