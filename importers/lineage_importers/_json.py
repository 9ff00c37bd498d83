"""JSON and JSON lines from strangers: strict, every fault with its line or its path."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from lineage.errors import ImportFault
from lineage_importers._files import batches_of_lines

__all__ = ["first_keys", "is_lines", "parsed", "records_of_lines"]

BLANKS: Final = " \t\r\n"


class _Refused(ValueError):
    """A value that JSON does not have."""


def _refuse(constant: str) -> NoReturn:
    raise _Refused(f"{constant} is not JSON; write null for a missing value")


_scan: Final[Callable[[str, int], tuple[Any, int]]] = json.JSONDecoder(parse_constant=_refuse).raw_decode


def records_of_lines(path: Path, address: str) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of each line that is not blank. Raises `ImportFault`."""
    scan = _scan
    for first, lines in batches_of_lines(path, address):
        for number, line in enumerate(lines, first):
            try:
                value, end = scan(line, 0)
                plain = end == len(line) and "\\u" not in line
            except (ValueError, RecursionError):
                plain = False
            if not plain:
                if not line.strip(BLANKS):
                    continue
                value = parsed(line, address, number)
            yield number, value


def parsed(text: str, address: str, first_line: int | None = None) -> Any:
    """Return the one JSON value of a text, which starts on `first_line` of its file. Raises `ImportFault`."""
    start = len(text) - len(text.lstrip(BLANKS))
    try:
        value, end = _scan(text, start)
        if text[end:].strip(BLANKS):
            raise json.JSONDecodeError("more text after the JSON value", text, end)
    except json.JSONDecodeError as problem:
        where = _line(text, problem.pos, first_line)
        reason = problem.msg[0].lower() + problem.msg[1:].removesuffix(" starting at")
        raise ImportFault(address, where, f"not JSON: {reason}") from None
    except RecursionError:
        raise ImportFault(address, _line(text, 0, first_line), "nested too deeply; no record is") from None
    except _Refused as problem:
        raise ImportFault(address, _constant_place(text, start, first_line), str(problem)) from None
    except ValueError:
        raise ImportFault(address, _line(text, 0, first_line), "a number of more than 4,300 digits") from None
    if "\\ud" in text or "\\uD" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            where = _place(text, value, _is_half, first_line)
            raise ImportFault(address, where, "half of a surrogate pair; the text was cut in two") from None
    return value


class _Constant(str):
    """NaN or an infinity, kept in place so that its path can be told."""


def _constant_place(text: str, start: int, first_line: int | None) -> str:
    """Return the path of the first NaN or infinity, or its line where the rest of the text is no JSON either."""
    try:
        marked = json.JSONDecoder(parse_constant=_Constant).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return _line(text, 0, first_line)
    return _place(text, marked, lambda item: isinstance(item, _Constant), first_line)


def _is_half(item: object) -> bool:
    if not isinstance(item, str):
        return False
    try:
        item.encode()
    except UnicodeEncodeError:
        return True
    return False


def _line(text: str, position: int, first_line: int | None) -> str:
    return f"line {(first_line or 1) + text.count(chr(10), 0, position)}"


def _plain(key: str) -> str:
    return key if key.isprintable() else ascii(key)


def _place(text: str, value: object, wanted: Callable[[object], bool], first_line: int | None) -> str:
    """Return the JSON path of the first wanted item, behind the line where the file has one value a line."""
    line = f"{_line(text, 0, first_line)}, " if first_line is not None else ""
    queue: deque[tuple[str, object]] = deque([("$", value)])
    while queue:
        path, item = queue.popleft()
        if wanted(item):
            return line + path
        if isinstance(item, dict):
            if any(wanted(key) for key in item):
                return f"{line}{path}, a key"
            queue.extend((f"{path}.{_plain(key)}"[:200], child) for key, child in item.items())
        elif isinstance(item, list):
            queue.extend((f"{path}[{number}]", child) for number, child in enumerate(item))
    return line.removesuffix(", ")


def is_lines(text: str) -> bool:
    """Say whether a text is one JSON object a line: its first line is a whole one and another follows."""
    first, _, rest = text.lstrip(BLANKS).partition("\n")
    if not (
        first.startswith("{") and first.rstrip(BLANKS).endswith("}") and rest.lstrip(BLANKS).startswith("{")
    ):
        return False
    try:
        return bool(_scan(first, 0)[1] == len(first.rstrip(BLANKS)))
    except (ValueError, RecursionError):
        return False


_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')


def first_keys(head: bytes) -> set[bytes]:
    """Return the keys of the first object in the beginning of a JSON file, as far as it reaches.

    >>> sorted(first_keys(b'[{"id": "a", "config": {"x": 1}, "tags": ["b"], "li'))
    [b'config', b'id', b'tags']
    """
    keys: set[bytes] = set()
    depth = 0
    last = b""
    for match in _TOKEN.finditer(head):
        token = match.group()
        if token in (b"{", b"["):
            if depth or token == b"{":
                depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
            if depth <= 0:
                break
        elif token == b":" and depth == 1:
            keys.add(last)
        last = token[1:-1]
    return keys
