"""Asking the engines and the oracle the same, and saying where they differ."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from differential.answers import Answer, difference, is_telling
from differential.syntax import Query
from differential.text import written
from lineage.errors import LineageError
from lineage.stores.base import AnswersCypher

__all__ = ["Tally", "ask_all"]

LIMIT_S: Final = 600.0  # a guard against hanging, not against a busy machine
SHOWN: Final = 5


@dataclass
class Tally:
    """What came of a series of queries."""

    name: str
    asked: int = 0
    filled: int = 0  # with at least one row
    telling: int = 0  # with a cell that is not null, zero or empty
    rows: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        times = ", ".join(
            f"{name} {seconds:.1f} s (slowest {self.slowest[name]:.2f} s)"
            for name, seconds in self.seconds.items()
        )
        return (
            f"{self.name}: {self.asked} queries, {len(self.differences)} differ, {self.filled} with rows, "
            f"{self.telling} telling, {self.rows} rows; {times}"
        )

    def clock(self, name: str, begun: float) -> None:
        """Note how long somebody took for a query."""
        taken = time.perf_counter() - begun
        self.seconds[name] = self.seconds.get(name, 0.0) + taken
        self.slowest[name] = max(taken, self.slowest.get(name, 0.0))

    def check(self) -> None:
        """Fail with the first differences, each with its query; fail too where most answers say nothing."""
        print(self)
        shown = "\n\n".join(self.differences[:SHOWN])
        assert not self.differences, f"{self}\n\n{shown}"
        assert self.filled >= 0.6 * self.asked and self.telling >= 0.5 * self.asked, str(self)


def ask_all(name: str, asked: Iterable[tuple[Query, Answer]], engines: Mapping[str, AnswersCypher]) -> Tally:
    """Ask every engine every query; `asked` are queries with the oracle's answers."""
    tally = Tally(name)
    for query, expected in asked:
        tally.asked += 1
        tally.filled += bool(expected)
        tally.telling += is_telling(expected)
        tally.rows += len(expected)
        for engine, store in engines.items():
            begun = time.perf_counter()
            wrong = _asked(store, query, expected)
            tally.clock(engine, begun)
            if wrong is not None:
                text, parameters = written(query)
                tally.differences.append(
                    f"{name}, query {tally.asked - 1}, {engine} and oracle: {wrong}\n{text}\n{parameters!r}"
                )
    return tally


def _asked(store: AnswersCypher, query: Query, expected: Answer) -> str | None:
    text, parameters = written(query)
    try:
        answer = store.cypher(text, parameters, timeout_s=LIMIT_S)
        rows = [tuple(record.values()) for record in answer]
    except LineageError as error:
        return f"{type(error).__name__}: {error}"
    return difference(query, rows, expected)
