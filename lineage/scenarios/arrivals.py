"""What arrived between two dates: products, edges and jobs, in the order in which they are applied."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lineage.graph import Graph
from lineage.kernels.arrays import Flags
from lineage.scenarios.draft import Draft
from lineage.timeline import dated_by

__all__ = ["ALWAYS", "NEVER", "Arrival", "Arrivals"]

ALWAYS: Final = 0  # the ordinal of what was there before
NEVER: Final = np.iinfo(np.int64).max  # and of what comes after


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """A product, an edge or a job that came at a date; sorted by date, then by name."""

    date: str
    id: str
    what: str


class Arrivals:
    """Every row of a graph with the number of the arrival that brings it; 0 is there at the start.

    A product comes at its `created_at`. An edge and a job come with their product, or later, at their own date. An
    edge needs both its ends.
    """

    def __init__(self, graph: Graph, since: str, until: str) -> None:
        self.graph = graph
        self._since, self._until = since, until
        ids = graph.ids
        born = graph.texts("products", "created_at")
        product = self._events("products", "created_at", ids, "product")
        keyed = {table: self._later(table, column, ids, born) for table, column in _OWN}
        events = sorted({event for event in (*product, *keyed["edges"], *keyed["jobs"]) if event is not None})
        number = {event: place for place, event in enumerate(events, 1)}
        self.events = events
        self.products = self._numbered("products", "created_at", product, number)
        self.edges = self._numbered("edges", "created_at", keyed["edges"], number)
        self.jobs = self._numbered("jobs", "started_at", keyed["jobs"], number)

    def _events(self, table: str, column: str, names: list[str], what: str) -> list[Arrival | None]:
        """Return the arrival of every row that is dated between the two dates."""
        dates = self.graph.texts(table, column)
        came = self._came(table, column)
        return [
            Arrival(date or "", name, what) if here else None
            for name, date, here in zip(names, dates, came.tolist(), strict=True)
        ]

    def _came(self, table: str, column: str) -> Flags:
        values = self.graph.tables[table].column(column)
        return dated_by(values, self._until) & ~dated_by(values, self._since)

    def _later(self, table: str, column: str, ids: list[str], born: list[str | None]) -> list[Arrival | None]:
        """Return the arrivals of edges or jobs that come later than their product; None for all others."""
        child = self.graph.integers(table, "product").tolist()
        if table == "edges":
            parent = self.graph.integers(table, "parent").tolist()
            names = [f"{ids[v]} <- {ids[u]}" for v, u in zip(child, parent, strict=True)]
        else:
            names = [str(name) for name in self.graph.texts(table, "id")]
        events = self._events(table, column, names, table.removesuffix("s"))
        return [
            event if event is not None and event.date > (born[v] or "") else None
            for event, v in zip(events, child, strict=True)
        ]

    def _numbered(
        self, table: str, column: str, events: list[Arrival | None], number: dict[Arrival, int]
    ) -> Any:
        """Return the number of each row's arrival; what comes with its product has the number of the start."""
        there = dated_by(self.graph.tables[table].column(column), self._until)
        numbers = [ALWAYS if event is None else number[event] for event in events]
        return np.where(there, np.array(numbers, np.int64), NEVER)

    def state(self, number: int) -> Graph:
        """Return the graph after so many arrivals."""
        draft = Draft(self.graph)
        if self.edges.size:
            draft.keep("edges", self.edges <= number)
        if self.jobs.size:
            draft.keep("jobs", self.jobs <= number)
        draft.remove_products(np.flatnonzero(self.products > number).tolist())
        return draft.graph()


_OWN: Final = (("edges", "created_at"), ("jobs", "started_at"))
