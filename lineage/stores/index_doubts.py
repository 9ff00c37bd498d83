"""Where the engine of the offline index is known to answer otherwise than the language says; a query that may be hit.

The least query of each kind, and the ways out, are tests (tests/differential/test_engine_differences.py).
"""

import re
from typing import Final

__all__ = ["doubts"]

_CLAUSE: Final = re.compile(r"\b(?:OPTIONAL\s+MATCH|MATCH|WHERE|WITH|RETURN|CALL|UNWIND|UNION)\b", re.I)
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.S)
_ALTERNATIVE: Final = re.compile(r"\b(?:OR|XOR)\b", re.I)
_INNER: Final = re.compile(
    r"\b(?:EXISTS|COUNT|COLLECT)\s*\{|\b(?:all|any|none|single)\s*\(\s*\w+\s+IN\b", re.I
)

_NULL_END: Final = (
    "a pattern after an OPTIONAL MATCH ends in {name!r}, which may be null there: the index then takes it for unbound; "
    "put `WITH *, {name} WHERE {name} IS NOT NULL` in between"
)
_EARLY: Final = (
    "a condition of a MATCH joins a subquery or a quantifier with OR or XOR: the index may ask it too early and lose "
    "rows; put a `WITH *` before the WHERE"
)


def doubts(text: str) -> tuple[str, ...]:
    """Return why the offline index may answer this query wrongly; nothing is known against most queries.

    What is told is meant to be too much rather than too little; a Neo4j answers such queries rightly.

    >>> doubts("MATCH (a:Model) RETURN a.id")
    ()
    >>> len(doubts("MATCH (a) OPTIONAL MATCH (a)-[:BUILT_ON]->(b) MATCH (a)-[:DERIVED_FROM]->(b) RETURN b"))
    1
    """
    bare = _QUOTED.sub(" ", text)
    found = [_NULL_END.format(name=name) for name in _null_ends(bare)]
    if _asked_early(bare):
        found.append(_EARLY)
    return tuple(found)


def _null_ends(text: str) -> list[str]:
    """Return variables that an OPTIONAL MATCH brings and a later pattern ends in, with no WITH in between."""
    found: list[str] = []
    for clause in re.finditer(r"\bOPTIONAL\s+MATCH\b", text, re.I):
        before, after = text[: clause.start()], text[clause.end() :]
        pattern = _CLAUSE.split(after, maxsplit=1)[0]
        later = re.split(r"\b(?:WITH|UNION)\b", after[len(pattern) :], maxsplit=1, flags=re.I)[0]
        for name in re.findall(r"\(\s*(\w+)", pattern):
            new = not re.search(rf"\(\s*{name}\b", before)
            if new and name not in found and re.search(rf"[-<>]\s*\(\s*{name}\b", later):
                found.append(name)
    return found


def _asked_early(text: str) -> bool:
    """Return whether the condition of a MATCH, not of a WITH, joins something inner by more than AND."""
    clauses = list(_CLAUSE.finditer(_outer(text)))
    for place, clause in enumerate(clauses):
        if clause[0].upper() != "WHERE" or place == 0 or "MATCH" not in clauses[place - 1][0].upper():
            continue
        end = clauses[place + 1].start() if place + 1 < len(clauses) else len(text)
        condition = text[clause.end() : end]
        if _INNER.search(condition) and _ALTERNATIVE.search(condition):
            return True
    return False


def _outer(text: str) -> str:
    """Return the text with what stands in brackets blanked out, so that places stay."""
    depth, kept = 0, []
    for sign in text:
        depth -= sign in ")]}"
        kept.append(" " if depth > 0 else sign)
        depth += sign in "([{"
    return "".join(kept)
