"""Hardware prose: 427 real phrases with their meaning, checked one by one, and phrases that must stay text.

Phrases: Epoch AI (CC BY 4.0, "Data: Epoch AI"), GAISSA-UPC/ML-GAISSALabel and PeaTMOSS (Apache-2.0), CodeCarbon and
co2_inference (MIT); the source stands in each line of phrases.jsonl. What a phrase does not say is not in its `says`.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lineage.estimates import HardwareRun, read_hardware
from lineage.estimates.hardware import LONGEST
from lineage.estimates.whereabouts import place_in, provider_in
from lineage.factors import shelf

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


# Phrases that were misread once: accelerator, count, wall hours, device-hours; None is unsaid.
MISREAD: list[tuple[str, str, float | None, float | None, float | None]] = [
    # one letter is no day, and amounts of one time are one time
    ("384 A100 40GB GPUs, using a 3D parallelism strategy (TP=8, PP=4, DP=12)", "A100 40GB", 384, None, None),
    ("384 A100 40GB GPUs, using a 2D parallelism strategy (PP=2, DP=192)", "A100 40GB", 384, None, None),
    ("3D medical image segmentation on one V100", "V100", 1, None, None),
    ("3d unet on one V100", "V100", 1, None, None),
    ("3d on 8 V100", "V100", 8, 72, 576),
    ("2 days 7 hours on 1 A100", "A100", 1, 55, 55),
    ("2 days and 7 hours on 1 A100", "A100", 1, 55, 55),
    ("2d7h on 4 A100", "A100", 4, 55, 220),
    ("1 week 2 days, 8 H100", "H100", 8, 216, 1728),
    ("1 month 3 days on 2 V100", "V100", 2, 802, 1604),
    ("2h 30m on 4 A100", "A100", 4, 2.5, 10),
    ("half a day on 4 V100", "V100", 4, 12, 48),
    ("a day and a half on 4 V100", "V100", 4, 36, 144),
    # hours of data, of an epoch, of a saving
    ("64 V100 GPUs, 960 hours of LibriSpeech", "V100", 64, None, None),
    ("64 V100 GPUs, LibriSpeech 960h", "V100", 64, None, None),
    ("8 A100, 53,000 hours of speech", "A100", 8, None, None),
    ("1 V100, 10 minutes of audio", "V100", 1, None, None),
    ("64 V100 GPUs, trained on 960 hours for 3 days", "V100", 64, 72, 4608),
    ("8 V100, 72 hours of training", "V100", 8, 72, 576),
    ("8 A100, 2 hours/epoch, 10 epochs", "A100", 8, None, None),
    ("8 A100. One epoch takes 4 hours on average", "A100", 8, None, None),
    ("8 A100, 3 epochs, 2 hours each", "A100", 8, None, None),
    ("saved every 6 hours, 8 A100", "A100", 8, None, None),
    ("7 days a week on 4 V100", "V100", 4, None, None),
    ("12 hours a day for 5 days on 1 V100", "V100", 1, None, None),
    ("10 hours for each model, 8 V100", "V100", 8, None, None),
    ("5 ± 1 hours on 1 A100", "A100", 1, None, None),
    ("12 hours+ on 1 T4", "T4", 1, None, None),
    ("2 or 3 days on 8 A100", "A100", 8, None, None),
    ("two or three days on 8 A100", "A100", 8, None, None),
    ("16 A100, 8 x 24 hours", "A100", 16, None, None),
    ("96.0,4 days with dropout; 2 days without it, GTX 580", "GTX 580", None, None, None),
    ("32 A100 GPUs for 300000 hours", "A100", 32, None, None),
    # decimals, clocks and thousands
    ("1,5 hours on 1 A100", "A100", 1, 1.5, 1.5),
    ("2,5h on 1 A100", "A100", 1, 2.5, 2.5),
    ("10:30:00 hours on 1 A100", "A100", 1, 10.5, 10.5),
    ("1:30 hours on 1 A100", "A100", 1, 1.5, 1.5),
    ("2 days, 3:45:00 on a T4", "T4", 1, 51.75, 51.75),
    ("1 day, 2:30:00 on 2 T4", "T4", 2, 26.5, 53),
    ("Training time:8 hours on 1 A100", "A100", 1, 8, 8),
    ("10 000 GPU hours on A100", "A100", None, None, 10000),
    ("10\u202f000 GPU hours on A100", "A100", None, None, 10000),
    ("10\u00a0000 GPU hours on A100", "A100", None, None, 10000),
    ("10'000 GPU hours on A100", "A100", None, None, 10000),
    ("10.000 GPU hours on A100", "A100", None, None, None),
    ("10 000 hours on A100", "A100", None, None, None),
    ("1 216 GPU hours on 32 V100", "V100", 32, 38, 1216),
    ("0 GPU hours on 8 V100", "V100", 8, None, None),
    ("0 A100 for 3 hours", "A100", None, 3, None),
    # device-hours of a part, or that are a sum to do
    ("A100, GPU hours: 8 x 24", "A100", None, None, None),
    ("4 A100, GPU hours: 10 days", "A100", 4, None, None),
    ("A100, GPU hours: 1,000-1,500", "A100", None, None, None),
    ("A100, GPU hours: 1,000", "A100", None, None, 1000),
    ("180K H800 GPU hours per trillion tokens", "H800", None, None, None),
    ("on each trillion tokens 180K H800 GPU hours", "H800", None, None, None),
    ("100 A100-hours per model, 5 models", "A100", None, None, None),
    ("193 * 16 A100-hours", "A100", None, None, None),
    ("1000 ± 50 A100-hours", "A100", None, None, None),
    ("1e5 A100-hours", "A100", None, None, 1e5),
    ("1.5e5 GPU hours on A100", "A100", None, None, 1.5e5),
    ("10^5 GPU hours on A100", "A100", None, None, 1e5),
    ("2 × 10^5 A100 hours", "A100", None, None, 2e5),
    ("A100 80GB GPU hours: 1,000", "A100 80GB", None, None, 1000),
    ("1e5 big new fast NVIDIA A100 GPU hours", "A100", None, None, None),
    ("TPUv3 chips x 123e12 FLOPS/chip x 4 days", "TPU v3", None, 96, None),
    ("Total GPU hours = 1.46M on H100", "H100", None, None, 1.46e6),
    # machines of several devices
    ("on a DGX A100 for 24 hours", "A100", 8, 24, 192),
    ("2 DGX A100", "A100", 16, None, None),
    ("2 x DGX H100", "H100", 16, None, None),
    ("2x HGX H100", "H100", None, None, None),
    ("8 DGX A100 GPUs", "A100", None, None, None),
    ("2 DGX A100 with 8 GPUs", "A100", None, None, None),
    ("2 DGX-1 with 8 V100 each", "V100", None, None, None),
    ("2 DGX-1 with 8 V100", "V100", None, None, None),
    ("a DGX-1 with 8 V100", "V100", 8, None, None),
    ("a single DGX H100 with 8 GPUs", "H100", 8, None, None),
    ("1 A100 node", "A100", None, None, None),
    ("1 H100 node", "H100", None, None, None),
    ("1 DGX H100 node", "H100", None, None, None),
    ("one 8xA100 node for 5 hours", "A100", 8, 5, 40),
    ("8 A100 GPUs per node, 16 nodes", "A100", None, None, None),
    ("16 nodes (8 A100s each)", "A100", None, None, None),
    ("64 A100 GPUs (8 nodes)", "A100", 64, None, None),
    ("4 p4d.24xlarge instances (8x A100)", "A100", None, None, None),
    ("4 p4d.24xlarge (8x A100)", "A100", None, None, None),
    ("twelve servers, each with eight V100", "V100", None, None, None),
    ("2 8xH100 for 5 hours", "H100", None, 5, None),
    ("4 x (8 x A100)", "A100", None, None, None),
    ("CUDA 12 A100", "A100", None, None, None),
    ("Driver 470 V100", "V100", None, None, None),
    ("8 of 16 A100", "A100", None, None, None),
    ("half an A100 for 3 hours", "A100", None, 3, None),
    # names
    ("2 x RTX A6000 Ada", "RTX 6000 Ada", 2, None, None),
    ("2 x RTX A6000", "RTX A6000", 2, None, None),
    ("one 3090 for 3 hours", "RTX 3090", 1, 3, 3),
    ("4 3090s for 2 hours", "RTX 3090", 4, 2, 8),
    ("trained for 29 days on a v4-1024", "TPU v4", 512, 696, 356352),
    ("DeBERTa v3 on 4 A100", "A100", 4, None, None),
    ("trained for 2080 steps on 4 A100", "A100", 4, None, None),
    ("8 H100 80GB GPUs (PCIe)", "H100 PCIe 80GB", 8, None, None),
    ("8 H100 80GB NVL", "H100 NVL 80GB", 8, None, None),
]


@pytest.mark.parametrize(("text", "accelerator", "count", "wall", "total"), MISREAD)
def test_what_was_misread_once(
    text: str, accelerator: str, count: float | None, wall: float | None, total: float | None
) -> None:
    test_phrase(text, accelerator, count, wall, total)


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
        "Azure Standard_ND96asr_v4",
        "Standard_NC6s_v3",
        "Trained with DeBERTa v3, 4 hours",
        "google/neural-chat-7b-v3-1",
        "AWS P4 instances for 3 days",
        "4 P4 on AWS",
        "a2-highgpu-1g for 3 hours",
        "trained for 2080 steps",
        "3080 images",
        "4090 steps",
        "it took 3060s",
        "8 A100 " + "for a long time " * (LONGEST // 10),
    ],
)
def test_what_is_not_understood_stays_text(text: str) -> None:
    assert read_hardware(text) is None


def test_hostile_length_is_read_at_once() -> None:
    assert read_hardware("8 x " * 400 + "a100") is not None
    assert read_hardware("1" * LONGEST) is None
    begin = time.perf_counter()
    for piece in ("9e", "9e 1x10^", "nodes ", "epoch ", "Aa, ", "1 day ", "10 000 ", "1 days 1:11:11 "):
        read_hardware((piece * LONGEST)[: LONGEST - 5] + " a100")
    assert time.perf_counter() - begin < 10, "the time must not grow with a power of the length"


@pytest.mark.parametrize(
    ("text", "place", "provider"),
    [
        ("Jean Zay cluster, France (~40 gCO2eq/kWh)", "France", "jean zay"),
        ("on AWS in eu-west-3", "eu-west-3", "aws"),
        ("Google Cloud europe-west4-a", "europe-west4-a", "gcp"),
        ("trained in Montreal on 4 A100", None, None),
        ("Germany", "Germany", None),
        ("4 A100 in Atlanta, Georgia, USA", "Georgia, USA", None),
        ("4 A100 in Georgia", None, None),
        ("4 A100 in Tbilisi, Georgia", "Georgia", None),
        ("4 A100 in West Virginia, USA", "West Virginia", None),
        ("Oregon, USA", "Oregon", None),
        ("4 A100 (USA)", "USA", None),
        ("4 A100 (Mac)", None, None),
        ("4 A100 (COM)", None, None),
        ("named entity recognition (NER) in ARM", None, None),
    ],
)
def test_place_and_provider(text: str, place: str | None, provider: str | None) -> None:
    assert (place_in(text), provider_in(text)) == (place, provider)


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ("8 H100 80GB", 700.0),
        ("39.3M GPU hours of computation on H100-80GB (TDP of 700W)", 700.0),
        ("8 H100-SXM5-80GB", 700.0),
        ("8 H100 80GB PCIe", 350.0),
        ("8 H100 80GB (PCIe)", 350.0),
        ("8 H100 80GB HBM2e", 350.0),
        ("8 H100 80GB NVL", 400.0),
    ],
)
def test_an_h100_of_80_gb_has_one_power(text: str, power: float) -> None:
    run = read_hardware(text)
    assert run is not None
    card = shelf(adapters=False).accelerator(run.accelerator)
    assert card is not None and (card.power_w.lo, card.power_w.hi) == (power, power)


def test_two_cards_of_one_spelling_but_case_are_kept_apart() -> None:
    for names in (("V100s", "V100S"), ("V100S", "V100s")):
        table = shelf(adapters=False)
        cards = {name: table.accelerator(name) for name in names}
        assert {name: card and card.name for name, card in cards.items()} == {
            "V100s": "V100",
            "V100S": "V100S",
        }


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
