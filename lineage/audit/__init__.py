"""Audit: what published figures say against themselves and each other (docs/audit.md).

Each kind of trap is a file with `find`, over the evidence of a graph; those that explain how far a stated figure
is from what its inputs imply also have `cause`. Nothing is repaired: a finding says both figures, the arithmetic
between them, and the most likely correction.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from lineage.audit import (
    copies,
    device_hours,
    energies,
    grids,
    magnitudes,
    market,
    outdated,
    pue,
    shared,
    totals,
)
from lineage.audit.comparing import Cause, Comparison, comparisons
from lineage.audit.evidence import Evidence, read_evidence
from lineage.findings import Finding
from lineage.graph import Graph

if TYPE_CHECKING:
    from lineage.stores.base import Store

__all__ = ["CAUSES", "CHECKS", "audit"]

CHECKS: Final[tuple[Callable[[Evidence], Iterator[Finding]], ...]] = (
    magnitudes.find,
    device_hours.find,
    pue.find,
    market.find,
    totals.find,
    shared.find,
    copies.find,
    outdated.find,
    energies.find,
    grids.find,
)

# The first that explains a difference names it: inputs that are at hand before units, a bare contradiction last.
CAUSES: Final[tuple[tuple[str, Callable[[Comparison], Cause | None]], ...]] = (
    (pue.CODE, pue.cause),
    (device_hours.CODE, device_hours.cause),
    (magnitudes.CODE, magnitudes.cause),
    (energies.CODE, energies.cause),
    (grids.CODE, grids.cause),
)


def audit(source: "Graph | Store") -> tuple[Finding, ...]:
    """Return what the published figures of a graph, or of a store's newest graph, say against each other.

    Looks at what each source states (the claims, where they are kept), not only at what won. Figures within 5 %
    agree, as published ones are rounded. Raises `InputError` for a job whose inputs cannot be right, and what
    reading the store raises.

    >>> from lineage.testing import graph
    >>> job = {"product": "m", "energy_kwh": 324e3, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 231.0}
    >>> [item] = audit(graph("m", own={"m": 70e6}, jobs=[job]))
    >>> item.code, item.text.partition(":")[0]
    ('carbon-contradicts', '70 t is stated, but 324 MWh x 231 g/kWh = 74.84 t (-6.5 %)')
    """
    graph = source if isinstance(source, Graph) else source.read()
    evidence = read_evidence(graph)
    found = [item for check in CHECKS for item in check(evidence)]
    told = {(item.subject, item.source, item.place) for item in found if item.code in _TELLING}
    for comparison in comparisons(evidence):
        if not comparison.agrees:
            explained = _explained(comparison)
            if (
                explained.code not in _BARE
                or (explained.subject, explained.source, explained.place) not in told
            ):
                found.append(explained)
    return tuple(dict.fromkeys(found))


# A bare contradiction adds nothing where one of these says why the same row is off.
_BARE: Final = frozenset({energies.CODE, grids.CODE})
_TELLING: Final = frozenset({totals.CODE, copies.CODE, outdated.CODE, grids.OTHER, magnitudes.CODE})


def _explained(comparison: Comparison) -> Finding:
    """Return the finding of the first cause that explains a comparison; the last two explain any."""
    explained = ((code, cause(comparison)) for code, cause in CAUSES)
    return next(comparison.finding(code, found) for code, found in explained if found is not None)
