"""The tuned kernels against the readable ones, bit for bit, from edges in any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineages_drawn import SHAPES, Lineage, lineages, made, shuffled

pytest.importorskip("numba", reason="not installed: pip install numba")
from lineage.kernels import fast, tuned_edges
from lineage.kernels.tuned_edges import solve_edges


def readable(case: Lineage) -> bytes:
    return fast.Structure(case.n, case.child, case.parent).solve(case.w, case.own).tobytes()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_bits_of_the_readable_kernel(shape: str) -> None:
    case = SHAPES[shape]()
    assert solve_edges(*shuffled(case), case.own).tobytes() == readable(case)


@given(lineages(), st.integers(0, 99))
def test_small_lineages_have_the_bits_of_the_readable_kernel(case: Lineage, seed: int) -> None:
    assert solve_edges(*shuffled(case, seed), case.own).tobytes() == readable(case)


@given(lineages(cyclic=True), st.integers(0, 99))
def test_cycles_are_solved(case: Lineage, seed: int) -> None:
    epc = solve_edges(*shuffled(case, seed), case.own)
    np.testing.assert_allclose(epc, np.frombuffer(readable(case)), rtol=1e-12)


@given(lineages(cyclic=True), st.integers(0, 99))
def test_cycles_in_a_large_lineage_are_solved(case: Lineage, seed: int) -> None:
    """Who was left is woken, where few were left; else everybody is gone through again."""
    own = np.concatenate([case.own, np.ones(case.n * tuned_edges.MANY)])
    epc = solve_edges(*shuffled(case, seed), own)
    np.testing.assert_allclose(epc[: case.n], np.frombuffer(readable(case)), rtol=1e-12)
    assert epc[case.n :].tolist() == own[case.n :].tolist()


def test_parallel_edges_keep_their_order() -> None:
    """Terms of the same parent are added in the order in which they were given."""
    child, parent = np.array([1, 2, 1, 1], np.int32), np.array([0, 1, 0, 0], np.int32)
    w, own = np.array([1e-16, 1.0, 1.0, 1e-16]), np.array([1.0, 1.0, 0.0])
    assert solve_edges(child, parent, w, own)[1] == ((1.0 + 1e-16) + 1.0) + 1e-16


@pytest.mark.parametrize("length", [15, 16, 17, 18, 200])
def test_long_rows_go_on_where_they_stopped(length: int) -> None:
    """A product at number 0 whose parents all come later, each made out of the next."""
    ring = np.arange(1, length + 1)
    pairs = [np.stack([np.zeros(length, int), ring], axis=1), np.stack([ring[:-1], ring[1:]], axis=1)]
    case = made(length + 1, np.concatenate(pairs))
    assert solve_edges(*shuffled(case), case.own).tobytes() == readable(case)


@pytest.mark.slow
def test_a_shuffled_chain_of_a_million() -> None:
    names = np.random.default_rng(0).permutation(1_000_000)
    case = made(len(names), np.stack([names[1:], names[:-1]], axis=1))
    assert solve_edges(*shuffled(case), case.own).tobytes() == readable(case)
