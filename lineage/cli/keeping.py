"""Runs that are kept with a graph: the options that keep one, and the command `results`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.opening import opened
from lineage.cli.options import output_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import counted
from lineage.errors import OptionError, StoreError

if TYPE_CHECKING:
    from lineage.graph import Graph
    from lineage.stores.base import Store, WritesBack
    from lineage.stores.neo4j_mapping import ModelMapping
    from lineage.views.cost import Cost

__all__ = ["Keeping", "graph_of", "keeping_options", "kept_in", "mapping_option", "results_command"]

Command = Callable[..., None]

mapping_option = click.option(
    "--mapping",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The store is a Neo4j graph that another tool wrote; FILE says what its labels are to us (docs/neo4j.md).",
)


def keeping_options(command: Command) -> Command:
    """Add --write-back, --prefix and --mapping."""
    for option in (
        mapping_option,
        click.option(
            "--prefix",
            metavar="NAME",
            default="",
            help="Keep the figures under names that begin so, beside others.",
        ),
        click.option(
            "--write-back", is_flag=True, help="Keep the figures in the store, for questions in Cypher."
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a graph is read and its figures are kept: `mapping` is that of a Neo4j with another model."""

    address: str
    mapping: Path | None = None

    def read(self) -> "Graph":
        """Return the graph."""
        with opened(self.address) as store:
            return graph_of(store, self.mapping)

    def keep(self, result: "Cost", prefix: str) -> str:
        """Keep the figures of a run and return its id; `StoreError` where the store cannot."""
        with opened(self.address) as store:
            if self.mapping is None:
                return kept_in(store).write_result(result, prefix=prefix)
            from lineage.stores.neo4j import Neo4jStore

            assert isinstance(store, Neo4jStore)  # `read` has read it by the mapping
            return store.write_result(result, prefix=prefix, mapping=_loaded(self.mapping))


def graph_of(store: "Store", mapping: Path | None) -> "Graph":
    """Return the graph of a store, read by a mapping where one is given. Raises `OptionError` unless it is a Neo4j."""
    if mapping is None:
        return store.read()
    adopt = getattr(store, "adopt", None)
    if adopt is None:
        raise OptionError(
            f"--mapping is for a Neo4j that another tool filled; {store.address} is a store of ours"
        )
    graph: Graph = adopt(_loaded(mapping))
    return graph


def _loaded(mapping: Path) -> "ModelMapping":
    from lineage.stores.neo4j_mapping import load_mapping

    return load_mapping(mapping)


def kept_in(store: "Store") -> "WritesBack":
    """Return a store as one that keeps runs. Raises `StoreError` where it does not."""
    from lineage.stores.base import WritesBack

    if not isinstance(store, WritesBack):
        raise StoreError(
            f"{store.address} is gone with this command, and keeps no results; lineage copy the graph to a folder "
            "or to a Neo4j, or write the figures to a file with --output"
        )
    return store


@click.command("results")
@click.option("--remove", metavar="RUN", help="Remove this run: its figures and its shares.")
@store_option
@output_options
def results_command(remove: str | None, address: str, output: Output) -> None:
    """List the runs whose figures are kept with the graph; lineage cost --write-back keeps one.

    A namespace (--prefix) holds one run. In Cypher, a figure counts where its run is there, as (:LineageRun), and
    a product's shares are relationships :LINEAGE_SHARE to what it carries a part of.

    \b
    Example:
      lineage results
      lineage results --remove carbon-equal-0123456789ab --store neo4j://localhost:7687
    """
    with opened(address) as store:
        keeping = kept_in(store)
        if remove is not None:
            keeping.remove_result(remove)
            output.note(f"removed run {remove} from {address}")
        output.show(results_answer(keeping.results(), address))


def results_answer(found: list[dict[str, Any]], address: str) -> Answer:
    """Return the runs of a store."""
    columns = (
        "id",
        "prefix",
        "impact",
        "policy",
        "as_of",
        "products",
        "shares",
        "unit",
        "graph",
        "written_at",
    )
    rows = [{name: run.get(name) for name in columns} for run in found]
    cells = [
        (
            str(row["id"]),
            str(row["prefix"] or "-"),
            str(row["graph"])[:12],
            str(row["written_at"] or "?"),
            f"{row['products'] or 0:,}",
            f"{row['shares'] or 0:,}",
        )
        for row in rows
    ]
    return Answer(
        document={"schema": "lineage/results/1", "store": address, "runs": rows},
        records=rows,
        columns=columns,
        title=f"{address} keeps {counted(len(rows), 'run')}{':' if rows else '.'}",
        grid=Grid(("run", "prefix", "graph", "written at", "products", "shares"), cells, left=4),
        notes=() if rows else ("lineage cost --write-back keeps one.",),
    )
