"""Sampled costs: the deterministic figure where nothing varies, conservation in every sample, analytic moments."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from lineage.errors import CycleError, OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.uncertainty import Uncertainty
from lineage.views import sampling
from lineage.views.cost import cost
from lineage.views.samples import VIEWS, Samples, sampled, samples
from lineage.views.sampling import Sampler
from lineage.views.spreads import spread

STILL = Uncertainty(own={"*": "fixed(100%)"}, weights={"concentration": "fixed"})
FIRM = Uncertainty(weights={"concentration": "fixed"})


def lineage(seed: int, n: int = 40, *, back: int = 0) -> Graph:
    """A random lineage with ranges, unknowns and some explicit shares; `back` edges against the order."""
    made = np.random.default_rng(seed)
    lines = []
    for v in range(1, n):
        for u in sorted({int(made.integers(v)) for _ in range(int(made.integers(0, 4)))}):
            share = f"-[{made.random() / 20:.6f}]" if made.random() < 0.2 else "-"
            lines.append(f"p{u:02d} {share}-> p{v:02d}" if share != "-" else f"p{u:02d} -> p{v:02d}")
    for _ in range(back):
        u, v = sorted(made.choice(n, 2, replace=False).tolist())
        lines.append(f"p{v:02d} -> p{u:02d}")
    own: dict[str, Any] = {}
    for v in range(n):
        best = float(made.lognormal(2, 1))
        own[f"p{v:02d}"] = (0.8 * best, best, 1.5 * best) if made.random() < 0.7 else None
    return graph(*lines, own=own)


def uncertain(kind: str, count: int) -> Graph:
    """`count` parents, each wholly handed on to one child that adds nothing."""
    names = [f"part{number}" for number in range(count)]
    own = dict.fromkeys(names, 1.0) | {"whole": 0.0}
    return graph(f"{', '.join(names)} -[1]-> whole", own=own)


@pytest.mark.parametrize("policy", ["equal", "cutoff", "full", "half"])
@pytest.mark.parametrize("engine", ["plain", "scipy"])
def test_fixed_inputs_give_the_deterministic_figures_bit_for_bit(policy: str, engine: str) -> None:
    for seed in range(4):
        made = lineage(seed)
        run = Run(policy=policy, engine=engine)
        result, drawn = cost(made, run), samples(made, run=run, size=20, uncertainty=STILL)
        for row in drawn.rows():
            best = result.row(row.id)
            for view in VIEWS:
                expected, found = getattr(best, view), getattr(row, view)
                if expected is None or expected.best is None:
                    assert found is None
                    continue
                assert found.p5 == found.p50 == found.p95 == expected.best, (row.id, view)
                assert found.at_least == (expected.hi is None)


@pytest.mark.parametrize("policy", ["shapley", "usage"])
def test_policies_without_edge_weights_have_a_burden(policy: str) -> None:
    made, run = lineage(5), Run(policy=policy)
    result, still = cost(made, run), samples(made, run=run, size=20, uncertainty=STILL)
    assert list(still.values) == ["own", "cumulative", "burden"] and still.sampled_parents == 0
    for row in still.rows():
        expected = result.row(row.id).burden
        assert expected is not None and row.epc is None
        if expected.best is None:
            assert row.burden is None
        else:
            assert row.burden is not None
            assert row.burden.p50 == pytest.approx(expected.best, rel=1e-12)
            assert row.burden.at_least == (expected.hi is None)
    drawn = samples(made, run=run, size=200)
    own, burden = np.nan_to_num(drawn.values["own"]), np.nan_to_num(drawn.values["burden"])
    np.testing.assert_allclose(burden.sum(axis=0), own.sum(axis=0), rtol=1e-12)
    with pytest.raises(OptionError, match="no samples of view 'epc' under policy"):
        drawn.of("p01", "epc")


@pytest.mark.parametrize("options", [{}, {"policy": "property", "property": "parameters"}, {"retain": False}])
def test_every_sample_conserves_cost(options: dict[str, Any]) -> None:
    for seed in range(4):
        drawn = samples(lineage(seed), run=Run(**options), size=100)
        assert drawn.sampled_parents > 3
        own, burden = np.nan_to_num(drawn.values["own"]), np.nan_to_num(drawn.values["burden"])
        np.testing.assert_allclose(burden.sum(axis=0), own.sum(axis=0), rtol=1e-12)
        assert (burden >= 0).all() and burden.std(axis=1).max() > 0


def test_neither_blocks_nor_questions_change_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lineage(1)
    whole = samples(made, size=60)
    for name in ("p39", "p20"):
        alone = samples(made, [name], size=60)
        for view in VIEWS:
            assert alone.of(name, view).tobytes() == whole.of(name, view).tobytes()
    shorter = samples(made, ["p39"], size=25)
    assert shorter.of("p39").tobytes() == whole.of("p39")[:25].tobytes()
    for block in (1, 7 * len(made), 59 * len(made)):
        monkeypatch.setattr(sampling, "BLOCK", block)
        again = samples(made, size=60)
        for view in VIEWS:
            assert again.values[view].tobytes() == whole.values[view].tobytes()
    monkeypatch.setattr("lineage.views.samples.STORED", 60 * 4 * 3)  # batches of three products
    again = samples(made, run=Run(engine="scipy"), size=60)
    assert all(again.values[view].tobytes() == whole.values[view].tobytes() for view in VIEWS)
    assert again.sampled_parents == whole.sampled_parents and set(again.findings) == set(whole.findings)
    other = samples(made, run=Run(seed=1), size=60)
    assert not np.array_equal(other.of("p39"), whole.of("p39"))


def test_a_sum_of_independent_uniforms() -> None:
    """Irwin and Hall: mean n/2, variance n/12 (each of the parts is uniform(0, 1))."""
    size, count = 20_000, 12
    given = Uncertainty(own={"part*": "fixed(1)", "model:part*": "uniform(0, 1)"})
    drawn = samples(uncertain("own", count), ["whole"], size=size, uncertainty=given).of("whole")
    assert abs(drawn.mean() - count / 2) < 3 * np.sqrt(count / 12 / size)
    assert drawn.var() == pytest.approx(count / 12, rel=0.03)
    assert stats.kstest((drawn - 6) / 1.0, "norm").pvalue > 0.001  # of 12 uniforms it is nearly normal


def test_a_product_of_factors_has_lognormal_moments() -> None:
    """energy x PUE-free intensity: the product of two lognormals is lognormal, its log variances add up."""
    job = {"id": "j", "product": "m", "energy_kwh": 1.0, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 1.0}
    given = Uncertainty(grid={"*": "lognormal(100%, 1.3)"}, energy={"*": "lognormal(100%, 1.5)"})
    drawn = samples(graph("m", jobs=[job]), ["m"], size=20_000, uncertainty=given).of("m", "own")
    sigma2 = np.log(1.3) ** 2 + np.log(1.5) ** 2
    error = np.sqrt((np.exp(sigma2) - 1) * np.exp(sigma2) / 20_000)
    assert abs(drawn.mean() - np.exp(sigma2 / 2)) < 3 * error
    assert stats.kstest(np.log(drawn), "norm", args=(0, np.sqrt(sigma2))).pvalue > 0.001


def test_products_on_one_grid_move_together() -> None:
    jobs = [
        {"id": f"j{name}", "product": name, "energy_kwh": energy, "pue": 1.0, "grid": grid}
        for name, energy, grid in (("a", 100.0, "FR"), ("b", 300.0, "FR"), ("c", 100.0, "US"))
    ]
    grids = {name: {"intensity_gco2e_per_kwh": value} for name, value in (("FR", 56.0), ("US", 380.0))}
    given = Uncertainty(grid={"*": "pert(80%, 100%, 150%)"})
    drawn = samples(graph("a, b, c", jobs=jobs, grids=grids), size=4000, uncertainty=given)
    a, b, c = (drawn.of(name) for name in "abc")
    np.testing.assert_allclose(b / a, 3.0, rtol=1e-14)
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert abs(np.corrcoef(a, c)[0, 1]) < 4 / np.sqrt(4000)
    assert drawn.probability_less("a", "b").less == 1.0
    assert drawn.factors == ("intensity of a grid FR", "intensity of a grid US")


def test_the_mean_is_the_epc_of_the_means() -> None:
    """EPC is multi-affine in weights and own costs, and what meets on one path is drawn independently."""
    own: dict[str, Any] = {"a": (80, 100, 140), "b": (3, 5, 9), "c": 4.0, "d": (1, 2, 8)}
    lines = ("a -> b, c", "b, c -> d")
    drawn = samples(graph(*lines, own=own), ["d"], size=20_000)
    means = {"a": 620 / 6, "b": 32 / 6, "c": 4.0, "d": 17 / 6}
    expected = cost(graph(*lines, own=means)).row("d").epc
    assert expected is not None and expected.best is not None
    row = drawn.row("d").epc
    assert row is not None and abs(row.mean - expected.best) < 3 * row.mean_error


def test_two_products_on_one_hub_use_the_same_draws() -> None:
    """A hub with three children: what the children and its own use receive adds up to it in every sample."""
    made = graph("hub -> x, y, z", own={"hub": 100.0, "x": 0.0, "y": 0.0, "z": 0.0})
    alone = [samples(made, [name], size=500).of(name) for name in ("x", "y", "z")]
    kept = samples(made, ["hub"], size=500).of("hub", "burden")
    np.testing.assert_allclose(sum(alone) + kept, 100.0, rtol=1e-13)
    part = alone[0] / 100
    assert stats.kstest(part, stats.beta(12.5, 37.5).cdf).pvalue > 0.001
    assert np.corrcoef(alone[0], alone[1])[0, 1] == pytest.approx(-1 / 3, abs=0.1)


def test_explicit_weights_stay_and_the_rest_shares_what_they_leave() -> None:
    made = graph("hub -[0.4]-> x", "hub -> y, z", own={"hub": 100.0, "x": 0.0, "y": 0.0, "z": 0.0})
    drawn = samples(made, size=300)
    assert set(drawn.of("x").tolist()) == {40.0}
    rest = drawn.of("y") + drawn.of("z") + drawn.of("hub", "burden")
    np.testing.assert_allclose(rest, 60.0, rtol=1e-13)
    assert drawn.of("y").std() > 1


def test_zeros_stay_zero_and_single_claims_whole() -> None:
    facts = {"y": {"parameters": 0.0}, "z": {"parameters": 5.0}, "hub": {"parameters": 5.0}}
    own: dict[str, Any] = {"hub": 100.0, "dataset:d": 3.0, "y": 0.0, "z": 0.0}
    made = graph("hub -> y, z", "dataset:d -> z", own=own, products=facts)
    drawn = samples(made, run=Run(policy="property", property="parameters"), size=50)
    assert set(drawn.of("y").tolist()) == {0.0} and drawn.of("z").std() > 0
    equal = samples(made, size=50, uncertainty=Uncertainty(weights={"concentration": 1e-3}))
    assert set(equal.of("dataset:d", "burden").tolist()) == {0.0}  # no user: its only child takes all of it


def test_an_over_allocated_parent_is_not_sampled() -> None:
    made = graph("hub -[0.8]-> x", "hub -[0.7]-> y", "hub -> z", own={"hub": 100.0, "z": 0.0})
    drawn = samples(made, size=30)
    assert set(drawn.of("x").tolist()) == {80.0} and set(drawn.of("z").tolist()) == {0.0}
    found = {(item.code, item.subject) for item in drawn.findings}
    assert {("not-sampled", "model:hub"), ("over-allocated", "model:hub")} <= found


def test_cycles_are_solved_in_every_sample() -> None:
    made = graph("a -> b", "b -> a", "a -> c", own={"a": (8, 10, 15), "b": 5.0, "c": 1.0})
    run = Run(cycles="solve")
    drawn = samples(made, run=run, size=50)
    own, burden = drawn.values["own"].sum(axis=0), drawn.values["burden"].sum(axis=0)
    np.testing.assert_allclose(burden, own, rtol=1e-12)
    still = samples(made, run=run, size=20, uncertainty=STILL)
    for row, best in zip(still.rows(), cost(made, run).rows(), strict=True):
        assert row.epc is not None and best.epc is not None
        assert row.epc.p50 == pytest.approx(best.epc.best, rel=1e-12)
        assert row.cumulative is not None and row.cumulative.p50 == best.cumulative.best
    with pytest.raises(CycleError):
        samples(made, size=50)


def test_probabilities() -> None:
    own: dict[str, Any] = {"a": (50, 100, 150), "b": (50, 100, 150), "same": 0.0, "also": 0.0, "none": None}
    made = graph("a -[0.5]-> same", "a -[0.5]-> also", "b, none", own=own)
    drawn = samples(made, size=4000)
    fair = drawn.probability_less("a", "b")
    assert abs(fair.less - 0.5) < 3 * fair.error and fair.error == pytest.approx(0.0079, abs=1e-4)
    assert fair.less + fair.equal + fair.greater == pytest.approx(1.0)
    tied = drawn.probability_less("same", "also")
    assert (tied.less, tied.equal, tied.greater) == (0.0, 1.0, 0.0) and tied.error > 0
    assert drawn.probability_less("same", "a").less == 1.0
    assert np.isnan(drawn.probability_less("a", "none").less)


def test_what_is_unknown_stays_a_lower_bound() -> None:
    made = graph("web, base -> tuned", own={"base": (8, 10, 15), "web": None, "tuned": (1, None, None)})
    drawn = samples(made, size=100, uncertainty=FIRM)
    row = drawn.row("tuned")
    assert row.own is not None and row.own.at_least and row.own.p50 == 1.0
    assert row.epc is not None and row.epc.at_least and row.epc.p5 > 5
    assert (
        drawn.row("web").own is None and drawn.row("web").epc is None and drawn.row("web").convergence == ()
    )
    assert {item.subject for item in drawn.findings if item.code == "not-sampled"} == {
        "model:web",
        "model:tuned",
    }
    told = samples(made, ["tuned"], size=100, uncertainty=Uncertainty(own={"*": "uniform(1, 2)"})).row(
        "tuned"
    )
    assert told.epc is not None and not told.epc.at_least


def test_the_percentiles_and_their_errors() -> None:
    """The error of a percentile p is sqrt(p (1 - p) / N) / density; here the exponential's."""
    exponential = stats.expon.ppf((np.arange(10_000) + 0.5) / 10_000)
    found = spread(exponential)
    assert (found.p5, found.p50, found.p95) == pytest.approx(
        (-np.log(0.95), np.log(2), -np.log(0.05)), rel=1e-2
    )
    for level, error in ((0.05, found.p5_error), (0.5, found.p50_error), (0.95, found.p95_error)):
        assert error == pytest.approx(np.sqrt(level * (1 - level) / 10_000) / (1 - level), rel=0.05)
    assert found.mean_error == pytest.approx(0.01, rel=0.01)


