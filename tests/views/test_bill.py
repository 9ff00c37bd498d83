"""The bill of materials adds up to the EPC, whatever is cut off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import drawn
from lineage.errors import OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.views.bill import bill, weights_to
from lineage.views.cost import cost
from lineage.views.family import family


@given(made=drawn(), cutoff=st.sampled_from([0.0, 0.1, 0.5, 1.0]), engine=st.sampled_from(["plain", "scipy"]))
def test_rows_and_remainder_add_up(made: Graph, cutoff: float, engine: str) -> None:
    result = cost(made, Run(engine=engine))
    for name in made.ids:
        opened = bill(made, name, cutoff=cutoff, result=result)
        amount = sum(row.contribution for row in opened.rows) + opened.remainder.contribution
        assert amount == pytest.approx(opened.total.best or 0.0, rel=1e-9, abs=1e-9)
        if opened.total.best:
            shares = sum(row.share or 0.0 for row in opened.rows) + (opened.remainder.share or 0.0)
            assert shares == pytest.approx(1.0, rel=1e-9)


@given(made=drawn(cyclic=True))
def test_the_adjoint_is_the_inverse_matrix(made: Graph) -> None:
    result = cost(made, Run(cycles="solve"))
    n = len(made)
    matrix = np.eye(n)
    for (v, u), (w, _) in result.weights.items():
        matrix[made.codes[v], made.codes[u]] -= w
    inverse = np.linalg.inv(matrix)
    for code in range(n):
        found = weights_to(result, code)
        expected = inverse[code]
        np.testing.assert_allclose([found.get(u, 0.0) for u in range(n)], expected, rtol=1e-9, atol=1e-12)


@given(made=drawn())
def test_what_ends_where_makes_one_whole(made: Graph) -> None:
    """The share of u's own cost that ends at v is B[v, u] r[v]; over all v these sum to 1."""
    result = cost(made)
    retained = result.retained_share
    assert retained is not None
    ends = np.zeros(len(made))
    for v in range(len(made)):
        for u, weight in weights_to(result, v).items():
            ends[u] += weight * retained[v]
    np.testing.assert_allclose(ends, 1.0, rtol=1e-9)


def test_what_is_not_covered_is_named() -> None:
    opened = bill(graph("dataset:web -> base -> tuned", own={"base": 100.0}), "tuned")
    assert opened.not_covered == ("dataset:web", "model:tuned")
    assert opened.total.hi is None


def test_wrong_names_and_cut_offs() -> None:
    made = graph("base -> tuned", own={"base": 1.0})
    with pytest.raises(UnknownProduct, match="did you mean 'model:tuned'"):
        bill(made, "tunned")
    with pytest.raises(OptionError, match="between 0 and 1"):
        bill(made, "tuned", cutoff=1.5)


def test_a_family_counts_each_descendant_once() -> None:
    made = graph(
        "base -> left",
        "base -> right",
        "left, right -> merged",
        own={"base": 100, "left": 5, "right": 5, "merged": 1},
    )
    whole = family(made, "base")
    assert (whole.total.best, whole.ratio, len(whole.members)) == (111.0, 0.11, 4)
    assert whole.by_tier == {"reported": 111.0} and whole.count_by_tier == {"reported": 4}
    alone = family(made, "merged")
    assert alone.descendants.best == 0 and alone.ratio == 0
    unknown = family(graph("a -> b", own={"a": 1.0}), "a")
    assert unknown.ratio is None and unknown.total.hi is None and unknown.covered == 0.5
