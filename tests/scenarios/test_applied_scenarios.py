"""What each kind of change does to a graph and to its costs."""

from pathlib import Path

import pytest

from lineage.errors import ImportFault, InputError
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios import Scenario, apply
from lineage.testing import graph
from lineage.views.cost import cost

HOURS = [{"id": "train", "product": "base", "energy_kwh": 100.0, "pue": 1.0, "grid": "DE", "duration_h": 4.0}]


def made(**job: object) -> Graph:
    """A base with one job of 100 kWh at 400 g/kWh, a child, and a data set."""
    return graph(
        "dataset:web -> base -> tuned",
        own={"tuned": (8, 10, 12)},
        jobs=[HOURS[0] | {"system": "gpu", "power_w": 500.0, "started_at": "2024-01-01T00:00:00Z"} | job],
        systems={"gpu": {"embodied_gco2e": 0.0, "lifetime_h": 43_800.0, "power_w": 400.0}},
        grids={"DE": {"intensity_gco2e_per_kwh": 400.0}, "SE": {"intensity_gco2e_per_kwh": 40.0}},
    )


def own(made: Graph, name: str, *settings: str, run: Run | None = None) -> tuple[float | None, str]:
    row = cost(apply(made, Scenario.of(*settings)), run).row(name)
    return row.own.best, row.tier


def test_absolute_own_costs_win_over_jobs_of_any_evidence() -> None:
    start = made(tier="measured")
    assert own(start, "base") == (40_000.0, "from-energy")
    assert own(start, "base", "own[base]=2 kg") == (2000.0, "imputed")
    assert own(start, "base", "own[base]=2 kg", "own[base]=jobs") == (40_000.0, "from-energy")
    assert own(start, "base", "own[base]=2 kg", "own[base]=x 2")[0] == 4000.0
    assert own(start, "base", "own[base]=unknown") == (None, "unknown")
    assert own(start, "base", "own[base]=50 kWh", run=Run(impact="energy"))[0] == 50.0
    assert own(start, "base", "own[base]=50 kWh")[0] == 40_000.0
    assert own(start, "base", "own[base]=3 L", run=Run(impact="water"))[0] == 3.0


def test_the_market_repeats_an_assumed_location() -> None:
    market = Run(impact="carbon-market")
    assert own(made(), "base", "own[base]=2 kg", run=market)[0] == 2000.0
    known = made(grid_intensity_market_gco2e_per_kwh=10.0)
    assert own(known, "base", "own[base]=2 kg", run=market)[0] == 1000.0
    assert own(known, "base", "own_market[base]=3 kg", run=market)[0] == 3000.0
    assert own(known, "base", "own_market[base]=3 kg")[0] == 40_000.0


def test_factors_hold_for_totals_and_jobs() -> None:
    result = cost(apply(made(), Scenario.of("own[model:*]=x 1.5")))
    assert result.row("base").own.best == 60_000.0
    assert tuple(result.row("tuned").own) == (12.0, 15.0, 18.0)
    assert own(made(), "base", "own[base]=-25 %", run=Run(impact="energy"))[0] == 75.0


def test_jobs_move_in_place() -> None:
    assert own(made(), "base", "jobs[train].grid=SE")[0] == 4000.0
    assert own(made(), "base", "jobs[model:base].grid=SE")[0] == 4000.0
    stated = made(grid_intensity_gco2e_per_kwh=500.0)
    assert own(stated, "base")[0] == 50_000.0
    assert (
        own(stated, "base", "jobs[train].grid=SE")[0] == 4000.0
    )  # its own intensity was that of the old place
    assert own(made(), "base", "grid[D*]=100 g/kWh")[0] == 10_000.0


def test_a_place_is_looked_up_in_the_factors() -> None:
    from lineage.factors import shelf

    choice = shelf().grid("Sweden")
    assert choice is not None
    after = apply(made(), Scenario.of("jobs[train].grid=Sweden"))
    assert cost(after).row("base").own.best == 100.0 * choice.factor.value
    assert after.tables["grids"].column("id").to_pylist() == ["DE", "SE", "Sweden"]


