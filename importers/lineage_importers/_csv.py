"""CSV files of strangers: UTF-8 with or without a byte-order mark, gzipped or not, every row with its line.

A row with too many or too few cells is an error; rows without any content are passed over. Lines that begin
with "#" before the header are comments.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lineage.errors import ImportFault
from lineage_importers._files import UNPACKED_BYTES

__all__ = ["CsvTable", "expanded_limit", "header_of", "read_csv", "too_much"]

EXPANDED_LIMIT_BYTES: int = 2 * 1024**3
_RATIO: Final = 100  # plain : packed; a table of empty cells reaches about 50, a bomb 1000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table of texts: `columns[i]` holds the cells under `header[i]`; row r begins on line `lines[r]`."""

    header: list[str]
    columns: list[list[str]]
    lines: list[int]


def read_csv(path: Path, address: str) -> CsvTable:
    """Read a file of comma-separated values, all cells as text.

    Raises `ImportFault` for an empty file, damaged or oversized gzip data, text that is not UTF-8 (with the byte
    offset), broken quotes, cells separated by anything but commas, and rows of the wrong length (with the line).
    """
    return _table(_decoded(_unpacked(path, address), address), address)


def header_of(head: bytes) -> list[str]:
    """Return the column names in the first bytes of a file, or an empty list; never raises."""
    text = head.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    try:
        return [name.strip() for name in next(_Records(text).rows(), (0, []))[1]]
    except csv.Error:
        return []


def expanded_limit(packed: int, ratio: int) -> int:
    """Return how many bytes a packed file of so many bytes may unpack to: a bomb is refused before it is large.

    >>> expanded_limit(1000, 100) == 64 * 1024**2, expanded_limit(1024**3, 100) == 2 * 1024**3
    (True, True)
    """
    return min(EXPANDED_LIMIT_BYTES, max(UNPACKED_BYTES, packed * ratio))


def too_much(address: str, limit: int) -> ImportFault:
    """Return the error for a file that unpacks to more than the limit."""
    return ImportFault(
        address, "", f"holds more than {limit:,} bytes when unpacked; split it into several files"
    )


def _unpacked(path: Path, address: str) -> bytes:
    """Return the bytes of a file, unpacked if it is gzipped; never more than `expanded_limit`."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
    if not packed:
        data = path.read_bytes()
        if not data:
            raise ImportFault(address, "", "is empty; a table has at least a line of column names")
        if path.suffix.lower() == ".gz":
            raise ImportFault(address, "", "is not gzip data; leave .gz out of its name, or fetch it again")
        return data
    limit = expanded_limit(path.stat().st_size, _RATIO)
    try:
        with gzip.open(path) as file:
            data = file.read(limit + 1)
    except EOFError:
        raise ImportFault(address, "", "the gzip data ends too early; fetch the file again") from None
    except (gzip.BadGzipFile, zlib.error) as damage:
        raise ImportFault(address, "", f"the gzip data is damaged ({damage}); fetch the file again") from None
    if len(data) > limit:
        raise too_much(address, limit)
    if not data:
        raise ImportFault(address, "", "is empty; a table has at least a line of column names")
    return data


def _decoded(data: bytes, address: str) -> str:
    if data.startswith(_UTF16_MARKS):
        raise ImportFault(address, "byte 0", "is UTF-16, not UTF-8; save the file as CSV UTF-8")
    start = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    try:
        text = data[start:].decode("utf-8")
    except UnicodeDecodeError as problem:
        offset = start + problem.start
        line = data.count(b"\n", 0, offset) + 1
        where = f"line {line}, byte {offset}"
        raise ImportFault(
            address, where, f"0x{data[offset]:02x} is not UTF-8; save the file as CSV UTF-8"
        ) from None
    zero = data.find(b"\0")
    if zero >= 0:
        raise ImportFault(address, f"byte {zero}", "is a NUL, so this is no text; save the file as CSV UTF-8")
    return text


class _Records:
    """The records of a text with the line that each begins on; comments and empty records are passed over."""

    def __init__(self, text: str) -> None:
        self.line = 0  # the line that was read last
        self.first = 1  # the line of the header
        self.text = io.StringIO(text, newline="")
        self.in_comments = True

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._lines(), strict=True)
        begins = self.line + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield max(begins, self.first), cells
            begins = self.line + 1

    def _lines(self) -> Iterator[str]:
        for line in self.text:
            self.line += 1
            if self.in_comments:
                if line.startswith("#") or not line.strip():
                    continue
                self.in_comments = False
                self.first = self.line
            yield line


def _table(text: str, address: str) -> CsvTable:
    records = _Records(text)
    lines: list[int] = []
    rows: list[list[str]] = []
    header: list[str] | None = None
    try:
        for line, cells in records.rows():
            if header is None:
                header = cells
                _refuse_other_separators(cells, line, address)
                continue
            if len(cells) != len(header):
                raise ImportFault(address, f"line {line}", _ragged(len(cells), len(header)))
            lines.append(line)
            rows.append(cells)
    except csv.Error as problem:
        raise ImportFault(address, f"line {records.line}", _csv_problem(problem)) from None
    if header is None:
        raise ImportFault(address, "", "has no line of column names; write them in the first line")
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in header]
    return CsvTable([name.strip() for name in header], columns, lines)


def _refuse_other_separators(cells: list[str], line: int, address: str) -> None:
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(cells) == 1 and separator in cells[0]:
            problem = f"the cells are separated by {name}; save the file with commas"
            raise ImportFault(address, f"line {line}", problem)


def _ragged(found: int, wanted: int) -> str:
    more = "quote a cell that holds a comma" if found > wanted else "keep the commas of empty cells"
    return f"has {found} cells under {wanted} column names; {more}"


def _csv_problem(problem: csv.Error) -> str:
    text = str(problem)
    if "field larger than field limit" in text:
        return f"a cell is longer than {csv.field_size_limit():,} characters; is a quote left open?"
    if "unexpected end of data" in text:
        return "a quoted cell never ends; close the quote"
    return f"broken quotes ({text}); write a quote inside a quoted cell twice"
