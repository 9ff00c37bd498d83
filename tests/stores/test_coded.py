"""The arrays beside a snapshot's tables: the same figures to the bit, or a named refusal; never needed."""

import json
import shutil
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from drawn import drawn
from lineage.claims import ClaimsBuilder, Source
from lineage.cli import main
from lineage.errors import LineageError, StoreDamaged, StoreError
from lineage.graph import Graph
from lineage.kernels.ordered import Structure, order_of
from lineage.run import POLICIES, Run
from lineage.schema import GRAPH_TABLES
from lineage.stores import coded, connect
from lineage.stores import stored as stored_graph
from lineage.testing import graph
from lineage.testing.specimens import HOSTILE_NAMES, family, with_columns
from lineage.views.cost import cost


@pytest.fixture(autouse=True)
def arrays_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded, "CODED_ROWS", 0)


def stored(made: Graph, folder: Path) -> Graph:
    with connect(folder) as store:
        store.write(made)
        return store.read()


def folder_of(store: Path) -> Path:
    return store / "snapshots" / "000001"


def answer(made: Graph, run: Run) -> Any:
    """Return everything that a run says, or the error it ends with."""
    try:
        return cost(made, run).as_dict()
    except LineageError as error:
        return repr(error)


# -- the same columns, the same figures ------------------------------------------------------------------


@pytest.mark.parametrize("made", [family(), graph("base -> a, b", own={"base": 1}), Graph.from_tables()])
def test_every_column_is_the_same(made: Graph, tmp_path: Path) -> None:
    back = stored(made, tmp_path / "s")
    assert back.coded is not None and made.coded is None
    assert (len(back), repr(back), back.digest, back.findings) == (
        len(made),
        repr(made),
        made.digest,
        made.findings,
    )
    for table in ("products", "edges"):
        assert back.rows(table) == made.rows(table)
        for item in GRAPH_TABLES[table]:
            if item.type in ("number", "flag", "count"):
                read = {"number": "floats", "flag": "flags", "count": "integers"}[item.type]
                left, right = (getattr(one, read)(table, item.name) for one in (made, back))
                assert left.dtype == right.dtype and np.array_equal(
                    left, right, equal_nan=left.dtype == float
                )
            elif item.name in ("kind", "type", "relation", "tier", "weight_source"):
                assert list(back.labels(table, item.name)) == [
                    text or "" for text in made.texts(table, item.name)
                ]
    assert [back.id(code) for code in range(len(back))] == made.ids == back.ids
    assert [back.name(code) for code in range(len(back))] == made.texts("products", "name")


def test_names_of_strangers_are_found(tmp_path: Path) -> None:
    build = ClaimsBuilder(Source(address="names.csv"))
    for number, name in enumerate(HOSTILE_NAMES):
        build.product(f"model:{name}", **({"name": f"{name}!"} if number % 2 else {}))
    made = Graph.from_claims(build.done())
    back = stored(made, tmp_path / "s")
    assert [back.code(name) for name in made.ids] == list(range(len(made)))
    assert [back.name(code) for code in range(len(back))] == made.texts("products", "name")
    with pytest.raises(LineageError, match="nobody"):
        back.code("model:nobody")


@given(
    made=drawn(cyclic=True),
    days=st.lists(st.sampled_from([None, "2020-05-05", "2022-01-01", "2023-06-30T01:00:00Z"]), min_size=25),
    as_of=st.sampled_from([None, None, "2021", "2023-06-30"]),
    policy=st.sampled_from(POLICIES),
    cycles=st.sampled_from(["error", "break", "solve"]),
    users=st.sampled_from(["all", "deployed"]),
    impact=st.sampled_from(["carbon", "carbon-market", "energy"]),
)
def test_runs_give_the_same_bits(made: Graph, policy: str, days: list[str | None], **options: Any) -> None:
    for table in ("products", "edges"):
        rows = made.rows(table)
        made = with_columns(made, table, {"created_at": pa.array(days[-rows:] if rows else [], pa.string())})
    extras: dict[str, dict[str, Any]] = {"property": {"property": "downloads"}, "cff": {"cff_a": 0.5}}
    extra = extras.get(policy, {})
    run = Run(policy=policy, engine="scipy", **extra, **options)
    with TemporaryDirectory() as folder:
        back = stored(made, Path(folder) / "s")
        assert answer(back, run) == answer(made, run)


