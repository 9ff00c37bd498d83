"""Headers of own tables: which table it is, typos, units in names, and what cannot be a header."""

from typing import Any

import pyarrow as pa
import pytest

from lineage.claims import Source
from lineage.errors import ImportFault, OptionError
from lineage.tables import claims_from_table, table_of

FILE = Source(address="file.csv", format="tables")


def fault_of(name: str, /, **columns: Any) -> str:
    with pytest.raises(ImportFault) as caught:
        claims_from_table(name, pa.table(columns), FILE, first_line=2)
    return str(caught.value)


@pytest.mark.parametrize(
    ("columns", "table"),
    [
        (["product", "parent"], "edges"),
        (["id", "product", "phase"], "jobs"),
        (["id", "own_energy"], "products"),
        (["id", "name", "license"], "products"),
        (["id", "power", "embodied_carbon"], "systems"),
        (["id", "intensity"], "grids"),
        (["id"], None),
        (["id", "source"], None),
        (["id", "lifetime"], None),
        (["product"], None),
        (["timestamp", "duration", "emissions"], None),
        ([], None),
    ],
)
def test_columns_say_which_table_it_is(columns: list[str], table: str | None) -> None:
    assert table_of(columns) == table


def test_an_unknown_table_name_is_refused() -> None:
    with pytest.raises(OptionError, match="no own table is called 'product'; did you mean 'products'"):
        claims_from_table("product", pa.table({"id": ["model:a"]}), FILE)
    with pytest.raises(OptionError, match="the tables are products, edges, jobs, systems, grids"):
        claims_from_table("zebra", pa.table({"id": ["model:a"]}), FILE)


@pytest.mark.parametrize(
    ("table", "name", "meant"),
    [
        ("products", "own_enrgy", "own_energy"),
        ("products", "ID", "id"),
        ("products", "Own Carbon", "own_carbon"),
        ("products", "licence", "license"),
        ("products", "own_energy_mwh", "own_energy_kwh"),
        ("products", "own_carbon_kgco2e", "own_carbon_gco2e"),
        ("products", "inference", "inferences"),
        ("edges", "w2", "w"),
        ("edges", "parents", "parent"),
        ("jobs", "device-count", "device_count"),
        ("jobs", "utilization", "utilisation"),
        ("jobs", "PUE", "pue"),
    ],
)
def test_a_typo_of_a_column_is_refused(table: str, name: str, meant: str) -> None:
    problem = fault_of(table, **{name: ["x"]})
    assert problem.startswith(
        f"file.csv, column '{name}': is not a column of {table}; did you mean '{meant}'"
    )


@pytest.mark.parametrize("name", ["lifetime_years", "own_carbon_t", "operations_rate_g_per_min"])
def test_a_unit_in_a_column_name_is_refused(name: str) -> None:
    assert "has a unit in its name; write " in fault_of("products", id=["model:a"], **{name: ["3"]})


@pytest.mark.parametrize(
    "name",
    [
        "comment",
        "title",
        "url",
        "own_notes",
        "lifetime_source",
        "energy",
        "weight",
        "team",
        "Größe",
        "=cmd()",
    ],
)
def test_a_plausible_attribute_is_no_typo(name: str) -> None:
    table = pa.table({"id": ["model:a"], name: ["x"]})
    assert claims_from_table("products", table, FILE).tables["products"].column(name).to_pylist() == ["x"]


def test_headers_that_cannot_be_right_are_refused() -> None:
    assert fault_of("products", **{"id": ["model:a"], " ": ["x"]}) == (
        "file.csv, column 2: has no name; name it, or delete the column"
    )
    twice = pa.Table.from_arrays([pa.array(["model:a"])] * 2, names=["id", " id"])
    with pytest.raises(ImportFault, match="column 'id': stands there twice; keep one of them"):
        claims_from_table("products", twice, FILE)
    assert "column 2: 'a\\nb' holds the control character U+000A" in fault_of(
        "products", **{"id": ["x"], "a\nb": ["x"]}
    )
    wide = {"id": ["model:a"], **{f"x{index}": ["1"] for index in range(1000)}}
    assert fault_of("products", **wide) == "file.csv, header: has 1,001 columns; a table has at most 1,000"
    assert fault_of("edges", parent=["model:a"]) == (
        "file.csv, header: no column 'product', which every row of edges needs; the columns are 'parent'"
    )
