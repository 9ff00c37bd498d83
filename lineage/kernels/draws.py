"""Random numbers that depend on nothing but what they are for: counter-based, keyed by name.

The number for a seed, a key (made of an input's name) and a sample is a function of these three alone. It is the
same whatever the size of a block, the number of threads, the order of the work, and whichever other inputs exist;
the first thousand samples of a run of four thousand are those of a run of one thousand.

Two rounds of the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014; constants of Stafford's variant 13) with the key fed in before each: the counters of two keys that
happen to overlap still give unrelated numbers.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

import numpy as np

from lineage.kernels.arrays import Floats

__all__ = ["Keys", "key_of", "keys_of", "log_gammas", "mixed", "paired", "uniforms"]

Keys = np.ndarray[Any, np.dtype[np.uint64]]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)

_CACHED: Final = 100_000  # numbers worked on at once, so that they stay in the cache


def mixed(values: Keys) -> Keys:
    """Return each 64-bit number scrambled (a bijection): the finaliser of SplitMix64.

    >>> hex(int(mixed(np.array([0x9E3779B97F4A7C15], np.uint64))[0]))
    '0xe220a8397b1dcdaf'
    """
    z = (values ^ (values >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    z ^= z >> np.uint64(31)
    return z


def key_of(*words: str) -> int:
    """Return the key of a name: 64 bits of its BLAKE2b; the words are told apart.

    >>> key_of("grid", "FR") == key_of("grid", "FR"), key_of("a", "bc") == key_of("ab", "c")
    (True, False)
    """
    text = "".join(f"{len(word)}:{word}" for word in words)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def keys_of(kind: str, names: Iterable[str]) -> Keys:
    """Return the keys of several names of one kind, shape (names,)."""
    return np.array([key_of(kind, name) for name in names], dtype=np.uint64)


def paired(left: Keys, right: Keys) -> Keys:
    """Return the keys of pairs, such as edges; (a, b) and (b, a) differ."""
    return mixed(mixed(left + _GOLDEN) ^ (right * _GOLDEN + _FIRST))


def uniforms(seed: int, keys: Keys, first: int, count: int) -> Floats:
    """Return uniform numbers in (0, 1) for samples first .. first + count - 1, shape (keys, count).

    They are odd multiples of 2^-53, so neither 0 nor 1 is ever drawn, and both tails are alike.

    >>> whole = uniforms(7, keys_of("grid", ["FR", "US"]), 0, 100)
    >>> bool(np.array_equal(whole[1:, 60:], uniforms(7, keys_of("grid", ["US"]), 60, 40)))
    True
    """
    return _numbers(seed, keys[:, None], np.arange(first, first + count, dtype=np.uint64))


def _numbers(seed: int, keys: Keys, samples: Keys) -> Floats:
    """Return the uniform numbers of keys and samples, element by element."""
    start = mixed(mixed(np.array(seed & 0xFFFFFFFFFFFFFFFF, np.uint64).reshape(1) + _GOLDEN) ^ keys)
    bits = mixed(mixed(start + (samples + np.uint64(1)) * _GOLDEN) ^ mixed(~start))
    drawn: Floats = ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return drawn


def log_gammas(shape: Floats, seed: int, keys: Keys, first: int, count: int) -> Floats:
    """Return the logarithms of gamma variates of these shapes (keys,) > 0, scale 1: (keys, count).

    By rejection (Marsaglia, Tsang, "A simple method for generating gamma variables", 2000): a try takes two
    uniforms that are counted like any other, so a variate still depends on its seed, key and sample alone. A
    shape below 1 is that of shape + 1 times u^(1/shape), in logarithms: a variate of a small shape (a weight of
    1/50,000) is often below the smallest floating-point number.

    >>> drawn = log_gammas(np.array([1e-4, 4.0]), 7, keys_of("edge", "ab"), 0, 1000)
    >>> bool(np.isfinite(drawn).all()), bool(abs(np.exp(drawn[1]).mean() - 4) < 0.2)
    (True, True)
    """
    step = max(1, _CACHED // max(count, 1))
    logs = np.empty((len(shape), count))
    for start in range(0, len(shape), step):
        part = slice(start, start + step)
        logs[part] = _log_gammas(shape[part], seed, keys[part], first, count)
    return logs


def _log_gammas(shape: Floats, seed: int, keys: Keys, first: int, count: int) -> Floats:
    low = shape < 1
    size = np.where(low, shape + 1, shape) - 1 / 3
    found = _tried(
        uniforms(seed, _stream(keys, 1), first, count),
        uniforms(seed, _stream(keys, 2), first, count),
        size[:, None],
    )
    number = 2
    rows, samples = np.nonzero(np.isnan(found))
    while rows.size:
        counters = (first + samples).astype(np.uint64)
        u, v = (_numbers(seed, _stream(keys, number + step)[rows], counters) for step in (1, 2))
        number += 2
        found[rows, samples] = drawn = _tried(u, v, size[rows])
        again = np.isnan(drawn)
        rows, samples = rows[again], samples[again]
    found[low] += np.log(uniforms(seed, _stream(keys[low], 0), first, count)) / shape[low, None]
    return found


def _tried(u: Floats, v: Floats, size: Floats) -> Floats:
    """Return the logarithm of a gamma variate of shape size + 1/3 >= 1, or NaN where the try is rejected."""
    from scipy.special import ndtri

    normal = ndtri(u)
    root = 1 + normal / np.sqrt(9 * size)
    log_cube = 3 * np.log(np.where(root > 0, root, np.nan))
    square = normal * normal
    kept = v < 1 - 0.0331 * square * square  # for nearly all; the others need their logarithms
    other = np.nonzero(~kept)
    near, wide = log_cube[other], np.broadcast_to(size, kept.shape)[other]
    kept[other] = np.log(v[other]) < 0.5 * square[other] + wide * (1 - np.exp(near) + near)
    drawn: Floats = np.where(kept, np.log(size) + log_cube, np.nan)
    return drawn


def _stream(keys: Keys, number: int) -> Keys:
    """Return the keys of another sequence of numbers for the same names."""
    return paired(keys, np.array([number], dtype=np.uint64))
