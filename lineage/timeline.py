"""What existed at a date: the one reading of dates that stores and views share.

Dates are ISO 8601 text in UTC (`lineage.schema`). "As of D" keeps a date whose first len(D) characters are
not after D, so that "2024" and "2024-12-31" include the whole year and the whole day. Undated counts as
always there.
"""

import numpy as np
import pyarrow as pa

from lineage.graph import Graph

__all__ = ["dated_by", "existing_at"]

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def dated_by(dates: pa.ChunkedArray | pa.Array, as_of: str) -> Flags:
    """Return which dates are not after `as_of`, shape (rows,); a missing date counts as always there.

    >>> import numpy as np
    >>> dated_by(pa.array(["2024-12-31T23:59:59Z", "2025-01-01", None, "2024"]), "2024-12-31").tolist()
    [True, False, True, True]
    """
    import pyarrow.compute as pc

    if not len(dates):
        return np.zeros(0, np.bool_)
    started = pc.less_equal(pc.utf8_slice_codeunits(dates, 0, len(as_of)), as_of)
    flags: Flags = np.asarray(pc.fill_null(started, True).to_numpy(zero_copy_only=False), dtype=np.bool_)
    return flags


def existing_at(graph: Graph, as_of: str) -> Graph:
    """Return the part of a graph that existed at an ISO date (ACCOUNTING.md section 3, "as of a date").

    A product counts by `created_at`; an edge by the later of its own date and its child's, and only where its
    parent exists too; a job by `started_at`, and only where its product exists. The platform of a job that
    came later than the job is null. Systems and grids have no date. The result has the findings, but no
    claims: those speak of the whole graph. Rows keep their order; `product`, `parent` and `platform` are
    numbered anew.
    """
    tables = dict(graph.tables)
    products = tables["products"]
    there = dated_by(products.column("created_at"), as_of)
    # Old row number -> new one, -1 for a product that is not there yet; one slot more, so that -1 stays -1.
    renumber = np.full(len(there) + 1, -1, np.int32)
    renumber[:-1][there] = np.arange(int(there.sum()), dtype=np.int32)
    tables["products"] = products.filter(pa.array(there))
    if "edges" in tables:
        product = renumber[graph.integers("edges", "product")]
        parent = renumber[graph.integers("edges", "parent")]
        keep = dated_by(tables["edges"].column("created_at"), as_of) & (product >= 0) & (parent >= 0)
        tables["edges"] = _kept(tables["edges"], keep, {"product": product, "parent": parent})
    if "jobs" in tables:
        product = renumber[graph.integers("jobs", "product")]
        keep = dated_by(tables["jobs"].column("started_at"), as_of) & (product >= 0)
        codes = {"product": product, "platform": renumber[graph.integers("jobs", "platform")]}
        tables["jobs"] = _kept(tables["jobs"], keep, codes)
    return Graph({name: table.combine_chunks() for name, table in tables.items()}, graph.findings)


def _kept(
    table: pa.Table, keep: Flags, codes: dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]]
) -> pa.Table:
    """Return the rows to keep with new codes; a code of -1 becomes null."""
    for name, values in codes.items():
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(values, pa.int32(), mask=values < 0))
    return table.filter(pa.array(keep))
