"""Quantities: reading text with a unit into base units, and printing base units for people.

Base units are gCO2e, kWh, L, h and W (and gCO2e/h, gCO2e/kWh). A year is 8,760 h, so 3 years are 26,280 h; a
month is a twelfth of it, 730 h; `t` is the metric tonne. Carbon may be written as a plain mass.

Reading uses pint, loaded at the first quantity with a unit; printing picks a power of ten from one table.
"""

import math
import re
from fractions import Fraction
from functools import cache, lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Final

from lineage.errors import UnitError, did_you_mean

if TYPE_CHECKING:
    import pint

__all__ = ["LARGEST", "POWERS", "number", "quantity", "show", "suspect"]

# base unit -> what it is called, and an example of a good text
_KINDS: Final = {
    "gCO2e": ("a mass of CO2e", "7.4 t"),
    "kWh": ("an energy", "1507 kWh"),
    "L": ("a volume", "120 L"),
    "h": ("a time", "3 years"),
    "W": ("a power", "300 W"),
    "gCO2e/h": ("carbon per time", "50 g/min"),
    "gCO2e/kWh": ("carbon per energy", "380 g/kWh"),
}

# base unit -> printed unit and its power of ten, ascending: the one table that printing uses
POWERS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "gCO2e": (("mg", -3), ("g", 0), ("kg", 3), ("t", 6), ("kt", 9), ("Mt", 12)),
    "kWh": (("mWh", -6), ("Wh", -3), ("kWh", 0), ("MWh", 3), ("GWh", 6), ("TWh", 9)),
    "L": (("mL", -3), ("L", 0), ("m³", 3)),
    "h": (("h", 0),),
    "W": (("mW", -3), ("W", 0), ("kW", 3), ("MW", 6), ("GW", 9)),
    "gCO2e/h": (("mg/h", -3), ("g/h", 0), ("kg/h", 3), ("t/h", 6)),
    "gCO2e/kWh": (("g/kWh", 0),),
}

# Hostile text never reaches pint: at most 40 characters, names joined by a blank, "per", "/" or "*", and no power
# but "^-1". A million characters or "kg**999999" fail here, at once.
# Sums of figures up to this size stay far from the end of floating point, and so does what is printed of them.
LARGEST: Final = 1e24

_LONGEST_TEXT: Final = 100
_LONGEST_UNIT: Final = 40
_UNIT: Final = re.compile(r"[A-Za-zµμ][A-Za-z0-9µμ]*(\^-1)?(( ?[/*·] ?| )[A-Za-zµμ][A-Za-z0-9µμ]*(\^-1)?)*")
_PLAIN: Final = "write digits only, such as 1507 or 0.25"
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[+-]?(nan|inf|infinity|∞)(?![a-z])", re.IGNORECASE)
_CARBON: Final = re.compile(r" ?CO[2₂] ?-?(?:eq|e)?(?![A-Za-z0-9])")
_TON: Final = re.compile(r"(?<![A-Za-z])(k|kilo|M|mega)?tons?(?=CO2e|[^A-Za-z0-9]|$)")
_METRIC: Final = re.compile(r"(?<![A-Za-z])metric (k|kilo|M|mega)?ton(?:ne)?s?(?=CO2e|[^A-Za-z0-9]|$)")
_DEFINITIONS: Final = (
    "year = 8760 hour = a = yr",
    "month = 730 hour",
    "kt = 1000 metric_ton",  # pint's own kt is the knot
    "m3 = meter ** 3",
    "gCO2e = gram = gramCO2e = gramsCO2e",
    "tCO2e = metric_ton = tonneCO2e = tonnesCO2e",
    "lbCO2e = pound = lbsCO2e = poundCO2e = poundsCO2e",
    "ktCO2e = 1000 metric_ton",
)


def quantity(value: str | float, unit: str, *, bare: str = "") -> float:
    """Read a value into a base unit: number x (its unit / `unit`).

    `value` is text such as "7.4 MWh", "1,507 kWh", "7.4 t CO2e", "50 g/min", or a number. A number without a
    unit counts as `bare`; without `bare` it is an error. A bare "ton" is read as the metric tonne; `suspect`
    says so. Raises `UnitError` for NaN, infinity, an unknown unit and a unit of another kind.

    >>> quantity("3 years", "h"), quantity("7.4 t CO2eq", "gCO2e"), quantity("50 g/min", "gCO2e/h")
    (26280.0, 7400000.0, 3000.0)
    >>> quantity(475, "gCO2e/kWh", bare="gCO2e/kWh")
    475.0
    """
    amount, unit_text = _split(value, f"write for example {_example(unit)!r}")
    unit_text = unit_text or bare
    if not unit_text:
        raise UnitError(f"{_clip(value)} has no unit; write for example {_example(unit)!r}")
    if unit_text == unit:
        return amount
    try:
        factor = _factor(unit_text, unit)
        result = amount * factor.numerator / factor.denominator
    except UnitError as error:
        raise UnitError(f"{_clip(value)}: {error}") from None
    except OverflowError:
        result = math.inf
    if not abs(result) <= LARGEST:
        raise UnitError(
            f"{_clip(value)} is more than {LARGEST:g} {unit}, larger than anything real; check its unit"
        )
    return result


def number(value: str | float) -> float:
    """Read a plain number; commas are taken only as thousands separators ("1,163,088.5").

    Raises `UnitError` for NaN, infinity and anything that is not a number.

    >>> number("1,163,088.5")
    1163088.5
    """
    amount, rest = _split(value, _PLAIN)
    if rest:
        raise UnitError(f"{_clip(value)} is not a plain number; {_PLAIN}")
    return amount


