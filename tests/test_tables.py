"""Own tables into claims: columns and units, what is missing, what is refused, and where."""

import math
import time
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.claims import ARROW_TYPES, Claims, Source
from lineage.errors import ImportFault
from lineage.schema import CLAIM_TABLES
from lineage.tables import TABLE_NAMES, claims_from_table
from lineage.tables.header import RESERVED

FILE = Source(address="file.csv", format="tables")


def claims_of(name: str, /, **columns: Any) -> Claims:
    return claims_from_table(name, pa.table(columns), FILE, first_line=2)


def rows_of(name: str, /, **columns: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = claims_of(name, **columns).tables[name].to_pylist()
    return rows


def fault_of(name: str, /, **columns: Any) -> str:
    with pytest.raises(ImportFault) as caught:
        claims_of(name, **columns)
    return str(caught.value)


def job(**columns: Any) -> dict[str, Any]:
    return {"id": ["j"], "product": ["model:a"], "phase": ["training"], **columns}


# -- what a table becomes --


def test_every_promised_column_is_read_in_base_units() -> None:
    products = rows_of(
        "products",
        id=["platform:p"],
        name=["P"],
        created_at=["2024-05-31"],
        deployed=["yes"],
        lifetime=["3 years"],
        inferences=["1,000,000"],
        parameters=["7e9"],
        tokens=["2e12"],
        downloads=["12"],
        quality=["-0.5"],
        license=["mit"],
        operations_rate=["50 g/min"],
        own_carbon=["7.4 t"],
        own_carbon_lo=["7 t"],
        own_carbon_hi=["8,000 kg"],
        own_carbon_market=["1 t"],
        own_energy=["1507 kWh"],
        own_water=["3 m³"],
        tier=["measured"],
        superseded=["printed wrongly"],
        contains=["model:x; dataset:y"],
        source=["Somebody 2024"],
    )
    expected = {
        "id": "platform:p",
        "created_at": "2024-05-31",
        "deployed": True,
        "lifetime_h": 26_280.0,
        "inferences": 1e6,
        "parameters": 7e9,
        "tokens": 2e12,
        "downloads": 12.0,
        "quality": -0.5,
        "license": "mit",
        "operations_rate_gco2e_per_h": 3_000.0,
        "own_carbon_gco2e": 7.4e6,
        "own_carbon_gco2e_lo": 7e6,
        "own_carbon_gco2e_hi": 8e6,
        "own_carbon_market_gco2e": 1e6,
        "own_energy_kwh": 1507.0,
        "own_water_l": 3000.0,
        "tier": "measured",
        "superseded": "printed wrongly",
        "contains": "model:x; dataset:y",
        "citation": "Somebody 2024",
        "place": "line 2",
        "source": 0,
    }
    assert {name: products[0][name] for name in expected} == expected


def test_jobs_systems_and_grids_are_read_in_base_units() -> None:
    (row,) = rows_of(
        "jobs",
        **job(
            energy=["1 kJ"],
            overhead=["0.08 kJ"],
            duration=["5 min"],
            device_hours=["640"],
            device_count=["8"],
            power=["0.25 kW"],
            utilisation=["0.5"],
            pue=["1.1"],
            pue_included=["NO"],
            grid_intensity=["475"],
            grid_intensity_market=["0.1 kg/kWh"],
            mix=["coal:0.8;solar:0.2"],
            platform=["platform:p"],
            concurrent_jobs=["10"],
            interval_start=["2024-05-31T12:00:00+02:00"],
            quality_direction=["higher"],
            tier=["from-device-hours"],
        ),
    )
    assert row["energy_kwh"] == pytest.approx(1 / 3600)
    assert row["duration_h"] == pytest.approx(5 / 60)
    assert (row["power_w"], row["pue_included"], row["device_hours"]) == (250.0, False, 640.0)
    assert (row["grid_intensity_gco2e_per_kwh"], row["grid_intensity_market_gco2e_per_kwh"]) == (475.0, 100.0)
    assert row["interval_start"] == "2024-05-31T10:00:00Z"
    (system,) = rows_of(
        "systems", id=["gpu"], power=["400 W"], embodied_carbon=["150 kg"], lifetime=["5 years"]
    )
    assert (system["power_w"], system["embodied_gco2e"], system["lifetime_h"]) == (400.0, 150_000.0, 43_800.0)
    (grid,) = rows_of(
        "grids", id=["fr"], intensity=["56"], region=["France"], year=["2023"], basis=["location"]
    )
    assert (grid["intensity_gco2e_per_kwh"], grid["year"]) == (56.0, 2023.0)


def test_typed_columns_give_the_same_claims_as_texts() -> None:
    texts = claims_of(
        "products",
        id=["model:a", "model:b"],
        own_energy_kwh=["1.5", ""],
        downloads=["5", "7"],
        deployed=["yes", "no"],
        created_at=["2024-05-31", ""],
    )
    typed = claims_of(
        "products",
        id=pa.array(["model:a", "model:b"]).dictionary_encode(),
        own_energy_kwh=pa.array([1.5, None]),
        downloads=pa.array([5, 7], pa.int64()),
        deployed=pa.array([True, False]),
        created_at=pa.array([date(2024, 5, 31), None]),
    )
    assert typed.tables["products"].equals(texts.tables["products"])
    assert typed.sources.equals(texts.sources)


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_every_kind_of_text_column_is_text(kind: Any) -> None:
    (row,) = rows_of(
        "products", id=pa.array(["model:a"]).cast(kind), own_energy=pa.array(["2 kWh"]).cast(kind)
    )
    assert (row["id"], row["own_energy_kwh"]) == ("model:a", 2.0)


def test_the_tables_have_the_columns_of_the_schema_and_the_others_are_empty() -> None:
    claims = claims_of("edges", product=["model:b"], parent=["model:a"], note=["x"])
    for name, columns in CLAIM_TABLES.items():
        table = claims.tables[name]
        assert table.column_names[: len(columns)] == [item.name for item in columns]
        assert [table.schema.field(item.name).type for item in columns] == [
            ARROW_TYPES[item.type] for item in columns
        ]
        assert table.num_rows == (1 if name == "edges" else 0)
    assert claims.sources.to_pylist()[0]["address"] == "file.csv"


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_a_header_without_rows_is_an_empty_table(name: str) -> None:
    required = [item.name for item in CLAIM_TABLES[name] if item.required]
    claims = claims_of(name, **{column: pa.array([], pa.string()) for column in [*required, "note"]})
    assert claims.tables[name].num_rows == 0
    assert claims.findings == ()


def test_only_an_empty_cell_is_missing() -> None:
    rows = rows_of("products", id=["model:a", "model:b", "model:c"], own_energy_kwh=["0", "  ", ""])
    assert [row["own_energy_kwh"] for row in rows] == [0.0, None, None]
    rows = rows_of("edges", product=["model:b", "model:c"], parent=["model:a"] * 2, w=["", "0"])
    assert [row["w"] for row in rows] == [None, 0.0]
    assert [row["tier"] for row in rows] == [None, None]


def test_a_null_column_is_missing() -> None:
    (row,) = rows_of("products", id=["model:a"], own_energy=pa.nulls(1), note=pa.nulls(1))
    assert row["own_energy_kwh"] is None
    assert row["note"] is None
    (row,) = rows_of("products", id=["model:a"], own_energy=pa.array([None], pa.float64()))
    assert row["own_energy_kwh"] is None


def test_two_spellings_of_a_column_complete_each_other() -> None:
    rows = rows_of("products", id=["model:a", "model:b"], own_energy=["1 MWh", ""], own_energy_kwh=["", "5"])
    assert [row["own_energy_kwh"] for row in rows] == [1000.0, 5.0]


def test_places_are_lines_or_rows() -> None:
    table = pa.table({"id": ["model:a", "model:b"]})
    by_row = claims_from_table("products", table, FILE).tables["products"]
    assert by_row.column("place").to_pylist() == ["row 1", "row 2"]
    given_lines = claims_from_table("products", table, FILE, lines=[3, 7]).tables["products"]
    assert given_lines.column("place").to_pylist() == ["line 3", "line 7"]
    with pytest.raises(ImportFault, match=r"^file.csv, row 1, column id: 'a' is not KIND:NAME"):
        claims_from_table("products", pa.table({"id": ["a"]}), FILE)


# -- attributes --


@pytest.mark.parametrize(
    ("given_values", "kept"),
    [
        (["1", "2.5", ""], [1.0, 2.5, None]),
        (["1e3", "-4", "0.10"], [1000.0, -4.0, 0.1]),
        (["007", "8", ""], ["007", "8", None]),
        (["1234567890123456", "1", "2"], ["1234567890123456", "1", "2"]),
        (["a", "1", ""], ["a", "1", None]),
        (["nan", "1", "2"], ["nan", "1", "2"]),
        (["", "", ""], [None, None, None]),
        (pa.array([1, None, 3]), [1, None, 3]),
        (pa.array([True, None, False]), [True, None, False]),
        (pa.array([Decimal("1.5"), None, None]), [1.5, None, None]),
        (pa.array([[1], None, []]), ["[1]", None, "[]"]),
        (pa.array([date(2024, 1, 2), None, None]), ["2024-01-02", None, None]),
        (pa.array([b"x", None, None]), ["b'x'", None, None]),
    ],
)
def test_other_columns_are_kept_as_attributes(given_values: Any, kept: list[Any]) -> None:
    rows = rows_of("products", id=["model:a", "model:b", "model:c"], served=given_values)
    assert [row["served"] for row in rows] == kept


def test_attributes_refuse_nan() -> None:
    problem = fault_of("products", id=["model:a"], served=pa.array([math.nan]))
    assert problem == (
        "file.csv, line 2, column served: 'nan' is not finite; leave the cell empty if the value is unknown"
    )


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table in TABLE_NAMES for name in sorted(RESERVED[table])]
)
def test_computed_columns_are_left_out_with_a_finding(table: str, name: str) -> None:
    required = {item.name: ["model:a"] for item in CLAIM_TABLES[table] if item.required}
    required |= {"phase": ["training"]} if table == "jobs" else {}
    claims = claims_of(table, **required, **{name: ["x"]})
    (found,) = claims.findings
    assert (found.code, found.source, found.place) == ("ignored-value", "file.csv", f"column {name}")
    assert claims.tables[table].column("place").to_pylist() == ["line 2"]


