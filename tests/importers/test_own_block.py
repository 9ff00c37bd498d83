"""What our reports write into a model card is read back with its bounds, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from lineage.importing import read
from lineage.reports import report
from lineage.run import Run
from lineage.testing import graph
from lineage.views.cost import cost
from lineage_importers._own_block import own_figures

GOOD: dict[str, Any] = {
    "schema": "lineage/card/1",
    "impact": "carbon",
    "unit": "gCO2e",
    "own": {"lo": 1.0, "best": 2.0, "hi": 4.0, "tier": "measured"},
}


def read_back(folder: Path, card: Any, impact: str) -> Any:
    path = folder / "acme__tuned.md"
    path.write_text(str(card), encoding="utf-8")
    return cost(read(path, format="huggingface"), Run(impact=impact)).row("model:acme/tuned")


@pytest.mark.parametrize("impact", ["carbon", "energy"])
def test_bounds_and_evidence_survive_a_model_card(tmp_path: Path, impact: str) -> None:
    column = {"carbon": "own_carbon_gco2e", "energy": "own_energy_kwh"}[impact]
    facts = {column: 2.0, f"{column}_lo": 1.0, f"{column}_hi": 4.0, "tier": "measured"}
    made = graph("base -> acme/tuned", products={"acme/tuned": facts})
    row = read_back(tmp_path, report(made, "acme/tuned", Run(impact=impact), to="card"), impact)
    assert (row.own, row.tier) == ((1.0, 2.0, 4.0), "measured")


def test_a_lower_bound_does_not_become_the_whole(tmp_path: Path) -> None:
    job = {
        "product": "model:acme/tuned",
        "energy_kwh": 10.0,
        "pue": 1.0,
        "grid_intensity_gco2e_per_kwh": 100.0,
    }
    made = graph("acme/tuned", jobs=[job])
    assert cost(made).row("acme/tuned").own.hi is None
    row = read_back(tmp_path, report(made, "acme/tuned", to="card"), "carbon")
    assert row.own.lo == 1000.0 and row.own.best is None and row.own.hi is None and row.covered == 0


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "lineage/card/9"},
        {"impact": "noise"},
        {"unit": "kg"},
        {"own": None},
        {"own": {"lo": 3.0, "best": 2.0, "hi": 4.0, "tier": "measured"}},
        {"own": {"lo": -1.0, "best": 2.0, "hi": 4.0, "tier": "measured"}},
        {"own": {"lo": 1.0, "best": float("nan"), "hi": 4.0, "tier": "measured"}},
        {"own": {"lo": 1.0, "best": 2.0, "hi": 4.0, "tier": "sworn"}},
    ],
)
def test_what_is_not_ours_or_contradicts_itself_is_not_read(change: dict[str, Any]) -> None:
    assert own_figures(GOOD) and own_figures(GOOD | change) == {}
    assert own_figures("text") == {}
