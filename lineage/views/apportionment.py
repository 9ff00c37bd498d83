"""Weights of a run: explicit shares, shares from jobs, and what the policy makes of the rest."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lineage.costs import OwnCosts, own_costs
from lineage.errors import OptionError, did_you_mean
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.weights import SOURCES, Claimants, Shares, shares
from lineage.run import Run
from lineage.views.network import Network

__all__ = ["Apportionment", "apportion"]


@dataclass(frozen=True)
class Apportionment:
    """The shares of a run: `w` and `source` per edge of the network (m,), `retained` per product (n,) or None."""

    w: Floats
    source: tuple[str, ...]
    retained: Floats | None
    user: Flags
    findings: tuple[Finding, ...]


def apportion(network: Network, run: Run, own: OwnCosts) -> Apportionment:
    """Divide every product of the network among its children and its own use, as the run's policy says."""
    claim = _claimants(network, run, own)
    decided = shares(run.policy, claim)
    findings = _findings(network, run, claim, decided)
    return Apportionment(
        w=decided.w,
        source=tuple(SOURCES[code] for code in decided.source.tolist()),
        retained=decided.retained,
        user=claim.user,
        findings=tuple(findings),
    )


def _claimants(network: Network, run: Run, own: OwnCosts) -> Claimants:
    graph = network.graph
    explicit, stated_by = _explicit(network, own)
    claim = Claimants(
        n=len(graph),
        child=network.child,
        parent=network.parent,
        explicit=explicit,
        stated_by=stated_by,
        user=_users(graph, run),
        retain=run.retain,
        cff_a=run.cff_a or 0.0,
    )
    if run.policy == "property":
        assert run.property is not None
        value, edge_value = _property(network, run, run.property)
        return replace(claim, value=value, edge_value=edge_value)
    if run.policy == "cff":
        return replace(claim, value=_number(graph, "products", run.quality, "--quality"))
    if run.policy == "merge":
        relation = graph.texts("edges", "relation")
        merge = np.array([relation[edge] == "merge" for edge in network.edges.tolist()], dtype=np.bool_)
        return replace(claim, coefficient=graph.floats("edges", "merge_weight")[network.edges], merge=merge)
    return claim


def _explicit(network: Network, own: OwnCosts) -> tuple[Floats, Codes]:
    """Return the shares that are given (NaN elsewhere) and who gave them."""
    graph = network.graph
    explicit = graph.floats("edges", "w")[network.edges]
    stated = graph.texts("edges", "weight_source")
    code = {name: number for number, name in enumerate(SOURCES)}
    stated_by = np.array(
        [code.get(stated[edge] or "explicit", 1) for edge in network.edges.tolist()], np.int32
    )
    for (v, u), share in own.job_weights.items():
        first = np.searchsorted(network.child, v)
        last = np.searchsorted(network.child, v, side="right")
        place = first + np.searchsorted(network.parent[first:last], u)
        if place < last and network.parent[place] == u and stated_by[place] == code["job"]:
            explicit[place] = share
    return explicit, stated_by


def _users(graph: Graph, run: Run) -> Flags:
    deployed = graph.flags("products", "deployed")
    if run.users == "deployed":
        return deployed
    kinds = graph.tables["products"].column("kind").to_pylist()
    return deployed | np.array([kind == "model" for kind in kinds], dtype=np.bool_)


def _property(network: Network, run: Run, name: str) -> tuple[Floats, Floats | None]:
    graph = network.graph
    if name.replace("_", " ") == "own cost":
        return own_costs(graph, replace(run, impact="carbon")).best, None
    if name in graph.tables["products"].column_names:
        return _number(graph, "products", name, "--property"), None
    if name in graph.tables["edges"].column_names:
        return np.zeros(len(graph)), _number(graph, "edges", name, "--property")[network.edges]
    known = [*graph.tables["products"].column_names, *graph.tables["edges"].column_names, "own cost"]
    raise OptionError(f"--property {name!r} is no column of products or edges{did_you_mean(name, known)}")


def _number(graph: Graph, table: str, name: str, option: str) -> Floats:
    columns = graph.tables[table].column_names
    if name not in columns:
        raise OptionError(f"{option} {name!r} is no column of {table}{did_you_mean(name, columns)}")
    kind = graph.tables[table].schema.field(name).type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise OptionError(f"{option} {name!r} is a column of {kind}, not of numbers")
    if pa.types.is_null(kind):
        return np.full(graph.tables[table].num_rows, np.nan)
    return graph.floats(table, name)


def _findings(network: Network, run: Run, claim: Claimants, decided: Shares) -> list[Finding]:
    ids = network.graph.ids
    found = []
    wanted = {"property": run.property, "cff": run.quality}.get(run.policy, "merge coefficient")
    for u in decided.missing.tolist():
        text = f"{wanted} is missing here or at a child, or all are 0; its children share equally instead"
        found.append(finding("missing-property", ids[u], text))
    for edge in decided.guessed.tolist():
        v, u = int(claim.child[edge]), int(claim.parent[edge])
        parents = int(np.count_nonzero(claim.child == v))
        text = f"no merge coefficient; counted as 1/{parents}, one over the number of parents"
        found.append(finding("missing-property", f"{ids[v]} <- {ids[u]}", text))
    if decided.retained is None:
        return found
    for u in np.flatnonzero(decided.retained < 0).tolist():
        text = f"explicit weights hand out {100 * (1 - decided.retained[u]):.6g} % of it; lower them to 100 % in all"
        found.append(finding("over-allocated", ids[u], text))
    has_children = np.zeros(claim.n, np.bool_)
    has_children[claim.parent] = True
    idle = ~claim.user & has_children & (decided.retained > 0)
    for u in np.flatnonzero(idle).tolist():
        text = f"{100 * decided.retained[u]:.6g} % of it stays with a product that is not used itself"
        found.append(finding("unallocated", ids[u], text))
    return found
