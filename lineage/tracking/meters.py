"""What measures a run: the contract of every meter, and choosing one."""

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from lineage.errors import MeterError, MissingExtra
from lineage.tracking.plan import MeterChoice, RunPlan

__all__ = ["Meter", "Reading", "open_meter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a meter has summed up since its start: energy in kWh, time in s.

    `measured_kwh` is the part of the energy that a counter measured (RAPL, NVML); the rest the meter made up from
    rated power. `pue` is the PUE that the energy holds already, None where it holds none. `intensity_gco2e_per_kwh`
    is the grid as the meter knows it. `facts` describe the devices.
    """

    energy_kwh: float
    measured_kwh: float
    duration_s: float
    pue: float | None = None
    intensity_gco2e_per_kwh: float | None = None
    facts: dict[str, str | float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def estimated_share(self) -> float:
        """The part of the energy, 0 to 1, that no counter measured; 0 where there is no energy.

        >>> Reading(energy_kwh=4.0, measured_kwh=3.0, duration_s=1.0).estimated_share
        0.25
        """
        if not self.energy_kwh:
            return 0.0
        return min(1.0, max(0.0, 1.0 - self.measured_kwh / self.energy_kwh))

    @property
    def tier(self) -> str:
        """The evidence behind the energy: measured where a counter gave half of it or more, else rated power x time."""
        return "measured" if self.estimated_share <= 0.5 else "from-device-hours"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return asdict(self) | {"notes": list(self.notes)}


class Meter(Protocol):
    """Something that measures energy between `start` and `stop`. `read` is called by another thread in between."""

    @property
    def name(self) -> str:
        """Its name in the record."""

    def start(self) -> None:
        """Begin to measure. Raises `MeterError` where nothing can be measured."""

    def read(self) -> Reading | None:
        """Return the sums so far; None before the first sample."""

    def stop(self) -> Reading:
        """End the measurement and return its sums. Raises `MeterError` where there are none."""


def open_meter(choice: MeterChoice, plan: RunPlan) -> Meter:
    """Return the chosen meter. `auto` is CodeCarbon where it is installed, which asks GPUs too, else RAPL.

    Raises `MissingExtra` where CodeCarbon is wanted and not installed, `MeterError` where nothing measures.
    """
    from lineage.tracking.rapl import RaplMeter

    if choice.meter == "rapl":
        return RaplMeter()
    try:
        from lineage.tracking.codecarbon_meter import CodeCarbonMeter
    except ImportError as missing:
        if choice.meter == "auto":
            try:
                return RaplMeter()
            except MeterError as unreadable:
                raise MissingExtra(
                    "measuring a run", "track", f"let RAPL be read ({unreadable})"
                ) from missing
        raise MissingExtra("measuring with CodeCarbon", "track", "take --meter rapl") from missing
    return CodeCarbonMeter(choice, plan)