def test_fields_of_jobs_hardware_and_products() -> None:
    assert own(made(), "base", "jobs[train].energy=x 0.5")[0] == 20_000.0
    assert own(made(), "base", "jobs[train].energy=0.05 MWh", "jobs[train].pue=1.2")[0] == 24_000.0
    assert own(made(), "base", "jobs[train].energy_kwh=50")[0] == 20_000.0
    by_power = made(energy_kwh=None, device_count=10.0)
    assert own(by_power, "base")[0] == 8000.0
    assert own(by_power, "base", "jobs[train].power=unknown")[0] == 6400.0  # the system's 400 W
    assert own(by_power, "base", "jobs[train].power=unknown", "power[gpu]=x 0.5")[0] == 3200.0
    assert own(by_power, "base", "jobs[train].utilisation=50 %")[0] == 4000.0
    assert own(made(), "base", "embodied[gpu]=43800 g")[0] == 40_004.0
    assert own(made(), "base", "embodied[gpu]=43800 g", "lifetime[gpu]=87600 h")[0] == 40_002.0
    assert own(made(), "base", "jobs[train].phase=inference")[0] is None
    served = apply(made(), Scenario.of("lifetime[model:base]=5 years", "inferences[base]=1000000"))
    assert served.floats("products", "lifetime_h")[1] == 43_800.0
    assert served.floats("products", "inferences")[1] == 1e6
    flagged = apply(
        made(), Scenario.from_tables({"products": {"base": {"deployed": True, "license": "mit"}}})
    )
    assert flagged.flags("products", "deployed").tolist() == [False, True, False]
    assert flagged.texts("products", "license") == [None, "mit", None]


def test_a_cap_on_power_takes_energy_with_it() -> None:
    assert own(made(), "base", "jobs[train].power_cap=250 W")[0] == 20_000.0
    assert own(made(), "base", "jobs[train].power_cap=600 W")[0] == 40_000.0
    by_system = made(power_w=None)
    assert own(by_system, "base", "jobs[*].power_cap=200 W")[0] == 20_000.0


def test_other_hardware_is_looked_up_in_the_factors() -> None:
    from lineage.factors import shelf

    found, lifetime = shelf().accelerator("H100"), shelf().lifetime_h("accelerator").factor
    assert found is not None
    by_power = made(energy_kwh=None)
    energy_kwh = found.power_w.value * 4.0 / 1000
    embodied = found.embodied_gco2e.value * 4.0 / lifetime.value
    assert own(by_power, "base", "jobs[train].system=H100")[0] == pytest.approx(400 * energy_kwh + embodied)
    assert (
        own(by_power, "base", "jobs[train].system=gpu")[0] == 640.0
    )  # its own 500 W were those of the old hardware


def test_attributes_are_fields_too() -> None:
    start = Graph.from_tables([{"id": "model:a", "team": "x", "stars": 3}], [])
    after = apply(start, Scenario.of("products[a].team=y", "products[a].stars=x 2"))
    assert after.texts("products", "team") == ["y"] and after.floats("products", "stars").tolist() == [6.0]


def test_edges_are_replaced_added_and_removed() -> None:
    start = graph("big -[0.5, distillation]-> student", "small", own={"big": 100, "small": 10, "student": 1})
    after = cost(apply(start, Scenario.of("replace[student <- big]=small")))
    assert after.row("student").epc == (6.0, 6.0, 6.0) and after.row("big").burden == (100.0, 100.0, 100.0)
    assert after.graph.edges[["product", "parent", "relation"]].values.tolist() == [
        ["model:student", "model:small", "distillation"]
    ]
    gone = cost(apply(start, Scenario.of("remove.edges=student <- *")))
    assert gone.row("student").epc == (1.0, 1.0, 1.0)
    left = apply(start, Scenario.of("remove.products=model:s*"))
    assert left.ids == ["model:big"] and left.rows("edges") == 0
    assert apply(made(), Scenario.of("remove.jobs=train")).rows("jobs") == 0
    assert apply(made(), Scenario.of("remove.products=base")).rows("jobs") == 0


def test_products_are_added_alone_or_like_others() -> None:
    new = {"add": {"products": [{"id": "model:new", "own_carbon": "3 g", "parents": ["base", "tuned"]}]}}
    row = cost(apply(made(), Scenario.from_tables(new))).row("new")
    assert (
        row.own.best == 3.0
        and row.epc is not None
        and row.epc.best == 3.0 + 40_000 / 3 + (10 + 40_000 / 3) / 2
    )
    copies = {"add": {"products": [{"id": "model:more", "like": "tuned", "count": 2}]}}
    result = cost(apply(made(), Scenario.from_tables(copies)))
    assert [result.row(f"more-{n}").own for n in (1, 2)] == [result.row("tuned").own] * 2
    epc = result.row("tuned").epc
    assert epc is not None and epc.best == 10_010.0
    twin = cost(
        apply(made(), Scenario.from_tables({"add": {"products": [{"id": "model:twin", "like": "base"}]}}))
    )
    assert twin.row("twin").own == twin.row("base").own and twin.graph.rows("jobs") == 2


