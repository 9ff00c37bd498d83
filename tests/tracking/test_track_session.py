"""`with ln.track(...)`: what stands in the store afterwards, for runs that end well, fail, or repeat."""

import sys
from pathlib import Path
from typing import Any

import pytest

import lineage as ln
from fake_powercap import Counters
from launching import wait_for
from lineage.errors import InputError, MeterError, MissingExtra, OptionError, StoreError, StoreLocked
from lineage.stores import Store, connect
from lineage.tracking import Record, Recorded, RunPlan, forget, track
from lineage.tracking.meters import Reading
from lineage.tracking.record import publish

KWH_PER_J = 1 / 3.6e6


def recorded(counters: Counters, joules: float = 460, **about: Any) -> Recorded:
    """Track a run that uses so much more than the 100 J of before, in an hour."""
    counters.turn("intel-rapl:0", 100)
    counters.now_s = 0.0
    with track("model:m", meter="rapl", **about) as run:
        counters.turn("intel-rapl:0", joules)
        counters.now_s = 3600.0
    assert run.recorded is not None
    return run.recorded


def test_a_run_becomes_a_job_with_its_figures(machine: Counters) -> None:
    made = recorded(
        machine,
        parents=("base",),
        datasets=("glue",),
        phase="fine-tuning",
        grid="500 g/kWh",
        pue=1.5,
        system="node",
    )
    it_kwh = 360 * KWH_PER_J
    assert made.energy_kwh == pytest.approx(it_kwh * 1.5)
    assert made.carbon_gco2e == pytest.approx(it_kwh * 1.5 * 500)
    assert made.tier == "measured"
    with connect("lineage.store") as store:
        graph = store.read()
    [job] = graph.jobs.to_dict("records")
    assert (job["phase"], job["duration_h"], job["system"]) == ("fine-tuning", 1.0, "node")
    assert job["energy_kwh"] == pytest.approx(it_kwh) and job["pue"] == 1.5 and not job["pue_included"]
    assert (job["outcome"], job["meter"], job["estimated_share"]) == ("finished", "rapl", 0.0)
    edges = dict(zip(graph.edges["parent"], graph.edges["relation"].fillna(""), strict=True))
    assert edges == {"model:base": "fine-tune", "dataset:glue": ""}
    assert ln.cost(graph, ln.Run(impact="energy")).row("m").own.best == pytest.approx(it_kwh * 1.5)
    codes = {item.code for item in made.findings}
    assert "guessed-relation" in codes and "estimated-power" not in codes


def test_the_end_of_the_first_run_that_finished_dates_a_new_product(machine: Counters) -> None:
    with pytest.raises(ZeroDivisionError), track("m", meter="rapl"):
        _ = 1 / 0
    with connect("lineage.store") as store:
        assert store.read().products["created_at"].isna().all()
        [job] = store.read().jobs.to_dict("records")
        assert (job["outcome"], job["product"]) == ("failed", "model:m")
        assert "ZeroDivisionError" in next(x.text for x in store.findings() if x.code == "failed-run")
    with track("n", meter="rapl") as run:
        machine.now_s = 60.0
    assert run.recorded is not None
    row = run.recorded.graph.products.set_index("id").loc["model:n"]
    assert row["created_at"] > run.recorded.record.started_at


def test_runs_add_up_and_each_can_be_forgotten(machine: Counters) -> None:
    first, second = recorded(machine, joules=200), recorded(machine, joules=300)
    with connect("lineage.store") as store:
        total = ln.cost(store.read(), ln.Run(impact="energy")).row("m").own.best
        assert total == pytest.approx(300 * KWH_PER_J)
        forget(first.record.id, store)
        assert list(store.read().jobs["id"]) == [second.record.job_id]
        with pytest.raises(InputError, match="no run 'nope' was recorded"):
            forget("nope", store)
    assert not Path("lineage.store.runs").exists()


