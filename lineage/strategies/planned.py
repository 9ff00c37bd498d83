"""`compare_plan`: both strategies of a plan, by phase; break-evens, parity, flips, and how likely reuse is better."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lineage.errors import ImportFault, OptionError, UnknownProduct, did_you_mean
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Floats
from lineage.kernels.draws import keys_of, uniforms
from lineage.run import Run
from lineage.strategies.cases import MODES, BreakEven, Case, Flip, n_star, parity, tasks_star
from lineage.strategies.figures import Figure, of_interval
from lineage.strategies.flips import flips_of
from lineage.strategies.open_ended import as_known, bounded, decided, in_part, leads, why_undrawn
from lineage.strategies.plans import FIGURES, Plan
from lineage.views.interval import Interval
from lineage.views.spreads import Chances, Spread, chances, spread

if TYPE_CHECKING:
    import pandas as pd

    from lineage.views.cost import Cost

__all__ = ["PlanComparison", "Strategy", "compare_plan"]

FEWEST: Final = 20
STRATEGIES: Final = ("reuse", "scratch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What one strategy costs over all tasks and the horizon, by phase; `spread` is its total over the samples."""

    name: str
    phases: dict[str, Interval]
    total: Interval
    per_task: Interval
    per_inference: Interval | None
    parity: float | None
    spread: Spread | None

    def as_dict(self) -> dict[str, Any]:
        """Return the strategy as JSON holds it."""
        return {
            "name": self.name,
            "phases": {name: phase.as_dict() for name, phase in self.phases.items()},
            "total": self.total.as_dict(),
            "per_task": self.per_task.as_dict(),
            "per_inference": self.per_inference and self.per_inference.as_dict(),
            "parity": self.parity,
            "spread": self.spread and self.spread.as_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class PlanComparison:
    """Reuse against from scratch for a plan, in `unit`.

    `saved` is from scratch less reuse; its bounds take the two as independent, so they are outer bounds. `tasks_star`
    and `n_star` are k* and n*; what they rest on that is a lower bound stands in their `unknown`. `cheaper` is None
    where the side that `leads` as far as known has no upper bound; nothing is drawn where either has none (`undrawn`).
    `chances` says how often reuse is the cheaper one in the same samples, `tasks_spread` how k* (its real value) is
    spread over those that have one, `never` how many have none.
    """

    plan: Plan
    mode: str
    unit: str
    reuse: Strategy
    scratch: Strategy
    saved: Interval
    cheaper: str | None
    tasks_star: BreakEven
    n_star: BreakEven
    flips: tuple[Flip, ...]
    size: int | None
    chances: Chances | None
    tasks_spread: Spread | None
    never: float | None
    figures: Mapping[str, Figure] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def leads(self) -> str | None:
        """The side that is ahead by best values, whatever has no upper bound; None is unknown."""
        return leads(self.saved.best)

    @property
    def undrawn(self) -> str | None:
        """Why there are no chances: a total is a lower bound only; None where both have an upper bound."""
        return why_undrawn(self.reuse.total, self.scratch.total)

    @property
    def table(self) -> "pd.DataFrame":
        """Both strategies by phase as a pandas DataFrame; unknown is NaN."""
        import pandas as pd

        return pd.DataFrame.from_records(self.records())

    def records(self) -> list[dict[str, Any]]:
        """Return one flat row per strategy and phase, totals last."""
        rows = []
        for side in (self.reuse, self.scratch):
            for phase, cost in (*side.phases.items(), ("total", side.total)):
                row = {"mode": self.mode, "strategy": side.name, "phase": phase, "unit": self.unit}
                rows.append(row | cost.as_dict())
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as a part of the JSON document lineage/compare/1."""
        return {
            "plan": self.plan.as_dict()
            | {"figures": {name: figure.as_dict() for name, figure in self.figures.items()}},
            "strategies": [self.reuse.as_dict(), self.scratch.as_dict()],
            "saved": self.saved.as_dict(),
            "cheaper": self.cheaper,
            "tasks_star": self.tasks_star.as_dict(),
            "n_star": self.n_star.as_dict(),
            "flips": [row.as_dict() for row in self.flips],
            "samples": self.size,
            "chances": self.chances and self.chances.as_dict(),
            "tasks_spread": self.tasks_spread and self.tasks_spread.as_dict(),
            "never": self.never,
        }


def compare_plan(
    plan: Plan,
    graph: Graph | None = None,
    run: Run | None = None,
    *,
    mode: str | None = None,
    samples: int | None = 1000,
) -> PlanComparison:
    """Compare reuse with training from scratch for a plan (ACCOUNTING.md section 5).

    `mode` overrides the plan's: attributional charges the base's EPC to the tasks as the plan's `share` says,
    consequential takes a base that exists as sunk, exactly 0. Figures that name a product are looked up in `graph` with
    `run`. With `samples`, uncertain figures and factors are drawn with the run's seed, a factor once for all that it
    multiplies, and the figures of products by one sampling of the store. Raises `OptionError`, `ImportFault` for a
    product that is not there, and what `cost` raises.

    >>> plan = Plan(impact="energy", tasks=1, inferences=1000, base={"epc": "51686 kWh"},
    ...             reuse={"adaptation": "7571 kWh", "inference": "1e-4 kWh"},
    ...             scratch={"training": "10505 kWh", "inference": "5.4e-5 kWh"})
    >>> told = compare_plan(plan)
    >>> told.cheaper, told.tasks_star.integer, round(told.tasks_star.real, 4), told.reuse.parity
    ('scratch', 18, 17.6165, 592570000.0)
    """
    chosen = mode or plan.mode
    if chosen not in MODES:
        raise OptionError(
            f"there is no mode {mode!r}{did_you_mean(chosen, MODES)}; there are {', '.join(MODES)}"
        )
    if samples is not None and samples < FEWEST:
        raise OptionError(f"{samples} samples are too few for percentiles; ask for {FEWEST} or more")
    run = replace(run or Run(), impact=plan.impact)
    result = _result(plan, graph, run)
    figures = _looked_up(plan, result)
    best = case_of(plan, figures, chosen, values_at(plan, figures, "best"))
    partly = in_part(case_of(plan, figures, chosen, values_at(plan, figures, "hi")), best)
    drawn = None if samples is None else _drawn(plan, figures, chosen, (run.seed, samples), result)
    reuse, scratch = (_strategy(side, plan, figures, chosen, drawn) for side in STRATEGIES)
    saved, difference = _less(scratch.total, reuse.total), best.difference
    is_open = reuse.total.hi is None or scratch.total.hi is None
    told = {} if drawn is None or difference is None or is_open else _chances(plan, drawn)
    return PlanComparison(
        plan=plan,
        mode=chosen,
        unit=plan.unit,
        reuse=reuse,
        scratch=scratch,
        saved=saved._replace(best=None if difference is None else float(difference)),
        cheaper=_cheaper(saved, difference, (reuse.total, scratch.total)),
        tasks_star=bounded(tasks_star(best), partly),
        n_star=bounded(n_star(best), partly),
        flips=tuple(as_known(row, partly) for row in flips_of(plan, figures, chosen, best)),
        size=samples,
        figures=figures,
        chances=told.get("chances"),
        tasks_spread=told.get("tasks_spread"),
        never=told.get("never"),
    )


def resolved(plan: Plan, graph: Graph | None, run: Run) -> dict[str, Figure]:
    """Return the figures of a plan, those of products looked up in a graph."""
    return _looked_up(plan, _result(plan, graph, run))


def _result(plan: Plan, graph: Graph | None, run: Run) -> "Cost | None":
    """Return the costs of the store that a plan names products of; None where it names none."""
    named = [figure for figure in plan.figures.values() if figure.product]
    if not named:
        return None
    if graph is None:
        raise OptionError(
            f"the plan names {named[0].product}, a product of a store; say which with --store ADDRESS"
        )
    from lineage.views.cost import cost

    return cost(graph, run)


def _looked_up(plan: Plan, result: "Cost | None") -> dict[str, Figure]:
    found = dict(plan.figures)
    for name, figure in plan.figures.items():
        if figure.product and result is not None:
            try:
                row = result.row(figure.product)
            except UnknownProduct as error:
                section, _, key = name.partition(".")
                raise ImportFault(plan.source, f"[{section}] {key}", str(error)) from None
            interval = getattr(row, figure.view)
            if interval is None:
                raise OptionError(
                    f"policy {result.run.policy} has no {figure.view} of {row.id}; choose another --policy"
                )
            tier = row.tier
            source = f"{figure.view} of {row.id}, policy {result.run.policy}"
            read = of_interval(plan.unit, interval, tier, source)
            found[name] = replace(read, product=row.id, view=figure.view)
    return found


def values_at(plan: Plan, figures: Mapping[str, Figure], side: str) -> dict[str, Any]:
    """Return the factors and the figures before them, by name, as exact fractions of what is written."""
    named = {**{f"factor {name}": item for name, item in plan.shared.items()}, **figures}
    return {name: _fraction(getattr(figure, side)) for name, figure in named.items()}


def case_of(plan: Plan, figures: Mapping[str, Figure], mode: str, values: Mapping[str, Any]) -> Case:
    """Return the case that a plan makes of these values; costs left out are 0, a sunk base is exactly 0."""
    costs: dict[str, Any] = {}
    for name, figure in figures.items():
        value = values[name]
        for factor in figure.times:
            known = values[f"factor {factor}"]
            value = None if value is None or known is None else value * known
        costs[FIGURES[name]] = value
    for strategy in STRATEGIES:
        times = plan.retrainings(strategy)
        key = f"{strategy}_retraining"
        if key in costs:
            value = costs[key]
            costs[key] = Fraction(0) if not times else None if value is None else value * times
    if mode == "consequential" and plan.exists:
        costs["epc"] = Fraction(0)
    return Case(
        **costs,
        tasks=Fraction(plan.k),
        inferences=_fraction(plan.count),
        claims=_fraction(plan.claims),
        share=plan.share,
    )


def _fraction(value: float | None) -> Fraction | None:
    """Return the decimal number that a float is printed as, so that 0.3 is three tenths."""
    return None if value is None else Fraction(repr(float(value)))


def _strategy(
    side: str, plan: Plan, figures: Mapping[str, Figure], mode: str, drawn: Case | None
) -> Strategy:
    bounds = [case_of(plan, figures, mode, values_at(plan, figures, end)) for end in ("lo", "best", "hi")]
    phases = {
        name: _interval([getattr(case, side)[name] for case in bounds])
        for name in getattr(bounds[1], side)
        if name == "base" or f"{side}.{name.replace('-', '')}" in figures
    }
    total = _added(list(phases.values()))
    best, n = bounds[1], plan.count
    if side == "reuse":
        created = _plus(best.epc, best.adaptation)
        each, again = best.reuse_inference, best.reuse_retraining
    else:
        created = _plus(best.training, best.data)
        each, again = best.scratch_inference, best.scratch_retraining
    samples = None if drawn is None else drawn.total(side)
    return Strategy(
        name=side,
        phases=phases,
        total=total,
        per_task=total.scaled(1 / plan.k),
        per_inference=total.scaled(1 / (plan.k * n)) if n else None,
        parity=parity(created, each, again, best.inferences),
        spread=None
        if samples is None or isinstance(samples, Fraction)
        else spread(np.asarray(samples), at_least=total.hi is None),
    )


def _plus(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def _interval(ends: list[Any]) -> Interval:
    return Interval(*(None if end is None else float(end) for end in ends))


def _added(parts: list[Interval]) -> Interval:
    """Return the sum of phases; best is the known part, None where nothing is known."""
    known = [part.best for part in parts if part.best is not None]
    open_ended = any(part.hi is None for part in parts)
    return Interval(
        sum(part.lo or 0.0 for part in parts),
        sum(known) if known and not (open_ended and not any(known)) else None,
        None if open_ended else sum(part.hi or 0.0 for part in parts),
    )


def _less(a: Interval, b: Interval) -> Interval:
    lo = None if b.hi is None or a.lo is None else a.lo - b.hi
    return Interval(lo, None, None if a.hi is None or b.lo is None else a.hi - b.lo)


def _cheaper(saved: Interval, difference: Any, totals: tuple[Interval, Interval]) -> str | None:
    """Return the cheaper strategy; where something is unknown, only if that cannot turn it around."""
    if difference is not None:
        return decided(difference, *totals)
    if saved.lo is not None and saved.lo > 0:
        return "reuse"
    return "scratch" if saved.hi is not None and saved.hi < 0 else None


def _of_store(figures: Mapping[str, Figure], result: "Cost | None", size: int) -> dict[str, Floats]:
    """Return the samples of the figures of products, drawn together: what they share moves them alike."""
    named = {name: figure for name, figure in figures.items() if figure.product and figure.best is not None}
    if result is None or not named:
        return {}
    from lineage.views.samples import sampled

    codes = list(dict.fromkeys(result.code(figure.product) for figure in named.values()))
    together = sampled(result, codes, size=size)
    drawn = {name: together.of(figure.product, figure.view) for name, figure in named.items()}
    return {name: values for name, values in drawn.items() if np.ptp(values) > 0}  # NaN is not


def _drawn(
    plan: Plan,
    figures: Mapping[str, Figure],
    mode: str,
    how: tuple[int, int],
    result: "Cost | None",
) -> Case | None:
    """Return the case with arrays of samples; None where nothing is uncertain."""
    seed, size = how
    of_store = _of_store(figures, result, size)
    values = values_at(plan, figures, "best")
    named = {**{f"factor {name}": item for name, item in plan.shared.items()}, **figures}
    uncertain = [
        name for name, item in named.items() if item.distribution is not None and name not in of_store
    ]
    if not uncertain and not of_store:
        return None
    u = uniforms(seed, keys_of("plan", uncertain), 0, size)
    sampled: dict[str, Any] = {
        name: None if value is None else np.full(size, float(value)) for name, value in values.items()
    }  # what is not uncertain is the same in every sample
    for row, name in enumerate(uncertain):
        distribution = named[name].distribution
        assert distribution is not None
        sampled[name] = distribution.quantile(u[row])
    sampled |= of_store
    case = case_of(plan, figures, mode, sampled)
    filled: dict[str, Any] = {
        name: np.full(size, float(getattr(case, name)))
        for name in (*FIGURES.values(), "tasks", "inferences", "claims")
        if isinstance(getattr(case, name), Fraction)
    }
    return replace(case, **filled)


def _chances(plan: Plan, drawn: Case) -> dict[str, Any]:
    """Return P(reuse better), and how k* is spread over the samples that have one."""
    gain: Floats = np.asarray(drawn.gain, dtype=np.float64)
    has = gain > 0
    shared = drawn.claims if plan.share == "equal" else np.zeros(len(gain))
    real = drawn.epc[has] / gain[has] - shared[has]
    return {
        "chances": chances(drawn.total("reuse"), drawn.total("scratch")),
        "tasks_spread": spread(real) if len(real) >= FEWEST else None,
        "never": 1.0 - float(np.mean(has)),
    }
