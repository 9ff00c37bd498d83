"""One answer, five shapes: a table for people, JSON, CSV and Parquet for programs, Markdown for documents."""

import csv
import errno
import io
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from lineage.cli.text import aligned, counted, markdown_table
from lineage.errors import OptionError
from lineage.findings import Finding

__all__ = ["FORMATS", "Answer", "Grid", "Output", "plain", "shape_of"]

FORMATS: Final = ("table", "json", "csv", "parquet", "markdown")
_SUFFIXES: Final = {
    "": "table",
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".md": "markdown",
    ".markdown": "markdown",
}

_PLAIN_SIGNS: Final = str.maketrans({"≥": ">=", "├": "|", "└": "`", "│": "|", "─": "-", "·": "-"})

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Grid:
    """A table for people: cells are text; the first `left` columns are flush left."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command has to say.

    `document` is the JSON promise; `records` are flat rows for CSV and Parquet, units in their names; the rest
    is for people: `title`, then `grid` or the lines of `body`, then `notes`.
    """

    document: Mapping[str, Any]
    records: Sequence[Record] = ()
    columns: Sequence[str] = ()
    title: str = ""
    grid: Grid | None = None
    body: Sequence[str] = ()
    notes: Sequence[str] = ()
    findings: Sequence[Finding] = field(default=(), repr=False)

    def text(self) -> str:
        """Return the answer for a terminal."""
        from lineage.reports.escaping import visible

        lines = [visible(self.title)] if self.title else []
        if self.grid is not None and self.grid.rows:
            lines += aligned(self.grid.columns, self.grid.rows, left=self.grid.left)
        lines += [visible(line) for line in (*self.body, *self.notes)]
        return "\n".join(lines) + "\n" if lines else ""

    def markdown(self) -> str:
        """Return the answer as Markdown."""
        from lineage.reports.escaping import markdown_text, visible

        blocks = [markdown_text(self.title)] if self.title else []
        if self.grid is not None and self.grid.rows:
            blocks.append("\n".join(markdown_table(self.grid.columns, self.grid.rows, left=self.grid.left)))
        if self.body:
            blocks.append("\n".join("    " + visible(line) for line in self.body))
        if self.notes:
            blocks.append("\n".join(f"- {markdown_text(line)}" for line in self.notes if line))
        return "\n\n".join(blocks) + "\n"

    def json(self) -> str:
        """Return the promised JSON, a row of a list on each line; not-a-number becomes null."""
        fields = [f"{json.dumps(name)}: {_json_rows(value)}" for name, value in self.document.items()]
        return "{" + ",\n ".join(fields) + "}\n"

    def names(self) -> list[str]:
        """Return the columns of the records."""
        return list(self.columns or dict.fromkeys(name for row in self.records for name in row))

    def csv(self) -> str:
        """Return the records as CSV in which no cell is a formula to a spreadsheet."""
        from lineage.reports.escaping import csv_safe

        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([csv_safe(name) for name in self.names()])
        for row in self.records:
            writer.writerow([_csv_cell(row.get(name)) for name in self.names()])
        return stream.getvalue()

    def parquet(self) -> bytes:
        """Return the records as a Parquet file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [{name: plain(row.get(name)) for name in self.names()} for row in self.records]
        table = pa.table({name: [row[name] for row in rows] for name in self.names()})
        stream = io.BytesIO()
        pq.write_table(table, stream)
        return stream.getvalue()


@dataclass(frozen=True)
class Output:
    """Where an answer goes, and in which shape."""

    format: str = "table"
    file: Path | None = None
    strict: bool = False
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def chosen(cls, format: str | None, file: Path | None, **switches: bool) -> "Output":
        """Complete the options: without --format, the suffix of --output decides."""
        chosen = format or (shape_of(file, _SUFFIXES, "--format") if file else "table")
        if chosen == "parquet" and file is None:
            raise OptionError("parquet is not for terminals: name a file with --output FILE")
        if file is not None and not file.parent.is_dir():  # said before anything is computed or loaded
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))
        return cls(chosen, file, **switches)

    def show(self, answer: Answer) -> None:
        """Write the answer, then end with exit code 1 if --strict was given and something was found."""
        self.write(answer.parquet() if self.format == "parquet" else self._rendered(answer))
        if self.strict:
            serious = [item for item in answer.findings if item.severity != "info"]
            if serious:
                click.echo(
                    f"error: --strict, and {counted(len(serious), 'finding')}; lineage check says more",
                    err=True,
                )
                click.get_current_context().exit(1)

    def write(self, content: str | bytes) -> None:
        """Write content to the file, all of it or nothing, or to standard output."""
        if self.file is None:
            click.echo(_for_stdout(content) if isinstance(content, str) else content, nl=False, color=True)
            return
        data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
        try:
            _write(self.file, data)
        except OSError as problem:  # it may name the file beside, which says nothing to a reader
            raise OSError(problem.errno, problem.strerror, str(self.file)) from problem

    def stream(self, pieces: Iterable[str]) -> None:
        """Write text piece by piece: to standard output as it comes, to the file all of it or nothing."""
        if self.file is None:
            for piece in pieces:
                click.echo(_for_stdout(piece), nl=False, color=True)
            return
        beside = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                stream.writelines(pieces)
            beside.replace(self.file)
        finally:
            beside.unlink(missing_ok=True)

    def note(self, text: str) -> None:
        """Say something beside the answer, on stderr; --quiet drops it."""
        if not self.quiet:
            from lineage.reports.escaping import visible

            click.echo(visible(text), err=True)

    def _rendered(self, answer: Answer) -> str:
        shapes = {"json": answer.json, "csv": answer.csv, "markdown": answer.markdown, "table": answer.text}
        return shapes[self.format]()


def shape_of(file: Path, suffixes: Mapping[str, str], option: str) -> str:
    """Return the shape that the suffix of a file says. Raises `OptionError` for a suffix that says none.

    >>> shape_of(Path("costs.CSV"), {".csv": "csv"}, "--format")
    'csv'
    """
    shape = suffixes.get(file.suffix.lower())
    if shape is None:
        known = ", ".join(suffix for suffix in suffixes if suffix)
        raise OptionError(f"{file.name}: the suffix says no format; use one of {known}, or give {option}")
    return shape


def _write(file: Path, data: bytes) -> None:
    """Write a file in one step; a link keeps pointing where it does, a pipe or device is written into."""
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return
    target = file.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _json_rows(value: Any) -> str:
    """Return a value as JSON; the rows of a list stand under each other."""
    if isinstance(value, (list, tuple)) and value:
        return "[\n  " + ",\n  ".join(map(_json_text, value)) + "]"
    return _json_text(value)


def _json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NaN and infinity become None, numpy scalars Python's own.

    >>> plain({"a": float("nan"), "b": (1, 2.5)})
    {'a': None, 'b': [1, 2.5]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value).encode("utf-8", "backslashreplace").decode()


def _for_stdout(text: str) -> str:
    """Return text as stdout can take it; what goes to a program keeps every character."""
    if sys.stdout.isatty():
        from lineage.reports.escaping import visible

        text = "".join(
            visible(line.rstrip("\n")) + line[len(line.rstrip("\n")) :] for line in text.splitlines(True)
        )
    return encodable(text)


def encodable(text: str) -> str:
    """Return text in which our own signs are plain ones, where the terminal's encoding does not know them."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return text.translate(_PLAIN_SIGNS)
    return text


def _csv_cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        from lineage.reports.escaping import csv_safe

        return str(csv_safe(value))
    return repr(value) if isinstance(value, float) else str(value)
