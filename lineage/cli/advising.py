"""The command `recommend`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli.figures import amount
from lineage.cli.opening import stored_graph
from lineage.cli.options import Known, output_options, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import told_findings, uncertainty_of, uncertainty_option
from lineage.cli.text import counted, plain_number, share
from lineage.errors import OptionError
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.strategies.bases import BaseAdvice, Candidate
    from lineage.strategies.measuring import MeasureAdvice, Measurement

__all__ = ["recommend_command"]

MODES = ("attributional", "consequential")
_PHASES = ("base", "adaptation", "inference")


@click.command("recommend")
@click.argument("what", type=Known(("base", "measure")))
@click.argument("product", required=False)
@click.option(
    "--task",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN.toml",
    help="With base: the tasks, horizon and costs, as for lineage compare.",
)
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="MODEL",
    help="With base: a base, or a pattern. Again for more.",
)
@click.option("--mode", type=Known(MODES), help="With base: is an existing base charged, or sunk?")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="So many rows (measure: 3, base: 10).")
@uncertainty_option
@store_option
@run_options
@output_options
def recommend_command(  # noqa: PLR0913 - one parameter per option
    what: str,
    product: str | None,
    task: Path | None,
    candidates: tuple[str, ...],
    mode: str | None,
    top: int | None,
    uncertainty: Path | None,
    address: str,
    run: Run,
    output: Output,
) -> None:
    """Recommend, with the arithmetic: which base to build on, or what to measure next.

    `base` puts every candidate into the plan of --task and ranks them by what reuse of it costs over the horizon.
    `measure` ranks the inputs of PRODUCT's EPC by how much measuring them would narrow it.

    \b
    Example:
      lineage recommend base --task plan.toml --candidate "model:bloom*"
      lineage recommend measure model:bloomz-7b --impact energy
    """
    if what == "base":
        if task is None or product is not None:
            raise OptionError(
                "recommend base takes a plan, and no product: lineage recommend base --task PLAN.toml"
            )
        if uncertainty is not None:
            raise OptionError("--uncertainty goes with recommend measure; a plan has its own ranges")
        _base(task, candidates, (mode, top or 10), (address, run), output)
        return
    if product is None or task is not None or candidates or mode is not None:
        raise OptionError("recommend measure takes a product and no plan: lineage recommend measure PRODUCT")
    from lineage.strategies.measuring import measure_advice

    told = measure_advice(stored_graph(address), product, run, uncertainty=uncertainty_of(uncertainty))
    output.show(measure_answer(told, top or 3, output))


def _base(
    task: Path,
    candidates: tuple[str, ...],
    how: tuple[str | None, int],
    where: tuple[str, Run],
    output: Output,
) -> None:
    from lineage.strategies.bases import base_advice
    from lineage.strategies.plans import Plan

    plan = Plan.from_file(task)
    told = base_advice(stored_graph(where[0]), plan, where[1], candidates=candidates, mode=how[0])
    output.show(base_answer(told, how[1], output))


def base_answer(told: "BaseAdvice", top: int, output: Output) -> Answer:
    """Return the candidates, cheapest first."""
    unit, plan = told.unit, told.plan
    rows = told.rows[:top]
    notes = [""]
    if len(rows) < len(told.rows):
        notes.insert(0, f"... and {counted(len(told.rows) - len(rows), 'candidate')} more (--top N)")
    if told.best is not None:
        notes.append(
            f"Cheapest: {told.best.id}: base + adaptation + inference + re-training = {told.best.arithmetic}"
        )
    elif told.rows:
        notes.append("No base is known whole: lower bounds are listed, in order of them and without a rank.")
    else:
        notes.append("No candidate has a known cost.")
    partly = sum(row.rank is None for row in told.rows)
    if partly and told.best is not None:
        notes.append(
            f"Without a rank (-): {counted(partly, 'candidate')} with unknown parts; their totals are lower bounds."
        )
    notes.append(f"From scratch, as in the plan: {amount(told.scratch, unit)}")
    if told.unknown:
        notes.append(f"Left out: {counted(told.unknown, 'model')} of unknown EPC")
    tasks = f"{counted(plan.k, 'task')}, {plain_number(plan.count)} inferences each"
    return Answer(
        document=told.as_dict(),
        records=told.records(),
        title=f"Bases for {plan.name or 'the plan'}: {tasks}, in {unit}; mode: {told.mode}",
        grid=Grid(
            ("rank", "base", "evidence", "adaptation from", "inference from", "known", *_PHASES, "total"),
            [_base_cells(row, unit) for row in rows],
            left=5,
        ),
        notes=[*notes, *told_findings(told.findings, output)],
        findings=told.findings,
    )


def _base_cells(row: "Candidate", unit: str) -> tuple[str, ...]:
    phases = [amount(row.phases[name], unit) for name in _PHASES]
    rank = "-" if row.rank is None else str(row.rank)
    origins = [row.origins[name] for name in ("adaptation", "inference")]
    return (rank, row.id, row.tier, *origins, share(row.covered), *phases, amount(row.total, unit))


def measure_answer(told: "MeasureAdvice", top: int, output: Output) -> Answer:
    """Return what to measure, most useful first."""
    unit = told.unit
    rows = told.rows[:top]
    notes = [""]
    if len(rows) < len(told.rows):
        notes.insert(0, f"... and {counted(len(told.rows) - len(rows), 'input')} more (--top N)")
    if not told.rows:
        notes.append("Nothing is uncertain here, and nothing unknown.")
    else:
        notes.append(
            f"90 % width now {show(told.width, unit)}, of what is known ({told.view} {show(told.best, unit)});"
        )
        notes.append(
            "left: the width once this input and those above are measured (1.05 geometric standard deviation)."
        )
    if told.unknown:
        notes.append(
            f"{counted(told.unknown, 'input')} unknown: the {told.view} has no upper bound before they are known."
        )
    if any(row.why == "assumed" for row in told.rows):
        notes.append(
            "assumed: the figure has no range, so the spread of its tier is taken (docs/compare.md)."
        )
    return Answer(
        document=told.as_dict(),
        records=[row.as_dict() for row in told.rows],
        title=f"What to measure for the {told.view} of {told.product}, in {unit}",
        grid=Grid(
            ("rank", "measure", "evidence", "why", "swing", "left", "arithmetic"),
            [_measure_cells(row, unit) for row in rows],
            left=4,
        ),
        notes=[*notes, *told_findings(told.findings, output)],
        findings=told.findings,
    )


def _measure_cells(row: "Measurement", unit: str) -> tuple[str, ...]:
    left = "no bound" if row.why == "unknown" else show(row.left, unit)
    return (str(row.rank), row.what, row.tier or "-", row.why, show(row.swing, unit), left, row.arithmetic)
