"""Pinning: the factors in use as a file, so that a figure can be computed again to the last bit years later."""

from collections.abc import Iterable
from dataclasses import replace

from lineage.factors.factor import Choice, Factor

__all__ = ["pin_rows"]


def pin_rows(choices: Iterable[Choice]) -> tuple[Factor, ...]:
    """Return one row for each choice, under the name and the year that were asked for.

    A row holds the factor as it was used, its range widened where year or place did not match; its note says where it
    comes from. Read back with `--factors FILE` it is chosen for the same question, and nothing is widened again.
    """
    rows: dict[tuple[str, str, int | None, str], Factor] = {}
    for choice in choices:
        factor = choice.factor
        origin = f"{factor.name}, {factor.year}" if factor.year is not None else factor.name
        notes = (f"asked: {choice.asked}; taken: {origin}", choice.reason, factor.note)
        row = replace(
            factor,
            name=choice.asked,
            year=choice.year,
            source=factor.citation,
            note=" | ".join(filter(None, notes)),
        )
        rows[factor.kind, choice.asked, choice.year, factor.basis] = row
    return tuple(rows[key] for key in sorted(rows, key=lambda key: (key[0], key[1], key[2] or 0, key[3])))
