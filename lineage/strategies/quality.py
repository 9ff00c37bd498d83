"""Quality beside carbon: JQCR, quality per gram, and the Pareto set over named metrics, each with its direction.

Two metrics never compare: every figure names its metric, and what mixes two is refused.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.errors import OptionError, did_you_mean
from lineage.kernels.arrays import Flags, Floats
from lineage.kernels.jobs import jqcr
from lineage.strategies.scores import Score

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QualityGroup", "QualityRow", "QualityTable", "pareto", "quality_ratio", "quality_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """One model: a value per metric of its group, the carbon and hours of these evaluations; None is unknown.

    `jqcr` is quality / SCR, SCR the evaluation's carbon per hour; `per_gram` is quality / gCO2e; both per metric.
    `pareto`: no other model is as good in everything and better in something; None where a figure is unknown.
    `revision` is the revision of the model that all of it is of.
    """

    product: str
    revision: str
    values: tuple[float | None, ...]
    carbon_gco2e: float | None
    duration_h: float | None
    jqcr: tuple[float | None, ...]
    per_gram: tuple[float | None, ...]
    pareto: bool | None

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "revision"}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityGroup:
    """Models by the metrics that they share; the best carbon first among the Pareto set, then the others."""

    metrics: tuple[str, ...]
    higher_is_better: tuple[bool, ...]
    rows: tuple[QualityRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the group as JSON holds it."""
        return {
            "metrics": list(self.metrics),
            "higher_is_better": list(self.higher_is_better),
            "rows": [row.as_dict() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class QualityTable:
    """Groups of models that may be compared with each other, and only within a group."""

    groups: tuple[QualityGroup, ...]

    @property
    def table(self) -> "pd.DataFrame":
        """One row per model and metric as a pandas DataFrame; unknown is NaN."""
        import pandas as pd

        return pd.DataFrame.from_records(self.records())

    def records(self) -> list[dict[str, Any]]:
        """Return one flat row per model and metric."""
        return [
            {
                "metric": metric,
                "higher_is_better": group.higher_is_better[place],
                "product": row.product,
                "revision": row.revision,
                "quality": row.values[place],
                "carbon_gco2e": row.carbon_gco2e,
                "duration_h": row.duration_h,
                "jqcr": row.jqcr[place],
                "quality_per_gco2e": row.per_gram[place],
                "pareto": row.pareto,
            }
            for group in self.groups
            for place, metric in enumerate(group.metrics)
            for row in group.rows
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the table as JSON holds it."""
        return {"groups": [group.as_dict() for group in self.groups]}


def pareto(values: Floats, higher: Sequence[bool]) -> Flags:
    """Return which rows of values (n, metrics) no other row dominates, (n,): as good in all, better in one.

    >>> pareto(np.array([[0.9, 5.0], [0.8, 1.0], [0.7, 2.0]]), [True, False]).tolist()
    [True, True, False]
    """
    turned = np.where(np.asarray(higher), values, -values)
    as_good = (turned[:, None, :] >= turned[None, :, :]).all(axis=2)
    better = (turned[:, None, :] > turned[None, :, :]).any(axis=2)
    kept: Flags = ~np.asarray((as_good & better).any(axis=0), dtype=np.bool_)
    return kept


def quality_ratio(a: Score, b: Score) -> float | None:
    """Return the quality of A over that of B; raises `OptionError` where their metrics differ.

    None where B's is 0. A metric of which less is better (a latency) counts as 1 / quality.
    """
    if (a.metric, a.dataset, a.higher_is_better) != (b.metric, b.dataset, b.higher_is_better):
        raise OptionError(
            f"{a.metric!r} of {a.product} and {b.metric!r} of {b.product} are different metrics; compare one metric"
        )
    above, below = (a.value, b.value) if a.higher_is_better else (b.value, a.value)
    return above / below if below else None


def quality_table(scores: Sequence[Score], metrics: Sequence[str] = ()) -> QualityTable:
    """Return models by quality and carbon: one group per metric, or one group of the metrics named together.

    A metric may be named by some of its words ("BornholmBitextMining main_score") where that fits one. Of each model
    one revision counts in a group, never two mixed: one with the most of the group's metrics, of several the last by
    name (the best score is not picked); the metrics that it lacks are unknown.
    Raises `OptionError` for a name that fits none or several.
    """
    known = list(dict.fromkeys((score.metric, score.dataset) for score in scores))
    if metrics:
        chosen = [_named(name, known) for name in metrics]
        return QualityTable((_group(scores, tuple(dict.fromkeys(chosen))),))
    counts = {item: sum((score.metric, score.dataset) == item for score in scores) for item in known}
    ordered = sorted(known, key=lambda item: (-counts[item], item))
    return QualityTable(tuple(_group(scores, (item,)) for item in ordered))


def _named(name: str, known: Sequence[tuple[str, str]]) -> tuple[str, str]:
    words = name.split()
    fitting = [item for item in known if item[0] == name]
    fitting = fitting or [item for item in known if set(words) <= {*item[0].split(), item[1]}]
    fitting = fitting or [item for item in known if name.casefold() in item[0].casefold()]
    texts = sorted({item[0] for item in known})
    if not fitting:
        there = ", ".join(texts[:5])
        raise OptionError(f"there is no metric {name!r}{did_you_mean(name, texts)}; there are {there}, ...")
    if len(fitting) > 1:
        raise OptionError(
            f"{name!r} fits {len(fitting)} metrics, such as {fitting[0][0]!r}; add a word of it"
        )
    return fitting[0]


def _group(scores: Sequence[Score], metrics: tuple[tuple[str, str], ...]) -> QualityGroup:
    by_product: dict[str, dict[str, dict[tuple[str, str], Score]]] = {}
    higher = dict.fromkeys(metrics, True)
    for score in scores:
        key = (score.metric, score.dataset)
        if key in higher:
            higher[key] = score.higher_is_better
            by_product.setdefault(score.product, {}).setdefault(score.revision, {})[key] = score
    directions = tuple(higher.values())
    rows = []
    for product, revisions in by_product.items():
        revision, found = max(revisions.items(), key=lambda item: (len(item[1]), item[0]))
        rows.append(_row(product, revision, [found.get(key) for key in metrics]))
    complete = [place for place, row in enumerate(rows) if None not in (*row.values, row.carbon_gco2e)]
    if complete:
        figures = np.array(
            [[*rows[place].values, rows[place].carbon_gco2e] for place in complete], np.float64
        )
        for place, kept in zip(complete, pareto(figures, [*directions, False]).tolist(), strict=True):
            rows[place] = _marked(rows[place], kept)
    rows.sort(key=lambda row: (not row.pareto, _last(row.carbon_gco2e), row.product))
    return QualityGroup(
        metrics=tuple(name for name, _ in metrics), higher_is_better=directions, rows=tuple(rows)
    )


def _last(value: float | None) -> float:
    return math.inf if value is None else value


def _marked(row: QualityRow, kept: bool) -> QualityRow:
    return QualityRow(**{name: getattr(row, name) for name in QualityRow.__slots__} | {"pareto": kept})


def _row(product: str, revision: str, found: Sequence[Score | None]) -> QualityRow:
    carbon = _total([None if score is None else score.carbon_gco2e for score in found])
    hours = _total([None if score is None else score.duration_h for score in found])
    rates: list[float | None] = []
    per_gram: list[float | None] = []
    for score in found:
        if score is None or not score.carbon_gco2e:
            rates.append(None)
            per_gram.append(None)
            continue
        scr = score.carbon_gco2e / score.duration_h if score.duration_h else None
        rates.append(jqcr(score.value, scr, higher_is_better=score.higher_is_better))
        per_gram.append(jqcr(score.value, score.carbon_gco2e, higher_is_better=score.higher_is_better))
    return QualityRow(
        product=product,
        revision=revision,
        values=tuple(None if score is None else score.value for score in found),
        carbon_gco2e=carbon,
        duration_h=hours,
        jqcr=tuple(rates),
        per_gram=tuple(per_gram),
        pareto=None,
    )


def _total(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return math.fsum(known) if len(known) == len(parts) else None
