"""Options that several commands share, each made into one value."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from lineage.cli.boundary import State
from lineage.cli.output import FORMATS, Output
from lineage.errors import did_you_mean
from lineage.run import CYCLES, ENGINES, POLICIES, USERS, Run
from lineage.schema import IMPACTS

__all__ = [
    "Known",
    "impact_option",
    "output_options",
    "product_argument",
    "remember",
    "run_options",
    "store_option",
    "talk_options",
]

Command = Callable[..., None]

DEFAULT_STORE: Final = "lineage.store"


class Known(click.Choice[str]):
    """A choice that says "did you mean"."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the message for a value that is none of the choices."""
        return super().get_invalid_choice_message(value, ctx).rstrip(".") + did_you_mean(
            str(value), [str(item) for item in self.choices]
        )


def _stacked(command: Command, options: list[Callable[[Command], Command]]) -> Command:
    """Apply options so that help lists them in this order."""
    for option in reversed(options):
        command = option(command)
    return command


store_option = click.option(
    "--store",
    "address",
    metavar="ADDRESS",
    envvar="LINEAGE_STORE",
    default=DEFAULT_STORE,
    show_default=True,
    show_envvar=True,
    help="The store: a folder, an older state of it as FOLDER@SNAPSHOT, or demo: for the bundled supply chain.",
)

product_argument = click.argument("product")

impact_option = click.option(
    "--impact", type=Known(list(IMPACTS)), default="carbon", show_default=True, help="Which impact."
)


def output_options(command: Command) -> Command:
    """Add --format, --output, --strict, --quiet and --verbose; the command gets one `output`."""

    @wraps(command)
    def with_output(*args: Any, **options: Any) -> None:
        file = options.pop("output_file")
        switches = {name: options.pop(name) for name in ("strict", "quiet", "verbose")}
        remember(quiet=switches["quiet"], verbose=switches["verbose"])
        output = Output.chosen(options.pop("output_format"), file, **switches)
        command(*args, output=output, **options)

    return _stacked(
        with_output,
        [
            click.option(
                "--format",
                "output_format",
                type=Known(FORMATS),
                help="The shape of the answer; by default what the suffix of --output says, else table.",
            ),
            click.option(
                "--output",
                "output_file",
                metavar="FILE",
                type=click.Path(path_type=Path, dir_okay=False),
                help="Write to a file.",
            ),
            click.option("--strict", is_flag=True, help="Exit with 1 on any warning or error found."),
            *_TALK,
        ],
    )


def talk_options(command: Command) -> Command:
    """Add --quiet and --verbose."""
    return _stacked(command, _TALK)


_TALK: Final[list[Callable[[Command], Command]]] = [
    click.option("--quiet", "-q", is_flag=True, help="No progress, no notes."),
    click.option("--verbose", "-v", is_flag=True, help="Say more; show a traceback when something fails."),
]


def remember(*, quiet: bool, verbose: bool) -> None:
    """Tell the error boundary how much to say."""
    state = click.get_current_context().obj
    if isinstance(state, State):
        state.verbose, state.quiet = verbose, quiet


def run_options(command: Command) -> Command:
    """Add the options of a computation; the command gets one `run`."""

    @wraps(command)
    def with_run(*args: Any, **options: Any) -> None:
        fields = {name: options.pop(name) for name in _RUN_FIELDS}
        command(*args, run=Run(**fields | {"retain": fields["retain"] == "1"}), **options)

    return _stacked(with_run, _RUN_OPTIONS)


def _choice(name: str, known: tuple[str, ...], default: str, text: str) -> Callable[[Command], Command]:
    return click.option(name, type=Known(known), default=default, show_default=True, help=text)


_RUN_FIELDS: Final = (
    "policy",
    "impact",
    "as_of",
    "cycles",
    "users",
    "property",
    "retain",
    "cff_a",
    "quality",
    "engine",
    "seed",
    "impute",
    "factors",
)
_RUN_OPTIONS: Final[list[Callable[[Command], Command]]] = [
    _choice("--policy", POLICIES, "equal", "How a product's cost is shared out among what was built on it."),
    impact_option,
    click.option("--as-of", metavar="DATE", help="Only what existed then, such as 2024-12-31."),
    _choice("--cycles", CYCLES, "error", "What to do about products made out of each other."),
    _choice("--users", USERS, "all", "Who is used itself: every model, or only products flagged deployed."),
    click.option("--property", metavar="COLUMN", help="The column that policy property divides by."),
    click.option(
        "--retain",
        type=Known(("0", "1")),
        default="1",
        show_default=True,
        help="0: under policy equal, own use gets nothing where there are children.",
    ),
    click.option("--cff-a", type=float, metavar="NUMBER", help="The factor A of policy cff, from 0 to 1."),
    click.option(
        "--quality",
        metavar="COLUMN",
        default="quality",
        show_default=True,
        help="The quality column of policy cff.",
    ),
    _choice("--engine", ENGINES, "auto", "Who computes; all engines give the same numbers."),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random."),
    click.option(
        "--impute",
        is_flag=True,
        help="Fill unknown own costs with estimates, labelled by how they were made.",
    ),
    click.option(
        "--factors",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        help="A CSV or pin file of factors that wins over ours.",
    ),
]
