"""Plain text for terminals and documents: aligned tables, names of strangers made harmless."""

import unicodedata
from collections.abc import Sequence
from typing import Final

__all__ = ["CELL_WIDTH", "aligned", "counted", "markdown_table", "plain_number", "share", "width"]

# Longest cell of a table for people; longer names are cut in the middle. An id of the Hub fits whole.
CELL_WIDTH: Final = 120


def width(text: str) -> int:
    """Return the columns that a terminal gives a text: two for wide characters, none for combining ones.

    >>> width("BERT"), width("模型"), width("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1
        for mark in text
    )


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Return the lines of a table; the first `left` columns are flush left, the others flush right.

    >>> for line in aligned(["product", "own"], [["model:a", "1 g"]]): print(line)
    product  own
    model:a  1 g
    """
    from lineage.reports.escaping import clipped

    cells = [[clipped(cell, CELL_WIDTH) for cell in row] for row in (columns, *rows)]
    widths = [max(width(row[place]) for row in cells) for place in range(len(columns))]
    lines = []
    for row in cells:
        padded = [
            cell + " " * (room - width(cell)) if place < left else " " * (room - width(cell)) + cell
            for place, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Return the lines of a Markdown table, names escaped.

    >>> for line in markdown_table(["product", "own"], [["a|b", "1 g"]]): print(line)
    | product | own |
    | :--- | ---: |
    | a\\|b | 1 g |
    """
    from lineage.reports.escaping import markdown_text

    rule = [":---" if place < left else "---:" for place in range(len(columns))]
    body = [[markdown_text(cell) for cell in row] for row in (columns, *rows)]
    return ["| " + " | ".join(row) + " |" for row in (body[0], rule, *body[1:])]


def counted(number: int, thing: str) -> str:
    """Return a number of things.

    >>> counted(1, "finding"), counted(2000, "finding")
    ('1 finding', '2,000 findings')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def plain_number(value: object) -> str:
    """Return a fact for people: numbers with separators, anything else as text.

    >>> plain_number(7e9), plain_number("mit"), plain_number(0.25), plain_number(True)
    ('7,000,000,000', 'mit', '0.25', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:,.15g}"
    return str(value)


def share(value: float | None) -> str:
    """Return a share in per cent; unknown is "?".

    >>> share(0.8177), share(None), share(1.0), share(0.0004), share(0.99996)
    ('82 %', '?', '100 %', '0.04 %', '99.996 %')
    """
    if value is None or value != value:
        return "?"
    percent = 100 * value
    if percent and abs(percent) < 0.5:
        return f"{percent:.1g} %"
    if 99.5 <= percent < 100:
        return f"{percent:.5g} %"
    return f"{percent:.0f} %"
