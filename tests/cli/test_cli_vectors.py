"""The exact cases of accounting.jsonl, through files, `lineage load` and `lineage cost`."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from command_lines import Run, checked, document
from lineage.findings import CODES
from lineage.run import POLICIES
from vectors import CASES, assert_case, name_of, products_and_edges, run_options


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write an own table; None is an empty cell, numbers keep every digit."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(
            {name: "" if value is None else value for name, value in row.items()} for row in rows
        )


def options(case: dict[str, Any]) -> list[str]:
    """Return the options of `lineage cost`."""
    given = run_options(case)
    if "retain" in given:
        given["retain"] = int(given["retain"])
    return [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def test_every_policy_has_cases() -> None:
    assert {case["run"]["policy"] for case in CASES} == set(POLICIES)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(run: Run, tmp_path: Path, case: dict[str, Any]) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    products, edges = products_and_edges(case)
    write_table(folder / "products.csv", products)
    if edges:
        write_table(folder / "edges.csv", edges)
    assert run("load", folder).exit_code == 0
    result = run("cost", *options(case), "--format", "json")
    if "error" in case["expect"]:
        assert result.exit_code == 1 and result.stdout == ""
        assert all(member in result.stderr for member in case["expect"]["members"])
        return
    made = document(result)
    assert {item["code"] for item in made["findings"]} <= set(CODES)
    told = checked(
        json.loads(run("check", *options(case), "--format", "json").stdout)
    )  # those of loading are here
    assert_case(case, made | {"findings": [*made["findings"], *told["findings"]]})
