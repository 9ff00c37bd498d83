"""Why an own cost is this number: formula with numbers, inputs and sources, job by job."""

from dataclasses import dataclass

from lineage.costs.figures import JobFigures, job_figures, worst_tier
from lineage.costs.inputs import Grid, Job, Supplies, System, parse_mix, read_jobs, read_supplies
from lineage.costs.own import OwnCosts, own_costs
from lineage.graph import Graph
from lineage.run import Run
from lineage.schema import IMPACTS

__all__ = ["Input", "Part", "number", "own_cost_parts"]


@dataclass(frozen=True, slots=True)
class Input:
    """One number (or name) that a formula uses, with its unit and the source it comes from."""

    name: str
    value: float | str | None
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step of an explanation: what it is, its value (None is unknown), and how it comes about.

    `parts` are the steps it is made of; `used` is False for a figure that lost to a better one.
    """

    name: str
    value: float | None
    unit: str
    formula: str
    inputs: tuple[Input, ...] = ()
    citation: str = ""
    tier: str = ""
    parts: tuple["Part", ...] = ()
    used: bool = True


def number(value: float | None) -> str:
    """Return a number for a formula: six significant digits, thousands marked, "?" for unknown.

    >>> number(7372.8), number(1163088.0), number(0.015), number(None)
    ('7,372.8', '1,163,088', '0.015', '?')
    """
    if value is None:
        return "?"
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def own_cost_parts(graph: Graph, run: Run, code: int, *, own: OwnCosts | None = None) -> list[Part]:
    """Return what the own cost of product `code` is made of, in the unit of the run's impact.

    The parts with `used` add up to the known part of the own cost: one for a printed total, or one per job
    that made the product. Those without it are the figures that lost. `own` saves computing all own costs
    again.
    Raises `InputError` for a job whose inputs cannot be right.
    """
    costs = own_costs(graph, run) if own is None else own
    origin = costs.origin[code]
    if origin == "estimate":
        from lineage.costs.imputed import estimate_part

        return [estimate_part(costs, code, run.unit)]
    parts = []
    total = _total(graph, run, code, used=origin == "total")
    if total is not None:
        parts.append(total)
    jobs = [job for job in read_jobs(graph, run.as_of, [code]) if job.makes]
    supplies = read_supplies(graph, jobs, run.factors)
    for job in jobs:
        item = job_figures(job, supplies)
        if run.impact == "water" and item.water_l is None:
            continue
        parts.append(_job(item, supplies.of(job), run.impact, used=origin != "total"))
    return sorted(parts, key=lambda part: not part.used)


def _total(graph: Graph, run: Run, code: int, *, used: bool) -> Part | None:
    """Return the printed total of a product; the market-based column falls back on the location-based one."""
    names = [run.impact, "carbon"] if run.impact == "carbon-market" else [run.impact]
    row = graph.tables["products"].slice(code, 1)
    for name in names:
        column = IMPACTS[name].column
        stem = column.rsplit("_", 1)[0]
        lo, best, hi = (row.column(column + bound)[0].as_py() for bound in ("_lo", "", "_hi"))
        if lo is None and best is None and hi is None:
            continue
        bounds = "" if lo == best == hi else f", between {number(lo)} and {number(hi)} {run.unit}"
        note = " (location-based: no market-based figure is known)" if name != run.impact else ""
        return Part(
            name="printed total",
            value=best,
            unit=run.unit,
            formula=f"as printed: {number(best)} {run.unit}{bounds}{note}",
            citation=row.column(f"{stem}_source")[0].as_py() or "",
            tier=row.column(f"{stem}_tier")[0].as_py() or "reported",
            used=used,
        )
    return None


def _job(item: JobFigures, supplies: Supplies, impact: str, *, used: bool) -> Part:
    """Return the part of one job: for energy its energy, for carbon JSC, ec and the platform's tax."""
    job = item.job
    energy = _energy(item, supplies)
    if impact == "water":
        return _water(item, supplies, energy, used=used)
    if impact == "energy":
        parts: tuple[Part, ...] = (energy,)
        value, formula, tier = item.energy.total_kwh, energy.formula, item.energy_tier
    else:
        market = impact == "carbon-market"
        parts = (_jsc(item, supplies, energy, market=market), _ec(item, supplies))
        if job.platform >= 0:
            parts += (_tax(item, supplies),)
        value, tier = item.known_gco2e(market=market), item.carbon_tier(market=market)
        terms = [f"{part.name} {number(part.value)}" for part in parts]
        formula = " + ".join(terms) + f" = {number(value)} gCO2e"
        if any(part.value is None for part in parts):
            formula += " at least"
    return Part(
        name=f"job {job.id} ({job.phase})",
        value=value,
        unit=IMPACTS[impact].unit,
        formula=formula,
        inputs=(Input("phase", job.phase),),
        citation=job.citation or "",
        tier=tier,
        parts=parts,
        used=used,
    )


