"""Every question of the catalogue, on every engine, against its oracle in Python: same rows, same order."""

import random
from functools import cache
from typing import Any

import pytest

import oracles.of_carbon
import oracles.of_lineage
import oracles.of_records  # noqa: F401 - they register themselves
from lineage.catalogue import ask, bound, catalogue, entry
from lineage.demo import demo_graph
from lineage.errors import OptionError, UnknownProduct
from lineage.graph import Graph
from lineage.run import Run
from lineage.stores.base import AnswersCypher, WritesBack
from lineage.views.cost import Cost, cost
from oracles.engines import Engine
from oracles.lineages import dirty, layered
from oracles.reading import CASES, ORACLES, Case, Lineage

GRAPHS = {"dirty": dirty, "layered": layered, "demo": demo_graph}
RUNS = {"": Run(policy="equal"), "half_": Run(policy="half")}
PLAIN = [case for case in CASES if not entry(case[0]).needs_results]
ALL = 10_000
NASTY = ("'; MATCH (n) DETACH DELETE n //", "`}) /*", "a\nRETURN 1", "\x00\u202e", "n" * 10**6)


@cache
def drawn(name: str) -> Graph:
    return GRAPHS[name]()


def names(case: Case) -> str:
    return f"{case[0]}-{'-'.join(map(str, case[1].values()))[:40]}" if isinstance(case, tuple) else str(case)


def answered(store: AnswersCypher, case: Case, top: int = ALL) -> list[dict[str, Any]]:
    """Return the rows of an engine, a path as the ids of its nodes."""
    name, given = case
    asked = entry(name)
    result = store.cypher(asked.text, bound(asked.parameters, {**given, "top": top}, query=name))
    # One engine names the columns of an answer only where it has rows.
    assert not result.columns or list(result.columns) == [item.name for item in asked.columns]
    return [{key: as_ids(value) for key, value in row.items()} for row in result]


def as_ids(value: Any) -> Any:
    return [node["id"] for node in value.nodes] if hasattr(value, "nodes") else value


def same(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    """Compare rows in order; numbers to 1e-9."""
    assert len(found) == len(wanted), (found, wanted)
    for row, other in zip(found, wanted, strict=True):
        assert set(row) == set(other)
        for key, value in row.items():
            expected = other[key]
            if isinstance(value, float) or isinstance(expected, float):
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), (key, row, other)
            else:
                assert value == expected, (key, row, other)


def test_every_question_has_an_oracle() -> None:
    assert set(ORACLES) == set(catalogue())


def differences(store: AnswersCypher, view: Lineage, cases: list[Case]) -> list[str]:
    """Return the cases in which an engine says something else than Python."""
    wrong = []
    for case in cases:
        try:
            same(answered(store, case), ORACLES[case[0]](view, **case[1]))
        except AssertionError as error:
            wrong.append(f"{names(case)}: {str(error)[:600]}")
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("graph", GRAPHS)
def test_answers_are_those_of_python(engine: Engine, graph: str) -> None:
    wrong = differences(engine.holding(graph, drawn(graph)), Lineage(drawn(graph)), PLAIN)
    assert not wrong, "\n\n".join(wrong)


def test_the_limit_takes_the_first_rows(engine: Engine) -> None:
    store, view = engine.holding("dirty", drawn("dirty")), Lineage(drawn("dirty"))
    for case in (("lineage/ancestors", {"product": "model:q2"}), ("registry/find", {"text": ""})):
        wanted = ORACLES[case[0]](view, **case[1])
        same(answered(store, case, top=2), wanted[:2])
        assert answered(store, case, top=0) == []


@pytest.mark.parametrize(
    "name", ["'; MATCH (n) DETACH DELETE n //", "`}) /*", "a\nRETURN 1", "\x00\u202e", "n" * 10**6]
)
def test_what_strangers_type_is_a_value(engine: Engine, name: str) -> None:
    store = engine.holding("dirty", drawn("dirty"))
    for question, given in (
        ("lineage/ancestors", {"product": name}),
        ("lineage/shared-bases", {"products": [name, "model:base"]}),
        ("governance/licence-conflicts", {"restrictive": [name]}),
        ("carbon/cheapest-bases", {"task": name, "column": name[:1000]}),
        ("infrastructure/grid", {"grid": name}),
        ("registry/find", {"text": name}),
    ):
        rows = answered(store, (question, given))
        assert question == "lineage/shared-bases" or rows == []
    assert store.cypher("MATCH (p:Product) RETURN count(p) AS n").records == [{"n": len(drawn("dirty"))}]


