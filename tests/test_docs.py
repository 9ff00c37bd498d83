"""The documentation tells the truth: README.md is run, what it names exists, links lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

import lineage
from docs_pages import README, Step, steps, take
from lineage.cli import COMMANDS

ROOT = README.parent
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("importers/*.md")})


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Step, str]]:
    """Run the blocks of README.md one after the other in one empty folder; return what each printed."""
    folder = tmp_path_factory.mktemp("tour")
    return [(step, take(step, folder)) for step in steps(README.read_text(encoding="utf-8"))]


@pytest.mark.slow
def test_readme_runs_and_prints_what_it_shows(tour: list[tuple[Step, str]]) -> None:
    assert len(tour) >= 6
    shown = [(step, printed) for step, printed in tour if step.printed is not None]
    assert len(shown) >= 3
    for step, printed in shown:
        assert printed == step.printed, f"{step.code}prints something else now; run: make docs"


def test_readme_has_the_two_commands() -> None:
    text = README.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"$ make {target} " in text
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_docs_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    called = set(re.findall(r"(?:^|`)lineage ([a-z]+)\b", text, re.MULTILINE))
    assert called <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [name for name in targets if not (page.parent / name).exists()] == []


def test_files_named_in_the_reading_order_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:lineage|importers|queries|tests)/[\w./]+)`", text)
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1].split()[0] == project["version"] == lineage.__version__
    assert f"\nversion: {project['version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_name_clash_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = README.read_text(encoding="utf-8")
    assert project["name"] != "lineage" and f"`{project['name']}`" in text
    assert "Another distribution" in text
