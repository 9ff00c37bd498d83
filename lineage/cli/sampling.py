"""Options and answers of sampled figures: `--samples N` of the commands cost and bill."""

from collections.abc import Callable, Sequence
from functools import wraps
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lineage.cli.figures import finding_notes, header, unit_suffix
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import counted, share
from lineage.errors import OptionError
from lineage.findings import Finding
from lineage.units import show

if TYPE_CHECKING:
    from lineage.uncertainty import Uncertainty
    from lineage.views.bill_samples import BillSamples
    from lineage.views.samples import ProductSamples, Samples
    from lineage.views.spreads import Chances, Spread

__all__ = ["bill_samples_answer", "sample_options", "samples_answer", "told_findings", "uncertainty_of"]

MOST_COMPARED = 5  # named products whose pairs are compared
MOST_SETTLING = 3  # named products whose convergence is shown

STATISTICS: Final = ("p50", "p5", "p95", "mean", "sd")


def sample_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --samples and --uncertainty; the command gets `samples` (None without) and `uncertainty` (a file)."""

    @wraps(command)
    def checked(*args: Any, **options: Any) -> None:
        if options["uncertainty"] is not None and options["samples"] is None:
            raise OptionError("--uncertainty says how inputs are drawn; say how often with --samples N")
        command(*args, **options)

    for option in reversed(_OPTIONS):
        checked = option(checked)
    return checked


uncertainty_option = click.option(
    "--uncertainty",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="How sure the inputs are: a TOML file of distributions (docs/uncertainty.md).",
)
_OPTIONS: Final = [
    click.option(
        "--samples",
        type=click.IntRange(min=20),
        metavar="N",
        help="Draw the uncertain inputs N times and show percentiles; the same --seed gives the same.",
    ),
    uncertainty_option,
]


def told_findings(findings: Sequence[Finding], output: Output) -> list[str]:
    """Return the line that counts findings, those of drawing included, which `lineage check` does not know."""
    lines = finding_notes(findings, verbose=output.verbose)
    return [line.replace("(lineage check lists them)", "(--verbose lists them)") for line in lines]


def uncertainty_of(file: Path | None) -> "Uncertainty | None":
    """Read an uncertainty file, if one is named."""
    if file is None:
        return None
    from lineage.uncertainty import Uncertainty

    return Uncertainty.from_file(file)


def range_of(found: "Spread | None", unit: str) -> str:
    """Return the median with the 5th and 95th percentile: "34 g (26 g to 44 g)"."""
    if found is None:
        return "?"
    bound = "≥ " if found.at_least else ""
    middle = f"{bound}{show(found.p50, unit)}"
    ends = [show(found.p5, unit), show(found.p95, unit)]
    return middle if set(ends) == {show(found.p50, unit)} else f"{middle} ({ends[0]} to {ends[1]})"


def spread_columns(stem: str, found: "Spread | None", unit: str) -> dict[str, float | None]:
    """Return the flat columns of a spread: epc_gco2e_p50, epc_gco2e_p5, ..."""
    name = f"{stem}_{unit_suffix(unit)}"
    return {f"{name}_{key}": None if found is None else getattr(found, key) for key in STATISTICS}


def samples_answer(
    drawn: "Samples", named: Sequence[str], output: Output, more: Sequence[str] = ()
) -> Answer:
    """Return the spread of the sampled products; of those that were named also how they compare."""
    from lineage.views.samples import VIEWS

    run, unit = drawn.result.run, drawn.unit
    rows = drawn.rows()
    compared = list(combinations(list(dict.fromkeys(named))[:MOST_COMPARED], 2))
    chances = [(a, b, drawn.probability_less(a, b)) for a, b in compared]

    def cell(row: "ProductSamples", view: str) -> str:
        return range_of(getattr(row, view), unit) if view in drawn.values else "-"

    records = []
    for row in rows:
        record: dict[str, Any] = {"id": row.id, "name": row.name}
        for view in VIEWS:
            record |= spread_columns(view, getattr(row, view), unit)
        records.append(record)
    return Answer(
        document=drawn.as_dict()
        | {
            "comparisons": [
                {"a": a, "b": b, "view": drawn.carried} | found.as_dict() for a, b, found in chances
            ]
        },
        records=records,
        columns=["id", "name", *(name for view in VIEWS for name in spread_columns(view, None, unit))],
        title=header(run, f"Cost from {counted(drawn.size, 'sample')}", drawn.result.engine),
        grid=Grid(
            ("product", "own", "EPC", "burden", "cumulative"),
            [(row.id, *(cell(row, view) for view in ("own", "epc", "burden", "cumulative"))) for row in rows],
        ),
        notes=[
            *more,
            "",
            "Median (5th to 95th percentile); percentiles of different products do not add up.",
            drawn_line(drawn),
            *([] if not named else settling(drawn, named)),
            *(chance_line(drawn.result.view, (a, b), found) for a, b, found in chances),
            *told_findings(drawn.findings, output),
        ],
        findings=drawn.findings,
    )


def drawn_line(drawn: "Samples") -> str:
    """Return what was drawn, and what was not."""
    run = drawn.result.run
    inputs = f"Drawn, seed {run.seed}: {counted(len(drawn.factors), 'input')}"
    concentration = drawn.uncertainty.concentration(run.policy)
    if concentration is None:
        return f"{inputs}; the weights are fixed"
    return (
        f"{inputs}; the weights of {counted(drawn.sampled_parents, 'product')} "
        f"(Dirichlet, concentration {concentration:g})"
    )


def settling(drawn: "Samples", named: Sequence[str]) -> list[str]:
    """Return how the percentiles of the EPC settle with more samples, and how far they may still be off."""
    lines = []
    for name in list(dict.fromkeys(named))[:MOST_SETTLING]:
        row = drawn.row(name)
        found: Spread | None = getattr(row, drawn.carried)
        if found is None:
            continue
        stages = "; ".join(
            f"{stage.samples:,}: " + ", ".join(show(value, drawn.unit) for value in stage[1:])
            for stage in row.convergence
        )
        told = ", ".join(
            show(error, drawn.unit) for error in (found.p5_error, found.p50_error, found.p95_error)
        )
        lines.append(
            f"{drawn.result.view} of {name}, percentiles 5, 50, 95 by samples: {stages}; standard errors {told}"
        )
    return lines


def chance_line(view: str, pair: tuple[str, str], found: "Chances") -> str:
    """Return P(A < B) as a sentence."""
    a, b = (f"{view} of {name}" for name in pair)
    if found.less != found.less:
        return f"P({a} < {b}): unknown, as nothing is known of one of them"
    equal = f", equal {share(found.equal)}" if found.equal else ""
    return f"P({a} < {b}) = {share(found.less)} (standard error {share(found.error)}){equal}"


def bill_samples_answer(drawn: "BillSamples", output: Output) -> Answer:
    """Return a bill with the spread of every row."""
    bill, unit = drawn.bill, drawn.bill.unit
    column = f"contribution_{unit_suffix(unit)}"
    left = counted(bill.remainder.count, "product")
    cells, records = [], []
    for row, found in zip(bill.rows, drawn.rows(), strict=True):
        cells.append((row.id, row.tier, show(row.contribution, unit), range_of(found, unit)))
        facts: dict[str, Any] = {"id": row.id, "name": row.name, "tier": row.tier, column: row.contribution}
        records.append(facts | spread_columns("contribution", found, unit))
    rest, total = drawn.spread_of_remainder, drawn.spread_of_total
    cells.append((f"remainder ({left})", "", show(bill.remainder.contribution, unit), range_of(rest, unit)))
    cells.append((bill.view, "", show(bill.total.best, unit), range_of(total, unit)))
    facts = {"id": "remainder", column: bill.remainder.contribution}
    records.append(facts | spread_columns("contribution", rest, unit))
    return Answer(
        document=drawn.as_dict(),
        records=records,
        columns=["id", "name", "tier", column, *spread_columns("contribution", None, unit)],
        title=header(drawn.run, f"{bill.view} of {bill.product} from {counted(drawn.size, 'sample')}"),
        grid=Grid(("product", "evidence", "best", "contribution"), cells, left=2),
        notes=[
            "",
            f"Median (5th to 95th percentile); in each sample the rows add up to the {bill.view}, "
            "their percentiles do not.",
            *told_findings(drawn.findings, output),
        ],
        findings=drawn.findings,
    )
