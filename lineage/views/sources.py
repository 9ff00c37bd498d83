"""View: who said what about a product, which figure won, and why."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, NamedTuple

import pyarrow as pa

from lineage.claims import Claims
from lineage.costs import OwnCosts, own_costs
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.merging.columns import age_ranks
from lineage.merging.identity import same_identity
from lineage.run import Run
from lineage.schema import CLAIM_TABLES, IMPACTS, MAKING_PHASES, PLACE_COLUMNS, Impact, tier_rank

__all__ = ["Fact", "Figure", "SourceJob", "Sources", "sources"]

DEFAULT_TIER: Final = "reported"
_BOUNDS: Final = ("_lo", "", "_hi")
_FIGURES: Final = {impact.column + bound for impact in IMPACTS.values() for bound in _BOUNDS}
_BESIDE: Final = {
    "id",
    "tier",
    "superseded",
    "contains",
    "uid",
    *_FIGURES,
    *(item.name for item in PLACE_COLUMNS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure for a product's own cost: `origin` is total (a source prints it) or jobs (their sum).

    `lo`, `best` and `hi` are in `unit`, None where not stated; `why` says why it won, or why not.
    """

    impact: str
    unit: str
    lo: float | None
    best: float | None
    hi: float | None
    tier: str
    origin: str
    spelling: str
    source: str
    place: str
    citation: str | None
    won: bool
    why: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Another property that a source states; `used` tells whether the graph holds this value."""

    name: str
    value: Any
    source: str
    place: str
    used: bool


@dataclass(frozen=True, slots=True)
class SourceJob:
    """A job of the product, and who tells of it."""

    id: str
    phase: str
    source: str
    place: str
    citation: str | None


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that was said about one product, under all of its spellings; `merges` says why they are one."""

    product: str
    spellings: tuple[str, ...]
    figures: tuple[Figure, ...]
    jobs: tuple[SourceJob, ...]
    facts: tuple[Fact, ...]
    merges: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/sources/1."""
        return {
            "schema": "lineage/sources/1",
            "product": self.product,
            "spellings": list(self.spellings),
            "figures": [asdict(item) for item in self.figures],
            "jobs": [asdict(item) for item in self.jobs],
            "facts": [asdict(item) for item in self.facts],
            "merges": [item.as_dict() for item in self.merges],
        }


class _Said(NamedTuple):
    """A row of claims about the product, and where it stands; `age` orders rows, the newest highest."""

    row: dict[str, Any]
    source: str
    age: tuple[int, int]

    @property
    def tier(self) -> str:
        return self.row["tier"] or DEFAULT_TIER

    @property
    def barred(self) -> str:
        """Why this row's figures never win; empty if they may."""
        if self.row["superseded"]:
            return f"superseded: {self.row['superseded']}"
        if self.row["contains"]:
            return f"holds the totals of {self.row['contains']}, so it is not its own cost"
        return ""

    def states(self, impact: Impact) -> bool:
        return any(self.row[impact.column + bound] is not None for bound in _BOUNDS)


def sources(graph: Graph, name: str, run: Run | None = None) -> Sources:
    """Return every figure and fact found for a product, who says so, which one won, and why.

    A better tier wins; on a tie the sum of the product's jobs, which can be opened, then the newer source
    (ACCOUNTING.md section 4). A graph without claims has nothing to show but what its jobs add up to.
    Raises `UnknownProduct`.

    >>> from lineage.testing import graph
    >>> [(item.best, item.won, item.why) for item in sources(graph("a", own={"a": 5}), "a").figures]
    [(5.0, True, 'the only figure')]
    """
    run = run or Run()
    code = graph.code(name)
    product = graph.ids[code]
    merged = same_identity(graph.findings)
    spellings = {product, *(old for old, new in merged.items() if new == product)}
    claims = graph.claims or Claims.empty()
    said = _said(claims, "products", "id", spellings)
    figures: list[Figure] = []
    for impact in IMPACTS.values():
        own = own_costs(graph, replace(run, impact=impact.name))
        figures += _figures(said, impact, own, code)
    return Sources(
        product=product,
        spellings=tuple(sorted(spellings)),
        figures=tuple(figures),
        jobs=tuple(_jobs(claims, spellings)),
        facts=tuple(_facts(graph, code, said)),
        merges=tuple(
            item for item in graph.findings if item.code == "merged-identity" and item.subject in spellings
        ),
    )


def _said(claims: Claims, table: str, column: str, spellings: set[str]) -> list[_Said]:
    """Return the rows about a product, the oldest first."""
    rows = claims.tables[table]
    at = [row for row, name in enumerate(rows.column(column).to_pylist()) if name in spellings]
    ranks = age_ranks(claims.sources)
    addresses = claims.sources.column("address").to_pylist()
    found = []
    for place, row in zip(at, rows.take(pa.array(at, pa.int64())).to_pylist(), strict=True):
        found.append(_Said(row, addresses[row["source"]], (int(ranks[row["source"]]), place)))
    return sorted(found, key=lambda item: item.age)