def test_recording_a_run_again_replaces_it(machine: Counters) -> None:
    made = recorded(machine)
    with connect("lineage.store") as store:
        graph = publish([made.record], store)
        assert len(graph.jobs) == 1
        assert store.claims().roots() == [made.record.address]


def test_sources_name_the_run(machine: Counters) -> None:
    made = recorded(machine)
    from lineage.views.sources import sources

    [job] = sources(made.graph, "m").jobs
    assert job.source == made.record.job_id == job.id


def test_an_open_store_and_one_in_memory_do_in_python(machine: Counters) -> None:
    with connect("memory:") as store:
        made = recorded(machine, store=store, country="FRA")
        assert len(store.read().jobs) == 1
    assert made.as_dict()["grid"] == "FRA"
    assert not list(Path().glob("*.runs"))


def test_notes_become_attributes_of_the_job(machine: Counters) -> None:
    with track("m", meter="rapl") as run:
        run.note(steps=10.0)
    assert run.recorded is not None
    assert run.recorded.graph.jobs["steps"].tolist() == [10.0]


def test_the_default_store_is_that_of_the_environment(
    machine: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_STORE", "elsewhere")
    recorded(machine)
    assert Path("elsewhere").is_dir() and not Path("lineage.store").exists()


def test_an_older_snapshot_is_refused_before_the_run(machine: Counters) -> None:
    recorded(machine)
    with (
        pytest.raises(StoreError, match="read-only; record in"),
        track("m", meter="rapl", store="lineage.store@000001"),
    ):
        raise AssertionError("must not run")


def test_memory_as_an_address_is_refused(machine: Counters) -> None:
    from lineage.tracking.journal import runs_folder

    with connect("memory:") as store, pytest.raises(OptionError, match="a store that stays"):
        runs_folder(store)


def test_a_store_without_sources_is_not_overwritten(machine: Counters) -> None:
    from dataclasses import replace

    from lineage.testing import graph

    with connect("lineage.store") as store:
        store.write(replace(graph("a -> b"), claims=None))
    with pytest.raises(StoreError, match="written without its sources"):
        recorded(machine)


def test_without_codecarbon_rapl_measures_and_without_either_nothing_runs(
    machine: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lineage.tracking.codecarbon_meter", None)
    with track("m", meter="auto") as run:
        pass
    assert run.recorded is not None and run.recorded.record.meter == "rapl"
    for name in ("intel-rapl:0", "intel-rapl:1"):
        (machine.root / name / "name").write_text("uncore\n", encoding="ascii")
    with pytest.raises(MissingExtra, match=r"lineage-epc\[track\].*shows no RAPL counter"):
        track("m", meter="auto").start()
    with pytest.raises(MissingExtra, match="--meter rapl"):
        track("m", meter="codecarbon").start()
    with pytest.raises(MeterError, match="shows no RAPL counter"):
        track("m", meter="rapl").start()
    assert not Path("lineage.store.runs").exists()


def test_a_store_that_cannot_be_written_keeps_the_run_for_later(
    machine: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lineage.tracking.session as session

    def locked(records: object, store: Store) -> None:
        raise StoreLocked("lineage.store", 4711)

    run = track("m", meter="rapl")
    with (
        monkeypatch.context() as patch,
        pytest.raises(StoreError, match=r"process 4711[^\0]*the next lineage load"),
    ):
        patch.setattr(session, "publish", locked)
        with run:
            machine.turn("intel-rapl:0", 200)
    with track("other", meter="rapl") as later:
        pass
    [taken] = later.taken_up
    assert taken.outcome == "finished" and taken.reading is not None
    assert taken.reading.energy_kwh == pytest.approx(100 * KWH_PER_J)
    assert later.recorded is not None and len(later.recorded.graph.jobs) == 2


def test_an_exception_of_the_block_is_not_hidden_by_a_store_that_fails(
    machine: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lineage.tracking.session as session

    def locked(records: object, store: Store) -> None:
        raise StoreLocked("lineage.store", 4711)

    monkeypatch.setattr(session, "publish", locked)
    with pytest.raises(KeyError) as caught, track("m", meter="rapl"):
        raise KeyError("mine")
    assert "not recorded" in caught.value.__notes__[0]


def test_a_run_is_tracked_once(machine: Counters) -> None:
    run = track("m", meter="rapl")
    with run:
        pass
    with pytest.raises(InputError, match="tracked once"), run:
        raise AssertionError("must not run")


def test_gpus_bring_their_system_with_them(machine: Counters) -> None:
    facts: dict[str, str | float] = {"gpu_model": "4 x NVIDIA A100-SXM4-80GB", "gpu_count": 4.0}
    reading = Reading(energy_kwh=1.2, measured_kwh=1.1, duration_s=3600.0, pue=1.2, facts=facts)
    plan = RunPlan(product="m", country="FRA", pue=1.2)
    record = Record(id="1", plan=plan, started_at="2026-01-01T00:00:00Z", outcome="finished", reading=reading)
    with connect("memory:") as store:
        [job] = publish([record], store).jobs.to_dict("records")
        [metrics] = ln.job_sheet(store.read())
    assert (job["system"], job["device_count"], job["grid"]) == ("NVIDIA A100-SXM4-80GB", 4.0, "FRA")
    assert (metrics.energy_kwh, job["pue_included"], metrics.energy_tier) == (1.2, True, "measured")
    assert metrics.energy_components["it"] == pytest.approx(1.0)


def test_a_job_of_two_kinds_of_gpu_names_no_system(machine: Counters) -> None:
    facts: dict[str, str | float] = {"gpu_model": "1 x A1001 x T4", "gpu_count": 2.0}
    reading = Reading(energy_kwh=1.0, measured_kwh=1.0, duration_s=3600.0, facts=facts)
    record = Record(id="1", plan=RunPlan(product="m"), started_at="2026-01-01T00:00:00Z", reading=reading)
    with connect("memory:") as store:
        assert publish([record], store).jobs["system"].isna().all()


def test_a_store_in_memory_that_fails_says_so_itself(
    machine: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect("memory:") as store:
        run = track("m", meter="rapl", store=store)
        with pytest.raises(StoreError, match="closed"), run:
            store.close()


def test_a_counter_that_goes_away_in_between_is_told(machine: Counters) -> None:
    file = machine.root / "intel-rapl:0" / "energy_uj"
    with track("m", meter="rapl", every_s=0.2) as run:
        machine.turn("intel-rapl:0", 136)
        wait_for(lambda: run.record is not None and run.record.reading is not None)
        file.unlink()
        wait_for(lambda: bool(run.problems))
    assert "energy_uj cannot be read" in run.problems[0]
    assert run.recorded is not None and run.recorded.energy_kwh == pytest.approx(1e-5)


def test_a_meter_that_fails_at_the_end_leaves_its_last_sample(
    machine: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: object) -> Reading:
        raise MeterError("it broke")

    monkeypatch.setattr("lineage.tracking.rapl.RaplMeter.stop", fails)
    with track("m", meter="rapl", every_s=0.2) as run:
        machine.turn("intel-rapl:0", 136)
        wait_for(lambda: run.record is not None and run.record.reading is not None)
    assert run.problems == ["it broke"]
    assert run.recorded is not None and run.recorded.energy_kwh == pytest.approx(1e-5)


def test_two_runs_at_once_on_one_machine_are_told(machine: Counters) -> None:
    with track("a", meter="rapl"), track("b", meter="rapl") as second:
        pass
    with track("c", meter="rapl") as alone:
        pass
    for run, told in ((second, True), (alone, False)):
        assert run.recorded is not None
        assert ("shared-machine" in {item.code for item in run.recorded.findings}) is told


def test_a_run_that_another_joins_later_is_told_too(machine: Counters) -> None:
    first, second = track("a", meter="rapl"), track("b", meter="rapl")
    with first:
        second.start()
    second.finish()
    for run in (first, second):
        assert run.recorded is not None
        assert "shared-machine" in {item.code for item in run.recorded.findings}
