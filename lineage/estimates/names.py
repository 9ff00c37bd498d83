"""What the name of a model says: its size, and the step that made it."""

import csv
import re
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

__all__ = ["Size", "root_method", "size_in", "stem"]

# A mixture of n experts of size s holds s (1 + (n - 1) g) parameters, of which s (1 + (k - 1) g) work on a token,
# k = 2. g = 0.778 from Mixtral 8x7B: 46.7 B in all and 12.9 B active, of experts of 7.24 B (its model card).
EXPERT_SHARE: Final = 0.778

_MIXTURE: Final = re.compile(r"(?<![a-z0-9.])(\d{1,3})x(\d{1,3}(?:\.\d{1,2})?)([bm])(?![a-z0-9])")
_ACTIVE: Final = re.compile(r"(?<![a-z0-9])a(\d{1,3}(?:\.\d)?)b(?![a-z0-9])")
_SIZE: Final = re.compile(r"(?<![a-z0-9.])(\d{1,4}(?:[.]\d{1,3})?)[ ]?(b|bn|m|t)(?![a-z0-9])")
_UNIT: Final = {"b": 1e9, "bn": 1e9, "m": 1e6, "t": 1e12}
_LEAST, _MOST = 1e6, 3e12


class Size(NamedTuple):
    """Parameters of a model: all of them, and those that work on each token; `source` says what states it."""

    parameters: float
    active: float
    source: str


def size_in(name: str) -> Size | None:
    """Return the size that a model's name states, or that of the well-known architecture it names; None without.

    "7B", "350M", "1.1b" are parameters; "8x7B" is a mixture of experts of which two are active; "30B-A3B" states
    the active ones. Numbers of bits, tokens, steps or versions ("4bit", "128k", "v0.1") are not sizes.

    >>> size_in("Llama-2-7b-chat-hf"), size_in("orca-4bit"), size_in("bert-base-uncased").parameters
    (Size(parameters=7000000000.0, active=7000000000.0, source='its name: 7b'), None, 110000000.0)
    >>> round(size_in("Mixtral-8x7B-v0.1").parameters / 1e9, 1), size_in("Qwen3-30B-A3B").active
    (45.1, 3000000000.0)
    """
    text = name.rpartition("/")[2].lower().replace("_", "-")
    mixture = _MIXTURE.search(text)
    if mixture is not None:
        count, each = int(mixture[1]), float(mixture[2]) * _UNIT[mixture[3]]
        if count >= 2 and _LEAST <= each <= _MOST:
            total, active = (each * (1 + (k - 1) * EXPERT_SHARE) for k in (count, 2))
            return Size(total, active, f"its name: {mixture[0]}")
    for found in (
        _SIZE.finditer(text) if "laion" not in text else ()
    ):  # there the samples seen are written, as in 39B
        total = float(found[1]) * _UNIT[found[2]]
        if _LEAST <= total <= _MOST:
            works = _ACTIVE.search(text)
            active = float(works[1]) * 1e9 if works is not None and float(works[1]) * 1e9 < total else total
            return Size(total, active, f"its name: {found[0]}")
    return _architecture(text)


def _architecture(text: str) -> Size | None:
    pattern, sizes = _architectures()
    found = pattern.search(text)
    if found is None:
        return None
    total, source = sizes[found[0]]
    return Size(total, total, f"{found[0]}: {source}")


@cache
def _architectures() -> tuple[re.Pattern[str], dict[str, tuple[float, str]]]:
    """Return a pattern of all well-known architectures, the longest name first, and their parameters and sources."""
    text = (files("lineage") / "data" / "estimates" / "sizes.csv").read_text(encoding="utf-8")
    sizes = {
        row["name"]: (float(row["parameters"]), row["source"]) for row in csv.DictReader(text.splitlines())
    }
    names = "|".join(re.escape(name) for name in sorted(sizes, key=lambda item: (-len(item), item)))
    return re.compile(rf"(?<![a-z0-9])(?:{names})(?![a-z0-9])"), sizes


# Names of models that state no base although they are not trained from nothing; the first that fits.
_ROOT_METHODS: Final = tuple(
    (method, re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])"))
    for method, words in (
        (
            "quantization",
            r"gguf|ggml|gptq|awq|exl2|hqq|aqlm|bnb|[2-8]-?bits?|int[48]|fp8|q[2-8](?:-[0k])?|\d(?:\.\d+)?bpw",
        ),
        ("merge", r"merged?|slerp|mergekit|frankenmerge|franken|ties|dare|passthrough|breadcrumbs"),
        ("adapter", r"q?lora|dora|adapters?|peft|ia3|loras"),
        ("continued-pretraining", r"code-?llama|llemma|continued-pretrain(?:ing|ed)?|cpt"),
        (
            "fine-tune",
            r"fine-?tuned?|finetuning|ft|sft|dpo|orpo|kto|rlhf|ppo|instruct|chat|(?<=[bm]-)it|alpaca|vicuna|dolly|oasst|squad2?|"
            r"mnli|sst-?2|conll\d*|ner|qa|sentiment|classifier|classification|autotrain|summari[sz]ation|emotion|reward",
        ),
    )
)


_DISTILLED: Final = re.compile(r"(?<![a-z0-9])(?:distilled|distillation|distil)(?![a-z0-9])")
_DISTILLED_ARCHITECTURE: Final = re.compile(
    r"(?<![a-z0-9])(?:distil(?:m?bert|roberta|gpt2?|hubert|whisper|bart|camembert|beto)|tiny(?:bert|roberta))(?![a-z0-9])"
)


def root_method(name: str, *, derived: bool = False) -> str:
    """Return the step that a model's name tells of, "training" where it tells of none.

    `derived` says that a base is known: then the name of a distilled architecture, as in distilbert-emotion, tells
    nothing.

    >>> root_method("unsloth/llama-3-8b-bnb-4bit"), root_method("meta-llama/Llama-2-7b-chat-hf")
    ('quantization', 'fine-tune')
    >>> root_method("google/t5"), root_method("me/distilbert-x"), root_method("me/distilbert-x", derived=True)
    ('training', 'distillation', 'training')
    """
    text = name.rpartition("/")[2].lower().replace("_", "-")
    for method, pattern in _ROOT_METHODS:
        if pattern.search(text):
            return method
    if _DISTILLED.search(text) or (not derived and _DISTILLED_ARCHITECTURE.search(text)):
        return "distillation"
    return "training"


_FILLING: Final = re.compile(
    r"(?<![a-z0-9])(?:hf|base|v\d[.\d]*|fp16|bf16|fp32|safetensors|sharded|pruned|the)(?![a-z0-9])|[^a-z0-9]+"
)


def stem(name: str) -> str:
    """Return what stays the same where a model is uploaded again by another owner.

    >>> stem("NousResearch/Llama-2-7b-hf") == stem("meta-llama/Llama-2-7b")
    True
    """
    return _FILLING.sub("", name.rpartition("/")[2].lower().replace("_", "-"))
