"""Opens an EPC: own cost and inherited shares, parent by parent, down to jobs and sources."""

import math
from dataclasses import dataclass, field, replace

from lineage.costs import Part, own_cost_parts
from lineage.errors import OptionError
from lineage.explanation.answer import Explanation, Input
from lineage.explanation.reasons import Opened
from lineage.explanation.shared import burden_explained, unassigned_explained
from lineage.explanation.wording import at_least, counted, joined, percent, shown
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.cost import Cost, ProductCost, cost
from lineage.views.interval import Interval

__all__ = ["MOST_DEPTH", "explain"]

MOST_DEPTH = 40  # what a person can still read, and far from any limit of recursion
MOST_PARENTS = 25
NOTHING_PUBLISHED = "no published figure"


def explain(
    graph: Graph, name: str, run: Run | None = None, *, depth: int = 4, result: Cost | None = None
) -> Explanation:
    """Explain the EPC of a product: "why is it this number".

    EPC(v) = c(v) + sum over parents u of w(u, v) EPC(u). The tree opens c(v) into the jobs or the printed total it
    comes from, each share w with its reason, and each parent's EPC in the same way down to `depth` steps (0 to 40; what
    lies deeper is named, not cut in silence; a product that was opened before is referred to). Values are in the
    unit of the run's impact, None is not known. Policies without edge weights have no EPC: there the burden is
    explained. A cost computed before may be passed as `result`.
    Raises `UnknownProduct`, `CycleError`, and `OptionError` for a depth out of range.

    >>> from lineage.testing import graph
    >>> made = graph("base -> tuned", own={"base": 100, "tuned": 10})
    >>> explain(made, "tuned").formula
    'own 10 g + inherited 50 g = 60 g'
    """
    if not 0 <= depth <= MOST_DEPTH:
        raise OptionError(f"--depth {depth} does not fit; give 0 to {MOST_DEPTH} steps")
    result = result or cost(graph, run)
    code = result.code(name)
    opening = _Opening(Opened(result))
    row = result.row(code)
    unknown = _unknown(result, code)
    last: tuple[Explanation, ...]
    if result.epc is None:
        root = burden_explained(result, code, opening.own, depth)
        last = unassigned_explained(result)
    else:
        root = opening.epc(code, depth)
        last = (_kept(result, row),)
    return Explanation(
        title=root.title,
        value=root.value,
        unit=root.unit,
        formula=root.formula,
        note="; ".join(filter(None, (root.note, _covered(row, unknown=bool(unknown))))),
        interval=root.interval,
        children=(*root.children, *unknown, *last, _conservation(result)),
    )


