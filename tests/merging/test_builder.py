"""The builder of small graphs says exactly what is drawn."""

from typing import Any

import pytest

from lineage.testing.builder import claims, graph


def _edges(*lines: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return product, parent and the facts that are stated, for each edge that the lines draw."""
    rows = claims(*lines).tables["edges"].to_pylist()
    hidden = ("product", "parent", "place", "source")
    return [
        (
            row["product"],
            row["parent"],
            {key: row[key] for key in row if row[key] is not None and key not in hidden},
        )
        for row in rows
    ]


def test_chains_run_from_what_is_used_to_what_is_made() -> None:
    assert _edges("dataset:web -> base->tuned") == [
        ("model:base", "dataset:web", {}),
        ("model:tuned", "model:base", {}),
    ]


def test_commas_draw_several_parents_and_several_children() -> None:
    drawn = [(product, parent) for product, parent, _ in _edges("a, b -> c, d")]
    assert drawn == [
        ("model:c", "model:a"),
        ("model:c", "model:b"),
        ("model:d", "model:a"),
        ("model:d", "model:b"),
    ]


@pytest.mark.parametrize(
    ("arrow", "facts"),
    [
        ("->", {}),
        ("-[0.25]->", {"w": 0.25}),
        ("-[0]->", {"w": 0.0}),
        ("-[fine-tune, 0.5]->", {"relation": "fine-tune", "w": 0.5}),
        (
            "-[merge, merge_weight=-2, created_at=2024-01-01]->",
            {"relation": "merge", "merge_weight": -2.0, "created_at": "2024-01-01"},
        ),
        ("-[measured]->", {"tier": "measured"}),
        ("-[unknown]->", {"relation": "unknown"}),
        ("-[my own]->", {"relation": "my own"}),
    ],
)
def test_arrows_carry_facts(arrow: str, facts: dict[str, Any]) -> None:
    assert _edges(f"a {arrow} b") == [("model:b", "model:a", facts)]


def test_names_may_hold_hyphens_slashes_and_dots() -> None:
    assert graph("org/base-7b.v1 -> org/chat-7b").ids == ["model:org/base-7b.v1", "model:org/chat-7b"]


def test_everything_else_is_a_column() -> None:
    made = graph(
        "base -> tuned",
        "alone",
        own={"base": 8.0, "tuned": (1.0, None, 4.0), "alone": None, "extra": 0},
        products={"dataset:web": {"own_energy_kwh": 2.0}, "base": {"deployed": True}},
        jobs=[
            {"product": "tuned", "platform": "cloud", "system": "a100"},
            {"id": "x", "product": "base", "phase": "data"},
        ],
        systems={"a100": {"power_w": 400.0}},
        grids={"FR": {"intensity_gco2e_per_kwh": 50.0}},
    )
    own = dict(zip(made.ids, made.tables["products"].column("own_carbon_gco2e").to_pylist(), strict=True))
    assert own == {
        "dataset:web": None,
        "model:alone": None,
        "model:base": 8.0,
        "model:extra": 0.0,
        "model:tuned": None,
        "platform:cloud": None,
    }
    assert made.floats("products", "own_carbon_gco2e_hi").tolist()[made.code("tuned")] == 4.0
    assert made.flags("products", "deployed").tolist()[made.code("base")] is True
    assert (made.texts("jobs", "id"), made.texts("jobs", "phase")) == (["job1", "x"], ["training", "data"])
    assert made.floats("systems", "power_w").tolist() == [400.0]
    assert made.texts("grids", "id") == ["FR"]
    assert [item.code for item in made.findings] == ["unknown-parent"]


def test_nothing_drawn_is_an_empty_graph() -> None:
    assert len(graph()) == 0


def test_an_own_cost_needs_all_three_bounds() -> None:
    with pytest.raises(ValueError, match="shorter"):
        graph(own={"a": (1.0, 2.0)})  # type: ignore[dict-item]
