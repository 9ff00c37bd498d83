"""Hardware and electricity that no table of the graph describes, looked up in the factors (docs/factors.md)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from lineage.errors import InputError

if TYPE_CHECKING:
    from lineage.costs.inputs import Grid, Job, System
    from lineage.factors import Choice, Shelf

    Factors = str | Shelf | None

__all__ = ["Bound", "bounded_grid", "bounded_system", "grid_names", "grids_of", "job_year", "systems_of"]

Bound = Literal["lo", "hi"]


def job_year(job: "Job") -> int | None:
    """Return the year in which a job started, None where that is not known."""
    text = (job.started_at or "")[:4]
    return int(text) if len(text) == 4 and text.isdigit() else None


def grid_names(job: "Job") -> list[tuple[str, str]]:
    """Return the electricity supplies that a job names: (column, name); those of a mix are sources."""
    from lineage.costs.inputs import parse_mix

    named = [("grid", job.grid), ("grid_market", job.grid_market)]
    sources = parse_mix(job.mix) if job.mix else {}
    return [*((column, name) for column, name in named if name), *(("mix", name) for name in sources)]


def systems_of(jobs: Iterable["Job"], known: dict[str, "System"], factors: "Factors") -> dict[str, "System"]:
    """Return the accelerators that these jobs name and no table describes."""
    unknown = {job.system for job in jobs if job.system is not None and job.system not in known}
    if not unknown:
        return {}
    shelf = _shelf(factors)
    found = {name: _system(shelf, name) for name in sorted(unknown)}
    return {name: system for name, system in found.items() if system is not None}


def _system(shelf: "Shelf", name: str) -> "System | None":
    from lineage.costs.inputs import System

    device = shelf.accelerator(name)
    if device is None:
        return None
    lifetime = shelf.lifetime_h("accelerator").factor
    of = (device.power_w, device.embodied_gco2e, lifetime, shelf.utilisation("power").factor)
    return System(
        power_w=device.power_w.value,
        embodied_gco2e=device.embodied_gco2e.value,
        lifetime_h=lifetime.value,
        citation="; ".join(dict.fromkeys(item.citation for item in of[:3])),
        factors=of,
    )


def grids_of(
    jobs: Iterable["Job"], known: dict[str, "Grid"], factors: "Factors"
) -> dict[tuple[str, str, int | None], "Grid"]:
    """Return the electricity supplies that these jobs name and no table describes, by column, name and year."""
    found: dict[tuple[str, str, int | None], Grid] = {}
    for job in jobs:
        if job.grid is None and job.grid_market is None and not job.mix:
            continue
        year = job_year(job)
        try:
            names = grid_names(job)
        except InputError:
            continue  # a mix that cannot be read: job_figures says so, with the job's name
        for column, name in names:
            key = (column, name, year)
            if name in known or key in found:
                continue
            choice = _grid_choice(_shelf(factors), column, name, year)
            if choice is not None:
                found[key] = _grid(choice, "market" if column == "grid_market" else "location")
            if choice is not None and column == "grid":
                found[key] = _with_water(found[key], _shelf(factors), name, year)
    return found


def _grid_choice(shelf: "Shelf", column: str, name: str, year: int | None) -> "Choice | None":
    if column == "mix":
        return shelf.source_intensity(name) or shelf.grid(name, year=year)
    return shelf.grid(name, year=year, basis="market" if column == "grid_market" else "location")


def _grid(choice: "Choice", basis: str) -> "Grid":
    from lineage.costs.inputs import Grid

    factor = choice.factor
    told = f"{factor.told}; {choice.reason}" if choice.reason else factor.told
    return Grid(factor.value, basis, told, factor)


def _with_water(grid: "Grid", shelf: "Shelf", name: str, year: int | None) -> "Grid":
    """Return a supply with its water, where that of its place is known; the site is one like the industry's."""
    made = shelf.grid_water(name, year=year)
    if made is None:
        return grid
    of = (made.factor, shelf.wue().factor)
    return replace(grid, water_l_per_kwh=of[0].value, site_l_per_kwh=of[1].value, water=of)


def bounded_system(system: "System", bound: Bound, *, stated: bool) -> "System":
    """Return a system at the end of its range at which a job costs least ("lo") or most ("hi").

    A rated power is not a mean draw. Where a job does not state its utilisation, the ends of what was measured over
    the rated power (hosts included) widen the range; the best value stays devices x rated power.
    """
    if not system.factors:
        return system
    power, embodied, lifetime, drawn = system.factors
    if bound == "lo":
        watts = power.lo * (1.0 if stated else min(1.0, drawn.lo))
        return replace(system, power_w=watts, embodied_gco2e=embodied.lo, lifetime_h=lifetime.hi)
    watts = power.hi * (1.0 if stated else max(1.0, drawn.hi))
    return replace(system, power_w=watts, embodied_gco2e=embodied.hi, lifetime_h=lifetime.lo)


def bounded_grid(grid: "Grid", bound: Bound) -> "Grid":
    """Return an electricity supply at an end of its range."""
    if grid.factor is None:
        return grid
    low = bound == "lo"
    grid = replace(grid, intensity_gco2e_per_kwh=grid.factor.lo if low else grid.factor.hi)
    if not grid.water:
        return grid
    made, site = (item.lo if low else item.hi for item in grid.water)
    return replace(grid, water_l_per_kwh=made, site_l_per_kwh=site)


def _shelf(factors: "Factors") -> "Shelf":
    from lineage.factors import Shelf, shared_shelf

    return factors if isinstance(factors, Shelf) else shared_shelf(factors)
