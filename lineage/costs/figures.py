"""The figures of one job that need no lineage: energy, intensity, JSC, ec, platform tax; and what lacks.

The formulas are those of `lineage.kernels.jobs`; here is which of a job's inputs they are applied to, and how
good the evidence is.
"""

from dataclasses import dataclass, field

from lineage.costs.inputs import Grid, Job, Supplies, System, parse_mix
from lineage.errors import InputError
from lineage.findings import Finding, finding
from lineage.kernels.jobs import (
    EnergySplit,
    device_hours_ec_gco2e,
    device_hours_energy_kwh,
    ec_gco2e,
    facility_energy,
    it_energy_kwh,
    jsc_gco2e,
    mix_intensity_gco2e_per_kwh,
)
from lineage.kernels.jobs_shares import equal_share, platform_tax_gco2e, product_share
from lineage.kernels.jobs_values import known_part, relative_difference, times, total
from lineage.schema import tier_rank
from lineage.units import show

__all__ = ["TOLERANCE", "JobFigures", "job_bounds", "job_figures", "worst_tier"]

TOLERANCE = 0.01  # two figures for the same thing may differ by 1 % before it is a finding


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """What one job costs before the lineage is looked at. Carbon in gCO2e, energy in kWh; None is unknown.

    jsc and jsc_market are location-based and market-based; `market_from_location` says that no market
    intensity is known and the market column therefore repeats the location. `energy_from` is "energy",
    "power", or "device-hours" ("" if unknown). `needs` names, for each unknown component, the inputs
    that would give it. `platform_share` is t / (LT x k), the part of its platform's cost that the
    job carries. `water_l` is known where the job's grid is a place that the factors know.
    """

    job: Job
    energy: EnergySplit
    energy_from: str
    energy_tier: str
    intensity_gco2e_per_kwh: float | None
    intensity_market_gco2e_per_kwh: float | None
    market_from_location: bool
    jsc_gco2e: float | None
    jsc_market_gco2e: float | None
    ec_gco2e: float | None
    platform_gco2e: float | None
    platform_share: float | None
    needs: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
    water_l: float | None = None

    def known_gco2e(self, *, market: bool = False) -> float | None:
        """Return the known part of JSC + ec + platform tax in gCO2e, a lower bound; None if nothing is."""
        jsc = self.jsc_market_gco2e if market else self.jsc_gco2e
        tax = self.platform_gco2e if self.job.platform >= 0 else None
        return known_part(jsc, self.ec_gco2e, tax)

    def own_gco2e(self, *, market: bool = False) -> float | None:
        """Return JSC + ec + platform tax in gCO2e: ASC^e less its products' embodied part."""
        jsc = self.jsc_market_gco2e if market else self.jsc_gco2e
        return total(jsc, self.ec_gco2e, self.platform_gco2e)

    def carbon_tier(self, *, market: bool = False) -> str:
        """Return the evidence behind the known carbon: energy x intensity is `from-energy` at best."""
        jsc = self.jsc_market_gco2e if market else self.jsc_gco2e
        if jsc is not None:
            return worst_tier(self.energy_tier, "from-energy")
        known = self.known_gco2e(market=market) is not None
        return worst_tier(self.job.tier or "from-device-hours", "from-device-hours") if known else "unknown"


def worst_tier(*tiers: str) -> str:
    """Return the weakest evidence of several.

    >>> worst_tier("measured", "from-energy", "reported")
    'from-energy'
    """
    return max(tiers, key=tier_rank)


@dataclass
class _Notes:
    """What is missing and what was found, collected on the way through one job."""

    job: str
    needs: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def need(self, component: str, *inputs: str) -> None:
        self.needs.setdefault(component, []).extend(inputs)

    def found(self, code: str, text: str) -> None:
        self.findings.append(finding(code, self.job, text))


