"""Products: one row per id, facts from the newest source, figures by evidence."""

import pyarrow as pa
import pyarrow.compute as pc

from lineage.findings import Finding
from lineage.merging.columns import Codes, Rows
from lineage.merging.figures import merge_figures
from lineage.merging.records import merge_facts, repeats
from lineage.schema import IMPACTS, PLACE_COLUMNS

__all__ = ["merge_products"]

_FIGURES = {impact.column + end for impact in IMPACTS.values() for end in ("", "_lo", "_hi")}
_NOT_FACTS = {
    "id",
    "tier",
    "superseded",
    "contains",
    "uid",
    *_FIGURES,
    *(item.name for item in PLACE_COLUMNS),
}


def merge_products(rows: Rows, groups: Codes, ids: list[str]) -> tuple[dict[str, pa.Array], list[Finding]]:
    """Return the columns of the graph's products but for `known`, one value for each id, and the findings.

    A product that no source names otherwise is called by its id without the kind.
    """
    facts = [name for name in rows.table.column_names if name not in _NOT_FACTS]
    columns, findings = merge_facts(rows, groups, ids, facts)
    figures, more = merge_figures(rows, groups, ids)
    columns |= figures
    columns["id"] = pa.array(ids, pa.string())
    parts = pc.extract_regex(columns["id"], r"^(?P<kind>[^:]*):(?s:(?P<name>.*))$")
    columns["kind"] = parts.field("kind")
    columns["name"] = pc.coalesce(columns["name"], parts.field("name"))
    return columns, repeats(rows, groups, ids) + findings + more
