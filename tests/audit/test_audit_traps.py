"""Each kind of trap has a folder that has it, found through the real commands; clean rows raise no alarm."""

import csv
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from command_lines import checked, document
from lineage.audit import CAUSES, CHECKS, audit
from lineage.cli import main
from lineage.demo import demo_graph
from lineage.findings import CODES
from lineage.stores import connect
from published_tables import published_rows, write_published

SPECIMENS = Path(__file__).parent / "specimens"
OURS = {
    "unit-suspect",
    "hours-suspect",
    "pue-suspect",
    "market-zero",
    "energy-contradicts",
    "carbon-contradicts",
    "other-grid",
    "total-suspect",
    "shared-figure",
    "copied-figure",
    "outdated-figure",
}

# folder -> (code, subject, a part of the arithmetic, a part of the correction)
TRAPS: dict[str, list[tuple[str, str, str, str]]] = {
    "1-units": [
        (
            "unit-suspect",
            "model:tuned-7b",
            "46.2 g over 120 kWh is 0.385 g/kWh",
            "carbon 46.2 kg (385 g/kWh)",
        ),
        ("unit-suspect", "model:sib-7b", "its family implies 95.67 kg (1/956.7 of it", "100 kg"),
        ("unit-suspect", "kg-per-kwh", "0.385 g/kWh is stated", "in kg/kWh, so 385 g/kWh"),
        ("unit-suspect", "lb-per-mwh", "2,100 g/kWh is stated", "in lb/MWh, so 952.54 g/kWh"),
        ("unit-suspect", "model:nicholasKluge/ToxicityModel", "s of one A100", "as CodeCarbon writes it"),
    ],
    "2-device-hours": [
        ("hours-suspect", "model:twice", "36,864 device-hours x 500 W = 18.43 MWh (512 times)", "18.43 MWh"),
        (
            "hours-suspect",
            "model:clock",
            "16 devices x 200 h x 400 W x PUE 1.1 x 156.25 g/kWh = 220 kg",
            "220 kg",
        ),
        ("hours-suspect", "model:again", "that is the 16 devices again", "31.22 t"),
        (
            "hours-suspect",
            "model:one-of-many",
            "that is one of 64 devices",
            "10.24 t, or 1,000 h as device_hours",
        ),
        ("hours-suspect", "both", "8 devices x 100 h = 800", "800 device-hours"),
        ("hours-suspect", "long", "274,120 h is 31.3 years", "device_hours 274,120"),
    ],
    "3-pue": [
        ("pue-suspect", "model:bloom-176b", "x 400 W x PUE 1.2 x 57 g/kWh = 29.63 t (-16.7 %)", "29.63 t"),
        ("pue-suspect", "twice", "1,022,362 device-hours x 400 W = 408.9 MWh (+9.8 %)", "pue_included = yes"),
        ("pue-suspect", "percent", "a PUE of 115", "1.15, as a percentage"),
    ],
    "4-market-zero": [
        (
            "market-zero",
            "model:olmo-7b-lumi",
            "0 g on the market is stated for 135 MWh",
            "the grid of the place",
        ),
        ("market-zero", "model:green", "0 g at the place is stated for 10 MWh", "own_carbon_market = 0"),
        (
            "market-zero",
            "on-the-market",
            "11 MWh x 0 g/kWh = 0 g on the market",
            "as grid_intensity beside it",
        ),
        ("market-zero", "at-the-place", "11 MWh x 0 g/kWh = 0 g at the place", "grid_intensity_market = 0"),
    ],
    "5-totals": [
        (
            "total-suspect",
            "model:code-llama-12-models",
            "228.6 t and 65.3 t",
            "contains = model:code-llama-9-models",
        ),
        (
            "total-suspect",
            "model:llama-2",
            "291.4 t + 153.9 t + 62.44 t + 31.22 t = 539 t",
            "contains = model:llama-2",
        ),
        ("total-suspect", "model:programme", "add up to 15 t (5 t more)", "fewer products in `contains`"),
        (
            "total-suspect",
            "model:tuned",
            "its own jobs, 10 t, and of model:base, 50 t",
            "10 t, as what it was made out of",
        ),
        ("shared-figure", "model:gemma-2b", "2 x 131 t = 262 t", "each product's own part"),
    ],
    "6-copies": [
        (
            "copied-figure",
            "model:tensorblock/distilgpt2-GGUF",
            "149.2 kg + 149.2 kg = 298.4 kg",
            "leave it out",
        ),
        ("copied-figure", "model:fareshzm/distilgpt2-Q4_K_M-GGUF", "the same training type", "leave it out"),
    ],
    "7-superseded": [
        (
            "outdated-figure",
            "model:evolved-transformer",
            "284 t (Strubell et al. 2019 (ACL)) over 3.2 t",
            "`superseded`",
        )
    ],
    "8-energy": [
        (
            "unit-suspect",
            "model:roberta",
            "1,024 devices x 24 h x 300 W = 7,373 kWh (1/10 of it)",
            "7.37 MWh",
        ),
        (
            "energy-contradicts",
            "model:distilbert",
            "8 devices x 84 h x 250 W = 168 kWh (1/11.67 of it)",
            "168 kWh",
        ),
        ("energy-contradicts", "model:olmo-2-13b", "257 MWh x PUE 1.12 = 287.8 MWh (-20.1 %)", "287.8 MWh"),
        ("energy-contradicts", "too-much", "500 kWh over 80 device-hours is 6,250 W each", "about 32 kWh"),
    ],
    "9-grid": [
        ("carbon-contradicts", "model:opt-175b", "324 MWh x 231 g/kWh = 74.84 t (-6.5 %)", "74.84 t"),
        ("carbon-contradicts", "model:placed", "60 t / 100 MWh = 600 g/kWh", "or another place"),
        ("other-grid", "model:bought-clean", "2.4 t / 100 MWh = 24 g/kWh", "own_carbon_market = 2.4 t"),
        ("other-grid", "model:bloom-176b", "24.69 t / 433.2 MWh = 57 g/kWh", "`superseded`"),
        ("other-grid", "france", "on 57 g/kWh (24.69 t) in place of 385 g/kWh (183.4 t)", "one job"),
    ],
}

