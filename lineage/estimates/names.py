"""What the name of a model says: its size, and the step that made it."""

import csv
import math
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

__all__ = ["Size", "active_in", "instructed", "root_method", "size_in", "stem"]

# A mixture of n experts of size s holds s (1 + (n - 1) g) parameters, of which s (1 + (k - 1) g) work on a token,
# k = 2. g = 0.778 from Mixtral 8x7B: 46.7 B in all and 12.9 B active, of experts of 7.24 B (its model card).
EXPERT_SHARE: Final = 0.778

_MIXTURE: Final = re.compile(r"(?<![a-z0-9.])(\d{1,3})x(\d{1,3}(?:\.\d{1,2})?)([bm])(?![a-z0-9])")
_ACTIVE: Final = re.compile(r"(?<![a-z0-9])a(\d{1,4}(?:\.\d{1,2})?)([bm])(?![a-z0-9])")
# OLMoE-1B-7B: active, then all. Scout-17B-16E: active, then experts; fewer than 16 are epochs, as in 9b-2e.
_ACTIVE_OF: Final = re.compile(r"moe-(\d{1,3}(?:\.\d{1,2})?)b-(\d{1,4}(?:\.\d{1,2})?)b(?![a-z0-9])")
_OF_EXPERTS: Final = re.compile(
    r"(?<![a-z0-9.])(\d{1,3}(?:\.\d{1,2})?)b-(?:16|32|64|128|256)e(?![a-z0-9]|-\d)"
)
# What a number counts that is no size, as in 1m-samples; but 7b-steps-500 is a size.
_COUNTED: Final = (
    r"(?:samples?|steps?|tokens?|images?|pairs?|examples?|sentences|iters?|iterations?|epochs?)"
    r"(?![a-z0-9]|[ -]?\d)"
)
_SIZE: Final = re.compile(
    rf"(?<![a-z0-9.])(?:(\d{{1,4}}(?:[.]\d{{1,3}})?)[ ]?(b|bn|m|t)|(\d{{1,3}})b(\d)(?!-?bits?))"
    rf"(?![a-z0-9]|[ -]?{_COUNTED})"
)
_UNIT: Final = {"b": 1e9, "bn": 1e9, "m": 1e6, "t": 1e12}
_LEAST, _MOST = 1e6, 3e12
# Their names write how many samples were seen, as in 39B and 400m.
_PAIRS: Final = re.compile(r"laion|metaclip|datacomp|commonpool")
_UUID: Final = re.compile(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

# "_" between two digits is a decimal point or ends a version: 1_8b in internlm2-1_8b, but 2_7b in llama_2_7b.
_POINT: Final = re.compile(r"(?<![a-z0-9.])(\d)_(\d{1,3})(?=(?:[bm]|b\d)(?![a-z0-9]))")
_POINT_OF_ACTIVE: Final = re.compile(r"(?<![a-z0-9])(a\d{1,3})_(\d)(?=b(?![a-z0-9]))")
_VERSIONED: Final = re.compile(r"(?:llama|gemma|qwen|baichuan|internlm|chatglm|idefics|falcon|olmo)[-_]$")
_SUBVERSIONED: Final = re.compile(r"llama[-_]?3_[123]$|qwen[-_]?[12]_5$")


class Size(NamedTuple):
    """Parameters of a model: all of them, and those that work on each token; `source` says what states it."""

    parameters: float
    active: float
    source: str


def size_in(name: str) -> Size | None:
    """Return the size that a model's name states, or that of the well-known architecture it names; None without.

    "7B", "350M", "1.1b", "7b1" are parameters; "8x7B" is a mixture of experts of which two are active; "30B-A3B" and
    "OLMoE-1B-7B" state the active ones; of well-known mixtures whose names do not, a table does
    (lineage/data/estimates/mixtures.csv). Numbers of bits, tokens, steps or versions ("4bit", "128k", "v0.1") are not
    sizes, and where "_" may be a decimal point or not, nothing is read.

    >>> size_in("Llama-2-7b-chat-hf"), size_in("orca-4bit"), size_in("bert-base-uncased").parameters
    (Size(parameters=7000000000.0, active=7000000000.0, source='its name: 7b'), None, 110000000.0)
    >>> round(size_in("Mixtral-8x7B-v0.1").parameters / 1e9, 1), size_in("Qwen3-30B-A3B").active
    (45.1, 3000000000.0)
    >>> size_in("internlm2-1_8b").parameters, size_in("DeepSeek-V3-Base").active
    (1800000000.0, 37000000000.0)
    """
    text = _plain(name)
    family = _family(text)
    if family is not None and family.stands(text):
        return Size(family.parameters, family.active, f"{family.name}: {family.source}")
    mixture = _mixture(text)
    if mixture is not None:
        return mixture
    pair = _ACTIVE_OF.search(text)
    if pair is not None and float(pair[1]) < float(pair[2]):
        return Size(float(pair[2]) * 1e9, float(pair[1]) * 1e9, f"its name: {pair[0][4:]}")
    if _OF_EXPERTS.search(text):  # it says what is active, not how much there is in all
        return None
    for total, written in _stated(text):
        works = _active(text)
        return Size(total, works if works is not None and works < total else total, f"its name: {written}")
    return _architecture(text)


def active_in(name: str, total: float) -> float:
    """Return the parameters that work on each token, of a model of which a record tells the total: all, if dense.

    >>> active_in("Qwen/Qwen1.5-MoE-A2.7B", 14.3e9), active_in("meta-llama/Llama-4-Scout-17B-16E", 109e9)
    (2700000000.0, 17000000000.0)
    >>> active_in("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 7.6e9) == 7.6e9
    True
    """
    text = _plain(name)
    family = _family(text)
    if family is not None and family.agrees(total):
        return min(family.active, total)
    mixture = _mixture(text)
    if mixture is not None:
        return total * mixture.active / mixture.parameters
    works = _active(text)
    return works if works is not None and works < total else total


def _plain(name: str) -> str:
    """Return the name without its owner in lower case, with "-" for "_" and with decimal points."""
    text = name.rpartition("/")[2].lower()
    if "_" in text:
        text = _POINT.sub(_pointed, _POINT_OF_ACTIVE.sub(r"\1.\2", text)).replace("_", "-")
    return _UUID.sub(" ", text) if text.count("-") > 3 else text


def _pointed(found: re.Match[str]) -> str:
    """Return a decimal number, a version and a size, or nothing to read where it may be either."""
    before, whole, rest = found.string[: found.start()], found[1], found[2]
    if whole == "0":
        return f"0.{rest}"
    if len(rest) > 1 or _SUBVERSIONED.search(before + whole):
        return found[0]
    if whole == "1":  # the first Llama has 7 B; where "_" stands for every "-", it says nothing
        return f"1.{rest}" if before.endswith("-") and not before.endswith("llama-") else f"{whole}_x"
    return found[0] if _VERSIONED.search(before) else f"{whole}_x"


def _stated(text: str) -> Iterator[tuple[float, str]]:
    """Yield the sizes that a name states, and how it writes them."""
    if _PAIRS.search(text):
        return
    for found in _SIZE.finditer(text):
        total = float(found[1]) * _UNIT[found[2]] if found[1] else float(f"{found[3]}.{found[4]}") * 1e9
        if _LEAST <= total <= _MOST:
            yield total, found[0]


def _mixture(text: str) -> Size | None:
    found = _MIXTURE.search(text)
    if found is None:
        return None
    count, each = int(found[1]), float(found[2]) * _UNIT[found[3]]
    if count < 2 or not _LEAST <= each <= _MOST:
        return None
    total, active = (each * (1 + (k - 1) * EXPERT_SHARE) for k in (count, 2))
    return Size(total, active, f"its name: {found[0]}")


def _active(text: str) -> float | None:
    """Return the active parameters that a name states next to, or instead of, all of them."""
    found = _ACTIVE.search(text)
    if found is not None:
        return float(found[1]) * _UNIT[found[2]]
    pair = _ACTIVE_OF.search(text) or _OF_EXPERTS.search(text)
    return None if pair is None else float(pair[1]) * 1e9


# -- well-known mixtures of experts -----------------------------------------------------------------------

# A name of these words beside the family's is that of the family's model, or of the same in another format. Others may
# be of small models that were tuned or distilled after it: of them a size has to agree.
_VARIANT: Final = re.compile(
    r"(?:model|base|chat|instruct|it|hf|zero|exp|thinking|preview|meta|google|original|gguf|ggml|gptq|awq|exl2|mlx|"
    r"bnb|fp8|fp4|bf16|fp16|int[48]|[2-8]bits?|i1|imat|dynamic|bit|i?q\d|[ksml]|xs|xxs|v?\d{1,8}(?:\.\d+)?)"
)
_SMALL: Final = re.compile(r"(?<![a-z0-9])(?:tiny|random|dummy|draft|debug|toy|mini)(?![a-z0-9])")


class _Family(NamedTuple):
    """A family of mixtures: its name, all and active parameters (NaN is not the same for all), who states them."""

    name: str
    parameters: float
    active: float
    source: str

    def agrees(self, total: float) -> bool:
        """Return whether a model of this size can be of the family."""
        return total > self.active if math.isnan(self.parameters) else 0.7 < total / self.parameters < 1.4

    def stands(self, text: str) -> bool:
        """Return whether the name says enough to take the size of the family."""
        if math.isnan(self.parameters):
            return False
        rest = _beside(text, self.name)
        if next(_stated(rest), None) is not None:
            return True  # it agrees, or this were not the family
        return all(_VARIANT.fullmatch(word) for word in re.split(r"[^a-z0-9.]+", rest) if word)


def _beside(text: str, family: str) -> str:
    """Return a name without its family's, and without the numbers of active parameters and experts."""
    return _ACTIVE.sub(" ", _OF_EXPERTS.sub(" ", text.replace(family, " ", 1)))


def _family(text: str) -> _Family | None:
    """Return the well-known family that a name tells of; None of dense models that were distilled from one."""
    pattern, families = _families()
    found = pattern.search(text)
    if found is None or _SMALL.search(text):
        return None
    family = families[found[0]]
    stated = next(_stated(_beside(text, family.name)), None)
    if stated is None:
        return family if "distil" not in text or _SIZE.search(family.name) else None
    close = 0.9 < stated[0] / family.active < 1.1  # Llama-4-Scout-17B
    return family if close or family.agrees(stated[0]) else None


@cache
def _families() -> tuple[re.Pattern[str], dict[str, _Family]]:
    text = (files("lineage") / "data" / "estimates" / "mixtures.csv").read_text(encoding="utf-8")
    families = {
        row["name"]: _Family(
            row["name"], float(row["parameters"] or "nan"), float(row["active"]), row["source"]
        )
        for row in csv.DictReader(text.splitlines())
    }
    names = "|".join(re.escape(name) for name in sorted(families, key=lambda item: (-len(item), item)))
    return re.compile(rf"(?<![a-z0-9.])(?:{names})(?![a-z0-9]|\.\d)"), families


# -- well-known architectures -----------------------------------------------------------------------------


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


_INSTRUCTED: Final = re.compile(r"(?<![a-z0-9])(?:instruct|chat|(?<=[bm]-)it)(?![a-z0-9])")


def instructed(name: str) -> bool:
    """Return whether a name tells of a model that follows instructions, and of no other step.

    Who trains a family often publishes only this last step of it, so that the name does not say how much was done.

    >>> instructed("microsoft/Phi-3-mini-4k-instruct"), instructed("allenai/tulu-2-dpo-7b")
    (True, False)
    """
    text = name.rpartition("/")[2].lower().replace("_", "-")
    return _INSTRUCTED.search(text) is not None and root_method(_INSTRUCTED.sub(" ", text)) == "training"


_FILLING: Final = re.compile(
    r"(?<![a-z0-9])(?:hf|base|v\d[.\d]*|fp16|bf16|fp32|safetensors|sharded|pruned|the)(?![a-z0-9])|[^a-z0-9]+"
)


def stem(name: str) -> str:
    """Return what stays the same where a model is uploaded again by another owner.

    >>> stem("NousResearch/Llama-2-7b-hf") == stem("meta-llama/Llama-2-7b")
    True
    """
    return _FILLING.sub("", name.rpartition("/")[2].lower().replace("_", "-"))
