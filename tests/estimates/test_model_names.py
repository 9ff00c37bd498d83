"""What names and facts say, and must not be made to say: mixtures of experts, decimal points, data sets, instruct."""

import csv
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from lineage.estimates import estimate_products, from_scratch
from lineage.estimates.facts import Facts, read_facts
from lineage.estimates.names import active_in, instructed, size_in
from lineage.estimates.products import Estimate
from lineage.estimates.steps import LEAST_TUNING, USUAL_TUNING
from lineage.estimates.trends import epoch_rows
from lineage.graph import Graph
from lineage.importing import read
from lineage.run import Run
from lineage.testing import graph

ENERGY = Run(impact="energy", impute=True)


def estimated(made: Graph, name: str) -> Estimate:
    item = estimate_products(made, ENERGY).of(made.code(name))
    assert item is not None
    return item


def one(name: str, **columns: Any) -> Graph:
    return graph(name, products={name: columns})


# -- mixtures of experts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "billions", "tokens", "date", "published_mwh"),
    [
        ("deepseek-ai/DeepSeek-V3", 671, 14.8e12, "2024-12-26", 2300),  # 2.788 M H800 hours (its report)
        ("meta-llama/Llama-4-Scout-17B-16E", 109, 40e12, "2025-04-05", 3900),  # 5.0 M H100 hours (its card)
        (
            "meta-llama/Llama-4-Maverick-17B-128E",
            400,
            22e12,
            "2025-04-05",
            1800,
        ),  # 2.38 M H100 hours (its card)
        ("allenai/OLMoE-1B-7B-0924", 6.9, 5.1e12, "2024-09-03", 54),
    ],
)
def test_a_mixture_with_a_record_holds_what_was_published(
    name: str, billions: float, tokens: float, date: str, published_mwh: float
) -> None:
    made = one(name, parameters=billions * 1e9, tokens=tokens, created_at=date)
    for item in (estimated(made, name), from_scratch(made, 0, ENERGY)):
        assert item is not None and item.tier == "from-flops"
        assert item.energy_kwh.lo <= published_mwh * 1000 <= item.energy_kwh.hi
        assert item.energy_kwh.hi / item.energy_kwh.lo < 10


@pytest.mark.parametrize(
    ("name", "billions", "active"),
    [
        ("deepseek-ai/DeepSeek-V3-Base", 671, 37),
        ("deepseek-ai/DeepSeek-R1-Zero", 671, 37),
        ("x/deepseek-v3-671b-awq", 671, 37),
        ("deepseek-ai/DeepSeek-V2-Lite-Chat", 15.7, 2.4),
        ("deepseek-ai/DeepSeek-V2-Chat", 236, 21),
        ("deepseek-ai/deepseek-moe-16b-base", 16.4, 2.8),
        ("openai/gpt-oss-120b", 116.8, 5.1),
        ("openai/gpt-oss-20b", 20.9, 3.6),
        ("Qwen/Qwen1.5-MoE-A2.7B-Chat", 14.3, 2.7),
        ("Qwen/Qwen3-235B-A22B", 235, 22),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 109, 17),
        ("meta-llama/Llama-4-Maverick-17B-128E", 400, 17),
        ("allenai/OLMoE-1B-7B-0924", 6.9, 1.3),
        ("x/newMoE-2B-9B", 9, 2),
        ("ibm-granite/granite-3.0-3b-a800m-instruct", 3, 0.8),
        ("databricks/dbrx-base", 132, 36),
        ("mistralai/Mixtral-8x22B-v0.1", 140.6, 39.1),
        ("mistralai/Mixtral-8x7B-v0.1", 46.7, 12.9),
    ],
)
def test_active_parameters_by_name(name: str, billions: float, active: float) -> None:
    size = size_in(name)
    assert size is not None
    assert (size.parameters / 1e9, size.active / 1e9) == pytest.approx((billions, active), rel=0.05)
    assert active_in(name, billions * 1e9) == pytest.approx(active * 1e9, rel=0.05)


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 7.6),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 8.03),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", 8.2),
        ("x/DeepSeek-R1-Medical-COT", 8.03),
        ("x/tiny-random-deepseek-v3", 0.004),
        ("Snowflake/snowflake-arctic-embed-m", 0.109),
        ("ImagineIt/StoryTeller-9b-2E", 9),
        ("meta-llama/Llama-2-7b-hf", 6.74),
    ],
)
def test_dense_models_are_no_mixtures(name: str, billions: float) -> None:
    assert active_in(name, billions * 1e9) == billions * 1e9
    size = size_in(name)
    assert size is None or (size.active == size.parameters and size.parameters < 10e9)


