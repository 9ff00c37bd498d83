"""The quick answers have the bits of a fresh run, and leave no trace."""

import math
import random
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import InputError, MissingExtra, OptionError
from lineage.graph import Graph
from lineage.importing import read
from lineage.run import Run
from lineage.scenarios import Quick, Scenario, quick, whatif
from lineage.testing import graph
from strategies import graphs

pytest.importorskip("numba", reason="compiled by the extra fast")

RUNS = {
    "equal": Run(),
    "deployed": Run(users="deployed", retain=False),
    "half": Run(policy="half"),
    "full": Run(policy="full"),
    "cutoff": Run(policy="cutoff"),
    "merge": Run(policy="merge"),
    "property": Run(policy="property", property="downloads"),
    "own cost": Run(policy="property", property="own cost"),
    "edges": Run(policy="property", property="tokens_sampled"),
    "cff": Run(policy="cff", cff_a=0.25, quality="downloads"),
    "past": Run(as_of="2024-06-01"),
}


def tried(held: Quick, text: str) -> None:
    """Compare a change that is tried with a fresh run, figure by figure, bit by bit."""
    try:
        fresh = whatif(held.graph, Scenario.of(text), held.run)
    except InputError as error:  # an edge that makes a cycle
        with pytest.raises(InputError) as caught, held.trying(text):
            pass
        assert str(caught.value) == str(error)
        return
    with held.trying(text) as told:
        assert [row.as_dict() for row in told.moved] == [row.as_dict() for row in fresh.results], text
        for name in held.graph.ids:
            after = fresh.row(name).after
            if after is not None:
                assert told.at(name) == after, (text, name)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), made=graphs(max_products=9), name=st.sampled_from(sorted(RUNS)))
def test_quick_answers_are_those_of_a_fresh_run(data: st.DataObject, made: Graph, name: str) -> None:
    held = Quick(made, RUNS[name])
    start = {product: held.at(product) for product in made.ids}
    ids = made.ids
    child, parent = (made.integers("edges", side).tolist() for side in ("product", "parent"))
    pairs = [f"{ids[v]} <- {ids[u]}" for v, u in zip(child, parent, strict=True)]
    for _ in range(3):
        product = data.draw(st.sampled_from(ids))
        texts = [
            f"own[{product}]={data.draw(st.floats(0, 1e6, allow_subnormal=False))!r} g",
            f"own[{product}]=unknown",
        ]
        if made.floats("products", "own_carbon_gco2e")[ids.index(product)] >= 0:
            texts.append(f"own[{product}]=x 1.5")
        if pairs:
            pair = data.draw(st.sampled_from(pairs))
            share = data.draw(st.floats(0, 1, allow_subnormal=False))
            texts += [f"weights[{pair}]={share!r}", f"weights[{pair}]=policy", f"remove.edges={pair}"]
        other = data.draw(st.sampled_from(ids))
        if other != product and f"{other} <- {product}" not in pairs:
            texts.append(f"add.edges={other} <- {product}")
        tried(held, data.draw(st.sampled_from(texts)))
    assert {product: held.at(product) for product in made.ids} == start


def test_nested_trials_come_after_each_other_and_are_put_back() -> None:
    held = Quick(graph("base -> a, b", "a -> c", own={"base": 90, "a": 1, "b": (1, 2, 3), "c": 5}))
    with held.trying("own[base]=30 g"), held.trying("remove.edges=b <- base") as told:
        assert told.at("a") == (16.0, 16.0, 16.0) and told.at("b") == (1.0, 2.0, 3.0)
        with (
            pytest.raises(OptionError, match="cannot be tried inside another"),
            held.trying("add.products=model:z"),
        ):
            pass
    assert held.at("a").best == 31.0 and held.at("b").best == 32.0  # as it was
    with held.trying("add.edges=c <- base") as told, held.trying("add.edges=b <- a") as inner:
        assert told.fresh is inner.fresh is None
        found = [row.best for row in map(inner.at, "abc") if row is not None]
        assert found == pytest.approx([23.5, 2 + 22.5 + 23.5 / 3, 5 + 22.5 + 23.5 / 3])
        with pytest.raises(OptionError, match="inside another"), held.trying("add.edges=c <- base"):
            pass
    assert held.at("c").best == 5 + 31 / 2


