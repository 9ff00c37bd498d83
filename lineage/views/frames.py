"""Results as pandas tables: every column names its view and its unit."""

from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.schema import UNIT_SUFFIXES, kind_of

if TYPE_CHECKING:
    import pandas as pd

    from lineage.views.cost import Cost

__all__ = ["cost_frame"]


def cost_frame(cost: "Cost") -> "pd.DataFrame":
    """Return one row per product; unknown is NaN. What nobody carries is a last row, `unassigned`, with a burden only.

    The cumulative columns must not be added up over products: a shared ancestor would count several times.
    """
    import pandas as pd

    from lineage.views.closures import closures

    unit, codes = UNIT_SUFFIXES[cost.unit], np.asarray(cost.existing, dtype=np.int64)
    names = [cost.graph.id(code) for code in cost.existing]
    columns: dict[str, Any] = {
        "id": names,
        "name": [cost.name(code) for code in cost.existing],
        "kind": [kind_of(name) for name in names],
        "tier": [cost.own_costs.tier[code] for code in cost.existing],
    }
    whole = closures(cost)
    nothing = np.full(len(cost.graph), np.nan)
    views = {"own": cost.own, "cumulative": whole.bounds, "epc": cost.epc, "burden": cost.burden}
    for view, bounds in views.items():
        for suffix, side in zip(("_lo", "", "_hi"), bounds or (nothing,) * 3, strict=True):
            columns[f"{view}_{unit}{suffix}"] = side[codes]
    retained = nothing if cost.retained_share is None else cost.retained_share
    columns |= {"retained_share": retained[codes], "covered": whole.covered[codes]}
    frame = pd.DataFrame(columns)
    if cost.sharing is not None and not cost.sharing.complete:
        idle = zip(("_lo", "", "_hi"), cost.sharing.unassigned, strict=True)
        figures = {f"burden_{unit}{end}": float("nan") if side is None else side for end, side in idle}
        last = pd.DataFrame([{"id": "unassigned", **figures}])
        frame = pd.concat([frame, last.astype(dict.fromkeys(figures, float))], ignore_index=True)
    frame.attrs["run"] = cost.run.as_dict()
    return frame
