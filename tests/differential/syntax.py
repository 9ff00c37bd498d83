"""What a drawn query is made of: a small part of Cypher's reading half, as frozen values.

`text` writes it as Cypher, `meaning` and `matching` answer it in Python; neither knows the other.
"""

from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Aggregate",
    "Call",
    "Each",
    "Match",
    "Node",
    "Pattern",
    "Projection",
    "Property",
    "Quantified",
    "Query",
    "Step",
    "Subquery",
    "Term",
    "Unwind",
    "Value",
    "Variable",
]


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is bound as a parameter; a tuple is a list."""

    value: Any


@dataclass(frozen=True, slots=True)
class Variable:
    """What a name is bound to: a node, a relationship, a list of them, a path, or a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a node or relationship; null where it is missing."""

    variable: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function, by its name in Cypher."""

    name: str
    parts: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Quantified:
    """`all(each IN over WHERE where)`, or any, none, single."""

    kind: Literal["all", "any", "none", "single"]
    each: str
    over: "Term"
    where: "Term"


@dataclass(frozen=True, slots=True)
class Each:
    """`[each IN over | term]`."""

    each: str
    over: "Term"
    term: "Term"


@dataclass(frozen=True, slots=True)
class Subquery:
    """`EXISTS { pattern WHERE where }`, or COUNT, which is a number."""

    kind: Literal["EXISTS", "COUNT"]
    pattern: "Pattern"
    where: "Term | None" = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count(DISTINCT term)` and its like; without a term `count(*)`."""

    name: Literal["count", "sum", "min", "max", "avg", "collect"]
    term: "Term | None" = None
    distinct: bool = False


Term = Value | Variable | Property | Call | Quantified | Each | Subquery | Aggregate
Properties = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """`(variable:Label {name: $value})`; all labels are needed."""

    variable: str | None = None
    labels: tuple[str, ...] = ()
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Step:
    """`-[variable:A|B*1..3 {name: $value}]->` and the node behind it; `hops` None is exactly one."""

    node: Node
    direction: Literal[">", "<", "-"] = ">"
    types: tuple[str, ...] = ()
    variable: str | None = None
    hops: tuple[int, int] | None = None
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A node and the steps from it; `path` names the whole."""

    start: Node
    steps: tuple[Step, ...] = ()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """`MATCH pattern, pattern WHERE where`; no relationship is used twice in one clause."""

    patterns: tuple[Pattern, ...]
    where: Term | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Unwind:
    """`UNWIND $values AS variable`."""

    values: Value
    variable: str


@dataclass(frozen=True, slots=True)
class Projection:
    """WITH or, as the last clause, RETURN. Rows are grouped by the items that are no aggregates.

    `order` names columns, with True for descending; `where` filters after a WITH.
    """

    items: tuple[tuple[str, Term], ...]
    distinct: bool = False
    order: tuple[tuple[str, bool], ...] = ()
    skip: int | None = None
    limit: int | None = None
    where: Term | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses; the last one is the RETURN."""

    clauses: tuple[Match | Unwind | Projection, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the answer."""
        return tuple(name for name, _ in self.answer.items)

    @property
    def answer(self) -> Projection:
        """The RETURN."""
        last = self.clauses[-1]
        assert isinstance(last, Projection)
        return last
