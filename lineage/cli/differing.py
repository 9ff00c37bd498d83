"""The commands `restate` and `diff`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.figures import amount, amount_columns, header, unit_suffix
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import told_findings
from lineage.cli.text import aligned, counted
from lineage.cli.whatif import MOST_ROWS, input_cell, moved_cells
from lineage.run import Run

if TYPE_CHECKING:
    from lineage.scenarios import Diff, Restatement
    from lineage.scenarios.restatement import Row

__all__ = ["diff_command", "restate_command"]

MOST_NAMED = 3  # arrivals named in one row


@click.command("restate")
@click.argument("product", required=False)
@click.option("--from", "since", required=True, metavar="DATE", help="The first date, such as 2023-12-31.")
@click.option("--to", "until", required=True, metavar="DATE", help="The second date.")
@click.option(
    "--published",
    metavar="ADDRESS",
    help="The store as it was at the first date, such as lineage.store@000003; what was corrected since comes last.",
)
@store_option
@run_options
@output_options
def restate_command(  # noqa: PLR0913 - one parameter per option
    product: str | None, since: str, until: str, published: str | None, address: str, run: Run, output: Output
) -> None:
    """Show how figures moved between two dates, and for PRODUCT which arrivals moved it.

    Every new descendant changes the shares of all others. Arrivals are applied by date, then by name, corrections last;
    the rows add up to the difference, as printed too.

    \b
    Example:
      lineage restate --from 2023-01-01 --to 2024-01-01
      lineage restate model:bert-base --from 2019-01-01 --to 2020-12-31 --impact energy
    """
    from lineage.scenarios import restate

    earlier = None if published is None else stored_graph(published)
    told = restate(stored_graph(address), run, since, until, earlier=earlier)
    output.show(restate_answer(told, product, output))


def restate_answer(told: "Restatement", product: str | None, output: Output) -> Answer:
    """Return the products whose figure moved, or the arrivals that moved one."""
    rows = told.results if product is None else [told.row(product)]
    limit = MOST_ROWS if output.format == "table" and output.file is None else len(rows)
    more = [f"... and {counted(len(rows) - limit, 'product')} that moved less"] if len(rows) > limit else []
    body = more if rows else ["No figure moved."]
    steps = [] if product is None else told.rows(product)
    if product is not None:
        body += _steps_lines(told, rows[0].difference, steps)
    return Answer(
        document=told.as_dict(product) if output.format == "json" else {},
        records=[_moved_record(row, told.unit) for row in rows]
        if product is None
        else [_step_record(row, told.unit) for row in steps],
        columns=_columns(told.unit) if product is None else _step_columns(told.unit),
        title=header(told.after.run, f"{told.view} as of {told.since} and {told.until}", told.after.engine),
        grid=Grid(
            ("product", f"as of {told.since}", f"as of {told.until}", "difference", "relative"),
            [moved_cells(row, told.unit) for row in rows[:limit]],
        ),
        body=body,
        notes=["", '"-" is a product that was not there yet.', *told_findings(told.after.findings, output)],
        findings=told.after.findings,
    )


def _steps_lines(told: "Restatement", difference: float | None, steps: "Sequence[Row]") -> list[str]:
    """Return the rows that moved a figure, displayed so that what is printed adds up as well."""
    from lineage.scenarios.remainder import displayed
    from lineage.scenarios.restatement import ORDER

    if not steps:
        return ["", "Nothing arrived between the two dates that it depends on."]
    known = [row for row in steps if row.change]
    texts = dict(zip(map(id, known), displayed([row.change or 0.0 for row in known], told.unit), strict=True))
    shown = [row for row in steps if id(row) in texts or (row.change is None and row.figure is not None)]
    cells = [
        (
            row.date,
            _named(row),
            "-" if row.figure is None else amount(row.figure, told.unit),
            texts.get(id(row), "?"),
        )
        for row in shown
    ]
    if difference is not None and known:
        cells.append(
            ("", "together", "", displayed([row.change or 0.0 for row in known], told.unit, together=True)[0])
        )
    idle = sum(len(row.ids) for row in steps) - sum(len(row.ids) for row in shown)
    notes = [f"{counted(idle, 'other arrival')} moved nothing."] if idle else []
    return [
        "",
        "What moved it:",
        *aligned(("date", "arrival", told.view, "change"), cells, left=2),
        *notes,
        f"Order: {ORDER}",
    ]


def _named(row: "Row") -> str:
    if row.what in ("product", "edge", "job"):
        return f"{row.what} {row.ids[0]}"
    more = len(row.ids) - MOST_NAMED
    names = ", ".join(row.ids[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f"{row.what}: {names}"


def _columns(unit: str) -> list[str]:
    sides = [name for side in ("before", "after") for name in amount_columns(side, None, unit)]
    return ["id", *sides, f"difference_{unit_suffix(unit)}", "relative"]


def _moved_record(row: Any, unit: str) -> dict[str, Any]:
    sides = amount_columns("before", row.before, unit) | amount_columns("after", row.after, unit)
    return (
        {"id": row.id} | sides | {f"difference_{unit_suffix(unit)}": row.difference, "relative": row.relative}
    )


def _step_columns(unit: str) -> list[str]:
    return ["date", "what", "ids", *amount_columns("figure", None, unit), f"change_{unit_suffix(unit)}"]


def _step_record(row: "Row", unit: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"date": row.date, "what": row.what, "ids": "; ".join(row.ids)}
    return facts | amount_columns("figure", row.figure, unit) | {f"change_{unit_suffix(unit)}": row.change}


# -- diff --------------------------------------------------------------------------------------------------


@click.command("diff")
@click.argument("origin", metavar="A")
@click.argument("target", metavar="B")
@click.option("--store", "_unused", hidden=True, envvar="LINEAGE_STORE", help="Not used: A and B are stores.")
@run_options
@output_options
def diff_command(origin: str, target: str, _unused: str | None, run: Run, output: Output) -> None:
    """Show what differs from store A to store B: products, edges, jobs, figures, and the results.

    A and B are folders, older states of one as FOLDER@SNAPSHOT, servers, or demo: for the bundled supply chain.

    \b
    Example:
      lineage diff lineage.store@000001 lineage.store
      lineage diff demo: mine.store --impact energy --format json
    """
    from lineage.scenarios import diff

    output.show(diff_answer(diff(stored_graph(origin), stored_graph(target), run), origin, target, output))


def diff_answer(told: "Diff", origin: str, target: str, output: Output) -> Answer:
    """Return the counts, the rows and the results that differ."""
    limited = output.format == "table" and output.file is None
    most = MOST_ROWS if limited else max(len(told.rows), len(told.results))
    cells = [(name, *(f"{count:,}" for count in counts.values())) for name, counts in told.counts.items()]
    body: list[str] = []
    if told.rows:
        lines = aligned(("what", origin, target), [input_cell(item) for item in told.rows[:most]])
        body += ["", "What differs:", *lines, *_more(len(told.rows), most)]
    if told.results:
        lines = aligned(
            ("product", origin, target, "difference", "relative"),
            [moved_cells(row, told.before.unit) for row in told.results[:most]],
        )
        body += ["", f"{told.view} that differs:", *lines, *_more(len(told.results), most)]
    if not told.rows:
        body += ["The two graphs are equal."]
    return Answer(
        document=told.as_dict() | {"from": origin, "to": target},
        records=[item.as_dict() for item in told.rows],
        columns=("table", "id", "what", "field", "before", "after", "unit"),
        title=header(told.after.run, f"From {origin} to {target}", told.after.engine),
        grid=Grid(("table", "added", "removed", "changed"), cells),
        body=body,
        notes=["", *told_findings(told.after.findings, output)] if told.after.findings else (),
        findings=told.after.findings,
    )


def _more(count: int, most: int) -> list[str]:
    return [f"... and {count - most:,} more: --format csv for all"] if count > most else []
