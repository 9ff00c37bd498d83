"""What a tracked run is, and how it is to be measured: the options of `track`, checked before anything starts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from lineage.errors import InputError, OptionError, UnitError, did_you_mean
from lineage.schema import LABELS, PHASES, RELATIONS, split_id
from lineage.units import quantity

__all__ = ["METERS", "SCOPES", "MeterChoice", "RunPlan", "plan_of"]

METERS: Final = ("auto", "codecarbon", "rapl")
SCOPES: Final = ("machine", "process")
NAME_CHARACTERS: Final = 256

# What a phase says of the edge to a parent model; the others say nothing.
_RELATION_OF: Final = {"fine-tuning": "fine-tune", "distillation": "distillation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What a run makes, out of what, and where: the job that will be recorded. Ids without a kind get theirs.

    `grid` is the name of an electricity supply, or an intensity such as "56 g/kWh"; `country` a country's code or
    name; `pue` the data centre's energy over the energy of its IT. Raises `InputError` for a name that cannot be
    an id, `OptionError` for a phase or relation that does not exist, a PUE below 1.

    >>> plan = RunPlan(product="bert-tuned", parents=("bert",), datasets=("glue",), phase="fine-tuning")
    >>> plan.product, plan.parents, plan.datasets, plan.relation_to("model:bert")
    ('model:bert-tuned', ('model:bert',), ('dataset:glue',), 'fine-tune')
    """

    product: str
    parents: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    phase: str = "training"
    relation: str | None = None
    system: str | None = None
    country: str | None = None
    grid: str | None = None
    pue: float | None = None

    def __post_init__(self) -> None:
        """Check every field and give ids their kind."""
        object.__setattr__(self, "product", _id(self.product, "model", "product"))
        object.__setattr__(self, "parents", tuple(_id(x, "model", "parent") for x in _several(self.parents)))
        object.__setattr__(
            self, "datasets", tuple(_id(x, "dataset", "data set") for x in _several(self.datasets))
        )
        for name in self.datasets:
            if not name.startswith("dataset:"):
                raise InputError(f"{name!r} is no data set; name it as a parent")
        _one_of("phase", self.phase, PHASES)
        if self.relation is not None:
            _one_of("relation", self.relation, RELATIONS)
        for what, text in (("system", self.system), ("country", self.country), ("grid", self.grid)):
            if text is not None:
                _printable(text, what)
        if self.grid is not None:
            _ = self.intensity_gco2e_per_kwh  # a negative one is said now, not after the run
        if self.pue is not None and not 1.0 <= self.pue < 100.0:
            raise OptionError(f"a PUE of {self.pue:g} cannot be: it is 1 or more, such as 1.2")

    @property
    def intensity_gco2e_per_kwh(self) -> float | None:
        """The intensity that `grid` states in gCO2e/kWh; None where it is a name, or nothing."""
        if self.grid is None or not self.grid.lstrip("+-").lstrip()[:1].isdigit():
            return None
        try:
            value = quantity(self.grid, "gCO2e/kWh")
        except UnitError as problem:
            raise OptionError(f"grid {self.grid!r}: {problem}") from problem
        if value < 0:
            raise OptionError(f"grid {self.grid!r}: an intensity is never negative")
        return value

    @property
    def grid_name(self) -> str | None:
        """The name of the electricity supply, where `grid` is one."""
        return None if self.intensity_gco2e_per_kwh is not None else self.grid

    def relation_to(self, parent: str) -> str | None:
        """Return the relation of the edge to a parent: as given, else what the phase says; models only."""
        if not (self.product.startswith("model:") and parent.startswith("model:")):
            return None
        return self.relation or _RELATION_OF.get(self.phase)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterChoice:
    """How a run is measured: `meter` is one of `METERS`, `scope` of `SCOPES` (CodeCarbon only).

    `every_s` is the time between two samples in s; `emissions` a folder in which CodeCarbon keeps its own file.
    """

    meter: str = "auto"
    scope: str = "machine"
    every_s: float = 5.0
    emissions: Path | None = None

    def __post_init__(self) -> None:
        """Check what is chosen. Raises `OptionError`."""
        _one_of("meter", self.meter, METERS)
        _one_of("scope", self.scope, SCOPES)
        if not 0.2 <= self.every_s <= 300:
            raise OptionError(
                f"a sample every {self.every_s:g} s is not possible; choose from 0.2 to 300 seconds"
            )
        if self.emissions is not None and not Path(self.emissions).is_dir():
            raise InputError(f"{self.emissions} is not a folder; make it before the run")
        if self.meter == "rapl" and (self.emissions is not None or self.scope != "machine"):
            raise OptionError(
                "RAPL reads the whole machine and keeps no file of its own; take --meter codecarbon for that"
            )


def plan_of(product: str, about: Mapping[str, Any]) -> tuple[RunPlan, MeterChoice]:
    """Divide the named options of `track` into the run and its measurement. Raises `OptionError` for others."""
    of_run = {item.name for item in fields(RunPlan)} - {"product"}
    of_meter = {item.name for item in fields(MeterChoice)}
    for name in about:
        if name not in of_run | of_meter:
            hint = did_you_mean(name, sorted(of_run | of_meter))
            raise OptionError(f"track has no option {name!r}{hint}")
    return (
        RunPlan(product=product, **{name: value for name, value in about.items() if name in of_run}),
        MeterChoice(**{name: value for name, value in about.items() if name in of_meter}),
    )


def _several(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _id(name: str, kind: str, what: str) -> str:
    if not name.strip():
        raise InputError(f"a {what} without a name; write KIND:NAME, such as {kind}:my-name")
    _printable(name, what)
    if len(name) > NAME_CHARACTERS:
        raise InputError(f"a {what} with a name of {len(name):,} characters; {NAME_CHARACTERS} are the limit")
    if name.partition(":")[0] not in LABELS:
        name = f"{kind}:{name}"
    try:
        split_id(name)
    except ValueError as problem:
        raise InputError(f"{what}: {problem}") from None
    return name


def _printable(text: str, what: str) -> None:
    if not text.isprintable():
        raise InputError(f"{what} {text!r} holds characters that cannot be printed")


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OptionError(f"no {what} {value!r}{did_you_mean(value, known)}; there are {', '.join(known)}")
