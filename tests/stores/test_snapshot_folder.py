"""The folder of the default store: layout, addresses, equal bytes, failures, and who else writes."""

import errno
import hashlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lineage.errors import StoreError, StoreLocked
from lineage.graph import Graph
from lineage.stores import Store, connect
from lineage.stores.base import KEPT
from lineage.stores.columns import CLAIM_FILES, FILES
from lineage.stores.locking import HOLDER_FILE, LOCK_FILE
from lineage.stores.snapshot import SnapshotStore
from lineage.testing.specimens import family, named, with_columns
from stores.publisher import hold, publish, started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with connect(tmp_path / "store") as opened:
        opened.write(family())
        yield opened


def contents(folder: Path) -> dict[str, str]:
    """Return the checksum of every file under a folder."""
    return {
        str(item.relative_to(folder)): hashlib.sha256(item.read_bytes()).hexdigest()
        for item in sorted(folder.rglob("*"))
        if item.is_file()
    }


# -- layout and addresses --------------------------------------------------------------------------------


def test_layout(store: Store) -> None:
    folder = Path(store.address)
    assert set(contents(folder)) == {
        *(f"snapshots/000001/{name}" for name in (*FILES, "manifest.json")),
        LOCK_FILE,
    }


def test_without_claims_there_are_no_files_of_claims(tmp_path: Path) -> None:
    with connect(tmp_path / "store") as store:
        store.write(Graph(family().tables))
    assert not set(CLAIM_FILES.values()) & {item.name for item in tmp_path.rglob("*.parquet")}


def test_nothing_is_made_by_reading(tmp_path: Path) -> None:
    with connect(tmp_path / "none") as store:
        with pytest.raises(StoreError, match=r"there is no store at .*none; make one with: lineage load"):
            store.read()
        assert store.snapshots() == []
    assert list(tmp_path.iterdir()) == []


def test_an_older_snapshot_opens_read_only(store: Store) -> None:
    store.write(named("newer"))
    with connect(f"{store.address}@000001") as older:
        assert older.address == f"{store.address}@000001"
        assert older.read() == family()
        assert older.claims() == family().claims
        with pytest.raises(StoreError, match="read-only; write to"):
            older.write(named("x"))
    keeps = "has no snapshot 000009; it keeps 000001, 000002"
    with connect(f"{store.address}@000009") as missing, pytest.raises(StoreError, match=keeps):
        missing.read()


def test_a_folder_with_such_a_name_is_that_folder(tmp_path: Path) -> None:
    (tmp_path / "run@000001").mkdir()
    with connect(tmp_path / "run@000001") as store:
        store.write(family())
    with connect(tmp_path / "run@000001") as store:
        assert store.read() == family()


@pytest.mark.parametrize(
    "address", ["foo://x", "neo5j://localhost:7687", "memry:", "memory:x", "", "  ", "a\0b"]
)
def test_an_address_of_no_kind_lists_what_exists(address: str) -> None:
    with pytest.raises(
        StoreError,
        match="there are memory:, a folder, FOLDER@NUMBER for an older snapshot, and neo4j://HOST:PORT",
    ):
        connect(address)


def test_a_near_miss_is_guessed() -> None:
    with pytest.raises(StoreError, match="did you mean 'memory:'"):
        connect("memry:")


def test_a_name_that_no_system_takes() -> None:
    with pytest.raises(StoreError, match="check the address"):
        connect("n" * 1_000_000)


def test_a_folder_of_others_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match=r"is not a store, and not empty \(it holds 'thesis.tex'\)"):
        connect(tmp_path)
    with pytest.raises(StoreError, match="is a file, not a store"):
        connect(tmp_path / "thesis.tex")
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_fills_up_after_connecting(tmp_path: Path) -> None:
    with connect(tmp_path) as store:
        (tmp_path / "thesis.tex").write_text("years of work")
        with pytest.raises(StoreError, match="not a store, and not empty"):
            store.write(family())
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_becomes_a_store(tmp_path: Path) -> None:
    with connect(tmp_path) as store:
        store.write(family())
        assert store.read() == family()


def test_a_first_load_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with connect(tmp_path / "new") as store, pytest.raises(ZeroDivisionError), store.writing():
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


# -- equal bytes, lazy reading ---------------------------------------------------------------------------


def test_equal_content_has_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with connect(tmp_path / name) as store:
            graph = family()
            if name == "b":  # the same in other chunks, with notes of another library
                tables = {
                    key: pa.concat_tables([table.slice(0, 1), table.slice(1)]).replace_schema_metadata(
                        {"k": "v"}
                    )
                    for key, table in graph.tables.items()
                }
                graph = Graph(tables, graph.findings, graph.claims)
            store.write(graph)
        time.sleep(0.01)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_claims_are_read_when_asked_for(store: Store) -> None:
    graph = store.read()
    assert "claims" not in graph.__dict__
    for name in CLAIM_FILES.values():
        file = Path(store.address) / "snapshots/000001" / name
        file.write_bytes(bytes(len(file.read_bytes())))
    assert store.read() == graph
    with pytest.raises(StoreError, match="claims-"):
        _ = graph.claims


def test_a_graph_outlives_its_store_and_travels(store: Store) -> None:
    graph = store.read()
    store.close()
    other = pickle.loads(pickle.dumps(graph))
    assert other == graph == family()
    assert other.claims == graph.claims == family().claims


def test_claims_of_a_discarded_snapshot(store: Store) -> None:
    graph = store.read()
    for number in range(KEPT):
        store.write(named(str(number)))
    assert graph == family()
    with pytest.raises(
        StoreError, match=r"000001 has been replaced by newer snapshots; read the store again"
    ):
        _ = graph.claims


