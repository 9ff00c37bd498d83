"""The Spark engine gives what the default engine gives."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from command_lines import document
from lineage.cli import main
from lineage.demo import demo_graph
from lineage.errors import (
    CycleError,
    DivergentCycle,
    GraphError,
    OptionError,
    StoreError,
    UnknownProduct,
)
from lineage.graph import Graph
from lineage.kernels.sparse import Structure
from lineage.run import Run
from lineage.spark import Round, Source, cost, figure, open_source
from lineage.spark.columns import STATE, union
from lineage.spark.core import solve
from lineage.spark.engine import carried, divided
from lineage.spark.release import release
from lineage.spark.result import assembled
from lineage.spark.sessions import keep, local_rows
from lineage.stores import connect
from lineage.views.apportionment import apportion
from lineage.views.cost import solve_bounds
from lineage.views.interval import Bounds
from lineage.views.network import network
from lineages_drawn import made
from spark_graphs import assert_equal, close, tangled
from vectors import CASES, products_and_edges, run_options

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow


def stored(graph: Graph, folder: Path) -> Path:
    with connect(folder) as store:
        store.write(graph)
    return folder


@pytest.fixture(scope="session")
def graph() -> Graph:
    return Graph.from_tables(*tangled())


@pytest.fixture(scope="session")
def source(spark: "SparkSession", graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Source:
    return open_source(spark, stored(graph, tmp_path_factory.mktemp("spark") / "lineage.store"))


# -- shares and the whole run -------------------------------------------------------------------------------

POLICIES = [
    Run(policy="property", property="downloads"),
    Run(policy="property", property="own cost"),
    Run(policy="property", property="tokens_sampled", users="deployed"),
    Run(policy="cff", cff_a=0.3),
    Run(policy="merge", users="deployed"),
]


@pytest.mark.parametrize("run", POLICIES, ids=lambda run: f"{run.policy} {run.property or ''}")
def test_shares_are_those_of_the_default_engine(source: Source, graph: Graph, run: Run) -> None:
    from lineage.costs import own_costs

    selected = network(graph, run)
    expected = apportion(selected, run, own_costs(graph, run))
    shares = divided(source, run).shares
    found = {(row["child"], row["parent"]): row["w"] for row in shares.edges.collect()}
    edges = zip(selected.child.tolist(), selected.parent.tolist(), strict=True)
    assert found == pytest.approx(dict(zip(edges, expected.w.tolist(), strict=True)), rel=1e-12)
    nodes = {row["code"]: row for row in shares.nodes.collect()}
    assert expected.retained is not None
    told = {code: row["retained"] for code, row in nodes.items()}
    assert told == pytest.approx(dict(enumerate(expected.retained.tolist())), rel=1e-12, abs=1e-15)
    missing = {graph.id(code) for code, row in nodes.items() if row["missing"]}
    if shares.guessed is not None:
        guessed = {
            f"{graph.id(row['child'])} <- {graph.id(row['parent'])}" for row in shares.guessed.collect()
        }
        assert guessed
        missing |= guessed
    assert missing == {item.subject for item in expected.findings if item.code == "missing-property"}


def test_a_whole_run_as_of_a_date(source: Source, graph: Graph) -> None:
    run = Run(policy="half", users="deployed", as_of="2024-06")
    rounds: list[Round] = []
    found = cost(source, run, rounds.append)
    expected = assert_equal(found, graph)
    assert found.rounds == tuple(rounds) and found.rounds[-1].left == 0
    assert found.digest == graph.digest and found.engine == "spark"
    told = {(row["code"], row["subject"]) for row in found.found.collect()}
    assert told == {(item.code, item.subject) for item in expected.findings}
    assert {code for code, _ in told} >= {"undated", "dropped-edge", "over-allocated", "unallocated"}
    assert [item.code for item in found.findings] == sorted({code for code, _ in told})


COMPUTED = [case for case in CASES if "products" in case["expect"]]  # others are errors
OPTIONS: list[dict[str, Any]] = [
    {"policy": "equal"},
    {"policy": "equal", "cycles": "solve"},
    {"policy": "merge", "users": "deployed"},
    {"policy": "property", "property": "downloads"},
    {"policy": "cff", "cff_a": 0.2},
    {"policy": "half"},
    {"policy": "full"},
    {"policy": "cutoff"},
]


def test_cases_computed_by_hand(spark: "SparkSession", monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases of every policy with edge weights, of most of them the largest group, in one release."""
    monkeypatch.setattr(
        "lineage.spark.engine.keep", lambda frame: frame
    )  # of tables this small nothing is saved
    groups = [(options, [case for case in COMPUTED if run_options(case) == options]) for options in OPTIONS]
    assert all(cases for _, cases in groups)
    tables: dict[str, list[dict[str, Any]]] = {"products": [], "edges": []}
    for number, (_, cases) in enumerate(groups):
        for case in cases:
            graph, first = Graph.from_tables(*products_and_edges(case)), len(tables["products"])
            for code, row in enumerate(graph.tables["products"].to_pylist()):
                marks = {"group": number, "code": first + code, "id": f"{row['id']}#{case['name']}"}
                tables["products"].append(row | marks)
            for row in graph.tables["edges"].to_pylist():
                ends = {end: first + row[end] for end in ("product", "parent")}
                tables["edges"].append(row | ends | {"group": number})
    found = _solved_at_once(spark, tables, [Run(**options) for options, _ in groups])
    for case in (case for _, cases in groups for case in cases):
        for name, views in case["expect"]["products"].items():
            row, what = found[f"{name}#{case['name']}"], f"{case['name']}: {name}"
            for view in ("own", "epc", "burden"):
                for side, value in figure(row, view, Run())._asdict().items():
                    wanted = views[view] and views[view][side]
                    close(value, wanted and wanted["value"], f"{what} {view}.{side}", nothing=1e-12)
            wanted = views["retained_share"]
            close(row["retained_share"], wanted and wanted["value"], f"{what} r", nothing=1e-12)


