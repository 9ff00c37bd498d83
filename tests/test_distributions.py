"""Distributions: what a text means, and what is drawn from it."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lineage.distributions import KINDS, Distribution, fixed, parse, pert, quantiles, uniform
from lineage.errors import OptionError
from lineage.kernels.beta import pert_quantile

U = (np.arange(200_000) + 0.5) / 200_000  # the midpoint rule: moments to a few parts in 1e5


@pytest.mark.parametrize(
    ("text", "kind", "parameters", "relative"),
    [
        ("uniform(20, 60)", "uniform", (20.0, 60.0), False),
        ("Uniform( 20,60 )", "uniform", (20.0, 60.0), False),
        ("uniform(1,507, 2,000)", "uniform", (1507.0, 2000.0), False),
        ("triangular(90%, 100%, 130%)", "triangular", (0.9, 1.0, 1.3), True),
        ("lognormal(100%, 1.3)", "lognormal", (1.0, 1.3), True),
        ("lognormal(7, 1.3)", "lognormal", (7.0, 1.3), False),
        ("normal(100%, 5%)", "normal", (1.0, 0.05), True),
        ("fixed(12)", "fixed", (12.0,), False),
    ],
)
def test_texts(text: str, kind: str, parameters: tuple[float, ...], relative: bool) -> None:
    assert parse(text) == Distribution(kind, parameters, relative)


def test_units_become_base_units() -> None:
    assert parse("triangular(150 kg, 318 kg, 0.568 t)", "gCO2e").parameters == (150e3, 318e3, 568e3)
    assert parse("pert(1, 2, 4)", "kWh").parameters == (1.0, 2.0, 4.0)
    assert parse("lognormal(7.4 MWh, 2)", "kWh").parameters == (7400.0, 2.0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("20 to 60", "is not a distribution; write KIND"),
        ("unifrom(1, 2)", "did you mean 'uniform'"),
        ("uniform(1)", "takes 2 parameters (lo, hi), not 1"),
        ("uniform()", "takes 2 parameters"),
        ("uniform(60, 20)", "lo <= hi must hold"),
        ("pert(1, 5, 3)", "lo <= mode <= hi must hold"),
        ("uniform(-1, 2)", "never negative"),
        ("uniform(90%, 2)", "mixes per cent"),
        ("uniform(a, b)", "is not a number"),
        ("lognormal(100%, 0.5)", "1 or more"),
        ("lognormal(100%, 130%)", "is not a plain number"),
        ("normal(100%, 90%)", "13 % of it lies below 0; a lognormal"),
    ],
)
def test_what_is_no_distribution(text: str, problem: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "text", ["uniform(6, 9 t)", "uniform(6 t, 9000)", "pert(1 t, 2, 3 t)", "normal(9 t, 1)"]
)
def test_units_are_written_with_each_number_or_none(text: str) -> None:
    with pytest.raises(OptionError, match="mixes numbers with and without a unit; write the unit with each"):
        parse(text, "gCO2e")


def test_numbers_without_a_unit() -> None:
    assert parse("uniform(0, 9 t)", "gCO2e").parameters == (0.0, 9e6)  # 0 is 0 in every unit
    assert parse("uniform(0, 9 t)", "gCO2e", bare=False).parameters == (0.0, 9e6)
    assert parse("lognormal(9 t, 2)", "gCO2e", bare=False).parameters == (9e6, 2.0)
    assert parse("uniform(6, 9)", "gCO2e").parameters == (6.0, 9.0)
    assert parse("uniform(6, 9)", bare=False).parameters == (6.0, 9.0)  # plain numbers have none
    assert parse("uniform(50%, 90%)", "gCO2e", bare=False).relative
    with pytest.raises(OptionError, match="has numbers without a unit; write the unit with each number"):
        parse("uniform(6, 9)", "gCO2e", bare=False)


def test_wrong_units_and_values() -> None:
    with pytest.raises(OptionError, match="is not a mass"):
        parse("uniform(1 kg, 3 kWh)", "gCO2e")
    with pytest.raises(OptionError, match="finite"):
        uniform(0.0, math.inf)
    with pytest.raises(OptionError, match="is not a distribution"):
        parse(0.3)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_survive_a_round(kind: str) -> None:
    made = parse(KINDS[kind].example)
    assert parse(str(made)) == made


@pytest.mark.parametrize(
    ("made", "reference"),
    [
        (uniform(20, 60), stats.uniform(20, 40)),
        (parse("triangular(150, 318, 568)"), stats.triang((318 - 150) / 418, 150, 418)),
        (parse("triangular(0, 0, 5)"), stats.triang(0, 0, 5)),
        (parse("triangular(0, 5, 5)"), stats.triang(1, 0, 5)),
        (parse("normal(100, 20)"), stats.truncnorm(-5, np.inf, 100, 20)),
        (parse("normal(10, 6)"), stats.truncnorm(-10 / 6, np.inf, 10, 6)),
        (parse("lognormal(7, 1.3)"), stats.lognorm(math.log(1.3), scale=7)),
        (pert(80, 100, 140), stats.beta(1 + 4 * 20 / 60, 1 + 4 * 40 / 60, 80, 60)),
    ],
)
def test_quantiles_are_those_of_scipy(made: Distribution, reference: Any) -> None:
    u = np.array([1e-9, 0.01, 0.05, 0.3, 0.5, 0.77, 0.95, 0.99, 1 - 1e-9])
    np.testing.assert_allclose(made.quantile(u), reference.ppf(u), rtol=1e-9)
    drawn = made.quantile(U)
    assert drawn.mean() == pytest.approx(reference.mean(), rel=1e-4)
    assert drawn.std() == pytest.approx(reference.std(), rel=2e-3)


def test_pert_has_its_mean() -> None:
    assert pert(80, 100, 140).quantile(U).mean() == pytest.approx((80 + 4 * 100 + 140) / 6, rel=1e-6)


@pytest.mark.parametrize(
    "made", [fixed(3.0), uniform(3, 3), pert(3, 3, 3), parse("normal(3, 0)"), parse("lognormal(3, 1)")]
)
def test_what_cannot_vary_is_exact(made: Distribution) -> None:
    assert made.is_fixed and made.bounds == (3.0, 3.0)
    assert set(made.quantile(U[::1000]).tolist()) == {3.0}


def test_no_draw_is_negative() -> None:
    extreme = np.array([2.0**-53, 1 - 2.0**-53])
    for text in ("normal(10, 6)", "lognormal(1, 9)", "uniform(0, 1)", "pert(0, 0, 1)", "triangular(0, 0, 1)"):
        drawn = parse(text).quantile(extreme)
        assert (drawn >= 0).all() and np.isfinite(drawn).all()
        lo, hi = parse(text).bounds
        assert lo <= drawn[0] <= drawn[1] <= hi


def test_many_at_once_are_the_single_ones() -> None:
    made = [parse(KINDS[kind].example) for kind in KINDS] + [uniform(1, 2)]
    u = np.random.default_rng(1).random((len(made), 50))
    together = quantiles(made, u)
    for row, item in enumerate(made):
        assert np.array_equal(together[row], item.quantile(u[row]))


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9), st.sampled_from(["pert", "triangular"]))
def test_a_draw_lies_within_its_bounds(a: float, b: float, c: float, kind: str) -> None:
    lo, mode, hi = sorted((a, b, c))
    drawn = Distribution(kind, (lo, mode, hi)).quantile(np.array([0.001, 0.2, 0.5, 0.8, 0.999]))
    assert (np.diff(drawn) >= -1e-9 * hi).all()
    assert (drawn >= lo - 1e-9 * hi).all() and (drawn <= hi * (1 + 1e-12)).all()


def test_scaled_is_the_factor_times_the_draw() -> None:
    for text in ("pert(90%, 100%, 130%)", "lognormal(100%, 1.3)", "normal(100%, 5%)"):
        relative = parse(text)
        np.testing.assert_allclose(relative.scaled(7.0).quantile(U[::999]), 7 * relative.quantile(U[::999]))


@pytest.mark.parametrize("mode", [0.0, 1e-6, 0.05, 0.31, 0.5, 0.77, 1.0])
def test_pert_is_the_inverse_of_scipy(mode: float) -> None:
    """To 1e-9 of x and of 1 - x, from the outermost draw to the other."""
    tails = 10.0 ** np.arange(-15, 0)
    u = np.concatenate([[2.0**-53], tails, np.linspace(0.1, 0.9, 33), 1 - tails, [1 - 2.0**-53]])
    found = pert_quantile(u[None], np.array([mode]))[0]
    np.testing.assert_allclose(found, stats.beta(1 + 4 * mode, 5 - 4 * mode).ppf(u), rtol=2e-9)
    other = pert_quantile(1 - u[None], np.array([1 - mode]))[0]
    np.testing.assert_allclose(1 - found[16:-17], other[16:-17], rtol=1e-8)
    many = pert_quantile(np.stack([u, u]), np.array([0.2, mode]))
    assert np.array_equal(many[1], found)
