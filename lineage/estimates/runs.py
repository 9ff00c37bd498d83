"""Products whose runs are known in part: a stated energy or carbon, jobs, or hardware in prose; and where they ran."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from lineage.estimates.hardware import HardwareRun, read_hardware
from lineage.estimates.impacts import Place, grid_of
from lineage.estimates.jobs import JobReader, JobRun, device_hours_terms, worst_of
from lineage.estimates.spans import Span, Term, product
from lineage.estimates.whereabouts import place_in
from lineage.factors import Shelf
from lineage.graph import Graph
from lineage.kernels.arrays import Flags
from lineage.run import Run
from lineage.schema import MAKING_PHASES, TIERS, tier_rank

__all__ = ["Known", "Ran", "runs_of"]

# Columns in which importers and own tables keep prose about hardware and about the place of a run.
HARDWARE: Final = ("co2_hardware_used", "hardware_used", "hardware")
PLACE: Final = ("co2_geographical_location", "geographical_location", "location", "region", "country")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the jobs of one product, and is added to what is estimated of the rest.

    `base` is the known part, lo, best and hi, in the unit of the run's impact. `operation` and `embodied` are the ids
    of the jobs whose operation (JSC; energy; water) and whose systems' embodied carbon are in it. `intensity` is that
    of jobs on a mix, in gCO2e/kWh.
    """

    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    operation: frozenset[str] = frozenset()
    embodied: frozenset[str] = frozenset()
    intensity: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ran:
    """What is known of how a product was made: terms of its energy (empty where none follow), place and year.

    The place is a name that the tables know, or the intensity of its electricity in gCO2e/kWh. `jobs` are those that
    the estimate is the sum of, `base` is what is known of them already, in the unit of the run's impact; the sum is
    `whole` where no job leaves its operation unknown.
    """

    method: str
    tier: str
    terms: tuple[Term, ...]
    place: Place
    year: float | None = None
    jobs: tuple[JobRun, ...] = ()
    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    whole: bool = True


def runs_of(
    graph: Graph, run: Run, wanted: Flags, table: Shelf, known: Mapping[int, Known] | None = None
) -> dict[int, Ran]:
    """Return what is known of the runs of the wanted products, by code.

    In this order: jobs of phases that made the product, if all of them tell their energy and a stated figure has no
    better evidence; a stated energy (for energy itself a stated carbon over the grid); hardware prose with
    device-hours, unless the jobs that do tell their energy took more; these jobs. `known` is what is added to the
    estimate of the jobs, by product.
    """
    places = _places(graph, wanted)
    found = {code: Ran("", "imputed", (), place) for code, place in places.items()}
    for code, hardware in _prose(graph, wanted).items():
        written = places.get(code) or hardware.place
        terms: tuple[Term, ...] = ()
        if hardware.device_hours is not None:
            terms = device_hours_terms(hardware.device_hours, hardware.accelerator, table, hardware.provider)
        found[code] = Ran("device-hours", "from-device-hours", terms, written)
    reader = JobReader(table, _grids(graph), _powers(graph))
    for code, rows in _jobs(graph, run, wanted).items():
        one = _summed([reader.read(row) for row in rows], rows, (known or {}).get(code, Known()))
        if one is not None and (one.whole or _energy_of(one) >= _energy_of(found.get(code))):
            named = found[code].place if code in found else None
            others = {job.place for job in one.jobs if job.place is not None}
            place = named if not others else next(iter(others)) if len(others) == 1 else None
            jobs = tuple(job if job.place is not None else replace(job, place=place) for job in one.jobs)
            found[code] = replace(one, place=place, jobs=jobs)
    for code, (term, evidence) in _stated(graph, run, wanted, places, table).items():
        made = found.get(code)
        told = worst_of(job.tier for job in made.jobs) if made is not None and made.jobs else "unknown"
        if made is not None and made.jobs and made.whole and tier_rank(told) <= tier_rank(evidence):
            continue  # on a tie the jobs win, as in own costs
        method, tier = ("energy", "from-energy") if run.impact != "energy" else ("carbon", "imputed")
        found[code] = Ran(method, tier, (term,), made.place if made is not None else None)
    return found


def _energy_of(ran: Ran | None) -> float:
    return -1.0 if ran is None or not ran.terms else float(product(ran.terms).best[0])


# -- stated figures ---------------------------------------------------------------------------------------


def _stated(
    graph: Graph, run: Run, wanted: Flags, places: Mapping[int, str], table: Shelf
) -> dict[int, tuple[Term, str]]:
    """Return the energy of products that state it, and its evidence; for the impact energy, carbon over the grid."""
    stem = "own_carbon_gco2e" if run.impact == "energy" else "own_energy_kwh"
    lo, best, hi = (graph.floats("products", stem + bound) for bound in ("_lo", "", "_hi"))
    codes = np.flatnonzero(wanted & ~np.isnan(best) & (best > 0)).tolist()
    sources = graph.texts("products", stem.rsplit("_", 1)[0] + "_source") if codes else []
    dates = graph.texts("products", "created_at") if codes else []
    tiers = graph.labels("products", stem.rsplit("_", 1)[0] + "_tier") if codes else []
    terms = {}
    for code in codes:
        span = Span.of(
            *(float(side[code]) if not np.isnan(side[code]) else float(best[code]) for side in (lo, best, hi))
        )
        if run.impact == "energy":
            year = int((dates[code] or "2023")[:4])
            low, mid, high, source = grid_of(places.get(code), year, table)
            parts = (Term("carbon", span), Term("1 / grid", Span.of(1 / high, 1 / mid, 1 / max(low, 1.0))))
            term = Term("stated carbon over the intensity of its grid", product(parts), "kWh", source)
            terms[code] = term, "imputed"
        else:
            tier = tiers[code] if tiers[code] in TIERS else "reported"
            terms[code] = Term("stated energy", span, "kWh", sources[code] or ""), tier
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


def _powers(graph: Graph) -> dict[str, float]:
    """Return the power in W of the systems that the graph's own table describes."""
    if not graph.rows("systems"):
        return {}
    rows = graph.tables["systems"].select(["id", "power_w"]).to_pylist()
    return {row["id"]: float(row["power_w"]) for row in rows if row["power_w"] is not None}


def _summed(jobs: list[JobRun], rows: list[dict[str, Any]], known: Known) -> Ran | None:
    """Return the jobs of one product as a run; None where none of them tells its energy.

    The tier is the worst of them, `unknown` where a job tells nothing: then the sum is a lower bound.
    """
    marked = [
        replace(
            job,
            operation=row["id"] not in known.operation,
            embodied=row["id"] not in known.embodied,
            place=known.intensity.get(row["id"], job.place),
        )
        for job, row in zip(jobs, rows, strict=True)
    ]
    told = tuple(job for job in marked if job.terms)
    if not told:
        return None
    whole = all(job.terms or not job.operation for job in marked)
    tier = worst_of((*(job.tier for job in told), "from-energy")) if whole else "unknown"
    year = next((job.year for job in told if job.year is not None), None)
    if len(marked) == 1:
        return Ran(told[0].method, tier, told[0].terms, None, year, told, known.base)
    total = product(told[0].terms)
    for job in told[1:]:
        total = total.plus(product(job.terms))
    of = "" if len(told) == len(rows) else f"{len(told)} of "
    name = f"energy of {of}{len(rows)} jobs"
    term = Term(name, total, "kWh", "each: energy or device-hours")
    return Ran("jobs", tier, (term,), None, year, told, known.base, whole)
