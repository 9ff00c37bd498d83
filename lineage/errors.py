"""Every error of this package, drawn once.

::

    LineageError
    ├── InputError(ValueError)            what was given cannot be right
    │   ├── ImportFault                   a source file breaks its format: file, place, problem
    │   ├── UnitError                     a quantity without a unit, or of the wrong kind
    │   ├── GraphError                    tables that do not make a graph
    │   ├── OptionError                   a run option that does not exist or does not fit
    │   ├── QueryError                    a query that the database refuses, with the place marked
    │   └── UnknownFormat                 no importer recognises the file
    ├── UnknownProduct(KeyError)          no such product, with close names
    ├── CycleError(ValueError)            a product is made out of itself, edge by edge
    │   └── DivergentCycle                a cycle whose shares multiply to one or more
    ├── StoreError(OSError)               a store cannot be read or written
    │   ├── StoreLocked                   another process writes, with its id
    │   ├── StoreDamaged                  a file does not match its checksum
    │   ├── StoreDenied                   a server refuses the login, or does not allow this
    │   └── StoreUnavailable              a server does not answer, or went away
    ├── MeterError(OSError)               nothing measures energy here
    └── MissingExtra(ImportError)         an optional package is not installed

Every error says what is wrong, where, and the way out; its arguments are its fields, so that it travels
between processes.
"""

from collections.abc import Sequence
from difflib import get_close_matches

