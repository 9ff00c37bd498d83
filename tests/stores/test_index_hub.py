"""The offline index on the real Hub graph: how long the first and the later answers take."""

import time
from pathlib import Path

import pytest

from lineage.importing import read
from lineage.stores.snapshot import SnapshotStore
from offline import answered, asking, needed_engine

FIRST_S, LATER_S = 20.0, 1.5
QUERY = (
    "MATCH (m:Model {id: 'model:google-bert/bert-base-uncased'})<-[:DERIVED_FROM*1..5]-(n) "
    "RETURN count(DISTINCT n) AS n"
)


@pytest.mark.slow
@pytest.mark.samples
def test_first_and_later_answers(samples: Path, tmp_path: Path) -> None:
    needed_engine()
    store = SnapshotStore(tmp_path / "hub")
    store.write(read(samples / "hf_hub_2024" / "lineage_families.jsonl.gz"))
    taken = [_seconds(store.path) for _ in range(4)]
    print(f"first answer {taken[0]:.1f} s, later {', '.join(f'{item:.2f}' for item in taken[1:])} s")
    # The best of three: what else the machine does is not what is measured.
    assert taken[0] <= FIRST_S and min(taken[1:]) <= LATER_S


def _seconds(store: Path) -> float:
    """Return the time from starting a process to its answer."""
    begun = time.perf_counter()
    with asking(store, QUERY) as process:
        assert answered(process)["records"] == [{"n": 202}]
        return time.perf_counter() - begun