def suspect(text: str) -> str | None:
    """Say why the unit in a text is suspicious, or return None.

    >>> suspect("5 tons CO2e")
    "a bare 'ton' may be metric, short or long; read as the metric tonne, write 't'"
    """
    if "ton" not in text or len(text) > _LONGEST_TEXT:
        return None
    spelled = _METRIC.sub("t", _respelled(text))
    if _TON.search(spelled) is None:
        return None
    return "a bare 'ton' may be metric, short or long; read as the metric tonne, write 't'"


def show(value: float | None, unit: str) -> str:
    """Print a value of a base unit with at most four digits, in the power of ten that is shortest to read.

    None and NaN are unknown and print as "?". Numbers of 1,000 and more print whole, with separators.

    >>> show(1507.0, "kWh"), show(7_400.0, "kWh"), show(1.2e6, "gCO2e"), show(None, "kWh")
    ('1,507 kWh', '7.4 MWh', '1.2 t', '?')
    """
    if value is None or not math.isfinite(value):
        return "?"
    powers = POWERS.get(unit, ((unit, 0),))
    base = next((name for name, power in powers if power == 0), unit)
    if value == 0:
        return f"0 {base}"
    rounded = float(f"{value:.3e}")
    scaled = [(rounded / 10.0**power, name) for name, power in powers]
    readable = [(amount, name) for amount, name in scaled if 1 <= abs(amount) < 10_000]
    if not readable:
        name, power = powers[0] if abs(scaled[0][0]) < 1 else powers[-1]
        return f"{_digits(value / 10.0**power)} {name}"
    texts = [f"{_digits(amount)} {name}" for amount, name in readable]
    return min(texts, key=len)


def _digits(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:.4g}"


def _split(value: str | float, way_out: str) -> tuple[float, str]:
    """Return the number and the unit text behind it."""
    if isinstance(value, bool) or not isinstance(value, (str, Real)):
        raise UnitError(f"{_clip(value)} is not a number; {way_out}")
    if not isinstance(value, str):
        return _finite(value), ""
    text = value.strip()
    if len(text) > _LONGEST_TEXT:
        raise UnitError(f"{_clip(text)} is too long for a number; {way_out}")
    found = _NUMBER.match(text)
    if found is None:
        if _NOT_FINITE.match(text):
            raise UnitError(f"{_clip(text)} is not finite; leave the cell empty if the value is unknown")
        raise UnitError(f"{_clip(text)} is not a number; {way_out}")
    digits, rest = found.group(), text[found.end() :]
    if rest[:1] in (".", ","):
        raise UnitError(f"{_clip(text)} is not a number; write a decimal point and no other separator")
    if "," in digits:
        if _GROUPED.fullmatch(digits) is None:
            point = digits.replace(",", ".")
            raise UnitError(f"{_clip(text)} has an unclear comma; write {point} for a decimal point")
        digits = digits.replace(",", "")
    return _finite(float(digits), text), rest.strip()


def _finite(amount: float, text: str | None = None) -> float:
    try:
        real = float(amount)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real):
        shown = _clip(amount if text is None else text)
        raise UnitError(f"{shown} is not finite; leave the cell empty if the value is unknown")
    return real


def _respelled(text: str) -> str:
    """Return a unit text in one spelling: CO2e attached to its mass, single blanks, m3."""
    text = " ".join(text.split())
    text = text.replace("m³", "m3").replace("m^3", "m3")
    return _CARBON.sub("CO2e", text)


@lru_cache(maxsize=4096)
def _factor(unit_text: str, unit: str) -> Fraction:
    """Return how many `unit` one of the unit text is, exactly; once per distinct text."""
    kind, example = _KINDS.get(unit, (f"a quantity in {unit}", f"1 {unit}"))
    spelled = _respelled(unit_text)
    if len(unit_text) > _LONGEST_UNIT or _UNIT.fullmatch(spelled) is None:
        raise UnitError(f"{_clip(unit_text)} is not a unit; {kind} is needed, such as {example!r}")
    spelled = _METRIC.sub(r"\1tonne", spelled)
    spelled = _TON.sub(r"\1tonne", spelled)
    spelled = re.sub(r"\bmins\b", "min", spelled)  # pint weighs minutes against milli-inches, and logs it
    spelled = spelled.replace(" per ", "/").replace("·", "*")

    import pint

    registry = _registry()
    try:
        factor = registry.Quantity(Fraction(1), spelled).to(unit).magnitude
        offset = registry.Quantity(Fraction(0), spelled).to(unit).magnitude
    except pint.DimensionalityError:
        raise UnitError(f"{_clip(unit_text)} is not {kind}; write for example {example!r}") from None
    except (pint.PintError, ValueError, TypeError, ArithmeticError, AttributeError, LookupError):
        known = [name for name, _ in POWERS.get(unit, ())]
        hint = did_you_mean(unit_text, known) or f"; write for example {example!r}"
        raise UnitError(f"{_clip(unit_text)} is not a unit that is known{hint}") from None
    if offset != 0:  # a logarithmic unit such as dBm has no factor
        raise UnitError(f"{_clip(unit_text)} has no fixed factor to {unit}; write for example {example!r}")
    return Fraction(factor)


@cache
def _registry() -> "pint.UnitRegistry[Fraction]":
    """Return the registry: exact fractions, and our year, month, tonne and CO2e."""
    import pint

    registry: pint.UnitRegistry[Fraction] = pint.UnitRegistry(non_int_type=Fraction, on_redefinition="ignore")
    for line in _DEFINITIONS:
        registry.define(line)
    return registry


def _example(unit: str) -> str:
    return _KINDS[unit][1] if unit in _KINDS else f"1 {unit}"


def _clip(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
