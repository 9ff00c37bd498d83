"""The command `cost`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.figures import amount, amount_columns, finding_notes, header, shares_by_tier
from lineage.cli.keeping import Keeping, keeping_options
from lineage.cli.options import output_options, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import sample_options, samples_answer, uncertainty_of
from lineage.cli.text import share
from lineage.errors import OptionError
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.views.cost import Cost, ProductCost

__all__ = ["cost_command"]

TOLERANCE = 1e-9  # relative, of sums over all products
MOST_NAMED = 10  # dropped edges named on one line; the findings name all
UNASSIGNED = "unassigned"  # the row of what nobody carries
MOST_ROWS = 50  # rows of the table for people, where no number is asked for


@click.command("cost")
@click.argument("products", nargs=-1, metavar="[PRODUCT]...")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="The N products with the largest EPC, or burden under a policy without EPC.",
)
@sample_options
@store_option
@keeping_options
@run_options
@output_options
def cost_command(  # noqa: PLR0913 - one parameter per option
    products: tuple[str, ...],
    top: int | None,
    write_back: bool,
    samples: int | None,
    uncertainty: Path | None,
    prefix: str,
    mapping: Path | None,
    address: str,
    run: Run,
    output: Output,
) -> None:
    """Compute own cost, Embodied Product Cost (EPC), burden and cumulative cost.

    own is what the step itself added; EPC adds its share of what it is built on; burden is what the product's own use
    must carry; cumulative is what it takes to make it again from nothing, never to be added up over products. "?" is
    not known, "≥" means that something unknown has part in it. Policies shapley and usage have a burden only.

    With --samples the uncertain inputs are drawn and the figures are percentiles; of products that are named, P(A < B)
    is told as well.

    Engine spark is for graphs beyond one machine: it reads Parquet, and writes costs.parquet, findings.parquet and
    run.parquet to the new folder that --output names.

    \b
    Example:
      lineage cost --policy equal --top 10
      lineage cost distilbert t5-11b --impact energy --samples 1000
      lineage cost model:distilbert --impact energy --format json
      lineage cost --store neo4j://localhost:7687 --write-back
      lineage cost --engine spark --output costs --top 10
    """
    if run.engine == "spark":
        from lineage.cli.sparking import Asked, spark_cost

        other = {"--samples": samples, "--uncertainty": uncertainty, "--write-back": write_back or None}
        refused = tuple(name for name, value in other.items() if value is not None)
        spark_cost(address, run, Asked(products, top, refused), output)
        return
    from lineage.views.cost import cost

    if samples is not None and write_back:
        raise OptionError("--write-back keeps the best figures, not samples; leave out --samples")
    given = uncertainty_of(uncertainty)
    keeping = Keeping(address, mapping)
    graph = keeping.read()
    for name in products:
        graph.code(name)  # a wrong name is told before anything is computed
    result = cost(graph, run)
    codes = chosen_codes(result, [result.code(name) for name in products], top)
    if samples is not None:
        from lineage.views.samples import sampled

        shown, more = shown_codes(result, codes, output)
        drawn = sampled(result, shown, size=samples, uncertainty=given)
        named = [graph.ids[graph.code(name)] for name in products]
        output.show(
            samples_answer(drawn, [name for name in named if graph.codes[name] in shown], output, more)
        )
        return
    if write_back:
        output.note(f"kept in {address} as run {keeping.keep(result, prefix)}")
    output.show(cost_answer(result, codes, output))


def chosen_codes(result: "Cost", wanted: list[int], top: int | None) -> list[int]:
    """Return the products to show: those named, those with the largest EPC, or all."""
    if wanted:
        codes = list(dict.fromkeys(wanted))
        if top is not None:
            codes = [code for code in result.top(len(result.graph)) if code in set(codes)][:top]
        return codes
    return result.top(top) if top is not None else list(result.existing)


def shown_codes(result: "Cost", codes: list[int], output: Output) -> tuple[list[int], list[str]]:
    """Return the products that are shown, and a line on the others: a table for people is not endless."""
    limited = output.format == "table" and output.file is None and len(codes) > MOST_ROWS
    if not limited:
        return codes, []
    largest = result.top(MOST_ROWS)
    shown = largest + [code for code in codes if code not in set(largest)][: MOST_ROWS - len(largest)]
    return shown, [f"... and {len(codes) - len(shown):,} more: --top N, or --format csv for all"]


def cost_answer(result: "Cost", codes: list[int], output: Output) -> Answer:
    """Return the figures of these products with what holds for all of them."""
    shown, more = shown_codes(result, codes, output)
    rows = result.rows(shown) if output.format in ("table", "markdown") else []
    if not codes and result.existing:
        more = [f"No product has a known {result.view}, so none comes first; lineage list shows all of them."]
    idle = result.sharing is not None and not result.sharing.complete and len(codes) == len(result.existing)
    evidence = ("evidence", "own between") if result.run.impute else ()
    return Answer(
        document=result.as_dict(codes) if output.format == "json" else {},
        records=[
            *(cost_record(row, result.unit) for row in result.rows(codes)),
            *(
                [{"id": UNASSIGNED} | amount_columns("burden", result.unassigned, result.unit)]
                if idle
                else []
            ),
        ]
        if output.format in ("csv", "parquet")
        else (),
        columns=cost_columns(result.unit),
        title=header(result.run, "Cost", result.engine),
        grid=Grid(
            ("product", "own", "EPC", "inherited", "burden", "cumulative", "figures known", *evidence),
            [
                *((*cost_cells(row, result.unit), *_evidence(row, result)) for row in rows),
                *(
                    [
                        (
                            UNASSIGNED,
                            "",
                            "-",
                            "-",
                            amount(result.unassigned, result.unit),
                            "",
                            "",
                            *("" for _ in evidence),
                        )
                    ]
                    if idle
                    else []
                ),
            ],
        ),
        notes=[*more, "", *summary(result), *finding_notes(result.findings, verbose=output.verbose)],
        findings=result.findings,
    )


def cost_cells(row: "ProductCost", unit: str) -> tuple[str, ...]:
    """Return a row of the table for people."""
    return (
        row.id,
        amount(row.own, unit),
        amount(row.epc, unit),
        share(row.upstream_share) if row.epc is not None else "-",
        amount(row.burden, unit),
        amount(row.cumulative, unit),
        f"{row.known:,} of {row.members:,}",
    )


def _evidence(row: "ProductCost", result: "Cost") -> tuple[str, ...]:
    """Return what an own cost rests on and its bounds, where estimates are among the figures."""
    if not result.run.impute:
        return ()
    lo, _, hi = row.own
    bounds = "" if lo == hi else f"{show(lo, result.unit)} to {show(hi, result.unit)}"
    return (row.tier, bounds if row.tier != "unknown" else "")


def cost_record(row: "ProductCost", unit: str) -> dict[str, Any]:
    """Return a flat row: one column per view and bound, units in the names."""
    record: dict[str, Any] = {"id": row.id, "name": row.name, "kind": row.kind, "tier": row.tier}
    for view, value in (
        ("own", row.own),
        ("cumulative", row.cumulative),
        ("epc", row.epc),
        ("burden", row.burden),
    ):
        record |= amount_columns(view, value, unit)
    return record | {"retained_share": row.retained_share, "covered": row.covered}


def cost_columns(unit: str) -> list[str]:
    """Return the names of a record's columns."""
    views = [
        name for view in ("own", "cumulative", "epc", "burden") for name in amount_columns(view, None, unit)
    ]
    return ["id", "name", "kind", "tier", *views, "retained_share", "covered"]


