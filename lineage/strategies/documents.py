"""The JSON document lineage/compare/1: one plan, some families, or scores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lineage.run import Run
from lineage.strategies.families import FamilyComparison
from lineage.strategies.planned import PlanComparison
from lineage.views.samples import run_record

if TYPE_CHECKING:
    from lineage.strategies.quality import QualityTable

__all__ = ["document_of_families", "document_of_plan", "document_of_scores"]


def document_of_plan(told: PlanComparison, run: Run | None = None) -> dict[str, Any]:
    """Return the comparison of a plan as the JSON document lineage/compare/1."""
    run_said = (run or Run()).as_dict() | {"impact": told.plan.impact, "unit": told.unit}
    return _document("plan", told.mode, told.unit, run_said) | {
        "comparison": told.as_dict(),
        "findings": [item.as_dict() for item in told.findings],
    }


def document_of_families(told: Sequence[FamilyComparison], mode: str, run: Run) -> dict[str, Any]:
    """Return the comparisons of bases as the JSON document lineage/compare/1."""
    first = told[0] if told else None
    run_said = run_record(first.result) if first else run.as_dict()
    return _document("family", mode, run.unit, run_said) | {
        "families": [item.as_dict() for item in told],
        "findings": [item.as_dict() for item in first.findings] if first else [],
    }


def document_of_scores(told: "QualityTable", run: Run) -> dict[str, Any]:
    """Return a table of quality as the JSON document lineage/compare/1."""
    return _document("quality", None, run.unit, run.as_dict()) | {"quality": told.as_dict()}


def _document(kind: str, mode: str | None, unit: str, run: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "lineage/compare/1",
        "kind": kind,
        "mode": mode,
        "unit": unit,
        "run": run,
        "comparison": None,
        "families": [],
        "quality": None,
        "findings": [],
    }
