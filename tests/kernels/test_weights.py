"""Laws of the apportionment policies: shares and own use make one whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.kernels.weights import POLICIES, SOURCES, Claimants, shares

CONSERVING = sorted(set(POLICIES) - {"full"})


@st.composite
def claimants(draw: st.DrawFn) -> Claimants:
    n = draw(st.integers(2, 8))
    pairs = draw(
        st.sets(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] > p[1]), max_size=16
        )
    )
    edges = sorted(pairs)
    m = len(edges)
    share = st.one_of(st.just(float("nan")), st.floats(0, 1))
    amount = st.one_of(st.just(float("nan")), st.floats(0, 1e3, allow_subnormal=False))

    def column(values: st.SearchStrategy[float], size: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=np.float64)

    return Claimants(
        n=n,
        child=np.array([v for v, _ in edges], np.int32),
        parent=np.array([u for _, u in edges], np.int32),
        explicit=column(share, m),
        stated_by=np.ones(m, np.int32),
        user=np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))),
        value=column(amount, n),
        coefficient=column(amount, m),
        merge=np.array(draw(st.lists(st.booleans(), min_size=m, max_size=m)), dtype=np.bool_),
        retain=draw(st.booleans()),
        cff_a=draw(st.floats(0, 1)),
    )


@pytest.mark.parametrize("policy", CONSERVING)
@given(claim=claimants())
def test_shares_and_own_use_make_one_whole(policy: str, claim: Claimants) -> None:
    decided = shares(policy, claim)
    assert decided.retained is not None
    handed_on = np.bincount(claim.parent, weights=decided.w, minlength=claim.n)
    np.testing.assert_allclose(handed_on + decided.retained, 1.0, rtol=0, atol=1e-11)
    assert np.all(decided.w >= 0) and np.all(np.isfinite(decided.w))


def test_the_smallest_properties_are_divided_exactly() -> None:
    tiny = 5e-324
    claim = Claimants(
        n=4,
        child=np.array([1, 2, 3], np.int32),
        parent=np.array([0, 0, 0], np.int32),
        explicit=np.array([0.5, np.nan, np.nan]),
        stated_by=np.ones(3, np.int8),
        user=np.array([False, True, True, True]),
        value=np.array([tiny, 1.0, tiny, 3 * tiny]),
    )
    assert shares("property", claim).w.tolist() == [0.5, 0.125, 0.375]


@pytest.mark.parametrize("policy", sorted(POLICIES))
@given(claim=claimants())
def test_explicit_shares_win(policy: str, claim: Claimants) -> None:
    decided = shares(policy, claim)
    given_ = ~np.isnan(claim.explicit)
    np.testing.assert_array_equal(decided.w[given_], claim.explicit[given_])
    assert all(SOURCES[code] == "explicit" for code in decided.source[given_].tolist())


@pytest.mark.parametrize("policy", CONSERVING)
@given(claim=claimants())
def test_a_non_user_with_children_hands_on_all_that_is_left(policy: str, claim: Claimants) -> None:
    if policy == "cutoff":
        return
    decided = shares(policy, claim)
    assert decided.retained is not None
    open_children = np.bincount(claim.parent[np.isnan(claim.explicit)], minlength=claim.n)
    given_ = np.bincount(claim.parent, weights=np.nan_to_num(claim.explicit), minlength=claim.n)
    for u in range(claim.n):
        if not claim.user[u] and open_children[u] and given_[u] <= 1:
            assert decided.retained[u] == 0


@pytest.mark.parametrize("policy", CONSERVING)
@given(claim=claimants())
def test_a_product_without_children_keeps_everything(policy: str, claim: Claimants) -> None:
    decided = shares(policy, claim)
    assert decided.retained is not None
    childless = np.bincount(claim.parent, minlength=claim.n) == 0
    assert np.all(decided.retained[childless] == 1)


def test_ten_times_a_tenth_is_not_over_allocated() -> None:
    claim = Claimants(
        n=11,
        child=np.arange(1, 11, dtype=np.int32),
        parent=np.zeros(10, np.int32),
        explicit=np.full(10, 0.1),
        stated_by=np.ones(10, np.int32),
        user=np.ones(11, np.bool_),
    )
    retained = shares("equal", claim).retained
    assert retained is not None and retained[0] == 0


def test_huge_properties_do_not_lose_the_cost() -> None:
    claim = Claimants(
        n=2,
        child=np.array([1], np.int32),
        parent=np.array([0], np.int32),
        explicit=np.array([np.nan]),
        stated_by=np.array([1], np.int32),
        user=np.array([True, True]),
        value=np.array([1e308, 1e308]),
    )
    decided = shares("property", claim)
    assert decided.retained is not None
    assert (decided.w.tolist(), decided.retained.tolist()) == ([0.5], [0.5, 1.0])
