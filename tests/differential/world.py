"""What a database holds, as plainly as it can be said: a networkx graph of things and ties.

The oracle answers from this, and a Neo4j is filled from it without any code of the stores.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx

__all__ = ["Thing", "Tie", "World"]


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A node: its labels, and its properties without those that are missing."""

    labels: frozenset[str]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Tie:
    """A relationship."""

    type: str
    start: Thing
    end: Thing
    properties: Mapping[str, Any]

    def other(self, thing: Thing) -> Thing:
        """Return the end that is not this one; of a loop, the same."""
        return self.end if thing is self.start else self.start


class World:
    """Things and the ties between them; parallel ties and loops are kept."""

    def __init__(self, things: Iterable[Thing], ties: Iterable[Tie]) -> None:
        self.made: nx.MultiDiGraph[Thing] = nx.MultiDiGraph()
        self.made.add_nodes_from(things)
        for tie in ties:
            self.made.add_edge(tie.start, tie.end, tie=tie)
        self._from: dict[Thing, list[Tie]] = {}  # as they were asked for: networkx looks them up slowly
        self._to: dict[Thing, list[Tie]] = {}

    @cached_property
    def things(self) -> list[Thing]:
        """All things, in the order they were given."""
        return list(self.made)

    @cached_property
    def ties(self) -> list[Tie]:
        """All ties."""
        return [data["tie"] for _, _, data in self.made.edges(data=True)]

    @cached_property
    def by_id(self) -> dict[str, Thing]:
        """Things by their property `id`, which is theirs alone."""
        return {thing.properties["id"]: thing for thing in self.made}

    @cached_property
    def by_label(self) -> dict[str, list[Thing]]:
        """Things by label."""
        found: dict[str, list[Thing]] = {}
        for thing in self.made:
            for label in sorted(thing.labels):
                found.setdefault(label, []).append(thing)
        return found

    def from_(self, thing: Thing) -> list[Tie]:
        """Return the ties that start at a thing."""
        if thing not in self._from:
            self._from[thing] = [data["tie"] for _, _, data in self.made.out_edges(thing, data=True)]
        return self._from[thing]

    def to(self, thing: Thing) -> list[Tie]:
        """Return the ties that end at a thing."""
        if thing not in self._to:
            self._to[thing] = [data["tie"] for _, _, data in self.made.in_edges(thing, data=True)]
        return self._to[thing]

    def at(self, thing: Thing) -> list[Tie]:
        """Return the ties that a thing has, a loop once."""
        return self.from_(thing) + [tie for tie in self.to(thing) if tie.start is not thing]