def _solved_at_once(
    spark: "SparkSession", tables: dict[str, list[dict[str, Any]]], runs: list[Run]
) -> dict[str, Any]:
    facts = "group int, code bigint, id string, kind string, deployed boolean, created_at string, downloads double, "
    facts += "quality double, own_carbon_gco2e double, own_carbon_gco2e_lo double, own_carbon_gco2e_hi double"
    ends = "group int, product bigint, parent bigint, w double, relation string, merge_weight double, created_at string"
    made = keep(local_rows(spark, tables["products"], facts)), keep(local_rows(spark, tables["edges"], ends))
    parts = [
        divided(Source("cases", *(table.where(f"group = {number}") for table in made)), run)
        for number, run in enumerate(runs)
    ]
    products = keep(union([part.products for part in parts]))
    shares = keep(union([part.shares.edges for part in parts]))
    retained = keep(union([part.shares.nodes for part in parts]))
    solved = solve(Run(cycles="solve"), carried(products), shares, lambda _: None)
    return {row["id"]: row for row in assembled(Run(), products, solved.figures, retained).collect()}


# -- release and chains -------------------------------------------------------------------------------------


def test_chains_are_contracted_and_everything_is_released(spark: "SparkSession") -> None:
    """A chain of 200, a ladder of 30 diamonds and a random graph: far fewer rounds than levels."""
    chain = np.stack([np.arange(1, 200), np.arange(199)], axis=1)
    steps = 3 * np.arange(30)
    ladder = 200 + np.concatenate(
        [np.stack([steps + high, steps + low], axis=1) for high, low in ((1, 0), (2, 0), (3, 1), (3, 2))]
    )
    random = np.random.default_rng(7).integers(0, 100, (200, 2))
    dag = 300 + np.sort(random[random[:, 0] != random[:, 1]], axis=1)[:, ::-1]
    case = made(400, np.concatenate([chain, ladder, dag]), seed=5)
    w = np.where(np.arange(len(case.w)) % 17 == 0, 0.0, case.w)
    own = np.where(np.arange(400) % 5 == 0, np.nan, case.own)
    expected = solve_bounds(
        Structure(400, case.child, case.parent), w, Bounds(np.nan_to_num(own), own, 2 * own)
    )
    nodes = [
        {"code": code, "lo": value, "best": value, "hi": 2 * value, "open": unknown, "some": not unknown}
        for code, (value, unknown) in enumerate(
            zip(np.nan_to_num(own).tolist(), np.isnan(own).tolist(), strict=True)
        )
    ]
    edges = [
        {"child": v, "parent": u, "w": share, "passes": share != 0}
        for v, u, share in zip(case.child.tolist(), case.parent.tolist(), w.tolist(), strict=True)
    ]
    rounds: list[Round] = []
    figures, complete = release(
        local_rows(
            spark, nodes, "code bigint, lo double, best double, hi double, open boolean, some boolean"
        ),
        local_rows(spark, edges, "child bigint, parent bigint, w double, passes boolean"),
        rounds.append,
    )
    assert complete and {item.kind for item in rounds} == {"release", "contract"}
    assert len(rounds) < 20
    rows = sorted(figures.collect(), key=lambda row: row["code"])
    assert [row["code"] for row in rows] == list(range(400))
    for row in rows:
        wanted = expected.at(row["code"])
        close(row["lo"], wanted.lo, "lo")
        close(row["best"] if row["some"] else None, wanted.best, "best")
        close(None if row["open"] else row["hi"], wanted.hi, "hi")
    assert set(rows[0].asDict()) == {"code", *STATE}


