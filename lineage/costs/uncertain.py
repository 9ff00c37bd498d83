"""Own costs as functions of uncertain inputs: which factors there are, and how each product's cost follows from them.

An own cost is a printed total, drawn as a whole, or a sum of terms of jobs: amount x a product of factors, where a
factor is its draw over the value that the best figure uses. A factor belongs to a name (a grid, a system, a job) and
is drawn once for all products that use it. With every factor at its best value the own cost has the bits of
`own_costs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lineage.costs.figures import JobFigures, job_figures
from lineage.costs.inputs import Grid, Job, Supplies, parse_mix, read_jobs, read_supplies
from lineage.costs.own import OwnCosts
from lineage.costs.supplied import bounded_system, grid_names
from lineage.distributions import Distribution, pert, uniform
from lineage.errors import OptionError
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.kernels.arrays import Floats
from lineage.kernels.jobs_values import times
from lineage.run import Run
from lineage.uncertainty import SECTIONS, Uncertainty

__all__ = ["OwnModel", "UncertainInput", "own_model"]


@dataclass(frozen=True, slots=True)
class UncertainInput:
    """An uncertain input: its section and name, its distribution, and its best value (1 for a relative one).

    `best` is None where only a range is known.
    """

    section: str
    name: str
    distribution: Distribution
    best: float | None

    @property
    def label(self) -> str:
        """What the input is called in tables."""
        return f"{SECTIONS[self.section][1]} {self.name}"

    @property
    def centre(self) -> float:
        """The best value, or the median where there is none."""
        return float(self.distribution.quantile(np.array([0.5]))[0]) if self.best is None else self.best


@dataclass(frozen=True, slots=True)
class _Use:
    """A factor in a formula: the draw itself if it is relative, else the draw over the value in use."""

    factor: int
    used: float | None


# A multiplier: 1 + sum of part x (product of uses - 1); one part of 1 is the product itself.
_Group = tuple[tuple[float, tuple[_Use, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """A part of a job's cost: its best value, times one multiplier per group."""

    value: float
    groups: tuple[_Group, ...]


@dataclass(frozen=True)
class OwnModel:
    """How the own costs of some products follow from their uncertain inputs.

    `codes` are the products, in the order of the rows of `values`. `open_ended` marks those whose cost may be more
    than any draw says, `known` those of which something is known.
    """

    codes: Sequence[int]
    factors: tuple[UncertainInput, ...]
    base: Floats
    open_ended: np.ndarray[tuple[int], np.dtype[np.bool_]]
    known: np.ndarray[tuple[int], np.dtype[np.bool_]]
    findings: tuple[Finding, ...]
    _drawn: dict[int, int] = field(repr=False)  # row -> the factor that is its own cost
    _jobs: dict[int, list[list[_Term]]] = field(repr=False)
    _scaled: dict[int, int] = field(repr=False)  # row -> a factor of the whole

    def values(self, draws: Floats) -> Floats:
        """Return own costs, shape (products, k), for draws (factors, k); NaN is a factor at its best value."""
        values = np.repeat(self.base[:, None], draws.shape[1], axis=1)
        for row, jobs in self._jobs.items():
            total: Floats | None = None
            for terms in jobs:
                worth = [_worth(term, draws) for term in terms]
                total = sum(worth) if total is None else total + sum(worth)  # type: ignore[assignment]
            values[row] = total
        for row, factor in self._scaled.items():
            values[row] *= np.where(np.isnan(draws[factor]), 1.0, draws[factor])
        if self._drawn:
            rows, used = list(self._drawn), list(self._drawn.values())
            values[rows] = np.where(np.isnan(draws[used]), values[rows], draws[used])
        return values


def _worth(term: _Term, draws: Floats) -> Floats:
    worth = np.full(draws.shape[1], term.value)
    for group in term.groups:
        multiplier = np.ones(draws.shape[1])
        for part, uses in group:
            product = np.ones(draws.shape[1])
            for use in uses:
                drawn = draws[use.factor]
                if use.used is not None:
                    drawn = drawn / use.used
                product = product * np.where(np.isnan(drawn), 1.0, drawn)
            multiplier = product if part == 1.0 else multiplier + part * (product - 1.0)
        worth = worth * multiplier
    return worth


