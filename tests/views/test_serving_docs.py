"""docs/serving.md runs, and prints what it shows."""

from pathlib import Path

import pytest

from docs_pages import steps, take

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"


@pytest.mark.slow
def test_the_page_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    told = [(step, take(step, tmp_path)) for step in steps(PAGE.read_text(encoding="utf-8"))]
    shown = [(step.printed, printed) for step, printed in told if step.printed is not None]
    assert len(shown) == 3
    for written, printed in shown:
        assert printed == written
