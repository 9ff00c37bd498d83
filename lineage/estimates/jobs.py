"""The energy of one job or of one phrase about hardware: power and time, or as given, with cooling and loss."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lineage.errors import InputError
from lineage.estimates.constants import range_of
from lineage.estimates.impacts import Place
from lineage.estimates.spans import Span, Term, product
from lineage.factors import Shelf
from lineage.kernels.jobs import facility_energy
from lineage.schema import tier_rank

__all__ = ["JobReader", "JobRun", "device_hours_terms", "worst_of"]

# What people call the operators whose PUE the tables hold.
OPERATORS: Final = {
    "gcp": "google",
    "google cloud": "google",
    "google cloud platform": "google",
    "amazon": "aws",
    "amazon web services": "aws",
    "microsoft": "azure",
    "microsoft azure": "azure",
}


@dataclass(frozen=True, slots=True)
class JobRun:
    """One job: terms of its energy (empty where nothing tells it), evidence of the energy, place and year.

    `operation` and `embodied` say that this part of its cost is not known and is to be estimated from the energy.
    """

    method: str
    tier: str
    terms: tuple[Term, ...]
    place: Place = None
    year: float | None = None
    operation: bool = True
    embodied: bool = True


def worst_of(tiers: Iterable[str]) -> str:
    """Return the weakest evidence of several.

    >>> worst_of(("measured", "from-energy", "reported"))
    'from-energy'
    """
    return max(tiers, key=tier_rank)


def device_hours_terms(
    hours: float, accelerator: str, table: Shelf, operator: str | None = None
) -> tuple[Term, ...]:
    """Return device-hours x rated power x draw x PUE as terms; empty for an accelerator that nobody knows.

    >>> from lineage.factors import shelf
    >>> [term.name for term in device_hours_terms(82432, "A100 SXM 80GB", shelf())]
    ['device-hours', 'rated power of A100 SXM 80GB', "draw, host's share included", 'PUE']
    """
    found = table.accelerator(accelerator)
    if found is None:
        return ()
    power = found.power_w
    span = Span.of(power.lo / 1000, power.value / 1000, power.hi / 1000)
    return (
        Term("device-hours", Span.exact(hours), "h"),
        Term(f"rated power of {found.name}", span, "kW", power.citation),
        _range("draw", "draw, host's share included"),
        _pue(table, operator),
    )


def _range(name: str, told: str) -> Term:
    used = range_of(name)
    return Term(told, used.span, used.unit, used.citation)


def _pue(table: Shelf, operator: str | None) -> Term:
    """Return the PUE of an operator that the tables know, else the user's own for any, else the published cases'."""
    lower = (operator or "").strip().lower()
    for name in dict.fromkeys((lower, OPERATORS.get(lower, lower))):
        choice = table.pue(name) if name else None
        if choice is not None and choice.factor.name.lower() == name:
            factor = choice.factor
            return Term("PUE", Span.of(factor.lo, factor.value, factor.hi), "1", factor.citation)
    return _own_pue(table) or _range("pue", "PUE")


def _own_pue(table: Shelf) -> Term | None:
    """Return the PUE that the user's own file gives for any data centre, None where it gives none."""
    if table.own is None or not table.own.find("pue", "any"):
        return None
    factor = table.pue().factor
    return Term("PUE", Span.of(factor.lo, factor.value, factor.hi), "1", factor.citation)


@dataclass(frozen=True, slots=True)
class JobReader:
    """Reads the energy of jobs: the factors, and the graph's own grids (gCO2e/kWh) and systems (W), which win."""

    table: Shelf
    grids: Mapping[str, float]
    powers: Mapping[str, float]

    def read(self, row: Mapping[str, Any]) -> JobRun:
        """Return what a job tells of its energy in kWh, where and when it ran.

        A given energy wins; then device-hours x power x utilisation x share, where the power is the job's own, or its
        system's in the graph; then the rated power of its accelerator, times the stated utilisation or else the range
        of the draw. Cooling and loss as in the job's own figures (`facility_energy`).
        """
        started = row["started_at"]
        place, year = self._electricity(row), float(started[:4]) if started else None
        if row["energy_kwh"] is not None:
            it: tuple[Term, ...] = (
                Term("energy of the job", Span.exact(row["energy_kwh"]), "kWh", row["citation"] or ""),
            )
            return JobRun("energy", row["tier"] or "reported", self._cooled(it, row), place, year)
        it = self._powered(row)
        rated = any(term.name.startswith("draw") for term in it)
        tier = worst_of((row["tier"] or "from-device-hours", "from-device-hours"))
        return JobRun("device-hours", tier, self._cooled(it, row, rated=rated), place, year)

    def _electricity(self, row: Mapping[str, Any]) -> Place:
        """Return the intensity that a job states or its grid has in the graph, else the name of its grid."""
        stated = row["grid_intensity_gco2e_per_kwh"]
        if stated is not None:
            return float(stated)
        return self.grids.get(row["grid"], row["grid"]) if row["grid"] else None

    def _powered(self, row: Mapping[str, Any]) -> tuple[Term, ...]:
        """Return the IT energy from power and time; empty where one of them is not known."""
        hours = row["device_hours"]
        if hours is None and row["duration_h"] is not None:
            hours = row["duration_h"] * _or_one(row["device_count"])
        if hours is None:
            return ()
        hours *= _or_one(row["share"])
        used, power, source = _or_one(row["utilisation"]), row["power_w"], row["citation"] or ""
        if power is None and row["system"] in self.powers:
            power, source = self.powers[row["system"]], f"system {row['system']}"
        if power is not None:
            named = Term("power", Span.exact(used * power / 1000), "kW", source)
            return Term("device-hours", Span.exact(hours), "h"), named
        terms = device_hours_terms(hours, row["system"], self.table)[:-1] if row["system"] else ()
        if terms and used != 1:  # 1 is what tables say where nobody looked
            terms = (*terms[:-1], Term("utilisation", Span.exact(used), "1", row["citation"] or ""))
        return terms

    def _cooled(
        self, it: tuple[Term, ...], row: Mapping[str, Any], *, rated: bool = False
    ) -> tuple[Term, ...]:
        """Return IT energy with cooling and loss; for what is known the PUE is 1 or more where none is given."""
        try:
            total = facility_energy(
                float(product(it).best[0]) if it else None,
                pue=row["pue"],
                included=bool(row["pue_included"]),
                overhead_kwh=row["overhead_kwh"],
            ).total_kwh
        except InputError as error:
            raise InputError(f"job {row['id']}: {error}") from error
        if total is None or row["pue_included"]:
            return it
        if row["overhead_kwh"] is not None:
            span = product(it).plus(Span.exact(row["overhead_kwh"]))
            return (Term("energy of the job, with its overhead", span, "kWh", row["citation"] or ""),)
        if row["pue"] is not None:
            return (*it, Term("PUE", Span.exact(row["pue"]), "1", row["citation"] or ""))
        pue = _own_pue(self.table)
        if pue is None and not rated:
            # The job's own figures take 1: an estimate must not be dearer for knowing less, only wider.
            pue = Term("PUE, not given", Span.of(1.0, 1.0, range_of("pue").hi), "1", range_of("pue").citation)
        return (*it, pue or _range("pue", "PUE"))


def _or_one(value: float | None) -> float:
    """Return a number of which an empty cell means 1; a stated 0 stays 0."""
    return 1.0 if value is None else value
