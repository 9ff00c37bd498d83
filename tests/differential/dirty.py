"""Dirty graphs: cycles, loops, parallel edges, odd names, missing and empty values, orphans, jobs of every phase.

One seed gives one graph, said twice: as a plain `World`, and as the tables that the index is built from.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from differential.world import Thing, Tie, World
from lineage.graph import Graph
from lineage.schema import GRAPH_TABLES

__all__ = ["ODD_TEXTS", "Dirty", "dirty"]

Row = dict[str, Any]

ODD_TEXTS: Final = (
    "it's",
    'say "hi"',
    "back`tick",
    "a\\b",
    "\\u0041",
    "two\nlines",
    "tab\there",
    "carriage\r\nreturn",
    "line\u2028separator",
    "größe",
    "GRÖSSE",
    "straße",
    "e\u0301",
    "é",
    "模型",
    "🦙-7b",
    "Ａ-wide",
    "\u200bzero",
    "מודל",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "// comment",
    "/* comment */",
    "'; MATCH (n) DETACH DELETE n //",
    "$p0",
    "{id: 1}",
    "null",
    "NaN",
    "true",
    "12",
    "-1e5",
    "%",
    ".*",
    " leading",
    "trailing ",
    "x" * 300,
)
_KINDS: Final = ("model", "model", "model", "model", "dataset", "dataset", "platform")
_TYPES: Final = {
    ("model", "model"): "DERIVED_FROM",
    ("model", "dataset"): "TRAINED_ON",
    ("dataset", "dataset"): "DERIVED_FROM",
    ("dataset", "model"): "GENERATED_BY",
}
_RELATIONS: Final = (
    None,
    "fine-tune",
    "adapter",
    "quantization",
    "merge",
    "merge",
    "unknown",
    "",
    "Fine-Tune",
)
_DATES: Final = (
    None,
    None,
    "",
    "2023",
    "2023-01-05",
    "2023-01-05T12:00:00Z",
    "2024-02-29",
    "2024-12-31T23:59:59Z",
)
_LICENCES: Final = (
    None,
    "mit",
    "MIT",
    "apache-2.0",
    "apache-2.0",
    "cc-by-nc-4.0",
    "llama2",
    "",
    " mit",
    "other",
)
_NUMBERS: Final = (None, None, 0.0, -0.0, 0.1, 1 / 3, 1.0, 2.0, 1e-300, 1e15, 7.5e9, -3.25, 100.0)
_COUNTS: Final = (None, 0, 1, 1, 2, 3, 7, -4, 2**31, 2**53 + 1)
_TIERS: Final = (None, "measured", "reported", "imputed")
_PHASES: Final = ("training", "fine-tuning", "data", "retraining", "inference", "platform", "other")
_SERVING: Final = ("inference", "platform")
_ARROW: Final = {
    "text": pa.string(),
    "date": pa.string(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "count": pa.int32(),
}
_ATTRIBUTES: Final = {"products": {"note": pa.string(), "stars": pa.int64(), "größe": pa.float64()}}


@dataclass(frozen=True)
class Dirty:
    """One graph, as it is and as tables."""

    world: World
    graph: Graph


@dataclass
class _Tables:
    """Rows of the tables of one graph."""

    products: list[Row]
    edges: list[Row]
    jobs: list[Row]
    systems: list[Row]
    grids: list[Row]


def dirty(seed: int, products: int = 40) -> Dirty:
    """Make the dirty graph of a seed."""
    dice = random.Random(f"dirty graph {seed}")
    tables = _tables(dice, products)
    return Dirty(_world(tables), _graph(tables))


def _tables(dice: random.Random, count: int) -> _Tables:
    ids: set[str] = set()
    while len(ids) < count:
        kind = dice.choice(_KINDS)
        name = dice.choice(ODD_TEXTS) if dice.random() < 0.4 else f"org{dice.randrange(5)}/m{len(ids)}"
        ids.add(f"{kind}:{name}")
    rows = [_product(dice, name) for name in sorted(ids)]
    connected = [row["id"] for row in rows if dice.random() < 0.9]
    systems = [{"id": f"s{n}", "power_w": dice.choice(_NUMBERS)} for n in range(3)]
    grids = [
        {"id": dice.choice(ODD_TEXTS) + str(n), "region": dice.choice((None, "", "SE"))} for n in range(2)
    ]
    edges = list(_edges(dice, connected, round(count * 1.8)))
    jobs = [_job(dice, number, rows, (systems, grids)) for number in range(count // 3)]
    return _Tables(rows, edges, jobs, systems, grids)


def _product(dice: random.Random, name: str) -> Row:
    kind, _, bare = name.partition(":")
    return {
        "id": name,
        "kind": kind,
        "known": dice.random() < 0.8,
        "name": bare if dice.random() < 0.7 else dice.choice((None, "", *ODD_TEXTS)),
        "created_at": dice.choice(_DATES),
        "deployed": dice.choice((None, True, False)),
        "parameters": dice.choice(_NUMBERS),
        "downloads": dice.choice((None, 0.0, 1.0, float(dice.randrange(1000)))),
        "license": dice.choice(_LICENCES),
        "own_carbon_gco2e": dice.choice(_NUMBERS),
        "note": dice.choice((None, None, "", *ODD_TEXTS)),
        "stars": dice.choice(_COUNTS),
        "größe": dice.choice(_NUMBERS),
    }


def _edges(dice: random.Random, ids: list[str], count: int) -> Iterator[Row]:
    """Yield edges: about one in twelve a loop, one in six parallel to an earlier one, many in circles."""
    hubs = dice.sample(ids, 4)
    ends: list[tuple[str, str]] = []
    for _ in range(count):
        chance = dice.random()
        if chance < 0.08:
            ends.append((dice.choice(ids),) * 2)
        elif chance < 0.25 and ends:
            ends.append(dice.choice(ends))
        elif chance < 0.35 and ends:
            ends.append(dice.choice(ends)[::-1])
        else:
            ends.append((dice.choice(ids), dice.choice(hubs if dice.random() < 0.3 else ids)))
    for product, parent in ends:
        kinds = product.partition(":")[0], parent.partition(":")[0]
        yield {
            "product": product,
            "parent": parent,
            "type": _TYPES.get(kinds, "BUILT_ON" if kinds[1] == "platform" else "DERIVED_FROM"),
            "relation": dice.choice(_RELATIONS),
            "w": dice.choice((None, 0.0, 0.1, 0.25, 0.5, 1 / 3, 1.0)),
            "created_at": dice.choice(_DATES),
            "tier": dice.choice(_TIERS),
        }


def _job(dice: random.Random, number: int, products: list[Row], places: tuple[list[Row], ...]) -> Row:
    platforms = [row["id"] for row in products if row["kind"] == "platform"]
    systems, grids = places
    return {
        "id": f"job{number}",
        "product": dice.choice(products)["id"],
        "phase": dice.choice(_PHASES),
        "energy_kwh": dice.choice(_NUMBERS),
        "duration_h": dice.choice(_NUMBERS),
        "system": dice.choice((None, "nowhere", *(row["id"] for row in systems))),
        "grid": dice.choice((None, *(row["id"] for row in grids))),
        "platform": dice.choice((None, *platforms)),
        "started_at": dice.choice(_DATES),
    }


def _known(row: Row, *without: str) -> Row:
    return {name: value for name, value in row.items() if value is not None and name not in without}


def _world(tables: _Tables) -> World:
    """Return the graph as docs/neo4j.md says that it lies in a database, made from nothing but the rows."""
    things = {
        row["id"]: Thing(frozenset({"Lineage", "Product", row["kind"].capitalize()}), _known(row))
        for row in tables.products
    }
    for label, rows in (("Job", tables.jobs), ("System", tables.systems), ("Grid", tables.grids)):
        for row in rows:
            things[row["id"]] = Thing(frozenset({"Lineage", label}), _known(row, "product", "platform"))
    ties = [
        Tie(
            row["type"],
            things[row["product"]],
            things[row["parent"]],
            _known(row, "product", "parent", "type"),
        )
        for row in tables.edges
    ]
    for row in tables.jobs:
        job, product = things[row["id"]], things[row["product"]]
        ends = (job, product) if row["phase"] in _SERVING else (product, job)
        ties.append(Tie("SERVES" if row["phase"] in _SERVING else "MADE_BY", *ends, {}))
        for column, kind in (("platform", "RAN_IN"), ("system", "RAN_ON"), ("grid", "POWERED_BY")):
            if row[column] in things:
                ties.append(Tie(kind, job, things[row[column]], {}))
    return World(things.values(), ties)


def _graph(tables: _Tables) -> Graph:
    codes = {row["id"]: code for code, row in enumerate(tables.products)}
    coded = ("product", "parent", "platform")
    made = {}
    for name, columns in GRAPH_TABLES.items():
        rows = [
            {key: codes.get(value) if key in coded else value for key, value in row.items()}
            for row in getattr(tables, name)
        ]
        if name == "edges":
            rows.sort(key=lambda row: (row["product"], row["parent"]))
        fields = [(item.name, _ARROW[item.type]) for item in columns]
        schema = pa.schema(fields + list(_ATTRIBUTES.get(name, {}).items()))
        made[name] = pa.Table.from_pylist(rows, schema=schema)
    return Graph(made)
