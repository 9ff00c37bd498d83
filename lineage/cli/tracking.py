"""The command `track`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.opening import DEMO, opened, spare_pandas
from lineage.cli.options import Known, output_options, store_option
from lineage.cli.output import Answer, Output
from lineage.errors import InputError, LineageError, OptionError, StoreError
from lineage.schema import PHASES, RELATIONS
from lineage.units import show

if TYPE_CHECKING:
    from lineage.stores.base import Store
    from lineage.tracking import Recorded, TrackedRun

__all__ = ["take_up_runs", "track_command"]

NOT_RUNNABLE = 127  # as shells, env and nohup say it


@click.command("track", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND ARGS...")
@click.option("--product", metavar="PRODUCT", help="What the run makes, or serves: model:NAME.")
@click.option(
    "--parent",
    "parents",
    multiple=True,
    metavar="PRODUCT",
    help="What it is made out of; may be given several times.",
)
@click.option(
    "--dataset", "datasets", multiple=True, metavar="NAME", help="A data set it is trained on; likewise."
)
@click.option(
    "--phase",
    type=Known(PHASES),
    default="training",
    show_default=True,
    metavar="PHASE",
    help=f"What the run is: {', '.join(PHASES)}.",
)
@click.option(
    "--relation", type=Known(RELATIONS), metavar="RELATION", help=f"To parents: {', '.join(RELATIONS)}."
)
@click.option(
    "--country",
    envvar="LINEAGE_COUNTRY",
    show_envvar=True,
    metavar="COUNTRY",
    help="Where it runs: FRA, fr or France.",
)
@click.option(
    "--grid",
    envvar="LINEAGE_GRID",
    show_envvar=True,
    metavar="GRID",
    help="The electricity: the name of a grid, or an intensity such as '56 g/kWh'.",
)
@click.option(
    "--pue",
    type=float,
    envvar="LINEAGE_PUE",
    show_envvar=True,
    metavar="NUMBER",
    help="The data centre's PUE, such as 1.2.",
)
@click.option("--system", metavar="SYSTEM", help="The hardware, where the meter cannot name it.")
@click.option(
    "--meter",
    type=Known(("auto", "codecarbon", "rapl")),
    default="auto",
    show_default=True,
    help="What measures: CodeCarbon (extra `track`), or the processor's RAPL counters.",
)
@click.option(
    "--scope",
    type=Known(("machine", "process")),
    default="machine",
    show_default=True,
    help="Whose energy, where CodeCarbon estimates it from load: the machine's, or this run's part.",
)
@click.option(
    "--every",
    "every_s",
    type=float,
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two samples, and what a killed run loses at most.",
)
@click.option(
    "--emissions",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Keep CodeCarbon's own emissions.csv there.",
)
@click.option(
    "--forget", metavar="RUN", help="Remove a recorded run from the store, by its id; runs nothing."
)
@store_option
@output_options
def track_command(
    command: tuple[str, ...], forget: str | None, address: str, output: Output, **options: Any
) -> None:
    """Run COMMAND, measure its energy, and record it in the store as a job of a product.

    The command's streams and exit code are its own, signals go to it, and it is recorded when it fails too. If
    the measurement is killed, the next lineage track, load or check records the part until then. What was recorded
    is told on stderr, on a terminal; --format json prints it on stdout, after what the command printed.

    \b
    Example:
      lineage track --product model:bert-tuned --parent model:bert --country FRA -- python train.py --epochs 3
      lineage track --product model:bert-tuned --grid '56 g/kWh' --output job.json -- make train
      lineage track --forget track:0123456789abcdef
    """
    if address == DEMO:
        raise StoreError(
            f"{DEMO} is the bundled supply chain and never changes; name another store with --store"
        )
    if forget is not None:
        _forget(forget, address, output)
        return
    if not command:
        raise click.UsageError("what shall run? write it after --: lineage track --product model:m -- make")
    if options["product"] is None:
        raise click.UsageError("which product is the run for? --product model:NAME")
    _track(command, address, output, options)


def _track(command: tuple[str, ...], address: str, output: Output, options: dict[str, Any]) -> None:
    """Run and record, then end with the command's exit code."""
    spare_pandas()
    from lineage.tracking.process import named, run_command, runnable
    from lineage.tracking.session import TrackedRun

    try:
        runnable(command)
    except InputError as problem:
        click.echo(f"error: {problem}", err=True)
        click.get_current_context().exit(NOT_RUNNABLE)
    run = TrackedRun(options.pop("product"), address, command=named(command), **options)
    run.start()
    _tell_taken_up(run.taken_up, run.problems, output)
    run.problems.clear()
    try:
        ended = run_command(command)
    except OSError as problem:
        run.discard()
        raise InputError(f"{command[0]} cannot be run: {problem.strerror}") from problem
    try:
        recorded = run.finish(exit_code=ended.exit_code, reason=ended.reason)
    except LineageError as problem:  # the command's exit code counts, whatever became of its record
        click.echo(f"error: {problem}", err=True)
        click.get_current_context().exit(ended.exit_code or 1)
    for text in run.problems:
        click.echo(f"warning: {text}", err=True)
    _tell(recorded, run, output, ended.exit_code)


