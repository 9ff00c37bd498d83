"""A run as a store keeps it: what it was, the figures of its products, and the shares that it handed them down by.

The same in a Neo4j and in a folder, so that a run can be copied between them. Names of properties are those of a
Neo4j, without the prefix of the namespace.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from lineage.errors import OptionError, StoreError, did_you_mean
from lineage.graph import Graph
from lineage.schema import IMPACTS
from lineage.stores.base import RunResult

__all__ = [
    "RUN_LABEL",
    "RUN_PROPERTY",
    "SHARES",
    "SHARE_TYPE",
    "KeptRun",
    "check_free",
    "check_prefix",
    "figure_columns",
    "figure_names",
    "find_run",
    "is_sound",
    "kept_run",
    "prefixed",
    "run_id",
]

RUN_LABEL: Final = "LineageRun"
SHARE_TYPE: Final = "LINEAGE_SHARE"
RUN_PROPERTY: Final = "lineage_run"

_VIEWS: Final = ("own", "cumulative", "epc", "burden")
_BOUNDS: Final = {"lo": "_lo", "best": "", "hi": "_hi"}
_PREFIX: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,60})?")
SHARES: Final = pa.schema(
    [("product", pa.string()), ("parent", pa.string()), ("w", pa.float64()), ("weight_source", pa.string())]
)


@dataclass(frozen=True, eq=False)
class KeptRun:
    """One run: `node` are the properties of the node `(:LineageRun)`.

    `figures` has a row per product: its id and `figure_columns`; null is not known. `shares` has a row per edge that
    the run handed cost down by (none for a policy without edge weights): `product` carries the part `w` of what
    `parent` carries; `weight_source` says who decided that: explicit, metadata, job or policy.
    """

    node: Mapping[str, Any]
    figures: pa.Table
    shares: pa.Table

    @property
    def id(self) -> str:
        """The id of the run."""
        return str(self.node["id"])

    @property
    def prefix(self) -> str:
        """The namespace that the figures are in."""
        return str(self.node["prefix"])


def kept_run(result: RunResult, prefix: str = "") -> KeptRun:
    """Return what is kept of a result. Raises `OptionError` for a prefix that cannot begin a property."""
    check_prefix(prefix)
    document = result.as_dict()
    run, sums = document["run"], document["conservation"]
    rows = document["products"]
    columns = _figures(rows, run["impact"])
    plain = {key: value for key, value in run.items() if isinstance(value, str | int | float | bool)}
    node = plain | {
        "id": run_id(run, prefix),
        "prefix": prefix,
        "products": len(rows),
        "shares": len(result.weights),
        "sum_own": sums["sum_own"],
        "sum_burden": sums["sum_burden"],
        "options": json.dumps(dict(run), sort_keys=True),
        "coverage": json.dumps(document["coverage"], sort_keys=True),
        "written_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    pairs = sorted(result.weights.items())
    shares = {
        "product": [product for (product, _), _ in pairs],
        "parent": [parent for (_, parent), _ in pairs],
        "w": [w for _, (w, _) in pairs],
        "weight_source": [source for _, (_, source) in pairs],
    }
    figures = pa.table({"id": pa.array([row["id"] for row in rows], pa.string())} | columns)
    return KeptRun(node, figures, pa.table(shares, schema=SHARES))


def _figures(rows: Sequence[Mapping[str, Any]], impact: str) -> dict[str, pa.Array]:
    unit = _unit(impact)
    made = {
        f"{view}_{unit}{end}": pa.array([(row[view] or {}).get(bound) for row in rows], pa.float64())
        for view in _VIEWS
        for bound, end in _BOUNDS.items()
    }
    made["own_tier"] = pa.array([row["own"]["tier"] for row in rows], pa.string())
    for name in ("retained_share", "covered"):
        made[name] = pa.array([row[name] for row in rows], pa.float64())
    return made


def _unit(impact: str) -> str:
    return IMPACTS[impact].column.rpartition("_")[2]


def figure_columns(impact: str) -> list[str]:
    """Return the columns of figures, as they are named without a prefix.

    >>> figure_columns("energy")[:3]
    ['own_kwh_lo', 'own_kwh', 'own_kwh_hi']
    """
    unit = _unit(impact)
    figures = [f"{view}_{unit}{end}" for view in _VIEWS for end in _BOUNDS.values()]
    return [*figures, "own_tier", "retained_share", "covered"]


def figure_names(prefix: str, impact: str) -> list[str]:
    """Return the properties that a run puts onto products.

    >>> figure_names("x_", "energy")[:2]
    ['x_lineage_run', 'x_own_kwh_lo']
    """
    return [prefix + name for name in (RUN_PROPERTY, *figure_columns(impact))]


def prefixed(run: KeptRun, *, keep_nulls: bool = False) -> dict[str, dict[str, Any]]:
    """Return product id -> properties that it gets from a run; what is not known is left out, or said as None."""
    columns = {
        f"{run.prefix}{name}": run.figures.column(name).to_pylist()
        for name in run.figures.column_names
        if name != "id"
    }
    mark = {f"{run.prefix}{RUN_PROPERTY}": run.id}
    made = {}
    for row, name in enumerate(run.figures.column("id").to_pylist()):
        cells = {key: values[row] for key, values in columns.items()}
        made[name] = mark | {key: value for key, value in cells.items() if keep_nulls or value is not None}
    return made


def run_id(run: Mapping[str, Any], prefix: str = "") -> str:
    """Return the id of a run: equal options on an equal graph have the same in one namespace."""
    text = json.dumps(dict(run), sort_keys=True)
    return f"{prefix}{run['impact']}-{run['policy']}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def check_prefix(prefix: str) -> None:
    """Raise `OptionError` for a prefix that cannot begin a property."""
    if not _PREFIX.fullmatch(prefix):
        raise OptionError(f"prefix {prefix!r} cannot begin a property; use letters, digits and underscores")


def check_free(run: KeptRun, graph: Graph) -> None:
    """Raise `StoreError` where an attribute of the products has the name of a figure."""
    told = graph.tables["products"].column_names
    taken = sorted(set(told).intersection(figure_names(run.prefix, run.node["impact"])))
    if taken:
        raise StoreError(
            f"products have a column {taken[0]!r} that no run wrote: nothing was changed; give a prefix"
        )


def is_sound(node: Mapping[str, Any]) -> bool:
    """Return whether this can be a run of ours: its impact and its prefix are such that its names can be made."""
    return node.get("impact") in IMPACTS and bool(_PREFIX.fullmatch(str(node.get("prefix", ""))))


def find_run(name: str, found: Sequence[Mapping[str, Any]], address: str) -> Mapping[str, Any]:
    """Return a run by id. Raises `StoreError`, with a close id, where there is none."""
    for run in found:
        if run["id"] == name:
            return run
    hint = did_you_mean(name, [str(run["id"]) for run in found])
    raise StoreError(f"{address} holds no run {name!r}{hint}; lineage results lists the runs")
