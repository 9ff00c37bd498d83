"""Every notebook runs from top to bottom, and is kept without outputs."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def opened(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_there_are_notebooks() -> None:
    assert FOLDER / "01_quickstart.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    left = [
        cell.id
        for cell in opened(path).cells
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count)
    ]
    assert left == []


@pytest.mark.slow
# The kernel's own libraries warn about their future; our code runs in the kernel, with its own warnings as errors.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = opened(path)
    strict = nbformat.v4.new_code_cell("import warnings; warnings.filterwarnings('error', module='lineage')")  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, strict)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert list(tmp_path.iterdir()) == []
    last = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert len(last) >= 8 and not any(output.output_type == "error" for output in last)