def _water(item: JobFigures, supplies: Supplies, energy: Part, *, used: bool) -> Part:
    job, grid = item.job, supplies.grids[item.job.grid or ""]
    made, site = (factor.told for factor in grid.water)
    return Part(
        name=f"job {job.id} ({job.phase})",
        value=item.water_l,
        unit="L",
        formula=(
            f"{number(item.energy.total_kwh)} kWh x {number(grid.water_l_per_kwh)} L/kWh + "
            f"{number(item.energy.it_kwh)} kWh of IT x {number(grid.site_l_per_kwh)} L/kWh = {number(item.water_l)} L"
        ),
        inputs=(
            Input(f"water of the electricity of {job.grid}", grid.water_l_per_kwh, "L/kWh", made),
            Input("water of the site", grid.site_l_per_kwh, "L/kWh", site),
        ),
        citation=job.citation or "",
        tier=worst_tier(item.energy_tier, "from-energy"),
        parts=(energy,),
        used=used,
    )


def _energy(item: JobFigures, supplies: Supplies) -> Part:
    """Return the part of the energy: given, or from power and time, with its PUE or overhead."""
    job, cite = item.job, item.job.citation or ""
    inputs: tuple[Input, ...] = ()
    if not item.energy_from:
        formula = f"unknown: needs {' and '.join(item.needs['it'])}"
    elif item.energy_from == "energy":
        formula = f"{number(job.energy_kwh)} kWh"
        inputs = (Input("energy", job.energy_kwh, "kWh", cite),)
    else:
        formula, inputs = _power(item, supplies)
    if item.energy_from and job.pue_included:
        formula += " with cooling and loss" + (f" (PUE {number(job.pue)})" if job.pue is not None else "")
    elif item.energy_from and job.overhead_kwh is not None:
        formula += f" + {number(job.overhead_kwh)} kWh overhead"
        inputs += (Input("overhead", job.overhead_kwh, "kWh", cite),)
    elif item.energy_from and job.pue is not None:
        formula += f" x PUE {number(job.pue)}"
    if job.pue is not None:
        inputs += (Input("PUE", job.pue, "", cite),)
    value = item.energy.total_kwh
    if value is not None and (item.energy_from != "energy" or value != job.energy_kwh):
        formula += f" = {number(value)} kWh"
    return Part(name="energy", value=value, unit="kWh", formula=formula, inputs=inputs, citation=cite)


def _power(item: JobFigures, supplies: Supplies) -> tuple[str, tuple[Input, ...]]:
    job, cite = item.job, item.job.citation or ""
    power_w, source = job.power_w, cite
    if power_w is None and job.system is not None:
        system = supplies.systems[job.system]
        power_w, source = system.power_w, _of_system(system, 0) or f"system {job.system}"
    power = Input("power", power_w, "W", source)
    if item.energy_from == "device-hours":
        inputs = [Input("device hours", job.device_hours, "h", cite), power]
        factors = [f"{number(job.device_hours)} device hours", f"{number(power_w)} W"]
    else:
        inputs = [
            Input("devices", job.device_count, "", cite),
            power,
            Input("time", job.duration_h, "h", cite),
        ]
        devices = "device" if job.device_count == 1 else "devices"
        factors = [
            f"{number(job.device_count)} {devices}",
            f"{number(power_w)} W",
            f"{number(job.duration_h)} h",
        ]
    for name, value in (("utilisation", job.utilisation), ("share", job.share)):
        if value != 1:
            inputs.append(Input(name, value, "", cite))
            factors.append(f"{name} {number(value)}")
    return " x ".join(factors), tuple(inputs)


