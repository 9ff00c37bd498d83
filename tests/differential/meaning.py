"""What operators, functions and aggregates of Cypher mean, in plain Python; null is None.

Three-valued logic, comparison and order as the Cypher manual (Neo4j 5: values, null, ordering) says them.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from differential.world import Thing, Tie

__all__ = ["AGGREGATES", "FUNCTIONS", "equal", "identity", "order_key"]

Truth = bool | None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def equal(left: Any, right: Any) -> Truth:
    """Return `left = right`: unknown where one side is, false between kinds."""
    if left is None or right is None:
        return None
    return _kind(left) == _kind(right) and bool(left == right)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Truth]:
    def answer(left: Any, right: Any) -> Truth:
        if left is None or right is None or _kind(left) != _kind(right):
            return None
        return compare(left, right)

    return answer


def _negated(value: Truth) -> Truth:
    return None if value is None else not value


def _both(left: Truth, right: Truth) -> Truth:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _either(left: Truth, right: Truth) -> Truth:
    return _negated(_both(_negated(left), _negated(right)))


def _one_of(left: Truth, right: Truth) -> Truth:
    return None if left is None or right is None else left != right


def _is_in(value: Any, values: Iterable[Any] | None) -> Truth:
    if values is None:
        return None
    found: Truth = False
    for item in values:
        found = _either(found, equal(value, item))
    return found


def _on_texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], Truth]:
    def answer(left: Any, right: Any) -> Truth:
        return test(left, right) if isinstance(left, str) and isinstance(right, str) else None

    return answer


def _known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, null where any argument is."""

    def answer(*parts: Any) -> Any:
        return None if any(part is None for part in parts) else function(*parts)

    return answer


def _first_known(*parts: Any) -> Any:
    return next((part for part in parts if part is not None), None)


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "=": equal,
    "<>": lambda left, right: _negated(equal(left, right)),
    "<": _compared(lambda left, right: left < right),
    "<=": _compared(lambda left, right: left <= right),
    ">": _compared(lambda left, right: left > right),
    ">=": _compared(lambda left, right: left >= right),
    "AND": _both,
    "OR": _either,
    "XOR": _one_of,
    "NOT": _negated,
    "IN": _is_in,
    "IS NULL": lambda value: value is None,
    "IS NOT NULL": lambda value: value is not None,
    "STARTS WITH": _on_texts(str.startswith),
    "ENDS WITH": _on_texts(str.endswith),
    "CONTAINS": _on_texts(str.__contains__),
    "+": _known(lambda left, right: left + right),
    "-": _known(lambda left, right: left - right),
    "*": _known(lambda left, right: left * right),
    "CASE": lambda when, then, otherwise: then if when is True else otherwise,
    "coalesce": _first_known,
    "toLower": _known(str.lower),
    "toUpper": _known(str.upper),
    "size": _known(len),
    "abs": _known(abs),
    "type": _known(lambda tie: tie.type),
    "label": _known(lambda thing, label: label in thing.labels),
    "id of start": _known(lambda tie: tie.start.properties["id"]),
    "id of end": _known(lambda tie: tie.end.properties["id"]),
    "length": _known(lambda path: len(path[1])),
    "nodes": _known(lambda path: path[0]),
    "relationships": _known(lambda path: path[1]),
}


def identity(value: Any) -> Any:
    """Return what makes two values the same for DISTINCT and for grouping, where null equals null."""
    if isinstance(value, Thing | Tie):
        return ("element", id(value))
    if isinstance(value, tuple | list):
        return ("list", tuple(identity(item) for item in value))
    return (_kind(value), value)


def order_key(value: Any) -> tuple[int, Any]:
    """Return a key that sorts ascending as ORDER BY does: text, truth, numbers, and null last."""
    if value is None:
        return (3, 0)
    if isinstance(value, tuple | list):
        return (-1, tuple(order_key(item) for item in value))
    return ({"text": 0, "boolean": 1, "number": 2}[_kind(value)], value)


def _sum(values: list[Any]) -> Any:
    return math.fsum(values) if any(isinstance(value, float) for value in values) else sum(values)


AGGREGATES: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "count": len,
    "sum": _sum,
    "min": lambda values: min(values, key=order_key, default=None),
    "max": lambda values: max(values, key=order_key, default=None),
    "avg": lambda values: math.fsum(values) / len(values) if values else None,
    "collect": tuple,
}
