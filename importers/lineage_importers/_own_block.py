"""The block `lineage_epc` that our own reports write into a model card: the own cost with its bounds and evidence.

Only the own cost is read back: EPC and cumulative cost hold other products' costs and are computed anew.
"""

import math
from typing import Any, Final

from lineage.schema import IMPACTS, TIERS

__all__ = ["own_figures"]

SCHEMA: Final = "lineage/card/1"


def own_figures(block: Any) -> dict[str, Any]:
    """Return columns of the products table for the block's own cost; empty if it is none of ours.

    Where the block knows no upper bound, the figure is a lower bound only: to take it as the whole cost would lose
    that something is missing.

    >>> own_figures({"schema": "lineage/card/1", "impact": "energy", "unit": "kWh",
    ...              "own": {"lo": 1.0, "best": 2.0, "hi": None, "tier": "measured"}})
    {'own_energy_kwh_lo': 1.0, 'tier': 'measured'}
    """
    if not isinstance(block, dict) or block.get("schema") != SCHEMA:
        return {}
    impact, own = IMPACTS.get(str(block.get("impact"))), block.get("own")
    if impact is None or block.get("unit") != impact.unit or not isinstance(own, dict):
        return {}
    lo, best, hi = (_amount(own.get(bound)) for bound in ("lo", "best", "hi"))
    tier = own.get("tier")
    if best is None or lo is None or not lo <= best <= (best if hi is None else hi) or tier not in TIERS:
        return {}
    stem = impact.column
    if hi is None:
        return {f"{stem}_lo": lo, "tier": tier}
    return {stem: best, f"{stem}_lo": lo, f"{stem}_hi": hi, "tier": tier}


def _amount(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