def test_rows_of_every_table_are_added() -> None:
    rows = {
        "grids": [{"id": "NO", "intensity": "20 g/kWh"}],
        "systems": [{"id": "tpu", "power": "200 W", "embodied_carbon": "4380 g", "lifetime": "4380 h"}],
        "jobs": [
            {
                "id": "more",
                "product": "tuned",
                "phase": "training",
                "energy": "1 kWh",
                "grid": "NO",
                "system": "tpu",
            }
            | {"duration": "2 h", "pue": 1.0, "tier": "measured"}
        ],
        "edges": [{"product": "tuned", "parent": "dataset:web", "w": 0.5}],
    }
    after = apply(made(), Scenario.from_tables({"add": rows, "own": {"tuned": "jobs"}}))
    result = cost(after)
    assert result.row("tuned").own.best == 22.0
    assert result.weights["model:tuned", "dataset:web"] == (0.5, "explicit")
    with pytest.raises(InputError, match="there already"):
        apply(made(), Scenario.from_tables({"add": {"grids": [{"id": "DE", "intensity": "20 g/kWh"}]}}))


def test_a_platform_that_goes_leaves_its_jobs() -> None:
    job = {"id": "run", "product": "m", "platform": "p", "duration_h": 1.0, "energy_kwh": 1.0}
    start = graph("m", own={"platform:p": 10}, jobs=[job], products={"platform:p": {"lifetime_h": 10.0}})
    after = apply(start, Scenario.of("remove.products=platform:p"))
    assert after.rows("jobs") == 1 and after.integers("jobs", "platform").tolist() == [-1]


# -- hours of a grid ---------------------------------------------------------------------------------------


@pytest.fixture
def hourly(tmp_path: Path) -> Path:
    """Two days: 100 g/kWh by night, 300 g/kWh from 6 to 18 h."""
    path = tmp_path / "de.csv"
    lines = [
        f"2024-01-0{day}T{hour:02d}:00:00Z,{300 if 6 <= hour < 18 else 100}\n"
        for day in (1, 2)
        for hour in range(24)
    ]
    path.write_text("time,intensity\n" + "".join(lines))
    return path


def test_jobs_follow_the_hours_of_their_grid(hourly: Path) -> None:
    series = f"series[DE]={hourly}"
    assert own(made(), "base", series)[0] == 10_000.0
    at_noon = "jobs[train].started_at=2024-01-01T12:00:00Z"
    assert own(made(), "base", series, at_noon)[0] == own(made(), "base", at_noon, series)[0] == 30_000.0
    edge = "jobs[train].started_at=2024-01-01T04:00:00Z"
    assert own(made(), "base", series, edge)[0] == 20_000.0
    assert own(made(), "base", series, edge, "jobs[train].duration=8 h")[0] == pytest.approx(25_000.0)
    assert own(made(), "base", series, "jobs[train].grid=SE")[0] == 4000.0
    assert own(made(), "base", "jobs[train].grid=SE", f"series[S*]={hourly}")[0] == 10_000.0


def test_jobs_without_a_start_keep_the_mean(hourly: Path) -> None:
    for lacking in ({"started_at": None}, {"started_at": "2024-01"}, {"duration_h": None}):
        after = apply(made(**lacking), Scenario.of(f"series[DE]={hourly}"))
        assert [item.subject for item in after.findings if item.code == "scenario-unused"] == ["train"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("when,value\n", "columns time and intensity"),
        ("time,intensity\n2024-01-01,100\n", "two rows or more"),
        ("time,intensity\n2024-01-02,100\n2024-01-01,100\n", "each later"),
        ("time,intensity\nsoon,100\n", "line 2, column time"),
        ("time,intensity\n2024-01,100\n", "has no day"),
        ("time,intensity\n2024-01-01,much\n", "line 2, column intensity"),
        ("time,intensity\n2024-01-01,-3\n", "is negative"),
        ("time,intensity\n2023-01-01,100\n2023-01-02,100\n", "move its started_at"),
    ],
)
def test_series_that_cannot_be_right(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "grid.csv").write_text(text)
    (tmp_path / "plan.toml").write_text('[series]\n"DE" = "grid.csv"\n')
    with pytest.raises(ImportFault, match=r"plan.toml, line 2, \[series\] 'DE': ") as caught:
        apply(made(), Scenario.from_file(tmp_path / "plan.toml"))
    assert problem in str(caught.value)


def test_a_series_of_no_grid_is_a_mistake(hourly: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'DE'"):
        apply(made(), Scenario.of(f"series[DEU]={hourly}"))
