"""The callback for a Trainer: called as `transformers` calls it, by a fake that follows the real protocol."""

import subprocess
import sys
from typing import Any

import pytest

from fake_powercap import Counters
from lineage.errors import OptionError, StoreLocked
from lineage.stores import Store, connect
from lineage.tracking import TrackingCallback, take_up

EVENTS = ("on_init_end", "on_train_begin", "on_epoch_begin", "on_step_begin", "on_step_end", "on_log")
ENDS = ("on_epoch_end", "on_save", "on_train_end")


class State:
    """The state of a Trainer."""

    def __init__(self, *, first: bool = True) -> None:
        self.is_local_process_zero = first
        self.global_step, self.epoch, self.total_flos = 30, 1.5, 4e12


class FakeTrainer:
    """Calls its callbacks as transformers' CallbackHandler does: by name, with positional and named arguments."""

    def __init__(self, callback: Any, state: State) -> None:
        self.callback, self.state, self.control = callback, state, object()
        self.call("on_init_end")

    def call(self, event: str) -> None:
        result = getattr(self.callback, event)(object(), self.state, self.control, model=None, optimizer=None)
        if result is not None:
            self.control = result

    def train(self, counters: Counters, joules: float, *, fails: bool = False) -> None:
        for event in EVENTS[1:]:
            self.call(event)
        counters.turn("intel-rapl:0", 100 + joules)
        if fails:
            raise RuntimeError("out of memory")
        for event in ENDS:
            self.call(event)


def test_each_training_becomes_a_job(machine: Counters) -> None:
    callback = TrackingCallback("m", parents="base", phase="fine-tuning", meter="rapl")
    trainer = FakeTrainer(callback, State())
    control = trainer.control
    trainer.train(machine, 36)
    machine.turn("intel-rapl:0", 100)
    trainer.train(machine, 72)
    assert trainer.control is control
    assert [made.energy_kwh for made in callback.recorded] == pytest.approx([1e-5, 2e-5])
    row = callback.recorded[-1].graph.jobs.iloc[0]
    assert (row["steps"], row["epochs"], row["total_flos"], row["phase"]) == (30.0, 1.5, 4e12, "fine-tuning")


def test_a_training_that_breaks_off_is_recorded_by_the_next_or_by_close(machine: Counters) -> None:
    callback = TrackingCallback("m", meter="rapl")
    with pytest.raises(RuntimeError):
        FakeTrainer(callback, State()).train(machine, 36, fails=True)
    machine.turn("intel-rapl:0", 100)
    with pytest.raises(RuntimeError):
        FakeTrainer(callback, State()).train(machine, 36, fails=True)
    callback.close(reason="enough")
    callback.close()
    assert [made.record.reason for made in callback.recorded] == ["training broke off", "enough"]
    assert {made.record.outcome for made in callback.recorded} == {"failed"}


def test_other_processes_of_the_machine_measure_nothing(machine: Counters) -> None:
    callback = TrackingCallback("m", meter="rapl")
    FakeTrainer(callback, State(first=False)).train(machine, 36)
    assert callback.recorded == []


def test_wrong_options_are_told_at_once() -> None:
    with pytest.raises(OptionError, match="no phase"):
        TrackingCallback("m", phase="fine-tunig")


def test_only_events_are_answered(machine: Counters) -> None:
    callback = TrackingCallback("m")
    assert callback.on_something_of_a_later_version(1, two=2) is None
    with pytest.raises(AttributeError, match="no attribute 'state'"):
        _ = callback.state


def test_training_does_not_fail_over_its_record(machine: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    import lineage.tracking.session as session

    def locked(records: object, store: Store) -> None:
        raise StoreLocked("lineage.store", 4711)

    monkeypatch.setattr(session, "publish", locked)
    with pytest.warns(RuntimeWarning, match="process 4711"):
        FakeTrainer(TrackingCallback("m", meter="rapl"), State()).train(machine, 36)


def test_a_training_that_python_ends_is_recorded(machine: Counters) -> None:
    program = f"""
import time
from pathlib import Path
import lineage.tracking.rapl as rapl
from lineage.tracking import TrackingCallback
rapl.RaplMeter.__init__.__defaults__ = (Path({str(machine.root)!r}), time.monotonic, Path("no-gpus"))
TrackingCallback("m", meter="rapl").on_train_begin(None, object(), None)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    with connect("lineage.store") as store:
        [taken], problems = take_up(store)
        assert problems == [] and not taken.partial
        [found] = [item for item in store.findings() if item.code == "failed-run"]
    assert "Python ended before the training did" in found.text


def test_transformers_itself_calls_it(machine: Counters) -> None:
    real = pytest.importorskip("transformers.trainer_callback", reason="transformers is not installed")
    callback = TrackingCallback("m", meter="rapl")
    handler = real.CallbackHandler([callback], None, None, None, None)
    state, control = real.TrainerState(global_step=3, epoch=1.0), real.TrainerControl()
    handler.on_init_end(None, state, control)
    handler.on_train_begin(None, state, control)
    machine.turn("intel-rapl:0", 136)
    handler.on_train_end(None, state, control)
    [made] = callback.recorded
    assert made.energy_kwh == pytest.approx(1e-5)
