"""A scenario applied to a graph: a new graph; the one that was given stays as it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lineage.errors import InputError, UnknownProduct, did_you_mean
from lineage.graph import Graph
from lineage.scenarios.amount import Amount, amount, own_amount
from lineage.scenarios.change import Change, edge_names, fitting
from lineage.scenarios.draft import Draft
from lineage.scenarios.moves import moved_onto, moved_to, refreshed, with_power_cap, with_series
from lineage.scenarios.rows import add_row, removed, replace_parent
from lineage.scenarios.scenario import Scenario
from lineage.schema import CLAIM_TABLES, GRAPH_TABLES, IMPACTS, MAKING_PHASES, Column, kind_of
from lineage.tables.cells import BadCell, read_cells
from lineage.tables.checks import check, in_range

__all__ = ["apply", "changed"]

# What a job's cost is in proportion to, whatever it is known from.
_AMOUNTS_OF_WORK: Final = ("energy_kwh", "overhead_kwh", "duration_h", "device_hours")
_COMPUTED: Final = (
    "id",
    "kind",
    "known",
    "type",
    "weight_source",
    "product",
    "parent",
    "citation",
    "platform",
)


def apply(graph: Graph, scenario: Scenario) -> Graph:
    """Return the graph as it is after every change of a scenario, in their order; `graph` itself stays as it is.

    A scenario without changes gives the very same graph. The result has no claims: no source says it. Options of the
    run are no part of it (`Scenario.run`). Raises `ImportFault` for a change of a file, `OptionError` for one of an
    option, with place, problem and way out: unknown name, wrong unit, negative value, unknown column.

    >>> from lineage.testing import graph
    >>> made = graph("base -> tuned", own={"base": 100.0})
    >>> apply(made, Scenario.of("own[base]=x 1.5")).floats("products", "own_carbon_gco2e").tolist()
    [150.0, nan]
    """
    for change in scenario.changes:
        graph = changed(graph, change, scenario.changes)
    return graph


def changed(graph: Graph, change: Change, context: tuple[Change, ...] = ()) -> Graph:
    """Return the graph after one change; `context` are the changes of its scenario, for what they have in common."""
    if change.section == "run":
        return graph
    draft = Draft(graph)
    try:
        _APPLIED[change.section](draft, change)
        if change.section == "jobs":
            refreshed(draft, change, context)
    except UnknownProduct as error:
        raise change.fault(str(error)) from None
    return draft.graph()


# -- own costs ---------------------------------------------------------------------------------------------


def _own(draft: Draft, change: Change) -> None:
    """Set or multiply own costs: an absolute value wins over the jobs, a factor holds for totals and jobs alike."""
    if change.value == "jobs":
        _let_jobs_count(draft, change)
        return
    try:
        impact, value = own_amount(change.value)
    except InputError as error:
        raise change.fault(str(error)) from None
    if change.section == "own_market":
        if impact not in ("", "carbon"):
            raise change.fault(
                f'{change.value!r} is no mass of CO2e, and [own_market] holds carbon; write for example "2 t", '
                f"or {change.value!r} under [own]"
            )
        impact = "carbon-market"
    rows = _products(draft, change)
    if value.kind == "times":
        _scale_own(draft, change, value, rows)
        return
    names = [impact] if impact else list(IMPACTS)
    for name in names:
        column = IMPACTS[name].column
        stem = column.rsplit("_", 1)[0]
        for bound in ("", "_lo", "_hi"):
            draft.put_floats("products", column + bound, rows, value.number)
        draft.put("products", f"{stem}_tier", rows, None if value.kind == "unknown" else "imputed")
        draft.put("products", f"{stem}_source", rows, "scenario")
        draft.put("products", f"{stem}_assumed", rows, True)


def _let_jobs_count(draft: Draft, change: Change) -> None:
    """Drop the totals of products that have jobs, so that these make up their own costs."""
    rows = _products(draft, change)
    with_jobs = set(draft.codes("jobs", "product")[_making(draft)].tolist())
    rows = [row for row in rows if row in with_jobs]
    if not rows:
        raise change.fault(f'{change.target} has no jobs that made it; give a value such as "2 t"')
    for impact in IMPACTS.values():
        stem = impact.column.rsplit("_", 1)[0]
        for bound in ("", "_lo", "_hi"):
            draft.put_floats("products", impact.column + bound, rows, np.nan)
        for name in (f"{stem}_tier", f"{stem}_source"):
            draft.put("products", name, rows, None)
        if f"{stem}_assumed" in draft.tables["products"].column_names:
            draft.put("products", f"{stem}_assumed", rows, None)


def _making(draft: Draft) -> Any:
    """Return which jobs made their product, (jobs,)."""
    return np.isin(np.array(draft.texts("jobs", "phase"), dtype=object), MAKING_PHASES)


def _scale_own(draft: Draft, change: Change, value: Amount, rows: list[int]) -> None:
    """Multiply every known figure of products, and the work of the jobs that made them."""
    known = False
    for impact in IMPACTS.values():
        if change.section == "own_market" and impact.name != "carbon-market":
            continue
        for bound in ("", "_lo", "_hi"):
            known |= _scale(draft, "products", impact.column + bound, rows, value)
    if change.section != "own_market" and draft.tables["jobs"].num_rows:
        members = np.isin(draft.codes("jobs", "product"), rows)
        jobs = np.flatnonzero(members & _making(draft)).tolist()
        for name in _AMOUNTS_OF_WORK:
            known |= _scale(draft, "jobs", name, jobs, value)
    if not known:
        raise change.fault(
            'its own cost is unknown, so there is nothing to multiply; give a value such as "2 t"'
        )


def _scale(draft: Draft, table: str, name: str, rows: list[int], value: Amount) -> bool:
    """Multiply what is known in some rows of a column; return whether anything is."""
    values = draft.floats(table, name)[rows]
    if not rows or np.isnan(values).all():
        return False
    draft.put_floats(table, name, rows, value.applied(values))
    return True


# -- columns -----------------------------------------------------------------------------------------------


def _facts(draft: Draft, change: Change) -> None:
    """Change one column of the rows that the target names."""
    table = change.section
    rows = _rows(draft, change, table)
    if table == "jobs" and change.field == "power_cap":
        with_power_cap(draft, change, rows)
        return
    item = _column(draft, change)
    if table == "jobs" and item.name == "grid":
        moved_to(draft, change, rows)
        return
    if table == "jobs" and item.name == "system":
        moved_onto(draft, change, rows)
        return
    if item.type != "number":
        draft.put(table, item.name, rows, _cell(draft, change, item))
        return
    if table == "edges" and item.name == "w" and change.value == "policy":
        draft.put_floats(table, "w", rows, np.nan)
        draft.put(table, "weight_source", rows, None)
        return
    try:
        value = amount(change.value, item)
    except InputError as error:
        raise change.fault(str(error)) from None
    old = draft.floats(table, item.name)[rows]
    if value.kind == "times" and np.isnan(old).all():
        way_out = "the policy decides it" if item.name == "w" else "it is unknown"
        raise change.fault(f"there is no {change.field} to multiply: {way_out}; give a value instead")
    new = value.applied(old)
    _check_range(change, item, new)
    draft.put_floats(table, item.name, rows, new)
    if table == "edges" and item.name == "w":
        draft.put(table, "weight_source", rows, None if value.kind == "unknown" else "explicit")


def _check_range(change: Change, item: Column, values: Any) -> None:
    """Refuse a factor that makes what the column does not take; attributes of a table take anything."""
    if item.name == "w":
        if np.nanmax(values, initial=0.0) > 1:
            raise change.fault(f"makes a share of {np.nanmax(values):g}; shares lie between 0 and 1")
        return
    if all(item.name != known.name for known in GRAPH_TABLES[change.section]):
        return
    try:
        in_range(pa.array(values), item.name, pa.array([f"{number:g}" for number in values.tolist()]))
    except BadCell as error:
        raise change.fault(f"makes a {change.field} that cannot be: {error.problem}") from None


def _column(draft: Draft, change: Change) -> Column:
    """Return the column that a field names, by either spelling, or an attribute of the table."""
    table, field = change.section, change.field
    known: dict[str, Column] = {}
    for item in GRAPH_TABLES[table]:
        if item.name not in _COMPUTED and not item.name.startswith("own_"):
            known[item.name] = item
            known[item.spelled or item.name] = item
    found = known.get(field)
    if found is not None:
        plain = found.spelled and field == found.name  # energy_kwh = 3: in its unit
        return Column(found.name, found.type, found.unit, found.spelled, found.unit if plain else found.bare)
    if field.startswith("own_"):
        raise change.fault(
            f'own costs have a section of their own: write [own] and "{change.target}" = VALUE'
        )
    columns = draft.tables[table].column_names
    if field in columns and field not in _COMPUTED:
        kind = draft.tables[table].schema.field(field).type
        return Column(field, "number" if pa.types.is_floating(kind) or pa.types.is_integer(kind) else "text")
    names = list(dict.fromkeys(item.spelled or item.name for item in known.values()))
    names += ["power_cap"] if table == "jobs" else []
    raise change.fault(f"{table} have no {field!r}{did_you_mean(field, names)}; there are {', '.join(names)}")


def _cell(draft: Draft, change: Change, item: Column) -> Any:
    """Return a text, a date or a flag as the table holds it; "unknown" is null."""
    if change.value == "unknown":
        return None
    text = "yes" if change.value is True else "no" if change.value is False else str(change.value)
    known = {known.name: known for known in CLAIM_TABLES[change.section]}
    column = known.get(item.name, item)
    try:
        cells = read_cells(pa.array([text]), column, spelled=False)
        check(change.section, column, cells, ["the scenario"])
    except BadCell as error:
        raise change.fault(error.problem) from None
    return cells[0].as_py()


# -- who is meant ------------------------------------------------------------------------------------------


def _products(draft: Draft, change: Change) -> list[int]:
    """Return the products that the target names, or fits; other spellings of a name are understood."""
    if any(mark in change.target for mark in "*?["):
        return fitting(change, draft.ids, "product")
    return [draft.view.code(change.target)]


def _rows(draft: Draft, change: Change, table: str) -> list[int]:
    """Return the rows of a table that the change's target names."""
    if table == "products":
        return _products(draft, change)
    if table == "edges":
        return _edges(draft, change)
    names = draft.names(table)
    if table == "jobs" and change.target not in names and _is_product(change.target):
        codes = _products(draft, change)
        rows: list[int] = np.flatnonzero(np.isin(draft.codes("jobs", "product"), codes)).tolist()
        if not rows:
            raise change.fault(f"{change.target} has no jobs; change its [own] cost instead")
        return rows
    return fitting(change, names, table.removesuffix("s"))


