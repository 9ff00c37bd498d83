"""CodeCarbon as a meter. Importing this module imports `codecarbon` (extra `track`).

It runs offline always: nothing is asked of a server, neither for the place nor for the grid. Its messages do
not reach the terminal, and it leaves no file unless one is wanted.

CodeCarbon reads counters where it may (RAPL, NVML and their like); where it may not, it takes the processor's rated
power x load, and for memory a constant power per module. Which was which is in the reading.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, Final

import codecarbon.external.logger  # noqa: F401 - sets its level when imported; ours comes after
import pycountry
from codecarbon import OfflineEmissionsTracker
from codecarbon.input import DataSource
from codecarbon.output_methods.base_output import BaseOutput, OutputMethod

from lineage.errors import MeterError, OptionError
from lineage.tracking.meters import Reading
from lineage.tracking.plan import MeterChoice, RunPlan

__all__ = ["CodeCarbonMeter", "country_code"]

# What CodeCarbon calls processors whose energy a counter gives; any other is rated power x load.
COUNTED: Final = ("Intel Rapl", "Windows Emi", "Intel Power Gadget")
COUNTED_KINDS: Final = ("AppleSiliconChip", "Raspberry")
_FACTS: Final = (
    "run_id",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "cpu_model",
    "cpu_count",
    "gpu_model",
    "gpu_count",
    "ram_total_size",
    "tracking_mode",
    "codecarbon_version",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
)
_SPELLED: Final = {
    "run_id": "codecarbon_run",
    "cpu_energy": "cpu_energy_kwh",
    "gpu_energy": "gpu_energy_kwh",
    "ram_energy": "ram_energy_kwh",
    "ram_total_size": "ram_gib",
}


def country_code(text: str) -> str:
    """Return the three letters of a country that CodeCarbon has a grid for. Raises `OptionError`.

    >>> country_code("fr"), country_code("Germany")
    ('FRA', 'DEU')
    """
    try:
        code: str = pycountry.countries.lookup(text.strip()).alpha_3
    except LookupError:
        raise OptionError(f"no country {text!r}; write its code, such as FRA, or its English name") from None
    if code not in DataSource().get_global_energy_mix_data():
        raise OptionError(
            f"CodeCarbon has no grid for {code}; give the intensity instead, such as --grid '380 g/kWh'"
        )
    return code


class _Last(BaseOutput):  # type: ignore[misc]  # ships annotations of another mypy's taste
    """An output of CodeCarbon that keeps the newest sums."""

    def __init__(self) -> None:
        self.data: Any = None
        self.ended = False

    def live_out(self, total: Any, delta: Any) -> None:
        """Take the sums of a sample."""
        self.data = total

    def out(self, total: Any, delta: Any) -> None:
        """Take the sums at the end."""
        self.data, self.ended = total, True


class _Heard(logging.Handler):
    """Collects what CodeCarbon says about failures, in place of the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.reasons: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception behind a record; everything else is chatter."""
        if record.exc_info and record.exc_info[1] is not None:
            problem = record.exc_info[1]
            self.reasons.append(f"{type(problem).__name__}: {problem}")


class CodeCarbonMeter:
    """Measures with CodeCarbon: the machine, or (by load) this process and its children.

    Raises `OptionError` for a country that it has no grid for.
    """

    name = "codecarbon"

    def __init__(self, choice: MeterChoice, plan: RunPlan) -> None:
        self._last = _Last()
        self._heard = _Heard()
        self._logger = _Silenced(self._heard)
        self._forced = plan.intensity_gco2e_per_kwh
        self._lock = threading.Lock()
        settings: dict[str, Any] = {}
        if plan.country is not None:
            settings["country_iso_code"] = country_code(plan.country)
        if self._forced is not None:
            settings["force_carbon_intensity_g_co2e_kwh"] = self._forced
        if plan.pue is not None:
            settings["pue"] = plan.pue
        if choice.emissions is not None:
            settings["output_dir"] = str(choice.emissions)
        settings["output_methods"] = [OutputMethod.CSV] if choice.emissions is not None else []
        with self._logger.while_building():
            self._tracker = OfflineEmissionsTracker(
                project_name=plan.product,
                measure_power_secs=choice.every_s,
                api_call_interval=1,  # every sample reaches `_Last`
                output_handlers=[self._last],
                tracking_mode=choice.scope,
                log_level="critical",
                allow_multiple_runs=True,  # its lock would take over the signals of this process
                electricitymaps_api_token="",  # empty: whatever the user's settings say, nothing is asked
                emissions_endpoint="",
                **settings,
            )

    def start(self) -> None:
        """Begin to measure; finding out the hardware takes CodeCarbon a second or two."""
        self._logger.take()
        try:
            self._tracker.start()
        except BaseException:
            self._logger.give_back()
            raise
        if self._last.data is None:
            self._logger.give_back()
            raise MeterError(
                f"CodeCarbon did not start{self._why()}; take --meter rapl, or mend its settings"
            )

    def read(self) -> Reading | None:
        """Return the newest sample."""
        data = self._last.data
        return None if data is None else self._reading(data)

    def stop(self) -> Reading:
        """Return the sums at the end; where CodeCarbon broke off, those of its last sample, and a note."""
        try:
            self._tracker.stop()
        finally:
            self._logger.give_back()
        notes = () if self._last.ended else (f"CodeCarbon broke off before the end{self._why()}",)
        return self._reading(self._last.data, notes)

    def _why(self) -> str:
        return f" ({self._heard.reasons[-1]})" if self._heard.reasons else ""

    def _reading(self, data: Any, notes: tuple[str, ...] = ()) -> Reading:
        counted = self._counted_kwh(data)
        facts = {_SPELLED.get(name, name): getattr(data, name, None) for name in _FACTS}
        return Reading(
            energy_kwh=data.energy_consumed,
            measured_kwh=min(counted, data.energy_consumed),
            duration_s=data.duration,
            pue=data.pue if data.pue != 1 else None,
            intensity_gco2e_per_kwh=self._intensity(data),
            facts={name: value for name, value in facts.items() if value not in (None, "")},
            notes=notes,
        )

    def _counted_kwh(self, data: Any) -> float:
        """Return the energy that counters gave: of GPUs always, of processors and memory by how they are read."""
        energy_kwh = float(data.gpu_energy)
        for item in getattr(self._tracker, "_hardware", ()):
            kind, described = type(item).__name__, item.description()
            part = getattr(item, "chip_part", "CPU")
            if kind in COUNTED_KINDS or (kind == "CPU" and any(word in described for word in COUNTED)):
                energy_kwh += {"CPU": data.cpu_energy, "RAM": data.ram_energy}.get(part, 0.0)
        return energy_kwh

    def _intensity(self, data: Any) -> float | None:
        """Return emissions / energy in gCO2e/kWh; None where no place is known and CodeCarbon took the world's."""
        if self._forced is not None:
            return self._forced
        placed = (
            data.country_name
            or data.cloud_region
            or self._tracker.force_carbon_intensity_g_co2e_kwh is not None
        )
        if not placed or not data.energy_consumed:
            return None
        intensity: float = data.emissions * 1000.0 / data.energy_consumed
        return intensity if isfinite(intensity) else None


class _Silenced:
    """The logger of CodeCarbon, taken away from the terminal for a while and given back as it was."""

    def __init__(self, heard: _Heard) -> None:
        self._logger = logging.getLogger("codecarbon")
        self._heard = heard
        self._before: tuple[int, list[logging.Handler], bool] | None = None

    @contextmanager
    def while_building(self) -> Iterator[None]:
        """Hush it while a tracker is made, which sets level and handlers itself."""
        self.take()
        try:
            yield
        finally:
            self.give_back()

    def take(self) -> None:
        """Send what it says to `heard` alone."""
        self._before = (self._logger.level, self._logger.handlers, self._logger.propagate)
        self._logger.handlers, self._logger.propagate = [self._heard], False
        self._logger.setLevel(logging.WARNING)

    def give_back(self) -> None:
        """Put back what was there before."""
        if self._before is not None:
            level, self._logger.handlers, self._logger.propagate = self._before
            self._logger.setLevel(level)
            self._before = None
