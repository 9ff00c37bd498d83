"""The oracle of the differential tests: right on cases worked out by hand, and nobody's relative.

Each mutation breaks one rule of Cypher in it, and the drawn queries must notice: a rule that no query tests is none.
"""

import ast
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from differential import matching, meaning
from differential.answers import Answer, difference, is_telling
from differential.dirty import dirty
from differential.drawing import Style, drawn
from differential.matching import Oracle, TooMuch
from differential.syntax import (
    Aggregate,
    Call,
    Match,
    Node,
    Pattern,
    Projection,
    Property,
    Query,
    Step,
    Subquery,
    Term,
    Value,
    Variable,
)
from differential.text import written
from differential.world import Thing, Tie, World

QUERIES = 300


def small() -> World:
    """Two parallel edges from b to a, one from c to b, a loop at c; only a has a licence."""
    a, b, c = (Thing(frozenset({"Product", "Model"}), {"id": name}) for name in "abc")
    a = replace(a, properties={"id": "a", "license": "mit", "stars": 1})
    ends = [(b, a, 0.5), (b, a, None), (c, b, 0.25), (c, c, 1.0)]
    ties = [Tie("DERIVED_FROM", x, y, {} if w is None else {"w": w}) for x, y, w in ends]
    return World([a, b, c], ties)


def counted(*clauses: Match) -> int:
    """Return how many rows clauses make."""
    answer = Oracle(small()).answer(Query((*clauses, Projection((("n", Aggregate("count")),)))))
    return int(answer[0][0])


def steps(*made: Step, start: Node | None = None, where: Term | None = None, optional: bool = False) -> Match:
    return Match((Pattern(start or Node("x"), made),), where, optional)


@pytest.mark.parametrize(
    ("rows", "clauses"),
    [
        (3, [steps()]),
        (4, [steps(Step(Node()))]),
        (7, [steps(Step(Node(), "-"))]),  # a loop once
        (1, [steps(Step(Node("x")))]),
        (2, [steps(Step(Node("y")), Step(Node("z"), "<"))]),  # the two parallel edges, in either order
        (2 * 2 + 1 + 1, [steps(Step(Node("y"))), Match((Pattern(Node("y"), (Step(Node("z"), "<"),)),))]),
        (4 + 3 + 2, [steps(Step(Node(), hops=(1, 3)))]),
        (3 + 4, [steps(Step(Node(), hops=(0, 1)))]),
        (2, [steps(where=Call("IS NULL", (Property("x", "license"),)))]),
        (0, [steps(where=Call("<>", (Property("x", "license"), Value("mit"))))]),
        (1, [steps(where=Call("NOT", (Subquery("EXISTS", Pattern(Node("x"), (Step(Node()),))),)))]),
        (5, [steps(), steps(Step(Node(), ">"), optional=True)]),
        (1, [steps(Step(Node(), properties=(("w", Value(0.5)),)))]),
        (0, [steps(Step(Node(), properties=(("w", Value(None)),)))]),
        (2, [steps(Step(Node(properties=(("id", Value("a")),))))]),
    ],
)
def test_rows(rows: int, clauses: list[Match]) -> None:
    assert counted(*clauses) == rows


@pytest.mark.parametrize(
    ("name", "parts", "expected"),
    [
        ("AND", (None, False), False),
        ("AND", (None, True), None),
        ("OR", (None, True), True),
        ("XOR", (None, True), None),
        ("=", (1, 1.0), True),
        ("=", (1, True), False),
        ("=", (1, None), None),
        ("<", (1, "a"), None),
        ("IN", (1, (2, None)), None),
        ("IN", (1, (1, None)), True),
        ("IN", (1, ()), False),
        ("IN", (None, ()), False),
        ("STARTS WITH", ("abc", ""), True),
        ("CONTAINS", (1, "1"), None),
        ("coalesce", (None, 2), 2),
        ("CASE", (None, 1, 2), 2),
        ("size", ("🦙",), 1),
    ],
)
def test_values(name: str, parts: tuple[Any, ...], expected: Any) -> None:
    assert meaning.FUNCTIONS[name](*parts) is expected or meaning.FUNCTIONS[name](*parts) == expected


def test_grouping() -> None:
    key, weight = Property("y", "license"), Property("r", "w")
    items = (
        ("key", key),
        ("n", Aggregate("count")),
        ("known", Aggregate("count", weight)),
        ("total", Aggregate("sum", weight)),
        ("mean", Aggregate("avg", weight)),
        ("least", Aggregate("min", weight)),
        ("kinds", Aggregate("collect", Call("type", (Variable("r"),)), distinct=True)),
    )
    query = Query((steps(Step(Node("y"), variable="r")), Projection(items, order=(("key", True),))))
    assert Oracle(small()).answer(query) == [
        (None, 2, 2, 1.25, 0.625, 0.25, ("DERIVED_FROM",)),
        ("mit", 2, 1, 0.5, 0.5, 0.5, ("DERIVED_FROM",)),
    ]
    nothing = Query((steps(start=Node("y", ("None",))), Projection((("n", Aggregate("sum", key)),))))
    assert Oracle(small()).answer(nothing) == [(0,)]


def test_a_walk_may_be_bounded() -> None:
    query = Query((steps(Step(Node(), hops=(1, 3))), Projection((("n", Aggregate("count")),))))
    with pytest.raises(TooMuch):
        Oracle(small(), 5).answer(query)


# -- what the suite would notice -----------------------------------------------------------------------------


