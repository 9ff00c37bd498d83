"""RAPL: the energy counters of Intel's and AMD's processors, as Linux shows them under /sys/class/powercap.

A folder `intel-rapl:0` is a domain: `name` says which ("package-0", "dram", "core", "psys"), `energy_uj` counts
microjoules and begins again at 0 after `max_energy_range_uj`. What is counted: every package and the memory
beside it; cores and graphics are inside the package, and the platform (`psys`) is taken only where there is no
package. Source: Linux kernel documentation, "Power Capping Framework"; kWh = uJ / 3.6e12.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lineage.errors import MeterError
from lineage.tracking.meters import Reading

__all__ = ["POWERCAP", "RaplMeter", "counted_since"]

POWERCAP: Final = Path("/sys/class/powercap")
GPUS: Final = Path("/proc/driver/nvidia/gpus")
MICROJOULES_PER_KWH: Final = 3.6e12
MIRRORED_UJ: Final = (
    1_000_000  # dies of one socket may show one counter; read one after the other, up to 1 J apart
)


def counted_since(before: int, now: int, largest: int) -> int:
    """Return what a counter counted between two looks: now - before, plus its range where it began again.

    >>> counted_since(100, 250, 1000), counted_since(900, 50, 1000)
    (150, 150)
    """
    return now - before if now >= before else now - before + largest


@dataclass
class _Domain:
    """One counter: its folder, its name, its range in uJ, and what was seen last and counted since the start."""

    folder: Path
    name: str
    largest: int
    last: int
    counted: int = 0

    def look(self) -> None:
        now = _whole_number(self.folder / "energy_uj")
        self.counted += counted_since(self.last, now, self.largest)
        self.last = now


class RaplMeter:
    """Measures the processors and the memory of the whole machine. Raises `MeterError` where they cannot be read.

    `root` is the powercap folder, `clock` a clock in s. It must be read more often than a counter begins again,
    which takes ten minutes or more at full power.
    """

    name = "rapl"

    def __init__(
        self, root: Path = POWERCAP, clock: Callable[[], float] = time.monotonic, gpus: Path = GPUS
    ) -> None:
        self._root = root
        self._clock = clock
        self._gpus = gpus
        self._domains = _domains(root)
        self._started_s = clock()
        self._lock = threading.Lock()
        self._problem = ""

    def start(self) -> None:
        """Begin to count from now."""
        with self._lock:
            for domain in self._domains:
                domain.last, domain.counted = _whole_number(domain.folder / "energy_uj"), 0
            self._started_s = self._clock()

    def read(self) -> Reading:
        """Return what was counted since the start."""
        with self._lock:
            for domain in self._domains:
                domain.look()
            return self._reading()

    def stop(self) -> Reading:
        """Return what was counted since the start; a counter that went away gives its last sum, and a note."""
        try:
            return self.read()
        except MeterError as problem:
            self._problem = f"a counter went away before the end: {problem}"
            return self._reading()

    def _reading(self) -> Reading:
        energy_kwh = sum(domain.counted for domain in self._domains) / MICROJOULES_PER_KWH
        notes = [self._problem] if self._problem else []
        if self._gpus.is_dir() and any(self._gpus.iterdir()):
            notes.append(
                "RAPL counts processors and memory only; the GPUs of this machine are not in the energy"
            )
        return Reading(
            energy_kwh=energy_kwh,
            measured_kwh=energy_kwh,
            duration_s=self._clock() - self._started_s,
            facts={
                "counters": ", ".join(domain.name for domain in self._domains),
                "tracking_mode": "machine",
            },
            notes=tuple(notes),
        )


def _domains(root: Path) -> list[_Domain]:
    """Return the counters that make up the machine. Raises `MeterError` with the way out."""
    named: list[tuple[Path, str]] = []
    try:
        for folder in sorted(root.glob("intel-rapl:*")):
            named.append((folder, (folder / "name").read_text(encoding="ascii").strip()))
    except OSError as problem:
        raise MeterError(f"{problem.filename}: {problem.strerror}") from problem
    packages = [item for item in named if item[1].startswith("package")]
    chosen = packages + [item for item in named if item[1] == "dram"] if packages else []
    chosen = chosen or [item for item in named if item[1] == "psys"]
    if not chosen:
        raise MeterError(
            f"{root} shows no RAPL counter: a virtual machine, or a processor without; take --meter codecarbon"
        )
    domains = [
        _Domain(
            folder,
            name,
            _whole_number(folder / "max_energy_range_uj"),
            _whole_number(folder / "energy_uj"),
        )
        for folder, name in chosen
    ]
    return _without_mirrors(domains)


def _without_mirrors(domains: list[_Domain]) -> list[_Domain]:
    """Return the counters without the dies that show the counter of another die of their socket."""
    kept: list[_Domain] = []
    for domain in domains:
        twin = "-die-" in domain.name and any(
            "-die-" in other.name
            and domain.name.partition("-die-")[0] == other.name.partition("-die-")[0]
            and abs(other.last - domain.last) <= MIRRORED_UJ
            for other in kept
        )
        if not twin:
            kept.append(domain)
    return kept


def _whole_number(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except PermissionError as problem:
        raise MeterError(
            f"{file} may not be read by this user; let an administrator allow it (chmod a+r), "
            "or take --meter codecarbon"
        ) from problem
    except (OSError, ValueError) as problem:
        raise MeterError(f"{file} cannot be read: {problem}") from problem
