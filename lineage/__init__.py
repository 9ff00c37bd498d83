"""Lineage graphs of data sets, models and their descendants, and the cost they carry.

Names are loaded when they are first used, so that importing the package stays cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.errors import LineageError
    from lineage.explanation import explain
    from lineage.findings import Finding
    from lineage.graph import Graph, resolve
    from lineage.importing import read, read_claims
    from lineage.reports import report
    from lineage.run import Run
    from lineage.stores import connect
    from lineage.uncertainty import Uncertainty
    from lineage.views.bill import bill
    from lineage.views.cost import cost
    from lineage.views.family import family
    from lineage.views.gradients import drivers
    from lineage.views.jobs import job_sheet, serving
    from lineage.views.samples import samples
    from lineage.views.sensitivity import sensitivity
    from lineage.views.tree import tree

__version__ = "0.1.0"

# public name -> module that holds it
_WHERE = {
    "Finding": "lineage.findings",
    "Graph": "lineage.graph",
    "LineageError": "lineage.errors",
    "Run": "lineage.run",
    "Uncertainty": "lineage.uncertainty",
    "bill": "lineage.views.bill",
    "connect": "lineage.stores",
    "cost": "lineage.views.cost",
    "drivers": "lineage.views.gradients",
    "explain": "lineage.explanation",
    "family": "lineage.views.family",
    "job_sheet": "lineage.views.jobs",
    "read": "lineage.importing",
    "read_claims": "lineage.importing",
    "report": "lineage.reports",
    "resolve": "lineage.graph",
    "samples": "lineage.views.samples",
    "sensitivity": "lineage.views.sensitivity",
    "serving": "lineage.views.jobs",
    "tree": "lineage.views.tree",
}

__all__ = [
    "Finding",
    "Graph",
    "LineageError",
    "Run",
    "Uncertainty",
    "__version__",
    "bill",
    "connect",
    "cost",
    "drivers",
    "explain",
    "family",
    "job_sheet",
    "read",
    "read_claims",
    "report",
    "resolve",
    "samples",
    "sensitivity",
    "serving",
    "tree",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'lineage' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
