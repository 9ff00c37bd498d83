"""What a report says, before it is written as HTML or Markdown: plain text and numbers from the views.

Nothing is escaped here, and nothing is computed that a view does not compute: the writers only lay it out.
"""

import math
from dataclasses import dataclass

from lineage.explanation import Explanation, Paths, explain, paths
from lineage.explanation.wording import at_least, counted, percent, shown
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.reports.drawing import Picture
from lineage.reports.evidence import Evidence, evidence, relevant_findings
from lineage.reports.method import Method, method
from lineage.reports.pictures import largest, picture_of_graph, picture_of_product
from lineage.views.bill import Bill, BillRow, Remainder, bill
from lineage.views.cost import Cost, ProductCost
from lineage.views.family import Family, family
from lineage.views.interval import Interval

__all__ = [
    "GraphReport",
    "ProductReport",
    "ViewRow",
    "conservation_line",
    "coverage_line",
    "graph_report",
    "no_epc",
    "product_report",
]

MOST_PATHS = 20
MOST_PRODUCTS = 50
MOST_BILL_ROWS = 60


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One view of the product's cost: what it answers, its bounds, and on what evidence it rests."""

    view: str
    answers: str
    interval: Interval | None
    evidence: str
    summable: str


@dataclass(frozen=True, kw_only=True)
class ProductReport:
    """Everything that a report on one product shows."""

    cost: Cost
    row: ProductCost
    headline: str
    standfirst: str
    views: tuple[ViewRow, ...]
    bill: Bill
    bill_rows: tuple[BillRow, ...]
    bill_rest: Remainder
    family: Family
    paths: Paths | None
    picture: Picture
    explanation: Explanation
    evidence: Evidence
    findings: tuple[Finding, ...]
    method: Method

    @property
    def title(self) -> str:
        """The heading of the report."""
        return self.row.name


@dataclass(frozen=True, kw_only=True)
class GraphReport:
    """Everything that a report on a whole graph shows."""

    cost: Cost
    headline: str
    standfirst: str
    rows: tuple[ProductCost, ...]
    rest: int
    picture: Picture
    findings: tuple[Finding, ...]
    method: Method

    @property
    def title(self) -> str:
        """The heading of the report."""
        return "Lineage and cost"


def product_report(graph: Graph, name: str, cost: Cost) -> ProductReport:
    """Collect what a report on one product shows. Raises `UnknownProduct`."""
    run, row = cost.run, cost.row(name)
    code = graph.code(name)
    full = bill(graph, row.id, run, result=cost)
    whole = family(graph, row.id, run, result=cost)
    members = {row.id, *(item.id for item in full.rows), *full.not_covered}
    return ProductReport(
        cost=cost,
        row=row,
        headline=headline(row, cost),
        standfirst=standfirst(row, cost),
        views=_views(row, full, whole),
        bill=full,
        bill_rows=full.rows[:MOST_BILL_ROWS],
        bill_rest=_rest(full),
        family=whole,
        paths=None if cost.epc is None else paths(graph, row.id, run, MOST_PATHS, result=cost),
        picture=picture_of_product(cost, row, full),
        explanation=explain(graph, row.id, run, result=cost),
        evidence=evidence(cost, [code, *(graph.codes[item.id] for item in full.rows if item.id != row.id)]),
        findings=relevant_findings(cost, members),
        method=method(cost),
    )


def graph_report(graph: Graph, cost: Cost) -> GraphReport:
    """Collect what a report on the whole graph shows: the products by EPC, then the unknown ones by their children."""
    codes = largest(cost, MOST_PRODUCTS)
    known = cost.coverage.known
    count, total = counted(len(cost.existing), "product"), cost.conservation.sum_own
    answer = (
        f"{shown(total, cost.unit)} of known own cost in {count}"
        if known
        else f"No own cost is known in {count}"
    )
    return GraphReport(
        cost=cost,
        headline=answer,
        standfirst=f"A figure is known for {known:,} of {len(cost.existing):,} products; what is not known is “?”, "
        "never 0.",
        rows=tuple(cost.row(code) for code in codes),
        rest=len(cost.existing) - len(codes),
        picture=picture_of_graph(cost),
        findings=relevant_findings(cost, None),
        method=method(cost),
    )


def _rest(full: Bill) -> Remainder:
    """Return what the rows of a bill that are not shown contribute together."""
    hidden, cut = full.rows[MOST_BILL_ROWS:], full.remainder
    amount = math.fsum((*(row.contribution for row in hidden), cut.contribution))
    return Remainder(len(hidden) + cut.count, amount, amount / full.total.best if full.total.best else None)


def headline(row: ProductCost, cost: Cost) -> str:
    """Return the answer in one line: the EPC (or burden), how much of it is inherited, and how much is known."""
    known = f"figures known for {row.known:,} of {row.members:,}"
    figure = at_least(row.carried, cost.unit)
    if figure == "?":
        return f"Not known: {known}"
    if row.epc is None:
        return f"{figure} for its own use to carry; {known}"
    if row.upstream_share is None:
        part = "how much of it is inherited is not known" if row.members > 1 else "none of it inherited"
        return f"{figure}; {part}; {known}"
    return f"{figure}, of which {percent(row.upstream_share)} is inherited; {known}"


