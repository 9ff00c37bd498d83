"""Which keys a record of the Hub has, and what they tell about it."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["DATASET_KEYS", "MODEL_KEYS", "PLAIN_KEYS", "has_adapter", "kind_of_record"]

# Keys that say nothing beyond what `add` reads; any other key takes the long way.
PLAIN_KEYS: Final = frozenset(
    [
        "_id",
        "id",
        "modelId",
        "likes",
        "private",
        "downloads",
        "tags",
        "pipeline_tag",
        "library_name",
        "createdAt",
        "author",
        "gated",
        "disabled",
        "key",
        "lastModified",
        "trendingScore",
        "description",
        "citation",
        "paperswithcode_id",
        "siblings",
        "config",
        "mask_token",
        "spaces",
    ]
)
MODEL_KEYS: Final = (
    "pipeline_tag",
    "library_name",
    "safetensors",
    "config",
    "baseModels",
    "transformersInfo",
    "gguf",
)
DATASET_KEYS: Final = ("key", "description", "paperswithcode_id", "citation")
DATASET_TAGS: Final = (
    "task_categories:",
    "size_categories:",
    "source_datasets:",
    "task_ids:",
    "annotations_creators:",
)


def kind_of_record(record: Mapping[str, Any], tags: Any) -> str:
    """Return what a record describes: only the single-model and list routes for models say `modelId`."""
    if any(key in record for key in MODEL_KEYS):
        return "model"
    if any(key in record for key in DATASET_KEYS) or any(tag.startswith(DATASET_TAGS) for tag in tags):
        return "dataset"
    return "model"


def has_adapter(record: Mapping[str, Any]) -> bool:
    """Say whether the files or the configuration of a record are those of a PEFT adapter."""
    config = record.get("config")
    if isinstance(config, dict) and ("peft" in config or "adapter_config" in config):
        return True
    files = record.get("siblings")
    return isinstance(files, list) and {"rfilename": "adapter_config.json"} in files
