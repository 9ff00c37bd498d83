"""Where the offline index lies: when it is built anew, and what is left of it."""

import json
import os
import socket
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from lineage.errors import MissingExtra, StoreError
from lineage.graph import Graph
from lineage.stores import connect, index_process
from lineage.stores.index import open_index
from lineage.stores.index_folder import IndexFolder
from lineage.stores.index_process import Engine, EngineProcess, EngineRefusal, installed_engine
from lineage.stores.memory import MemoryStore
from lineage.stores.snapshot import SnapshotStore
from lineage.testing.specimens import family, named
from offline import answered, asking, folders_left, needed_engine, python

COUNT = "MATCH (n:Product) RETURN count(n) AS n"


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    needed_engine()
    made = SnapshotStore(tmp_path / "store")
    made.write(family())
    return made


class Told:
    """Counts how often an index was built."""

    def __init__(self) -> None:
        self.built = 0
        self.steps: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int, what: str) -> None:
        self.steps.append((done, total))
        self.built += done == total
        assert what == "building the index"


def _count(store: SnapshotStore, told: Told) -> int:
    with open_index(store, progress=told) as index:
        return int(index.cypher(COUNT).records[0]["n"])


def test_it_is_built_once_per_graph(store: SnapshotStore) -> None:
    told = Told()
    assert (_count(store, told), told.built) == (6, 1)
    assert told.steps == sorted(told.steps) and told.steps[-1][0] == told.steps[-1][1]
    assert (_count(store, told), told.built) == (6, 1)
    store.write(named("other"))
    assert (_count(store, told), told.built) == (1, 2)
    # Claims alone make another snapshot of an equal graph: its index is the same.
    store.write(Graph(store.read().tables))
    assert (_count(store, told), told.built) == (1, 2)


def test_an_open_index_follows_the_store(store: SnapshotStore) -> None:
    with open_index(store) as index:
        assert index.cypher(COUNT).records == [{"n": 6}]
        assert not index.is_outdated()
        store.write(named("other"))
        assert index.is_outdated()
        assert index.cypher(COUNT).records == [{"n": 1}]


def test_an_older_snapshot_has_its_own(store: SnapshotStore) -> None:
    store.write(named("other"))
    with connect(f"{store.address}@000001") as older, connect(store.address) as newest:
        assert older.cypher(COUNT).records == [{"n": 6}]  # type: ignore[attr-defined]
        assert newest.cypher(COUNT).records == [{"n": 1}]  # type: ignore[attr-defined]
    assert len(list((store.path / "index").glob("*/index.json"))) == 2


def test_only_the_newest_are_kept(store: SnapshotStore) -> None:
    for name in ("a", "b", "c"):
        store.write(named(name))
        _count(store, Told())
    assert len(list((store.path / "index").glob("*/index.json"))) == 2


def _index_of(store: SnapshotStore) -> Path:
    return next((store.path / "index").glob("*/index.json")).parent


def test_a_changed_file_is_noticed(store: SnapshotStore) -> None:
    told = Told()
    _count(store, told)
    file = next((_index_of(store) / "data").glob("Model_0.*.bucket"))
    with file.open("r+b") as stream:
        stream.write(b"damage")
    assert (_count(store, told), told.built) == (6, 2)


def test_damage_behind_its_back_means_building_anew(store: SnapshotStore) -> None:
    told = Told()
    _count(store, told)
    file = next((_index_of(store) / "data").glob("dictionary.*.dict"))
    status = file.stat()
    with file.open("r+b") as stream:
        stream.write(b"\xff" * min(status.st_size, 5000))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (_count(store, told), told.built) == (6, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("engine", "arcadedb 1.0"),
        ("schema", "lineage/index/0"),
        ("digest", "0" * 64),
        ("files", {}),
        ("counts", None),
    ],
)
def test_an_index_of_another_kind_is_not_used(store: SnapshotStore, field: str, value: object) -> None:
    told = Told()
    _count(store, told)
    manifest = _index_of(store) / "index.json"
    body = json.loads(manifest.read_text(encoding="utf-8"))
    # Counts are only told; everything else has to match.
    manifest.write_text("{}" if value is None else json.dumps(body | {field: value}), encoding="utf-8")
    assert (_count(store, told), told.built) == (6, 2)


def test_a_folder_that_cannot_be_written_is_named(store: SnapshotStore) -> None:
    (store.path / "index").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match=r"index cannot be written: .*; the offline index is kept there"):
        _count(store, Told())


