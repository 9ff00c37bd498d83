"""Numbers, shares and names of strangers in words, one way everywhere."""

import math
import unicodedata
from typing import TYPE_CHECKING, Final

from lineage.units import show

if TYPE_CHECKING:
    from lineage.views.interval import Interval

__all__ = ["at_least", "counted", "joined", "number", "percent", "shown", "visible"]

# Zero-width joiners are part of ordinary text (emoji, Persian); every other format character can hide or turn text.
_ROUNDING: Final = 1e-9  # relative; on a solved cycle three equal bounds may differ in their last bits
_HARMLESS_FORMAT: Final = frozenset("\u200c\u200d")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def percent(share: float | None) -> str:
    """Return a share as a percentage that never rounds something to nothing, nor almost all to all.

    >>> percent(0.5), percent(0.0004), percent(0.9999), percent(1.0), percent(None)
    ('50 %', '< 0.1 %', '> 99.9 %', '100 %', '?')
    """
    if share is None or math.isnan(share):
        return "?"
    value = 100.0 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100 and 100 - value > 1e-9:
        return "> 99.9 %"
    digits = 0 if 10 <= value <= 99 else 1
    return f"{value:.{digits}f}".removesuffix(".0") + " %"


def number(value: float | None, digits: int = 6) -> str:
    """Return a plain number with at most `digits` significant ones; "?" is not known.

    >>> number(1507.0), number(0.0002283105), number(None)
    ('1,507', '0.00022831', '?')
    """
    if value is None or math.isnan(value):
        return "?"
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.{digits}g}"


def shown(value: float | None, unit: str) -> str:
    """Return a value with its unit: a share as a percentage, a quantity in its power of ten, else plain.

    >>> shown(0.5, "share"), shown(1507.0, "kWh"), shown(3.0, "devices"), shown(None, "kWh")
    ('50 %', '1,507 kWh', '3 devices', '?')
    """
    if unit == "share":
        return percent(value)
    if unit in ("gCO2e", "kWh", "L", "h", "W"):
        return show(value, unit)
    return f"{number(value)} {unit}".rstrip() if value is not None and not math.isnan(value) else "?"


def at_least(interval: "Interval | None", unit: str) -> str:
    """Return the best value of an interval; "≥" where more is possible without limit, "?" where nothing is known.

    "-" where there is no such figure (None): the policy gives it no meaning. A best value below the lower bound is the
    known part of something known by its bounds: the bound is shown. Where more is handed out than there is, the same
    holds the other way round, with "≤".

    >>> from lineage.views.interval import Interval
    >>> at_least(Interval(168.0, 921.5, None), "kWh"), at_least(Interval(0.0, None, None), "kWh")
    ('≥ 921.5 kWh', '?')
    >>> at_least(Interval(5.5, 3.0, 8.0), "kWh"), at_least(Interval(None, -5.0, -2.5), "kWh")
    ('≥ 5.5 kWh', '≤ -5 kWh')
    """
    if interval is None:
        return "-"
    lo, best, hi = interval
    if best is None:
        return f"≥ {show(lo, unit)}" if lo is not None and lo > 0 else "?"
    if lo is not None and lo - best > _ROUNDING * abs(best):
        return f"≥ {show(lo, unit)}"
    if hi is not None and best - hi > _ROUNDING * abs(best):
        return f"≤ {show(hi, unit)}"
    return f"{'≤ ' if lo is None else '≥ ' if hi is None else ''}{show(best, unit)}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "child", "children"), counted(1200, "job")
    ('1 child', '1,200 jobs')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def joined(names: list[str], most: int = 12) -> str:
    """Return names in one line; beyond `most` the rest is counted.

    >>> joined(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def visible(text: str) -> str:
    r"""Return the text on one line, with characters that hide, move or turn text written as escapes.

    >>> print(visible("a\x1b[31m\u202eb\nc"))
    a\x1b[31m\u202eb\nc
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if unicodedata.category(character) in _HIDDEN and character not in _HARMLESS_FORMAT:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character
