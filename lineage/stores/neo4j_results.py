"""Figures of a run on the nodes they belong to, in one namespace, and the run itself as `(:LineageRun)`.

Properties: `lineage_run`; `own_`, `cumulative_`, `epc_` and `burden_` with the unit and the bounds
(`epc_gco2e`, `epc_gco2e_lo`, `epc_gco2e_hi`); `own_tier`, `retained_share`, `covered`; each after the prefix of
the namespace. A figure counts where its `lineage_run` is the id of a `(:LineageRun)` that exists.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import OptionError, StoreError, did_you_mean
from lineage.schema import IMPACTS, kind_of
from lineage.stores.neo4j_model import OURS, label_of, quoted, stored_key
from lineage.stores.neo4j_plan import Step, batches

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = [
    "Target",
    "figure_names",
    "figures_of",
    "find_results",
    "find_run",
    "remove_steps",
    "result_steps",
    "run_id",
    "stale_nodes",
]

_VIEWS: Final = ("own", "cumulative", "epc", "burden")
_BOUNDS: Final = {"lo": "_lo", "best": "", "hi": "_hi"}
_PREFIX: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,60})?")
_RUNS: Final = "MATCH (r:LineageRun) WITH r ORDER BY r.id RETURN properties(r) AS run"
_END_RUN: Final = "UNWIND $rows AS row MATCH (r:LineageRun {id: row.id}) DELETE r"
_SET_RUN: Final = (
    "UNWIND $rows AS row MERGE (r:LineageRun {id: row.id}) SET r = row, r.written_at = toString(datetime())"
)
_TAKEN: Final = (
    "the property of a figure is on a node already, at {place}, and not written by a run: nothing was "
    "changed; give a prefix"
)

Found = Sequence[Mapping[str, Any]]


class Target:
    """Which nodes take figures: those of our graph, or those of a model that a mapping describes."""

    def __init__(
        self, labels: Sequence[str], match: Callable[[str], str], rows: Sequence[tuple[str, str, Any]]
    ) -> None:
        self.labels = tuple(labels)
        self.match = match  # label -> the pattern that finds the node of `row.key`
        self.rows = rows  # (label, key, product id)

    @classmethod
    def ours(cls, products: Sequence[str]) -> "Target":
        """Return the nodes that `write` made for these products."""
        rows = [(label_of("products", kind_of(name)), stored_key(name), name) for name in products]
        return cls([OURS], lambda label: f"MATCH (n:{label} {{id: row.key}}) WHERE n:{OURS}", rows)


def figure_names(prefix: str, impact: str) -> list[str]:
    """Return the properties that a run writes.

    >>> figure_names("", "energy")[:4]
    ['lineage_run', 'own_kwh_lo', 'own_kwh', 'own_kwh_hi']
    """
    unit = IMPACTS[impact].column.rpartition("_")[2]
    figures = [f"{view}_{unit}{end}" for view in _VIEWS for end in _BOUNDS.values()]
    return [prefix + name for name in ("lineage_run", *figures, "own_tier", "retained_share", "covered")]


def figures_of(row: Mapping[str, Any], impact: str, prefix: str = "") -> dict[str, Any]:
    """Return the properties of one product, from its row in the document lineage/cost/1; None where unknown."""
    unit = IMPACTS[impact].column.rpartition("_")[2]
    made: dict[str, Any] = {
        f"{prefix}{view}_{unit}{end}": (row[view] or {}).get(bound)
        for view in _VIEWS
        for bound, end in _BOUNDS.items()
    }
    made[f"{prefix}own_tier"] = row["own"]["tier"]
    return made | {f"{prefix}{name}": row[name] for name in ("retained_share", "covered")}


def run_id(run: Mapping[str, Any]) -> str:
    """Return the id of a run: equal options on an equal graph have the same."""
    text = json.dumps(dict(run), sort_keys=True)
    return f"{run['impact']}-{run['policy']}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def find_results(transaction: "ManagedTransaction") -> list[dict[str, Any]]:
    """Return the runs in the database, sorted by id."""
    runs = []
    for record in transaction.run(_RUNS):
        run = dict(record["run"])
        prefix = str(run.get("prefix", ""))
        if run.get("impact") in IMPACTS and _PREFIX.fullmatch(prefix):
            # Not as the node lists them: it could be changed to list what is not ours.
            runs.append(run | {"properties": figure_names(prefix, run["impact"])})
    return runs


def _check_prefix(prefix: str) -> None:
    if not _PREFIX.fullmatch(prefix):
        raise OptionError(f"prefix {prefix!r} cannot begin a property; use letters, digits and underscores")


def result_steps(
    document: Mapping[str, Any], prefix: str, target: Target, found: Found, stale: Sequence[tuple[str, str]]
) -> Callable[[], Iterator[Step]]:
    """Return what yields the steps that put a run into the database.

    `document` is lineage/cost/1; `stale` are (element id, run id) of the nodes that the namespace holds now.
    """
    run = document["run"]
    names = figure_names(prefix, run["impact"])
    _check_prefix(prefix)
    new = run_id(run)
    before = [item for item in found if item["prefix"] == prefix]
    nothing = dict.fromkeys([*(name for item in before for name in item["properties"]), *names])
    owned = {name for item in found for name in item["properties"]}
    figures = {row["id"]: row for row in document["products"]}

    def steps() -> Iterator[Step]:
        yield from _refusals(target, sorted(set(names) - owned))
        yield Step(_END_RUN, [{"id": item["id"]} for item in before])
        yield from _clearing([key for key, _ in stale], nothing)
        for label in sorted({label for label, _, _ in target.rows}):
            text = f"UNWIND $rows AS row {target.match(label)} SET n += row.p"
            rows = (
                {
                    "key": key,
                    "p": {**figures_of(figures[name], run["impact"], prefix), f"{prefix}lineage_run": new},
                }
                for at, key, name in target.rows
                if at == label
            )
            yield from (Step(text, some, counted=True) for some in batches(rows))
        yield Step(_SET_RUN, [_run_node(document, prefix, new, target)])

    return steps


def _refusals(target: Target, names: Sequence[str]) -> Iterator[Step]:
    """Yield steps that change nothing, and refuse where a name is on a node that no run wrote."""
    for label in target.labels if names else ():
        where = " OR ".join(f"n.{name} IS NOT NULL" for name in names)
        refuse = f"MATCH (n:{quoted(label)}) WHERE {where} RETURN coalesce(n.id, elementId(n)) LIMIT 1"
        yield Step("UNWIND $rows AS row RETURN row", [], refuse=refuse, refusal=_TAKEN)


def _clearing(nodes: Sequence[str], nothing: Mapping[str, None]) -> Iterator[Step]:
    text = "UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.key SET n += $nothing"
    yield from (
        Step(text, some, {"nothing": dict(nothing)}) for some in batches({"key": key} for key in nodes)
    )


def _run_node(document: Mapping[str, Any], prefix: str, new: str, target: Target) -> dict[str, Any]:
    run, sums = document["run"], document["conservation"]
    plain = {key: value for key, value in run.items() if isinstance(value, str | int | float | bool)}
    return plain | {
        "id": new,
        "prefix": prefix,
        "labels": list(target.labels),
        "properties": figure_names(prefix, run["impact"]),
        "products": len(target.rows),
        "sum_own": sums["sum_own"],
        "sum_burden": sums["sum_burden"],
        "options": json.dumps(dict(run), sort_keys=True),
        "coverage": json.dumps(document["coverage"], sort_keys=True),
    }


def stale_nodes(transaction: "ManagedTransaction", runs: Found) -> list[tuple[str, str]]:
    """Return (element id, run id) of the nodes that hold figures of these runs."""
    stale: list[tuple[str, str]] = []
    for run in runs:
        key = f"{run['prefix']}lineage_run"
        for label in run.get("labels", [OURS]):
            answer = transaction.run(
                f"MATCH (n:{quoted(label)}) WHERE n.{key} = $run RETURN elementId(n)", run=run["id"]
            )
            stale += [(record[0], run["id"]) for record in answer]
    return stale


def remove_steps(run: Mapping[str, Any], stale: Sequence[tuple[str, str]]) -> Iterator[Step]:
    """Yield the steps that remove a run: first its node, which says that its figures count."""
    yield Step(_END_RUN, [{"id": run["id"]}])
    yield from _clearing([key for key, _ in stale], dict.fromkeys(run["properties"]))


def find_run(name: str, found: Found, address: str) -> Mapping[str, Any]:
    """Return a run by id. Raises `StoreError`, with a close id, where there is none."""
    for run in found:
        if run["id"] == name:
            return run
    hint = did_you_mean(name, [str(run["id"]) for run in found])
    raise StoreError(f"{address} holds no run {name!r}{hint}; results() lists the runs")
