"""Headers: which of the five tables a list of column names makes, and which column each name means."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from lineage.errors import ImportFault, InputError, UnitError
from lineage.schema import CLAIM_TABLES, GRAPH_TABLES, Column
from lineage.tables.cells import clip
from lineage.tables.checks import plain_name
from lineage.units import quantity

__all__ = ["RESERVED", "TABLE_NAMES", "match_columns", "table_of"]

TABLE_NAMES: Final = tuple(CLAIM_TABLES)

# People write `source` for what the claims call `citation`: there, `source` numbers the file.
_RENAMED: Final = {"source": "citation"}
_INTERNAL: Final = ("place", "source")
# The accounting rules call the share w1 or w2; the column is `w` for both.
_ALIASES: Final = {"w1": "w", "w2": "w"}
_CLOSE: Final = 0.85
MOST_COLUMNS: Final = 1000


def _given(table: str) -> dict[str, tuple[Column, bool]]:
    """Return every column name that people may write: -> (schema column, written with a unit?)."""
    names: dict[str, tuple[Column, bool]] = {}
    for item in CLAIM_TABLES[table]:
        if item.name in _INTERNAL:
            continue
        names[item.name] = (item, False)
        if item.spelled:
            names[item.spelled] = (item, True)
    for written, name in _RENAMED.items():
        names[written] = names[name]
    return names


_GIVEN: Final = {name: _given(name) for name in TABLE_NAMES}
# What the graph computes beside the claims; a table may not bring its own.
RESERVED: Final = {
    name: frozenset({item.name for item in GRAPH_TABLES[name]} - set(_GIVEN[name])) | {"place"}
    for name in TABLE_NAMES
}


def table_of(column_names: Iterable[str]) -> str | None:
    """Return which of the five own tables these columns make, or None where that is not clear.

    >>> table_of(["product", "parent", "w"]), table_of(["id", "power", "embodied_carbon"])
    ('edges', 'systems')
    >>> table_of(["id", "source"]) is None
    True
    >>> table_of(["id", "downloads", "tags", "card_data", "likes"]) is None
    True
    """
    names = set(column_names)
    scores: dict[str, tuple[int, int]] = {}
    for table, known in _GIVEN.items():
        required = {item.name for item, _ in known.values() if item.required}
        if required <= names:
            scores[table] = (len(required), len(names & set(known)))
    if not scores:
        return None
    best = max(scores.values())
    first = [table for table, score in scores.items() if score == best]
    only_id = len(first) > 1 or best == (1, 1)
    mostly_ours = 2 * best[1] >= len(names)  # else somebody else's table, which happens to have an id
    return first[0] if mostly_ours and not only_id else None


def match_columns(
    table: str, column_names: Sequence[str], address: str
) -> dict[str, tuple[Column, bool] | None]:
    """Return column name -> (schema column, written with a unit?), or None for an attribute.

    Raises `ImportFault` for a nameless or repeated column, a typo of one of ours, a unit where a name of ours
    has another one, and a required column that is missing.
    """
    known = _GIVEN[table]
    if len(column_names) > MOST_COLUMNS:
        raise ImportFault(
            address, "header", f"has {len(column_names):,} columns; a table has at most {MOST_COLUMNS:,}"
        )
    matched: dict[str, tuple[Column, bool] | None] = {}
    for place, name in enumerate(column_names, start=1):
        if not name:
            raise ImportFault(address, f"column {place}", "has no name; name it, or delete the column")
        try:
            plain_name(name)
        except InputError as error:
            raise ImportFault(address, f"column {place}", str(error)) from None
        if name in matched:
            raise ImportFault(address, f"column {clip(name)}", "stands there twice; keep one of them")
        matched[name] = known.get(name)
        if name not in known and name not in RESERVED[table]:
            _refuse_typo(table, name, address)
    missing = [item.name for item in CLAIM_TABLES[table] if item.required and item.name not in matched]
    if missing:
        found = ", ".join(clip(name) for name in list(matched)[:8])
        problem = f"no column {missing[0]!r}, which every row of {table} needs; the columns are {found}"
        raise ImportFault(address, "header", problem)
    return matched


def _refuse_typo(table: str, name: str, address: str) -> None:
    known = _GIVEN[table]
    where = f"column {clip(name)}"
    if name in _ALIASES and _ALIASES[name] in known:
        raise ImportFault(address, where, f"is not a column of {table}; did you mean {_ALIASES[name]!r}?")
    for item, spelled in known.values():
        stem = item.spelled + "_"
        if spelled and name.startswith(stem) and _is_unit(name[len(stem) :], item.unit):
            problem = f"has a unit in its name; write {item.name}, or {item.spelled} with a unit in each cell"
            raise ImportFault(address, where, problem)
    folded = name.strip().lower().replace(" ", "_").replace("-", "_")
    close = [folded] if folded in known else get_close_matches(folded, known, n=3, cutoff=_CLOSE)
    if close:
        choices = " or ".join(repr(item) for item in close)
        raise ImportFault(address, where, f"is not a column of {table}; did you mean {choices}?")


def _is_unit(suffix: str, unit: str) -> bool:
    try:
        quantity("1 " + suffix.replace("_per_", "/"), unit)
    except UnitError:
        return False
    return True
