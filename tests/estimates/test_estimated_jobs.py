"""Estimates from jobs: what is known of one is used as it is, and what is stated is never replaced."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lineage.costs import own_costs
from lineage.errors import InputError
from lineage.estimates import estimate_products
from lineage.estimates.jobs import device_hours_terms
from lineage.factors import shelf
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph

ENERGY = Run(impact="energy", impute=True)
CARBON = Run(impute=True)


def one(**columns: Any) -> Graph:
    return graph("x/model", products={"x/model": columns})


def job(**columns: Any) -> Graph:
    return graph("x/model", jobs=[{"product": "x/model", "id": "j"} | columns])


def energy_of(made: Graph, run: Run = ENERGY) -> tuple[float, float, float]:
    item = estimate_products(made, run).of(0)
    assert item is not None
    return item.energy_kwh


@pytest.mark.parametrize("name", ["share", "device_count", "utilisation"])
def test_a_stated_0_stays_0(name: str) -> None:
    columns = {"power_w": 300.0, "duration_h": 10.0, "pue": 1.0}
    assert energy_of(job(**columns)) == (3.0, 3.0, 3.0)
    assert energy_of(job(**columns, **{name: 0.0})) == (0.0, 0.0, 0.0)


def test_the_graphs_own_system_comes_before_the_shelf() -> None:
    row = {"product": "x/model", "device_hours": 1000.0, "system": "A100", "pue": 1.0}
    ours = graph("x/model", jobs=[row], systems={"A100": {"power_w": 200.0}})
    assert energy_of(ours) == (200.0, 200.0, 200.0)
    unpowered = graph("x/model", jobs=[row], systems={"A100": {"embodied_gco2e": 1e5}})
    assert energy_of(unpowered) == energy_of(graph("x/model", jobs=[row]))  # its power is that of the tables


def test_a_stated_utilisation_replaces_the_range_of_the_draw() -> None:
    made = job(device_hours=1000.0, system="A100", pue=1.0, utilisation=0.3)
    lo, best, hi = energy_of(made)
    assert best == hi == pytest.approx(120.0) and lo == pytest.approx(75.0)  # A100: 250 or 400 W
    filled = own_costs(made, ENERGY)
    assert filled.best[0] == pytest.approx(120.0) and filled.origin[0] == "jobs"


def test_an_overhead_is_added_once() -> None:
    assert energy_of(job(energy_kwh=100.0, overhead_kwh=20.0, pue_included=True))[1] == 100.0
    assert energy_of(job(energy_kwh=100.0, overhead_kwh=20.0))[1] == 120.0
    assert energy_of(job(power_w=1000.0, duration_h=100.0, overhead_kwh=20.0))[1] == pytest.approx(120.0)
    assert energy_of(job(energy_kwh=100.0, pue=1.2, pue_included=True)) == (100.0, 100.0, 100.0)
    with pytest.raises(InputError, match=r"job j: a PUE of 0\.9 is impossible"):
        estimate_products(job(energy_kwh=100.0, pue=0.9), CARBON)


def test_a_known_energy_without_pue_is_never_dearer_for_it_only_wider() -> None:
    lo, best, hi = energy_of(job(energy_kwh=100.0))
    assert (lo, best) == (100.0, 100.0) and hi > 130


def test_jobs_in_two_places_say_nothing_of_a_third() -> None:
    rows = [
        {"product": "x/model", "energy_kwh": 1000.0, "pue": 1.0, "grid": name} for name in ("FR", "PL", None)
    ]
    apart = own_costs(graph("x/model", jobs=rows), CARBON)
    alike = own_costs(graph("x/model", jobs=[row | {"grid": row["grid"] and "FR"} for row in rows]), CARBON)
    assert apart.hi[0] - apart.lo[0] > 500_000 > alike.hi[0] - alike.lo[0]


def test_jobs_win_over_a_stated_energy_of_the_same_evidence() -> None:
    rows = [{"product": "x/model", "energy_kwh": 1e6, "pue": 1.0}]
    told = {"x/model": {"own_energy_kwh": 5.0}}
    assert energy_of(graph("x/model", products=told, jobs=rows), CARBON)[1] == 1e6
    rows[0]["tier"] = "imputed"
    assert energy_of(graph("x/model", products=told, jobs=rows), CARBON)[1] == 5.0


def test_prose_about_the_whole_wins_over_jobs_that_lack_one_unless_they_took_more() -> None:
    columns = {"x/model": {"hardware_used": "32 V100 32Gb GPUs, 1216 GPU hours"}}
    rows: list[dict[str, Any]] = [{"product": "x/model", "energy_kwh": 10.0}, {"product": "x/model"}]
    item = estimate_products(graph("x/model", products=columns, jobs=rows), ENERGY).of(0)
    assert item is not None and item.method == "device-hours" and not np.isnan(item.value.hi)
    rows[0]["energy_kwh"] = 1e6
    item = estimate_products(graph("x/model", products=columns, jobs=rows), ENERGY).of(0)
    assert item is not None and item.value.best == 1e6 and np.isnan(item.value.hi)


@pytest.mark.parametrize(
    ("written", "row"),
    [
        ("gcp", "google"),
        ("Google Cloud", "google"),
        ("Amazon", "aws"),
        ("AWS", "aws"),
        ("Microsoft", "azure"),
    ],
)
def test_an_operator_is_known_by_its_usual_names(written: str, row: str) -> None:
    def pue(operator: str | None) -> tuple[float, float, float]:
        return device_hours_terms(1.0, "A100", shelf(), operator)[-1].span.at(0)

    assert pue(written) == pue(row) != pue(None)


def test_the_users_own_pue_for_any_centre_is_used(tmp_path: Path) -> None:
    file = tmp_path / "ours.csv"
    file.write_text("kind,name,value,unit,region,basis\npue,any,1.3,1,any,annual mean\n")
    ours = Run(impact="energy", impute=True, factors=str(file))
    for made in (job(device_hours=1000.0, system="A100"), one(hardware_used="1000 A100 GPU hours")):
        item = estimate_products(made, ours).of(0)
        assert item is not None and item.terms[-1].value == (1.3, 1.3, 1.3)
    assert energy_of(job(energy_kwh=100.0), ours)[1] == pytest.approx(130.0)
