"""A small store, and commands run in this process."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from command_lines import Run, small_graph
from lineage.cli import main
from lineage.stores import connect


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LINEAGE_STORE", raising=False)
    monkeypatch.delenv("LINEAGE_DEBUG", raising=False)

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(item) for item in arguments], prog_name="lineage")

    return call


@pytest.fixture
def store(tmp_path: Path, run: Run) -> Path:
    """A store at the default place that holds the small graph."""
    path = tmp_path / "lineage.store"
    with connect(path) as opened:
        opened.write(small_graph())
    return path
