"""A figure that is stated beside what its own inputs give: how far they are apart, and what explains it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lineage.audit.evidence import UNITS, Evidence, Statement
from lineage.costs import Job, JobFigures
from lineage.findings import Finding, finding
from lineage.kernels.jobs_values import total
from lineage.schema import KINDS
from lineage.units import show

__all__ = ["AGREED", "Cause", "Comparison", "comparisons", "digits", "fits", "number", "told"]

# Published figures are rounded to two or three digits; beyond this a cause is looked for.
AGREED: Final = 0.05
# Power and grids that are looked up are not those of the run: only beyond this factor is a difference a finding.
ESTIMATED: Final = 4.0


@dataclass(frozen=True, slots=True)
class Cause:
    """What would explain a difference, and the most likely correction."""

    why: str
    correction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A stated figure and what other figures of the same source, or of the product's jobs, give for it.

    `arithmetic` is how `implied` came about, without its result; both are in `unit`. The rest are inputs that
    may explain a difference; `intensity` is in gCO2e/kWh.
    """

    subject: str
    impact: str
    stated: float
    implied: float
    arithmetic: str
    also: tuple[float, ...] = ()
    devices: float = 1.0
    pue: float | None = None
    intensity: float | None = None
    by_power: bool = False
    without_pue: bool = False
    estimated: bool = False
    source: str = ""
    place: str = ""

    @property
    def unit(self) -> str:
        """The unit of both figures."""
        return UNITS[self.impact]

    @property
    def ratio(self) -> float:
        """How many times the implied figure the stated one is."""
        return self.stated / self.implied

    @property
    def subject_is_job(self) -> bool:
        """Whether a job states the figure, not a product's total."""
        return self.subject.partition(":")[0] not in KINDS

    @property
    def agrees(self) -> bool:
        """Whether the stated figure is what is implied, or one of the readings that are as good."""
        if self.estimated:
            return 1 / ESTIMATED <= self.ratio <= ESTIMATED
        return any(fits(self.stated / other, 1.0, AGREED) for other in (self.implied, *self.also) if other)

    def finding(self, code: str, cause: Cause) -> Finding:
        """Return the finding that says both figures, the arithmetic, the cause and the correction."""
        text = (
            f"{show(self.stated, self.unit)} is stated, but {self.arithmetic} = "
            f"{show(self.implied, self.unit)} ({told(self.ratio)}): {cause.why}; most likely correction: "
            f"{cause.correction}"
        )
        return finding(code, self.subject, text, source=self.source, place=self.place)


def fits(ratio: float, factor: float, within: float) -> bool:
    """Say whether a ratio is a factor, within a part of it.

    >>> fits(0.97, 1.0, 0.05), fits(0.9, 1.0, 0.05)
    (True, False)
    """
    return factor > 0 and abs(ratio / factor - 1) <= within


def told(ratio: float) -> str:
    """Return a ratio as people read it: a difference where small, a factor where large.

    >>> told(0.935), told(1000.0), told(0.0999)
    ('-6.5 %', '1,000 times', '1/10.01 of it')
    """
    if 0.5 < ratio < 2:
        return f"{100 * (ratio - 1):+.1f} %"
    return f"{ratio:,.4g} times" if ratio >= 2 else f"1/{1 / ratio:,.4g} of it"


def number(value: float) -> str:
    """Return a plain number: "1,082,990", "0.385"."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.5g}"


def digits(value: float) -> int:
    """Return how many digits a figure states.

    >>> digits(131e6), digits(31.22), digits(0.0)
    (3, 4, 0)
    """
    return len(f"{value:.12e}".partition("e")[0].replace(".", "").rstrip("0"))


# -- making them -------------------------------------------------------------------------------------------


def comparisons(evidence: Evidence) -> tuple[Comparison, ...]:
    """Return the figures that can be compared with what implies them: of jobs, and of products' totals."""
    return (*_of_jobs(evidence), *_of_statements(evidence))


def _of_jobs(evidence: Evidence) -> Iterator[Comparison]:
    """Compare the energy that a job gives with devices x power x time."""
    for item in evidence.jobs:
        job, power_kwh = item.job, evidence.power_kwh(item)
        if not job.energy_kwh or not power_kwh:
            continue
        facts = evidence.job_facts.get(job.id, {})
        yield Comparison(
            subject=job.id,
            impact="energy",
            stated=job.energy_kwh,
            implied=power_kwh * (job.pue or 1.0) if job.pue_included else power_kwh,
            arithmetic=_power_text(job, evidence) + _pue_text(job if job.pue_included else None),
            devices=job.device_count,
            pue=job.pue,
            by_power=True,
            source=facts.get("_file") or "",
            place=facts.get("_place") or "",
        )


def _of_statements(evidence: Evidence) -> Iterator[Comparison]:
    for statement in evidence.statements:
        jobs = _jobs_of(evidence, statement)
        if not statement.counts or not jobs:
            continue
        for impact in ("energy", "carbon", "carbon-market"):
            made = _with_jobs(evidence, statement, jobs, impact) if statement.stated.get(impact) else None
            if made is not None:
                yield made


def _jobs_of(evidence: Evidence, statement: Statement) -> list[JobFigures]:
    """Return the jobs that made a product; of jobs of several publications, those of the row's own."""
    jobs = evidence.jobs_of.get(statement.product, [])
    cited = [item for item in jobs if item.job.citation == statement.citation]
    return cited if statement.citation and cited else jobs