def test_convergence_is_that_of_shorter_runs() -> None:
    made = lineage(2)
    stages = samples(made, ["p39"], size=400).row("p39").convergence
    assert [stage.samples for stage in stages] == [100, 200, 400]
    half = samples(made, ["p39"], size=200).row("p39").epc
    assert half is not None and stages[1][1:] == (half.p5, half.p50, half.p95)


def test_the_table_and_the_run() -> None:
    drawn: Samples = samples(lineage(3), ["p10", "p11"], size=40, run=Run(seed=7))
    frame = drawn.table
    assert frame["id"].tolist() == ["model:p10", "model:p11"] and frame.attrs["run"]["seed"] == 7
    row = drawn.row("p11").epc
    assert frame["epc_gco2e_p95"][1] == (np.nan if row is None else row.p95)
    again = sampled(drawn.result, [1], size=40)
    assert again.codes == (1,)


@pytest.mark.parametrize(
    ("ask", "error", "problem"),
    [
        (lambda made: samples(made, size=5), OptionError, "ask for 20 or more"),
        (lambda made: samples(made, ["nothing"]), UnknownProduct, "no product"),
        (lambda made: samples(made, ["p01"], size=20).of("p02"), OptionError, "was not sampled"),
        (lambda made: samples(made, ["p01"], size=20).of("p01", "epcs"), OptionError, "did you mean 'epc'"),
    ],
)
def test_what_cannot_be_asked(ask: Any, error: type[Exception], problem: str) -> None:
    with pytest.raises(error) as caught:
        ask(lineage(0))
    assert problem in str(caught.value)


def test_a_sample_may_diverge() -> None:
    """Drawn weights that hand on everything around a cycle are refused, and the cycle is named."""
    made = graph("a -[0.5]-> b", "b -[0.5]-> a", own={"a": 1.0, "b": 1.0})
    sampler = Sampler(cost(made, Run(cycles="solve")), FIRM, [0, 1])
    with pytest.raises(CycleError, match="model:a"):
        sampler.solved(np.ones((2, 3)), np.ones((2, 3)))
