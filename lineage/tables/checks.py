"""Checks: what a cell of an own table may hold once it has been read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import InputError, did_you_mean
from lineage.schema import IMPACTS, KINDS, PHASES, RELATIONS, TIERS, Column, split_id
from lineage.tables.cells import BadCell, Texts, clip, texts
from lineage.units import number

__all__ = ["BASES", "LONGEST_ID", "QUALITY_DIRECTIONS", "bounds", "check", "either", "in_range", "plain_name"]

LONGEST_ID: Final = 1000
BASES: Final = ("location", "market")
QUALITY_DIRECTIONS: Final = ("higher", "lower")
_VOCABULARIES: Final = {
    "phase": PHASES,
    "relation": RELATIONS,
    "tier": TIERS,
    "basis": BASES,
    "quality_direction": QUALITY_DIRECTIONS,
}
# Control characters and line ends: no honest name holds one, and each breaks some output.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MIX_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be, and how an error says so."""

    lo: float
    hi: float
    says: str
    open_lo: bool = False


_NOT_NEGATIVE: Final = Range(0.0, np.inf, "must not be negative; leave the cell empty if it is unknown")
_POSITIVE: Final = Range(0.0, np.inf, "must be above 0; leave the cell empty if it is unknown", open_lo=True)
_SHARE: Final = Range(0.0, 1.0, "must be between 0 and 1; write 50 % as 0.5")
_ANY: Final = Range(-np.inf, np.inf, "")
_RANGES: Final = {
    "w": _SHARE,
    "utilisation": _SHARE,
    "share": _SHARE,
    "lifetime_h": _POSITIVE,
    "pue": Range(1.0, np.inf, "must be 1 or more: all energy of the site per energy of the computers"),
    "concurrent_jobs": Range(1.0, np.inf, "must be 1 or more: the job itself counts"),
    "merge_weight": _ANY,
    "quality": _ANY,
}


def in_range(numbers: pa.Array, name: str, shown: pa.Array) -> None:
    """Check the numbers of a column; `shown` holds the cells as they were written. Raises `BadCell`."""
    limits = _RANGES.get(name, _NOT_NEGATIVE)
    values = numbers.to_numpy(zero_copy_only=False)
    low = values <= limits.lo if limits.open_lo else values < limits.lo
    # NaN stands for an empty cell here, and compares false.
    bad = np.flatnonzero(low | (values > limits.hi))
    if len(bad):
        row = int(bad[0])
        raise BadCell(row, f"{clip(str(shown[row].as_py()).strip())} {limits.says}")


def check(table: str, item: Column, cells: pa.Array, says: list[str]) -> None:
    """Check the texts of one column, as they have been read; `says` names each row. Raises `BadCell`."""
    if item.type != "text" or not len(cells):
        return
    found = texts(cells)
    if item.required and (found.codes < 0).any():
        row = int(np.flatnonzero(found.codes < 0)[0])
        raise BadCell(row, f"is empty, but every row of {table} needs it")
    reader = _READERS.get((table, item.name)) or _reader(item.name)
    if reader is not None:
        found.map(reader, pa.string())
    if item.name == "id":
        _refuse_repeated(found, says)


def _reader(name: str) -> Callable[[str], str] | None:
    known = _VOCABULARIES.get(name)
    return partial(_one_of, name=name, known=known) if known else None


def _refuse_repeated(cells: Texts, says: list[str]) -> None:
    """Refuse an id that stands in two rows; raises `BadCell` at the second."""
    _, first = np.unique(cells.codes, return_index=True)
    if len(first) == len(cells.codes):
        return
    again = np.ones(len(cells.codes), dtype=bool)
    again[first] = False
    row = int(np.flatnonzero(again)[0])
    code = int(cells.codes[row])
    earlier = says[cells.first_row(code)]
    raise BadCell(row, f"{clip(cells.values[code])} stands in {earlier} already; keep one row for each id")


def either(first: tuple[str, pa.Array], second: tuple[str, pa.Array]) -> pa.Array:
    """Join two spellings (name, cells) of one column; a row that fills both raises `BadCell`."""
    filled = pc.and_(first[1].is_valid(), second[1].is_valid())
    both = np.flatnonzero(filled.to_numpy(zero_copy_only=False))
    if len(both):
        raise BadCell(int(both[0]), f"{first[0]} and {second[0]} say the same thing; fill only one of them")
    return pc.coalesce(first[1], second[1])


