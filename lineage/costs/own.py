"""Own costs of all products, from jobs and from printed totals; the better evidence wins."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lineage.costs.figures import TOLERANCE, JobFigures, job_bounds, job_figures, worst_tier
from lineage.costs.inputs import read_jobs, read_supplies
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.jobs_values import relative_difference
from lineage.kernels.labels import Labels
from lineage.run import Run
from lineage.schema import IMPACTS, TIERS, tier_rank
from lineage.units import show

if TYPE_CHECKING:
    from lineage.estimates import Estimates

__all__ = ["Alternative", "OwnCosts", "own_costs"]

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
TierCodes = np.ndarray[tuple[int], np.dtype[np.int8]]


class Alternative(NamedTuple):
    """A figure that did not win: product code, "total" or "jobs", best value in the impact's unit, tier."""

    product: int
    origin: str
    best: float
    tier: str


@dataclass(frozen=True)
class OwnCosts:
    """The own cost of every product in `unit`; arrays of shape (products,), NaN is unknown.

    An unknown own cost is lo 0, best NaN, hi NaN, tier `unknown`. `origin` is "total" (a printed figure),
    "jobs" (the sum of the jobs that made it), "estimate" or "". `job_weights` maps (product code, platform code) to the
    sum of t / (LT x k) of the jobs that made the product on the platform, for edges whose weight comes from
    jobs.
    `market_from_location` marks market-based figures that repeat a location-based one.
    """

    impact: str
    unit: str
    lo: Floats
    best: Floats
    hi: Floats
    tier: Labels
    origin: Labels
    market_from_location: Flags
    job_weights: dict[tuple[int, int], float]
    findings: tuple[Finding, ...]
    alternatives: list[Alternative]
    estimates: "Estimates | None" = field(default=None, repr=False)


class _Sum(NamedTuple):
    """The jobs of one product, summed; best is NaN if nothing is known, hi is NaN if something is not."""

    lo: float
    best: float
    hi: float
    tier: str
    whole_jobs_unknown: int
    from_location: bool


def own_costs(graph: Graph, run: Run) -> OwnCosts:
    """Return the own cost of every product (ACCOUNTING.md sections 2 and 4).

    From jobs it is the sum of JSC + ec + platform tax over the jobs that made the product: ASC^e less the
    products' embodied part, which is an edge of the lineage. For energy it is the energy with cooling; water is
    known from jobs whose grid is a place of the factors. A printed total and a sum of jobs: the better tier wins,
    on a tie the jobs, and a difference beyond 1 % is a finding. With `run.impute` what is still unknown is
    estimated (docs/estimates.md), with origin "estimate". Raises `InputError` for a job whose inputs cannot be
    right.

    >>> from lineage.testing import graph
    >>> costs = own_costs(graph("base -> tuned", own={"base": 10.0}), Run())
    >>> costs.best.tolist(), costs.hi.tolist(), costs.tier
    ([10.0, nan], [10.0, nan], ['reported', 'unknown'])
    """
    costs = _known_costs(graph, run)
    if not run.impute:
        return costs
    from lineage.costs.imputed import imputed  # late: plain costs need none of it

    return imputed(graph, run, costs)


def _known_costs(graph: Graph, run: Run) -> OwnCosts:
    """Return own costs without estimates."""
    costs = _totals(graph, run)
    jobs = [job for job in read_jobs(graph, run.as_of) if job.makes]
    if not jobs:
        return costs
    supplies = read_supplies(graph, jobs, run.factors)
    figures = [job_figures(job, supplies) for job in jobs]
    found = _undated(figures) if run.as_of else []
    weights, weight_findings = _job_weights(graph, figures)
    found += weight_findings
    if run.impact != "water":
        for item in figures:
            found += [*item.findings, *_missing(item, run.impact)]
    if run.impact != "water" or any(item.water_l is not None for item in figures):
        sums = _sums(figures, [job_bounds(item, supplies) for item in figures], run.impact)
        found += _merge(graph, costs, sums, run.impact)
    reported = {(item.code, item.subject) for item in graph.findings if item.code in _ONCE}
    findings = tuple(item for item in found if (item.code, item.subject) not in reported)
    return replace(costs, job_weights=weights, findings=findings)


# Facts about the tables, which merging may have reported already.
_ONCE = ("unknown-grid", "unknown-system")


# -- printed totals ---------------------------------------------------------------------------------------


