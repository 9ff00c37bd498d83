"""The policies without edge weights: `shapley` and `usage` share a product's cost among all who stand on it.

D(u) are the users at or below u, as a set. `shapley` gives each of them c(u) / |D(u)|: the Shapley value of the cost
game in which u is needed by all of D(u) (Shapley 1953; Littlechild and Owen 1973). `usage` gives c(u) use(v) / use of
D(u): the Shapley value where every inference is a player. Members of a cycle have the same D, so they share alike.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lineage.findings import Finding, finding
from lineage.kernels.arrays import Flags, Floats
from lineage.run import Run
from lineage.views.interval import Bounds, Interval
from lineage.views.joined import Joined
from lineage.views.network import Network

__all__ = ["Sharing", "share_out"]

MOST_STEPS: Final = 1_000_000_000  # of closure walks; a lineage that needs more is counted by sketches
SAMPLE: Final = 1000
SKETCH: Final = 256  # users kept in a sketch


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Who carries what where there are no edge weights; arrays are per product (n,).

    `part` is what each of D(u) carries of one unit of u's cost: 1 / |D(u)|, or where `by_use` 1 / use of D(u), to be
    multiplied with the carrier's own `use`; 0 where nobody carries it, which is `unassigned`. `counted` is |D(u)|,
    NaN where it was not needed. `standard_error` (relative, of |D(u)| or its use) and `rescaled`, the factor that
    made burdens add up again, are None where D was counted exactly.
    """

    burden: Bounds
    unassigned: Interval
    user: Flags
    use: Floats
    part: Floats
    by_use: Flags
    counted: Floats
    engine: str
    standard_error: float | None
    rescaled: float | None
    findings: tuple[Finding, ...]

    @property
    def method(self) -> str:
        """How D was counted: "closure" (exactly) or "sketch"."""
        return "closure" if self.standard_error is None else "sketch"

    @property
    def complete(self) -> bool:
        """Whether every own cost has somebody who carries it."""
        return self.unassigned == Interval(0.0, None, 0.0)

    def weight(self, u: int, v: int) -> float:
        """Return the part of u's own cost that v carries, v being at or below u."""
        if not self.user[v]:
            return 0.0
        part = float(self.part[u]) * (self.rescaled or 1.0)
        return part * float(self.use[v]) if self.by_use[u] else part

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        names = ("method", "standard_error", "rescaled")
        return {name: getattr(self, name) for name in names} | {"users": int(np.count_nonzero(self.user))}


def share_out(network: Network, run: Run, own: Bounds, user: Flags) -> Sharing:
    """Share every own cost among the users at or below its product, under policy `shapley` or `usage`.

    Own costs (n,) in the unit of the run's impact; `user` (n,) who is used itself. Use is the column `inferences`.
    """
    lineage = Joined(network, run)
    user = user & network.existing
    demand = _demand(lineage, network, run, user)
    columns = _distinct([np.nan_to_num(side) for side in own])
    shared = _burdens(lineage, demand, user, columns)
    lo, best, hi = (shared[place] for place in columns.place)
    rescaled = None
    if demand.standard_error is not None:
        assigned = float(np.sum(columns.values[columns.place[1]][demand.part > 0]))
        carried = float(np.sum(best))
        rescaled = assigned / carried if carried else 1.0
        lo, best, hi = (side * rescaled for side in (lo, best, hi))
    known, unknown = ~np.isnan(own.best), np.isnan(own.hi)
    part, informed, open_ended = (
        user & _reached(lineage, demand, marked) for marked in (demand.part > 0, known, unknown)
    )
    burden = Bounds(lo, np.where(part & ~informed, np.nan, best), np.where(open_ended, np.nan, hi))
    return Sharing(
        burden=burden,
        unassigned=_unassigned(own, network.existing & (demand.part == 0)),
        user=user,
        use=demand.use,
        part=demand.part,
        by_use=demand.by_use,
        counted=demand.counted,
        engine=lineage.reach.name,
        standard_error=demand.standard_error,
        rescaled=rescaled,
        findings=_findings(network, demand),
    )


@dataclass(frozen=True, kw_only=True)
class _Demand:
    """Who wants a part: see `Sharing`. `fallback` marks those whose use is not known all through."""

    use: Floats
    part: Floats
    by_use: Flags
    counted: Floats
    fallback: Flags
    standard_error: float | None


def _reached(lineage: Joined, demand: _Demand, marked: Flags) -> Flags:
    """Mark who carries a part, however little, of one of the marked."""
    carried = marked & (demand.part > 0)
    found = lineage.above(carried & ~demand.by_use)
    if demand.by_use.any():
        found |= lineage.above(carried & demand.by_use) & (demand.use > 0)
    return found


