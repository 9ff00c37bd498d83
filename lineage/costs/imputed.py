"""Own costs that nobody published, filled with estimates: labelled, and never over a figure that is known."""

from dataclasses import replace

import numpy as np

from lineage.costs.inputs import read_jobs, read_supplies
from lineage.costs.own import OwnCosts
from lineage.costs.parts import Input, Part, number
from lineage.estimates import Estimates, estimate_products
from lineage.estimates.products import Given
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
    the host and the cooling of published runs were from it. Where jobs leave a part of their cost open, best value
    and tier stay, and the estimate of the whole gives the upper bound. Findings count what was estimated.
    """
    unknown = np.asarray(costs.origin.codes == costs.origin.names.index(""))
    by_jobs = costs.origin.where("jobs")
    rated = _rated(graph, run, costs)
    open_ended = by_jobs & np.isnan(costs.hi) & ~rated
    estimates = estimate_products(graph, run, unknown | rated | open_ended)
    # The estimate of a product with jobs must rest on them, not on its size.
    sound = estimates.known() & ~(
        by_jobs & (estimates.tier.where("imputed") | estimates.tier.where("from-flops"))
    )
    filled, closed = sound & (unknown | rated), sound & open_ended
    tier = Labels(costs.tier.codes.copy(), TIERS)
    tier.codes[filled] = estimates.tier.codes[filled]
    origin = Labels(costs.origin.codes.copy(), costs.origin.names)
    origin.codes[filled] = origin.names.index("estimate")
    lo, best, hi = (
        np.where(filled, getattr(estimates, name), getattr(costs, name)) for name in ("lo", "best", "hi")
    )
    return replace(
        costs,
        lo=lo,  # the known part is the least that it can be
        best=best,
        hi=np.where(closed, np.fmax(best, estimates.hi), hi),
        tier=tier,
        origin=origin,
        market_from_location=costs.market_from_location | (filled & (run.impact == "carbon-market")),
        findings=(*costs.findings, *_counted(estimates, filled), *_bounded(estimates, closed)),
        estimates=estimates,
    )


def _rated(graph: Graph, run: Run, costs: OwnCosts) -> Flags:
    """Return the products all of whose jobs are without energy and power of their own: only hardware by name."""
    rated, told = np.zeros(len(graph), np.bool_), np.zeros(len(graph), np.bool_)
    by_jobs = np.flatnonzero(costs.origin.where("jobs"))
    if not len(by_jobs):
        return rated
    jobs = [job for job in read_jobs(graph, run.as_of, by_jobs.tolist()) if job.makes]
    systems = read_supplies(graph, jobs, run.factors).systems
    for job in jobs:
        system = systems.get(job.system or "")
        if job.energy_kwh is None and job.power_w is None and system is not None and system.factors:
            rated[job.product] = True
        elif job.energy_kwh is not None or job.power_w is not None:
            told[job.product] = True
    return rated & ~told  # what is known of one job is not given up for what another is estimated at


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
            text = f"own {estimates.impact} of {count:,} {are} estimated ({tier})"
            found.append(finding("imputed", tier, text))
    return found


def estimate_part(costs: OwnCosts, code: int, unit: str) -> Part:
    """Return the estimate of a product as a part: formula with its numbers, the range of each input, and sources."""
    made = costs.estimates.of(code) if costs.estimates is not None else None
    if made is None:
        raise LookupError(f"product {code} has no estimate")
    terms = (*made.terms, *made.rate)
    formula = " x ".join(_factor(item) for item in terms)
    spread = (
        f" = {number(made.value.best)} {unit}, between {number(made.value.lo)} and {number(made.value.hi)}"
    )
    inputs = [Input("method", made.method), *(Input("assumed", text) for text in made.notes)]
    for item in terms:
        lo, best, hi = item.value
        inputs.append(Input(item.name, best, item.unit if item.unit != "1" else "", item.source))
        if lo != hi:
            inputs.append(Input(f"{item.name}, range", f"{number(lo)} to {number(hi)}"))
    return Part(
        name=f"estimate ({made.tier})",
        value=made.value.best,
        unit=unit,
        formula=formula + spread,
        inputs=tuple(inputs),
        tier=made.tier,
    )


def _factor(item: Given) -> str:
    return number(item.value.best) if item.unit == "1" else f"{number(item.value.best)} {item.unit}"
