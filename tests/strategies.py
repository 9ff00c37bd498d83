"""Random lineages for property tests: rows of own tables that keep the laws of the accounting.

Explicit weights of a parent never sum to more than 1, costs are never negative, ids are in no topological order.
Dyadic lineages (costs below 2^8, weights in quarters) add up exactly in any order while they are all explicit.
"""

from typing import Any, Literal

from hypothesis import strategies as st

from lineage.graph import Graph

__all__ = ["Lineage", "graphs", "lineages"]

Row = dict[str, Any]
Lineage = tuple[list[Row], list[Row]]
Explicit = Literal["none", "some", "all"]

_KINDS = ("model", "model", "model", "dataset", "platform")
_DATES = (None, "2023-01-05", "2023-01-05T12:00:00Z", "2024-02-29", "2024-12-31T23:59:59Z")
_TIERS = (None, "measured", "reported", "from-energy", "imputed")
_QUARTERS = 4


@st.composite
def lineages(
    draw: st.DrawFn,
    *,
    max_products: int = 12,
    cyclic: bool = False,
    explicit: Explicit = "some",
    dyadic: bool = False,
) -> Lineage:
    """Draw (products, edges), rows with the columns of own tables.

    cyclic    edges may run in circles. All products are models then and a parent hands on at most 3/4 by explicit
              weights, so that every cycle can be solved.
    explicit  which edges state `w`: none, some or all of them
    dyadic    costs are whole numbers and weights quarters; else any floats

    Own costs may be unknown (null); no self-edges, no parallel edges.
    """
    count = draw(st.integers(1, max_products))
    kinds = (
        ["model"] * count
        if cyclic
        else draw(st.lists(st.sampled_from(_KINDS), min_size=count, max_size=count))
    )
    names = draw(st.permutations(range(count)))
    ids = [f"{kind}:p{name:02d}" for kind, name in zip(kinds, names, strict=True)]
    products = [_product(draw, name, dyadic) for name in ids]
    edges: list[Row] = []
    for number, name in enumerate(ids):
        others = [other for other in ids if other != name] if cyclic else ids[:number]
        parents = draw(st.sets(st.sampled_from(others), max_size=min(4, len(others)))) if others else set()
        edges += [{"product": name, "parent": parent, "w": None} for parent in sorted(parents)]
    if explicit != "none":
        _weigh(draw, edges, explicit, _Shares(dyadic, 3 if cyclic else _QUARTERS))
    for edge in edges:
        edge["created_at"] = draw(st.sampled_from(_DATES))
        edge["relation"] = draw(st.sampled_from((None, "fine-tune", "merge", "unknown")))
    return draw(st.permutations(products)), draw(st.permutations(edges))


def graphs(**options: Any) -> st.SearchStrategy[Graph]:
    """Draw resolved graphs of such lineages; options as for `lineages`."""
    return lineages(**options).map(lambda rows: Graph.from_tables(*rows))


def _product(draw: st.DrawFn, name: str, dyadic: bool) -> Row:
    row: Row = {"id": name, "own_carbon_gco2e": draw(st.none() | _costs(dyadic))}
    if row["own_carbon_gco2e"] is not None and draw(st.booleans()):
        row["own_carbon_gco2e_lo"] = row["own_carbon_gco2e"] / 2
        row["own_carbon_gco2e_hi"] = row["own_carbon_gco2e"] * 2
    row["tier"] = draw(st.sampled_from(_TIERS))
    row["created_at"] = draw(st.sampled_from(_DATES))
    row["deployed"] = draw(st.none() | st.booleans())
    row["downloads"] = draw(st.none() | st.integers(0, 1000))
    return row


def _costs(dyadic: bool) -> st.SearchStrategy[float]:
    if dyadic:
        return st.integers(0, 255).map(float)
    return st.floats(0, 1e6, allow_subnormal=False)


class _Shares:
    """How much explicit weights may hand out: at most so many quarters per parent."""

    def __init__(self, dyadic: bool, quarters: int) -> None:
        self.dyadic, self.quarters = dyadic, quarters

    def of(self, draw: st.DrawFn, count: int) -> list[float]:
        left, drawn = self.quarters, []
        for _ in range(count):
            drawn.append(draw(st.integers(0, left)))
            left -= drawn[-1]
        scale = 1.0 if self.dyadic else draw(st.floats(0.125, 1.0))
        return [quarters / _QUARTERS * scale for quarters in draw(st.permutations(drawn))]


def _weigh(draw: st.DrawFn, edges: list[Row], explicit: Explicit, shares: _Shares) -> None:
    for parent in sorted({edge["parent"] for edge in edges}):
        children = [edge for edge in edges if edge["parent"] == parent]
        if explicit == "some":
            children = [edge for edge in children if draw(st.booleans())]
        for edge, weight in zip(children, shares.of(draw, len(children)), strict=True):
            edge["w"] = weight
