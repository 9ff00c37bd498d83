"""The signature of a `.cypher` file: its header is comments that say what it asks, takes and returns.

::

    // Which products carry the most carbon?                     the question, one line
    // What else a reader should know, on any number of lines.
    // needs: results                                            figures that `cost --write-back` puts there
    // $top: int = 10   how many rows                            name: type = default, two spaces, what it is
    // $license: str                                             required, because it has no default
    // -> id, name, epc_gco2e (gCO2e)                            columns, with units

Types are str, int, float, bool, date and list[str]. A default is JSON, or a word or date without quotes.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lineage.catalogue.values import TYPES, checked
from lineage.errors import InputError, QueryError, did_you_mean

__all__ = ["Entry", "OutputColumn", "Parameter", "parse_entry"]

_NAMED: Final = re.compile(r"\$(\w+)\s*:\s*([^\s=]+)(.*)")
_COLUMN: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]+)\))?\s*")
_USED: Final = re.compile(r"\$(\w+)")
_COMMENT: Final = re.compile(r"//.*$", re.MULTILINE)
_RESULTS: Final = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a query takes: bound by name, never written into its text."""

    name: str
    type: str
    default: Any = None
    required: bool = True
    about: str = ""

    def signature(self) -> str:
        """Return the parameter as its header says it.

        >>> Parameter(name="top", type="int", default=10, required=False).signature()
        '$top: int = 10'
        """
        default = "" if self.required else f" = {json.dumps(self.default, ensure_ascii=False)}"
        return f"${self.name}: {self.type}{default}"


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """What a query returns under a name; `unit` is empty for text and plain counts."""

    name: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A question of the catalogue. `text` is the whole file, so that places in errors are places in it."""

    name: str
    question: str
    about: str = ""
    needs_results: bool = False
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[OutputColumn, ...]
    text: str

    @property
    def group(self) -> str:
        """The folder it stands in."""
        return self.name.rpartition("/")[0]

    def as_dict(self) -> dict[str, Any]:
        """Return the signature as JSON holds it; `default` is missing where the parameter is required."""
        return {
            "name": self.name,
            "question": self.question,
            "about": self.about,
            "needs_results": self.needs_results,
            "parameters": [
                {"name": item.name, "type": item.type, "required": item.required, "about": item.about}
                | ({} if item.required else {"default": item.default})
                for item in self.parameters
            ],
            "columns": [{"name": item.name, "unit": item.unit or None} for item in self.columns],
        }


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def parse_entry(name: str, text: str) -> Entry:
    """Read the header of a query. Raises `QueryError` with the line that breaks the format.

    >>> made = parse_entry("x/top", "// Which?\\n// $top: int = 3   rows\\n// -> id, own (g)\\nRETURN $top AS id")
    >>> made.question, made.parameters[0].default, made.columns[1].unit
    ('Which?', 3, 'g')
    """
    lines = _header(text)
    if not lines or not lines[0].text.endswith("?"):
        raise QueryError(text, f"{name}: the first line is a comment that asks a question", 1, 1)
    parameters: list[Parameter] = []
    columns: list[OutputColumn] = []
    about: list[str] = []
    needs_results = False
    for line in lines[1:]:
        if line.text.startswith("$"):
            parameters.append(_parameter(name, text, line, parameters))
        elif line.text.startswith("->"):
            columns += _columns(name, text, line, columns)
        elif line.text.startswith("needs:"):
            needs_results = _needs_results(name, text, line)
        elif line.text:
            about.append(line.text)
    if not columns:
        raise QueryError(text, f"{name}: no line '// -> ...' says what comes back", len(lines), 1)
    _check_use(name, text, parameters)
    return Entry(
        name=name,
        question=lines[0].text,
        about=" ".join(about),
        needs_results=needs_results,
        parameters=tuple(parameters),
        columns=tuple(columns),
        text=text,
    )


def _header(text: str) -> list[_Line]:
    """Return the comment lines at the top, without their slashes."""
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("//"):
            break
        lines.append(_Line(number, line[2:].strip()))
    return lines


def _parameter(name: str, text: str, line: _Line, before: Sequence[Parameter]) -> Parameter:
    found = _NAMED.fullmatch(line.text)
    if found is None:
        raise QueryError(
            text, f"{name}: write a parameter as $name: type = default  what it is", line.number, 4
        )
    called, kind, rest = found.groups()
    if kind not in TYPES:
        hint = did_you_mean(kind, list(TYPES))
        raise QueryError(
            text, f"{name}: no type {kind!r}{hint}; there are {', '.join(TYPES)}", line.number, 4
        )
    if any(item.name == called for item in before):
        raise QueryError(text, f"{name}: ${called} is declared twice", line.number, 4)
    rest = rest.strip()
    if not rest.startswith("="):
        return Parameter(name=called, type=kind, about=rest)
    value, about = _default(rest[1:].lstrip())
    try:
        default = None if value is None else checked(called, kind, value)
    except InputError as error:
        raise QueryError(text, f"{name}: {error}", line.number, 4) from None
    return Parameter(name=called, type=kind, default=default, required=False, about=about)


def _default(rest: str) -> tuple[Any, str]:
    """Return a default and the text after it: JSON where that ends at a space, else the first word."""
    try:
        value, end = json.JSONDecoder().raw_decode(rest)
    except ValueError:
        end = -1
    if end >= 0 and not rest[end : end + 1].strip():
        return value, rest[end:].strip()
    word, _, about = rest.partition(" ")
    return word, about.strip()


def _columns(name: str, text: str, line: _Line, before: Sequence[OutputColumn]) -> list[OutputColumn]:
    made: list[OutputColumn] = []
    for part in line.text.removeprefix("->").rstrip().rstrip(",").split(","):
        found = _COLUMN.fullmatch(part)
        if found is None:
            raise QueryError(
                text, f"{name}: {part.strip()!r} is no column; write name (unit)", line.number, 4
            )
        if any(item.name == found[1] for item in (*before, *made)):
            raise QueryError(text, f"{name}: the column {found[1]!r} is there twice", line.number, 4)
        made.append(OutputColumn(found[1], (found[2] or "").strip()))
    return made


def _needs_results(name: str, text: str, line: _Line) -> bool:
    wanted = line.text.removeprefix("needs:").strip()
    if wanted != _RESULTS:
        raise QueryError(text, f"{name}: a query can need {_RESULTS!r}, not {wanted!r}", line.number, 4)
    return True


def _check_use(name: str, text: str, parameters: Sequence[Parameter]) -> None:
    used = set(_USED.findall(_COMMENT.sub("", text)))
    declared = {item.name for item in parameters}
    if used != declared:
        differing = ", ".join(f"${item}" for item in sorted(used ^ declared))
        raise QueryError(text, f"{name}: parameters used and declared differ: {differing}", 1, 1)
