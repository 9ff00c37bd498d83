"""The command `whatif`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.figures import amount, amount_columns, header, unit_suffix
from lineage.cli.opening import DEMO, opened, stored_graph
from lineage.cli.options import output_options, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import told_findings
from lineage.cli.text import aligned, counted, share
from lineage.errors import OptionError, StoreError, UnknownProduct
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.scenarios import Scenario, WhatIf
    from lineage.scenarios.change import Change
    from lineage.scenarios.movement import Moved
    from lineage.scenarios.sweeps import Swept

__all__ = ["input_cell", "moved_cells", "signed", "whatif_command"]

MOST_ROWS = 20  # of each table for people
_OF_JOBS = ("jobs", "systems", "grids", "series")
_WINS = "A printed total wins over jobs of worse evidence: let the jobs count with --set 'own[PRODUCT]=jobs' before."
MOST_PARTED = 3  # products whose figure is split up by change


@click.command("whatif")
@click.argument(
    "scenarios", nargs=-1, metavar="[SCENARIO.toml]...", type=click.Path(path_type=Path, dir_okay=False)
)
@click.option(
    "--set", "settings", multiple=True, metavar="CHANGE", help="A change such as 'own[model:base]=2 t'."
)
@click.option(
    "--product", "products", multiple=True, metavar="PRODUCT", help="Show this product, and what moved it."
)
@click.option(
    "--sweep",
    "swept",
    metavar="RANGE",
    help="One input over a range: 'own[model:base]=1t:10t:10'; finds flips.",
)
@click.option(
    "--save-as", metavar="STORE", help="Write the changed graph to a new store; the old one never changes."
)
@store_option
@run_options
@output_options
def whatif_command(  # noqa: PLR0913 - one parameter per option
    scenarios: tuple[Path, ...],
    settings: tuple[str, ...],
    products: tuple[str, ...],
    swept: str | None,
    save_as: str | None,
    address: str,
    run: Run,
    output: Output,
) -> None:
    """Show what a scenario would change: before, after, and what moved it by how much.

    A scenario is a TOML file (docs/whatif.md) or a few --set CHANGE, which come after the changes of every file.
    Several files are shown side by side. Nothing is written but with --save-as.

    \b
    Example:
      lineage whatif --set 'own[model:bert-base]=x 0.5' --product distilbert
      lineage whatif sweden.toml smaller.toml --impact energy
      lineage whatif --sweep 'own[model:bert-base]=1kg:900kg:5' --product distilbert --product transformer-big
    """
    from lineage.scenarios import sweep, whatif
    from lineage.scenarios.sweeps import Range
    from lineage.views.cost import cost

    chosen = chosen_scenarios(scenarios, settings, sweeping=swept is not None)
    values = None if swept is None else Range.of(swept)
    if save_as is not None and len(chosen) > 1:
        raise OptionError("--save-as keeps one graph; give one scenario")
    if save_as is not None:
        _check_target(save_as, address)
    before = cost(stored_graph(address), run)
    told = [whatif(before.graph, scenario, run, before=before) for scenario in chosen]
    products = tuple(_known(told, name) for name in products)
    sweeps = (
        []
        if values is None
        else [sweep(item, values, [name for name in products if item.has(name)]) for item in told]
    )
    if save_as is not None:
        with opened(save_as) as store:
            store.write(told[0].graph)
        output.note(f"the changed graph is kept in {save_as}; {address} is as it was")
    output.show(whatif_answer(told, products, sweeps, output))


def chosen_scenarios(files: Sequence[Path], settings: Sequence[str], *, sweeping: bool) -> "list[Scenario]":
    """Return the scenarios of the files, each with the options after its own; without files that of the options."""
    from lineage.scenarios import Scenario

    extra = Scenario.of(*settings)
    if not files:
        if not settings and not sweeping:
            raise OptionError("nothing is changed: name a SCENARIO.toml, or give --set 'own[model:base]=2 t'")
        return [extra]
    return [Scenario.from_file(path).and_then(extra.changes) for path in files]


def _known(told: "Sequence[WhatIf]", name: str) -> str:
    """Return the id of a product that one of the scenarios knows. Raises `UnknownProduct`."""
    for item in told[1:]:
        try:
            return item.product(name)
        except UnknownProduct:
            continue
    return told[0].product(name)


def _check_target(target: str, origin: str) -> None:
    """Refuse to write over the store that is read, or over another that holds something."""
    if target == DEMO or Path(target).resolve() == Path(origin.rpartition("@")[0] or origin).resolve():
        raise StoreError(f"--save-as {target} would change the store that is read; name a new one")
    with opened(target) as store:
        if store.snapshots():
            raise StoreError(f"{target} holds a graph already; name a new store with --save-as")


def whatif_answer(
    told: "Sequence[WhatIf]", products: Sequence[str], sweeps: "Sequence[Swept]", output: Output
) -> Answer:
    """Return one scenario with what moved it, or several side by side."""
    first = told[0]
    names = list(products)
    body = []
    if len(told) == 1:
        grid, more = _one_grid(first, names, output)
        body += _parts_lines(first, names) + _input_lines(first)
    else:
        grid, more = _side_by_side(told, names)
    for swept, item in zip(sweeps, told, strict=False):
        body += _sweep_lines(swept, item.scenario.name if len(told) > 1 else "")
    title = "What if: " + " | ".join(item.scenario.name for item in told)
    findings = [item for each in told for item in each.findings]
    return Answer(
        document={
            "schema": "lineage/whatif/1",
            "unit": first.unit,
            "scenarios": [item.as_dict(products) for item in told],
            "sweeps": [item.as_dict() for item in sweeps],
        },
        records=[record for item in told for record in _records(item, names)],
        columns=_columns(first.unit),
        title=header(
            first.after.run if len(told) == 1 else first.before.run,
            f"{title}; {first.view}",
            first.before.engine,
        ),
        grid=grid,
        body=[*more, *body],
        notes=["", *_totals(told), *told_findings(findings, output)],
        findings=findings,
    )


def _one_grid(told: "WhatIf", names: Sequence[str], output: Output) -> tuple[Grid | None, list[str]]:
    if not told.steps:  # only a sweep was asked for
        return None, []
    rows = [told.row(name) for name in names] or told.results
    limit = MOST_ROWS if output.format == "table" and output.file is None else len(rows)
    more = (
        [f"... and {counted(len(rows) - limit, 'product')} that moved less: --format csv for all"]
        if len(rows) > limit
        else []
    )
    if not rows:
        return None, ["No figure moved."]
    cells = [moved_cells(row, told.unit) for row in rows[:limit]]
    return Grid(("product", "before", "after", "difference", "relative"), cells), more


def moved_cells(row: "Moved", unit: str) -> tuple[str, ...]:
    """Return a row of the table for people; "-" is a product that is not there."""
    before, after = ("-" if side is None else amount(side, unit) for side in (row.before, row.after))
    relative = _relative(row.relative)
    return (row.id, before, after, signed(row.difference, unit), relative)


def _relative(value: float | None) -> str:
    """Return a relative difference in per cent; what is more than eleven times as much as a factor."""
    if value is None:
        return "?"
    return f"x {1 + value:.4g}" if value > 10 else f"{100 * value:{'+' if value else ''}.3g} %"


def signed(value: float | None, unit: str) -> str:
    """Return a difference with its sign.

    >>> signed(1500.0, "gCO2e"), signed(None, "gCO2e")
    ('+1.5 kg', '?')
    """
    text = show(value, unit)
    return f"+{text}" if value is not None and value > 0 else text


def _side_by_side(told: "Sequence[WhatIf]", names: Sequence[str]) -> tuple[Grid | None, list[str]]:
    """Return the products in rows, the scenarios in columns; those that any of them moves most come first."""
    far: dict[str, float] = {}
    for item in told:
        for row in item.results:
            far[row.id] = max(far.get(row.id, 0.0), abs(row.difference or 0.0))
    chosen = list(names) or sorted(far, key=lambda name: (-far[name], name))
    shown = chosen if names else chosen[:MOST_ROWS]
    cells = []
    for name in shown:
        sides = [told[0].stages[0].at(name), *(item.stages[-1].at(name) for item in told)]
        cells.append((name, *("-" if side is None else amount(side, told[0].unit) for side in sides)))
    more = (
        [f"... and {counted(len(chosen) - len(shown), 'product')} that moved less"]
        if len(chosen) > len(shown)
        else []
    )
    columns = ("product", "before", *(item.scenario.name for item in told))
    return (Grid(columns, cells), more) if cells else (None, ["No figure moved."])


def _parts_lines(told: "WhatIf", names: Sequence[str]) -> list[str]:
    """Return what each change adds to the figures of the named products, else of the one that moved most."""
    chosen = list(names[:MOST_PARTED]) or [row.id for row in told.results[:1]]
    idle = [
        not count and (step.change.section in _OF_JOBS or _adds_job(step.change))
        for count, step in zip(told.reach, told.steps, strict=True)
    ]
    hint = [_WINS] if any(idle) else []
    if not told.steps or not chosen:
        return hint
    by_product = [told.parts(name) for name in chosen]
    ranked = sorted(range(len(told.steps)), key=lambda place: -abs(by_product[0][place].amount or 0.0))
    cells = [
        (
            by_product[0][place].change,
            str(place + 1),
            *(signed(parts[place].amount, told.unit) for parts in by_product),
            f"{told.reach[place]:,}" if told.reach[place] else "none: it moves nothing",
        )
        for place in ranked
    ]
    if len(cells) > 1:
        sums = (signed(told.row(name).difference, told.unit) for name in chosen)
        cells.append(("together", "", *sums, f"{len(told.results):,}"))
    columns = ("change", "#", *chosen, "products moved")
    title = f"What moved the {told.view}, the most first (# is the order in which the changes are applied):"
    return ["", title, *aligned(columns, cells), *hint]


def _adds_job(change: "Change") -> bool:
    return change.section == "add" and change.field == "jobs"


def _input_lines(told: "WhatIf") -> list[str]:
    """Return the inputs that differ."""
    rows = [
        item
        for item in told.inputs
        if item.what != "changed" or not item.field.endswith(("_lo", "_hi", "tier"))
    ]
    if not rows:
        return []
    rows.sort(key=lambda item: ("changed", "added", "removed").index(item.what))
    cells = [input_cell(item) for item in rows[:MOST_ROWS]]
    more = [f"... and {counted(len(rows) - MOST_ROWS, 'more input')}"] if len(rows) > MOST_ROWS else []
    return ["", "Inputs that differ:", *aligned(("input", "before", "after"), cells), *more]


def input_cell(item: Any) -> tuple[str, str, str]:
    """Return a difference of the tables as a row for people."""
    name = f"{item.table.removesuffix('s')} {item.id}"
    if item.what != "changed":
        return (
            name,
            "-" if item.what == "added" else "there",
            "added" if item.what == "added" else "removed",
        )
    sides = [_value(item, value) for value in (item.before, item.after)]
    return (f"{name}: {item.field}", sides[0], sides[1])


def _value(item: Any, value: Any) -> str:
    if value is None:
        return "?"
    return show(value, item.unit) if item.unit and isinstance(value, (int, float)) else str(value)


def _sweep_lines(swept: "Swept", name: str) -> list[str]:
    cells = [
        (text, *(amount(stage.at(product), swept.unit) for product in swept.products))
        for (text, _), stage in zip(swept.rows, swept.stages, strict=True)
    ]
    flips = [
        f"The ranking flips{', as far as known,' if flip.open else ''} "
        f"at {swept.range.key} = {swept.range.label(flip.value)}: "
        f"below it {flip.below} is cheaper, above it {flip.above}"
        for flip in swept.flips
    ]
    if not flips and len(swept.products) > 1:
        flips = ["The ranking of these products does not flip in this range."]
    told = f"Sweep{f' on {name}' if name else ''}, {swept.view}:"
    return ["", told, *aligned((swept.range.key, *swept.products), cells), *flips]


def _totals(told: "Sequence[WhatIf]") -> list[str]:
    """Return the sum of own costs before and after, and how much of it is known."""
    before = told[0].before
    lines = []
    for item in told:
        sums = [result.conservation.sum_own for result in (before, item.after)]
        known = item.after.coverage
        name = f"{item.scenario.name}: own costs" if len(told) > 1 else "Own costs of all products"
        difference = None if None in sums else (sums[1] or 0.0) - (sums[0] or 0.0)
        assumed = known.cost.get("imputed", 0.0)
        lines.append(
            f"{name} add up to {show(sums[1], item.unit)} instead of {show(sums[0], item.unit)} "
            f"({signed(difference, item.unit)}); {known.known:,} of {known.total:,} products have a figure"
            + (f"; {share(assumed)} of the known cost is assumed" if assumed else "")
        )
    return lines


def _columns(unit: str) -> list[str]:
    sides = [name for side in ("before", "after") for name in amount_columns(side, None, unit)]
    return ["scenario", "id", "view", *sides, f"difference_{unit_suffix(unit)}", "relative"]


def _records(told: "WhatIf", names: Sequence[str]) -> list[dict[str, Any]]:
    rows = [told.row(name) for name in names if told.has(name)] or told.results
    return [
        {"scenario": told.scenario.name, "id": row.id, "view": told.view}
        | amount_columns("before", row.before, told.unit)
        | amount_columns("after", row.after, told.unit)
        | {f"difference_{unit_suffix(told.unit)}": row.difference, "relative": row.relative}
        for row in rows
    ]
