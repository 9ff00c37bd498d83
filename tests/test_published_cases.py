"""The bundled published cases: complete, recomputed from their inputs, traps included.

Energy and carbon recompute within 2 % from the inputs that the sources print; what does not is withdrawn by a figure
that says why. The rows themselves are compared with the collected table where LINEAGE_SAMPLES names it.
"""

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lineage.cli import main
from lineage.costs import JobFigures, job_figures, read_jobs, read_supplies
from lineage.demo import demo_graph, demo_tables
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.cost import Cost, cost

WITHIN = 0.02
WITHOUT_GRID = {"bloom-serving-day"}  # its carbon is printed, the grid is not
WRONG_IN_PRINT = {"roberta-eilam": 737.0, "distilbert-eilam": 14.4}


@cache
def bundled() -> Graph:
    return demo_graph()


@cache
def costs(impact: str) -> Cost:
    return cost(bundled(), Run(impact=impact))


@cache
def figures() -> dict[str, JobFigures]:
    jobs = read_jobs(bundled())
    supplies = read_supplies(bundled(), jobs)
    return {job.id: job_figures(job, supplies) for job in jobs}


@cache
def attributes() -> dict[str, dict[str, Any]]:
    """Return the columns of every bundled job, by job id."""
    return {row["id"]: row for row in bundled().tables["jobs"].to_pylist()}


def said(table: str) -> list[dict[str, Any]]:
    """Return the rows that the bundled tables state, before they are merged."""
    claims = bundled().claims
    assert claims is not None
    rows: list[dict[str, Any]] = claims.tables[table].to_pylist()
    return rows


def claimed(column: str) -> dict[str, dict[str, Any]]:
    """Return the product rows that carry case ids in this column, by case id."""
    return {case: row for row in said("products") if row[column] for case in row[column].split(";")}


def off(computed: float | None, printed: float) -> float:
    assert computed is not None
    return abs(computed - printed) / printed


# -- recomputed from the inputs ------------------------------------------------------------------------------


def test_energy_recomputes_within_two_per_cent() -> None:
    checked = []
    for name, item in figures().items():
        printed = attributes()[name]["printed_kwh"]
        if printed is None or name in WRONG_IN_PRINT:
            continue
        without_pue = item.job.pue is not None and not item.job.pue_included and item.energy_from == "energy"
        computed = item.energy.it_kwh if without_pue else item.energy.total_kwh
        assert off(computed, printed) < WITHIN, (name, computed, printed)
        checked.append(name)
    assert len(checked) >= 25


def test_carbon_recomputes_within_two_per_cent() -> None:
    checked = []
    for name, item in figures().items():
        printed = attributes()[name]["printed_tco2e"]
        intensity = item.intensity_market_gco2e_per_kwh
        if not printed or (intensity is None and item.ec_gco2e is None):
            continue
        computed = item.ec_gco2e if item.ec_gco2e is not None else item.jsc_gco2e
        computed = item.jsc_market_gco2e if computed is None else computed
        assert off(computed, printed * 1e6) < WITHIN, (name, computed, printed)
        checked.append(name)
    assert len(checked) >= 30
    no_grid = {name for name, row in attributes().items() if row["printed_tco2e"]} - set(checked)
    assert no_grid == WITHOUT_GRID | {name for name in no_grid if name.startswith("llama3")}


@pytest.mark.parametrize("model", ["gshard-600b", "switch-transformer-1.5t"])
def test_net_and_gross_are_two_columns_of_one_run(model: str) -> None:
    (job,) = [item for item in figures().values() if bundled().ids[item.job.product] == f"model:{model}"]
    market, location = costs("carbon-market").row(model), costs("carbon").row(model)
    assert market.own.best is not None and location.own.best is not None
    assert market.own.best < location.own.best
    assert off(job.jsc_market_gco2e, market.own.best) < WITHIN
    assert off(job.jsc_gco2e, location.own.best) < WITHIN


@pytest.mark.parametrize("name", sorted(WRONG_IN_PRINT))
def test_misprints_never_win_and_say_why(name: str) -> None:
    product = bundled().ids[figures()[name].job.product]
    row = claimed("printed_case")[name]
    assert row["own_energy_kwh"] == WRONG_IN_PRINT[name] == attributes()[name]["printed_kwh"]
    assert "360 was written for 3,600" in row["superseded"]
    own = costs("energy").row(product).own.best
    assert own == pytest.approx({"roberta-eilam": 7372.8, "distilbert-eilam": 168.0}[name], rel=1e-12)


# -- each real run once --------------------------------------------------------------------------------------


def test_programme_total_has_a_stated_remainder() -> None:
    table_5 = (
        "bloom-176b-dynamic",
        "bloom-104b",
        "bloom-13b",
        "bloom-1b",
        "bloom-6b",
        "bloom-evaluation",
        "bloom-misc",
    )
    (total,) = [row for row in said("products") if row["id"] == "model:bloom-programme"]
    rows = [figures()[name].energy.total_kwh or 0.0 for name in table_5]
    remainder = figures()["bloom-remainder"]
    assert remainder.energy.total_kwh == pytest.approx(total["own_energy_kwh"] - sum(rows), rel=1e-12)
    assert remainder.energy.total_kwh == pytest.approx(64_369, abs=0.5)
    assert remainder.job.phase == "other" and "remainder" in attributes()["bloom-remainder"]["note"]
    carbon = sum(figures()[name].jsc_gco2e or 0.0 for name in (*table_5, "bloom-remainder"))
    assert off(carbon, total["own_carbon_gco2e"]) < 0.01


