"""Products whose runs are known in part: a stated energy or carbon, jobs, or hardware in prose; and where they ran."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lineage.estimates.constants import range_of
from lineage.estimates.hardware import HardwareRun, read_hardware
from lineage.estimates.impacts import Place, grid_of
from lineage.estimates.spans import Span, Term, product
from lineage.estimates.whereabouts import place_in
from lineage.factors import Shelf
from lineage.graph import Graph
from lineage.kernels.arrays import Flags
from lineage.run import Run
from lineage.schema import MAKING_PHASES

__all__ = ["Ran", "device_hours_terms", "runs_of"]

# Columns in which importers and own tables keep prose about hardware and about the place of a run.
HARDWARE: Final = ("co2_hardware_used", "hardware_used", "hardware")
PLACE: Final = ("co2_geographical_location", "geographical_location", "location", "region", "country")


@dataclass(frozen=True, slots=True)
class Ran:
    """What is known of how a product was made: terms of its energy (empty where none follow), place and year.

    The place is a name that the tables know, or the intensity of its electricity in gCO2e/kWh.
    """

    method: str
    tier: str
    terms: tuple[Term, ...]
    place: Place
    year: float | None = None


def device_hours_terms(
    hours: float, accelerator: str, table: Shelf, operator: str | None = None
) -> tuple[Term, ...]:
    """Return device-hours x rated power x draw x PUE as terms; empty for an accelerator that nobody knows.

    >>> from lineage.factors import shelf
    >>> [term.name for term in device_hours_terms(82432, "A100 SXM 80GB", shelf())]
    ['device-hours', 'rated power of A100 SXM 80GB', "draw, host's share included", 'PUE']
    """
    found = table.accelerator(accelerator)
    if found is None:
        return ()
    power = found.power_w
    span = Span.of(power.lo / 1000, power.value / 1000, power.hi / 1000)
    return (
        Term("device-hours", Span.exact(hours), "h"),
        Term(f"rated power of {found.name}", span, "kW", power.citation),
        _range("draw", "draw, host's share included"),
        _pue(table, operator),
    )


def _range(name: str, told: str) -> Term:
    used = range_of(name)
    return Term(told, used.span, used.unit, used.citation)


def _pue(table: Shelf, operator: str | None) -> Term:
    """Return the PUE of an operator that the tables know, else that of the published cases."""
    if operator is not None:
        choice = table.pue(operator)
        if choice.factor.name.lower() == operator.lower():
            factor = choice.factor
            return Term("PUE", Span.of(factor.lo, factor.value, factor.hi), "1", factor.citation)
    return _range("pue", "PUE")


def runs_of(graph: Graph, run: Run, wanted: Flags, table: Shelf) -> dict[int, Ran]:
    """Return what is known of the runs of the wanted products, by code.

    A stated energy wins; for energy itself a stated carbon over the grid; then jobs of phases that made the product,
    all of which must be known; then hardware prose with device-hours.
    """
    places = _places(graph, wanted)
    found = {code: Ran("", "imputed", (), place) for code, place in places.items()}
    jobs, grids = _jobs(graph, run, wanted), _grids(graph)
    for code, hardware in _prose(graph, wanted).items():
        written = places.get(code) or hardware.place
        terms: tuple[Term, ...] = ()
        if hardware.device_hours is not None:
            terms = device_hours_terms(hardware.device_hours, hardware.accelerator, table, hardware.provider)
        found[code] = Ran("device-hours", "from-device-hours", terms, written)
    for code, rows in jobs.items():
        one = _summed(rows, table)
        if one is not None:
            stated = [known for row in rows if (known := _electricity(row, grids)) is not None]
            place = stated[0] if stated else places.get(code)
            started = next((row["started_at"] for row in rows if row["started_at"]), None)
            found[code] = Ran(*one, place, float(started[:4]) if started else None)
    for code, term in _stated(graph, run, wanted, places, table).items():
        method, tier = ("energy", "from-energy") if run.impact != "energy" else ("carbon", "imputed")
        found[code] = Ran(method, tier, (term,), found[code].place if code in found else None)
    return found


# -- stated figures ---------------------------------------------------------------------------------------


def _stated(
    graph: Graph, run: Run, wanted: Flags, places: Mapping[int, str], table: Shelf
) -> dict[int, Term]:
    """Return the energy of products that state it; for the impact energy, their carbon over the grid's intensity."""
    stem = "own_carbon_gco2e" if run.impact == "energy" else "own_energy_kwh"
    lo, best, hi = (graph.floats("products", stem + bound) for bound in ("_lo", "", "_hi"))
    codes = np.flatnonzero(wanted & ~np.isnan(best) & (best > 0)).tolist()
    sources = graph.texts("products", stem.rsplit("_", 1)[0] + "_source") if codes else []
    dates = graph.texts("products", "created_at") if codes else []
    terms = {}
    for code in codes:
        span = Span.of(
            *(float(side[code]) if not np.isnan(side[code]) else float(best[code]) for side in (lo, best, hi))
        )
        if run.impact == "energy":
            year = int((dates[code] or "2023")[:4])
            low, mid, high, source = grid_of(places.get(code), year, table)
            parts = (Term("carbon", span), Term("1 / grid", Span.of(1 / high, 1 / mid, 1 / max(low, 1.0))))
            terms[code] = Term("stated carbon over the intensity of its grid", product(parts), "kWh", source)
        else:
            terms[code] = Term("stated energy", span, "kWh", sources[code] or "")
    return terms


