"""The oracle: answers drawn queries in plain Python over a networkx graph.

Rows are dicts from variables to values; a clause makes rows of rows, one after the other.
"""

from collections.abc import Iterator
from typing import Any

from differential.meaning import AGGREGATES, FUNCTIONS, equal, identity, order_key
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
from differential.world import Thing, Tie, World

__all__ = ["Oracle", "TooMuch"]

Row = dict[str, Any]
Ties = tuple[Tie, ...]


class TooMuch(Exception):
    """A query walks more ties than it may."""


class Oracle:
    """Answers queries about one world; `walks` is how many ties one query may try, None without limit."""

    def __init__(self, world: World, walks: int | None = None) -> None:
        self._world, self._walks = world, walks
        self._left = 0

    def answer(self, query: Query) -> list[tuple[Any, ...]]:
        """Return the rows of a query, in order where it says one. Raises `TooMuch`."""
        self._left = self._walks or 0
        rows: list[Row] = [{}]
        for clause in query.clauses:
            match clause:
                case Match():
                    rows = [found for row in rows for found in self._matched(clause, row)]
                case Unwind(values, variable):
                    rows = [{**row, variable: value} for row in rows for value in values.value or ()]
                case Projection():
                    rows = self._projected(clause, rows)
        return [tuple(row[name] for name in query.columns) for row in rows]

    # -- patterns ----------------------------------------------------------------------------------------

    def _matched(self, clause: Match, row: Row) -> Iterator[Row]:
        found = False
        for made, _ in self._all_of(clause.patterns, row, ()):
            if clause.where is None or self.value(clause.where, made) is True:
                found = True
                yield made
        if clause.optional and not found:
            yield {**dict.fromkeys(_variables(clause)), **row}

    def _all_of(self, patterns: tuple[Pattern, ...], row: Row, used: Ties) -> Iterator[tuple[Row, Ties]]:
        if not patterns:
            yield row, used
            return
        for made, more in self._one(patterns[0], row, used):
            yield from self._all_of(patterns[1:], made, more)

    def _one(self, pattern: Pattern, row: Row, used: Ties) -> Iterator[tuple[Row, Ties]]:
        """Yield the ways a pattern fits: rows with what it binds, and the ties used so far."""
        for thing in self._starts(pattern.start, row):
            begun = self._bound(pattern.start, thing, row)
            if begun is not None:
                for made, more, things, ties in self._steps(pattern.steps, begun, used, ((thing,), ())):
                    if pattern.path is not None:
                        made = {**made, pattern.path: (things, ties)}
                    yield made, more

    def _steps(
        self, steps: tuple[Step, ...], row: Row, used: Ties, path: tuple[tuple[Thing, ...], Ties]
    ) -> Iterator[tuple[Row, Ties, tuple[Thing, ...], Ties]]:
        things, ties = path
        if not steps:
            yield row, used, things, ties
            return
        step = steps[0]
        low, high = step.hops or (1, 1)
        for walked, passed in self._walks_of(step, things[-1], used, (low, high)):
            made = self._bound(step.node, passed[-1] if passed else things[-1], row)
            if made is None:
                continue
            if step.variable is not None:
                made = {**made, step.variable: walked if step.hops else walked[0]}
            further = (things + passed, ties + walked)
            yield from self._steps(steps[1:], made, used + walked, further)

    def _walks_of(
        self, step: Step, thing: Thing, used: Ties, hops: tuple[int, int]
    ) -> Iterator[tuple[Ties, tuple[Thing, ...]]]:
        """Yield ties and the things behind them, for every length that `hops` allows."""
        low, high = hops
        if low <= 0:
            yield (), ()
        if high <= 0:
            return
        near = {">": self._world.from_, "<": self._world.to, "-": self._world.at}[step.direction]
        for tie in near(thing):
            self._spend()
            if tie in used or (step.types and tie.type not in step.types):
                continue
            if any(equal(tie.properties.get(name), item.value) is not True for name, item in step.properties):
                continue
            behind = tie.other(thing)
            for walked, passed in self._walks_of(step, behind, (*used, tie), (low - 1, high - 1)):
                yield (tie, *walked), (behind, *passed)

    def _spend(self) -> None:
        if self._walks is not None:
            self._left -= 1
            if self._left < 0:
                raise TooMuch

    def _starts(self, node: Node, row: Row) -> list[Thing]:
        """Return where a pattern may begin: what is bound, else all with a label, or all."""
        if node.variable is not None and node.variable in row:
            bound = row[node.variable]
            return [] if bound is None else [bound]
        for name, item in node.properties:
            if name == "id" and isinstance(item.value, str):
                one = self._world.by_id.get(item.value)
                return [] if one is None else [one]
        if node.labels:
            return self._world.by_label.get(node.labels[0], [])
        return self._world.things

    @staticmethod
    def _bound(node: Node, thing: Thing, row: Row) -> Row | None:
        """Return the row with a thing at a node of a pattern; None where it does not fit there."""
        if not thing.labels.issuperset(node.labels):
            return None
        if any(equal(thing.properties.get(name), item.value) is not True for name, item in node.properties):
            return None
        if node.variable is None:
            return row
        if node.variable in row:
            return row if row[node.variable] is thing else None
        return {**row, node.variable: thing}

    # -- values ------------------------------------------------------------------------------------------

    def value(self, term: Term, row: Row) -> Any:
        """Return what a term without aggregates is in a row."""
        match term:
            case Value(value):
                return value
            case Variable(name):
                return row[name]
            case Property(variable, name):
                return None if row[variable] is None else row[variable].properties.get(name)
            case Call(name, parts):
                return FUNCTIONS[name](*(self.value(part, row) for part in parts))
            case Quantified():
                return self._quantified(term, row)
            case Each(each, over, inner):
                values = self.value(over, row)
                if values is None:
                    return None
                return tuple(self.value(inner, {**row, each: item}) for item in values)
            case Subquery(kind, pattern, where):
                found = self._matched(Match((pattern,), where), row)
                return any(True for _ in found) if kind == "EXISTS" else sum(1 for _ in found)
            case Aggregate():
                raise AssertionError("an aggregate inside a term")

    def _quantified(self, term: Quantified, row: Row) -> bool | None:
        values = self.value(term.over, row)
        if values is None:
            return None
        truths = [self.value(term.where, {**row, term.each: item}) for item in values]
        if term.kind == "single":
            many = truths.count(True)
            return False if many > 1 else None if None in truths else many == 1
        wanted = term.kind == "any"
        decisive = term.kind != "all"  # any and none are decided by one true, all by one false
        if decisive in truths:
            return wanted
        return None if None in truths else not wanted

    # -- rows --------------------------------------------------------------------------------------------

    def _projected(self, made: Projection, rows: list[Row]) -> list[Row]:
        if any(isinstance(term, Aggregate) for _, term in made.items):
            rows = self._grouped(made, rows)
        else:
            rows = [{name: self.value(term, row) for name, term in made.items} for row in rows]
        if made.distinct:
            rows = list({tuple(map(identity, row.values())): row for row in reversed(rows)}.values())
        for name, down in reversed(made.order):
            rows.sort(key=lambda row: order_key(row[name]), reverse=down)
        rows = rows[made.skip or 0 :]
        rows = rows if made.limit is None else rows[: made.limit]
        if made.where is not None:
            rows = [row for row in rows if self.value(made.where, row) is True]
        return rows

    def _grouped(self, made: Projection, rows: list[Row]) -> list[Row]:
        keys = [(name, term) for name, term in made.items if not isinstance(term, Aggregate)]
        groups: dict[Any, tuple[Row, list[Row]]] = {}
        for row in rows:
            key = {name: self.value(term, row) for name, term in keys}
            groups.setdefault(tuple(map(identity, key.values())), (key, []))[1].append(row)
        if not keys and not groups:
            groups[()] = ({}, [])
        return [
            {
                name: self._aggregated(term, members) if isinstance(term, Aggregate) else key[name]
                for name, term in made.items
            }
            for key, members in groups.values()
        ]

    def _aggregated(self, term: Aggregate, rows: list[Row]) -> Any:
        if term.term is None:
            return len(rows)
        values = [value for row in rows if (value := self.value(term.term, row)) is not None]
        if term.distinct:
            values = list({identity(value): value for value in values}.values())
        return AGGREGATES[term.name](values)


def _variables(clause: Match) -> set[str]:
    """Return the names that a clause binds."""
    found: set[str | None] = set()
    for pattern in clause.patterns:
        found |= {pattern.path, pattern.start.variable}
        for step in pattern.steps:
            found |= {step.variable, step.node.variable}
    return {name for name in found if name is not None}