def own_model(graph: Graph, run: Run, own: OwnCosts, given: Uncertainty, codes: Sequence[int]) -> OwnModel:
    """Return how the own costs of these products follow from what is uncertain about them.

    A printed total is drawn by its own line in `given`, else by the range that it has: PERT from lo, best and hi,
    uniform from lo and hi alone, fixed from best alone, lognormal for an estimate. Without an upper bound
    nothing can be drawn: the known part stays as a lower bound, with a finding.
    Raises `OptionError` where a distribution does not fit its input.
    """
    return _Builder(graph, run, own, given).built(codes)


class _Builder:
    """Collects factors, each once, while products are looked at."""

    def __init__(self, graph: Graph, run: Run, own: OwnCosts, given: Uncertainty) -> None:
        self.graph, self.run, self.own, self.given = graph, run, own, _with_ids(graph, given)
        self.factors: list[UncertainInput] = []
        self.places: dict[tuple[str, str, float | None], int | None] = {}
        self.ranges: dict[tuple[str, str], tuple[float, float]] = {}  # of factors, for the job at hand
        self.findings: list[Finding] = []
        self.drawn: dict[int, int] = {}
        self.scaled: dict[int, int] = {}
        self.jobs: dict[int, list[list[_Term]]] = {}

    def built(self, codes: Sequence[int]) -> OwnModel:
        """Look at these products."""
        at = np.asarray(codes, dtype=np.int64)
        lo, best, hi = self.own.lo[at], self.own.best[at], self.own.hi[at]
        base = np.where(np.isnan(best), np.nan_to_num(lo), best)
        ranged = ~np.isnan(hi) & (np.isnan(best) | (lo != hi))
        totals = [self.own.origin[code] != "jobs" for code in codes]
        if self.given.own:
            ranged[:] = True  # any product may have a line of its own
        for row in np.flatnonzero(ranged).tolist():
            self._own(row, int(codes[row]), totals[row])
        factors = any(not total and a < b for total, a, b in zip(totals, lo, best, strict=True))
        if not all(totals) and (factors or any(getattr(self.given, name) for name in _OF_JOBS)):
            self._all_jobs(codes, totals)
        told = np.zeros(len(at), np.bool_)
        told[list(self.drawn)] = True
        open_ended, known = np.isnan(hi) & ~told, ~np.isnan(best) | told | (base > 0)
        for row in np.flatnonzero(open_ended).tolist():
            text = "its own cost has no upper bound, so it is not sampled upward: what is known stays a lower bound"
            self.findings.append(finding("not-sampled", self.graph.ids[codes[row]], text))
        return OwnModel(
            codes=codes,
            factors=tuple(self.factors),
            base=base,
            open_ended=open_ended,
            known=known,
            findings=tuple(self.findings),
            _drawn=self.drawn,
            _jobs=self.jobs,
            _scaled=self.scaled,
        )

    def _own(self, row: int, code: int, is_total: bool) -> None:
        """Draw the own cost of a product by its line, or by its range."""
        name = self.graph.ids[code]
        lo, best, hi = (float(side[code]) for side in (self.own.lo, self.own.best, self.own.hi))
        rule = self.given.rule("own", name, self.run.unit) if self.given.own else None
        known = None if np.isnan(best) else best
        if rule is not None and not (rule.distribution.relative and known is None):
            distribution = rule.distribution
            if distribution.relative and not is_total:
                self.scaled[row] = self._added(UncertainInput("own", name, distribution, 1.0))
                return
            if distribution.relative and known is not None:
                distribution = distribution.scaled(known)
            self.drawn[row] = self._added(UncertainInput("own", name, distribution, known))
        elif is_total and not np.isnan(hi) and (known is None or lo != hi):
            estimated = self.own.origin[code] == "estimate" and lo > 0
            distribution = uniform(lo, hi) if known is None else pert(lo, known, hi)
            if (
                estimated and known is not None
            ):  # a range over powers of ten, no triangle: lo and hi are 5 and 95 %
                distribution = Distribution("lognormal", (known, (hi / lo) ** (1 / 3.29)))
            self.drawn[row] = self._added(UncertainInput("own", name, distribution, known))

    def _added(self, factor: UncertainInput) -> int:
        self.factors.append(factor)
        return len(self.factors) - 1

    # -- jobs ----------------------------------------------------------------------------------------------

    def _all_jobs(self, codes: Sequence[int], totals: list[bool]) -> None:
        rows = {int(code): row for row, code in enumerate(codes) if not totals[row]}
        jobs = [job for job in read_jobs(self.graph, self.run.as_of, rows) if job.makes]
        supplies = read_supplies(self.graph, jobs, self.run.factors)
        for job in jobs:
            self._read_ranges(job, supplies.of(job))
            terms = self._terms(job_figures(job, supplies), supplies.of(job))
            if terms and rows[job.product] not in self.drawn:
                self.jobs.setdefault(rows[job.product], []).append(terms)

    def _read_ranges(self, job: Job, supplies: Supplies) -> None:
        """Note the ranges of the factors that a job uses: each is drawn once for all jobs of its name and year."""
        self.ranges = {}
        system = supplies.systems.get(job.system or "")
        if system is not None and system.factors:
            low, high = (
                bounded_system(system, bound, stated=job.utilisation != 1.0) for bound in ("lo", "hi")
            )
            self.ranges["power", job.system or ""] = (low.power_w or 0.0, high.power_w or 0.0)
            # the range of the lifetime is drawn with the carbon that is spread over it
            life = system.lifetime_h or 1.0
            ends = [(end.embodied_gco2e or 0.0) * life / (end.lifetime_h or life) for end in (low, high)]
            self.ranges["embodied", job.system or ""] = (ends[0], ends[1])
        for _, name in grid_names(job):
            factor = supplies.grids[name].factor if name in supplies.grids else None
            if factor is not None:
                self.ranges["grid", name] = (factor.lo, factor.hi)

    def _terms(self, item: JobFigures, supplies: Supplies) -> list[_Term]:
        """Return the known parts of a job's cost, in the order in which `JobFigures.known_gco2e` adds them."""
        energy = self._energy(item, supplies)
        if self.run.impact == "energy":
            return [] if item.energy.total_kwh is None else [_Term(item.energy.total_kwh, energy)]
        if self.run.impact == "water":
            return self._water(item, supplies, energy)
        market = self.run.impact == "carbon-market"
        jsc = item.jsc_market_gco2e if market else item.jsc_gco2e
        terms = []
        if jsc is not None:
            terms.append(_Term(jsc, (*energy, *self._intensity(item, supplies, market=market))))
        if item.ec_gco2e is not None and item.job.system is not None:
            used = supplies.systems[item.job.system].embodied_gco2e
            terms.append(_Term(item.ec_gco2e, self._whole("embodied", item.job.system, used)))
        if item.platform_gco2e is not None and item.job.platform >= 0:
            platform = supplies.products[item.job.platform]
            rate = platform.operations_rate_gco2e_per_h
            terms.append(_Term(item.platform_gco2e, self._whole("platform", platform.id, rate)))
        return terms

    def _water(self, item: JobFigures, supplies: Supplies, energy: tuple[_Group, ...]) -> list[_Term]:
        """Return the water of the electricity, which grows with the PUE, and of the site, which does not."""
        grid = supplies.grids.get(item.job.grid or "", Grid())
        made = times(item.energy.total_kwh, grid.water_l_per_kwh)
        site = times(item.energy.it_kwh, grid.site_l_per_kwh)
        if made is None or site is None:
            return []
        return [_Term(made, energy), _Term(site, self._it(item, supplies))]

    def _energy(self, item: JobFigures, supplies: Supplies) -> tuple[_Group, ...]:
        job, uses = item.job, self._it_uses(item, supplies)
        if job.pue_included or job.overhead_kwh is not None:
            total, it_part = item.energy.total_kwh, item.energy.it_kwh
            whole = job.pue_included or not total or it_part is None
            part = 1.0 if whole else (it_part or 0.0) / (total or 1.0)
            return (((part, uses),),) if uses else ()
        pue = self._uses("pue", job.id, 1.0 if job.pue is None else job.pue)
        return (((1.0, uses + pue),),) if uses + pue else ()

    def _it(self, item: JobFigures, supplies: Supplies) -> tuple[_Group, ...]:
        uses = self._it_uses(item, supplies)
        return (((1.0, uses),),) if uses else ()

    def _it_uses(self, item: JobFigures, supplies: Supplies) -> tuple[_Use, ...]:
        job = item.job
        uses = self._uses("energy", job.id, item.energy.it_kwh)
        if item.energy_from in ("power", "device-hours"):
            if job.power_w is None and job.system is not None:
                uses += self._uses("power", job.system, supplies.systems[job.system].power_w)
            else:
                uses += self._uses("power", f"job:{job.id}", job.power_w)
        return uses

    def _intensity(self, item: JobFigures, supplies: Supplies, *, market: bool) -> tuple[_Group, ...]:
        job, grids = item.job, supplies.grids
        if market and not item.market_from_location:
            name = job.grid_market or job.grid or f"job:{job.id}"
            return self._whole("grid", name, item.intensity_market_gco2e_per_kwh)
        intensity = item.intensity_gco2e_per_kwh
        if not _from_mix(job, supplies) or job.mix is None:
            return self._whole("grid", job.grid or f"job:{job.id}", intensity)
        parts = []
        for name, share in parse_mix(job.mix).items():
            used = grids[name].intensity_gco2e_per_kwh or 0.0
            uses = self._uses("grid", name, used)
            if uses and intensity:
                parts.append((share * used / intensity, uses))
        return (tuple(parts),) if parts else ()

    def _whole(self, section: str, name: str, used: float | None) -> tuple[_Group, ...]:
        uses = self._uses(section, name, used)
        return (((1.0, uses),),) if uses else ()

    def _uses(self, section: str, name: str, used: float | None) -> tuple[_Use, ...]:
        """Return the factor of an input, if a line of the uncertainty speaks of it, or its factor has a range."""
        rule = self.given.rule(section, name)
        lo, hi = self.ranges.get((section, name), (0.0, 0.0))
        key = (
            section,
            name,
            used if rule is None and hi else None,
        )  # a place has another factor in another year
        if key not in self.places:
            if rule is not None:
                best = 1.0 if rule.distribution.relative else used
                self.places[key] = self._added(UncertainInput(section, name, rule.distribution, best))
            elif used and lo <= used <= hi and lo < hi:
                self.places[key] = self._added(UncertainInput(section, name, pert(lo, used, hi), used))
            else:
                self.places[key] = None
        place = self.places[key]
        if place is None:
            return ()
        distribution = self.factors[place].distribution
        if section == "pue" and distribution.bounds[0] * (used or 1.0 if distribution.relative else 1.0) < 1:
            raise OptionError(
                f"[pue] {name!r}: {distribution} may fall below 1, which no PUE can; use bounds of 1 or more"
            )
        if not distribution.relative and not used:
            raise OptionError(
                f"[{section}] {name!r}: {distribution} has nothing to stand for, as its best value is 0 or "
                "unknown; give it a best value first, or write the distribution in per cent"
            )
        return (_Use(place, None if distribution.relative else used),)


def _with_ids(graph: Graph, given: Uncertainty) -> Uncertainty:
    """Return the uncertainty with every product's name in [own] as its id; patterns stay."""
    literal = set(given.literal("own"))
    own = {graph.ids[graph.code(name)] if name in literal else name: text for name, text in given.own.items()}
    return replace(given, own=own)


def _from_mix(job: Job, supplies: Supplies) -> bool:
    """Tell whether the location's intensity is that of a mix."""
    if job.grid_intensity_gco2e_per_kwh is not None or not job.mix:
        return False
    row = supplies.grids.get(job.grid or "")
    return row is None or row.basis == "market" or row.intensity_gco2e_per_kwh is None


_OF_JOBS = ("grid", "power", "embodied", "energy", "pue", "platform")
