"""A plan: k tasks over a horizon, by reusing a base or from scratch; read from TOML, checked whole.

::

    name = "Twenty assistants"
    impact = "energy"                    # carbon (default), energy, water
    tasks = 20
    inferences = 1_000_000               # per task, over the horizon; or inferences_per_day with a horizon
    horizon = "2 years"

    [base]
    epc = "51686 kWh"                    # or { product = "model:bloom-7b1" }, from a store
    share = "whole"                      # or "equal", with other_children = 3

    [reuse]
    adaptation = "7571 kWh"              # per task
    inference = "1e-4 kWh"               # per inference

    [scratch]
    training = "triangular(8 MWh, 10.505 MWh, 14 MWh)"
    inference = "5.4e-5 kWh"
    retraining = "400 kWh"               # per re-training, every so often
    retraining_every = "6 months"
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from lineage.errors import ImportFault, InputError, did_you_mean
from lineage.schema import IMPACTS
from lineage.strategies.cases import MODES, SHARES
from lineage.strategies.figures import Figure, factor_of, figure_of
from lineage.units import number, quantity

__all__ = ["NEEDED", "Plan"]

# figure -> the field of a case that it fills
FIGURES: Final = {
    "base.epc": "epc",
    "reuse.adaptation": "adaptation",
    "reuse.inference": "reuse_inference",
    "reuse.retraining": "reuse_retraining",
    "scratch.training": "training",
    "scratch.data": "data",
    "scratch.inference": "scratch_inference",
    "scratch.retraining": "scratch_retraining",
}
WHOLE: Final = 1 - 1e-12  # 0.9 weeks are three times 0.3 weeks, though not in floats
NEEDED: Final = tuple(name for name in FIGURES if not name.endswith((".data", ".retraining")))
_SECTIONS: Final = {
    "base": ("epc", "share", "other_children", "own_use", "exists", "parameters"),
    "reuse": ("adaptation", "inference", "retraining", "retraining_every"),
    "scratch": ("training", "data", "inference", "retraining", "retraining_every"),
}
Table = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """k tasks over a horizon, each with n inferences: reuse of a base against training each model from scratch.

    name, impact        what it is called; carbon (default), energy or water
    mode                attributional (default) or consequential: an existing base is sunk
    tasks, inferences   k, and n per task over the horizon (needed where inference costs anything; 0 leaves it out);
                        or inferences_per_day and a horizon
    horizon             a time: "2 years"
    base                epc; share ("whole", or "equal" with other_children and own_use); exists (false: not yet made)
    reuse, scratch      costs per task, of inference per inference; retraining counts once per retraining_every
    factors             by name: grids and other factors that figures name in `times`; drawn once for all of them

    `figures` are the costs as read. A cost that is not known is "unknown", never left out; data and re-training that
    are left out are no part of the plan. Raises `ImportFault` with the place, the problem and the way out.

    >>> plan = Plan(impact="energy", tasks=2, inferences=1000, base={"epc": "51686 kWh"},
    ...             reuse={"adaptation": "7571 kWh", "inference": "1e-4 kWh"},
    ...             scratch={"training": "10505 kWh", "inference": "5.4e-5 kWh"})
    >>> plan.figures["reuse.adaptation"].best, plan.unit
    (7571.0, 'kWh')
    """

    name: str = ""
    impact: str = "carbon"
    mode: str = "attributional"
    tasks: int | float | str = 1
    inferences: int | float | str | None = None
    inferences_per_day: int | float | str | None = None
    horizon: str | None = None
    base: Table = field(default_factory=dict)
    reuse: Table = field(default_factory=dict)
    scratch: Table = field(default_factory=dict)
    factors: Table = field(default_factory=dict)
    source: str = "plan"
    figures: Mapping[str, Figure] = field(init=False, repr=False, compare=False)
    shared: Mapping[str, Figure] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise self._fault("name", f"this is a text in quotes, not {self.name!r}")
        self._one_of("impact", self.impact, tuple(IMPACTS))
        self._one_of("mode", self.mode, MODES)
        for section in ("base", "reuse", "scratch", "factors"):
            if not isinstance(getattr(self, section), Mapping):
                raise self._fault(section, f"this is a section: write [{section}] on a line of its own")
        shared = {
            name: factor_of(value, (self.source, f"[factors] {name}")) for name, value in self.factors.items()
        }
        object.__setattr__(self, "shared", shared)
        for section, known in _SECTIONS.items():
            self._known(section, getattr(self, section), known)
        object.__setattr__(self, "figures", self._figures())
        self._check_numbers()

    @classmethod
    def from_file(cls, path: str | Path) -> "Plan":
        """Read a TOML file of this form. Raises `ImportFault` with the place where it is none."""
        try:
            tables = tomllib.loads(Path(path).read_bytes().decode("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ImportFault(str(path), "", f"this is no TOML: {error}") from None
        known = [item.name for item in fields(cls) if item.init and item.name != "source"]
        for name in tables:
            if name not in known:
                problem = f"there is no {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
                raise ImportFault(str(path), name, problem)
        return cls(**tables, source=str(path))

    @property
    def unit(self) -> str:
        """The unit of every figure."""
        return IMPACTS[self.impact].unit

    @property
    def k(self) -> int:
        """The number of tasks."""
        return int(number(self.tasks))

    @property
    def horizon_h(self) -> float | None:
        """The horizon in hours; None where there is none."""
        return None if self.horizon is None else self._positive("horizon", self.horizon, "h")

    @property
    def count(self) -> float:
        """The inferences of one task over the horizon."""
        if self.inferences_per_day is None:
            return self._positive(
                "inferences", 0 if self.inferences is None else self.inferences, "", least=0
            )
        hours = self.horizon_h
        assert hours is not None  # checked when the plan was made
        return self._positive("inferences_per_day", self.inferences_per_day, "", least=0) * hours / 24

    def retrainings(self, strategy: str) -> int:
        """Return how often a strategy re-trains: after each interval that ends before the horizon does.

        >>> Plan(horizon="2 years", reuse={"adaptation": 0, "inference": 0, "retraining": "1 kg",
        ...      "retraining_every": "6 months"}, scratch={"training": 0, "inference": 0}, base={"epc": 0}
        ...      ).retrainings("reuse")
        3
        """
        section = getattr(self, strategy)
        if "retraining" not in section:
            return 0
        if "retraining_every" not in section:
            return 1
        every = self._positive(f"[{strategy}] retraining_every", section["retraining_every"], "h")
        hours = self.horizon_h
        assert hours is not None
        return max(0, math.ceil(hours / every * WHOLE) - 1)

    @property
    def share(self) -> str:
        """How the tasks share the base: whole or equal."""
        return str(self.base.get("share", "whole"))

    @property
    def claims(self) -> float:
        """Those who share the base beside the tasks: other children, and its own use."""
        others = self._positive("[base] other_children", self.base.get("other_children", 0), "", least=0)
        return others + (1 if self.base.get("own_use", True) else 0)

    @property
    def exists(self) -> bool:
        """Whether the base is there already, so that its cost is sunk."""
        return bool(self.base.get("exists", True))

    @property
    def outside(self) -> list[str]:
        """The costs that the plan leaves out."""
        return [name for name in FIGURES if name not in self.figures]

    def _figures(self) -> dict[str, Figure]:
        found = {}
        for name in FIGURES:
            section, _, key = name.partition(".")
            table = getattr(self, section)
            if key in table:
                found[name] = figure_of(
                    table[key], self.unit, (self.source, f"[{section}] {key}"), self.shared
                )
            elif name in NEEDED:
                raise self._fault(
                    f"[{section}] {key}",
                    'this cost is missing; write it with its unit, 0 for none, or "unknown"',
                )
        return found

    def _check_numbers(self) -> None:
        if self._positive("tasks", self.tasks, "") % 1:
            raise self._fault("tasks", f"{self.tasks} is no whole number; count tasks, such as 20")
        if self.inferences is not None and self.inferences_per_day is not None:
            raise self._fault("inferences_per_day", "inferences are given too; keep one of the two")
        if self.inferences_per_day is not None and self.horizon is None:
            raise self._fault("inferences_per_day", 'a horizon is missing; write horizon = "2 years"')
        for name in ("horizon_h", "count", "claims"):
            getattr(self, name)
        if self.inferences is None and self.inferences_per_day is None:
            self._check_no_inference()
        self._one_of("[base] share", self.share, SHARES)
        for key in ("own_use", "exists"):
            if not isinstance(self.base.get(key, True), bool):
                raise self._fault(f"[base] {key}", f"this is true or false, not {self.base[key]!r}")
        if "other_children" in self.base and self.share != "equal":
            raise self._fault("[base] other_children", 'others share the base only with share = "equal"')
        if number(self.base.get("other_children", 0)) % 1:
            problem = f"{self.base['other_children']!r} is no whole number; count children, such as 3"
            raise self._fault("[base] other_children", problem)
        if "parameters" in self.base:
            self._positive("[base] parameters", self.base["parameters"], "")
        for strategy in ("reuse", "scratch"):
            self._check_retraining(strategy)

    def _check_no_inference(self) -> None:
        """Refuse a cost of inference where nothing says how many there are: they would count as none."""
        for name in ("reuse.inference", "scratch.inference"):
            if self.figures[name].hi != 0:
                raise self._fault(
                    "inferences",
                    f"{name} is a cost of each, but their number is missing; write inferences = 1_000_000 (per task, "
                    "over the horizon), inferences_per_day = 1_000, or inferences = 0 to leave them out",
                )

    def _check_retraining(self, strategy: str) -> None:
        section = getattr(self, strategy)
        if "retraining_every" not in section:
            return
        place = f"[{strategy}] retraining_every"
        if "retraining" not in section:
            raise self._fault(place, 'the cost of one is missing; write retraining = "400 kWh"')
        if self.horizon is None:
            raise self._fault(place, 'a horizon is missing; write horizon = "2 years"')
        self.retrainings(strategy)

    def _positive(self, place: str, value: Any, unit: str, *, least: float | None = None) -> float:
        """Read a number above 0, or from `least` on."""
        try:
            read = quantity(value, unit) if unit else number(value)
        except InputError as error:
            raise self._fault(place, str(error)) from None
        if read < 0 or (least is None and read == 0):
            raise self._fault(place, f"{value!r} must be {'above 0' if least is None else '0 or more'}")
        return read

    def _one_of(self, place: str, value: Any, known: tuple[str, ...]) -> None:
        if value not in known:
            close = did_you_mean(str(value), known)
            raise self._fault(place, f"there is no {value!r}{close}; there are {', '.join(known)}")

    def _known(self, section: str, table: Table, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                close = did_you_mean(str(key), known)
                raise self._fault(
                    f"[{section}] {key}", f"there is no {key!r}{close}; there are {', '.join(known)}"
                )

    def _fault(self, place: str, problem: str) -> ImportFault:
        return ImportFault(self.source, place, problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON holds it."""
        return {
            "name": self.name,
            "tasks": self.k,
            "inferences": self.count,
            "horizon_h": self.horizon_h,
            "share": self.share,
            "claims": self.claims if self.share == "equal" else None,
            "exists": self.exists,
            "figures": {name: figure.as_dict() for name, figure in self.figures.items()},
            "factors": {name: figure.as_dict() for name, figure in self.shared.items()},
            "outside": self.outside,
        }
