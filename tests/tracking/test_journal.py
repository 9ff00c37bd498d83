"""The journal: found by nobody while it is held, taken up afterwards, and never in the way."""

import json
from pathlib import Path

import pytest

from fake_powercap import Counters
from lineage.errors import InputError, StoreError, StoreLocked
from lineage.stores import Store, connect
from lineage.tracking import Record, RunPlan, take_up
from lineage.tracking.journal import Journal, runs_folder
from lineage.tracking.meters import Reading


@pytest.fixture
def record() -> Record:
    reading = Reading(
        energy_kwh=2.0, measured_kwh=1.0, duration_s=60.0, facts={"cpu_model": "x"}, notes=("n",)
    )
    return Record(
        id="0123",
        plan=RunPlan(product="m", parents=("b",)),
        started_at="2026-01-01T00:00:00Z",
        reading=reading,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return connect(tmp_path / "a.store")


def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert Record.from_dict(json.loads(json.dumps(record.as_dict()))) == record


def test_only_who_finds_it_unheld_takes_it_up(record: Record, store: Store) -> None:
    journal = Journal(runs_folder(store), record.id)
    journal.write(record)
    assert take_up(store) == ([], [])
    journal.release()
    assert take_up(store) == ([record], [])
    assert take_up(store) == ([], [])
    [row] = store.read().jobs.to_dict("records")
    assert (row["energy_kwh"], row["tier"], row["outcome"]) == (2.0, "measured", "partial")
    assert not runs_folder(store).exists()


def test_a_run_killed_before_its_first_sample_has_no_energy_and_not_zero(
    record: Record, store: Store
) -> None:
    from dataclasses import replace

    journal = Journal(runs_folder(store), record.id)
    journal.write(replace(record, reading=None))
    journal.release()
    take_up(store)
    assert store.read().jobs["energy_kwh"].isna().all()
    assert any("nothing was measured yet" in item.text for item in store.findings())


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": "lineage/track-record/1"}', "[" * 100_000, " " * 2_000_000]
)
def test_what_is_no_journal_is_named_and_stays(store: Store, text: str) -> None:
    folder = runs_folder(store)
    folder.mkdir()
    (folder / "bad.json").write_text(text, encoding="utf-8")
    taken, [problem] = take_up(store)
    assert (taken == [] and "bad.json" in problem and "remove it" in problem) or "no record" in problem
    assert (folder / "bad.json").exists()


def test_a_store_that_is_written_elsewhere_keeps_its_journals(
    record: Record, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(runs_folder(store), record.id)
    journal.write(record)
    journal.release()
    with connect(store.address) as other, other.writing():
        taken, [problem] = take_up(store, patience_s=0.3)
    assert taken == [] and "is being written by" in problem
    assert take_up(store)[0] == [record]


def test_publishing_waits_for_its_turn(record: Record, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage.tracking import record as module

    waited: list[float] = []
    monkeypatch.setattr("lineage.tracking.record.sleep", waited.append)
    write, tries = store.write, iter([True, True, False])

    def busy(graph: object) -> None:
        if next(tries):
            raise StoreLocked(store.address, None)
        write(graph)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write", busy)
    assert len(module.publish([record], store).jobs) == 1 and len(waited) == 2


def test_a_place_where_no_journal_can_stand(store: Store, tmp_path: Path) -> None:
    runs_folder(store).write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match="the journal of a run stands there"):
        Journal(runs_folder(store), "x")


def test_journals_of_a_server_stand_in_the_users_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("NEO4J_PASSWORD", "x")
    with connect("neo4j://localhost:7687") as server:
        folder = runs_folder(server)
    assert folder.parent == tmp_path / "lineage" and folder.suffix == ".runs"


def test_stores_without_journals_are_left_in_peace(store: Store) -> None:
    with connect("memory:") as memory:
        assert take_up(memory) == ([], [])
    with connect(f"{store.address}@000001") as older:
        assert take_up(older) == ([], [])


def test_a_disk_that_refuses_is_told_once(machine: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage.tracking import track

    def full(self: Journal, record: Record) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "write", full)
    with track("m", meter="rapl") as run:
        pass
    assert run.recorded is not None
    assert ["No space left" in text for text in run.problems] == [True]


def test_a_record_that_is_none() -> None:
    with pytest.raises(InputError, match="no record of a tracked run"):
        Record.from_dict({"schema": "other", "outcome": "finished"})
