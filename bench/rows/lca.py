"""Row 12: against bw2calc, the calculation engine of the life-cycle assessment framework Brightway.

It answers one demand a solve, ours are the costs of all products; its scores must equal ours. It is built for general
systems with many flows, not for large acyclic ones: what is measured is what using the lineage's shape is worth.
"""

from typing import Any

import numpy as np

from bench.graphs import Graph, graph
from bench.rows.engine import Row, by_child, row
from bench.timing import alternately
from lineage.kernels import adjoint
from lineage.kernels.plan import Plan
from lineage.kernels.tuned_edges import solve_edges

__all__ = ["ROWS"]

DEMANDS = 3


def package(made: Graph) -> Any:
    """Return the lineage as a datapackage: technosphere I - W, one flow that carries own costs, weight one."""
    import bw_processing as bwp

    def indices(rows: Any, columns: Any) -> Any:
        found = np.empty(len(rows), dtype=bwp.INDICES_DTYPE)
        found["row"], found["col"] = rows, columns
        return found

    every = np.arange(made.n)
    flow = made.n + 1
    built = bwp.create_datapackage()
    built.add_persistent_vector(
        matrix="technosphere_matrix",
        indices_array=indices(np.r_[every, made.parent], np.r_[every, made.child]),
        data_array=np.r_[np.ones(made.n), made.w],
        flip_array=np.r_[np.zeros(made.n, np.bool_), np.ones(len(made.w), np.bool_)],
    )
    built.add_persistent_vector(
        matrix="biosphere_matrix", indices_array=indices(np.full(made.n, flow), every), data_array=made.own
    )
    built.add_persistent_vector(
        matrix="characterization_matrix", indices_array=indices([flow], [flow]), data_array=np.ones(1)
    )
    return built


def against_lca(size: str) -> list[Row]:
    """One product's cost: the first demand, with its factorisation, and one more, against one shot and one cone."""
    from bw2calc import LCA

    made = by_child(graph(size))
    expected = solve_edges(made.child, made.parent, made.w, made.own)
    asked = [int(v) for v in np.random.default_rng(0).integers(0, made.n, DEMANDS)]
    built = package(made)
    plan = Plan.of(made.n, made.child, made.parent)
    rows, own = (*plan.inward, plan.shares(made.w)), made.own[plan.order]
    work, ask = adjoint.room(plan.n), adjoint.compiled()
    kept: dict[str, Any] = {}

    def first() -> None:
        kept["lca"] = LCA({asked[0]: 1}, data_objs=[built])
        kept["lca"].lci(factorize=True)
        kept["lca"].lcia()

    def more() -> None:
        for v in asked:
            kept["lca"].redo_lcia({v: 1})
            assert abs(kept["lca"].score - expected[v]) <= 1e-9 * expected[v], "scores differ"

    def cones() -> None:
        for v in asked:
            cone, y = ask(int(plan.number[v]), *rows, work)
            assert abs(float(y @ own[cone]) - expected[v]) <= 1e-9 * expected[v], "costs differ"

    def many_cones() -> None:
        for _ in range(1000):
            cones()

    sides = {
        "first": first,
        "more": more,
        "all": lambda: solve_edges(made.child, made.parent, made.w, made.own),
        "cones": many_cones,
    }
    spent = alternately(sides, repeats=3)
    return [
        row(
            "12 bw2calc, first demand / all products",
            size,
            spent["first"] / spent["all"],
            -200,
            seconds=spent,
        ),
        row(
            "12 bw2calc, one more demand / one cone",
            size,
            spent["more"] / spent["cones"] * 1000,
            -500,
            seconds=spent,
        ),
    ]


ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {"12": (against_lca, ("hub300k",))}
