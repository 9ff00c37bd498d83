"""What the tests of the command line share: a small graph, results as JSON, the schemas."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from click.testing import Result
from jsonschema import Draft202012Validator

from lineage.graph import Graph
from lineage.testing import graph

__all__ = ["HOSTILE", "Run", "checked", "document", "schema", "small_graph"]

Run = Callable[..., Result]

HOSTILE = "=HYPERLINK(1)\x1b[31m|<b>"


def small_graph() -> Graph:
    """A base of unknown data, two children, a merge, an explicit share, jobs, and a name that means harm."""
    return graph(
        "dataset:web -> base -[fine-tune]-> left, right",
        "left, right -[merge]-> merged",
        "base -[0.25]-> deep",
        own={"left": (3, 5, 9), "right": 5, "merged": 1, "deep": 7, HOSTILE: 3},
        products={"base": {"parameters": 7e9, "lifetime_h": 8760.0, "inferences": 1e6, "license": "mit"}},
        jobs=[
            {
                "id": "train",
                "product": "base",
                "energy_kwh": 100.0,
                "pue": 1.0,
                "grid_intensity_gco2e_per_kwh": 400.0,
            }
            | {"duration_h": 5.0, "system": "gpu"},
            {"id": "serve", "product": "base", "phase": "inference", "energy_kwh": 0.1, "duration_h": 1.0}
            | {"grid_intensity_gco2e_per_kwh": 400.0, "pue": 1.0, "system": "gpu", "inferences": 10.0},
        ],
        systems={"gpu": {"embodied_gco2e": 150_000.0, "lifetime_h": 43_800.0}},
    )


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a document "lineage/NAME/1", as it is shipped."""
    text = (files("lineage") / "schemas" / f"{name}-1.json").read_text(encoding="utf-8")
    made: dict[str, Any] = json.loads(text)
    return made


def checked(made: dict[str, Any]) -> dict[str, Any]:
    """Return a document that its own schema allows; fail where it does not."""
    _, name, _ = made["schema"].split("/")
    Draft202012Validator(schema(name)).validate(made)
    return made


def document(result: Result, *, exit_code: int = 0) -> dict[str, Any]:
    """Return the JSON that a command printed, checked."""
    assert result.exit_code == exit_code, result.output

    def refuse(text: str) -> float:
        raise AssertionError(f"{text} is no JSON")

    made: dict[str, Any] = json.loads(result.stdout, parse_constant=refuse)
    return checked(made)
