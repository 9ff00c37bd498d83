"""Scenarios: changes to a lineage and to a run, read from TOML or given as options.

::

    title = "Train in Sweden"
    [own]                                  # own cost of products; the unit says which impact
    "model:base" = "2 t"
    "model:acme/*" = "+10 %"               # a factor holds for every impact
    [weights]                              # share of the parent that goes to the product
    "model:tuned <- model:base" = 0.25     # "policy" leaves it to the policy
    [grid]                                 # intensity of a grid
    "DE" = "45 g/kWh"
    [jobs."model:base"]                    # the jobs of a product, or a job by its id
    grid = "SE"
    [replace]
    "model:student <- model:large" = "model:small"
    [[add.products]]
    id = "model:more"
    like = "model:tuned"
    count = 2
    [run]
    policy = "half"

Changes are applied in the order in which they are written; among options of the run that stand together, a policy
waits for those that it needs.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lineage.errors import ImportFault, OptionError
from lineage.run import Run
from lineage.scenarios.change import Change
from lineage.scenarios.reading import FLAGS, changes_of, setting

__all__ = ["Scenario"]

FIXED: Final = ("impact", "seed", "engine")  # what before and after must have in common
TEXTS: Final = ("policy", "cycles", "users", "property", "quality", "factors")
NEEDS: Final = {
    "property": ("property",),
    "cff": ("cff_a", "quality"),
}  # policy -> the options it cannot do without


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Changes to a lineage and to how it is shared out, applied one after the other.

    >>> Scenario.of("own[model:a]=2 t", "run.policy=half").labels
    ['own[model:a] = 2 t', 'run.policy = half']
    """

    changes: tuple[Change, ...] = ()
    name: str = "scenario"
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", _ordered(self.changes))

    @classmethod
    def from_file(cls, path: str | Path) -> "Scenario":
        """Read a TOML file of this form. Raises `ImportFault` with file, line, problem and way out."""
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
            tables = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ImportFault(str(path), "", f"this is no TOML: {error}") from None
        title = tables.pop("title", Path(path).stem)
        if not isinstance(title, str):
            raise ImportFault(str(path), "title", f'{title!r} is no text; write title = "..."')
        return cls(changes=tuple(changes_of(tables, str(path), text)), name=title, source=str(path))

    @classmethod
    def of(cls, *settings: str, name: str = "options") -> "Scenario":
        """Return the scenario of options such as "own[model:a]=2 t"; raises `OptionError`."""
        return cls(changes=tuple(setting(text) for text in settings), name=name)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], *, name: str = "scenario") -> "Scenario":
        """Return the scenario of a mapping with the sections of a file; raises `OptionError`."""
        return cls(changes=tuple(changes_of(tables, "", "")), name=name)

    def and_then(self, more: Iterable[Change]) -> "Scenario":
        """Return this scenario with more changes after its own."""
        return Scenario(changes=(*self.changes, *more), name=self.name, source=self.source)

    @property
    def labels(self) -> list[str]:
        """The changes as options write them."""
        return [change.label for change in self.changes]

    def run(self, run: Run) -> Run:
        """Return a run with the options that this scenario changes. Raises the fault of a change that fits none."""
        for change in self.changes:
            run = changed_run(run, change)
        return run

    def as_dict(self) -> dict[str, Any]:
        """Return the scenario as JSON holds it."""
        return {"name": self.name, "source": self.source or None, "changes": self.labels}


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes with every policy after the options of the run that it needs, where these follow it."""
    placed: list[Change] = []
    for change in changes:
        place = back = len(placed)
        while change.section == "run" and back and placed[back - 1].section == "run":
            back -= 1
            if placed[back].field == "policy":
                place = back if change.field in NEEDS.get(str(placed[back].value), ()) else place
                break
        placed.insert(place, change)
    return tuple(placed)


def changed_run(run: Run, change: Change) -> Run:
    """Return a run after one change; those of the lineage leave it as it is."""
    if change.section != "run":
        return run
    known = {name: getattr(run, name) for name in Run.__slots__}
    if change.field in FIXED:
        raise change.fault(f"before and after have the same {change.field}; choose it with --{change.field}")
    if change.field in FLAGS and not isinstance(change.value, bool):
        raise change.fault(f"{change.value!r} is neither yes nor no; write true or false")
    if change.field in TEXTS and not isinstance(change.value, str) and change.value is not None:
        raise change.fault(f'{change.value!r} is no text; write {change.field} = "..."')
    try:
        return Run(**known | {change.field: change.value})
    except OptionError as error:
        raise change.fault(str(error)) from None
    except TypeError:  # a number where a text is needed, or the reverse
        raise change.fault(
            f"{change.value!r} is no value of {change.field}; see lineage cost --help"
        ) from None
