"""The rows of a query as people, spreadsheets and programs read them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lineage.cli.output import Answer, Grid
from lineage.cli.text import counted, plain_number
from lineage.errors import OptionError
from lineage.units import POWERS, show

if TYPE_CHECKING:
    from lineage.catalogue import Entry
    from lineage.stores.result import Result

__all__ = ["catalogue_answer", "csv_lines", "description", "drawing", "json_lines", "rows_answer"]

_HINT: Final = (
    "there is nothing to draw: the rows hold no nodes, relationships or paths; RETURN them, as lineage/path does, or "
    "take another --format"
)


def units_of(asked: "Entry | None") -> dict[str, str]:
    """Return column -> unit, where the catalogue says one."""
    return {} if asked is None else {item.name: item.unit for item in asked.columns if item.unit}


def columns_of(asked: "Entry | None", result: "Result") -> tuple[str, ...]:
    """Return the columns: as the catalogue says, for an engine may name none where there are no rows."""
    return result.columns if asked is None else tuple(item.name for item in asked.columns)


def rows_answer(asked: "Entry | None", result: "Result") -> Answer:
    """Return all rows, in every shape but those that are streamed or drawn."""
    columns, units = columns_of(asked, result), units_of(asked)
    records = result.records
    rows = result.plain()
    texts = [[_cell(row[name], units.get(name, "")) for name in columns] for row in records]
    return Answer(
        document={
            "schema": "lineage/query/1",
            "query": None if asked is None else asked.name,
            "columns": list(columns),
            "units": units,
            "rows": rows,
        },
        records=[{name: _flat(row[name]) for name in columns} for row in rows],
        columns=columns,
        title="" if asked is None else asked.question,
        grid=Grid(columns, texts, left=_text_columns(columns, records)),
        notes=[counted(len(rows), "row")],
    )


def _text_columns(columns: Sequence[str], records: Sequence[Mapping[str, Any]]) -> int:
    """Return how many columns from the left are flush left: up to the last one that holds text."""
    last = 0
    for place, name in enumerate(columns, 1):
        if any(not isinstance(row[name], (int, float, type(None))) for row in records):
            last = place
    return max(last, 1)


def _cell(value: Any, unit: str) -> str:
    """Return a value for people: a figure with its unit, a path as its ids; unknown is "?"."""
    if value is None:
        return "?"
    if isinstance(value, (int, float)):
        return (
            show(float(value), unit)
            if unit in POWERS and not isinstance(value, bool)
            else plain_number(value)
        )
    if hasattr(value, "nodes") and hasattr(value, "relationships"):
        return " -> ".join(_cell(node, "") for node in value.nodes)
    if hasattr(value, "labels"):
        return str(value.get("id", value.element_id))
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item, "") for item in value)
    return str(_flat(value))


def _flat(value: Any) -> Any:
    """Return a value for one cell of a file: nested ones as JSON text."""
    from lineage.stores.result import plain

    made = plain(value)
    return json.dumps(made, ensure_ascii=False) if isinstance(made, (list, dict)) else made


def csv_lines(asked: "Entry | None", result: "Result") -> Iterator[str]:
    """Yield the header and row by row as CSV, as they come."""
    columns = columns_of(asked, result)
    header = Answer(document={}, columns=columns).csv()
    yield header
    for row in result:
        record = {name: _flat(row[name]) for name in columns}
        yield Answer(document={}, records=[record], columns=columns).csv()[len(header) :]


def json_lines(result: "Result") -> Iterator[str]:
    """Yield each row as one line of JSON, as they come."""
    from lineage.cli.output import plain as finite
    from lineage.stores.result import plain

    for row in result:
        yield json.dumps(finite(plain(row)), ensure_ascii=False, allow_nan=False) + "\n"


def drawing(result: "Result", shape: str) -> str:
    """Return the nodes and relationships in the rows as a Mermaid chart or an SVG picture."""
    from lineage.reports.subgraph import subgraph_mermaid, subgraph_svg

    found = result.to_networkx()
    if not len(found):
        raise OptionError(_HINT)
    return subgraph_mermaid(found) if shape == "mermaid" else subgraph_svg(found).rstrip("\n") + "\n"


def catalogue_answer(entries: Sequence["Entry"]) -> Answer:
    """Return the questions with what they take."""
    wanted = [" ".join(one.name for one in item.parameters if one.required) for item in entries]
    return Answer(
        document={"schema": "lineage/queries/1", "queries": [item.as_dict() for item in entries]},
        records=[
            {"name": item.name, "question": item.question, "needs_results": item.needs_results}
            | {"parameters": ", ".join(one.signature() for one in item.parameters)}
            | {"columns": ", ".join(one.name for one in item.columns)}
            for item in entries
        ],
        grid=Grid(
            ("name", "needs", "question"),
            [(item.name, needs, item.question) for item, needs in zip(entries, wanted, strict=True)],
            left=3,
        ),
        notes=["", f"{counted(len(entries), 'question')}; lineage query NAME --describe says more"],
    )


def description(item: "Entry") -> Answer:
    """Return one question with its parameters, columns and text."""
    lines = [item.about] if item.about else []
    lines += ["needs figures that lineage cost --write-back put there"] if item.needs_results else []
    lines += ["", "takes"]
    lines += [f"  {one.signature()}{'  ' + one.about if one.about else ''}" for one in item.parameters]
    lines += ["returns"]
    lines += [f"  {one.name}{f' ({one.unit})' if one.unit else ''}" for one in item.columns]
    body = [line for line in item.text.splitlines() if not line.startswith("//")]
    lines += ["", *body, "", f"lineage query {item.name}{''.join(map(_example, item.parameters))}"]
    single = catalogue_answer([item])
    return Answer(
        document=single.document, records=single.records, title=f"{item.name}: {item.question}", body=lines
    )


def _example(parameter: Any) -> str:
    return f" --param {parameter.name}=..." if parameter.required else ""
