"""The command `query`: the catalogue, or free Cypher."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lineage.cli.opening import opened
from lineage.cli.options import Known, remember, store_option, talk_options
from lineage.cli.output import FORMATS, Output
from lineage.cli.progress import progress_bar
from lineage.errors import OptionError, QueryError

if TYPE_CHECKING:
    from lineage.catalogue import Entry
    from lineage.stores.base import AnswersCypher
    from lineage.stores.result import Result

__all__ = ["SHAPES", "query_command"]

SHAPES: Final = (*FORMATS, "jsonl", "mermaid", "svg")
_SUFFIXES: Final = {
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".md": "markdown",
    ".jsonl": "jsonl",
}
_DRAWN: Final = {".mmd": "mermaid", ".svg": "svg"}
_EXPLAIN: Final = "EXPLAIN "
_RESULTS_THERE: Final = "MATCH (run:LineageRun) RETURN run.id AS id ORDER BY id LIMIT 1"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What is asked: a question of the catalogue, or free text."""

    text: str
    parameters: dict[str, Any]
    entry: "Entry | None" = None
    limit: int | None = None
    timeout_s: float | None = None
    write: bool = False


@click.command("query")
@click.argument("name", required=False)
@click.option("--cypher", "text", metavar="TEXT", help="Ask this instead of a question of the catalogue.")
@click.option(
    "--param",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Bind a parameter; the value is JSON if it parses.",
)
@click.option("--list", "listed", is_flag=True, help="List the questions of the catalogue.")
@click.option("--describe", is_flag=True, help="Say what NAME asks, takes and returns.")
@click.option("--explain", is_flag=True, help="Show how it would be answered, without running it.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Take at most N rows.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up after this.",
)
@click.option(
    "--write", is_flag=True, help="Allow the query to change a server's graph; without, it only reads."
)
@click.option(
    "--format", "shape", type=Known(SHAPES), help="By default what the suffix of --output says, else table."
)
@click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file.",
)
@store_option
@talk_options
def query_command(  # noqa: PLR0913 - one parameter per option
    name: str | None,
    text: str | None,
    pairs: tuple[str, ...],
    listed: bool,
    describe: bool,
    explain: bool,
    limit: int | None,
    timeout_s: float | None,
    write: bool,
    shape: str | None,
    file: Path | None,
    address: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Ask the graph: the question NAME of the catalogue, or free Cypher. Parameters are always bound.

    \b
    Example:
      lineage query --list
      lineage query ancestors --param product=model:distilbert
      lineage query path --param product=distilbert --param parent=bookcorpus --format mermaid
      lineage query --cypher 'MATCH (m:Model) RETURN m.id ORDER BY m.id LIMIT $n' --param n=3
    """
    remember(quiet=quiet, verbose=verbose)
    output = _output(shape, file, quiet=quiet, verbose=verbose)
    if listed or describe:
        _about_catalogue(name, listed, output)
        return
    asking = _asking(name, text, pairs, limit=limit, timeout_s=timeout_s, write=write)
    with _answering(address, quiet=quiet) as store:
        if explain:
            _show_plan(store, asking, output)
        else:
            _tell_doubts(store, asking)
            _show(store, asking, output)


def _output(shape: str | None, file: Path | None, **switches: bool) -> Output:
    suffix = file.suffix.lower() if file else ""
    chosen = shape or (_SUFFIXES | _DRAWN).get(suffix, "table")
    if chosen == "parquet" and file is None:
        raise OptionError("parquet is not for terminals: name a file with --output FILE")
    return Output(chosen, file, **switches)


def _about_catalogue(name: str | None, listed: bool, output: Output) -> None:
    from lineage.catalogue import catalogue, entry
    from lineage.cli.query_shapes import catalogue_answer, description

    if output.format not in FORMATS:
        raise OptionError(f"the catalogue is no graph and no stream; --format is one of {', '.join(FORMATS)}")
    if listed:
        found = list(catalogue().values())
        if name is not None:
            found = [item for item in found if item.group == name] or [entry(name)]
        output.show(catalogue_answer(found))
        return
    if name is None:
        raise OptionError(
            "--describe says what a question is: lineage query NAME --describe; --list lists them"
        )
    output.show(description(entry(name)))


# -- what is asked -----------------------------------------------------------------------------------------


def _asking(name: str | None, text: str | None, pairs: tuple[str, ...], **options: Any) -> Asking:
    """Return what is asked, its parameters checked, before any store is opened."""
    from lineage.catalogue import bound, entry, read_texts, split_pairs

    if (name is None) == (text is None):
        raise OptionError(
            "ask one thing: lineage query NAME, or lineage query --cypher TEXT; --list lists the names"
        )
    given = split_pairs(pairs)
    if text is not None:
        return Asking(
            text=text, parameters={key: read_texts("any", it) for key, it in given.items()}, **options
        )
    asked = entry(name or "")
    kinds = {item.name: item.type for item in asked.parameters}
    values = {key: read_texts(kinds.get(key, "any"), texts) for key, texts in given.items()}
    return Asking(
        text=asked.text,
        parameters=bound(asked.parameters, values, query=asked.name),
        entry=asked,
        **options,
    )


@contextmanager
def _answering(address: str, *, quiet: bool) -> Iterator["AnswersCypher"]:
    """Open a store that answers Cypher; the building of an index shows as a bar."""
    with opened(address) as store, progress_bar(quiet=quiet) as bar:
        from lineage.stores.base import AnswersCypher
        from lineage.stores.index_asking import AsksIndex

        assert isinstance(store, AnswersCypher)  # every store does
        if isinstance(store, AsksIndex):
            store.progress = bar
            if not quiet:
                advise_where_large(store)
        yield store


def _tell_doubts(store: "AnswersCypher", asking: Asking) -> None:
    """Say on standard error, --quiet or not, where an answer of the offline index may be wrong."""
    from lineage.stores.index_asking import AsksIndex
    from lineage.stores.index_doubts import doubts

    if isinstance(store, AsksIndex):
        for doubt in doubts(asking.text):
            click.echo(f"warning: the answer may be wrong: {doubt}, or ask a Neo4j", err=True)


def advise_where_large(store: Any) -> None:
    """Say on standard error where a Neo4j is the better place to ask about the graph of a store."""
    from lineage.stores.index import LARGE

    kept = store.snapshots()
    if kept and kept[-1].counts.get("products", 0) >= LARGE:
        click.echo("note: with a million products and more, a Neo4j answers faster: lineage copy", err=True)


def _result(store: "AnswersCypher", asking: Asking) -> "Result":
    parameters = asking.parameters
    if asking.entry is not None:
        from lineage.catalogue.asking import with_product_ids

        parameters = with_product_ids(store, asking.entry, parameters)
    return store.cypher(
        asking.text, parameters, limit=asking.limit, timeout_s=asking.timeout_s, write=asking.write
    )


# -- what is shown -----------------------------------------------------------------------------------------


def _show(store: "AnswersCypher", asking: Asking, output: Output) -> None:
    from lineage.cli.query_shapes import csv_lines, drawing, json_lines, rows_answer

    with _result(store, asking) as result:
        if output.format == "csv":
            output.stream(csv_lines(asking.entry, result))
        elif output.format == "jsonl":
            output.stream(json_lines(result))
        elif output.format in ("mermaid", "svg"):
            output.write(drawing(result, output.format))
        else:
            output.show(rows_answer(asking.entry, result))
    if asking.entry is not None and asking.entry.needs_results and not store.cypher(_RESULTS_THERE).records:
        output.note(
            "this question needs figures, and no run was written to this store: lineage cost --write-back"
        )


def _show_plan(store: "AnswersCypher", asking: Asking, output: Output) -> None:
    """Show the plan; places in errors are places in the query as it was given."""
    from lineage.cli.query_shapes import rows_answer
    from lineage.stores.bolt import SCHEMES

    if output.format not in FORMATS:
        raise OptionError(f"a plan is text; --format is one of {', '.join(FORMATS)}")
    given = re.match(r"\s*EXPLAIN\b", asking.text, re.IGNORECASE) is not None
    text = asking.text if given else f"{_EXPLAIN}{asking.text}"
    try:
        with store.cypher(text, asking.parameters, timeout_s=asking.timeout_s) as result:
            output.show(_plan_answer(asking, rows_answer(None, result)))
    except QueryError as error:
        # A server counts columns from the word in front; the offline engine takes it off before it counts.
        server = getattr(store, "address", "").partition("://")[0] in SCHEMES
        shift = len(_EXPLAIN) if server and not given and error.line == 1 else 0
        raise QueryError(
            asking.text, error.problem, error.line, error.column and error.column - shift
        ) from None


def _plan_answer(asking: Asking, made: Any) -> Any:
    from dataclasses import replace

    lines = [str(row["plan"]) for row in made.records]
    return replace(
        made, title="" if asking.entry is None else asking.entry.question, grid=None, body=lines, notes=()
    )
