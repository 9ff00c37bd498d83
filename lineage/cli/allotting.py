"""The command `policies`."""

from typing import TYPE_CHECKING

import click

from lineage.cli.figures import finding_notes, full_amount
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import share
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.strategies.allotments import PolicyRow, PolicyTable

__all__ = ["policies_command"]


@click.command("policies")
@click.argument("products", nargs=-1, required=True, metavar="PRODUCT...")
@store_option
@run_options
@output_options
def policies_command(products: tuple[str, ...], address: str, run: Run, output: Output) -> None:
    """Show the burden and EPC of PRODUCT under every policy, beside each other.

    With the question that each policy answers, the spread, and whether it is fair: burdens add up to the costs, and no
    group of products pays more than it would alone. --policy changes nothing here.

    \b
    Example:
      lineage policies model:bloomz-7b model:bloom-7b1 --impact energy
      lineage policies model:bert-base --cff-a 0.2 --format csv
    """
    from lineage.strategies.allotments import policies

    output.show(policies_answer(policies(stored_graph(address), products, run), run, output))


def policies_answer(told: "PolicyTable", run: Run, output: Output) -> Answer:
    """Return one block of rows per product, then the policies' questions."""
    from lineage.strategies.allotments import QUESTIONS

    several = len(told.rows) > 1
    rows = [cells for row in told.rows for cells in _cells(row, told, several)]
    columns = ["policy", "burden", "EPC", "adds up", "no group overpays"]
    return Answer(
        document=told.as_dict(),
        records=told.records(),
        title=f"Every policy, in {told.unit}; impact: {run.impact}; as of: {run.as_of or 'now'}"
        + ("" if several else f"; {told.rows[0].id}"),
        grid=Grid(["product", *columns] if several else columns, rows, left=2 if several else 1),
        notes=[
            "",
            *(line for row in told.rows for line in _spread(row, told.unit)),
            *(f"Assumed: {line}" for line in told.assumed),
            *_unfair(told),
            "",
            *(f"{name}: {question}" for name, question in QUESTIONS.items()),
            *finding_notes(told.findings, verbose=output.verbose),
        ],
        findings=told.findings,
    )


def _cells(row: "PolicyRow", told: "PolicyTable", several: bool) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = []
    for item in row.allotments:
        check = told.checks[item.policy]
        figures = [
            "-" if figure is None else full_amount(figure, told.unit) for figure in (item.burden, item.epc)
        ]
        said = (item.policy, *figures, _yes(check.efficient), _yes(check.in_core, check.checked))
        cells.append((row.id, *said) if several else said)
    return cells


def _yes(value: bool | None, how: str = "") -> str:
    word = "-" if value is None else "yes" if value else "no"
    return f"{word} (single products)" if value and how == "single products" else word


def _spread(row: "PolicyRow", unit: str) -> list[str]:
    least, most = row.least, row.most
    known = f"own costs known of {share(row.covered)}"
    if least is None or most is None:
        return [f"{row.id}: no burden is known under any policy; {known}"]
    form = ",.3g" if row.ratio is None or row.ratio < 1000 else ",.0f"
    times = "" if row.ratio is None else f", {row.ratio:{form}} times"
    ends = f"{show(least[0], unit)} ({least[1]}) to {show(most[0], unit)} ({most[1]})"
    return [f"{row.id}: burden from {ends}{times}; {known}"]


def _unfair(told: "PolicyTable") -> list[str]:
    lines = []
    for name, check in told.checks.items():
        if check.in_core is False:
            named = ", ".join(check.worst[:3]) + (
                f" and {len(check.worst) - 3:,} more" if len(check.worst) > 3 else ""
            )
            lines.append(f"Overpays under {name}: {named}, by {show(check.excess, told.unit)}")
    return lines
