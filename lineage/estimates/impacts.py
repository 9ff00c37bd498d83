"""What a kWh of a run costs: carbon of its grid and of the systems' making, and water; by place and year."""

from collections.abc import Sequence

import numpy as np

from lineage.estimates.constants import Range, range_of
from lineage.estimates.spans import Span, Term
from lineage.factors import Factor, Shelf
from lineage.kernels.arrays import Floats

__all__ = ["Place", "Places", "accelerator_of_year", "embodied_rate", "grid_of", "impact_terms", "widened"]

Place = str | float | None  # a name, the intensity itself in gCO2e/kWh, or not known
Places = Sequence[Place]


def accelerator_of_year(year: int) -> str:
    """Return the accelerator on which most notable models of a year were trained (Epoch AI, training hardware)."""
    return "V100" if year < 2021 else "A100 SXM 80GB" if year < 2024 else "H100 SXM"


def embodied_rate(table: Shelf, accelerator: str) -> tuple[float, float, float, tuple[Factor, ...]]:
    """Return systems' embodied carbon in g per kWh, low, best and high, and the factors behind it.

    (accelerator's embodied + an eighth of its server's) / lifetime / (rated power x draw x PUE). The low bound is 0:
    most published figures leave the making of the systems out. The high one takes the short lifetime.
    """
    found = table.accelerator(accelerator)
    server, life = table.server_embodied().factor, table.lifetime_h("accelerator").factor
    if found is None:
        raise LookupError(f"the tables of accelerators hold no {accelerator!r}")
    device, kw = (
        found.embodied_gco2e,
        found.power_w.value / 1000 * range_of("draw").best * range_of("pue").best,
    )
    best = (device.value + server.value / 8) / life.value / kw
    hi = (device.hi + server.hi / 8) / life.lo / kw
    return 0.0, best, hi, (device, server, life)


def impact_terms(
    impact: str, places: Places, year: Floats, table: Shelf, *, systems: bool = True
) -> tuple[Term, ...]:
    """Return what turns kWh into an impact, (rows,): nothing for energy; g/kWh for carbon; L/kWh for water.

    `places` may hold None: then the range of the countries where models come from is used; and the intensity of the
    electricity itself, where a run states it. Without `systems` carbon leaves out the making of the systems.
    """
    if impact == "energy":
        return ()
    years = np.rint(year).astype(np.int64)
    keys = list(zip(places, years.tolist(), strict=True))
    one = _water_rate if impact == "water" else _carbon_rate
    if impact != "water" and not systems:
        one = _grid_rate
    known = {key: one(*key, table) for key in dict.fromkeys(keys)}
    sides = np.array([known[key] for key in keys], dtype=np.float64).reshape(-1, 3).T
    if impact == "water":
        return (Term("water per kWh, site and electricity", Span(*sides), "L/kWh"),)
    told = "grid and systems' making" if systems else "grid"
    return (Term(f"carbon per kWh, {told}", Span(*sides), "gCO2e/kWh"),)


def grid_of(place: Place, year: int, table: Shelf) -> tuple[float, float, float, str]:
    """Return the intensity of a place's grid, and its source; of the usual countries where the place is unknown."""
    if isinstance(place, float):
        return place, place, place, "as the run states it"
    choice = None if place is None else table.grid(place, year=year)
    if choice is None:
        used = range_of("grid-unknown")
        return used.lo, used.best, used.hi, used.citation
    lo, best, hi = widened(choice.factor, range_of("grid"))
    return lo, best, hi, f"{choice.factor.citation} ({choice.reason})"


def widened(grid: Factor, spread: Range) -> tuple[float, float, float]:
    """Return a grid's range, at least as wide as what published runs used lies around the tables' values."""
    return min(grid.lo, grid.value * spread.lo), grid.value, max(grid.hi, grid.value * spread.hi)


def _carbon_rate(place: Place, year: int, table: Shelf) -> tuple[float, float, float]:
    lo, best, hi, _ = grid_of(place, year, table)
    made = embodied_rate(table, accelerator_of_year(year))
    return lo + made[0], best + made[1], hi + made[2]


def _grid_rate(place: Place, year: int, table: Shelf) -> tuple[float, float, float]:
    return grid_of(place, year, table)[:3]


def _water_rate(place: Place, year: int, table: Shelf) -> tuple[float, float, float]:
    site, pue = table.wue(year=year).factor, range_of("pue").best
    named = place if isinstance(place, str) else "world"
    choice = table.grid_water(named, year=year) or table.grid_water("world", year=year)
    if choice is None:
        raise LookupError("the tables of factors hold no water of the world's electricity")
    power = choice.factor
    return power.lo + site.lo / pue, power.value + site.value / pue, power.hi + site.hi / pue
