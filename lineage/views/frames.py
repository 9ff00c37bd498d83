"""Results as pandas tables: every column names its view and its unit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from lineage.views.cost import Cost

__all__ = ["cost_frame"]

_SUFFIX = {"gCO2e": "gco2e", "kWh": "kwh", "L": "l"}


def cost_frame(cost: "Cost") -> "pd.DataFrame":
    """Return one row per product; unknown is NaN.

    The cumulative columns must not be added up over products: a shared ancestor would count several times.
    """
    import pandas as pd

    unit = _SUFFIX[cost.unit]
    records = []
    for row in cost.rows():
        record: dict[str, object] = {"id": row.id, "name": row.name, "kind": row.kind, "tier": row.tier}
        views = {"own": row.own, "cumulative": row.cumulative, "epc": row.epc, "burden": row.burden}
        for view, interval in views.items():
            for bound in ("lo", "best", "hi"):
                suffix = "" if bound == "best" else f"_{bound}"
                value = None if interval is None else getattr(interval, bound)
                record[f"{view}_{unit}{suffix}"] = float("nan") if value is None else value
        record["retained_share"] = float("nan") if row.retained_share is None else row.retained_share
        record["covered"] = row.covered
        records.append(record)
    frame = pd.DataFrame.from_records(records)
    frame.attrs["run"] = cost.run.as_dict()
    return frame
