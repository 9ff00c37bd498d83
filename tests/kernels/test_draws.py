"""Counter-based draws: they depend on the seed, the key and the sample, and on nothing else."""

import numpy as np
import pytest
from scipy import stats

from lineage.kernels.draws import key_of, keys_of, log_gammas, mixed, paired, uniforms

GOLDEN = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


def plain_mixed(z: int) -> int:
    """The finaliser of SplitMix64 in integers of any size."""
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def plain_uniform(seed: int, key: int, sample: int) -> float:
    """What `uniforms` computes, one number at a time."""
    start = plain_mixed(plain_mixed((seed & MASK) + GOLDEN & MASK) ^ key)
    counter = (sample + 1) * GOLDEN & MASK
    bits = plain_mixed(plain_mixed(start + counter & MASK) ^ plain_mixed(~start & MASK))
    return ((bits >> 12) + 0.5) * 2.0**-52


def test_the_published_sequence_of_splitmix64() -> None:
    """Seed 1234567, from the reference implementation."""
    states = np.array([(1234567 + GOLDEN * step) & MASK for step in range(1, 4)], np.uint64)
    assert mixed(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("seed", [0, 1, -1, 2**70 + 3])
def test_plain_integers_give_the_same(seed: int) -> None:
    keys = keys_of("grid", ["FR", "US", "模型"])
    drawn = uniforms(seed, keys, 5, 40)
    expected = [[plain_uniform(seed, key, 5 + sample) for sample in range(40)] for key in keys.tolist()]
    assert drawn.tolist() == expected


def test_blocks_order_and_company_change_nothing() -> None:
    names = [f"input {number}" for number in range(30)]
    whole = uniforms(3, keys_of("own", names), 0, 1000)
    for first, count in ((0, 1), (0, 999), (17, 3), (999, 1), (500, 500)):
        assert np.array_equal(
            uniforms(3, keys_of("own", names), first, count), whole[:, first : first + count]
        )
    backwards = uniforms(3, keys_of("own", names[::-1]), 0, 1000)
    assert np.array_equal(backwards[::-1], whole)
    assert np.array_equal(uniforms(3, keys_of("own", names[4:5]), 0, 1000)[0], whole[4])


def test_they_are_uniform() -> None:
    drawn = uniforms(11, keys_of("own", [str(number) for number in range(50)]), 0, 20_000)
    assert drawn.min() > 0 and drawn.max() < 1
    p_values = [stats.kstest(row, "uniform").pvalue for row in drawn]
    assert min(p_values) > 0.05 / 50 / 10  # deterministic: the seed is fixed
    assert stats.kstest(p_values, "uniform").pvalue > 0.001
    assert stats.kstest(drawn[:, 7], "uniform").pvalue > 0.001  # across keys, one sample


def test_inputs_samples_and_seeds_are_independent() -> None:
    keys = keys_of("own", [str(number) for number in range(60)])
    drawn = uniforms(5, keys, 0, 10_000)
    normal = stats.norm.ppf(drawn)
    correlation = np.asarray(np.corrcoef(normal))[np.triu_indices(60, 1)]
    assert np.abs(correlation).max() < 4.5 / 100  # 1,770 pairs, standard error 1/100
    assert correlation.std() == pytest.approx(0.01, rel=0.1)
    for lag in (1, 2, 64):
        assert abs(np.corrcoef(normal[0, lag:], normal[0, :-lag])[0, 1]) < 0.04
    other = stats.norm.ppf(uniforms(6, keys, 0, 10_000))
    assert abs(np.corrcoef(normal.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(normal.size)


def test_neighbouring_keys_and_seeds_share_no_bits() -> None:
    """Keys and seeds that differ in one bit: half of the 52 bits differ."""
    keys = np.arange(1000, dtype=np.uint64)
    bits = np.floor(uniforms(0, keys, 0, 4) * 2.0**52).astype(np.uint64)
    flipped = np.floor(uniforms(0, keys ^ np.uint64(1 << 40), 0, 4) * 2.0**52).astype(np.uint64)
    seeded = np.floor(uniforms(1, keys, 0, 4) * 2.0**52).astype(np.uint64)
    for other in (flipped, seeded):
        assert np.bitwise_count(bits ^ other).mean() == pytest.approx(26, abs=0.3)


def test_keys_tell_words_and_pairs_apart() -> None:
    assert len({key_of("a", "bc"), key_of("ab", "c"), key_of("abc"), key_of("a", "b", "c")}) == 4
    left, right = keys_of("x", ["a", "b"]), keys_of("x", ["b", "a"])
    assert paired(left, right)[0] != paired(right, left)[0]
    grid = paired(
        np.repeat(np.arange(300, dtype=np.uint64), 300), np.tile(np.arange(300, dtype=np.uint64), 300)
    )
    assert len(np.unique(grid)) == 90_000


@pytest.mark.parametrize("shape", [0.02, 0.5, 0.999, 1.0, 3.0, 50.0, 4000.0])
def test_gammas_have_their_distribution(shape: float) -> None:
    keys = keys_of("edge", ["a", "b"])
    logs = log_gammas(np.array([shape, shape]), 3, keys, 0, 20_000)
    assert np.isfinite(logs).all()
    for row in np.exp(logs):
        assert stats.kstest(row, stats.gamma(shape).cdf).pvalue > 0.001
    assert abs(np.asarray(np.corrcoef(logs))[0, 1]) < 4 / np.sqrt(20_000)


@pytest.mark.parametrize("shape", [1e-6, 1e-3])
def test_gammas_of_tiny_shapes_follow_the_power_law(shape: float) -> None:
    """Far below 1, P(X < x) = x^shape / Gamma(shape + 1): shape log X is nearly an exponential, turned round."""
    logs = log_gammas(np.array([shape]), 3, keys_of("edge", "a"), 0, 20_000)[0]
    assert logs.min() < -700  # below every floating-point number
    assert stats.kstest(-shape * logs, "expon").statistic < 0.015


def test_gammas_do_not_depend_on_blocks_or_company() -> None:
    shapes, keys = np.array([0.3, 5.0, 0.001, 70.0]), keys_of("edge", "abcd")
    whole = log_gammas(shapes, 1, keys, 0, 500)
    for first, count in ((0, 1), (3, 200), (499, 1)):
        assert np.array_equal(log_gammas(shapes, 1, keys, first, count), whole[:, first : first + count])
    for row in range(4):
        assert np.array_equal(log_gammas(shapes[[row]], 1, keys[[row]], 0, 500)[0], whole[row])
    assert log_gammas(np.zeros(0), 1, keys[:0], 0, 5).shape == (0, 5)
