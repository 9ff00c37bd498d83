"""The importer that importers/README.md shows works as it stands there, and keeps the contract."""

import re
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from lineage import importing
from lineage.testing import ImporterContract

README = Path(__file__).parents[2] / "importers" / "README.md"
BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(autouse=True)
def announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announce the importer of the page as its package would."""
    package, logs = type(sys)("acme_lineage"), type(sys)("acme_lineage.logs")
    exec(compile(BLOCKS[0], str(README), "exec"), logs.__dict__)
    exec(compile(BLOCKS[1], str(README), "exec"), package.__dict__)
    monkeypatch.setitem(sys.modules, "acme_lineage", package)
    monkeypatch.setitem(sys.modules, "acme_lineage.logs", logs)
    points = [
        *entry_points(group=importing.GROUP),
        EntryPoint("acme", "acme_lineage:IMPORTERS", importing.GROUP),
    ]
    monkeypatch.setattr(importing, "entry_points", lambda group: points)


class TestTheImporterOfThePage(ImporterContract):
    name = "acme"

    @pytest.fixture
    def good(self, tmp_path: Path) -> Path:
        path = tmp_path / "good" / "runs.jsonl"
        path.parent.mkdir()
        path.write_text(
            '{"model": "acme/chat", "parent": "acme/base", "kwh": 12.5, "hours": 3.0}\n'
            '{"model": "acme/base", "kwh": 700, "hours": 90}\n'
        )
        return path


def test_the_page_counts_its_lines() -> None:
    code = [line for line in BLOCKS[0].splitlines() if line.strip()]
    assert len(code) <= 40


def test_the_page_names_every_format() -> None:
    text = README.read_text(encoding="utf-8")
    built_in = [name for name, item in importing.importers().items() if item.origin == "builtin"]
    assert [name for name in built_in if f"`{name}`" not in text] == []