def test_a_distilled_model_without_a_size_is_not_read() -> None:
    assert size_in("x/deepseek-r1-distill") is None
    assert size_in("x/DeepSeek-R1-Medical-COT") is None
    assert size_in("x/New-17B-16E") is None  # active parameters and experts: not how much there is in all
    assert active_in("x/New-17B-16E", 109e9) == 17e9
    assert active_in("google/switch-base-128", 7.4e9) == 220e6


def test_a_table_may_state_the_active_parameters(tmp_path: Path) -> None:
    rows = "id,parameters,active_parameters\nmodel:x/own,671e9,37e9\nmodel:x/wrong,7e9,8e9\nmodel:x/m-47b,,13e9\n"
    (tmp_path / "products.csv").write_text(rows, encoding="utf-8")
    made = read(tmp_path)
    facts = read_facts(made)
    told = {name: float(facts.active[made.code(f"x/{name}")]) for name in ("own", "wrong", "m-47b")}
    assert told == {"own": 37e9, "wrong": 7e9, "m-47b": 13e9}


def test_what_is_made_of_a_mixture_is_one_if_it_is_as_large() -> None:
    columns = {"x/tuned": {"parameters": 672e9}, "x/small": {"parameters": 8e9}}
    made = graph(
        "deepseek-ai/DeepSeek-V3 -[fine-tune]-> x/tuned -[fine-tune]-> x/again",
        "deepseek-ai/DeepSeek-V3 -[distillation]-> x/small",
        products=columns,
    )
    active = read_facts(made).active
    assert active[made.code("x/tuned")] == pytest.approx(37e9, rel=0.01)
    assert active[made.code("x/again")] == active[made.code("x/tuned")]
    assert active[made.code("x/small")] == 8e9


def test_the_table_of_mixtures_is_cited_and_in_order() -> None:
    text = (files("lineage") / "data" / "estimates" / "mixtures.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert all(row["source"] and row["name"] == row["name"].lower() for row in rows)
    assert all(float(row["active"]) < float(row["parameters"] or "inf") for row in rows)
    assert [row["name"] for row in rows] == sorted({row["name"] for row in rows})


# -- sizes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("stabilityai/stablelm-2-1_6b", 1.6),
        ("internlm/internlm2-1_8b", 1.8),
        ("x/Qwen1_5-0_5B", 0.5),
        ("x/qwen_0_5b_tuned", 0.5),
        ("apple/OpenELM-1_1B", 1.1),
        ("x/model_v2_7b", 7),
        ("x/llama_2_7b", 7),
        ("x/Llama-2_7b", 7),
        ("x/llama2_13b", 13),
        ("x/Llama_3_1_8B", 8),
        ("x/qwen2_5_7b", 7),
        ("facebook/m2m100_1.2B", 1.2),
        ("bigscience/bloom-7b1", 7.1),
        ("bigscience/bloom-1b1", 1.1),
        ("x/Zephyr-7B-bits_and_bytes", 7),
        ("x/Mistral-7b-tokens4b", 7),
        ("x/llama-7b-steps-500", 7),
        ("x/bert-base-uncased-1m-samples", 0.11),
        ("x/gpt2-2b-tokens", 0.124),
    ],
)
def test_decimal_points_and_counts(name: str, billions: float) -> None:
    size = size_in(name)
    assert size is not None and size.parameters / 1e9 == pytest.approx(billions)


@pytest.mark.parametrize(
    "name",
    [
        "x/llama_1_7b",  # the first Llama, or 1.7 B
        "x/thing_2_7b",
        "x/thing_1_3b",
        "x/zh-0_5b1",
        "facebook/metaclip-b32-400m",
        "togethercomputer/RedPajama-Data-1T-Sample",
        "x/llamabb0066ce-61b8-4b80-879b-2008a4b7ff52",
        "x/v2-4b4-bit",
    ],
)
def test_what_is_ambiguous_or_no_size_stays_unread(name: str) -> None:
    assert size_in(name) is None


# -- data sets --------------------------------------------------------------------------------------------


def on_data(step: str, **data: Any) -> Estimate:
    made = graph(
        f"x/base-7b -[{step}]-> x/tuned-7b",
        "dataset:some -> x/tuned-7b",
        products={"dataset:some": data, "x/tuned-7b": {"created_at": "2024"}},
    )
    return estimated(made, "x/tuned-7b")


