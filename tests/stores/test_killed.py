"""A writer that is killed leaves the state before or the state after, never one between."""

import os
from collections import Counter
from pathlib import Path

import pytest

from lineage.errors import StoreError
from lineage.graph import Graph
from lineage.stores.snapshot import SnapshotStore
from stores.killing import Moments, kill_at_random
from stores.publisher import large, load, publish, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal"),
]

KILLS = 200  # of `lineage load`
PUBLISHED = 60  # of the store alone, where more kills hit the moment of publishing
FIRST = 20
NOTHING = -1


def found_in(folder: Path, graphs: list[Graph]) -> int:
    """Return which graph a store holds, with every table, claim and finding of it; `NOTHING` if it is no store."""
    with SnapshotStore(folder) as store:
        if not store.snapshots():
            with pytest.raises(StoreError, match="there is no store"):
                store.read()
            return NOTHING
        assert [item.problem for item in store.snapshots() if item.problem] == []
        store.verify()
        back = store.read()
        computed = Graph(back.tables).digest
        assert back.digest == computed
        which = [graph.digest for graph in graphs].index(computed)
        assert back.claims == graphs[which].claims
        assert back.findings == graphs[which].findings
        return which


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [large(0), large(1)]


@pytest.fixture(scope="module")
def sources(graphs: list[Graph], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Stores that hold the graphs, for the processes to publish from."""
    folders = [tmp_path_factory.mktemp("source") / f"store-{which}" for which in range(len(graphs))]
    for folder, graph in zip(folders, graphs, strict=True):
        with SnapshotStore(folder) as store:
            store.write(graph)
    return folders


def test_killed_while_publishing(graphs: list[Graph], sources: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "store"
    publish(sources[0], folder)
    tally = kill_at_random(
        lambda which: started(publish, sources[which], folder),
        lambda: found_in(folder, graphs),
        folder,
        rounds=PUBLISHED,
    )
    print(tally)
    assert tally.before + tally.after == PUBLISHED
    assert tally.before >= PUBLISHED // 10
    assert tally.after >= PUBLISHED // 20
    assert tally.leftovers >= PUBLISHED // 20
    # The next writers clear up.
    publish(sources[0], folder)
    publish(sources[1], folder)
    assert sorted(item.name for item in folder.iterdir()) == ["snapshots", "writer.lock"]
    assert found_in(folder, graphs) == 1


def test_killed_while_loading(tmp_path: Path) -> None:
    """The same through the command line: read files, resolve, publish."""
    tables = [tmp_path / f"tables-{which}" for which in (0, 1)]
    for which, folder in enumerate(tables):
        folder.mkdir()
        rows = [f"model:{which}-{number},{number + which} kWh" for number in range(300)]
        (folder / "products.csv").write_text("\n".join(["id,own_energy", *rows]) + "\n")
        rows = [f"model:{which}-{number},model:{which}-{number // 2}" for number in range(1, 300)]
        (folder / "edges.csv").write_text("\n".join(["product,parent", *rows]) + "\n")
        load(folder, tmp_path / f"expected-{which}")
    graphs = [SnapshotStore(tmp_path / f"expected-{which}").read() for which in (0, 1)]
    store = tmp_path / "store"
    load(tables[0], store)
    tally = kill_at_random(
        lambda which: started(load, tables[which], store),
        lambda: found_in(store, graphs),
        store,
        rounds=KILLS,
    )
    print(tally)
    assert tally.before + tally.after == KILLS
    assert tally.before >= KILLS // 10
    assert tally.after >= KILLS // 20
    assert tally.leftovers >= KILLS // 50


def test_killed_while_publishing_for_the_first_time(
    graphs: list[Graph], sources: list[Path], tmp_path: Path
) -> None:
    moments = Moments(lambda: started(publish, sources[0], tmp_path / "measured"), seed=1)
    found: Counter[int] = Counter()
    for number in range(FIRST):
        folder = tmp_path / f"store-{number}"
        moments.kill(started(publish, sources[0], folder))
        state = found_in(folder, graphs)
        moments.follow(ended=state == 0)
        found[state] += 1
        publish(sources[1], folder)
        assert found_in(folder, graphs) == 1
    print(found)
    assert set(found) == {NOTHING, 0}
