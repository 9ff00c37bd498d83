"""Uncertainty of costs: own cost, cumulative cost, EPC and burden drawn many times, as percentiles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lineage.costs.named import unused_lines
from lineage.errors import OptionError, did_you_mean
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Flags, Floats
from lineage.kernels.closure import Closure, Totals
from lineage.run import Run
from lineage.schema import UNIT_SUFFIXES
from lineage.uncertainty import Uncertainty
from lineage.views.cost import Cost, cost
from lineage.views.sampling import Block, Sampler
from lineage.views.spreads import Chances, Spread, Stage, chances, convergence, spread

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FEWEST", "VIEWS", "ProductSamples", "Samples", "run_record", "sampled", "samples"]

VIEWS: Final = ("own", "cumulative", "epc", "burden")
FEWEST: Final = 20  # of fewer samples there is no 5th percentile
STORED: Final = 32_000_000  # numbers kept of one batch of products: 256 MB


@dataclass(frozen=True, slots=True)
class ProductSamples:
    """The spread of one product in every view; None where nothing is known or the policy has no such view.

    `convergence` shows the EPC (the burden where there is none) after a quarter, half and all of the samples.
    """

    id: str
    name: str
    own: Spread | None
    cumulative: Spread | None
    epc: Spread | None
    burden: Spread | None
    convergence: tuple[Stage, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        views = {name: getattr(self, name) for name in VIEWS}
        return {
            "id": self.id,
            "name": self.name,
            **{name: value and value.as_dict() for name, value in views.items()},
            "convergence": [stage._asdict() for stage in self.convergence],
        }


@dataclass(frozen=True)
class Samples:
    """The samples of some products (`codes`): `values` maps a view to an array (products, size), NaN is unknown.

    `at_least` maps a view to flags (products,): every sample is a lower bound, as something unknown has part in it.
    `sampled_parents` counts the products whose weights were drawn; `factors` names the inputs that were.
    """

    result: Cost
    uncertainty: Uncertainty
    size: int
    codes: tuple[int, ...]
    values: Mapping[str, Floats] = field(repr=False)
    at_least: Mapping[str, Flags] = field(repr=False)
    factors: tuple[str, ...] = field(repr=False)
    sampled_parents: int
    findings: tuple[Finding, ...] = field(repr=False)

    @property
    def unit(self) -> str:
        """The unit of every figure."""
        return self.result.unit

    @property
    def carried(self) -> str:
        """The allocated view that the policy has: "epc", or "burden" where there is no EPC."""
        return "epc" if "epc" in self.values else "burden"

    def of(self, product: str, view: str | None = None) -> Floats:
        """Return the samples of a product, (size,): its EPC, or another view.

        Raises `OptionError` for a view that the policy does not have, and for a product that was not sampled.
        """
        view = view or self.carried
        if view not in self.values:
            known = list(self.values)
            raise OptionError(
                f"there are no samples of view {view!r} under policy {self.result.run.policy}"
                f"{did_you_mean(view, known)}; there are {', '.join(known)}"
            )
        code = self.result.code(product)
        if code not in self._place:
            raise OptionError(f"{self.result.graph.ids[code]} was not sampled; name it among the products")
        drawn: Floats = self.values[view][self._place[code]]
        return drawn

    @cached_property
    def _place(self) -> dict[int, int]:
        return {code: row for row, code in enumerate(self.codes)}

    def probability_less(self, a: str, b: str, view: str | None = None) -> Chances:
        """Return P(A < B), from the same samples: what the two share moves both. NaN where one is unknown."""
        return chances(self.of(a, view), self.of(b, view))

    def row(self, product: str | int) -> ProductSamples:
        """Return the spread of one product, given by name or code."""
        code = self.result.code(product) if isinstance(product, str) else product
        name = self.result.graph.ids[code]
        views: dict[str, Spread | None] = dict.fromkeys(VIEWS)
        for view in self.values:
            drawn = self.of(name, view)
            if not np.isnan(drawn).any():
                views[view] = spread(drawn, at_least=bool(self.at_least[view][self._place[code]]))
        stages = convergence(self.of(name)) if views[self.carried] else ()
        return ProductSamples(name, self.result.name(code), **views, convergence=stages)

    def rows(self) -> list[ProductSamples]:
        """Return the spread of all products, in the order asked for."""
        return [self.row(code) for code in self.codes]

    @property
    def table(self) -> "pd.DataFrame":
        """All rows as a pandas DataFrame; columns carry their view, statistic and unit, unknown is NaN."""
        import pandas as pd

        unit = UNIT_SUFFIXES[self.unit]
        records = []
        for row in self.rows():
            record: dict[str, object] = {"id": row.id, "name": row.name}
            for view in VIEWS:
                found: Spread | None = getattr(row, view)
                for key in ("p50", "p5", "p95", "mean", "sd"):
                    record[f"{view}_{unit}_{key}"] = float("nan") if found is None else getattr(found, key)
            records.append(record)
        frame = pd.DataFrame.from_records(records)
        frame.attrs["run"] = self.result.run.as_dict()
        return frame

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/samples/1."""
        return {
            "schema": "lineage/samples/1",
            "run": run_record(self.result),
            "samples": self.size,
            "uncertainty": self.uncertainty.as_dict(),
            "concentration": self.uncertainty.concentration(self.result.run.policy),
            "factors": len(self.factors),
            "sampled_parents": self.sampled_parents,
            "products": [row.as_dict() for row in self.rows()],
            "findings": [item.as_dict() for item in self.findings],
        }


