"""Row 10: sampled weights against fixed ones, and against drawing the same number of gamma variates with numpy."""

from typing import Any

import numpy as np

from bench.graphs import graph
from bench.rows.engine import Row, by_child, row
from bench.timing import alternately
from lineage.kernels.blocks import Blocks
from lineage.kernels.dirichlet import Claims

__all__ = ["ROWS"]

CONCENTRATION = 50.0
SAMPLES = 64


def sampled(size: str) -> list[Row]:
    """Draw every parent's shares anew in each sample and solve, against solving with the shares as they are."""
    made = by_child(graph(size))
    blocks = Blocks(made.n, made.child, made.parent, None)
    own = np.repeat(made.own[:, None], SAMPLES, axis=1)
    turn = np.argsort(made.parent, kind="stable")
    owner = made.parent[turn]
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    alpha = CONCENTRATION * made.w[turn]
    keys = np.arange(len(turn), dtype=np.uint64)
    claims = Claims(starts, alpha, np.add.reduceat(made.w[turn], starts), keys)
    place = np.empty_like(turn)
    place[turn] = np.arange(len(turn))
    draw = np.random.default_rng(0)

    def drawn() -> Any:
        return claims.drawn(0, 0, SAMPLES)[place]

    whole, part = drawn(), claims.drawn(0, SAMPLES // 2, SAMPLES // 2)[place]
    assert whole[:, SAMPLES // 2 :].tobytes() == part.tobytes(), "a draw depends on its block"
    sides = {
        "fixed": lambda: blocks.solve(made.w, own),
        "sampled": lambda: blocks.solve(drawn(), own),
        "draws": drawn,
        "numpy": lambda: draw.standard_gamma(alpha[:, None], (len(alpha), SAMPLES)),
    }
    spent = alternately(sides, repeats=3)
    return [
        row(
            "10 sampled weights / fixed weights", size, spent["sampled"] / spent["fixed"], 3.5, seconds=spent
        ),
        row("10 our draws / numpy's", size, spent["draws"] / spent["numpy"], 1, seconds=spent),
    ]


ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {"10": (sampled, ("hub100k",))}
