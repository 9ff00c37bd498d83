"""Figures between two dates, and between two graphs."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lineage.errors import OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios import Scenario, apply, diff, differences, restate, restatement
from lineage.scenarios.remainder import displayed
from lineage.testing import graph
from lineage.timeline import existing_at
from lineage.views.cost import cost
from strategies import graphs

SINCE, UNTIL = "2023-01-31", "2024-12-31"


def growing() -> Graph:
    """A base of 2020 with a child every month of 2024, one of them twice on a day, and a job that comes late."""
    children = {f"c{month}": {"created_at": f"2024-{month:02d}-01"} for month in range(1, 4)}
    job = {
        "id": "more",
        "product": "base",
        "energy_kwh": 1.0,
        "grid_intensity_gco2e_per_kwh": 60.0,
        "pue": 1.0,
    }
    return graph(
        "base -> c1, c2, c3, twin, first",
        "c2 -[0.5, created_at=2024-06-01]-> first",
        own={"c1": 1, "first": 4},
        jobs=[job | {"started_at": "2020-01-01"}, job | {"id": "late", "started_at": "2024-05-05"}],
        products={"base": {"created_at": "2020-01-01"}, "twin": {"created_at": "2024-02-01"}, **children},
    )


def test_arrivals_by_date_then_by_name() -> None:
    told = restate(growing(), None, "2023-12-31", "2024-12-31")
    rows = told.rows("first")
    assert [(row.date, row.what, row.ids) for row in rows] == [
        ("2024-01-01", "product", ("model:c1",)),
        ("2024-02-01", "product", ("model:c2",)),
        ("2024-02-01", "product", ("model:twin",)),
        ("2024-03-01", "product", ("model:c3",)),
        ("2024-05-05", "job", ("late",)),
        ("2024-06-01", "edge", ("model:first <- model:c2",)),
    ]
    assert [row.change for row in rows] == pytest.approx([-10.0, -5.0, -3.0, -2.0, 10.0, 10.0])
    moved = told.row("first")
    assert moved.before is not None and moved.before.best == 34.0 and moved.difference == pytest.approx(0.0)
    newborn = told.rows("c2")
    assert newborn[0].figure is None and newborn[1].change is None and newborn[1].figure is not None
    assert told.row("c2").before is None


@settings(max_examples=25, deadline=None)
@given(made=graphs(max_products=8), policy=st.sampled_from(("equal", "half", "merge", "shapley", "cutoff")))
def test_rows_add_up_to_the_difference(made: Graph, policy: str) -> None:
    told = restate(made, Run(policy=policy), SINCE, UNTIL)
    assert told.before.conservation == cost(existing_at(made, SINCE), Run(policy=policy)).conservation
    for name in (made.ids[code] for code in told.after.existing):
        rows, moved = told.rows(name), told.row(name)
        if rows:
            assert rows[-1].figure == moved.after
        if moved.before is None or moved.difference is None or any(row.change is None for row in rows):
            continue
        largest = max((abs(row.figure.best or 0.0) for row in rows if row.figure), default=1.0)
        total = math.fsum(row.change or 0.0 for row in rows)
        assert total == pytest.approx(moved.difference, rel=1e-12, abs=1e-12 * max(largest, 1.0))


def test_many_arrivals_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    told = restate(growing(), None, "2023-12-31", "2024-12-31")
    single = told.rows("first")
    for most, what, count in ((5, "arrivals of a day", 5), (4, "arrivals of a year", 1)):
        monkeypatch.setattr(restatement, "MOST_STEPS", most)
        rows = told.rows("first")
        assert len(rows) == count and any(row.what == what for row in rows)
        assert math.fsum(row.change or 0 for row in rows) == pytest.approx(
            math.fsum(row.change or 0 for row in single)
        )


def test_corrections_come_last() -> None:
    old = growing()
    fixed = apply(old, Scenario.of("own[first]=7 g", "jobs[more].energy=2 kWh", "remove.products=twin"))
    grown = Scenario.from_tables(
        {"add": {"products": [{"id": "model:new", "created_at": "2024-07-01", "parents": ["base"]}]}}
    )
    told = restate(apply(fixed, grown), None, "2023-12-31", "2024-12-31", earlier=old)
    rows = told.rows("first")
    assert [row.what for row in rows[-2:]] == ["product", "corrections"] and rows[-2].ids == ("model:new",)
    assert set(rows[-1].ids) == {
        "product model:first",
        "job more",
        "product model:twin",
        "edge model:twin <- model:base",
    }
    difference = told.row("first").difference
    assert difference is not None and math.fsum(row.change or 0 for row in rows) == pytest.approx(
        difference, rel=1e-12
    )
    late = apply(
        old, Scenario.from_tables({"add": {"products": [{"id": "model:lost", "parents": ["base"]}]}})
    )
    rows = restate(late, None, "2023-12-31", "2024-12-31", earlier=old).rows("first")
    assert rows[-1].what == "corrections" and "product model:lost" in rows[-1].ids


def test_cycles_and_dates_that_are_none() -> None:
    made = graph("a -> b -> a", own={"a": 4, "b": 2}, products={"b": {"created_at": "2024-01-01"}})
    told = restate(made, Run(cycles="break"), "2023", "2025")
    assert told.rows("a")[-1].figure == told.row("a").after
    with pytest.raises(OptionError, match="is not before"):
        restate(made, None, "2025", "2023")
    with pytest.raises(OptionError, match="is not a date"):
        restate(made, None, "soon", "2023")
    with pytest.raises(OptionError, match="leave out --as-of"):
        restate(made, Run(as_of="2024"), "2023", "2025")
    with pytest.raises(UnknownProduct):
        told.row("c")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=12))
def test_printed_rows_add_up(values: list[float]) -> None:
    assume(any(values))
    shown = displayed(values, "gCO2e")
    total = displayed(values, "gCO2e", together=True)[0]
    unit = {text.split()[1] for text in [*shown, total] if text[0] != "0"}
    assert len(unit) <= 1
    numbers = [float(text.split()[0].replace(",", "")) for text in shown]
    assert math.fsum(numbers) == pytest.approx(float(total.split()[0].replace(",", "")), abs=1e-6)


def test_diff_of_two_graphs() -> None:
    old = graph(
        "base -> a -> b", own={"base": 8, "a": 1}, jobs=[{"id": "j", "product": "b", "energy_kwh": 1.0}]
    )
    new = graph("base -[0.25]-> a", "c", own={"base": 16}, grids={"SE": {"intensity_gco2e_per_kwh": 40.0}})
    told = diff(old, new)
    rows = {(item.table, item.id, item.what, item.field) for item in told.rows}
    assert {
        ("products", "model:b", "removed", ""),
        ("products", "model:c", "added", ""),
        ("products", "model:base", "changed", "own_carbon_gco2e"),
        ("edges", "model:b <- model:a", "removed", ""),
        ("edges", "model:a <- model:base", "changed", "w"),
        ("jobs", "j", "removed", ""),
        ("grids", "SE", "added", ""),
    } <= rows
    assert told.counts["products"] == {"added": 1, "removed": 1, "changed": 2}
    assert [row.id for row in told.results][:1] == ["model:base"]
    assert diff(old, old).results == [] and differences(old, old) == ()
    back = {(item.table, item.id, item.field, item.before, item.after) for item in differences(new, old)}
    there = {(item.table, item.id, item.field, item.after, item.before) for item in told.rows}
    assert back == there


def test_an_attribute_of_another_type_differs() -> None:
    a, b = (Graph.from_tables([{"id": "model:a", "team": team}], []) for team in ("x", 3))
    assert [(item.field, item.before, item.after) for item in differences(a, b)] == [("team", "x", 3)]


@settings(max_examples=20, deadline=None)
@given(a=graphs(max_products=6), b=graphs(max_products=6))
def test_no_difference_is_equality(a: Graph, b: Graph) -> None:
    assert (differences(a, b) == ()) == (a == b)
    assert differences(a, Graph(dict(a.tables))) == ()
