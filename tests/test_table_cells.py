"""Cells of own tables: each type, each rule, and the message with place, problem and way out."""

import math
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from lineage.claims import Source
from lineage.errors import ImportFault
from lineage.schema import MAKING_PHASES, PHASES
from lineage.tables import claims_from_table
from lineage.tables.checks import mix, plain_name, product_id

FILE = Source(address="file.csv", format="tables")


def rows_of(name: str, /, **columns: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        claims_from_table(name, pa.table(columns), FILE, first_line=2).tables[name].to_pylist()
    )
    return rows


def fault_of(name: str, /, **columns: Any) -> str:
    with pytest.raises(ImportFault) as caught:
        claims_from_table(name, pa.table(columns), FILE, first_line=2)
    return str(caught.value)


def job(**columns: Any) -> dict[str, Any]:
    return {"id": ["j"], "product": ["model:a"], "phase": ["training"], **columns}


@pytest.mark.parametrize(
    ("table", "columns", "problem"),
    [
        (
            "products",
            {"own_energy": pa.array([5.0])},
            "'5.0' has no unit; write it (5.0 kWh), or use the column",
        ),
        ("products", {"own_energy_kwh": pa.array([math.nan])}, "'nan' is not finite"),
        ("products", {"own_energy_kwh": pa.array([-math.inf])}, "'-inf' is not finite"),
        ("products", {"own_energy_kwh": ["Infinity"]}, "'Infinity' is not finite"),
        ("products", {"own_energy_kwh": pa.array([-1])}, "'-1' must not be negative"),
        ("products", {"own_energy_kwh": pa.array([True])}, "holds bool values, not numbers"),
        ("products", {"own_energy_kwh": pa.array([[1.0]])}, "double> values, not numbers"),
        ("products", {"name": pa.array([["x"]])}, "string> values; write text"),
        ("products", {"name": pa.array([b"x"])}, "holds binary values; write text"),
        ("products", {"deployed": pa.array([2])}, "'2' is neither yes nor no"),
        ("products", {"deployed": pa.array([date(2024, 1, 1)])}, "holds date32[day] values; write yes or no"),
        ("products", {"created_at": pa.array([2024.5])}, "holds double values; write dates as"),
        (
            "products",
            {"created_at": pa.array([datetime(2024, 1, 1, 12)])},
            "has no time zone; localise the times",
        ),
        (
            "products",
            {"created_at": pa.array([2**62], pa.timestamp("ns"))},
            "'2116-02-20 23:53:38.427387904' has no time zone",
        ),
        ("products", {"created_at": pa.array([2**40], pa.timestamp("s"))}, "has no time zone"),
        ("products", {"created_at": ["2024-13"]}, "'2024-13' is not in the calendar"),
        ("products", {"created_at": ["2024-05-31T25:00:00Z"]}, "is not in the calendar"),
        ("products", {"created_at": ["0001-01-01T00:00:00+10:00"]}, "is not in the calendar"),
        ("products", {"created_at": ["20240531"]}, "'20240531' is not a date"),
        ("products", {"created_at": ["٢٠٢٤"]}, "is not a date"),
        ("products", {"lifetime": ["-3 years"]}, "'-3 years' must be above 0"),
        ("products", {"inferences": ["-1"]}, "'-1' must not be negative"),
        (
            "products",
            {"own_energy_lo": ["2 kWh"], "own_energy_hi": ["1 kWh"]},
            "own_energy_kwh_lo (2) is above own_",
        ),
        (
            "products",
            {"own_energy": ["2 kWh"], "own_energy_hi": ["1 kWh"]},
            "own_energy_kwh (2) is above own_",
        ),
        ("jobs", {"share": ["1.5"]}, "'1.5' must be between 0 and 1; write 50 % as 0.5"),
        ("jobs", {"device_count": ["-8"]}, "'-8' must not be negative"),
        ("jobs", {"pue": pa.array([0.99])}, "'0.99' must be 1 or more"),
        ("jobs", {"concurrent_jobs": ["0.5"]}, "'0.5' must be 1 or more"),
        ("jobs", {"mix": ["coal:x"]}, "'x' is not a number"),
    ],
)
def test_cells_that_cannot_be_right_are_refused(table: str, columns: dict[str, Any], problem: str) -> None:
    base = job() if table == "jobs" else {"id": ["model:a"]}
    message = fault_of(table, **base, **columns)
    assert message.startswith("file.csv, line 2")
    assert problem in message


