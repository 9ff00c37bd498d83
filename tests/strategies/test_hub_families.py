"""The ten biggest families of the real Hub graph, on an overlay of generated costs, against sums made by hand."""

import random
from fractions import Fraction
from pathlib import Path

import pytest

from lineage.graph import Graph
from lineage.importing import read
from lineage.run import Run
from lineage.strategies.counterfactual import ScratchCosts
from lineage.strategies.families import FamilyComparison
from lineage.strategies.realised import compare_families
from lineage.views.cost import cost

RUN = Run(cycles="break")
ALONE_G = 20_000.0  # training any of them from scratch, made up like the overlay


def overlaid(samples: Path, folder: Path) -> Graph:
    """Return the Hub graph with invented own costs; a twentieth of the products stays unknown."""
    hub = samples / "hf_hub_2024" / "lineage_families.jsonl.gz"
    seeded = random.Random(7)
    lines = ["id,own_carbon,source"]
    for name in read(hub).ids:
        quoted = name.replace('"', '""')
        amount = f"{seeded.lognormvariate(0, 2):.17g} kgCO2e" if seeded.random() < 0.95 else ""
        lines.append(f'"{quoted}",{amount},generated overlay: no measured cost')
    overlay = folder / "products.csv"
    overlay.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read(hub, overlay)


def descendants(parents: dict[str, list[str]], base: str) -> set[str]:
    found, frontier = {base}, [base]
    while frontier:
        for child in parents.get(frontier.pop(), []):
            if child not in found:
                found.add(child)
                frontier.append(child)
    return found - {base}


@pytest.mark.slow
@pytest.mark.samples
def test_the_ten_biggest_families(samples: Path, tmp_path: Path) -> None:
    graph = overlaid(samples, tmp_path)
    told = compare_families(graph, 10, RUN, scratch=ScratchCosts(given={"*": f"{ALONE_G} g"}))
    result = cost(graph, RUN)
    children: dict[str, list[str]] = {}
    for child, parent in zip(result.network.child.tolist(), result.network.parent.tolist(), strict=True):
        children.setdefault(graph.ids[parent], []).append(graph.ids[child])
    own = dict(zip(graph.ids, graph.floats("products", "own_carbon_gco2e").tolist(), strict=True))
    dates = dict(zip(graph.ids, graph.texts("products", "created_at"), strict=True))
    assert len(told) == 10 and len(told[0].rows) > 5_000
    assert [len(item.rows) for item in told] == sorted((len(item.rows) for item in told), reverse=True)
    for item in told:
        family = descendants(children, item.product)
        assert {row.id for row in item.rows} == {name for name in family if name.startswith("model:")}
        known = [name for name in family if own[name] == own[name]]
        assert 0.9 < item.covered < 1.0 and item.compared == len(known) < len(family)
        assert item.footprint.hi is None  # some own costs are unknown, and never 0
        assert item.counterfactual.best == pytest.approx(ALONE_G * len(known), rel=1e-12)
        base = result.row(item.product).epc
        assert base is not None
        if base.best is None:
            assert item.paid.why == "the cost of the base is unknown" and item.saved.best is None
            continue
        models = (name for name in family if name.startswith("model:"))
        line = sorted(models, key=lambda name: (dates[name] is None, dates[name] or "", name))
        check_sums(item, base.best, [own[name] for name in line])


def check_sums(item: FamilyComparison, base: float, own: list[float]) -> None:
    """Compare sum and crossing with exact ones, one descendant after the other; unknown ones keep their place."""
    exact = Fraction(base) + sum(Fraction(amount) for amount in own if amount == amount)
    assert item.actual.best == pytest.approx(float(exact), rel=1e-12)
    saved, first = -Fraction(base), None
    for count, amount in enumerate(own, 1):
        if amount != amount:
            continue
        saved += Fraction(ALONE_G) - Fraction(amount)
        if saved > 0 and first is None:
            first = count
    assert item.paid_from == first and first is not None
