"""Where the questions of the catalogue stand, and how one is found by its name."""

from functools import cache
from pathlib import Path
from typing import Final

from lineage.catalogue.header import Entry, parse_entry
from lineage.errors import OptionError, did_you_mean

__all__ = ["catalogue", "entry", "shelf"]

# Statements that make constraints and indexes; they are run by the store, not asked.
_NOT_ASKED: Final = ("schema",)


def shelf() -> Path:
    """Return the folder of the `.cypher` files: inside the installed package, or beside it in the sources."""
    package = Path(__file__).parents[1]
    inside = package / "queries"
    return inside if inside.is_dir() else package.parent / "queries"


@cache
def catalogue() -> dict[str, Entry]:
    """Return every question by its name, `group/name`, sorted. Raises `QueryError` for a broken header."""
    root = shelf()
    made = {}
    for path in sorted(root.glob("*/*.cypher")):
        group = path.parent.name
        if group not in _NOT_ASKED:
            name = f"{group}/{path.stem}"
            made[name] = parse_entry(name, path.read_text(encoding="utf-8"))
    return made


def entry(name: str) -> Entry:
    """Return a question by its name, or by its name without the group where that is enough.

    Raises `OptionError` with close names.

    >>> entry("ancestors").name
    'lineage/ancestors'
    """
    found = catalogue()
    if name in found:
        return found[name]
    fitting = [item for item in found if item.rpartition("/")[2] == name]
    if len(fitting) == 1:
        return found[fitting[0]]
    if fitting:
        raise OptionError(f"{name!r} is ambiguous; write {' or '.join(map(repr, fitting))}")
    bare = {item.rpartition("/")[2]: item for item in found}
    shown = name[:80]
    hint = did_you_mean(shown, list(found)) or did_you_mean(shown, list(bare))
    raise OptionError(
        f"the catalogue has no question {shown!r}{hint}; lineage query --list shows all of them"
    )
