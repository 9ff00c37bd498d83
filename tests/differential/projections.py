"""Drawing the RETURN of a query: plain or grouped, distinct, sorted and cut."""

import random
from typing import TYPE_CHECKING, Final, Literal

from differential.predicates import names_of
from differential.syntax import Aggregate, Call, Each, Projection, Property, Term, Value, Variable
from differential.world import Tie

if TYPE_CHECKING:
    from differential.drawing import Scope

__all__ = ["projection"]

_NUMBERS: Final = ("downloads", "own_carbon_gco2e", "w", "stars", "größe", "likes", "energy_kwh")

_AGGREGATES: Final[tuple[Literal["count", "sum", "min", "max", "avg", "collect"], ...]] = (
    *("count", "count", "count", "sum", "min", "max", "avg", "collect"),
)


def projection(dice: random.Random, scope: "Scope") -> Projection:
    """Draw a RETURN of what a scope has; an order is always total, so that equal answers look equal."""
    grouped = dice.random() < 0.45
    terms = [_plain(dice, scope) for _ in range(dice.choice((0, 1, 1, 2)) if grouped else dice.randint(1, 4))]
    items = [(f"c{number}", term) for number, term in enumerate(terms)]
    if not grouped:
        return _cut(dice, Projection(tuple(items), distinct=dice.random() < 0.35))
    made: list[tuple[str, Term]] = [*items]
    made += [(f"a{number}", _aggregate(dice, scope)) for number in range(dice.choice((1, 1, 2)))]
    if not items:
        return Projection(tuple(made))
    dice.shuffle(made)
    return _cut(dice, Projection(tuple(made)))


def _cut(dice: random.Random, made: Projection) -> Projection:
    """Perhaps sort by every column that tells rows apart, and take some of the rows."""
    if dice.random() >= 0.3:
        return made
    keys = [name for name, term in made.items if not isinstance(term, Aggregate)]
    counts = [name for name, term in made.items if isinstance(term, Aggregate) and term.name == "count"]
    dice.shuffle(keys)
    order = tuple((name, dice.random() < 0.4) for name in [*counts, *keys])
    limit = dice.choice((None, 1, 3, 10, 50))
    skip = dice.choice((None, None, 0, 1, 2))
    return Projection(made.items, made.distinct, order, skip, limit)


def _plain(dice: random.Random, scope: "Scope") -> Term:
    """Draw a value of a row: text, number, truth, or a list of texts."""
    elements = scope.elements
    if dice.random() < 0.25:
        ways: list[Term] = [Variable(name) for name in scope.values]
        for name in scope.lists:
            ways += [
                Call("size", (Variable(name),)),
                Each("x", Variable(name), Property("x", "relation")),
                Each("x", Variable(name), Call("type", (Variable("x"),))),
            ]
        for name in scope.paths:
            nodes = Call("nodes", (Variable(name),))
            ways += [
                Call("length", (Variable(name),)),
                Each("x", nodes, Property("x", "id")),
                Each("x", Call("relationships", (Variable(name),)), Property("x", "w")),
            ]
        for name in scope.ties:
            ways += [Call(what, (Variable(name),)) for what in ("type", "id of start", "id of end")]
        if ways:
            return dice.choice(ways)
    name = dice.choice(sorted(elements))
    column = "id" if dice.random() < 0.35 else dice.choice(names_of(elements[name]))
    if isinstance(elements[name], Tie) and column == "id":
        return Call("type", (Variable(name),))
    term = Property(name, column)
    chance = dice.random()
    if chance < 0.06:
        return Call("IS NULL", (term,))
    if chance < 0.12:
        return Call("coalesce", (term, Value("?")))
    if chance < 0.16 and column in ("id", "name", "license", "relation", "note"):
        return Call(dice.choice(("toUpper", "toLower", "size")), (term,))
    if chance < 0.2 and column in _NUMBERS:
        return Call(dice.choice(("+", "*", "-")), (term, Value(2)))
    return term


def _aggregate(dice: random.Random, scope: "Scope") -> Aggregate:
    elements = scope.elements
    name = dice.choice(sorted(elements))
    kind = dice.choice(_AGGREGATES)
    distinct = dice.random() < 0.35
    if kind == "count":
        choice = dice.random()
        if choice < 0.3:
            return Aggregate("count")
        if choice < 0.65:
            return Aggregate("count", Variable(name), distinct)
        return Aggregate("count", Property(name, dice.choice(names_of(elements[name]))), distinct)
    if kind in ("sum", "avg"):
        numbers = [item for item in names_of(elements[name]) if item in _NUMBERS] or ["w"]
        return Aggregate(kind, Property(name, dice.choice(numbers)), distinct)
    column = dice.choice(names_of(elements[name]))
    return Aggregate(kind, Property(name, column), distinct)
