"""Blocks of right-hand sides, and Dirichlet weights: the bits of single solves, and nothing lost."""

import numpy as np
import pytest
from scipy import stats

from lineage.kernels.blocks import Blocks
from lineage.kernels.dirichlet import Claims
from lineage.kernels.draws import keys_of
from lineage.kernels.plain import Structure


def drawn(seed: int, n: int, *, back: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of a random lineage, sorted by (child, parent); `back` of them go against the order."""
    made = np.random.default_rng(seed)
    pairs = {(v, int(made.integers(v))) for v in range(1, n) for _ in range(int(made.integers(0, 5)))}
    pairs |= {(int(made.integers(n // 2)), n // 2 + int(made.integers(n // 2))) for _ in range(back)}
    shuffled = made.permutation(n)
    ends = np.array(sorted((int(shuffled[v]), int(shuffled[u])) for v, u in pairs), dtype=np.int32)
    return ends[:, 0], ends[:, 1]


@pytest.mark.parametrize("seed", range(8))
def test_columns_have_the_bits_of_the_plain_engine(seed: int) -> None:
    child, parent = drawn(seed, 120)
    made = np.random.default_rng(seed)
    own, w, wide = made.lognormal(0, 2, (120, 7)), made.random(len(child)), made.random((len(child), 7))
    blocks, plain = Blocks(120, child, parent), Structure(120, child.tolist(), parent.tolist())
    fixed, varied = blocks.solve(w, own), blocks.solve(wide, own)
    for column in range(7):
        assert fixed[:, column].tolist() == plain.solve(w.tolist(), own[:, column].tolist())
        assert varied[:, column].tolist() == plain.solve(wide[:, column].tolist(), own[:, column].tolist())
    assert np.array_equal(blocks.solve(wide[:, 2:3], own[:, 2:3])[:, 0], varied[:, 2])
    marked = made.random(120) < 0.05
    zeroed = np.where(made.random(len(child)) < 0.3, 0.0, w)
    assert blocks.reach(zeroed, marked).tolist() == plain.reach(zeroed.tolist(), marked.tolist())
    assert blocks.divergent(wide) == []


def test_cycles_go_to_an_engine() -> None:
    child, parent = drawn(3, 60, back=2)
    plain = Structure(60, child.tolist(), parent.tolist())
    assert plain.cycles
    made = np.random.default_rng(1)
    w, own = 0.1 * made.random((len(child), 3)), made.random((60, 3))
    blocks = Blocks(60, child, parent, plain)
    for column in range(3):
        expected = plain.solve(w[:, column].tolist(), own[:, column].tolist())
        assert blocks.solve(w, own)[:, column].tolist() == expected
    assert blocks.divergent(w) == [] and blocks.divergent(np.full(len(child), 2.0)) == plain.cycles
    marked = np.arange(60) == child[0]
    assert blocks.reach(w[:, 0], marked).tolist() == plain.reach(w[:, 0].tolist(), marked.tolist())
    with pytest.raises(ValueError, match="give an engine that solves them"):
        Blocks(60, child, parent)


def test_linearity() -> None:
    child, parent = drawn(5, 80)
    made = np.random.default_rng(2)
    w, a, b = made.random(len(child)), made.random((80, 4)), made.random((80, 4))
    blocks = Blocks(80, child, parent)
    np.testing.assert_allclose(
        blocks.solve(w, 2 * a + 3 * b), 2 * blocks.solve(w, a) + 3 * blocks.solve(w, b), rtol=1e-12
    )


CLAIMS = Claims(
    np.array([0, 3]),
    np.array([30.0, 10.0, 10.0, 0.4, 0.1]),
    np.array([1.0, 0.25]),
    keys_of("edge", "abcde"),
)


def test_dirichlet_moments() -> None:
    """Mean alpha/A, variance alpha (A - alpha) / (A^2 (A + 1)), covariance -alpha beta / (A^2 (A + 1))."""
    size = 40_000
    shares = CLAIMS.drawn(seed=4, first=0, count=size)
    for rows, left in ((slice(0, 3), 1.0), (slice(3, 5), 0.25)):
        alpha, part = CLAIMS.alpha[rows], shares[rows] / left
        total = alpha.sum()
        variance = alpha * (total - alpha) / total**2 / (total + 1)
        assert np.abs(part.mean(axis=1) - alpha / total).max() < 4 * np.sqrt(variance.max() / size)
        np.testing.assert_allclose(part.var(axis=1), variance, rtol=0.03)
        covariance = -alpha[0] * alpha[1] / total**2 / (total + 1)
        assert np.cov(part[0], part[1])[0, 1] == pytest.approx(covariance, rel=0.05)
        beta = stats.beta(alpha[1], total - alpha[1])
        assert stats.kstest(part[1], beta.cdf).pvalue > 0.001
        np.testing.assert_allclose(part.sum(axis=0), 1.0, rtol=1e-14)


def test_dirichlet_does_not_depend_on_blocks_or_company() -> None:
    whole = CLAIMS.drawn(seed=9, first=0, count=300)
    for first, count in ((0, 1), (10, 1), (7, 200), (299, 1)):
        assert np.array_equal(CLAIMS.drawn(seed=9, first=first, count=count), whole[:, first : first + count])
    alone = Claims(np.array([0]), CLAIMS.alpha[3:], CLAIMS.left[1:], CLAIMS.keys[3:])
    assert np.array_equal(alone.drawn(seed=9, first=0, count=300), whole[3:])


def test_tiny_shares_do_not_underflow() -> None:
    """A hub with 20,000 children: every gamma variate alone is below the smallest number, or nearly."""
    many = Claims(
        np.array([0]), np.full(20_000, 0.0025), np.ones(1), keys_of("edge", map(str, range(20_000)))
    )
    shares = many.drawn(seed=2, first=0, count=20)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-12)
    assert (shares >= 0).all() and np.isfinite(shares).all()
    lonely = Claims(np.array([0]), np.full(3, 1e-5), np.ones(1), keys_of("edge", "abc"))
    np.testing.assert_allclose(lonely.drawn(seed=2, first=0, count=500).sum(axis=0), 1.0, rtol=1e-12)


def test_nothing_to_draw() -> None:
    nothing = Claims(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.uint64))
    assert nothing.drawn(seed=1, first=0, count=5).shape == (0, 5)
