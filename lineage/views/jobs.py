"""The job sheet: every metric of every job, with its components and what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from lineage.costs import Job, JobFigures
from lineage.graph import Graph
from lineage.kernels.jobs import asc_gco2e, jqcr, jsc_gco2e, scr_gco2e_per_h
from lineage.kernels.jobs_shares import jsc_expanded_gco2e
from lineage.kernels.jobs_values import total
from lineage.run import Run
from lineage.schema import IMPACTS
from lineage.views.ledger import Amount, Ledger, read_ledger
from lineage.views.serving import Serving, serving

__all__ = ["COMPONENTS", "JobMetrics", "Serving", "job_sheet", "serving", "sheet_as_dict"]

COMPONENTS = ("it", "cooling_and_loss", "platform", "systems_embodied", "products_embodied", "retraining")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMetrics:
    """The metrics of one job (ACCOUNTING.md section 1). Carbon in gCO2e, energy in kWh; None is unknown.

    `components` are those of ASC^e in gCO2e, `energy_components` those of the energy. `missing` names the
    components that are unknown, `needs` what would give each; a total is None if a component it needs is missing
    (a known energy with an unknown split lacks nothing). `at_least` names components that are lower bounds,
    because a product behind them is only partly known. `market` holds the carbon totals on a market basis;
    `market_from_location` says that they rest on the location's intensity, for want of a market one.
    """

    id: str
    product: str
    phase: str
    energy_kwh: float | None
    jsc_gco2e: float | None
    ec_gco2e: float | None
    asc_gco2e: float | None
    jsc_expanded_gco2e: float | None
    asc_expanded_gco2e: float | None
    asc_expanded_additive_gco2e: float | None
    scr_gco2e_per_h: float | None
    jqcr: float | None
    quality_metric: str | None
    missing: list[str]
    needs: dict[str, list[str]]
    at_least: list[str]
    components: dict[str, float | None]
    energy_components: dict[str, float | None]
    energy_tier: str
    carbon_tier: str
    market: dict[str, float | None]
    market_from_location: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics as JSON holds them: one of the `jobs` of lineage/job/1."""
        return {name: getattr(self, name) for name in self.__slots__}


def job_sheet(graph: Graph, run: Run | None = None, *, jobs: Iterable[int] | None = None) -> list[JobMetrics]:
    """Return the metrics of the jobs that exist in a run, or of those in these rows of the jobs table.

    EPC and burden come from the lineage with the run's policy; the figures are carbon on a location basis, with
    the market basis beside them, whatever the run's impact. Raises what `cost` raises where a job has a context
    product, and `InputError` for a job whose inputs cannot be right. Source: Eilam et al., HotCarbon 2023; Gandhi
    et al., HotCarbon 2022.

    >>> from lineage.testing import graph
    >>> job = {"id": "j", "product": "model:m", "phase": "training", "power_w": 250.0, "device_count": 8.0,
    ...        "duration_h": 84.0, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 50.0}
    >>> [metrics] = job_sheet(graph("m", jobs=[job]))
    >>> metrics.energy_kwh, metrics.jsc_gco2e, metrics.asc_gco2e, metrics.needs
    (168.0, 8400.0, None, {'systems_embodied': ['system']})
    """
    run = run or Run()
    location = read_ledger(graph, replace(run, impact="carbon"))
    market = location.in_impact("carbon-market") if _has_market(graph, location) else location
    if jobs is None:
        chosen = list(location.figures)
    else:
        ids = graph.texts("jobs", "id")
        rows = {ids[row] for row in jobs}
        chosen = location.select(lambda job: job.id in rows)
    return [_metrics(item, location, market) for item in chosen]


def sheet_as_dict(metrics: Iterable[JobMetrics]) -> dict[str, Any]:
    """Return a job sheet as the JSON document lineage/job/1."""
    return {"schema": "lineage/job/1", "jobs": [item.as_dict() for item in metrics]}


def _has_market(graph: Graph, ledger: Ledger) -> bool:
    """Return whether any market-based figure is given; without one, market repeats the location."""
    products = graph.tables["products"]
    names = [IMPACTS["carbon-market"].column + bound for bound in ("", "_lo", "_hi")]
    given = any(products.column(name).null_count < len(graph) for name in names)
    return given or not all(item.market_from_location for item in ledger.figures)


def _metrics(item: JobFigures, location: Ledger, market: Ledger) -> JobMetrics:
    job = item.job
    amounts = _amounts(item, location)
    totals = _totals(item, location, amounts)
    missing = [name for name in COMPONENTS if amounts[name].value is None]
    scr = scr_gco2e_per_h(totals["asc_expanded_gco2e"], job.duration_h)
    return JobMetrics(
        id=job.id,
        product=location.graph.id(job.product),
        phase=job.phase,
        energy_kwh=item.energy.total_kwh,
        ec_gco2e=item.ec_gco2e,
        **totals,
        scr_gco2e_per_h=scr,
        jqcr=_quality_per_rate(job, scr),
        quality_metric=job.quality_metric,
        missing=missing,
        needs={name: list(amounts[name].needs) for name in missing},
        at_least=[name for name in COMPONENTS if amounts[name].at_least],
        components={name: amounts[name].value for name in COMPONENTS},
        energy_components={
            "it": item.energy.it_kwh,
            "cooling_and_loss": item.energy.cooling_and_loss_kwh,
        },
        energy_tier=item.energy_tier,
        carbon_tier=item.carbon_tier(),
        market=totals if market is location else _totals(item, market, _amounts(item, market)),
        market_from_location=item.market_from_location,
    )


def _amounts(item: JobFigures, ledger: Ledger) -> dict[str, Amount]:
    """Return the components of ASC^e; where the energy's split is unknown, `it` is the whole."""
    intensity = item.intensity_gco2e_per_kwh
    if ledger.run.impact == "carbon-market":
        intensity = item.intensity_market_gco2e_per_kwh
    energy = {"it": item.energy.it_kwh, "cooling_and_loss": item.energy.cooling_and_loss_kwh}
    amounts = {}
    for name, kwh in energy.items():
        value = jsc_gco2e(kwh, intensity)
        amounts[name] = Amount(value, item.needs.get(name, ()) if value is None else ())
    return amounts | {
        "platform": ledger.platform(item),
        "systems_embodied": ledger.systems_embodied(item),
        "products_embodied": ledger.products_embodied(item),
        "retraining": ledger.retraining(item),
    }


def _totals(item: JobFigures, ledger: Ledger, amounts: dict[str, Amount]) -> dict[str, float | None]:
    jsc = ledger.operation(item).value
    ec = amounts["systems_embodied"].value
    expanded = jsc_expanded_gco2e(jsc, amounts["platform"].value, amounts["retraining"].value)
    return {
        "jsc_gco2e": jsc,
        "asc_gco2e": asc_gco2e(jsc, ec),
        "jsc_expanded_gco2e": expanded,
        "asc_expanded_gco2e": total(expanded, ec, amounts["products_embodied"].value),
        "asc_expanded_additive_gco2e": ledger.expanded(item, twin=True).value,
    }


def _quality_per_rate(job: Job, scr: float | None) -> float | None:
    """Return JQCR; a quality without a name or a direction compares to nothing and has none."""
    if job.quality_metric is None or job.quality_direction not in ("higher", "lower"):
        return None
    return jqcr(job.quality, scr, higher_is_better=job.quality_direction == "higher")
