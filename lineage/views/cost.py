"""Own cost, cumulative cost, EPC and burden of every product, with conservation and coverage."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.costs import OwnCosts, own_costs
from lineage.errors import DivergentCycle, OptionError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Floats
from lineage.kernels.closure import Closure, Totals
from lineage.kernels.cycles import heaviest_cycle
from lineage.kernels.order import row_starts
from lineage.run import Run
from lineage.schema import TIERS, kind_of
from lineage.views.apportionment import Apportionment, apportion
from lineage.views.interval import Bounds, Interval
from lineage.views.network import Network, network

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Conservation", "Cost", "Coverage", "ProductCost", "cost", "solve_bounds"]


@dataclass(frozen=True, slots=True)
class Conservation:
    """Whether every known unit of own cost is carried exactly once: sum of burden = sum of own.

    It applies only where no product is over-allocated; `over_allocated` is what explicit weights hand out twice,
    None where that is not known or the policy has no retained share.
    """

    applies: bool
    sum_own: float | None
    sum_burden: float | None
    relative_error: float | None
    over_allocated: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known: products by tier of their own cost, and the known cost by tier (shares of 1).

    `known` counts the products with a best value, of all `total`.
    """

    products: dict[str, int]
    cost: dict[str, float]
    known: int
    total: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {"products": self.products, "cost": self.cost}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCost:
    """The four views of one product; `covered` is the part of it and its ancestors with a known own cost."""

    id: str
    name: str
    kind: str
    own: Interval
    tier: str
    cumulative: Interval
    epc: Interval | None
    retained_share: float | None
    burden: Interval | None
    covered: float
    known: int
    members: int

    @property
    def upstream_share(self) -> float | None:
        """The part of EPC that is inherited; None where that is not known."""
        if self.epc is None or self.own.best is None or not self.epc.best:
            return None
        # Where nothing known is inherited, that is no 0 if something unknown, or known by bounds only, may be.
        wider = self.epc.hi is None or (self.known < self.members and self.epc.hi != self.own.hi)
        if self.members > 1 and self.epc.best == self.own.best and wider:
            return None
        return 1.0 - self.own.best / self.epc.best

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "id": self.id,
            "name": self.name,
            "own": self.own.as_dict() | {"tier": self.tier},
            "cumulative": self.cumulative.as_dict(),
            "epc": self.epc and self.epc.as_dict(),
            "retained_share": self.retained_share,
            "burden": self.burden and self.burden.as_dict(),
            "covered": self.covered,
        }


