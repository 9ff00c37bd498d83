"""Uncertainty: names, patterns, files, and what is wrong with them."""

from pathlib import Path
from typing import Any

import pytest

from lineage.errors import ImportFault, OptionError
from lineage.uncertainty import Uncertainty


def test_the_last_line_that_fits_counts() -> None:
    made = Uncertainty(own={"model:*": "fixed(1)", "model:acme/*": "fixed(2)", "model:acme/x": "fixed(3)"})
    told = {
        name: made.rule("own", name, "gCO2e")
        for name in ("model:acme/x", "model:acme/y", "model:z", "dataset:z")
    }
    values = {name: rule and rule.distribution.parameters[0] for name, rule in told.items()}
    assert values == {"model:acme/x": 3.0, "model:acme/y": 2.0, "model:z": 1.0, "dataset:z": None}
    turned = Uncertainty(own=dict(reversed(list(made.own.items()))))
    rule = turned.rule("own", "model:acme/x", "gCO2e")
    assert rule is not None and rule.pattern == "model:*"


def test_units_of_the_sections() -> None:
    made = Uncertainty(
        grid={"FR": "uniform(41 g/kWh, 98 g/kWh)"},
        power={"*": "fixed(0.4 kW)"},
        embodied={"*": "fixed(318 kg)"},
    )
    values = {
        section: rule.distribution.parameters
        for section in ("grid", "power", "embodied")
        if (rule := made.rule(section, "FR")) is not None
    }
    assert values == {"grid": (41.0, 98.0), "power": (400.0,), "embodied": (318_000.0,)}


def test_concentrations() -> None:
    assert Uncertainty().concentration("equal") == 50.0
    assert {
        Uncertainty().concentration(policy) for policy in ("cutoff", "half", "full", "shapley", "usage")
    } == {None}
    assert Uncertainty(weights={"concentration": "fixed"}).concentration("equal") is None
    each = Uncertainty(weights={"concentration": {"equal": 20, "merge": "fixed"}})
    assert [each.concentration(policy) for policy in ("equal", "merge", "property")] == [20.0, None, 50.0]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"weights": {"concentrate": 3}}, "did you mean 'concentration'"),
        ({"weights": {"concentration": 0}}, "a number above 0"),
        ({"weights": {"concentration": True}}, "a number above 0"),
        ({"weights": {"concentration": {"equel": 3}}}, "did you mean 'equal'"),
        ({"grid": {"FR": "uniform(1 kg, 2 kg)"}}, "[grid] 'FR': "),
        ({"own": {"*": "uniform(2, 1)"}}, "[own] '*': "),
        ({"own": "uniform(1, 2)"}, "[own] is a table"),
        ({"pue": {"*": 1.2}}, "is not a distribution"),
    ],
)
def test_what_cannot_be_right(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError) as caught:
        Uncertainty(**given)
    assert problem in str(caught.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "given.toml"
    path.write_text('[own]\n"model:a" = "uniform(1 kg, 2 kg)"\n[weights]\nconcentration = 20\n')
    made = Uncertainty.from_file(path)
    assert made == Uncertainty(own={"model:a": "uniform(1 kg, 2 kg)"}, weights={"concentration": 20})
    assert made.as_dict() == {"own": {"model:a": "uniform(1 kg, 2 kg)"}, "weights": {"concentration": 20}}
    for text, problem in (
        ("[own", "this is no TOML"),
        ("[owm]\n", "did you mean 'own'"),
        ("own = 3\n", "write [own] on a line of its own"),
        ('[own]\n"a" = "normal(1, 9)"\n', "a lognormal"),
    ):
        path.write_text(text)
        with pytest.raises(ImportFault) as caught:
            Uncertainty.from_file(path)
        assert problem in str(caught.value) and str(path) in str(caught.value)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ImportFault, match="no TOML"):
        Uncertainty.from_file(path)
    with pytest.raises(FileNotFoundError):
        Uncertainty.from_file(tmp_path / "absent.toml")