def summary(result: "Cost") -> list[str]:
    """Return the lines on conservation, coverage and evidence that no table of costs goes without."""
    known, total = result.coverage.known, result.coverage.total
    tiers = ", ".join(f"{tier} {count:,}" for tier, count in result.coverage.products.items())
    lines = [
        f"Conservation: {conservation_line(result)}",
        f"Coverage: {known:,} of {total:,} products have a figure ({tiers})",
        f"Known cost by evidence: {shares_by_tier(result.coverage.cost)}",
    ]
    if result.sharing is not None:
        lines = [*shared_lines(result), *lines]
    if result.dropped:
        named = ", ".join(f"{product} <- {parent}" for product, parent in result.dropped[:MOST_NAMED])
        more = len(result.dropped) - MOST_NAMED
        lines.append(f"Dropped to break cycles: {named}{f' and {more:,} more' if more > 0 else ''}")
    return lines


def shared_lines(result: "Cost") -> list[str]:
    """Return why there is no EPC, what nobody carries, and how exactly users were counted."""
    from lineage.explanation.wording import number

    shared, run = result.sharing, result.run
    assert shared is not None
    by = "in proportion to their inferences" if run.policy == "usage" else "equally"
    lines = [f"EPC: none, policy {run.policy} has no edge weights; users at or below a product share it {by}"]
    if not shared.complete:
        lines.append(
            f"Unassigned, no use at or below: {amount(shared.unassigned, result.unit)} (part of the total)"
        )
    if shared.standard_error is not None:
        lines.append(
            f"Users counted by sketches, standard error {share(shared.standard_error)}; burdens rescaled by "
            f"{number(shared.rescaled, 9)} to add up"
        )
    return lines


def conservation_line(result: "Cost") -> str:
    """Return whether every known unit of cost is carried exactly once, with the figures."""
    figures, unit = result.conservation, result.unit
    if figures.sum_own is None:
        return "nothing is known, so there is nothing to conserve"
    own = f"own costs add up to {show(figures.sum_own, unit)}"
    if not math.isfinite(figures.sum_own) or not math.isfinite(figures.sum_burden or 0.0):
        return "cannot be computed: the figures are too large to be added up"
    if figures.sum_burden is None:
        return f"does not apply to policy {result.run.policy}; {own}"
    if not figures.applies:
        over = show(figures.over_allocated, unit)
        return f"does not conserve: {over} are handed out more than once (over-allocated); {own}"
    rest = "" if result.sharing is None or result.sharing.complete else " with what is unassigned"
    own += f", burdens{rest} to {show(figures.sum_burden, unit)}"
    error = figures.relative_error or 0.0
    if error > TOLERANCE:
        return f"{own}: they should be equal, and differ by {error:.1e} of it"
    return f"{own}: every known {unit} is carried exactly once (relative difference {error:.1g})"
