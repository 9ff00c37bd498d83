"""Columns of claims as arrays: which row is newer, which row wins, where it stands.

Everything here works on whole columns; a Python loop runs only over rows that disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.claims import Claims
from lineage.findings import Finding, finding
from lineage.schema import tier_rank

__all__ = [
    "Bools",
    "Codes",
    "Rows",
    "Taken",
    "age_ranks",
    "facts",
    "latest",
    "rows_of",
    "taken",
    "tier_ranks",
]

Codes = np.ndarray[tuple[int], np.dtype[np.int64]]
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
Taken = tuple[Codes, pa.Array]


def age_ranks(sources: pa.Table) -> Codes:
    """Return a rank per source, shape (sources,): 0 is the oldest.

    A later row is newer; between two sources that both say when they were retrieved, that date decides. To
    make one order of the two rules, the dated sources are sorted by date among the places that they hold.

    >>> age_ranks(pa.table({"retrieved_at": ["2024-05-01", None, "2023-01-01"]})).tolist()
    [2, 1, 0]
    """
    dates = sources.column("retrieved_at").to_pylist()
    dated = [row for row, date in enumerate(dates) if date]
    ranks = np.arange(len(dates), dtype=np.int64)
    ranks[sorted(dated, key=lambda row: (dates[row], row))] = dated
    return ranks


@dataclass(frozen=True)
class Rows:
    """One table of claims with the origin of its rows."""

    table: pa.Table
    addresses: list[str] = field(repr=False)
    sources: Codes = field(repr=False)
    ranks: Codes = field(repr=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def oldest_first(self) -> Codes:
        """Row numbers from the oldest source to the newest, in the order of the file within a source."""
        if len(self) < 2 or bool((np.diff(self.ranks) >= 0).all()):
            return np.arange(len(self), dtype=np.int64)
        return np.argsort(self.ranks, kind="stable").astype(np.int64)

    def preferring(self, flags: Bools) -> "Rows":
        """Return the same rows, of which these count as newer than the others of their source."""
        return Rows(self.table, self.addresses, self.sources, self.ranks * 2 + flags)

    def at(self, rows: Codes) -> "Rows":
        """Return these rows only."""
        return Rows(self.table.take(pa.array(rows)), self.addresses, self.sources[rows], self.ranks[rows])

    def array(self, name: str) -> pa.Array:
        """Return a column as one array."""
        column = self.table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def stated(self, name: str) -> Codes:
        """Return the rows that state a text that is not blank."""
        if self.array(name).null_count == len(self):
            return np.zeros(0, dtype=np.int64)
        return np.array(
            [row for row, text in enumerate(self.texts(name)) if (text or "").strip()], dtype=np.int64
        )

    def valid(self, name: str) -> Bools:
        """Return which rows state this column."""
        flags: Bools = np.asarray(self.array(name).is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
        return flags

    def texts(self, name: str) -> list[str | None]:
        """Return a text column; null is None."""
        values: list[str | None] = self.array(name).to_pylist()
        return values

    def numbers(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return a numeric column; null is NaN."""
        return np.asarray(self.array(name).to_numpy(zero_copy_only=False), dtype=np.float64)

    def address(self, row: int) -> str:
        """Return the address of the source that states this row."""
        address: str = self.addresses[self.sources[row]]
        return address

    @cached_property
    def _places(self) -> list[str | None]:
        return self.texts("place")

    @cached_property
    def _citations(self) -> list[str | None]:
        return self.texts("citation")

    @cached_property
    def _files(self) -> list[str]:
        return [PurePath(address).name for address in self.addresses]

    def place(self, row: int) -> str:
        """Return the line or path of this row in its source."""
        return self._places[row] or ""

    def cited(self, row: int) -> str:
        """Return where a figure comes from: its citation, else "file name, place"."""
        citation = self._citations[row]
        if citation:
            return citation
        file, place = self._files[self.sources[row]], self._places[row]
        return f"{file}, {place}" if place else file

    def finding(self, row: int, code: str, subject: str, text: str) -> Finding:
        """Make a finding about this row."""
        return finding(code, subject, text, source=self.address(row), place=self.place(row))


def rows_of(claims: Claims) -> dict[str, Rows]:
    """Return every table of the claims with its origins."""
    ranks = age_ranks(claims.sources)
    addresses = claims.sources.column("address").to_pylist()
    made = {}
    for name, table in claims.tables.items():
        sources = np.asarray(table.column("source").to_numpy(), dtype=np.int64)
        made[name] = Rows(table.combine_chunks(), addresses, sources, ranks[sources])
    return made


def tier_ranks(tiers: pa.Array, default: str) -> Codes:
    """Return the rank of each tier, shape (rows,): 0 is the best evidence; a missing tier is the default.

    >>> tier_ranks(pa.array(["measured", None, "imputed"]), "reported").tolist()
    [0, 1, 5]
    """
    coded = tiers.dictionary_encode()
    ranks = np.array([*map(tier_rank, coded.dictionary.to_pylist()), tier_rank(default)], dtype=np.int64)
    numbers = pc.fill_null(coded.indices, len(ranks) - 1).to_numpy(zero_copy_only=False)
    found: Codes = ranks[numbers]
    return found


def latest(groups: Codes, rows: Codes, count: int) -> Codes:
    """Return the last of these rows in each group, shape (count,); -1 where there is none.

    >>> latest(np.array([0, 1, 0]), np.array([0, 1, 2]), 3).tolist()
    [2, 1, -1]
    """
    winners = np.full(count, -1, dtype=np.int64)
    winners[groups[rows]] = rows
    return winners


def taken(values: pa.Array, rows: Codes) -> pa.Array:
    """Return the values at these rows; -1 gives null."""
    return pc.take(values, pa.array(rows, mask=rows < 0))


def facts(rows: Rows, groups: Codes, count: int, names: Iterable[str], order: Codes) -> dict[str, Taken]:
    """Return for each column the last row in this order that states it, group by group, and the values."""
    made = {}
    nobody = np.full(count, -1, dtype=np.int64)
    for name in names:
        values = rows.array(name)
        if values.null_count == len(values):
            made[name] = (nobody, pa.nulls(count, values.type))
            continue
        stated = order if not values.null_count else order[rows.valid(name)[order]]
        winners = latest(groups, stated, count)
        made[name] = (winners, taken(values, winners))
    return made
