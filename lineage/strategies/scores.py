"""Evaluation results of the Massive Text Embedding Benchmark (MTEB): one file per model, revision and task.

Layout of https://github.com/embeddings-benchmark/results: MODEL/REVISION/TASK.json beside model_meta.json, which names
the model. A result holds `scores` by split and subset, `evaluation_time` (s) and `kg_co2_emissions` (kg) of the
evaluation itself: use, not training.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lineage.errors import ImportFault

__all__ = ["Score", "read_scores"]

META: Final = "model_meta.json"
MAIN: Final = "main_score"  # what MTEB ranks by; higher is better for all of its tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One value of one named metric for a product, with what its evaluation took; None is unknown.

    `metric` names task, split, subset, and `dataset` the revision of the data: only scores in which both agree compare.
    """

    product: str
    revision: str
    metric: str
    dataset: str
    value: float
    duration_h: float | None
    carbon_gco2e: float | None
    place: str

    higher_is_better: bool = True


def read_scores(folder: str | Path) -> list[Score]:
    """Return the main score of every result under a folder, sorted by product, metric, revision.

    Raises `ImportFault` for a folder without results, and for a result that is none, with its place.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ImportFault(
            str(root), "", "there is no such folder; name the folder of MODEL/REVISION/TASK.json files"
        )
    found = [
        score for path in sorted(root.rglob("*.json")) if path.name != META for score in _scores(path, root)
    ]
    if not found:
        raise ImportFault(str(root), "", "no results here; MODEL/REVISION/TASK.json files are expected")
    return sorted(found, key=lambda score: (score.product, score.metric, score.revision))


def _scores(path: Path, root: Path) -> Iterator[Score]:
    place = str(path.relative_to(root))
    made = _json(path, place)
    scores, task = made.get("scores"), made.get("task_name")
    if not isinstance(scores, dict) or not isinstance(task, str):
        raise ImportFault(str(root), place, "this is no result: task_name and scores are expected")
    product, revision = _model(path)
    seconds = _number(made.get("evaluation_time"), place, root)
    kilograms = _number(made.get("kg_co2_emissions"), place, root)
    entries = [(split, item) for split, items in scores.items() for item in _listed(items, place, root)]
    for split, item in entries:
        value = _number(item.get(MAIN), place, root)
        if value is None:
            continue
        alone = len(entries) == 1  # the carbon is that of the whole file; it cannot be divided
        yield Score(
            product=product,
            revision=revision,
            metric=f"{task} {split} {item.get('hf_subset', 'default')} {MAIN}",
            dataset=str(made.get("dataset_revision") or ""),
            value=value,
            duration_h=None if seconds is None or not alone else seconds / 3600,
            carbon_gco2e=None if kilograms is None or not alone else 1000 * kilograms,
            place=place,
        )


def _listed(items: Any, place: str, root: Path) -> list[Mapping[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ImportFault(str(root), place, "scores are lists of objects by split")
    return items


def _number(value: Any, place: str, root: Path) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ImportFault(str(root), place, f"{value!r} is not a number; leave it null if it is unknown")
    return float(value)


def _model(path: Path) -> tuple[str, str]:
    """Return product and revision: as model_meta.json beside the result says, else as the folders do."""
    name, revision = path.parent.parent.name.replace("__", "/"), path.parent.name
    meta = path.parent / META
    if meta.is_file():
        made = _json(meta, meta.name)
        name, revision = str(made.get("name") or name), str(made.get("revision") or revision)
    return f"model:{name}", revision


def _json(path: Path, place: str) -> dict[str, Any]:
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ImportFault(str(path), "", f"this is no JSON: {error}") from None
    if not isinstance(made, dict):
        raise ImportFault(str(path), "", "this is no result: a JSON object is expected")
    return made
