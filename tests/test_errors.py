"""Errors say place, problem and way out, carry their data, and travel between processes."""

import pickle

import pytest

from lineage import errors
from lineage.errors import (
    CycleError,
    DivergentCycle,
    ImportFault,
    LineageError,
    MissingExtra,
    StoreDamaged,
    StoreLocked,
    UnknownProduct,
)

SAMPLES = [
    ImportFault("jobs.csv", "line 3", "no energy"),
    ImportFault("jobs.csv", "", "the file is empty"),
    UnknownProduct("bert", ["model:bert-base"]),
    CycleError([("model:a", "model:b")]),
    DivergentCycle([("model:a", "model:b")]),
    StoreLocked("lineage.store", 4711),
    StoreLocked("lineage.store", None),
    StoreDamaged("graph-edges.parquet", "does not match its checksum", "lineage.store@000001"),
    MissingExtra("the Spark engine", "spark"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_travel(error: LineageError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error) and copy.args == error.args


def test_every_error_has_the_one_base() -> None:
    for name in errors.__all__:
        item = getattr(errors, name)
        if isinstance(item, type):
            assert issubclass(item, LineageError)


def test_messages() -> None:
    told = [str(error) for error in SAMPLES]
    assert told[1] == "jobs.csv: the file is empty"
    assert "model:a <- model:b <- model:a" in told[3] and "--cycles solve" in told[3]
    assert "no finite cost" in told[4]
    assert told[6].startswith("lineage.store is being written by another process")
    assert told[7].endswith("the last good state opens as lineage.store@000001")