def test_a_snapshot_that_is_damaged_is_named(store: SnapshotStore) -> None:
    file = store.path / "snapshots" / "000001" / "graph-products.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(EngineRefusal, match="does not match its checksum"):
        _count(store, Told())
    assert folders_left(store.path) == []


def test_a_snapshot_with_another_digest_is_refused(store: SnapshotStore) -> None:
    process = EngineProcess(installed_engine())
    try:
        command = {
            "store": str(store.path),
            "number": 1,
            "digest": "0" * 64,
            "into": str(store.path / "x"),
            "own": None,
        }
        with pytest.raises(EngineRefusal, match="the snapshot changed while its index was built"):
            process.build(command, None)
    finally:
        process.close()


def test_nothing_is_left_in_memory_s_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed_engine()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with MemoryStore() as store:
        store.write(family())
        assert store.cypher(COUNT).records == [{"n": 6}]
        store.write(named("other"))
        assert store.cypher(COUNT).records == [{"n": 1}]
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_no_noise(store: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "TMPDIR", "cwd"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path / "cwd")
    with asking(store.path, COUNT) as process:
        assert answered(process)["records"] == [{"n": 6}]
        rest, noise = process.communicate(timeout=30)
    assert (process.returncode, rest, noise) == (0, "", "")
    assert [
        item for name in ("HOME", "XDG_STATE_HOME", "TMPDIR", "cwd") for item in (tmp_path / name).iterdir()
    ] == []
    assert sorted(item.name for item in store.path.iterdir()) == ["index", "snapshots", "writer.lock"]
    names = {item.name for item in (store.path / "index").iterdir()}
    assert names == {"build.lock", _index_of(store).name}


def test_one_question_does_not_load_pandas(store: SnapshotStore) -> None:
    program = (
        "import sys; from lineage.stores import connect\n"
        "with connect(sys.argv[1]) as store:\n"
        "    store.cypher('RETURN 1 AS n').records; print('pandas' in sys.modules, 'neo4j' in sys.modules)\n"
        "    import pandas\n"
        "    print(len(store.cypher('RETURN 1 AS n').to_pandas()))\n"
    )
    with python("-c", program, store.address) as process:
        assert process.communicate(timeout=60) == ("False True\n1\n", "")


def test_a_file_in_the_working_folder_is_not_imported(store: SnapshotStore, tmp_path: Path) -> None:
    for name in ("json", "socket", "arcadedb"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('stolen')", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert _count(store, Told()) == 6


def test_a_port_in_use_is_named(store: SnapshotStore) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(EngineRefusal, match=f"port {port} cannot be used"),
            open_index(store, port=port) as index,
        ):
            index.start()


def test_a_machine_without_the_engine_hears_of_both_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_process, "_DISTRIBUTIONS", {"no-such-distribution": "nothing"})
    with MemoryStore() as store:
        store.write(family())
        with pytest.raises(MissingExtra) as caught:
            store.cypher("RETURN 1")
    assert str(caught.value) == (
        "Cypher on a folder needs an extra: pip install 'lineage-epc[cypher]'; "
        "or copy the graph to a Neo4j: lineage copy"
    )


def test_what_stays_up_prefers_the_engine_that_is_quicker_once_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"arcadedb": "1", "arcadedb-embedded": "2"}

    def version(name: str) -> str:
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(index_process, "version", version)
    assert installed_engine() == Engine("arcadedb", "arcadedb 1")
    assert installed_engine(lasting=True) == Engine("arcadedb_embedded", "arcadedb-embedded 2")
    del there["arcadedb-embedded"]
    assert installed_engine(lasting=True) == Engine("arcadedb", "arcadedb 1")
    there = {"arcadedb-embedded": "2"}
    assert installed_engine() == Engine("arcadedb_embedded", "arcadedb-embedded 2")


def test_no_interpreter_to_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "")
    with pytest.raises(StoreError, match="no Python to start the engine"):
        EngineProcess(needed_engine())


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    folder = IndexFolder(tmp_path / "index", "engine 1")
    with folder.building():
        pass
    here = folder.serving(os.getpid())
    ended = folder.serving(2**22 - 1 + 2**22)
    for item in (folder.incoming("a" * 64), here, ended, folder.path / "discarded-1"):
        item.mkdir()
    folder.sweep("0" * 64)
    assert sorted(item.name for item in folder.path.iterdir()) == sorted(["build.lock", here.name])
