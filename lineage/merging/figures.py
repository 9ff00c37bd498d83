"""Which figure is a product's own cost: better evidence, then newer.

What its source has withdrawn, and totals that hold other products' totals, never win.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.findings import Finding
from lineage.merging.columns import Bools, Codes, Rows, latest, taken, tier_ranks
from lineage.schema import IMPACTS, Impact
from lineage.units import show

__all__ = ["merge_figures"]

DEFAULT_TIER = "reported"
TOLERANCE = 0.01  # two figures for the same thing may differ by 1 % before it is a finding


@dataclass(frozen=True)
class _Figures:
    """Rows of claims about products with the product of each row."""

    rows: Rows
    products: Codes
    ids: list[str]


def merge_figures(rows: Rows, products: Codes, ids: list[str]) -> tuple[dict[str, pa.Array], list[Finding]]:
    """Return the figure columns of products (per impact: value, bounds, tier, source), and the findings.

    An empty bound is the best value and an empty tier is `reported`. Figures that lose stay in the claims.
    """
    claims = _Figures(rows, products, ids)
    stated = {impact: _stated(rows, impact) for impact in IMPACTS.values()}
    barred, findings = _barred(claims, np.logical_or.reduce(list(stated.values())))
    tiers = tier_ranks(rows.array("tier"), DEFAULT_TIER)
    columns: dict[str, pa.Array] = {}
    for impact, flags in stated.items():
        usable = np.flatnonzero(flags & ~barred)
        order = usable[np.lexsort((usable, rows.ranks[usable], -tiers[usable]))]
        winners = latest(products, order, len(ids))
        columns |= _columns(rows, impact, winners)
        findings += _differences(claims, impact, order, winners)
    return columns, findings


def _stated(rows: Rows, impact: Impact) -> Bools:
    return rows.valid(impact.column) | rows.valid(impact.column + "_lo") | rows.valid(impact.column + "_hi")


def _barred(claims: _Figures, stated: Bools) -> tuple[Bools, list[Finding]]:
    """Return which rows must not win, with a finding for each that states a figure."""
    rows = claims.rows
    barred = np.zeros(len(rows), dtype=np.bool_)
    findings = []
    withdrawn = rows.stated("superseded")
    for row in withdrawn[stated[withdrawn]].tolist():
        reason = rows.array("superseded")[row].as_py()
        barred[row] = True
        subject = claims.ids[claims.products[row]]
        findings.append(
            rows.finding(row, "superseded", subject, f"{_stating(rows, row)} never wins: {reason}")
        )
    holding = rows.stated("contains")
    for row in holding[(stated & ~barred)[holding]].tolist():
        held = "; ".join(part.strip() for part in rows.array("contains")[row].as_py().split(";"))
        barred[row] = True
        subject = claims.ids[claims.products[row]]
        text = f"{_stating(rows, row)} holds the totals of {held}, so it is not taken as its own cost"
        findings.append(rows.finding(row, "contains", subject, text))
    return barred, findings


def _stating(rows: Rows, row: int) -> str:
    """Name the figures of a row: "own carbon 8 gCO2e (a.csv, line 2)"."""
    parts = []
    for impact in IMPACTS.values():
        value = _best(rows, impact, row)
        if value is not None:
            parts.append(f"own {impact.name} {show(value, impact.unit)}")
    return f"{', '.join(parts) or 'the figure'} ({rows.cited(row)})"


def _best(rows: Rows, impact: Impact, row: int) -> float | None:
    value: float | None = rows.array(impact.column)[row].as_py()
    return value


def _columns(rows: Rows, impact: Impact, winners: Codes) -> dict[str, pa.Array]:
    """Return the columns of one impact."""
    stem = impact.column.rsplit("_", 1)[0]
    if (winners < 0).all():
        numbers = pa.nulls(len(winners), pa.float64())
        texts = pa.nulls(len(winners), pa.string())
        bounds = {impact.column + end: numbers for end in ("", "_lo", "_hi")}
        return bounds | {f"{stem}_tier": texts, f"{stem}_source": texts}
    best = taken(rows.array(impact.column), winners)
    made = {impact.column: best}
    for end in ("_lo", "_hi"):
        made[impact.column + end] = pc.coalesce(taken(rows.array(impact.column + end), winners), best)
    tiers: list[str | None] = [None] * len(winners)
    sources: list[str | None] = [None] * len(winners)
    for product in np.flatnonzero(winners >= 0).tolist():
        row = int(winners[product])
        tiers[product] = rows.array("tier")[row].as_py() or DEFAULT_TIER
        sources[product] = rows.cited(row)
    return made | {
        f"{stem}_tier": pa.array(tiers, pa.string()),
        f"{stem}_source": pa.array(sources, pa.string()),
    }


def _differences(claims: _Figures, impact: Impact, order: Codes, winners: Codes) -> list[Finding]:
    """Report the figures that lose by more than the tolerance."""
    rows = claims.rows
    values = rows.numbers(impact.column)
    losers = order[winners[claims.products[order]] != order]
    won = values[winners[claims.products[losers]]]
    apart = np.abs(values[losers] - won) > TOLERANCE * np.maximum(np.abs(values[losers]), np.abs(won))
    findings = []
    for row in np.sort(losers[apart]).tolist():
        product = int(claims.products[row])
        text = (
            f"own {impact.name} {show(values[row], impact.unit)} ({rows.cited(row)}) differs from "
            f"{show(values[winners[product]], impact.unit)} ({rows.cited(int(winners[product]))}), which is kept"
        )
        findings.append(rows.finding(row, "does-not-reconcile", claims.ids[product], text))
    return findings
