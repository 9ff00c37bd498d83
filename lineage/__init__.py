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
    from lineage.scenarios import Scenario, diff, restate, whatif
    from lineage.stores import connect
    from lineage.strategies import Plan, compare, policies, recommend
    from lineage.tracking import track
    from lineage.uncertainty import Uncertainty
    from lineage.views.bill import bill
    from lineage.views.cost import cost
    from lineage.views.depreciation import Terms
    from lineage.views.family import family
    from lineage.views.gradients import drivers
    from lineage.views.inference import inference_sheet
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
    "Plan": "lineage.strategies.plans",
    "Run": "lineage.run",
    "Scenario": "lineage.scenarios",
    "Terms": "lineage.views.depreciation",
    "Uncertainty": "lineage.uncertainty",
    "bill": "lineage.views.bill",
    "compare": "lineage.strategies.realised",
    "connect": "lineage.stores",
    "cost": "lineage.views.cost",
    "diff": "lineage.scenarios",
    "drivers": "lineage.views.gradients",
    "explain": "lineage.explanation",
    "family": "lineage.views.family",
    "inference_sheet": "lineage.views.inference",
    "job_sheet": "lineage.views.jobs",
    "policies": "lineage.strategies.allotments",
    "read": "lineage.importing",
    "read_claims": "lineage.importing",
    "recommend": "lineage.strategies.advice",
    "report": "lineage.reports",
    "resolve": "lineage.graph",
    "restate": "lineage.scenarios",
    "samples": "lineage.views.samples",
    "sensitivity": "lineage.views.sensitivity",
    "serving": "lineage.views.jobs",
    "track": "lineage.tracking",
    "tree": "lineage.views.tree",
    "whatif": "lineage.scenarios",
}

__all__ = [
    "Finding",
    "Graph",
    "LineageError",
    "Plan",
    "Run",
    "Scenario",
    "Terms",
    "Uncertainty",
    "__version__",
    "bill",
    "compare",
    "connect",
    "cost",
    "diff",
    "drivers",
    "explain",
    "family",
    "inference_sheet",
    "job_sheet",
    "policies",
    "read",
    "read_claims",
    "recommend",
    "report",
    "resolve",
    "restate",
    "samples",
    "sensitivity",
    "serving",
    "track",
    "tree",
    "whatif",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'lineage' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
