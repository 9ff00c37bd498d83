"""Differences printed so that what is printed adds up: the largest remainders are rounded up."""

import math
from collections.abc import Sequence

from lineage.units import POWERS

__all__ = ["displayed"]

DIGITS = 4  # of the largest value
MOST_DECIMALS = 12  # what is smaller is shown as 0


def displayed(values: Sequence[float], unit: str, *, together: bool = False) -> list[str]:
    """Return signed values in one power of ten, rounded so that they add up to their rounded sum.

    With `together` that sum alone.

    >>> displayed([1.25, 1.25, 1.25, 0.0012], "kWh"), displayed([1.25, 1.25, 1.25, 0.0012], "kWh", together=True)
    (['+1.250 kWh', '+1.250 kWh', '+1.250 kWh', '+0.001 kWh'], ['+3.751 kWh'])
    >>> displayed([1 / 3, 1 / 3, 1 / 3], "gCO2e")
    ['+0.334 g', '+0.333 g', '+0.333 g']
    """
    largest = max((abs(value) for value in (*values, math.fsum(values))), default=0.0)
    fits = [(name, power) for name, power in POWERS[unit] if largest >= 10.0**power]
    name, power = fits[-1] if fits else POWERS[unit][0]
    scaled = [value / 10.0**power for value in values]
    top = largest / 10.0**power
    decimals = min(max(DIGITS - 1 - math.floor(math.log10(top)), 0), MOST_DECIMALS) if top > 0 else 0
    step = 10.0**decimals
    total = round(math.fsum(scaled) * step)
    floors = [math.floor(value * step) for value in scaled]
    rest = total - sum(floors)
    by_remainder = sorted(range(len(scaled)), key=lambda place: (floors[place] - scaled[place] * step, place))
    for place in by_remainder[:rest]:
        floors[place] += 1
    shown = [total] if together else floors
    return [f"{value / step:+,.{decimals}f} {name}" if value else f"0 {name}" for value in shown]
