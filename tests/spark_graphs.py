"""Graphs for the tests of the Spark engine, and the comparison with the default engine."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lineage.graph import Graph
from lineage.run import Run
from lineage.spark import SparkCost, figure
from lineage.views.cost import Cost, cost

if TYPE_CHECKING:
    from lineage.views.interval import Interval

__all__ = ["assert_equal", "close", "tangled"]

Rows = list[dict[str, Any]]
DATES = (None, "2023-01-05", "2024-02-29", "2024-12-31T23:59:59Z")


def close(found: float | None, expected: float | None, what: str, *, nothing: float = 1e-300) -> None:
    """Compare two figures, to 1e-12 relative; unknown is only equal to unknown, `nothing` to 0."""
    if expected is None or found is None:
        assert found == expected, f"{what}: {found} instead of {expected}"
    else:
        assert found == pytest.approx(expected, rel=1e-12, abs=nothing), what


def assert_equal(found: SparkCost, graph: Graph) -> Cost:
    """Compare a result with that of the default engine, product by product; return the latter."""
    run = found.run
    options = {name: getattr(run, name) for name in Run.__slots__ if name != "engine"}
    expected = cost(graph, Run(**options))
    rows = {row["id"]: row for row in found.table.collect()}
    assert sorted(rows) == [graph.id(code) for code in expected.existing]
    for code in expected.existing:
        name = graph.id(code)
        row = rows[name]
        for view, bounds in (("own", expected.own), ("epc", expected.epc), ("burden", expected.burden)):
            told: Interval = figure(row, view, run)
            wanted = (None, None, None) if bounds is None else bounds.at(code)
            for side, value, other in zip(told._fields, told, wanted, strict=True):
                close(value, other, f"{name} {view}.{side}")
        retained = None if expected.retained_share is None else float(expected.retained_share[code])
        close(row["retained_share"], retained, f"{name} retained_share", nothing=1e-15)
        assert (row["name"], row["tier"]) == (expected.name(code), expected.own_costs.tier[code])
        assert row["covered"] is None
    _assert_sums(found, expected)
    return expected


def _assert_sums(found: SparkCost, expected: Cost) -> None:
    for name, value in expected.conservation.as_dict().items():
        if name != "relative_error":
            close(found.conservation.as_dict()[name], value, f"conservation {name}")
    assert found.coverage.products == expected.coverage.products
    assert (found.coverage.known, found.coverage.total) == (expected.coverage.known, expected.coverage.total)
    assert found.coverage.cost == pytest.approx(expected.coverage.cost, rel=1e-12)


def tangled(n: int = 60, seed: int = 4) -> tuple[Rows, Rows]:
    """Return own tables with everything in them: unknowns, bounds, users and others, given shares, dates."""
    random = np.random.default_rng(seed)

    def some(values: Any) -> Any:
        return values[int(random.integers(len(values)))]

    ids = [f"{some(('model', 'model', 'dataset', 'platform'))}:p{number:02d}" for number in range(n)]
    products: Rows = []
    for name in ids:
        best = some((None, 0.0, float(random.lognormal(3, 3))))
        bounds = (
            {}
            if best is None
            else {"own_carbon_gco2e_lo": best / some((1, 2)), "own_carbon_gco2e_hi": best * 3}
        )
        products.append(
            {"id": name, "own_carbon_gco2e": best, "tier": some((None, "measured", "from-energy")), **bounds}
            | {"downloads": some((None, 0.0, 7.0, 900.0)), "quality": some((0.5, 0.8, 0.9))}
            | {"deployed": some((True, False)), "created_at": some(DATES)}
        )
    pairs = {tuple(sorted(random.choice(n, 2, replace=False).tolist())) for _ in range(2 * n)}
    edges: Rows = [
        {"product": ids[v], "parent": ids[u], "w": some((None, None, None, 0.0, 0.2, 0.6))}
        | {"relation": some((None, "merge", "fine-tune")), "merge_weight": some((None, 0.5, -0.25))}
        | {"tokens_sampled": some((1e6, 2e6)), "created_at": some(DATES)}
        for u, v in sorted(pairs)
    ]
    return products, edges
