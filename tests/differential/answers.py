"""Comparing answers as multisets; numbers that were summed in another order may differ by 1e-12."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from differential.syntax import Aggregate, Projection, Query

__all__ = ["Answer", "difference", "is_telling"]

TOLERANCE: Final = 1e-12
Answer = list[tuple[Any, ...]]


def difference(query: Query, first: Iterable[Sequence[Any]], second: Iterable[Sequence[Any]]) -> str | None:
    """Return how two answers differ, None where they do not."""
    left, right = _canonical(query, first), _canonical(query, second)
    if len(left) != len(right):
        return f"{len(left)} rows and {len(right)}: {_odd_ones(left, right)}"
    unequal = [(a, b) for a, b in zip(left, right, strict=True) if not _same(a, b)]
    return f"{len(unequal)} rows differ: {_odd_ones(left, right)}" if unequal else None


def _odd_ones(left: Answer, right: Answer) -> str:
    only = [
        [row for row in a if not any(_same(row, b) for b in other)][:3]
        for a, other in ((left, right), (right, left))
    ]
    return f"only in the first {only[0]!r}, only in the second {only[1]!r}"


def is_telling(answer: Sequence[Sequence[Any]]) -> bool:
    """Return whether an answer says anything: a cell that is not null, zero, or empty."""
    return any(cell not in (None, 0, "", (), []) for row in answer for cell in row)


def _canonical(query: Query, rows: Iterable[Sequence[Any]]) -> Answer:
    """Return rows in an order that depends on the values only, but in their own where the query sorts."""
    collected = _collected(query)
    made = [
        tuple(
            sorted(map(_plain, cell), key=_key) if name in collected and cell is not None else _plain(cell)
            for name, cell in zip(query.columns, row, strict=True)
        )
        for row in rows
    ]
    return made if query.answer.order else sorted(made, key=_key)


def _collected(query: Query) -> set[str]:
    """Return the columns that hold collected values, which come in any order."""
    return {
        name
        for clause in query.clauses
        if isinstance(clause, Projection)
        for name, term in clause.items
        if isinstance(term, Aggregate) and term.name == "collect"
    }


def _plain(cell: Any) -> Any:
    return [_plain(item) for item in cell] if isinstance(cell, list | tuple) else cell


def _key(cell: Any) -> tuple[int, Any]:
    """Return what sorts cells of any kind; numbers that may differ in their last digits sort alike."""
    if cell is None:
        return (0, 0)
    if isinstance(cell, bool):
        return (1, cell)
    if isinstance(cell, int | float):
        return (2, float(f"{cell:.9g}"))
    if isinstance(cell, str):
        return (3, cell)
    return (4, tuple(_key(item) for item in cell))


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=0.0)
    return type(left) is type(right) and bool(left == right)
