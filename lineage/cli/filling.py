"""Commands that fill the store: init, load, formats, snapshots."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.opening import DEMO, opened, spare_pandas
from lineage.cli.options import output_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import counted
from lineage.errors import InputError, StoreError

if TYPE_CHECKING:
    from lineage.claims import Claims
    from lineage.graph import Graph

__all__ = ["formats_command", "init_command", "load_command", "snapshots_command"]


# -- init --------------------------------------------------------------------------------------------------


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("lineage-tables"))
@output_options
def init_command(folder: Path, output: Output) -> None:
    """Write template tables into FOLDER (default: lineage-tables) to fill in by hand.

    Five CSV files with every column there is and an example row or two, which load as they are, and beside the
    folder a text file that explains the columns. Nothing is ever overwritten.

    \b
    Example:
      lineage init my-tables
      lineage load my-tables
    """
    written = write_templates(folder)
    answer = Answer(
        document={"schema": "lineage/init/1", "files": [str(path) for path in written]},
        records=[{"file": str(path)} for path in written],
        title=f"Wrote {len(written)} files:",
        body=[f"  {path}" for path in written],
        notes=["", f"Replace the example rows, then: lineage load {folder}"],
    )
    output.show(answer)


def write_templates(folder: Path) -> list[Path]:
    """Write the template tables and their guide; refuse where one of the files exists."""
    from lineage.cli.templates import guide, template_files

    files = {folder / name: text for name, text in template_files().items()}
    files[folder.with_name(f"{folder.name}-guide.txt")] = guide(str(folder))
    for path in files:
        if path.exists():
            raise InputError(
                f"{path} exists already and is not overwritten; name another folder: lineage init FOLDER"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


# -- load --------------------------------------------------------------------------------------------------


@click.command("load")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--as", "format", metavar="FORMAT", help="The format, where it cannot be recognised: lineage formats."
)
@click.option("--replace", is_flag=True, help="Start empty instead of adding to what is there.")
@click.option("--keep-going", is_flag=True, help="In a folder, leave out files that cannot be read.")
@store_option
@output_options
def load_command(  # noqa: PLR0913 - one parameter per option
    sources: tuple[str, ...],
    format: str | None,
    replace: bool,
    keep_going: bool,
    address: str,
    output: Output,
) -> None:
    """Add files and folders to the store; what was loaded from the same place before is replaced.

    The store changes in one step, after everything was read: if anything fails it stays as it was.

    \b
    Example:
      lineage load cards/ emissions.csv
      lineage load export.json --as huggingface
    """
    from lineage.cli.progress import progress_bar
    from lineage.cli.tracking import take_up_runs

    if not replace:
        with opened(address) as store:
            take_up_runs(store, output)
    spare_pandas()
    from lineage.importing import read_claims

    with progress_bar(quiet=output.quiet) as progress:
        claims = read_claims(*sources, format=format, keep_going=keep_going, progress=progress)
    graph = add_to_store(claims, address, replace=replace)
    if not (output.quiet and output.format == "table" and output.file is None):
        output.show(load_answer(graph, claims, address))


def add_to_store(claims: "Claims", address: str, *, replace: bool = False) -> "Graph":
    """Publish what the store knows with these claims in place of what the same sources said before."""
    from lineage.claims import Claims
    from lineage.graph import resolve

    if address == DEMO:
        raise StoreError(
            f"{DEMO} is the bundled supply chain and never changes; name another store with --store"
        )
    with opened(address) as store, store.writing():
        known = Claims.empty() if replace or not store.snapshots() else store.claims()
        if not replace and store.snapshots() and not known.sources.num_rows and len(store.read()):
            raise StoreError(
                f"{address} holds a graph that was written without its sources, which loading would drop; "
                "load into another store with --store, or start afresh with --replace"
            )
        graph, _ = resolve(Claims.concat([known.superseded_by(claims), claims]))
        store.write(graph)
    return graph


def load_answer(graph: "Graph", claims: "Claims", address: str) -> Answer:
    """Return what the store holds now, by type, and the findings by code."""
    from lineage.findings import CODES, count_by_code
    from lineage.schema import LABELS

    kinds = count_texts(graph.texts("products", "kind"))
    products = {LABELS[kind]: count for kind, count in kinds.items() if kind in LABELS}
    edges = count_texts(graph.texts("edges", "type"))
    jobs = graph.tables["jobs"].num_rows
    findings = count_by_code(graph.findings)
    rows = [("products", label, count) for label, count in products.items()]
    rows += [("edges", name, count) for name, count in edges.items()] + [("jobs", "", jobs)]
    rows += [("finding", code, count) for code, count in findings.items()]
    lines = [(name, detail, f"{count:,}") for name, detail, count in rows if name != "finding"]
    lines += [(f"{CODES[code][0]}", code, f"{count:,}") for code, count in findings.items()]
    return Answer(
        document={
            "schema": "lineage/load/1",
            "products": products,
            "edges": edges,
            "jobs": jobs,
            "findings": findings,
        },
        records=[{"what": name, "type": detail, "count": count} for name, detail, count in rows],
        title=f"{read_line(claims)} {address} now holds:",
        grid=Grid(("", "", "count"), lines, left=2),
        notes=["", "Next: lineage check    lineage cost"],
        findings=graph.findings,
    )


def read_line(claims: "Claims") -> str:
    """Return how many files were read, and how many left out."""
    formats = claims.sources.column("format").to_pylist()
    read = sum(bool(item) for item in formats)
    left_out = len(formats) - read
    return f"Read {counted(read, 'file')}{f', left out {left_out:,}' if left_out else ''}."


def count_texts(values: list[str | None]) -> dict[str, int]:
    """Return how often each text occurs, sorted; missing ones are not counted."""
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items()))


# -- formats -----------------------------------------------------------------------------------------------


@click.command("formats")
@output_options
def formats_command(output: Output) -> None:
    """List the formats that can be read, and the optional packages they need.

    \b
    Example:
      lineage formats
    """
    spare_pandas()
    from lineage.importing import importers

    rows: list[dict[str, Any]] = [
        {
            "name": item.name,
            "title": item.title,
            "suffixes": list(item.suffixes),
            "extra": item.extra,
            "available": item.extra is None or is_installed(item.read),
        }
        for item in importers().values()
    ]
    cells = [
        (
            row["name"],
            row["title"],
            " ".join(row["suffixes"]),
            row["extra"] or "",
            "" if row["available"] else "no",
        )
        for row in rows
    ]
    answer = Answer(
        document={"schema": "lineage/formats/1", "formats": rows},
        records=[row | {"suffixes": " ".join(row["suffixes"])} for row in rows],
        columns=("name", "title", "suffixes", "extra", "available"),
        grid=Grid(("format", "reads", "files", "extra", "installed"), cells, left=5),
    )
    output.show(answer)


def is_installed(address: str) -> bool:
    """Return whether the module of "module:function" can be imported here."""
    from importlib import import_module

    try:
        import_module(address.partition(":")[0])
    except ImportError:
        return False
    return True


# -- snapshots ---------------------------------------------------------------------------------------------


@click.command("snapshots")
@store_option
@output_options
def snapshots_command(address: str, output: Output) -> None:
    """List the states of the store that are kept, the newest last; each opens with --store ADDRESS.

    \b
    Example:
      lineage snapshots
      lineage cost --store lineage.store@000001
    """
    with opened(address) as store:
        snapshots = store.snapshots()
    rows = [
        {
            "number": item.number,
            "address": item.address,
            "digest": item.digest,
            "products": item.counts.get("products"),
            "edges": item.counts.get("edges"),
            "jobs": item.counts.get("jobs"),
            "problem": item.problem,
        }
        for item in snapshots
    ]
    cells = [
        (
            str(row["address"]),
            *(_count(row[name]) for name in ("products", "edges", "jobs")),
            str(row["problem"] or ""),
        )
        for row in rows
    ]
    answer = Answer(
        document={"schema": "lineage/snapshots/1", "snapshots": rows},
        records=rows,
        columns=("number", "address", "digest", "products", "edges", "jobs", "problem"),
        grid=Grid(("snapshot", "products", "edges", "jobs", "problem"), cells),
        notes=[] if rows else [f"{address} is empty; fill it with: lineage load SOURCE..."],
    )
    output.show(answer)


def _count(value: object) -> str:
    return "?" if value is None else f"{value:,}"
