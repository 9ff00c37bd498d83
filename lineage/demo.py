"""The bundled supply chain: what reusing a model costs, shown in half a minute on published figures.

The tables are in `lineage/data/demo`, in the format that everyone can write by hand; docs/demo.md says where each
figure comes from. Nothing here knows a figure: all of them are computed from the tables.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from lineage.importing import read
from lineage.run import Run
from lineage.schema import IMPACTS, MAKING_PHASES
from lineage.units import show

if TYPE_CHECKING:
    from lineage.graph import Graph
    from lineage.views.bill import BillRow
    from lineage.views.cost import Cost, ProductCost

__all__ = ["REPORT_NAME", "RUN", "demo_graph", "demo_tables", "demo_text", "run_demo"]

REPORT_NAME: Final = "lineage-demo.html"
RUN: Final = Run(policy="equal", impact="energy")  # the paper's own chain has no grid, so no carbon

# What the demo shows of the bundled products: each line a chain, from the base to what was built on it.
_CHAINS: Final = (("bert-base", "distilbert"), ("bloom-7b1", "bloomz-7b"), ("roberta",))
_EXPLAINED: Final = "distilbert"

_PARTS: Final = {2: "half", 3: "a third", 4: "a quarter"}
_COUNTS: Final = {1: "one child", 2: "two children", 3: "three children"}


def demo_tables() -> Path:
    """Return the folder of the bundled tables."""
    return Path(__file__).parent / "data" / "demo"


def demo_graph() -> "Graph":
    """Return the graph of the bundled supply chain."""
    return read(demo_tables(), format="tables")


def run_demo(folder: Path, *, out: TextIO) -> Path:
    """Print the demo and write its report into a folder; return the report's path. No store is left behind.

    Raises `OSError` where the folder cannot be written to.
    """
    from lineage.reports import report

    graph = demo_graph()
    out.write(demo_text(graph))
    path = folder / REPORT_NAME
    report(graph, _EXPLAINED, RUN, to=path)
    out.write(f"Report: {REPORT_NAME}\n")
    out.write(
        f"Next: lineage explain {graph.ids[graph.code(_EXPLAINED)]} --store demo: --impact {RUN.impact}\n"
        "      lineage load YOUR_FILES && lineage cost\n"
    )
    return path


def demo_text(graph: "Graph") -> str:
    """Return the demo's table and its explanation, computed from a graph that holds the bundled products."""
    from lineage.views.cost import cost

    result = cost(graph, RUN)
    lines = [
        f"Reusing a model is not free. {RUN.impact.capitalize()}, {RUN.unit}; policy: {RUN.policy}",
        f"{'product':<13}{'own':>7}     {'with its share of':<21}{'upstream':>8}  figures known",
        f"{'':<20}     {'what it is built on':<21}{'':>8}  (self + ancestors)",
    ]
    for chain in _CHAINS:
        lines += [_line(result.row(name), hop) for hop, name in enumerate(chain)]
    lines += _explanation(result)
    lines.append(_conservation(result))
    return "\n".join(lines) + "\n"


def _line(row: "ProductCost", hop: int) -> str:
    label = f"{'└ ' if hop else ''}{row.name}"
    epc = row.epc
    bound = ">=" if epc is None or epc.hi is None else "  "
    total = f"{bound} {_number(epc and epc.best):>6}"
    upstream = _percent(row.upstream_share)
    return (
        f"{label:<13}{_number(row.own.best):>7}     {total:<21}{upstream:>8}   {row.known} of {row.members}"
    )


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.0f} %"


# -- why is it this number ---------------------------------------------------------------------------------


def _explanation(result: "Cost") -> Iterator[str]:
    from lineage.views.bill import bill

    row = result.row(_EXPLAINED)
    opened = bill(result.graph, row.id, RUN, result=result)
    yield f"Why {_number(opened.total.best)} for {row.name}?"
    for item in opened.rows:
        why = _own_reason(result, item) if item.id == row.id else _share_reason(result, row.id, item)
        share = _percent(item.share)
        yield f"  {item.name:<12}{item.contribution:>7,.1f}  {share:>4}  {why}"
    if opened.not_covered:
        names = [result.row(name).name for name in opened.not_covered]
        yield f"  not covered:  {', '.join(names)}: no published figure"


def _share_reason(result: "Cost", product: str, item: "BillRow") -> str:
    """Say what part of a parent arrives: "half of 1,507: one child + BERT's own use"."""
    whole = _number(item.own.best)
    children = [child for child, parent in result.weights if parent == item.id]
    parts = len(children) + 1
    if product not in children or abs(item.weight * parts - 1) > 1e-12:
        return f"{item.weight:.3g} x {whole}"
    counted = _COUNTS.get(len(children), f"{len(children)} children")
    return f"{_PARTS.get(parts, f'1/{parts}')} of {whole}: {counted} + {item.name.split()[0]}'s own use"


def _own_reason(result: "Cost", item: "BillRow") -> str:
    """Say what a product's own energy is made of: "8 GPUs x 250 W x 84 h (the paper prints 14.4: wrong)"."""
    formula = " + ".join(_formulas(result.graph, item.id)) or "its own cost"
    printed = [
        f" (the paper prints {value:g}: {reason.partition(':')[0]})"
        for value, reason in _superseded(result.graph, item.id)
    ]
    return formula + "".join(printed)


def _formulas(graph: "Graph", product: str) -> Iterator[str]:
    jobs = graph.tables["jobs"]
    code = graph.code(product)
    for job in jobs.to_pylist():
        if job["product"] != code or job["phase"] not in MAKING_PHASES:
            continue
        device = "TPU" if str(job.get("hardware") or "").startswith("TPU") else "GPU"
        if None not in (job["device_count"], job["power_w"], job["duration_h"]):
            yield f"{job['device_count']:,g} {device}s x {job['power_w']:g} W x {job['duration_h']:,g} h"
        elif job["energy_kwh"] is not None:
            yield f"{job['energy_kwh']:,g} kWh in job {job['id']}"


def _superseded(graph: "Graph", product: str) -> Iterator[tuple[float, str]]:
    """Yield the figures that the sources print for a product and that never win, with the reason."""
    if graph.claims is None:
        return
    column = IMPACTS[RUN.impact].column
    rows: list[dict[str, Any]] = (
        graph.claims.tables["products"].select(["id", "superseded", column]).to_pylist()
    )
    for row in rows:
        if row["id"] == product and row["superseded"] and row[column] is not None:
            yield row[column], row["superseded"]


def _conservation(result: "Cost") -> str:
    check = result.conservation
    if check.sum_own is None:
        return f"No {RUN.impact} is known of these products"
    if not check.applies or check.sum_burden is None:
        return f"Does not conserve: {show(check.over_allocated, RUN.unit)} are handed out twice"
    difference = f"{abs(check.sum_burden - check.sum_own):.3f}".rstrip("0").rstrip(".")
    return f"Every known {RUN.unit} is assigned exactly once: difference {difference}"
