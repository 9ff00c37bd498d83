"""Real answers of the Hub (needs LINEAGE_SAMPLES): nothing is lost, nothing takes long."""

import gzip
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hub_answers import edges, product
from lineage.claims import Source
from lineage.findings import count_by_code
from lineage.importing import read_claims
from lineage_importers import huggingface

FAMILIES = "hf_hub_2024/lineage_families.jsonl.gz"
MODELS = 62_254


def parsed(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.slow
@pytest.mark.samples
def test_every_tag_of_the_crawl_is_an_edge_or_a_finding(samples: Path) -> None:
    claims = read_claims(samples / FAMILIES)
    raw: Counter[str] = Counter()
    guessable = 0
    for record in parsed(samples / FAMILIES):
        keys = [tag.partition(":")[0] for tag in record["tags"]]
        raw.update(key for key in keys if key in ("base_model", "dataset"))
        guessable += keys.count("base_model")
    assert raw == {"base_model": 66_127, "dataset": 24_368}
    kept = Counter(parent.partition(":")[0] for _, parent, _ in edges(claims))
    lost = Counter(item.text.split()[0] for item in claims.findings if item.code == "unresolved-parent")
    again = Counter(
        item.subject.rpartition("<- ")[2].partition(":")[0]
        for item in claims.findings
        if item.code == "repeated-record"
    )
    assert kept["model"] + lost["model"] + again["model"] == raw["base_model"]
    assert kept["dataset"] + lost["dataset"] + again["dataset"] == raw["dataset"]
    relations = Counter(relation for _, parent, relation in edges(claims) if parent.startswith("model:"))
    assert relations["unknown"] + count_by_code(claims.findings)["guessed-relation"] == kept["model"]
    assert "distillation" not in relations


@pytest.mark.slow
@pytest.mark.samples
def test_every_record_of_the_crawl_is_a_product(samples: Path) -> None:
    products = read_claims(samples / FAMILIES).tables["products"]
    records = parsed(samples / FAMILIES)
    assert products.num_rows == len(records) == MODELS
    assert products.column("id").to_pylist() == [f"model:{record['id']}" for record in records]
    assert products.column("uid").to_pylist() == [record["_id"] for record in records]
    assert products.column("downloads").to_pylist() == [record["downloads"] for record in records]
    fillers = sum(record["createdAt"].startswith("2022-03-02T23:29:0") for record in records)
    assert products.column("created_at").null_count == fillers == 131 + 467
    assert products.column("own_carbon_gco2e").null_count == MODELS
    assert products.column("place")[41].as_py() == "line 42"


@pytest.mark.slow
@pytest.mark.samples
def test_reading_the_crawl_takes_little_longer_than_parsing_it(samples: Path) -> None:
    path = samples / FAMILIES
    source = Source(address=str(path), format="huggingface")
    huggingface.read(path, source)  # imports are not what is measured
    bare, whole = [], []
    for _ in range(3):
        start = time.process_time()
        parsed(path)
        bare.append(time.process_time() - start)
        start = time.process_time()
        huggingface.read(path, source)
        whole.append(time.process_time() - start)
    assert min(whole) <= 3.0 * min(bare), f"{min(whole):.2f} s against {min(bare):.2f} s"


@pytest.mark.samples
def test_single_answers_with_emissions(samples: Path) -> None:
    claims = read_claims(samples / "hf_hub_2024" / "model_json")
    table = claims.tables["products"]
    assert table.num_rows == 187
    grams = dict(
        zip(table.column("id").to_pylist(), table.column("own_carbon_gco2e").to_pylist(), strict=True)
    )
    stated = {name: value for name, value in grams.items() if value is not None}
    assert len(stated) == 12
    assert stated["model:1aurent/vit_base_patch16_224.owkin_pancancer"] == 14_590.0
    assert stated["model:0-hero/led-large-legal-summary"] == pytest.approx(0.14139281336849252)
    assert stated["model:0Tick/danbooruTagAutocomplete"] == stated["model:0Tick/e621TagAutocomplete"] == 100.0
    tiers = {row["tier"] for row in table.to_pylist() if row["own_carbon_gco2e"] is not None}
    assert tiers == {"reported"}
    assert set(count_by_code(claims.findings)) <= {"guessed-relation", "undated", "unresolved-parent"}


@pytest.mark.samples
def test_pages_of_models_as_json_and_as_parquet_say_the_same(samples: Path) -> None:
    pages = read_claims(samples / "hf_hub_2024" / "model_lists")
    table = read_claims(samples / "hf_hub_2024" / "derived_models.parquet")
    assert pages.tables["products"].num_rows == table.tables["products"].num_rows == 3000
    assert sorted(edges(pages)) == sorted(edges(table))
    for column in ("id", "uid", "created_at", "downloads", "likes", "license", "library_name"):
        one, other = (item.tables["products"].column(column).to_pylist() for item in (pages, table))
        assert Counter(one) == Counter(other), column


@pytest.mark.samples
def test_a_page_of_data_sets(samples: Path) -> None:
    claims = read_claims(samples / "hf_hub_2024" / "dataset_lists")
    ids = claims.tables["products"].column("id").to_pylist()
    assert len(ids) == 1000
    assert all(name.startswith("dataset:") for name in ids)


@pytest.mark.samples
def test_the_card_of_a_real_merge(samples: Path, tmp_path: Path) -> None:
    card = tmp_path / "wolfram" / "miqu-1-120b" / "README.md"
    card.parent.mkdir(parents=True)
    card.write_bytes((samples / "hf_model_cards/mergeui/miqu-1-120b__README.md").read_bytes())
    claims = read_claims(tmp_path)
    assert product(claims)["id"] == "model:wolfram/miqu-1-120b"
    assert edges(claims) == [("model:wolfram/miqu-1-120b", "model:152334H/miqu-1-70b-sf", "unknown")]


@pytest.mark.samples
def test_no_file_of_other_formats_is_claimed(samples: Path) -> None:
    from lineage.importing import head_of, importers

    importer = importers()["huggingface"]
    claimed = set()
    for path in samples.rglob("*"):
        folder = path.relative_to(samples).parts[0]
        if path.is_file() and importer.fits(path) and importer.recognises(path, head_of(path)):
            claimed.add(folder)
    assert claimed <= {"hf_hub_2024", "hf_model_cards"}