def _is_product(target: str) -> bool:
    return kind_of(target) in ("model", "dataset", "platform")


def _edges(draft: Draft, change: Change) -> list[int]:
    """Return the edges that "PRODUCT <- PARENT" names, with patterns on either side."""
    product, parent = edge_names(change, change.target)
    sides = [set(_products(draft, replace(change, target=name))) for name in (product, parent)]
    children, parents = draft.codes("edges", "product"), draft.codes("edges", "parent")
    fits = np.isin(children, list(sides[0])) & np.isin(parents, list(sides[1]))
    rows: list[int] = np.flatnonzero(fits).tolist()
    if not rows:
        known = [draft.ids[code] for code in parents[np.isin(children, list(sides[0]))].tolist()]
        made = f"; it is made out of {', '.join(known[:5])}" if known else "; it is made out of nothing"
        raise change.fault(f"there is no edge {change.target!r}{made}")
    return rows


def _removed(draft: Draft, change: Change) -> None:
    table = change.field
    removed(draft, table, _rows(draft, change, table))


def _replaced(draft: Draft, change: Change) -> None:
    rows = _edges(draft, change)
    if not isinstance(change.value, str):
        raise change.fault(f"the new parent is a name, not {change.value!r}")
    replace_parent(draft, change, rows, draft.view.code(change.value))


_APPLIED: Final[dict[str, Callable[[Draft, Change], None]]] = {
    "own": _own,
    "own_market": _own,
    "products": _facts,
    "edges": _facts,
    "jobs": _facts,
    "systems": _facts,
    "grids": _facts,
    "series": with_series,
    "replace": _replaced,
    "add": add_row,
    "remove": _removed,
}