# -- findings --


def test_a_bare_ton_is_read_as_metric_with_a_finding_per_row() -> None:
    claims = claims_of(
        "products", id=["model:a", "model:b", "model:c"], own_carbon=["5 tons", "5 t", "5 tons"]
    )
    assert claims.tables["products"].column("own_carbon_gco2e").to_pylist() == [5e6] * 3
    assert [(found.code, found.place) for found in claims.findings] == [
        ("unit-suspect", "line 2, column own_carbon"),
        ("unit-suspect", "line 4, column own_carbon"),
    ]


# -- laws and speed --

costs = st.floats(0, 1e15)


@given(values=st.lists(st.one_of(st.none(), costs), min_size=1, max_size=8))
def test_text_typed_and_spelled_columns_agree_to_the_last_bit(values: list[float | None]) -> None:
    ids = [f"model:{index}" for index in range(len(values))]
    texts = ["" if value is None else repr(value) for value in values]
    spelled = ["" if value is None else f"{value!r} kWh" for value in values]
    columns: list[tuple[str, Any]] = [
        ("own_energy_kwh", texts),
        ("own_energy_kwh", pa.array(values, pa.float64())),
        ("own_energy", spelled),
    ]
    for name, cells in columns:
        assert [row["own_energy_kwh"] for row in rows_of("products", id=ids, **{name: cells})] == values


@given(
    text=st.text(max_size=40),
    column=st.sampled_from(["own_energy", "created_at", "deployed", "parameters", "id"]),
)
def test_any_cell_is_read_or_refused_with_its_place(text: str, column: str) -> None:
    columns = {"id": [text]} if column == "id" else {"id": ["model:a"], column: [text]}
    try:
        claims_of("products", **columns)
    except ImportFault as fault:
        assert str(fault).startswith("file.csv, line 2, column ")


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_well_under_two_seconds() -> None:
    count = 100_000
    random = np.random.default_rng(0)
    columns = {"id": [f"model:{index}" for index in range(count)]}
    for name in ("own_energy_kwh", "own_carbon_gco2e", "downloads", "tokens"):
        columns[name] = [repr(float(value)) for value in random.random(count)]
    table = pa.table(columns)
    start = time.process_time()
    claims = claims_from_table("products", table, FILE, first_line=2)
    assert time.process_time() - start < 2
    assert claims.tables["products"].column("own_energy_kwh").null_count == 0
