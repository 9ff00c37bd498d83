"""The command `factors`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lineage.cli.opening import stored_graph
from lineage.cli.options import DEFAULT_STORE, output_options
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import counted
from lineage.errors import OptionError, did_you_mean
from lineage.factors.tables import COLUMNS
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.factors import Factor
    from lineage.factors.differences import Difference
    from lineage.views.factor_uses import FactorUse, Moved

__all__ = ["factors_command"]

SHIPPED: Final = "shipped"  # stands for our own tables where a file of factors is named
WIDEST: Final = 60  # of a source in the table for people
_PRODUCTS: Final = ("model:", "dataset:", "platform:")


@click.command("factors")
@click.argument("words", nargs=-1, metavar="[KIND|NAME|PRODUCT]... | diff OLD NEW")
@click.option(
    "--store",
    "address",
    metavar="ADDRESS",
    envvar="LINEAGE_STORE",
    show_envvar=True,
    help="Only the factors that the jobs in this store rest on; with diff: which results move.",
)
@click.option(
    "--factors",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A CSV or pin file of factors that wins over ours.",
)
@click.option(
    "--pin",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the factors in use to a file, to compute the same figures years later with --factors FILE.",
)
@click.option("--as-of", metavar="DATE", help="Only jobs that had started then, such as 2024-12-31.")
@output_options
def factors_command(  # noqa: PLR0913 - one parameter per option
    words: tuple[str, ...],
    address: str | None,
    factors: str | None,
    pin: Path | None,
    as_of: str | None,
    output: Output,
) -> None:
    """List the factors: cited numbers for hardware, electricity and data centres, each with its range.

    A KIND (grid, power, embodied, pue, ...) or a NAME (A100, FR, google) lists those; a PRODUCT or --store lists the
    factors in use there, what else was considered, and why one was chosen. "diff OLD NEW" compares two files of
    factors; "shipped" stands for ours.

    \b
    Example:
      lineage factors grid FR
      lineage factors A100
      lineage factors --store lineage.store --pin factors-2025.csv
      lineage factors diff factors-2025.csv shipped --store lineage.store
    """
    run = Run(factors=factors, as_of=as_of)
    if words[:1] == ("diff",):
        if len(words) != 3 or pin is not None or factors is not None:
            raise click.UsageError("write: lineage factors diff OLD NEW [--store ADDRESS]")
        output.show(_diff_answer(words[1], words[2], address, run))
        return
    products = [word for word in words if word.startswith(_PRODUCTS)]
    filters = [word for word in words if word not in products]
    if len(products) > 1:
        raise click.UsageError("name one product at a time")
    if products or address is not None or pin is not None:
        where, product = address or DEFAULT_STORE, products[0] if products else None
        uses = _in_use(where, product, filters, run)
        if pin is not None:
            _pin(uses, pin, output)
        output.show(_uses_answer(uses, product or where))
        return
    output.show(_list_answer(filters, run))


# -- all factors ------------------------------------------------------------------------------------------


def _list_answer(filters: Sequence[str], run: Run) -> Answer:
    from lineage.factors import shelf

    table = shelf(run.factors)
    rows = list(dict.fromkeys(row for row in _of(table.factors(), filters)))
    if not rows:
        raise OptionError(_nothing(filters, table.factors()))
    kinds = len({row.kind for row in rows})
    sources = ", ".join(source.name for source in table.sources())
    return Answer(
        document={"schema": "lineage/factors/1", "factors": [row.as_dict() for row in rows]},
        records=[row.as_dict() for row in rows],
        columns=COLUMNS,
        title=f"{counted(len(rows), 'factor')} of {counted(kinds, 'kind')}, from {sources}",
        grid=Grid(
            ["kind", "name", "year", "source", "value", "from", "to"],
            [_list_cells(row) for row in rows],
            left=4,
        ),
        notes=["", "All fields (basis, address, licence, note): --format csv or json"],
    )


def _of(rows: Sequence["Factor"], filters: Sequence[str]) -> list["Factor"]:
    """Return the rows that fit every word: a kind, a name, or what a place or a device is called."""
    from lineage.factors import KINDS

    kept = list(rows)
    for word in filters:
        names = {name.lower() for name in (word, *_called(word))}
        kept = [row for row in kept if (row.kind == word if word in KINDS else row.name.lower() in names)]
    return kept


def _called(word: str) -> tuple[str, ...]:
    from lineage.factors.devices import device_names, energy_source
    from lineage.factors.places import place_code

    return (*((place_code(word) or "",)), *device_names(word), energy_source(word))


def _nothing(filters: Sequence[str], rows: Sequence["Factor"]) -> str:
    from lineage.factors import KINDS

    known = [*KINDS, *dict.fromkeys(row.name for row in rows)]
    word = next((word for word in filters if not _of(rows, [word])), filters[-1])
    return f"no factor fits {word!r}{did_you_mean(word, known)}; lineage factors lists them all"


def _list_cells(row: "Factor") -> tuple[str, ...]:
    source = row.source if len(row.source) <= WIDEST else row.source[: WIDEST - 1] + "…"
    market = " (market)" if row.basis == "market" else ""
    return (row.kind, row.name + market, _year(row.year), source, *_amounts(row))


def _amounts(row: "Factor") -> tuple[str, str, str]:
    """Return value, lo and hi; the bounds are empty where there is no range."""
    ends = ("", "") if row.lo == row.hi else (_amount(row.lo, row.unit), _amount(row.hi, row.unit))
    return (_amount(row.value, row.unit), *ends)


def _year(year: int | None) -> str:
    return "" if year is None else str(year)


def _amount(value: float, unit: str) -> str:
    if unit == "FLOP/s":
        return f"{value / 1e12:,.4g} TFLOP/s"
    if unit == "L/kWh":
        return f"{value:.4g} L/kWh"
    return show(value, "" if unit == "1" else unit).strip()


# -- factors in use ---------------------------------------------------------------------------------------


def _in_use(address: str, product: str | None, filters: Sequence[str], run: Run) -> "list[FactorUse]":
    from lineage.views.factor_uses import factor_uses

    uses = factor_uses(stored_graph(address), run, product)
    return [use for use in uses if _of([use.choice.factor], filters)]


def _pin(uses: "Sequence[FactorUse]", file: Path, output: Output) -> None:
    from lineage.factors.pins import pin_rows
    from lineage.factors.tables import table_text

    Output(file=file).write(table_text(pin_rows(use.choice for use in uses)))
    output.note(f"{counted(len(uses), 'factor')} pinned in {file}; compute with --factors {file}")


def _uses_answer(uses: Sequence["FactorUse"], where: str) -> Answer:
    notes = [""]
    for use in uses:
        choice = use.choice
        name = f"{choice.factor.kind} {choice.asked}" + ("" if choice.year is None else f", {choice.year}")
        notes.append(f"{name}: {choice.reason or 'by its name'} ({choice.factor.citation})")
        notes.append(f"  considered too: {_considered(choice.considered)}")
    if not uses:
        notes = [
            "No job here rests on a factor: tables of its own describe all hardware and electricity, or none is named"
        ]
    return Answer(
        document={"schema": "lineage/factors/1", "uses": [use.as_dict() for use in uses]},
        records=[
            {"asked": use.choice.asked, "asked_year": use.choice.year, "reason": use.choice.reason}
            | use.choice.factor.as_dict()
            | {"considered": len(use.choice.considered), "jobs": len(use.jobs), "products": len(use.products)}
            for use in uses
        ],
        columns=["asked", "asked_year", "reason", *COLUMNS, "considered", "jobs", "products"],
        title=f"{counted(len(uses), 'factor')} in use in {where}",
        grid=Grid(
            ["kind", "asked", "year", "name", "value", "from", "to", "jobs"],
            [_use_cells(use) for use in uses],
            left=4,
        ),
        notes=notes,
    )


def _use_cells(use: "FactorUse") -> tuple[str, ...]:
    choice, row = use.choice, use.choice.factor
    return (row.kind, choice.asked, _year(choice.year), row.name, *_amounts(row), str(len(use.jobs)))


CONSIDERED: Final = 4  # named of what was considered


def _considered(rows: Sequence["Factor"]) -> str:
    if not rows:
        return "nothing"
    named = [
        f"{row.name}{'' if row.year is None else f' {row.year}'} {_amount(row.value, row.unit)} ({_short(row)})"
        for row in rows[:CONSIDERED]
    ]
    more = f", and {len(rows) - CONSIDERED} more" if len(rows) > CONSIDERED else ""
    return ", ".join(named) + more


def _short(row: "Factor") -> str:
    return row.note.removeprefix("read from ") if row.note.startswith("read from ") else row.source


# -- two tables -------------------------------------------------------------------------------------------


def _diff_answer(old: str, new: str, address: str | None, run: Run) -> Answer:
    from lineage.factors.differences import differences

    files = [None if name == SHIPPED else name for name in (old, new)]
    results: list[Moved] = []
    if address is None:
        found = differences(*(_rows(file) for file in files))
    else:
        from lineage.views.factor_uses import moved_results, moved_uses

        graph = stored_graph(address)
        for file in files:
            _rows(file)  # a file that is no table of factors is refused before anything is computed
        found = moved_uses(graph, run, files[0], files[1])
        results = moved_results(graph, run, files[0], files[1])
    document = {
        "schema": "lineage/factors-diff/1",
        "old": old,
        "new": new,
        "factors": [item.as_dict() for item in found],
        "results": None if address is None else [item.as_dict() for item in results],
    }
    notes = [""]
    if address is not None:
        notes += _moved_notes(results, address, run.unit)
    return Answer(
        document=document,
        records=[_diff_record(item) for item in found],
        columns=["change", "kind", "name", "year", "basis", "unit", "old", "new", "ratio"],
        title=f"Factors{'' if address is None else ' in use'} that differ between {old} and {new}: {len(found)}",
        grid=Grid(
            ["change", "kind", "name", "year", "old", "new", "new / old"],
            [_diff_cells(i) for i in found],
            left=4,
        ),
        notes=notes,
    )


def _rows(file: str | None) -> Sequence["Factor"]:
    from lineage.factors.tables import read_table, shipped

    if file is None:
        return shipped()
    if not Path(file).is_file():
        raise OptionError(f"{file}: there is no such file; name a CSV file of factors, or {SHIPPED} for ours")
    return read_table(Path(file))


def _diff_record(item: "Difference") -> dict[str, object]:
    kept = item.as_dict()
    return kept | {"old": item.old and item.old.value, "new": item.new and item.new.value}


def _diff_cells(item: "Difference") -> tuple[str, ...]:
    row = item.factor
    ends = [_range(end) for end in (item.old, item.new)]
    ratio = "" if item.ratio is None else f"{item.ratio:.4g}"
    return (item.change, row.kind, row.name, _year(row.year), *ends, ratio)


def _range(row: "Factor | None") -> str:
    if row is None:
        return "-"
    value = _amount(row.value, row.unit)
    return (
        value if row.lo == row.hi else f"{value} ({_amount(row.lo, row.unit)} to {_amount(row.hi, row.unit)})"
    )


SHOWN: Final = 20  # results that moved, of those that moved furthest


def _moved_notes(results: Sequence["Moved"], address: str, unit: str) -> list[str]:
    from lineage.cli.figures import full_amount

    if not results:
        return [f"No result in {address} moves"]
    lines = [f"{counted(len(results), 'product')} in {address} move:"]
    for row in results[:SHOWN]:
        view, old, new = ("own", row.own_old, row.own_new)
        if row.epc_old is not None:
            view, old, new = ("EPC", row.epc_old, row.epc_new or row.epc_old)
        lines.append(f"  {row.product}: {view} {full_amount(old, unit)} -> {full_amount(new, unit)}")
    if len(results) > SHOWN:
        lines.append(f"  ... and {len(results) - SHOWN} more (--format json lists them)")
    return lines
