"""Own cost, cumulative cost, EPC and burden of every product, with conservation and coverage."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.costs import OwnCosts, own_costs
from lineage.errors import DivergentCycle, OptionError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Flags, Floats
from lineage.kernels.closure import Closure, Totals
from lineage.kernels.cycles import heaviest_cycle
from lineage.kernels.order import row_starts
from lineage.run import WITHOUT_WEIGHTS, Run
from lineage.schema import TIERS, kind_of
from lineage.views.apportionment import Apportionment, apportion
from lineage.views.interval import Bounds, Interval
from lineage.views.network import Network, network
from lineage.views.rows import Conservation, Coverage, ProductCost
from lineage.views.sharing import Sharing, share_out

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Conservation", "Cost", "Coverage", "ProductCost", "cost", "solve_bounds"]


SAMPLE = 50_000  # of so many values the largest are found in no time


@dataclass(frozen=True)
class Cost:
    """The result of a run on a graph; arrays are per product code (n,), NaN is null.

    Policies without edge weights (shapley, usage) have no EPC: there `sharing` says who carries what.
    """

    graph: Graph
    run: Run
    network: Network
    shares: Apportionment
    own_costs: OwnCosts
    own: Bounds
    epc: Bounds | None
    burden: Bounds | None
    findings: tuple[Finding, ...]
    sharing: Sharing | None = None

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
        return [(self.graph.id(v), self.graph.id(u)) for v, u in self.network.dropped]

    @property
    def carried(self) -> Bounds:
        """The allocated view that the policy has: EPC, or the burden where there is no EPC."""
        carried = self.burden if self.epc is None else self.epc
        assert carried is not None  # every policy has one of them
        return carried

    @property
    def view(self) -> str:
        """What `carried` is called: "EPC" or "burden"."""
        return "burden" if self.epc is None else "EPC"

    @property
    def unassigned(self) -> Interval | None:
        """What nobody carries: own costs without a user at or below them; None where the policy has no such row."""
        return None if self.sharing is None else self.sharing.unassigned

    @cached_property
    def existing(self) -> list[int]:
        """Codes of the products that existed, sorted by id."""
        codes: list[int] = np.flatnonzero(self.network.existing).tolist()
        return codes

    @cached_property
    def weights(self) -> dict[tuple[str, str], tuple[float, str]]:
        """Share and its origin per edge: (product, parent) -> (w, where it came from); empty without edge weights."""
        if self.sharing is not None:
            return {}
        ids = self.graph.ids
        pairs = zip(self.network.child.tolist(), self.network.parent.tolist(), strict=True)
        told = zip(self.shares.w.tolist(), self.shares.source, strict=True)
        return {(ids[v], ids[u]): share for (v, u), share in zip(pairs, told, strict=True)}

    @cached_property
    def conservation(self) -> Conservation:
        """Compare the sum of burdens with the sum of own costs (best values, unknown as 0)."""
        own = self._among_existing(self.own.best)
        known = own[~np.isnan(own)]
        sum_own = float(np.sum(known)) if known.size else None
        if self.burden is None:
            return Conservation(False, sum_own, None, None, None)
        over: float | None = 0.0
        applies = True
        if self.retained_share is not None:
            over = self._over_allocated(self.retained_share)
            applies = not bool(np.any(self._among_existing(self.retained_share) < 0))
        if sum_own is None:
            return Conservation(applies, None, None, None, over)
        sum_burden = float(np.sum(np.nan_to_num(self._among_existing(self.burden.best))))
        if self.unassigned is not None:
            sum_burden += self.unassigned.best or 0.0
        error = abs(sum_burden - sum_own) / abs(sum_own) if sum_own else abs(sum_burden)
        return Conservation(applies, sum_own, sum_burden, error, over)

    def _over_allocated(self, retained: Floats) -> float | None:
        """Return the sum of max(-r, 0) EPC, its known part; None where nothing of it is known."""
        over = self.network.existing & (retained < 0)
        handed_out = -retained[over] * self.carried.best[over]
        known = handed_out[~np.isnan(handed_out)]
        return None if over.any() and not known.size else float(np.sum(known))

    @cached_property
    def coverage(self) -> Coverage:
        """Count products and known cost by tier."""
        tiers = self._among_existing(self.own_costs.tier.codes)
        best = self._among_existing(self.own.best)
        count = np.bincount(tiers, minlength=len(TIERS)).tolist()
        known = ~np.isnan(best)
        # Added up in the order of the products.
        amount = np.bincount(tiers, np.where(known, best, 0.0), minlength=len(TIERS)).tolist()
        total = math.fsum(amount)
        products = {tier: n for tier, n in zip(TIERS, count, strict=True) if n or tier == "unknown"}
        cost_share = {tier: part / total for tier, part in zip(TIERS, amount, strict=True) if total and part}
        return Coverage(products, cost_share, int(np.count_nonzero(known)), len(tiers))

    def _among_existing(self, values: Any) -> Any:
        """Return the values of the products that existed; no copy where all did."""
        return values if self._all_exist else values[self.network.existing]

    @cached_property
    def _all_exist(self) -> bool:
        return bool(self.network.existing.all())

    def code(self, product: str) -> int:
        """Return the code of a product that existed; raises `UnknownProduct`, and `OptionError` if it came later."""
        code = self.graph.code(product)
        if not self.network.existing[code]:
            name = self.graph.id(code)
            raise OptionError(f"{name} did not exist as of {self.run.as_of}; choose a later --as-of")
        return code

    def upstream(self, code: int) -> Totals:
        """Return the sums over a product and its distinct ancestors."""
        return self._ancestors.totals(code)

    def downstream(self, code: int) -> Totals:
        """Return the sums over a product and its distinct descendants."""
        return self._descendants.totals(code)

    @cached_property
    def parents_of(self) -> tuple[Sequence[int], Sequence[int]]:
        """Parents of each product: row starts (n + 1,) and codes (m,)."""
        first = np.asarray(self.network.structure.first)
        return first.data, self.network.parent.data  # memory views give numbers of Python's own

    @cached_property
    def children_of(self) -> tuple[Sequence[int], Sequence[int]]:
        """Children of each product: row starts (n + 1,) and codes (m,)."""
        by_parent = np.argsort(self.network.parent, kind="stable")
        first = row_starts(len(self.graph), self.network.parent)
        return first.data, self.network.child[by_parent].data

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

    def name(self, code: int) -> str:
        """Return what a product is called: its name, else its id without the kind."""
        return self.graph.name(code) or self.graph.id(code).partition(":")[2]

    def row(self, product: str | int) -> ProductCost:
        """Return the views of one product, given by name or code."""
        code = self.code(product) if isinstance(product, str) else product
        totals = self.upstream(code)
        retained = None if self.retained_share is None else float(self.retained_share[code])
        return ProductCost(
            id=self.graph.id(code),
            name=self.name(code),
            kind=kind_of(self.graph.id(code)),
            own=self.own.at(code),
            tier=self.own_costs.tier[code],
            cumulative=self.interval(totals),
            epc=None if self.epc is None else self.epc.at(code),
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
        """Return the codes of the products with the largest known EPC (burden where there is none), ties by id."""
        best = self.carried.best
        if not self._all_exist:
            best = np.where(self.network.existing, best, np.nan)
        known = np.flatnonzero(best >= _floor(best, count))
        codes: list[int] = known[np.argsort(-best[known], kind="stable")[:count]].tolist()
        return codes

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
            "unassigned": self.unassigned and self.unassigned.as_dict(),
            "sharing": self.sharing and self.sharing.as_dict(),
            "dropped": [{"product": v, "parent": u} for v, u in self.dropped],
            "products": [row.as_dict() for row in self.rows(codes)],
            "findings": [item.as_dict() for item in self.findings],
        }


def cost(graph: Graph, run: Run | None = None) -> Cost:
    """Compute own cost, EPC and burden of every product of a graph.

    EPC(v) = c(v) + sum over parents u of w(u, v) EPC(u); burden(u) = r(u) EPC(u). Policies `shapley` and `usage` have a
    burden only: c(u) is shared among the users at or below u (`lineage.views.sharing`). Figures are in the unit of the
    run's impact (gCO2e, kWh or L). Raises `CycleError` where products are made out of each other and the run does not
    say what to do, `DivergentCycle` where a cycle has no finite cost, `OptionError` for options that do not fit.
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
    findings = (*selected.findings, *own_cost.findings, *decided.findings)
    if run.policy in WITHOUT_WEIGHTS:
        shared = share_out(selected, run, own, decided.user)
        findings = (*findings, *shared.findings)
        return Cost(graph, run, selected, decided, own_cost, own, None, shared.burden, findings, shared)
    _refuse_divergent(selected, decided)
    epc = solve_bounds(selected.structure, decided.w, own)
    burden = None if decided.retained is None else epc.scaled(decided.retained)
    return Cost(graph, run, selected, decided, own_cost, own, epc, burden, findings)


