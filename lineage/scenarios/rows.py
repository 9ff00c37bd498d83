"""Products, edges and jobs that a scenario adds, removes, or puts on another parent."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lineage.conversion import claims_of_tables, with_ids
from lineage.errors import ImportFault, InputError, UnknownProduct, did_you_mean
from lineage.graph import resolve
from lineage.scenarios.change import Change
from lineage.scenarios.draft import Draft
from lineage.schema import CLAIM_TABLES, tier_rank

__all__ = ["MOST_COPIES", "add_row", "removed", "replace_parent"]

MOST_COPIES: Final = 10_000
_OF_PRODUCTS: Final = ("parents", "like", "count")  # what an added product may say beside its columns
_LEFT: Final = ("product", "parent", "type", "weight_source", "w", "citation")  # of a copied edge: made anew


def add_row(draft: Draft, change: Change) -> None:
    """Add a row of own tables; a product may name its `parents`, another it is `like`, and a `count` of copies."""
    table, row = change.field, dict(change.value)
    _check_columns(draft, change, table, row)
    given: dict[str, list[dict[str, Any]]] = {table: [row]}
    if table == "products":
        given = _products(draft, change, row)
    if table == "edges":
        for side in ("product", "parent"):
            row[side] = _known(draft, change, str(row.get(side, "")))
    if table == "jobs" and row.get("product"):
        row["product"] = _known(draft, change, str(row["product"]))
    try:
        made, _ = resolve(claims_of_tables(given))
    except ImportFault as error:
        where = error.where.rpartition("column ")[2]
        raise change.fault(f"{where}: {error.problem}" if where else error.problem) from None
    except InputError as error:
        raise change.fault(str(error)) from None
    _refuse_known(draft, change, table, made.tables)
    draft.add(made.tables)


def _check_columns(draft: Draft, change: Change, table: str, row: Mapping[str, Any]) -> None:
    known = [
        item.spelled or item.name for item in CLAIM_TABLES[table] if item.name not in ("place", "source")
    ]
    known += [item.name for item in CLAIM_TABLES[table] if item.spelled]
    known += [*draft.tables[table].column_names, *(_OF_PRODUCTS if table == "products" else ()), "source"]
    for name in row:
        if name not in known:
            raise change.fault(f"{table} have no {name!r}{did_you_mean(name, known)}")
    needed = [item.name for item in CLAIM_TABLES[table] if item.required and not row.get(item.name)]
    if needed:
        raise change.fault(f'a row of {table} needs {" and ".join(needed)}; write {needed[0]} = "..."')


def _products(draft: Draft, change: Change, row: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of tables that an added product stands for: its copies, their edges and their jobs."""
    parents, like, count = (row.pop(name, None) for name in _OF_PRODUCTS)
    if count is not None and (
        isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= MOST_COPIES
    ):
        raise change.fault(f"count is a whole number from 1 to {MOST_COPIES:,}, not {count!r}")
    if parents is not None and (isinstance(parents, str) or not isinstance(parents, list)):
        raise change.fault(f'parents are a list of names: write parents = ["model:base"], not {parents!r}')
    given: dict[str, list[dict[str, Any]]] = {"products": [], "edges": [], "jobs": []}
    model = _known(draft, change, str(like)) if like is not None else None
    names = [row["id"]] if count is None else [f"{row['id']}-{number}" for number in range(1, count + 1)]
    for name in names:
        facts, edges, jobs = _copied(draft, model, name) if model else ({}, [], [])
        given["products"].append({**facts, **_without_doubles(row), "id": name})
        if parents is not None:
            edges = [{"product": name, "parent": _known(draft, change, str(parent))} for parent in parents]
        given["edges"] += edges
        given["jobs"] += jobs
    return given


def _without_doubles(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if not isinstance(value, (dict, list)) else str(value) for name, value in row.items()}


