"""Rows 1 to 9, 17 and 18: the compiled engine against the yardstick, against the other engines, against peers."""

import math
import time
import tracemalloc
from typing import Any

import numpy as np

from bench.graphs import Graph, graph
from bench.rows import peers
from bench.timing import alternately, yardstick
from lineage.kernels import sparse
from lineage.kernels.fast import Structure
from lineage.kernels.plan import Plan
from lineage.kernels.tuned_edges import solve_edges

__all__ = ["ROWS"]

Row = dict[str, Any]
LARGE = ("hub3m", "rand10m")


def by_child(made: Graph) -> Graph:
    """Return the graph with its edges sorted by (child, parent), as a network holds them."""
    turn = np.lexsort((made.parent, made.child))
    return made._replace(child=made.child[turn], parent=made.parent[turn], w=made.w[turn])


def row(
    number: str, size: str, ratio: float, target: float, *, stated: tuple[str, ...] = (), **more: Any
) -> Row:
    """Return a row; a target is an upper bound, or a lower one where it is negative.

    `stated` names the graphs that the target is stated for, where it is not stated for all; on others there is none.
    """
    met = bool(ratio <= target if target > 0 else ratio >= -target)
    told = f"<= {target:g}" if target > 0 else f">= {-target:g}"
    if stated and size not in stated:
        return {"row": number, "size": size, "ratio": ratio, "target": None, "met": None} | more
    return {"row": number, "size": size, "ratio": ratio, "target": told, "met": met} | more


def one_shot(size: str) -> list[Row]:
    """Rows 1, 2 and 4: unsorted edges to all costs; the readable kernels; the scipy engine."""
    made = graph(size)
    ordered = by_child(made)
    given = made.n, ordered.child, ordered.parent
    sides = {
        "L": yardstick(made),
        "tuned": lambda: solve_edges(made.child, made.parent, made.w, made.own),
        "readable": lambda: Structure(*given).solve(ordered.w, made.own),
        "scipy": lambda: sparse.Structure(*given).solve(ordered.w, made.own),
    }
    bits = {name: run().tobytes() for name, run in sides.items() if name != "L"}
    assert len(set(bits.values())) == 1, "the engines differ"
    spent = alternately(sides)
    ratio = {name: seconds / spent["L"] for name, seconds in spent.items()}
    found = [
        row("1 one shot / L", size, ratio["tuned"], 10, stated=LARGE, seconds=spent),
        row("2 readable, from sorted edges / L", size, ratio["readable"], 18, stated=LARGE),
        row("4 scipy engine, from sorted edges / L", size, ratio["scipy"], 60, stated=LARGE),
    ]
    if size.startswith("chain"):
        found.append(row("4 scipy engine / numba engine", size, ratio["scipy"] / ratio["readable"], 10))
        found.append(row("7 chain cold, ns a product", size, spent["tuned"] / made.n * 1e9, 200))
    return found


def against_peers(size: str) -> list[Row]:
    """Row 3: the one shot against other ways to the same numbers."""
    made = graph(size)
    expected = solve_edges(made.child, made.parent, made.w, made.own)
    found = []
    for name, (run, least, largest) in peers.ONE_SHOT.items():
        if made.n > largest:
            continue
        np.testing.assert_allclose(run(made), expected, rtol=1e-9)
        sides = {
            "ours": lambda: solve_edges(made.child, made.parent, made.w, made.own),
            "peer": lambda run=run: run(made),
        }
        spent = alternately(sides, repeats=3 if made.n > 500_000 else 5)
        ratio, stated = spent["peer"] / spent["ours"], ("hub300k",) if name == "networkx" else ("hub3m",)
        found.append(row(f"3 {name} / one shot", size, ratio, -least, stated=stated, seconds=spent))
    return found


def warm(size: str) -> list[Row]:
    """Rows 5, 6 and 7: a plan, and a sweep in its numbering against a product of the same matrix and a vector."""
    from scipy.sparse import csr_array

    made = graph(size)
    ordered = by_child(made)
    plan = Plan.of(made.n, ordered.child, ordered.parent)
    share, x = plan.shares(ordered.w), made.own[plan.order]
    matrix = csr_array(
        (share, plan.inward.parent.astype(np.int32), plan.inward.first.astype(np.int32)), shape=(made.n,) * 2
    )
    sides = {
        "L": yardstick(made),
        "plan": lambda: Plan.of(made.n, ordered.child, ordered.parent),
        "sweep": lambda: plan.sweep(share, x.copy()),
        "copy": x.copy,
        "matvec": lambda: matrix @ x,
    }
    spent = alternately(sides, repeats=9)
    sweep = spent["sweep"] - spent["copy"]
    found = [row("6 plan / L", size, spent["plan"] / spent["L"], 20, seconds=spent)]
    if size.startswith("chain"):
        found.append(row("7 chain warm, ns a product", size, sweep / made.n * 1e9, 10))
    else:
        found.append(row("5 warm sweep / matvec", size, sweep / spent["matvec"], 2))
    return found


