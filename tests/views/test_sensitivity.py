"""Sensitivity: one input at a time, and Sobol's indices where they are known in closed form."""

import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lineage.errors import MissingExtra, OptionError, UnknownProduct
from lineage.run import Run
from lineage.testing import graph
from lineage.uncertainty import Uncertainty
from lineage.views.bill_samples import bill_samples
from lineage.views.cost import cost
from lineage.views.samples import samples
from lineage.views.sensitivity import Swing, sensitivity

with_salib = pytest.mark.skipif(
    find_spec("SALib") is None, reason="SALib (extra sensitivity) is not installed"
)

FIRM = Uncertainty(weights={"concentration": "fixed"})
OWN: dict[str, Any] = {"base": (80, 100, 140), "left": (4, 5, 9), "right": 5.0, "merged": (1, 1, 2)}
LINES = ("base -> left, right", "left, right -> merged")


def by_input(rows: tuple[Swing, ...]) -> dict[str, Swing]:
    return {row.input: row for row in rows}


def test_each_input_alone() -> None:
    made = graph(*LINES, own=OWN)
    told = sensitivity(made, "merged", uncertainty=FIRM)
    best = cost(made).row("merged").epc
    assert best is not None and told.best == best.best and not told.at_least
    rows = by_input(told.rows)
    assert [row.name for row in told.rows] == ["model:base", "model:left", "model:merged"]
    for name, weight in (("base", 1 / 3), ("left", 1 / 2), ("merged", 1.0)):
        row = rows[f"own cost of a product model:{name}"]
        moved = {
            end: cost(graph(*LINES, own=OWN | {name: end})).row("merged").epc
            for end in (row.input_low, row.input_high)
        }
        assert [row.low, row.high] == [epc and epc.best for epc in moved.values()]
        assert row.swing == pytest.approx(weight * (row.input_high - row.input_low))
        assert row.input_best == OWN[name][1]


def test_a_weight_takes_its_beta_and_the_others_share_the_rest() -> None:
    made = graph(*LINES, own=OWN)
    row = by_input(sensitivity(made, "merged").rows)["weight model:left <- model:base"]
    low, high = stats.beta(50 / 3, 100 / 3).ppf([0.05, 0.95])
    assert (row.input_low, row.input_best, row.input_high) == pytest.approx((low, 1 / 3, high))
    moved = graph(f"base -[{low}]-> left", f"base -[{(1 - low) / 2}]-> right", *LINES[1:], own=OWN)
    epc = cost(moved).row("merged").epc
    assert epc is not None and row.low == pytest.approx(epc.best, rel=1e-12)


def test_ranges_without_a_best_figure_stay_at_their_median() -> None:
    made = graph("a, b -> c", own={"a": (2, None, 4), "b": 10.0, "c": 0.0})
    told = sensitivity(made, "c", uncertainty=FIRM)
    [row] = told.rows
    assert row.input_best == 3.0 and told.best == 6.5 and row.swing == pytest.approx(0.9)


def test_fixed_lines_move_the_middle() -> None:
    made = graph("a -> b", own={"a": 10.0, "b": (1, 2, 3)})
    told = sensitivity(
        made, "b", uncertainty=Uncertainty(own={"a": "fixed(30)"}, weights={"concentration": "fixed"})
    )
    assert [row.name for row in told.rows] == ["model:b"] and told.best == 17.0


def test_burdens_where_there_is_no_epc() -> None:
    made = graph(*LINES, own=OWN)
    told = sensitivity(made, "merged", Run(policy="shapley"))
    best = cost(made, Run(policy="shapley")).row("merged").burden
    assert told.view == "burden" and best is not None
    assert told.best == pytest.approx(best.best, rel=1e-12)
    assert {row.kind for row in told.rows} == {"own"}


@with_salib
def test_sobol_of_a_sum_is_the_share_of_the_variance() -> None:
    """Of a sum of independent terms, first and total order are both variance over variance."""
    own = {"a": 1.0, "b": 1.0, "c": 1.0, "tiny": 1.0, "sum": 0.0}
    given = Uncertainty(
        own={"a": "uniform(0, 4)", "b": "uniform(0, 2)", "c": "uniform(1, 2)", "tiny": "uniform(1, 1.001)"}
    )
    told = sensitivity(graph("a, b, c, tiny -[1]-> sum", own=own), "sum", uncertainty=given, sobol=1024)
    rows = by_input(told.rows)
    for name, variance in (("a", 16.0), ("b", 4.0), ("c", 1.0)):
        row = rows[f"own cost of a product model:{name}"]
        assert row.first == pytest.approx(variance / 21, abs=0.01)
        assert row.total == pytest.approx(variance / 21, abs=0.01)
        assert row.first_error is not None and row.total_error is not None
    assert told.fixed == ("own cost of a product model:tiny",) and len(told.analysed) == 3
    assert rows[told.fixed[0]].first is None and told.evaluations == 1024 * (3 + 2)