def _floor(values: Floats, count: int) -> float:
    """Return a value that the `count` largest reach, and not many more: that of a sample which has as many."""
    sample = values[:: len(values) // SAMPLE + 1]
    sample = sample[~np.isnan(sample)]
    return float(np.partition(sample, -count)[-count]) if count < len(sample) else -math.inf


def _refuse_divergent(network: Network, decided: Apportionment) -> None:
    failing = network.structure.divergent(decided.w)
    if failing:
        first, parent, w = list(network.structure.first), network.parent.tolist(), decided.w.tolist()
        raise DivergentCycle(
            [
                tuple(network.graph.id(v) for v in heaviest_cycle(group, first, parent, w)[0])
                for group in failing
            ]
        )


def solve_bounds(structure: Any, w: Floats, own: Bounds) -> Bounds:
    """Solve lo, best and hi with the same shares; unknown counts as 0, 0 and infinite.

    hi is NaN where an unknown arrives with a share above 0; best is NaN where nothing known arrives.
    """
    unknown, known = np.isnan(own.hi), ~np.isnan(own.best)
    columns = [np.where(np.isnan(side), 0.0, side) for side in (own.best, own.lo, own.hi)]
    same = [np.array_equal(side, columns[0]) for side in columns]
    distinct = [side for side, repeated in zip(columns, same, strict=True) if not repeated]
    solved, (open_ended, anything) = _all_solved(structure, w, [columns[0], *distinct], [unknown, known])
    best, *others = solved
    lo = best if same[1] else others.pop(0)
    hi = best if same[2] else others.pop(0)
    return Bounds(lo, np.where(anything, best, np.nan), np.where(open_ended, np.nan, hi))


def _all_solved(
    structure: Any, w: Floats, columns: list[Floats], starts: list[Flags]
) -> tuple[list[Floats], list[Flags]]:
    """Solve for every column, and find what each set of products reaches; in one pass where the engine can."""
    if structure.name == "numba":
        return structure.solve_all(w, columns), structure.reach_all(w, starts)
    if structure.name == "plain":  # it takes and gives lists
        share: Any = w.tolist()
        solved = [np.array(structure.solve(share, own.tolist()), dtype=np.float64) for own in columns]
        return solved, [np.array(structure.reach(share, start.tolist()), np.bool_) for start in starts]
    return [structure.solve(w, own) for own in columns], [structure.reach(w, start) for start in starts]
