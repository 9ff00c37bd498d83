"""Drawn queries as Cypher; every value is a parameter."""

import re
from typing import Any, Final

from differential.syntax import (
    Aggregate,
    Call,
    Each,
    Match,
    Node,
    Pattern,
    Projection,
    Property,
    Quantified,
    Query,
    Step,
    Subquery,
    Term,
    Unwind,
    Value,
    Variable,
)

__all__ = ["written"]

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SHAPES: Final = {
    "IS NULL": "({0} IS NULL)",
    "IS NOT NULL": "({0} IS NOT NULL)",
    "NOT": "(NOT {0})",
    "CASE": "CASE WHEN {0} THEN {1} ELSE {2} END",
    "start": "startNode({0})",
    "id of start": "startNode({0}).id",
    "id of end": "endNode({0}).id",
    "label": "({1} IN labels({0}))",
}
_BETWEEN: Final = {
    *("=", "<>", "<", "<=", ">", ">=", "AND", "OR", "XOR", "IN", "+", "-", "*", "/"),
    *("STARTS WITH", "ENDS WITH", "CONTAINS"),
}


def written(query: Query) -> tuple[str, dict[str, Any]]:
    """Return the text of a query and its parameters."""
    writing = _Writing()
    last = query.clauses[-1]
    lines = [writing.clause(item, last=item is last) for item in query.clauses]
    return "\n".join(lines), writing.parameters


def _name(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else "`" + text.replace("`", "``") + "`"


class _Writing:
    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def bound(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = list(value) if isinstance(value, tuple) else value
        return f"${name}"

    def clause(self, clause: Match | Unwind | Projection, *, last: bool) -> str:
        match clause:
            case Match(patterns, where, optional):
                text = ", ".join(self.pattern(item) for item in patterns)
                return ("OPTIONAL " if optional else "") + f"MATCH {text}" + self.where(where)
            case Unwind(values, variable):
                return f"UNWIND {self.term(values)} AS {_name(variable)}"
            case Projection():
                return self.projection(clause, "RETURN" if last else "WITH")

    def where(self, where: Term | None) -> str:
        return "" if where is None else f" WHERE {self.term(where)}"

    def projection(self, made: Projection, word: str) -> str:
        items = ", ".join(f"{self.term(term)} AS {_name(name)}" for name, term in made.items)
        text = f"{word} {'DISTINCT ' if made.distinct else ''}{items}"
        if made.order:
            keys = ", ".join(_name(name) + (" DESC" if down else "") for name, down in made.order)
            text += f" ORDER BY {keys}"
        if made.skip is not None:
            text += f" SKIP {self.bound(made.skip)}"
        if made.limit is not None:
            text += f" LIMIT {self.bound(made.limit)}"
        return text + self.where(made.where)

    def pattern(self, pattern: Pattern) -> str:
        text = "" if pattern.path is None else f"{_name(pattern.path)} = "
        return text + self.node(pattern.start) + "".join(self.step(item) for item in pattern.steps)

    def node(self, node: Node) -> str:
        name = "" if node.variable is None else _name(node.variable)
        labels = "".join(f":{_name(label)}" for label in node.labels)
        return f"({name}{labels}{self.properties(node.properties)})"

    def step(self, step: Step) -> str:
        inside = "" if step.variable is None else _name(step.variable)
        inside += ":" + "|".join(map(_name, step.types)) if step.types else ""
        if step.hops is not None:
            low, high = step.hops
            inside += f"*{low}" if low == high else f"*{low}..{high}"
        inside += self.properties(step.properties)
        tie = f"-[{inside}]-" if inside else "--"
        tie = {">": tie + ">", "<": "<" + tie, "-": tie}[step.direction]
        return tie + self.node(step.node)

    def properties(self, properties: tuple[tuple[str, Value], ...]) -> str:
        if not properties:
            return ""
        return " {" + ", ".join(f"{_name(name)}: {self.term(value)}" for name, value in properties) + "}"

    def term(self, term: Term) -> str:
        match term:
            case Value(value):
                return self.bound(value)
            case Variable(name):
                return _name(name)
            case Property(variable, name):
                return f"{_name(variable)}.{_name(name)}"
            case Call(name, parts):
                return self.call(name, [self.term(part) for part in parts])
            case Quantified(kind, each, over, where):
                return f"{kind}({_name(each)} IN {self.term(over)} WHERE {self.term(where)})"
            case Each(each, over, inner):
                return f"[{_name(each)} IN {self.term(over)} | {self.term(inner)}]"
            case Subquery(kind, pattern, where):
                return f"{kind} {{ {self.pattern(pattern)}{self.where(where)} }}"
            case Aggregate(name, inner, distinct):
                what = "*" if inner is None else self.term(inner)
                return f"{name}({'DISTINCT ' if distinct else ''}{what})"

    def call(self, name: str, parts: list[str]) -> str:
        if name in _SHAPES:
            return _SHAPES[name].format(*parts)
        if name in _BETWEEN:
            return f"({f' {name} '.join(parts)})"
        return f"{name}({', '.join(parts)})"