def test_programme_runs_are_counted_once() -> None:
    total = costs("energy").row("bloom-176b").own.best
    # the programme of Table 5, less the run that is a product of its own, and the idle nodes beside the table
    assert total == pytest.approx(1_163_088 - 51_686 + 256_646, abs=0.5)
    assert costs("energy").row("bloom-7b1").own.best == 51_686
    life_cycle = [
        figures()[name].own_gco2e() or figures()[name].jsc_gco2e
        for name in ("bloom-176b-dynamic", "bloom-176b-idle")
    ]
    embodied = figures()["bloom-176b-embodied"].own_gco2e()
    assert off(sum(filter(None, [*life_cycle, embodied])), 50.5e6) < 0.01


def test_twin_on_another_grid_adds_nothing() -> None:
    row = claimed("printed_case")["llama1tab-bloom-176b"]
    assert row["own_carbon_gco2e"] == 183e6 and "not an additional cost" in row["superseded"]
    own = costs("carbon").row("bloom-176b").own.best
    assert own is not None and own < 100e6


def test_totals_of_families_are_added_to_nothing() -> None:
    for family in ("bloom-programme", "llama-2", "olmo-series"):
        row = costs("carbon").row(family)
        assert row.own.best is None and row.tier == "unknown"
    sizes = [costs("carbon").row(f"llama-2-{size}").own.best or 0.0 for size in ("7b", "13b", "34b", "70b")]
    assert off(sum(sizes), 539e6) < 0.001  # the card's total is those four


def test_serving_never_enters_an_own_cost() -> None:
    assert {item.job.id for item in figures().values() if not item.job.makes} == {
        "bloom-serving-day",
        "gemini-median-prompt",
    }
    assert costs("energy").row("gemini-apps").own.best is None
    prompt = figures()["gemini-median-prompt"].energy
    assert prompt.total_kwh == pytest.approx(0.00024) and prompt.it_kwh == pytest.approx(0.00022)


def test_suppliers_zero_is_not_a_zero_of_the_location() -> None:
    assert costs("carbon-market").row("olmo-7b-lumi").own.best == 0
    assert costs("carbon").row("olmo-7b-lumi").own == (0.0, None, None)


def test_published_parities() -> None:
    tuned, base = costs("energy").row("bloomz-7b").own.best, costs("energy").row("bloom-7b1").own.best
    assert tuned is not None and base is not None
    assert (base + tuned) / 1e-4 == pytest.approx(592_570_000, rel=1e-12)


def test_every_run_and_every_known_gram_is_counted_once() -> None:
    assert Counter(row["id"] for row in said("jobs")).most_common(1)[0][1] == 1
    for impact in ("energy", "carbon", "carbon-market"):
        check = costs(impact).conservation
        assert check.applies and check.relative_error is not None and check.relative_error < 1e-9


# -- the rows are the collected ones ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def collected(samples: Path) -> list[dict[str, str]]:
    with (samples / "published_cases" / "published-cases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_collected_row_is_bundled_once(collected: list[dict[str, str]]) -> None:
    figures_only = claimed("printed_case") | claimed("total_case")
    twins = {case for case in claimed("case") if case not in attributes()}
    assert twins == {"patterson21-gshard-net", "patterson21-switch-net"}
    for row in collected:
        case = row["case_id"]
        places = [case in attributes(), case in twins, case in figures_only and case not in WRONG_IN_PRINT]
        assert sum(places) == 1, case


def test_bundled_rows_say_what_the_collected_ones_say(collected: list[dict[str, str]]) -> None:
    for row in collected:
        job = attributes().get(row["case_id"])
        if job is None:
            continue
        assert job["citation"] == row["source"]
        for ours, theirs in (("printed_kwh", "published_kwh"), ("printed_tco2e", "published_tco2e")):
            assert job[ours] == (float(row[theirs]) if row[theirs] else None), row["case_id"]
        if row["power_w"]:
            assert job["power_w"] == float(row["power_w"])
        if row["recomputed_kwh"] and row["power_w"]:
            item = figures()[row["case_id"]].energy
            computed = item.it_kwh if row["pue_in_published_kwh"] == "no" else item.total_kwh
            assert off(computed, float(row["recomputed_kwh"])) < 1e-3, row["case_id"]


# -- the same through the commands ------------------------------------------------------------------------------


def run(*words: str) -> dict[str, Any]:
    outcome = CliRunner().invoke(main, [*words, "--format", "json"])
    assert outcome.exit_code == 0, outcome.output
    document: dict[str, Any] = json.loads(outcome.stdout)
    return document


def test_commands_recompute_the_cases() -> None:
    sheet = {job["id"]: job for job in run("job", str(demo_tables()))["jobs"]}
    assert set(sheet) == set(attributes())
    for name, item in figures().items():
        assert sheet[name]["energy_kwh"] == item.energy.total_kwh
        assert sheet[name]["jsc_gco2e"] == item.jsc_gco2e


def test_check_reports_what_does_not_reconcile(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    run("load", str(demo_tables()), "--store", store)
    found = {
        (item["code"], item["subject"]): item["text"] for item in run("check", "--store", store)["findings"]
    }
    for product, reason in {
        "model:roberta": "360 was written for 3,600 s/h",
        "model:distilbert": "3 days for 3.5",
        "model:evolved-transformer": "88 times too high",
        "model:bloom-176b": "an alternative, not an additional cost",
    }.items():
        assert reason in found["superseded", product]
    for family in ("bloom-programme", "llama-2", "olmo-series"):
        assert ("contains", f"model:{family}") in found
    # beyond 1 %: 11.79 kg printed, 11.61 kg from power; and 4.3 t net printed, 4.23 t from power
    assert {subject for code, subject in found if code == "does-not-reconcile"} == {
        "model:transformer-base",
        "model:gshard-600b",
    }
