"""One row of an `emissions.csv`: its cells checked and in base units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Final

from lineage.errors import ImportFault
from lineage.schema import LABELS

__all__ = ["Row", "parsed_row"]

# Half of CodeCarbon's default of 85 W, that default itself, and half of a 150 W processor: constants, not
# readings.
FALLBACKS_W: Final = (42.5, 85.0, 75.0)
NAME_CHARACTERS: Final = 256

ATTRIBUTES: Final = (
    "task_name",
    "experiment_id",
    "experiment_name",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "cpu_model",
    "gpu_model",
    "tracking_mode",
    "codecarbon_version",
)
COUNTS: Final = ("cpu_count", "gpu_count")


@dataclass(frozen=True, slots=True)
class Row:
    """A run as written: duration in s, carbon in kg of CO2e, energy in kWh; None where the cell is empty."""

    line: int
    run_id: str
    product: str
    project_name: str
    duration_s: float | None
    carbon_kgco2e: float | None
    energy_kwh: float | None
    pue: float | None
    cpu_power_w: float | None
    cpu_energy_kwh: float | None
    gpu_energy_kwh: float | None
    ended_at: datetime | None
    attributes: Mapping[str, str | float]

    @property
    def place(self) -> str:
        """Return where the row stands."""
        return f"line {self.line}"

    @property
    def started_at(self) -> datetime | None:
        """Return when the run began: the timestamp is its end."""
        if self.ended_at is None or self.duration_s is None:
            return None
        try:
            return self.ended_at - timedelta(seconds=self.duration_s)
        except OverflowError:
            return None

    @property
    def has_fallback_power(self) -> bool:
        """Say whether the CPU's power is a constant of CodeCarbon."""
        return self.cpu_power_w in FALLBACKS_W

    @property
    def measured_kwh(self) -> float:
        """Return the energy that a counter evidently gave.

        The file does not tell how the processor was read: by RAPL, or as rated power x load, which is no constant
        either. Memory is a power per module. Energy of GPUs comes from counters (NVML, ROCm) or is 0; on Apple's
        chips it comes from powermetrics, which gives that of the CPU too.
        """
        counted = self.gpu_energy_kwh or 0.0
        if counted and str(self.attributes.get("cpu_model", "")).startswith("Apple "):
            counted += self.cpu_energy_kwh or 0.0
        return counted

    @property
    def estimated_share(self) -> float:
        """Return the part of the energy (0 to 1) for which no counter is evident; 1 if that is unknown."""
        if not self.energy_kwh:
            return 1.0
        return min(1.0, max(0.0, 1.0 - self.measured_kwh / self.energy_kwh))

    @property
    def intensity_gco2e_per_kwh(self) -> float | None:
        """Return carbon x 1000 / energy, where both are above 0."""
        if not self.carbon_kgco2e or not self.energy_kwh:
            return None
        intensity = self.carbon_kgco2e * 1000.0 / self.energy_kwh
        return intensity if isfinite(intensity) else None


def parsed_row(cells: Mapping[str, str], line: int, address: str) -> Row:
    """Return a row in base units. Raises `ImportFault` with line and column."""

    def number(name: str, *, least: float = 0.0) -> float | None:
        text = cells.get(name, "").strip()
        if not text:
            return None
        try:
            value = float(text) if "_" not in text else float("nan")
        except ValueError:
            value = float("nan")
        if isfinite(value) and value >= least:
            return value
        shown = text if len(text) <= 40 else f"{text[:37]}..."
        problem = f"{shown!r} is not a number of {least:g} or more; leave the cell empty if it is not known"
        raise ImportFault(address, f"line {line}, column {name}", problem)

    attributes: dict[str, str | float] = {}
    for name in ATTRIBUTES:
        text = _printable(cells, name, line, address)
        if text:
            attributes[name] = text
    for name in COUNTS:
        count = number(name)
        if count is not None:
            attributes[name] = count
    return Row(
        line=line,
        run_id=_printable(cells, "run_id", line, address),
        product=_product(_printable(cells, "project_name", line, address), line, address),
        project_name=cells["project_name"],
        duration_s=number("duration"),
        carbon_kgco2e=number("emissions"),
        energy_kwh=number("energy_consumed"),
        pue=number("pue", least=1.0),
        cpu_power_w=number("cpu_power"),
        cpu_energy_kwh=number("cpu_energy"),
        gpu_energy_kwh=number("gpu_energy"),
        ended_at=_moment(cells.get("timestamp", "").strip(), line, address),
        attributes=attributes,
    )


def _printable(cells: Mapping[str, str], name: str, line: int, address: str) -> str:
    text = cells.get(name, "").strip()
    if text.isprintable():
        return text
    shown = repr(text if len(text) <= 40 else f"{text[:37]}...")
    problem = f"{shown} holds characters that cannot be printed"
    raise ImportFault(address, f"line {line}, column {name}", problem)


def _product(name: str, line: int, address: str) -> str:
    place = f"line {line}, column project_name"
    if not name:
        raise ImportFault(address, place, "empty; write the name of the model that the run was for")
    if len(name) > NAME_CHARACTERS:
        raise ImportFault(
            address, place, f"a name of {len(name):,} characters; {NAME_CHARACTERS} are the limit"
        )
    kind, colon, rest = name.partition(":")
    return name if colon and kind in LABELS and rest.strip() else f"model:{name}"


def _moment(text: str, line: int, address: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        shown = text if len(text) <= 40 else f"{text[:37]}..."
        problem = f"{shown!r} is not a date; write it as 2024-05-31T10:39:13"
        raise ImportFault(address, f"line {line}, column timestamp", problem) from None
