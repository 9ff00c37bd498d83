"""An own cost can be opened: formula, inputs and sources, down to the last factor."""

from collections.abc import Iterator
from typing import Any

import pytest

from lineage.costs import Part, own_cost_parts, own_costs
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph

SYSTEMS = {
    "v100": {"embodied_gco2e": 150_000.0, "lifetime_h": 30_000.0, "power_w": 250.0, "citation": "data sheet"}
}
GRIDS = {
    "fr": {"intensity_gco2e_per_kwh": 50.0, "citation": "operator 2024"},
    "coal": {"intensity_gco2e_per_kwh": 820.0, "citation": "IPCC"},
    "sun": {"intensity_gco2e_per_kwh": 48.0, "citation": "IPCC"},
    "green": {"intensity_gco2e_per_kwh": 5.0, "basis": "market", "citation": "contract"},
}
PLATFORM = {"platform:q": {"lifetime_h": 8760.0, "operations_rate_gco2e_per_h": 60.0}}


def drawn(*jobs: dict[str, Any], **product: Any) -> Graph:
    rows = [
        {"id": f"j{n}", "product": "model:m", "phase": "training", **job} for n, job in enumerate(jobs, 1)
    ]
    return graph("m", products={"m": product, **PLATFORM}, jobs=rows, systems=SYSTEMS, grids=GRIDS)