def _places(graph: Graph, wanted: Flags) -> dict[int, str]:
    """Return the places that the products' attributes name and that the tables know."""
    found: dict[int, str] = {}
    for name in PLACE:
        for code, text in _written(graph, name, wanted):
            place = place_in(text)
            if place is not None:
                found.setdefault(code, place)
    return found


def _prose(graph: Graph, wanted: Flags) -> dict[int, HardwareRun]:
    found: dict[int, HardwareRun] = {}
    for name in HARDWARE:
        for code, text in _written(graph, name, wanted):
            hardware = read_hardware(text)
            if hardware is not None:
                found.setdefault(code, hardware)
    return found


def _written(graph: Graph, name: str, wanted: Flags) -> Iterable[tuple[int, str]]:
    """Yield the products that have a text in an attribute, with it."""
    table = graph.tables["products"]
    if name not in table.column_names or table.column(name).null_count == table.num_rows:
        return []
    if str(table.column(name).type) not in ("string", "large_string"):
        return []
    there = np.flatnonzero(np.asarray(table.column(name).is_valid().to_numpy()) & wanted)
    taken = table.column(name).take(there).to_pylist()
    return list(zip(there.tolist(), taken, strict=True))


# -- jobs -------------------------------------------------------------------------------------------------


def _jobs(graph: Graph, run: Run, wanted: Flags) -> dict[int, list[dict[str, Any]]]:
    """Return the jobs that made each wanted product, those that had begun at the run's date."""
    found: dict[int, list[dict[str, Any]]] = {}
    if not graph.rows("jobs"):
        return found
    mine = np.flatnonzero(wanted[graph.integers("jobs", "product")])
    for row in graph.tables["jobs"].take(mine).to_pylist():
        late = run.as_of is not None and row["started_at"] and row["started_at"][: len(run.as_of)] > run.as_of
        if row["phase"] in MAKING_PHASES and not late:
            found.setdefault(row["product"], []).append(row)
    return found


def _grids(graph: Graph) -> dict[str, float]:
    """Return the intensities that the graph's own table of grids states for locations."""
    if not graph.rows("grids"):
        return {}
    rows = graph.tables["grids"].select(["id", "intensity_gco2e_per_kwh", "basis"]).to_pylist()
    return {
        row["id"]: float(row["intensity_gco2e_per_kwh"])
        for row in rows
        if row["intensity_gco2e_per_kwh"] is not None and row["basis"] != "market"
    }


def _electricity(row: Mapping[str, Any], grids: Mapping[str, float]) -> Place:
    """Return the intensity that a job states or its grid has in the graph, else the name of its grid."""
    stated = row["grid_intensity_gco2e_per_kwh"]
    if stated is not None:
        return float(stated)
    return grids.get(row["grid"], row["grid"]) if row["grid"] else None


def _summed(rows: list[dict[str, Any]], table: Shelf) -> tuple[str, str, tuple[Term, ...]] | None:
    """Return method, tier and terms of several jobs; None where one of them cannot be estimated."""
    parts = [_one(row, table) for row in rows]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    tier = "from-device-hours" if any(part[1] == "from-device-hours" for part in known) else "from-energy"
    if len(known) == 1:
        return known[0]
    total = product(known[0][2])
    for part in known[1:]:
        total = total.plus(product(part[2]))
    return "jobs", tier, (Term(f"energy of {len(known)} jobs", total, "kWh", "each: energy or device-hours"),)


def _one(row: Mapping[str, Any], table: Shelf) -> tuple[str, str, tuple[Term, ...]] | None:
    cooled = row["pue_included"] or row["overhead_kwh"] is not None
    pue: tuple[Term, ...] = () if cooled else (_given_pue(row),)
    if row["energy_kwh"] is not None:
        energy = row["energy_kwh"] + (row["overhead_kwh"] or 0.0)
        return (
            "energy",
            "from-energy",
            (Term("energy of the job", Span.exact(energy), "kWh", row["citation"] or ""), *pue),
        )
    hours = row["device_hours"]
    if hours is None and row["duration_h"] is not None:
        hours = row["duration_h"] * (row["device_count"] or 1.0)
    if hours is None:
        return None
    hours *= row["share"] or 1.0
    if row["power_w"] is not None:
        used = (row["utilisation"] or 1.0) * row["power_w"] / 1000
        terms = (
            Term("device-hours", Span.exact(hours), "h"),
            Term("power", Span.exact(used), "kW", row["citation"] or ""),
        )
        return "device-hours", "from-device-hours", (*terms, *pue)
    rated = device_hours_terms(hours, row["system"], table) if row["system"] else ()
    if not rated:
        return None
    return "device-hours", "from-device-hours", (*rated[:-1], *pue)


def _given_pue(row: Mapping[str, Any]) -> Term:
    if row["pue"] is not None:
        return Term("PUE", Span.exact(row["pue"]), "1", row["citation"] or "")
    return _range("pue", "PUE")
