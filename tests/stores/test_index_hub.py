"""The offline index on the real Hub graph: built by the first question, used by the later ones."""

import time
from pathlib import Path

import pytest

from lineage.importing import read
from lineage.stores.snapshot import SnapshotStore
from offline import answered, asking, needed_engine

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
    first = _seconds(store.path)
    (manifest,) = (store.path / "index").glob("*/index.json")
    built = manifest.stat().st_mtime_ns
    later = [_seconds(store.path) for _ in range(3)]
    print(f"first answer {first:.1f} s, later {', '.join(f'{item:.2f}' for item in later)} s")
    assert [manifest] == list((store.path / "index").glob("*/index.json"))
    assert manifest.stat().st_mtime_ns == built


def _seconds(store: Path) -> float:
    """Return the time from starting a process to its answer."""
    begun = time.perf_counter()
    with asking(store, QUERY) as process:
        assert answered(process)["records"] == [{"n": 202}]
        return time.perf_counter() - begun