def _totals(graph: Graph, run: Run) -> OwnCosts:
    """Return what the products' own columns say, jobs apart."""
    lo, best, hi, tier = _columns(graph, run.impact)
    unknown = np.isnan(best)
    stated = ~(unknown & np.isnan(lo) & np.isnan(hi))
    repeats = np.zeros(len(graph), np.bool_)
    if run.impact == "carbon-market":
        other = _columns(graph, "carbon")
        repeats = ~stated & ~(np.isnan(other[0]) & np.isnan(other[1]) & np.isnan(other[2]))
        lo, best, hi = (np.where(repeats, b, a) for a, b in zip((lo, best, hi), other[:3], strict=True))
        unknown = np.isnan(best)
        tier = np.where(repeats, other[3], tier)
        stated |= repeats
    lo, best, hi = np.array(lo), np.array(best), np.array(hi)  # the columns themselves are read-only
    without = np.isnan(lo)
    np.copyto(lo, best, where=without)
    lo[without & unknown] = 0.0
    np.copyto(hi, best, where=np.isnan(hi))
    return OwnCosts(
        impact=run.impact,
        unit=run.unit,
        lo=lo,
        best=best,
        hi=hi,
        tier=Labels(np.where(stated, tier, _UNKNOWN), TIERS),
        origin=Labels(stated.astype(np.int8), ("", "total", "jobs", "estimate")),
        market_from_location=repeats,
        job_weights={},
        findings=(),
        alternatives=[],
    )


_REPORTED, _UNKNOWN = (np.int8(TIERS.index(name)) for name in ("reported", "unknown"))


def _columns(graph: Graph, impact: str) -> tuple[Floats, Floats, Floats, TierCodes]:
    """Return lo, best and hi as they stand, and the tier as a code of `TIERS`, `reported` where none is given."""
    name = IMPACTS[impact].column
    lo, best, hi = (graph.floats("products", name + bound) for bound in ("_lo", "", "_hi"))
    tiers = graph.labels("products", name.rsplit("_", 1)[0] + "_tier")
    codes = [TIERS.index(item) if item in TIERS else _REPORTED for item in tiers.names]
    return lo, best, hi, np.array(codes, np.int8)[tiers.codes]


# -- sums of jobs -----------------------------------------------------------------------------------------


def _sums(
    figures: list[JobFigures], bounds: list[tuple[JobFigures, JobFigures]], impact: str
) -> dict[int, _Sum]:
    """Return the sum of each product's jobs: best is the known part, the tier is the worst one.

    `bounds` are the figures of each job with every factor at its cheap end, and at its dear end.
    """
    market = impact == "carbon-market"
    sums: dict[int, _Sum] = {}
    for item, (low, high) in zip(figures, bounds, strict=True):
        known, least = _known(item, impact), _known(low, impact)
        if impact == "water":
            whole = high.water_l
            tier = "unknown" if known is None else worst_tier(item.energy_tier, "from-energy")
        elif impact == "energy":
            whole = high.energy.total_kwh
            tier = item.energy_tier
        else:
            whole = high.own_gco2e(market=market)
            tier = item.carbon_tier(market=market)
        one = _Sum(
            lo=least or 0.0,
            best=np.nan if known is None else known,
            hi=np.nan if whole is None else whole,
            tier=tier,
            whole_jobs_unknown=int(known is None),
            from_location=market and item.market_from_location,
        )
        sums[item.job.product] = _added(sums[item.job.product], one) if item.job.product in sums else one
    return sums


def _known(item: JobFigures, impact: str) -> float | None:
    if impact == "water":
        return item.water_l
    return item.energy.total_kwh if impact == "energy" else item.known_gco2e(market=impact == "carbon-market")


def _added(left: _Sum, right: _Sum) -> _Sum:
    best = (
        right.best if np.isnan(left.best) else left.best if np.isnan(right.best) else left.best + right.best
    )
    return _Sum(
        lo=left.lo + right.lo,
        best=best,
        hi=left.hi + right.hi,
        tier=worst_tier(left.tier, right.tier),
        whole_jobs_unknown=left.whole_jobs_unknown + right.whole_jobs_unknown,
        from_location=left.from_location and right.from_location,
    )


