"""A machine whose counters the tests turn, and a folder of their own."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import lineage.tracking.rapl as rapl
from fake_powercap import Counters


@pytest.fixture(autouse=True)
def heard_signals() -> Iterator[None]:
    """Hear SIGINT and SIGHUP also where the tests run in the background, or under nohup: both are ignored there."""
    heard = {signal.SIGINT: signal.default_int_handler}
    if os.name == "posix":
        heard[signal.SIGHUP] = signal.SIG_DFL  # type: ignore[assignment]
    before = {number: signal.signal(number, handler) for number, handler in heard.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def counters(tmp_path: Path) -> Counters:
    """A fake powercap tree: one package of 100 J so far, memory of 10 J, and what lies inside the package."""
    return Counters(tmp_path / "powercap")


@pytest.fixture
def machine(counters: Counters, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Counters]:
    """The same, as what RAPL reads when nobody says otherwise; tests run in a folder of their own."""
    monkeypatch.setattr(
        rapl.RaplMeter.__init__, "__defaults__", (counters.root, counters.clock, tmp_path / "gpus")
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LINEAGE_STORE", raising=False)
    for name in ("LINEAGE_COUNTRY", "LINEAGE_GRID", "LINEAGE_PUE"):
        monkeypatch.delenv(name, raising=False)
    yield counters
