"""Commands that open a cost: bill, family, explain."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli.figures import amount, amount_columns, full_amount, header, shares_by_tier, unit_suffix
from lineage.cli.opening import stored_graph
from lineage.cli.options import output_options, product_argument, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import bill_samples_answer, sample_options, uncertainty_of
from lineage.cli.text import counted, share
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.views.bill import Bill
    from lineage.views.family import Family

__all__ = ["bill_command", "family_command"]


@click.command("bill")
@product_argument
@click.option(
    "--cutoff",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Gather contributions below this share of the total in the remainder, such as 0.01.",
)
@sample_options
@store_option
@run_options
@output_options
def bill_command(  # noqa: PLR0913 - one parameter per option
    product: str,
    cutoff: float,
    samples: int | None,
    uncertainty: Path | None,
    address: str,
    run: Run,
    output: Output,
) -> None:
    """Say who contributed what to the EPC of PRODUCT: its carbon bill of materials, which reaches 100 %.

    Policies shapley and usage have no EPC; there the bill opens the burden.

    \b
    Example:
      lineage bill model:distilbert --impact energy --cutoff 0.01
      lineage bill model:distilbert --impact energy --samples 1000
    """
    if samples is not None:
        from lineage.views.bill_samples import bill_samples

        options = {"uncertainty": uncertainty_of(uncertainty), "cutoff": cutoff}
        drawn = bill_samples(stored_graph(address), product, run, size=samples, options=options)
        output.show(bill_samples_answer(drawn, output))
        return
    from lineage.views.bill import bill

    output.show(bill_answer(bill(stored_graph(address), product, run, cutoff=cutoff), run))


def bill_answer(result: "Bill", run: Run) -> Answer:
    """Return the bill; its rows and the remainder add up to the total."""
    unit = result.unit
    rest = result.remainder
    cells = [
        (
            row.id,
            row.tier,
            amount(row.own, unit),
            share(row.weight),
            show(row.contribution, unit),
            share(row.share),
        )
        for row in result.rows
    ]
    cells.append(
        (
            f"remainder ({counted(rest.count, 'product')})",
            "",
            "",
            "",
            show(rest.contribution, unit),
            share(rest.share),
        )
    )
    cells.append(
        (result.view, "", "", "", amount(result.total, unit), share(1.0) if result.total.best else "?")
    )
    column = f"contribution_{unit_suffix(unit)}"
    records = [
        {"id": row.id, "name": row.name, "tier": row.tier, "weight": row.weight}
        | {column: row.contribution, "share": row.share}
        for row in result.rows
    ]
    records.append({"id": "remainder", column: rest.contribution, "share": rest.share})
    uncovered = ", ".join(result.not_covered)
    return Answer(
        document=result.as_dict(),
        records=records,
        columns=("id", "name", "tier", "weight", column, "share"),
        title=header(run, f"{result.view} of {result.product}"),
        grid=Grid(("product", "evidence", "own", "part", "contribution", "share"), cells, left=2),
        notes=["", f"Not covered, no figure known: {uncovered}"] if uncovered else [],
    )


@click.command("family")
@product_argument
@store_option
@run_options
@output_options
def family_command(product: str, address: str, run: Run, output: Output) -> None:
    """Add up PRODUCT and everything built on it, each once: how large has become what was built on it?

    \b
    Example:
      lineage family model:bert-base --impact energy
    """
    from lineage.views.family import family

    output.show(family_answer(family(stored_graph(address), product, run), run))


def family_answer(result: "Family", run: Run) -> Answer:
    """Return the sums of a family and its members."""
    unit = result.unit
    known = sum(member.own.best is not None for member in result.members)
    bound = "≥ " if result.descendants.hi is None and result.base.hi is not None else ""
    ratio = "?" if result.ratio is None else f"{bound}{result.ratio:.4g}"
    total = sum(result.by_tier.values())
    notes = [
        "",
        f"{result.product}: {full_amount(result.base, unit)}",
        f"built on it: {full_amount(result.descendants, unit)}, {ratio} times the base",
        f"family: {full_amount(result.total, unit)}, each product once; never to be added up over products",
        f"Coverage: {known:,} of {len(result.members):,} products have a figure",
        f"Known cost by evidence: {shares_by_tier({k: v / total for k, v in result.by_tier.items()} if total else {})}",
    ]
    return Answer(
        document=result.as_dict(),
        records=[
            {"id": row.id, "name": row.name, "tier": row.tier} | amount_columns("own", row.own, unit)
            for row in result.members
        ],
        columns=("id", "name", "tier", *amount_columns("own", None, unit)),
        title=header(run, f"Family of {result.product}"),
        grid=Grid(
            ("product", "evidence", "own"),
            [(row.id, row.tier, amount(row.own, unit)) for row in result.members],
            left=2,
        ),
        notes=notes,
    )
