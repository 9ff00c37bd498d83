"""Own costs of jobs that name a factor: value, range, evidence, explanation; and pins that reproduce them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lineage.costs import own_costs
from lineage.costs.inputs import Supplies, System, read_jobs, read_supplies
from lineage.errors import InputError
from lineage.explanation import explain
from lineage.factors import Choice, Factor, shelf
from lineage.factors.pins import pin_rows
from lineage.factors.tables import read_table, table_text
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.uncertainty import Uncertainty
from lineage.views.factor_uses import factor_uses, moved_results, moved_uses
from lineage.views.sensitivity import sensitivity

OURS = shelf(adapters=False)


def factor(choice: Choice | None) -> Factor:
    assert choice is not None
    return choice.factor


def device(name: str) -> tuple[Factor, Factor]:
    found = OURS.accelerator(name)
    assert found is not None
    return found.power_w, found.embodied_gco2e


def test_an_own_cost_follows_from_the_factors_and_carries_their_range(made: Graph) -> None:
    costs = own_costs(made, Run())
    code = made.code("model:base")
    power, embodied = device("A100 SXM 80GB")
    grid, life = factor(OURS.grid("us-east-1", year=2021)), OURS.lifetime_h("accelerator").factor
    drawn = OURS.utilisation("power").factor
    hours = 64 * 240
    kwh = hours * power.value / 1000 * 1.1
    assert costs.best[code] == pytest.approx(kwh * grid.value + embodied.value * hours / life.value)
    assert costs.lo[code] == pytest.approx(kwh * drawn.lo * grid.lo + embodied.lo * hours / life.hi)
    assert costs.hi[code] == pytest.approx(kwh * drawn.hi * grid.hi + embodied.hi * hours / life.lo)
    assert costs.tier[code] == "from-device-hours"


def test_a_stated_utilisation_is_not_widened(made: Graph) -> None:
    costs = own_costs(made, Run(impact="energy"))
    code = made.code("model:tuned")
    power, _ = device("V100")
    assert costs.best[code] == pytest.approx(96 * power.value * 0.5 / 1000 * 1.2 + 12)
    assert costs.lo[code] == pytest.approx(96 * power.lo * 0.5 / 1000 * 1.2 + 12)
    assert costs.hi[code] == pytest.approx(96 * power.hi * 0.5 / 1000 * 1.2 + 12)


def test_energy_times_a_factor_is_from_energy() -> None:
    job = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "energy_kwh": 10.0,
        "pue": 1.0,
        "started_at": "2023",
    }
    made = graph("m", jobs=[job | {"grid": "France"}])
    costs = own_costs(made, Run())
    france = factor(OURS.grid("FR", year=2023))
    assert costs.best[0] == pytest.approx(10 * france.value) and costs.tier[0] == "from-energy"
    assert costs.lo[0] == pytest.approx(10 * france.lo) and np.isnan(costs.hi[0]), "embodied is unknown"
    assert [item.code for item in made.findings] == []


def test_water_is_that_of_the_electricity_and_of_the_site(made: Graph) -> None:
    costs = own_costs(made, Run(impact="water"))
    made_of, site = factor(OURS.grid_water("us-east-1")), OURS.wue().factor
    it_kwh = 64 * 240 * 400 / 1000
    code = made.code("model:base")
    assert made_of.name == "US" and costs.unit == "L"
    assert costs.best[code] == pytest.approx(it_kwh * 1.1 * made_of.value + it_kwh * site.value)
    assert costs.lo[code] == pytest.approx(it_kwh * 0.6 * (1.1 * made_of.lo + site.lo))
    assert costs.hi[code] == pytest.approx(it_kwh * 1.1 * (1.1 * made_of.hi + site.hi))
    assert costs.tier[code] == "from-device-hours" and costs.origin[code] == "jobs"
    tuned = made.code("model:tuned")
    assert costs.best[tuned] > 0 and np.isnan(costs.hi[tuned]), (
        "the job with the mix has no place, so no water"
    )
    text = str(explain(made, "model:base", Run(impact="water")).as_dict())
    assert "L/kWh + 6,144 kWh of IT x 1.8 L/kWh" in text and "EcoLogits" in text


def test_water_stays_unknown_where_no_place_is_known(made: Graph) -> None:
    job = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "energy_kwh": 1.0,
        "pue": 1.0,
        "grid": "here",
    }
    costs = own_costs(
        graph("m", jobs=[job], grids={"here": {"intensity_gco2e_per_kwh": 5.0}}), Run(impact="water")
    )
    assert (costs.lo[0], costs.tier[0], costs.origin[0]) == (0.0, "unknown", "") and np.isnan(costs.best[0])
    assert costs.findings == ()


def test_the_year_of_the_job_chooses_the_year_of_the_grid() -> None:
    job = {"product": "model:m", "phase": "training", "energy_kwh": 1.0, "pue": 1.0, "grid": "DE"}
    jobs = [job | {"id": str(year), "started_at": f"{year}-06-01"} for year in (2016, 2024)]
    expected = sum(factor(OURS.grid("DE", year=year)).value for year in (2016, 2024))
    assert own_costs(graph("m", jobs=jobs), Run()).best[0] == pytest.approx(expected)


def test_a_mix_may_hold_places_and_a_bad_one_names_its_job() -> None:
    job = {
        "id": "j7",
        "product": "model:m",
        "phase": "training",
        "energy_kwh": 1.0,
        "pue": 1.0,
        "started_at": "2020",
    }
    made = graph("m", jobs=[job | {"mix": "FR:0.5; wind:0.5"}])
    expected = (factor(OURS.grid("FR", year=2020)).value + 11.0) / 2
    assert own_costs(made, Run()).best[0] == pytest.approx(expected)
    with pytest.raises(InputError, match="job j7: mix 'FR'"):
        own_costs(graph("m", jobs=[job | {"mix": "FR"}]), Run())


def test_market_and_location_are_two_columns(made: Graph) -> None:
    code = made.code("model:base")
    location, market = (own_costs(made, Run(impact=name)) for name in ("carbon", "carbon-market"))
    _, embodied = device("A100 SXM 80GB")
    assert market.best[code] == pytest.approx(embodied.value * 64 * 240 / 35040)
    assert location.best[code] > 10 * market.best[code] and not market.market_from_location[code]


def test_the_graphs_own_tables_win() -> None:
    job = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "duration_h": 10.0,
        "system": "A100",
        "grid": "FR",
    }
    made = graph(
        "m",
        jobs=[job | {"pue": 1.0}],
        systems={"A100": {"power_w": 100.0, "embodied_gco2e": 0.0, "lifetime_h": 1.0}},
        grids={"FR": {"intensity_gco2e_per_kwh": 1000.0}},
    )
    costs = own_costs(made, Run())
    assert (costs.lo[0], costs.best[0], costs.hi[0]) == (1000.0, 1000.0, 1000.0)
    assert factor_uses(made, Run()) == []


def test_a_row_with_nothing_but_an_id_describes_nothing() -> None:
    job = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "duration_h": 10.0,
        "system": "A100",
        "grid": "FR",
    }
    empty = graph("m", jobs=[job | {"pue": 1.0}], systems={"A100": {}}, grids={"FR": {"region": "France"}})
    bare = graph("m", jobs=[job | {"pue": 1.0}])
    assert own_costs(empty, Run()).best.tolist() == own_costs(bare, Run()).best.tolist()
    assert own_costs(bare, Run()).best[0] > 0


def test_a_rated_power_does_not_contradict_a_measured_energy() -> None:
    job = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "duration_h": 10.0,
        "system": "A100",
        "grid": "FR",
    }
    made = graph("m", jobs=[job | {"pue": 1.0, "energy_kwh": 2.0}])
    assert [item.code for item in own_costs(made, Run()).findings] == []


def test_unknown_names_stay_findings() -> None:
    job = {"id": "j", "product": "model:m", "phase": "training", "energy_kwh": 1.0, "pue": 1.0}
    made = graph("m", jobs=[job | {"system": "abacus", "grid": "Atlantis", "duration_h": 1.0}])
    assert {"unknown-system", "unknown-grid"} <= {item.code for item in made.findings}
    assert np.isnan(own_costs(made, Run()).best[0])


def test_an_explanation_names_the_factor_its_range_and_the_reason(made: Graph) -> None:
    text = str(explain(made, "model:base", Run()).as_dict())
    assert "EPA eGRID2023" in text and "2023 is the nearest year to 2021" in text
    assert "between 150 kg and 567.7 kg" in text and "NVIDIA datasheet" in text
    mixed = str(explain(made, "model:tuned", Run()).as_dict())
    assert "coal: IPCC AR5" in mixed and "solar: IPCC AR5" in mixed


def test_what_is_in_use_and_why(made: Graph) -> None:
    uses = {(use.choice.factor.kind, use.choice.asked): use for use in factor_uses(made, Run())}
    assert set(uses) == {
        ("embodied", "A100 SXM 80GB"),
        ("embodied", "V100"),
        ("grid", "FR"),
        ("grid", "US-VA"),
        ("grid", "meta"),
        ("grid-water", "FR"),
        ("grid-water", "US-VA"),
        ("lifetime", "accelerator"),
        ("power", "A100 SXM 80GB"),
        ("power", "V100"),
        ("source", "coal"),
        ("source", "solar"),
        ("utilisation", "power"),
        ("wue", "any"),
    }
    assert uses["lifetime", "accelerator"].jobs == ("train", "tune")
    assert uses["utilisation", "power"].jobs == ("train",), "the other one is stated"
    assert uses["grid", "FR"].products == ("model:tuned",)
    assert {item.name for item in uses["grid", "US-VA"].choice.considered} >= {"US", "world"}
    upstream = {use.choice.asked for use in factor_uses(made, Run(), "model:base")}
    assert "US-VA" in upstream and "FR" not in upstream
    assert len(factor_uses(made, Run(), "tuned")) == len(uses)


def test_an_own_power_and_a_stated_intensity_need_no_factor() -> None:
    job = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "duration_h": 1.0,
        "pue": 1.0,
        "system": "T4",
    }
    stated = {"power_w": 70.0, "grid": "FR", "grid_intensity_gco2e_per_kwh": 10.0, "mix": "coal:1"}
    kinds = {use.choice.factor.kind for use in factor_uses(graph("m", jobs=[job | stated]), Run())}
    assert kinds == {"embodied", "lifetime", "grid-water", "wue"}, "the place still tells the water"
    undated = {
        "id": "j",
        "product": "model:m",
        "phase": "training",
        "energy_kwh": 1.0,
        "pue": 1.0,
        "system": "T4",
    }
    assert factor_uses(graph("m", jobs=[undated]), Run()) == []


@pytest.mark.parametrize("impact", ["carbon", "carbon-market", "energy", "water"])
def test_a_pin_reproduces_every_own_cost_to_the_last_bit(made: Graph, tmp_path: Path, impact: str) -> None:
    file = tmp_path / "pin.csv"
    file.write_text(table_text(pin_rows(use.choice for use in factor_uses(made, Run()))), encoding="utf-8")
    ours = own_costs(made, Run(impact=impact))
    pinned = own_costs(made, Run(impact=impact, factors=str(file)))
    for name in ("lo", "best", "hi"):
        assert getattr(ours, name).tobytes() == getattr(pinned, name).tobytes()
    again = pin_rows(use.choice for use in factor_uses(made, Run(factors=str(file))))
    assert [(row.kind, row.name, row.year, row.value, row.lo, row.hi) for row in again] == [
        (row.kind, row.name, row.year, row.value, row.lo, row.hi) for row in read_table(file)
    ], "a pin of a pin is the same pin"


def test_a_pin_holds_undated_questions_beside_dated_ones(tmp_path: Path) -> None:
    jobs = [
        {
            "id": str(at),
            "product": "model:m",
            "phase": "training",
            "energy_kwh": 1.0,
            "pue": 1.0,
            "grid": name,
        }
        | date
        for at, (name, date) in enumerate(
            [
                ("FR", {}),
                ("FR", {"started_at": "2031-01-01"}),
                ("FR", {"started_at": "2019-01-01"}),
                ("Haiti", {}),
            ]
        )
    ]
    made = graph("m", jobs=jobs)
    file = tmp_path / "pin.csv"
    file.write_text(table_text(pin_rows(use.choice for use in factor_uses(made, Run()))), encoding="utf-8")
    ours, pinned = own_costs(made, Run()), own_costs(made, Run(factors=str(file)))
    assert (ours.lo[0], ours.best[0]) == (pinned.lo[0], pinned.best[0])


def test_what_moves_between_two_files(made: Graph, tmp_path: Path) -> None:
    file = tmp_path / "dirty.csv"
    file.write_text("kind,name,value,unit\ngrid,FR,1,lb/kWh\ngrid,DE,1,kg/kWh\n", encoding="utf-8")
    (use,) = moved_uses(made, Run(), None, str(file))
    assert (use.change, use.factor.name) == ("value", "FR"), "nobody here asks for Germany"
    (row,) = moved_results(made, Run(), None, str(file))
    assert row.product == "model:tuned" and row.own_new.best is not None and row.own_old.best is not None
    assert row.own_new.best - row.own_old.best == pytest.approx(
        96 * 150 / 1000 * 1.2 * (453.59237 - factor(OURS.grid("FR", year=2023)).value)
    )
    assert moved_results(made, Run(), None, None) == [] and moved_uses(made, Run(), None, None) == []


def test_the_ranges_of_factors_are_drawn_without_a_line_of_the_uncertainty(made: Graph) -> None:
    told = sensitivity(made, "model:base", Run())
    inputs = {(row.kind, row.name): row for row in told.rows if row.kind != "weight"}
    assert set(inputs) >= {("power", "NVIDIA A100-SXM4-80GB"), ("grid", "us-east-1")}
    power = inputs["power", "NVIDIA A100-SXM4-80GB"]
    assert power.input_low is not None and power.input_high is not None
    assert 240 < power.input_low < 400 < power.input_high < 440
    given = Uncertainty(power={"NVIDIA A100-SXM4-80GB": "uniform(300, 310)"})
    stated = {row.name: row for row in sensitivity(made, "model:base", Run(), uncertainty=given).rows}
    assert (stated["NVIDIA A100-SXM4-80GB"].input_high or 0) < 310


def test_supplies_without_factors_are_handed_on_as_they_are(made: Graph) -> None:
    job = next(job for job in read_jobs(made) if job.id == "train")
    bare = Supplies({"NVIDIA A100-SXM4-80GB": System(power_w=1.0)}, {}, {})
    assert bare.of(job) is bare and not bare.from_factors(job)
    supplies = read_supplies(made, [job]).of(job)
    assert supplies.from_factors(job) and not supplies.from_factors(
        replace(job, system=None, grid=None, grid_market=None)
    )
