"""Laws of resolving: pure, independent of the order of rows, the same when a source is loaded again."""

from hypothesis import given
from hypothesis import strategies as st

from lineage.claims import Claims
from lineage.graph import Graph, resolve
from merging.sources import said, shuffled, together
from strategies import Lineage, Row, lineages

_NAMES = (
    "model:a",
    "model:A",
    "model:b",
    "model:gpt2",
    "model:openai-community/gpt2",
    "dataset:a",
    "platform:p",
)


@st.composite
def _dirty(draw: st.DrawFn, address: str) -> Claims:
    """Draw what one source says: every id described at most once, edges as they come."""
    names = st.sampled_from(_NAMES)
    renamed = draw(st.sampled_from(("model:b", "model:c", "")))
    products: list[Row] = [
        {
            "id": name,
            "downloads": draw(st.none() | st.integers(0, 3)),
            "own_carbon_gco2e": draw(st.none() | st.integers(0, 3)),
            "tier": draw(st.sampled_from((None, "measured", "imputed"))),
            "superseded": draw(st.sampled_from((None, None, "withdrawn"))),
            "uid": "1" if name == renamed else None,
        }
        for name in sorted(draw(st.sets(names)))
    ]
    edges = draw(
        st.lists(st.fixed_dictionaries({"product": names, "parent": names, "w": st.none() | st.floats(0, 1)}))
    )
    jobs = [
        {"id": name, "product": draw(names), "phase": "training", "platform": draw(st.none() | names)}
        for name in sorted(draw(st.sets(st.sampled_from("jkl"))))
    ]
    return said(address, products=products, edges=edges, jobs=jobs)


_sources = st.tuples(_dirty("one"), _dirty("two"), _dirty("three")).map(list)


@given(_sources, st.integers(0, 3))
def test_the_order_of_rows_within_a_source_does_not_matter(parts: list[Claims], seed: int) -> None:
    graph, findings = resolve(together(*parts))
    mixed, others = resolve(together(*(shuffled(part, seed) for part in parts)))
    assert mixed == graph
    assert sorted((item.code, item.subject) for item in others) == sorted(
        (item.code, item.subject) for item in findings
    )


@given(_sources)
def test_resolving_is_pure(parts: list[Claims]) -> None:
    claims = together(*parts)
    graph, findings = resolve(claims)
    again, same = resolve(claims)
    assert (again.digest, same) == (graph.digest, findings)


@given(_sources)
def test_loading_the_newest_source_again_changes_nothing(parts: list[Claims]) -> None:
    claims = together(*parts)
    again = together(claims.without("three"), parts[2])
    assert resolve(again)[0] == resolve(claims)[0]
    assert resolve(again)[1] == resolve(claims)[1]


@given(_sources)
def test_edges_and_names_add_up(parts: list[Claims]) -> None:
    claims = together(*parts)
    graph, findings = resolve(claims)
    count = {
        code: sum(item.code == code for item in findings)
        for code in ("self-edge", "parallel-edge", "duplicate-edge")
    }
    made = graph.texts("edges", "weight_source").count("job")
    assert claims.tables["edges"].num_rows == len(graph.edges) - made + sum(count.values())
    tables = claims.tables
    named = {
        name
        for table, column in (
            ("products", "id"),
            ("edges", "product"),
            ("edges", "parent"),
            ("jobs", "product"),
            ("jobs", "platform"),
        )
        for name in tables[table].column(column).to_pylist()
        if name
    }
    assert len(named) == len(graph) + sum(item.code == "merged-identity" for item in findings)


@given(_sources)
def test_tables_are_sorted_and_refer_to_rows_that_are_there(parts: list[Claims]) -> None:
    graph, _ = resolve(together(*parts))
    assert graph.ids == sorted(set(graph.ids))
    product, parent = graph.integers("edges", "product").tolist(), graph.integers("edges", "parent").tolist()
    pairs = list(zip(product, parent, strict=True))
    assert pairs == sorted(set(pairs))
    assert all(0 <= child < len(graph) and 0 <= code < len(graph) and child != code for child, code in pairs)
    assert all(0 <= code < len(graph) for code in graph.integers("jobs", "product").tolist())


@given(lineages())
def test_own_tables_say_what_the_graph_holds(rows: Lineage) -> None:
    products, edges = rows
    graph = Graph.from_tables(*rows)
    own = dict(zip(graph.ids, graph.tables["products"].column("own_carbon_gco2e").to_pylist(), strict=True))
    assert own == {row["id"]: row["own_carbon_gco2e"] for row in products}
    weights = {(row["product"], row["parent"]): row["w"] for row in edges}
    table = graph.tables["edges"]
    pairs = zip(graph.edges["product"], graph.edges["parent"], strict=True)
    assert dict(zip(pairs, table.column("w").to_pylist(), strict=True)) == weights