def job_figures(job: Job, supplies: Supplies) -> JobFigures:
    """Return the figures of one job; `InputError` names the job whose inputs cannot be right.

    >>> job = Job(id="j", product=0, phase="training", power_w=300.0, device_count=1024, duration_h=24.0, pue=1.0)
    >>> figures = job_figures(job, Supplies({}, {}, {}))
    >>> figures.energy.total_kwh, figures.jsc_gco2e, figures.needs["it"]
    (7372.8, None, ('grid intensity',))
    """
    notes = _Notes(job.id)
    try:
        supplies = supplies.of(job)
        energy, source = _energy(job, supplies, notes)
        location, market = _intensities(job, supplies.grids, notes)
        ec = _systems_embodied(job, supplies, notes)
        tax, share = _platform(job, supplies, notes)
    except InputError as error:
        raise InputError(f"job {job.id}: {error}") from error
    from_location = market is None
    market = location if from_location else market
    if energy.total_kwh is not None and location is None:
        notes.need("it", "grid intensity")
        notes.need("cooling_and_loss", "grid intensity")
    return JobFigures(
        job=job,
        energy=energy,
        energy_from=source,
        energy_tier=_energy_tier(job, source),
        intensity_gco2e_per_kwh=location,
        intensity_market_gco2e_per_kwh=market,
        market_from_location=from_location,
        jsc_gco2e=jsc_gco2e(energy.total_kwh, location),
        jsc_market_gco2e=jsc_gco2e(energy.total_kwh, market),
        ec_gco2e=ec,
        platform_gco2e=tax,
        platform_share=share,
        needs={name: tuple(inputs) for name, inputs in notes.needs.items()},
        findings=tuple(notes.findings),
        water_l=_water_l(job, energy, supplies),
    )


def job_bounds(item: JobFigures, supplies: Supplies) -> tuple[JobFigures, JobFigures]:
    """Return the figures with every factor at its cheap end, and at its dear end; (item, item) without factors.

    More power, carbon intensity and embodied carbon never make a job cheaper, a longer lifetime never dearer: so
    the ends of the factors are the ends of the cost.
    """
    job, supplies = item.job, supplies.of(item.job)
    if not supplies.from_factors(job):
        return item, item
    return job_figures(job, supplies.at("lo", job)), job_figures(job, supplies.at("hi", job))


# -- energy -----------------------------------------------------------------------------------------------


def _energy(job: Job, supplies: Supplies, notes: _Notes) -> tuple[EnergySplit, str]:
    """Return the energy and where it comes from; a given energy wins over power x time.

    `pue_included` speaks of the given energy; where there is none, of power x time.
    """
    _check_device_hours(job, notes)
    measured, source = _power_times_time(job, supplies)
    given = job.energy_kwh
    split = facility_energy(
        measured if given is None else given,
        pue=job.pue,
        included=job.pue_included,
        overhead_kwh=job.overhead_kwh,
    )
    if split.total_kwh is None:
        for component in ("it", "cooling_and_loss"):
            notes.need(component, "energy, or power and time")
        return split, ""
    if split.cooling_and_loss_kwh is None:
        notes.need("cooling_and_loss", "PUE")
    if job.pue is None and job.overhead_kwh is None and not job.pue_included:
        notes.found("missing-pue", "no PUE is given; 1 is used, so cooling and power loss count as nothing")
    _check_overhead(job, split, notes)
    rated = job.power_w is None and bool(supplies.systems.get(job.system or "", System()).factors)
    if given is not None and measured is not None and split.it_kwh is not None and not rated:
        _check_power(split.it_kwh, measured, notes)
    return split, source if given is None else "energy"


def _check_device_hours(job: Job, notes: _Notes) -> None:
    """Report device-hours that are not devices x time, as where hours of the wall are taken for them."""
    if job.device_hours is None or job.duration_h is None or job.device_count == 1:
        return
    product = job.device_count * job.duration_h
    if relative_difference(job.device_hours, product) > TOLERANCE:
        text = (
            f"{job.device_hours:,.6g} device-hours are used, "
            f"but {job.device_count:,.6g} devices x {job.duration_h:,.6g} h = {product:,.6g}"
        )
        notes.found("does-not-reconcile", text)


def _power_times_time(job: Job, supplies: Supplies) -> tuple[float | None, str]:
    power_w = job.power_w
    if power_w is None and job.system is not None:
        power_w = supplies.systems.get(job.system, System()).power_w
    part = {"utilisation": job.utilisation, "share": job.share}
    if job.device_hours is not None:
        return device_hours_energy_kwh(job.device_hours, power_w, **part), "device-hours"
    return it_energy_kwh(job.device_count, power_w, job.duration_h, **part), "power"


def _check_overhead(job: Job, split: EnergySplit, notes: _Notes) -> None:
    """Report an overhead that contradicts the PUE given with it; the overhead was used."""
    if job.overhead_kwh is None or job.pue is None or job.pue_included or split.it_kwh is None:
        return
    by_pue = split.it_kwh * job.pue
    if split.total_kwh is not None and relative_difference(split.total_kwh, by_pue) > TOLERANCE:
        text = (
            f"{show(split.it_kwh, 'kWh')} + overhead {show(job.overhead_kwh, 'kWh')} = "
            f"{show(split.total_kwh, 'kWh')} is used, "
            f"but with the PUE it is {show(split.it_kwh, 'kWh')} x {job.pue:g} = {show(by_pue, 'kWh')}"
        )
        notes.found("does-not-reconcile", text)