# -- the command --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("spark")
def test_the_command_writes_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = demo_graph()
    stored(graph, tmp_path / "lineage.store")
    line = ["cost", "--engine", "spark", "--output", "made", "--top", "3", "--verbose", "--format"]
    done = CliRunner().invoke(main, [*line, "json"])
    answer = document(done)
    assert "round 1: " in done.stderr and answer["run"]["engine"] == "spark"
    default = document(CliRunner().invoke(main, ["cost", "--format", "json"]))
    assert answer["run"]["graph"] == default["run"]["graph"]
    ranked = sorted(default["products"], key=lambda row: (-(row["epc"]["best"] or 0), row["id"]))
    assert [row["id"] for row in answer["products"]] == [row["id"] for row in ranked[:3]]
    written = {row["id"]: row for row in pq.read_table("made/costs.parquet").to_pylist()}
    assert len(written) == len(graph)
    for row in default["products"]:
        for view in ("own", "epc", "burden"):
            for side, end in (("lo", "_lo"), ("best", ""), ("hi", "_hi")):
                close(written[row["id"]][f"{view}_gco2e{end}"], row[view][side], f"{row['id']} {view}.{side}")
    (facts,) = pq.read_table("made/run.parquet").to_pylist()
    assert facts["run_policy"] == "equal" and facts["products"] == len(graph)
    assert facts["conservation_sum_own"] == pytest.approx(default["conservation"]["sum_own"], rel=1e-12)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["lineage.store", "made"]
    again = CliRunner().invoke(main, [*line[:-1], "--format", "table"])
    assert again.exit_code != 0 and "made" in again.output


def test_products_are_found_by_name(source: Source, graph: Graph) -> None:
    assert source.found([graph.ids[3], graph.ids[5].partition(":")[2]]) == [graph.ids[3], graph.ids[5]]


# -- cycles -------------------------------------------------------------------------------------------------

NODES = "code bigint, id string, lo double, best double, hi double, open boolean, some boolean"
EDGES = "child bigint, parent bigint, w double, passes boolean"


def _small(spark: "SparkSession", pairs: dict[tuple[int, int], float], n: int) -> tuple[Any, Any]:
    nodes = [
        {"code": code, "id": f"model:{code}", "lo": 1.0, "best": 1.0, "hi": 2.0}
        | {"open": code == 0, "some": True}
        for code in range(n)
    ]
    edges = [{"child": v, "parent": u, "w": w, "passes": w != 0} for (v, u), w in pairs.items()]
    return local_rows(spark, nodes, NODES), local_rows(spark, edges, EDGES)