def _one_of(text: str, name: str, known: tuple[str, ...]) -> str:
    if text not in known:
        hint = did_you_mean(text.lower(), known) or f"; write one of {', '.join(known)}"
        raise InputError(f"{clip(text)} is not a {name.replace('_', ' ')}{hint}")
    return text


def product_id(text: str, kinds: tuple[str, ...] = KINDS) -> str:
    """Return a product id of one of these kinds; anything else raises `InputError` with the way out."""
    plain_name(text)
    try:
        kind, name = split_id(text)
    except ValueError:
        kind, colon, _ = text.partition(":")
        prefixes = ", ".join(f"{item}:" for item in kinds)
        hint = did_you_mean(kind.lower(), kinds) if colon else ""
        way_out = hint or f"; begin it with one of {prefixes}"
        raise InputError(f"{clip(text)} is not KIND:NAME{way_out}") from None
    if name != name.strip():
        raise InputError(f"{clip(text)} has a blank after the colon; delete it")
    if kind not in kinds:
        raise InputError(f"{clip(text)} is a {kind}; a {' or '.join(kinds)} is needed here")
    return text


def plain_name(text: str) -> str:
    """Return a name; control characters and more than 1,000 characters raise `InputError`."""
    if len(text) > LONGEST_ID:
        raise InputError(f"{clip(text)} has {len(text):,} characters; shorten it to {LONGEST_ID:,} at most")
    found = _CONTROL.search(text)
    if found:
        code = f"U+{ord(found.group()):04X}"
        raise InputError(f"{clip(text)} holds the control character {code}; delete it")
    return text


def mix(text: str) -> str:
    """Return a mix text; raises `InputError` if it is malformed or its shares miss 1 by more than 0.001.

    >>> mix("coal:0.8;solar:0.2")
    'coal:0.8;solar:0.2'
    """
    shares: dict[str, float] = {}
    for part in text.rstrip(";").split(";"):
        name, colon, share = part.rpartition(":")
        name = plain_name(name.strip())
        if not colon or not name:
            raise InputError(
                f"{clip(text)} is not a mix; write NAME:SHARE;NAME:SHARE such as coal:0.8;solar:0.2"
            )
        if name in shares:
            raise InputError(f"{clip(text)} names {clip(name)} twice; add the two shares")
        shares[name] = number(share)
        if not 0 <= shares[name] <= 1:
            raise InputError(f"{clip(text)}: the share {share.strip()} must be between 0 and 1")
    total = sum(shares.values())
    if abs(total - 1) > _MIX_TOLERANCE + 1e-12:
        raise InputError(f"{clip(text)}: the shares make {total:.6g}, not 1; name every source")
    return text


def _id_list(text: str) -> str:
    for part in text.rstrip(";").split(";"):
        product_id(part.strip())
    return text


_READERS: Final[dict[tuple[str, str], Callable[[str], str]]] = {
    ("products", "id"): product_id,
    ("products", "contains"): _id_list,
    ("edges", "product"): product_id,
    ("edges", "parent"): product_id,
    ("jobs", "id"): plain_name,
    ("jobs", "product"): product_id,
    ("jobs", "platform"): partial(product_id, kinds=("platform",)),
    ("jobs", "system"): plain_name,
    ("jobs", "grid"): plain_name,
    ("jobs", "grid_market"): plain_name,
    ("jobs", "mix"): mix,
    ("systems", "id"): plain_name,
    ("grids", "id"): plain_name,
}


def bounds(columns: dict[str, pa.Array]) -> None:
    """Check lo <= best <= hi of every impact; raises `BadCell` naming the pair."""
    for impact in IMPACTS.values():
        best = impact.column
        for low, high in ((f"{best}_lo", best), (best, f"{best}_hi"), (f"{best}_lo", f"{best}_hi")):
            if low not in columns or high not in columns:
                continue
            wrong = pc.fill_null(pc.greater(columns[low], columns[high]), False)
            rows = np.flatnonzero(wrong.to_numpy(zero_copy_only=False))
            if len(rows):
                row = int(rows[0])
                a, b = columns[low][row].as_py(), columns[high][row].as_py()
                problem = f"{low} ({a:g}) is above {high} ({b:g}); lo <= best <= hi must hold"
                raise BadCell(row, problem)
