"""Hardware prose: 427 real phrases with their meaning, checked one by one, and phrases that must stay text.

Phrases: Epoch AI (CC BY 4.0, "Data: Epoch AI"), GAISSA-UPC/ML-GAISSALabel and PeaTMOSS (Apache-2.0), CodeCarbon and
co2_inference (MIT); the source stands in each line of phrases.jsonl. What a phrase does not say is not in its `says`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.estimates import HardwareRun, read_hardware
from lineage.estimates.hardware import LONGEST
from lineage.estimates.whereabouts import place_in, provider_in

FIELDS = ("accelerator", "device_count", "wall_hours", "device_hours", "place", "provider")
PHRASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "phrases.jsonl").read_text(encoding="utf-8").splitlines()
]


def said(run: HardwareRun | None) -> dict[str, Any]:
    values = {name: getattr(run, name, None) for name in FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def same(left: Any, right: Any) -> bool:
    return bool(left == pytest.approx(right, rel=0.05) if isinstance(right, float) else left == right)


def test_300_phrases_are_read_with_a_precision_of_95_percent() -> None:
    assert len(PHRASES) >= 300
    right = wrong = phrases = faulty = 0
    for phrase in PHRASES:
        read = said(read_hardware(phrase["text"]))
        hits = [same(value, phrase["says"].get(name)) for name, value in read.items()]
        right, wrong = right + sum(hits), wrong + len(hits) - sum(hits)
        phrases, faulty = phrases + bool(read), faulty + (not all(hits))
    assert phrases >= 280, "recall fell"
    assert right / (right + wrong) >= 0.95
    assert 1 - faulty / phrases >= 0.95, "phrases read without any fault"


def test_what_a_phrase_says_is_found_more_often_than_not() -> None:
    stated = [(p, name, value) for p in PHRASES for name, value in p["says"].items()]
    found = [same(said(read_hardware(p["text"])).get(name), value) for p, name, value in stated]
    assert sum(found) / len(found) >= 0.9


@pytest.mark.parametrize(
    ("text", "accelerator", "count", "wall", "total"),
    [
        ("32 V100 32Gb GPUs, 1216 GPU hours", "V100 32GB", 32, 38, 1216),
        ("4x A100 for 3 days in us-east-1", "A100", 4, 72, 288),
        ("8 x NVIDIA A100-SXM4-80GB", "A100 SXM4 80GB", 8, None, None),
        ("1 RTX 3090", "RTX 3090", 1, None, None),
        ("TPU v3-8", "TPU v3", 4, None, None),
        ("2.788M H800 GPU hours", "H800", None, None, 2.788e6),
        ("14.82K TPUv3 core-days", "TPU v3", None, None, 14820 * 24 / 2),
        ("32 x 8 x A100 GPUs", "A100", 256, None, None),
        ("a single 2080Ti for two weeks", "RTX 2080 Ti", 1, 336, 336),
        ("2 hours on 1xA100", "A100", 1, 2, 2),
        ("8xH100 SXM", "H100 SXM", 8, None, None),
        ("Training Time (GPU hours) 1.46M, H100-80GB", "H100 80GB", None, None, 1.46e6),
        ("64 MI250X for 10 hours", "MI250X", 64, 10, 640),
        ("2 Titan RTX", "Titan RTX", 2, None, None),
        ("512 Ascend 910", "Ascend 910", 512, None, None),
        ("16 nodes with 8 A100 GPUs", "A100", None, None, None),
        ("8 V100, 12 hours per epoch", "V100", 8, None, None),
        ("64 A100 for less than 14 days", "A100", 64, None, None),
    ],
)
def test_phrase(
    text: str, accelerator: str, count: float | None, wall: float | None, total: float | None
) -> None:
    run = read_hardware(text)
    assert run is not None
    assert (run.accelerator, run.device_count, run.wall_hours, run.device_hours) == (
        accelerator,
        count,
        wall,
        total,
    )
    assert run.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a large cluster",
        "8 GPUs for 3 days",
        "1 A4000 GPU or 1 P4000 GPU, 130600 steps / 1s / 3600 = 36.28",
        "A100 and V100",
        "cuda = 0,1 based on gpu availability",
        "Not Specified",
        "8 A100 " + "for a long time " * (LONGEST // 10),
    ],
)
def test_what_is_not_understood_stays_text(text: str) -> None:
    assert read_hardware(text) is None


def test_hostile_length_is_read_at_once() -> None:
    assert read_hardware("8 x " * 400 + "a100") is not None
    assert read_hardware("1" * LONGEST) is None


@pytest.mark.parametrize(
    ("text", "place", "provider"),
    [
        ("Jean Zay cluster, France (~40 gCO2eq/kWh)", "France", "jean zay"),
        ("on AWS in eu-west-3", "eu-west-3", "aws"),
        ("Google Cloud europe-west4-a", "europe-west4-a", "gcp"),
        ("trained in Montreal on 4 A100", None, None),
        ("Germany", "Germany", None),
    ],
)
def test_place_and_provider(text: str, place: str | None, provider: str | None) -> None:
    assert (place_in(text), provider_in(text)) == (place, provider)


@pytest.mark.samples
def test_phrases_of_the_hub(samples: Path) -> None:
    expected = {
        "1aurent__vit_base_patch16_224.owkin_pancancer": {
            "accelerator": "V100 32GB",
            "device_count": 32.0,
            "wall_hours": 38.0,
            "device_hours": 1216.0,
        },
        "437aewuh__so-vits-svc-fork-kiritan": {},  # one of two accelerators
    }
    for name, says in expected.items():
        record = json.loads((samples / "hf_hub_2024" / "model_json" / f"{name}.json").read_text())
        assert said(read_hardware(record["cardData"]["co2_eq_emissions"]["hardware_used"])) == says
