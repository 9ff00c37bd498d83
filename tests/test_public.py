"""The public names are a promise (tests/test_import_time.py: what importing them loads)."""

import subprocess
import sys

import pytest

import lineage

# Changed on purpose only: what stands here may be relied on.
PROMISED = [
    "Finding",
    "Graph",
    "LineageError",
    "Plan",
    "Run",
    "Scenario",
    "Terms",
    "Uncertainty",
    "__version__",
    "bill",
    "compare",
    "connect",
    "cost",
    "diff",
    "drivers",
    "explain",
    "family",
    "inference_sheet",
    "job_sheet",
    "policies",
    "read",
    "read_claims",
    "recommend",
    "report",
    "resolve",
    "restate",
    "samples",
    "sensitivity",
    "serving",
    "track",
    "tree",
    "whatif",
]


def test_public_names() -> None:
    assert sorted(lineage.__all__) == PROMISED
    assert dir(lineage) == PROMISED


@pytest.mark.parametrize("name", PROMISED)
def test_public_name_is_importable(name: str) -> None:
    value = getattr(lineage, name)
    if name != "__version__":
        assert callable(value) and value.__doc__


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'costs_'"):
        _ = lineage.costs_


def test_functions_stay_functions_when_their_modules_are_imported() -> None:
    """`lineage.explain` is the function, whatever modules were imported before."""
    program = """
import importlib, pkgutil, lineage
for found in pkgutil.walk_packages(lineage.__path__, "lineage."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
wrong = [name for name in lineage.__all__ if name != "__version__" and not callable(getattr(lineage, name))]
raise SystemExit(f"modules hide these names: {wrong}" if wrong else 0)
"""
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
