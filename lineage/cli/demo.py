"""The command `demo`."""

import io
from pathlib import Path

import click

from lineage.cli.opening import spare_pandas
from lineage.cli.options import output_options
from lineage.cli.output import Output

__all__ = ["demo_command"]


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="Where the report is written; by default here.",
)
@output_options
def demo_command(folder: Path, output: Output) -> None:
    """Show the bundled supply chain on published figures: what reuse really costs. No network, no store.

    With a --format other than table it gives all figures of the bundled products, as `lineage cost` does.

    \b
    Example:
      lineage demo
    """
    spare_pandas()
    from lineage.demo import RUN, demo_graph, run_demo

    if output.format == "table":
        text = io.StringIO()
        run_demo(folder, out=text)
        output.write(text.getvalue())
        return
    from lineage.cli.costing import cost_answer
    from lineage.views.cost import cost

    result = cost(demo_graph(), RUN)
    output.show(cost_answer(result, list(result.existing), output))
