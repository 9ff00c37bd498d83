"""Parents as people write them, and relations as the Hub infers them."""

from collections import Counter
from pathlib import Path

import pytest

from hub_answers import edges, model, read_records, said
from lineage.findings import count_by_code
from lineage_importers._hub_parents import guessed_relation, listed, parent_of


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("google/t5", "model:google/t5"),
        ("T5", "model:T5"),
        (" acme/a", "model:acme/a"),
        ("acme/a.", "model:acme/a"),
        ("acme/a . ", "model:acme/a"),
        ("https://huggingface.co/acme/a", "model:acme/a"),
        ("https://huggingface.co/acme/a/tree/main?x=1#y", "model:acme/a"),
        ("http://www.hf.co/acme/a/", "model:acme/a"),
        ("huggingface.co/gpt2", "model:gpt2"),
        ("https://huggingface.co/gpt2/tree/main", "model:gpt2"),
    ],
)
def test_a_parent_is_cleaned(text: str, id: str) -> None:
    parent = parent_of(text)
    assert parent.id == id
    assert bool(parent.repair) == (text != id.removeprefix("model:"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/content/drive/MyDrive/out", "a local path"),
        ("./results/checkpoint-500", "a local path"),
        ("../a", "a local path"),
        ("~/models/a", "a local path"),
        ("C:\\models\\a", "a local path"),
        ("models\\a", "a local path"),
        ("content/model", "a local path"),
        ("a/b/c", "a local path"),
        ("file:///a/b", "a local path"),
        ("acme/checkpoint-140", "a checkpoint folder of a trainer"),
        ("checkpoint-140", "a checkpoint folder of a trainer"),
        ("https://github.com/acme/a", "an address outside the Hub"),
        ("https://huggingface.co/datasets/acme/a", "an address that is not a model's page"),
        ("https://huggingface.co/acme/a/b", "an address that is not a model's page"),
        ("", "empty"),
        (" . ", "empty"),
        ("Llama 2 by Meta", "not an id of the Hub"),
        ("-", "not an id of the Hub"),
        ("x" * 257, "longer than 256 characters"),
    ],
)
def test_what_is_no_parent_says_why(text: str, reason: str) -> None:
    assert parent_of(text).id is None
    assert parent_of(text).reason == reason


def test_data_set_addresses() -> None:
    assert parent_of("https://huggingface.co/datasets/acme/d", "dataset").id == "dataset:acme/d"
    assert parent_of("https://huggingface.co/acme/d", "dataset").id is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("['a/b', 'c/d']", ["a/b", "c/d"]),
        ("[a/b, c/d]", ["a/b", "c/d"]),
        ("('a/b',)", ["a/b"]),
        ("a/b,c/d", ["a/b", "c/d"]),
        ("a/b", None),
        ("https://huggingface.co/a/b?x=1,2", None),
        ("[1, 2]", None),
        (r"['C:\models\d', 'a/b']", [r"C:\models\d", "a/b"]),
        ("[" * 5000 + "]" * 5000, ["[" * 4999 + "]" * 4999]),
        ("[" + "a," * 20_000 + "]", None),
    ],
)
def test_a_list_written_as_text(text: str, names: list[str] | None) -> None:
    assert listed(text) == names


def test_lists_as_text_in_card_data(tmp_path: Path) -> None:
    claims = read_records(
        tmp_path, model(cardData={"base_model": "['acme/b', 'acme/c']", "datasets": "d1, d2"})
    )
    assert [parent for _, parent, _ in edges(claims)] == [
        "model:acme/b",
        "model:acme/c",
        "dataset:d1",
        "dataset:d2",
    ]
    assert len(said(claims, "repaired-value")) == 2


def test_pairs_of_tags_make_one_edge(tmp_path: Path) -> None:
    tags = [
        "base_model:acme/b",
        "base_model:finetune:acme/b",
        "base_model:adapter:acme/c",
        "base_model:acme/c",
    ]
    claims = read_records(tmp_path, model(tags=tags))
    assert edges(claims) == [
        ("model:acme/a", "model:acme/b", "fine-tune"),
        ("model:acme/a", "model:acme/c", "adapter"),
    ]
    assert claims.findings == ()


