"""View: the sheet of one inference: what it carries, upstream included, and how the product's cost is written off."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from lineage.costs import JobFigures
from lineage.graph import Graph
from lineage.kernels.depreciation import rate_over
from lineage.kernels.jobs_values import times, total
from lineage.run import Run
from lineage.views.cost import Cost
from lineage.views.depreciation import Charge, Terms, WriteOff
from lineage.views.interval import Interval
from lineage.views.ledger import Ledger, read_ledger
from lineage.views.serving import Serving, serving

__all__ = ["Component", "InferenceSheet", "inference_sheet"]

_PARTS: Final = ("operation", "idle", "platform", "systems_embodied", "products_embodied", "retraining")
_PLAIN: Final = (
    "jobs",
    "uncounted",
    "inferences",
    "expected_inferences",
    "lifetime_h",
    "age_h",
    "known",
    "by_lifetime",
    "by_volume",
    "idle_share",
    "recovered",
    "unrecovered",
    "unrecovered_additive",
    "due",
    "unassigned_operation",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part of what one inference carries, in the sheet's unit; None is unknown, `needs` would give it.

    `additive` is the same with burden in place of EPC: the one to sum over products. `at_least` marks a lower bound.
    """

    name: str
    per_inference: float | None
    additive: float | None
    needs: tuple[str, ...] = ()
    at_least: bool = False

    @property
    def per_thousand(self) -> float | None:
        """What 1,000 inferences carry."""
        return times(self.per_inference, 1000.0)

    def as_dict(self) -> dict[str, Any]:
        """Return the part as JSON holds it."""
        return asdict(self) | {"needs": list(self.needs), "per_thousand": self.per_thousand}


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceSheet:
    """What one inference of a product carries, in `unit`; None is unknown.

    `components` make up `total` (None if one of them is); `known` is the sum of those that are known. `total` is the
    paper's form and never summed over products; `total_additive` is the one to sum. `uncounted` jobs give no number
    of inferences and count as one each. `by_lifetime` and `by_volume` are the product's own EPC per inference either
    way, whatever the schedule. `recovered` is what the known jobs carry of the EPC, `unrecovered` the rest; both are
    None where that is not known. `charges` are the periods of the schedule, `due` what a use that ends early leaves
    to charge at once.
    """

    product: str
    run: Run
    terms: Terms
    jobs: int
    uncounted: int
    inferences: float | None
    expected_inferences: float | None
    lifetime_h: float | None
    age_h: float | None
    epc: Interval | None
    burden: Interval | None
    components: tuple[Component, ...]
    known: float | None
    by_lifetime: float | None
    by_volume: float | None
    idle_share: float | None
    recovered: float | None
    unrecovered: float | None
    unrecovered_additive: float | None
    due: float | None
    unassigned_operation: float | None
    charges: tuple[Charge, ...]

    @property
    def unit(self) -> str:
        """The unit of all figures."""
        return self.run.unit

    @property
    def total(self) -> float | None:
        """What one inference carries; never summed over products."""
        return total(*(part.per_inference for part in self.components))

    @property
    def total_additive(self) -> float | None:
        """The same with burden in place of EPC: the one to sum over products."""
        return total(*(part.additive for part in self.components))

    @property
    def at_least(self) -> bool:
        """Whether a part is a lower bound."""
        return any(part.at_least for part in self.components)

    def as_dict(self) -> dict[str, Any]:
        """Return the sheet as the JSON document lineage/inference/1."""
        return {
            "schema": "lineage/inference/1",
            "product": self.product,
            "impact": self.run.impact,
            "policy": self.run.policy,
            "as_of": self.run.as_of,
            "unit": self.unit,
            "schedule": self.terms.schedule,
            "epc": self.epc and self.epc.as_dict(),
            "burden": self.burden and self.burden.as_dict(),
            "components": [part.as_dict() for part in self.components],
            "total": self.total,
            "total_per_thousand": times(self.total, 1000.0),
            "total_additive": self.total_additive,
            "charges": [asdict(charge) for charge in self.charges],
            **{name: getattr(self, name) for name in _PLAIN},
        }


