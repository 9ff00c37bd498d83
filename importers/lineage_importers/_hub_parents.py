"""Parents as people write them in cards and tags, made into Hub ids; relations as the Hub infers them."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["RELATIONS_OF_THE_HUB", "Parent", "guessed_relation", "listed", "parent_of"]

RELATIONS_OF_THE_HUB: Final = {
    "finetune": "fine-tune",
    "adapter": "adapter",
    "merge": "merge",
    "quantized": "quantization",
}

# What the `datasets` library reads local files with: its name in a card says nothing about the data.
LOADERS: Final = frozenset(
    (
        "arrow",
        "audiofolder",
        "csv",
        "generator",
        "imagefolder",
        "json",
        "pandas",
        "parquet",
        "text",
        "videofolder",
        "webdataset",
    )
)

ID_CHARACTERS: Final = 256  # the Hub allows 96
LIST_CHARACTERS: Final = 20_000

_ID: Final = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
_URL: Final = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<path>[^?#]*)([?#].*)?", re.IGNORECASE
)
_CHECKPOINT: Final = re.compile(r"(.*/)?checkpoint-\d+", re.IGNORECASE)
_LOCAL: Final = re.compile(r"[/~.\\]|[A-Za-z]:[\\/]|file:|(content|kaggle|mnt|home|root|tmp|workspace)/")


@dataclass(frozen=True, slots=True)
class Parent:
    """What became of a parent's text: its id, or None and the reason; `repair` says what was cleaned."""

    id: str | None
    repair: str = ""
    reason: str = ""


def parent_of(text: str, kind: str = "model") -> Parent:
    """Return the product id that a parent's text means. Nothing is looked up, nothing guessed.

    >>> parent_of("https://huggingface.co/google/t5/tree/main").id
    'model:google/t5'
    >>> parent_of(" m3rg-iitd/matscibert").repair
    "' m3rg-iitd/matscibert' -> 'm3rg-iitd/matscibert'"
    >>> parent_of("/content/drive/MyDrive/out").reason
    'a local path'
    """
    name = text
    if len(text) > ID_CHARACTERS:
        return Parent(None, reason=f"longer than {ID_CHARACTERS} characters")
    link = _URL.fullmatch(text.strip())
    if link is not None:
        name = _id_in_link(link["path"], kind)
        if not name:
            return Parent(None, reason=f"an address that is not a {kind}'s page")
    name = name.strip().rstrip(".").strip().strip("/" if link else "")
    if not name:
        return Parent(None, reason="empty")
    if _LOCAL.match(name):
        return Parent(None, reason="a local path")
    if "://" in name:
        return Parent(None, reason="an address outside the Hub")
    if name.count("/") > 1 or "\\" in name:
        return Parent(None, reason="a local path")
    if _CHECKPOINT.fullmatch(name):
        return Parent(None, reason="a checkpoint folder of a trainer")
    if kind == "dataset" and name in LOADERS:
        return Parent(None, reason="a loader of local files, not a data set")
    if not _ID.fullmatch(name) or not name.isprintable():
        return Parent(None, reason="not an id of the Hub")
    return Parent(f"{kind}:{name}", repair="" if name == text else f"{text!r} -> {name!r}")


def _id_in_link(path: str, kind: str) -> str:
    """Return OWNER/NAME of a Hub page; of a data set's page only where a data set is wanted."""
    steps = [step for step in path.split("/") if step]
    if steps and steps[0] in ("datasets", "spaces"):
        if steps[0] != f"{kind}s":
            return ""
        steps = steps[1:]
    elif kind == "dataset":
        return ""
    pages = ("tree", "blob", "resolve", "raw", "commit", "commits", "discussions")
    if len(steps) > 1 and steps[1] in pages:
        return steps[0]  # an old model without an owner: huggingface.co/gpt2/tree/main
    if len(steps) > 2 and steps[2] not in pages:
        return ""
    return "/".join(steps[:2])


def listed(text: str) -> list[str] | None:
    """Return the texts of a list that was written as one text, else None. Nothing is evaluated.

    >>> listed("['a/b', 'c/d']"), listed("a/b, c/d"), listed("a/b")
    (['a/b', 'c/d'], ['a/b', 'c/d'], None)
    """
    plain = text.strip()
    if len(plain) > LIST_CHARACTERS:
        return None
    if plain[:1] in ("[", "(") and plain[-1:] in ("]", ")"):
        value = _literal(plain)
        if value is None:
            items = [item.strip().strip("'\"") for item in plain[1:-1].split(",")]
            return [item for item in items if item]
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return list(value)
        return None
    if "," in plain and "://" not in plain:
        return [item.strip() for item in plain.split(",") if item.strip()]
    return None


def _literal(text: str) -> object:
    """Return the value of a Python literal, or None; text with escapes is not tried, as it may only warn."""
    if "\\" in text:
        return None
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value


_QUANTIZED: Final = ("gguf", "awq", "gptq", "exl2", "bnb")
_BY_TAG: Final = {word: ("quantization", f"tag {word}") for word in _QUANTIZED}
_BY_NAME: Final = {word: ("quantization", f"{word} in the name") for word in _QUANTIZED}
_ADAPTER: Final = ("adapter", "library peft, or the files of an adapter")
_MERGE: Final = ("merge", "several parents and a merge tag")


def guessed_relation(
    product: str, tags: Sequence[str], parents: int, *, adapter: bool
) -> tuple[str, str] | None:
    """Return (relation, why) as the Hub infers it for a record that states none, or None.

    In this order: `adapter` (the library is peft, or the files are those of an adapter); several parents and
    the tag `merge` or `mergekit` mean merge; gguf, awq, gptq, exl2 or bnb among the tags or in the name mean
    quantization. The Hub calls everything else a fine-tune; here it stays unknown, and distillation is never
    guessed.

    >>> guessed_relation("model:a/b-GGUF", ["text-generation"], 1, adapter=False)
    ('quantization', 'gguf in the name')
    """
    if adapter:
        return _ADAPTER
    if parents > 1 and ("merge" in tags or "mergekit" in tags):
        return _MERGE
    lower = product.lower()
    for word in _QUANTIZED:
        if word in tags:
            return _BY_TAG[word]
        if word in lower and re.search(
            rf"(?<![a-z]){word}(?![a-z])", lower.partition(":")[2].rpartition("/")[2]
        ):
            return _BY_NAME[word]
    return None
