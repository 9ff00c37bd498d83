"""`graph(...)`: small lineage graphs for tests, written the way they are drawn.

>>> made = graph("dataset:web -> base -[0.25]-> tuned", "base, other -> merged", own={"base": 100.0})
>>> made.ids
['dataset:web', 'model:base', 'model:merged', 'model:other', 'model:tuned']
>>> made.edges[["product", "parent", "w"]].values.tolist()[-1]
['model:tuned', 'model:base', 0.25]
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.graph import Graph, resolve
from lineage.schema import IMPACTS, KINDS, RELATIONS, TIERS

__all__ = ["Own", "claims", "graph", "product_id"]

Own = float | tuple[float | None, float | None, float | None] | None
Described = Mapping[str, Mapping[str, Any]]

_ARROW = re.compile(r"\s*-(?:\[([^\]]*)\]-)?>\s*")


def graph(
    *lines: str,
    own: Mapping[str, Own] | None = None,
    products: Described | None = None,
    jobs: Iterable[Mapping[str, Any]] = (),
    systems: Described | None = None,
    grids: Described | None = None,
) -> Graph:
    """Return the graph that these lines draw.

    `lines` are chains "a -> b -> c" (c is made out of b, b out of a). "a, b -> c" gives c two parents, "a
    -> b, c" gives a two children, a name alone is a product without edges. Names without a kind are models;
    "dataset:web" names another kind. An arrow may carry facts of its edges, separated by commas: a number
    is the weight, a word of the vocabulary is the relation or the tier, anything else is a column: "a, b
    -[0.5, merge, merge_weight=2]-> c".

    `own` gives own carbon in gCO2e: a number, (lo, best, hi), or None for unknown; other impacts are
    columns of `products`, which gives any column by product. `jobs` are rows (default phase: training; ids
    are made up where not given); `systems` and `grids` give columns by id.

    >>> graph("a -> b", own={"a": (1.0, 2.0, 4.0)}).floats("products", "own_carbon_gco2e").tolist()
    [2.0, nan]
    """
    return resolve(claims(*lines, own=own, products=products, jobs=jobs, systems=systems, grids=grids))[0]


def claims(
    *lines: str,
    own: Mapping[str, Own] | None = None,
    products: Described | None = None,
    jobs: Iterable[Mapping[str, Any]] = (),
    systems: Described | None = None,
    grids: Described | None = None,
) -> Claims:
    """Return what `graph` resolves: the claims of one source, "drawn.txt"."""
    build = ClaimsBuilder(Source(address="drawn.txt", format="drawn"))
    facts: dict[str, dict[str, Any]] = {
        product_id(name): {} for line in lines for step in _ARROW.split(line)[::2] for name in step.split(",")
    }
    for name, figure in (own or {}).items():
        facts.setdefault(product_id(name), {}).update(_own_columns(figure))
    for name, values in (products or {}).items():
        facts.setdefault(product_id(name), {}).update(values)
    for name, values in facts.items():
        build.product(name, place=f"product {name}", **values)
    for number, line in enumerate(lines, 1):
        _draw(build, line, f"line {number}")
    for number, job in enumerate(jobs, 1):
        _add_job(build, job, number)
    for name, values in (systems or {}).items():
        build.system(name, place=f"system {name}", **values)
    for name, values in (grids or {}).items():
        build.grid(name, place=f"grid {name}", **values)
    return build.done()


def product_id(name: str, kind: str = "model") -> str:
    """Return an id: a name without a kind is a model, or of the kind given.

    >>> product_id(" tuned "), product_id("dataset:web")
    ('model:tuned', 'dataset:web')
    """
    name = name.strip()
    return name if name.partition(":")[0] in KINDS else f"{kind}:{name}"


def _draw(build: ClaimsBuilder, line: str, place: str) -> None:
    """Add the edges of one chain."""
    steps = _ARROW.split(line)
    for parents, facts, made in zip(steps[0::2], steps[1::2], steps[2::2], strict=False):
        for product in made.split(","):
            for parent in parents.split(","):
                build.edge(product_id(product), product_id(parent), place=place, **_edge_columns(facts or ""))


def _edge_columns(facts: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for fact in filter(None, (part.strip() for part in facts.split(","))):
        name, equals, value = fact.partition("=")
        if equals:
            columns[name.strip()] = float(value) if _is_number(value) else value.strip()
        elif _is_number(fact):
            columns["w"] = float(fact)
        else:
            columns["tier" if fact in TIERS and fact not in RELATIONS else "relation"] = fact
    return columns


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _own_columns(figure: Own) -> dict[str, float | None]:
    column = IMPACTS["carbon"].column
    if not isinstance(figure, tuple):
        return {column: figure}
    return dict(zip((column + "_lo", column, column + "_hi"), figure, strict=True))


def _add_job(build: ClaimsBuilder, job: Mapping[str, Any], number: int) -> None:
    row = {"id": f"job{number}", "phase": "training", **job}
    if row.get("platform"):
        row["platform"] = product_id(row["platform"], "platform")
    product = product_id(row.pop("product"))
    build.job(row.pop("id"), product, row.pop("phase"), place=f"job {number}", **row)
