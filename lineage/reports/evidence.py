"""Who said what: the figures behind a report, used and lost, and the findings that concern it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from lineage.costs import own_cost_parts
from lineage.explanation.wording import shown
from lineage.findings import Finding
from lineage.views.cost import Cost

__all__ = ["MOST_STATEMENTS", "Evidence", "SourceFile", "Statement", "evidence", "relevant_findings"]

MOST_STATEMENTS: Final = 150
_SEVERITIES: Final = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Statement:
    """One figure that somebody states: where, with which evidence, and whether it is used."""

    product: str
    what: str
    figure: str
    formula: str
    tier: str
    source: str
    used: bool


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file or address that figures come from."""

    name: str
    format: str
    title: str
    url: str
    licence: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Statements in the order of the products given, how many more there are, and the files."""

    statements: tuple[Statement, ...]
    more: int
    files: tuple[SourceFile, ...]


def evidence(cost: Cost, codes: Sequence[int]) -> Evidence:
    """Return who states the own costs of some products; a product without a figure has no statement."""
    statements: list[Statement] = []
    opened = 0
    for code in codes:
        if len(statements) >= MOST_STATEMENTS:
            break
        opened += 1
        for part in own_cost_parts(cost.graph, cost.run, code, own=cost.own_costs):
            statements.append(
                Statement(
                    product=cost.graph.ids[code],
                    what=part.name,
                    figure=shown(part.value, part.unit),
                    formula=part.formula,
                    tier=part.tier or "unknown",
                    source=part.citation or "no citation",
                    used=part.used,
                )
            )
    return Evidence(tuple(statements), len(codes) - opened, _files(cost))


def _files(cost: Cost) -> tuple[SourceFile, ...]:
    """Return the sources of the graph by name; only the last part of a local path, which is nobody's business."""
    claims = cost.graph.claims
    if claims is None:
        return ()
    rows = claims.sources.to_pylist()
    files = {
        SourceFile(
            name=_short(row["address"] or "?"),
            format=row["format"] or "",
            title=row["title"] or "",
            url=row["url"] or "",
            licence=row["licence"] or "",
        )
        for row in rows
    }
    return tuple(sorted(files, key=lambda item: (item.name, item.title)))


def _short(address: str) -> str:
    return address if "://" in address else PurePath(address).name or address


def relevant_findings(cost: Cost, products: Iterable[str] | None) -> tuple[Finding, ...]:
    """Return the findings about some products (None: all), each once, the most severe first."""
    wanted = None if products is None else set(products)
    if wanted is not None:
        wanted |= _jobs_of(cost, wanted)
    every = dict.fromkeys((*cost.graph.findings, *cost.findings))
    kept = [item for item in every if wanted is None or _concerns(item, wanted)]
    return tuple(
        sorted(kept, key=lambda item: (_SEVERITIES.index(item.severity), item.code, item.subject, item.text))
    )


def _jobs_of(cost: Cost, products: set[str]) -> set[str]:
    """Return the ids of the jobs of some products: findings about a job are filed under its id."""
    codes = {cost.graph.codes[name] for name in products}
    jobs = zip(cost.graph.texts("jobs", "id"), cost.graph.integers("jobs", "product").tolist(), strict=True)
    return {job for job, code in jobs if job is not None and code in codes}


def _concerns(item: Finding, products: set[str]) -> bool:
    """Whether a finding is about one of the products or jobs, or about what one of the products was made of."""
    ends = item.subject.split(" <- ")
    return ends[0] in products