# -- figures -----------------------------------------------------------------------------------------------


def _figures(said: list[_Said], impact: Impact, own: OwnCosts, code: int) -> list[Figure]:
    """Return the figures of one impact, the winner first."""
    stating = [item for item in said if item.states(impact)]
    usable = [item for item in stating if not item.barred]
    best = max(usable, key=lambda item: (-tier_rank(item.tier), item.age), default=None)
    jobs = _jobs_figure(impact, own, code)
    count = len(usable) + (jobs is not None)
    figures = [] if jobs is None else [replace(jobs, why=_why_jobs(jobs, best, count))]
    jobs_won = own.origin[code] == "jobs"
    for item in stating:
        won = item is best and not jobs_won
        figures.append(
            _total(
                item, impact, won, item.barred or _why_total(item, best, jobs if jobs_won else None, count)
            )
        )
    return sorted(figures, key=lambda item: not item.won)


def _total(item: _Said, impact: Impact, won: bool, why: str) -> Figure:
    lo, best, hi = (item.row[impact.column + bound] for bound in _BOUNDS)
    return Figure(
        impact=impact.name,
        unit=impact.unit,
        lo=lo,
        best=best,
        hi=hi,
        tier=item.tier,
        origin="total",
        spelling=item.row["id"],
        source=item.source,
        place=item.row["place"] or "",
        citation=item.row["citation"],
        won=won,
        why=why,
    )


def _jobs_figure(impact: Impact, own: OwnCosts, code: int) -> Figure | None:
    """Return the sum of the product's jobs, whether it won or not; None where there is none."""
    if own.market_from_location[code]:
        return None  # the location's figure again, not one of its own
    won = own.origin[code] == "jobs"
    lo, best, hi, tier = float(own.lo[code]), float(own.best[code]), float(own.hi[code]), own.tier[code]
    if not won:
        others = [item for item in own.alternatives if item.product == code and item.origin == "jobs"]
        if not others:
            return None
        lo = best = hi = others[0].best
        tier = others[0].tier
    known = [None if math.isnan(value) else value for value in (lo, best, hi)]
    return Figure(
        impact=impact.name,
        unit=impact.unit,
        lo=known[0],
        best=known[1],
        hi=known[2],
        tier=tier,
        origin="jobs",
        spelling="",
        source="",
        place="",
        citation=None,
        won=won,
        why="",
    )


def _why_jobs(jobs: Figure, best: _Said | None, count: int) -> str:
    if count == 1 or best is None:
        return "the only figure"
    if not jobs.won:
        return f"weaker evidence: {jobs.tier} against {best.tier}"
    if tier_rank(jobs.tier) < tier_rank(best.tier):
        return f"better evidence: {jobs.tier} against {best.tier}"
    return f"the same evidence ({jobs.tier}), and jobs can be opened"


def _why_total(item: _Said, best: _Said | None, jobs: Figure | None, count: int) -> str:
    """Say why a printed total won, or why not; `jobs` is their sum where it won."""
    if count == 1:
        return "the only figure"
    if item is best and jobs is not None:
        if tier_rank(jobs.tier) < tier_rank(item.tier):
            return f"weaker evidence: {item.tier} against {jobs.tier} from its jobs"
        return f"the sum of its jobs has the same evidence ({item.tier}), and can be opened"
    if item is best:
        return f"the best evidence ({item.tier}), and the newest of it"
    if best is not None and tier_rank(item.tier) > tier_rank(best.tier):
        return f"weaker evidence: {item.tier} against {best.tier}"
    return f"the same evidence ({item.tier}), but older"


# -- jobs and facts ----------------------------------------------------------------------------------------


def _jobs(claims: Claims, spellings: set[str]) -> list[SourceJob]:
    """Return the jobs that made the product first, then those that served it."""
    rows = [
        SourceJob(
            item.row["id"], item.row["phase"], item.source, item.row["place"] or "", item.row["citation"]
        )
        for item in _said(claims, "jobs", "product", spellings)
    ]
    return sorted(rows, key=lambda job: (job.phase not in MAKING_PHASES, job.id))


def _facts(graph: Graph, code: int, said: list[_Said]) -> list[Fact]:
    """Return the other properties that sources state, by name, the newest last."""
    products = graph.tables["products"]
    order = [item.name for item in CLAIM_TABLES["products"]]
    facts = []
    for item in said:
        for name, value in item.row.items():
            if name in _BESIDE or value is None or name not in products.column_names:
                continue
            kept = products.column(name)[code].as_py()
            facts.append(Fact(name, value, item.source, item.row["place"] or "", kept == value))
    return sorted(
        facts, key=lambda fact: (order.index(fact.name) if fact.name in order else len(order), fact.name)
    )
