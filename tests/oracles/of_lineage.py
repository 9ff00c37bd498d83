"""Oracles of the groups lineage and data."""

from typing import Any

import networkx as nx

from oracles.reading import Lineage, Row, oracle, ordered

ANY = (
    {"product": "model:merged"},
    {"product": "model:q2"},
    {"product": "dataset:web"},
    {"product": "model:b"},
)
DATA = ({"product": "dataset:web"}, {"product": "dataset:made"}, {"product": "dataset:l0n1"})


def reached(view: Lineage, hops: dict[str, int]) -> list[Row]:
    rows = [{"id": name, "kind": view.kind(name), "hops": count} for name, count in hops.items()]
    return ordered(rows, "hops", "id")


@oracle("lineage/ancestors", *ANY, {"product": "model:nobody"})
def ancestors(view: Lineage, product: str) -> list[Row]:
    return reached(view, view.up(product))


@oracle("lineage/descendants", *ANY)
def descendants(view: Lineage, product: str) -> list[Row]:
    return reached(view, view.down(product))


@oracle("lineage/bases", *ANY)
def bases(view: Lineage, product: str) -> list[Row]:
    return reached(view, {name: hops for name, hops in view.up(product).items() if not view.parents(name)})


@oracle("lineage/parents", *ANY, {"product": "model:tuned"})
def parents(view: Lineage, product: str) -> list[Row]:
    return [
        {
            "id": parent,
            "kind": view.kind(parent),
            "type": row["type"],
            "relation": row["relation"],
            "w": row["w"],
        }
        | {"weight_source": row["weight_source"]}
        for child, parent, row in view.edges
        if child == product
    ]


@oracle("lineage/children", *ANY, {"product": "model:base"})
def children(view: Lineage, product: str) -> list[Row]:
    return [
        {
            "id": child,
            "kind": view.kind(child),
            "type": row["type"],
            "relation": row["relation"],
            "w": row["w"],
        }
        | {"created_at": view.fact(child, "created_at")}
        for child, parent, row in view.edges
        if parent == product
    ]


@oracle(
    "lineage/shared-bases",
    {"products": ["model:merged", "model:q2"]},
    {"products": ["model:merged", "model:merged"]},
    {"products": []},
    {"products": ["model:e", "model:a"]},
)
def shared_bases(view: Lineage, products: list[str]) -> list[Row]:
    there = set(products) & set(view.products)
    above = [{*view.up(name), name} for name in there]
    rows = [
        {"id": name, "kind": view.kind(name), "products": len(there), "descendants": len(view.down(name))}
        for name in (set.intersection(*above) if above else set())
    ]
    return ordered(rows, "descendants", "id")


@oracle("lineage/siblings", *ANY, {"product": "model:left"})
def siblings(view: Lineage, product: str) -> list[Row]:
    shared: dict[str, int] = {}
    for parent in view.parents(product) if product in view.products else ():
        for child in view.children(parent):
            if child != product:
                shared[child] = shared.get(child, 0) + 1
    return ordered(
        [{"id": name, "shared_parents": count} for name, count in shared.items()], "-shared_parents", "id"
    )


@oracle(
    "lineage/path",
    {"product": "model:q2", "parent": "model:base"},
    {"product": "model:base", "parent": "model:q2"},
    {"product": "model:a", "parent": "model:d"},
    {"product": "model:a", "parent": "model:a"},
)
def path(view: Lineage, product: str, parent: str) -> list[Row]:
    if product not in view.products or parent == product or parent not in view.up(product):
        return []
    # Of several shortest ways any is right: these cases have one.
    nodes = nx.shortest_path(view.made, product, parent)
    return [{"path": nodes, "hops": len(nodes) - 1}]


@oracle("lineage/around", {"product": "model:base"}, {"product": "model:d"})
def around(view: Lineage, product: str) -> list[Row]:
    touching = [
        (b if a == product else a, row["type"], a, b) for a, b, row in view.edges if product in (a, b)
    ]
    return [{"path": [product, other]} for other, *_ in sorted(touching)]


@oracle("lineage/cycles")
def cycles(view: Lineage) -> list[Row]:
    rows = []
    for name in view.products:
        back = [view.up(parent)[name] + 1 for parent in view.parents(name) if name in view.up(parent)]
        if back:
            rows.append({"id": name, "kind": view.kind(name), "length": min(back)})
    return ordered(rows, "length", "id")


@oracle("lineage/orphans")
def orphans(view: Lineage) -> list[Row]:
    alone = [name for name in sorted(view.products) if not view.parents(name) and not view.children(name)]
    return [
        {"id": name, "kind": view.kind(name), "created_at": view.fact(name, "created_at")} for name in alone
    ]