MILD = {"model:bought-clean"}  # right on its own basis


def command(*words: object) -> Any:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="lineage")


def found_in(folder: Path, store: Path) -> list[dict[str, str]]:
    """Load a folder and return what the audit finds, through the commands."""
    loaded = command("load", folder, "--store", store, "--replace")
    assert loaded.exit_code == 0, loaded.output
    told = checked(document(command("check", "--store", store, "--format", "json")))["findings"]
    return [item for item in told if item["code"] in OURS and "co2_eq_emissions" not in item["text"]]


@pytest.mark.parametrize("kind", sorted(TRAPS))
def test_a_trap_is_found_with_its_arithmetic_and_correction(kind: str, tmp_path: Path) -> None:
    found = {(item["code"], item["subject"]): item for item in found_in(SPECIMENS / kind, tmp_path / "store")}
    expected = {(code, subject) for code, subject, _, _ in TRAPS[kind]}
    assert set(found) == expected
    for code, subject, arithmetic, correction in TRAPS[kind]:
        item = found[code, subject]
        before, _, after = item["text"].partition("most likely correction: ")
        assert after and arithmetic in before and correction in (after, item["text"])[code == "unit-suspect"]
        assert item["severity"] == ("info" if subject in MILD else "warning")
        assert item["source"] and item["place"]
    code = TRAPS[kind][0][0]
    assert command("check", "--store", tmp_path / "store").exit_code == 0, "a finding is no failure by itself"
    failing = command("check", "--store", tmp_path / "store", "--fail-on", code)
    assert failing.exit_code == 1 and code in failing.stderr


def test_every_code_has_a_trap() -> None:
    assert {code for traps in TRAPS.values() for code, *_ in traps} == OURS
    assert (
        set(CODES) >= OURS and len(CHECKS) == 10 and [code for code, _ in CAUSES][-1] == "carbon-contradicts"
    )


