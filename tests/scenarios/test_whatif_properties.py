"""Laws of scenarios, on drawn lineages: nothing changed, nothing moved; parts add up; bits are those of a fresh run."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lineage.errors import CycleError, InputError, OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios import Range, Scenario, apply, differences, sweep, whatif
from lineage.testing import graph
from lineage.views.cost import Cost, cost
from strategies import graphs

EXAMPLES = settings(max_examples=25, deadline=None)
POLICIES = st.sampled_from(("equal", "half", "full", "merge", "cutoff", "property"))


def bits(result: Cost) -> list[bytes]:
    """Return every figure of a result as bytes."""
    sides = [*result.own, *(result.epc or ()), *(result.burden or ()), result.shares.w]
    return [np.asarray(side).tobytes() for side in sides]


def run_of(policy: str) -> Run:
    return Run(policy=policy, property="downloads" if policy == "property" else None)


@st.composite
def changes(draw: st.DrawFn, made: Graph) -> list[str]:
    """Draw a few changes that fit a graph."""
    ids = made.ids
    ends = (made.integers("edges", side).tolist() for side in ("product", "parent"))
    edges = [f"{ids[v]} <- {ids[u]}" for v, u in zip(*ends, strict=True)]
    name = st.sampled_from(ids)
    kinds = [
        st.builds("own[{}]={!r} g".format, name, st.floats(0, 1e6, allow_subnormal=False)),
        st.builds("own[{}]=unknown".format, name),
        st.sampled_from(["own[*]=0 g", "run.policy=half", "run.policy=equal", "run.users=deployed"]),
    ]
    if edges:
        edge = st.sampled_from(edges)
        kinds.append(st.builds("weights[{}]={!r}".format, edge, st.floats(0, 1, allow_subnormal=False)))
        kinds.append(st.builds("weights[{}]=policy".format, edge))
    return draw(st.lists(st.one_of(kinds), max_size=4))


@EXAMPLES
@given(made=graphs(max_products=8), policy=POLICIES)
def test_an_empty_scenario_changes_nothing(made: Graph, policy: str) -> None:
    told = whatif(made, Scenario(), run_of(policy))
    assert apply(made, Scenario()) is made
    assert told.after is told.before and told.results == [] and told.inputs == ()


@EXAMPLES
@given(data=st.data(), made=graphs(max_products=8), policy=POLICIES)
def test_a_scenario_is_a_fresh_run_on_the_changed_graph(
    data: st.DataObject, made: Graph, policy: str
) -> None:
    scenario = Scenario.of(*data.draw(changes(made)))
    digest, before = made.digest, bits(cost(made, run_of(policy)))
    try:
        told = whatif(made, scenario, run_of(policy))
    except OptionError as error:
        assume("policy" not in str(error))
        raise
    again = Graph(
        {
            name: pa.Table.from_pylist(table.to_pylist(), table.schema)
            for name, table in told.graph.tables.items()
        }
    )
    assert bits(told.after) == bits(cost(again, scenario.run(run_of(policy))))
    assert made.digest == digest and bits(cost(made, run_of(policy))) == before  # the start stays as it was


@EXAMPLES
@given(data=st.data(), made=graphs(max_products=8), policy=st.sampled_from(("equal", "half", "merge")))
def test_parts_add_up_to_the_difference(data: st.DataObject, made: Graph, policy: str) -> None:
    told = whatif(made, Scenario.of(*data.draw(changes(made))), Run(policy=policy))
    for row in told.results:
        amounts = [part.amount for part in told.parts(row.id)]
        if row.difference is None or None in amounts:
            continue
        largest = max(abs(stage.best(row.id) or 0.0) for stage in told.stages)
        assert math.fsum(amount for amount in amounts if amount is not None) == pytest.approx(
            row.difference, rel=1e-12, abs=1e-12 * largest
        )
    assert all(
        part.moved or part.amount in (0.0, None) for row in told.results for part in told.parts(row.id)
    )


@EXAMPLES
@given(data=st.data(), made=graphs(max_products=8))
def test_undoing_a_scenario_restores_every_bit(data: st.DataObject, made: Graph) -> None:
    """Stored values that are set again, and rows that are removed again, give the start back."""
    assume(made.rows("edges"))
    ids = made.ids
    edge = data.draw(st.integers(0, made.rows("edges") - 1))
    pair = f"{ids[made.integers('edges', 'product')[edge]]} <- {ids[made.integers('edges', 'parent')[edge]]}"
    share = made.floats("edges", "w")[edge]
    back = "policy" if math.isnan(share) else repr(float(share))
    grown = ("add.products=model:new", f"add.edges=model:new <- {ids[0]}")
    there = apply(made, Scenario.of(f"weights[{pair}]=0.125", *grown))
    again = apply(there, Scenario.of(f"weights[{pair}]={back}", "remove.products=model:new"))
    assert again == made and differences(made, again) == ()
    assert bits(cost(again)) == bits(cost(made))


def test_an_arithmetic_inverse_is_close_only() -> None:
    made = graph("a -> b", own={"a": 0.1, "b": 0.7})
    again = apply(made, Scenario.of("own[*]=x 1.1", f"own[*]=x {1 / 1.1!r}"))
    assert again.floats("products", "own_carbon_gco2e") == pytest.approx([0.1, 0.7], rel=1e-12)


def test_what_moved_and_what_differs() -> None:
    made = graph("base -> left, right", own={"base": 90, "left": 1})
    scenario = Scenario.of("own[base]=60 g", "add.products=model:more", "add.edges=model:more <- base")
    told = whatif(made, scenario)
    assert [(row.id, row.difference) for row in told.results] == [
        ("model:base", -30.0),
        ("model:left", -15.0),
        ("model:right", -15.0),
        ("model:more", None),
    ]
    assert [(part.amount, part.moved) for part in told.parts("left")] == [(-10.0, 3), (0.0, 1), (-5.0, 3)]
    assert told.row("more").before is None and told.row("left").relative == -15 / 31
    assert {(item.table, item.id, item.what) for item in told.inputs} == {
        ("products", "model:base", "changed"),
        ("products", "model:more", "added"),
        ("edges", "model:more <- model:base", "added"),
    }
    with pytest.raises(UnknownProduct):
        told.row("nobody")


def test_views_that_do_not_compare() -> None:
    made = graph("base -> left", own={"base": 90, "left": 0})
    told = whatif(made, Scenario.of("run.policy=shapley"))
    assert told.view == "burden" and told.row("left").after == (45.0, 45.0, 45.0)
    with pytest.raises(OptionError, match="do not compare"):
        whatif(made, Scenario.of("run.policy=shapley"), Run(policy="full"))
    with pytest.raises(OptionError, match="do not compare"):
        whatif(made, Scenario.of("run.policy=full", "run.policy=shapley", "run.policy=equal"))


def test_cycles_that_a_scenario_makes() -> None:
    made = graph("a -> b -> c", own={"a": 8, "b": 8, "c": 8})
    with pytest.raises(
        OptionError, match=r"add edge a <- c: .*model:a <- model:c <- model:b <- model:a"
    ) as caught:
        whatif(made, Scenario.of("add.edges=a <- c"))
    assert isinstance(caught.value.__cause__, CycleError)
    solved = whatif(made, Scenario.of("add.edges=a <- c"), Run(cycles="solve"))
    assert solved.after.conservation.relative_error == pytest.approx(0, abs=1e-12)


def test_sweeps_and_flips() -> None:
    made = graph("base -> student", "other", own={"base": 10, "student": 4, "other": 9})
    told = whatif(made, Scenario())
    swept = sweep(told, Range.of("own[base]=0.001kg:0.03kg:4"), ["student", "other"])
    assert len(swept.flips) == 1
    flip = swept.flips[0]
    assert flip.value == pytest.approx(0.01, rel=1e-9)  # 4 + x / 2 = 9
    assert (flip.below, flip.above) == ("model:student", "model:other")
    assert swept.rows[0] == ("0.001 kg", [4.5, 9.0])
    down = sweep(told, Range.of("own[base]=0.03kg:0.001kg:4"), ["student", "other"])
    assert (down.flips[0].below, down.flips[0].above) == ("model:student", "model:other")
    assert sweep(told, Range.of("own[base]=1g:2g:2"), ["student", "other"]).flips == ()
    assert Range.of("own[base]=500 kg:2t:3").values == [500.0, 1250.0, 2000.0]
    assert Range.of("own[base]=1:2t:3").text(1.5) == "1.5 t"
    assert sweep(told, Range.of("own[base]=8g:12g:3"), ["student", "other"]).flips[0].value == pytest.approx(
        10.0
    )
    assert sweep(told, Range.of("own[base]=1g:2g:2")).products == ("model:base", "model:student")
    factor = sweep(told, Range.of("own[base]=x1:x2:3"), ["base"])
    assert [values for _, values in factor.rows] == [[10.0], [15.0], [20.0]]
    share = sweep(told, Range.of("weights[student <- base]=0:1:3"), ["student"])
    assert [values for _, values in share.rows] == [[4.0], [9.0], [14.0]]
    cff = sweep(
        whatif(made, Scenario(), Run(policy="cff", cff_a=0.5)), Range.of("run.cff_a=0:1:2"), ["student"]
    )
    assert len(cff.rows) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("own[a]", "is no range"),
        ("own[a]=1g:2g", "is no range"),
        ("own[a]=1g:2g:many", "no START:STOP:COUNT"),
        ("own[a]=g:2g:3", "no START:STOP:COUNT"),
        ("own[a]=1g:2kWh:3", "the same unit"),
        ("own[a]=1g:x 2:3", "both ends as values, as factors"),
        ("own[a]=1g:2g:1", "2 to 10,000 values"),
        ("own[a]=1g:1g:3", "two different ends"),
    ],
)
def test_ranges_that_are_none(text: str, problem: str) -> None:
    with pytest.raises(OptionError) as caught:
        Range.of(text)
    assert problem in str(caught.value)


def test_a_sweep_names_the_value_that_does_not_fit() -> None:
    told = whatif(graph("a -> b"), Scenario())
    with pytest.raises(OptionError, match="between 0 and 1"):
        sweep(told, Range.of("weights[b <- a]=0.5:1.5:3"), ["b"])
    cyclic = whatif(graph("a -[1]-> b", "b -[0.5]-> a"), Scenario(), Run(cycles="solve"))
    with pytest.raises(InputError, match="hands on all"):
        sweep(cyclic, Range.of("weights[a <- b]=0.5:1:2"), ["b"])
