"""What jobs carry in one impact once the lineage stands behind them: products' embodied share and re-training."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from lineage.costs import Job, JobFigures, Supplies, job_figures, read_jobs, read_products, read_supplies
from lineage.errors import InputError
from lineage.graph import Graph
from lineage.kernels.jobs_shares import (
    asc_expanded_gco2e,
    embodied_share_gco2e,
    jsc_expanded_gco2e,
    product_share,
    retraining_share_by_size_gco2e,
    retraining_share_gco2e,
    volume_share,
)
from lineage.kernels.jobs_values import total
from lineage.run import Run
from lineage.views.cost import Cost, cost
from lineage.views.interval import Interval
from lineage.views.retraining import Retraining, retrainings

__all__ = ["Amount", "Ledger", "read_ledger"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A component of a cost; None is unknown and `needs` says what would give it.

    `at_least` marks a lower bound: a product behind it is only partly known.
    """

    value: float | None
    needs: tuple[str, ...] = ()
    at_least: bool = False


def _sum(amounts: list[Amount]) -> Amount:
    if len(amounts) < 2:
        return amounts[0] if amounts else Amount(0.0)
    needs = tuple(dict.fromkeys(need for item in amounts for need in item.needs))
    value = total(*(item.value for item in amounts))
    return Amount(value, needs, value is not None and any(item.at_least for item in amounts))


