"""From claims to one graph: identity, which fact and which figure wins, edges joined, placeholders made.

Pure and vectorised. Whatever is merged, dropped or overruled on the way is a finding.
"""

import numpy as np
import pyarrow as pa

from lineage.claims import Claims, conform
from lineage.findings import Finding
from lineage.merging.columns import Codes, Rows, rows_of
from lineage.merging.edges import merge_edges
from lineage.merging.identity import unify
from lineage.merging.jobs import merge_jobs, platform_edges, undescribed
from lineage.merging.names import Names, named
from lineage.merging.products import merge_products
from lineage.merging.records import merge_descriptions
from lineage.schema import GRAPH_TABLES

__all__ = ["merge_claims"]


def merge_claims(claims: Claims) -> tuple[dict[str, pa.Table], tuple[Finding, ...]]:
    """Return the tables of one graph (columns: `lineage.schema.GRAPH_TABLES`) and the findings.

    The rules are those of the modules of this package: `identity` (which spellings are one product),
    `records` (the newest source wins, fact by fact), `figures` (better evidence wins, then the newer),
    `edges` (one edge between two products) and `jobs` (the newest record as a whole; edges to platforms).
    Cycles stay as they are.

    Raises `GraphError` for ids that are not `kind:name`, and for rows without one.
    """
    rows = rows_of(claims)
    names = named(rows)
    identity = unify(names, rows)
    findings = identity.findings
    ids, codes = _sorted(names, identity.targets)
    at = {mention: codes[raw] for mention, raw in names.codes.items()}

    jobs, found = merge_jobs(rows["jobs"], at["jobs", "product"], at["jobs", "platform"])
    findings += found
    described = rows["products"].preferring(identity.kept(names.codes["products", "id"]))
    products, found = merge_products(described, at["products", "id"], ids)
    findings += found
    known = np.zeros(len(ids), dtype=np.bool_)
    known[at["products", "id"]] = True
    known[jobs.products] = True
    products["known"] = pa.array(known)
    findings += _placeholders(names, rows, [ids[code] for code in np.flatnonzero(~known).tolist()])
    edges, found = merge_edges(rows["edges"], at["edges", "product"], at["edges", "parent"], ids)
    findings += found
    tables = {
        "products": products,
        "edges": edges.and_platforms(platform_edges(jobs, edges)),
        "jobs": jobs.columns(),
    }
    for name in ("systems", "grids"):
        tables[name], found = merge_descriptions(rows[name])
        findings += found
    findings += undescribed(jobs, tables["systems"]["id"], tables["grids"]["id"])
    made = {name: conform(pa.table(tables[name]), columns) for name, columns in GRAPH_TABLES.items()}
    return made, tuple(findings)


def _sorted(names: Names, targets: Codes) -> tuple[list[str], Codes]:
    """Return the ids that remain, sorted, and each name's row among them; the last is -1, for no name."""
    kept = np.flatnonzero(targets == np.arange(len(targets))).tolist()
    kept.sort(key=names.ids.__getitem__)
    codes = np.full(len(targets) + 1, -1, dtype=np.int64)
    codes[kept] = np.arange(len(kept))
    codes[:-1] = codes[targets]
    return [names.ids[code] for code in kept], codes


def _placeholders(names: Names, rows: dict[str, Rows], unknown: list[str]) -> list[Finding]:
    """Report the products that no source describes, each with the place where it is named first."""
    found = []
    for name in unknown:
        table, row = names.first_mention(names.numbers[name])
        text = f"no source describes {name}; a placeholder stands for it"
        found.append(rows[table].finding(row, "unknown-parent", name, text))
    return found
