"""Drawing random queries: each follows a walk that the graph really has, so that most have an answer.

Some turns are wrong on purpose (a label, a type, a value of another kind), so that some have none.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from differential.predicates import Predicates
from differential.projections import projection
from differential.syntax import (
    Aggregate,
    Call,
    Each,
    Match,
    Node,
    Pattern,
    Projection,
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

__all__ = ["Scope", "Style", "drawn"]

_LENGTHS: Final = ((1, 2), (1, 3), (0, 2), (2, 2), (2, 3), (0, 1), (1, 1))
Turn = Literal[">", "<", "-"]


@dataclass(frozen=True, slots=True)
class Style:
    """What queries about a world look like.

    `starts` are ids where a pattern may begin, None for anywhere; `types` are those that an untyped step may
    mean, none where it may stay untyped.
    """

    starts: tuple[str, ...] | None = None
    types: tuple[str, ...] = ()


@dataclass
class Scope:
    """What the variables of the query so far are, and what the walk found for them."""

    things: dict[str, Thing] = field(default_factory=dict)
    ties: dict[str, Tie] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)  # of relationships
    paths: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)  # may be null: bound by an OPTIONAL MATCH
    values: list[str] = field(default_factory=list)  # bound by UNWIND or counted

    @property
    def elements(self) -> dict[str, Thing | Tie]:
        """Nodes and relationships by variable."""
        return {**self.things, **self.ties}


def drawn(world: World, seed: str, style: Style) -> Iterator[Query]:
    """Yield queries about a world without end; the same for the same seed."""
    number = 0
    while True:
        yield _Drawing(world, random.Random(f"{seed} {number}"), style).query()
        number += 1


class _Drawing:
    """One query being drawn."""

    def __init__(self, world: World, dice: random.Random, style: Style) -> None:
        self._world, self._dice, self._style = world, dice, style
        self._scope = Scope()
        self._predicates = Predicates(dice)
        self._count = 0

    def query(self) -> Query:
        dice = self._dice
        clauses: list[Match | Unwind | Projection] = []
        if self._style.starts is None and dice.random() < 0.06:
            values = (1, None, "a", 2.5) if dice.random() < 0.5 else tuple(range(dice.randrange(3)))
            clauses.append(Unwind(Value(values), "u"))
            self._scope.values.append("u")
        optional = [
            turn for turn, chance in ((False, 0.12), (True, 0.3), (True, 0.08)) if dice.random() < chance
        ]
        clauses.append(self._first())
        clauses += [self._further(optional=item) for item in optional]
        if dice.random() < 0.12:
            clauses.append(self._middle())
        clauses.append(projection(dice, self._scope))
        return Query(tuple(clauses))

    # -- clauses -----------------------------------------------------------------------------------------

    def _first(self) -> Match:
        dice, style = self._dice, self._style
        if style.starts is None:
            thing = dice.choice(self._world.things)
            if not self._world.at(thing) and dice.random() < 0.7:
                thing = dice.choice(self._world.things)
            anchored = dice.random() < 0.3
        else:
            thing, anchored = self._world.by_id[dice.choice(style.starts)], True
        steps = dice.choices((0, 1, 2, 3), (1, 5, 5, 3))[0]
        if style.starts is None and style.types:  # from everywhere in a large graph: not far
            steps = min(steps, 1)
        pattern = self._pattern(thing, steps, anchored=anchored)
        patterns = [pattern]
        if dice.random() < 0.12:
            patterns.append(self._from_bound(dice.randint(1, 2)))
        if style.starts is None and dice.random() < 0.2 and not pattern.path:
            patterns[0] = turned(pattern)
        return Match(tuple(patterns), self._where())

    def _further(self, *, optional: bool) -> Match:
        before = set(self._scope.things) | set(self._scope.ties)
        pattern = self._from_bound(self._dice.choice((1, 1, 2)))
        new = (set(self._scope.things) | set(self._scope.ties)) - before
        where = self._predicates.one(self._scope, sorted(new)) if new and self._dice.random() < 0.4 else None
        if optional:
            self._scope.absent |= new
        return Match((pattern,), where, optional)

    def _middle(self) -> Projection:
        """Draw a WITH that counts something per node and filters by it."""
        scope, dice = self._scope, self._dice
        name = dice.choice(sorted(scope.things))
        counted = dice.choice(sorted({*scope.things, *scope.ties} - {name}) or [name])
        term = Aggregate("count", Variable(counted), dice.random() < 0.5)
        where = Call(dice.choice((">=", ">", "<=")), (Variable("k"), Value(dice.choice((1, 1, 2)))))
        self._scope = Scope({name: scope.things[name]}, absent=scope.absent & {name}, values=["k"])
        return Projection(((name, Variable(name)), ("k", term)), where=where)

    def _where(self) -> Term | None:
        """Draw a condition.

        What has variables of its own, a subquery or a quantifier, stands by itself between ANDs: a term that
        mixes it with properties is where the index differs (test_engine_differences.py).
        """
        dice = self._dice
        if dice.random() < 0.35:
            return None
        count = dice.choice((1, 1, 2, 3))
        terms = [self._subquery() for _ in range(count) if dice.random() < 0.28]
        terms += [self._predicates.one(self._scope) for _ in range(count - len(terms))]
        plain = [term for term in terms if not _has_own_variables(term)]
        alone = [term for term in terms if _has_own_variables(term)]
        mixed = [self._joined(plain, ("AND", "AND", "OR", "XOR"))] if plain else []
        return self._joined([*mixed, *alone], ("AND",))

    def _joined(self, terms: list[Term], words: tuple[str, ...]) -> Term:
        term = terms[0]
        for other in terms[1:]:
            term = Call(self._dice.choice(words), (term, other))
        return term

    def _subquery(self) -> Term:
        dice, outer = self._dice, self._scope
        self._scope = Scope(dict(outer.things), dict(outer.ties), absent=set(outer.absent))
        pattern = self._from_bound(dice.choice((1, 1, 2)), path=False)
        new = sorted(set(self._scope.things) - set(outer.things) | set(self._scope.ties) - set(outer.ties))
        where = self._predicates.one(self._scope, new) if new and dice.random() < 0.4 else None
        self._scope = outer
        chance = dice.random()
        if chance < 0.2:
            counted = Subquery("COUNT", pattern, where)
            return Call(dice.choice((">", "=", "<=")), (counted, Value(dice.choice((0, 1, 2)))))
        exists = Subquery("EXISTS", pattern, where)
        return Call("NOT", (exists,)) if chance < 0.5 else exists

    # -- patterns ----------------------------------------------------------------------------------------

    def _from_bound(self, steps: int, *, path: bool = True) -> Pattern:
        name = self._dice.choice(sorted(self._scope.things))
        return self._pattern(self._scope.things[name], steps, variable=name, path=path)

    def _pattern(
        self,
        thing: Thing,
        steps: int,
        *,
        anchored: bool = False,
        variable: str | None = None,
        path: bool = True,
    ) -> Pattern:
        dice = self._dice
        start = self._node(thing, named=True) if variable is None else Node(variable)
        if anchored:
            start = Node(start.variable, ("Product",), (("id", Value(thing.properties["id"])),))
            if "Product" not in thing.labels:
                start = replace(start, labels=())
        made: list[Step] = []
        before: Tie | None = None
        for _ in range(steps):
            if made and self._style.types and not self._onward(thing, before):
                break  # a large graph is mostly ends: few queries would have an answer
            step, thing, before = self._step(thing, before)
            made.append(step)
        name = None
        if path and steps and dice.random() < 0.12:
            name = self._fresh("p")
            self._scope.paths.append(name)
        return Pattern(start, tuple(made), name)

    def _node(self, thing: Thing, *, named: bool) -> Node:
        dice = self._dice
        # A null end of a later pattern is where the index differs: test_engine_differences.py.
        again = [
            name
            for name, item in self._scope.things.items()
            if item is thing and name not in self._scope.absent
        ]
        if again and not named and dice.random() < 0.3:
            return Node(dice.choice(again))
        name = None
        if named or dice.random() < 0.8:
            name = self._fresh("n")
            self._scope.things[name] = thing
        labels: tuple[str, ...] = ()
        own = sorted(thing.labels - {"Lineage"})
        if self._style.types or dice.random() < 0.6:
            labels = (dice.choice(own),)
        if dice.random() < 0.05:
            labels = tuple(dice.sample(own, len(own)))
        elif dice.random() < 0.04:
            labels = (dice.choice(("Model", "Dataset", "Job", "Nothing")),)
        return Node(name, labels, self._inline(thing, 0.06))

    def _inline(self, element: Thing | Tie, chance: float) -> tuple[tuple[str, Value], ...]:
        if not element.properties or self._dice.random() >= chance:
            return ()
        name = self._dice.choice(sorted(element.properties))
        return ((name, Value(element.properties[name])),)

    def _step(self, thing: Thing, before: Tie | None) -> tuple[Step, Thing, Tie | None]:
        """Draw a step along a tie that is there, not the one just walked; anything where there is none."""
        dice, world, types = self._dice, self._world, self._style.types
        ties = self._onward(thing, before)
        if not ties:
            wanted = (dice.choice(types or ("DERIVED_FROM", "TRAINED_ON", "RAN_ON")),)
            lost = dice.choice(world.things)
            return Step(self._node(lost, named=False), dice.choice((">", "<")), wanted), lost, None
        tie = dice.choice(ties)
        turn: Turn = ">" if tie.start is thing else "<"
        chance = dice.random()
        hops = dice.choice(_LENGTHS) if chance < 0.25 else None
        behind, last = tie.other(thing), tie
        if hops is not None and (hops[0] > 1 or dice.random() < 0.5):
            onward = world.from_(behind) if turn == ">" else world.to(behind)
            onward = [item for item in onward if item is not tie and item.type == tie.type]
            if onward:
                last = dice.choice(onward)
                behind = last.other(behind)
        if dice.random() < 0.15:
            turn = "-"
        name = None
        if dice.random() < 0.5:
            name = self._fresh("r")
            if hops is None:
                self._scope.ties[name] = tie
            else:
                self._scope.lists.append(name)
        inline = self._inline(tie, 0.05)
        step = Step(self._node(behind, named=False), turn, self._types(tie), name, hops, inline)
        return step, behind, last

    def _onward(self, thing: Thing, before: Tie | None) -> list[Tie]:
        types = self._style.types
        return [
            tie for tie in self._world.at(thing) if tie is not before and (not types or tie.type in types)
        ]

    def _types(self, tie: Tie) -> tuple[str, ...]:
        dice, chance = self._dice, self._dice.random()
        if chance < 0.6:
            return (tie.type,)
        if chance < 0.85:
            others = self._style.types or (
                "DERIVED_FROM",
                "TRAINED_ON",
                "GENERATED_BY",
                "BUILT_ON",
                "MADE_BY",
                "Nothing",
            )
            return tuple(dict.fromkeys((dice.choice(others), tie.type)))
        return self._style.types

    def _fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _has_own_variables(term: Term) -> bool:
    if isinstance(term, Call):
        return any(map(_has_own_variables, term.parts))
    return isinstance(term, Quantified | Each | Subquery)


def turned(pattern: Pattern) -> Pattern:
    """Return a pattern written from its other end."""
    nodes = [pattern.start, *(step.node for step in pattern.steps)]
    back: dict[str, Turn] = {">": "<", "<": ">", "-": "-"}
    steps = [
        replace(step, node=node, direction=back[step.direction])
        for step, node in zip(reversed(pattern.steps), reversed(nodes[:-1]), strict=True)
    ]
    return Pattern(nodes[-1], tuple(steps), pattern.path)