def _check_power(it_kwh: float, measured_kwh: float, notes: _Notes) -> None:
    """Report an energy that differs from power x time, both without cooling and loss; the energy was used."""
    if relative_difference(it_kwh, measured_kwh) > TOLERANCE:
        text = (
            f"the given IT energy {show(it_kwh, 'kWh')} is used, but power x time gives {show(measured_kwh, 'kWh')} "
            f"({measured_kwh / it_kwh - 1:+.1%})"
            if it_kwh
            else f"the given IT energy is 0, but power x time gives {show(measured_kwh, 'kWh')}"
        )
        notes.found("does-not-reconcile", text)


def _energy_tier(job: Job, source: str) -> str:
    if not source:
        return "unknown"
    if source == "energy":
        return job.tier or "reported"
    return worst_tier(job.tier or "from-device-hours", "from-device-hours")


def _water_l(job: Job, energy: EnergySplit, supplies: Supplies) -> float | None:
    """Return total energy x water of its making + IT energy x water of the site, in L."""
    grid = supplies.grids.get(job.grid or "", Grid())
    return total(
        times(energy.total_kwh, grid.water_l_per_kwh),
        times(energy.it_kwh, grid.site_l_per_kwh),
    )


# -- intensity --------------------------------------------------------------------------------------------


def _intensities(job: Job, grids: dict[str, Grid], notes: _Notes) -> tuple[float | None, float | None]:
    """Return location-based and market-based intensity: given, else by grid, else (location only) by mix.

    A grid whose basis is `market` never stands for a location.
    """
    location = job.grid_intensity_gco2e_per_kwh
    market = job.grid_intensity_market_gco2e_per_kwh
    if location is None and job.grid is not None:
        row = _grid(job.grid, grids, notes)
        if row.basis != "market":
            location = row.intensity_gco2e_per_kwh
        elif market is None and job.grid_market is None:
            market = row.intensity_gco2e_per_kwh
    if location is None and job.mix:
        shares = parse_mix(job.mix)
        rows = {name: _grid(name, grids, notes) for name in shares}
        location = mix_intensity_gco2e_per_kwh(
            shares,
            {
                name: None if row.basis == "market" else row.intensity_gco2e_per_kwh
                for name, row in rows.items()
            },
        )
    if market is None and job.grid_market is not None:
        market = _grid(job.grid_market, grids, notes).intensity_gco2e_per_kwh
    return location, market


def _grid(name: str, grids: dict[str, Grid], notes: _Notes) -> Grid:
    if name not in grids:
        notes.found("unknown-grid", f"no table of grids describes {name!r}, so its intensity is unknown")
    return grids.get(name, Grid())


# -- systems and platform ---------------------------------------------------------------------------------


def _systems_embodied(job: Job, supplies: Supplies, notes: _Notes) -> float | None:
    if job.system is None:
        notes.need("systems_embodied", "system")
        return None
    if job.system not in supplies.systems:
        notes.found("unknown-system", f"no table of systems describes {job.system!r}")
        notes.need("systems_embodied", f"embodied carbon and lifetime of system {job.system!r}")
        return None
    system = supplies.systems[job.system]
    if system.embodied_gco2e is None:
        notes.need("systems_embodied", f"embodied carbon of system {job.system!r}")
    if system.lifetime_h is None:
        notes.need("systems_embodied", f"lifetime of system {job.system!r}")
    if job.device_hours is None and job.duration_h is None:
        notes.need("systems_embodied", "duration")
    if job.device_hours is not None:
        return device_hours_ec_gco2e(
            job.device_hours, system.embodied_gco2e, system.lifetime_h, share=job.share
        )
    return ec_gco2e(
        system.embodied_gco2e, job.duration_h, system.lifetime_h, devices=job.device_count, share=job.share
    )


def _platform(job: Job, supplies: Supplies, notes: _Notes) -> tuple[float | None, float | None]:
    """Return the platform operations tax and t / (LT x k); a job without a platform is taxed 0.

    The share is 1 / k: `size` would divide by the sizes of all jobs that ran at once, which no table gives.
    """
    if job.platform < 0:
        return 0.0, None
    platform = supplies.products[job.platform]
    if platform.operations_rate_gco2e_per_h is None:
        notes.need("platform", f"operations rate of {platform.id}")
    if job.duration_h is None:
        notes.need("platform", "duration")
    tax = platform_tax_gco2e(
        platform.operations_rate_gco2e_per_h, job.duration_h, equal_share(job.concurrent_jobs)
    )
    return tax, product_share(job.duration_h, platform.lifetime_h, job.concurrent_jobs)
