"""Estimates for the products of a graph: which method fits each, and lo, best and hi of every impact."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from lineage.estimates.facts import STEPS, Facts, facts_of
from lineage.estimates.impacts import (
    Place,
    accelerator_of_year,
    embodied_rate,
    grid_of,
    impact_terms,
)
from lineage.estimates.runs import Known, Ran, runs_of
from lineage.estimates.spans import Span, Term, product
from lineage.estimates.steps import Inputs, step_energy
from lineage.factors import Shelf, shelf
from lineage.graph import Graph
from lineage.kernels.arrays import Flags, Floats
from lineage.kernels.labels import Labels
from lineage.run import Run
from lineage.schema import IMPACTS, TIERS

__all__ = ["Bounds3", "Estimate", "Estimates", "Given", "estimate_products"]

STATED_BY: Final = ("fine-tune", "adapter", "distillation", "continued-pretraining", "training", "data")


class Bounds3(NamedTuple):
    """A low, a best and a high value."""

    lo: float
    best: float
    hi: float


@dataclass(frozen=True, slots=True)
class Given:
    """One term of an estimate: its name, range, unit, and who states it."""

    name: str
    value: Bounds3
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What making a product is estimated to have taken: energy in kWh, carbon in gCO2e, each lo, best, hi.

    `value` is that of the impact asked for. `terms` are multiplied to the energy, `rate` turns a kWh into the impact,
    `known` is the part of the jobs' cost that is no estimate and was added. An upper bound of NaN is not known: some
    jobs tell nothing. `tier` says how good the evidence is, `method` how it was done, `notes` what was assumed.
    """

    product: str
    impact: str
    value: Bounds3
    energy_kwh: Bounds3
    carbon_gco2e: Bounds3
    tier: str
    method: str
    terms: tuple[Given, ...]
    rate: tuple[Given, ...]
    notes: tuple[str, ...] = ()
    known: float = 0.0


@dataclass(frozen=True)
class Group:
    """Products that are estimated by one method, with its terms over them: (rows,) or (1,).

    `ran` is the run of a product that was estimated from its own run, not from its size.
    """

    codes: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    method: str
    tier: str
    terms: tuple[Term, ...]
    ran: Ran | None = None

    @property
    def summed(self) -> bool:
        """Whether the estimate is a sum over jobs, not a product of terms alone."""
        if self.ran is None or not self.ran.jobs:
            return False
        only = len(self.ran.jobs) == 1 and self.ran.whole and not any(self.ran.base)
        return not (only and self.ran.jobs[0].operation and self.ran.jobs[0].embodied)


