"""One line of a scenario: what it changes, and where it was written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as a_field
from fnmatch import fnmatchcase
from typing import Any, Final

from lineage.errors import ImportFault, InputError, OptionError, did_you_mean

__all__ = ["Change", "edge_names", "fitting"]

_MARKS: Final = re.compile(r"[*?\[]")
_NAMES: Final = ("id", "product", "parent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: `section` and `field` say what, `target` names whom (a name or a pattern), `value` is the new value.

    `source` is the file it comes from ("" for an option), `where` its place there, `short` the section as it was
    written, where that stands for a column of another. They are no part of what the change is.
    """

    section: str
    target: str = ""
    field: str = ""
    value: Any = None
    source: str = a_field(default="", compare=False)
    where: str = a_field(default="", compare=False)
    short: str = a_field(default="", compare=False)

    @property
    def label(self) -> str:
        """The change in one line, as an option writes it: "own[model:a] = 2 t"."""
        if self.section in ("add", "remove"):
            return f"{self.section} {self.field.removesuffix('s')} {self.target}{_beside(self.value)}"
        target = f"[{self.target}]" if self.target else ""
        field = f".{self.field}" if self.field and not self.short else ""
        return f"{self.short or self.section}{target}{field} = {_written(self.value)}"

    def fault(self, problem: str) -> InputError:
        """Return the error that says where this change stands, and what is wrong with it."""
        if self.source:
            return ImportFault(self.source, self.where, problem)
        typed = (
            f"remove.{self.field}={self.target}" if self.section == "remove" and self.field else self.label
        )
        return OptionError(f"{typed}: {problem}")


def _beside(row: Any) -> str:
    """Return what an added row says beside its name."""
    facts = {key: item for key, item in row.items() if key not in _NAMES} if isinstance(row, Mapping) else {}
    return f" ({_written(facts)})" if facts else ""


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_written(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(map(_written, value))
    return str(value)


def fitting(change: Change, names: Iterable[str], what: str) -> list[int]:
    """Return the places of the names that the target of a change names, or fits as a pattern (`*`, `?`, `[ab]`).

    Raises the fault of the change where none does, with close names.
    """
    known = list(names)
    target = change.target
    exact = [place for place, name in enumerate(known) if name == target]
    if exact:
        return exact
    if _MARKS.search(target):
        found = [place for place, name in enumerate(known) if fnmatchcase(name, target)]
        if found:
            return found
        kinds = sorted({kind for kind, _, rest in map(_in_two, known) if rest and fnmatchcase(rest, target)})
        if kinds:
            way_out = " or ".join(f"{kind}:{target}" for kind in kinds)
            raise change.fault(f"no {what} fits the pattern {target!r}; patterns match ids: write {way_out}")
        stem = _MARKS.split(target)[0]
        hint = did_you_mean(stem, known) or (f"; there are {', '.join(known[:5])}" if known else "")
        raise change.fault(f"no {what} fits the pattern {target!r}{hint}")
    hint = did_you_mean(target, known) or (
        f"; there are {', '.join(known[:5])}" if known else "; there is none"
    )
    raise change.fault(f"there is no {what} {target!r}{hint}")


def _in_two(name: str) -> tuple[str, str, str]:
    return name.partition(":")


def edge_names(change: Change, text: str) -> tuple[str, str]:
    """Return product and parent of an edge written "PRODUCT <- PARENT"."""
    product, arrow, parent = text.partition("<-")
    if not arrow or not product.strip() or not parent.strip() or "<-" in parent:
        raise change.fault(
            f"{text!r} is no edge; write it as 'PRODUCT <- PARENT', such as 'model:tuned <- model:base'"
        )
    return product.strip(), parent.strip()
