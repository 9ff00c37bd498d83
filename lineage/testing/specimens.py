"""Small graphs for tests of stores: every table, every kind of gap, and names from strangers."""

from collections.abc import Mapping
from typing import Any

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.graph import Graph, resolve

__all__ = ["HOSTILE_NAMES", "family", "family_claims", "named", "with_columns"]

# Names come from strangers; a store keeps every character of them.
HOSTILE_NAMES = (
    "naïve/モデル-😀",
    "e\u0301 is not \u00e9",
    "\u202eltr\u202c",
    "a\0b",
    "line\nbreak\ttab\r",
    "'; DROP TABLE products; --",
    '"}) DETACH DELETE n //',
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "CON",
    "{{7*7}}${7*7}%s",
    "n" * 100_000,
)


def family_claims(own_energy_kwh: float = 10.0) -> Claims:
    """Return claims that touch every table: dated, undated, a placeholder, attributes, an unknown figure."""
    build = ClaimsBuilder(Source(address="family.csv", root="family", format="tables", licence="CC0"))
    build.product("dataset:web", created_at="2019-05-01", tokens=1e9)
    build.product(
        "model:base",
        created_at="2020-01-31T12:00:00Z",
        own_energy_kwh=own_energy_kwh,
        tier="reported",
        deployed=True,
        colour="blue",
        stars=7,
        score=0.5,
        checked=False,
    )
    build.product("model:tuned", created_at="2021-06-15", place="line 4", citation="doi:10/x")
    build.product("model:undated", own_energy_kwh=0.0)
    build.product("platform:hub", created_at="2022")
    build.edge("model:base", "dataset:web", w=1.0)
    build.edge("model:tuned", "model:base", relation="fine-tune", created_at="2023-02-01", note="späť")
    build.edge("model:undated", "model:base", relation="unknown")
    build.edge("model:tuned", "model:nobody-describes-me")
    build.job(
        "job:1", "model:base", "training", energy_kwh=10.0, started_at="2019-12-24", system="gpu", grid="x"
    )
    build.job(
        "job:2", "model:base", "inference", energy_kwh=1.0, started_at="2024-01-01", platform="platform:hub"
    )
    build.job("job:3", "model:undated", "training", energy_kwh=2.0)
    build.system("gpu", power_w=300.0, embodied_gco2e=150000.0, lifetime_h=26280.0)
    build.grid("x", intensity_gco2e_per_kwh=400.0, region="XX", year=2020)
    build.finding("repaired-value", "model:base", "a <b>value</b> was cleaned", place="line 3")
    return build.done()


def family(own_energy_kwh: float = 10.0) -> Graph:
    """Return the graph of `family_claims`."""
    return resolve(family_claims(own_energy_kwh))[0]


def named(name: str) -> Graph:
    """Return a graph of one product, with a text wherever a stranger may put one."""
    build = ClaimsBuilder(Source(address=f"{name[:99]}.csv"))
    build.product("model:m", license=name, extra=name)
    build.finding("repaired-value", name, name)
    return resolve(build.done())[0]


def with_columns(graph: Graph, table: str, columns: Mapping[str, Any]) -> Graph:
    """Return the graph with further or replaced columns in one of its tables."""
    changed = graph.tables[table]
    for name, values in columns.items():
        if name in changed.column_names:
            changed = changed.drop_columns([name])
        changed = changed.append_column(name, values)
    return Graph({**graph.tables, table: changed}, graph.findings, graph.claims)
