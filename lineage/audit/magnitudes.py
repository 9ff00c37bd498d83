"""Units that cannot be right: grams for kilograms or tonnes, pounds, 360 for 3,600, an intensity in kg or lb.

A factor of 1,000 (or a million) between a figure and what energy x grid, power x time, its siblings or its
hardware imply is a unit, not a measurement.
"""

from collections.abc import Iterator
from statistics import median
from typing import Final

from lineage.audit.comparing import Cause, Comparison, fits, number, told
from lineage.audit.device_hours import by_row
from lineage.audit.evidence import Evidence, Statement
from lineage.audit.hardware import Allowed, Span, allowed_gco2e, grid_of, least_gco2e, span_of
from lineage.audit.names import family
from lineage.findings import Finding
from lineage.units import show

__all__ = ["CODE", "HIGHEST", "LOWEST", "carbon_slip", "cause", "find", "intensity_slip", "slip_into"]

CODE: Final = "unit-suspect"

LOWEST, HIGHEST = 4.0, 1500.0  # gCO2e/kWh of a supply, life cycle: wind 11, lignite 1,100 and losses
_G_PER_LB: Final = 453.592
_LB: Final = _G_PER_LB / 1000
# factor by which a figure is off -> what was written, in words
_SLIPS: Final = (
    (1e-3, 0.2, "a factor of 1,000: a figure in {kilo} written as {base}"),
    (1e3, 0.2, "a factor of 1,000: a figure in {base} written as {kilo}, or converted twice"),
    (1e-6, 0.3, "a factor of a million: a figure in {mega} written as {base}"),
    (1e6, 0.3, "a factor of a million: a figure in {base} written as {mega}"),
    (0.1, 0.03, "a factor of 10: 360 written for 3,600 s/h, or a digit lost"),
    (10.0, 0.03, "a factor of 10: a digit too many"),
    (1 / 3.6, 0.01, "a factor of 3.6: MJ and kWh mixed up"),
    (3.6, 0.01, "a factor of 3.6: MJ written as kWh"),
    (_LB, 0.01, "a factor of 0.4536: kg written where pounds were meant"),
    (1 / _LB, 0.01, "a factor of 2.205: pounds written as kg"),
)
_WORDS: Final = {
    "kWh": {"base": "kWh", "kilo": "MWh", "mega": "GWh"},
    "gCO2e": {"base": "g", "kilo": "kg", "mega": "t"},
    "L": {"base": "L", "kilo": "m³", "mega": "ML"},
}
FLOP_PER_KWH: Final = 1e19  # the best accelerators at their dense 16-bit peak stay below: 8e18
SHORTEST_H: Final = 30 / 3600  # nobody publishes the carbon of a training of less than half a minute


def cause(comparison: Comparison) -> Cause | None:
    """Return the unit that explains a comparison, if one does."""
    for slip, within, why in _SLIPS:
        if fits(comparison.ratio, slip, within):
            if slip in (3.6, 1 / 3.6) and comparison.impact != "energy":
                continue
            if slip in (_LB, 1 / _LB) and comparison.impact == "energy":
                continue
            corrected = show(comparison.stated / slip, comparison.unit)
            return Cause(why.format(**_WORDS[comparison.unit]), corrected)
    return None


def find(evidence: Evidence) -> Iterator[Finding]:
    """Find units that cannot be right without an own comparison: intensities, siblings, hardware."""
    yield from _grids(evidence)
    yield from _job_intensities(evidence)
    for statement in evidence.statements:
        carbon = statement.stated.get("carbon")
        if not carbon or not statement.counts:
            continue
        found = _by_intensity(evidence, statement, carbon) or _by_siblings(evidence, statement, carbon)
        found = (
            found
            or _by_hours(statement, carbon)
            or _by_hardware(statement, carbon)
            or _by_parameters(evidence, statement, carbon)
        )
        if found is not None:
            yield found


# -- intensities -------------------------------------------------------------------------------------------


