"""Cells: one column of a table of strings or typed values, read into the type of its schema column.

Texts are read once per distinct text, so a column of a hundred thousand rows costs little more than its
distinct values. Only an empty cell (after stripping) is missing; NaN and infinity are errors.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.claims import ARROW_TYPES
from lineage.errors import InputError, UnitError
from lineage.schema import Column
from lineage.units import LARGEST, number, quantity

__all__ = ["BadCell", "Texts", "attribute", "clip", "flag", "iso_date", "plain", "read_cells", "texts"]

# A year, a month, a day, or a full time with its zone.
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)? ?(?P<zone>Z|z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_FLAGS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# Numbers that are read as numbers in a column we do not know; "007" and ids of 16 digits stay text.
_ATTRIBUTE_NUMBER: Final = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?$"


class BadCell(InputError):
    """A cell that cannot be read: the first row that holds it, and the problem with its way out.

    `claims_from_table` turns it into an `ImportFault` with the file, the line and the column.
    """

    def __init__(self, row: int, problem: str) -> None:
        super().__init__(row, problem)
        self.row, self.problem = row, problem


@dataclass(frozen=True)
class Texts:
    """A column of texts by distinct value: `values[codes[row]]`; code -1 is an empty cell."""

    values: list[str]
    codes: np.ndarray[tuple[int], np.dtype[np.int64]]

    def first_row(self, code: int) -> int:
        """Return the first row that holds a value."""
        return int(np.argmax(self.codes == code))

    def map(self, read: Callable[[str], Any], kind: Any) -> pa.Array:
        """Read each distinct text once; raises `BadCell` at the first row whose text cannot be read."""
        found: list[Any] = []
        bad: dict[int, str] = {}
        for code, text in enumerate(self.values):
            try:
                found.append(read(text))
            except InputError as error:
                found.append(None)
                bad[code] = str(error)
        if bad:
            code = min(bad, key=self.first_row)
            raise BadCell(self.first_row(code), bad[code])
        return pa.array(found, kind).take(pa.array(self.codes, pa.int64(), mask=self.codes < 0))


def texts(array: pa.Array) -> Texts:
    """Return a text column as distinct stripped values and codes."""
    encoded = _stripped(array).dictionary_encode()
    values: list[str] = encoded.dictionary.to_pylist()
    codes = np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return Texts(values, codes)


def _stripped(array: pa.Array) -> pa.Array:
    """Return texts without blanks around them; an empty cell is null."""
    stripped = pc.utf8_trim_whitespace(array.cast(pa.string()))
    return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)


def plain(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array with categories, large strings and views resolved."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if _is_text(array.type):
        return array.cast(pa.string())
    return array


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def read_cells(array: pa.Array, item: Column, *, spelled: bool) -> pa.Array:
    """Read a column; `spelled` columns hold quantities with a unit, the others plain values.

    Returns an array of the schema column's type, in its base unit. Raises `BadCell`.
    """
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), ARROW_TYPES[item.type])
    readers = {"number": _numbers, "flag": _flags, "date": _dates, "text": _texts}
    if spelled:
        return _quantities(array, item)
    return readers[item.type](array, item)


def _quantities(array: pa.Array, item: Column) -> pa.Array:
    if _is_text(array.type):
        return texts(array).map(lambda text: _quantity(text, item), pa.float64())
    if item.bare:
        return _numbers(array, item)
    valid = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
    if len(valid):
        row = int(valid[0])
        raise BadCell(row, _without_unit(str(array[row].as_py()), item))
    return pa.nulls(len(array), pa.float64())


def _quantity(text: str, item: Column) -> float:
    try:
        return quantity(text, item.unit, bare=item.bare)
    except UnitError:
        if not _is_plain(text):
            raise
    raise InputError(_without_unit(text, item))


def _is_plain(text: str) -> bool:
    try:
        number(text)
    except UnitError:
        return False
    return True


def _without_unit(text: str, item: Column) -> str:
    shown = clip(text)
    return f"{shown} has no unit; write it ({shown[1:-1]} {item.unit}), or use the column {item.name}"


def _numbers(array: pa.Array, item: Column) -> pa.Array:
    numbers = _read_numbers(array, item)
    values = numbers.to_numpy(zero_copy_only=False)
    large = np.flatnonzero(np.abs(values) > LARGEST)
    if len(large):
        row = int(large[0])
        unit = f" {item.unit}" if item.unit else ""
        raise BadCell(
            row, f"{values[row]:g}{unit} is larger than anything real ({LARGEST:g}); check its unit"
        )
    return numbers


def _read_numbers(array: pa.Array, item: Column) -> pa.Array:
    if _is_text(array.type):
        filled = _stripped(array)
        try:
            return _finite(filled.cast(pa.float64()), filled)
        except pa.ArrowInvalid:  # a separator, or no number at all: read one by one, for the message
            return texts(array).map(lambda text: _plain_number(text, item), pa.float64())
    if not _is_number(array.type):
        raise BadCell(0, f"holds {array.type} values, not numbers; write plain numbers")
    return _finite(array.cast(pa.float64(), safe=False), array)


def _plain_number(text: str, item: Column) -> float:
    try:
        return number(text)
    except UnitError:
        if not item.spelled:
            raise
        problem = f"{clip(text)} is not a plain number; {item.name} is in {item.unit}"
        raise InputError(f"{problem}, a value with its unit goes into {item.spelled}") from None


def _finite(numbers: pa.Array, shown: pa.Array) -> pa.Array:
    values = numbers.to_numpy(zero_copy_only=False)
    bad = np.flatnonzero(~np.isfinite(values) & numbers.is_valid().to_numpy(zero_copy_only=False))
    if len(bad):
        row = int(bad[0])
        text = clip(str(shown[row].as_py()))
        raise BadCell(row, f"{text} is not finite; leave the cell empty if the value is unknown")
    return numbers


def _flags(array: pa.Array, item: Column) -> pa.Array:
    if pa.types.is_boolean(array.type):
        return array
    if _is_number(array.type):
        numbers = _finite(array.cast(pa.float64()), array)
        array = pc.replace_substring_regex(numbers.cast(pa.string()), r"\.0$", "")
    if not _is_text(array.type):
        raise BadCell(0, f"holds {array.type} values; write yes or no")
    return texts(array).map(flag, pa.bool_())


def flag(text: str) -> bool:
    """Read yes or no.

    >>> flag("Yes"), flag("0")
    (True, False)
    """
    if text.lower() not in _FLAGS:
        raise InputError(f"{clip(text)} is neither yes nor no; write yes, no, true, false, 1 or 0")
    return _FLAGS[text.lower()]


def _dates(array: pa.Array, item: Column) -> pa.Array:
    if pa.types.is_date(array.type):
        array = array.cast(pa.date32()).cast(pa.string())
    if pa.types.is_timestamp(array.type):
        return _timestamps(array)
    if pa.types.is_integer(array.type):
        array = array.cast(pa.string())
    if not _is_text(array.type):
        raise BadCell(0, f"holds {array.type} values; write dates as 2024-05-31")
    return texts(array).map(iso_date, pa.string())


def _timestamps(array: pa.Array) -> pa.Array:
    """Return times in UTC as text; times without a zone only if all of them are midnights, so dates."""
    if array.type.tz is not None:
        utc = array.cast(pa.timestamp(array.type.unit, "UTC"))
        return pc.strftime(
            pc.floor_temporal(utc, unit="second").cast(pa.timestamp("s", "UTC")), "%Y-%m-%dT%H:%M:%SZ"
        )
    midnight = pc.equal(pc.floor_temporal(array, unit="day"), array)
    late = np.flatnonzero(~pc.fill_null(midnight, True).to_numpy(zero_copy_only=False))
    if len(late):
        row = int(late[0])
        shown = clip(str(array[row].cast(pa.string())))
        raise BadCell(row, f"{shown} has no time zone; localise the times, to UTC if they are in UTC")
    return array.cast(pa.date32()).cast(pa.string())


def iso_date(text: str) -> str:
    """Return a date as it is, and a time in UTC to the second.

    >>> iso_date("2024-05"), iso_date("2024-05-31T12:00:00+02:00")
    ('2024-05', '2024-05-31T10:00:00Z')
    """
    way_out = "write YYYY, YYYY-MM, YYYY-MM-DD, or a time with its zone such as 2024-05-31T12:00:00Z"
    if _DATE.fullmatch(text):
        try:
            datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)
        except ValueError:
            raise InputError(f"{clip(text)} is not in the calendar; {way_out}") from None
        return text
    found = _TIME.fullmatch(text)
    if found is None:
        raise InputError(f"{clip(text)} is not a date; {way_out}")
    zone = found["zone"]
    if zone is None:
        raise InputError(f"{clip(text)} has no time zone; add Z if it is in UTC, or an offset such as +02:00")
    stem = text[: len(text) - len(zone)].rstrip()
    try:
        moment = datetime.fromisoformat(stem + ("+00:00" if zone in ("Z", "z", "UTC") else zone))
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError):
        raise InputError(f"{clip(text)} is not in the calendar; {way_out}") from None


def _texts(array: pa.Array, item: Column) -> pa.Array:
    if not (_is_text(array.type) or _is_number(array.type)):
        raise BadCell(0, f"holds {array.type} values; write text")
    return _stripped(array)


def attribute(array: pa.Array) -> pa.Array:
    """Return a column that is not ours as it is kept: text, numbers or yes and no.

    A text column becomes numbers only if all of its cells are numbers and no digit is lost: "007" and integers
    of more than 15 digits stay text. NaN and infinity raise `BadCell`.
    """
    if _is_text(array.type):
        cells = _stripped(array)
        numeric = pc.all(pc.match_substring_regex(cells, _ATTRIBUTE_NUMBER)).as_py()
        return cells.cast(pa.float64()) if numeric and cells.null_count < len(cells) else cells
    if pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        return _finite(array.cast(pa.float64()), array)
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
        return array
    return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())


def clip(text: str) -> str:
    """Return a text quoted and at most 60 characters long, for messages."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
