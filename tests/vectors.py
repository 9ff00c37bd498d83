"""The exact cases of accounting.jsonl: how they are read, and how a result is compared with them.

Each case was made in rational arithmetic by a program that shares no code with this project.
"""

import json
from pathlib import Path
from typing import Any

import pytest

__all__ = ["CASES", "assert_case", "name_of", "products_and_edges", "run_options"]

Case = dict[str, Any]

_LINES = (Path(__file__).parent / "data" / "accounting.jsonl").read_text(encoding="utf-8").splitlines()
CASES: list[Case] = [json.loads(line) for line in _LINES]


def name_of(case: Case) -> str:
    """Return what a case proves, as a test id."""
    name: str = case["name"]
    return name


def products_and_edges(case: Case) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of the own tables `products` and `edges`; None is an empty cell."""
    products = []
    for product, facts in case["products"].items():
        lo, best, hi = facts["own"] or (None, None, None)
        row = {"id": product, "own_carbon_gco2e": best, "own_carbon_gco2e_lo": lo, "own_carbon_gco2e_hi": hi}
        products.append(row | {key: value for key, value in facts.items() if key != "own"})
    edges = [edge | {"w": None if edge.get("w") is None else float(edge["w"])} for edge in case["edges"]]
    for edge in edges:
        if edge.get("merge_weight") is not None:
            edge["merge_weight"] = float(edge["merge_weight"])
    return products, edges


def run_options(case: Case) -> dict[str, Any]:
    """Return the options of `lineage.Run`."""
    given = dict(case["run"])
    options: dict[str, Any] = {}
    if "A" in given:
        options["cff_a"] = float(given.pop("A"))
    if "retain" in given:
        options["retain"] = bool(given.pop("retain"))
    return options | given


def _close(found: float | None, expected: dict[str, Any] | None, what: str) -> None:
    value = None if expected is None else expected["value"]
    if value is None or found is None:
        assert found == value, f"{what}: {found} instead of {value}"
    else:
        assert found == pytest.approx(value, rel=1e-12, abs=1e-12), what


def _close_interval(found: dict[str, Any] | None, expected: dict[str, Any] | None, what: str) -> None:
    if expected is None or found is None:
        assert found == expected, f"{what}: {found} instead of {expected}"
        return
    for bound in ("lo", "best", "hi"):
        _close(found[bound], expected[bound], f"{what}.{bound}")


def assert_case(case: Case, result: dict[str, Any]) -> None:
    """Compare a `lineage/cost/1` document with what a case expects, to 1e-12 relative."""
    expect = case["expect"]
    rows = {row["id"]: row for row in result["products"]}
    assert sorted(rows) == sorted(expect["products"])
    for product, views in expect["products"].items():
        row = rows[product]
        for view in ("own", "cumulative", "epc", "burden"):
            _close_interval(row[view], views[view], f"{product} {view}")
        _close(row["retained_share"], views["retained_share"], f"{product} retained_share")
        _close(row["covered"], views["covered"], f"{product} covered")
    if result["unassigned"] is not None:
        _close_interval(result["unassigned"], expect["unassigned"], "unassigned")
    conservation = result["conservation"]
    assert conservation["applies"] == expect["conservation"]["applies"]
    _close(conservation["sum_own"], expect["conservation"]["sum_own"], "sum_own")
    _close(conservation["sum_burden"], expect["conservation"]["sum_burden"], "sum_burden")
    assert [[item["product"], item["parent"]] for item in result["dropped"]] == expect["dropped"]
    told = {(item["code"], item["subject"]) for item in result["findings"]}
    assert {(code, subject) for code, subject in expect["findings"]} <= told
