"""A fake of Linux's powercap tree, with counters that tests turn, and a clock that they set."""

from pathlib import Path

__all__ = ["JOULE", "Counters"]

JOULE = 1_000_000  # microjoules


class Counters:
    """A powercap folder: domains by the name of their folder, energies in J."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now_s = 0.0
        self.add("intel-rapl:0", "package-0", 100)
        self.add("intel-rapl:0:0", "core", 60)
        self.add("intel-rapl:0:1", "dram", 10)
        self.add("intel-rapl:1", "psys", 500)

    def clock(self) -> float:
        """Return the time in s."""
        return self.now_s

    def add(self, folder: str, name: str, joules: float, *, largest: float = 1000) -> None:
        """Add a domain."""
        place = self.root / folder
        place.mkdir(parents=True)
        (place / "name").write_text(f"{name}\n", encoding="ascii")
        (place / "max_energy_range_uj").write_text(f"{int(largest * JOULE)}\n", encoding="ascii")
        self.turn(folder, joules)

    def turn(self, folder: str, joules: float) -> None:
        """Set what a counter shows."""
        (self.root / folder / "energy_uj").write_text(f"{int(joules * JOULE)}\n", encoding="ascii")
