"""The real graph of the Hub as a world, read from the columns of its tables, and queries that end soon on it."""

import random
from collections.abc import Iterator
from typing import Any, Final

from differential.answers import Answer
from differential.drawing import Style, drawn
from differential.matching import Oracle, TooMuch
from differential.syntax import Query
from differential.world import Thing, Tie, World
from lineage.graph import Graph

__all__ = ["HUB_WALKS", "hub_queries", "world_of"]

Asked = tuple[Query, Answer]

# Untyped relationships would mean those to sources too, which are no part of a graph's tables.
_TYPES: Final = ("DERIVED_FROM", "TRAINED_ON")
HUB_WALKS: Final = 8_000
_SCAN_WALKS: Final = 100_000
_ROWS: Final = 5_000


def world_of(graph: Graph) -> World:
    """Return the products and edges of a graph."""
    made = []
    for row in graph.tables["products"].to_pylist():
        labels = frozenset({"Lineage", "Product", row["id"].partition(":")[0].capitalize()})
        made.append(Thing(labels, _known(row)))
    ties = []
    for row in graph.tables["edges"].to_pylist():
        ends = made[row.pop("product")], made[row.pop("parent")]
        ties.append(Tie(row.pop("type"), *ends, _known(row)))
    return World(made, ties)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def hub_queries(world: World, count: int, *, scans: int) -> Iterator[Asked]:
    """Yield queries with their answers: some start at a product, `scans` of them look at all products of a kind.

    Starts are drawn edge by edge, so that much used products come up often. What would walk more than `HUB_WALKS`
    ties is passed over: an answer of millions of rows shows nothing that a smaller one does not.
    """
    dice = random.Random("hub starts")
    ends = sorted(tie.end.properties["id"] for tie in dice.sample(world.ties, 400))
    made = sorted(tie.start.properties["id"] for tie in dice.sample(world.ties, 100))
    yield from _small(world, drawn(world, "hub", Style((*ends, *made), _TYPES)), count - scans, HUB_WALKS)
    yield from _small(world, drawn(world, "hub scan", Style(None, _TYPES)), scans, _SCAN_WALKS)


def _small(world: World, queries: Iterator[Query], count: int, walks: int) -> Iterator[Asked]:
    oracle = Oracle(world, walks)
    while count:
        query = next(queries)
        try:
            answer = oracle.answer(query)
        except TooMuch:
            continue
        if len(answer) <= _ROWS:
            count -= 1
            yield query, answer
