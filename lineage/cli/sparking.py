"""The command `cost` with engine spark: figures go to a folder, what holds for all of them to the terminal."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage.cli.costing import summary
from lineage.cli.figures import amount, finding_notes, header
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import share
from lineage.errors import OptionError
from lineage.findings import count_by_code
from lineage.run import Run

if TYPE_CHECKING:
    from pyspark.sql import Row

    from lineage.spark import Round, SparkCost

__all__ = ["Asked", "spark_cost"]

VIEWS = ("own", "epc", "burden")
LEFT_OUT = (
    "Not computed: cumulative cost and what of it is covered (a walk over the ancestors of every product); the other "
    "engines tell them"
)


@dataclass(frozen=True)
class Asked:
    """Which rows are printed: products by name, or the `top` largest; `refused` are options that do not fit."""

    products: tuple[str, ...]
    top: int | None
    refused: tuple[str, ...] = ()


def spark_cost(address: str, run: Run, asked: Asked, output: Output) -> None:
    """Compute on Spark, write the tables to a new folder, print the summary and the rows asked for."""
    from lineage.spark import cost, open_source, refuse, session

    folder = _folder(output)
    if asked.refused:
        raise OptionError(
            f"engine 'spark' does not know {' and '.join(asked.refused)}; choose another engine"
        )
    refuse(run)
    with session() as spark:
        source = open_source(spark, address)
        named = source.found(asked.products) if asked.products else []
        count = 0

        def tell(done: "Round") -> None:
            nonlocal count
            count += 1
            if output.verbose:
                output.note(_told(count, done))

        result = cost(source, run, tell)
        result.write(folder.absolute().as_uri())
        rows = result.rows(named) if named else result.top(asked.top) if asked.top else []
        printed = replace(output, file=None, format="table" if output.format == "parquet" else output.format)
        printed.show(_answer(result, rows, folder, printed))


def _folder(output: Output) -> Path:
    if output.file is None:
        raise OptionError(
            "engine 'spark' writes its figures to Parquet: name a new folder with --output FOLDER"
        )
    if output.file.exists():
        raise OptionError(f"{output.file} exists; engine 'spark' writes to a new folder")
    return output.file


def _told(number: int, done: "Round") -> str:
    did = "released" if done.kind == "release" else "contracted from chains"
    return f"round {number}: {done.products:,} products {did}; {done.left:,} left, which wait for {done.edges:,} edges"


def _answer(result: "SparkCost", rows: "list[Row]", folder: Path, output: Output) -> Answer:
    like: Any = result  # it has what a summary asks of a cost
    cells = [_cells(result, row) for row in rows]
    wide = [f"{name}.parquet" for name in ("costs", "findings", "run")]
    notes = [
        "",
        *summary(like),
        LEFT_OUT,
        f"Rounds: {len(result.rounds):,}; written to {folder}: {', '.join(wide)}",
        *_found(result, verbose=output.verbose),
    ]
    return Answer(
        document=_document(result, rows) if output.format == "json" else {},
        records=[row.asDict() for row in rows],
        columns=result.table.columns,
        title=header(result.run, "Cost", result.engine),
        grid=Grid(("product", "own", "EPC", "burden", "retained"), cells),
        notes=notes,
        findings=result.findings,
    )


def _found(result: "SparkCost", *, verbose: bool) -> list[str]:
    """Return one line that counts findings by code; if more is asked for, all but those of single products."""
    others = [item for item in result.findings if item.subject]
    counts = count_by_code(others)
    for code, count in result.counts.items():
        counts[code] = counts.get(code, 0) + count
    told = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items()))
    lines = [f"Findings: {told} (findings.parquet lists those of products)"] if told else []
    return [*lines, *(finding_notes(others, verbose=True) if verbose else [])]


def _cells(result: "SparkCost", row: "Row") -> tuple[str, ...]:
    from lineage.spark import figure

    retained = row["retained_share"]
    views = [amount(figure(row, view, result.run), result.unit) for view in VIEWS[:2]]
    burden = "-" if retained is None else amount(figure(row, "burden", result.run), result.unit)
    return (row["id"], *views, burden, "-" if retained is None else share(retained))


def _document(result: "SparkCost", rows: "list[Row]") -> dict[str, Any]:
    """Return the document lineage/cost/1; what is not computed is null."""
    from lineage import __version__
    from lineage.spark import figure

    def product(row: "Row") -> dict[str, Any]:
        own, epc, burden = (figure(row, view, result.run).as_dict() for view in VIEWS)
        return {
            "id": row["id"],
            "name": row["name"],
            "own": own | {"tier": row["tier"]},
            "cumulative": None,
            "epc": epc,
            "retained_share": row["retained_share"],
            "burden": None if row["retained_share"] is None else burden,
            "covered": None,
        }

    graph = {} if result.digest is None else {"graph": result.digest}
    return {
        "schema": "lineage/cost/1",
        "run": result.run.as_dict() | {"version": __version__} | graph,
        "conservation": result.conservation.as_dict(),
        "coverage": result.coverage.as_dict(),
        "unassigned": None,
        "sharing": None,
        "dropped": [],
        "products": [product(row) for row in rows],
        "findings": [item.as_dict() for item in result.findings],
    }