def blocks(size: str) -> list[Row]:
    """Row 8: many columns against copying the block that holds them."""
    made = graph(size)
    ordered = by_child(made)
    plan = Plan.of(made.n, ordered.child, ordered.parent)
    share = plan.shares(ordered.w)
    columns, width, target = (64, 64, 3.5) if made.n > 1_000_000 else (1000, 125, 1.2)
    block = np.random.default_rng(0).lognormal(0, 2, (columns // width, made.n, width))
    alone = block[0, :, 3].copy()
    kept = np.empty_like(block)

    def solve() -> None:
        for part in kept:
            plan.sweep(share, part)

    spent = alternately({"copy": lambda: np.copyto(kept, block), "solve": solve}, repeats=3)
    np.copyto(kept, block)
    solve()
    plan.sweep(share, alone)
    assert alone.tobytes() == kept[0, :, 3].tobytes(), "a column differs from a single solve"
    return [row(f"8 {columns} columns / copy", size, spent["solve"] / spent["copy"], target, seconds=spent)]


def columns_of_peers(size: str) -> list[Row]:
    """Row 9: a column of our best block against a column of a peer's block of 16."""
    made = graph(size)
    ordered = by_child(made)
    plan = Plan.of(made.n, ordered.child, ordered.parent)
    share = plan.shares(ordered.w)
    width = 64 if made.n > 1_000_000 else 128
    block = np.ones((made.n, width))
    found = []
    for name, (prepare, least) in peers.BLOCKS.items():
        run = prepare(made.n, plan, share)
        right = np.ones((made.n, 16))
        sides = {"ours": lambda: plan.sweep(share, block), "peer": lambda run=run, right=right: run(right)}
        spent = alternately(sides, repeats=3)
        block[:] = 1.0
        ratio = (spent["peer"] / 16) / (spent["ours"] / width)
        found.append(row(f"9 {name} / column of {width}", size, ratio, -least, seconds=spent))
    return found


def accuracy(size: str) -> list[Row]:
    """Row 17: against the same sums in long doubles, and what is left over of conservation."""
    made = by_child(graph(size))
    plan = Plan.of(made.n, made.child, made.parent)
    share = plan.shares(made.w)
    x = made.own[plan.order]
    exact = x.astype(np.longdouble)
    plan.sweep(share, x)
    first, parent = plan.inward.first.tolist(), plan.inward.parent
    wide = share.astype(np.longdouble)
    for v in np.flatnonzero(np.diff(plan.inward.first)).tolist():
        row_of = slice(first[v], first[v + 1])
        exact[v] += (wide[row_of] * exact[parent[row_of]]).sum()
    error = float(np.max(np.abs(x - exact) / exact))
    sinks = np.bincount(parent, minlength=made.n) == 0
    total = math.fsum(made.own)
    return [
        row("17 relative error", size, error, 1e-12 if size.startswith("chain") else 2e-15),
        row("17 conservation", size, abs(math.fsum(x[sinks]) - total) / total, 1e-12),
    ]


def memory(size: str) -> list[Row]:
    """Row 18: bytes beside the input while solving in one shot, against 24 n + 28 m."""
    made = graph(size)
    solve_edges(made.child[:10], made.parent[:10], made.w[:10], made.own)
    tracemalloc.start()
    begin = time.perf_counter()
    solve_edges(made.child, made.parent, made.w, made.own)
    taken = time.perf_counter() - begin
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    allowed = 24 * made.n + 28 * len(made.child)
    return [row("18 bytes / (24 n + 28 m)", size, peak / allowed, 1, megabytes=peak / 1e6, seconds=taken)]


# row number -> what measures it, and the sizes it is stated for
ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "1": (one_shot, ("hub3m", "rand10m")),
    "2": (one_shot, ("hub3m",)),
    "3": (against_peers, ("hub300k", "hub3m")),
    "4": (one_shot, ("hub3m", "chain1m")),
    "5": (warm, ("hub3m", "rand1m")),
    "6": (warm, ("hub3m",)),
    "7": (warm, ("chain1m",)),
    "8": (blocks, ("hub100k", "hub3m")),
    "9": (columns_of_peers, ("hub100k",)),
    "17": (accuracy, ("hub100k", "chain1m")),
    "18": (memory, ("hub3m", "rand10m")),
}
