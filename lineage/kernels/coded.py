"""Columns of a graph as arrays, keyed by (table, column), as a store keeps them beside its tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.labels import Labels, Texts
from lineage.kernels.ordered import Order

__all__ = ["Coded"]

Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Coded:
    """Arrays with the values of a graph's columns; `rows` counts the rows of every table.

    numbers   float64 columns, NaN is null; int32 codes; yes/no as bool
    labels    columns of few different texts, null is ""
    texts     columns of many
    empty     columns without any value
    order     the order of solving; None where products are made out of each other
    """

    rows: Mapping[str, int]
    numbers: Mapping[Key, np.ndarray[Any, np.dtype[Any]]]
    labels: Mapping[Key, Labels]
    texts: Mapping[Key, Texts]
    empty: frozenset[Key]
    order: Order | None

    def floats(self, table: str, name: str) -> Floats | None:
        """Return a numeric column, NaN where null; None where it is kept in the table only."""
        if (table, name) in self.empty:
            return np.broadcast_to(np.nan, (self.rows[table],))
        values: Floats | None = self._of(table, name, np.float64)
        return values

    def integers(self, table: str, name: str) -> Codes | None:
        """Return a column of codes; None where it is kept in the table only."""
        codes: Codes | None = self._of(table, name, np.int32)
        return codes

    def flags(self, table: str, name: str) -> Flags | None:
        """Return a yes/no column, null is False; None where it is kept in the table only."""
        if (table, name) in self.empty:
            return np.broadcast_to(np.False_, (self.rows[table],))
        flags: Flags | None = self._of(table, name, np.bool_)
        return flags

    def labelled(self, table: str, name: str) -> Labels | None:
        """Return a column of few different texts; None where it is kept in the table only."""
        if (table, name) in self.empty:
            return Labels(np.broadcast_to(np.int8(0), (self.rows[table],)), ("",))
        return self.labels.get((table, name))

    def _of(self, table: str, name: str, kind: Any) -> Any:
        found = self.numbers.get((table, name))
        return found if found is not None and found.dtype == kind else None