__all__ = [
    "CycleError",
    "DivergentCycle",
    "GraphError",
    "ImportFault",
    "InputError",
    "LineageError",
    "MeterError",
    "MissingExtra",
    "OptionError",
    "QueryError",
    "StoreDamaged",
    "StoreDenied",
    "StoreError",
    "StoreLocked",
    "StoreUnavailable",
    "UnitError",
    "UnknownFormat",
    "UnknownProduct",
    "did_you_mean",
]


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "; did you mean 'x'?" for the closest known name, or an empty string.

    >>> did_you_mean("poduct", ["product", "parent"])
    "; did you mean 'product'?"
    >>> did_you_mean("zebra", ["product", "parent"])
    ''
    """
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    if not close:
        return ""
    return f"; did you mean {' or '.join(repr(item) for item in close)}?"


class LineageError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(LineageError, ValueError):
    """What was given cannot be right."""


class ImportFault(InputError):
    """A source file breaks the format it claims to be.

    >>> print(ImportFault("jobs.csv", "line 3, column energy", "'7 kg' is not an energy"))
    jobs.csv, line 3, column energy: '7 kg' is not an energy
    """

    def __init__(self, source: str, where: str, problem: str) -> None:
        super().__init__(source, where, problem)
        self.source, self.where, self.problem = source, where, problem

    def __str__(self) -> str:
        place = f"{self.source}, {self.where}" if self.where else self.source
        return f"{place}: {self.problem}"


class UnitError(InputError):
    """A quantity cannot be read: no unit, an unknown unit, or a unit of another kind."""


class GraphError(InputError):
    """Tables that do not make a graph."""


class OptionError(InputError):
    """An option that does not exist or does not fit the others."""


class QueryError(InputError):
    """A query that the database refuses. `line` and `column` count from 1; None where no place is known.

    >>> print(QueryError("MATCH (m:Model\\nRETRN m", "Invalid input 'RETRN'", 2, 1))
    Invalid input 'RETRN' (line 2, column 1)
      RETRN m
      ^
    """

    def __init__(self, text: str, problem: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(text, problem, line, column)
        self.text, self.problem, self.line, self.column = text, problem, line, column

    def __str__(self) -> str:
        if self.line is None or self.column is None:
            return self.problem
        lines = self.text.split("\n")
        shown = lines[self.line - 1] if 0 < self.line <= len(lines) else ""
        # A query may be a megabyte on one line, and hold what a terminal would obey.
        start = max(0, self.column - 61)
        clipped = "".join(
            char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown[start : start + 100]
        )
        place = f"{self.problem} (line {self.line}, column {self.column})"
        return f"{place}\n  {clipped}\n  {' ' * (self.column - 1 - start)}^"


class UnknownFormat(InputError):
    """No importer, or more than one, recognises a source."""


class UnknownProduct(LineageError, KeyError):
    """There is no such product.

    >>> print(UnknownProduct("bert", ["model:bert-base", "model:t5"]))
    no product 'bert'; did you mean 'model:bert-base'?
    >>> print(UnknownProduct("glue", candidates=["dataset:glue", "model:glue"]))
    'glue' is ambiguous; write 'dataset:glue' or 'model:glue'
    """

    def __init__(self, name: str, known: Sequence[str] = (), candidates: Sequence[str] = ()) -> None:
        super().__init__(name, tuple(known), tuple(candidates))
        self.name, self.known, self.candidates = name, tuple(known), tuple(candidates)

    def __str__(self) -> str:
        if self.candidates:
            fitting = " or ".join(repr(item) for item in self.candidates[:5])
            more = f" or {len(self.candidates) - 5} others" if len(self.candidates) > 5 else ""
            return f"{self.name!r} is ambiguous; write {fitting}{more}"
        bare = {item.partition(":")[2]: item for item in self.known}
        close = get_close_matches(self.name, self.known, n=3, cutoff=0.6)
        close += [bare[hit] for hit in get_close_matches(self.name, list(bare), n=3, cutoff=0.4)]
        names = list(dict.fromkeys(close))[:3]
        hint = f"; did you mean {' or '.join(repr(item) for item in names)}?" if names else ""
        return f"no product {self.name!r}{hint}"


class CycleError(LineageError, ValueError):
    """Products that are made out of each other, named edge by edge.

    `cycles` holds one tuple of product ids per cycle: each is made out of the next, the last out of the first.

    >>> print(CycleError([("model:a", "model:b")]))
    a product cannot be made out of itself, but: model:a <- model:b <- model:a
    use --cycles solve to share the cost around the cycle, or --cycles break to drop its latest edge
    """

    def __init__(self, cycles: Sequence[tuple[str, ...]]) -> None:
        super().__init__(tuple(tuple(cycle) for cycle in cycles))
        self.cycles = tuple(tuple(cycle) for cycle in cycles)

    @property
    def members(self) -> tuple[str, ...]:
        """Every product on one of the cycles, sorted."""
        return tuple(sorted({name for cycle in self.cycles for name in cycle}))

    def _drawn(self) -> str:
        return "; ".join(" <- ".join((*cycle, cycle[0])) for cycle in self.cycles)

    def __str__(self) -> str:
        return (
            f"a product cannot be made out of itself, but: {self._drawn()}\n"
            "use --cycles solve to share the cost around the cycle, or --cycles break to drop its latest edge"
        )


class DivergentCycle(CycleError):
    """Cycles that hand on as much as they receive, or more (spectral radius >= 1): no finite cost solves them.

    In each group of products the cycle of the largest mean share is the one that is named.
    """

    def __str__(self) -> str:
        return (
            "no finite cost exists: this cycle, alone or with others through the same products, "
            f"hands on all that it receives: {self._drawn()}\n"
            "lower a weight on it, or use --cycles break"
        )


class StoreError(LineageError, OSError):
    """A store cannot be opened, read or written."""


class StoreLocked(StoreError):
    """Another process is writing to the store.

    >>> print(StoreLocked("lineage.store", 4711))
    lineage.store is being written by process 4711; wait for it to end, or stop it
    """

    def __init__(self, address: str, holder: int | None) -> None:
        super().__init__(address, holder)
        self.address, self.holder = address, holder

    def __str__(self) -> str:
        who = f"process {self.holder}" if self.holder is not None else "another process"
        return f"{self.address} is being written by {who}; wait for it to end, or stop it"


class StoreDamaged(StoreError):
    """A file of a store is missing or does not match its checksum."""

    def __init__(self, file: str, problem: str, last_good: str | None = None) -> None:
        super().__init__(file, problem, last_good)
        self.file, self.problem, self.last_good = file, problem, last_good

    def __str__(self) -> str:
        way_out = f"; the last good state opens as {self.last_good}" if self.last_good else ""
        return f"{self.file}: {self.problem}{way_out}"


class StoreDenied(StoreError):
    """A server refuses the login, or the user may not do this."""


class StoreUnavailable(StoreError):
    """A server cannot be reached, or the connection to it was lost."""


class MeterError(LineageError, OSError):
    """Nothing measures energy here, or what did does not answer."""


class MissingExtra(LineageError, ImportError):
    """An optional package is not installed.

    >>> print(MissingExtra("the Spark engine", "spark"))
    the Spark engine needs an extra: pip install 'lineage-epc[spark]'

    `otherwise` is the way out without it.
    """

    def __init__(self, what: str, extra: str, otherwise: str = "") -> None:
        super().__init__(what, extra, otherwise)
        self.what, self.extra, self.otherwise = what, extra, otherwise

    def __str__(self) -> str:
        other = f"; or {self.otherwise}" if self.otherwise else ""
        return f"{self.what} needs an extra: pip install 'lineage-epc[{self.extra}]'{other}"
