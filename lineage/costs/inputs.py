"""What the graph's tables say about jobs, hardware, electricity and platforms; None is unknown."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from itertools import compress
from typing import TYPE_CHECKING, Any

from lineage.costs.supplied import (
    Bound,
    bounded_grid,
    bounded_system,
    grid_names,
    grids_of,
    job_year,
    systems_of,
)
from lineage.errors import InputError
from lineage.graph import Graph
from lineage.schema import MAKING_PHASES
from lineage.timeline import dated_by

if TYPE_CHECKING:
    from lineage.factors import Factor, Shelf

__all__ = [
    "Grid",
    "Job",
    "Platform",
    "Supplies",
    "System",
    "parse_mix",
    "read_jobs",
    "read_products",
    "read_supplies",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the jobs table, base units. `product` and `platform` are row numbers of products, -1 is none.

    Empty `device_count`, `utilisation`, `share` and `concurrent_jobs` are 1; empty `pue_included` is no.
    """

    id: str
    product: int
    platform: int = -1
    phase: str
    energy_kwh: float | None = None
    overhead_kwh: float | None = None
    duration_h: float | None = None
    device_hours: float | None = None
    system: str | None = None
    device_count: float = 1.0
    power_w: float | None = None
    utilisation: float = 1.0
    share: float = 1.0
    size: float | None = None
    pue: float | None = None
    pue_included: bool = False
    grid: str | None = None
    grid_intensity_gco2e_per_kwh: float | None = None
    grid_market: str | None = None
    grid_intensity_market_gco2e_per_kwh: float | None = None
    mix: str | None = None
    concurrent_jobs: float = 1.0
    interval_start: str | None = None
    interval_end: str | None = None
    inferences: float | None = None
    quality: float | None = None
    quality_metric: str | None = None
    quality_direction: str | None = None
    started_at: str | None = None
    tier: str | None = None
    citation: str | None = None

    @property
    def makes(self) -> bool:
        """Whether the job made its product; re-training, serving and operating never enter an own cost."""
        return self.phase in MAKING_PHASES


# An empty cell takes the default above where that is a value, and stays None elsewhere.
_DEFAULTS = {item.name: item.default for item in fields(Job) if item.default is not None}


@dataclass(frozen=True, slots=True)
class System:
    """A kind of hardware: power in W, embodied carbon in gCO2e, lifetime in h.

    `factors` are those of power, embodied carbon, lifetime and drawn part of the power where no table of the graph
    describes it.
    """

    power_w: float | None = None
    embodied_gco2e: float | None = None
    lifetime_h: float | None = None
    citation: str = ""
    factors: "tuple[Factor, Factor, Factor, Factor] | tuple[()]" = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """An electricity supply: intensity in gCO2e/kWh; basis is location or market.

    `factor` is where the intensity comes from if no table of the graph describes the supply; then the water that
    making the electricity takes (L per kWh) and that a site takes for cooling (L per kWh of IT energy) are known too,
    with `water` as their factors.
    """

    intensity_gco2e_per_kwh: float | None = None
    basis: str | None = None
    citation: str = ""
    factor: "Factor | None" = None
    water_l_per_kwh: float | None = None
    site_l_per_kwh: float | None = None
    water: "tuple[Factor, Factor] | tuple[()]" = ()


@dataclass(frozen=True, slots=True)
class Platform:
    """What a job needs to know of a product it runs in: rate in gCO2e/h, lifetime in h, inferences in it."""

    id: str
    operations_rate_gco2e_per_h: float | None = None
    lifetime_h: float | None = None
    inferences: float | None = None


@dataclass(frozen=True)
class Supplies:
    """Hardware and electricity by id, and the products that jobs run in or serve by row number.

    `dated` are the supplies that come from the factors, by column, name and year of the job: see `of`.
    """

    systems: dict[str, System]
    grids: dict[str, Grid]
    products: dict[int, Platform]
    dated: dict[tuple[str, str, int | None], Grid] = field(default_factory=dict)

    def of(self, job: Job) -> "Supplies":
        """Return the supplies as this job sees them: `grids` holds the factors of its year too."""
        if not self.dated:
            return self
        year = job_year(job)
        names = [(name, self.dated.get((column, name, year))) for column, name in grid_names(job)]
        extra = {name: grid for name, grid in names if grid is not None}
        return replace(self, grids=self.grids | extra, dated={}) if extra else self

    def from_factors(self, job: Job) -> bool:
        """Tell whether a factor with a range may take part in this job's cost."""
        system = self.systems.get(job.system or "")
        if system is not None and system.factors:
            return True
        return any(self.grids[name].factor for _, name in grid_names(job) if name in self.grids)

    def at(self, bound: Bound, job: Job) -> "Supplies":
        """Return the supplies with every factor at the end of its range that makes this job cheap, or dear."""
        system = self.systems.get(job.system or "")
        stated = job.utilisation != 1.0
        names = [name for _, name in grid_names(job) if name in self.grids]
        return replace(
            self,
            systems={}
            if system is None
            else {job.system or "": bounded_system(system, bound, stated=stated)},
            grids={name: bounded_grid(self.grids[name], bound) for name in names},
            dated={},
        )