def test_every_tag_is_an_edge_or_a_finding(tmp_path: Path) -> None:
    tags = [
        "base_model:acme/b",
        "base_model:acme/b",
        "base_model: acme/b",
        "base_model:/tmp/x",
        "base_model:",
    ]
    claims = read_records(tmp_path, model(tags=tags))
    assert len(edges(claims)) == 1
    assert count_by_code(claims.findings) == {
        "repaired-value": 1,
        "repeated-record": 2,
        "unresolved-parent": 2,
    }


def test_two_relations_for_one_parent_conflict(tmp_path: Path) -> None:
    claims = read_records(tmp_path, model(tags=["base_model:finetune:acme/b", "base_model:merge:acme/b"]))
    assert edges(claims) == [("model:acme/a", "model:acme/b", "fine-tune")]
    assert said(claims, "conflicting-value") == [
        "called fine-tune and merge in one record; the first is kept"
    ]


def test_the_stated_relation_counts_for_parents_in_tags(tmp_path: Path) -> None:
    card = {"base_model": "acme/b", "base_model_relation": "quantized"}
    tree = {"relation": "merge", "models": [{"id": "acme/b"}], "ids": ["acme/c"]}
    first = model("acme/1", tags=["base_model:acme/b"], cardData=card)
    second = model("acme/2", tags=["base_model:acme/b"], baseModels=tree)
    odd = model("acme/3", tags=["base_model:acme/b"], cardData={"base_model_relation": "cousin"})
    assert edges(read_records(tmp_path, first, second, odd)) == [
        ("model:acme/1", "model:acme/b", "quantization"),
        ("model:acme/2", "model:acme/b", "merge"),
        ("model:acme/2", "model:acme/c", "merge"),
        ("model:acme/3", "model:acme/b", "unknown"),
    ]


@pytest.mark.parametrize(
    ("name", "tags", "parents", "adapter", "relation"),
    [
        ("acme/a", ["gguf"], 1, False, "quantization"),
        ("acme/a-AWQ", [], 1, False, "quantization"),
        ("acme/a-bnb-4bit", [], 1, False, "quantization"),
        ("acme/a_gptq_8", [], 1, False, "quantization"),
        ("gguf/a", [], 1, False, None),  # the owner's name says nothing
        ("acme/hawqing", [], 1, False, None),
        ("acme/a", ["merge"], 2, False, "merge"),
        ("acme/a", ["merge"], 1, False, None),
        ("acme/a-GGUF", ["mergekit"], 3, False, "merge"),
        ("acme/a-GGUF", [], 1, True, "adapter"),
        ("acme/distil-a-teacher", [], 1, False, None),  # distillation is never guessed
    ],
)
def test_relations_are_inferred_as_the_hub_does(
    name: str, tags: list[str], parents: int, adapter: bool, relation: str | None
) -> None:
    guess = guessed_relation(f"model:{name}", tags, parents, adapter=adapter)
    assert (guess and guess[0]) == relation


def test_files_and_configuration_of_an_adapter(tmp_path: Path) -> None:
    tags = ["base_model:acme/b"]
    files = [{"rfilename": "README.md"}, {"rfilename": "adapter_config.json"}]
    claims = read_records(
        tmp_path, model("acme/1", tags=tags, siblings=files), model("acme/2", tags=tags, config={"peft": {}})
    )
    assert [relation for _, _, relation in edges(claims)] == ["adapter", "adapter"]


def test_counts_of_a_mixed_file_add_up(tmp_path: Path) -> None:
    tags = [f"base_model:acme/{number}" for number in range(40)] + ["base_model:/x", "dataset:-", "dataset:d"]
    claims = read_records(tmp_path, model(tags=tags))
    lost = Counter(item.text.split()[0] for item in claims.findings if item.code == "unresolved-parent")
    kept = Counter(parent.partition(":")[0] for _, parent, _ in edges(claims))
    assert kept + lost == Counter(model=41, dataset=2)


@pytest.mark.parametrize("name", ["imagefolder", "generator", "csv"])
def test_loaders_of_local_files_are_no_data_sets(name: str) -> None:
    assert parent_of(name, "dataset").reason == "a loader of local files, not a data set"
    assert parent_of(f"acme/{name}", "dataset").id == f"dataset:acme/{name}"
    assert parent_of(name).id == f"model:{name}"
