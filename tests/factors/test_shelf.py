"""Looking factors up: places, devices, operators, years, and who wins."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.factors import Choice, Factor, Shelf, shelf
from lineage.factors.choosing import YEARLY
from lineage.factors.names import known_contract, known_device, known_place
from lineage.factors.places import place_chain
from lineage.factors.shelf import Table
from lineage.factors.tables import shipped, shipped_pairs


def ours(*rows: Factor) -> Shelf:
    """A shelf of our tables alone, or of the rows that are given."""
    return Shelf(None, Table("lineage", rows or shipped()))


def row(name: str, value: float, **more: object) -> Factor:
    fields: dict[str, object] = {
        "kind": "grid",
        "unit": "gCO2e/kWh",
        "basis": "location",
        "lo": value,
        "hi": value,
    }
    return Factor(name=name, value=value, **(fields | more))  # type: ignore[arg-type]


def found(choice: Choice | None) -> Choice:
    assert choice is not None
    return choice


def grid(shelf: Shelf, place: str, year: int | None = None) -> Choice:
    return found(shelf.grid(place, year=year))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("FR", "FR"),
        ("fra", "FR"),
        ("France", "FR"),
        ("us-east-1", "US-VA"),
        ("us-east-1a", "US-VA"),
        ("gcp europe-west4", "NL"),
        ("europe-west4-b", "NL"),
        ("GCP europe-west4-b", "NL"),
        ("Azure West US 2", "US-WA"),
        ("westus2", "US-WA"),
        ("Virginia", "US-VA"),
        ("United States of America", "US"),
        ("Côte d'Ivoire", "world"),
        ("world", "world"),
        ("Global", "world"),
    ],
)
def test_a_place_has_many_names(place: str, name: str) -> None:
    assert grid(ours(), place).factor.name == name


def test_an_unknown_place_is_not_guessed() -> None:
    assert ours().grid("Atlantis") is None and ours().grid("") is None
    assert place_chain("Atlantis") == ()


def test_the_nearest_year_is_taken_and_widens() -> None:
    exact, old = grid(ours(), "FR", 2021), grid(ours(), "FR", 2011)
    assert exact.factor.year == 2021 and exact.factor in shipped()
    assert old.factor.year == 2015
    table = next(item for item in old.considered if item.year == 2016)
    assert table.name == "FR"
    stated = next(item for item in shipped() if (item.kind, item.name, item.year) == ("grid", "FR", 2015))
    assert old.factor.value == stated.value
    assert old.factor.hi == pytest.approx(stated.hi * (1 + YEARLY) ** 4)
    assert old.factor.lo == pytest.approx(stated.lo / (1 + YEARLY) ** 4)
    assert "2015 is the nearest year to 2011" in old.reason and "wider" in old.reason


def test_of_two_years_as_near_the_newer_and_without_a_year_the_newest() -> None:
    table = ours(row("FR", 1.0, year=2019), row("FR", 2.0, year=2021))
    assert grid(table, "FR", 2020).factor.value == 2.0
    assert grid(table, "FR").factor.value == 2.0
    assert "2021 is the newest" in grid(table, "FR").reason


def test_region_before_country_before_world() -> None:
    whole = (row("US", 300.0, year=2020), row("world", 500.0, year=2023))
    region = grid(ours(*whole, row("US-VA", 200.0, year=2005)), "us-east-1", 2023)
    assert region.factor.value == 200.0, "a place nearer wins over a year nearer"
    assert [item.name for item in region.considered] == ["US", "world"]
    country = grid(ours(*whole, row("US-OH", 700.0)), "us-east-1", 2020)
    assert (country.factor.value, country.factor.lo, country.factor.hi) == (300.0, 300.0, 700.0)
    assert "nothing is known of US-VA, so US, as wide as its regions" in country.reason
    alone = grid(ours(row("DK", 100.0, year=2020)), "DK-DK1", 2020)
    assert (alone.factor.lo, alone.factor.hi) == (10.0, 250.0), "no part of it is known: strongly wider"
    assert "nothing is known of DK-DK1, so DK, 0.1 to 2.5 times" in alone.reason
    world = grid(ours(*whole), "Kenya", 2023)
    assert (world.factor.value, world.factor.lo, world.factor.hi) == (500.0, 300.0, 500.0)


def test_market_never_falls_back_on_location() -> None:
    assert ours().grid("FR", basis="market") is None
    assert found(ours().grid("meta", basis="market")).factor.value == 0.0
    assert ours().grid("meta") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A100", "A100"),
        ("A100s", "A100"),
        ("NVIDIA A100-SXM4-80GB", "A100 SXM 80GB"),
        ("a100 40 GB", "A100 SXM 40GB"),
        ("NVIDIA A100 80GB PCIe", "A100 PCIe 80GB"),
        ("Tesla V100-SXM2-32GB", "V100 SXM2 32GB"),
        ("V100s", "V100"),
        ("V100S", "V100S"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM"),
        ("GeForce RTX 3090", "RTX 3090"),
        ("RTX 3090 Ti", "RTX 3090 Ti"),
        ("Google Cloud TPU v3", "TPU v3"),
        ("TPU v3-8", "TPU v3"),
        ("tpu-v4", "TPU v4"),
        ("AMD Instinct MI250X", "MI250X"),
        ("T4 GPU", "T4"),
        ("NVIDIA DGX A100", "DGX A100"),
    ],
)
def test_an_accelerator_has_many_names(text: str, name: str) -> None:
    device = ours().accelerator(text)
    assert device is not None and device.name == name
    assert known_device(text)


@pytest.mark.parametrize("text", ["", "abacus", "8xA100", "cluster", "GPU", "v3", "100"])
def test_an_unknown_accelerator_is_not_guessed(text: str) -> None:
    assert ours().accelerator(text) is None and not known_device(text)


def test_every_alias_leads_to_its_device_and_place() -> None:
    table = ours()
    for spelling, name in shipped_pairs("devices"):
        device = table.accelerator(spelling)
        assert device is not None and device.name == name, spelling
    for spelling, code in shipped_pairs("places"):
        assert place_chain(spelling)[0] == code and known_place(spelling)
    assert known_contract("Meta") and not known_contract("nobody")


def test_what_is_known_of_an_accelerator() -> None:
    device = ours().accelerator("A100")
    assert device is not None and device.peak_flops is not None
    assert (device.power_w.value, device.peak_flops.value, device.memory_gb, device.year) == (
        400.0,
        312e12,
        40.0,
        2020,
    )
    assert device.embodied_gco2e.lo == 150_000
    old = ours().accelerator("K80")
    assert old is not None and old.peak_flops is None, "there is no fast fp16, and none is invented"
    assert old.embodied_gco2e.name == "any" and old.embodied_gco2e.hi > 1_000_000


def test_operators_and_the_industry() -> None:
    table = ours()
    assert table.pue("google", year=2020).factor.year == 2021, "2019 and 2021 are as near: the newer"
    assert table.pue("Google", year=2019).factor.value == 1.10
    unknown = table.pue("acme", year=2022)
    assert unknown.factor.value == 1.55 and "nothing is known of 'acme'" in unknown.reason
    assert unknown.factor.lo <= 1.10 and unknown.factor.hi >= 1.8
    assert table.wue("aws").factor.value == 0.15 and table.wue().factor.name == "any"
    assert table.loss().factor.value == 0.08


def test_sources_lifetimes_servers_and_water() -> None:
    table = ours()
    assert found(table.source_intensity("Natural Gas")).factor.name == "gas"
    coal, solar = (found(table.source_intensity(name)).factor for name in ("coal", "solar"))
    assert (coal.value, solar.value) == (820.0, 48.0), "those of the paper's example"
    assert table.source_intensity("wood chips of dreams") is None
    assert table.lifetime_h().factor.lo == 3 * 8760 and table.lifetime_h("accelerator").factor.hi == 6 * 8760
    assert table.server_embodied().factor.lo == 2_500_000 and table.server_power().factor.value == 1200.0
    assert table.utilisation().factor.hi == 1.1 and table.utilisation("peak").factor.value == 0.34
    assert found(table.grid_water("BR")).factor.value > found(table.grid_water("DE")).factor.value
    assert found(table.grid_water("TZ")).factor.name == "world"


def test_a_table_without_a_kind_says_so() -> None:
    with pytest.raises(LookupError, match="hold no pue of 'any'"):
        ours(row("FR", 1.0)).pue()


def _own(tmp_path: Path, text: str) -> Shelf:
    file = tmp_path / "own.csv"
    file.write_text("kind,name,value,unit,year\n" + text, encoding="utf-8")
    return shelf(file, adapters=False)


def test_a_users_own_file_wins(tmp_path: Path) -> None:
    table = _own(
        tmp_path, "grid,FR,10,g/kWh,2010\ngrid,our cellar,7,g/kWh,\npower,A100,333,W,\npue,any,1.3,1,\n"
    )
    assert grid(table, "France", 2023).factor.value == 10.0
    assert "own.csv" in grid(table, "France", 2023).reason
    assert grid(table, "our cellar", 2023).factor.value == 7.0, "a name of its own"
    assert grid(table, "DE", 2023).factor.value > 100
    device = table.accelerator("NVIDIA A100-SXM4-80GB")
    assert device is not None and device.power_w.value == 333.0
    assert table.pue("acme").factor.value == 1.3 and table.pue("google").factor.value == 1.09
    world = _own(tmp_path, "grid,world,1,g/kWh,\n")
    assert grid(world, "FR", 2023).factor.value > 40, "the world of a file is no France"
    assert grid(world, "Côte d'Ivoire").factor.value == 1.0 and grid(world, "world", 2020).factor.value == 1.0


def test_the_same_question_is_answered_once() -> None:
    table = ours()
    assert table.grid("FR", year=2020) is table.grid("FR", year=2020)
    assert [choice.asked for choice in table.used.values()] == ["FR"]


PLACES = st.sampled_from([spelling for spelling, _ in shipped_pairs("places")])


@given(place=PLACES, year=st.integers(1990, 2040))
@settings(max_examples=60, deadline=None)
def test_every_place_has_an_interval_around_its_value(place: str, year: int) -> None:
    factor = grid(ours(), place, year).factor
    assert 0 <= factor.lo <= factor.value <= factor.hi <= 995, "no grid is dirtier than coal"
