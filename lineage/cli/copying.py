"""The command `copy`: a graph, with what its sources said, from one store to another."""

from typing import TYPE_CHECKING, Any, Final

import click

from lineage.cli.opening import DEMO, opened
from lineage.cli.options import output_options
from lineage.cli.output import Answer, Grid, Output
from lineage.errors import StoreError

if TYPE_CHECKING:
    from lineage.graph import Graph
    from lineage.stores.base import Store

__all__ = ["copy_command"]

TABLES: Final = ("products", "edges", "jobs", "systems", "grids")


@click.command("copy")
@click.argument("origin", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and change nothing.")
@output_options
def copy_command(origin: str, target: str, dry_run: bool, output: Output) -> None:
    """Copy the graph of one store to another, in either direction: folders and Neo4j.

    What is in TO is replaced: a folder keeps it as an older state, a Neo4j keeps what is not ours. Only what differs is
    sent to a Neo4j, so that a copy that was interrupted goes on where it stopped. In the end TO is read again, and
    its digest compared.

    \b
    Example:
      lineage copy lineage.store neo4j://localhost:7687 --dry-run
      lineage copy neo4j://localhost:7687 backup.store
    """
    if target == DEMO:
        raise StoreError(f"{DEMO} is the bundled supply chain and never changes; name another store")
    with opened(origin) as source:
        graph = source.read()
        with opened(target) as store:
            before = newest_digest(store)
            if not dry_run:
                store.write(graph)
                verify(store, graph, target)
    output.show(copy_answer(graph, before, origin, target, dry_run=dry_run))


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


def copy_answer(graph: "Graph", before: str | None, origin: str, target: str, *, dry_run: bool) -> Answer:
    """Return what was copied, or would be."""
    counts = {name: graph.tables[name].num_rows for name in TABLES}
    if dry_run and before == graph.digest:
        done = f"{target} holds an equal graph already; nothing was written."
    elif dry_run:
        done = f"{target} would receive this graph{' in place of another' if before else ''}; nothing was written."
    else:
        done = f"{target} now holds this graph: read again, and its digest is the same."
    document: dict[str, Any] = {
        "schema": "lineage/copy/1",
        "from": origin,
        "to": target,
        "dry_run": dry_run,
        "digest": graph.digest,
        "digest_before": before,
        "counts": counts,
    }
    return Answer(
        document=document,
        records=[{"table": name, "rows": count} for name, count in counts.items()],
        columns=("table", "rows"),
        title=f"{origin} -> {target}",
        grid=Grid(("table", "rows"), [(name, f"{count:,}") for name, count in counts.items()]),
        notes=["", done],
    )
