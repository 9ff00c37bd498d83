"""The options of a tracked run: names, units, and what cannot be."""

from pathlib import Path
from typing import Any

import pytest

import lineage as ln
from lineage.errors import InputError, LineageError, OptionError
from lineage.tracking import MeterChoice, RunPlan


def test_names_get_their_kind() -> None:
    plan = RunPlan(product="a/b", parents=["model:c", "dataset:d"], datasets="glue")  # type: ignore[arg-type]
    assert (plan.product, plan.parents, plan.datasets) == (
        "model:a/b",
        ("model:c", "dataset:d"),
        ("dataset:glue",),
    )
    assert RunPlan(**{**plan.as_dict(), "parents": tuple(plan.parents)}) == plan


def test_relations() -> None:
    plan = RunPlan(product="a", parents=("b", "dataset:d"), phase="distillation")
    assert [plan.relation_to(name) for name in plan.parents] == ["distillation", None]
    assert RunPlan(product="a", relation="merge").relation_to("model:b") == "merge"
    assert RunPlan(product="a").relation_to("model:b") is None


@pytest.mark.parametrize(
    ("grid", "intensity", "name"),
    [(None, None, None), ("56 g/kWh", 56.0, None), ("0.5 kg/kWh", 500.0, None), ("FR", None, "FR")],
)
def test_a_grid_is_a_name_or_an_intensity(
    grid: str | None, intensity: float | None, name: str | None
) -> None:
    plan = RunPlan(product="a", grid=grid)
    assert (plan.intensity_gco2e_per_kwh, plan.grid_name) == (intensity, name)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"product": " "}, InputError, "a product without a name"),
        ({"product": "a\x1bb"}, InputError, "cannot be printed"),
        ({"product": "a" * 300}, InputError, "300 characters"),
        ({"product": "model: "}, InputError, "not KIND:NAME"),
        ({"datasets": "model:a"}, InputError, "is no data set"),
        ({"phase": "trainin"}, OptionError, "did you mean 'training'"),
        ({"relation": "finetune"}, OptionError, "did you mean 'fine-tune'"),
        ({"country": "F\n"}, InputError, "cannot be printed"),
        ({"grid": "56"}, OptionError, "grid '56'"),
        ({"grid": "-1 g/kWh"}, OptionError, "never negative"),
        ({"pue": 0.9}, OptionError, "a PUE of 0.9"),
        ({"pue": float("nan")}, OptionError, "a PUE of nan"),
    ],
)
def test_what_cannot_be(options: dict[str, Any], error: type[LineageError], text: str) -> None:
    with pytest.raises(error, match=text):
        RunPlan(**{"product": "m", **options})


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"meter": "rpl"}, OptionError, "did you mean 'rapl'"),
        ({"scope": "core"}, OptionError, "no scope"),
        ({"every_s": 0.01}, OptionError, "from 0.2 to 300"),
        ({"emissions": Path("nowhere")}, InputError, "is not a folder"),
        ({"meter": "rapl", "scope": "process"}, OptionError, "whole machine"),
    ],
)
def test_what_cannot_be_measured_so(options: dict[str, Any], error: type[LineageError], text: str) -> None:
    with pytest.raises(error, match=text):
        MeterChoice(**options)


def test_an_option_that_track_does_not_have() -> None:
    with pytest.raises(OptionError, match="did you mean 'parents'"):
        ln.track("m", parent="b")
