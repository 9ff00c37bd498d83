"""The command `copy`: a graph, with what its sources said, from one store to another."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lineage.cli.keeping import graph_of, kept_in, mapping_option
from lineage.cli.opening import DEMO, opened
from lineage.cli.options import output_options
from lineage.cli.output import Answer, Grid, Output
from lineage.errors import OptionError, StoreError

if TYPE_CHECKING:
    from lineage.graph import Graph
    from lineage.stores.base import Store

__all__ = ["copy_command"]

TABLES: Final = ("products", "edges", "jobs", "systems", "grids")


@click.command("copy")
@click.argument("origin", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and change nothing.")
@click.option("--results", is_flag=True, help="Copy the runs too whose figures are kept with the graph.")
@click.option(
    "--bulk",
    is_flag=True,
    help="TO is a new folder for files that neo4j-admin loads: for a million products.",
)
@mapping_option
@output_options
def copy_command(  # noqa: PLR0913 - one parameter per option
    origin: str,
    target: str,
    dry_run: bool,
    results: bool,
    bulk: bool,
    mapping: Path | None,
    output: Output,
) -> None:
    """Copy the graph of one store to another, in either direction: folders and Neo4j.

    What is in TO is replaced: a folder keeps it as an older state, a Neo4j keeps what is not ours. Only what differs is
    sent to a Neo4j, so that a copy that was interrupted goes on where it stopped. In the end TO is read again, and
    its digest compared.

    \b
    Example:
      lineage copy lineage.store neo4j://localhost:7687 --dry-run
      lineage copy neo4j://localhost:7687 backup.store --results
      lineage copy lineage.store import --bulk      # then, on the machine of the server: sh import/import.sh
    """
    if target == DEMO:
        raise StoreError(f"{DEMO} is the bundled supply chain and never changes; name another store")
    if results and (bulk or mapping is not None):
        raise OptionError("--results copies runs of our graph between stores; leave out --bulk and --mapping")
    with opened(origin) as source:
        graph = graph_of(source, mapping)
        if bulk:
            output.show(bulk_answer(graph, origin, target, dry_run=dry_run))
            return
        runs = copied_runs(source, origin) if results else []
        with opened(target) as store:
            if results:
                kept_in(store)
            before = newest_digest(store)
            if not dry_run:
                store.write(graph)
                verify(store, graph, target)
                copy_runs(source, store, runs)
    told = Copied(
        graph, origin, target, before=before, runs=[str(run["id"]) for run in runs] if results else None
    )
    output.show(copy_answer(told, dry_run=dry_run))


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What was copied, or would be; `runs` are the ids of the runs, None where none were wanted."""

    graph: "Graph" = field(kw_only=False)
    origin: str = field(kw_only=False)
    target: str = field(kw_only=False)
    before: str | None
    runs: list[str] | None


def copied_runs(source: "Store", address: str) -> list[dict[str, Any]]:
    """Return the runs that a store keeps; `StoreError` where it keeps none, which nobody means by --results."""
    runs = kept_in(source).results()
    if not runs:
        raise StoreError(f"{address} keeps no results; leave out --results, or: lineage cost --write-back")
    return runs


def copy_runs(source: "Store", store: "Store", runs: "list[dict[str, Any]]") -> None:
    """Copy runs with their figures and shares; one that is there already is left as it is."""
    there = {(run["id"], run.get("written_at")) for run in kept_in(store).results()} if runs else set()
    for run in runs:
        if (run["id"], run.get("written_at")) not in there:
            kept_in(store).put_run(kept_in(source).kept(str(run["id"])))


def newest_digest(store: "Store") -> str | None:
    """Return the digest of what a store holds, None where it holds nothing that can be read."""
    kept = store.snapshots()
    return kept[-1].digest if kept else None


def verify(store: "Store", graph: "Graph", address: str) -> None:
    """Read a store again; `StoreError` where it does not hold this graph."""
    found = store.read().digest
    if found != graph.digest:
        raise StoreError(
            f"{address} holds another graph than was written ({found[:12]} instead of {graph.digest[:12]}): "
            "somebody else wrote to it meanwhile; copy again"
        )


def copy_answer(told: Copied, *, dry_run: bool) -> Answer:
    """Return what was copied, or would be."""
    graph, target = told.graph, told.target
    counts = _counts(graph)
    if dry_run and told.before == graph.digest:
        done = f"{target} holds an equal graph already; nothing was written."
    elif dry_run:
        done = f"{target} would receive this graph{' in place of another' if told.before else ''}; nothing was written."
    else:
        done = f"{target} now holds this graph: read again, and its digest is the same."
    document: dict[str, Any] = {
        "schema": "lineage/copy/1",
        "from": told.origin,
        "to": target,
        "dry_run": dry_run,
        "digest": graph.digest,
        "digest_before": told.before,
        "counts": counts,
        "runs": told.runs or [],
    }
    runs = [f"Runs with it: {', '.join(told.runs)}"] if told.runs else []
    return _answer(document, f"{told.origin} -> {target}", [done, *runs])


def bulk_answer(graph: "Graph", origin: str, folder: str, *, dry_run: bool) -> Answer:
    """Write the files of the bulk path, or say that it would be done."""
    from lineage.stores.neo4j_bulk import write_bulk_files

    command = "" if dry_run else write_bulk_files(graph, folder).command_line
    document: dict[str, Any] = {
        "schema": "lineage/copy/1",
        "from": origin,
        "to": folder,
        "dry_run": dry_run,
        "digest": graph.digest,
        "digest_before": None,
        "counts": _counts(graph),
        "runs": [],
        "command": command or None,
    }
    said = [
        f"{folder} would receive the files; nothing was written."
        if dry_run
        else f"Load them into an EMPTY database of a stopped server with: sh {shlex.quote(folder)}/import.sh"
    ]
    return _answer(document, f"{origin} -> {folder}, files for neo4j-admin", said)


def _counts(graph: "Graph") -> dict[str, int]:
    return {name: graph.tables[name].num_rows for name in TABLES}


def _answer(document: dict[str, Any], title: str, notes: list[str]) -> Answer:
    counts = document["counts"]
    return Answer(
        document=document,
        records=[{"table": name, "rows": count} for name, count in counts.items()],
        columns=("table", "rows"),
        title=title,
        grid=Grid(("table", "rows"), [(name, f"{count:,}") for name, count in counts.items()]),
        notes=["", *notes],
    )
