"""What one inference of a product carries, upstream included."""

from dataclasses import dataclass
from typing import Any

from lineage.costs import JobFigures
from lineage.graph import Graph
from lineage.kernels.jobs_shares import unrecovered_share
from lineage.kernels.jobs_values import known_part, total
from lineage.run import Run
from lineage.views.cost import Cost
from lineage.views.interval import Interval
from lineage.views.ledger import Amount, Ledger, read_ledger

__all__ = ["Serving", "serving"]

COMPONENTS = ("operation", "platform", "systems_embodied", "products_embodied", "retraining")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What one inference of a product carries on average over its inference jobs, in `unit`; None is unknown.

    `per_inference` holds the components: operation (JSC, or the energy), the platform's operations tax, the systems'
    embodied tax, the share of the EPC of the product (and of platforms), and the re-training share. `total` is None
    if one of them is; `known` is the sum of those that are known, a lower bound. `total_additive` uses burden in
    place of EPC and may be summed over products; `total` may not.

    `embodied_by_lifetime` and `embodied_by_volume` are the product's own EPC per inference either way: EPC x
    t / (LT x k), and EPC / inferences expected in LT. `unrecovered_share` is the part of the EPC that the known jobs
    do not carry. `unassigned_operation` is re-training of intervals without an inference. `at_least` marks
    components that are lower bounds.
    """

    product: str
    unit: str
    jobs: int
    inferences: float | None
    epc: Interval | None
    burden: Interval | None
    per_inference: dict[str, float | None]
    total: float | None
    known: float | None
    total_additive: float | None
    embodied_by_lifetime: float | None
    embodied_by_volume: float | None
    unrecovered_share: float | None
    unassigned_operation: float | None
    missing: list[str]
    needs: dict[str, list[str]]
    at_least: list[str]

    @property
    def per_thousand(self) -> dict[str, float | None]:
        """The components of 1,000 inferences."""
        return {name: None if value is None else 1000 * value for name, value in self.per_inference.items()}

    @property
    def total_per_thousand(self) -> float | None:
        """What 1,000 inferences carry."""
        return None if self.total is None else 1000 * self.total

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["epc"] = self.epc and self.epc.as_dict()
        fields["burden"] = self.burden and self.burden.as_dict()
        thousand = {"per_thousand": self.per_thousand, "total_per_thousand": self.total_per_thousand}
        return {"schema": "lineage/serving/1"} | fields | thousand


def serving(
    graph: Graph,
    name: str,
    run: Run | None = None,
    *,
    cost: Cost | None = None,
    ledger: Ledger | None = None,
) -> Serving:
    """Return what one inference of a product carries, in the run's impact.

    Components are sums over the product's inference jobs divided by the inferences these stand for (one per job
    unless the job says more). Without any, the EPC per inference is still known by volume where the product says
    how many inferences are expected of it. `cost` saves computing the lineage again, if it is of this graph
    and run; `ledger` may hold other expectations of the product (`Ledger.expecting`). Raises `UnknownProduct`, and
    what `cost` raises. Source: Eilam et al., HotCarbon 2023 (its formula for an inference breaks off; see
    docs/errata.md).

    >>> from lineage.testing import graph
    >>> made = graph("base -> m", own={"base": 10.0}, products={"m": {"own_carbon_gco2e": 1.0, "inferences": 100}})
    >>> serving(made, "m").embodied_by_volume
    0.06
    """
    run = run or Run()
    ledger = ledger or read_ledger(graph, run, cost)
    code = ledger.costs.code(name)
    jobs = ledger.select(lambda job: job.product == code and job.phase == "inference")
    count = sum(1.0 if item.job.inferences is None else item.job.inferences for item in jobs)
    amounts = _amounts(ledger, code, jobs, count)
    missing = [part for part in COMPONENTS if amounts[part].value is None]
    values = {part: amounts[part].value for part in COMPONENTS}
    time_shares = [ledger.by_lifetime(item.job, code) for item in jobs]
    volume_shares = [ledger.by_volume(item.job, code) for item in jobs]
    epc = ledger.epc(code)
    known_epc = None if epc is None else epc.best
    unassigned = ledger.unassigned(code)
    return Serving(
        product=graph.id(code),
        unit=run.unit,
        jobs=len(jobs),
        inferences=count if jobs else None,
        epc=epc,
        burden=ledger.burden(code),
        per_inference=values,
        total=total(*values.values()),
        known=_known(values),
        total_additive=_mean([ledger.expanded(item, twin=True) for item in jobs], count).value,
        embodied_by_lifetime=_per(known_epc, total(*time_shares), count) if jobs else None,
        embodied_by_volume=_by_volume(ledger, code, known_epc),
        unrecovered_share=None if epc is None else _unrecovered(time_shares, volume_shares),
        unassigned_operation=unassigned.value,
        missing=missing,
        needs={part: list(amounts[part].needs) for part in missing},
        at_least=[part for part in COMPONENTS if amounts[part].at_least],
    )


def _known(values: dict[str, float | None]) -> float | None:
    """Return the sum of what is known; that there is no platform or no re-training is no knowledge of a cost."""
    stated = ("operation", "products_embodied")
    return known_part(*(value for part, value in values.items() if part in stated or value))


def _amounts(ledger: Ledger, code: int, jobs: list[JobFigures], count: float) -> dict[str, Amount]:
    """Return the components of one inference."""
    if jobs:
        return {part: _mean([getattr(ledger, part)(item) for item in jobs], count) for part in COMPONENTS}
    name = ledger.graph.id(code)
    unknown = Amount(None, (f"an inference job of {name}",))
    amounts = dict.fromkeys(COMPONENTS, unknown) | {"retraining": ledger.coming_retraining(code)}
    epc = ledger.epc(code)
    by_volume = None if epc is None else _by_volume(ledger, code, epc.best)
    if epc is None or by_volume is None:
        why = f" (policy {ledger.run.policy} gives none)" if epc is None else ""
        needs = [f"EPC of {name}{why}"] if epc is None or epc.best is None else []
        amounts["products_embodied"] = Amount(
            None, (*needs, f"an inference job of {name}, or inferences expected")
        )
    else:
        amounts["products_embodied"] = Amount(by_volume, (), epc.hi is None)
    return amounts


def _mean(amounts: list[Amount], count: float) -> Amount:
    """Return a sum over jobs per inference; None without jobs or inferences."""
    needs = tuple(dict.fromkeys(need for item in amounts for need in item.needs))
    value = total(*(item.value for item in amounts))
    if not amounts or not count or value is None:
        return Amount(None, needs if amounts and count else ("inferences of the jobs above 0",))
    return Amount(value / count, (), any(item.at_least for item in amounts))


def _per(amount: float | None, share: float | None, count: float) -> float | None:
    return None if amount is None or share is None or not count else amount * share / count


def _by_volume(ledger: Ledger, code: int, epc: float | None) -> float | None:
    """Return the EPC per inference expected of the product in its lifetime."""
    expected = ledger.expecting(code, None, None).supplies.products[code].inferences
    return None if epc is None or not expected else epc / expected


def _unrecovered(time_shares: list[float | None], volume_shares: list[float | None]) -> float | None:
    """Return the part of the EPC that no known job carries: by time where known, else by volume; all without jobs."""
    if None not in time_shares:
        return unrecovered_share(*time_shares)
    return unrecovered_share(
        *(v if t is None else t for t, v in zip(time_shares, volume_shares, strict=True))
    )
