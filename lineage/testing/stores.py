"""What every store must do, as tests to inherit (needs pytest).

::

    class TestMine(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            with connect(f"mine://{tmp_path}") as store:
                yield store
"""

import inspect
import threading
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pyarrow as pa
import pytest

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.errors import OptionError, StoreError, StoreLocked
from lineage.findings import finding
from lineage.graph import Graph, resolve
from lineage.schema import GRAPH_TABLES
from lineage.stores import Store, connect
from lineage.stores.base import KEPT
from lineage.testing.specimens import HOSTILE_NAMES, family, family_claims, named, with_columns

__all__ = ["ReadingContract", "StoreContract"]

METHODS = ("read", "claims", "findings", "write", "writing", "snapshots", "close")


def _assert_same(back: Graph, given: Graph) -> None:
    """Compare column by column first: that says what differs; then the digest, computed anew."""
    assert sorted(back.tables) == sorted(given.tables)
    for name, table in given.tables.items():
        assert back.tables[name].column_names == table.column_names, name
        for column in table.column_names:
            assert back.tables[name].column(column).equals(table.column(column)), (name, column)
    assert Graph(back.tables).digest == given.digest == back.digest
    assert back.findings == given.findings
    assert back.claims == given.claims


class ReadingContract:
    """The reading half: what was written comes back, and the part of it that existed at a date.

    Inherit, and give a `store` fixture: an open store to which nothing was written yet. `gaps` names the tests
    of what the store cannot keep, each with the reason; a gap that has gone must leave the list.
    """

    gaps: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _declared_gap(self, request: pytest.FixtureRequest) -> None:
        name = getattr(request.node, "originalname", request.node.name)
        if name in self.gaps:
            request.applymarker(pytest.mark.xfail(reason=self.gaps[name], strict=True))

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An open, new store."""
        raise NotImplementedError("give a fixture `store`")

    # -- what is written comes back ----------------------------------------------------------------------

    def test_a_graph_comes_back_with_findings_and_claims(self, store: Store) -> None:
        graph = family()
        store.write(graph)
        _assert_same(store.read(), graph)
        assert store.claims() == graph.claims
        assert store.findings() == graph.findings
        assert len(graph.findings) > 1

    @pytest.mark.parametrize("table", sorted(GRAPH_TABLES))
    def test_every_table_is_kept(self, store: Store, table: str) -> None:
        graph = family()
        assert graph.tables[table].num_rows > 0
        store.write(graph)
        assert store.read().tables[table].equals(graph.tables[table])

    def test_kept_claims_resolve_to_the_kept_graph(self, store: Store) -> None:
        store.write(family())
        assert resolve(store.claims())[0] == store.read()

    def test_an_empty_graph_is_a_graph(self, store: Store) -> None:
        graph = resolve(Claims.empty())[0]
        store.write(graph)
        assert len(store.read()) == 0
        _assert_same(store.read(), graph)

    def test_a_graph_without_claims_has_none(self, store: Store) -> None:
        graph = Graph(family().tables)
        store.write(graph)
        assert store.read().claims is None
        assert store.claims() == Claims.empty()

    @pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
    def test_names_are_kept_to_the_last_character(self, store: Store, name: str) -> None:
        graph = named(name)
        store.write(graph)
        _assert_same(store.read(), graph)
        assert store.read().texts("products", "extra") == [name]
        assert name in {item.subject for item in store.findings()}

    def test_attributes_keep_name_type_and_value(self, store: Store) -> None:
        store.write(family())
        products = store.read().tables["products"]
        row = store.read().code("model:base")
        kept = {name: products.column(name)[row].as_py() for name in ("colour", "stars", "score", "checked")}
        assert kept == {"colour": "blue", "stars": 7, "score": 0.5, "checked": False}
        assert products.schema.field("stars").type == pa.int64()

    @pytest.mark.parametrize("name", ["", "a.b", "it's", "ключ", "product.id", 'quo"te'])
    def test_attributes_may_have_any_name(self, store: Store, name: str) -> None:
        graph = family()
        values = pa.array([f"value {row}" for row in range(len(graph))])
        graph = with_columns(graph, "products", {name: values})
        store.write(graph)
        _assert_same(store.read(), graph)

    def test_numbers_keep_every_bit_and_unknown_is_not_zero(self, store: Store) -> None:
        graph = family()
        given = [0.0, None, 5e-324, 1.7976931348623157e308, 0.1, 1e-17][: len(graph)]
        graph = with_columns(graph, "products", {"odd": pa.array(given, pa.float64())})
        store.write(graph)
        assert store.read().tables["products"].column("odd").to_pylist() == given
        kept = store.read().tables["products"].column("own_energy_kwh").to_pylist()
        assert kept[graph.code("model:undated")] == 0.0
        assert kept[graph.code("model:tuned")] is None

    def test_a_placeholder_stays_one(self, store: Store) -> None:
        store.write(family())
        graph = store.read()
        known = dict(zip(graph.ids, graph.flags("products", "known").tolist(), strict=True))
        assert [name for name, is_known in known.items() if not is_known] == ["model:nobody-describes-me"]

    def test_many_rows_keep_their_order(self, store: Store) -> None:
        build = ClaimsBuilder(Source(address="many.csv"))
        for number in range(3000):
            build.product(f"model:{number:05d}", downloads=number)
            build.edge(f"model:{number:05d}", f"model:{number // 2:05d}")
        graph = resolve(build.done())[0]
        store.write(graph)
        _assert_same(store.read(), graph)

    # -- as of a date ------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("as_of", "products", "edges", "jobs"),
        [
            ("1999-12-31", {"undated", "nobody-describes-me"}, 0, ["job:3"]),
            ("2019-05-01", {"undated", "nobody-describes-me", "web"}, 0, ["job:3"]),
            ("2020-01-30", {"undated", "nobody-describes-me", "web"}, 0, ["job:3"]),
            ("2020-01-31", {"undated", "nobody-describes-me", "web", "base"}, 2, ["job:1", "job:3"]),
            ("2020-01-31T11:59:59", {"undated", "nobody-describes-me", "web"}, 0, ["job:3"]),
            ("2021-06-15", {"undated", "nobody-describes-me", "web", "base", "tuned"}, 3, ["job:1", "job:3"]),
        ],
    )
    def test_as_of_keeps_what_existed(
        self, store: Store, as_of: str, products: set[str], edges: int, jobs: list[str]
    ) -> None:
        store.write(family())
        graph = store.read(as_of=as_of)
        assert {name.partition(":")[2] for name in graph.ids} == products
        assert graph.tables["edges"].num_rows == edges
        assert graph.texts("jobs", "id") == jobs
        assert [graph.ids[code] for code in graph.integers("jobs", "product")][-1] == "model:undated"

    def test_as_of_a_far_day_is_everything_but_the_claims(self, store: Store) -> None:
        store.write(family())
        graph = store.read(as_of="9999-12-31")
        assert graph == store.read()
        assert graph.findings == store.findings()
        assert graph.claims is None

    def test_an_edge_comes_with_the_later_of_its_own_date_and_its_childs(self, store: Store) -> None:
        store.write(family())
        for day, there in (("2023-01-31", False), ("2023-02-01", True)):
            graph = store.read(as_of=day)
            products, parents = graph.integers("edges", "product"), graph.integers("edges", "parent")
            pairs = [(graph.ids[a], graph.ids[b]) for a, b in zip(products, parents, strict=True)]
            assert (("model:tuned", "model:base") in pairs) is there
            assert ("model:base", "dataset:web") in pairs

    def test_as_of_something_else_than_a_date_is_an_error(self, store: Store) -> None:
        store.write(family())
        with pytest.raises(OptionError, match="yesterday"):
            store.read(as_of="yesterday")


class StoreContract(ReadingContract):
    """The whole contract. Override `reopen` where the address of the store does not open it again."""

    def reopen(self, store: Store) -> Store:
        """Return what a second user finds at the address of the store."""
        return connect(store.address)

    # -- the contract itself -----------------------------------------------------------------------------

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)
        assert isinstance(store.address, str)
        assert store.address

    @pytest.mark.parametrize("method", METHODS)
    def test_parameters_are_those_of_the_contract(self, store: Store, method: str) -> None:
        promised = list(inspect.signature(getattr(Store, method)).parameters.values())[1:]
        given = list(inspect.signature(getattr(store, method)).parameters.values())
        assert [(item.name, item.kind, item.default) for item in given] == [
            (item.name, item.kind, item.default) for item in promised
        ]

    @pytest.mark.parametrize("method", ["read", "claims", "findings"])
    def test_reading_before_anything_was_written_says_how_to_begin(self, store: Store, method: str) -> None:
        with pytest.raises(StoreError, match=r"write a graph|lineage load"):
            getattr(store, method)()
        assert store.snapshots() == []

    def test_another_user_reads_the_same(self, store: Store) -> None:
        graph = family()
        store.write(graph)
        with self.reopen(store) as other:
            _assert_same(other.read(), graph)

    # -- what is replaced --------------------------------------------------------------------------------

    def test_writing_twice_is_writing_once(self, store: Store) -> None:
        store.write(family())
        store.write(family())
        store.write(store.read())
        assert len(store.snapshots()) == 1
        _assert_same(store.read(), family())

    def test_equal_content_in_other_chunks_is_equal(self, store: Store) -> None:
        graph = family()
        pieces = {
            name: pa.concat_tables([table.slice(row, 1) for row in range(table.num_rows)])
            for name, table in graph.tables.items()
        }
        store.write(graph)
        store.write(Graph(pieces, graph.findings, graph.claims))
        assert len(store.snapshots()) == 1

    def test_nothing_of_the_old_graph_remains(self, store: Store) -> None:
        store.write(family())
        graph = named("other")
        store.write(graph)
        _assert_same(store.read(), graph)
        assert store.claims().roots() == ["other.csv"]

    def test_findings_and_claims_alone_make_a_new_snapshot(self, store: Store) -> None:
        graph = family()
        store.write(graph)
        more = Graph(graph.tables, (*graph.findings, finding("undated", "model:x", "no date")), graph.claims)
        store.write(more)
        assert store.findings() == more.findings
        store.write(Graph(graph.tables, more.findings))
        assert store.read().claims is None
        assert len(store.snapshots()) == 3

    def test_reading_and_writing_again_loses_nothing(self, store: Store) -> None:
        graph = family()
        store.write(graph)
        store.write(named("between"))
        store.write(graph)
        _assert_same(store.read(), graph)

    def test_what_was_read_stays_as_it_was(self, store: Store) -> None:
        store.write(family())
        before = store.read()
        store.write(named("later"))
        _assert_same(before, family())

    def test_changing_tables_after_writing_changes_nothing(self, store: Store) -> None:
        tables = dict(family().tables)
        store.write(Graph(tables))
        tables["products"] = tables["products"].slice(0, 1)
        assert store.read() == family()

    def test_an_unknown_table_is_refused_and_the_store_unchanged(self, store: Store) -> None:
        graph = family()
        store.write(graph)
        with pytest.raises(StoreError, match=r"a graph cannot hold a table '\.\./x'"):
            store.write(Graph({**graph.tables, "../x": pa.table({"a": [1]})}))
        said = Claims(family_claims().sources, {**family_claims().tables, "rumours": pa.table({"a": [1]})})
        with pytest.raises(StoreError, match="claims cannot hold a table 'rumours'"):
            store.write(Graph(graph.tables, (), said))
        _assert_same(store.read(), graph)

    # -- snapshots, writers, closing ---------------------------------------------------------------------

    def test_snapshots_are_listed_and_old_ones_let_go(self, store: Store) -> None:
        graphs = [family(float(number)) for number in range(KEPT + 2)]
        for graph in graphs:
            store.write(graph)
        listed = store.snapshots()
        assert [item.number for item in listed] == list(range(3, KEPT + 3))
        assert [item.digest for item in listed] == [graph.digest for graph in graphs[2:]]
        assert listed[-1].counts == {name: table.num_rows for name, table in graphs[-1].tables.items()}
        assert all(item.problem is None for item in listed)

    def test_a_writer_keeps_others_out_and_itself_in(self, store: Store) -> None:
        refused: list[BaseException] = []

        def write() -> None:
            try:
                store.write(named("other"))
            except StoreLocked as error:
                refused.append(error)

        with store.writing():
            store.write(family())
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
            store.write(family(11.0))
        assert len(refused) == 1
        assert store.read() == family(11.0)

    def test_a_failed_writer_lets_others_in(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError), store.writing():
            raise ZeroDivisionError
        assert store.snapshots() == []
        store.write(family())
        assert store.read() == family()

    @pytest.mark.parametrize("method", METHODS[:-1])
    def test_a_closed_store_says_so(self, store: Store, method: str) -> None:
        store.write(family())
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"):
            if method == "writing":
                with store.writing():
                    pass
            else:
                getattr(store, method)(*([family()] if method == "write" else []))

    def test_leaving_the_context_closes_it(self, store: Store) -> None:
        with store as entered:
            assert entered is store
        with pytest.raises(StoreError, match="closed"):
            store.read()
