"""A base with its real descendants beside each of them trained from scratch."""

import pytest

from lineage.demo import demo_graph
from lineage.errors import ImportFault, OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.strategies import compare
from lineage.strategies.cases import Case, tasks_star
from lineage.strategies.counterfactual import ScratchCosts
from lineage.strategies.realised import compare_families
from lineage.testing import graph
from lineage.uncertainty import Uncertainty


def family() -> Graph:
    """A base, five descendants with dates, one of unknown cost, a merge with another base, data of their own."""
    return graph(
        "dataset:web -> base -[fine-tune]-> a, b, c",
        "a -[adapter]-> d",
        "base -[distillation]-> small",
        "c, other -[merge]-> e",
        "dataset:own -> b",
        own={"base": 90, "dataset:web": 10, "a": 30, "b": 40, "c": None, "d": 1, "small": 2, "other": 7}
        | {"e": 3, "dataset:own": 1000},
        products={
            "base": {"parameters": 4e9},
            "a": {"created_at": "2023-01-01"},
            "b": {"created_at": "2023-02-01"},
            "c": {"created_at": "2023-03-01"},
            "d": {"created_at": "2023-04-01", "parameters": 1e6},
            "small": {"created_at": "2023-05-01", "parameters": 1e9},
        },
    )


def test_descendants_come_by_date_and_scale_by_size() -> None:
    told = compare(family(), "base")
    assert [row.id for row in told.rows] == [f"model:{name}" for name in ("a", "b", "c", "d", "small", "e")]
    # an adapter's files are small, the model that would be trained is not; a distilled one is as small as it says
    assert [row.scratch.best for row in told.rows] == [90.0, 90.0, 90.0, 90.0, 22.5, 90.0]
    assert {row.scratch_tier for row in told.rows} == {"imputed"} and told.scratch_methods == {"scaled": 6}
    assert told.count_by_tier == {"reported": 6, "unknown": 1} and told.covered == 6 / 7


def test_when_reuse_began_to_pay() -> None:
    told = compare(family(), "base", Run(policy="cutoff"))
    assert told.charged.best == 90.0  # under cutoff nothing comes down from the data
    # 90 | a 30 < 90, b 40 < 90 ...: saved -90 + 60 = -30, + 50 = 20
    assert (told.paid_from, told.paid.product, told.paid.date) == (2, "model:b", "2023-02-01")
    assert told.compared == 5
    assert told.actual.best == 90 + 30 + 40 + 1 + 2 + 3 and told.counterfactual.best == 4 * 90 + 22.5
    assert told.footprint == (166.0, 166.0, None)  # c is unknown
    average = tasks_star(Case(epc=90, adaptation=76 / 5, training=382.5 / 5))
    assert told.paid.average is not None and told.paid.average.real == pytest.approx(average.real)


def test_consequential_sinks_all_that_was_there() -> None:
    told = compare(family(), "base", mode="consequential")
    assert told.charged == (0.0, 0.0, 0.0) and told.paid_from == 1 and told.cheaper == "reuse"
    assert [row.reuse.best for row in told.rows] == [30.0, 40.0, None, 1.0, 2.0, 3.0]
    dearer = compare(
        _with_base(9_000_000.0), "base", mode="consequential", scratch=ScratchCosts(given={"*": "90 g"})
    )
    again = compare(_with_base(1.0), "base", mode="consequential", scratch=ScratchCosts(given={"*": "90 g"}))
    assert dearer.actual == again.actual and dearer.paid == again.paid
    assert [row.as_dict() for row in dearer.rows] == [row.as_dict() for row in again.rows]


def _with_base(own: float) -> Graph:
    return graph("base -[fine-tune]-> a, b", own={"base": own, "a": 1, "b": 2})