def answers(seed: int = 0) -> list[tuple[Query, Answer]]:
    """Return queries about a dirty graph with the answers of the oracle as it is now."""
    world = dirty(seed).world
    return [
        (query, Oracle(world).answer(query))
        for query in islice(drawn(world, f"dirty {seed}", Style()), QUERIES)
    ]


@pytest.fixture(scope="module")
def right() -> list[tuple[Query, Answer]]:
    return answers()


@pytest.mark.parametrize("name", sorted(meaning.FUNCTIONS))
def test_every_function_matters(
    name: str, right: list[tuple[Query, Answer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = meaning.FUNCTIONS[name]

    def wrong(*parts: Any) -> Any:
        value = old(*parts)
        return {True: False, False: True, None: None}[value] if isinstance(value, bool) else None

    monkeypatch.setitem(meaning.FUNCTIONS, name, wrong)
    assert noticed(right)


@pytest.mark.parametrize("name", sorted(meaning.AGGREGATES))
def test_every_aggregate_matters(
    name: str, right: list[tuple[Query, Answer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = meaning.AGGREGATES[name]
    monkeypatch.setitem(meaning.AGGREGATES, name, lambda values: old(values[1:]))
    assert noticed(right)


def _ignoring(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda item: replace(item, **{name: value})


MUTATIONS = {
    "a condition is ignored": (Match, _ignoring("where", None)),
    "OPTIONAL is ignored": (Match, _ignoring("optional", False)),
    "DISTINCT is ignored": (Projection, _ignoring("distinct", False)),
    "an order is ignored": (Projection, _ignoring("order", ())),
    "LIMIT is ignored": (Projection, _ignoring("limit", None)),
    "SKIP is ignored": (Projection, _ignoring("skip", None)),
    "the condition of a WITH is ignored": (Projection, _ignoring("where", None)),
    "types are ignored": (Step, _ignoring("types", ())),
    "length is ignored": (Step, _ignoring("hops", None)),
    "direction is ignored": (Step, _ignoring("direction", "-")),
    "properties of relationships are ignored": (Step, _ignoring("properties", ())),
    "labels are ignored": (Node, _ignoring("labels", ())),
    "properties of nodes are ignored": (Node, _ignoring("properties", ())),
    "the condition of a subquery is ignored": (Subquery, _ignoring("where", None)),
    "DISTINCT in an aggregate is ignored": (Aggregate, _ignoring("distinct", False)),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_part_of_a_query_matters(name: str, right: list[tuple[Query, Answer]]) -> None:
    kind, change = MUTATIONS[name]
    world = dirty(0).world
    assert any(
        changed != query and difference(query, _answer(world, changed), expected)
        for query, expected in right
        for changed in [mutated(query, kind, change)]
    )


def mutated(item: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """Return a query with every part of a kind changed."""
    if isinstance(item, tuple):
        return tuple(mutated(part, kind, change) for part in item)
    if not hasattr(item, "__dataclass_fields__"):
        return item
    parts = {name: mutated(getattr(item, name), kind, change) for name in item.__dataclass_fields__}
    made = replace(item, **parts)
    return change(made) if isinstance(made, kind) else made


def _answer(world: World, query: Query) -> Answer:
    """Return the answer of a query that a mutation may have made endless or senseless."""
    try:
        return Oracle(world, 20_000).answer(query)
    except (TooMuch, IndexError, TypeError, KeyError, AttributeError):
        return []


def test_walking_twice_matters(right: list[tuple[Query, Answer]], monkeypatch: pytest.MonkeyPatch) -> None:
    walks = Oracle._walks_of

    def forgetful(self: Oracle, step: Step, thing: Thing, used: Any, hops: tuple[int, int]) -> Any:
        return walks(self, step, thing, (), hops)

    monkeypatch.setattr(Oracle, "_walks_of", forgetful)
    assert noticed(right)


def noticed(right: list[tuple[Query, Answer]]) -> bool:
    """Return whether the oracle as it is now gives another answer to some query."""
    world = dirty(0).world
    return any(difference(query, _answer(world, query), expected) for query, expected in right)


# -- the queries, and the oracle's independence ---------------------------------------------------------------


def test_queries_are_the_same_in_every_run_and_all_different() -> None:
    again = [[written(query) for query, _ in answers(1)] for _ in range(2)]
    assert again[0] == again[1]
    assert len({repr(item) for item in again[0]}) > 0.99 * QUERIES


def test_most_answers_say_something(right: list[tuple[Query, Answer]]) -> None:
    assert sum(bool(answer) for _, answer in right) >= 0.6 * QUERIES
    assert sum(is_telling(answer) for _, answer in right) >= 0.5 * QUERIES


def test_every_value_is_a_parameter(right: list[tuple[Query, Answer]]) -> None:
    for query, _ in right:
        text, parameters = written(query)
        assert "'" not in text and '"' not in text
        assert all(f"$p{number}" in text for number in range(len(parameters)))


@pytest.mark.parametrize("module", [matching, meaning], ids=["matching", "meaning"])
def test_the_oracle_shares_nothing_with_the_engines(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    named = {item.module for item in ast.walk(tree) if isinstance(item, ast.ImportFrom) and item.module}
    named |= {name.name for item in ast.walk(tree) if isinstance(item, ast.Import) for name in item.names}
    ours = {"differential.meaning", "differential.syntax", "differential.world"}
    assert {name for name in named if name.partition(".")[0] not in sys.stdlib_module_names} <= ours
