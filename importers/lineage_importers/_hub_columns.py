"""Columns of Hub records, checked all at once; a wrong value is looked for only if a column does not convert."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from lineage_importers._hub_records import Records

__all__ = ["checked_counts", "checked_dates", "checked_texts", "is_count", "shown", "within"]

# The Hub shows these instants for everything that is older: when it began to keep dates, it filled them in.
FILLERS: Final = ("2022-03-02T23:29:04", "2022-03-02T23:29:05")
FILLED_BEFORE: Final = "2022-03-02"
EXACT: Final = 2**53  # whole numbers up to here fit a float64
NORMAL_DATE: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"


def shown(value: Any) -> str:
    """Return a value for a message, cut to 60 characters."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"a deep {type(value).__name__}"
    except ValueError:  # Python writes no more than 4,300 digits
        text = "a number of more than 4,300 digits"
    return text if len(text) <= 60 else text[:57] + "..."


def within(place: str, key: str) -> str:
    """Return the place of a key of a record.

    >>> within("$[3]", "id"), within("line 7", "tags[0]")
    ('$[3].id', 'line 7, $.tags[0]')
    """
    return f"{place}.{key}" if place.startswith("$") else f"{place}, $.{key}"


def checked_texts(records: "Records", values: Sequence[Any], key: str) -> pa.Array:
    """Return a text column. Raises `ImportFault` for anything but text or null."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise _wrong(records, values, key, lambda item: isinstance(item, str), "text") from None


def is_count(value: Any) -> bool:
    """Say whether a value is a whole number that a float64 holds exactly, 0 or more."""
    return type(value) is int and 0 <= value <= EXACT


def checked_counts(records: "Records", values: Sequence[Any], key: str) -> pa.Array:
    """Return a column of whole numbers from 0 to 2^53 as float64. Raises `ImportFault` for anything else."""
    try:
        plain = set(map(type, values)) <= {int, type(None)}
        array = pa.array(values if plain else [], pa.int64())
    except (pa.ArrowInvalid, OverflowError):
        plain = False
    if not plain:
        raise _wrong(records, values, key, is_count, "a whole number from 0 to 2^53")
    bounds = pc.min_max(array)
    if bounds["min"].as_py() is not None and not (
        bounds["min"].as_py() >= 0 and bounds["max"].as_py() <= EXACT
    ):
        raise _wrong(records, values, key, is_count, "a whole number from 0 to 2^53")
    return array.cast(pa.float64())


def _wrong(records: "Records", values: Sequence[Any], key: str, fits: Any, wanted: str) -> Exception:
    """Return the fault that names the first value that does not fit."""
    for row, value in enumerate(values):
        if value is not None and not fits(value):
            place = within(records.columns["place"][row], key)
            return records.fault(place, f"{wanted} expected, not {shown(value)}")
    return records.fault(f"$.{key}", f"{wanted} expected")


def checked_dates(records: "Records", values: Sequence[Any]) -> pa.Array:
    """Return dates as text in UTC, to the second. Raises `ImportFault` for what is not a date.

    The Hub's filler date becomes null: all it says is "older than that", which is kept as `created_before`.
    """
    texts = checked_texts(records, values, "createdAt")
    if not bool(pc.all(pc.match_substring_regex(texts, NORMAL_DATE), min_count=0).as_py()) or not _are_dates(
        texts
    ):
        texts = pa.array([_utc(records, row, value) for row, value in enumerate(values)], pa.string())
    seconds = pc.utf8_slice_codeunits(texts, 0, 19)
    filled = pc.is_in(seconds, pa.array(FILLERS))
    for row in pc.indices_nonzero(filled).to_pylist():
        records.further.setdefault("created_before", {})[row] = FILLED_BEFORE
        text = f"{values[row]} is the Hub's filler: the product is older than the Hub's dates"
        records.note("undated", records.columns["id"][row], text, records.columns["place"][row])
    dates = pc.binary_join_element_wise(seconds, "Z", "")
    return pc.if_else(filled, pa.scalar(None, pa.string()), dates)


def _are_dates(texts: pa.Array) -> bool:
    try:
        texts.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return False
    return True


def _utc(records: "Records", row: int, value: str | None) -> str | None:
    """Return one date in UTC; without a zone it counts as UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        place = within(records.columns["place"][row], "createdAt")
        raise records.fault(place, f"an ISO 8601 date expected, not {shown(value)}") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