def _copied(
    draft: Draft, model: str, name: str
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the facts, edges and jobs of a product as those of another; explicit shares are left to the policy."""
    code = draft.view.code(model)
    columns = [item.name for item in CLAIM_TABLES["products"]]
    known = draft.tables["products"].select(
        [item for item in columns if item in draft.tables["products"].column_names]
    )
    row = known.slice(code, 1).to_pylist()[0]
    facts = {key: value for key, value in row.items() if value is not None and key not in ("id", "name")}
    facts |= _evidence(draft, code)
    edges = (
        with_ids(draft.tables, "edges").filter(pa.array(draft.codes("edges", "product") == code)).to_pylist()
    )
    made = [
        {"product": name, "parent": edge["parent"]}
        | {key: value for key, value in edge.items() if value is not None and key not in _LEFT}
        for edge in edges
        if edge["weight_source"] != "job"
    ]
    jobs = with_ids(draft.tables, "jobs").filter(pa.array(draft.codes("jobs", "product") == code)).to_pylist()
    copies = [
        {key: value for key, value in job.items() if value is not None and key != "citation"}
        | {"id": f"{job['id']} ({name})", "product": name}
        for job in jobs
    ]
    return facts, made, copies


def _evidence(draft: Draft, code: int) -> dict[str, Any]:
    """Return what an own cost rests on: the worst tier of any impact, so that none is upgraded, and assumptions."""
    row = draft.tables["products"].slice(code, 1).to_pylist()[0]
    tiers = [
        value for key, value in row.items() if key.startswith("own_") and key.endswith("_tier") and value
    ]
    assumed = {
        key: True
        for key, value in row.items()
        if key.startswith("own_") and key.endswith("_assumed") and value
    }
    return ({"tier": max(tiers, key=tier_rank)} if tiers else {}) | assumed


def _known(draft: Draft, change: Change, name: str) -> str:
    """Return the id of a product that is there already."""
    try:
        return draft.ids[draft.view.code(name)]
    except UnknownProduct as error:
        raise change.fault(f"{error}; or add it under [[add.products]] before") from None


def _refuse_known(draft: Draft, change: Change, table: str, made: Mapping[str, pa.Table]) -> None:
    """Refuse a row whose name is there already: changing it has a section of its own."""
    told = made[table].filter(made[table].column("known")) if table == "products" else made[table]
    new = told.column("id").to_pylist() if table != "edges" else []
    if table == "edges":
        edges = with_ids(made, "edges")
        pairs = zip(edges.column("product").to_pylist(), edges.column("parent").to_pylist(), strict=True)
        new = [f"{product} <- {parent}" for product, parent in pairs]
        if not new:
            raise change.fault("a product cannot be made out of itself; name another parent")
    there = set(draft.names(table))
    for name in new:
        if name in there:
            section = "weights" if table == "edges" else table
            raise change.fault(
                f"{name!r} is there already; change it under [{section}], or choose another name"
            )


def removed(draft: Draft, table: str, rows: list[int]) -> None:
    """Remove rows; products go with their edges and jobs."""
    if table == "products":
        draft.remove_products(rows)
        return
    stays = np.ones(draft.tables[table].num_rows, np.bool_)
    stays[rows] = False
    draft.keep(table, stays)


def replace_parent(draft: Draft, change: Change, rows: list[int], parent: int) -> None:
    """Put edges on another parent; a share that was stated of the old one is left to the policy."""
    children = draft.codes("edges", "product")
    parents = draft.codes("edges", "parent")
    pairs = set(zip(children.tolist(), parents.tolist(), strict=True))
    for row in rows:
        child = int(children[row])
        name = draft.ids[parent]
        if child == parent:
            raise change.fault(f"{name} cannot be made out of itself; name another parent")
        if (child, parent) in pairs:
            raise change.fault(
                f"{draft.ids[child]} is made out of {name} already; remove the other edge instead"
            )
        pairs.add((child, parent))
    codes = parents.copy()
    codes[rows] = parent
    draft.put_floats("edges", "w", rows, np.nan)
    draft.put("edges", "weight_source", rows, None)
    draft.put_codes("edges", "parent", codes)
    draft.sort_edges()
