"""The known anchors: figures of published cases reproduce, misprints never enter."""

import csv
from pathlib import Path

import pytest

from lineage.demo import demo_graph
from lineage.run import Run
from lineage.strategies import Plan, compare, compare_plan
from lineage.strategies.counterfactual import ScratchCosts
from plans_written import bloomz, distilbert

Rows = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def published(samples: Path) -> Rows:
    with (samples / "published_cases" / "published-cases.csv").open(encoding="utf-8", newline="") as stream:
        return {row["case_id"]: row for row in csv.DictReader(stream)}


@pytest.mark.samples
@pytest.mark.parametrize(
    ("base", "tuned", "inference", "parity"),
    [
        ("bloom-6b", "bloomz-7b", "1e-4 kWh", 592_570_000.0),
        ("bloom-560m", "bloomz-560m", "5.4e-5 kWh", 11_048 / 5.4e-5),
    ],
)
def test_parity_of_bloomz(published: Rows, base: str, tuned: str, inference: str, parity: float) -> None:
    plan = bloomz(
        float(published[base]["published_kwh"]), float(published[tuned]["published_kwh"]), inference
    )
    found = compare_plan(plan).reuse.parity
    assert found == pytest.approx(parity, rel=1e-15)
    assert f"{found:.1f}" in ("592570000.0", "204592592.6")


def test_parity_of_bloomz_from_the_bundled_store() -> None:
    plan = Plan(
        impact="energy",
        inferences=1_000_000,
        base={"epc": {"product": "model:bloom-7b1"}},
        reuse={"adaptation": {"product": "bloomz-7b"}, "inference": "1e-4 kWh"},
        scratch={"training": "10505 kWh", "inference": "5.4e-5 kWh"},
    )
    told = compare_plan(plan, demo_graph())
    assert told.reuse.parity == 592_570_000.0
    assert told.reuse.total.hi is None  # BLOOM's data are unknown
    assert told.figures["reuse.adaptation"].source == "own of model:bloomz-7b, policy equal"


@pytest.mark.samples
def test_meena_and_the_evolved_transformer(published: Rows) -> None:
    search, meena = (published[name] for name in ("patterson21-et-nas", "patterson21-meena"))
    assert "48.5 t saved" in search["check_note"] and "15x" in search["check_note"]
    spent, trained = (float(row["published_tco2e"]) for row in (search, meena))
    plan = Plan(
        base={"epc": f"{spent} t"},
        reuse={"adaptation": f"{trained} t", "inference": 0},
        scratch={"training": f"{trained + 48.5} t", "inference": 0},
    )
    told = compare_plan(plan)
    assert told.reuse.phases["base"].best == 3.2e6
    assert told.saved.best == pytest.approx(48.5e6 - 3.2e6, rel=1e-12)
    assert told.cheaper == "reuse" and told.tasks_star.integer == 1
    assert told.tasks_star.real == pytest.approx(3.2 / 48.5, rel=1e-9)
    assert 15 <= 48.5 / 3.2 < 15.5


def test_meena_on_the_bundled_graph() -> None:
    told = compare(
        demo_graph(),
        "evolved-transformer",
        Run(),
        scratch=ScratchCosts(given={"model:meena-2.6b": "144.9 t"}),
    )
    assert told.charged.best == 3.2e6 and told.actual.best == pytest.approx(99.6e6, rel=1e-12)
    assert told.saved.best == pytest.approx(45.3e6, rel=1e-9)
    assert told.paid_from == 1 and told.paid.product == "model:meena-2.6b"


def test_distilbert_against_bert() -> None:
    own = {
        name: compare(demo_graph(), name, Run(impact="energy")).base_own.best
        for name in ("bert-base", "distilbert")
    }
    assert own == {"bert-base": 1507.0, "distilbert": 168.0}  # not the misprinted 14.4
    assert own["bert-base"] is not None and own["distilbert"] is not None
    told = compare_plan(distilbert(own["bert-base"], own["distilbert"]))
    assert told.reuse.phases["inference"].best == pytest.approx(
        0.6 * (told.scratch.phases["inference"].best or 0)
    )
    # 168 kWh / (0.025 - 0.015) kWh; strictly better at the next inference
    assert (told.n_star.real, told.n_star.integer) == (16_800.0, 16_801)
    assert told.mode == "consequential" and told.cheaper == "reuse"
    charged = compare_plan(told.plan, mode="attributional")
    assert charged.n_star.real == 167_500.0 and charged.cheaper == "scratch"
