"""What lies on cycles and under them: taken to the driver, named, and solved there by the engine for one machine.

Everything above the cycles is known by then, so that only their part of the graph is left, which is small: what is
merely made out of it is peeled off first, where it is many.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from lineage.errors import CycleError, DivergentCycle, OptionError
from lineage.findings import Finding, finding
from lineage.kernels.cycles import heaviest_cycle, named_cycles
from lineage.kernels.sparse import Structure
from lineage.run import Run
from lineage.spark.columns import FIGURES, FLAGS, STATE, added, summed, union
from lineage.spark.release import release
from lineage.spark.sessions import keep, local_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

    from lineage.spark.release import Round

__all__ = ["MOST_EDGES", "Solved", "solve"]

MOST_EDGES: Final = 100_000  # of a core that is solved on the driver
_SCHEMA: Final = "code bigint, lo double, best double, hi double, open boolean, some boolean"


class Solved(NamedTuple):
    """Code and figures of every product, and the cycles that were met."""

    figures: "DataFrame"
    findings: tuple[Finding, ...]


def solve(run: Run, nodes: "DataFrame", edges: "DataFrame", tell: "Callable[[Round], Any]") -> Solved:
    """Return what every product carries; `nodes` (code, id, figures) and `edges` (parent, child, w, passes).

    Raises `CycleError` under cycles "error", `DivergentCycle` for a cycle without a finite cost, and `OptionError` for
    cycles that are to be broken, or run through more than `MOST_EDGES` edges.
    """
    solved, complete = release(nodes.drop("id"), edges, tell)
    if complete:
        return Solved(solved, ())
    names = nodes.select("code", "id")
    left, inside = _rest(nodes.drop("id"), edges, solved)
    core, between = _peeled(left, inside)
    figures, found = _on_driver(run, core.join(names, "code"), between)
    solved = keep(union([solved, figures]))
    if core is left:
        return Solved(solved, found)
    below = left.join(core.select("code"), "code", "left_anti")
    under, within = _rest(below, inside, figures, among=below)
    return Solved(keep(union([solved, release(under, within, tell).figures])), found)


def _rest(
    nodes: "DataFrame", edges: "DataFrame", solved: "DataFrame", among: "DataFrame | None" = None
) -> "tuple[DataFrame, DataFrame]":
    """Return the products that are not solved, with what the solved ones bring, and the edges between them."""
    from pyspark.sql import functions as F

    left = nodes.join(solved.select("code"), "code", "left_anti") if among is None else among
    left = keep(left)
    into = keep(edges.join(left.select(F.col("code").alias("child")), "child", "left_semi"))
    from_solved = into.alias("e").join(solved.alias("s"), F.col("e.parent") == F.col("s.code"))
    arriving = from_solved.groupBy(F.col("e.child").alias("code")).agg(
        *summed(F.col("e.w"), F.col("e.passes"), "s")
    )
    brought = left.alias("n").join(arriving, "code", "left").select("code", *added("n"))
    inside = into.join(left.select(F.col("code").alias("parent")), "parent", "left_semi")
    return keep(brought), keep(inside)


def _peeled(nodes: "DataFrame", edges: "DataFrame") -> "tuple[DataFrame, DataFrame]":
    """Return the cycles and what lies between them, where the whole is too large: what has no children goes first."""
    from pyspark.sql import functions as F

    left, before = edges.count(), -1
    while left > MOST_EDGES and left != before:
        before = left
        parents = edges.select(F.col("parent").alias("code")).distinct()
        nodes = keep(nodes.join(parents, "code", "left_semi"))
        edges = keep(edges.join(nodes.select(F.col("code").alias("child")), "child", "left_semi"))
        left = edges.count()
    if left > MOST_EDGES:
        raise OptionError(
            f"products are made out of each other in cycles of {left:,} edges, and engine 'spark' solves at most "
            f"{MOST_EDGES:,}: mend them, or use another engine with --cycles break"
        )
    return nodes, edges


def _on_driver(run: Run, nodes: "DataFrame", edges: "DataFrame") -> "tuple[DataFrame, tuple[Finding, ...]]":
    """Solve the cycles with the engine for one machine; products in the order of their ids, as there."""
    rows = sorted(nodes.collect(), key=lambda row: row["id"])
    place = {row["code"]: number for number, row in enumerate(rows)}
    ids = [row["id"] for row in rows]
    pairs = sorted((place[row["child"]], place[row["parent"]], row["w"]) for row in edges.collect())
    child, parent = (np.array([pair[end] for pair in pairs], np.int32) for end in (0, 1))
    w = np.array([pair[2] for pair in pairs], np.float64)
    structure = Structure(len(rows), child, parent)
    first, above = structure.first.tolist(), parent.tolist()
    cycles = sorted(cycle for group in structure.cycles for cycle in named_cycles(group, first, above))
    named = [tuple(ids[code] for code in cycle) for cycle in cycles]
    if run.cycles == "error":
        raise CycleError(named)
    drawn = [" <- ".join((*cycle, cycle[0])) for cycle in named]
    if run.cycles == "break":
        raise OptionError(
            f"engine 'spark' does not break cycles: {'; '.join(drawn[:10])}; drop an edge of each, use --cycles solve, "
            "or another engine"
        )
    failing = [
        tuple(ids[code] for code in heaviest_cycle(group, first, above, w.tolist())[0])
        for group in structure.divergent(w)
    ]
    if failing:
        raise DivergentCycle(failing)
    sides = {name: structure.solve(w, np.array([row[name] for row in rows])) for name in FIGURES}
    flags = {name: structure.reach(w, np.array([row[name] for row in rows], np.bool_)) for name in FLAGS}
    solved = sides | flags
    made = [
        {"code": row["code"]} | {name: solved[name][number].item() for name in STATE}
        for number, row in enumerate(rows)
    ]
    told = [
        finding("cycle", cycle[0], f"made out of each other: {text}")
        for cycle, text in zip(named, drawn, strict=True)
    ]
    return local_rows(nodes.sparkSession, made, _SCHEMA), tuple(told)
