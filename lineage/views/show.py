"""View: one product with its facts, its neighbours, its figures, and what one inference on it carries."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from lineage.graph import Graph
from lineage.run import Run
from lineage.schema import CLAIM_TABLES, IMPACTS, kind_of
from lineage.views.cost import Cost, ProductCost, cost
from lineage.views.jobs import Serving, serving

__all__ = ["Parent", "ProductSheet", "show"]

_FIGURE_STEMS: Final = tuple(impact.column.rsplit("_", 1)[0] for impact in IMPACTS.values())
_BESIDE: Final = ("id", "kind", "known", "name")


@dataclass(frozen=True, slots=True)
class Parent:
    """What a product was made out of; `w` is the share that this run hands on, `weight_source` who decided it."""

    id: str
    type: str
    relation: str | None
    w: float | None
    weight_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSheet:
    """One product: facts by name (in the units of their names), parents, children by kind, its own jobs by phase.

    `cost` has its figures in `unit`; `serving` says what one inference carries.
    `known` is False where the product is only named as a parent.
    """

    known: bool
    facts: dict[str, Any]
    parents: tuple[Parent, ...]
    children: dict[str, int]
    jobs: dict[str, int]
    unit: str
    cost: ProductCost
    serving: Serving

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/show/1."""
        return {
            "schema": "lineage/show/1",
            "product": self.cost.id,
            "kind": self.cost.kind,
            "known": self.known,
            "facts": self.facts,
            "parents": [asdict(parent) for parent in self.parents],
            "children": self.children,
            "jobs": self.jobs,
            "unit": self.unit,
            "cost": self.cost.as_dict(),
            "serving": self.serving.as_dict(),
        }


def show(graph: Graph, name: str, run: Run | None = None) -> ProductSheet:
    """Return what is known of one product, under the run's options.

    Raises `UnknownProduct`, and what `cost` raises.
    """
    run = run or Run()
    result = cost(graph, run)
    code = result.code(name)
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    made = graph.integers("jobs", "product")
    phases = graph.texts("jobs", "phase")
    return ProductSheet(
        known=bool(graph.flags("products", "known")[code]),
        facts=_facts(graph, code),
        parents=tuple(_parents(graph, code, np.flatnonzero(child == code).tolist(), result)),
        children=_counted(kind_of(graph.id(v)) for v in child[parent == code].tolist()),
        jobs=_counted(phases[row] or "other" for row in np.flatnonzero(made == code).tolist()),
        unit=result.unit,
        cost=result.row(code),
        serving=serving(graph, graph.id(code), run, cost=result),
    )


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _facts(graph: Graph, code: int) -> dict[str, Any]:
    """Return the properties that are stated, those of the vocabulary first; figures have a place of their own."""
    products = graph.tables["products"]
    names = [item.name for item in CLAIM_TABLES["products"]]
    names += sorted(set(products.column_names) - set(names))
    row = products.slice(code, 1).to_pylist()[0]
    return {
        name: row[name]
        for name in names
        if row.get(name) is not None and name not in _BESIDE and not name.startswith(_FIGURE_STEMS)
    }


def _parents(graph: Graph, code: int, rows: list[int], result: Cost) -> list[Parent]:
    parents = graph.integers("edges", "parent")
    types, relations = graph.texts("edges", "type"), graph.texts("edges", "relation")
    weights, missing = result.weights, "left out: it came later, or closed a cycle"
    if result.sharing is not None:
        missing = f"policy {result.run.policy} has no edge weights"
    found = []
    for row in rows:
        parent = graph.id(parents[row])
        share, origin = weights.get((graph.id(code), parent), (None, missing))
        found.append(Parent(parent, types[row] or "", relations[row], share, origin))
    return found
