"""What the checks look at: what each source states of a product, its jobs with their figures, its "
"neighbours."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.audit.names import family
from lineage.costs import JobFigures, Supplies, job_figures, read_jobs, read_supplies
from lineage.errors import UnknownProduct
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.schema import CLAIM_TABLES, IMPACTS

__all__ = ["UNITS", "Evidence", "Statement", "read_evidence"]

UNITS: Final = {name: impact.unit for name, impact in IMPACTS.items()}
_FIGURES: Final = {name: impact.column for name, impact in IMPACTS.items()}
_COLUMNS: Final = frozenset(item.name for item in CLAIM_TABLES["products"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one row of one source states of a product's own cost, by impact in base units.

    `order` counts rows as they were loaded (later is newer), `withdrawn` says why its figures must not win,
    `contains` are the products whose totals it says to hold, `facts` are the row's further columns.
    """

    product: int
    id: str
    order: int
    stated: Mapping[str, float]
    withdrawn: str = ""
    contains: tuple[str, ...] = ()
    parameters: float | None = None
    tier: str = ""
    citation: str = ""
    source: str = ""
    place: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether its figures may be the product's own cost: neither withdrawn nor holding other totals."""
        return not self.withdrawn and not self.contains

    @property
    def who(self) -> str:
        """Who says so: the publication that the row names, else its file."""
        return self.citation or self.source

    def finding(self, code: str, text: str) -> Finding:
        """Return a finding about this row."""
        return finding(code, self.id, text, source=self.source, place=self.place)

    def fact(self, *names: str) -> str:
        """Return the first of these further columns that holds a text, else ""."""
        texts = (self.facts.get(name) for name in names)
        return next((text for text in texts if isinstance(text, str) and text.strip()), "").strip()


@dataclass(frozen=True)
class Evidence:
    """Everything published about the products of a graph, read once for all checks."""

    graph: Graph
    statements: tuple[Statement, ...]
    jobs: tuple[JobFigures, ...]
    supplies: Supplies
    job_facts: Mapping[str, Mapping[str, Any]]

    @cached_property
    def by_product(self) -> dict[int, list[Statement]]:
        """The statements of each product, in the order they were loaded."""
        groups: dict[int, list[Statement]] = {}
        for item in self.statements:
            groups.setdefault(item.product, []).append(item)
        return groups

    @cached_property
    def families(self) -> dict[str, list[Statement]]:
        """The statements of each family of names."""
        groups: dict[str, list[Statement]] = {}
        for item in self.statements:
            groups.setdefault(family(item.id), []).append(item)
        return groups

    @cached_property
    def _family_names(self) -> list[str]:
        return sorted(self.families)

    def families_of(self, name: str) -> list[str]:
        """Return the families whose name is this one, or begins with it and a dash."""
        first = bisect_left(self._family_names, name)
        last = bisect_left(self._family_names, f"{name}.", first)  # the sign after the dash
        return [
            item for item in self._family_names[first:last] if item == name or item.startswith(f"{name}-")
        ]

    @cached_property
    def by_source(self) -> dict[tuple[str, str], list[Statement]]:
        """The statements of each publication in each file."""
        groups: dict[tuple[str, str], list[Statement]] = {}
        for item in self.statements:
            groups.setdefault((item.citation, item.source), []).append(item)
        return groups

    @cached_property
    def jobs_of(self) -> dict[int, list[JobFigures]]:
        """The jobs that made each product."""
        groups: dict[int, list[JobFigures]] = {}
        for item in self.jobs:
            if item.job.makes:
                groups.setdefault(item.job.product, []).append(item)
        return groups

    @cached_property
    def parents(self) -> dict[int, list[int]]:
        """What each product with a statement, and every ancestor of one, was made out of."""
        groups: dict[int, list[int]] = {}
        children, parents = self.graph.integers("edges", "product"), self.graph.integers("edges", "parent")
        starts = np.searchsorted(children, np.arange(len(self.graph) + 1))
        todo = list(self.by_product)
        while todo:
            code = todo.pop()
            if code not in groups:
                groups[code] = parents[starts[code] : starts[code + 1]].tolist()
                todo += groups[code]
        return groups

    def ancestors(self, code: int) -> set[int]:
        """Return everything a product with a statement was made out of, itself left out."""
        if code in self._ancestors:
            return self._ancestors[code]
        seen: set[int] = set()
        todo = list(self.parents.get(code, ()))
        while todo:
            parent = todo.pop()
            if parent not in seen and parent != code:
                seen.add(parent)
                todo += self.parents.get(parent, ())
        self._ancestors[code] = seen
        return seen

    @cached_property
    def _ancestors(self) -> dict[int, set[int]]:
        return {}

    def power_kwh(self, item: JobFigures) -> float | None:
        """Return the IT energy that a stated power x time gives, in kWh, whatever energy and PUE are stated."""
        if self.is_rated(item):
            return None
        alone = replace(item.job, energy_kwh=None, pue=None, pue_included=False, overhead_kwh=None)
        return job_figures(alone, self.supplies).energy.it_kwh

    def is_rated(self, item: JobFigures) -> bool:
        """Whether the power of a job is that of the factors: what its hardware may draw, not what it drew."""
        system = self.supplies.systems.get(item.job.system or "")
        return item.job.power_w is None and system is not None and bool(system.factors)

    def is_looked_up(self, item: JobFigures) -> bool:
        """Whether the intensity of a job is that of the factors, by the name of a place or of a source."""
        names = {name for _, name, _ in self.supplies.dated}
        job = item.job
        mixed = any(name in (job.mix or "") for name in names)
        return job.grid_intensity_gco2e_per_kwh is None and (
            job.grid in names or job.grid_market in names or mixed
        )

    def job_finding(self, code: str, item: JobFigures, text: str) -> Finding:
        """Return a finding about a job, with the file and place that say so, where they are known."""
        facts = self.job_facts.get(item.job.id, {})
        return finding(
            code, item.job.id, text, source=facts.get("_file") or "", place=facts.get("_place") or ""
        )


