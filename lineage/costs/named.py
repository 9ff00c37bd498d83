"""The names of a graph's inputs, as an uncertainty speaks of them."""

from lineage.errors import OptionError, did_you_mean
from lineage.findings import Finding, finding
from lineage.graph import Graph
from lineage.uncertainty import SECTIONS, Uncertainty

__all__ = ["unused_lines"]


def unused_lines(graph: Graph, given: Uncertainty) -> list[Finding]:
    """Refuse names that do not exist, and report the patterns that fit nothing in the graph."""
    tables, ids = graph.tables, graph.ids
    jobs = [name for name in tables["jobs"].column("id").to_pylist() if name]
    systems = [name for name in tables["systems"].column("id").to_pylist() if name]
    systems += [name for name in dict.fromkeys(tables["jobs"].column("system").to_pylist()) if name]
    grids = tables["grids"].column("id").to_pylist()
    for column in ("grid", "grid_market"):
        grids += [name for name in dict.fromkeys(tables["jobs"].column(column).to_pylist()) if name]
    own_job = [f"job:{name}" for name in jobs]
    known = {
        "own": ids,
        "grid": grids + own_job,
        "power": systems + own_job,
        "embodied": systems,
        "energy": jobs,
        "pue": jobs,
        "platform": [name for name in ids if name.startswith("platform:")],
    }
    found = []
    for section, (_, what) in SECTIONS.items():
        literal = set(given.literal(section))
        for pattern in given.unused(section, known[section]) if getattr(given, section) else ():
            if section == "own" and pattern in literal:
                graph.code(pattern)
                continue
            if pattern in literal:
                hint = did_you_mean(pattern, known[section])
                raise OptionError(f"[{section}] {pattern!r}: there is no such name ({what}){hint}")
            found.append(finding("unused-uncertainty", f"[{section}] {pattern}", f"it fits no {what}"))
    return found