def test_cycles_are_solved_when_what_hangs_on_them_is_peeled_off(
    spark: "SparkSession", monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 -> 1 <-> 2 -> 3 -> 4, with 5 made out of 4 and 0."""
    monkeypatch.setattr("lineage.spark.core.MOST_EDGES", 2)
    pairs = {(1, 0): 0.5, (1, 2): 0.25, (2, 1): 0.5, (3, 2): 0.5, (4, 3): 1.0, (5, 4): 0.5, (5, 0): 0.25}
    nodes, edges = _small(spark, pairs, 6)
    figures, found = solve(Run(cycles="solve"), nodes, edges, lambda _: None)
    rows = {row["code"]: row for row in figures.collect()}
    # x1 = 1 + 0.5 + 0.25 x2, x2 = 1 + 0.5 x1
    x1 = 1.75 / 0.875
    x2 = 1 + 0.5 * x1
    expected = [1.0, x1, x2, 1 + 0.5 * x2, 2 + 0.5 * x2, 1 + 0.5 * (2 + 0.5 * x2) + 0.25]
    for code, value in enumerate(expected):
        close(rows[code]["best"], value, f"best {code}")
        close(rows[code]["hi"], 2 * value, f"hi {code}")
        assert rows[code]["open"] and rows[code]["some"]  # the unknown of 0 reaches all
    assert [(item.code, item.text) for item in found] == [
        ("cycle", "made out of each other: model:1 <- model:2 <- model:1")
    ]


def test_cycles_that_are_not_solved(spark: "SparkSession", monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, edges = (keep(table) for table in _small(spark, {(1, 2): 1.0, (2, 1): 1.0, (2, 0): 0.5}, 3))
    released = release(nodes.drop("id"), edges, lambda _: None)
    monkeypatch.setattr("lineage.spark.core.release", lambda *_: released)  # once is enough
    with pytest.raises(CycleError, match="model:1 <- model:2 <- model:1") as raised:
        solve(Run(), nodes, edges, lambda _: None)
    assert raised.value.cycles == (("model:1", "model:2"),)
    with pytest.raises(DivergentCycle, match="model:1 <- model:2"):
        solve(Run(cycles="solve"), nodes, edges, lambda _: None)
    with pytest.raises(OptionError, match="does not break cycles: model:1 <- model:2 <- model:1"):
        solve(Run(cycles="break"), nodes, edges, lambda _: None)
    monkeypatch.setattr("lineage.spark.core.MOST_EDGES", 1)
    with pytest.raises(OptionError, match="in cycles of 2 edges, and engine 'spark' solves at most 1"):
        solve(Run(cycles="solve"), nodes, edges, lambda _: None)


# -- own tables ---------------------------------------------------------------------------------------------

OWN: tuple[list[dict[str, Any]], list[dict[str, Any]]] = (
    [{"id": "model:a", "own_carbon_gco2e": 8.0}, {"id": "model:b", "own_carbon_gco2e": None}],
    [
        {"product": "model:b", "parent": "model:a", "w": 0.25},
        {"product": "model:b", "parent": "model:a", "w": 0.5},
        {"product": "model:b", "parent": "dataset:new", "w": None},
        {"product": "model:b", "parent": "model:b", "w": None},
    ],
)


def written(folder: Path, products: list[dict[str, Any]], edges: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in (("products", products), ("edges", edges)):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return folder


def test_own_tables(spark: "SparkSession", tmp_path: Path) -> None:
    source = open_source(spark, written(tmp_path, *OWN))
    found = cost(source, Run(policy="half"))
    assert_equal(found, Graph.from_tables(*OWN))
    assert found.digest is None
    assert [item.code for item in found.findings] == ["self-edge"]


A, B = {"id": "model:a", "own_carbon_gco2e": 1.0}, {"product": "model:b", "parent": "model:a"}
WRONG = [
    ([{"name": "a"}], [B], GraphError, "products: there is no column 'id'"),
    ([A], [{"product": "model:b", "parents": "model:a"}], GraphError, "'parent'; did you mean 'parents'"),
    ([A | {"own_carbon": "7 t"}], [B], OptionError, "own_carbon is text with a unit; load the tables"),
    (
        [A | {"own_carbon_gco2e": "7"}],
        [B],
        OptionError,
        "own_carbon_gco2e is a column of string, not of numbers",
    ),
    ([A, {"id": "bare"}], [B], GraphError, "'bare' is not KIND:NAME"),
    ([A, A], [B], GraphError, "'model:a' stands there more than once"),
    ([A | {"own_energy_kwh_hi": -1.0}], [B], GraphError, "own_energy_kwh_hi holds a cost that is negative"),
    ([A], [B | {"w": 1.5}], GraphError, "w of model:b <- model:a is not between 0 and 1"),
]


@pytest.mark.parametrize(("products", "edges", "error", "text"), WRONG, ids=[item[3][:30] for item in WRONG])
def test_own_tables_that_make_no_graph(  # noqa: PLR0913
    spark: "SparkSession", tmp_path: Path, products: Any, edges: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        open_source(spark, written(tmp_path, products, edges))


def test_sources_that_are_none(spark: "SparkSession", source: Source, tmp_path: Path) -> None:
    (written(tmp_path / "jobs", *OWN) / "jobs.parquet").touch()
    with pytest.raises(OptionError, match="there are jobs besides"):
        open_source(spark, tmp_path / "jobs")
    for address in ("neo4j://localhost:7687", "demo:"):
        with pytest.raises(StoreError, match=f"lineage copy {address} FOLDER"):
            open_source(spark, address)
    (written(tmp_path / "torn", *OWN) / "edges.parquet").write_bytes(b"no parquet")
    with pytest.raises(StoreError, match=r"edges\.parquet cannot be read"):
        open_source(spark, tmp_path / "torn")
    with pytest.raises(UnknownProduct, match="nobody"):
        source.found(["nobody"])
    for run, text in (
        (Run(policy="property", property="downlods"), "did you mean 'downloads'"),
        (
            Run(policy="cff", cff_a=0.5, quality="name"),
            "--quality 'name' is a column of string, not of numbers",
        ),
        (Run(policy="cff", cff_a=0.5, quality="qualty"), "is no column of products; did you mean 'quality'"),
    ):
        with pytest.raises(OptionError, match=text):
            cost(source, run)
