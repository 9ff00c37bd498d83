"""Weights of a run: explicit shares, shares from jobs, and what the policy makes of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lineage.costs import OwnCosts, own_costs
from lineage.errors import OptionError, did_you_mean
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.arrays import Flags, Floats
from lineage.kernels.labels import Labels
from lineage.kernels.weights import SOURCES, Claimants, Numbers, Shares, shares
from lineage.run import WITHOUT_WEIGHTS, Run
from lineage.views.network import Network

__all__ = ["Apportionment", "apportion", "claimants"]


@dataclass(frozen=True)
class Apportionment:
    """The shares of a run: `w` and `source` per edge of the network (m,), `retained` per product (n,) or None."""

    w: Floats
    source: Sequence[str]
    retained: Floats | None
    user: Flags
    findings: tuple[Finding, ...]


def apportion(network: Network, run: Run, own: OwnCosts) -> Apportionment:
    """Divide every product of the network among its children and its own use, as the run's policy says.

    A policy without edge weights gives NaN for every edge, and says which explicit weights it ignores.
    """
    if run.policy in WITHOUT_WEIGHTS:
        return _without_weights(network, run, own)
    claim = claimants(network, run, own)
    decided = shares(run.policy, claim)
    findings = _findings(network, run, claim, decided)
    return Apportionment(
        w=decided.w,
        source=Labels(decided.source, SOURCES),
        retained=decided.retained,
        user=claim.user,
        findings=tuple(findings),
    )


def _without_weights(network: Network, run: Run, own: OwnCosts) -> Apportionment:
    given = int(np.count_nonzero(~np.isnan(_explicit(network, own)[0])))
    text = f"policy {run.policy} has no edge weights; {given:,} that are given have no part in it"
    return Apportionment(
        w=np.full(len(network.edges), np.nan),
        source=Labels(np.zeros(len(network.edges), np.int8), ("",)),
        retained=None,
        user=_users(network.graph, run),
        findings=(finding("explicit-weight-ignored", "", text),) if given else (),
    )


def claimants(network: Network, run: Run, own: OwnCosts) -> Claimants:
    """Return who may claim a part of each product of the network, and what the policy goes by."""
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
        merge = network.of_edges(graph.labels("edges", "relation").where("merge"))
        coefficient = network.of_edges(graph.floats("edges", "merge_weight"))
        return replace(claim, coefficient=coefficient, merge=merge)
    return claim


def _explicit(network: Network, own: OwnCosts) -> tuple[Floats, Numbers]:
    """Return the shares that are given (NaN elsewhere) and who gave them."""
    graph = network.graph
    explicit = network.of_edges(graph.floats("edges", "w"))
    stated = graph.labels("edges", "weight_source")
    code = {name: number for number, name in enumerate(SOURCES)}
    numbers = np.array([code.get(name or "explicit", 1) for name in stated.names], np.int8)
    stated_by = numbers[network.of_edges(stated.codes)]
    if own.job_weights:
        explicit = np.array(explicit)  # the column itself is read-only
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
    return deployed | graph.labels("products", "kind").where("model")


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
    name = network.graph.id
    found = []
    wanted = {"property": run.property, "cff": run.quality}.get(run.policy, "merge coefficient")
    for u in decided.missing.tolist():
        text = f"{wanted} is missing here or at a child, or all are 0; its children share equally instead"
        found.append(finding("missing-property", name(u), text))
    for edge in decided.guessed.tolist():
        v, u = int(claim.child[edge]), int(claim.parent[edge])
        parents = int(np.count_nonzero(claim.child == v))
        text = f"no merge coefficient; counted as 1/{parents}, one over the number of parents"
        found.append(finding("missing-property", f"{name(v)} <- {name(u)}", text))
    if decided.retained is None:
        return found
    for u in np.flatnonzero(decided.retained < 0).tolist():
        text = f"explicit weights hand out {100 * (1 - decided.retained[u]):.6g} % of it; lower them to 100 % in all"
        found.append(finding("over-allocated", name(u), text))
    idle = ~claim.user & (decided.retained > 0)
    if idle.any():
        has_children = np.zeros(claim.n, np.bool_)
        has_children[claim.parent] = True
        idle &= has_children
    for u in np.flatnonzero(idle).tolist():
        text = f"{100 * decided.retained[u]:.6g} % of it stays with a product that is not used itself"
        found.append(finding("unallocated", name(u), text))
    return found