def samples(
    graph: Graph,
    products: Iterable[str] | None = None,
    run: Run | None = None,
    *,
    size: int = 1000,
    uncertainty: Uncertainty | None = None,
) -> Samples:
    """Draw the costs of some products, or of all, `size` times with the run's seed.

    Own costs are drawn from `uncertainty`, else from the range that a figure has (PERT from lo, best, hi); a factor
    such as a grid is drawn once per sample for all products that use it. The weights of the policies equal, property,
    cff and merge are Dirichlet around their values (concentration 50 unless `uncertainty` says otherwise), so that
    every sample conserves cost; a concentration of "fixed" leaves them alone. The same seed gives the same samples,
    whatever else is asked for. Raises what `cost` raises, and `OptionError` for fewer than 20 samples.

    >>> from lineage.testing import graph
    >>> drawn = samples(graph("base -> tuned", own={"base": (80, 100, 140), "tuned": 10}), ["tuned"],
    ...                 uncertainty=Uncertainty(weights={"concentration": "fixed"}))
    >>> row = drawn.row("tuned")
    >>> row.own.p50, 50 < row.epc.p5 < row.epc.p50 < row.epc.p95 < 80
    (10.0, True)
    """
    result = cost(graph, run)
    codes = result.existing if products is None else [result.code(name) for name in products]
    return sampled(result, tuple(dict.fromkeys(codes)), size=size, uncertainty=uncertainty)


def sampled(
    result: Cost, codes: Sequence[int], *, size: int = 1000, uncertainty: Uncertainty | None = None
) -> Samples:
    """Draw the costs of the products `codes` of a result; see `samples`."""
    if size < FEWEST:
        raise OptionError(f"{size} samples are too few for percentiles; ask for {FEWEST} or more")
    given = uncertainty or Uncertainty()
    missing = {"epc": result.epc is None, "burden": result.burden is None}
    views = [view for view in VIEWS if not missing.get(view)]
    values = {view: np.empty((len(codes), size)) for view in views}
    at_least = {view: np.zeros(len(codes), np.bool_) for view in views}
    step = max(1, STORED // (size * len(views)))
    factors: dict[str, None] = {}
    parents: set[int] = set()
    findings: dict[Finding, None] = dict.fromkeys(unused_lines(result.graph, given))
    for start in range(0, len(codes), step):
        batch = codes[start : start + step]
        sampler = Sampler(result, given, batch)
        for view, flags in _filled(
            sampler, size, {v: values[v][start : start + step] for v in views}
        ).items():
            at_least[view][start : start + step] = flags
        factors |= dict.fromkeys(item.label for item in sampler.model.factors)
        parents.update(sampler.weights.parents.tolist())
        findings |= dict.fromkeys(sampler.findings)
    return Samples(
        result=result,
        uncertainty=given,
        size=size,
        codes=tuple(codes),
        values=values,
        at_least=at_least,
        factors=tuple(factors),
        sampled_parents=len(parents),
        findings=(*result.findings, *findings),
    )


def run_record(result: Cost) -> dict[str, Any]:
    """Return how a result came about, as JSON holds it."""
    from lineage import __version__

    return result.run.as_dict() | {
        "engine": result.engine,
        "version": __version__,
        "graph": result.graph.digest,
    }


def _filled(sampler: Sampler, size: int, values: dict[str, Floats]) -> dict[str, Flags]:
    """Draw all samples into `values`; return which figures are lower bounds."""
    for block in sampler.over(size):
        place = slice(block.first, block.first + block.own.shape[1])
        values["own"][:, place] = block.own[sampler.asked]
        values["cumulative"][:, place] = _cumulative(sampler, block)
        for view, drawn in (("epc", block.epc), ("burden", block.burden)):
            if drawn is not None:
                values[view][:, place] = drawn
    model, retained = sampler.model, sampler.weights.retained
    carries = np.ones(len(sampler.asked), np.bool_) if sampler.shared is None else ~sampler.shared.empty()
    marked = {
        view: {
            "own": flags[sampler.asked],
            "cumulative": sampler.stands_on(flags),
            "epc": sampler.arrives(flags),
            "burden": sampler.arrives(flags),
        }
        for view, flags in (("known", model.known), ("open", model.open_ended))
    }
    if retained is not None:
        marked["open"]["burden"] &= retained != 0
    marked["known"]["burden"] |= ~carries
    for view, drawn in values.items():
        drawn[~marked["known"][view]] = np.nan
    return {view: marked["open"][view] for view in values}


def _cumulative(sampler: Sampler, block: Block) -> Floats:
    """Return each product's own cost and each ancestor's once, added up in the order that `Cost.row` uses."""
    cyclic = []
    if sampler.blocks.cyclic:
        place = {code: row for row, code in enumerate(sampler.members.tolist())}
        cyclic = [place[v] for group in sampler.result.network.cycles for v in group if v in place]

    def own(v: int) -> Any:
        return Totals(0.0, block.own[v], 0.0, 1, 1, 0)

    closure = Closure(*sampler.parents_of(), own, cyclic)
    return np.array([closure.totals(v).best for v in sampler.asked.tolist()])
