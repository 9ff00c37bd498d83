"""Own costs that nobody published, filled with estimates: labelled, and never over a figure that is known."""

from dataclasses import replace

import numpy as np

from lineage.costs.figures import JobFigures, job_bounds, job_figures
from lineage.costs.inputs import Job, Supplies, read_jobs, read_supplies
from lineage.costs.own import OwnCosts
from lineage.costs.parts import Input, Part, number
from lineage.estimates import Estimates, estimate_products
from lineage.estimates.products import Given
from lineage.estimates.runs import Known
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.arrays import Flags
from lineage.kernels.labels import Labels
from lineage.run import Run
from lineage.schema import TIERS

__all__ = ["estimate_part", "imputed"]


def imputed(graph: Graph, run: Run, costs: OwnCosts) -> OwnCosts:
    """Return the own costs with an estimate wherever nothing is known and something can be estimated.

    Jobs whose power is only the rated one of their hardware count as unknown: an estimate knows how far the mean draw,
    the host and the cooling of published runs were from it. Where the operation of a job is unknown (energy without a
    grid), it is estimated and added to what is known. Where jobs leave another part of their cost open, best value
    and tier stay, and the estimate gives the upper bound. What is known of the jobs is the least that lo and best can
    be. Findings count what was estimated.
    """
    unknown = np.asarray(costs.origin.codes == costs.origin.names.index(""))
    by_jobs = costs.origin.where("jobs")
    rated, lacking, known = _of_jobs(graph, run, unknown | by_jobs)
    rated &= by_jobs
    open_ended = by_jobs & np.isnan(costs.hi) & ~rated
    estimates = estimate_products(graph, run, unknown | rated | open_ended, known)
    # The estimate of a product with jobs must rest on them, not on its size.
    sound = estimates.known() & ~(by_jobs & ~estimates.from_runs())
    partly = open_ended & lacking & estimates.filling()
    filled = sound & (unknown | rated | partly)
    closed = sound & open_ended & ~partly & ~np.isnan(estimates.hi)
    tier = Labels(costs.tier.codes.copy(), TIERS)
    tier.codes[filled] = estimates.tier.codes[filled]
    origin = Labels(costs.origin.codes.copy(), costs.origin.names)
    origin.codes[filled] = origin.names.index("estimate")
    floored = filled & ~rated
    lo = np.where(filled, estimates.lo, costs.lo)  # the known part is the least that it can be
    lo = np.where(floored, np.fmax(lo, costs.lo), lo)
    best = np.where(filled, estimates.best, costs.best)
    best = np.where(floored, np.fmax(np.fmax(best, costs.best), lo), best)
    hi = np.where(filled | closed, np.maximum(best, estimates.hi), costs.hi)  # an unknown one stays unknown
    return replace(
        costs,
        lo=lo,
        best=best,
        hi=hi,
        tier=tier,
        origin=origin,
        market_from_location=costs.market_from_location | (filled & (run.impact == "carbon-market")),
        findings=(*costs.findings, *_counted(estimates, filled), *_bounded(estimates, closed)),
        estimates=_used(estimates, filled | closed),
    )


def _used(estimates: Estimates, used: Flags) -> Estimates:
    """Return the estimates without the values that no cost took, so that nothing speaks of them."""
    lo, best, hi = (np.where(used, side, np.nan) for side in (estimates.lo, estimates.best, estimates.hi))
    return replace(estimates, lo=lo, best=best, hi=hi)


def _of_jobs(graph: Graph, run: Run, wanted: Flags) -> tuple[Flags, Flags, dict[int, Known]]:
    """Return the products whose jobs are all rated, those with a job of unknown operation, and what is known of jobs.

    Rated: known by the rated power of the hardware only.
    """
    rated, told, lacking = (np.zeros(len(graph), np.bool_) for _ in range(3))
    codes = np.flatnonzero(wanted).tolist()
    jobs = [job for job in read_jobs(graph, run.as_of, codes) if job.makes] if graph.rows("jobs") else []
    if not jobs:
        return rated, lacking, {}
    supplies = read_supplies(graph, jobs, run.factors)
    figures: dict[int, list[JobFigures]] = {}
    for job in jobs:
        figures.setdefault(job.product, []).append(job_figures(job, supplies))
        if _is_rated(job, supplies):
            rated[job.product] = True
        elif figures[job.product][-1].energy.total_kwh is not None:
            told[job.product] = True
    rated &= ~told  # what is known of one job is not given up for what another is estimated at
    known = {}
    for code, items in figures.items():
        mixed = {item.job.id: item.intensity_gco2e_per_kwh for item in items if item.job.mix}
        intensity = {name: value for name, value in mixed.items() if value is not None}
        taxes = [item.platform_gco2e or 0.0 for item in items] if run.impact.startswith("carbon") else []
        known[code] = Known((sum(taxes),) * 3, intensity=intensity)
        lacking[code] = any(_operation(item, run.impact) is None for item in items)
        if not rated[code]:
            known[code] = replace(_known(items, supplies, run.impact), intensity=intensity)
    return rated, lacking, known


