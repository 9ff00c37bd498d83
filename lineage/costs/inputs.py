"""What the graph's tables say about jobs, hardware, electricity and platforms; None is unknown."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import compress
from typing import Any

from lineage.errors import InputError
from lineage.graph import Graph
from lineage.schema import MAKING_PHASES
from lineage.timeline import dated_by

__all__ = ["Grid", "Job", "Platform", "Supplies", "System", "parse_mix", "read_jobs", "read_supplies"]


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
    """A kind of hardware: power in W, embodied carbon in gCO2e, lifetime in h."""

    power_w: float | None = None
    embodied_gco2e: float | None = None
    lifetime_h: float | None = None
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """An electricity supply: intensity in gCO2e/kWh; basis is location or market."""

    intensity_gco2e_per_kwh: float | None = None
    basis: str | None = None
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """What a job needs to know of a product it runs in: rate in gCO2e/h, lifetime in h, inferences in it."""

    id: str
    operations_rate_gco2e_per_h: float | None = None
    lifetime_h: float | None = None
    inferences: float | None = None


@dataclass(frozen=True)
class Supplies:
    """Hardware and electricity by id, and the products that jobs run in or serve by row number."""

    systems: dict[str, System]
    grids: dict[str, Grid]
    products: dict[int, Platform]


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


def read_supplies(graph: Graph, jobs: Iterable[Job]) -> Supplies:
    """Return the hardware and electricity tables, and the facts of every product that these jobs touch."""
    systems = {
        row["id"]: System(row["power_w"], row["embodied_gco2e"], row["lifetime_h"], row["citation"] or "")
        for row in _rows(graph, "systems", ("id", "power_w", "embodied_gco2e", "lifetime_h", "citation"))
    }
    grids = {
        row["id"]: Grid(row["intensity_gco2e_per_kwh"], row["basis"], row["citation"] or "")
        for row in _rows(graph, "grids", ("id", "intensity_gco2e_per_kwh", "basis", "citation"))
    }
    codes = sorted({code for job in jobs for code in (job.product, job.platform) if code >= 0})
    return Supplies(systems, grids, dict(zip(codes, _platforms(graph, codes), strict=True)))


def _rows(graph: Graph, name: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    table = graph.tables.get(name)
    if table is None or not table.num_rows:
        return []
    rows: list[dict[str, Any]] = table.select(list(columns)).to_pylist()
    return rows


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