@dataclass
class _Opening:
    """One explanation in the making: products already opened are referred to, so that diamonds stay small."""

    opened: Opened
    seen: set[int] = field(default_factory=set)

    def epc(self, code: int, depth: int) -> Explanation:
        """Explain the EPC of one product."""
        cost = self.opened.cost
        unit, interval = cost.unit, cost.carried.at(code)
        title = f"EPC of {self.opened.label(code)}"
        parents = self.opened.parents(code)
        own = self.own(code)
        if code in self.seen:
            return Explanation(title, interval.best, unit, note="opened above", interval=interval)
        self.seen.add(code)
        if not parents:
            return Explanation(title, interval.best, unit, interval=interval, children=(own,))
        amounts = [self._amount(place, parent) for place, parent in parents]
        handed = [cost.carried.at(parent).scaled(float(self.opened.w[place])) for place, parent in parents]
        formula = _sum(own, amounts, interval, complete=all(item.hi is not None for item in handed))
        children = (own, *self._inherited(code, parents, depth))
        return Explanation(title, interval.best, unit, formula, interval=interval, children=children)

    def _inherited(self, code: int, parents: list[tuple[int, int]], depth: int) -> list[Explanation]:
        """Explain what comes from each parent; beyond depth or number, one line says what the rest is."""
        cost, shown_parents = self.opened.cost, parents[:MOST_PARENTS] if depth else []
        rows = [self.share_of(place, parent, depth) for place, parent in shown_parents]
        rest = parents[len(shown_parents) :]
        if rest:
            known = [self._amount(place, parent) for place, parent in rest]
            amounts = [amount for amount in known if amount is not None]
            names = joined([self.opened.label(parent) for _, parent in rest])
            why = "not opened: the depth ends here" if not depth else f"beyond the {MOST_PARENTS} largest"
            are = "is" if len(rest) == 1 else "are"
            rows.append(
                Explanation(
                    f"inherited from {counted(len(rest), 'parent')} that {are} not opened",
                    math.fsum(amounts) if amounts else None,
                    cost.unit,
                    note=f"{why}: {names}",
                )
            )
        return rows

    def _amount(self, place: int, parent: int) -> float | None:
        w, best = float(self.opened.w[place]), self.opened.cost.carried.at(parent).best
        return 0.0 if w == 0 else None if best is None else w * best

    def share_of(self, place: int, parent: int, depth: int) -> Explanation:
        """Explain what one parent hands on: the share with its reason, and the parent's EPC."""
        cost, label = self.opened.cost, self.opened.label(parent)
        w, above = float(self.opened.w[place]), cost.carried.at(parent)
        title, formula = f"inherited from {label}", f"{percent(w)} x {at_least(above, cost.unit)}"
        if above.best is None and not self.opened.parents(parent):
            note = f"{self.opened.reason(place)}; {NOTHING_PUBLISHED}"
            return Explanation(title, self._amount(place, parent), cost.unit, formula, note, above.scaled(w))
        share = Explanation(
            f"share of {label}",
            w,
            "share",
            note=self.opened.reason(place),
            inputs=self.opened.edge_inputs(place),
        )
        return Explanation(
            title,
            self._amount(place, parent),
            cost.unit,
            formula,
            interval=above.scaled(w),
            children=(share, self.epc(parent, depth - 1)),
        )

    def own(self, code: int) -> Explanation:
        """Explain a product's own cost: its jobs or printed total, and the figures that lost."""
        cost = self.opened.cost
        interval, tier = cost.own.at(code), cost.own_costs.tier[code]
        title = f"own cost of {self.opened.label(code)}"
        if not cost.own_costs.origin[code]:
            return Explanation(title, None, cost.unit, note=NOTHING_PUBLISHED, interval=interval)
        parts = own_cost_parts(self.opened.graph, self.opened.run, code, own=cost.own_costs)
        used = [part for part in parts if part.used]
        children = [_part(part) for part in used]
        children += [_lost(part, cost.own_costs.origin[code], tier) for part in parts if not part.used]
        formula = " + ".join(shown(part.value, part.unit) for part in used) if len(used) > 1 else ""
        return Explanation(
            title,
            interval.best,
            cost.unit,
            formula,
            note=f"tier: {tier}{_estimated_bounds(cost, code)}",
            interval=interval,
            children=tuple(children),
        )


def _estimated_bounds(cost: Cost, code: int) -> str:
    """Say that the bounds of a sum of jobs are estimates, where the jobs leave a part open."""
    estimates = cost.own_costs.estimates
    if estimates is None or cost.own_costs.origin[code] != "jobs" or math.isnan(estimates.best[code]):
        return ""
    lo, _, hi = cost.own.at(code)
    return (
        f"; bounds estimated, as its jobs leave a part open: {shown(lo, cost.unit)} to {shown(hi, cost.unit)}"
    )