def _tell(recorded: "Recorded", run: "TrackedRun", output: Output, exit_code: int) -> None:
    answer = track_answer(recorded, run)
    if output.format == "table" and output.file is None:
        if output.verbose or (sys.stderr.isatty() and not output.quiet):
            click.echo(answer.text(), nl=False, err=True)
        output = replace(output, quiet=True)
        if output.strict and not exit_code and any(item.severity != "info" for item in answer.findings):
            exit_code = 1
    else:
        if exit_code:
            output = replace(output, strict=False)
        output.show(answer)
    click.get_current_context().exit(exit_code)


def track_answer(recorded: "Recorded", run: "TrackedRun") -> Answer:
    """Return what was recorded: for people a few lines, for programs the job."""
    from lineage.reports.escaping import clipped

    store = run.address
    job = recorded.as_dict()
    record, reading = recorded.record, recorded.record.reading
    seconds = "?" if reading is None else f"{reading.duration_s:,.1f} s"
    carbon = show(recorded.carbon_gco2e, "gCO2e")
    lines = [
        f"  energy    {show(recorded.energy_kwh, 'kWh')} in {seconds}, {recorded.tier} ({record.meter})",
        f"  carbon    {carbon}"
        + ("" if recorded.carbon_gco2e is not None else ": no grid; --country says it"),
    ]
    if record.outcome == "failed":
        lines.append(f"  outcome   failed, {record.reason}; it counts all the same")
    lines += [
        f"  {item.code}: {clipped(item.text, 200)}" for item in recorded.findings if item.code != "failed-run"
    ]
    made_of = len(record.plan.parents) + len(record.plan.datasets)
    share = f"Its share of what it was made of comes on top: lineage bill {record.plan.product}"
    return Answer(
        document={
            "schema": "lineage/track/1",
            "store": store,
            "source": record.address,
            "job": job,
            "findings": [item.as_dict() for item in recorded.findings],
        },
        records=[
            {name: ", ".join(value) if isinstance(value, list) else value for name, value in job.items()}
            | {"devices": "; ".join(f"{name}: {value}" for name, value in job["devices"].items())}
        ],
        title=f"Recorded {record.address} ({record.plan.phase} of {record.plan.product}) in {store}",
        body=lines,
        notes=[share] if made_of else [],
        findings=recorded.findings,
    )


def _forget(run: str, address: str, output: Output) -> None:
    from lineage.tracking.record import forget

    if output.format != "table" or output.file is not None:
        raise OptionError(
            "--forget removes a run and has no answer to write; leave out --format and --output"
        )
    with opened(address) as store:
        forget(run, store)
    output.note(f"removed {run} from {address}")


# -- for the other commands --------------------------------------------------------------------------------


def take_up_runs(store: "Store", output: Output) -> None:
    """Record what killed trackers left beside a store, and say so on stderr."""
    from lineage.tracking.journal import take_up

    taken, problems = take_up(store)
    _tell_taken_up(taken, problems, output)


def _tell_taken_up(taken: list[Any], problems: list[str], output: Output) -> None:
    for record in taken:
        what = "was killed: recorded as a partial job" if record.partial else "had ended: recorded"
        output.note(f"the tracked run {record.address} of {record.plan.product} {what}")
    for text in problems:
        click.echo(f"warning: {text}", err=True)
