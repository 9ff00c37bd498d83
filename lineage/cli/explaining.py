"""The command `explain`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.figures import amount, header, unit_suffix
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, product_argument, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import share
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.explanation import Explanation, Paths

__all__ = ["explain_command"]


@click.command("explain")
@product_argument
@click.option(
    "--depth",
    type=click.IntRange(0, 40),
    default=4,
    show_default=True,
    help="How many steps up the lineage to open.",
)
@click.option(
    "--paths", "count", type=click.IntRange(min=1), metavar="N", help="Instead: the N largest paths."
)
@store_option
@run_options
@output_options
def explain_command(  # noqa: PLR0913 - one parameter per option
    product: str, depth: int, count: int | None, address: str, run: Run, output: Output
) -> None:
    """Explain the EPC of PRODUCT: formula, inputs and sources, parent by parent; or path by path.

    \b
    Example:
      lineage explain model:distilbert --impact energy
      lineage explain model:distilbert --paths 5
    """
    from lineage.explanation import explain, paths

    graph = stored_graph(address)
    if count is not None:
        output.show(paths_answer(paths(graph, product, run, count), run))
        return
    result = explain(graph, product, run, depth=depth)
    name = graph.ids[graph.code(product)]
    output.show(explain_answer(result, name, run))


def explain_answer(result: "Explanation", product: str, run: Run) -> Answer:
    """Return the explanation as a tree; its flat rows carry their level."""
    document = result.as_dict() | {"product": product, "run": run.as_dict()}
    return Answer(
        document=document,
        records=list(_flat(result, 0)),
        columns=("level", "title", "value", "unit", "formula", "note", "sources"),
        title=header(run, result.title),
        body=result.lines(),
    )


def _flat(item: "Explanation", level: int) -> Iterator[dict[str, Any]]:
    yield {
        "level": level,
        "title": item.title,
        "value": item.value,
        "unit": item.unit,
        "formula": item.formula,
        "note": item.note,
        "sources": "; ".join(item.sources),
    }
    for child in item.children:
        yield from _flat(child, level + 1)


def paths_answer(result: "Paths", run: Run) -> Answer:
    """Return the largest paths, and what all others bring."""
    unit = result.unit
    cells = [
        (" -> ".join(row.products), share(row.weight), show(row.contribution, unit), share(row.share))
        for row in result.rows
    ]
    rest = None
    if result.remainder is not None and result.total.best:
        rest = result.remainder / result.total.best
    cells.append(("all other paths", "", show(result.remainder, unit), share(rest)))
    cells.append(("EPC", "", amount(result.total, unit), share(1.0) if result.total.best else "?"))
    notes = ["", "Some paths go round a cycle, so there is no end of them."] if result.cyclic else []
    if not result.complete:
        notes.append("There are too many paths to compare them all; larger ones may exist among the others.")
    column = f"contribution_{unit_suffix(unit)}"
    return Answer(
        document=result.as_dict(),
        records=[
            {
                "path": " -> ".join(row.products),
                "weight": row.weight,
                column: row.contribution,
                "share": row.share,
            }
            for row in result.rows
        ],
        columns=("path", "weight", column, "share"),
        title=header(run, f"Paths into the EPC of {result.product}"),
        grid=Grid(("path", "weight", "contribution", "share"), cells),
        notes=notes,
    )