def test_a_plan_is_an_answer_of_lines(engine: Engine) -> None:
    store = engine.holding("dirty", drawn("dirty"))
    result = store.cypher("EXPLAIN MATCH (m:Model {id: $id}) RETURN m.id", id="model:base")
    assert result.columns == ("plan",)
    assert any("Model" in row["plan"] for row in result)


def test_a_question_is_asked_from_python(engine: Engine) -> None:
    store = engine.holding("dirty", drawn("dirty"))
    frame = ask(store, "ancestors", product="merged", top=2).to_pandas()
    assert frame["id"].tolist() == ["model:left", "model:right"]
    assert len(ask(store, "shared-bases", products=["merged", "model:q2"], limit=1).records) == 1
    with pytest.raises(UnknownProduct, match="did you mean 'model:merged'"):
        ask(store, "ancestors", product="mergd")
    with pytest.raises(OptionError, match="a whole number"):
        ask(store, "ancestors", product="merged", top="2")


def random_graph(seed: int) -> Graph:
    """Return a small graph with chance edges, cycles too, given shares, gaps and ties."""
    chance = random.Random(seed)
    ids = [f"{chance.choice(('model', 'model', 'dataset', 'platform'))}:p{number}" for number in range(14)]
    licences = (None, "mit", "gpl-3.0", "CC-BY-NC-4.0")
    products = [
        {
            "id": name,
            "own_carbon_gco2e": chance.choice((None, 0.0, 1.0, 7.5)),
            "license": chance.choice(licences),
        }
        | {
            "deployed": chance.choice((None, True)),
            "created_at": chance.choice((None, "2023-01-05", "2024-02-29")),
        }
        for name in ids
    ]
    edges = []
    for _ in range(22):
        child, parent = chance.sample(ids, 2)
        if ids.index(child) > ids.index(parent) or chance.random() < 0.1:
            w = chance.choice((None, None, 0.25, 0.5))
            relation = chance.choice((None, "quantization", "merge", "fine-tune"))
            edges.append({"product": child, "parent": parent, "w": w, "relation": relation})
    return Graph.from_tables(products[1:], edges)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_answers_on_chance_graphs(engine: Engine, seed: int) -> None:
    made = random_graph(seed)
    chance = random.Random(seed)
    cases: list[Case] = []
    for name, given in PLAIN:
        named: dict[str, Any] = {
            key: chance.choice(made.ids) for key in given if key in ("product", "parent")
        }
        if "products" in given:
            named["products"] = chance.sample(made.ids, 3)
        if name != "lineage/path":  # any of several shortest ways is right
            cases.append((name, {**given, **named}))
    wrong = differences(engine.holding(f"chance{seed}", made), Lineage(made), cases)
    assert not wrong, "\n\n".join(wrong)


def figures(made: Cost, prefix: str) -> dict[str, dict[str, Any]]:
    """Return what a run of carbon writes onto each product, as `lineage cost` itself says it."""
    rows = {}
    for row in made.as_dict()["products"]:
        views = {f"{prefix}{name}_gco2e": (row[name] or {}).get("best") for name in ("own", "epc", "burden")}
        rows[row["id"]] = views | {f"{prefix}{name}": row[name] for name in ("retained_share", "covered")}
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["layered", "demo"])
def test_answers_on_figures_of_runs(engine: Engine, graph: str) -> None:
    store = engine.holding(graph, drawn(graph))
    assert isinstance(store, WritesBack)
    written: dict[str, dict[str, Any]] = {name: {} for name in drawn(graph).ids}
    runs: dict[str, dict[str, Any]] = {}
    for prefix, run in RUNS.items():
        made = cost(drawn(graph), run)
        key = store.write_result(made, prefix=prefix)
        sums = made.conservation
        runs[key] = {"id": key, "prefix": prefix, "impact": "carbon", "policy": run.policy, "unit": "gCO2e"}
        runs[key] |= {"products": len(drawn(graph)), "sum_own": sums.sum_own, "sum_burden": sums.sum_burden}
        for name, row in figures(made, prefix).items():
            written[name] |= row
    wrong = differences(store, Lineage(drawn(graph), written, runs), CASES)
    for key in runs:
        store.remove_result(key)
    assert not wrong, "\n\n".join(wrong)
