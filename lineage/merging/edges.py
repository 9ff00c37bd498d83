"""Edges: no self-edges, one edge between two products, its facts from the best evidence."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.findings import Finding
from lineage.merging.columns import Bools, Codes, Rows, facts, latest, taken, tier_ranks
from lineage.schema import KINDS, edge_type, tier_rank

__all__ = ["Edges", "merge_edges"]

_KEYS = ("product", "parent", "place", "source")


@dataclass(frozen=True)
class Edges:
    """Merged edges, sorted by product, then parent; both are codes of `ids`."""

    ids: list[str]
    products: Codes
    parents: Codes
    facts: dict[str, pa.Array]

    def pairs(self) -> set[tuple[int, int]]:
        """Return (product, parent) of every edge."""
        return set(zip(self.products.tolist(), self.parents.tolist(), strict=True))

    def and_platforms(self, dates: dict[tuple[int, int], str | None]) -> dict[str, pa.Array]:
        """Return the columns of the graph's edges, with the dated ones to platforms that jobs imply."""
        extra = np.array(list(dates), dtype=np.int64).reshape(-1, 2)
        products = np.concatenate((self.products, extra[:, 0]))
        parents = np.concatenate((self.parents, extra[:, 1]))
        columns = {name: _longer(values, [None] * len(dates)) for name, values in self.facts.items()}
        columns["created_at"] = _longer(self.facts["created_at"], list(dates.values()))
        columns["weight_source"] = _longer(self._weight_sources(), ["job"] * len(dates))
        columns["product"] = pa.array(products, pa.int32())
        columns["parent"] = pa.array(parents, pa.int32())
        columns["type"] = _types(products, parents, self.ids)
        if not dates:
            return columns
        order = pa.array(np.lexsort((parents, products)))
        return {name: values.take(order) for name, values in columns.items()}

    def _weight_sources(self) -> pa.Array:
        """Return where each weight comes from: as its source says, else `explicit`; null without one."""
        given = self.facts["w"].is_valid()
        stated = self.facts.get("weight_source", pa.nulls(len(given), pa.string()))
        return pc.coalesce(stated, pc.if_else(given, pa.scalar("explicit"), pa.scalar(None, pa.string())))


def _longer(values: pa.Array, more: list[Any]) -> pa.Array:
    return pa.concat_arrays([values, pa.array(more, values.type)]) if more else values


def _types(products: Codes, parents: Codes, ids: list[str]) -> pa.Array:
    """Return the relationship type of each edge."""
    # The ids are sorted, and so are the kinds: each kind's ids are one stretch.
    starts = [bisect_left(ids, f"{kind}:") for kind in sorted(KINDS)]
    kinds = np.repeat(np.arange(len(KINDS)), np.diff([*starts, len(ids)]))
    names = pa.array([edge_type(kind, parent) for kind in sorted(KINDS) for parent in sorted(KINDS)])
    return names.take(pa.array(kinds[products] * len(KINDS) + kinds[parents]))


