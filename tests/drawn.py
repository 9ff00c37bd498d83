"""Random resolved graphs for the views' laws."""

from typing import Any

from hypothesis import strategies as st

from lineage.graph import Graph

__all__ = ["drawn"]


@st.composite
def drawn(draw: st.DrawFn, *, cyclic: bool = False) -> Graph:
    """A random graph with known, unknown and bounded costs, users and non-users, dates and properties."""
    n = draw(st.integers(1, 9))
    kinds = draw(st.lists(st.sampled_from(["model", "model", "dataset"]), min_size=n, max_size=n))
    names = [f"{kind}:p{number}" for number, kind in enumerate(kinds)]
    products: list[dict[str, Any]] = []
    for name in names:
        # Nothing so small that halving it, or a share of it, would lose bits.
        best = draw(st.one_of(st.none(), st.just(0.0), st.floats(1e-9, 1e6)))
        products.append(
            {
                "id": name,
                "own_carbon_gco2e": best,
                "own_carbon_gco2e_lo": None if best is None else best * draw(st.sampled_from([0.5, 1.0])),
                "own_carbon_gco2e_hi": None if best is None else best * draw(st.sampled_from([1.0, 2.0])),
                "downloads": draw(st.one_of(st.none(), st.integers(0, 1000))),
                "quality": draw(st.one_of(st.none(), st.floats(0, 1))),
            }
        )
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: cyclic or p[0] > p[1])
    pairs = sorted(draw(st.sets(pair.filter(lambda p: p[0] != p[1]), max_size=14))) if n > 1 else []
    edges = [
        {
            "product": names[v],
            "parent": names[u],
            "w": draw(st.one_of(st.none(), st.just(0.0), st.floats(1e-9, 0.2))),
        }
        for v, u in pairs
    ]
    return Graph.from_tables(products, edges)
