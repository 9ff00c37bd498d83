"""Commands about one product: show, sources."""

from dataclasses import asdict, fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.figures import amount_columns, full_amount, header
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, product_argument, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import plain_number, share
from lineage.run import Run
from lineage.units import show as shown

if TYPE_CHECKING:
    from lineage.views.jobs import Serving
    from lineage.views.show import ProductSheet
    from lineage.views.sources import Sources

__all__ = ["show_command", "sources_command"]


# -- show --------------------------------------------------------------------------------------------------


@click.command("show")
@product_argument
@store_option
@run_options
@output_options
def show_command(product: str, address: str, run: Run, output: Output) -> None:
    """Show PRODUCT: facts, parents, figures with their evidence, and what one inference carries, upstream included.

    \b
    Example:
      lineage show model:distilbert --impact energy
    """
    from lineage.views.show import show

    output.show(show_answer(show(stored_graph(address), product, run), run))


def show_answer(sheet: "ProductSheet", run: Run) -> Answer:
    """Return the sheet of a product as lines."""
    cost = sheet.cost
    lines = [f"{cost.id}{'' if sheet.known else '  (only named as a parent; no source describes it)'}"]
    lines += [f"  {name}: {_short(value)}" for name, value in sheet.facts.items()]
    lines.append(f"made out of ({len(sheet.parents)})")
    for parent in sheet.parents:
        relation = f", {parent.relation}" if parent.relation else ""
        lines.append(
            f"  {parent.id}{relation}: hands on {'-' if parent.w is None else share(parent.w)} ({parent.weight_source})"
        )
    lines.append(f"built on it: {_numbers(sheet.children) or 'nothing'}")
    lines.append(f"jobs: {_numbers(sheet.jobs) or 'none'}")
    lines += [f"cost ({header(run, 'figures')})", *_cost_lines(sheet)]
    if cost.kind == "model":
        lines += serving_lines(sheet.serving)
    return Answer(document=sheet.as_dict(), records=[show_record(sheet)], body=lines)


def serving_lines(serving: "Serving") -> list[str]:
    """Return what one inference carries, component by component, and what is missing to know it."""
    unit = serving.unit
    at_least = "≥ " if serving.at_least else ""
    if serving.total is not None:
        head = f"{at_least}{shown(serving.total, unit)}"
    elif serving.known is not None:
        head = f"≥ {shown(serving.known, unit)}"
    else:
        head = "?"
    count = (
        "no inference job"
        if serving.inferences is None
        else f"inferences known: {plain_number(serving.inferences)}"
    )
    lines = [f"one inference, upstream included: {head} ({count})"]
    for name, value in serving.per_inference.items():
        bound = "≥ " if name in serving.at_least else ""
        needs = f"  needs {', '.join(serving.needs[name])}" if serving.needs.get(name) else ""
        lines.append(f"  {name.replace('_', ' '):<18} {bound}{shown(value, unit)}{needs}")
    if serving.total_additive is not None:
        lines.append(
            f"  with burden in place of EPC, which may be summed: {shown(serving.total_additive, unit)}"
        )
    if serving.unrecovered_share is not None:
        lines.append(f"  {share(serving.unrecovered_share)} of its EPC is not carried by the known jobs")
    if serving.unassigned_operation != 0:  # None is not known, which is not nothing
        lines.append(f"  re-training without an inference: {shown(serving.unassigned_operation, unit)}")
    return lines


def _cost_lines(sheet: "ProductSheet") -> list[str]:
    cost, unit = sheet.cost, sheet.unit
    burden = full_amount(cost.burden, unit)
    epc = f"  EPC         {full_amount(cost.epc, unit)}, inherited: {share(cost.upstream_share)}"
    kept = f", own use keeps {share(cost.retained_share)}"
    if cost.epc is None:
        epc, kept = "  EPC         -, as this policy has no edge weights", ""
    return [
        f"  own         {full_amount(cost.own, unit)}, evidence: {cost.tier}",
        epc,
        f"  burden      {burden}{kept}",
        f"  cumulative  {full_amount(cost.cumulative, unit)}",
        f"  figures known for {cost.known:,} of {cost.members:,} (itself and its ancestors)",
    ]


def _numbers(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def show_record(sheet: "ProductSheet") -> dict[str, Any]:
    """Return the sheet as one flat row."""
    cost = sheet.cost
    record: dict[str, Any] = {"id": cost.id, "name": cost.name, "kind": cost.kind, "tier": cost.tier}
    views = {"own": cost.own, "cumulative": cost.cumulative, "epc": cost.epc, "burden": cost.burden}
    for view, value in views.items():
        record |= amount_columns(view, value, sheet.unit)
    record |= {"retained_share": cost.retained_share, "covered": cost.covered}
    record |= {"parents": len(sheet.parents), "children": sum(sheet.children.values())}
    return record | {name: value for name, value in sheet.facts.items() if name not in record}


# -- sources -----------------------------------------------------------------------------------------------


@click.command("sources")
@product_argument
@store_option
@output_options
def sources_command(product: str, address: str, output: Output) -> None:
    """Show every figure found for PRODUCT under all its spellings: who says so, which one won, and why.

    \b
    Example:
      lineage sources model:bloom
    """
    from lineage.views.sources import sources

    output.show(sources_answer(sources(stored_graph(address), product), verbose=output.verbose))


def sources_answer(result: "Sources", *, verbose: bool) -> Answer:
    """Return the figures as a table, jobs, facts and merges as notes."""
    from lineage.views.sources import Figure

    cells = [
        (
            item.impact,
            "won" if item.won else "lost",
            item.tier,
            item.origin if item.origin == "jobs" else _where(item.source, item.place, item.citation),
            item.why,
            shown(item.best, item.unit),
        )
        for item in result.figures
    ]
    notes = [] if cells else ["No source gives a figure for its own cost."]
    if len(result.spellings) > 1:
        notes += ["", f"Spellings: {', '.join(result.spellings)}"]
    notes += [f"  {item.subject}: {item.text}" for item in result.merges]
    if result.jobs:
        notes += ["", f"Jobs ({len(result.jobs)}):"]
        notes += [
            f"  {job.id} ({job.phase}): {_where(job.source, job.place, job.citation)}" for job in result.jobs
        ]
    facts = result.facts if verbose else [fact for fact in result.facts if not fact.used]
    if facts:
        notes += ["", "Facts:" if verbose else "Facts that were overruled (--verbose for all):"]
        notes += [
            f"  {fact.name}: {_short(fact.value)} ({_where(fact.source, fact.place)})" for fact in facts
        ]
    return Answer(
        document=result.as_dict(),
        records=[asdict(item) for item in result.figures],
        columns=[item.name for item in fields(Figure)],
        title=f"Who said what about {result.product}",
        grid=Grid(("impact", "", "evidence", "where", "why", "own cost"), cells, left=5),
        notes=notes,
    )


def _short(value: object) -> str:
    """Return a fact for people, cut where it is long."""
    from lineage.reports.escaping import clipped

    return clipped(plain_number(value), 100)


def _where(source: str, place: str, citation: str | None = None) -> str:
    """Return a source for people: what the row cites, else the file; and the place in it."""
    file = ", ".join(part for part in (PurePath(source).name, place) if part)
    return f"{_short(citation)} [{file}]" if citation else file