def test_jobs_are_read_beside_the_arrays(tmp_path: Path) -> None:
    made = family()
    for impact, as_of in product(
        ("carbon", "carbon-market", "energy", "water"), (None, "2020", "2023-01-31")
    ):
        run = Run(impact=impact, as_of=as_of, engine="scipy")
        assert answer(stored(made, tmp_path / "s"), run) == answer(made, run)


@given(n=st.integers(2, 400), seed=st.integers(0, 99), narrow=st.sampled_from([1, 3, 64]))
def test_the_kept_order_gives_the_bits_of_the_search(n: int, seed: int, narrow: int) -> None:
    from lineage.kernels import ordered, sparse

    draw = np.random.default_rng(seed)
    child = np.sort(draw.integers(1, n, 3 * n)).astype(np.int32)
    parent = (draw.random(3 * n) ** 4 * child).astype(np.int32)
    pairs = np.unique(np.stack([child, parent], 1), axis=0).astype(np.int32)
    number = draw.permutation(n).astype(np.int32)  # codes say nothing about the order
    child, parent = number[pairs[:, 0]], number[pairs[:, 1]]
    by_child = np.lexsort((parent, child))
    child, parent = child[by_child], parent[by_child]
    w, own, start = draw.random(len(child)), draw.random(n), draw.random(n) < 0.05
    w[draw.random(len(w)) < 0.2] = 0.0
    order = order_of(n, child, parent)
    assert order is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "NARROW_EDGES", narrow)
        patch.setattr(ordered, "PIECE", 7)
        kept = Structure(n, child, parent, order)
        searched = sparse.Structure(n, child, parent)
        assert kept.solve(w, own).tolist() == searched.solve(w, own).tolist()
        assert kept.reach(w, start).tolist() == searched.reach(w, start).tolist()


def test_cycles_have_no_order() -> None:
    assert order_of(2, np.array([0, 1], np.int32), np.array([1, 0], np.int32)) is None


# -- damage, age, absence --------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    stored(
        graph("web -> base", "base -> left, right", "left, right -> merged", own={"base": 7.0}),
        tmp_path / "s",
    )
    return tmp_path / "s"


def arrays(store: Path) -> list[Path]:
    found = sorted((folder_of(store) / "coded").iterdir())
    assert len(found) > 10
    return found


def test_every_flipped_byte_is_named_by_check(store: Path) -> None:
    for file in arrays(store):
        good = file.read_bytes()
        for place in {0, len(good) // 2, len(good) - 1}:
            bad = bytearray(good)
            bad[place] ^= 1
            file.write_bytes(bytes(bad))
            with connect(store) as opened, pytest.raises(StoreDamaged, match=file.name):
                opened.verify()  # type: ignore[attr-defined]
        file.write_bytes(good)
    file.write_bytes(bytes(bad))
    done = CliRunner().invoke(main, ["check", "--store", str(store)])
    assert done.exit_code == 1 and file.name in done.stderr


def test_every_cut_or_missing_file_is_refused_at_opening(store: Path) -> None:
    for file in arrays(store):
        good = file.read_bytes()
        file.write_bytes(good[:-1])
        with (
            connect(store) as opened,
            pytest.raises(StoreDamaged, match=rf"{file.name}.*without the folder coded"),
        ):
            opened.read()
        file.unlink()
        with connect(store) as opened, pytest.raises(StoreDamaged, match=f"{file.name}.*it is missing"):
            opened.read()
        file.write_bytes(good)


def test_an_array_of_another_shape_is_refused(store: Path) -> None:
    file = folder_of(store) / "coded" / "edges-parent.npy"
    size = file.stat().st_size
    np.save(file, np.load(file).astype(np.float32))
    assert file.stat().st_size == size
    with connect(store) as opened, pytest.raises(StoreDamaged, match="not the array it should be"):
        opened.read()


def test_without_the_folder_the_tables_answer(store: Path) -> None:
    with connect(store) as opened:
        before = answer(opened.read(), Run(engine="scipy"))
        shutil.rmtree(folder_of(store) / "coded")
        plain = opened.read()
        opened.verify()  # type: ignore[attr-defined]
    assert plain.coded is None and answer(plain, Run(engine="scipy")) == before


def test_another_layout_is_left_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded, "LAYOUT", 2)
    with connect(store) as opened:
        assert opened.read().coded is None