def read_jobs(graph: Graph, as_of: str | None = None, products: Iterable[int] | None = None) -> list[Job]:
    """Return the jobs that had started at an ISO date (undated counts as always there), in the graph's order.

    `products` keeps only the jobs of these row numbers.
    """
    if not graph.rows("jobs"):
        return []
    table = graph.tables["jobs"]
    keep = (
        dated_by(table.column("started_at"), as_of).tolist() if as_of is not None else [True] * table.num_rows
    )
    if products is not None:
        wanted = set(products)
        keep = [
            there and code in wanted
            for there, code in zip(keep, table.column("product").to_pylist(), strict=True)
        ]
    names = [item.name for item in fields(Job) if item.name in table.column_names]
    columns = []
    for name in names:
        values = compress(table.column(name).to_pylist(), keep)
        default = _DEFAULTS.get(name)
        columns.append(list(values) if default is None else [default if x is None else x for x in values])
    return [Job(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def read_supplies(graph: Graph, jobs: Iterable[Job], factors: "str | Shelf | None" = None) -> Supplies:
    """Return the hardware and electricity tables, and the facts of every product that these jobs touch.

    Names that no table describes, or with nothing but an id, are looked up in the factors; `factors` is a CSV file
    that wins over ours.
    """
    jobs = list(jobs)
    systems = {
        row["id"]: System(row["power_w"], row["embodied_gco2e"], row["lifetime_h"], row["citation"] or "")
        for row in _rows(graph, "systems", ("id", "power_w", "embodied_gco2e", "lifetime_h", "citation"))
    }
    grids = {
        row["id"]: Grid(row["intensity_gco2e_per_kwh"], row["basis"], row["citation"] or "")
        for row in _rows(graph, "grids", ("id", "intensity_gco2e_per_kwh", "basis", "citation"))
    }
    codes = sorted({code for job in jobs for code in (job.product, job.platform) if code >= 0})
    told = {name: item for name, item in systems.items() if item != System(citation=item.citation)}
    systems |= systems_of(jobs, told, factors)
    priced = {name: item for name, item in grids.items() if item.intensity_gco2e_per_kwh is not None}
    products = dict(zip(codes, _platforms(graph, codes), strict=True))
    return Supplies(systems, grids, products, grids_of(jobs, priced, factors))


def _rows(graph: Graph, name: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    table = graph.tables.get(name)
    if table is None or not table.num_rows:
        return []
    rows: list[dict[str, Any]] = table.select(list(columns)).to_pylist()
    return rows


def read_products(graph: Graph, codes: list[int]) -> dict[int, Platform]:
    """Return what a job needs to know of products that it runs in or serves, by row number."""
    return dict(zip(codes, _platforms(graph, codes), strict=True))


def _platforms(graph: Graph, codes: list[int]) -> list[Platform]:
    products = graph.tables["products"]
    columns = [products.column(item.name) for item in fields(Platform)]
    return [Platform(*(column[code].as_py() for column in columns)) for code in codes]


def parse_mix(text: str) -> dict[str, float]:
    """Return the shares of a mix written as "coal:0.8;solar:0.2"; anything else raises `InputError`.

    >>> parse_mix("coal:0.8; solar:0.2")
    {'coal': 0.8, 'solar': 0.2}
    """
    shares: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, colon, number = part.rpartition(":")
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        name = name.strip()
        if not colon or not name or not 0 <= share <= 1 or name in shares:
            problem = f"{part!r} is not one SOURCE:SHARE with a share between 0 and 1"
            raise InputError(f"mix {text!r}: {problem}; write it as coal:0.8;solar:0.2")
        shares[name] = share
    return shares