def walk(parts: list[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        yield from walk(list(part.parts))


def opened(made: Graph, run: Run | None = None) -> list[Part]:
    return own_cost_parts(made, run or Run(), 0)


def formulas(parts: list[Part]) -> dict[str, str]:
    return {part.name: part.formula for part in walk(parts)}


FULL = {
    "system": "v100",
    "device_count": 8.0,
    "duration_h": 84.0,
    "pue": 1.5,
    "grid": "fr",
    "platform": "platform:q",
    "concurrent_jobs": 10.0,
    "citation": "the paper, table 2",
}


def test_every_step_of_a_job_is_written_out() -> None:
    parts = opened(drawn(FULL))
    assert formulas(parts) == {
        "job j1 (training)": "JSC 12,600 + systems' embodied 3,360 + platform operations 504 = 16,464 gCO2e",
        "JSC": "252 kWh x 50 g/kWh = 12,600 gCO2e",
        "energy": "8 devices x 250 W x 84 h x PUE 1.5 = 252 kWh",
        "systems' embodied": "150,000 gCO2e x 8 devices x 84 h / 30,000 h = 3,360 gCO2e",
        "platform operations": "60 g/h x 84 h / 10 jobs at once = 504 gCO2e",
    }
    sources = {item.name: item.source for part in walk(parts) for item in part.inputs}
    assert sources["power"] == sources["lifetime of v100"] == "data sheet"
    assert sources["intensity of fr"] == "operator 2024"
    assert sources["devices"] == sources["PUE"] == "the paper, table 2"


@pytest.mark.parametrize("impact", ["carbon", "carbon-market", "energy"])
def test_the_parts_add_up_to_the_own_cost(impact: str) -> None:
    run = Run(impact=impact)
    made = drawn(
        FULL, {"energy_kwh": 10.0, "grid": "fr", "pue": 1.0}, {}, {"phase": "inference", "energy_kwh": 1.0}
    )
    costs = own_costs(made, run)
    parts = own_cost_parts(made, run, 0, own=costs)
    assert len(parts) == 3 and all(part.used for part in parts)
    assert sum(part.value for part in parts if part.value is not None) == pytest.approx(float(costs.best[0]))
    assert parts[2].value is None and parts[2].tier == "unknown"


def test_a_part_that_is_unknown_says_what_it_needs() -> None:
    told = formulas(opened(drawn({"platform": "platform:q"})))
    assert told["energy"] == "unknown: needs energy, or power and time"
    assert told["systems' embodied"] == "unknown: needs system"
    assert told["platform operations"] == "unknown: needs duration"
    partly = opened(drawn({"energy_kwh": 10.0, "grid": "fr", "pue": 1.0}))[0]
    assert partly.formula.endswith("= 500 gCO2e at least")


@pytest.mark.parametrize(
    ("job", "formula"),
    [
        (
            {"energy_kwh": 1507.0, "pue": 1.58, "pue_included": True},
            "1,507 kWh with cooling and loss (PUE 1.58)",
        ),
        ({"energy_kwh": 1507.0, "pue_included": True}, "1,507 kWh with cooling and loss"),
        ({"energy_kwh": 10.0, "overhead_kwh": 1.0}, "10 kWh + 1 kWh overhead = 11 kWh"),
        ({"energy_kwh": 10.0}, "10 kWh"),
        (
            {"device_hours": 1082990.0, "power_w": 400.0, "utilisation": 0.5, "share": 0.5, "pue": 1.2},
            "1,082,990 device hours x 400 W x utilisation 0.5 x share 0.5 x PUE 1.2 = 129,959 kWh",
        ),
        ({"power_w": 1000.0, "duration_h": 2.0}, "1 device x 1,000 W x 2 h = 2 kWh"),
    ],
)
def test_energies_are_written_as_they_were_given(job: dict[str, Any], formula: str) -> None:
    assert formulas(opened(drawn(job), Run(impact="energy")))["energy"] == formula


def test_device_hours_and_shares_of_the_hardware() -> None:
    told = formulas(opened(drawn({"system": "v100", "device_hours": 300.0, "share": 0.5})))
    assert told["systems' embodied"] == "150,000 gCO2e x 300 h / 30,000 h x share 0.5 = 750 gCO2e"


def test_where_an_intensity_comes_from() -> None:
    def source(impact: str = "carbon", **job: Any) -> tuple[str, str]:
        parts = opened(drawn({"energy_kwh": 1.0, "citation": "card", **job}), Run(impact=impact))
        jsc = next(part for part in walk(parts) if part.name == "JSC")
        return jsc.inputs[1].name, jsc.inputs[1].source

    assert source(grid_intensity_gco2e_per_kwh=4.0) == ("intensity", "card")
    assert source(mix="coal:0.8;sun:0.2") == ("intensity of the mix coal:0.8;sun:0.2", "IPCC")
    assert source() == ("intensity", "")
    assert source("carbon-market", grid="fr", grid_market="green") == ("intensity of green", "contract")
    assert source("carbon-market", grid="green") == ("intensity of green", "contract")
    assert source("carbon-market", grid="fr") == ("intensity of fr", "operator 2024")
    assert source(grid="green") == ("intensity", "")


def test_a_market_figure_that_repeats_the_location_says_so() -> None:
    told = formulas(opened(drawn({"energy_kwh": 1.0, "pue": 1.0, "grid": "fr"}), Run(impact="carbon-market")))
    assert told["JSC"] == "1 kWh x 50 g/kWh = 50 gCO2e (location-based: no market intensity is known)"
    total = opened(drawn(own_carbon_gco2e=7.0), Run(impact="carbon-market"))[0]
    assert total.formula == "as printed: 7 gCO2e (location-based: no market-based figure is known)"


def test_the_figure_that_lost_is_kept_beside() -> None:
    parts = opened(
        drawn({"energy_kwh": 10.0, "pue": 1.0}, own_energy_kwh=12.0, citation="card"), Run(impact="energy")
    )
    assert [(part.name, part.value, part.used) for part in parts] == [
        ("job j1 (training)", 10.0, True),
        ("printed total", 12.0, False),
    ]
    assert parts[1].citation
    bounded = opened(drawn(own_carbon_gco2e=2.0, own_carbon_gco2e_lo=1.0, own_carbon_gco2e_hi=4.0))[0]
    assert bounded.formula == "as printed: 2 gCO2e, between 1 and 4 gCO2e"


def test_water_has_no_parts_from_jobs() -> None:
    assert opened(drawn(FULL), Run(impact="water")) == []