def test_a_snapshot_that_vanishes_while_it_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = SnapshotStore._newest

    def slow(self: SnapshotStore) -> int:
        number = plain(self)
        if number == 1:
            for count in range(KEPT + 1):
                publisher.write(named(str(count)))
        return number

    with SnapshotStore(Path(store.address)) as publisher:
        monkeypatch.setattr(SnapshotStore, "_newest", slow)
        assert store.read() == named(str(KEPT))


def test_reading_loads_nothing_heavy(store: Store) -> None:
    code = (
        "import sys; from lineage.stores import connect; store = connect(sys.argv[1]); graph = store.read()\n"
        "graph.ids, graph.digest, graph.findings, store.claims(), store.snapshots()\n"
        "heavy = {'pandas', 'scipy', 'networkx', 'numba', 'pint', 'filelock', 'pyarrow.dataset'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, store.address], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


# -- what cannot be written ------------------------------------------------------------------------------


def test_a_type_that_would_come_back_as_another(store: Store) -> None:
    when = pa.array([0] * len(family()), pa.timestamp("s"))
    with pytest.raises(
        StoreError, match=r"column 'when': the type timestamp\[s\] would come back as timestamp\[ms\]"
    ):
        store.write(with_columns(family(), "grids", {"when": when[:1]}))
    assert len(store.snapshots()) == 1


def test_a_type_that_parquet_does_not_have(store: Store) -> None:
    odd = pa.array([(1, 2, 3)], pa.month_day_nano_interval())
    graph = family()
    tables = {**graph.tables, "grids": graph.tables["grids"].append_column("odd", odd)}
    broken = Graph(tables)
    broken.__dict__["digest"] = "0" * 64  # the digest has no such type either
    with pytest.raises(StoreError, match=r"graph-grids\.parquet cannot be written.*cast the column"):
        store.write(broken)
    assert sorted(item.name for item in Path(store.address).iterdir()) == ["snapshots", LOCK_FILE]


@pytest.mark.parametrize("step", range(1, len(FILES) + 3))  # every file, the manifest, and their folder
def test_a_full_disk_leaves_the_old_state(store: Store, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(Path(store.address))
    plain, calls = os.fsync, []

    def fail(handle: int) -> None:
        calls.append(handle)
        if len(calls) == step:
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(handle)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="No space left on device; the store is unchanged"):
        store.write(family(11.0))
    assert contents(Path(store.address)) == before
    assert store.read() == family()


def test_a_rename_that_may_not_last_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = os.fsync

    def fail(handle: int) -> None:
        if os.path.samestat(os.fstat(handle), (Path(store.address) / "snapshots").stat()):
            raise OSError(errno.EIO, "Input/output error")
        plain(handle)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="@000002 is published, but may not outlast a power cut"):
        store.write(family(11.0))
    assert store.read() == family(11.0)


def test_a_lock_that_cannot_be_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(StoreError, match="cannot be written: Permission denied"):
        store.write(named("x"))
    monkeypatch.undo()
    store.write(named("x"))
    assert store.read() == named("x")


# -- other writers ---------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_with_the_holder(store: Store) -> None:
    ours, theirs = Pipe()
    holder = started(hold, Path(store.address), theirs)
    assert ours.recv() == "locked"
    begun = time.perf_counter()
    with pytest.raises(StoreLocked) as caught:
        store.write(named("x"))
    assert time.perf_counter() - begun < 30  # refused, not waited for: the holder never lets go
    assert caught.value.holder == holder.process.pid
    assert f"is being written by process {holder.process.pid}" in str(caught.value)
    assert store.read() == family()  # readers are not kept out
    holder.kill()
    holder.wait()
    store.write(named("x"))
    assert store.read() == named("x")


def test_a_holder_that_does_not_say_who_it_is(store: Store) -> None:
    with SnapshotStore(Path(store.address)) as other, other.writing():
        for text in ("", "no number", "-1\n", f"{2**70}\n"):
            (Path(store.address) / HOLDER_FILE).write_text(text)
            with pytest.raises(StoreLocked, match="another process") as caught:
                store.write(named("x"))
            assert caught.value.holder is None


def test_two_stores_in_one_process_exclude_each_other(store: Store) -> None:
    with SnapshotStore(Path(store.address)) as other, other.writing():
        with pytest.raises(StoreLocked) as caught:
            store.write(named("x"))
        assert caught.value.holder == os.getpid()


def test_what_killed_writers_left_is_removed(store: Store) -> None:
    folder = Path(store.address)
    for name in ("incoming-000002", "incoming-000077", "discarded-000001"):
        (folder / name).mkdir()
        (folder / name / "graph-products.parquet").write_bytes(b"half")
    (folder / HOLDER_FILE).write_text("1\n")
    assert store.read() == family()
    store.write(named("x"))
    assert sorted(item.name for item in folder.iterdir()) == ["snapshots", LOCK_FILE]
    assert [item.number for item in store.snapshots()] == [1, 2]


def test_leftovers_alone_are_no_store_but_may_become_one(tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "incoming-000001").mkdir()
    (tmp_path / LOCK_FILE).touch()
    with connect(tmp_path) as store:
        with pytest.raises(StoreError, match="there is no store"):
            store.read()
        store.write(family())
        assert store.read() == family()


def test_publishing_from_another_process_is_seen(store: Store, tmp_path: Path) -> None:
    with connect(tmp_path / "other") as other:
        other.write(named("theirs"))
    assert started(publish, tmp_path / "other", Path(store.address)).wait() == 0
    assert store.read() == named("theirs")
