"""How sure the inputs of a run are: distributions by name, read from TOML or given as text.

::

    [own]                                   # own cost of products, by id; * stands for any text
    "model:acme/*" = "lognormal(100%, 1.3)"
    [grid]                                  # intensity of a grid (gCO2e/kWh): one draw for all jobs on it
    "*" = "triangular(80%, 100%, 130%)"
    [weights]
    concentration = 50                      # of sampled weights; "fixed" leaves the policy's weights alone

Where several lines fit a name, the last one counts.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from lineage.distributions import Distribution, parse
from lineage.errors import ImportFault, OptionError, did_you_mean
from lineage.run import POLICIES
from lineage.schema import IMPACTS

__all__ = ["CONCENTRATION", "SECTIONS", "Rule", "Uncertainty"]

CONCENTRATION: Final = 50.0
_UNLIKELY: Final = "*?["  # what makes a name a pattern

# section -> (unit of its inputs, what it is); the unit of an own cost is that of the run's impact.
SECTIONS: Final[dict[str, tuple[str, str]]] = {
    "own": ("", "own cost of a product"),
    "grid": ("gCO2e/kWh", "intensity of a grid"),
    "power": ("W", "power of a system"),
    "embodied": ("gCO2e", "embodied carbon of a system"),
    "energy": ("kWh", "IT energy of a job"),
    "pue": ("", "PUE of a job"),
    "platform": ("gCO2e/h", "operations rate of a platform"),
}

Named = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """The line of an uncertainty that fits an input: its pattern and what it says."""

    pattern: str
    distribution: Distribution


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """Distributions of inputs by name or pattern, and how firm the policy's weights are.

    own        own cost of products, by id (overrides the range that a product's figure has itself)
    grid       intensity of a grid, by its id; of a job with an intensity of its own and no grid: "job:ID"
    power      power of a system, by its id; of a job with a power of its own: "job:ID"
    embodied   embodied carbon of a system, by its id
    energy     IT energy of a job, by its id, however it was obtained
    pue        PUE of a job, by its id; never below 1
    platform   operations rate of a platform, by its id
    weights    {"concentration": 50}: sampled weights are Dirichlet with 50 times the policy's shares; "fixed" leaves
               them alone; a table gives one per policy: {"concentration": {"equal": 20, "property": "fixed"}}

    Raises `OptionError` for a text that is no distribution, a concentration that is not above 0, a wrong name.

    >>> given = Uncertainty(grid={"*": "uniform(80%, 120%)", "FR": "uniform(41, 98)"})
    >>> str(given.rule("grid", "FR").distribution), given.concentration("equal"), given.concentration("half")
    ('uniform(41, 98)', 50.0, None)
    """

    own: Named = field(default_factory=dict)
    grid: Named = field(default_factory=dict)
    power: Named = field(default_factory=dict)
    embodied: Named = field(default_factory=dict)
    energy: Named = field(default_factory=dict)
    pue: Named = field(default_factory=dict)
    platform: Named = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for section, (unit, _) in SECTIONS.items():
            given = getattr(self, section)
            if not isinstance(given, Mapping):
                raise OptionError(f"[{section}] is a table of names and distributions, not {given!r}")
            for pattern, text in given.items():
                self._check(section, pattern, text, unit)
        for name in self.weights:
            if name != "concentration":
                raise OptionError(f"[weights] has no {name!r}{did_you_mean(name, ['concentration'])}")
        for policy in POLICIES:
            self.concentration(policy)

    @classmethod
    def from_file(cls, path: str | Path) -> "Uncertainty":
        """Read a TOML file of this form. Raises `ImportFault` with the place where it is none."""
        try:
            with Path(path).open("rb") as stream:
                tables = tomllib.load(stream)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ImportFault(str(path), "", f"this is no TOML: {error}") from None
        known = [item.name for item in fields(cls)]
        for name, value in tables.items():
            if name not in known:
                problem = f"there is no such section{did_you_mean(name, known)}; there are {', '.join(known)}"
                raise ImportFault(str(path), f"[{name}]", problem)
            if not isinstance(value, dict):
                raise ImportFault(str(path), name, f"this is a section: write [{name}] on a line of its own")
        try:
            return cls(**tables)
        except OptionError as error:
            raise ImportFault(str(path), "", str(error)) from None

    def rule(self, section: str, name: str, unit: str | None = None) -> Rule | None:
        """Return the last line of a section that fits a name, or None; `unit` is that of an own cost."""
        given: Named = getattr(self, section)
        for pattern in reversed(list(given)):
            if pattern == name or fnmatchcase(name, pattern):
                written = SECTIONS[section][0] if unit is None else unit
                return Rule(pattern, self._read(section, pattern, given[pattern], written))
        return None

    def concentration(self, policy: str) -> float | None:
        """Return the concentration of a policy's sampled weights; None where its weights are fixed."""
        given = self.weights.get("concentration", CONCENTRATION)
        if isinstance(given, Mapping):
            for name in given:
                if name not in POLICIES:
                    raise OptionError(
                        f"[weights] concentration: there is no policy {name!r}{did_you_mean(name, POLICIES)}"
                    )
            given = given.get(policy, CONCENTRATION)
        if given == "fixed":
            return None
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < float("inf"):
            raise OptionError(f'[weights] concentration is a number above 0, or "fixed", not {given!r}')
        return None if policy not in _SAMPLED else float(given)

    def literal(self, section: str) -> list[str]:
        """Return the names of a section that are no patterns."""
        return [name for name in getattr(self, section) if not any(mark in name for mark in _UNLIKELY)]

    def unused(self, section: str, names: Iterable[str]) -> list[str]:
        """Return the patterns of a section that fit none of these names."""
        names = list(names)
        return [
            pattern
            for pattern in getattr(self, section)
            if pattern not in names and not any(fnmatchcase(name, pattern) for name in names)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the sections that say something, as JSON holds them."""
        return {
            item.name: dict(getattr(self, item.name)) for item in fields(self) if getattr(self, item.name)
        }

    def _check(self, section: str, pattern: str, text: Any, unit: str) -> None:
        """Refuse a text that no impact can read."""
        units = sorted({impact.unit for impact in IMPACTS.values()}) if section == "own" else [unit]
        problems = []
        for each in units:
            try:
                self._read(section, pattern, text, each)
                return
            except OptionError as error:
                problems.append(error)
        raise problems[units.index("gCO2e") if section == "own" else 0]

    @staticmethod
    def _read(section: str, pattern: str, text: str, unit: str) -> Distribution:
        try:
            return parse(text, unit)
        except OptionError as error:
            raise OptionError(f"[{section}] {pattern!r}: {error}") from None


# Policies whose weights are a guess; those of the others are fixed by what the policy is.
_SAMPLED: Final = ("equal", "property", "cff", "merge")