@oracle("lineage/merges", {}, {"least": 1}, {"least": 99})
def merges(view: Lineage, least: int = 2) -> list[Row]:
    rows = []
    for name in view.products:
        found = [
            view.made.edges[name, parent] for parent in view.parents(name) if view.kind(parent) == "model"
        ]
        if view.kind(name) == "model" and len(found) >= least:
            stated = sum(row["relation"] == "merge" for row in found)
            rows.append({"id": name, "parents": len(found), "stated_as_merge": stated})
    return ordered(rows, "-parents", "id")


@oracle("lineage/quantisation-chains")
def quantisation_chains(view: Lineage) -> list[Row]:
    steps: nx.DiGraph[str] = nx.DiGraph()
    steps.add_edges_from(
        (a, b)
        for a, b, row in view.edges
        if row["relation"] == "quantization" and view.kind(a) == view.kind(b) == "model"
    )
    rows = []
    for name in steps:
        hops = nx.single_source_shortest_path_length(steps, name)
        ends = [
            (base, count) for base, count in hops.items() if count >= 2 and not list(steps.successors(base))
        ]
        rows += [{"id": name, "base": base, "hops": count} for base, count in ends]
    return ordered(rows, "-hops", "id", "base")


@oracle("lineage/most-built-on")
def most_built_on(view: Lineage) -> list[Row]:
    rows = [
        {"id": name, "kind": view.kind(name), "children": len(view.children(name))}
        | {"descendants": len(view.down(name))}
        for name in view.products
        if view.children(name)
    ]
    return ordered(rows, "-children", "id")


@oracle("lineage/relations")
def relations(view: Lineage) -> list[Row]:
    found: dict[tuple[str, str], list[Any]] = {}
    for _, _, row in view.edges:
        found.setdefault((row["type"], row["relation"] or "not said"), []).append(row["w"])
    rows = [
        {
            "type": kind,
            "relation": relation,
            "edges": len(w),
            "with_weight": sum(item is not None for item in w),
        }
        for (kind, relation), w in found.items()
    ]
    return ordered(rows, "-edges", "type", "relation")


@oracle("lineage/made-by", {"relation": "fine-tune"}, {"relation": "merge"}, {"relation": "' OR 1=1 //"})
def made_by(view: Lineage, relation: str) -> list[Row]:
    return [
        {"id": child, "parent": parent, "created_at": view.fact(child, "created_at")}
        for child, parent, row in view.edges
        if row["relation"] == relation and row["type"] == "DERIVED_FROM"
    ]


# -- data --------------------------------------------------------------------------------------------------


@oracle("data/dependents", *DATA)
def dependents(view: Lineage, product: str) -> list[Row]:
    found = reached(view, view.down(product))
    return [row | {"direct": row["hops"] == 1, "deployed": view.fact(row["id"], "deployed")} for row in found]


@oracle("data/behind", *ANY)
def behind(view: Lineage, product: str) -> list[Row]:
    data = {name: hops for name, hops in view.up(product).items() if view.kind(name) == "dataset"}
    return [
        {"id": row["id"], "hops": row["hops"]}
        | {key: view.fact(row["id"], key) for key in ("license", "known")}
        for row in reached(view, data)
    ]


@oracle("data/behind-family", *ANY)
def behind_family(view: Lineage, product: str) -> list[Row]:
    count: dict[str, int] = {}
    for member in [product, *view.down(product)] if product in view.products else ():
        for name in view.up(member):
            if view.kind(name) == "dataset":
                count[name] = count.get(name, 0) + 1
    rows = [{"id": name, "members": n, "license": view.fact(name, "license")} for name, n in count.items()]
    return ordered(rows, "-members", "id")


@oracle("data/most-used")
def most_used(view: Lineage) -> list[Row]:
    rows = []
    for name in view.products:
        models = [child for child in view.children(name) if view.kind(child) == "model"]
        if view.kind(name) == "dataset" and models:
            rows.append({"id": name, "models": len(models), "descendants": len(view.down(name))})
    return ordered(rows, "-models", "id")


@oracle("data/without-data")
def without_data(view: Lineage) -> list[Row]:
    rows = [
        {"id": name, "children": len(view.children(name)), "downloads": view.fact(name, "downloads")}
        for name in view.products
        if view.kind(name) == "model" and not any(view.kind(item) == "dataset" for item in view.up(name))
    ]
    return ordered(rows, "-children", "id")


@oracle("data/synthetic")
def synthetic(view: Lineage) -> list[Row]:
    rows = []
    for name in view.products:
        generators = [item for item in view.parents(name) if view.kind(item) == "model"]
        if view.kind(name) == "dataset" and generators:
            trained = [item for item in view.children(name) if view.kind(item) == "model"]
            rows.append({"id": name, "generators": len(generators), "trained": len(trained)})
    return ordered(rows, "-trained", "id")


@oracle("data/fed-back")
def fed_back(view: Lineage) -> list[Row]:
    count: dict[str, int] = {}
    for row in synthetic(view):
        for name in view.down(row["id"]):
            if view.kind(name) == "model":
                count[name] = count.get(name, 0) + 1
    return ordered([{"id": name, "datasets": n} for name, n in count.items()], "-datasets", "id")
