"""Values of parameters: read from a command line, checked against the declared type."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from lineage.catalogue.header import Parameter

__all__ = ["TYPES", "bound", "checked", "read_texts", "read_value", "split_pairs"]

_LARGEST: Final = 2**63  # integers of the database have 64 bits
_SHOWN: Final = 60


def read_value(text: str) -> Any:
    """Return what a typed value means: JSON if it parses, else the text itself.

    >>> read_value("3"), read_value('["a", "b"]'), read_value("model:a"), read_value("NaN")
    (3, ['a', 'b'], 'model:a', 'NaN')
    """

    def refuse(constant: str) -> None:
        raise ValueError(constant)  # NaN and infinity are no JSON

    try:
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return text
    return value if _sendable(value) else text


def _sendable(value: Any) -> bool:
    """Say whether a JSON value fits the database: 64 bits, finite."""
    if isinstance(value, int):
        return -_LARGEST <= value < _LARGEST
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_sendable, value.values()))
    return all(map(_sendable, value)) if isinstance(value, list) else True


def split_pairs(pairs: Iterable[str]) -> dict[str, list[str]]:
    """Return name -> texts of "name=value" arguments. Raises `OptionError` for anything else.

    >>> split_pairs(["product=model:a=b", "top=3"])
    {'product': ['model:a=b'], 'top': ['3']}
    """
    made: dict[str, list[str]] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.strip().removeprefix("$")
        if not sign or not name.isidentifier():
            raise OptionError(f"{_clipped(pair)} is no parameter; write --param NAME=VALUE")
        made.setdefault(name, []).append(text)
    return made


def bound(
    parameters: Sequence["Parameter"], given: Mapping[str, Any], *, query: str = "this query"
) -> dict[str, Any]:
    """Return a value for every parameter: given, checked against its type, or its default.

    Values are Python's own. Raises `OptionError` for one that is missing, unknown or of another type.

    >>> from lineage.catalogue.header import Parameter
    >>> bound([Parameter(name="top", type="int", default=10, required=False)], {})
    {'top': 10}
    """
    known = {item.name: item for item in parameters}
    for name in given:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise OptionError(f"{query} has no parameter {name!r}{did_you_mean(name, list(known))}; {has}")
    missing = [item for item in parameters if item.required and item.name not in given]
    if missing:
        wanted = " ".join(f"--param {item.name}=..." for item in missing)
        about = f" ({missing[0].about})" if missing[0].about else ""
        raise OptionError(f"{query} needs {missing[0].name!r}{about}; give it: {wanted}")
    return {
        name: checked(name, item.type, given[name]) if name in given else item.default
        for name, item in known.items()
    }


def read_texts(kind: str, texts: Sequence[str]) -> Any:
    """Return what was typed for a parameter of a type; a list takes one text per value, or one JSON list.

    >>> read_texts("str", ["3"]), read_texts("int", ["3"]), read_texts("list[str]", ["model:a", "model:b"])
    ('3', 3, ['model:a', 'model:b'])
    """
    if kind == "list[str]":
        first = read_value(texts[0]) if len(texts) == 1 else None
        return first if isinstance(first, list) else list(texts)
    if len(texts) > 1:
        raise OptionError(
            f"{_clipped(texts[0])} and {_clipped(texts[1])} are given for the same parameter; keep one"
        )
    value = read_value(texts[0])
    # A name may look like a number, or be one: only quotes make a text something else than itself.
    return texts[0] if kind in ("str", "date") and not isinstance(value, str) else value


def checked(name: str, kind: str, value: Any) -> Any:
    """Return a value of a declared type. Raises `OptionError` where it is of another."""
    made = TYPES[kind](value)
    if made is None:
        raise OptionError(f"parameter {name!r} is {_WORDS[kind]}, not {_clipped(value)}")
    return made


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and -_LARGEST <= value < _LARGEST else None


def _float(value: Any) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    try:
        return float(value) if number and math.isfinite(value) else None
    except OverflowError:
        return None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _date(value: Any) -> str | None:
    """Return ISO text, as dates of the graph are: they compare as text."""
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def _texts(value: Any) -> list[str] | None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        return None
    return list(value)


TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "str": _str,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "date": _date,
    "list[str]": _texts,
}
_WORDS: Final = {
    "str": "a text",
    "int": "a whole number of at most 64 bits",
    "float": "a finite number",
    "bool": "true or false",
    "date": "a date such as 2024-12-31",
    "list[str]": 'a list of texts such as ["model:a", "model:b"]',
}


def _clipped(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) or len(value) <= _SHOWN else repr(value[:_SHOWN]) + "..."
    return text if len(text) <= 2 * _SHOWN else f"{text[: 2 * _SHOWN]}..."