def test_reuse_of_one_descendant_is_its_part_of_all_models_it_was_made_of() -> None:
    told = {row.id: row for row in compare(family(), "base", Run(policy="cutoff")).rows}
    assert told["model:e"].reuse.best == 3.0
    shared = {row.id: row for row in compare(family(), "base", Run(policy="full")).rows}
    # full: b = 40 + (90 + 10); its own data set counts either way; e = 3 + c (known part 100) + other 7
    assert shared["model:b"].reuse.best == 140.0 and shared["model:e"].reuse.best == 110.0
    assert shared["model:e"].reuse.hi is None
    assert shared["model:c"].own.best is None and shared["model:c"].reuse == (100.0, None, None)
    assert (shared["model:c"].cheaper, shared["model:c"].certain) == (
        "alone",
        True,
    )  # 100 and more against 90
    assert shared["model:b"].cheaper == "alone" and shared["model:b"].certain
    assert "model:b" in {row.id for row in compare(family(), "base", Run(policy="full")).cheaper_alone}


def test_costs_from_scratch_that_are_given() -> None:
    costs = ScratchCosts(
        given={"*": "50 g", "model:[ab]": "uniform(10 g, 20 g)", "model:b": "unknown"}, scale=False
    )
    told = {row.id: row for row in compare(family(), "base", scratch=costs).rows}
    assert told["model:a"].scratch == (10.0, 15.0, 20.0) and told["model:a"].method == "given"
    assert told["model:b"].scratch == (0.0, None, None) and told["model:b"].method == "unknown"
    assert told["model:d"].scratch.best == 50.0
    none = compare(family(), "base", scratch=ScratchCosts(scale=False))
    assert none.scratch_methods == {"unknown": 6} and none.compared == 0 and none.scratch_covered == 0.0
    assert (
        none.cheaper is None
        and none.actual == (0.0, None, None)
        and none.paid.why.startswith("no descendant")
    )


def test_what_is_unknown_stays_unknown() -> None:
    made = graph("base -> a", own={"a": 3})
    told = compare(made, "base")
    assert told.charged.best is None and told.footprint.hi is None and told.footprint.best == 3.0
    assert told.rows[0].scratch.best is None and told.saved == (None, None, None)
    given = compare(made, "base", scratch=ScratchCosts(given={"*": "9 g"}))
    assert given.paid.why == "the cost of the base is unknown" and given.cheaper is None
    assert given.as_dict()["saved"]["best"] is None
    alone = compare(made, "a")
    assert alone.paid.why == "it has no descendants"
    assert alone.rows == () and alone.scratch_covered is None and alone.covered == 1.0


def test_reuse_may_fall_back() -> None:
    made = graph(
        "base -[fine-tune]-> a, b, c",
        own={"base": 10, "a": 1, "b": 100, "c": 1},
        products={name: {"created_at": f"2023-0{n}-01"} for n, name in enumerate("abc", 1)},
    )
    costs = ScratchCosts(given={"*": "20 g", "model:c": "500 g"})
    told = compare(made, "base", Run(policy="cutoff"), scratch=costs)
    assert (told.paid.count, told.paid.again) == (1, 2)
    never = compare(made, "base", scratch=ScratchCosts(given={"*": "4 g"}))
    assert never.paid.count is None and never.cheaper == "scratch" and "costs more" in never.paid.why
    little = compare(graph("base -[fine-tune]-> a", own={"base": 10, "a": 1}), "base")
    assert little.paid.why == "together they saved less than the base cost (1 compared)"


def test_chances_share_the_base() -> None:
    made = graph(
        "base -[fine-tune]-> a, b, c", own={"base": (50, 100, 300), "a": (5, 10, 20), "b": 10, "c": 10}
    )
    told = compare(made, "base")
    found = told.chances(200)
    assert found.less == 1.0  # 3 bases against 1 base and 30, with one draw for the base
    given = compare(made, "base", scratch=ScratchCosts(given={"*": "uniform(30 g, 70 g)", "model:a": "40 g"}))
    assert 0.05 < given.chances(400).less < 0.95
    assert given.chances(100) == given.chances(100)
    sure = Uncertainty(own={"*": "fixed(100%)"})
    assert given.chances(200, sure) != given.chances(200)
    sunk = compare(made, "base", mode="consequential", scratch=ScratchCosts(given={"*": "30 g"}))
    assert sunk.chances(50).less == 1.0
    with pytest.raises(OptionError, match="nothing of model:a can be compared"):
        compare(made, "a").chances()


