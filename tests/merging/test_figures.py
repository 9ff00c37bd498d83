"""Which figure becomes a product's own cost."""

from typing import Any

import pytest

from lineage.findings import Finding
from lineage.graph import Graph, resolve
from merging.sources import said, together


def _own(graph: Graph, name: str = "own_carbon", unit: str = "gco2e") -> tuple[object, ...]:
    row = graph.tables["products"].slice(graph.codes["model:a"], 1).to_pylist()[0]
    columns = (f"{name}_{unit}_lo", f"{name}_{unit}", f"{name}_{unit}_hi", f"{name}_tier", f"{name}_source")
    return tuple(row[column] for column in columns)


def _row(**values: Any) -> dict[str, Any]:
    return {"id": "model:a", **values}


def _resolve(*rows: dict[str, Any]) -> tuple[Graph, tuple[Finding, ...]]:
    """Resolve one source per row."""
    return resolve(together(*(said(f"dir/s{number}.csv", products=[row]) for number, row in enumerate(rows))))


def test_a_figure_without_bounds_and_tier_is_reported_and_certain() -> None:
    graph, findings = _resolve(_row(own_carbon_gco2e=7.0))
    assert _own(graph) == (7.0, 7.0, 7.0, "reported", "s0.csv, products 1")
    assert _own(graph, "own_energy", "kwh") == (None,) * 5
    assert findings == ()


def test_bounds_and_citation_are_kept() -> None:
    graph, _ = _resolve(
        _row(own_energy_kwh=2.0, own_energy_kwh_lo=1.0, tier="measured", citation="Luccioni 2023")
    )
    assert _own(graph, "own_energy", "kwh") == (1.0, 2.0, 2.0, "measured", "Luccioni 2023")


def test_bounds_without_a_best_value_do_not_make_one() -> None:
    graph, _ = _resolve(_row(own_carbon_gco2e_lo=1.0))
    assert _own(graph)[:4] == (1.0, None, None, "reported")


def test_zero_is_a_figure() -> None:
    assert _own(_resolve(_row(own_carbon_gco2e=0.0))[0])[:3] == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("newest_first", [False, True])
def test_better_evidence_wins_over_newer(newest_first: bool) -> None:
    rows = [_row(own_carbon_gco2e=100.0, tier="measured"), _row(own_carbon_gco2e=150.0, tier="imputed")]
    graph, findings = _resolve(*(rows[::-1] if newest_first else rows))
    assert _own(graph)[1] == 100.0
    assert [item.code for item in findings] == ["does-not-reconcile"]
    loser, winner = ("s0.csv", "s1.csv") if newest_first else ("s1.csv", "s0.csv")
    assert findings[0].text == (
        f"own carbon 150 g ({loser}, products 1) differs from 100 g ({winner}, products 1), which is kept"
    )
    assert findings[0].source == f"dir/{loser}"


def test_on_a_tie_the_newer_source_wins() -> None:
    graph, findings = _resolve(_row(own_carbon_gco2e=100.0), _row(own_carbon_gco2e=102.0))
    assert _own(graph)[1] == 102.0
    assert [item.subject for item in findings] == ["model:a"]


def test_one_percent_apart_reconciles() -> None:
    graph, findings = _resolve(_row(own_carbon_gco2e=100.0), _row(own_carbon_gco2e=101.0))
    assert _own(graph)[1] == 101.0
    assert findings == ()


def test_impacts_are_decided_one_by_one() -> None:
    graph, _ = _resolve(
        _row(own_carbon_gco2e=5.0, own_energy_kwh=1.0, tier="measured"),
        _row(own_carbon_gco2e=5.0, own_water_l=3.0),
    )
    assert _own(graph)[3] == "measured"
    assert _own(graph, "own_energy", "kwh")[1] == 1.0
    assert _own(graph, "own_water", "l")[1] == 3.0


def test_a_superseded_figure_never_wins_not_even_alone() -> None:
    graph, findings = _resolve(
        _row(own_carbon_gco2e=9.0, superseded="withdrawn by the authors", tier="measured")
    )
    assert _own(graph) == (None,) * 5
    (found,) = findings
    assert (found.code, found.severity) == ("superseded", "info")
    assert found.text == "own carbon 9 g (s0.csv, products 1) never wins: withdrawn by the authors"
    graph, _ = _resolve(
        _row(own_carbon_gco2e=9.0, superseded="withdrawn", tier="measured"),
        _row(own_carbon_gco2e=4.0, tier="imputed"),
    )
    assert _own(graph)[1] == 4.0


def test_a_total_that_holds_others_is_not_added_to_them() -> None:
    total = _row(own_carbon_gco2e=90.0, contains="model:b; dataset:c", tier="measured")
    graph, findings = _resolve(total)
    assert _own(graph) == (None,) * 5
    assert [item.code for item in findings] == ["contains"]
    assert "holds the totals of model:b; dataset:c" in findings[0].text
    assert _own(_resolve(total, _row(own_carbon_gco2e=5.0))[0])[1] == 5.0


def test_a_blank_reason_withdraws_nothing() -> None:
    graph, findings = _resolve(_row(own_carbon_gco2e=9.0, superseded=" ", contains=""))
    assert _own(graph)[1] == 9.0
    assert findings == ()


def test_rows_without_a_figure_are_not_superseded() -> None:
    assert _resolve(_row(superseded="old"), _row(contains="model:b"))[1] == ()


def test_a_repeated_record_that_differs_is_reported_within_one_source_too() -> None:
    rows = [_row(own_carbon_gco2e=1.0), _row(own_carbon_gco2e=2.0)]
    graph, findings = resolve(said("list.csv", products=rows))
    assert _own(graph)[1] == 2.0
    assert [item.code for item in findings] == ["repeated-record", "does-not-reconcile"]
