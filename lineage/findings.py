"""What was repaired, guessed, merged, dropped or overruled: collected, never only logged."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["CODES", "Finding", "Severity", "count_by_code", "finding"]

Severity = Literal["info", "warning", "error"]

# code -> (severity, what it means). The codes are stable: pipelines fail on them by name.
CODES: dict[str, tuple[Severity, str]] = {
    "self-edge": ("warning", "a product names itself as its parent; the edge is dropped"),
    "parallel-edge": ("info", "several edges between the same two products became one"),
    "duplicate-edge": ("info", "two sources give the same edge; the better evidence is kept"),
    "cycle": ("warning", "products that are made out of each other"),
    "dropped-edge": ("warning", "an edge was dropped to break a cycle"),
    "unknown-parent": ("info", "a parent that no source describes; a placeholder stands for it"),
    "unresolved-parent": (
        "warning",
        "a parent that is a local path or junk, not a product; the edge is left out",
    ),
    "merged-identity": ("info", "two spellings of one product were merged"),
    "ambiguous-identity": ("warning", "spellings that may be one product, but were not merged"),
    "conflicting-value": ("info", "two sources disagree on a property; the newer one is kept"),
    "repeated-record": ("info", "a source holds the same record twice"),
    "over-allocated": ("error", "explicit weights hand out more than the whole product"),
    "unallocated": ("warning", "a product that is not used itself keeps a part that nobody carries"),
    "undated": ("info", "no date; counts as always there"),
    "missing-pue": ("info", "no PUE given; 1 is used"),
    "imputed": ("info", "own costs that are estimates: nobody published them"),
    "missing-figure": ("info", "no cost is known for a product"),
    "missing-component": ("info", "a part of a job's cost is unknown"),
    "unknown-grid": ("warning", "a job names an electricity supply that no table describes"),
    "unknown-system": ("warning", "a job names hardware that no table describes"),
    "unit-suspect": ("warning", "a unit or a magnitude that is probably wrong"),
    "does-not-reconcile": ("warning", "two figures for the same thing differ by more than 1 %"),
    "hours-suspect": (
        "warning",
        "hours of devices taken for hours of the clock, or devices multiplied twice",
    ),
    "pue-suspect": ("warning", "a PUE that was applied twice, or left out of a figure"),
    "market-zero": ("warning", "a zero by contract, without the figure of the location beside it"),
    "energy-contradicts": ("warning", "an energy that hardware, hours and power do not give"),
    "carbon-contradicts": ("warning", "a carbon that energy and grid do not give"),
    "other-grid": ("warning", "one run that is stated on two grids, or on two bases"),
    "total-suspect": ("warning", "a total that seems to hold other products' totals without saying so"),
    "shared-figure": ("warning", "one figure that several products of a family state as their own"),
    "copied-figure": ("warning", "a figure that equals the one of what the product was made out of"),
    "outdated-figure": ("warning", "a figure that another source puts at half or double of it, or beyond"),
    "superseded": ("info", "a figure that its source or a later one has withdrawn; it never wins"),
    "contains": ("info", "a total that holds other products' totals; it is not added to them"),
    "not-sampled": ("info", "an uncertain input that is not drawn: its figures are lower bounds or fixed"),
    "unused-uncertainty": ("info", "a line of the uncertainty that fits no input of the run"),
    "scenario-unused": ("info", "a job that a change of a scenario does not reach; it stays as it is"),
    "missing-property": ("warning", "the policy's property is missing; equal shares are used instead"),
    "explicit-weight-ignored": ("info", "the policy has no edge weights, so explicit ones are ignored"),
    "guessed-relation": ("info", "the relation was inferred from names or tags"),
    "guessed-phase": ("info", "the phase of a job was taken from a name, or assumed"),
    "repaired-value": ("info", "a value was cleaned before it was read"),
    "ignored-value": ("warning", "a value could not be read and was left out"),
    "interrupted-run": ("warning", "a measured run that did not finish"),
    "shared-machine": (
        "warning",
        "runs were measured on one machine at the same time; each counts all of it",
    ),
    "failed-run": ("info", "a measured run that ended in failure; its cost counts all the same"),
    "partial-job": (
        "warning",
        "a tracked run whose measurement was killed; its job holds the part until then",
    ),
    "estimated-power": ("info", "a measurement that rests on rated or constant power, not on a counter"),
    "skipped-file": ("warning", "a file that could not be read was left out"),
    "non-user": ("info", "a product that is not used itself"),
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing a reader of the figures should know.

    `code` is one of `CODES`; `subject` is a product id, an edge "product <- parent", a job id or a file;
    `source` and `place` say which file, and where in it.
    """

    code: str
    severity: Severity
    subject: str
    text: str
    source: str = ""
    place: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the fields as JSON holds them; empty `source` and `place` are left out."""
        return {key: value for key, value in asdict(self).items() if value or key not in ("source", "place")}


def finding(code: str, subject: str, text: str, *, source: str = "", place: str = "") -> Finding:
    """Make a finding with the severity that belongs to its code.

    >>> finding("self-edge", "model:a", "model:a names itself as its parent").severity
    'warning'
    """
    severity, _ = CODES[code]
    return Finding(code, severity, subject, text, source, place)


def count_by_code(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each code, sorted by code."""
    return dict(sorted(Counter(item.code for item in findings).items()))