def test_too_many_descendants_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.strategies.families.MOST_DRAWN", 2)
    with pytest.raises(OptionError, match="3 descendants to draw, more than 2; compare it without samples"):
        compare(
            graph("base -[fine-tune]-> a, b, c", own=dict.fromkeys(("base", "a", "b", "c"), 1.0)), "base"
        ).chances()


def test_mistakes_are_told() -> None:
    made = family()
    with pytest.raises(UnknownProduct, match="did you mean 'model:base'"):
        compare(made, "bse")
    with pytest.raises(OptionError, match="a graph is compared for a base"):
        compare(made, None)  # type: ignore[call-overload]
    with pytest.raises(OptionError, match="there is no mode 'x'"):
        compare(made, "base", mode="x")
    with pytest.raises(OptionError, match="policy usage has no EPC to compare by; choose another --policy"):
        compare(made, "base", Run(policy="usage"))
    assert compare(made, "base", Run(policy="usage"), mode="consequential").paid_from == 1
    with pytest.raises(ImportFault, match=r"--scratch-cost, \*: '3 kWh'"):
        compare(made, "base", scratch=ScratchCosts(given={"*": "3 kWh"}))
    with pytest.raises(
        OptionError, match="--scratch-cost model:x: no descendant has this name; write an id such as"
    ):
        compare(made, "base", scratch=ScratchCosts(given={"model:x": "3 g"}))
    with pytest.raises(OptionError, match=r"--scratch-cost \*: the base has no descendants"):
        compare(made, "e", scratch=ScratchCosts(given={"*": "3 g"}))


def test_the_biggest_families_are_those_of_roots() -> None:
    told = compare_families(family(), 5)
    assert [(item.product, len(item.rows)) for item in told] == [("model:base", 6), ("model:other", 1)]
    assert [item.product for item in compare_families(family(), 1)] == ["model:base"]
    single = compare(family(), "base")
    assert told[0].as_dict() == single.as_dict()
    table = single.table
    assert table["count"].tolist() == [1, 2, 3, 4, 5, 6] and table["own_gco2e"].isna().sum() == 1


def test_the_demo_misprints_never_enter() -> None:
    told = compare(demo_graph(), "bert-base", Run(impact="energy"))
    assert [row.own.best for row in told.rows] == [168.0] and told.rows[0].scratch.best == pytest.approx(
        904.2
    )


def test_as_of_a_date_only_what_existed_counts() -> None:
    told = compare(family(), "base", Run(as_of="2023-02"))
    assert [row.id for row in told.rows] == ["model:a", "model:b"]  # e was made of c, which came later


def test_estimates_stand_in_where_the_run_imputes() -> None:
    made = graph(
        "base -[fine-tune]-> a, b",
        own={"base": 1e6, "a": 10},
        products={name: {"parameters": 7e9, "created_at": "2023-05-01"} for name in ("base", "a", "b")},
    )
    told = compare(made, "base", Run(impute=True))
    assert told.scratch_methods == {"estimated": 2} and told.compared == 2 and told.covered == 1.0
    assert {row.scratch_tier for row in told.rows} == {"imputed"} and told.count_by_tier["imputed"] == 1
    lo, best, hi = told.rows[0].scratch
    assert lo is not None and best is not None and hi is not None and 1e4 < lo < best < hi
    assert told.rows[0].scratch != compare(made, "base").rows[0].scratch
    given = compare(made, "base", Run(impute=True), scratch=ScratchCosts(given={"model:a": "9 g"}))
    assert given.scratch_methods == {"estimated": 1, "given": 1}
