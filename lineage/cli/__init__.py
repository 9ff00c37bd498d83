"""The command line: `lineage COMMAND`. A command's module is imported when the command is called."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from lineage import __version__
from lineage.cli.boundary import State, report_failure, standing_streams

__all__ = ["COMMANDS", "LazyGroup", "main"]

# name -> (module under lineage.cli, one line of help); the functions in the modules carry the names
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("demo", "Show the bundled supply chain: what reuse really costs."),
    "init": ("filling", "Write template tables to fill in."),
    "load": ("filling", "Add files to the store."),
    "track": ("tracking", "Measure a run and record it as a job."),
    "formats": ("filling", "List what can be read."),
    "snapshots": ("filling", "List the states that the store keeps."),
    "check": ("looking", "Say what is wrong or missing in the store."),
    "list": ("looking", "List the products."),
    "show": ("product", "Show one product, and what one inference on it carries."),
    "inference": ("inferring", "Say what one inference of a product carries, and what is written off."),
    "sources": ("product", "Show who said what about a product, and which figure won."),
    "tree": ("documents", "Draw what a product is made of, and what is made of it."),
    "job": ("jobs", "Compute the cost of the jobs in a file."),
    "cost": ("costing", "Compute own cost, EPC, burden and cumulative cost."),
    "results": ("keeping", "List the runs whose figures are kept with the graph."),
    "family": ("billing", "Add up a product and everything built on it."),
    "compare": ("comparing", "Compare reuse of a base with training from scratch."),
    "policies": ("allotting", "Show a product's burden and EPC under every policy."),
    "recommend": ("advising", "Recommend a base to build on, or what to measure next."),
    "bill": ("billing", "Say who contributed what to a product's cost."),
    "factors": ("factoring", "List the factors: what they say, which are used, and why."),
    "sensitivity": ("sensing", "Say which uncertain inputs move a product's EPC."),
    "drivers": ("driving", "Say which own cost or weight moves a product's cost most."),
    "whatif": ("whatif", "Show what a scenario would change, and what moved it."),
    "restate": ("differing", "Show how figures moved between two dates, and why."),
    "diff": ("differing", "Show what differs between two stores."),
    "explain": ("explaining", "Explain a number: formula, inputs, sources."),
    "query": ("query", "Ask the graph: a question of the catalogue, or Cypher."),
    "copy": ("copying", "Copy a graph from one store to another."),
    "serve": ("serve", "Answer Cypher on a folder, for notebooks and any Bolt client."),
    "warmup": ("warming", "Compile the fast engine ahead of time."),
    "report": ("documents", "Write a report as HTML, Markdown or a model-card block."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the flow."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"lineage.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a wrong name gets "did you mean"."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from lineage.errors import did_you_mean

            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], list(COMMANDS))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; every failure ends here as one message and an exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        state = State()
        try:
            with standing_streams():
                code = super().main(args, prog_name, complete_var, standalone_mode=False, obj=state, **extra)
        except (Exception, KeyboardInterrupt) as error:
            code = report_failure(error, state)
        raise SystemExit(code if isinstance(code, int) else 0)


@click.group(
    cls=LazyGroup,
    context_settings={"max_content_width": 100},
    epilog="Start with: lineage demo. Every command has an example: lineage COMMAND --help",
)
@click.version_option(__version__, prog_name="lineage")
def main() -> None:
    """Who carries the cost of a foundation model? Lineages of data sets, models and platforms, and the
    Embodied Product Cost (EPC) that is handed down along them.

    \b
    Example:
      lineage load cards/ emissions.csv
      lineage cost --policy equal
    """
