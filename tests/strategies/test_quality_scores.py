"""Quality beside carbon: real scores are read, metrics are named and never mixed, the Pareto set is what it says."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import ImportFault, OptionError
from lineage.strategies.quality import pareto, quality_ratio, quality_table
from lineage.strategies.scores import Score, read_scores


def score(product: str, value: float, **facts: Any) -> Score:
    plain: dict[str, Any] = {"revision": "1", "metric": "Task test default main_score", "dataset": "d"}
    plain |= {"product": product, "value": value, "duration_h": 0.5, "carbon_gco2e": 2.0, "place": "x"}
    return Score(**plain | facts)


def write(folder: Path, name: str, content: object) -> None:
    path = folder / "acme__m" / "rev" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


@pytest.mark.samples
def test_real_scores(samples: Path) -> None:
    scores = read_scores(samples / "mteb_results")
    assert len(scores) == 390 and len({item.product for item in scores}) == 98
    (one,) = [
        item
        for item in scores
        if item.product == "model:BAAI/bge-base-en-v1.5" and item.metric.startswith("BornholmBitextMining")
    ]
    assert one.metric == "BornholmBitextMining test default main_score" and one.value == 0.27604043637521897
    assert one.carbon_gco2e == pytest.approx(8.608328120067431e-02, rel=1e-12)
    assert one.duration_h == pytest.approx(2.648827314376831 / 3600)
    table = quality_table(scores, ["Bornholm"])
    (group,) = table.groups
    assert len(group.rows) == 66 and {row.pareto for row in group.rows} == {True, False}
    best = max(group.rows, key=lambda row: row.values[0] or 0.0)
    cleanest = min(group.rows, key=lambda row: row.carbon_gco2e or 1e9)
    assert best.pareto and cleanest.pareto
    assert cleanest.jqcr[0] == pytest.approx(
        (cleanest.values[0] or 0) / ((cleanest.carbon_gco2e or 0) / (cleanest.duration_h or 1))
    )
    assert quality_table(scores).groups[0] == group  # the metric with most models comes first


def test_metrics_never_mix() -> None:
    a, b = score("model:a", 0.9), score("model:b", 0.6)
    assert quality_ratio(a, b) == pytest.approx(1.5)
    assert quality_ratio(a, replace(b, value=0.0)) is None
    late = [replace(item, higher_is_better=False) for item in (a, b)]
    assert quality_ratio(*late) == pytest.approx(0.6 / 0.9)
    for other in (replace(b, metric="Other"), replace(b, dataset="e"), late[1]):
        with pytest.raises(OptionError, match="are different metrics; compare one metric"):
            quality_ratio(a, other)
    groups = quality_table([a, replace(b, dataset="e")]).groups
    assert [[row.product for row in group.rows] for group in groups] == [["model:a"], ["model:b"]]


def test_names_of_metrics() -> None:
    scores = [score("model:a", 0.9), score("model:a", 0.1, metric="Task dev default main_score")]
    assert quality_table(scores, ["Task dev"]).groups[0].rows[0].values == (0.1,)
    together = quality_table(scores, ["Task dev", "Task test"]).groups[0]
    assert together.rows[0].values == (0.1, 0.9) and together.rows[0].carbon_gco2e == 4.0
    with pytest.raises(OptionError, match=r"there is no metric 'Tusk'.*there are Task dev"):
        quality_table(scores, ["Tusk"])
    with pytest.raises(OptionError, match=r"'Task' fits 2 metrics, such as 'Task .*'; add a word of it"):
        quality_table(scores, ["Task"])


def test_unknown_carbon_is_in_no_pareto_set() -> None:
    known, unknown = score("model:a", 0.1), score("model:b", 0.9, carbon_gco2e=None)
    timeless = score("model:c", 0.05, duration_h=None)
    rows = {row.product: row for row in quality_table([known, unknown, timeless]).groups[0].rows}
    assert (rows["model:a"].pareto, rows["model:b"].pareto, rows["model:c"].pareto) == (True, None, False)
    assert rows["model:b"].per_gram == (None,) == rows["model:b"].jqcr
    assert rows["model:c"].jqcr == (None,) and rows["model:c"].per_gram == (0.025,)
    assert rows["model:a"].jqcr == (0.025,)  # 0.1 / (2 g / 0.5 h)
    table = quality_table([known, unknown]).table
    assert table["carbon_gco2e"].isna().tolist() == [False, True]
    missing = quality_table([known, score("model:b", 1.0, metric="Other")], ["Task", "Other"]).groups[0]
    assert {row.pareto for row in missing.rows} == {None}


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_pareto_is_what_nobody_dominates(rows: list[tuple[int, int, int]]) -> None:
    kept = pareto(np.array(rows, dtype=np.float64), [True, False, True])
    signs = (1, -1, 1)
    for place, row in enumerate(rows):
        dominated = any(
            all(s * x >= s * y for s, x, y in zip(signs, other, row, strict=True)) and other != row
            for other in rows
        )
        assert kept[place] == (not dominated)
    assert kept.any()


def test_results_without_meta_data_are_named_by_their_folders(tmp_path: Path) -> None:
    item = {"main_score": 0.5, "hf_subset": "en"}
    write(tmp_path, "T.json", {"task_name": "T", "scores": {"test": [item, item | {"hf_subset": "fr"}]}})
    write(tmp_path, "U.json", {"task_name": "U", "scores": {"test": [{"main_score": None}]}})
    scores = read_scores(tmp_path)
    assert [(one.product, one.revision, one.metric) for one in scores] == [
        ("model:acme/m", "rev", "T test en main_score"),
        ("model:acme/m", "rev", "T test fr main_score"),
    ]
    assert {one.carbon_gco2e for one in scores} == {None}  # one figure for two scores cannot be divided


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "this is no JSON"),
        ([], "a JSON object is expected"),
        ({"scores": {}}, "task_name and scores are expected"),
        ({"task_name": "T", "scores": {"test": {}}}, "scores are lists of objects by split"),
        (
            {"task_name": "T", "scores": {"test": [{"main_score": "high"}]}},
            "'high' is not a number; leave it null",
        ),
    ],
)
def test_results_that_are_none(tmp_path: Path, content: object, said: str) -> None:
    write(tmp_path, "T.json", content)
    with pytest.raises(ImportFault, match=said):
        read_scores(tmp_path)


def test_folders_without_results(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match=r"no results here; MODEL/REVISION/TASK.json files are expected"):
        read_scores(tmp_path)
    with pytest.raises(ImportFault, match="there is no such folder"):
        read_scores(tmp_path / "none")
