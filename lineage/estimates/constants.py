"""The ranges that estimates rest on, as calibration wrote them (lineage/data/estimates/ranges.csv)."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lineage.estimates.spans import Span

__all__ = ["Range", "makers", "range_of", "ranges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A calibrated range: low, best and high, its unit, from how many cases of what, and what it means."""

    name: str
    lo: float
    best: float
    hi: float
    unit: str
    cases: int
    source: str
    meaning: str

    @property
    def span(self) -> Span:
        """The range as a term of a product."""
        return Span.of(self.lo, self.best, self.hi)

    @property
    def citation(self) -> str:
        """Where the range comes from, on one line."""
        return f"{self.cases} cases: {self.source}" if self.cases else self.source


@cache
def ranges() -> dict[str, Range]:
    """Return all ranges by name."""
    text = (files("lineage") / "data" / "estimates" / "ranges.csv").read_text(encoding="utf-8")
    return {
        row["name"]: Range(
            name=row["name"],
            lo=float(row["lo"]),
            best=float(row["best"]),
            hi=float(row["hi"]),
            unit=row["unit"],
            cases=int(row["cases"]),
            source=row["source"],
            meaning=row["meaning"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def range_of(name: str) -> Range:
    """Return one range.

    >>> range_of("draw").unit
    '1'
    """
    return ranges()[name]


@cache
def makers() -> frozenset[str]:
    """Return the owners on the Hub, in lower case, whose models without a base were trained from nothing."""
    text = (files("lineage") / "data" / "estimates" / "makers.csv").read_text(encoding="utf-8")
    return frozenset(line.strip().lower() for line in text.splitlines()[1:] if line.strip())