def test_clean_rows_raise_no_alarm(tmp_path: Path) -> None:
    assert found_in(SPECIMENS / "clean", tmp_path / "store") == []


def test_the_demo_has_one_zero_by_contract_and_no_false_alarm() -> None:
    found = audit(demo_graph())
    assert [(item.code, item.subject) for item in found] == [("market-zero", "model:olmo-7b-lumi")]


@pytest.mark.samples
def test_published_cases_have_their_known_traps_and_no_other(samples: Path, tmp_path: Path) -> None:
    rows = published_rows(samples / "published_cases" / "published-cases.csv")
    write_published(rows, tmp_path / "published")
    found = found_in(tmp_path / "published", tmp_path / "store")
    assert sorted((item["code"], item["subject"]) for item in found) == [
        ("energy-contradicts", "model:distilbert-eilam"),  # 14.4 kWh printed for 168
        ("hours-suspect", "strubell19-nas"),  # 31 years on 8 devices
        ("market-zero", "model:olmo1-7b-lumi"),
        ("other-grid", "llama1tab-bloom-176b"),
        ("other-grid", "model:bloom-176b-dynamic"),
        ("outdated-figure", "model:evolved-transformer"),  # 284 t against 3.2 t
        ("outdated-figure", "strubell19-nas"),  # and the two searches as two jobs
        ("pue-suspect", "model:bloom-176b-dynamic"),  # printed without its PUE
        ("unit-suspect", "model:roberta-eilam"),  # 737 kWh printed for 7,372.8
    ]
    assert len(rows) >= 45


@pytest.mark.samples
def test_measured_runs_raise_no_alarm(samples: Path, tmp_path: Path) -> None:
    folder = samples / "codecarbon"
    assert len(list(folder.rglob("*.csv"))) > 10
    loaded = command("load", folder / "co2_inference", "--store", tmp_path / "store", "--keep-going")
    assert loaded.exit_code == 0
    with connect(tmp_path / "store") as store:
        assert store.read().rows("jobs") > 1000
        assert audit(store) == ()


@pytest.mark.samples
def test_cards_of_the_hub(samples: Path, tmp_path: Path) -> None:
    """Sixty cards with emissions: the copies, the kilograms and the shared figures, and nothing else."""
    cards = tmp_path / "cards"
    cards.mkdir()
    for name in ("HFClean.csv", "hf_preRaw.csv", "hf_sincro.csv"):
        with (samples / "hf_co2" / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                write_card(cards, row)
    found = found_in(cards, tmp_path / "store")
    assert sorted(
        (item["code"], item["subject"].rpartition("/")[2].removeprefix("model:")) for item in found
    ) == [
        ("copied-figure", "distilgpt2-GGUF"),
        ("copied-figure", "distilgpt2-Q4_K_M-GGUF"),
        ("market-zero", "xlmindic-base-multiscript-soham"),
        ("shared-figure", "aelaectra-danish-electra-small-cased"),
        ("shared-figure", "mt5-base-news-summarization"),
        ("unit-suspect", "ToxicityModel"),
        ("unit-suspect", "ToxicityModelPT"),
        ("unit-suspect", "bart-base-cnn-swe"),
        ("unit-suspect", "doe2vec-d2-m8-ls24-VAE-kl0.001"),
    ]


def write_card(folder: Path, row: dict[str, str]) -> None:
    """Write a card with the emissions of a collected row."""
    owner = row.get("modelAuthor") or "someone"
    stated = [f"  emissions: {row['co2_eq_emissions']}"]
    for key in ("source", "training_type", "geographical_location", "hardware_used"):
        if row.get(key):
            stated.append(f"  {key}: {row[key]!r}")
    text = "\n".join(["---", "co2_eq_emissions:", *stated, "---", "# card", ""])
    (folder / f"{owner}__{row['modelName']}.md").write_text(text, encoding="utf-8")
