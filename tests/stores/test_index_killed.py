"""Processes killed while they build or serve the offline index, and several at once."""

import json
import os
import random
import time
from pathlib import Path

import pytest

from lineage.stores import connect
from lineage.stores.base import AnswersCypher
from lineage.stores.index import open_index
from lineage.stores.snapshot import SnapshotStore
from lineage.testing.specimens import family
from offline import answered, asking, children, folders_left, needed_engine, runs, wait_until
from stores.publisher import large

COUNT = "MATCH (n:Product) RETURN count(n) AS n"
WITHIN_S = 5.0  # after this long nothing of a killed process may live

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    needed_engine()
    made = SnapshotStore(tmp_path / "store")
    made.write(large(1))
    return made


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def _answers(store: SnapshotStore) -> None:
    with open_index(store) as index:
        assert index.cypher(COUNT).records == [{"n": 1500}]
    assert folders_left(store.path) == []


def _all_end(processes: list[int]) -> bool:
    return wait_until(lambda: not any(map(runs, processes)), WITHIN_S)


@pytest.mark.slow
def test_killed_while_it_builds(store: SnapshotStore, temporary: Path) -> None:
    chance = random.Random(4)
    killed = 0
    for _ in range(6):
        process = asking(store.path, COUNT, temporary=temporary)
        assert process.stdout is not None
        process.stdout.readline()  # the first rows are in
        engines = children(process.pid)
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.communicate()
        assert engines and _all_end(engines)
        assert wait_until(lambda: not list(temporary.iterdir()), WITHIN_S)
        killed += not list((store.path / "index").glob("*/index.json"))
        assert wait_until(lambda: not folders_left(store.path), WITHIN_S)
        for manifest in (store.path / "index").glob("*/index.json"):
            manifest.unlink()
    assert killed >= 3
    _answers(store)


def test_killed_while_it_serves(store: SnapshotStore, temporary: Path) -> None:
    with asking(store.path, COUNT, "stay", temporary=temporary) as process:
        engine = answered(process)["engine"]
        assert isinstance(engine, int) and runs(engine)
        assert folders_left(store.path) and any(temporary.iterdir())
        process.kill()
    begun = time.monotonic()
    assert wait_until(lambda: not runs(engine), WITHIN_S)
    assert wait_until(lambda: not folders_left(store.path) and not list(temporary.iterdir()), WITHIN_S)
    assert time.monotonic() - begun < WITHIN_S
    _answers(store)


def test_killed_while_a_child_of_its_own_holds_the_pipe(store: SnapshotStore) -> None:
    """A process that forks hands its end of the pipe on; the engine must not wait for the copy."""
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:  # no return from here
        try:
            index = open_index(store)
            index.start()
            sleeper = os.fork()
            if sleeper == 0:
                time.sleep(60)
                os._exit(0)
            os.write(writer, json.dumps([index.process_id, sleeper]).encode() + b"\n")
            time.sleep(60)
        finally:
            os._exit(1)
    with os.fdopen(reader) as told:
        engine, sleeper = json.loads(told.readline())
    os.close(writer)
    os.kill(middle, 9)
    os.waitpid(middle, 0)
    try:
        assert runs(sleeper)
        assert wait_until(lambda: not runs(engine), WITHIN_S)
    finally:
        os.kill(sleeper, 9)


def test_a_killed_engine_is_started_again(store: SnapshotStore) -> None:
    with open_index(store) as index:
        for _ in range(2):
            assert index.cypher(COUNT).records == [{"n": 1500}]
            engine = index.process_id
            assert engine is not None
            os.kill(engine, 9)
            assert wait_until(lambda: index.process_id is None, WITHIN_S)
        assert index.cypher(COUNT).records == [{"n": 1500}]
    assert folders_left(store.path) == []


def test_a_killed_memory_store_leaves_no_folder(temporary: Path) -> None:
    needed_engine()
    program = (
        "import sys, lineage.testing.specimens as made; from lineage.stores import connect\n"
        "with connect('memory:') as store:\n"
        "    store.write(made.family())\n"
        "    print(store.cypher(sys.argv[1]).records, store._index.process_id, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with asking(Path(), COUNT, temporary=temporary, program=program) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("[{'n': 6}]") and list(temporary.iterdir())
        process.kill()
    assert wait_until(lambda: not runs(int(line.split()[-1])), WITHIN_S)
    assert wait_until(lambda: not list(temporary.iterdir()), WITHIN_S)


def test_several_at_once_build_once(store: SnapshotStore) -> None:
    processes = [asking(store.path, COUNT) for _ in range(3)]
    told = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert [json.loads(lines[-1])["records"] for lines in told] == [[{"n": 1500}]] * 3
    assert sum(len(lines) > 1 for lines in told) == 1  # only who builds hears of progress
    assert folders_left(store.path) == []


def test_several_read_while_the_store_changes(store: SnapshotStore) -> None:
    many = "MATCH (n:Product) UNWIND range(1, 20) AS number RETURN n.id AS id"
    with connect(store.address) as first, connect(store.address) as second:
        assert isinstance(first, AnswersCypher) and isinstance(second, AnswersCypher)
        assert first.cypher(COUNT).records == second.cypher(COUNT).records == [{"n": 1500}]
        rows = iter(first.cypher(many))
        next(rows)
        store.write(family())
        assert second.cypher(COUNT).records == [{"n": 6}]
        store.write(large(2, rows=3))
        assert second.cypher(COUNT).records == first.cypher(COUNT).records == [{"n": 3}]
        # An answer is of one state to its end, also where a newer one was asked meanwhile.
        assert sum(1 for _ in rows) == 1500 * 20 - 1
    assert folders_left(store.path) == []
