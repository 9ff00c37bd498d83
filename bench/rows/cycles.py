"""Row 14: cycles. What they cost, whether the certificate is right, and whether the guilty one is named."""

from typing import Any

import numpy as np

from bench.graphs import graph, with_cycles
from bench.timing import alternately
from lineage.kernels.cycles import heaviest_cycle
from lineage.kernels.fast import Structure
from lineage.kernels.tuned_edges import solve_edges

__all__ = ["ROWS"]

Row = dict[str, Any]


def overhead(size: str) -> list[Row]:
    """Solve with 50 edges turned back into the graph, against the graph without them."""
    straight = graph(size)
    bent = with_cycles(straight)
    sides = {
        "acyclic": lambda: solve_edges(straight.child, straight.parent, straight.w, straight.own),
        "cyclic": lambda: solve_edges(bent.child, bent.parent, bent.w, bent.own),
    }
    spent = alternately(sides)
    turn = np.lexsort((bent.parent, bent.child))
    core = sum(map(len, Structure(bent.n, bent.child[turn], bent.parent[turn]).cycles))
    x = sides["cyclic"]()
    arriving = bent.own + np.bincount(bent.child, weights=bent.w * x[bent.parent], minlength=bent.n)
    residual = float(np.max(np.abs(x - arriving) / x))
    ratio = spent["cyclic"] / spent["acyclic"]
    told = {"seconds": spent, "on cycles": core, "residual": residual}
    return [
        {"row": "14 cyclic / acyclic", "size": size, "ratio": ratio, "target": "<= 2", "met": ratio <= 2}
        | told,
        {
            "row": "14 residual",
            "size": size,
            "ratio": residual,
            "target": "<= 1e-12",
            "met": residual <= 1e-12,
        },
    ]


def certificate(size: str, cores: int = 1000) -> list[Row]:
    """Random cores scaled to a radius next to and around one: the certificate against `eigvals`."""
    draw = np.random.default_rng(0)
    right = 0
    for turn in range(cores):
        n = int(draw.integers(2, 40))
        matrix = draw.random((n, n)) * (draw.random((n, n)) < 0.3)
        matrix[np.arange(n), np.arange(n) - 1] += 0.1
        np.fill_diagonal(matrix, 0)
        radius = (1 - 1e-6, 1 + 1e-6, float(draw.uniform(0.3, 1.5)))[turn % 3]
        matrix *= radius / max(abs(np.linalg.eigvals(matrix)))
        child, parent = (side.astype(np.int32) for side in np.nonzero(matrix))
        found = bool(Structure(n, child, parent).divergent(matrix[child, parent]))
        right += found == (radius >= 1)
    return [{"row": "14 certificate right", "size": f"{cores} cores", "ratio": right / cores, "target": ">= 1",
             "met": right == cores}]  # fmt: skip


def naming(size: str, cores: int = 1000) -> list[Row]:
    """A cycle of gain above one planted among lighter edges: is exactly that one named?"""
    draw = np.random.default_rng(0)
    right = 0
    for _ in range(cores):
        n = int(draw.integers(3, 80))
        length = int(draw.integers(2, n + 1))
        ring = draw.permutation(n)[:length]
        strangers = draw.integers(0, n, (3 * n, 2))
        pairs = {(int(v), int(u)): float(draw.uniform(0.01, 0.99)) for v, u in strangers if v != u}
        share = float(
            draw.uniform(1.001, 1.3)
        )  # all alike, so that no short cut through the ring weighs more
        pairs |= {(int(v), int(u)): share for v, u in zip(ring, np.roll(ring, -1), strict=True)}
        edges = sorted(pairs)
        child, parent = (np.array(side, np.int32) for side in zip(*edges, strict=True))
        w = np.array([pairs[edge] for edge in edges])
        structure = Structure(n, child, parent)
        group = next(group for group in structure.divergent(w) if int(ring[0]) in group)
        cycle, gain = heaviest_cycle(group, structure.first.tolist(), parent.tolist(), w.tolist())
        at = int(np.argmin(ring))
        right += gain > 1 and list(cycle) == np.roll(ring, -at).tolist()
    return [{"row": "14 planted cycle named", "size": f"{cores} cores", "ratio": right / cores, "target": ">= 1",
             "met": right == cores}]  # fmt: skip


def all_of_it(size: str) -> list[Row]:
    """Return the rows on cycles."""
    return [*overhead(size), *certificate(size), *naming(size)]


ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {"14": (all_of_it, ("hub3m",))}
