"""A lower bound decides nothing: verdicts, break-evens and chances where something upstream is unknown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lineage.cli import main
from lineage.cli.comparing_families import family_answer, paid_line
from lineage.cli.comparing_plans import break_even_line, plan_answer, verdict_said
from lineage.cli.output import Output
from lineage.errors import ImportFault, OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.strategies import Plan, compare, compare_plan
from lineage.strategies.cases import BreakEven
from lineage.strategies.counterfactual import ScratchCosts
from lineage.strategies.families import FamilyComparison, verdict
from lineage.strategies.open_ended import bounded
from lineage.testing import graph
from lineage.views.interval import Interval


def upstream() -> Graph:
    """A base on an unknown data set, with two descendants; a model that is known in full."""
    return graph(
        "dataset:web -> base -[fine-tune]-> a, b",
        "alone",
        own={"dataset:web": None, "base": (8, 10, 13), "a": 5, "b": 5, "alone": (50, 100, 300)},
    )


def plan(base: object, adaptation: object, training: object, **more: object) -> Plan:
    given: dict[str, object] = {"tasks": 1, "inferences": 0} | more
    return Plan(
        **given,  # type: ignore[arg-type]
        base={"epc": base},
        reuse={"adaptation": adaptation, "inference": "0 g"},
        scratch={"training": training, "inference": "0 g"},
    )


def of(product: str, view: str = "epc") -> dict[str, str]:
    return {"product": product, "view": view}


def family() -> FamilyComparison:
    return compare(upstream(), "base", Run(policy="full"), scratch=ScratchCosts(given={"*": "12 g"}))


def test_a_plan_whose_leading_side_is_open_is_not_decided() -> None:
    uncertain = {"value": "40 g", "lo": "30 g", "hi": "60 g"}
    told = compare_plan(plan(of("base"), "5 g", uncertain), upstream(), Run(policy="full"))
    assert told.saved.best == 25.0 and told.saved.lo is None
    assert told.cheaper is None and told.leads == "reuse" and told.as_dict()["cheaper"] is None
    assert verdict_said(told) == "reuse, if what is unknown is below 25 g"
    assert told.chances is None and told.tasks_spread is None and told.never is None
    assert told.reuse.spread is not None and told.reuse.spread.at_least
    assert told.scratch.spread is not None and not told.scratch.spread.at_least
    assert told.tasks_star.integer == 1 and told.tasks_star.unknown == "base.epc (in part)"
    assert break_even_line("k*", told.tasks_star) == "k*: at least 1 (0.2857142857 by what is known)"
    said = "\n".join(plan_answer(told, told, Run(), Output()).notes)
    assert "P(reuse cheaper) is not drawn: something unknown has part in the total of reuse" in said
    rows = {row.parameter: row for row in told.flips}
    assert rows["base.epc"].value == 35.0 and rows["base.epc"].why == ""  # that flip is exact
    assert rows["scratch.training"].why == "as far as known: base.epc (in part)"


def test_a_plan_whose_losing_side_is_open_is_decided() -> None:
    told = compare_plan(plan("1 g", "5 g", of("base")), upstream(), Run(policy="full"))
    assert told.scratch.total.hi is None and told.tasks_star.unknown == "scratch.training (in part)"
    assert told.chances is None and told.cheaper == "reuse"
    assert verdict_said(told) == "reuse, by 4 g"
    dear = compare_plan(plan(of("base"), "5 g", "12 g"), upstream(), Run(policy="full"))
    assert dear.cheaper == "scratch" and verdict_said(dear) == "from scratch, by 3 g"


def test_break_evens_on_lower_bounds() -> None:
    until = bounded(BreakEven(integer=1, real=9.5, last=9), ["scratch.training"])
    assert break_even_line("n*", until) == "n*: at most 1, up to at least 9 (9.5 by what is known)"
    both = bounded(BreakEven(integer=3, real=2.5), ["base.epc", "scratch.training"])
    assert break_even_line("k*", both) == "k*: 3, as far as known (2.5 by what is known)"
    never = BreakEven(never="it is dearer")
    assert bounded(never, ["base.epc"]) == never  # more cost of reuse makes it no better
    assert break_even_line("k*", bounded(never, ["scratch.data"])).startswith("k*: never as far as known")
    exact = BreakEven(integer=3, real=2.5)
    assert bounded(exact, []) == exact and break_even_line("k*", exact) == "k*: 3 (2.5 exactly)"


def test_a_verdict_is_none_where_the_winner_is_open() -> None:
    assert verdict(Interval(1.0, 1.0, None), Interval(2.0, 2.0, 2.0)) is None
    assert verdict(Interval(1.0, 1.0, 1.0), Interval(2.0, 2.0, None)) == "reuse"
    assert verdict(Interval(2.0, 2.0, None), Interval(1.0, 1.0, 1.0)) == "alone"
    assert verdict(Interval(2.0, 2.0, 2.0), Interval(1.0, 1.0, None)) is None
    assert verdict(Interval(1.0, 1.0, None), Interval(1.0, 1.0, 1.0)) is None


def test_a_family_on_an_open_base() -> None:
    told = family()
    assert told.charged.hi is None and told.cheaper is None and told.leads == "reuse"
    assert verdict_said(told) == "reuse, if what is unknown is below 4 g"
    assert (told.paid.count, told.paid.why) == (2, "at the earliest: the base is a lower bound")
    assert paid_line(told).startswith(
        "Reuse began to pay at the earliest with descendant 2 (model:b); the base is a lower bound"
    )
    with pytest.raises(OptionError, match="no chances for model:base: something unknown has part"):
        told.chances()
    answer = family_answer(told, None, Run(), Output(), asked=True)
    assert any(line.startswith("P(reuse cheaper) is not drawn") for line in answer.notes)
    sunk = compare(upstream(), "base", mode="consequential", scratch=ScratchCosts(given={"*": "12 g"}))
    assert sunk.cheaper == "reuse" and sunk.paid.why == "" and sunk.chances(40).less == 1.0


def test_a_count_is_a_place_among_all_descendants() -> None:
    made = graph(
        "base -[fine-tune]-> a, b, c, d",
        own={"base": 10, "a": None, "b": None, "c": 1, "d": 1},
        products={name: {"created_at": f"2023-0{n}-01"} for n, name in enumerate("abcd", 1)},
    )
    told = compare(made, "base", Run(policy="full"), scratch=ScratchCosts(given={"*": "7 g"}))
    assert told.compared == 2 and (told.paid_from, told.paid.product) == (4, "model:d")
    places = {record["id"]: record["count"] for record in told.records()}
    assert places["model:d"] == told.paid_from


def test_the_same_figure_is_the_same_draw() -> None:
    told = compare_plan(plan("0 g", of("alone", "own"), of("alone", "own")), upstream())
    assert told.chances is not None and told.chances.equal == 1.0
    more = compare_plan(plan("0 g", of("alone", "own"), of("alone", "cumulative")), upstream())
    assert more.chances is not None and more.chances.equal == 1.0
    against = compare_plan(plan("0 g", of("alone"), "uniform(50 g, 300 g)"), upstream())
    assert against.chances is not None and 0.1 < against.chances.less < 0.9


def test_a_product_that_is_not_there_has_its_place() -> None:
    with pytest.raises(ImportFault, match=r"^p\.toml, \[base\] epc: no product 'model:blom'"):
        compare_plan(plan(of("model:blom"), "5 g", "40 g", source="p.toml"), upstream())


def test_options_that_a_plan_cannot_follow(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        'impact = "energy"\ntasks = 1\ninferences = 1\n[base]\nepc = "1 kWh"\n'
        '[reuse]\nadaptation = "1 kWh"\ninference = 0\n[scratch]\ntraining = "9 kWh"\ninference = 0\n',
        encoding="utf-8",
    )

    def run(*options: str) -> tuple[int, str]:
        found = CliRunner().invoke(main, ["compare", str(path), *options])
        return found.exit_code, found.stderr

    code, said = run("--impact", "carbon")
    assert code == 2 and "--impact carbon is not the impact of" in said and "energy" in said
    code, said = run("--no-scale")
    assert code == 2 and "--no-scale is for a base in the store" in said
    assert run("--impact", "energy")[0] == 0 and run()[0] == 0
