"""The part of a graph that a run computes on: what existed by its date, with cycles dealt with."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from lineage.errors import CycleError
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.arrays import Codes, Flags
from lineage.kernels.cycles import edges_to_drop, named_cycles
from lineage.run import Run
from lineage.schema import tier_rank

__all__ = ["Network", "lies_by", "network"]


# Below this many edges pure Python is quicker than loading and calling numpy.
PLAIN_EDGES = 1000


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
    by_child = np.lexsort((parent[edges], child[edges]))
    edges = edges[by_child]
    structure = _structure(run, len(graph), child[edges], parent[edges])
    dropped: tuple[tuple[int, int], ...] = ()
    if structure.cycles:
        named = _named(structure, child[edges], parent[edges])
        ids = [tuple(graph.ids[code] for code in cycle) for cycle in named]
        if run.cycles == "error":
            raise CycleError(ids)
        findings += [_cycle_finding(cycle) for cycle in ids]
        if run.cycles == "break":
            gone = _broken(graph, structure.cycles, edges, child, parent)
            dropped = tuple((int(child[edge]), int(parent[edge])) for edge in edges[gone])
            findings += [_dropped_finding(graph, pair) for pair in dropped]
            edges = np.delete(edges, gone)
            structure = _structure(run, len(graph), child[edges], parent[edges])
    return Network(graph, existing, edges, child[edges], parent[edges], structure, dropped, tuple(findings))


def _structure(run: Run, n: int, child: Codes, parent: Codes) -> Any:
    engine = run.engine
    if engine == "auto":
        engine = "plain" if len(child) < PLAIN_EDGES else "scipy"
    if engine == "plain":
        return import_module("lineage.kernels.plain").Structure(n, child.tolist(), parent.tolist())
    return import_module("lineage.kernels.sparse").Structure(n, child, parent)


def _existing(
    graph: Graph, as_of: str | None, child: Codes, parent: Codes
) -> tuple[Flags, Codes, list[Finding]]:
    """Return which products exist (n,), the rows of the edges that do, and what had no date."""
    if as_of is None:
        return np.ones(len(graph), np.bool_), np.arange(len(child), dtype=np.int32), []
    born = graph.texts("products", "created_at")
    existing = np.array([lies_by(moment, as_of) for moment in born], dtype=np.bool_)
    kept, findings = [], []
    for edge, (v, u, moment) in enumerate(
        zip(child.tolist(), parent.tolist(), graph.texts("edges", "created_at"), strict=True)
    ):
        later = max((day for day in (moment, born[v]) if day is not None), default=None)
        if not (existing[v] and lies_by(later, as_of)):
            continue
        if existing[u]:
            kept.append(edge)
        else:
            name = f"{graph.ids[v]} <- {graph.ids[u]}"
            text = f"{graph.ids[u]} is dated after {as_of}, though {graph.ids[v]} is made out of it: left out"
            findings.append(finding("dropped-edge", name, text))
    for code, moment in enumerate(born):
        if moment is None:
            findings.append(finding("undated", graph.ids[code], "no date; counts as always there"))
    return existing, np.array(kept, dtype=np.int32), findings


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
    v, u = (graph.ids[code] for code in pair)
    return finding("dropped-edge", f"{v} <- {u}", f"dropped to break a cycle: {v} is made out of {u}")