def merge_edges(rows: Rows, products: Codes, parents: Codes, ids: list[str]) -> tuple[Edges, list[Finding]]:
    """Return one edge for every pair of products, and what was dropped or joined on the way.

    Self-edges are dropped. Parallel edges within one source are one edge whose explicit weights add up; the
    same edge from two sources is one edge, with the facts of the better evidence.
    """
    loops = np.flatnonzero(products == parents)
    findings = [
        rows.finding(row, "self-edge", ids[products[row]], f"{ids[products[row]]} names itself as its parent")
        for row in loops.tolist()
    ]
    if len(loops):
        keep = np.flatnonzero(products != parents)
        rows, products, parents = rows.at(keep), products[keep], parents[keep]
    count = max(len(ids), 1)
    keys, groups = np.unique(products * count + parents, return_inverse=True)
    labels = _Labels(keys, ids)
    rows, lone, parallel = _join_parallel(rows, groups, labels)
    order = _by_preference(rows)
    winners = latest(groups, order, len(keys))
    findings += parallel + _duplicates(rows, lone, winners[groups], labels, groups)
    return Edges(ids, keys // count, keys % count, _merged(rows, groups, len(keys), order)), findings


@dataclass(frozen=True)
class _Labels:
    """Names of edges for findings."""

    keys: Codes
    ids: list[str]

    def __getitem__(self, group: int) -> str:
        product, parent = divmod(int(self.keys[group]), len(self.ids))
        return f"{self.ids[product]} <- {self.ids[parent]}"


def _join_parallel(rows: Rows, groups: Codes, labels: _Labels) -> tuple[Rows, Codes, list[Finding]]:
    """Join the rows of one source that name the same edge: explicit weights add up, without it counts once.

    Returns the rows with the sum in the last row of each such edge (and no weight in the others), the row
    that stands for each edge of a source, and the findings.
    """
    order = np.lexsort((np.arange(len(rows)), rows.sources, groups))
    again = (np.diff(groups[order]) == 0) & (np.diff(rows.sources[order]) == 0)
    if not again.any():
        return rows, np.arange(len(rows), dtype=np.int64), []
    findings = []
    weights = rows.numbers("w").copy()
    edge = np.cumsum(np.concatenate(([True], ~again))) - 1
    crowded = np.flatnonzero(np.bincount(edge)[edge] > 1)
    members: dict[int, list[int]] = {}
    for number, row in zip(edge[crowded].tolist(), order[crowded].tolist(), strict=True):
        members.setdefault(number, []).append(row)
    for together in members.values():
        given = sorted(weights[row] for row in together if weights[row] == weights[row])
        weights[together] = np.nan
        weights[together[-1]] = sum(given) if given else np.nan
        said = f"their weights add up to {sum(given):g}" if given else "without weights they count once"
        label = labels[groups[together[0]]]
        text = f"{len(together)} edges {label} in one source are one; {said}"
        findings += [rows.finding(row, "parallel-edge", label, text) for row in together[1:]]
    place = rows.table.column_names.index("w")
    table = rows.table.set_column(place, "w", pa.array(weights, pa.float64(), from_pandas=True))
    last = np.concatenate((~again, [True]))
    return replace(rows, table=table), np.sort(order[last]), findings


def _by_preference(rows: Rows) -> Codes:
    """Return the rows from the least to the most preferred: tier, then a weight that is given, then newer.

    A weight without a tier is reported, as every figure is; an edge that gives neither has no evidence.
    """
    ranks = tier_ranks(rows.array("tier"), "unknown")
    ranks[rows.valid("w") & ~rows.valid("tier")] = tier_rank("reported")
    order: Codes = np.lexsort((np.arange(len(rows)), rows.ranks, rows.valid("w"), -ranks))
    return order


def _merged(rows: Rows, groups: Codes, count: int, order: Codes) -> dict[str, pa.Array]:
    """Return the columns of the merged edges; what the preferred row does not state comes from the next."""
    names = [name for name in rows.table.column_names if name not in (*_KEYS, "relation", "weight_source")]
    stated = facts(rows, groups, count, names, order)
    columns = {name: values for name, (_, values) in stated.items()}
    if "weight_source" in rows.table.column_names:
        origins = rows.array("weight_source").cast(pa.string())  # has no type where nobody states one
        columns["weight_source"] = taken(origins, stated["w"][0])
    unknown = _are_unknown(rows.array("relation"))
    informed = np.concatenate((order[unknown[order]], order[~unknown[order]]))
    columns["relation"] = facts(rows, groups, count, ["relation"], informed)["relation"][1]
    return columns


def _are_unknown(relations: pa.Array) -> Bools:
    flags = pc.fill_null(pc.equal(relations, "unknown"), False)
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _duplicates(rows: Rows, lone: Codes, winners: Codes, labels: _Labels, groups: Codes) -> list[Finding]:
    found = []
    for row in lone[rows.sources[lone] != rows.sources[winners[lone]]].tolist():
        label = labels[groups[row]]
        text = f"{label} also stands in {rows.cited(int(winners[row]))}, which is preferred"
        found.append(rows.finding(row, "duplicate-edge", label, text))
    return found
