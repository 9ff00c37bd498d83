"""Drawing predicates about what a query has bound, most of them true of the walk that it follows."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from differential.syntax import Call, Each, Property, Quantified, Term, Value, Variable
from differential.world import Thing, Tie

if TYPE_CHECKING:
    from differential.drawing import Scope

__all__ = ["Predicates", "names_of"]

_PRODUCT: Final = ("id", "kind", "known", "name", "created_at", "license", "downloads")
_OFTEN_MISSING: Final = ("deployed", "own_carbon_gco2e", "note")
_JOB: Final = ("id", "phase", "energy_kwh", "duration_h", "system", "started_at")
_KINDS: Final[tuple[Literal["all", "any", "none", "single"], ...]] = ("all", "any", "none", "single")
_TIE: Final = ("relation", "w", "tier", "created_at")


def names_of(element: Thing | Tie) -> tuple[str, ...]:
    """Return names of properties that make sense for a node or relationship, missing ones too."""
    if isinstance(element, Tie):
        return _TIE
    if "Product" in element.labels:
        return tuple(dict.fromkeys((*_PRODUCT, *_OFTEN_MISSING, *sorted(element.properties))))
    return _JOB if "Job" in element.labels else ("id", "power_w", "region")


class Predicates:
    """Draws predicates."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def one(self, scope: "Scope", names: Sequence[str] | None = None) -> Term:
        """Draw a predicate about one of the variables, or about two."""
        dice = self._dice
        if names is None and dice.random() < 0.25:
            special = self._special(scope)
            if special is not None:
                return special
        elements = scope.elements
        name = dice.choice(names or sorted(elements))
        element = elements[name]
        if isinstance(element, Tie) and dice.random() < 0.15:
            return Call("=", (Call("type", (Variable(name),)), Value(element.type)))
        column = dice.choice(names_of(element))
        term = self._about(Property(name, column), element.properties.get(column))
        return Call("NOT", (term,)) if dice.random() < 0.08 else term

    def _special(self, scope: "Scope") -> Term | None:
        """Draw a predicate about lists, paths, labels, or two variables."""
        dice = self._dice
        ways = []
        if len(scope.things) > 1:
            ways += [self._two, self._two]
        if scope.lists:
            ways += [self._of_list] * 3
        if scope.paths:
            ways += [self._of_path] * 3
        ways += [self._label]
        return dice.choice(ways)(scope)

    def _two(self, scope: "Scope") -> Term:
        dice = self._dice
        first, second = dice.sample(sorted(scope.things), 2)
        if dice.random() < 0.5:
            same = scope.things[first] is scope.things[second]
            return Call("=" if same else "<>", (Variable(first), Variable(second)))
        column = dice.choice(("id", "name", "created_at", "downloads", "license", "kind"))
        return Call(dice.choice(("<", ">=", "=", "<>")), (Property(first, column), Property(second, column)))

    def _of_list(self, scope: "Scope") -> Term:
        dice, name = self._dice, self._dice.choice(scope.lists)
        chance = dice.random()
        if chance < 0.35:
            return Call(
                dice.choice((">=", "<", "=")),
                (Call("size", (Variable(name),)), Value(dice.choice((1, 2, 3)))),
            )
        column = dice.choice(_TIE)
        where = dice.choice(
            (
                Call("IS NULL", (Property("x", column),)),
                Call("IS NOT NULL", (Property("x", column),)),
                Call("=", (Property("x", "relation"), Value(dice.choice(("unknown", "merge", "adapter"))))),
                Call("<", (Property("x", "w"), Value(0.4))),
                Call("=", (Call("type", (Variable("x"),)), Value("DERIVED_FROM"))),
            )
        )
        return Quantified(dice.choice(_KINDS), "x", Variable(name), where)

    def _of_path(self, scope: "Scope") -> Term:
        dice, path = self._dice, Variable(self._dice.choice(scope.paths))
        if dice.random() < 0.5:
            return Call(
                dice.choice((">=", "<", "<>")), (Call("length", (path,)), Value(dice.choice((1, 2, 3))))
            )
        where = dice.choice(
            (
                Call("IS NOT NULL", (Property("x", "license"),)),
                Call("=", (Property("x", "kind"), Value("model"))),
                Call("label", (Variable("x"), Value("Model"))),
            )
        )
        if dice.random() < 0.3:
            ids = Each("x", Call("nodes", (path,)), Property("x", "kind"))
            return Call("IN", (Value("model"), ids))
        return Quantified(dice.choice(_KINDS), "x", Call("nodes", (path,)), where)

    def _label(self, scope: "Scope") -> Term:
        name = self._dice.choice(sorted(scope.things))
        own = sorted(scope.things[name].labels)
        return Call("label", (Variable(name), Value(self._dice.choice((*own, "Dataset", "Nothing")))))

    # -- one property ------------------------------------------------------------------------------------

    def _about(self, term: Property, value: Any) -> Term:
        dice = self._dice
        if dice.random() < 0.05:  # of another kind, or null: never true, and often unknown
            other: Any = dice.choice((None, 1, "model", True, 0.5))
            return Call(dice.choice(("=", "<>", "<", ">=", "STARTS WITH")), (term, Value(other)))
        if value is None:
            return self._missing(term)
        if isinstance(value, bool):
            return dice.choice((Call("=", (term, Value(value))), Call("<>", (term, Value(not value)))))
        if isinstance(value, str):
            return self._text(term, value)
        return self._number(term, value)

    def _missing(self, term: Property) -> Term:
        fallback = Value(self._dice.choice(("", "none")))
        return self._dice.choice(
            (
                Call("IS NULL", (term,)),
                Call("=", (Call("coalesce", (term, fallback)), fallback)),
                Call("OR", (Call("=", (term, Value("mit"))), Call("IS NULL", (term,)))),
                Call("NOT", (Call("IS NOT NULL", (term,)),)),
                Call("IS NULL", (Call("=", (term, Value(1.0))),)),
            )
        )

    def _text(self, term: Property, value: str) -> Term:
        dice = self._dice
        cut = dice.randint(0, len(value))
        return dice.choice(
            (
                Call("=", (term, Value(value))),
                Call("IN", (term, Value(tuple(dice.sample([value, "mit", "model", None, ""], 5))))),
                Call("IN", (term, Value((value, "x")))),
                Call("STARTS WITH", (term, Value(value[:cut]))),
                Call("ENDS WITH", (term, Value(value[cut:]))),
                Call("CONTAINS", (term, Value(value[cut : cut + 2]))),
                Call(">=", (term, Value(value[: cut + 1]))),
                Call("<=", (term, Value(value))),
                Call("=", (Call("toLower", (term,)), Value(value.lower()))),
                Call("=", (Call("toUpper", (term,)), Value(value.upper()))),
                Call(">=", (Call("size", (term,)), Value(len(value)))),
                Call("<>", (term, Value(value + "x"))),
                Call("IS NOT NULL", (term,)),
                Call("CONTAINS", (Call("+", (term, Value("|"))), Value(value[cut:] + "|"))),
            )
        )

    def _number(self, term: Property, value: float) -> Term:
        dice = self._dice
        return dice.choice(
            (
                Call("=", (term, Value(value))),
                Call(">=", (term, Value(value))),
                Call("<", (term, Value(value * 2 + 1))),
                Call("IN", (term, Value((value, 5, None)))),
                Call("IS NOT NULL", (term,)),
                Call(">", (Call("+", (term, Value(1.5))), Value(value))),
                Call("<=", (Call("abs", (term,)), Value(abs(value)))),
                Call("<>", (term, Value(0))),
                Call(">", (Call("CASE", (Call(">", (term, Value(1))), term, Value(0.5))), Value(0.25))),
            )
        )
