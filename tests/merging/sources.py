"""Claims of several sources, for the tests of merging."""

from collections.abc import Iterable
from typing import Any

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.findings import Finding

__all__ = ["said", "shuffled", "subjects", "together"]


def said(address: str, *, retrieved_at: str | None = None, **tables: Iterable[dict[str, Any]]) -> Claims:
    """Return what one source says: rows by table (products, edges, jobs, systems, grids)."""
    build = ClaimsBuilder(Source(address=address, retrieved_at=retrieved_at))
    add = {
        "products": build.product,
        "edges": build.edge,
        "jobs": build.job,
        "systems": build.system,
        "grids": build.grid,
    }
    for table, rows in tables.items():
        for number, row in enumerate(rows, 1):
            add[table](**{"place": f"{table} {number}", **row})  # type: ignore[operator]
    return build.done()


def together(*parts: Claims) -> Claims:
    """Return all sources as one, the last counts as the newest."""
    return Claims.concat(parts)


def subjects(findings: Iterable[Finding], code: str) -> list[str]:
    """Return what the findings of one code are about, in order."""
    return [item.subject for item in findings if item.code == code]


def shuffled(claims: Claims, seed: int) -> Claims:
    """Return the same claims with the rows of every table in another order."""
    import random

    import pyarrow as pa

    tables = {}
    for name, table in claims.tables.items():
        order = list(range(table.num_rows))
        random.Random(f"{seed} {name}").shuffle(order)
        tables[name] = table.take(pa.array(order, pa.int64()))
    return Claims(claims.sources, tables, claims.findings)