def _sum(own: Explanation, amounts: list[float | None], total: Interval, *, complete: bool) -> str:
    """Return "own 10 g + inherited 50 g = 60 g"; "?" is not known, "≥" a sum over partly unknown parents (no total)."""
    known = [amount for amount in amounts if amount is not None]
    inherited = "?"
    if known:
        inherited = (
            f"{'' if complete and len(known) == len(amounts) else '≥ '}{shown(math.fsum(known), own.unit)}"
        )
    result = "" if total.hi is None else f" = {shown(total.best, own.unit)}"
    return f"own {own.figure} + inherited {inherited}{result}"


def _part(part: Part) -> Explanation:
    """Turn a part of an own cost into an explanation; an only step with the same formula is not told twice."""
    if len(part.parts) == 1 and part.parts[0].formula == part.formula:
        only = part.parts[0]
        part = replace(part, inputs=(*part.inputs, *only.inputs), parts=only.parts)
    return Explanation(
        part.name,
        part.value,
        part.unit,
        part.formula,
        note=f"tier: {part.tier}" if part.tier else "",
        inputs=tuple(Input(item.name, item.value, item.unit, item.source) for item in part.inputs),
        sources=(part.citation,) if part.citation else (),
        children=tuple(_part(child) for child in part.parts),
    )


def _lost(part: Part, origin: str, tier: str) -> Explanation:
    """Turn a figure that was not used into an explanation of why it lost."""
    winner = "the printed total" if origin == "total" else "the sum of its jobs"
    own = part.tier or "unknown"
    why = "of the same tier, and jobs can be opened" if own == tier else f"{tier}, this is {own}"
    return Explanation(
        f"not used: {part.name}",
        part.value,
        part.unit,
        part.formula,
        note=f"lost to {winner}: {why}",
        sources=(part.citation,) if part.citation else (),
    )


def _covered(row: ProductCost, *, unknown: bool) -> str:
    text = f"figures known for {row.known} of {row.members} (itself and its ancestors)"
    if row.known == row.members:
        return text
    figure, view = (row.burden, "burden") if row.epc is None else (row.epc, "EPC")
    if figure is None or figure.best is None:
        return f"{text}; nothing known arrives here"
    if figure.hi is None:
        return f"{text}; the rest is not known, so the {view} is at least this"
    if unknown:
        return f"{text}; of the rest only bounds are known"
    return f"{text}; no share of the unknown rest arrives here"


def _unknown(cost: Cost, code: int) -> list[Explanation]:
    """Name the products with part in the figure whose own cost nobody published."""
    from lineage.views.bill import bill

    names = list(bill(cost.graph, cost.graph.id(code), cost.run, result=cost).not_covered)
    if not names:
        return []
    return [Explanation("not covered", note=f"{joined(names)}: {NOTHING_PUBLISHED}")]


def _kept(cost: Cost, row: ProductCost) -> Explanation:
    """Say what the product's own use must carry, and what goes on to what was built on it."""
    if row.retained_share is None or row.burden is None:
        return Explanation(
            "burden", note=f"has no meaning under policy {cost.run.policy}: it hands out more than once"
        )
    return Explanation(
        f"burden of {row.id}: what its own use must carry",
        row.burden.best,
        cost.unit,
        f"{percent(row.retained_share)} x {at_least(row.epc, cost.unit)}",
        interval=row.burden,
    )


def _conservation(cost: Cost) -> Explanation:
    """Say whether every known unit is carried exactly once over the whole graph."""
    kept, unit = cost.conservation, cost.unit
    if kept.sum_own is None:
        return Explanation("conservation", note="no own cost is known, so there is nothing to compare")
    if kept.sum_burden is None or kept.relative_error is None:
        return Explanation("conservation", note=f"does not apply under policy {cost.run.policy}")
    sums = f"sum of burdens {shown(kept.sum_burden, unit)}, sum of own costs {shown(kept.sum_own, unit)}"
    if not kept.applies:
        over = shown(kept.over_allocated, unit)
        return Explanation("conservation", note=f"does not conserve: {over} is handed out twice; {sums}")
    return Explanation("conservation", note=f"{sums}: relative difference {kept.relative_error:.1e}")
