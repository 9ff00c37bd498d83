"""Jobs: the newest record of each, and the edges to the platforms that they ran on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage.findings import Finding
from lineage.merging.columns import Bools, Codes, Rows, latest
from lineage.merging.edges import Edges
from lineage.schema import MAKING_PHASES

__all__ = ["Jobs", "merge_jobs", "platform_edges", "undescribed"]


@dataclass(frozen=True)
class Jobs:
    """The rows of the jobs that count, sorted by job id, with product and platform as codes (-1: none)."""

    rows: Rows
    products: Codes
    platforms: Codes

    def columns(self) -> dict[str, pa.Array]:
        """Return the columns of the graph's jobs."""
        names = [name for name in self.rows.table.column_names if name not in ("place", "source")]
        made = {name: self.rows.array(name) for name in names}
        made["product"] = pa.array(self.products, pa.int32())
        made["platform"] = pa.array(self.platforms, pa.int32(), mask=self.platforms < 0)
        return made


def merge_jobs(rows: Rows, products: Codes, platforms: Codes) -> tuple[Jobs, list[Finding]]:
    """Keep the newest record of each job id, as a whole."""
    coded = rows.array("id").dictionary_encode()
    groups = np.asarray(coded.indices.to_numpy(), dtype=np.int64)
    winners = latest(groups, rows.oldest_first, len(coded.dictionary))
    names = coded.dictionary.to_pylist()
    findings = []
    for row in np.flatnonzero(winners[groups] != np.arange(len(rows))).tolist():
        name = names[groups[row]]
        text = f"job {name} is described again ({rows.cited(int(winners[groups[row]]))}), which is kept"
        findings.append(rows.finding(row, "repeated-record", name, text))
    order = sorted(range(len(names)), key=names.__getitem__)
    kept = winners[order]
    return Jobs(rows.at(kept), products[kept], platforms[kept]), findings


def platform_edges(jobs: Jobs, edges: Edges) -> dict[tuple[int, int], str | None]:
    """Return the edges (product, platform) that the making of products implies, each with its date.

    An edge that exists already is not added again. The date is the earliest start; where a job has none, the
    edge is undated, as it may always have been there. The weight is computed with the costs.
    """
    phases, starts = jobs.rows.texts("phase"), jobs.rows.texts("started_at")
    named = np.flatnonzero((jobs.platforms >= 0) & (jobs.platforms != jobs.products)).tolist()
    present = edges.pairs() if named else set()
    dates: dict[tuple[int, int], str | None] = {}
    for row in named:
        pair = int(jobs.products[row]), int(jobs.platforms[row])
        if phases[row] not in MAKING_PHASES or pair in present:
            continue
        start = starts[row]
        known = dates.get(pair, start)
        dates[pair] = None if start is None or known is None else min(known, start)
    return dates


# column that names a supply -> column whose value makes a description needless
_SUPPLIES = {"grid": "grid_intensity_gco2e_per_kwh", "grid_market": "grid_intensity_market_gco2e_per_kwh"}


def undescribed(jobs: Jobs, systems: pa.Array, grids: pa.Array) -> list[Finding]:
    """Report hardware and electricity supplies that jobs name, and that neither a table nor a factor describes.

    A supply needs no description where the job states its intensity itself.
    """
    from lineage.factors.names import known_contract, known_device, known_place

    found = _missing(jobs, "system", set(systems.to_pylist()), known_device)
    known = set(grids.to_pylist())
    for name, intensity in _SUPPLIES.items():
        in_factors = known_place if name == "grid" else known_contract
        found += _missing(jobs, name, known, in_factors, jobs.rows.valid(intensity))
    return found


def _missing(
    jobs: Jobs, name: str, known: set[str], in_factors: Callable[[str], bool], stated: Bools | None = None
) -> list[Finding]:
    rows = jobs.rows
    code = "unknown-system" if name == "system" else "unknown-grid"
    named = rows.valid(name) if stated is None else rows.valid(name) & ~stated
    found = []
    for row in np.flatnonzero(named).tolist():
        value = rows.array(name)[row].as_py()
        if value not in known and not in_factors(value):
            job = rows.array("id")[row].as_py()
            found.append(
                rows.finding(row, code, job, f"{name} {value!r} of job {job} is described by no table")
            )
    return found