def _merge(graph: Graph, costs: OwnCosts, sums: dict[int, _Sum], impact: str) -> list[Finding]:
    """Let the better of total and jobs win, product by product, in place; return what does not reconcile."""
    found = []
    assumed, repeated = _assumed(graph, impact)
    for code, jobs in sorted(sums.items()):
        stated = costs.origin[code] == "total"
        if assumed[code] or (repeated[code] and jobs.from_location):
            if not np.isnan(jobs.best):
                costs.alternatives.append(Alternative(code, "jobs", jobs.best, jobs.tier))
            continue  # what a scenario assumes holds, whatever its evidence
        if stated and jobs.from_location and not costs.market_from_location[code]:
            continue  # jobs that only repeat the location never beat, nor contradict, a market-based total
        if stated and not np.isnan(jobs.best):
            found += _differences(graph.ids[code], costs, code, jobs)
        # A total that only repeats the location never beats jobs that know their market.
        wrong_basis = bool(costs.market_from_location[code]) and not jobs.from_location
        as_good = tier_rank(jobs.tier) <= tier_rank(costs.tier[code])
        if stated and (np.isnan(jobs.best) or not (as_good or wrong_basis)):
            if not np.isnan(jobs.best):
                costs.alternatives.append(Alternative(code, "jobs", jobs.best, jobs.tier))
            continue
        if stated:
            total = float(costs.best[code])
            costs.alternatives.append(Alternative(code, "total", total, costs.tier[code]))
        costs.lo[code], costs.best[code], costs.hi[code] = jobs.lo, jobs.best, jobs.hi
        costs.tier[code] = jobs.tier
        costs.origin[code] = "" if np.isnan(jobs.best) else "jobs"
        costs.market_from_location[code] = jobs.from_location
    return found


def _assumed(graph: Graph, impact: str) -> tuple[Flags, Flags]:
    """Return whose own cost a scenario assumes, and whose it assumes for the location, which the market repeats."""

    def marked(name: str) -> Flags:
        mark = IMPACTS[name].column.rsplit("_", 1)[0] + "_assumed"
        there = mark in graph.tables["products"].column_names
        return graph.flags("products", mark) if there else np.zeros(len(graph), np.bool_)

    return marked(impact), marked("carbon") & (impact == "carbon-market")


def _differences(name: str, costs: OwnCosts, code: int, jobs: _Sum) -> list[Finding]:
    """Report a total and a sum of jobs that are more than 1 % apart.

    A sum that lacks whole jobs cannot contradict a larger total.
    """
    total = float(costs.best[code])
    if np.isnan(total) or relative_difference(total, jobs.best) <= TOLERANCE:
        return []
    if jobs.whole_jobs_unknown and jobs.best < total:
        return []
    lacking = "; the jobs' sum is incomplete" if np.isnan(jobs.hi) else ""
    text = (
        f"own {costs.impact}: the total is {show(total, costs.unit)} ({costs.tier[code]}), "
        f"its jobs add up to {show(jobs.best, costs.unit)} ({jobs.tier}){lacking}"
    )
    return [finding("does-not-reconcile", name, text)]


# -- findings and weights ---------------------------------------------------------------------------------


def _undated(figures: list[JobFigures]) -> list[Finding]:
    text = "the job has no date; it counts as always there"
    return [finding("undated", item.job.id, text) for item in figures if item.job.started_at is None]


def _missing(item: JobFigures, impact: str) -> list[Finding]:
    """Say what a job's cost lacks; the split of a known energy lacks nothing."""
    if impact == "energy":
        lacking = {"energy": item.needs["it"]} if item.energy.total_kwh is None else {}
    else:
        jsc = item.jsc_market_gco2e if impact == "carbon-market" else item.jsc_gco2e
        needs = item.needs if jsc is None else {k: v for k, v in item.needs.items() if k in _BESIDE_JSC}
        lacking = {k: v for k, v in needs.items() if k != "cooling_and_loss"}
    if not lacking:
        return []
    listed = ", ".join(f"{name} (needs {' and '.join(inputs)})" for name, inputs in lacking.items())
    return [finding("missing-component", item.job.id, f"own {impact} of the job is incomplete: {listed}")]


_BESIDE_JSC = ("platform", "systems_embodied")


def _job_weights(
    graph: Graph, figures: list[JobFigures]
) -> tuple[dict[tuple[int, int], float], list[Finding]]:
    """Return w = sum of t / (LT x k) for every edge from a platform that exists only because of jobs.

    Where one of the terms is unknown so is w: the edge is left to the policy, with a finding.
    """
    if not any(item.job.platform >= 0 for item in figures):
        return {}, []
    from_jobs = graph.labels("edges", "weight_source").where("job")
    products, parents = graph.integers("edges", "product"), graph.integers("edges", "parent")
    edges = set(zip(products[from_jobs].tolist(), parents[from_jobs].tolist(), strict=True))
    weights: dict[tuple[int, int], float] = {}
    unknown = set()
    found = []
    for item in figures:
        key = (item.job.product, item.job.platform)
        if key not in edges:
            continue
        if item.platform_share is None:
            name = graph.ids[item.job.platform]
            text = (
                f"how much of {name} the job carries is unknown: it needs a duration and a lifetime of {name}; "
                "the policy decides the share"
            )
            found.append(finding("missing-component", item.job.id, text))
            unknown.add(key)
            continue
        weights[key] = weights.get(key, 0.0) + item.platform_share
    return {key: share for key, share in weights.items() if key not in unknown}, found