def test_a_manifest_leads_to_no_other_file(store: Path) -> None:
    from lineage.stores.manifest import _render

    file = folder_of(store) / "manifest.json"
    body = json.loads(file.read_text())
    del body["sha256"]
    body["coded"]["files"]["coded/../../x.npy"] = {"rows": 1, "size": 1, "sha256": ""}
    file.write_bytes(_render(body))
    with connect(store) as opened, pytest.raises(StoreDamaged, match="no file of a snapshot"):
        opened.read()
    del body["coded"]["files"]["coded/../../x.npy"]
    body["coded"]["columns"]["products"]["../id"] = {"as": "number"}
    file.write_bytes(_render(body))
    with connect(store) as opened, pytest.raises(StoreDamaged, match="description of the arrays"):
        opened.read()


def test_snapshots_without_arrays_open_and_gain_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = family()
    monkeypatch.setattr(coded, "CODED_ROWS", 10**9)
    old = stored(made, tmp_path / "s")
    assert old.coded is None and not (folder_of(tmp_path / "s") / "coded").exists()
    monkeypatch.setattr(coded, "CODED_ROWS", 0)
    new = stored(made, tmp_path / "s")
    assert new.coded is not None and new == old
    with connect(tmp_path / "s") as opened:
        assert [item.digest for item in opened.snapshots()] == [made.digest] * 2
        opened.write(made)  # what is there already changes nothing
        assert len(opened.snapshots()) == 2


def test_a_graph_stays_what_it_was(store: Path) -> None:
    with connect(store) as opened:
        before = opened.read()
        for number in range(11):
            opened.write(graph("a -> b", own={"a": float(number + 1)}))
    assert not folder_of(store).exists()
    assert before.tables["products"].num_rows == len(before) == 5
    assert before.findings == () and cost(before, Run(engine="scipy")).row("base").own.best == 7.0


def test_a_damaged_table_is_named_when_it_is_asked_for(store: Path) -> None:
    file = folder_of(store) / "graph-products.parquet"
    bad = bytearray(file.read_bytes())
    bad[20] ^= 1
    file.write_bytes(bytes(bad))
    with connect(store) as opened:
        read = opened.read()
        with pytest.raises(StoreDamaged, match=r"graph-products\.parquet: it does not match its checksum"):
            read.tables["products"]
        with pytest.raises(KeyError):
            read.tables["strange"]


def test_tables_in_another_order_get_no_arrays(tmp_path: Path) -> None:
    made = graph("base -> a, b", own={"base": 1})
    turned = made.tables["edges"].take(pa.array([1, 0]))
    back = stored(Graph({**made.tables, "edges": turned}), tmp_path / "s")
    assert back.coded is None


def test_a_table_that_cannot_be_mapped_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged, match=r"none\.parquet: it is missing"):
        stored_graph._mapped(tmp_path / "none.parquet")
    with pytest.raises(StoreError, match=r"cannot be read: Is a directory; check its permissions"):
        stored_graph._mapped(tmp_path)