@dataclass(frozen=True)
class Ledger:
    """The jobs that exist in a run, and what each carries in the unit of the run's impact.

    The cost of the lineage is computed when a job with a context product first asks for it. Methods with `twin`
    use burden in place of EPC, all through: the additive form.
    """

    graph: Graph
    run: Run
    supplies: Supplies
    figures: tuple[JobFigures, ...]
    known_costs: Cost | None = None

    def in_impact(self, impact: str) -> "Ledger":
        """Return the same jobs in another impact."""
        return replace(self, run=replace(self.run, impact=impact), known_costs=None)

    @cached_property
    def costs(self) -> Cost:
        """The cost of the lineage."""
        return self.known_costs or cost(self.graph, self.run)

    # -- a job by itself ---------------------------------------------------------------------------------

    def operation(self, item: JobFigures) -> Amount:
        """Return JSC in gCO2e, or the energy in kWh; water is not known from jobs."""
        if self.run.impact == "water":
            return Amount(None, ("water use of the job",))
        value = {
            "carbon": item.jsc_gco2e,
            "carbon-market": item.jsc_market_gco2e,
            "energy": item.energy.total_kwh,
        }[self.run.impact]
        return Amount(value, item.needs.get("it", ()) if value is None else ())

    def platform(self, item: JobFigures) -> Amount:
        """Return the platform operations tax; it is a carbon figure, so it adds 0 to other impacts."""
        value = item.platform_gco2e if self._carbon else 0.0
        return Amount(value, item.needs.get("platform", ()) if value is None else ())

    def systems_embodied(self, item: JobFigures) -> Amount:
        """Return ec; it is a carbon figure, so it adds 0 to other impacts."""
        value = item.ec_gco2e if self._carbon else 0.0
        return Amount(value, item.needs.get("systems_embodied", ()) if value is None else ())

    @property
    def _carbon(self) -> bool:
        return self.run.impact.startswith("carbon")

    # -- with the lineage behind it ----------------------------------------------------------------------

    def products_embodied(self, item: JobFigures, *, twin: bool = False) -> Amount:
        """Return EPC(p) x share, summed over the platform and, for an inference, the served model."""
        context = [item.job.platform] if item.job.platform >= 0 else []
        if item.job.phase == "inference" and item.job.product not in context:
            context.append(item.job.product)
        return _sum([self.embodied(item.job, code, twin=twin) for code in context])

    def embodied(self, job: Job, code: int, *, twin: bool = False) -> Amount:
        """Return EPC(p) x share of one product: by lifetime where known, else by volume."""
        name = self.graph.id(code)
        share = self.by_lifetime(job, code)
        if share is None:
            share = self.by_volume(job, code)
        amount = self.burden(code) if twin else self.epc(code)
        needs = []
        if share is None:
            needs.append(f"lifetime of {name} and duration, or inferences expected of {name}")
        if amount is None or amount.best is None:
            why = f" (policy {self.run.policy} gives none)" if amount is None else ""
            needs.append(f"{'burden' if twin else 'EPC'} of {name}{why}")
            return Amount(None, tuple(needs))
        return Amount(embodied_share_gco2e(amount.best, share), tuple(needs), amount.hi is None)

    def expecting(self, code: int, lifetime_h: float | None, inferences: float | None) -> "Ledger":
        """Return the same jobs where a product lives so long, or so many inferences are expected; None keeps it."""
        known = self.supplies.products.get(code) or read_products(self.graph, [code])[code]
        changed = replace(
            known,
            lifetime_h=known.lifetime_h if lifetime_h is None else lifetime_h,
            inferences=known.inferences if inferences is None else inferences,
        )
        supplies = replace(self.supplies, products={**self.supplies.products, code: changed})
        return replace(self, supplies=supplies, known_costs=self.costs)

    def by_lifetime(self, job: Job, code: int) -> float | None:
        """Return t / (LT x k), the part of a product's cost that a job carries by time."""
        product = self.supplies.products[code]
        try:
            return product_share(job.duration_h, product.lifetime_h, job.concurrent_jobs)
        except InputError as error:
            raise InputError(f"job {job.id}, product {product.id}: {error}") from error

    def by_volume(self, job: Job, code: int) -> float | None:
        """Return inferences / expected inferences; only serving is counted in inferences."""
        if job.phase != "inference":
            return None
        return volume_share(_count(job), self.supplies.products[code].inferences)

    def epc(self, code: int) -> Interval | None:
        """Return the EPC of a product; None where the policy gives none."""
        return None if self.costs.epc is None else self.costs.epc.at(code)

    def burden(self, code: int) -> Interval | None:
        """Return the burden of a product; None where the policy gives none."""
        return None if self.costs.burden is None else self.costs.burden.at(code)

    # -- re-training -------------------------------------------------------------------------------------

    @cached_property
    def _retrainings(self) -> dict[int, list[Retraining]]:
        jobs: dict[int, list[Job]] = {}
        for item in self.figures:
            if item.job.phase in ("retraining", "inference"):
                jobs.setdefault(item.job.product, []).append(item.job)
        return {code: retrainings(group) for code, group in jobs.items()}

    @cached_property
    def _by_id(self) -> dict[str, JobFigures]:
        return {item.job.id: item for item in self.figures}

    @cached_property
    def _cf_rt(self) -> dict[tuple[str, bool], Amount]:
        return {}

    def retraining_cost(self, interval: Retraining, *, twin: bool = False) -> Amount:
        """Return cf_rt: the ASC^e of the interval's re-training jobs."""
        key = interval.jobs[0].id, twin  # a re-training job lies in one interval only
        if key not in self._cf_rt:
            items = [self._by_id[job.id] for job in interval.jobs]
            self._cf_rt[key] = _sum([self.expanded(item, twin=twin) for item in items])
        return self._cf_rt[key]

    def retraining(self, item: JobFigures, *, twin: bool = False) -> Amount:
        """Return an inference's share of the re-training of the intervals it lies in; 0 for other jobs."""
        if item.job.phase != "inference":
            return Amount(0.0)
        intervals = self._retrainings[item.job.product]
        date = item.job.started_at
        if date is None and len(intervals) > 1:
            return Amount(None, ("date of the job",))
        held = [date is None or interval.holds(date) for interval in intervals]
        if None in held:  # "2024" where the re-training was in the middle of the year
            return Amount(None, ("date of the job",))
        holding = [interval for interval, there in zip(intervals, held, strict=True) if there]
        return _sum([self._retraining_share(item.job, interval, twin=twin) for interval in holding])

    def _retraining_share(self, job: Job, interval: Retraining, *, twin: bool) -> Amount:
        cost_of = self.retraining_cost(interval, twin=twin)
        if interval.n is not None:
            value = retraining_share_gco2e(cost_of.value, interval.n, inferences=_count(job))
            needs = cost_of.needs if interval.n else ("a number of inferences of the interval above 0",)
        else:
            value = retraining_share_by_size_gco2e(cost_of.value, job.size, interval.total_size)
            sized = bool(interval.total_size)
            needs = (
                cost_of.needs
                if sized
                else (*cost_of.needs, "number of inferences of the re-training's interval")
            )
        return Amount(value, needs if value is None else (), cost_of.at_least and value is not None)

    def coming_retraining(self, code: int, *, twin: bool = False) -> Amount:
        """Return what an inference of the latest interval would carry, for a model without inference jobs."""
        intervals = self._retrainings.get(code, [])
        if not intervals:
            return Amount(0.0)
        cost_of = self.retraining_cost(intervals[-1], twin=twin)
        value = retraining_share_gco2e(cost_of.value, intervals[-1].n)
        needs = () if intervals[-1].n else ("number of inferences of the re-training's interval",)
        return Amount(value, (*cost_of.needs, *needs), cost_of.at_least and value is not None)

    def unassigned(self, code: int) -> Amount:
        """Return the re-training of a model in intervals without any inference: nobody can carry it."""
        idle = [interval for interval in self._retrainings.get(code, []) if interval.n == 0]
        return _sum([self.retraining_cost(interval) for interval in idle])

    # -- totals ------------------------------------------------------------------------------------------

    def expanded(self, item: JobFigures, *, twin: bool = False) -> Amount:
        """Return ASC^e (or its energy counterpart), with what it lacks."""
        parts = [self.operation(item), self.platform(item), self.retraining(item, twin=twin)]
        rest = [self.systems_embodied(item), self.products_embodied(item, twin=twin)]
        jsc_expanded = jsc_expanded_gco2e(*(part.value for part in parts))
        value = asc_expanded_gco2e(jsc_expanded, *(part.value for part in rest))
        return replace(_sum([*parts, *rest]), value=value)

    def select(self, wanted: Callable[[Job], bool]) -> list[JobFigures]:
        """Return the figures of the jobs that are wanted, in the graph's order."""
        return [item for item in self.figures if wanted(item.job)]


def _count(job: Job) -> float:
    """Return how many inferences an inference job stands for."""
    return 1.0 if job.inferences is None else job.inferences


def read_ledger(graph: Graph, run: Run, known_costs: Cost | None = None) -> Ledger:
    """Return the jobs that exist in a run; `InputError` names a job whose inputs cannot be right.

    `known_costs` is the cost of this graph and run, where it has been computed already.
    """
    jobs = read_jobs(graph, run.as_of)
    supplies = read_supplies(graph, jobs, run.factors)
    return Ledger(graph, run, supplies, tuple(job_figures(job, supplies) for job in jobs), known_costs)
