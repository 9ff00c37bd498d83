"""Commands that draw and write: tree, report."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lineage.cli.opening import stored_graph
from lineage.cli.options import Known, product_argument, remember, run_options, store_option, talk_options
from lineage.cli.output import Answer, Output, shape_of
from lineage.errors import OptionError
from lineage.run import Run

if TYPE_CHECKING:
    from lineage.views.tree import Tree

__all__ = ["report_command", "tree_command"]

DRAWINGS: Final = ("text", "mermaid", "dot", "svg", "json")
_DRAWING_SUFFIXES: Final = {
    "": "text",
    ".txt": "text",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".json": "json",
}
REPORTS: Final = ("html", "markdown", "card")
_REPORT_SUFFIXES: Final = {
    "": "html",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
}

_output_file = click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file.",
)


# -- tree --------------------------------------------------------------------------------------------------


@click.command("tree")
@product_argument
@click.option("--up", is_flag=True, help="Only what it was made out of.")
@click.option("--down", is_flag=True, help="Only what was made out of it.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="At most N steps away.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="At most N parents and N children of each product; the rest is counted. JSON is never cut.",
)
@click.option(
    "--format", "shape", type=Known(DRAWINGS), help="By default what the suffix of --output says, else text."
)
@_output_file
@store_option
@talk_options
def tree_command(  # noqa: PLR0913 - one parameter per option
    product: str,
    up: bool,
    down: bool,
    depth: int | None,
    limit: int,
    shape: str | None,
    file: Path | None,
    address: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Draw what PRODUCT was made out of, and what was made out of it; neither --up nor --down means both.

    \b
    Example:
      lineage tree model:bert-base --down --depth 2
      lineage tree model:distilbert --output lineage.svg
    """
    remember(quiet=quiet, verbose=verbose)
    shape = shape or (shape_of(file, _DRAWING_SUFFIXES, "--format") if file else "text")
    from lineage.views.tree import tree

    view = tree(stored_graph(address), product, up=up or not down, down=down or not up, depth=depth)
    Output("table", file).write(drawn(view, shape, limit))


def drawn(view: "Tree", shape: str, limit: int) -> str:
    """Return a tree in one of the shapes of `DRAWINGS`."""
    if shape == "json":
        return Answer(document=view.as_dict()).json()
    from lineage.reports.diagrams import tree_dot, tree_mermaid
    from lineage.reports.text import tree_text

    writers: dict[str, Callable[[Tree, int], str]] = {
        "text": tree_text,
        "mermaid": tree_mermaid,
        "dot": tree_dot,
        "svg": _svg,
    }
    return writers[shape](view, limit).rstrip("\n") + "\n"


def _svg(view: "Tree", limit: int) -> str:
    from lineage.reports.drawing import draw
    from lineage.reports.pictures import picture_of_tree

    return draw(picture_of_tree(view.limited(limit)))


# -- report ------------------------------------------------------------------------------------------------


@click.command("report")
@click.argument("product", required=False)
@click.option(
    "--to",
    "form",
    type=Known(REPORTS),
    help="html: a page that opens offline; markdown; card: the block for a model card. By default what the suffix "
    "of --output says, else html.",
)
@_output_file
@store_option
@run_options
@talk_options
def report_command(  # noqa: PLR0913 - one parameter per option
    product: str | None,
    form: str | None,
    file: Path | None,
    address: str,
    run: Run,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write a report on PRODUCT, or on everything in the store; without --output it goes to stdout.

    \b
    Example:
      lineage report model:distilbert --impact energy --output distilbert.html
      lineage report model:distilbert --to card
    """
    remember(quiet=quiet, verbose=verbose)
    form = form or (shape_of(file, _REPORT_SUFFIXES, "--to") if file else "html")
    if form == "card" and product is None:
        raise OptionError("a card is about one product: lineage report PRODUCT --to card")
    from lineage.reports import report

    graph = stored_graph(address)
    output = Output("table", file, quiet=quiet, verbose=verbose)
    output.write(report(graph, product, run, to=form))
    if file is not None:
        output.note(f"Report: {file}")
