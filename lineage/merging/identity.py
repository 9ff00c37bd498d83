"""Which spellings are one product: renamed ids, ids that share what survives renaming, letter case.

Three rules, in this order; each merge is a finding:

alias         the table of renamed ids (lineage/data/aliases.csv), where both spellings occur in the claims
same uid      records that share what survives a renaming (`uid`); the newest record's id wins
letter case   ids that differ only in letter case, if at most one of them has a record of its own
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from lineage.findings import Finding
from lineage.merging.columns import Bools, Codes, Rows
from lineage.merging.names import Names
from lineage.schema import kind_of

__all__ = ["Identity", "aliases", "canonical_id", "same_identity", "unify"]

_BEFORE, _AFTER = "the same product as ", "; rule: "


@cache
def aliases() -> dict[str, str]:
    """Return the table of renamed ids, old id -> new id, both with their kind."""
    text = (files("lineage") / "data" / "aliases.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {f"{row['kind']}:{row['old']}": f"{row['kind']}:{row['new']}" for row in rows}


def canonical_id(product_id: str) -> str:
    """Return the id under which a renamed product is known now; any other id as it is.

    >>> canonical_id("model:bert-base-uncased")
    'model:google-bert/bert-base-uncased'
    >>> canonical_id("model:mine")
    'model:mine'
    """
    return aliases().get(product_id, product_id)


def same_identity(findings: Iterable[Finding]) -> dict[str, str]:
    """Return every spelling that was merged into another id, as these findings say: old spelling -> id."""
    merged = {}
    for item in findings:
        if item.code == "merged-identity" and item.text.startswith(_BEFORE):
            merged[item.subject] = item.text.removeprefix(_BEFORE).rpartition(_AFTER)[0]
    return merged


@dataclass(frozen=True)
class Identity:
    """For each name the code of the name that it counts as, and what was merged."""

    targets: Codes
    findings: list[Finding]

    def kept(self, codes: Codes) -> Bools:
        """Return which of these names are the id that stays, and not another spelling of it."""
        flags: Bools = self.targets[codes] == codes
        return flags


@dataclass
class _Merger:
    """Names joined step by step; a joined name points to the one it counts as."""

    names: Names
    recorded: np.ndarray[tuple[int], np.dtype[np.bool_]]
    uses: Codes
    targets: dict[int, int] = field(default_factory=dict)
    rules: dict[int, str] = field(default_factory=dict)
    ambiguous: list[list[int]] = field(default_factory=list)

    def target(self, code: int) -> int:
        while code in self.targets:
            code = self.targets[code]
        return code

    def join(self, old: int, new: int, rule: str) -> None:
        old, new = self.target(old), self.target(new)
        if old != new:
            self.targets[old] = new
            self.rules[old] = rule
            self.recorded[new] |= self.recorded[old]
            self.uses[new] += self.uses[old]


def unify(names: Names, rows: dict[str, Rows]) -> Identity:
    """Find the names that are one product. Names of different kinds never are."""
    count = len(names.ids)
    recorded = np.zeros(count, dtype=np.bool_)
    recorded[names.codes["products", "id"]] = True
    uses = np.zeros(count, dtype=np.int64)
    for mention, codes in names.codes.items():
        if mention != ("products", "id"):
            uses += np.bincount(codes[codes >= 0], minlength=count)
    merger = _Merger(names, recorded, uses)
    _join_aliases(merger)
    _join_same_uid(merger, rows["products"])
    _join_letter_case(merger)
    targets = np.arange(count, dtype=np.int64)
    for code in merger.targets:
        targets[code] = merger.target(code)
    return Identity(targets, _findings(merger, rows))


def _join_aliases(merger: _Merger) -> None:
    codes = merger.names.numbers
    for old, new in aliases().items():
        if old in codes and new in codes:
            merger.join(codes[old], codes[new], "renamed (alias table)")


def _join_same_uid(merger: _Merger, rows: Rows) -> None:
    uids = rows.array("uid")
    if uids.null_count == len(uids):
        return
    coded = uids.dictionary_encode()
    numbers = np.asarray(coded.indices.fill_null(-1).to_numpy(), dtype=np.int64)
    order = rows.oldest_first[numbers[rows.oldest_first] >= 0]
    ids = merger.names.codes["products", "id"]
    newest = np.full(len(coded.dictionary), -1, dtype=np.int64)
    newest[numbers[order]] = ids[order]
    renamed = order[newest[numbers[order]] != ids[order]]
    kinds = merger.names.ids
    by_kind: dict[tuple[int, str], int] = {}
    crowded = set(numbers[renamed].tolist())
    members = [row for row in order.tolist() if numbers[row] in crowded] if crowded else []
    for row in members:
        by_kind[int(numbers[row]), kind_of(kinds[ids[row]])] = int(ids[row])
    for row in members:
        code = int(ids[row])
        merger.join(code, by_kind[int(numbers[row]), kind_of(kinds[code])], "same uid")


def _join_letter_case(merger: _Merger) -> None:
    first: dict[str, int] = {}
    alike: dict[str, list[int]] = {}
    for code, name in enumerate(merger.names.ids):
        folded = name.casefold()
        if folded in first:
            alike.setdefault(folded, [first[folded]]).append(code)
        else:
            first[folded] = code
    for folded in sorted(alike):
        codes = sorted({merger.target(code) for code in alike[folded]}, key=merger.names.ids.__getitem__)
        records = [code for code in codes if merger.recorded[code]]
        if len(records) > 1:
            merger.ambiguous.append(codes)
            continue
        winner = records[0] if records else max(codes, key=lambda code: int(merger.uses[code]))
        for code in codes:
            merger.join(code, winner, "letter case")


def _findings(merger: _Merger, rows: dict[str, Rows]) -> list[Finding]:
    found = []
    ids = merger.names.ids
    for code in sorted(merger.targets, key=ids.__getitem__):
        table, row = merger.names.first_mention(code)
        text = f"{_BEFORE}{ids[merger.target(code)]}{_AFTER}{merger.rules[code]}"
        found.append(rows[table].finding(row, "merged-identity", ids[code], text))
    for codes in merger.ambiguous:
        spellings = [ids[code] for code in codes]
        several = ", ".join(ids[code] for code in codes if merger.recorded[code])
        text = (
            f"{', '.join(spellings)} differ only in letter case; "
            f"not merged, since {several} have records of their own"
        )
        table, row = merger.names.first_mention(codes[0])
        found.append(rows[table].finding(row, "ambiguous-identity", spellings[0], text))
    return found
