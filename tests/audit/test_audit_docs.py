"""docs/audit.md shows what `lineage check` prints for the specimens, line by line."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lineage.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
SPECIMENS = Path(__file__).parent / "specimens"


def shown() -> list[str]:
    """Return the lines of the page's text blocks."""
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the command prints for every folder of specimens."""
    lines: set[str] = set()
    store = tmp_path_factory.mktemp("audit") / "store"
    for folder in sorted(SPECIMENS.iterdir()):
        for words in (["load", str(folder), "--replace"], ["check"]):
            outcome = CliRunner().invoke(main, [*words, "--store", str(store)], prog_name="lineage")
            assert outcome.exit_code == 0, outcome.output
        lines |= {line.strip() for line in outcome.stdout.splitlines()}
    return lines


def test_every_line_of_the_page_is_printed(printed: set[str]) -> None:
    lines = shown()
    assert len(lines) >= 25 and len(set(lines)) == len(lines)
    assert [line for line in lines if line not in printed] == []


def test_every_kind_has_a_section() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert (
        re.findall(r"^## (\d)\.", text, re.MULTILINE)
        == [folder.name[0] for folder in sorted(SPECIMENS.iterdir())][:-1]
    )
