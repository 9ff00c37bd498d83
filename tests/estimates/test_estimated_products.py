"""Estimates in a graph: which method a product gets, that nothing known is touched, and what is shown of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.costs import own_cost_parts, own_costs
from lineage.costs.imputed import estimate_part
from lineage.errors import OptionError
from lineage.estimates import estimate_products, from_scratch
from lineage.estimates.impacts import embodied_rate, impact_terms
from lineage.explanation import explain
from lineage.factors import Shelf, shelf
from lineage.factors.shelf import Table
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.views.cost import cost
from lineage.views.samples import samples

ENERGY = Run(impact="energy", impute=True)
CARBON = Run(impute=True)


def one(**columns: Any) -> Graph:
    return graph("a/model", products={"a/model": columns})


def test_off_by_default() -> None:
    made = one(parameters=7e9, tokens=2e12)
    assert np.isnan(own_costs(made, Run()).best).all()
    assert not np.isnan(own_costs(made, CARBON).best).any()


def test_tokens_give_flops() -> None:
    made = own_costs(one(parameters=7e9, tokens=2e12, created_at="2023-07-18"), ENERGY)
    assert made.tier[0] == "from-flops" and made.origin[0] == "estimate"
    assert made.lo[0] < 80_000 < made.hi[0]  # Llama 2 7B: 184,320 A100 hours
    assert made.hi[0] / made.lo[0] < 10


def test_size_and_year_alone_are_wider() -> None:
    told = own_costs(one(parameters=7e9, tokens=2e12, created_at="2023-07-18"), ENERGY)
    alone = own_costs(one(parameters=7e9, created_at="2023-07-18"), ENERGY)
    assert alone.tier[0] == "imputed"
    assert alone.hi[0] / alone.lo[0] > 5 * told.hi[0] / told.lo[0]


def test_a_mixture_of_experts_counts_what_is_active() -> None:
    dense, sparse = (estimate_products(one(tokens=1e12, created_at="2024"), ENERGY) for _ in range(2))
    assert np.isnan(dense.best[0]) and np.isnan(sparse.best[0])  # no size: nothing to estimate
    made = graph("x/m-47b", "x/m-8x7b", products={"x/m-47b": {"tokens": 1e12}, "x/m-8x7b": {"tokens": 1e12}})
    costs = own_costs(made, ENERGY)
    assert costs.best[1] < 0.4 * costs.best[0]


@given(
    size=st.floats(1e7, 1e12),
    year=st.integers(2018, 2026),
    step=st.sampled_from(["quantization", "merge", "adapter"]),
)
def test_rewriting_is_never_as_dear_as_training(size: float, year: int, step: str) -> None:
    columns = {"parameters": size, "created_at": f"{year}-06-01"}
    made = graph(
        f"x/base, x/b2 -[{step}]-> x/made", products=dict.fromkeys(("x/base", "x/b2", "x/made"), columns)
    )
    costs = own_costs(made, ENERGY)
    base, child = made.code("x/base"), made.code("x/made")
    assert costs.hi[child] <= costs.lo[base] * (1 + 1e-9)
    assert 0 < costs.lo[child] <= costs.best[child] <= costs.hi[child]


def test_every_step_has_its_method() -> None:
    steps = [
        "fine-tune",
        "adapter",
        "quantization",
        "merge",
        "distillation",
        "continued-pretraining",
        "unknown",
    ]
    lines = [f"x/base-7b -[{step}]-> x/made-{at}" for at, step in enumerate(steps)]
    made = graph(*lines)
    estimates = estimate_products(made, ENERGY)
    methods = {step: estimates.of(made.code(f"x/made-{at}")) for at, step in enumerate(steps)}
    found = {step: item.method for step, item in methods.items() if item is not None}
    assert found == {step: step for step in steps if step not in ("unknown", "distillation")} | {
        "unknown": "derived"
    }
    assert methods["distillation"] is None  # its own size is not known, and not its base's


def test_a_distillation_counts_its_teachers_inference() -> None:
    columns = {"x/student": {"parameters": 1e9, "tokens": 1e11}}
    small, large = (
        own_costs(graph(f"x/{size} -[distillation]-> x/student", products=columns), ENERGY)
        for size in ("t-8b", "t-80b")
    )
    assert large.best[0] / small.best[0] == pytest.approx((6 + 2 * 80) / (6 + 2 * 8))


def test_an_adapter_trains_on_4_flop_per_parameter_and_token() -> None:
    def made(step: str) -> float:
        drawn = graph(f"x/base-7b -[{step}]-> x/made", products={"x/made": {"tokens": 1e9}})
        return float(own_costs(drawn, ENERGY).best[drawn.code("x/made")])

    assert made("adapter") / made("fine-tune") == pytest.approx(4 / 6)


def test_a_data_set_is_estimated_from_its_tokens() -> None:
    made = graph("dataset:web", products={"dataset:web": {"tokens": 1.5e13}})
    costs = own_costs(made, ENERGY)
    assert costs.tier[0] == "imputed" and costs.lo[0] < costs.best[0] < costs.hi[0]
    sized = graph("dataset:web", products={"dataset:web": {"bytes": 6e13, "pipeline_steps": 3}})
    assert own_costs(sized, ENERGY).best[0] == pytest.approx(3 * costs.best[0])
    wrong = graph("dataset:web", products={"dataset:web": {"bytes": "much"}})
    assert np.isnan(own_costs(wrong, ENERGY).best[0])


def test_nothing_known_is_touched() -> None:
    made = graph(
        "x/base-7b -> x/tuned-7b -> x/more-7b", own={"x/base-7b": 5e6, "x/tuned-7b": (1.0, None, 9.0)}
    )
    before, after = own_costs(made, Run()), own_costs(made, CARBON)
    for code in (made.code("x/base-7b"), made.code("x/tuned-7b")):
        assert after.tier[code] == before.tier[code] == "reported"
        assert [after.lo[code], after.hi[code]] == [before.lo[code], before.hi[code]]
    assert after.tier[made.code("x/more-7b")] == "imputed"


def test_a_stated_energy_gives_carbon_by_the_grid_of_its_place() -> None:
    clean = own_costs(one(own_energy_kwh=1e5, location="Sweden", created_at="2023"), CARBON)
    dirty = own_costs(one(own_energy_kwh=1e5, location="Poland", created_at="2023"), CARBON)
    unknown = own_costs(one(own_energy_kwh=1e5, created_at="2023"), CARBON)
    assert clean.tier[0] == "from-energy"
    assert clean.hi[0] < dirty.lo[0]
    assert unknown.hi[0] / unknown.lo[0] > dirty.hi[0] / dirty.lo[0]


def test_a_stated_carbon_gives_energy() -> None:
    made = own_costs(graph("x/a", own={"x/a": 4e6}, products={"x/a": {"location": "Germany"}}), ENERGY)
    assert made.tier[0] == "imputed" and made.lo[0] < 4e6 / 380 < made.hi[0]


def test_prose_gives_device_hours() -> None:
    text = "32 V100 32Gb GPUs, 1216 GPU hours"
    made = own_costs(one(hardware_used=text, geographical_location="Jean Zay cluster, France"), ENERGY)
    assert made.tier[0] == "from-device-hours"
    assert made.lo[0] < 1216 * 0.3 < made.hi[0]
    assert np.isnan(own_costs(one(hardware_used="many GPUs"), ENERGY).best[0])


def job(**columns: Any) -> Graph:
    return graph("x/model", jobs=[{"product": "x/model", "id": "j"} | columns])


def test_a_job_with_hardware_by_name_gets_the_calibrated_range() -> None:
    made = job(device_hours=82432.0, system="A100-SXM4-80GB", grid="US", started_at="2022-12-01")
    energy, carbon = own_costs(made, ENERGY), own_costs(made, CARBON)
    assert energy.tier[0] == carbon.tier[0] == "from-device-hours"
    assert energy.lo[0] < 36_000 < energy.hi[0] < 4 * energy.lo[0]  # LLaMA 7B
    assert carbon.lo[0] < 14e6 < carbon.hi[0] < 4.2 * carbon.lo[0]


def test_a_job_with_an_energy_of_its_own_keeps_it() -> None:
    made = job(energy_kwh=100.0, pue=1.0)
    assert own_costs(made, ENERGY).best[0] == 100.0
    carbon = own_costs(made, CARBON)
    assert carbon.tier[0] == "from-energy" and carbon.origin[0] == "estimate"


def test_what_jobs_leave_open_only_closes_the_bounds() -> None:
    made = job(energy_kwh=100.0, pue=1.0, grid_intensity_gco2e_per_kwh=10.0)
    before, after = own_costs(made, Run()), own_costs(made, CARBON)
    assert np.isnan(before.hi[0])
    assert (after.best[0], after.tier[0], after.origin[0]) == (before.best[0], before.tier[0], "jobs")
    assert after.lo[0] == pytest.approx(1000) and 1000 < after.hi[0] < 100 * (10 + 200)
    assert [item.subject for item in after.findings if item.code == "imputed"] == ["jobs"]
    assert "bounds estimated, as its jobs leave a part open" in str(explain(made, "x/model", CARBON))


def test_the_intensity_that_a_job_or_its_grid_states_is_used() -> None:
    rows = [{"product": "x/model", "energy_kwh": 100.0, "pue": 1.0, "grid": "ours"}]
    named = graph("x/model", jobs=rows, grids={"ours": {"intensity_gco2e_per_kwh": 20.0}})
    item = estimate_products(named, CARBON).of(0)
    assert item is not None and item.value.lo == pytest.approx(2000)


def test_several_jobs_add_up_and_one_that_is_not_understood_leaves_them_a_lower_bound() -> None:
    rows = [
        {"product": "x/model", "device_hours": 100.0, "system": "A100"},
        {"product": "x/model", "energy_kwh": 10.0},
    ]
    made = estimate_products(graph("x/model", jobs=rows), CARBON).of(0)
    assert made is not None and made.method == "jobs" and made.tier == "from-device-hours"
    rows[0]["system"] = "a machine"
    part = estimate_products(graph("x/model", jobs=rows), CARBON).of(0)
    assert part is not None and part.tier == "unknown" and np.isnan(part.value.hi)
    assert part.energy_kwh.best == 10.0 and part.value.best < made.value.best
    assert "a lower bound" in part.notes[0]
    assert estimate_products(graph("x/model", jobs=[{"product": "x/model"}]), CARBON).of(0) is None


def test_power_and_duration_of_a_job() -> None:
    made = job(power_w=400.0, duration_h=10.0, device_count=8.0, pue=1.0, utilisation=0.5, tier="reported")
    item = estimate_products(made, ENERGY).of(0)
    assert item is not None and item.energy_kwh.best == pytest.approx(16.0)


def test_jobs_that_began_later_are_left_out() -> None:
    made = job(device_hours=100.0, system="A100", started_at="2024-05-01")
    assert np.isnan(own_costs(made, Run(impute=True, as_of="2023-01-01")).best[0])


def test_market_based_carbon_repeats_the_location_and_says_so() -> None:
    made = one(parameters=7e9, created_at="2023")
    market, place = own_costs(made, Run(impact="carbon-market", impute=True)), own_costs(made, CARBON)
    assert market.best[0] == place.best[0] and market.market_from_location[0]


def test_water_is_estimated() -> None:
    made = own_costs(one(own_energy_kwh=1e5, location="Germany"), Run(impact="water", impute=True))
    assert made.tier[0] == "from-energy" and 1e4 < made.lo[0] < made.best[0] < made.hi[0]


def test_findings_and_coverage_show_what_was_imputed() -> None:
    made = graph("x/base-7b -> x/tuned-7b", own={"x/base-7b": 5e6})
    result = cost(made, CARBON)
    assert [item.code for item in result.findings if item.code == "imputed"] == ["imputed"]
    assert result.coverage.products == {"reported": 1, "imputed": 1, "unknown": 0}
    assert result.as_dict()["run"]["impute"] is True
    assert cost(made, Run()).as_dict()["run"]["impute"] is False


def test_method_and_inputs_are_explained() -> None:
    made = graph("x/base-7b -[quantization]-> x/small")
    said = str(explain(made, "x/small", CARBON))
    assert "size of its base model:x/base-7b" in said
    assert "method: quantization" in said and "published cases" in said and "no place" in said
    (part,) = own_cost_parts(made, CARBON, made.code("x/small"))
    assert part.tier == "imputed" and part.formula.count(" x ") == 2


def test_a_product_without_estimate_has_no_part() -> None:
    costs = own_costs(graph("x/a"), CARBON)
    with pytest.raises(LookupError, match="has no estimate"):
        estimate_part(costs, 0, "gCO2e")


def test_an_estimate_is_drawn_over_its_powers_of_ten() -> None:
    made = one(parameters=7e9, created_at="2023")
    own = own_costs(made, CARBON)
    drawn = samples(made, run=CARBON, size=500).values["own"]
    assert float(np.median(drawn)) == pytest.approx(own.best[0], rel=0.5)
    assert own.lo[0] / 3 < np.quantile(drawn, 0.05) < own.best[0] < np.quantile(drawn, 0.95) < own.hi[0] * 3


def test_from_scratch_is_what_training_anew_would_take() -> None:
    made = graph(
        "x/base-7b -[adapter]-> x/tuned", "dataset:d -> x/tuned", products={"x/tuned": {"created_at": "2023"}}
    )
    anew = from_scratch(made, made.code("x/tuned"))
    own = estimate_products(made, CARBON).of(made.code("x/tuned"))
    assert anew is not None and own is not None
    assert anew.energy_kwh.lo > own.energy_kwh.best
    assert anew.method == "training" and anew.tier == "imputed" and anew.terms and anew.rate
    assert from_scratch(made, made.code("dataset:d")) is None
    assert from_scratch(graph("x/unnamed"), 0) is None
    stated = graph("x/model", products={"x/model": {"parameters": 1e9, "tokens": 1e12, "location": "France"}})
    told = from_scratch(stated, 0, Run(impact="energy"))
    assert told is not None and told.tier == "from-flops" and told.value == told.energy_kwh


def test_a_file_of_factors_wins(tmp_path: Path) -> None:
    file = tmp_path / "ours.csv"
    file.write_text("kind,name,value,unit,region,basis\ngrid,Atlantis,5,gCO2e/kWh,Atlantis,location\n")
    made = job(energy_kwh=100.0, pue=1.0, grid="Atlantis")
    ours = own_costs(made, Run(impute=True, factors=str(file)))
    assert ours.lo[0] <= 500 < own_costs(made, CARBON).lo[0]
    shown = Run(factors=str(file)).as_dict()
    assert len(shown["factors_sha256"]) == 64 and "factors" not in Run().as_dict()
    with pytest.raises(OptionError, match="cannot be read"):
        Run(factors=str(tmp_path / "none.csv")).as_dict()


def test_tables_without_what_is_needed_are_refused() -> None:
    empty = Shelf(
        None, Table("none", [row for row in shelf(adapters=False).factors() if row.kind != "grid-water"])
    )
    with pytest.raises(LookupError, match="no water"):
        impact_terms("water", [None], np.array([2023.0]), empty)
    with pytest.raises(LookupError, match="no 'abacus'"):
        embodied_rate(empty, "abacus")


@pytest.mark.samples
@pytest.mark.slow
def test_the_hub(samples: Path) -> None:
    from lineage.importing import read

    made = read(samples / "hf_hub_2024" / "lineage_families.jsonl.gz")
    run = Run(impute=True, cycles="break")
    result = cost(made, run)
    told = json.loads(json.dumps(result.coverage.as_dict()))
    assert told["products"]["imputed"] > 50_000
    assert result.conservation.relative_error is not None and result.conservation.relative_error < 1e-9
    own = result.own_costs
    total_t = float(np.nansum(own.best)) / 1e6
    assert 1_000 < total_t < 100_000  # published: 58,000 t for the popular open models of the whole Hub
    code, base = made.code("unsloth/llama-3-8b-bnb-4bit"), made.code("mistralai/Mistral-7B-v0.1")
    assert own.hi[code] < own.lo[base]
