"""The sheet of one inference: components, the additive twin, idle time, schedules, and what is not recovered."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_lines import Run as Call
from command_lines import checked, document
from lineage.errors import InputError, OptionError
from lineage.graph import Graph
from lineage.kernels.depreciation import charged_share, rate_over, true_up
from lineage.run import Run
from lineage.stores import connect
from lineage.testing import graph
from lineage.views.depreciation import Terms
from lineage.views.inference import InferenceSheet, inference_sheet
from lineage.views.serving import serving

YEAR = 8760.0
SYSTEMS = {"s": {"embodied_gco2e": 10_000.0, "lifetime_h": 3 * YEAR}}
RUN = {"energy_kwh": 1.0, "pue": 1.2, "grid_intensity_gco2e_per_kwh": 50.0, "system": "s", "duration_h": 5.0}
EC = 10_000 * 5 / (3 * YEAR)
BORN = "2024-01-01"


def drawn(*jobs: dict[str, Any], **tuned: Any) -> Graph:
    """A tuned model (EPC 600, and 300 where it has a child) on a base of 1,000, with these jobs."""
    rows = [
        {"id": f"j{n}", "product": "model:tuned", "phase": "inference", **job}
        for n, job in enumerate(jobs, 1)
    ]
    facts = {"own_carbon_gco2e": 100.0, "lifetime_h": 2 * YEAR, "inferences": 1000.0, "created_at": BORN}
    products: dict[str, dict[str, Any]] = {
        "base": {"own_carbon_gco2e": 1000.0},
        "tuned": facts | tuned,
        "child": {"own_carbon_gco2e": 1.0},
    }
    return graph("base -> tuned -> child", products=products, jobs=rows, systems=SYSTEMS)


def sheet(made: Graph, schedule: str = "straight", run: Run | None = None, **terms: float) -> InferenceSheet:
    return inference_sheet(made, "tuned", run, Terms(schedule=schedule, **terms))


def part(told: InferenceSheet, name: str) -> tuple[Any, Any]:
    (found,) = [item for item in told.components if item.name == name]
    return found.per_inference, found.additive


# -- components ----------------------------------------------------------------------------------------------


def test_an_inference_carries_all_of_them_and_the_twin_is_the_one_to_sum() -> None:
    told = sheet(drawn(RUN | {"inferences": 50.0}))
    share = 5 / (2 * YEAR) / 50
    assert part(told, "operation") == (pytest.approx(60 / 50),) * 2
    assert part(told, "systems_embodied") == (pytest.approx(EC / 50),) * 2
    assert part(told, "products_embodied") == (pytest.approx(600 * share), pytest.approx(300 * share))
    assert told.total == pytest.approx((60 + EC) / 50 + 600 * share) == told.known
    assert told.total_additive == pytest.approx((60 + EC) / 50 + 300 * share)
    same = serving(drawn(RUN | {"inferences": 50.0}), "tuned")
    assert told.total == pytest.approx(same.total)
    assert told.total_additive == pytest.approx(same.total_additive)
    assert told.by_lifetime == pytest.approx(600 * share) and told.by_volume == pytest.approx(0.6)
    assert told.components[0].per_thousand == pytest.approx(1200.0)


def test_idle_time_is_carried_by_the_inferences() -> None:
    idle = {**RUN, "phase": "platform", "energy_kwh": 3.0}
    told = sheet(drawn(RUN | {"inferences": 50.0}, idle))
    assert part(told, "idle") == (pytest.approx((180 + EC) / 50),) * 2
    assert told.idle_share == pytest.approx((180 + EC) / (180 + EC + 60))
    unserved = sheet(drawn(idle))
    assert part(unserved, "idle") == (None, None) and unserved.total is None
    assert next(item for item in unserved.components if item.name == "idle").needs == (
        "inferences of model:tuned",
    )


def test_the_tax_and_the_epc_of_a_platform_stand_beside() -> None:
    job = RUN | {"platform": "cloud", "inferences": 10.0, "concurrent_jobs": 2.0}
    rows = [{"product": "m", "phase": "inference", **job}]
    cloud = {"own_carbon_gco2e": 800.0, "lifetime_h": YEAR, "operations_rate_gco2e_per_h": 4.0}
    facts = {"own_carbon_gco2e": 10.0, "lifetime_h": YEAR, "inferences": 100.0}
    made = graph("m", products={"m": facts, "platform:cloud": cloud}, jobs=rows, systems=SYSTEMS)
    for schedule, own in (("straight", 10 * 5 / YEAR / 2 / 10), ("per-use", 0.1)):
        told = inference_sheet(made, "m", terms=Terms(schedule=schedule))
        hosted = 800 * 5 / YEAR / 2 / 10
        assert part(told, "products_embodied") == (pytest.approx(hosted + own),) * 2
        assert part(told, "platform") == (pytest.approx(4 * 5 / 2 / 10),) * 2


def test_retraining_has_a_twin() -> None:
    retraining = RUN | {"phase": "retraining", "inferences": 100.0}
    told = sheet(drawn(RUN | {"inferences": 10.0}, retraining))
    assert part(told, "retraining") == (pytest.approx((60 + EC) / 100),) * 2
    coming = sheet(drawn(retraining))
    assert part(coming, "retraining") == (pytest.approx((60 + EC) / 100),) * 2


def test_jobs_without_a_number_count_as_one_and_are_told() -> None:
    told = sheet(drawn(RUN, RUN | {"inferences": 9.0}))
    assert (told.jobs, told.uncounted, told.inferences) == (2, 1, 10.0)


# -- schedules -----------------------------------------------------------------------------------------------


def test_straight_charges_equal_years() -> None:
    told = sheet(drawn(RUN | {"inferences": 50.0}), lifetime_h=2.5 * YEAR)
    assert [charge.share for charge in told.charges] == [
        pytest.approx(0.4),
        pytest.approx(0.4),
        pytest.approx(0.2),
    ]
    assert [charge.left for charge in told.charges] == [
        pytest.approx(360),
        pytest.approx(120),
        pytest.approx(0),
    ]
    assert [charge.period for charge in told.charges] == ["year 1", "year 2", "year 3 (to 21,900 h)"]
    assert told.charges[0].inferences == pytest.approx(400) and told.charges[
        0
    ].per_inference == pytest.approx(0.6)
    assert told.charges[0].additive == pytest.approx(120.0)
    assert told.unrecovered == pytest.approx(600 * (1 - 5 / (2.5 * YEAR)))
    assert told.recovered == pytest.approx(600 * 5 / (2.5 * YEAR))
    assert told.unrecovered_additive == pytest.approx(300 * (1 - 5 / (2.5 * YEAR)))


def test_accelerated_charges_more_in_early_years() -> None:
    made = drawn(RUN | {"inferences": 50.0, "started_at": "2024-01-01"})
    told = sheet(made, "accelerated")
    assert [charge.share for charge in told.charges] == [pytest.approx(0.75), pytest.approx(0.25)]
    straight, _ = part(sheet(made), "products_embodied")
    assert straight is not None
    assert part(told, "products_embodied")[0] == pytest.approx(1.5 * straight)
    late = sheet(made, "accelerated", Run(as_of="2025-06-01"))
    assert part(late, "products_embodied")[0] == pytest.approx(0.5 * straight) and late.age_h == 517 * 24
    x = 5 / (2 * YEAR)
    assert told.recovered == pytest.approx(600 * (1 - (1 - x) ** 2))
    undated = sheet(drawn(RUN), "accelerated")
    assert undated.unrecovered is None and undated.recovered is None


def test_per_use_is_trued_up_when_fewer_come() -> None:
    made = drawn(RUN | {"inferences": 400.0})
    told = sheet(made, "per-use")
    assert part(told, "products_embodied") == (pytest.approx(0.6), pytest.approx(0.3))
    fewer = sheet(made, "per-use", inferences=600.0)
    charges: list[tuple[Any, ...]] = [
        (charge.period, charge.charged, charge.per_inference) for charge in fewer.charges
    ]
    assert charges == [
        ("so far", pytest.approx(240.0), pytest.approx(0.6)),
        ("from now on", pytest.approx(360.0), pytest.approx(1.8)),
    ]
    assert part(fewer, "products_embodied") == (pytest.approx(1.8), pytest.approx(0.9))
    assert fewer.unrecovered == pytest.approx(360.0) and fewer.due == 0.0
    over = sheet(made, "per-use", inferences=300.0)
    assert over.due == pytest.approx(360.0) and part(over, "products_embodied")[0] == 0.0
    assert [charge.period for charge in over.charges] == ["so far"]


def test_nothing_expected_is_unknown_and_never_zero() -> None:
    bare = drawn(RUN, lifetime_h=None, inferences=None)
    for schedule in ("straight", "accelerated", "per-use"):
        told = sheet(bare, schedule)
        assert part(told, "products_embodied") == (None, None)
        assert told.charges == () and told.total is None and told.unrecovered is None
    unknown = inference_sheet(graph("a"), "a", terms=Terms(schedule="per-use", inferences=5.0))
    assert unknown.known is None and unknown.charges[0].charged is None and unknown.due == 0.0
    served = graph("a", jobs=[{"product": "a", "phase": "inference", "inferences": 9.0}])
    assert inference_sheet(served, "a", terms=Terms(schedule="per-use", inferences=5.0)).due is None


def test_a_policy_without_epc_gives_the_twin_only() -> None:
    told = sheet(drawn(RUN | {"inferences": 50.0}), run=Run(policy="shapley"))
    value, additive = part(told, "products_embodied")
    assert value is None and additive is not None and told.total is None and told.total_additive is not None


def test_terms_that_no_product_has_are_refused() -> None:
    with pytest.raises(OptionError, match="there is no schedule 'degressive'"):
        Terms(schedule="degressive")
    with pytest.raises(OptionError, match="lifetime must be above 0, not 0"):
        Terms(lifetime_h=0.0)
    with pytest.raises(OptionError, match="inferences must be above 0"):
        Terms(inferences=float("inf"))


# -- kernels -------------------------------------------------------------------------------------------------


@given(start=st.floats(0, 1), middle=st.floats(0, 1), end=st.floats(0, 1))
def test_a_schedule_charges_all_of_it_once(start: float, middle: float, end: float) -> None:
    start, middle, end = sorted((start, middle, end))
    for schedule in ("straight", "accelerated"):
        assert charged_share(schedule, 0.0) == 0.0 and charged_share(schedule, 1.0) == 1.0
        whole = charged_share(schedule, end) - charged_share(schedule, start)
        spans = ((start, middle), (middle, end))
        assert sum(rate_over(schedule, a, b) * (b - a) for a, b in spans) == pytest.approx(whole, abs=1e-9)


@given(used=st.floats(0, 999), coming=st.floats(1, 1e6))
def test_a_true_up_recovers_all_of_it(used: float, coming: float) -> None:
    charged, left, rate = true_up(100.0, 1000.0, used, used + coming)
    assert charged + rate * ((used + coming) - used) == pytest.approx(
        100.0
    ) and charged + left == pytest.approx(100.0)


def test_kernels_refuse_what_cannot_be() -> None:
    with pytest.raises(InputError, match="does not go by time"):
        charged_share("per-use", 0.5)
    with pytest.raises(InputError, match="0 expected inferences are too few"):
        true_up(1.0, 0.0, 0.0, 5.0)


# -- the command ---------------------------------------------------------------------------------------------


def test_the_command_says_what_the_view_does(call: Call) -> None:
    made = checked(
        document(call("inference", "tuned", "--lifetime", "3y", "--inferences", "500", "--format", "json"))
    )
    told = sheet(drawn(RUN | {"inferences": 50.0}), lifetime_h=3 * YEAR, inferences=500.0)
    assert made == told.as_dict() and made["lifetime_h"] == 26_280.0
    text = call("inference", "tuned").stdout
    assert "one, to be summed" in text and "Written off in equal parts over the lifetime:" in text
    assert "1 inference job for 50 inferences" in text and "The known jobs carry" in text
    table = call("inference", "tuned", "--format", "csv").stdout
    assert table.startswith("part,per_inference_gco2e,per_thousand_gco2e,additive_per_inference_gco2e")
    assert "| part" in call("inference", "tuned", "--format", "markdown").stdout


def test_the_command_says_what_is_due(call: Call) -> None:
    over = call("inference", "tuned", "--schedule", "per-use", "--inferences", "40").stdout
    assert "No more inferences are expected: 570 g left to charge at once" in over


def test_the_command_refuses_what_cannot_be(call: Call) -> None:
    assert call("inference", "tuned", "--inferences", "0").exit_code == 2
    assert "did you mean 'per-use'?" in call("inference", "tuned", "--schedule", "peruse").stderr
    wrong = call("inference", "tuned", "--lifetime", "3 kg")
    assert wrong.exit_code == 1 and "3 kg" in wrong.stderr
    assert "above 0" in call("inference", "tuned", "--lifetime", "0 years").stderr


@pytest.fixture
def call(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command on a store that holds the drawn graph."""
    from click.testing import CliRunner

    from lineage.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LINEAGE_STORE", raising=False)
    with connect(tmp_path / "lineage.store") as store:
        store.write(drawn(RUN | {"inferences": 50.0}))
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words], prog_name="lineage")
