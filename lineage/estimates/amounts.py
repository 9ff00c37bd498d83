"""How many tokens went into each product: as stated, or no more than the size of the data sets it was made on."""

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from lineage.graph import Graph
from lineage.kernels.arrays import Flags, Floats

__all__ = ["FROM_TOKENS", "ON_DATA", "attribute", "texts", "tokens_of"]

# Steps whose energy follows from tokens, and how they are called where only the size of their data is known.
FROM_TOKENS: Final = ("training", "fine-tune", "adapter", "distillation", "continued-pretraining")
ON_DATA: Final = " on data"

BYTES: Final = (
    "bytes",
    "size_bytes",
    "dataset_size_bytes",
)  # attributes of data sets, where importers leave them
BYTES_PER_TOKEN: Final = 4.0  # of English text (GPT-2's tokenizer, Radford et al. 2019)

# What data sets and models say of themselves, and words in it that tell of pictures, sound and the like.
_TOLD: Final = ("modality", "modalities", "task_categories", "pipeline_tag", "tags", "format", "formats")
_OTHER_MODALITY: Final = re.compile(
    r"image|vision|visual|audio|speech|video|depth|segmentation|object-detection|imagefolder|audiofolder|tabular|"
    r"3d|robotics|time-series"
)
# Of the names of data sets and models only words that are seldom part of other words.
_NAMED: Final = re.compile(
    r"(?<![a-z])(?:imagenet|images?|pictures?|photos?|coco|cifar|mnist|laion|celeba|audio|speech|librispeech|voices?|"
    r"videos?|kinetics|ucf|vision|vit|deit|beit|swin(?:v2)?|dino(?:v2)?|resnet|convnext|mobilenet|efficientnet|yolos?|"
    r"detr|segformer|clip|siglip|whisper|wav2vec|hubert|wavlm|diffusion|sdxl|flux|musicgen|videomae)(?![a-z])"
)


def tokens_of(graph: Graph, data: Flags) -> tuple[Floats, Flags]:
    """Return the tokens of each product, and of which they are only those of its data sets.

    Its own, or what its edges say was sampled; else the sum over its data sets where all are known. How much of a data
    set was read, and how often, no size tells.
    """
    stated = graph.floats("products", "tokens")
    tokens = np.where(stated > 0, stated, np.nan)
    size = attribute(graph, BYTES, np.nan)
    sized = np.isnan(tokens) & data & (size > 0)
    if sized.any():
        tokens = np.where(sized & _text(graph, data), size / BYTES_PER_TOKEN, tokens)
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    guessed = np.zeros(len(graph), np.bool_)
    if not len(child):
        return tokens, guessed
    sampled = graph.floats("edges", "tokens_sampled")
    on_data = data[parent] & ~data[child]
    child, parent, sampled = child[on_data], parent[on_data], sampled[on_data]
    amount = np.where(np.isnan(sampled), tokens[parent], sampled)
    if np.isnan(amount).all():
        return tokens, guessed
    total = np.bincount(child, weights=np.nan_to_num(amount), minlength=len(graph))
    lacking = np.bincount(child, weights=np.isnan(amount), minlength=len(graph))
    whole = (total > 0) & (lacking == 0) & np.isnan(tokens)
    guessed[child[np.isnan(sampled)]] = True
    return np.where(whole, total, tokens), guessed & whole


def _text(graph: Graph, data: Flags) -> Flags:
    """Return the data sets of which nothing tells that they are not text: neither they nor a model made on them."""
    other = np.zeros(len(graph), np.bool_)
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    on_data = data[parent] & ~data[child]
    told = [column for name in _TOLD if (column := texts(graph, name)) is not None]
    for code in {*np.flatnonzero(data).tolist(), *child[on_data].tolist()}:
        other[code] = _NAMED.search(graph.ids[code].lower()) is not None or any(
            column[code] and _OTHER_MODALITY.search(str(column[code]).lower()) for column in told
        )
    of_models = other[child] & on_data
    other[parent[of_models]] = True
    return data & ~other


def texts(graph: Graph, name: str) -> list[str | None] | None:
    """Return a column of text of the products, None where the graph has none of this name."""
    return graph.texts("products", name) if name in graph.tables["products"].column_names else None


def attribute(graph: Graph, names: Sequence[str], default: float) -> Floats:
    """Return the first numeric attribute of these names, the default where there is none."""
    values = np.full(len(graph), np.nan)
    table = graph.tables["products"]
    for name in names:
        if name not in table.column_names:
            continue
        numbers = [_number(item) for item in table.column(name).to_pylist()]
        values = np.where(np.isnan(values), np.array(numbers, np.float64), values)
    return np.where(np.isnan(values), default, values)


def _number(item: object) -> float:
    try:
        value = float(str(item))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) and value > 0 else math.nan