def inference_sheet(
    graph: Graph, name: str, run: Run | None = None, terms: Terms | None = None, *, cost: Cost | None = None
) -> InferenceSheet:
    """Return what one inference of a product carries, and how its EPC is written off under `terms`.

    Per inference: operation (JSC), idle (jobs of phase `platform` of the product itself, over its inferences), the
    platform's tax, the systems' embodied tax, the products' embodied share, the re-training share. The product's own
    part of the embodied share follows the schedule: `straight` is EPC x t / (LT x k), or EPC / expected inferences
    where no job has a time; `accelerated` is that times the falling rate of the current year of life; `per-use` is
    EPC / expected inferences, and where other terms are expected now, what is left over what is to come. Raises
    `UnknownProduct`, `OptionError`, and what `cost` raises. Source: Eilam et al., HotCarbon 2023.

    >>> from lineage.testing import graph
    >>> from lineage.views.depreciation import Terms
    >>> made = graph("base -> m", own={"base": 10.0}, products={"m": {"own_carbon_gco2e": 1.0, "inferences": 100.0}})
    >>> sheet = inference_sheet(made, "m", terms=Terms(schedule="per-use", inferences=50.0))
    >>> sheet.by_volume, sheet.charges[-1].per_inference
    (0.12, 0.12)
    """
    run, terms = run or Run(), terms or Terms()
    plain = read_ledger(graph, run, cost)
    code = plain.costs.code(name)
    first_expected = plain.expecting(code, None, None).supplies.products[code].inferences
    ledger = plain.expecting(code, terms.lifetime_h, terms.inferences)
    served = serving(graph, graph.id(code), run, ledger=ledger)
    return _Writer(ledger, code, terms, served, first_expected).sheet()