def read_evidence(graph: Graph) -> Evidence:
    """Return the evidence of a graph: its claims where they are known, else what won.

    Raises `InputError` for a job whose inputs cannot be right.
    """
    jobs = read_jobs(graph)
    supplies = read_supplies(graph, jobs)
    figures = tuple(job_figures(job, supplies) for job in jobs)
    claims = graph.claims
    if claims is None or not claims.tables["products"].num_rows:
        statements = _winners(graph)
        places: dict[str, dict[str, Any]] = {}
    else:
        files = claims.sources.column("address").to_pylist()
        statements = _claimed(graph, claims.tables["products"], files)
        places = _job_places(claims.tables["jobs"], files)
    return Evidence(graph, tuple(statements), figures, supplies, _job_facts(graph, places))


# -- statements --------------------------------------------------------------------------------------------


def _claimed(graph: Graph, table: pa.Table, files: list[str]) -> Iterable[Statement]:
    """Return the rows of the claims that state a figure."""
    stated = pc.is_valid(table.column(IMPACTS["carbon"].column))
    for column in _FIGURES.values():
        stated = pc.or_(stated, pc.is_valid(table.column(column)))
    orders = np.flatnonzero(np.asarray(stated.to_numpy(zero_copy_only=False), dtype=np.bool_))
    codes: dict[str, int | None] = {}
    found = []
    for order, row in zip(orders.tolist(), table.filter(stated).to_pylist(), strict=True):
        if row["id"] not in codes:
            codes[row["id"]] = _code(graph, row["id"])
        code = codes[row["id"]]
        if code is not None:
            source = files[row["source"]] if row["source"] is not None else ""
            found.append(_statement(graph, code, order, row, source))
    return found


def _code(graph: Graph, name: str) -> int | None:
    """Return the product of a spelling; None for one that was left out of the graph."""
    if name in graph.codes:
        return graph.codes[name]
    try:
        return graph.code(name)
    except UnknownProduct:
        return None


def _statement(graph: Graph, code: int, order: int, row: Mapping[str, Any], source: str) -> Statement:
    contains = (row.get("contains") or "").split(";")
    return Statement(
        product=code,
        id=graph.ids[code],
        order=order,
        stated={name: row[column] for name, column in _FIGURES.items() if row[column] is not None},
        withdrawn=row.get("superseded") or "",
        contains=tuple(part.strip() for part in contains if part.strip()),
        parameters=row.get("parameters"),
        tier=row.get("tier") or "reported",
        citation=row.get("citation") or "",
        source=source,
        place=row.get("place") or "",
        facts={name: value for name, value in row.items() if name not in _COLUMNS and value is not None},
    )


def _winners(graph: Graph) -> Iterable[Statement]:
    """Return what won for each product, where no source is kept."""
    columns = {name: graph.floats("products", column) for name, column in _FIGURES.items()}
    stated = np.logical_or.reduce([~np.isnan(values) for values in columns.values()])
    table = graph.tables["products"]
    for code in np.flatnonzero(stated).tolist():
        row = table.slice(code, 1).to_pylist()[0]
        yield _statement(graph, code, code, row | {"citation": row.get("own_carbon_source")}, "")


# -- jobs --------------------------------------------------------------------------------------------------


def _job_places(table: pa.Table, files: list[str]) -> dict[str, dict[str, Any]]:
    """Return the file and place that state each job, by its id."""
    rows = zip(*(table.column(name).to_pylist() for name in ("id", "source", "place")), strict=True)
    return {
        name: {"_file": files[number] if number is not None else "", "_place": place}
        for name, number, place in rows
    }


def _job_facts(graph: Graph, places: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the further columns of each job, by its id, with its file and place."""
    if not graph.rows("jobs"):
        return {}
    table = graph.tables["jobs"]
    known = {item.name for item in CLAIM_TABLES["jobs"]} - {"id"}
    rows = table.select([name for name in table.column_names if name not in known]).to_pylist()
    return {
        row["id"]: {name: value for name, value in row.items() if value is not None}
        | dict(places.get(row["id"], {}))
        for row in rows
    }
