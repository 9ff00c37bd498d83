"""What one inference of a product carries, upstream included."""

import json
from typing import Any

import pytest

from lineage.errors import UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.views.cost import cost
from lineage.views.jobs import serving

YEAR = 8760.0
SYSTEMS = {"s": {"embodied_gco2e": 10_000.0, "lifetime_h": 3 * YEAR}}
GRIDS = {"fr": {"intensity_gco2e_per_kwh": 50.0}}
RUN = {"energy_kwh": 1.0, "pue": 1.2, "grid": "fr", "system": "s", "duration_h": 5.0}
EC = 10_000 * 5 / (3 * YEAR)
TUNED = {"own_carbon_gco2e": 100.0, "own_energy_kwh": 8.0, "lifetime_h": YEAR, "inferences": 1e6}


def drawn(*jobs: dict[str, Any], **tuned: Any) -> Graph:
    rows = [
        {"id": f"j{n}", "product": "model:tuned", "phase": "inference", **job}
        for n, job in enumerate(jobs, 1)
    ]
    products = {"base": {"own_carbon_gco2e": 1000.0, "own_energy_kwh": 20.0}, "tuned": TUNED | tuned}
    return graph("base -> tuned", products=products, jobs=rows, systems=SYSTEMS, grids=GRIDS)


def test_an_inference_carries_its_share_of_everything_upstream() -> None:
    view = serving(drawn(RUN | {"inferences": 50.0}), "tuned")
    assert view.epc is not None and view.epc.best == pytest.approx(600.0), "its own 100 and half of 1,000"
    assert view.per_inference == {
        "operation": pytest.approx(60 / 50),
        "platform": 0.0,
        "systems_embodied": pytest.approx(EC / 50),
        "products_embodied": pytest.approx(600 * 5 / YEAR / 50),
        "retraining": 0.0,
    }
    assert view.total == view.known == pytest.approx((60 + EC + 600 * 5 / YEAR) / 50)
    assert view.total_additive == pytest.approx(view.total)
    assert view.total is not None and view.total_per_thousand == pytest.approx(1000 * view.total)
    assert view.per_thousand["operation"] == pytest.approx(1200.0)
    assert view.embodied_by_lifetime == pytest.approx(600 * 5 / YEAR / 50)
    assert view.embodied_by_volume == pytest.approx(600 / 1e6)
    assert view.unrecovered_share == pytest.approx(1 - 5 / YEAR)
    assert (view.jobs, view.inferences, view.missing) == (1, 50.0, [])


def test_a_cost_that_is_known_is_not_computed_again() -> None:
    made = drawn(RUN)
    assert serving(made, "tuned", cost=cost(made)) == serving(made, "tuned")
    full = cost(made, Run(policy="full"))
    whole = serving(made, "tuned", cost=full).epc
    assert whole is not None and whole.best == pytest.approx(1100.0)


def test_several_jobs_are_averaged_over_their_inferences() -> None:
    view = serving(drawn(RUN, RUN | {"inferences": 3.0, "energy_kwh": 5.0}), "tuned")
    assert view.inferences == 4.0
    assert view.per_inference["operation"] == pytest.approx((60 + 300) / 4)


def test_in_energy() -> None:
    view = serving(drawn(RUN), "tuned", Run(impact="energy"))
    assert view.unit == "kWh"
    assert view.per_inference["operation"] == pytest.approx(1.2)
    assert view.per_inference["products_embodied"] == pytest.approx((8 + 10) * 5 / YEAR)
    assert view.per_inference["systems_embodied"] == view.per_inference["platform"] == 0.0
    water = serving(drawn(RUN), "tuned", Run(impact="water"))
    assert water.total is None and water.needs["operation"] == ["water use of the job"]


def test_without_inference_jobs_the_share_by_volume_is_still_known() -> None:
    view = serving(drawn(), "tuned")
    assert view.per_inference["products_embodied"] == view.known == pytest.approx(600 / 1e6)
    assert view.total is None and view.total_additive is None and view.inferences is None
    assert view.missing == ["operation", "platform", "systems_embodied"]
    assert view.needs["operation"] == ["an inference job of model:tuned"]
    assert view.embodied_by_lifetime is None and view.unrecovered_share == 1.0


def test_nothing_known_is_null_and_never_zero() -> None:
    view = serving(graph("a"), "a")
    assert view.total is None and view.known is None
    assert view.per_inference["retraining"] == 0.0, "it has no re-training jobs: that is known"
    assert view.per_inference["products_embodied"] is None
    assert view.needs["products_embodied"] == [
        "EPC of model:a",
        "an inference job of model:a, or inferences expected",
    ]


def test_retraining_is_part_of_an_inference() -> None:
    retrain = RUN | {"phase": "retraining", "inferences": 1000.0}
    view = serving(drawn(retrain, RUN), "tuned")
    assert view.per_inference["retraining"] == pytest.approx((60 + EC) / 1000)
    coming = serving(drawn(retrain), "tuned")
    assert coming.per_inference["retraining"] == pytest.approx((60 + EC) / 1000)
    unknown = serving(drawn(RUN | {"phase": "retraining"}), "tuned")
    assert unknown.per_inference["retraining"] is None
    assert unknown.needs["retraining"] == ["number of inferences of the re-training's interval"]


def test_retraining_that_no_inference_can_carry_is_unassigned() -> None:
    idle = RUN | {"phase": "retraining", "inferences": 0.0, "started_at": "2024-01-01"}
    used = RUN | {"phase": "retraining", "inferences": 10.0, "started_at": "2024-02-01"}
    view = serving(drawn(idle, used, RUN | {"started_at": "2024-02-02"}), "tuned")
    assert view.unassigned_operation == pytest.approx(60 + EC)
    assert view.per_inference["retraining"] == pytest.approx((60 + EC) / 10)
    assert serving(drawn(used), "tuned").unassigned_operation == 0.0


def test_the_recovered_part_may_be_counted_by_volume() -> None:
    view = serving(drawn(RUN | {"inferences": 2.5e5}, lifetime_h=None), "tuned")
    assert view.embodied_by_lifetime is None
    assert view.unrecovered_share == pytest.approx(0.75)
    unknown = serving(drawn(RUN, lifetime_h=None, inferences=None), "tuned")
    assert unknown.unrecovered_share is None and unknown.embodied_by_volume is None


def test_jobs_that_stand_for_no_inference_divide_nothing() -> None:
    view = serving(drawn(RUN | {"inferences": 0.0}), "tuned")
    assert view.total is None and view.needs["operation"] == ["inferences of the jobs above 0"]
    assert view.embodied_by_lifetime is None


def test_a_partly_known_lineage_gives_a_lower_bound() -> None:
    made = graph("dataset:web -> m", own={"m": 10.0}, products={"m": {"inferences": 100.0}})
    view = serving(made, "m")
    assert view.at_least == ["products_embodied"] and view.epc is not None and view.epc.hi is None


def test_the_view_is_json() -> None:
    document = json.loads(json.dumps(serving(drawn(RUN), "tuned").as_dict(), allow_nan=False))
    assert document["schema"] == "lineage/serving/1" and document["product"] == "model:tuned"
    assert document["epc"]["best"] == pytest.approx(600.0)
    assert set(document["per_thousand"]) == set(document["per_inference"])


def test_an_unknown_product_is_refused() -> None:
    with pytest.raises(UnknownProduct):
        serving(drawn(), "tunde")
