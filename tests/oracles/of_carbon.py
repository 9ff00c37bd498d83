"""Oracles of the group carbon; the bill is `lineage.views.bill` itself."""

from typing import Any

from lineage.errors import CycleError
from lineage.run import Run
from lineage.views.bill import bill as bill_view
from lineage.views.cost import cost
from oracles.of_lineage import ANY
from oracles.reading import Lineage, Row, known_sum, oracle, ordered


def by_total(rows: list[Row], column: str, *keys: str) -> list[Row]:
    """Sort by a figure, largest first, unknown as nothing."""
    return sorted(ordered(rows, *keys), key=lambda row: -(row[column] or 0.0))


@oracle("carbon/hotspots")
def hotspots(view: Lineage) -> list[Row]:
    own = {name: view.own(name) for name in view.products}
    known = {name: value for name, value in own.items() if value is not None}
    whole = sum(known.values())
    rows = [
        {"id": name, "kind": view.kind(name), "own_gco2e": value, "share": value / whole if whole else None}
        for name, value in known.items()
    ]
    return ordered(rows, "-own_gco2e", "id")


@oracle("carbon/by-base")
def by_base(view: Lineage) -> list[Row]:
    rows = []
    for name in view.products:
        if view.parents(name) or not view.children(name):
            continue
        own = [view.own(member) for member in (name, *view.down(name))]
        known = sum(value is not None for value in own)
        rows.append({"id": name, "kind": view.kind(name), "members": len(own), "known": known})
        rows[-1]["family_gco2e"] = known_sum(own)
    return by_total(rows, "family_gco2e", "id")


@oracle("carbon/by-licence")
def by_licence(view: Lineage) -> list[Row]:
    groups: dict[str, list[float | None]] = {}
    for name in view.products:
        groups.setdefault(view.fact(name, "license") or "not said", []).append(view.own(name))
    rows = [
        {"license": name, "products": len(own), "known": sum(value is not None for value in own)}
        | {"own_gco2e": known_sum(own)}
        for name, own in groups.items()
    ]
    return by_total(rows, "own_gco2e", "license")


@oracle("carbon/by-tier")
def by_tier(view: Lineage) -> list[Row]:
    groups: dict[str, list[float]] = {}
    for row in view.products.values():
        if row["own_carbon_gco2e"] is not None:
            groups.setdefault(row["own_carbon_tier"] or "unknown", []).append(row["own_carbon_gco2e"])
    rows = [{"tier": k, "products": len(own), "own_carbon_gco2e": sum(own)} for k, own in groups.items()]
    return ordered(rows, "-own_carbon_gco2e", "tier")


@oracle(
    "carbon/bill",
    *ANY,
    {"product": "model:adapter"},
    {"product": "model:l5n1"},
    {"product": "model:hungry"},
    {"product": "model:e"},
)
def bill(view: Lineage, product: str) -> list[Row]:
    if product not in view.products:
        return []
    around = {product, *view.up(product)}
    if any(name in view.up(parent) for name in around for parent in view.parents(name)):
        return []
    try:
        result = cost(view.graph, Run(policy="equal"))
    except CycleError:  # elsewhere in the graph: parts that meet no cycle are not touched by breaking it
        result = cost(view.graph, Run(policy="equal", cycles="break"))
    made = bill_view(view.graph, product, result=result)
    rows = [
        {"id": row.id, "weight": row.weight, "own_gco2e": view.own(row.id)}
        | {"contribution_gco2e": row.contribution}
        for row in made.rows
        if view.own(row.id) is not None
    ]
    return ordered(rows, "-contribution_gco2e", "id")


@oracle("carbon/replacement", *ANY)
def replacement(view: Lineage, product: str) -> list[Row]:
    if product not in view.products:
        return []
    own = [view.own(name) for name in (product, *view.up(product))]
    known = sum(value is not None for value in own)
    return [
        {
            "id": product,
            "own_gco2e": own[0],
            "cumulative_gco2e": known_sum(own),
            "known": known,
            "members": len(own),
        }
    ]


@oracle("carbon/family", *ANY, {"product": "dataset:made"})
def family(view: Lineage, product: str) -> list[Row]:
    if product not in view.products:
        return []
    own, below = view.own(product), [view.own(name) for name in view.down(product)]
    total = known_sum(below)
    return [
        {"id": product, "own_gco2e": own, "descendants_gco2e": total}
        | {"ratio": total / own if own and total is not None else None}
        | {"known": sum(value is not None for value in (own, *below)), "members": 1 + len(below)}
    ]


