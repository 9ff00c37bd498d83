"""The answer to "why is it this number": a tree of formulas with their numbers, inputs and sources."""

from dataclasses import dataclass
from typing import Any, Final

from lineage.explanation.wording import at_least, shown, visible
from lineage.views.interval import Interval

__all__ = ["Explanation", "Input"]

SCHEMA: Final = "lineage/explain/1"


@dataclass(frozen=True, slots=True)
class Input:
    """A value that a formula takes in; `value` None is not known, `source` says who states it."""

    name: str
    value: float | str | None
    unit: str = ""
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        text = self.value if isinstance(self.value, str) else shown(self.value, self.unit)
        return f"{self.name}: {text}{f' ({self.source})' if self.source else ''}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One number and what it is made of.

    `value` is the best value in `unit` (None: not known); `interval` its bounds where it has any; `formula` shows
    the numbers, `note` says the reason in words; `children` open the parts.
    """

    title: str
    value: float | None = None
    unit: str = ""
    formula: str = ""
    note: str = ""
    interval: Interval | None = None
    inputs: tuple[Input, ...] = ()
    sources: tuple[str, ...] = ()
    children: tuple["Explanation", ...] = ()

    @property
    def figure(self) -> str:
        """The value as people read it: "≥" where more is possible without limit, "?" where nothing is known."""
        if not self.unit:
            return ""
        if self.interval is not None:
            return at_least(self.interval, self.unit)
        return shown(self.value, self.unit)

    def as_dict(self) -> dict[str, Any]:
        """Return the tree as JSON holds it (schema lineage/explain/1)."""
        return {"schema": SCHEMA} | self._as_dict()

    def _as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "interval": self.interval.as_dict() if self.interval is not None else None,
            "formula": self.formula,
            "note": self.note,
            "inputs": [item.as_dict() for item in self.inputs],
            "sources": list(self.sources),
            "children": [child._as_dict() for child in self.children],
        }

    def lines(self) -> list[str]:
        """Return the tree as text, one line each, drawn with box characters; hidden characters show as escapes."""
        return [visible(line) for line in _drawn(self, "", "")]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _drawn(item: Explanation, first: str, rest: str) -> list[str]:
    """Return the lines of one explanation; `first` stands before its title, `rest` before all that follows."""
    figure = f"  {item.figure}" if item.figure else ""
    lines = [f"{first}{item.title}{figure}"]
    open_below = "│ " if item.children else "  "
    if item.formula:
        lines.append(f"{rest}{open_below}  = {item.formula}")
    if item.note:
        lines.append(f"{rest}{open_below}  {item.note}")
    lines += [f"{rest}{open_below}  · {given}" for given in item.inputs]
    lines += [f"{rest}{open_below}  source: {source}" for source in item.sources]
    for number, child in enumerate(item.children, 1):
        last = number == len(item.children)
        lines += _drawn(child, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")
    return lines