def standfirst(row: ProductCost, cost: Cost) -> str:
    """Return what the headline's number is, in a sentence."""
    as_of = f", as of {cost.run.as_of}" if cost.run.as_of else ""
    least = ""
    figure = row.carried
    if figure is not None and figure.best is None:
        least = " No figure is known, neither for it nor upstream."
    elif figure is not None and figure.hi is None:
        least = " It is a lower bound, because figures are missing."
    if row.epc is None:
        return (
            f"Burden: the part of {cost.run.impact} that the use of {row.name} carries, of its own cost and of what it "
            f"was made of, under policy {cost.run.policy}{as_of}.{least} {no_epc(cost)}"
        )
    return (
        f"Embodied product cost (EPC): the fair share of {cost.run.impact} that {row.name} carries for itself and "
        f"for what it was made of, under policy {cost.run.policy}{as_of}.{least}"
    )


def no_epc(cost: Cost) -> str:
    """Return why there is no EPC, or nothing where there is one."""
    if cost.epc is not None:
        return ""
    return f"No EPC: policy {cost.run.policy} has no edge weights; the burden is each product's share."


def _views(row: ProductCost, full: Bill, whole: Family) -> tuple[ViewRow, ...]:
    epc = _mix({item.id: (item.tier, item.contribution) for item in full.rows})
    closure = _mix({item.id: (item.tier, item.own.best or 0.0) for item in full.rows})
    share = (
        "its own use has no share under this policy"
        if row.retained_share is None
        else percent(row.retained_share)
    )
    known = f"known for {row.known:,} of {row.members:,}"
    members = len(whole.members)
    known_below = f"known for {round(whole.covered * members):,} of {members:,}"
    descendants = at_least(whole.descendants, whole.unit) if members > 1 else "nothing"
    return (
        ViewRow("own", "What did this step add?", row.own, row.tier, "yes"),
        ViewRow(
            "EPC",
            "What is its fair share of everything upstream?",
            row.epc,
            f"{epc}; {known}" if row.epc is not None else "none under this policy",
            "retained part",
        ),
        ViewRow(
            "burden",
            f"What must its own use carry? (retained: {share})",
            row.burden,
            f"{'as the EPC' if row.epc is not None else epc}; {known}",
            "yes",
        ),
        ViewRow(
            "cumulative",
            "What would it take to make it again from nothing?",
            row.cumulative,
            f"{closure}; {known}",
            "no",
        ),
        ViewRow(
            "family",
            f"How large is it with everything built on it? (descendants: {descendants})",
            whole.total,
            f"{_mix_of(whole.by_tier)}; {known_below}",
            "no",
        ),
    )


def _mix(amounts: dict[str, tuple[str, float]]) -> str:
    tiers: dict[str, float] = {}
    for tier, amount in amounts.values():
        tiers[tier] = tiers.get(tier, 0.0) + amount
    return _mix_of(tiers)


def _mix_of(tiers: dict[str, float]) -> str:
    """Return the known part by tier, such as "reported 82 %, from-energy 18 %"."""
    total = sum(tiers.values())
    parts = [f"{tier} {percent(amount / total)}" for tier, amount in tiers.items() if total and amount]
    return ", ".join(parts) or "unknown"


def coverage_line(cost: Cost) -> str:
    """Return how much of the graph is known, by tier of evidence."""
    products = ", ".join(f"{tier} {count:,}" for tier, count in cost.coverage.products.items() if count)
    by_cost = ", ".join(f"{tier} {percent(share)}" for tier, share in cost.coverage.cost.items())
    return f"Products by evidence: {products or 'none'}. Known cost by evidence: {by_cost or 'nothing is known'}."


def conservation_line(cost: Cost) -> str:
    """Return whether every known unit is carried exactly once, with the difference found."""
    kept, unit = cost.conservation, cost.unit
    if kept.sum_own is None:
        return "Conservation: no own cost is known, so there is nothing to compare."
    if kept.sum_burden is None or kept.relative_error is None:
        return f"Conservation does not apply: policy {cost.run.policy} hands products out more than once by design."
    sums = f"sum of burdens {shown(kept.sum_burden, unit)}, sum of own costs {shown(kept.sum_own, unit)}"
    if not kept.applies:
        return f"Does not conserve: {shown(kept.over_allocated, unit)} is handed out twice; {sums}."
    if cost.unassigned is not None:
        sums += (
            f" ({at_least(cost.unassigned, unit)} of it unassigned: no use at or below)"
            if cost.unassigned.best
            else ""
        )
    difference = f"{kept.relative_error:.1g}" if kept.relative_error else "0"
    return f"Every known unit is assigned exactly once: {sums}, relative difference {difference}."