@dataclass(frozen=True)
class Cost:
    """The result of a run on a graph; arrays are per product code (n,), NaN is null."""

    graph: Graph
    run: Run
    network: Network
    shares: Apportionment
    own_costs: OwnCosts
    own: Bounds
    epc: Bounds
    burden: Bounds | None
    findings: tuple[Finding, ...]

    @property
    def engine(self) -> str:
        """The engine that ran."""
        name: str = self.network.structure.name
        return name

    @property
    def unit(self) -> str:
        """The unit of every figure."""
        return self.run.unit

    @property
    def retained_share(self) -> Floats | None:
        """What a product's own use must carry, (n,); None where the policy has no such share."""
        return self.shares.retained

    @property
    def dropped(self) -> list[tuple[str, str]]:
        """Edges that were left out to break cycles, as (product, parent)."""
        return [(self.graph.ids[v], self.graph.ids[u]) for v, u in self.network.dropped]

    @cached_property
    def existing(self) -> list[int]:
        """Codes of the products that existed, sorted by id."""
        codes: list[int] = np.flatnonzero(self.network.existing).tolist()
        return codes

    @cached_property
    def weights(self) -> dict[tuple[str, str], tuple[float, str]]:
        """Share and its origin per edge: (product, parent) -> (w, where it came from)."""
        ids = self.graph.ids
        pairs = zip(self.network.child.tolist(), self.network.parent.tolist(), strict=True)
        told = zip(self.shares.w.tolist(), self.shares.source, strict=True)
        return {(ids[v], ids[u]): share for (v, u), share in zip(pairs, told, strict=True)}

    @cached_property
    def conservation(self) -> Conservation:
        """Compare the sum of burdens with the sum of own costs (best values, unknown as 0)."""
        own = self.own.best[self.network.existing]
        known = own[~np.isnan(own)]
        sum_own = float(np.sum(known)) if known.size else None
        if self.burden is None or self.retained_share is None:
            return Conservation(False, sum_own, None, None, None)
        over = self._over_allocated(self.retained_share)
        applies = not bool(np.any(self.retained_share[self.network.existing] < 0))
        if sum_own is None:
            return Conservation(applies, None, None, None, over)
        sum_burden = float(np.sum(np.nan_to_num(self.burden.best[self.network.existing])))
        error = abs(sum_burden - sum_own) / abs(sum_own) if sum_own else abs(sum_burden)
        return Conservation(applies, sum_own, sum_burden, error, over)

    def _over_allocated(self, retained: Floats) -> float | None:
        """Return the sum of max(-r, 0) EPC, its known part; None where nothing of it is known."""
        over = self.network.existing & (retained < 0)
        handed_out = (-retained * self.epc.best)[over]
        known = handed_out[~np.isnan(handed_out)]
        return None if over.any() and not known.size else float(np.sum(known))

    @cached_property
    def coverage(self) -> Coverage:
        """Count products and known cost by tier."""
        tiers = [self.own_costs.tier[code] for code in self.existing]
        count = Counter(tiers)
        amount: dict[str, float] = dict.fromkeys(TIERS, 0.0)
        for tier, value in zip(tiers, self.own.best[self.existing].tolist(), strict=True):
            amount[tier] += 0.0 if math.isnan(value) else value
        total = math.fsum(amount.values())
        products = {tier: count[tier] for tier in TIERS if count[tier] or tier == "unknown"}
        cost_share = {tier: amount[tier] / total for tier in TIERS if total and amount[tier]}
        known = int(np.count_nonzero(~np.isnan(self.own.best[self.existing])))
        return Coverage(products, cost_share, known, len(tiers))

    def code(self, product: str) -> int:
        """Return the code of a product that existed; raises `UnknownProduct`, and `OptionError` if it came later."""
        code = self.graph.code(product)
        if not self.network.existing[code]:
            name = self.graph.ids[code]
            raise OptionError(f"{name} did not exist as of {self.run.as_of}; choose a later --as-of")
        return code

    def upstream(self, code: int) -> Totals:
        """Return the sums over a product and its distinct ancestors."""
        return self._ancestors.totals(code)

    def downstream(self, code: int) -> Totals:
        """Return the sums over a product and its distinct descendants."""
        return self._descendants.totals(code)

    @cached_property
    def parents_of(self) -> tuple[list[int], list[int]]:
        """Parents of each product: row starts (n + 1,) and codes (m,)."""
        return list(map(int, self.network.structure.first)), self.network.parent.tolist()

    @cached_property
    def children_of(self) -> tuple[list[int], list[int]]:
        """Children of each product: row starts (n + 1,) and codes (m,)."""
        by_parent = np.argsort(self.network.parent, kind="stable")
        return row_starts(len(self.graph), self.network.parent).tolist(), self.network.child[
            by_parent
        ].tolist()

    @cached_property
    def _ancestors(self) -> Closure:
        return Closure(*self.parents_of, self.own_totals, self._cyclic)

    @cached_property
    def _descendants(self) -> Closure:
        return Closure(*self.children_of, self.own_totals, self._cyclic)

    @cached_property
    def _cyclic(self) -> list[int]:
        return [code for group in self.network.cycles for code in group]

    def own_totals(self, code: int) -> Totals:
        """Return one product's own cost as a sum of one."""
        lo, best, hi = (float(side[code]) for side in self.own)
        known, closed = not math.isnan(best), not math.isnan(hi)
        return Totals(lo, best if known else 0.0, hi if closed else 0.0, 1, int(known), int(not closed))

    def interval(self, totals: Totals) -> Interval:
        """Return the bounds of a sum over several products."""
        return Interval(
            totals.lo, totals.best if totals.known else None, None if totals.open_ended else totals.hi
        )

    @cached_property
    def _names(self) -> list[str | None]:
        return self.graph.texts("products", "name")

    def name(self, code: int) -> str:
        """Return what a product is called: its name, else its id without the kind."""
        return self._names[code] or self.graph.ids[code].partition(":")[2]

    def row(self, product: str | int) -> ProductCost:
        """Return the views of one product, given by name or code."""
        code = self.code(product) if isinstance(product, str) else product
        totals = self.upstream(code)
        retained = None if self.retained_share is None else float(self.retained_share[code])
        return ProductCost(
            id=self.graph.ids[code],
            name=self.name(code),
            kind=kind_of(self.graph.ids[code]),
            own=self.own.at(code),
            tier=self.own_costs.tier[code],
            cumulative=self.interval(totals),
            epc=self.epc.at(code),
            retained_share=retained,
            burden=None if self.burden is None else self.burden.at(code),
            covered=totals.known / totals.members,
            known=totals.known,
            members=totals.members,
        )

    def rows(self, codes: Sequence[int] | None = None) -> list[ProductCost]:
        """Return the views of some products, or of all that existed."""
        return [self.row(code) for code in (self.existing if codes is None else codes)]

    def top(self, count: int) -> list[int]:
        """Return the codes of the products with the largest known EPC, largest first, ties by id."""
        epc = np.where(self.network.existing, self.epc.best, np.nan)
        order = np.argsort(-epc, kind="stable")[:count]
        return [code for code in order.tolist() if not math.isnan(epc[code])]

    @property
    def table(self) -> "pd.DataFrame":
        """All rows as a pandas DataFrame; columns carry their view and unit, unknown is NaN."""
        from lineage.views.frames import cost_frame

        return cost_frame(self)

    def as_dict(self, codes: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the result as the JSON document lineage/cost/1."""
        from lineage import __version__

        run = self.run.as_dict() | {"engine": self.engine, "version": __version__, "graph": self.graph.digest}
        return {
            "schema": "lineage/cost/1",
            "run": run,
            "conservation": self.conservation.as_dict(),
            "coverage": self.coverage.as_dict(),
            "dropped": [{"product": v, "parent": u} for v, u in self.dropped],
            "products": [row.as_dict() for row in self.rows(codes)],
            "findings": [item.as_dict() for item in self.findings],
        }


def cost(graph: Graph, run: Run | None = None) -> Cost:
    """Compute own cost, EPC and burden of every product of a graph.

    EPC(v) = c(v) + sum over parents u of w(u, v) EPC(u); burden(u) = r(u) EPC(u). Figures are in the unit of the run's
    impact (gCO2e, kWh or L). Raises `CycleError` where products are made out of each other and the run does not say
    what to do, `DivergentCycle` where a cycle has no finite cost, `OptionError` for options that do not fit.
    Source: Eilam et al., HotCarbon 2023, extended by conserved apportionment.

    >>> from lineage.testing import graph
    >>> result = cost(graph("base -> left, right", "left, right -> merged",
    ...                     own={"base": 100, "left": 5, "right": 5, "merged": 1}))
    >>> result.row("merged").cumulative.best, round(result.row("merged").epc.best, 6)
    (111.0, 39.333333)
    >>> result.conservation.relative_error < 1e-12
    True
    """
    run = run or Run()
    selected = network(graph, run)
    own_cost = own_costs(graph, run)
    own = Bounds(own_cost.lo, own_cost.best, own_cost.hi)
    decided = apportion(selected, run, own_cost)
    _refuse_divergent(selected, decided)
    epc = solve_bounds(selected.structure, decided.w, own)
    burden = None if decided.retained is None else epc.scaled(decided.retained)
    findings = (*selected.findings, *own_cost.findings, *decided.findings)
    return Cost(graph, run, selected, decided, own_cost, own, epc, burden, findings)


def _refuse_divergent(network: Network, decided: Apportionment) -> None:
    ids = network.graph.ids
    failing = network.structure.divergent(decided.w)
    if failing:
        first, parent, w = list(network.structure.first), network.parent.tolist(), decided.w.tolist()
        raise DivergentCycle(
            [tuple(ids[v] for v in heaviest_cycle(group, first, parent, w)[0]) for group in failing]
        )


def solve_bounds(structure: Any, w: Floats, own: Bounds) -> Bounds:
    """Solve lo, best and hi with the same shares; unknown counts as 0, 0 and infinite.

    hi is NaN where an unknown arrives with a share above 0; best is NaN where nothing known arrives.
    """
    plain = structure.name == "plain"  # the plain engine takes and gives lists
    share: Any = w.tolist() if plain else w
    unknown, known = np.isnan(own.hi), ~np.isnan(own.best)
    columns = [np.nan_to_num(side) for side in own]
    best = _solved(structure, share, columns[1])
    lo = best if np.array_equal(columns[0], columns[1]) else _solved(structure, share, columns[0])
    hi = best if np.array_equal(columns[2], columns[1]) else _solved(structure, share, columns[2])
    open_ended = np.asarray(structure.reach(share, unknown.tolist() if plain else unknown))
    anything = np.asarray(structure.reach(share, known.tolist() if plain else known))
    return Bounds(lo, np.where(anything, best, np.nan), np.where(open_ended, np.nan, hi))


def _solved(structure: Any, share: Any, own: Any) -> Any:
    return np.asarray(
        structure.solve(share, own.tolist() if structure.name == "plain" else own), dtype=np.float64
    )
