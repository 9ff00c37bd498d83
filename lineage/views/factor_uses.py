"""Views: which factors a graph's own costs rest on, and which results move with them."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lineage.costs import Job, read_jobs, read_supplies
from lineage.costs.inputs import Supplies
from lineage.factors import Choice, Shelf, shelf
from lineage.factors.differences import Difference, differences
from lineage.factors.pins import pin_rows
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.cost import cost
from lineage.views.interval import Interval

__all__ = ["FactorUse", "Moved", "factor_uses", "moved_results", "moved_uses"]


@dataclass(frozen=True, slots=True)
class FactorUse:
    """A factor in use: how it was chosen, and the jobs and products whose own cost rests on it."""

    choice: Choice
    jobs: tuple[str, ...]
    products: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return self.choice.as_dict() | {"jobs": list(self.jobs), "products": list(self.products)}


def factor_uses(graph: Graph, run: Run, product: str | None = None) -> list[FactorUse]:
    """Return the factors that the jobs' costs rest on, in the order of kind and name, with what was considered.

    With `product` those of its own jobs and of its ancestors' jobs. A name that a table of the graph describes needs no
    factor. Raises `UnknownProduct` for a product that is not there, and `InputError` for a job that cannot be right.
    """
    codes = None if product is None else _upstream(graph, graph.code(product))
    table = shelf(run.factors, thorough=True)
    jobs: dict[tuple[str, str, int | None, str], set[str]] = {}
    products: dict[tuple[str, str, int | None, str], set[str]] = {}
    chosen: dict[tuple[str, str, int | None, str], Choice] = {}
    for job in read_jobs(graph, run.as_of, codes):
        for choice in _choices(graph, job, table):
            key = (choice.factor.kind, choice.asked, choice.year, choice.factor.basis)
            chosen[key] = choice
            jobs.setdefault(key, set()).add(job.id)
            products.setdefault(key, set()).add(graph.ids[job.product])
    order = sorted(chosen, key=lambda key: (key[0], key[1], key[2] or 0, key[3]))
    return [FactorUse(chosen[key], tuple(sorted(jobs[key])), tuple(sorted(products[key]))) for key in order]


def _upstream(graph: Graph, code: int) -> set[int]:
    parents: dict[int, list[int]] = {}
    edges = (graph.integers("edges", name).tolist() for name in ("product", "parent"))
    for child, parent in zip(*edges, strict=True):
        parents.setdefault(child, []).append(parent)
    seen, waiting = {code}, [code]
    while waiting:
        new = [parent for parent in parents.get(waiting.pop(), ()) if parent not in seen]
        seen.update(new)
        waiting += new
    return seen


def _choices(graph: Graph, job: Job, table: Shelf) -> list[Choice]:
    """Return the choices that one job's cost rests on."""
    table.used.clear()
    supplies = read_supplies(graph, [job], table).of(job)
    unused = _unused(job, supplies)
    return [choice for choice in table.used.values() if choice.factor.kind not in unused]


def _unused(job: Job, supplies: Supplies) -> set[str]:
    """Return the kinds of factors that were looked up for a job and that its cost does not need."""
    unused = {"peak", "memory"}
    if job.energy_kwh is not None or job.power_w is not None:
        unused |= {"power", "utilisation"}
    if job.utilisation != 1.0:
        unused.add("utilisation")
    if job.device_hours is None and job.duration_h is None:
        unused |= {"embodied", "lifetime", "power", "utilisation"}
    named = supplies.grids.get(job.grid or "")
    if job.grid_intensity_gco2e_per_kwh is not None or (named is not None and named.basis != "market"):
        unused.add("source")  # a mix gives way to an intensity that is stated, and to a grid that is known
    if job.grid_intensity_gco2e_per_kwh is not None and job.grid_market is None:
        unused.add("grid")
    return unused


def moved_uses(graph: Graph, run: Run, old: str | None, new: str | None) -> list[Difference]:
    """Return the factors in use whose number differs between two files of factors (None: ours)."""
    tables = [
        pin_rows(use.choice for use in factor_uses(graph, replace(run, factors=file))) for file in (old, new)
    ]
    return [item for item in differences(*tables) if item.change != "source"]


class Moved(NamedTuple):
    """A product whose own cost or EPC is another one with other factors."""

    product: str
    own_old: Interval
    own_new: Interval
    epc_old: Interval | None
    epc_new: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        pairs = zip(self._fields[1:], self[1:], strict=True)
        return {"product": self.product} | {name: item and item.as_dict() for name, item in pairs}


def moved_results(graph: Graph, run: Run, old: str | None, new: str | None) -> list[Moved]:
    """Return the products whose own cost or EPC differs between two files of factors (None: ours), largest first.

    How far one moved is the change of its best EPC, or of its own cost where there is no EPC.
    """
    before, after = (cost(graph, replace(run, factors=file)) for file in (old, new))
    rows = [
        Moved(a.id, a.own, b.own, a.epc, b.epc)
        for a, b in zip(before.rows(), after.rows(), strict=True)
        if (a.own, a.epc) != (b.own, b.epc)
    ]
    return sorted(rows, key=lambda row: (-_distance(row), row.product))


def _distance(row: Moved) -> float:
    old, new = (
        (row.own_old, row.own_new) if row.epc_old is None else (row.epc_old, row.epc_new or row.epc_old)
    )
    return abs((new.best or 0.0) - (old.best or 0.0))