def _jsc(item: JobFigures, supplies: Supplies, energy: Part, *, market: bool) -> Part:
    value = item.jsc_market_gco2e if market else item.jsc_gco2e
    intensity = item.intensity_market_gco2e_per_kwh if market else item.intensity_gco2e_per_kwh
    name, source = _intensity_source(
        item.job, supplies.grids, market=market and not item.market_from_location
    )
    note = " (location-based: no market intensity is known)" if market and item.market_from_location else ""
    return Part(
        name="JSC",
        value=value,
        unit="gCO2e",
        formula=f"{number(energy.value)} kWh x {number(intensity)} g/kWh = {number(value)} gCO2e{note}",
        inputs=(Input("energy", energy.value, "kWh"), Input(name, intensity, "gCO2e/kWh", source)),
        parts=(energy,),
    )


def _intensity_source(job: Job, grids: dict[str, Grid], *, market: bool) -> tuple[str, str]:
    """Return what the intensity is called, and its source."""
    given = job.grid_intensity_market_gco2e_per_kwh if market else job.grid_intensity_gco2e_per_kwh
    if given is not None:
        return "intensity", job.citation or ""
    name = job.grid_market if market and job.grid_market is not None else job.grid
    row = grids.get(name or "", Grid())
    if row.intensity_gco2e_per_kwh is not None and (market or row.basis != "market"):
        return f"intensity of {name}", row.citation
    if job.mix and not market:
        rows = [grids.get(source, Grid()) for source in parse_mix(job.mix)]
        told = [f"{x.factor.name}: {x.factor.told}" if x.factor else x.citation for x in rows]
        return f"intensity of the mix {job.mix}", "; ".join(dict.fromkeys(filter(None, told)))
    return "intensity", ""


def _ec(item: JobFigures, supplies: Supplies) -> Part:
    job = item.job
    system = supplies.systems.get(job.system or "", System())
    by_hours = job.device_hours is not None
    time = job.device_hours if by_hours else job.duration_h
    formula = f"unknown: needs {' and '.join(item.needs.get('systems_embodied', ()))}"
    inputs: list[Input] = []
    if item.ec_gco2e is not None:
        devices = "" if by_hours else f" x {number(job.device_count)} devices"
        share = "" if job.share == 1 else f" x share {number(job.share)}"
        formula = (
            f"{number(system.embodied_gco2e)} gCO2e{devices} x {number(time)} h / "
            f"{number(system.lifetime_h)} h{share} = {number(item.ec_gco2e)} gCO2e"
        )
        embodied, lifetime = (_of_system(system, at) or f"system {job.system}" for at in (1, 2))
        inputs.append(Input(f"embodied carbon of {job.system}", system.embodied_gco2e, "gCO2e", embodied))
        inputs.append(Input(f"lifetime of {job.system}", system.lifetime_h, "h", lifetime))
        inputs.append(Input("device hours" if by_hours else "time", time, "h", job.citation or ""))
    return Part(
        name="systems' embodied", value=item.ec_gco2e, unit="gCO2e", formula=formula, inputs=tuple(inputs)
    )


def _of_system(system: System, quantity: int) -> str:
    """Return the source of a system's power (0), embodied carbon (1) or lifetime (2)."""
    return system.factors[quantity].told if system.factors else system.citation


def _tax(item: JobFigures, supplies: Supplies) -> Part:
    job, platform = item.job, supplies.products[item.job.platform]
    rate = platform.operations_rate_gco2e_per_h
    formula = f"unknown: needs {' and '.join(item.needs.get('platform', ()))}"
    if item.platform_gco2e is not None:
        formula = (
            f"{number(rate)} g/h x {number(job.duration_h)} h / {number(job.concurrent_jobs)} jobs at once "
            f"= {number(item.platform_gco2e)} gCO2e"
        )
    inputs = (
        Input(f"operations rate of {platform.id}", rate, "gCO2e/h"),
        Input("time", job.duration_h, "h", job.citation or ""),
        Input("jobs at once", job.concurrent_jobs, "", job.citation or ""),
    )
    return Part(
        name="platform operations", value=item.platform_gco2e, unit="gCO2e", formula=formula, inputs=inputs
    )
