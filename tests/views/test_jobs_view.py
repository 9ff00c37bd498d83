"""The job sheet: metrics with the lineage behind them, components, and what is missing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.costs import Job
from lineage.errors import CycleError, InputError
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.views.jobs import COMPONENTS, JobMetrics, job_sheet, sheet_as_dict
from lineage.views.retraining import retrainings

YEAR = 8760.0
SYSTEMS = {"s": {"embodied_gco2e": 10_000.0, "lifetime_h": 3 * YEAR, "power_w": 100.0}}
GRIDS = {"fr": {"intensity_gco2e_per_kwh": 50.0}}
FULL = {"energy_kwh": 1.0, "pue": 1.2, "grid": "fr", "system": "s", "duration_h": 5.0}
PLATFORM = {"lifetime_h": 6 * YEAR, "operations_rate_gco2e_per_h": 3000.0, "own_carbon_gco2e": 1e6}
MODEL = {"lifetime_h": YEAR, "own_carbon_gco2e": 1000.0}


def drawn(*jobs: dict[str, Any], **products: dict[str, Any]) -> Graph:
    named = {"m": MODEL, **{name.replace("_", ":"): values for name, values in products.items()}}
    rows = [
        {"id": f"j{n}", "product": "model:m", "phase": "inference", **job} for n, job in enumerate(jobs, 1)
    ]
    return graph("m", products=named, jobs=rows, systems=SYSTEMS, grids=GRIDS)


def sheet(*jobs: dict[str, Any], run: Run | None = None, **products: dict[str, Any]) -> list[JobMetrics]:
    return job_sheet(drawn(*jobs, **products), run)


def test_an_inference_carries_its_model() -> None:
    job = sheet(FULL | {"concurrent_jobs": 4.0})[0]
    ec = 10_000 * 5 / (3 * YEAR)
    embodied = 1000 * 5 / (YEAR * 4)
    assert job.energy_kwh == 1.2
    assert job.jsc_gco2e == pytest.approx(60.0)
    assert job.ec_gco2e == pytest.approx(ec)
    assert job.asc_gco2e == pytest.approx(60 + ec)
    assert job.jsc_expanded_gco2e == pytest.approx(60.0)
    assert job.asc_expanded_gco2e == pytest.approx(60 + ec + embodied)
    assert job.asc_expanded_additive_gco2e == pytest.approx(60 + ec + embodied), "a leaf's burden is its EPC"
    assert job.scr_gco2e_per_h == pytest.approx((60 + ec + embodied) / 5)
    assert job.components == {
        "it": pytest.approx(50.0),
        "cooling_and_loss": pytest.approx(10.0),
        "platform": 0.0,
        "systems_embodied": pytest.approx(ec),
        "products_embodied": pytest.approx(embodied),
        "retraining": 0.0,
    }
    assert job.missing == [] and job.needs == {} and job.at_least == []


def test_the_additive_twin_takes_the_burden() -> None:
    made = graph(
        "m -> child",
        products={"m": MODEL, "child": {"own_carbon_gco2e": 1.0}},
        jobs=[{"id": "j", "product": "model:m", "phase": "inference", **FULL}],
        systems=SYSTEMS,
        grids=GRIDS,
    )
    job = job_sheet(made, Run(policy="equal"))[0]
    assert job.asc_expanded_gco2e is not None and job.asc_expanded_additive_gco2e is not None
    assert job.asc_expanded_gco2e - job.asc_expanded_additive_gco2e == pytest.approx(500 * 5 / YEAR)
    full = job_sheet(made, Run(policy="full"))[0]
    assert full.asc_expanded_gco2e == pytest.approx(job.asc_expanded_gco2e)
    assert full.asc_expanded_additive_gco2e is None, "this policy has no burden"


def test_five_days_on_the_papers_platform() -> None:
    job = sheet(
        FULL | {"phase": "training", "duration_h": 120.0, "platform": "platform:q", "concurrent_jobs": 10.0},
        platform_q=PLATFORM,
    )[0]
    assert job.components["platform"] == pytest.approx(3000 * 120 / 10)
    assert job.components["products_embodied"] == pytest.approx(1e6 * 5 / (10 * 365 * 6))


def test_by_volume_where_the_time_share_is_unknown() -> None:
    model = {"own_carbon_gco2e": 1000.0, "inferences": 1e5}
    job = sheet(FULL | {"inferences": 20.0}, m=model)[0]
    assert job.components["products_embodied"] == pytest.approx(1000 * 20 / 1e5)
    timed = sheet(FULL, m=model | {"lifetime_h": YEAR})[0]
    assert timed.components["products_embodied"] == pytest.approx(1000 * 5 / YEAR), "time wins"


def test_what_is_missing_is_named_with_what_would_give_it() -> None:
    job = sheet({"energy_kwh": 1.0, "pue": 1.0}, m={})[0]
    assert job.missing == ["it", "cooling_and_loss", "systems_embodied", "products_embodied"]
    assert job.needs["it"] == ["grid intensity"]
    assert job.needs["systems_embodied"] == ["system"]
    assert job.needs["products_embodied"] == [
        "lifetime of model:m and duration, or inferences expected of model:m",
        "EPC of model:m",
    ]
    assert job.energy_kwh == 1.0
    for total in (
        job.jsc_gco2e,
        job.asc_gco2e,
        job.jsc_expanded_gco2e,
        job.asc_expanded_gco2e,
        job.scr_gco2e_per_h,
    ):
        assert total is None
    bare = sheet(FULL, m={"own_carbon_gco2e": 1000.0})[0]
    assert bare.needs == {
        "products_embodied": ["lifetime of model:m and duration, or inferences expected of model:m"]
    }


def test_a_known_total_with_an_unknown_split_stands() -> None:
    job = sheet(FULL | {"pue": None, "pue_included": True})[0]
    assert job.jsc_gco2e == pytest.approx(50.0) and job.asc_expanded_gco2e is not None
    assert job.missing == ["cooling_and_loss"] and job.needs["cooling_and_loss"] == ["PUE"]
    assert job.energy_components == {"it": 1.0, "cooling_and_loss": None}


def test_a_partly_known_product_makes_a_lower_bound() -> None:
    made = graph(
        "dataset:web -> m",
        products={"m": MODEL},
        jobs=[{"id": "j", "product": "model:m", "phase": "inference", **FULL}],
        systems=SYSTEMS,
        grids=GRIDS,
    )
    job = job_sheet(made)[0]
    assert job.at_least == ["products_embodied"] and job.missing == []


def test_device_hours_tell_no_duration() -> None:
    job = sheet({"device_hours": 10.0, "system": "s", "grid": "fr", "pue": 1.0})[0]
    assert job.asc_gco2e == pytest.approx(50 + 10_000 * 10 / (3 * YEAR))
    assert job.scr_gco2e_per_h is None and job.missing == ["products_embodied"]


# -- re-training -------------------------------------------------------------------------------------------

RETRAIN = FULL | {"phase": "retraining"}
CF_RT = 60 + 10_000 * 5 / (3 * YEAR)


def shares(*jobs: dict[str, Any]) -> list[float | None]:
    return [job.components["retraining"] for job in sheet(*jobs) if job.phase == "inference"]


def test_retraining_is_shared_by_number() -> None:
    assert shares(RETRAIN | {"inferences": 1000.0}, FULL, FULL | {"inferences": 30.0}) == [
        pytest.approx(CF_RT / 1000),
        pytest.approx(CF_RT * 30 / 1000),
    ]


def test_retraining_is_shared_by_size_where_no_number_is_given() -> None:
    assert shares(RETRAIN, FULL | {"size": 1.0}, FULL | {"size": 3.0}) == [
        pytest.approx(CF_RT / 4),
        pytest.approx(CF_RT * 3 / 4),
    ]
    assert shares(RETRAIN, FULL | {"size": 1.0}, FULL) == [None, None]


def test_an_unknown_number_leaves_the_share_unknown() -> None:
    job = next(item for item in sheet(RETRAIN, FULL) if item.phase == "inference")
    assert job.missing == ["retraining"]
    assert job.needs["retraining"] == ["number of inferences of the re-training's interval"]
    assert job.jsc_expanded_gco2e is None and job.asc_gco2e is not None
    none = next(item for item in sheet(RETRAIN | {"inferences": 0.0}, FULL) if item.phase == "inference")
    assert none.components["retraining"] is None


def test_an_unknown_cost_of_retraining_leaves_the_share_unknown() -> None:
    job = next(x for x in sheet({"phase": "retraining", "inferences": 10.0}, FULL) if x.phase == "inference")
    assert job.components["retraining"] is None
    assert job.needs["retraining"] == ["energy, or power and time", "system"]


def test_each_inference_carries_the_retraining_before_it() -> None:
    first = RETRAIN | {"started_at": "2024-01-01", "inferences": 10.0}
    second = RETRAIN | {"started_at": "2024-02-01", "inferences": 100.0}
    dates = ("2023-12-31", "2024-01-01", "2024-01-31T23:59:59Z", "2024-02-01", "2025-01-01")
    assert shares(first, second, *(FULL | {"started_at": date} for date in dates)) == [
        0.0,
        pytest.approx(CF_RT / 10),
        pytest.approx(CF_RT / 10),
        pytest.approx(CF_RT / 100),
        pytest.approx(CF_RT / 100),
    ]


def test_a_given_interval_counts_to_the_end_of_its_last_day() -> None:
    given_ = RETRAIN | {"interval_start": "2024-01-01", "interval_end": "2024-01-31", "inferences": 10.0}
    dates = ("2023-12-31", "2024-01-31T23:00:00Z", "2024-02-01")
    assert shares(given_, *(FULL | {"started_at": date} for date in dates)) == [
        0.0,
        pytest.approx(CF_RT / 10),
        0.0,
    ]


def test_retraining_jobs_of_one_interval_add_up() -> None:
    interval = {"interval_start": "2024-01-01", "interval_end": "2024-01-31"}
    pair = [RETRAIN | interval | {"inferences": 10.0}, RETRAIN | interval]
    assert shares(*pair, FULL | {"started_at": "2024-01-05"}) == [pytest.approx(2 * CF_RT / 10)]
    differing = [RETRAIN | interval | {"inferences": 10.0}, RETRAIN | interval | {"inferences": 20.0}]
    assert shares(*differing, FULL | {"started_at": "2024-01-05"}) == [None]


def test_an_undated_inference_among_several_intervals_is_unknown() -> None:
    first = RETRAIN | {"started_at": "2024-01-01"}
    second = RETRAIN | {"started_at": "2024-02-01", "inferences": 100.0}
    jobs = sheet(first, second, FULL | {"size": 1.0}, FULL | {"size": 1.0, "started_at": "2024-01-05"})
    undated, dated = (job for job in jobs if job.phase == "inference")
    assert undated.needs["retraining"] == ["date of the job"]
    assert dated.components["retraining"] is None, "the undated one may be in the same interval"


# -- quality, market, selection ------------------------------------------------------------------------------


def test_jqcr_needs_a_named_quality_with_a_direction() -> None:
    quality = {"quality": 0.5, "quality_metric": "latency_s", "quality_direction": "lower"}
    job = sheet(FULL | quality)[0]
    assert job.scr_gco2e_per_h is not None
    assert job.jqcr == pytest.approx(2 / job.scr_gco2e_per_h) and job.quality_metric == "latency_s"
    higher = sheet(FULL | quality | {"quality_direction": "higher"})[0]
    assert higher.jqcr == pytest.approx(0.5 / job.scr_gco2e_per_h)
    for name in quality:
        assert sheet(FULL | quality | {name: None})[0].jqcr is None


def test_location_and_market_are_two_columns_of_one_job() -> None:
    job = sheet(FULL | {"grid_intensity_market_gco2e_per_kwh": 0.0})[0]
    assert job.jsc_gco2e == pytest.approx(60.0) and job.market["jsc_gco2e"] == 0.0
    assert not job.market_from_location
    ec = job.ec_gco2e
    assert job.market["asc_gco2e"] == ec, "embodied is common to both"
    same = sheet(FULL)[0]
    assert same.market["asc_expanded_gco2e"] == same.asc_expanded_gco2e and same.market_from_location
    bought = sheet(FULL, m=MODEL | {"own_carbon_market_gco2e": 0.0})[0]
    assert bought.market["asc_expanded_gco2e"] == pytest.approx(same.asc_gco2e)


def test_the_sheet_is_carbon_whatever_the_impact() -> None:
    assert sheet(FULL, run=Run(impact="energy")) == sheet(FULL, run=Run(impact="water")) == sheet(FULL)


def test_rows_and_dates_choose_the_jobs() -> None:
    made = drawn(FULL | {"started_at": "2024-01-01"}, FULL | {"started_at": "2025-01-01"}, FULL)
    assert [job.id for job in job_sheet(made, jobs=[0, 2])] == ["j1", "j3"]
    assert [job.id for job in job_sheet(made, Run(as_of="2024-12-31"))] == ["j1", "j3"]
    assert [job.id for job in job_sheet(made, Run(as_of="2024-12-31"), jobs=[1, 2])] == ["j3"]
    assert job_sheet(drawn()) == []


def test_the_document_is_json_with_the_promised_fields() -> None:
    document = json.loads(json.dumps(sheet_as_dict(sheet(FULL)), allow_nan=False))
    assert document["schema"] == "lineage/job/1"
    promised = (
        "id energy_kwh jsc_gco2e ec_gco2e asc_gco2e jsc_expanded_gco2e asc_expanded_gco2e "
        "asc_expanded_additive_gco2e scr_gco2e_per_h jqcr quality_metric missing components"
    )
    assert set(promised.split()) <= set(document["jobs"][0])
    assert set(document["jobs"][0]["components"]) == set(COMPONENTS)


inputs = st.fixed_dictionaries(
    {"phase": st.sampled_from(["training", "inference", "retraining", "platform"])},
    optional={
        "energy_kwh": st.floats(0, 1e6),
        "power_w": st.floats(0, 1e5),
        "duration_h": st.floats(0, 1e5),
        "pue": st.floats(1, 3),
        "pue_included": st.booleans(),
        "system": st.just("s"),
        "grid": st.just("fr"),
        "platform": st.just("platform:q"),
        "inferences": st.floats(1, 1e6),
        "size": st.floats(1, 10),
    },
)


@given(st.lists(inputs, min_size=1, max_size=4))
def test_components_add_up_and_unknown_is_never_zero(rows: list[dict[str, Any]]) -> None:
    for job in sheet(*rows, platform_q=PLATFORM):
        assert job.missing == [name for name in COMPONENTS if job.components[name] is None]
        assert set(job.needs) == set(job.missing) and all(job.needs.values())
        beside_split = [name for name in job.missing if name != "cooling_and_loss"]
        assert (job.asc_expanded_gco2e is None) == bool(beside_split)
        if not job.missing:
            values = [value for value in job.components.values() if value is not None]
            assert sum(values) == pytest.approx(job.asc_expanded_gco2e, rel=1e-9, abs=1e-12)


# -- refusals ------------------------------------------------------------------------------------------------


def test_a_cycle_is_the_runs_to_decide_only_where_a_product_is_asked_for() -> None:
    def made(phase: str) -> Graph:
        job = {"id": "j", "product": "model:a", "phase": phase, **FULL}
        return graph("a -> b -> a", jobs=[job], systems=SYSTEMS, grids=GRIDS)

    assert job_sheet(made("training"))[0].asc_expanded_gco2e is not None
    with pytest.raises(CycleError):
        job_sheet(made("inference"))


def test_a_product_without_a_lifetime_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="job j1, product model:m: a lifetime of 0 h"):
        sheet(FULL, m=MODEL | {"lifetime_h": 0.0})


@pytest.mark.parametrize(
    ("date", "share"),
    [
        ("2024", None),
        ("2024-01", None),
        ("2024-01-15", 40.0),
        ("2023", 0.0),
        ("2025", 40.0),
        ("2024-02", 40.0),
    ],
)
def test_a_date_that_is_coarser_than_the_interval_is_not_taken_for_one_outside(
    date: str, share: float | None
) -> None:
    retrain = RETRAIN | {"started_at": "2024-01-15", "inferences": 10.0}
    job = next(x for x in sheet(retrain, FULL | {"started_at": date}) if x.phase == "inference")
    if share is None:
        assert job.components["retraining"] is None
        assert job.needs["retraining"] == ["date of the job"] and job.asc_expanded_gco2e is None
    else:
        assert "retraining" not in job.needs
        assert bool(job.components["retraining"]) == bool(share)


def test_a_year_lies_in_an_interval_of_the_whole_year() -> None:
    def held(start: str, end: str) -> list[bool | None]:
        told = Job(id="r", product=0, phase="retraining", interval_start=start, interval_end=end)
        (interval,) = retrainings([told])
        return [
            interval.holds(date) for date in ("2023", "2024", "2024-02", "2024-02-29", "2024-03-01T10:00:00Z")
        ]

    assert held("2024-01-01", "2024-12-31") == [False, True, True, True, True]
    assert held("2024-02-01", "2024-02-29") == [False, None, True, True, False]
    assert held("2024-02-10", "2024-02-20") == [False, None, None, False, False]


def test_a_size_in_a_part_of_the_interval_leaves_the_sum_unknown() -> None:
    jobs = [
        Job(id="r", product=0, phase="retraining", started_at="2024-01-15"),
        Job(id="i", product=0, phase="inference", started_at="2024-03-01", size=1.0),
        Job(id="k", product=0, phase="inference", started_at="2024", size=1.0),
    ]
    assert retrainings(jobs[:2])[0].total_size == 1.0
    assert retrainings(jobs)[0].total_size is None