def intensity_slip(intensity: float) -> tuple[str, float] | None:
    """Return what an intensity in g/kWh that no supply has was most likely written in, and its value in g/kWh.

    >>> intensity_slip(0.385)
    ('kg/kWh', 385.0)
    >>> intensity_slip(385.0) is None
    True
    """
    if LOWEST <= intensity <= HIGHEST or intensity <= 0:
        return None
    pounds = intensity * _LB
    slips = [("kg/kWh", intensity * 1000), ("g/MWh or kg/GWh", intensity / 1000), ("t/kWh", intensity * 1e6)]
    if intensity < 3 * HIGHEST:
        slips.insert(1, ("lb/MWh", pounds))
    return next(((unit, value) for unit, value in slips if 10 <= value <= HIGHEST), None)


def _job_intensities(evidence: Evidence) -> Iterator[Finding]:
    for item in evidence.jobs:
        stated = item.job.grid_intensity_gco2e_per_kwh
        slip = None if stated is None else intensity_slip(stated)
        if stated is not None and slip is not None:
            yield evidence.job_finding(CODE, item, _intensity_text(stated, slip))


def _grids(evidence: Evidence) -> Iterator[Finding]:
    from lineage.findings import finding

    for name, grid in sorted(evidence.supplies.grids.items()):
        stated = grid.intensity_gco2e_per_kwh
        slip = None if stated is None else intensity_slip(stated)
        if stated is not None and slip is not None:
            yield finding(CODE, name, _intensity_text(stated, slip))


def _intensity_text(stated: float, slip: tuple[str, float]) -> str:
    unit, value = slip
    return (
        f"a grid of {number(stated)} g/kWh is stated, but supplies lie between {LOWEST:g} and "
        f"{HIGHEST:,.0f} g/kWh; most likely correction: it is in {unit}, so {number(value)} g/kWh"
    )


def _by_intensity(evidence: Evidence, statement: Statement, carbon: float) -> Finding | None:
    """Judge a carbon by the energy of the same row."""
    energy = statement.stated.get("energy")
    if not energy or evidence.jobs_of.get(statement.product):
        return None
    intensity, span = carbon / energy, span_of(statement)
    if LOWEST <= intensity <= HIGHEST or (span is not None and span.holds(intensity)):
        return None
    slip = carbon_slip(intensity, span)
    if slip is None:
        return None
    return statement.finding(
        CODE,
        f"{show(carbon, 'gCO2e')} over {show(energy, 'kWh')} is {number(intensity)} g/kWh, but supplies lie "
        f"between {LOWEST:g} and {HIGHEST:,.0f}: {_SLIP_WORDS[slip]}; most likely correction: carbon "
        f"{show(carbon * slip, 'gCO2e')} ({number(intensity * slip)} g/kWh), or energy "
        f"{show(energy / slip, 'kWh')}",
    )


def carbon_slip(intensity: float, span: Span | None = None) -> float | None:
    """Return the power of 1,000 that makes an intensity in g/kWh one that supplies have, if one does.

    Where the place is known it must be one that the place has.

    >>> carbon_slip(0.385), carbon_slip(2400.0)
    (1000.0, None)
    """
    low, high = (10.0, HIGHEST) if span is None else (max(span.low, LOWEST), span.high)
    return next((power for power in (1e3, 1e-3, 1e6, 1e-6) if low <= intensity * power <= high), None)


_SLIP_WORDS: Final = {
    1e3: "a factor of 1,000, kg written as g",
    1e-3: "a factor of 1,000, g written as kg",
    1e6: "a factor of a million, t written as g",
    1e-6: "a factor of a million, g written as t",
}


# -- siblings and hardware ---------------------------------------------------------------------------------


def _by_siblings(evidence: Evidence, statement: Statement, carbon: float) -> Finding | None:
    """Judge a carbon by the models of the same family, where two or more agree among themselves."""
    siblings = [
        other
        for other in evidence.families.get(family(statement.id), ())
        if other.product != statement.product and other.counts and other.stated.get("carbon")
    ]
    scaled = [_per_parameter(statement, other) for other in siblings]
    if len({other.product for other in siblings}) < 2 or max(scaled) > 30 * min(scaled):
        return None
    ratio = carbon / median(scaled)
    slip = next((power for power in (1e3, 1e-3, 1e6, 1e-6) if 1 / 4 <= ratio * power <= 4), None)
    if slip is None:
        return None
    names = ", ".join(f"{other.id} {show(other.stated['carbon'], 'gCO2e')}" for other in siblings[:2])
    return statement.finding(
        CODE,
        f"{show(carbon, 'gCO2e')} is stated, but its family implies {show(carbon / ratio, 'gCO2e')} "
        f"({told(ratio)}; {names}): {_SLIP_WORDS[slip]}; most likely correction: "
        f"{show(carbon * slip, 'gCO2e')}",
    )


