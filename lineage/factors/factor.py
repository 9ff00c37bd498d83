"""A factor: one cited number that turns hardware, hours or energy into an impact; and why it was chosen."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

__all__ = ["KINDS", "Accelerator", "Choice", "Factor"]

# kind -> (the unit it is kept in, what it is); in the order in which they are listed
KINDS: Final[dict[str, tuple[str, str]]] = {
    "grid": ("gCO2e/kWh", "carbon intensity of an electricity supply"),
    "source": ("gCO2e/kWh", "life-cycle carbon intensity of a source of electricity, for mixes"),
    "grid-water": ("L/kWh", "water consumed to make the electricity"),
    "pue": ("1", "total energy of a data centre over its IT energy"),
    "wue": ("L/kWh", "water that a data centre takes for cooling, per kWh of IT energy"),
    "loss": ("1", "power lost on the way to the machines, over the energy that reaches them"),
    "power": ("W", "power of an accelerator or a server: its rated board or system power"),
    "peak": ("FLOP/s", "peak rate of an accelerator: dense, fp16 or bf16"),
    "memory": ("GB", "memory of an accelerator"),
    "embodied": ("gCO2e", "carbon emitted in making an accelerator or a server"),
    "lifetime": ("h", "time over which embodied carbon is spread"),
    "utilisation": ("1", "used part of a rated value: of the power drawn, or of the peak rate"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A number with its range and its provenance, in the unit of its kind (`KINDS`).

    `year` is the year that the number speaks of, None where it speaks of none; `region` the place, or "any";
    `basis` how it was made (location, market, rated, life-cycle, ...); `lo` and `hi` hold the other sources
    and variants, `note` says which.

    >>> Factor(kind="pue", name="google", value=1.09, lo=1.06, hi=1.10, unit="1").citation
    ''
    """

    kind: str
    name: str
    value: float
    lo: float
    hi: float
    unit: str
    year: int | None = None
    region: str = "any"
    basis: str = ""
    source: str = ""
    url: str = ""
    licence: str = ""
    retrieved: str = ""
    note: str = ""

    @property
    def citation(self) -> str:
        """The source on one line, with the year that the number speaks of."""
        return f"{self.source}, {self.year}" if self.source and self.year is not None else self.source

    @property
    def told(self) -> str:
        """The source and the range on one line, as an explanation shows it.

        >>> shares = Factor(kind="power", name="T4", value=70.0, lo=70.0, hi=70.0, unit="W", source="a sheet")
        >>> shares.told, replace(shares, lo=60.0).told
        ('a sheet', 'a sheet; between 60 W and 70 W')
        """
        from lineage.units import show

        unit = "" if self.unit == "1" else self.unit
        if self.lo == self.hi:
            return self.citation
        return f"{self.citation}; between {show(self.lo, unit).strip()} and {show(self.hi, unit).strip()}"

    def scaled(self, factor: float) -> "Factor":
        """Return the factor times a plain number, range included."""
        return replace(self, value=self.value * factor, lo=self.lo * factor, hi=self.hi * factor)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Choice:
    """A factor that was chosen, what else was considered, and why this one.

    `asked` is what was looked up, in the spelling of the table, and `year` the year asked for. The range of
    `factor` is wider than the table's where its year or its place is not the one asked for; `reason` says so.
    """

    factor: Factor
    considered: tuple[Factor, ...]
    reason: str
    asked: str = ""
    year: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return {
            "asked": self.asked,
            "year": self.year,
            "factor": self.factor.as_dict(),
            "reason": self.reason,
            "considered": [item.as_dict() for item in self.considered],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """What is known of a kind of accelerator; None is not known.

    `power_w` is the rated board power, not the mean draw: that is power x utilisation. `peak_flops` is the
    dense fp16 or bf16 rate in FLOP/s. `year` is the year it came out.
    """

    name: str
    power_w: Factor
    embodied_gco2e: Factor
    peak_flops: Factor | None
    memory_gb: float | None
    year: int | None