@pytest.mark.parametrize("step", ["fine-tune", "adapter", "continued-pretraining", "distillation"])
def test_the_size_of_a_data_set_does_not_say_how_much_of_it_was_read(step: str) -> None:
    item = on_data(step, tokens=156e9)
    assert item.tier == "imputed" and item.method == f"{step} on data"
    assert item.energy_kwh.hi / item.energy_kwh.lo > 100
    lo, once = (6 * 7e9 * tokens * 1e-18 for tokens in (3e9, 156e9))  # about 1e-18 kWh per FLOP
    assert item.energy_kwh.lo < lo and item.energy_kwh.best <= 2 * once
    assert step == "adapter" or item.energy_kwh.hi > once


def test_a_small_data_set_is_read_about_once() -> None:
    few, many = on_data("fine-tune", tokens=20e6), on_data("fine-tune", bytes=80e6)
    assert few.energy_kwh == many.energy_kwh
    (tokens,) = (term.value for term in few.terms if term.name == "tokens")
    assert (tokens.lo, tokens.best, tokens.hi) == pytest.approx((2e6, 20e6, 80e6))


def test_stated_amounts_are_still_exact() -> None:
    made = graph(
        "x/base-7b -[fine-tune]-> x/tuned-7b",
        "dataset:some -> x/tuned-7b",
        products={"dataset:some": {"tokens": 156e9}, "x/tuned-7b": {"tokens": 1e9}},
    )
    assert estimated(made, "x/tuned-7b").tier == "from-flops"


def test_training_on_data_alone_is_wide_too() -> None:
    made = graph("dataset:some -> x/new-7b", products={"dataset:some": {"tokens": 1e12}})
    item, anew = estimated(made, "x/new-7b"), from_scratch(made, made.code("x/new-7b"), ENERGY)
    assert anew is not None and item.tier == anew.tier == "imputed"
    assert item.energy_kwh == anew.energy_kwh
    assert item.energy_kwh.hi / item.energy_kwh.lo > 100


@pytest.mark.parametrize(
    ("model", "data", "columns"),
    [
        ("x/vit-base-tuned", "dataset:some", {}),
        ("x/model-7b", "dataset:imagenet-1k", {}),
        ("x/model-7b", "dataset:some", {"modality": "image"}),
        ("x/model-7b", "dataset:some", {"task_categories": "automatic-speech-recognition"}),
    ],
)
def test_bytes_are_tokens_only_of_text(model: str, data: str, columns: dict[str, str]) -> None:
    made = graph(f"{data} -> {model}", products={data: {"bytes": 5e9} | columns})
    facts: Facts = read_facts(made)
    assert math.isnan(facts.tokens[made.code(data)]) and math.isnan(facts.tokens[made.code(model)])
    text = graph("dataset:words -> x/model-7b", products={"dataset:words": {"bytes": 5e9}})
    assert read_facts(text).tokens[text.code("x/model-7b")] == 1.25e9


# -- instruct ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crawl", [True, False])
def test_instruct_by_a_maker_without_a_base_may_have_been_trained_from_nothing(crawl: bool) -> None:
    name, other = "microsoft/Phi-3-mini-4k-instruct", "somebody/thing-4b-instruct"
    columns: dict[str, Any] = {"parameters": 3.8e9, "created_at": "2024-04-22"} | (
        {"likes": 9} if crawl else {}
    )
    made = graph(name, other, products={name: columns, other: columns})
    item = estimated(made, name)
    assert item.method == "unstated" and item.tier == "imputed"
    assert item.energy_kwh.lo < 100 and item.energy_kwh.hi > 66_000
    assert estimated(made, other).method == "fine-tune"


def test_instruct_with_a_base_or_with_tokens_stays_a_fine_tune() -> None:
    made = graph("microsoft/phi-9-4b -[fine-tune]-> microsoft/phi-9-4b-instruct")
    assert estimated(made, "microsoft/phi-9-4b-instruct").method == "fine-tune"
    told = one("meta-llama/Llama-3-8B-Instruct", tokens=1e9)
    assert estimated(told, "meta-llama/Llama-3-8B-Instruct").tier == "from-flops"


def test_what_instructed_means() -> None:
    assert instructed("google/gemma-2-27b-it") and instructed("x/Llama-2-7b-chat-hf")
    assert not any(
        map(instructed, ("x/tulu-2-dpo-7b", "x/llama-instruct-dpo", "x/chat-gguf", "x/base", "x/it"))
    )


def test_what_tuning_reads_is_that_of_epochs_table() -> None:
    used = [row for row in epoch_rows() if row.language and row.finetune_flop and row.parameters]
    tokens = sorted(float(row.finetune_flop or 0) / 6 / float(row.parameters or 1) for row in used)
    assert len(tokens) == 33
    assert (tokens[0], tokens[16]) == pytest.approx((LEAST_TUNING, USUAL_TUNING), rel=0.05)