def _per_parameter(statement: Statement, other: Statement) -> float:
    """Return a sibling's carbon at the statement's size: in proportion to the parameters where known."""
    carbon = other.stated["carbon"]
    if statement.parameters and other.parameters:
        return carbon * statement.parameters / other.parameters
    return carbon


def slip_into(allowed: Allowed, carbon: float) -> float | None:
    """Return the power of 1,000 that brings a carbon into what hardware and hours allow; None where none is needed."""
    if allowed.gco2e <= carbon <= allowed.most_gco2e:
        return None
    fitting = (
        power for power in (1e3, 1e-3, 1e6, 1e-6) if allowed.gco2e <= carbon * power <= allowed.most_gco2e
    )
    return next(fitting, None)


def _by_hours(statement: Statement, carbon: float) -> Finding | None:
    """Judge a carbon by the hardware and the hours that the row names."""
    allowed = allowed_gco2e(statement)
    slip = None if allowed is None else slip_into(allowed, carbon)
    if allowed is None or slip is None or by_row(statement, "carbon"):
        return None
    span = f"{show(allowed.gco2e, 'gCO2e')} to {show(allowed.most_gco2e, 'gCO2e')}"
    return statement.finding(
        CODE,
        f"{show(carbon, 'gCO2e')} is stated, but {allowed.text} give {span}: {_SLIP_WORDS[slip]}; "
        f"most likely correction: {show(carbon * slip, 'gCO2e')}",
    )


def _by_hardware(statement: Statement, carbon: float) -> Finding | None:
    """Judge a carbon by the hardware that the card names: less than half a minute of it is no training."""
    least = least_gco2e(statement, SHORTEST_H)
    if least is None or carbon >= least.gco2e:
        return None
    seconds = carbon / least.gco2e * SHORTEST_H * 3600
    meter = ", as CodeCarbon writes it" if "codecarbon" in statement.citation.lower().replace(" ", "") else ""
    power = 1e3 if meter or carbon * 1e3 >= least.gco2e else 1e6
    return statement.finding(
        CODE,
        f"{show(carbon, 'gCO2e')} is stated, but that is {seconds:.2g} s of {least.text}: "
        f"{_SLIP_WORDS[power]}{meter}; most likely correction: {show(carbon * power, 'gCO2e')}",
    )


def _by_parameters(evidence: Evidence, statement: Statement, carbon: float) -> Finding | None:
    """Judge the carbon of a pre-training by its parameters: one token each, on the best device, on "
    "a clean grid."""
    stage = statement.fact("co2_training_type", "training_type").lower().replace("-", "")
    size = statement.parameters
    if not size or not stage.startswith("pretrain") or evidence.parents.get(statement.product):
        return None
    choice = grid_of(statement)
    grid = 10.0 if choice is None else choice.factor.lo
    kwh = 6 * size * size / FLOP_PER_KWH
    if carbon >= kwh * grid:
        return None
    slip = next((power for power in (1e3, 1e6) if carbon * power >= kwh * grid), 1e6)
    return statement.finding(
        CODE,
        f"{show(carbon, 'gCO2e')} is stated, but pre-training {number(size)} parameters takes at least 6 "
        f"FLOP x {number(size)} x one token each / {FLOP_PER_KWH:.0e} FLOP/kWh = {show(kwh, 'kWh')} x "
        f"{number(grid)} g/kWh = {show(kwh * grid, 'gCO2e')}: {_SLIP_WORDS[slip]}; most likely correction: "
        f"{show(carbon * slip, 'gCO2e')}",
    )
