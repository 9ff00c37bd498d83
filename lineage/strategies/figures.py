"""One figure of a plan: a value with its unit, a range or a distribution, the factors it is multiplied with."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lineage.distributions import Distribution, fixed, parse, pert, uniform
from lineage.errors import ImportFault, InputError, did_you_mean
from lineage.schema import TIERS
from lineage.units import number, quantity
from lineage.views.interval import Interval

__all__ = ["ENDS", "UNKNOWN", "Figure", "factor_of", "figure_of"]

UNKNOWN: Final = "unknown"
ENDS: Final = (0.05, 0.95)  # what stands for the bounds of a distribution that has none
VIEWS: Final = ("own", "cumulative", "epc", "burden")
INTENSITY: Final = "gCO2e/kWh"

_KEYS: Final = ("value", "lo", "hi", "distribution", "times", "tier", "source", "product", "view")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure in `unit`, before it is multiplied with the factors named in `times`.

    `best` is None where nothing is known; then `lo` is 0 and `hi` None. `product` and `view` say that the figure is
    that of a product in a store. `distribution` is None where the figure is not drawn: unknown, or without a range.
    """

    unit: str
    lo: float
    best: float | None
    hi: float | None
    distribution: Distribution | None = None
    times: tuple[str, ...] = ()
    tier: str = "reported"
    source: str = ""
    product: str = ""
    view: str = "epc"

    @property
    def interval(self) -> Interval:
        """The figure with its bounds."""
        return Interval(self.lo, self.best, self.hi)

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as JSON holds it."""
        names = ("unit", "lo", "best", "hi", "tier", "source")
        return {name: getattr(self, name) for name in names} | {
            "distribution": None if self.distribution is None else str(self.distribution),
            "times": list(self.times),
            "product": self.product or None,
        }


def unknown(unit: str, source: str = "") -> Figure:
    """Return a figure of which nothing is known."""
    return Figure(unit=unit, lo=0.0, best=None, hi=None, tier=UNKNOWN, source=source)


def of_interval(unit: str, found: Interval, tier: str, source: str) -> Figure:
    """Return a figure with these bounds; lo, best and hi are drawn as PERT, lo and hi alone as uniform.

    >>> str(of_interval("kWh", Interval(1.0, 2.0, 4.0), "reported", "").distribution)
    'pert(1, 2, 4)'
    """
    lo, best, hi = found
    drawn = None
    if lo is not None and hi is not None and lo <= hi:
        drawn = uniform(lo, hi) if best is None else pert(lo, best, hi)
        drawn = None if drawn.is_fixed else drawn
    return Figure(unit=unit, lo=lo or 0.0, best=best, hi=hi, distribution=drawn, tier=tier, source=source)


def figure_of(value: Any, unit: str, place: tuple[str, str], factors: Mapping[str, Figure]) -> Figure:
    """Read a figure as people write it, in the unit of the plan's impact.

    "7571 kWh", "unknown", "triangular(6 MWh, 7571 kWh, 9 MWh)", 0, or a table with `value` (or `distribution`, or
    `product` and `view`), `lo`, `hi`, `times`, `tier` and `source`. Where a factor in `times` is an intensity
    (gCO2e/kWh) the value is an energy; an unknown factor may be one, so beside it the value may be either. `place` is
    the source and the key. Raises `ImportFault` with that place.

    >>> figure_of("7.571 MWh", "kWh", ("plan", "[reuse] adaptation"), {}).best
    7571.0
    """
    given = dict(value) if isinstance(value, Mapping) else _plain(value)
    _known_keys(given, _KEYS, place)
    times = _times(given.get("times", ()), factors, place)
    if sum(factors[name].unit == INTENSITY for name in times):
        if unit != "gCO2e":
            raise ImportFault(
                *place, f"an intensity makes carbon of energy, but the plan's impact is in {unit}"
            )
        unit = "kWh"
    told = {"times": times, "source": _text(given, "source", place), "tier": _tier(given, place)}
    if "product" in given:
        return _of_product(given, unit, told, place)
    try:
        return _of_value(given, unit, told, place)
    except ImportFault as error:
        if unit != "gCO2e" or all(factors[name].tier != UNKNOWN for name in times):
            raise
        try:
            return _of_value(given, "kWh", told, place)
        except ImportFault:
            raise error from None


def factor_of(value: Any, place: tuple[str, str]) -> Figure:
    """Read a factor: a plain number ("1.2", "uniform(1.1, 1.3)") or an intensity ("57 g/kWh"). Raises `ImportFault`.

    An "unknown" one may be of either kind.

    >>> factor_of("57 g/kWh", ("plan", "[factors] FR")).unit, factor_of(1.2, ("plan", "[factors] pue")).unit
    ('gCO2e/kWh', '')
    """
    given = dict(value) if isinstance(value, Mapping) else _plain(value)
    _known_keys(given, ("value", "lo", "hi", "distribution", "tier", "source"), place)
    words = [str(given[key]) for key in ("value", "lo", "hi", "distribution") if key in given]
    unit = INTENSITY if any("/" in word for word in words) else ""
    told = {"times": (), "source": _text(given, "source", place), "tier": _tier(given, place)}
    return _of_value(given, unit, told, place)


def _plain(value: Any) -> dict[str, Any]:
    """Return what a figure without a table says, as a table."""
    is_call = isinstance(value, str) and "(" in value
    return {"distribution" if is_call else "value": value}


def _known_keys(given: Mapping[str, Any], known: Iterable[str], place: tuple[str, str]) -> None:
    names = list(known)
    for key in given:
        if key not in names:
            raise ImportFault(
                *place, f"there is no {key!r}{did_you_mean(key, names)}; there are {', '.join(names)}"
            )


def _times(names: Any, factors: Mapping[str, Figure], place: tuple[str, str]) -> tuple[str, ...]:
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, (list, tuple)) or any(not isinstance(name, str) for name in listed):
        raise ImportFault(*place, f'times is a list of names, such as times = ["grid"], not {names!r}')
    for name in listed:
        if name not in factors:
            known = list(factors)
            there = f"; there are {', '.join(known)}" if known else ""
            raise ImportFault(
                *place,
                f"[factors] has no {name!r}{did_you_mean(name, known)}{there}; add a line {name} = ...",
            )
    if len(set(listed)) < len(listed):
        raise ImportFault(*place, "times names a factor twice; name each once")
    if sum(factors[name].unit == INTENSITY for name in listed) > 1:
        raise ImportFault(*place, "times names two intensities; a figure lies on one grid")
    return tuple(listed)


def _text(given: Mapping[str, Any], key: str, place: tuple[str, str]) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise ImportFault(*place, f"{key} is a text in quotes, not {value!r}")
    return value


def _tier(given: Mapping[str, Any], place: tuple[str, str]) -> str:
    tier = given.get("tier", "reported")
    if tier not in TIERS:
        raise ImportFault(
            *place, f"there is no tier {tier!r}{did_you_mean(str(tier), TIERS)}; there are {', '.join(TIERS)}"
        )
    return str(tier)


def _of_product(given: Mapping[str, Any], unit: str, told: dict[str, Any], place: tuple[str, str]) -> Figure:
    view = given.get("view", "epc" if place[1].startswith("[base]") else "own")
    if view not in VIEWS:
        raise ImportFault(
            *place, f"there is no view {view!r}{did_you_mean(str(view), VIEWS)}; there are {', '.join(VIEWS)}"
        )
    extra = [key for key in ("value", "lo", "hi", "distribution", "times") if key in given]
    if extra:
        raise ImportFault(*place, f"a product's figure comes from the store; leave out {', '.join(extra)}")
    name = _text(given, "product", place)
    return Figure(
        unit=unit, lo=0.0, best=None, hi=None, **told | {"tier": UNKNOWN}, product=name, view=str(view)
    )


def _of_value(given: Mapping[str, Any], unit: str, told: dict[str, Any], place: tuple[str, str]) -> Figure:
    value = given.get("value")
    if value == UNKNOWN:
        if len(given) > 1 and {"lo", "hi", "distribution"} & set(given):
            raise ImportFault(*place, "what has a range is not unknown; leave out the value, or the range")
        return Figure(unit=unit, lo=0.0, best=None, hi=None, **told | {"tier": UNKNOWN})
    best, lo, hi = (
        _amount(given[key], unit, place) if key in given else None for key in ("value", "lo", "hi")
    )
    if "distribution" in given:
        if lo is not None or hi is not None:
            raise ImportFault(*place, "a distribution has its own bounds; leave out lo and hi")
        return _of_distribution(given["distribution"], best, unit, told, place)
    if (lo is None) != (hi is None):
        raise ImportFault(*place, "a range has two ends: give lo and hi, or neither")
    if best is None and lo is None:
        raise ImportFault(*place, f'a value is missing; write value = ..., a distribution, or "{UNKNOWN}"')
    if lo is None or hi is None:
        assert best is not None
        return Figure(unit=unit, lo=best, best=best, hi=best, **told)
    if not lo <= (lo if best is None else best) <= hi:
        raise ImportFault(*place, "lo <= value <= hi must hold")
    drawn = uniform(lo, hi) if best is None else pert(lo, best, hi)
    middle = (lo + hi) / 2 if best is None else best
    return Figure(unit=unit, lo=lo, best=middle, hi=hi, distribution=drawn, **told)


def _amount(value: Any, unit: str, place: tuple[str, str]) -> float:
    try:
        amount = number(value) if not unit else quantity(value, unit, bare=unit if value == 0 else "")
    except InputError as error:
        raise ImportFault(*place, str(error)) from None
    if amount < 0:
        raise ImportFault(*place, f"{value!r} is negative; a cost is 0 or more")
    return amount


def _of_distribution(
    text: Any, best: float | None, unit: str, told: dict[str, Any], place: tuple[str, str]
) -> Figure:
    try:
        drawn = parse(text, unit, bare=False)
    except InputError as error:
        raise ImportFault(*place, str(error)) from None
    if drawn.relative:
        if best is None:
            raise ImportFault(*place, f"{text!r} is relative to a best value; give it as value = ...")
        drawn = drawn.scaled(best)
    middle = _middle(drawn) if best is None else best
    lo, hi = drawn.bounds
    if math.isinf(hi):
        lo, hi = drawn.quantile(np.array(ENDS)).tolist()
    if drawn.is_fixed:
        return Figure(unit=unit, lo=middle, best=middle, hi=middle, distribution=fixed(middle), **told)
    if not lo <= middle <= hi:
        raise ImportFault(*place, f"the value lies outside of {text!r}; correct one of them")
    return Figure(unit=unit, lo=lo, best=middle, hi=hi, distribution=drawn, **told)


def _middle(drawn: Distribution) -> float:
    """Return the best value of a distribution: its mode, mean or median, as its kind names it."""
    if drawn.kind == "uniform":
        return sum(drawn.parameters) / 2
    return drawn.parameters[1 if drawn.kind in ("triangular", "pert") else 0]
