"""What the hardware, the hours and the place that a card names allow as its carbon."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from lineage.audit.evidence import Evidence, Statement
from lineage.costs import JobFigures

if TYPE_CHECKING:
    from lineage.factors import Accelerator, Choice, Shelf

__all__ = [
    "Allowed",
    "Drawn",
    "Named",
    "Span",
    "Worked",
    "allowed_gco2e",
    "allowed_kwh",
    "drawn",
    "grid_of",
    "grid_span",
    "hardware_in",
    "least_gco2e",
    "span_of",
    "worked",
]

HARDWARE: Final = ("co2_hardware_used", "hardware_used", "hardware")
HOURS: Final = ("co2_hours_used", "hours_used", "hours")
PLACE: Final = ("co2_geographical_location", "geographical_location", "country", "location")
_HOURS: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(?:$|h\b|hrs?\b|hours?\b)", re.IGNORECASE)
_OF_DEVICES: Final = re.compile(
    r"\b(?:gpu|tpu|npu|device|card|chip|core|accelerator)s?\b[- ]*(?:h\b|hrs?\b|hours?\b)", re.IGNORECASE
)
# Years, hours and regions move a country's grid by less than this.
SPREAD: Final = 3.0
# What any grid may have in g/kWh: some print only what burns, which is next to nothing where water and atoms drive it
# (Quebec 1.5), and the dirtiest burn lignite.
ANY_LEAST, ANY_MOST = 0.5, 1300.0
_CLEAN: Final = 60.0  # a grid below is mostly water, wind or atoms
# A device at work draws between a quarter and all of its rated power, the machine around it half as much again; the
# building adds up to as much again.
_LEAST_PART, _MOST_PART = 0.25, 3.0


@dataclass(frozen=True, slots=True)
class Allowed:
    """The carbon that hardware, hours and place allow, in gCO2e, and the arithmetic in words."""

    gco2e: float
    most_gco2e: float
    text: str


@cache
def _shelf() -> "Shelf":
    from lineage.factors import shelf

    return shelf(adapters=False)


@dataclass(frozen=True, slots=True)
class Named:
    """The hardware that a text names: what, how many (1 where it does not say), and its hours, where it says them."""

    device: "Accelerator"
    count: float
    device_hours: float | None

    @property
    def words(self) -> str:
        """Count and device: "8 x A100"."""
        return f"{self.count:g} x {self.device.name}" if self.count > 1 else self.device.name


@lru_cache(maxsize=10_000)
def hardware_in(text: str) -> Named | None:
    """Return the accelerators that a text names; None where it names none that can be told, or none that is known.

    >>> named = hardware_in("32 V100 32Gb GPUs, 1216 GPU hours")
    >>> named.words, named.device_hours, named.device.power_w.value
    ('32 x V100 SXM2 32GB', 1216.0, 300.0)
    """
    if not text:
        return None
    from lineage.estimates import read_hardware

    run = read_hardware(text)
    device = None if run is None else _shelf().accelerator(run.accelerator)
    if run is None or device is None:
        return None
    return Named(device, max(run.device_count or 1.0, 1.0), run.device_hours)


@dataclass(frozen=True, slots=True)
class Span:
    """The intensities in gCO2e/kWh that the place of a row may have, and the factor that tells so."""

    low: float
    high: float
    choice: "Choice"

    def holds(self, intensity: float) -> bool:
        """Say whether the place may have an intensity."""
        return self.low <= intensity <= self.high


def span_of(statement: Statement) -> Span | None:
    """Return what the place that a row names may have; None where it names none that is known.

    Where only the country of a region is known, the region may have what any grid has.
    """
    choice = grid_of(statement)
    if choice is None:
        return None
    if _is_part(choice):
        return Span(ANY_LEAST, ANY_MOST, choice)
    low = choice.factor.lo / SPREAD
    if choice.factor.value < _CLEAN:
        low = min(low, ANY_LEAST)
    return Span(low, choice.factor.hi * SPREAD, choice)


def _is_part(choice: "Choice") -> bool:
    """Say whether a factor is that of the country, for a part of it of which nothing is known."""
    return "-" in choice.asked and "-" not in choice.factor.name


def grid_of(statement: Statement) -> "Choice | None":
    """Return the grid of the smallest place that a row names; None where it names none that is known.

    Of "Montreal, Quebec, Canada" that is the province; a name before a country is taken only if it lies in it.
    """
    place = statement.fact(*PLACE)
    parts = [part.strip() for part in place.split(",")] if place else []
    for part in (place, *reversed(parts)) if place else ():
        choice = _shelf().grid(part)
        if choice is not None:
            inner = (_shelf().grid(other) for other in parts if other and other != part)
            within = (
                item for item in inner if item is not None and item.asked.startswith(f"{choice.asked}-")
            )
            return next(within, choice)
    return None


def allowed_gco2e(statement: Statement) -> Allowed | None:
    """Return the carbon that the named hardware and hours allow; None where a row does not name both."""
    energy = allowed_kwh(statement)
    if energy is None:
        return None
    least, most, text = energy
    low, high, place = grid_span(statement)
    return Allowed(least * low, most * high, f"{text} on {low:.3g} to {high:.4g} g/kWh ({place})")


def least_gco2e(statement: Statement, hours: float) -> Allowed | None:
    """Return what one device of the named hardware takes in so many hours, at the least."""
    named = hardware_in(statement.fact(*HARDWARE))
    if named is None:
        return None
    low, high, place = grid_span(statement)
    watts = named.device.power_w.value
    kwh = watts * hours / 1000
    text = f"one {named.device.name} at a quarter of {watts:g} W on {low:.3g} g/kWh ({place})"
    return Allowed(_LEAST_PART * kwh * low, _MOST_PART * named.count * kwh * high, text)


def grid_span(statement: Statement) -> tuple[float, float, str]:
    """Return the lowest and highest intensity of the place that a row names, of any supply where it names none."""
    choice = grid_of(statement)
    if choice is None:
        return 10.0, 1100.0, "any grid"
    if _is_part(choice):
        return ANY_LEAST, ANY_MOST, choice.asked
    return choice.factor.lo, choice.factor.hi, choice.factor.region


@dataclass(frozen=True, slots=True)
class Worked:
    """The hours that a row names for its hardware, and whether it calls them hours of devices.

    `summed` says that they stand beside the hardware as those of all devices together.
    """

    named: Named
    hours: float
    of_devices: bool
    summed: bool

    @property
    def one_kwh(self) -> float:
        """The energy of one device at its rated power over these hours, in kWh."""
        return self.named.device.power_w.value * self.hours / 1000

    @property
    def least_kwh(self) -> float:
        """The least energy, where the hours are those of all devices together."""
        return _LEAST_PART * self.one_kwh

    @property
    def most_kwh(self) -> float:
        """The most energy: hours that are not said to be those of all devices may be those of the clock."""
        return _MOST_PART * self.one_kwh * (1.0 if self.summed else self.named.count)

    @property
    def least_by_clock_kwh(self) -> float:
        """The least energy, where the hours are those of the clock."""
        return self.least_kwh * self.named.count

    @property
    def words(self) -> str:
        """The hours, the hardware and its power: "100 h of 8 x A100 at 400 W"."""
        of = f"device-hours of {self.named.device.name}" if self.summed else f"h of {self.named.words}"
        return f"{self.hours:,.6g} {of} at {self.named.device.power_w.value:g} W"


def worked(statement: Statement) -> Worked | None:
    """Return the hours of the hardware that a row names; None where it does not name both."""
    named = hardware_in(statement.fact(*HARDWARE))
    if named is None:
        return None
    if named.device_hours is not None:
        return Worked(named, named.device_hours, of_devices=True, summed=True)
    hours = _hours(statement)
    if hours is None:
        return None
    return Worked(named, hours, _OF_DEVICES.search(statement.fact(*HOURS)) is not None, summed=False)


def allowed_kwh(statement: Statement) -> tuple[float, float, str] | None:
    """Return the energy that the named hardware and hours allow, least and most, and what they are in words.

    Hours that a row does not call those of devices may be those of the clock.
    """
    work = worked(statement)
    return None if work is None else (work.least_kwh, work.most_kwh, work.words)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The power that a job's energy makes of each device, `part` times what the device is rated at."""

    device: str
    rated_w: float
    device_hours: float
    energy_kwh: float

    @property
    def watts(self) -> float:
        """The mean power of each device, in W."""
        return 1000 * self.energy_kwh / self.device_hours

    @property
    def part(self) -> float:
        """The mean power over the rated power."""
        return self.watts / self.rated_w


def drawn(evidence: Evidence, item: JobFigures) -> Drawn | None:
    """Return what each device of a job drew, where its energy is stated and its hardware named, not "
    "its power."""
    job, energy = item.job, item.energy.it_kwh
    hours = job.device_hours if job.device_hours is not None else (job.duration_h or 0.0) * job.device_count
    if not energy or not hours or job.energy_kwh is None or evidence.power_kwh(item) is not None:
        return None
    facts = evidence.job_facts.get(job.id, {})
    named = next((facts[name] for name in HARDWARE if isinstance(facts.get(name), str)), job.system or "")
    found = hardware_in(named) if named and job.utilisation == 1 and job.share == 1 else None
    return None if found is None else Drawn(found.device.name, found.device.power_w.value, hours, energy)


def _hours(statement: Statement) -> float | None:
    for name in HOURS:
        value = statement.facts.get(name)
        if isinstance(value, int | float) and value > 0:
            return float(value)
        found = _HOURS.search(value) if isinstance(value, str) else None
        if found:
            return float(found.group(1).replace(",", "")) or None
    return None
