"""The command `drivers`."""

from typing import TYPE_CHECKING

import click

from lineage.cli.figures import amount, header
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, product_argument, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import share
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.views.gradients import Driver, Drivers

__all__ = ["drivers_command"]


@click.command("drivers")
@product_argument
@click.option(
    "--top", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="The N strongest."
)
@store_option
@run_options
@output_options
def drivers_command(product: str, top: int, address: str, run: Run, output: Output) -> None:
    """Say which own cost or weight moves the EPC of PRODUCT most, by exact derivatives.

    "1 % more" of the input changes the figure by so many per cent; "per unit" is what it changes by for each unit of
    an own cost, or for a whole share. One input is moved at a time. How far an uncertain input may really lie off is
    what lineage sensitivity says.

    \b
    Example:
      lineage drivers model:distilbert --impact energy
    """
    from lineage.views.gradients import drivers

    output.show(drivers_answer(drivers(stored_graph(address), product, run, top=top), run))


def drivers_answer(result: "Drivers", run: Run) -> Answer:
    """Return the inputs, the strongest first."""
    more = result.count - len(result.rows)
    notes = ["", f"{result.view} {amount(result.total, result.unit)}; every other input stays as it is"]
    if more:
        notes.append(f"... and {more:,} more: --top N")
    if result.view == "burden":
        notes.append(f"Policy {run.policy} has no edge weights, so there are own costs only.")
    return Answer(
        document=result.as_dict(),
        records=[row.as_dict() for row in result.rows],
        columns=("kind", "product", "parent", "value", "derivative", "elasticity", "source"),
        title=header(run, f"What moves the {result.view} of {result.product}"),
        grid=Grid(
            ("input", "from", "now", "1 % more", "per unit"),
            [_cells(row, result.unit) for row in result.rows],
            left=2,
        ),
        notes=notes,
    )


def _cells(row: "Driver", unit: str) -> tuple[str, ...]:
    effect = "?" if row.elasticity is None else f"{row.elasticity:+.3g} %"
    if row.kind == "cost":
        per_unit = "?" if row.derivative is None else f"{row.derivative:.4g}"
        return (f"own cost of {row.product}", row.source, show(row.value, unit), effect, per_unit)
    name = f"share {row.product} <- {row.parent}"
    return (name, row.source, share(row.value), effect, show(row.derivative, unit))