def test_the_first_bad_row_is_named() -> None:
    ids = [f"model:{index}" for index in range(5)]
    columns = {"id": ids, "own_energy": ["1 kWh", "2 kWh", "z", "a", "1 kWh"]}
    assert fault_of("products", **columns).startswith(
        "file.csv, line 4, column own_energy: 'z' is not a number"
    )


def test_a_type_problem_in_an_empty_table_names_the_column() -> None:
    problem = fault_of("products", id=pa.array([], pa.string()), own_energy_kwh=pa.array([], pa.bool_()))
    assert problem == "file.csv, column own_energy_kwh: holds bool values, not numbers; write plain numbers"


@pytest.mark.parametrize(
    ("given_date", "kept"),
    [
        (["2024"], "2024"),
        (["2024-05"], "2024-05"),
        (["2024-02-29"], "2024-02-29"),
        (["2024-05-31T12:00Z"], "2024-05-31T12:00:00Z"),
        (["2024-05-31 12:00:00.987 UTC"], "2024-05-31T12:00:00Z"),
        (["2024-05-31T00:30:00+0200"], "2024-05-30T22:30:00Z"),
        (pa.array([2024]), "2024"),
        (pa.array([date(2024, 5, 31)], pa.date64()), "2024-05-31"),
        (pa.array([datetime(2024, 5, 31)]), "2024-05-31"),
        (pa.array([datetime(2024, 5, 31, 12, 30, 5, 999, UTC)]), "2024-05-31T12:30:05Z"),
        (
            pa.array([datetime(2024, 5, 31, 12, tzinfo=UTC)], pa.timestamp("ns", "Asia/Tokyo")),
            "2024-05-31T12:00:00Z",
        ),
    ],
)
def test_dates_are_iso_text_in_utc(given_date: Any, kept: str) -> None:
    (row,) = rows_of("products", id=["model:a"], created_at=given_date)
    assert row["created_at"] == kept


@pytest.mark.parametrize("text", ["yes", "No", "TRUE", "false", "1", "0"])
def test_flags(text: str) -> None:
    (row,) = rows_of("products", id=["model:a"], deployed=[text])
    assert row["deployed"] is (text.lower() in ("yes", "true", "1"))
    typed = rows_of("products", id=["model:a", "model:b"], deployed=pa.array([1.0, None]))
    assert [row["deployed"] for row in typed] == [True, None]


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_is_known(phase: str) -> None:
    assert rows_of("jobs", **job(phase=[phase]))[0]["phase"] == phase
    assert set(MAKING_PHASES) <= set(PHASES)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("coal:0.8;solar:0.1", "the shares make 0.9, not 1"),
        ("coal:0.8;solar:0.2011", "the shares make 1.0011, not 1"),
        ("coal", "is not a mix"),
        (":1", "is not a mix"),
        ("coal:1;", None),
        ("coal:0.8;solar:0.201", None),
        ("a:b:1", None),
        ("coal:0.5;coal:0.5", "names 'coal' twice"),
        ("coal:1.5;solar:-0.5", "the share 1.5 must be between 0 and 1"),
        ("co\nal:1", "control character"),
    ],
)
def test_mixes(text: str, problem: str | None) -> None:
    if problem is None:
        assert mix(text) == text
        return
    with pytest.raises(ValueError, match=problem):
        mix(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bert", "begin it with one of dataset:, model:, platform:"),
        ("Model:a", "did you mean 'model'"),
        ("model:", "is not KIND:NAME"),
        ("model: a", "has a blank after the colon; delete it"),
        ("model:" + "x" * 1000, "has 1,006 characters; shorten it to 1,000 at most"),
        ("model:a\u2028b", r"control character U\+2028"),
        ("model:a\x7f", r"control character U\+007F"),
    ],
)
def test_ids_that_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        product_id(text)


def test_names_of_jobs_need_no_kind() -> None:
    assert plain_name("job 7/α") == "job 7/α"
    assert "line 3, column id: 'j' stands in line 2 already" in fault_of(
        "jobs", id=["j", " j "], product=["model:a"] * 2, phase=["training"] * 2
    )


def test_a_number_larger_than_anything_real_is_refused() -> None:
    table = pa.table({"id": ["model:a", "model:b"], "own_carbon_gco2e": [1.0, 1.7e308]})
    with pytest.raises(ImportFault, match=r"larger than anything real \(1e\+24\); check its unit"):
        claims_from_table("products", table, Source(address="products.parquet"))
