"""Oracles of the groups governance, audit, infrastructure and registry."""

from typing import Any

from oracles.of_lineage import ANY
from oracles.reading import Lineage, Row, known_sum, oracle, ordered

RESTRICTIVE = ["cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "agpl-3.0", "gpl-3.0"]


def counted(view: Lineage, names: Any) -> list[Row]:
    """Return id, kind and children, most children first."""
    rows = [{"id": name, "kind": view.kind(name), "children": len(view.children(name))} for name in names]
    return ordered(rows, "-children", "id")


# -- governance --------------------------------------------------------------------------------------------


@oracle("governance/licence-conflicts", {}, {"restrictive": ["apache-2.0", "odc-by"]}, {"restrictive": []})
def licence_conflicts(view: Lineage, restrictive: Any = RESTRICTIVE) -> list[Row]:
    rows = []
    for name in view.products:
        for parent, hops in view.up(name).items():
            mine, theirs = view.fact(name, "license"), view.fact(parent, "license")
            if mine and theirs and theirs.lower() in restrictive and mine.lower() != theirs.lower():
                rows.append(
                    {
                        "id": name,
                        "license": mine,
                        "upstream": parent,
                        "upstream_license": theirs,
                        "hops": hops,
                    }
                )
    return ordered(rows, "id", "upstream")


@oracle("governance/licences-behind", *ANY)
def licences_behind(view: Lineage, product: str) -> list[Row]:
    groups: dict[str, list[str]] = {}
    for name in sorted(view.up(product)):
        groups.setdefault(view.fact(name, "license") or "not said", []).append(name)
    rows = [{"license": key, "products": len(ids), "examples": ids[:3]} for key, ids in groups.items()]
    return ordered(rows, "-products", "license")


@oracle("governance/unlicensed")
def unlicensed(view: Lineage) -> list[Row]:
    return counted(view, [name for name in view.products if view.fact(name, "license") is None])


@oracle("governance/deployed")
def deployed(view: Lineage) -> list[Row]:
    rows = []
    for name, row in view.products.items():
        if row["deployed"]:
            facts = {key: row[key] for key in ("lifetime_h", "inferences")}
            complete = all(value is not None for value in facts.values())
            rows.append({"id": name, "kind": view.kind(name), **facts, "complete": complete})
    return ordered(rows, "complete", "id")


@oracle("governance/deployed-on-unknown")
def deployed_on_unknown(view: Lineage) -> list[Row]:
    rows = []
    for name, row in view.products.items():
        unknown = sorted(item for item in view.up(name) if not view.fact(item, "known"))
        if row["deployed"] and unknown:
            rows.append({"id": name, "unknown": len(unknown), "examples": unknown[:3]})
    return ordered(rows, "-unknown", "id")


@oracle(
    "governance/impact-of-withdrawal",
    {"products": ["dataset:web", "model:base"]},
    {"products": ["model:b", "no"]},
)
def impact_of_withdrawal(view: Lineage, products: list[str]) -> list[Row]:
    count: dict[str, int] = {}
    for name in set(products) & set(view.products):
        for item in view.down(name):
            if item not in products:
                count[item] = count.get(item, 0) + 1
    rows = [
        {"id": name, "kind": view.kind(name), "withdrawn": n, "in_use": bool(view.fact(name, "deployed"))}
        for name, n in count.items()
    ]
    return ordered(rows, "-in_use", "-withdrawn", "id")


# -- audit -------------------------------------------------------------------------------------------------


@oracle("audit/over-allocated")
def over_allocated(view: Lineage) -> list[Row]:
    rows = []
    for name in view.products:
        given = [w for child in view.children(name) if (w := view.made.edges[child, name]["w"]) is not None]
        if sum(given) > 1 + 1e-12:
            rows.append({"id": name, "given": sum(given), "children": len(given)})
    return ordered(rows, "-given", "id")


@oracle("audit/weights")
def weights(view: Lineage) -> list[Row]:
    rows = [
        {"id": child, "parent": parent} | {key: row[key] for key in ("w", "weight_source", "relation")}
        for child, parent, row in view.edges
        if row["w"] is not None
    ]
    return ordered(rows, "-w", "id", "parent")


@oracle("audit/uncovered", *ANY)
def uncovered(view: Lineage, product: str) -> list[Row]:
    hops = {**view.up(product), product: 0} if product in view.products else {}
    rows = [
        {"id": name, "kind": view.kind(name), "hops": count, "known": view.fact(name, "known")}
        for name, count in hops.items()
        if view.own(name) is None
    ]
    return ordered(rows, "hops", "id")


@oracle("audit/coverage")
def coverage(view: Lineage) -> list[Row]:
    rows = []
    for name, row in view.products.items():
        if row["deployed"]:
            members = [name, *view.up(name)]
            known = sum(view.own(item) is not None for item in members)
            rows.append(
                {"id": name, "known": known, "members": len(members), "covered": known / len(members)}
            )
    return ordered(rows, "covered", "id")


@oracle("audit/measure-next")
def measure_next(view: Lineage) -> list[Row]:
    rows = [
        row | {"descendants": len(view.down(row["id"]))}
        for row in counted(view, view.products)
        if row["children"] and view.own(row["id"]) is None
    ]
    return ordered(rows, "-descendants", "id")


@oracle("audit/placeholders")
def placeholders(view: Lineage) -> list[Row]:
    return counted(view, [name for name, row in view.products.items() if not row["known"]])


@oracle("audit/undated")
def undated(view: Lineage) -> list[Row]:
    found = counted(view, [name for name in view.products if view.fact(name, "created_at") is None])
    return [row for row in found if row["children"]]


@oracle("audit/older-than-parents")
def older_than_parents(view: Lineage) -> list[Row]:
    rows = []
    for child, parent, _ in view.edges:
        own, theirs = view.fact(child, "created_at"), view.fact(parent, "created_at")
        if own and theirs and own[:10] < theirs[:10]:
            rows.append({"id": child, "created_at": own, "parent": parent, "parent_created_at": theirs})
    return rows


@oracle("audit/unknown-relations")
def unknown_relations(view: Lineage) -> list[Row]:
    return [
        {"id": child, "parent": parent, "relation": row["relation"]}
        for child, parent, row in view.edges
        if {view.kind(child), view.kind(parent)} == {"model"} and row["relation"] in (None, "unknown")
    ]


@oracle("audit/wide-bounds")
def wide_bounds(view: Lineage) -> list[Row]:
    rows = []
    for name, row in view.products.items():
        lo, hi = row["own_carbon_gco2e_lo"], row["own_carbon_gco2e_hi"]
        if lo is not None and hi is not None and hi > lo:
            rows.append({"id": name, "lo_gco2e": lo, "hi_gco2e": hi, "width_gco2e": hi - lo})
            rows[-1]["tier"] = row["own_carbon_tier"]
    return ordered(rows, "-width_gco2e", "id")


@oracle("audit/sources")
def sources(view: Lineage) -> list[Row]:
    groups: dict[str, list[float | None]] = {}
    for row in view.products.values():
        if row["own_carbon_source"] is not None:
            groups.setdefault(row["own_carbon_source"], []).append(row["own_carbon_gco2e"])
    rows = [
        {"source": key, "products": len(own), "own_carbon_gco2e": known_sum(own) or 0.0}
        for key, own in groups.items()
    ]
    return ordered(rows, "-products", "source")


@oracle("audit/runs")
def runs(view: Lineage) -> list[Row]:
    columns = ("id", "prefix", "impact", "policy", "products", "sum_own", "sum_burden", "unit")
    return ordered([{key: run.get(key) for key in columns} for run in view.run.values()], "id")


@oracle(
    "audit/runs-compared", {"after": "half_"}, {"after": "half_", "figure": "epc_gco2e"}, {"after": "'); //"}
)
def runs_compared(view: Lineage, after: str, before: str = "", figure: str = "burden_gco2e") -> list[Row]:
    rows = []
    for name, figures in view.figures.items():
        first, second = figures.get(before + figure), figures.get(after + figure)
        if first is not None and second is not None:
            rows.append({"id": name, "before": first, "after": second, "moved": second - first})
    return sorted(ordered(rows, "id"), key=lambda row: -abs(row["moved"]))


# -- infrastructure ----------------------------------------------------------------------------------------


def energy_by(view: Lineage, column: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for job in view.jobs:
        groups.setdefault(job[column], []).append(job)
    return groups


def energy_row(jobs: list[Row]) -> Row:
    known = [job["energy"] for job in jobs if job["energy"] is not None]
    return {"jobs": len(jobs), "jobs_known": len(known), "energy_kwh": known_sum(known)}


def by_amount(rows: list[Row], column: str, key: str) -> list[Row]:
    return sorted(ordered(rows, key), key=lambda row: -(row[column] or 0.0))


@oracle("infrastructure/grids")
def grids(view: Lineage) -> list[Row]:
    rows = [
        {"grid": name, **energy_row(jobs), "products": len({job["product"] for job in jobs})}
        for name, jobs in energy_by(view, "grid").items()
        if name is not None
    ]
    return by_amount(rows, "energy_kwh", "grid")


@oracle("infrastructure/grid", {"grid": "fr"}, {"grid": "de"}, {"grid": "x"})
def grid(view: Lineage, grid: str) -> list[Row]:
    groups: dict[str, list[Row]] = {}
    for job in view.jobs:
        if job["grid"] == grid:
            groups.setdefault(job["product"], []).append(job)
    return by_amount([{"id": name, **energy_row(jobs)} for name, jobs in groups.items()], "energy_kwh", "id")


@oracle("infrastructure/systems")
def systems(view: Lineage) -> list[Row]:
    rows = []
    for name, jobs in energy_by(view, "system").items():
        hours = []
        for job in jobs:
            stated, devices, time = (job[key] for key in ("device_hours", "device_count", "duration_h"))
            computed = None if time is None else (1.0 if devices is None else devices) * time
            hours.append(computed if stated is None else stated)
        embodied = view.rows("systems").get(name, {}).get("embodied_gco2e")
        row = {"system": name, "jobs": len(jobs), "hours_known": sum(value is not None for value in hours)}
        rows.append(row | {"device_hours": known_sum(hours), "embodied_gco2e": embodied})
    return by_amount([row for row in rows if row["system"] is not None], "device_hours", "system")


@oracle("infrastructure/system", {"system": "gpu"}, {"system": "old"}, {"system": ""})
def system(view: Lineage, system: str) -> list[Row]:
    count: dict[str, int] = {}
    for job in view.jobs:
        if job["system"] == system:
            count[job["product"]] = count.get(job["product"], 0) + 1
    rows = [{"id": name, "jobs": n, "descendants": len(view.down(name))} for name, n in count.items()]
    return ordered(rows, "-jobs", "id")


@oracle("infrastructure/platforms")
def platforms(view: Lineage) -> list[Row]:
    rows = [
        {
            "id": name,
            "built": len(view.children(name)),
            "jobs": sum(job["platform"] == name for job in view.jobs),
        }
        for name in view.products
        if view.kind(name) == "platform"
    ]
    return ordered(rows, "-built", "-jobs", "id")


@oracle("infrastructure/phases")
def phases(view: Lineage) -> list[Row]:
    rows = [{"phase": name, **energy_row(jobs)} for name, jobs in energy_by(view, "phase").items()]
    return by_amount(rows, "energy_kwh", "phase")


@oracle(
    "infrastructure/jobs",
    {"product": "model:base"},
    {"product": "model:tuned"},
    {"product": "model:distilbert"},
)
def jobs(view: Lineage, product: str) -> list[Row]:
    columns = ("id", "phase", "energy_kwh", "duration_h", "system", "grid", "started_at")
    return ordered(
        [{key: job[key] for key in columns} for job in view.jobs if job["product"] == product], "id"
    )


@oracle("infrastructure/incomplete-jobs")
def incomplete_jobs(view: Lineage) -> list[Row]:
    rows = []
    for job in view.jobs:
        machine, supply = view.rows("systems").get(job["system"], {}), view.rows("grids").get(job["grid"], {})
        power = machine.get("power_w") if job["power_w"] is None else job["power_w"]
        hours = job["device_hours"] if job["duration_h"] is None else job["duration_h"]
        energy = job["energy_kwh"] is None and (power is None or hours is None)
        known = (job["grid_intensity_gco2e_per_kwh"], supply.get("intensity_gco2e_per_kwh"), job["mix"])
        grid = all(value is None for value in known)
        if energy or grid:
            rows.append(
                {"id": job["id"], "phase": job["phase"], "energy_missing": energy, "grid_missing": grid}
            )
    return ordered(rows, "id")


# -- registry ----------------------------------------------------------------------------------------------


@oracle("registry/find", {"text": "Q"}, {"text": "'\"`$y //"}, {"text": ""}, {"text": "%.*"})
def find(view: Lineage, text: str) -> list[Row]:
    found = sorted(name for name in view.products if text.lower() in name.lower())
    return [
        {"id": name, "kind": view.kind(name), "created_at": view.fact(name, "created_at")} for name in found
    ]


@oracle("registry/newest", {}, {"since": "2023-02-01"})
def newest(view: Lineage, since: str = "1900-01-01") -> list[Row]:
    rows = [
        {"id": name, "created_at": row["created_at"], "parents": len(view.parents(name))}
        for name, row in view.products.items()
        if row["created_at"] is not None and row["created_at"] >= since
    ]
    return ordered(rows, "-created_at", "id")


@oracle("registry/by-year")
def by_year(view: Lineage) -> list[Row]:
    groups: dict[tuple[str, str], list[str]] = {}
    for name, row in view.products.items():
        year = row["created_at"][:4] if row["created_at"] else "undated"
        groups.setdefault((year, view.kind(name)), []).append(name)
    rows = [
        {"year": year, "kind": kind, "products": len(names)}
        | {"known": sum(view.own(name) is not None for name in names)}
        for (year, kind), names in groups.items()
    ]
    return ordered(rows, "year", "kind")


@oracle("registry/largest")
def largest(view: Lineage) -> list[Row]:
    rows = [
        {"id": name, "parameters": row["parameters"], "tokens": row["tokens"], "own_gco2e": view.own(name)}
        for name, row in view.products.items()
        if row["parameters"] is not None and view.kind(name) == "model"
    ]
    return ordered(rows, "-parameters", "id")


@oracle("registry/popular-unmeasured")
def popular_unmeasured(view: Lineage) -> list[Row]:
    rows = [
        {"id": name, "downloads": row["downloads"], "children": len(view.children(name))}
        for name, row in view.products.items()
        if row["downloads"] is not None and view.own(name) is None
    ]
    return ordered(rows, "-downloads", "id")
