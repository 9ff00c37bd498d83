"""Two tables of factors beside each other: what was added, removed or changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from lineage.factors.factor import Factor

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A factor that is not the same in two tables; `old` is None for an added one, `new` for a removed one."""

    old: Factor | None
    new: Factor | None

    @property
    def factor(self) -> Factor:
        """The newer of the two."""
        factor = self.old if self.new is None else self.new
        assert factor is not None
        return factor

    @property
    def change(self) -> Literal["added", "removed", "value", "range", "source"]:
        """What changed: the value, else the range, else what is said about it."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        if self.old.value != self.new.value:
            return "value"
        return "range" if (self.old.lo, self.old.hi) != (self.new.lo, self.new.hi) else "source"

    @property
    def ratio(self) -> float | None:
        """New value over old value; None where one is missing or the old one is 0."""
        if self.old is None or self.new is None or not self.old.value:
            return None
        return self.new.value / self.old.value

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON holds it."""
        factor = self.factor
        return {
            "change": self.change,
            "kind": factor.kind,
            "name": factor.name,
            "year": factor.year,
            "basis": factor.basis,
            "unit": factor.unit,
            "ratio": self.ratio,
            "old": self.old and self.old.as_dict(),
            "new": self.new and self.new.as_dict(),
        }


def differences(old: Iterable[Factor], new: Iterable[Factor]) -> list[Difference]:
    """Return what is not the same, by kind, name and year (grids by basis too); of two rows of a key the first."""
    before, after = _keyed(old), _keyed(new)
    keys = sorted(before.keys() | after.keys(), key=lambda key: (key[0], key[1], key[2] or 0, key[3]))
    return [Difference(before.get(k), after.get(k)) for k in keys if before.get(k) != after.get(k)]


def _keyed(rows: Iterable[Factor]) -> dict[tuple[str, str, int | None, str], Factor]:
    keyed: dict[tuple[str, str, int | None, str], Factor] = {}
    for row in rows:
        keyed.setdefault((row.kind, row.name, row.year, row.basis if row.kind == "grid" else ""), row)
    return keyed
