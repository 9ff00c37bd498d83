"""The command `sensitivity`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli.figures import header, unit_suffix
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, product_argument, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import told_findings, uncertainty_of, uncertainty_option
from lineage.cli.text import counted, share
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.views.sensitivity import Sensitivity, Swing

__all__ = ["sensitivity_command"]

MOST_ROWS = 30  # of the table for people


@click.command("sensitivity")
@product_argument
@uncertainty_option
@click.option(
    "--sobol",
    type=click.IntRange(min=64),
    metavar="N",
    help="Also first-order and total Sobol indices from N samples, a power of two (extra `sensitivity`).",
)
@store_option
@run_options
@output_options
def sensitivity_command(  # noqa: PLR0913 - one parameter per option
    product: str, uncertainty: Path | None, sobol: int | None, address: str, run: Run, output: Output
) -> None:
    """Say which uncertain inputs move the EPC of PRODUCT, and how far.

    Each input, and each weight, goes from its 5th to its 95th percentile while the others stay at their best values.

    \b
    Example:
      lineage sensitivity model:distilbert --impact energy --uncertainty uncertainty.toml
      lineage sensitivity model:distilbert --impact energy --sobol 1024 --format json
    """
    from lineage.views.sensitivity import sensitivity

    given = uncertainty_of(uncertainty)
    told = sensitivity(stored_graph(address), product, run, uncertainty=given, sobol=sobol)
    output.show(sensitivity_answer(told, output))


def sensitivity_answer(told: "Sensitivity", output: Output) -> Answer:
    """Return the inputs by their swing."""
    unit = told.unit
    limited = output.format == "table" and output.file is None
    rows = [row for row in told.rows if row.swing][:MOST_ROWS] if limited else told.rows
    columns = ["input", "from", "to", f"{told.view} from", f"{told.view} to", "swing"]
    cells = [_cells(row, unit) for row in rows]
    if told.evaluations:
        columns += ["first order", "total"]
        cells = [(*cell, _index(row.first), _index(row.total)) for cell, row in zip(cells, rows, strict=True)]
    bound = "≥ " if told.at_least else ""
    notes = ["", f"{told.view} with every input at its best: {bound}{show(told.best, unit)}"]
    if len(rows) < len(told.rows):
        notes.insert(
            0, f"... and {counted(len(told.rows) - len(rows), 'input')} that move it less or not at all"
        )
    if not told.rows:
        notes.append(
            "Nothing is uncertain: no figure has a range, no weight is sampled; see --uncertainty FILE."
        )
    if told.evaluations:
        notes.append(
            f"Sobol: {told.evaluations:,} evaluations; {counted(len(told.analysed), 'input')} varied, "
            f"{counted(len(told.fixed), 'input')} fixed at best: "
            "swing below 1 % of the largest, or not among the first 20"
        )
    suffix, view = unit_suffix(unit), told.view.lower()
    return Answer(
        document=told.as_dict(),
        records=[
            {name: value for name, value in row.as_dict().items() if name not in ("low", "high", "swing")}
            | {
                f"{view}_{suffix}_low": row.low,
                f"{view}_{suffix}_high": row.high,
                f"swing_{suffix}": row.swing,
            }
            for row in told.rows
        ],
        columns=[*_FACTS, f"{view}_{suffix}_low", f"{view}_{suffix}_high", f"swing_{suffix}", *_INDICES],
        title=header(told.result.run, f"Sensitivity of the {told.view} of {told.product}"),
        grid=Grid(columns, cells),
        notes=[*notes, *told_findings(told.findings, output)],
        findings=told.findings,
    )


_FACTS = ("input", "kind", "name", "relative", "input_low", "input_best", "input_high")
_INDICES = ("first", "first_error", "total", "total_error")


def _cells(row: "Swing", unit: str) -> tuple[str, ...]:
    ends = (row.input_low, row.input_high)
    if row.relative or row.kind == "weight":
        told = [share(end) for end in ends]
    else:
        from lineage.uncertainty import SECTIONS

        told = [show(end, SECTIONS[row.kind][0] or (unit if row.kind == "own" else "")) for end in ends]
    return (row.input, *told, show(row.low, unit), show(row.high, unit), show(row.swing, unit))


def _index(value: float | None) -> str:
    return "fixed" if value is None else f"{value:.2f}"