def _demand(lineage: Joined, network: Network, run: Run, user: Flags) -> _Demand:
    """Count the users at or below every product, and their use."""
    n = lineage.n
    count = _Counter(lineage, user, run.seed)
    nothing = np.zeros(n, np.bool_)
    if run.policy == "shapley":
        counted = count(user.astype(np.float64))
        part = np.divide(1.0, counted, out=np.zeros(n), where=counted > 0)
        return _Demand(
            use=np.zeros(n),
            part=part,
            by_use=nothing,
            counted=counted,
            fallback=nothing,
            standard_error=count.error,
        )
    stated = network.graph.floats("products", "inferences")
    use = np.where(user, np.nan_to_num(stated), 0.0)
    unknown = user & np.isnan(stated)
    fallback = lineage.below(unknown) if unknown.any() else nothing
    total = count(use)
    by_use = ~fallback & (total > 0)
    counted = count(user.astype(np.float64)) if fallback.any() else np.full(n, np.nan)
    part = np.divide(1.0, total, out=np.zeros(n), where=by_use)
    np.divide(1.0, counted, out=part, where=fallback)
    return _Demand(
        use=use, part=part, by_use=by_use, counted=counted, fallback=fallback, standard_error=count.error
    )


class _Counter:
    """Weighs D(u): exactly, or from sketches where that takes too long."""

    def __init__(self, lineage: Joined, user: Flags, seed: int) -> None:
        self._lineage, self._seed = lineage, seed
        self._sketched = self._too_far(user)
        self.error = (SKETCH - 2) ** -0.5 if self._sketched else None

    def _too_far(self, user: Flags) -> bool:
        """Tell whether walking takes more than `MOST_STEPS`; found from a sample of the walks."""
        lineage = self._lineage
        starts = np.asarray(lineage.reach.walked(lineage.asked(user)), dtype=np.int64)
        if starts.size * lineage.n <= MOST_STEPS:
            return False
        sample = np.random.default_rng(self._seed).choice(starts, min(SAMPLE, starts.size), replace=False)
        return float(np.mean(lineage.reach.sizes(lineage.asked(sample)))) * starts.size > MOST_STEPS

    def __call__(self, weight: Floats) -> Floats:
        if not self._sketched:
            return self._lineage.totals(weight)
        drawn = np.maximum(np.random.default_rng(self._seed).standard_exponential(weight.size), 1e-18)
        with np.errstate(divide="ignore"):
            return self._estimated(weight, drawn / weight)

    def _estimated(self, weight: Floats, rank: Floats) -> Floats:
        """Return the weight of D(u) from bottom-k sketches; `rank` (n,) orders those of weight above 0."""
        lineage, users = self._lineage, np.flatnonzero(weight > 0)
        ordered = users[np.argsort(rank[users], kind="stable")]
        asked = (lineage.asked(values) for values in (ordered, weight, rank))
        found = lineage.reach.sketches(*asked, SKETCH)
        size, last, total = (np.asarray(side)[lineage.head] for side in found)
        if not np.array_equal(weight, weight > 0):
            return np.asarray(total)
        drawn = (
            ordered.size * (SKETCH - 1) / np.maximum(last, 1)
        )  # all alike, without replacement (Haldane 1945)
        return np.where(size < SKETCH, total, drawn)


@dataclass(frozen=True)
class _Columns:
    """Columns of figures without repetition; `place` says where lo, best and hi stand."""

    values: list[Floats]
    place: list[int]


def _distinct(columns: list[Floats]) -> _Columns:
    values: list[Floats] = []
    place = []
    for column in columns:
        same = (number for number, other in enumerate(values) if np.array_equal(other, column))
        place.append(next(same, len(values)))
        if place[-1] == len(values):
            values.append(column)
    return _Columns(values, place)


def _burdens(lineage: Joined, demand: _Demand, user: Flags, columns: _Columns) -> list[Floats]:
    """Return what each user carries, (n,), for each distinct column of own costs; parts are divided, not multiplied."""
    per_head = ~demand.by_use & (demand.part > 0)
    by_head = [
        np.divide(column, demand.counted, out=np.zeros(lineage.n), where=per_head)
        for column in columns.values
    ]
    if not demand.by_use.any():
        return lineage.sums(by_head, user)
    by_use = [np.where(demand.by_use, column * demand.part, 0.0) for column in columns.values]
    found = lineage.sums([*by_head, *by_use], user)
    count = len(columns.values)
    return [heads + demand.use * rate for heads, rate in zip(found[:count], found[count:], strict=True)]


def _unassigned(own: Bounds, idle: Flags) -> Interval:
    """Add up what nobody carries."""
    lo, best, hi = (side[idle] for side in own)
    known = best[~np.isnan(best)]
    return Interval(
        float(np.sum(lo)),
        float(np.sum(known)) if known.size else None,
        None if np.isnan(hi).any() else float(np.sum(hi)),
    )


def _findings(network: Network, demand: _Demand) -> tuple[Finding, ...]:
    text = "the use (inferences) of someone at or below it is not known; its users share equally instead"
    name = network.graph.id
    fallback = np.flatnonzero(demand.fallback & network.existing)
    return tuple(finding("missing-property", name(u), text) for u in fallback.tolist())