@oracle("carbon/arrivals", {"since": "2024-01-01"}, {"since": "2021-03-01"}, {"since": "2099-01-01"})
def arrivals(view: Lineage, since: str) -> list[Row]:
    rows = []
    for name in view.products:
        days: list[Any] = []
        for child in view.children(name):
            edge = view.made.edges[child, name]
            if edge["w"] is None:
                days.append(max(edge["created_at"] or "", view.fact(child, "created_at") or ""))
        new = sum(day >= since for day in days)
        if view.kind(name) == "model" and new:
            before, after = 1 / (len(days) - new + 1), 1 / (len(days) + 1)
            own = view.own(name)
            rows.append(
                {
                    "id": name,
                    "arrivals": new,
                    "children": len(days),
                    "kept_before": before,
                    "kept_after": after,
                }
                | {"moved_gco2e": None if own is None else (before - after) * own}
            )
    return ordered(rows, "-arrivals", "id")


@oracle("carbon/energy")
def energy(view: Lineage) -> list[Row]:
    rows = [
        {"id": name, "own_energy_kwh": row["own_energy_kwh"], "tier": row["own_energy_tier"]}
        for name, row in view.products.items()
        if row["own_energy_kwh"] is not None
    ]
    return ordered(rows, "-own_energy_kwh", "id")


@oracle("carbon/market-against-location")
def market_against_location(view: Lineage) -> list[Row]:
    columns = ("own_carbon_gco2e", "own_carbon_market_gco2e")
    rows = []
    for name, row in view.products.items():
        place, market = (row[column] for column in columns)
        if place is not None and market is not None:
            rows.append(
                {"id": name, columns[0]: place, columns[1]: market, "difference_gco2e": market - place}
            )
    return sorted(ordered(rows, "id"), key=lambda row: -abs(row["difference_gco2e"]))


# -- what a run wrote back ---------------------------------------------------------------------------------


def with_figure(view: Lineage, *columns: str) -> list[Row]:
    """Return id and figures of the products that have all of these."""
    rows = [{"id": name, **{key: view.figures[name].get(key) for key in columns}} for name in view.figures]
    return [row for row in rows if all(row[key] is not None for key in columns)]


@oracle("carbon/top-epc")
def top_epc(view: Lineage) -> list[Row]:
    rows = [
        row | {key: view.figures[row["id"]][key] for key in ("own_gco2e", "retained_share", "covered")}
        for row in with_figure(view, "epc_gco2e")
    ]
    return ordered(rows, "-epc_gco2e", "id")


@oracle("carbon/top-burden")
def top_burden(view: Lineage) -> list[Row]:
    rows = with_figure(view, "burden_gco2e")
    whole = sum(row["burden_gco2e"] for row in rows)
    rows = [
        row
        | {
            "share": row["burden_gco2e"] / whole if whole else None,
            "deployed": view.fact(row["id"], "deployed"),
        }
        for row in rows
    ]
    return ordered(rows, "-burden_gco2e", "id")


@oracle("carbon/inherited")
def inherited(view: Lineage) -> list[Row]:
    rows = [
        {"id": row["id"], "inherited_gco2e": row["epc_gco2e"] - row["own_gco2e"]}
        | {"inherited_share": 1 - row["own_gco2e"] / row["epc_gco2e"]}
        for row in with_figure(view, "epc_gco2e", "own_gco2e")
        if row["epc_gco2e"] > 0
    ]
    return ordered(rows, "-inherited_gco2e", "id")


@oracle(
    "carbon/cheapest-bases",
    {"task": "text-generation"},
    {"task": "mit", "column": "license"},
    {"task": "x", "column": "no`such'column"},
)
def cheapest_bases(view: Lineage, task: str, column: str = "pipeline_tag") -> list[Row]:
    rows = []
    for row in with_figure(view, "epc_gco2e"):
        name, epc = row["id"], row["epc_gco2e"]
        if view.kind(name) == "model" and view.products[name].get(column) == task:
            children = len(view.children(name))
            rows.append({"id": name, "next_share_gco2e": epc / (children + 2), "epc_gco2e": epc})
            rows[-1] |= {"children": children, "covered": view.figures[name]["covered"]}
    return ordered(rows, "next_share_gco2e", "id")
