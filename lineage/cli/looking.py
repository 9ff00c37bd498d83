"""Commands that look around in the store: check, list, tree."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import click

from lineage.cli.figures import amount, amount_columns
from lineage.cli.opening import opened, stored_graph
from lineage.cli.options import (
    Known,
    impact_option,
    output_options,
    run_options,
    store_option,
)
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import counted
from lineage.findings import CODES, Finding
from lineage.run import Run
from lineage.schema import KINDS

if TYPE_CHECKING:
    from lineage.views.check import Check

__all__ = ["check_command", "list_command"]

EXAMPLES: Final = 3  # findings shown of each code, unless --verbose
TELLING: Final = 20  # of those whose reason is the point, and of errors
REASONS: Final = (
    "carbon-contradicts",
    "contains",
    "copied-figure",
    "cycle",
    "does-not-reconcile",
    "energy-contradicts",
    "hours-suspect",
    "market-zero",
    "other-grid",
    "outdated-figure",
    "pue-suspect",
    "shared-figure",
    "superseded",
    "total-suspect",
    "unit-suspect",
)


# -- check -------------------------------------------------------------------------------------------------


@click.command("check")
@click.option(
    "--fail-on",
    "codes",
    multiple=True,
    type=Known(tuple(CODES)),
    metavar="CODE",
    help="Exit with 1 on a finding of this code too; may be given several times.",
)
@store_option
@run_options
@output_options
def check_command(codes: tuple[str, ...], address: str, run: Run, output: Output) -> None:
    """Say what is wrong, doubtful or missing: cycles, over-allocation, figures that do not reconcile or are not there.

    Published figures are audited too: units, hours, PUE, zeros by contract, totals that hold others, copied and
    outdated figures, energy and carbon that contradict their inputs. Each finding has the arithmetic and the
    most likely correction; nothing is repaired.

    Exits with 1 on findings of severity error, and on those named by --fail-on.

    \b
    Example:
      lineage check
      lineage check --fail-on cycle --fail-on does-not-reconcile
    """
    from lineage.audit import audit
    from lineage.cli.tracking import take_up_runs
    from lineage.stores.base import Verifies
    from lineage.views.check import check

    with opened(address) as store:
        take_up_runs(store, output)
        if isinstance(store, Verifies):
            store.verify()
        graph = store.read()
    result = check(graph, run, published=audit(graph))
    output.show(check_answer(result, verbose=output.verbose))
    failing = result.failing(codes)
    if failing:
        names = ", ".join(sorted({item.code for item in failing}))
        click.echo(f"error: {counted(len(failing), 'finding')} must not be: {names}", err=True)
        click.get_current_context().exit(1)


def check_answer(result: "Check", *, verbose: bool) -> Answer:
    """Return the findings, for people grouped by code."""
    lines: list[str] = []
    for code, items in result.by_code().items():
        severity, meaning = CODES[code]
        lines.append(f"{severity}: {code} ({len(items):,}): {meaning}")
        most = TELLING if severity == "error" or code in REASONS else EXAMPLES
        shown = items if verbose else items[:most]
        lines += [f"  {finding_line(item)}" for item in shown]
        if len(items) > len(shown):
            lines.append(f"  ... and {len(items) - len(shown):,} more: --verbose, or --format csv")
    return Answer(
        document=result.as_dict(),
        records=[
            {name: getattr(item, name) for name in ("code", "severity", "subject", "text", "source", "place")}
            for item in result.findings
        ],
        columns=("code", "severity", "subject", "text", "source", "place"),
        title="" if lines else "Nothing found: no cycles, no over-allocation, no missing figures.",
        body=lines,
        findings=result.findings,
    )


def finding_line(item: Finding) -> str:
    """Return a finding on one line, with the place it comes from."""
    from lineage.reports.escaping import clipped

    place = ", ".join(part for part in (PurePath(item.source).name, item.place) if part)
    subject = "" if item.text.startswith(item.subject) else f"{clipped(item.subject, 120)}: "
    return f"{subject}{clipped(item.text, 400)}{f' [{place}]' if place else ''}"


# -- list --------------------------------------------------------------------------------------------------


@click.command("list")
@click.option("--kind", type=Known(KINDS), help="Only products of this kind.")
@click.option("--match", metavar="GLOB", help="Only products whose id or name matches, such as '*bert*'.")
@store_option
@impact_option
@output_options
def list_command(kind: str | None, match: str | None, address: str, impact: str, output: Output) -> None:
    """List the products with their own cost and the evidence for it.

    \b
    Example:
      lineage list --kind model --match '*bert*'
    """
    from lineage.views.listing import listing

    found = listing(stored_graph(address), Run(impact=impact), kind=kind, match=match)
    rows = found.products
    answer = Answer(
        document=found.as_dict(),
        records=[
            {"id": row.id, "kind": row.kind, "name": row.name, **amount_columns("own", row.own, found.unit)}
            | {"tier": row.tier}
            for row in rows
        ],
        columns=("id", "kind", "name", *amount_columns("own", None, found.unit), "tier"),
        grid=Grid(
            ("product", "name", "evidence", "own"),
            [(row.id, row.name, row.tier, amount(row.own, found.unit)) for row in rows],
            left=3,
        ),
        notes=["", counted(len(rows), "product")] if rows else ["No product matches."],
    )
    output.show(answer)
