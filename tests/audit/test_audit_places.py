"""Rules of the audit about places, devices and chance: what a figure may be, and what must not be an alarm."""

from typing import Any

import pytest

from lineage.audit import audit
from lineage.audit.comparing import digits
from lineage.findings import Finding
from lineage.testing import graph


def of_row(**row: Any) -> tuple[Finding, ...]:
    """What the audit finds in one row of one model."""
    return audit(graph("m", products={"m": row}))


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [item.code for item in found]


def placed(place: str, intensity: float) -> tuple[Finding, ...]:
    """What the audit finds in 1 MWh at a place with an intensity in g/kWh."""
    return of_row(location=place, own_energy_kwh=1000.0, own_carbon_gco2e=1000.0 * intensity)


# -- devices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("devices", [16, 512])
def test_devices_multiplied_once_more_are_no_factor_of_a_thousand(devices: int) -> None:
    [item] = of_row(
        hardware=f"{devices} A100, 184320 GPU hours", own_carbon_gco2e=31.22e6 * devices
    )  # 184,320 h x 400 W x 423 g/kWh = 31.22 t
    assert item.code == "hours-suspect" and f"the {devices} devices again" in item.text
    assert item.text.endswith("most likely correction: 31.22 t")
    assert of_row(hardware=f"{devices} A100, 184320 GPU hours", own_carbon_gco2e=31.22e6) == ()


def test_energy_of_devices_multiplied_once_more() -> None:
    [item] = of_row(hardware="16 A100, 184320 GPU hours", own_energy_kwh=73_728.0 * 16)
    assert item.code == "hours-suspect" and item.text.endswith("most likely correction: 73.73 MWh")


def test_a_figure_of_one_device_of_many() -> None:
    row = {"hardware": "64 x A100", "hours_used": "1000", "location": "United States"}
    [item] = of_row(**row, own_carbon_gco2e=160_000.0)
    assert item.code == "hours-suspect" and "one of 64 devices" in item.text
    assert "most likely correction: 10.24 t, or 1,000 h as device_hours" in item.text
    assert of_row(**row, own_carbon_gco2e=10.24e6) == ()
    called = row | {"hours_used": "1000 GPU hours"}
    assert of_row(**called, own_carbon_gco2e=160_000.0) == (), "it says whose hours they are"


def test_an_energy_of_one_device_of_eight() -> None:
    row = {"hardware": "8 x A100", "hours": 1000.0}
    [item] = of_row(**row, own_energy_kwh=400.0)
    assert (
        item.code == "hours-suspect"
        and "most likely correction: 3.2 MWh, or 1,000 h as device_hours" in item.text
    )
    assert of_row(**row, own_energy_kwh=3200.0) == of_row(**row, own_energy_kwh=1000.0) == ()
    job = {"product": "m", "system": "A100", "device_count": 8.0, "duration_h": 1000.0, "energy_kwh": 400.0}
    assert codes(audit(graph("m", jobs=[job | {"pue": 1.0}], systems={"A100": {}}))) == ["hours-suspect"]


# -- chance ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["own_carbon_gco2e", "own_energy_kwh"])
@pytest.mark.parametrize("figures", [(2e6, 3e6, 5e6), (100.0, 200.0, 300.0)])
def test_round_figures_add_up_by_chance(column: str, figures: tuple[float, ...]) -> None:
    def found(*values: float, name: str = "gamma") -> list[str]:
        names = ("alpha", "beta", name)
        products = {who: {column: value} for who, value in zip(names, values, strict=True)}
        return codes(audit(graph(name, products=products)))

    assert found(*figures) == []
    assert found(*figures, name="all-models") == ["total-suspect"], "a name that says so"
    assert found(123.0, 456.0, 579.0) == ["total-suspect"], "three digits are no chance"


def test_equal_round_jobs_on_two_sites_are_two_runs() -> None:
    def found(energy: float, **second: Any) -> list[str]:
        job = {"product": "m", "energy_kwh": energy, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 56.0}
        other = job | {"grid_intensity_gco2e_per_kwh": 380.0, **second}
        return codes(audit(graph("m", jobs=[job, other])))

    assert found(1000.0) == found(250.0) == []
    assert found(1234.0) == ["other-grid"]
    hours = {"product": "m", "device_hours": 500.0, "power_w": 400.0, "pue": 1.0}
    sites = [hours | {"grid_intensity_gco2e_per_kwh": value} for value in (56.0, 380.0)]
    assert audit(graph("m", jobs=sites)) == ()
    published = [job | {"citation": f"Report {year}"} for job, year in zip(sites, (2023, 2024), strict=True)]
    assert codes(audit(graph("m", jobs=published))) == ["other-grid"], "two publications of one run"


def test_models_of_two_owners_may_have_one_round_figure() -> None:
    def found(value: float, *names: str) -> list[str]:
        return codes(audit(graph(*names, own=dict.fromkeys(names, value))))

    assert found(1.0, "alice/my-model", "bob/my-model") == []
    assert found(1234.0, "alice/my-model", "bob/my-model") == ["shared-figure"]
    assert found(131e6, "google/gemma-2b", "google/gemma-7b") == ["shared-figure"]


def test_digits_of_a_figure() -> None:
    assert [digits(value) for value in (1.0, 160_000.0, 31.22e6, 1.082990)] == [1, 2, 4, 6]


# -- places ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "intensity"),
    [
        ("Quebec", 30.0),
        ("Montreal, Quebec, Canada", 30.0),
        ("Quebec", 1.5),  # what burns alone, as the national inventory prints it
        ("British Columbia", 12.0),
        ("Iceland", 1.0),
        ("DK-DK1", 1.0),  # no part of Denmark is known
        ("DK-DK1", 900.0),
    ],
)
def test_what_a_place_may_have_is_no_alarm(place: str, intensity: float) -> None:
    assert placed(place, intensity) == ()


@pytest.mark.parametrize(("place", "intensity"), [("DK-DK1", 1600.0), ("Quebec", 600.0), ("Iceland", 0.3)])
def test_what_a_place_cannot_have_is_a_contradiction(place: str, intensity: float) -> None:
    assert codes(placed(place, intensity)) == ["carbon-contradicts"]


def test_a_correction_lies_on_the_grid_of_the_place() -> None:
    [item] = placed("Iceland", 0.03)
    assert item.code == "unit-suspect" and "(30 g/kWh)" in item.text
    [item] = placed("Iceland", 0.3)
    assert "300 g/kWh" not in item.text and "or another place" in item.text
    [item] = placed("United States", 0.385)
    assert item.code == "unit-suspect" and "(385 g/kWh)" in item.text


def test_a_clean_supplier_is_a_contract_not_a_contradiction() -> None:
    [item] = placed("Washington", 24.0)  # ClimateGPT: a supply of water power alone
    assert (item.code, item.severity) == ("other-grid", "info")
    assert "most likely the figure of a contract" in item.text
    assert "own_carbon_market = 24 kg, and own_carbon = energy x the grid of the place" in item.text
    assert codes(placed("Poland", 100.0)) == ["carbon-contradicts"], "no one supplier has that"


def test_hardware_at_a_part_of_a_country_of_which_nothing_is_known() -> None:
    card = {"hardware": "8x NVIDIA A100", "hours": "100 hrs", "location": "DK-DK1"}
    assert of_row(**card, own_carbon_gco2e=320.0 * 3) == ()
    assert "DK-DK1" in of_row(**card, own_carbon_gco2e=1.0)[0].text
