"""Graphs that the catalogue is tried on: one with everything that real lineages get wrong, and one without cycles.

Names hold quotes, backticks, comment signs and line breaks; values repeat, so that ties in an order show.
"""

from itertools import pairwise
from typing import Any, Final

import pyarrow as pa

from lineage.graph import Graph
from lineage.testing.builder import Own, graph

__all__ = ["HOSTILE", "dirty", "layered"]

HOSTILE: Final = "x'\"`$y // } /* z\nRETURN 1"

_PRODUCTS: Final[dict[str, dict[str, Any]]] = {
    "dataset:web": {"license": "odc-by", "created_at": "2019-01-01"},
    "dataset:books": {"license": "CC-BY-NC-4.0", "own_energy_kwh": 2.0},
    "dataset:made": {"created_at": "2023-05-01", "license": "mit"},
    "base": {"license": "apache-2.0", "created_at": "2020-02-01", "parameters": 7e9, "tokens": 1e12}
    | {
        "downloads": 900,
        "pipeline_tag": "text-generation",
        "deployed": True,
        "lifetime_h": 8760.0,
        "inferences": 1e6,
    },
    "other": {"license": "apache-2.0", "created_at": "2020-02-01", "parameters": 1e9, "downloads": 900}
    | {"pipeline_tag": "text-generation"},
    "left": {"license": "mit", "created_at": "2021-03-01", "deployed": True, "downloads": 5},
    "right": {"created_at": "2019-06-01", "pipeline_tag": "text-generation", "downloads": 7},
    "merged": {"license": "cc-by-nc-4.0", "created_at": "2022-01-01", "deployed": True},
    "tuned": {"license": "mit", "created_at": "2023-01-01", "deployed": True, "lifetime_h": 10.0},
    "q8": {"created_at": "2023-02-01", "parameters": 7e9},
    "q4": {"created_at": "2023-02-01", "own_energy_kwh": 0.5},
    "q2": {"license": "mit", "created_at": "2024-02-01", "own_carbon_market_gco2e": 2.0},
    "adapter": {"created_at": "2024-02-02", "own_carbon_market_gco2e": 50.0},
    "lonely": {"license": "mit", "own_energy_kwh": 2.0},
    HOSTILE: {"license": "mit'; //", "created_at": "2024-03-01"},
    "platform:cloud": {"deployed": True},
}
_JOBS: Final[list[dict[str, Any]]] = [
    {
        "id": "t1",
        "product": "base",
        "energy_kwh": 100.0,
        "pue": 1.2,
        "grid": "fr",
        "system": "gpu",
        "duration_h": 5.0,
    }
    | {"device_count": 8.0, "started_at": "2020-01-01"},
    {"id": "t2", "product": "base", "power_w": 300.0, "duration_h": 10.0, "device_count": 4.0, "grid": "de"},
    {
        "id": "t3",
        "product": "tuned",
        "phase": "fine-tuning",
        "grid": "de",
        "system": "gpu",
        "device_hours": 3.0,
    },
    {
        "id": "s1",
        "product": "tuned",
        "phase": "inference",
        "energy_kwh": 3.0,
        "grid": "fr",
        "inferences": 10.0,
    },
    {
        "id": "r1",
        "product": "base",
        "phase": "retraining",
        "energy_kwh": 7.0,
        "grid": "nowhere",
        "system": "old",
    },
    {"id": HOSTILE, "product": "left", "grid_intensity_gco2e_per_kwh": 50.0},
]
_OWN: Final[dict[str, Own]] = {
    "dataset:web": 10.0,
    "base": (80.0, 100.0, 150.0),
    "left": 5.0,
    "right": 5.0,
    "merged": 1.0,
    "c": 3.0,
    "q2": 2.5,
    "adapter": 4.0,
    "platform:cloud": 8.0,
    "dataset:made": 0.0,
    HOSTILE: 7.0,
    "other": (1.0, 2.0, 3.0),
}


def dirty() -> Graph:
    """Return a graph with cycles, a self-edge, placeholders, a merge, chains, given shares and hostile names."""
    made = graph(
        "dataset:web, dataset:books -> base -[fine-tune]-> left, right",
        "left, right -[merge]-> merged",
        "base -[0.25]-> tuned -[quantization]-> q8 -[quantization]-> q4 -[quantization]-> q2",
        "dataset:web -[0.7]-> other",
        "dataset:web -[0.5]-> tuned",
        "base -[adapter, created_at=2025-01-01]-> adapter",
        "other -[distillation]-> dataset:made -> right",
        "ghost, dataset:made -> haunted",
        "a -> b -> c -> a",
        "b -> d -> b",
        "d -> e",
        "selfish -> selfish",
        "platform:cloud -> tuned",
        own=_OWN,
        products=_PRODUCTS,
        jobs=_JOBS,
        systems={"gpu": {"power_w": 250.0, "embodied_gco2e": 150_000.0, "lifetime_h": 43_800.0}},
        grids={"fr": {"intensity_gco2e_per_kwh": 56.0}, "de": {"intensity_gco2e_per_kwh": 380.0}},
    )
    # What an edge only names, no source describes; drawn graphs describe every name.
    products = made.tables["products"]
    known = pa.array([name not in ("model:ghost", "model:d") for name in made.ids])
    place = products.column_names.index("known")
    return Graph(
        {**made.tables, "products": products.set_column(place, "known", known)}, made.findings, made.claims
    )


def layered(depth: int = 7, width: int = 3) -> Graph:
    """Return a graph without cycles in which every product of a layer stands on all of the one above."""
    names = [
        [f"dataset:l{level}n{place}" if level == 0 else f"l{level}n{place}" for place in range(width)]
        for level in range(depth)
    ]
    lines = [f"{', '.join(above)} -> {', '.join(below)}" for above, below in pairwise(names)]
    lines += [
        "l1n0 -[0.125]-> given",
        "given -> l6n0",
        "l1n1 -[0.9]-> hungry",
        "l1n1 -[0.4]-> greedy",
        "greedy -> l5n1",
    ]
    own = {
        name: float(7 * place + number) for number, row in enumerate(names) for place, name in enumerate(row)
    }
    return graph(
        *lines,
        own={name: value for name, value in own.items() if name != "l3n1"} | {"given": 11.0, "greedy": 5.0},
        products={"dataset:l0n1": {"deployed": True}},
    )