def _is_rated(job: Job, supplies: Supplies) -> bool:
    """Return whether nothing but the rated power of its hardware tells a job's energy, no stated utilisation either."""
    system = supplies.systems.get(job.system or "")
    stated = job.energy_kwh is not None or job.power_w is not None or job.utilisation != 1.0
    return not stated and system is not None and bool(system.factors)


def _known(items: list[JobFigures], supplies: Supplies, impact: str) -> Known:
    """Return the known part of the jobs of one product, and which parts of which jobs are in it."""
    lo = best = hi = 0.0
    operation, embodied = set(), set()
    for item in items:
        low, high = job_bounds(item, supplies)
        ends = [_known_part(figures, impact) or 0.0 for figures in (low, item, high)]
        lo, best, hi = lo + ends[0], best + ends[1], hi + ends[2]
        if _operation(item, impact) is not None:
            operation.add(item.job.id)
        if item.ec_gco2e is not None:
            embodied.add(item.job.id)
    return Known((lo, best, hi), frozenset(operation), frozenset(embodied))


def _operation(item: JobFigures, impact: str) -> float | None:
    """Return what operating a job cost: JSC in gCO2e, energy in kWh or water in L."""
    if impact == "water":
        return item.water_l
    if impact == "energy":
        return item.energy.total_kwh
    return item.jsc_market_gco2e if impact == "carbon-market" else item.jsc_gco2e


def _known_part(item: JobFigures, impact: str) -> float | None:
    if impact in ("water", "energy"):
        return _operation(item, impact)
    return item.known_gco2e(market=impact == "carbon-market")


def _bounded(estimates: Estimates, closed: Flags) -> list[Finding]:
    count = int(np.count_nonzero(closed))
    if not count:
        return []
    text = (
        f"bounds of own {estimates.impact} of {count:,} products are estimated: their jobs leave a part open"
    )
    return [finding("imputed", "jobs", text)]


def _counted(estimates: Estimates, filled: Flags) -> list[Finding]:
    found = []
    for tier in TIERS:
        count = int(np.count_nonzero(estimates.tier.where(tier) & filled))
        if count:
            are = "product is" if count == 1 else "products are"
            how = f"({tier})" if tier != "unknown" else "in part: jobs that tell nothing are left out"
            text = f"own {estimates.impact} of {count:,} {are} estimated {how}"
            found.append(finding("imputed", tier, text))
    return found


def estimate_part(costs: OwnCosts, code: int, unit: str) -> Part:
    """Return the estimate of a product as a part: formula with its numbers, the range of each input, and sources."""
    made = costs.estimates.of(code) if costs.estimates is not None else None
    if made is None:
        raise LookupError(f"product {code} has no estimate")
    terms = (*made.terms, *made.rate)
    formula = " x ".join(_factor(item) for item in terms)
    if made.known:
        formula += f" + {number(made.known)} {unit} known"
    lo, best, hi = (float(side[code]) for side in (costs.lo, costs.best, costs.hi))
    upper = f"at least {number(lo)}" if np.isnan(hi) else f"between {number(lo)} and {number(hi)}"
    spread = f" = {number(best)} {unit}, {upper}"
    inputs = [Input("method", made.method), *(Input("assumed", text) for text in made.notes)]
    for item in terms:
        low, mid, high = item.value
        inputs.append(Input(item.name, mid, item.unit if item.unit != "1" else "", item.source))
        if low != high:
            top = "?" if np.isnan(high) else number(high)
            inputs.append(Input(f"{item.name}, range", f"{number(low)} to {top}"))
    return Part(
        name=f"estimate ({made.tier})",
        value=best,
        unit=unit,
        formula=formula + spread,
        inputs=tuple(inputs),
        tier=made.tier,
    )


def _factor(item: Given) -> str:
    return number(item.value.best) if item.unit == "1" else f"{number(item.value.best)} {item.unit}"
