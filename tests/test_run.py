"""The options of a computation refuse what does not exist or does not fit."""

from datetime import date
from typing import Any

import pytest

from lineage.errors import OptionError
from lineage.run import Run


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "eqaul"}, "policy 'eqaul' does not exist; did you mean 'equal'"),
        ({"impact": "carbn"}, "did you mean 'carbon'"),
        ({"cycles": "ignore"}, "there are error, solve, break"),
        ({"users": "some"}, "there are all, deployed"),
        ({"engine": "numbat"}, "there are auto, plain, scipy"),
        ({"policy": "property"}, "needs a column"),
        ({"policy": "cff"}, "needs its factor A"),
        ({"policy": "cff", "cff_a": 1.5}, "between 0 and 1, not 1.5"),
        ({"policy": "cff", "cff_a": float("nan")}, "between 0 and 1, not nan"),
        ({"as_of": "yesterday"}, "is not a date"),
        ({"as_of": "2024-13-01"}, "is not a date"),
        ({"as_of": "20241231"}, "is not a date"),
        ({"as_of": "2024-W01-1"}, "is not a date"),
        ({"as_of": "2024-1-1"}, "is not a date"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Run(**options)


def test_dates_may_be_dates() -> None:
    day: Any = date(2024, 5, 1)
    assert Run(as_of=day).as_of == "2024-05-01"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2024", "2024"),
        ("2024-12", "2024-12"),
        ("2024-12-31", "2024-12-31"),
        ("2024-12-31T23:30:00-05:00", "2025-01-01T04:30:00Z"),
        ("2024-12-31 12:00", "2024-12-31T12:00:00Z"),
    ],
)
def test_moments_are_utc(written: str, kept: str) -> None:
    assert Run(as_of=written).as_of == kept


def test_json_leaves_out_arguments_of_other_policies() -> None:
    assert "property" not in Run().as_dict() and "cff_a" not in Run().as_dict()
    told = Run(policy="cff", cff_a=0.5, impact="energy").as_dict()
    assert told["cff_a"] == 0.5 and told["quality"] == "quality" and told["unit"] == "kWh"
