"""The part of a graph that a run computes on: what existed by its date, with cycles dealt with."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.errors import CycleError, OptionError
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.arrays import Codes, Flags
from lineage.kernels.cycles import edges_to_drop, named_cycles
from lineage.kernels.jit import NEEDED, at_hand, installed
from lineage.run import Run
from lineage.schema import tier_rank
from lineage.timeline import dated_by

if TYPE_CHECKING:
    from lineage.kernels.ordered import Order

__all__ = ["Network", "chosen_engine", "lies_by", "network"]


# Below this many edges pure Python is quicker than loading and calling numpy.
PLAIN_EDGES = 1000

# From this many edges on, loading numba (0.5 to 0.9 s in a new process) is won back by a single run.
NUMBA_EDGES = 2_000_000

_MODULES = {"scipy": "sparse", "numba": "fast"}


@dataclass(frozen=True)
class Network:
    """What a run computes on: `edges` are rows of the graph's edge table, sorted by (product, parent).

    `existing` marks products (n,); `child` and `parent` are the codes of the edges; `structure` is the engine's;
    `dropped` lists edges left out to break cycles as (product, parent) codes.
    """

    graph: Graph
    existing: Flags
    edges: Codes
    child: Codes
    parent: Codes
    structure: Any
    dropped: tuple[tuple[int, int], ...]
    findings: tuple[Finding, ...]
    whole: bool = False  # every edge of the graph, in its order

    def of_edges(self, values: Any) -> Any:
        """Return the network's part of a column of the graph's edges; a view where that is all of it."""
        return values if self.whole else values[self.edges]

    @property
    def cycles(self) -> list[list[int]]:
        """Groups of products that are made out of each other, after edges were dropped."""
        groups: list[list[int]] = self.structure.cycles
        return groups


def lies_by(moment: str | None, as_of: str | None) -> bool:
    """Tell whether an ISO moment lies on or before a date; no date counts as always there.

    >>> lies_by("2024-12-31T23:00:00Z", "2024-12-31"), lies_by("2025-01-01", "2024-12-31"), lies_by(None, "2020")
    (True, False, True)
    """
    return as_of is None or moment is None or moment[: len(as_of)] <= as_of


def network(graph: Graph, run: Run) -> Network:
    """Select what existed and deal with cycles as the run says; raises `CycleError` under cycles="error"."""
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    existing, edges, findings = _existing(graph, run.as_of, child, parent)
    whole = run.as_of is None and (graph.coded is not None or _sorted(child, parent))
    child_of, parent_of = (child, parent) if whole else (child[edges], parent[edges])
    if not whole and not _sorted(child_of, parent_of):
        edges = edges[np.lexsort((parent_of, child_of))]
        child_of, parent_of = child[edges], parent[edges]
    structure = _structure(run, len(graph), child_of, parent_of, _kept_order(graph, None if whole else edges))
    dropped: tuple[tuple[int, int], ...] = ()
    if structure.cycles:
        named = _named(structure, child_of, parent_of)
        ids = [tuple(graph.id(code) for code in cycle) for cycle in named]
        if run.cycles == "error":
            raise CycleError(ids)
        findings += [_cycle_finding(cycle) for cycle in ids]
        if run.cycles == "break":
            gone = _broken(graph, structure.cycles, edges, child, parent)
            dropped = tuple((int(child[edge]), int(parent[edge])) for edge in edges[gone])
            findings += [_dropped_finding(graph, pair) for pair in dropped]
            edges, whole = np.delete(edges, gone), False
            child_of, parent_of = child[edges], parent[edges]
            structure = _structure(run, len(graph), child_of, parent_of, None)
    return Network(graph, existing, edges, child_of, parent_of, structure, dropped, tuple(findings), whole)


def _sorted(child: Codes, parent: Codes) -> bool:
    """Return whether edges stand in the order of (child, parent), as those of every graph that was resolved."""
    if len(child) < 2:
        return True
    later = child[1:] > child[:-1]
    later |= (child[1:] == child[:-1]) & (parent[1:] >= parent[:-1])
    return bool(later.all())


def chosen_engine(run: Run, edges: int) -> str:
    """Return the engine for a number of edges; raises `OptionError` where numba is wanted but not installed.

    `auto` means plain for small graphs; else numba if this process has loaded it, or if the graph is so large that
    loading it pays; else scipy.
    """
    if run.engine == "numba" and not installed():
        raise OptionError(f"engine 'numba' {NEEDED}, or choose engine 'scipy'")
    if run.engine == "spark":
        raise OptionError(
            "engine 'spark' computes `lineage cost --engine spark --output FOLDER` only; choose another"
        )
    if run.engine != "auto":
        return run.engine
    if edges < PLAIN_EDGES:
        return "plain"
    return "numba" if at_hand() or (edges >= NUMBA_EDGES and installed()) else "scipy"


def _kept_order(graph: Graph, edges: Codes | None) -> "Order | None":
    """Return the order of solving that a store keeps, for all or some edges; None where there is none."""
    if graph.coded is None or graph.coded.order is None or edges is None:
        return None if graph.coded is None else graph.coded.order
    from lineage.kernels.ordered import restricted

    kept = np.zeros(graph.rows("edges"), np.bool_)
    kept[edges] = True
    return restricted(graph.coded.order, kept)


def _structure(run: Run, n: int, child: Codes, parent: Codes, order: "Order | None") -> Any:
    if order is not None and run.engine in ("auto", "scipy"):
        # Nothing is left to be searched for, so that no compiled engine is worth its loading.
        return import_module("lineage.kernels.ordered").Structure(n, child, parent, order)
    engine = chosen_engine(run, len(child))
    if engine == "plain":
        return import_module("lineage.kernels.plain").Structure(n, child.tolist(), parent.tolist())
    return import_module(f"lineage.kernels.{_MODULES[engine]}").Structure(n, child, parent)


def _existing(
    graph: Graph, as_of: str | None, child: Codes, parent: Codes
) -> tuple[Flags, Codes, list[Finding]]:
    """Return which products exist (n,), the rows of the edges that do, and what had no date."""
    if as_of is None:
        return np.ones(len(graph), np.bool_), np.arange(len(child), dtype=np.int32), []
    born = graph.tables["products"].column("created_at")
    existing = dated_by(born, as_of)
    # What is dated before its child existed counts from then on, so that the child's existing says it.
    there = existing[child] & dated_by(graph.tables["edges"].column("created_at"), as_of)
    kept = there & existing[parent]
    findings = []
    for edge in np.flatnonzero(there & ~kept).tolist():
        v, u = graph.id(child[edge]), graph.id(parent[edge])
        text = f"{u} is dated after {as_of}, though {v} is made out of it: left out"
        findings.append(finding("dropped-edge", f"{v} <- {u}", text))
    undated = born.is_null().to_numpy(zero_copy_only=False)
    for code in np.flatnonzero(undated).tolist():
        findings.append(finding("undated", graph.id(code), "no date; counts as always there"))
    return existing, np.flatnonzero(kept).astype(np.int32), findings


def _named(structure: Any, child: Codes, parent: Codes) -> list[tuple[int, ...]]:
    first, flat = list(structure.first), parent.tolist()
    return sorted(cycle for group in structure.cycles for cycle in named_cycles(group, first, flat))


def _broken(graph: Graph, groups: list[list[int]], edges: Codes, child: Codes, parent: Codes) -> list[int]:
    """Return positions in `edges` to drop; the latest edge goes first, undated ones count as latest."""
    own, born = graph.texts("edges", "created_at"), graph.texts("products", "created_at")
    tier = graph.texts("edges", "tier")

    def lateness(position: int) -> tuple[Any, ...]:
        row = int(edges[position])
        v, u = int(child[row]), int(parent[row])
        moment = own[row] or born[v]
        return (moment is None, moment or "", tier_rank(tier[row] or "reported"), v, u)

    return edges_to_drop(child[edges].tolist(), parent[edges].tolist(), groups, lateness)


def _cycle_finding(cycle: tuple[str, ...]) -> Finding:
    drawn = " <- ".join((*cycle, cycle[0]))
    return finding("cycle", cycle[0], f"made out of each other: {drawn}")


def _dropped_finding(graph: Graph, pair: tuple[int, int]) -> Finding:
    v, u = (graph.id(code) for code in pair)
    return finding("dropped-edge", f"{v} <- {u}", f"dropped to break a cycle: {v} is made out of {u}")