@with_salib
def test_sobol_of_a_product() -> None:
    """y = w x with independent w and x: S_x = E[w]^2 V[x] / V[y], and the interaction is V[w] V[x] / V[y]."""
    made = graph("a -> b", own={"a": 10.0, "b": 0.0})
    given = Uncertainty(own={"a": "uniform(0, 20)"}, weights={"concentration": 5})
    told = sensitivity(made, "b", uncertainty=given, sobol=4096)
    w, x = stats.beta(2.5, 2.5), stats.uniform(0, 20)
    total = (w.var() + w.mean() ** 2) * (x.var() + x.mean() ** 2) - (w.mean() * x.mean()) ** 2
    rows = {row.kind: row for row in told.rows}
    assert rows["own"].first == pytest.approx(w.mean() ** 2 * x.var() / total, abs=0.02)
    assert rows["weight"].first == pytest.approx(x.mean() ** 2 * w.var() / total, abs=0.02)
    assert rows["own"].total == pytest.approx(1 - x.mean() ** 2 * w.var() / total, abs=0.03)


def test_sticks_have_the_distribution_of_the_samples() -> None:
    """Two paths through one hub: the Sobol analysis sees the variance that the samples have."""
    made = graph("hub -> x, y, z", "x, y -[1]-> both", own={"hub": 10.0, "x": 0.0, "y": 0.0, "both": 0.0})
    from lineage.views.sampling import Sampler
    from lineage.views.sensitivity import _Inputs

    result = cost(made)
    inputs = _Inputs(Sampler(result, Uncertainty(), [result.code("both")]))
    u = np.random.default_rng(1).random((20_000, inputs.count))
    found = inputs.evaluated(u)
    drawn = samples(made, ["both"], size=20_000).of("both")
    assert stats.ks_2samp(found, drawn).pvalue > 0.001
    assert stats.kstest(found / 10, stats.beta(25, 25).cdf).pvalue > 0.001


@with_salib
def test_the_same_seed_gives_the_same_indices() -> None:
    made = graph(*LINES, own=OWN)
    first, second, other = (
        sensitivity(made, "merged", Run(seed=seed), sobol=64).as_dict()["rows"] for seed in (0, 0, 1)
    )
    assert first == second != other


def test_what_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made = graph(*LINES, own=OWN)
    with pytest.raises(UnknownProduct):
        sensitivity(made, "nothing")
    for count in (63, 65, 1000):
        with pytest.raises(OptionError, match="a power of two from 64 on"):
            sensitivity(made, "merged", sobol=count)
    with pytest.raises(OptionError, match="nothing that is uncertain moves the EPC of model:right"):
        sensitivity(graph("right", own={"right": 5.0}), "right", sobol=64)
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(MissingExtra, match=r"lineage-epc\[sensitivity\]"):
        sensitivity(made, "merged", sobol=64)
    assert sensitivity(made, "merged").evaluations == 0


@pytest.mark.parametrize("policy", ["equal", "shapley"])
def test_a_sampled_bill_adds_up_in_every_sample(policy: str) -> None:
    made, run = graph(*LINES, "dataset:web -> base", own=OWN), Run(policy=policy)
    drawn = bill_samples(made, "merged", run, size=200, options={"cutoff": 0.2})
    np.testing.assert_allclose(drawn.values.sum(axis=0) + drawn.remainder, drawn.total, rtol=1e-12)
    assert np.array_equal(drawn.total, samples(made, ["merged"], run, size=200).of("merged"))
    assert drawn.bill.remainder.count > 0 and len(drawn.rows()) == len(drawn.bill.rows)
    still = Uncertainty(own={"*": "fixed(100%)"}, weights={"concentration": "fixed"})
    fixed = bill_samples(made, "merged", run, size=20, options={"uncertainty": still})
    for row, values in zip(fixed.bill.rows, fixed.values, strict=True):
        assert set(values.tolist()) == {row.contribution}


def test_a_bill_through_a_cycle() -> None:
    made = graph("a -> b", "b -> a", "a -> c", own={"a": (8, 10, 15), "b": 5.0, "c": 1.0})
    drawn = bill_samples(made, "c", Run(cycles="solve"), size=30)
    np.testing.assert_allclose(drawn.values.sum(axis=0) + drawn.remainder, drawn.total, rtol=1e-12)
    with pytest.raises(OptionError, match="ask for 20 or more"):
        bill_samples(made, "c", Run(cycles="solve"), size=3)