def _with_jobs(
    evidence: Evidence, statement: Statement, jobs: Sequence[JobFigures], impact: str
) -> Comparison | None:
    """Compare a product's total with the sum of its jobs; None where one of them is not known."""
    of: dict[str, Callable[[JobFigures], float | None]] = {
        "energy": lambda item: item.energy.total_kwh,
        "carbon": lambda item: item.jsc_gco2e,
        "carbon-market": lambda item: None if item.market_from_location else item.jsc_market_gco2e,
    }
    implied = total(*(of[impact](item) for item in jobs))
    if impact != "energy" and implied is None:
        return _with_own_energy(evidence, statement, jobs, impact)
    if not implied:
        return None
    with_tax = total(*(item.own_gco2e(market=impact == "carbon-market") for item in jobs))
    without = total(*(item.energy.it_kwh for item in jobs))
    each = {item.energy.total_kwh for item in jobs}  # one run that stands twice is another finding
    also = (without, total(*each)) if impact == "energy" else (with_tax,)
    text = _sum_text(evidence, jobs, impact)
    estimated = any(_is_estimated(evidence, item, impact) for item in jobs)
    told_by = _Implied(implied, tuple(other or 0.0 for other in also), text, estimated)
    return _comparison(statement, impact, told_by, jobs)


def _is_estimated(evidence: Evidence, item: JobFigures, impact: str) -> bool:
    """Whether a job's figure rests on a power, or a grid, that is looked up."""
    by_rating = item.energy_from != "energy" and evidence.is_rated(item)
    return by_rating or (impact != "energy" and evidence.is_looked_up(item))


def _with_own_energy(
    evidence: Evidence, statement: Statement, jobs: Sequence[JobFigures], impact: str
) -> Comparison | None:
    """Compare a product's carbon with the energy of the same row times the grid of its one job."""
    energy = statement.stated.get("energy")
    intensity = _intensity(jobs[0], impact) if len(jobs) == 1 else None
    if not energy or not intensity:
        return None
    text = f"{show(energy, 'kWh')} x {number(intensity)} g/kWh"
    implied = _Implied(
        energy * intensity,
        (energy * intensity * (jobs[0].job.pue or 1.0),),
        text,
        evidence.is_looked_up(jobs[0]),
    )
    return _comparison(statement, impact, implied, jobs)


@dataclass(frozen=True, slots=True)
class _Implied:
    """What jobs imply, the readings that are as good, and how it came about."""

    value: float
    also: tuple[float, ...]
    text: str
    estimated: bool


def _comparison(
    statement: Statement, impact: str, implied: _Implied, jobs: Sequence[JobFigures]
) -> Comparison:
    one = jobs[0] if len(jobs) == 1 else None
    return Comparison(
        subject=statement.id,
        impact=impact,
        stated=statement.stated[impact],
        implied=implied.value,
        arithmetic=implied.text,
        also=implied.also,
        devices=1.0 if one is None else one.job.device_count,
        pue=None if one is None else one.job.pue,
        intensity=None if one is None or impact == "energy" else _intensity(one, impact),
        by_power=one is not None and one.energy_from in ("power", "device-hours"),
        estimated=implied.estimated,
        without_pue=not implied.estimated
        and one is not None
        and one.energy.cooling_and_loss_kwh == 0
        and one.job.pue is None,
        source=statement.source,
        place=statement.place,
    )


def _intensity(item: JobFigures, impact: str) -> float | None:
    return item.intensity_market_gco2e_per_kwh if impact == "carbon-market" else item.intensity_gco2e_per_kwh


# -- arithmetic in words -----------------------------------------------------------------------------------


def _sum_text(evidence: Evidence, jobs: Sequence[JobFigures], impact: str) -> str:
    if len(jobs) > 1:
        return f"the sum of its {len(jobs)} jobs"
    intensity = _intensity(jobs[0], impact)
    grid = "" if impact == "energy" or intensity is None else f" x {number(intensity)} g/kWh"
    return _energy_text(jobs[0], evidence) + grid


def _energy_text(item: JobFigures, evidence: Evidence) -> str:
    """Return how a job's energy comes about, PUE included: "1,082,990 device-hours x 400 W x PUE 1.2"."""
    if item.energy_from == "energy":
        given = show(item.job.energy_kwh, "kWh")
        return given + ("" if item.job.pue_included else _pue_text(item.job))
    return _power_text(item.job, evidence) + ("" if item.job.pue_included else _pue_text(item.job))


def _power_text(job: Job, evidence: Evidence) -> str:
    power_w = job.power_w
    if power_w is None and job.system is not None:
        power_w = evidence.supplies.systems[job.system].power_w
    parts = [f"{number(job.device_hours)} device-hours" if job.device_hours is not None else ""]
    if job.device_hours is None and job.duration_h is not None:
        devices = f"{number(job.device_count)} devices x " if job.device_count != 1 else ""
        parts = [f"{devices}{number(job.duration_h)} h"]
    parts.append(f"{number(power_w)} W" if power_w is not None else "")
    parts += [f"{name} {value:g}" for name, value in _fractions(job) if value != 1]
    return " x ".join(part for part in parts if part)


def _fractions(job: Job) -> tuple[tuple[str, float], ...]:
    return (("utilisation", job.utilisation), ("share", job.share))


def _pue_text(job: Job | None) -> str:
    return "" if job is None or job.pue is None or job.pue == 1 else f" x PUE {job.pue:g}"
