"""Rows that describe one thing (product, system, grid): each fact from the newest source that has it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.findings import Finding
from lineage.merging.columns import Codes, Rows, facts

__all__ = ["merge_descriptions", "merge_facts", "repeats"]


def repeats(rows: Rows, groups: Codes, ids: list[str]) -> list[Finding]:
    """Report every row after the first that describes the same thing in the same source."""
    if len(rows) < 2:
        return []
    order = np.lexsort((np.arange(len(rows)), rows.sources, groups))
    same = (np.diff(groups[order]) == 0) & (np.diff(rows.sources[order]) == 0)
    found = []
    for row in np.sort(order[1:][same]).tolist():
        name = ids[groups[row]]
        found.append(
            rows.finding(
                row, "repeated-record", name, f"{name} is described twice in one source; the last wins"
            )
        )
    return found


def merge_facts(
    rows: Rows, groups: Codes, ids: list[str], names: list[str]
) -> tuple[dict[str, pa.Array], list[Finding]]:
    """Return these columns, one value for each of the ids, and findings where two sources disagree."""
    merged = facts(rows, groups, len(ids), names, rows.oldest_first)
    crowded = np.flatnonzero(np.bincount(groups, minlength=len(ids))[groups] > 1) if len(rows) else groups
    findings: list[Finding] = []
    if len(crowded):
        for name, (winners, _) in merged.items():
            findings += _conflicts(rows, groups, ids, (name, crowded, winners))
    return {name: values for name, (_, values) in merged.items()}, findings


def _conflicts(rows: Rows, groups: Codes, ids: list[str], fact: tuple[str, Codes, Codes]) -> list[Finding]:
    name, crowded, winners = fact
    values = rows.array(name)
    losers = crowded[rows.valid(name)[crowded]]
    won = winners[groups[losers]]
    foreign = rows.sources[losers] != rows.sources[won]
    losers, won = losers[foreign], won[foreign]
    if not len(losers):
        return []
    differ = pc.not_equal(values.take(pa.array(losers)), values.take(pa.array(won)))
    flags = np.asarray(differ.to_numpy(zero_copy_only=False), dtype=np.bool_)
    found = []
    for row, winner in zip(losers[flags].tolist(), won[flags].tolist(), strict=True):
        text = (
            f"{name}: {values[row].as_py()!r} ({rows.cited(row)}) is overruled by the newer "
            f"{values[winner].as_py()!r} ({rows.cited(winner)})"
        )
        found.append(rows.finding(row, "conflicting-value", ids[groups[row]], text))
    return found


def merge_descriptions(rows: Rows) -> tuple[dict[str, pa.Array], list[Finding]]:
    """Return systems or grids: one row per id, sorted by id."""
    coded = rows.array("id").dictionary_encode()
    names = coded.dictionary.to_pylist()
    ids = sorted(names)
    codes = {name: code for code, name in enumerate(ids)}
    order = np.array([codes[name] for name in names], dtype=np.int64)
    groups = order[np.asarray(coded.indices.to_numpy(), dtype=np.int64)]
    facts = [name for name in rows.table.column_names if name not in ("id", "place", "source")]
    columns, findings = merge_facts(rows, groups, ids, facts)
    return columns | {"id": pa.array(ids, pa.string())}, repeats(rows, groups, ids) + findings