@dataclass(frozen=True)
class Estimates:
    """Estimates of some products of a graph in `unit`, arrays over all products (n,): NaN where there is none."""

    graph: Graph
    impact: str
    table: Shelf = field(repr=False)
    facts: Facts = field(repr=False)
    places: Sequence[Place] = field(repr=False)
    year: Floats = field(repr=False)
    groups: tuple[Group, ...] = field(repr=False)
    lo: Floats
    best: Floats
    hi: Floats
    tier: Labels

    @property
    def unit(self) -> str:
        """The unit of the values."""
        return IMPACTS[self.impact].unit

    def known(self) -> Flags:
        """Return which products have an estimate, (n,)."""
        return ~np.isnan(self.best)

    def from_runs(self) -> Flags:
        """Return which products are estimated from energy, jobs or hours of their own, (n,)."""
        return self._flagged(lambda ran: bool(ran.terms) and ran.method != "carbon")

    def filling(self) -> Flags:
        """Return whose estimate says what a job of unknown operation took, its own or as a stated whole, (n,)."""
        return self._flagged(lambda ran: not ran.jobs or any(job.operation for job in ran.jobs))

    def _flagged(self, wanted: Callable[[Ran], bool]) -> Flags:
        flags = np.zeros(len(self.best), np.bool_)
        for group in self.groups:
            flags[group.codes] = group.ran is not None and wanted(group.ran)
        return flags

    @cached_property
    def _where(self) -> dict[int, tuple[int, int]]:
        return {
            code: (number, row)
            for number, group in enumerate(self.groups)
            for row, code in enumerate(group.codes.tolist())
        }

    def of(self, code: int) -> Estimate | None:
        """Return the estimate of one product with its terms, None where there is none."""
        if code not in self._where:
            return None
        number, row = self._where[code]
        group = self.groups[number]
        energy = Bounds3(*product(group.terms).at(row))
        one = np.array([self.year[code]])
        place = self.places[code]
        terms = tuple(
            Given(item.name, Bounds3(*item.span.at(row)), item.unit, self._source(item, code))
            for item in group.terms
        )
        value = Bounds3(float(self.lo[code]), float(self.best[code]), float(self.hi[code]))
        carbon = product((*_rows(group.terms, row), *impact_terms("carbon", [place], one, self.table))).at(0)
        rate = tuple(
            Given(item.name, Bounds3(*item.span.at(0)), item.unit, self._rate_source(place, float(one[0])))
            for item in impact_terms(self.impact, [place], one, self.table)
        )
        known, ran = 0.0, group.ran
        if ran is not None and group.summed:
            known = ran.base[1]
            carbon = value if self.impact == "carbon" else carbon
            rate = self._rate_of_jobs(ran, value, energy)
            if not ran.whole:
                energy, carbon = energy._replace(hi=np.nan), (*carbon[:2], np.nan)
        return Estimate(
            product=self.graph.ids[code],
            impact=self.impact,
            value=value,
            energy_kwh=energy,
            carbon_gco2e=Bounds3(*carbon),
            tier=group.tier,
            method=group.method,
            terms=terms,
            rate=rate,
            notes=self._notes(code, group),
            known=known,
        )

    def _rate_of_jobs(self, ran: Ran, value: Bounds3, energy: Bounds3) -> tuple[Given, ...]:
        """Return what a kWh of the jobs adds on average to what is known of them; nothing for energy itself."""
        if self.impact == "energy":
            return ()
        added = (value[at] - ran.base[at] for at in range(3))
        mean = Bounds3(*(part / kwh if kwh else 0.0 for part, kwh in zip(added, energy, strict=True)))
        name = f"{self.impact} per kWh that its jobs leave open, the mean of them"
        return (
            Given(name, mean, f"{self.unit}/kWh", "each job: grid and systems' making, as far as unknown"),
        )

    def _source(self, item: Term, code: int) -> str:
        """Return who states a term; for parameters, what gave them."""
        if "parameters" not in item.name or item.unit == "kWh":
            return item.source
        told = self.facts.size_from[code]
        if told == "base":
            said = f"size of its base {self.graph.ids[int(self.facts.base[code])]}"
        elif told == "name":
            from lineage.estimates.names import size_in

            size = size_in(self.graph.ids[code])
            said = size.source if size is not None else "its name"
        else:
            said = "its record"
        return f"{item.source}; {said}" if item.source else said

    def _rate_source(self, place: Place, year: float) -> str:
        if self.impact == "water":
            return "water of the site over PUE, and of the electricity"
        grid = grid_of(place, round(year), self.table)[3]
        where = place if isinstance(place, str) else "unknown place" if place is None else "electricity"
        return f"{where}: {grid}; making of the systems: tables of factors"

    def _notes(self, code: int, group: Group) -> tuple[str, ...]:
        notes, method = [], group.method
        if group.ran is not None and not group.ran.whole:
            notes.append("a lower bound: some of its jobs tell neither energy nor power and time")
        if not self.facts.dated[code] and self.year[code] == self.facts.year[code]:
            notes.append(f"no date: {self.year[code]:.0f} is assumed")
        if self.impact.startswith("carbon") and self.places[code] is None:
            notes.append("no place: the grids of the countries where models come from")
        if method == "unstated":
            notes.append("no base is stated: anything from a quantisation to a training")
        if method == "derived":
            notes.append("how it was derived is not stated")
        return tuple(notes)


def _rows(terms: Iterable[Term], row: int) -> list[Term]:
    return [Term(item.name, Span.of(*item.span.at(row)), item.unit, item.source) for item in terms]


