"""Amounts of a scenario: a new value ("2 t"), a factor ("x 0.5", "+10 %"), or "unknown"."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from lineage.errors import InputError, OptionError, UnitError
from lineage.kernels.arrays import Floats
from lineage.schema import IMPACTS, Column
from lineage.tables.cells import BadCell, clip
from lineage.tables.checks import in_range
from lineage.units import number, quantity

__all__ = ["Amount", "amount", "own_amount"]

_TIMES: Final = re.compile(r"[xX×*]\s*(?P<factor>[0-9.,eE+-]+)")
_PERCENT: Final = re.compile(r"(?P<number>[+-]?\s*[0-9.,]+(?:[eE][+-]?[0-9]+)?)\s*%")
_SHARES: Final = ("w", "utilisation", "share")
_SIGNED: Final = ("merge_weight", "quality")
_RELATIVE: Final = 'write "x 0.9" or "-10 %" to change what is there'


@dataclass(frozen=True, slots=True)
class Amount:
    """What becomes of a number: it is `set`, multiplied (`times`), or no longer known (`unknown`).

    >>> Amount("times", 1.5).applied(np.array([2.0, np.nan])).tolist()
    [3.0, nan]
    """

    kind: Literal["set", "times", "unknown"]
    number: float = float("nan")

    def applied(self, values: Floats) -> Floats:
        """Return the new values; a factor leaves what is unknown unknown."""
        if self.kind == "times":
            return np.asarray(values * self.number)
        return np.full(len(values), self.number)


def amount(value: Any, item: Column) -> Amount:
    """Read an amount of a column of own tables, into its base unit; no sign but that of a percentage.

    Raises `InputError` for a wrong unit, a missing one, a negative value, and a value that the column refuses.

    >>> from lineage.schema import GRAPH_TABLES, column
    >>> item = column(GRAPH_TABLES["systems"], "power_w")
    >>> amount("0.3 kW", item), amount("+10 %", item).number
    (Amount(kind='set', number=300.0), 1.1)
    """
    found = _relative(value, item)
    if found is not None:
        return found
    text = value if isinstance(value, str) else str(value)
    if text.lstrip().startswith("+") and item.name not in _SIGNED:
        raise InputError(
            f"{clip(text)} has a sign, but would be a new value; leave out the +, or {_RELATIVE}"
        )
    read = _share(value, item) or _absolute(value, item)
    if read < 0 and item.name not in _SIGNED:
        raise InputError(f"{clip(text)} is negative; {_RELATIVE}")
    if item.name == "own" or (item.name == "w" and read <= 1):
        return Amount("set", read)  # nothing else to be checked, and asked a thousand times in a second
    try:
        in_range(pa.array([read]), item.name, pa.array([text]))
    except BadCell as error:
        raise InputError(error.problem) from None
    return Amount("set", read)


def own_amount(value: Any) -> tuple[str, Amount]:
    """Read an own cost: the impact that its unit says ("" for a factor: all of them), and the amount.

    >>> own_amount("2 t"), own_amount("x 0.5")[0]
    (('carbon', Amount(kind='set', number=2000000.0)), '')
    """
    found = _relative(value, Column("own", "number", "gCO2e", "own"))
    if found is not None:
        return "", found
    problems = []
    for name in ("carbon", "energy", "water"):
        try:
            return name, amount(value, Column("own", "number", IMPACTS[name].unit, "own"))
        except UnitError as error:
            problems.append(error)
    raise problems[0]


def _relative(value: Any, item: Column) -> Amount | None:
    """Read "unknown" and factors; None for anything else."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text == "unknown":
        return Amount("unknown")
    times, percent = _TIMES.fullmatch(text), _PERCENT.fullmatch(text)
    if times:
        factor = number(times["factor"])
    elif percent:
        signed = percent["number"].replace(" ", "")
        if signed[0] not in "+-":
            if item.name in _SHARES:
                return None
            raise InputError(
                f'{clip(text)} of what is there? write "x {number(signed) / 100:g}" for that, or "+10 %"'
            )
        factor = (100 + number(signed)) / 100
    else:
        return None
    if factor < 0:
        raise InputError(f"{clip(text)} makes it negative; take off 100 % at most")
    return Amount("times", factor)


def _share(value: Any, item: Column) -> float | None:
    """Read "25 %" of a column of shares."""
    percent = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    return number(percent["number"]) / 100 if percent and item.name in _SHARES else None


def _absolute(value: Any, item: Column) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise OptionError(f"{clip(str(value))} is no amount; write it as text with its unit, or as a number")
    return quantity(value, item.unit, bare=item.bare) if item.spelled and item.unit else number(value)
