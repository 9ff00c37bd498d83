"""A card of the Hub: Markdown with YAML on top, and whose card it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lineage.claims import Claims, Source
from lineage.errors import ImportFault
from lineage_importers import _files, _yaml
from lineage_importers._hub_columns import shown
from lineage_importers._hub_records import Records

__all__ = ["read_card"]

CARD_BYTES: Final = 32 << 20
NAME_KEYS: Final = ("model_id", "dataset_id", "id")
DATASET_KEYS: Final = (
    "annotations_creators",
    "configs",
    "dataset_info",
    "size_categories",
    "source_datasets",
    "task_categories",
    "task_ids",
)
MODEL_KEYS: Final = (
    "base_model",
    "library_name",
    "pipeline_tag",
    "model-index",
    "datasets",
    "co2_eq_emissions",
)
HOW_TO_NAME: Final = (
    "whose card is this? Call it OWNER/NAME/README.md under the folder you load, or OWNER__NAME.md, "
    "or put `model_id: OWNER/NAME` into its front matter"
)


def read_card(path: Path, source: Source) -> Claims:
    """Read one card. Raises `ImportFault` with line and key."""
    text = _files.text_of(path, source.address, limit=CARD_BYTES)
    front = _yaml.front_matter(text, source.address)
    name = _name(path, source, front.values)
    kind = _kind(path, front.values)
    records = Records(source, kind=kind, strict=True)
    places = {key: f"line {line}" for key, line in front.lines.items()}
    for key, line in front.repeated:
        text = f"key {key} stands there more than once; the last one counts"
        records.note("ignored-value", f"{kind}:{name}", text, f"line {line}")
    if name not in _stated_names(front.values) and source.root == source.address and _is_readme(path):
        text = f"the id {name} is taken from the two folders that the card lies in"
        records.note("repaired-value", f"{kind}:{name}", text, "line 1")
    for key in ("pipeline_tag", "library_name"):
        value = front.values.get(key)
        if not isinstance(value, str | None):
            raise ImportFault(
                source.address, f"{places[key]}, key {key}", f"text expected, not {shown(value)}"
            )
    record = {
        "id": name,
        "tags": _tags(front.values.get("tags")),
        "pipeline_tag": front.values.get("pipeline_tag"),
        "library_name": front.values.get("library_name"),
        "cardData": front.values,
    }
    records.add(record, "line 1", places)
    return records.done()


def _tags(value: Any) -> list[str]:
    """Return the tags that are text; they only help to infer the relation."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _kind(path: Path, values: Mapping[str, Any]) -> str:
    if any(part == "datasets" or part.startswith("datasets--") for part in path.parts[-5:-2]):
        return "dataset"
    if any(key in values for key in MODEL_KEYS):
        return "model"
    return "dataset" if any(key in values for key in DATASET_KEYS) else "model"


def _is_readme(path: Path) -> bool:
    return path.stem.lower() == "readme"


def _stated_names(values: Mapping[str, Any]) -> list[str]:
    return [values[key] for key in NAME_KEYS if isinstance(values.get(key), str)]


def _name(path: Path, source: Source, values: Mapping[str, Any]) -> str:
    """Return OWNER/NAME: from the front matter, a folder of the Hub's cache, the file name, or the folders."""
    stated = _stated_names(values)
    if stated:
        return stated[0]
    for part in path.parts[:-1]:
        kind, _, rest = part.partition("--")
        if kind in ("models", "datasets") and rest:
            return rest.replace("--", "/", 1)
    if not _is_readme(path):
        stem = path.stem
        owner, _, name = (stem[: -len("__readme")] if stem.lower().endswith("__readme") else stem).partition(
            "__"
        )
        if owner and name:
            return f"{owner}/{name}"
    elif (folders := _folders(path, source)) is not None:
        return "/".join(folders)
    raise ImportFault(source.address, "", HOW_TO_NAME)


def _folders(path: Path, source: Source) -> tuple[str, ...] | None:
    """Return the two folders above a README: inside the folder that was loaded; for a single file anywhere."""
    inside = path.parts
    if source.root != source.address:
        try:
            inside = path.relative_to(source.root).parts
        except ValueError:
            return None
    elif path.is_absolute():
        inside = inside[1:]
    return inside[-3:-1] if len(inside) >= 3 else None
