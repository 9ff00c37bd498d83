"""What the Hugging Face importer makes of whole files: cards, answers, tables; and whose card it is."""

from pathlib import Path

import pytest

from hub_answers import edges, product, said
from lineage.errors import ImportFault
from lineage.findings import count_by_code
from lineage.importing import read_claims

DATA = Path(__file__).parents[1] / "data" / "huggingface"


# -- whole files -------------------------------------------------------------------------------------------


def test_a_model_card() -> None:
    claims = read_claims(DATA / "acme" / "tiny-chat" / "README.md")
    assert product(claims) == {
        "id": "model:acme/tiny-chat",
        "license": "apache-2.0",
        "own_carbon_gco2e": 1200.0,
        "tier": "reported",
        "citation": "codecarbon",
        "place": "line 1",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "co2_geographical_location": "Paris, France",
        "co2_hardware_used": "1 x T4",
        "co2_training_type": "fine-tuning",
    }
    assert edges(claims) == [
        ("model:acme/tiny-chat", "model:acme/tiny-base", "fine-tune"),
        ("model:acme/tiny-chat", "dataset:acme/tiny-talk", None),
    ]
    assert claims.tables["edges"].column("place").to_pylist() == ["line 5", "line 7"]
    assert said(claims, "ignored-value") == ["datasets: item 2 is null; left out"]
    repaired = said(claims, "repaired-value")
    assert "co2_eq_emissions: '1,200 g' read as 1200 gCO2e" in repaired
    assert any("taken from the two folders" in text for text in repaired)


def test_a_folder_of_cards_and_answers() -> None:
    claims = read_claims(DATA)
    ids = set(claims.tables["products"].column("id").to_pylist())
    assert {"model:acme/tiny-chat", "model:acme/tiny-base", "dataset:acme/tiny-talk"} <= ids
    assert count_by_code(claims.findings)["skipped-file"] == 1  # README.md of the samples


def test_a_data_set_card() -> None:
    claims = read_claims(DATA / "datasets", format="huggingface")
    assert product(claims)["id"] == "dataset:acme/tiny-talk"
    assert edges(claims) == [("dataset:acme/tiny-talk", "dataset:acme/older-talk", None)]


def test_one_answer_of_the_hub_gives_each_edge_once() -> None:
    claims = read_claims(DATA / "model.json")
    assert edges(claims) == [
        ("model:acme/tiny-chat-GGUF", "model:acme/tiny-chat", "quantization"),
        ("model:acme/tiny-chat-GGUF", "dataset:squad", None),
    ]
    found = product(claims)
    assert found["uid"] == "6500000000000000000000aa"
    assert found["created_at"] == "2024-01-02T03:04:05Z"
    assert (found["parameters"], found["downloads"], found["downloads_all_time"]) == (7e6, 10.0, 1000.0)
    assert (found["own_carbon_gco2e"], found["tier"], found["sha"][:4]) == (0.5, "reported", "0123")
    assert claims.findings == ()


@pytest.mark.parametrize("name", ["models.jsonl", "models.jsonl.gz", "models.parquet"])
def test_lines_gzip_and_parquet_say_the_same(name: str) -> None:
    claims = read_claims(DATA / name)
    assert edges(claims) == [
        ("model:acme/tuned", "model:acme/old", "unknown"),
        ("model:acme/tuned", "dataset:squad", None),
        ("model:acme/loop", "model:acme/loop", "unknown"),  # merging drops and reports it
    ]
    assert product(claims) == {
        "id": "model:acme/old",
        "uid": "6500000000000000000000ad",
        "downloads": 0.0,
        "likes": 0.0,
        "created_before": "2022-03-02",
        "place": "row 1" if name.endswith("parquet") else "line 1",
    }
    assert product(claims, 1)["license"] == "mit;apache-2.0"
    assert count_by_code(claims.findings) == {"repaired-value": 1, "undated": 1, "unresolved-parent": 1}
    assert said(claims, "unresolved-parent") == [
        "model '/content/drive/MyDrive/out' is a local path; the edge is left out"
    ]


def test_a_list_and_data_set_records() -> None:
    claims = read_claims(DATA / "models.json", DATA / "datasets.json")
    assert claims.tables["products"].column("id").to_pylist() == [
        "model:acme/tiny-lora",
        "model:acme/tiny-merge",
        "dataset:acme/tiny-talk",
    ]
    assert [relation for _, _, relation in edges(claims)] == ["adapter", "merge", "merge"]
    assert said(claims, "guessed-relation") == [
        "library peft, or the files of an adapter",
        "several parents and a merge tag",
        "several parents and a merge tag",
    ]
    assert claims.tables["edges"].column("tier").null_count == 3  # a guess gives way to a stated relation


def test_one_object_a_line_in_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text((DATA / "models.jsonl").read_text())
    assert read_claims(path).tables["products"].num_rows == 3


# -- whose card --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "front", "id"),
    [
        ("acme/a/README.md", "", "model:acme/a"),
        ("more/acme/a/readme.md", "", "model:acme/a"),
        ("acme__a_b.md", "", "model:acme/a_b"),
        ("acme__a__README.md", "", "model:acme/a"),
        ("x.md", "model_id: acme/a\n", "model:acme/a"),
        ("x.md", "id: acme/a\nsize_categories: [n<1K]\n", "dataset:acme/a"),
        ("models--acme--a-b/snapshots/0123/README.md", "", "model:acme/a-b"),
        ("datasets--acme--d/snapshots/0123/README.md", "", "dataset:acme/d"),
        ("datasets/acme/d/README.md", "", "dataset:acme/d"),
    ],
)
def test_whose_card_it_is(tmp_path: Path, name: str, front: str, id: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nlicense: mit\n{front}---\n")
    assert product(read_claims(tmp_path))["id"] == id


@pytest.mark.parametrize("name", ["README.md", "a/README.md", "card.md", "acme__README.md"])
def test_a_card_of_nobody_says_how_to_name_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\nlicense: mit\n---\n")
    with pytest.raises(ImportFault, match=r"whose card is this\? Call it OWNER/NAME/README\.md"):
        read_claims(tmp_path)
