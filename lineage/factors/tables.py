"""Reading and writing tables of factors: CSV with one factor a row, the same form for ours, a user's and a pin's."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from lineage.errors import ImportFault, UnitError, did_you_mean
from lineage.factors.factor import KINDS, Factor
from lineage.units import quantity

__all__ = ["COLUMNS", "read_table", "shipped", "shipped_pairs", "table_text"]

COLUMNS: Final = (
    "kind",
    "name",
    "value",
    "lo",
    "hi",
    "unit",
    "year",
    "region",
    "basis",
    "source",
    "url",
    "licence",
    "retrieved",
    "note",
)
_REQUIRED: Final = ("kind", "name", "value", "unit")
_TABLES: Final = ("grids", "states", "sources", "water", "centres", "accelerators", "servers", "use")


@cache
def shipped() -> tuple[Factor, ...]:
    """Return the factors that come with the package, in the order of the tables."""
    folder = files("lineage") / "data" / "factors"
    rows: list[Factor] = []
    for name in _TABLES:
        table = folder / f"{name}.csv"
        rows += _factors(table.read_text(encoding="utf-8"), f"{name}.csv", "")
    return tuple(rows)


@cache
def shipped_pairs(name: str) -> tuple[tuple[str, str], ...]:
    """Return the rows of a shipped table of two columns, such as aliases or places."""
    text = (files("lineage") / "data" / "factors" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple((row[0], row[1]) for row in list(csv.reader(text.splitlines()))[1:])


def read_table(path: Path) -> tuple[Factor, ...]:
    """Return the factors in a user's CSV or a pin file, converted to the units of their kinds.

    The columns kind, name, value and unit are needed; without lo or hi the value is its own bound; without a
    source the file is it. Raises `ImportFault` with line and column for anything else that is not a factor.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFault(str(path), f"byte {error.start}", "it is not UTF-8; save it as UTF-8") from None
    rows = _factors(text, str(path), path.name)
    if not rows:
        raise ImportFault(str(path), "", f"it holds no factor; its columns are {', '.join(COLUMNS)}")
    return tuple(rows)


def table_text(factors: Iterable[Factor]) -> str:
    """Return factors as CSV that `read_table` reads back to the last bit."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in factors:
        cells = item.as_dict()
        writer.writerow(["" if cells[name] is None else _cell(cells[name]) for name in COLUMNS])
    return stream.getvalue()


def _cell(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _factors(text: str, file: str, source: str) -> list[Factor]:
    reader = csv.DictReader(text.splitlines())
    names = [name for name in reader.fieldnames or () if name]
    for name in names:
        if name not in COLUMNS:
            raise ImportFault(file, "line 1", f"there is no column {name!r}{did_you_mean(name, COLUMNS)}")
    lacking = [name for name in _REQUIRED if name not in names]
    if lacking:
        raise ImportFault(
            file, "line 1", f"the columns {', '.join(_REQUIRED)} are needed: {lacking[0]} is not there"
        )
    return [_factor(row, file, reader.line_num, source) for row in reader]


def _factor(row: Mapping[str | None, str | None], file: str, line: int, source: str) -> Factor:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    kind = cells["kind"]
    if kind not in KINDS:
        problem = f"there is no kind {kind!r}{did_you_mean(kind, list(KINDS))}; there are {', '.join(KINDS)}"
        raise ImportFault(file, f"line {line}, column kind", problem)
    if not cells["name"]:
        raise ImportFault(file, f"line {line}, column name", "a factor needs a name")
    value = _number(cells, "value", file, line)
    lo = _number(cells, "lo", file, line) if cells["lo"] else value
    hi = _number(cells, "hi", file, line) if cells["hi"] else value
    if not lo <= value <= hi:
        problem = f"lo {lo:g}, value {value:g} and hi {hi:g} are not in this order"
        raise ImportFault(file, f"line {line}", problem)
    if kind == "pue" and lo < 1:
        raise ImportFault(file, f"line {line}", f"a PUE of {lo:g} is impossible; give 1 or more")
    if kind == "lifetime" and lo <= 0:
        raise ImportFault(file, f"line {line}", f"a lifetime of {lo:g} h is impossible; give more than 0")
    return Factor(
        kind=kind,
        name=cells["name"],
        value=value,
        lo=lo,
        hi=hi,
        unit=KINDS[kind][0],
        year=_year(cells["year"], file, line),
        region=cells["region"] or "any",
        basis=cells["basis"] or ("location" if kind == "grid" else ""),
        source=cells["source"] or source,
        url=cells["url"],
        licence=cells["licence"],
        retrieved=cells["retrieved"],
        note=cells["note"],
    )


def _number(cells: Mapping[str, str], column: str, file: str, line: int) -> float:
    """Return a cell in the unit of the row's kind; nothing but a plain number that is not negative is taken."""
    base, unit = KINDS[cells["kind"]][0], cells["unit"]
    try:
        value = float(cells[column])
        if not math.isfinite(value) or value < 0:
            raise ValueError
    except ValueError:
        problem = f"{cells[column]!r} is not a number of 0 or more"
        raise ImportFault(file, f"line {line}, column {column}", problem) from None
    if unit == base:
        return value
    try:
        return quantity(f"{value!r} {unit}" if unit else value, base)
    except UnitError as error:
        raise ImportFault(
            file, f"line {line}, column unit", f"{error}; the unit of {cells['kind']} is {base}"
        ) from None


def _year(text: str, file: str, line: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise ImportFault(file, f"line {line}, column year", f"{text!r} is not a year; write it as 2024")
    return int(text)
