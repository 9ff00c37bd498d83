"""The answer of `compare --scores`: models by quality and carbon."""

from typing import TYPE_CHECKING

from lineage.cli.output import Answer, Grid
from lineage.run import Run
from lineage.strategies.documents import document_of_scores
from lineage.units import show

if TYPE_CHECKING:
    from lineage.strategies.quality import QualityGroup, QualityTable

__all__ = ["quality_answer"]

MOST_ROWS = 15  # of one metric, for people
MOST_GROUPS = 3


def quality_answer(told: "QualityTable", run: Run) -> Answer:
    """Return the Pareto set of each group, then the others by carbon."""
    groups = told.groups[:MOST_GROUPS]
    several = len(groups[0].metrics) > 1
    rows = [cells for group in groups for cells in _cells(group)]
    columns = ["metric", "model", "quality", "evaluation", "JQCR", "quality/g", "Pareto"]
    notes = [
        "",
        "Evaluation: carbon of the evaluation itself (use, not training). JQCR: quality / (gCO2e/h). Pareto: no other",
        "model is as good in every figure and better in one (quality up, carbon down). Two metrics never compare.",
    ]
    hidden = sum(max(0, len(group.rows) - MOST_ROWS) for group in groups)
    hidden += sum(len(group.rows) for group in told.groups[MOST_GROUPS:])
    if hidden:
        notes.insert(0, f"... and {hidden:,} more rows (--format csv lists all, --metric NAME chooses)")
    metrics = (
        "; ".join(groups[0].metrics)
        if several
        else f"{len(told.groups)} metrics"
        if len(told.groups) > 1
        else groups[0].metrics[0]
    )
    return Answer(
        document=document_of_scores(told, run),
        records=told.records(),
        title=f"Quality and carbon: {metrics}; higher is better",
        grid=Grid(columns, rows, left=2),
        notes=notes,
    )


def _cells(group: "QualityGroup") -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = []
    for row in group.rows[:MOST_ROWS]:
        for place, metric in enumerate(group.metrics):
            mark = "?" if row.pareto is None else "yes" if row.pareto else ""
            cells.append(
                (
                    metric.removesuffix(" main_score"),
                    row.product,
                    _digits(row.values[place]),
                    show(row.carbon_gco2e, "gCO2e"),
                    _digits(row.jqcr[place]),
                    _digits(row.per_gram[place]),
                    mark,
                )
            )
    return cells


def _digits(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"
