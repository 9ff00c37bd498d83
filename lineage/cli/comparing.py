"""The command `compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from lineage.cli.opening import stored_graph
from lineage.cli.options import Known, output_options, run_options, store_option
from lineage.cli.output import Output
from lineage.cli.sampling import uncertainty_of, uncertainty_option
from lineage.errors import OptionError
from lineage.run import Run

if TYPE_CHECKING:
    from lineage.strategies.counterfactual import ScratchCosts
    from lineage.strategies.quality import QualityTable

__all__ = ["compare_command"]

MODES = ("attributional", "consequential")


@click.command("compare")
@click.argument("subject", required=False, metavar="[PLAN.toml | BASE]")
@click.option("--mode", type=Known(MODES), help="Is an existing base charged (the default) or sunk?")
@click.option(
    "--top-families",
    type=click.IntRange(min=1),
    metavar="N",
    help="Instead of a base: the N models with most descendants that were made of no other model.",
)
@click.option(
    "--scratch-cost",
    "scratch_costs",
    multiple=True,
    metavar="[PRODUCT=]COST",
    help="What training a descendant from scratch would cost; a product may be a pattern. Again for more.",
)
@click.option(
    "--no-scale",
    is_flag=True,
    help="Without a cost or an estimate from scratch, do not scale the base's by size.",
)
@click.option("--samples", type=click.IntRange(min=20), metavar="N", help="Draw N times: P(reuse cheaper).")
@uncertainty_option
@click.option(
    "--scores",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Instead of a base: the models in these evaluation results (MTEB), by quality and carbon.",
)
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="With --scores: a metric. Again for more."
)
@store_option
@run_options
@output_options
def compare_command(  # noqa: PLR0913 - one parameter per option
    subject: str | None,
    mode: str | None,
    top_families: int | None,
    scratch_costs: tuple[str, ...],
    no_scale: bool,
    samples: int | None,
    uncertainty: Path | None,
    scores: Path | None,
    metrics: tuple[str, ...],
    address: str,
    run: Run,
    output: Output,
) -> None:
    """Compare reuse of a base with training from scratch.

    Of a plan file: totals by phase, break-evens, where the ranking flips, P(reuse cheaper). Of a base in the store:
    what it and its descendants cost, beside each descendant trained from scratch, and when reuse began to pay. The
    mode, attributional or consequential, stands on every result.

    \b
    Example:
      lineage compare plan.toml
      lineage compare model:bert-base --impact energy --mode consequential
      lineage compare --top-families 10 --cycles break
      lineage compare --scores results/ --metric "BornholmBitextMining main_score"
    """
    _one_subject(subject, top_families, scores)
    is_base = subject is not None and not subject.endswith(".toml")
    if uncertainty is not None and not (is_base and samples):
        raise OptionError("--uncertainty is for one base, with --samples N; a plan has its own ranges")
    _fitting(subject, scratch_costs, samples, (top_families, metrics, scores))
    if no_scale and (scores is not None or not (is_base or top_families)):
        raise OptionError(
            "--no-scale is for a base in the store, or --top-families N; leave it out here: nothing is scaled"
        )
    if scores is not None:
        _quality(scores, metrics, run, output)
    elif subject is not None and subject.endswith(".toml"):
        _plan(Path(subject), address, run, (mode, samples), output)
    else:
        _families(
            subject or top_families or 0,
            address,
            run,
            ((mode, samples), uncertainty, _costs(scratch_costs, no_scale)),
            output,
        )


def _one_subject(subject: str | None, top_families: int | None, scores: Path | None) -> None:
    given = [item for item in (subject, top_families, scores) if item is not None]
    if len(given) != 1:
        said = "nothing to compare" if not given else "more than one thing to compare"
        raise OptionError(f"{said}: give one of PLAN.toml, BASE, --top-families N, --scores FOLDER")


def _fitting(
    subject: str | None,
    scratch_costs: Sequence[str],
    samples: int | None,
    others: tuple[int | None, Sequence[str], Path | None],
) -> None:
    """Refuse options that say nothing of this subject."""
    top_families, metrics, scores = others
    is_plan = subject is not None and subject.endswith(".toml")
    if metrics and scores is None:
        raise OptionError("--metric goes with --scores FOLDER; leave it out, or name the folder of results")
    if scratch_costs and (is_plan or scores is not None):
        raise OptionError(
            "--scratch-cost is for a base in the store; in a plan, write it under [scratch] training"
        )
    if samples is not None and (scores is not None or top_families is not None):
        raise OptionError("--samples is for a plan or one base; leave it out here")


def _costs(written: Sequence[str], no_scale: bool) -> "ScratchCosts":
    from lineage.strategies.counterfactual import ScratchCosts

    given = {}
    for item in written:
        product, equals, cost = item.rpartition("=")
        given[product if equals else "*"] = cost
    return ScratchCosts(given=given, scale=not no_scale)


def _plan(path: Path, address: str, run: Run, how: tuple[str | None, int | None], output: Output) -> None:
    from lineage.cli.comparing_plans import plan_answer
    from lineage.strategies.planned import compare_plan
    from lineage.strategies.plans import Plan

    mode, samples = how
    plan = Plan.from_file(path)
    asked = click.get_current_context().get_parameter_source("impact")
    if asked is ParameterSource.COMMANDLINE and run.impact != plan.impact:
        raise OptionError(
            f"--impact {run.impact} is not the impact of {path}, {plan.impact}; leave the option out, or write "
            f'impact = "{run.impact}" and the costs in its unit into the plan'
        )
    graph = stored_graph(address) if any(figure.product for figure in plan.figures.values()) else None
    told = compare_plan(plan, graph, run, mode=mode, samples=samples or 1000)
    other = "consequential" if told.mode == "attributional" else "attributional"
    twin = compare_plan(plan, graph, run, mode=other, samples=None)
    output.show(plan_answer(told, twin, run, output))


def _families(
    subject: str | int,
    address: str,
    run: Run,
    how: tuple[tuple[str | None, int | None], Path | None, "ScratchCosts"],
    output: Output,
) -> None:
    from lineage.cli.comparing_families import families_answer, family_answer
    from lineage.strategies.realised import compare, compare_families

    (mode, samples), uncertainty, costs = how
    graph = stored_graph(address)
    if isinstance(subject, int):
        found = compare_families(graph, subject, run, mode=mode, scratch=costs)
        output.show(families_answer(found, mode or MODES[0], run, output))
        return
    told = compare(graph, subject, run, mode=mode, scratch=costs)
    is_open = told.compared and told.charged.best is not None and told.undrawn is not None
    unsure = uncertainty_of(uncertainty)
    chances = None if samples is None or is_open else told.chances(samples, unsure)
    output.show(family_answer(told, chances, run, output, asked=samples is not None))


def _quality(folder: Path, metrics: Sequence[str], run: Run, output: Output) -> None:
    from lineage.cli.comparing_scores import quality_answer
    from lineage.strategies.quality import quality_table
    from lineage.strategies.scores import read_scores

    told: QualityTable = quality_table(read_scores(folder), metrics)
    output.show(quality_answer(told, run))
