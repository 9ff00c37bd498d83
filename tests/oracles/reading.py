"""A lineage as the oracles read it: networkx and plain rows, no Cypher, and a table of all oracles.

An oracle answers one question of the catalogue in Python: every row, in order, with the columns of the header.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Final

import networkx as nx

from lineage.graph import Graph
from lineage.stores.neo4j_model import link_of_job

__all__ = ["CASES", "ORACLES", "Case", "Lineage", "Row", "known_sum", "oracle", "ordered"]

Row = dict[str, Any]
Case = tuple[str, dict[str, Any]]


class Lineage:
    """Products and edges of a graph; edges run from what was made to what it was made of."""

    def __init__(self, graph: Graph, figures: dict[str, Row] | None = None, run: Row | None = None) -> None:
        self.graph = graph
        self.figures = figures or {}  # what a run wrote back, by product
        self.run = run or {}
        self.products: dict[str, Row] = {row["id"]: row for row in graph.tables["products"].to_pylist()}
        self.made: nx.DiGraph[str] = nx.DiGraph()
        self.made.add_nodes_from(self.products)
        for row in graph.tables["edges"].to_pylist():
            ends = graph.ids[row["product"]], graph.ids[row["parent"]]
            self.made.add_edge(*ends, **{key: row[key] for key in row if key not in ("product", "parent")})

    def fact(self, name: str, column: str) -> Any:
        """Return a property of a product; a figure of the run comes first."""
        return self.figures.get(name, {}).get(column, self.products[name].get(column))

    def kind(self, name: str) -> str:
        return name.partition(":")[0]

    def own(self, name: str) -> float | None:
        """Return own carbon: of the run, else as reported."""
        figure = self.figures.get(name, {}).get("own_gco2e")
        value: float | None = self.products[name]["own_carbon_gco2e"] if figure is None else figure
        return value

    def up(self, name: str) -> dict[str, int]:
        """Return ancestor -> fewest steps, without the product itself."""
        return self._hops(self.made, name)

    def down(self, name: str) -> dict[str, int]:
        """Return descendant -> fewest steps, without the product itself."""
        return self._hops(self.made.reverse(copy=False), name)

    @staticmethod
    def _hops(made: "nx.DiGraph[str]", name: str) -> dict[str, int]:
        found = dict(nx.single_source_shortest_path_length(made, name)) if name in made else {}
        found.pop(name, None)
        return found

    def parents(self, name: str) -> list[str]:
        return sorted(self.made.successors(name))

    def children(self, name: str) -> list[str]:
        return sorted(self.made.predecessors(name))

    @property
    def edges(self) -> list[tuple[str, str, Row]]:
        """(product, parent, columns), sorted."""
        return sorted(self.made.edges(data=True), key=lambda item: item[:2])

    @cached_property
    def jobs(self) -> list[Row]:
        """Jobs with the id of their product, its energy, and whether it made or serves it."""
        rows = []
        for row in self.graph.tables["jobs"].to_pylist():
            power, hours = row["power_w"], row["duration_h"]
            energy = row["energy_kwh"]
            if energy is None and power is not None and hours is not None:
                energy = power / 1000 * hours
                for name in ("device_count", "utilisation", "share"):
                    energy *= 1.0 if row[name] is None else row[name]
            made = {
                "product": self.graph.ids[row["product"]],
                "energy": energy,
                "link": link_of_job(row["phase"]),
            }
            made["platform"] = None if row["platform"] is None else self.graph.ids[row["platform"]]
            rows.append(row | made)
        return rows

    def rows(self, name: str) -> dict[str, Row]:
        """Return the rows of a table by id."""
        return {row["id"]: row for row in self.graph.tables[name].to_pylist()}


Oracle = Callable[..., list[Row]]
ORACLES: Final[dict[str, Oracle]] = {}
CASES: Final[list[Case]] = []


def oracle(name: str, *cases: dict[str, Any]) -> Callable[[Oracle], Oracle]:
    """Register an oracle with the parameters that it is tried with, besides $top."""

    def registered(answer: Oracle) -> Oracle:
        assert name not in ORACLES
        ORACLES[name] = answer
        CASES.extend((name, case) for case in cases or ({},))
        return answer

    return registered


def ordered(rows: Iterable[Row], *keys: str) -> list[Row]:
    """Sort rows by columns; "-column" is descending, and unknown comes after everything ascending."""
    made = list(rows)
    for key in reversed(keys):
        name = key.lstrip("-")
        made.sort(
            key=lambda row: (row[name] is None, 0 if row[name] is None else row[name]), reverse=key[0] == "-"
        )
    return made


def known_sum(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