def _sum_of_jobs(ran: Ran, impact: str, year: float, table: Shelf) -> Span:
    """Return the known part of a product's jobs plus what is estimated of each: bound by bound.

    Of a job: energy x (grid + systems' making), or only the one of them that is not known. Unit of the impact.
    """
    total = Span.of(*ran.base)
    for job in ran.jobs:
        at = year if job.year is None else job.year
        if job.operation:
            rate = impact_terms(impact, [job.place], np.array([at]), table, systems=job.embodied)
            total = total.plus(product((*job.terms, *rate)))
        elif job.embodied and impact == "carbon":
            made = embodied_rate(table, accelerator_of_year(round(at)))[:3]
            rate = (Term("carbon per kWh, systems' making", Span.of(*made), "gCO2e/kWh"),)
            total = total.plus(product((*job.terms, *rate)))
    return total if ran.whole else Span(total.lo, total.best, np.full(1, np.nan))


def estimate_products(
    graph: Graph, run: Run, wanted: Flags | None = None, known: Mapping[int, Known] | None = None
) -> Estimates:
    """Estimate the own cost of products in the run's impact, each by the best method that its facts allow.

    In this order: a known energy (tier `from-energy`), jobs or hardware prose with device-hours (`from-device-hours`),
    stated tokens (`from-flops`), else size, year and the step that made it (`imputed`). Products of which none of
    this is known get none. `wanted` leaves the others out. `known` says by product what its jobs are known to have
    cost: the estimate adds the rest; a job that tells nothing leaves the upper bound open (NaN). Market-based carbon
    repeats the location-based estimate.

    >>> from lineage.testing import graph
    >>> made = estimate_products(graph("acme/base-7b -> acme/base-7b-gguf"), Run(impact="energy"))
    >>> bool(made.hi[1] <= made.lo[0]), made.tier[1]
    (True, 'imputed')
    """
    table, facts = shelf(run.factors), facts_of(graph)
    wanted = np.ones(len(graph), np.bool_) if wanted is None else wanted
    ran = runs_of(graph, run, wanted, table, known)
    places: list[Place] = [None] * len(graph)
    year = facts.year.copy()
    for code, item in ran.items():
        places[code] = item.place
        year[code] = facts.year[code] if item.year is None else item.year
    groups = _groups(facts, ran, wanted)
    lo, best, hi = (np.full(len(graph), np.nan) for _ in range(3))
    tier = Labels(np.full(len(graph), TIERS.index("unknown"), np.int8), TIERS)
    impact = "carbon" if run.impact == "carbon-market" else run.impact
    for group in groups:
        codes = group.codes
        there = [places[code] for code in codes.tolist()]
        if group.ran is not None and group.summed:
            span = _sum_of_jobs(group.ran, impact, float(year[codes[0]]), table)
        else:
            span = product((*group.terms, *impact_terms(impact, there, year[codes], table)))
        for side, values in ((lo, span.lo), (best, span.best), (hi, span.hi)):
            side[codes] = values
        tier.codes[codes] = TIERS.index(group.tier)
    return Estimates(graph, impact, table, facts, places, year, tuple(groups), lo, best, hi, tier)


def _groups(facts: Facts, ran: dict[int, Ran], wanted: Flags) -> list[Group]:
    groups = [
        Group(np.array([code]), item.method, item.tier, item.terms, item)
        for code, item in sorted(ran.items())
        if item.terms
    ]
    left = wanted.copy()
    left[[int(group.codes[0]) for group in groups]] = False
    tokens = ~np.isnan(facts.tokens)
    for step in STEPS[1:]:
        made = left & facts.step.where(step)
        sized = made & ~np.isnan(facts.parameters) if step != "data" else made & tokens
        for stated in (True, False):
            chosen = sized & (
                tokens
                if stated and step in STATED_BY
                else np.full(len(left), not stated) & ~(tokens & (step in STATED_BY))
            )
            codes = np.flatnonzero(chosen)
            if not len(codes):
                continue
            given = Inputs(
                facts.parameters[codes],
                facts.active[codes],
                facts.tokens[codes],
                facts.year[codes],
                facts.parents[codes].astype(np.float64),
                facts.teacher[codes],
            )
            tier = "from-flops" if stated and step != "data" else "imputed"
            groups.append(Group(codes, step, tier, step_energy(step, given, stated=stated)))
    return groups