@dataclass(frozen=True)
class _Writer:
    """Makes the sheet of one product."""

    ledger: Ledger
    code: int
    terms: Terms
    served: Serving
    first_expected: float | None

    def sheet(self) -> InferenceSheet:
        product = self.ledger.supplies.products[self.code]
        components = tuple(self._component(name) for name in _PARTS)
        unrecovered = self._unrecovered()
        epc = self._amount(twin=False)
        return InferenceSheet(
            product=self.served.product,
            run=self.ledger.run,
            terms=self.terms,
            jobs=self.served.jobs,
            uncounted=sum(item.job.inferences is None for item in self._inference_jobs()),
            inferences=self.served.inferences,
            expected_inferences=product.inferences,
            lifetime_h=product.lifetime_h,
            age_h=self._age_h(),
            epc=self.served.epc,
            burden=self.served.burden,
            components=components,
            known=_known(components),
            by_lifetime=self.served.embodied_by_lifetime,
            by_volume=self.served.embodied_by_volume,
            idle_share=_idle_share(components),
            recovered=None if unrecovered is None else times(epc, 1 - unrecovered),
            unrecovered=times(epc, unrecovered),
            unrecovered_additive=times(self._amount(twin=True), unrecovered),
            due=self._write_off.due(),
            unassigned_operation=self.served.unassigned_operation,
            charges=tuple(self._write_off.charges()),
        )

    @cached_property
    def _write_off(self) -> WriteOff:
        product = self.ledger.supplies.products[self.code]
        return WriteOff(
            schedule=self.terms.schedule,
            amount=self._amount(twin=False),
            additive=self._amount(twin=True),
            lifetime_h=product.lifetime_h,
            age_h=self._age_h(),
            expected=product.inferences,
            first_expected=self.first_expected or product.inferences,
            used=self.served.inferences or 0.0,
        )

    # -- components --------------------------------------------------------------------------------------

    def _component(self, name: str) -> Component:
        if name == "idle":
            return self._idle()
        if name == "products_embodied":
            return self._products()
        value = self.served.per_inference[name]
        needs = tuple(self.served.needs.get(name, ()))
        additive = value if name != "retraining" else self._retraining_twin()
        return Component(
            name=name,
            per_inference=value,
            additive=additive,
            needs=needs,
            at_least=name in self.served.at_least,
        )

    def _retraining_twin(self) -> float | None:
        count = self.served.inferences
        if count is None:
            return self.ledger.coming_retraining(self.code, twin=True).value
        return _per(
            total(*(self.ledger.retraining(item, twin=True).value for item in self._inference_jobs())), count
        )

    def _idle(self) -> Component:
        """Return what keeping the product ready takes, per inference: its own jobs of phase platform."""
        jobs = self.ledger.select(lambda job: job.product == self.code and job.phase == "platform")
        if not jobs:
            return Component(name="idle", per_inference=0.0, additive=0.0)
        amounts = [
            part(item) for item in jobs for part in (self.ledger.operation, self.ledger.systems_embodied)
        ]
        whole = total(*(amount.value for amount in amounts))
        needs = [need for amount in amounts for need in amount.needs]
        count = self.served.inferences
        if not count:
            needs.append(f"inferences of {self.served.product}")
        value = _per(whole, count or 0.0)
        return Component(name="idle", per_inference=value, additive=value, needs=tuple(dict.fromkeys(needs)))

    def _products(self) -> Component:
        """Return the embodied share: of platforms by time as ever, of the product itself by the schedule."""
        needs = tuple(self.served.needs.get("products_embodied", ()))
        values = [self._products_value(twin=twin) for twin in (False, True)]
        at_least = "products_embodied" in self.served.at_least and values[0] is not None
        return Component(
            name="products_embodied",
            per_inference=values[0],
            additive=values[1],
            needs=needs if values[0] is None else (),
            at_least=at_least,
        )

    def _products_value(self, *, twin: bool) -> float | None:
        jobs, count = self._inference_jobs(), self.served.inferences
        platforms = [
            self.ledger.embodied(item.job, item.job.platform, twin=twin).value
            for item in jobs
            if item.job.platform >= 0 and item.job.platform != self.code
        ]
        hosted = _per(total(*platforms), count) if count and platforms else 0.0
        return total(hosted, self._own_per_inference(twin=twin))

    def _own_per_inference(self, *, twin: bool) -> float | None:
        """Return the product's own cost per inference under the schedule."""
        amount = self._amount(twin=twin)
        if self.terms.schedule == "per-use":
            return self._write_off.per_use(amount)
        jobs, count = self._inference_jobs(), self.served.inferences
        shares = [self.ledger.by_lifetime(item.job, self.code) for item in jobs]
        if not jobs or None in shares:
            expected = self.ledger.supplies.products[self.code].inferences
            straight = None if not expected else times(amount, 1 / expected)
        else:
            straight = _per(times(amount, total(*shares)), count or 0.0)
        return times(straight, self._write_off.rate_now())

    # -- what jobs carried -------------------------------------------------------------------------------

    def _unrecovered(self) -> float | None:
        """Return the part of the EPC that the known jobs do not carry under the schedule."""
        if self.terms.schedule == "straight" or not self.served.jobs:
            return self.served.unrecovered_share
        product = self.ledger.supplies.products[self.code]
        if self.terms.schedule == "per-use":
            expected = self.first_expected or product.inferences
            return None if not expected else 1 - (self.served.inferences or 0.0) / expected
        shares = [self._accelerated_share(item) for item in self._inference_jobs()]
        carried = total(*shares)
        return None if carried is None else 1 - carried

    def _accelerated_share(self, item: JobFigures) -> float | None:
        """Return the part that one job carries where the rate falls; None without its date, or the product's."""
        share, lifetime = self.ledger.by_lifetime(item.job, self.code), self._lifetime_h()
        born, started = _moment(self._created()), _moment(item.job.started_at)
        if share is None or lifetime is None or born is None or started is None or not item.job.duration_h:
            return None
        x = (started - born).total_seconds() / 3600 / lifetime
        return share * rate_over("accelerated", x, x + item.job.duration_h / lifetime)

    # -- facts -------------------------------------------------------------------------------------------

    def _inference_jobs(self) -> list[JobFigures]:
        return self.ledger.select(lambda job: job.product == self.code and job.phase == "inference")

    def _amount(self, *, twin: bool) -> float | None:
        interval = self.ledger.burden(self.code) if twin else self.ledger.epc(self.code)
        return None if interval is None else interval.best

    def _lifetime_h(self) -> float | None:
        return self.ledger.supplies.products[self.code].lifetime_h

    def _created(self) -> str | None:
        created: str | None = self.ledger.graph.tables["products"].column("created_at")[self.code].as_py()
        return created

    def _age_h(self) -> float | None:
        """Return the age at the run's date; None without one, or without the product's."""
        born, now = _moment(self._created()), _moment(self.ledger.run.as_of)
        return None if born is None or now is None else max((now - born).total_seconds() / 3600, 0.0)


def _known(components: tuple[Component, ...]) -> float | None:
    """Return the sum of what is known; that there is no platform and no re-training is no knowledge of a cost."""
    told = [part for part in components if part.per_inference is not None]
    stated = [part for part in told if part.per_inference or part.name in ("operation", "products_embodied")]
    return sum(part.per_inference or 0.0 for part in stated) if stated else None


def _idle_share(components: tuple[Component, ...]) -> float | None:
    """Return the part of running the product, busy and idle, that is idle."""
    running = {part.name: part.per_inference for part in components}
    both = total(running["operation"], running["idle"])
    return None if not both or running["idle"] is None else running["idle"] / both


def _per(amount: float | None, count: float | None) -> float | None:
    return None if amount is None or not count else amount / count


def _moment(text: str | None) -> datetime | None:
    """Return the first moment of an ISO date, which may be a year or a month only."""
    if not text:
        return None
    full = text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text
    moment = datetime.fromisoformat(full)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