def test_other_changes_are_computed_afresh() -> None:
    held = Quick(graph("base -> a", own={"base": 90, "a": 1}))
    with held.trying("own[model:*]=x 2") as told:
        assert told.fresh is not None and told.at("a") == (92.0, 92.0, 92.0) and len(told.moved) == 2
    with held.trying("own[a]=3 kWh") as told:
        assert told.fresh is not None and told.moved == []
    for text in ("own[nobody]=2 g", "own[a]=2 km", "weights[a <- base]=2"):
        with pytest.raises(InputError), held.trying(text):
            pass


def test_cycles_are_answered_too() -> None:
    edges = ("a -> b -> c -> a", "b -> d")
    own = {"a": 8, "b": 4, "c": 2, "d": 1}
    for cycles in ("solve", "break"):
        held = Quick(graph(*edges, own=own), Run(cycles=cycles))
        for text in ("own[a]=16 g", "weights[d <- b]=0.5", "weights[b <- a]=0.25", "remove.edges=b <- a"):
            tried(held, text)


def test_properties_too_large_for_a_part() -> None:
    sizes = {"a": {"size": 2e200}, "b": {"size": 9e200}, "c": {"size": 3e199}}
    made = graph("a -> b, c", own={"a": 8}, products=sizes)
    held = Quick(made, Run(policy="property", property="size"))
    assert held.standing is None
    tried(held, "own[a]=16 g")


def test_what_has_no_quick_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made = graph("base -> a", own={"base": 90})
    with pytest.raises(OptionError, match="no edge weights"):
        Quick(made, Run(policy="shapley"))
    monkeypatch.setattr(quick, "installed", lambda: False)
    with pytest.raises(MissingExtra, match="fast"):
        Quick(made)


@pytest.mark.slow
def test_a_thousand_on_the_hub_need_no_fresh_run(samples: Path) -> None:
    hub = read(samples / "hf_hub_2024" / "lineage_families.jsonl.gz")
    seeded = np.random.default_rng(7)
    products = hub.tables["products"]
    costs = pa.array(seeded.lognormal(7, 2, len(hub)))
    place = products.column_names.index("own_carbon_gco2e")
    invented = Graph({**hub.tables, "products": products.set_column(place, "own_carbon_gco2e", costs)})
    held = Quick(invented, Run(cycles="break"))
    assert held.standing is not None
    network, ids, draw = held.result.network, invented.ids, random.Random(1)
    texts = []
    for number in range(1000):
        edge = draw.randrange(len(network.child))
        child, parent = ids[network.child[edge]], ids[network.parent[edge]]
        base = ids[
            held.standing.plan.order[draw.randrange(1000)]
        ]  # made of nothing, so that the edge fits in
        kinds = [f"weights[{child} <- {parent}]={draw.random():.3f}", f"remove.edges={child} <- {parent}"]
        kinds += [f"add.edges={child} <- {base}"] if base != parent else []
        texts.append(((kinds[number % len(kinds)]), child))
    before = [column.x.copy() for column in held.standing.columns]
    for text, _ in texts[:4]:
        fresh = whatif(invented, Scenario.of(text), held.run, before=held.result).after.epc
        with held.trying(text):
            assert fresh is not None
            assert np.array_equal(held.standing.columns[0].x[held.standing.plan.number], fresh.best)
    start = time.process_time()
    for text, child in texts:
        with held.trying(text) as told:
            found = told.at(child)
            assert told.fresh is None and found is not None and not math.isnan(found.best or 0.0)
    print(f"{len(texts):,} scenarios in {time.process_time() - start:.2f} s of the processor")
    assert all(
        np.array_equal(old, column.x) for old, column in zip(before, held.standing.columns, strict=True)
    )
