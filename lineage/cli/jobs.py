"""The command `job`."""

from typing import TYPE_CHECKING, Any

import click

from lineage.cli.figures import choices
from lineage.cli.opening import opened, spare_pandas
from lineage.cli.options import output_options, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.progress import progress_bar
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.claims import Claims
    from lineage.graph import Graph
    from lineage.views.jobs import JobMetrics

__all__ = ["job_command"]

MOST_NAMED = 3  # jobs that lack the same, named on one line
_TOTALS = ["energy_kwh", "jsc_gco2e", "ec_gco2e", "asc_gco2e", "jsc_expanded_gco2e", "asc_expanded_gco2e"]


@click.command("job")
@click.argument("files", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--as", "format", metavar="FORMAT", help="The format, where it cannot be recognised: lineage formats."
)
@click.option("--keep-going", is_flag=True, help="In a folder, leave out files that cannot be read.")
@store_option
@run_options
@output_options
def job_command(  # noqa: PLR0913 - one parameter per option
    files: tuple[str, ...], format: str | None, keep_going: bool, address: str, run: Run, output: Output
) -> None:
    """Compute the cost of the jobs in these files, with its components; the store is read, never changed.

    Products that a job needs come from the files, then from the store. Carbon is location-based; what is unknown is
    "?" and named with what would give it.

    JSC: energy x grid intensity. ec: the systems' embodied tax. ASC: both. JSC^e: with platform operations and
    re-training. ASC^e: with the products' embodied part (EPC) as well. SCR: ASC^e per hour.

    \b
    Example:
      lineage job jobs.csv
      lineage job inference.csv --store lineage.store --format json
    """
    spare_pandas()
    from lineage.importing import read_claims

    with progress_bar(quiet=output.quiet) as progress:
        claims = read_claims(*files, format=format, keep_going=keep_going, progress=progress)
    graph = graph_with(claims, address)
    from lineage.views.jobs import job_sheet

    wanted = set(claims.tables["jobs"].column("id").to_pylist())
    rows = [row for row, name in enumerate(graph.texts("jobs", "id")) if name in wanted]
    output.show(job_answer(job_sheet(graph, run, jobs=rows), run, verbose=output.verbose))


def graph_with(claims: "Claims", address: str) -> "Graph":
    """Return one graph of the claims and, behind them, of what the store knows, if there is one."""
    from lineage.claims import Claims
    from lineage.graph import resolve

    with opened(address) as store:
        known = store.claims() if store.snapshots() else Claims.empty()
    graph, _ = resolve(Claims.concat([known.superseded_by(claims), claims]))
    return graph


def job_answer(metrics: "list[JobMetrics]", run: Run, *, verbose: bool) -> Answer:
    """Return the metrics of jobs, and what is missing to know more."""
    from lineage.views.jobs import sheet_as_dict

    if verbose or len(metrics) == 1:
        notes = [
            line
            for item in metrics
            for line in ("", f"{item.id}, components of ASC^e:", *_component_lines(item))
        ]
    else:
        notes = _missing_lines(metrics)
    return Answer(
        document=sheet_as_dict(metrics),
        records=[_record(item) for item in metrics],
        title=f"Jobs; carbon, location-based; {choices(run)}",
        grid=Grid(
            ("job", "product", "energy", "JSC", "ec", "ASC", "JSC^e", "ASC^e", "SCR per h", "JQCR"),
            [_cells(item) for item in metrics],
            left=2,
        ),
        notes=["", *notes] if metrics else ["There is no job in these files."],
    )


def _missing_lines(metrics: "list[JobMetrics]") -> list[str]:
    """Return what is missing, jobs that lack the same on one line."""
    jobs: dict[str, list[str]] = {}
    for item in metrics:
        if item.missing:
            lacking = ", ".join(f"{name} (needs {' and '.join(item.needs[name])})" for name in item.missing)
            jobs.setdefault(lacking, []).append(item.id)
    return [
        f"{', '.join(names) if len(names) <= MOST_NAMED else f'{len(names):,} jobs'}: missing {lacking}"
        for lacking, names in jobs.items()
    ]


def _cells(item: "JobMetrics") -> tuple[str, ...]:
    totals = [show(getattr(item, name), "kWh" if name.endswith("_kwh") else "gCO2e") for name in _TOTALS]
    if item.at_least and item.asc_expanded_gco2e is not None:
        totals[-1] = f"≥ {totals[-1]}"
    quality = "" if item.quality_metric is None else "?" if item.jqcr is None else f"{item.jqcr:.4g}"
    return item.id, item.product, *totals, show(item.scr_gco2e_per_h, "gCO2e"), quality


def _component_lines(item: "JobMetrics") -> list[str]:
    lines = []
    for name, value in item.components.items():
        bound = "≥ " if name in item.at_least else ""
        needs = f"  needs {' and '.join(item.needs[name])}" if item.needs.get(name) else ""
        lines.append(f"  {name.replace('_', ' '):<18} {bound}{show(value, 'gCO2e')}{needs}")
    if item.asc_expanded_additive_gco2e is not None:
        lines.append(
            "  ASC^e with burden in place of EPC, which may be summed: "
            + show(item.asc_expanded_additive_gco2e, "gCO2e")
        )
    if item.quality_metric is not None:
        lines.append(f"  JQCR is {item.quality_metric} / SCR; two of different metrics never compare")
    return lines


def _record(item: "JobMetrics") -> dict[str, Any]:
    """Return a flat row."""
    row: dict[str, Any] = {name: getattr(item, name) for name in ("id", "product", "phase", *_TOTALS)}
    row |= {
        "asc_expanded_additive_gco2e": item.asc_expanded_additive_gco2e,
        "scr_gco2e_per_h": item.scr_gco2e_per_h,
        "jqcr": item.jqcr,
        "quality_metric": item.quality_metric,
        "missing": " ".join(item.missing),
    }
    return row | {f"{name}_gco2e": value for name, value in item.components.items()}
