"""The sustainability metrics of one job: each formula a small function of plain values.

Sources. [E] Eilam et al., "Towards a Methodology and Framework for AI Sustainability Metrics", HotCarbon 2023
(DOI 10.1145/3604930.3605715). [G] Gandhi et al., "Metrics for Sustainability in Data Centers", HotCarbon 2022
(DOI 10.1145/3630614.3630622), on which [E] builds.

Units are in the names: energy in kWh, carbon in gCO2e, time in h, power in W. None is *unknown* and makes
every result that needs it None; it is never taken for zero. The examples are those of [E]; where its print
is wrong, docs/errata.md shows both figures, and the functions here give the right one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from lineage.errors import InputError
from lineage.kernels.jobs_values import times, total

__all__ = [
    "MIX_TOLERANCE",
    "EnergySplit",
    "asc_gco2e",
    "device_hours_ec_gco2e",
    "device_hours_energy_kwh",
    "ec_gco2e",
    "facility_energy",
    "it_energy_kwh",
    "jqcr",
    "jsc_gco2e",
    "mean_power_w",
    "mix_intensity_gco2e_per_kwh",
    "part_of_lifetime",
    "scr_gco2e_per_h",
]

MIX_TOLERANCE = 1e-3  # how far the shares of a mix may miss 1


class EnergySplit(NamedTuple):
    """A job's energy in kWh: the total, what the IT took, and the tax for cooling and power loss.

    `cooling_and_loss_kwh` is None where the tax is in the total but nobody says how large it is; `it_kwh`
    then is the whole total, so the total stands although its split is unknown.
    """

    total_kwh: float | None
    it_kwh: float | None
    cooling_and_loss_kwh: float | None


# -- energy -----------------------------------------------------------------------------------------------


def it_energy_kwh(
    devices: float | None,
    power_w: float | None,
    duration_h: float | None,
    *,
    utilisation: float | None = 1.0,
    share: float | None = 1.0,
) -> float | None:
    """Return IT energy = devices x power x utilisation x time x the job's share, in kWh [E, section 2.3].

    RoBERTa, 1,024 GPUs at 300 W for a day, and DistilBERT, 8 GPUs at 250 W for 3.5 days:

    >>> round(it_energy_kwh(1024, 300.0, 24.0), 6), it_energy_kwh(8, 250.0, 84.0)
    (7372.8, 168.0)
    """
    watt_hours = times(devices, power_w, utilisation, duration_h, share)
    return None if watt_hours is None else watt_hours / 1000


def device_hours_energy_kwh(
    device_hours: float | None,
    power_w: float | None,
    *,
    utilisation: float | None = 1.0,
    share: float | None = 1.0,
) -> float | None:
    """Return IT energy = device-hours x power x utilisation x share, in kWh [E, section 2.3].

    For sources that give devices x time as one figure.


    >>> device_hours_energy_kwh(82432, 400.0)
    32972.8
    """
    return it_energy_kwh(1.0, power_w, device_hours, utilisation=utilisation, share=share)


def mean_power_w(energy_kwh: float | None, duration_h: float | None) -> float | None:
    """Return the mean power = energy / time, in W; None for a duration of 0.

    DistilBERT's inference, 0.015 kWh in 410 s [E]:

    >>> round(mean_power_w(0.015, 410 / 3600), 1)
    131.7
    """
    if energy_kwh is None or not duration_h:
        return None
    return energy_kwh * 1000 / duration_h


def facility_energy(
    energy_kwh: float | None,
    *,
    pue: float | None = None,
    included: bool = False,
    overhead_kwh: float | None = None,
) -> EnergySplit:
    """Return IT energy plus the tax for cooling and power loss [G; E].

    total = energy x PUE, or energy + overhead where that is given (the overhead wins over the PUE).
    `included` says that the energy holds the tax already: then IT = energy / PUE, or energy - overhead
    without a PUE, and if neither is known the total stands and its split is unknown. With neither PUE nor
    overhead, and nothing included, PUE is 1.
    A PUE below 1 raises `InputError`.

    1 kJ with 0.08 kJ of losses:

    >>> split = facility_energy(1 / 3600, overhead_kwh=0.08 / 3600)
    >>> round(split.total_kwh * 3600, 9), round(split.cooling_and_loss_kwh * 3600, 9)
    (1.08, 0.08)
    >>> facility_energy(12.0, included=True)
    EnergySplit(total_kwh=12.0, it_kwh=12.0, cooling_and_loss_kwh=None)
    """
    if pue is not None and pue < 1:
        raise InputError(f"a PUE of {pue:g} is impossible: it is total energy over IT energy; give 1 or more")
    if energy_kwh is None:
        return EnergySplit(None, None, None)
    if included:
        if pue is not None:
            it_kwh = energy_kwh / pue
        elif overhead_kwh is not None and overhead_kwh <= energy_kwh:
            it_kwh = energy_kwh - overhead_kwh
        else:
            return EnergySplit(energy_kwh, energy_kwh, None)
        return EnergySplit(energy_kwh, it_kwh, energy_kwh - it_kwh)
    if overhead_kwh is None:
        overhead_kwh = energy_kwh * ((1.0 if pue is None else pue) - 1)
    return EnergySplit(energy_kwh + overhead_kwh, energy_kwh, overhead_kwh)


# -- carbon of the energy ---------------------------------------------------------------------------------


def mix_intensity_gco2e_per_kwh(
    shares: Mapping[str, float], intensities: Mapping[str, float | None]
) -> float | None:
    """Return the intensity of a mix = sum of share x intensity of each source, in gCO2e/kWh [G].

    None if a source of the mix has no known intensity. Shares that miss 1 by more than 0.001 raise
    `InputError`.

    80 % coal at 820 g/kWh and 20 % solar at 48 g/kWh:

    >>> round(mix_intensity_gco2e_per_kwh({"coal": 0.8, "solar": 0.2}, {"coal": 820.0, "solar": 48.0}), 6)
    665.6
    """
    whole = sum(shares.values())
    if not abs(whole - 1) <= MIX_TOLERANCE + 1e-12:  # 0.999 itself is no exact binary number
        raise InputError(f"the shares of the mix add up to {whole:g}; they must add up to 1")
    return total(*(times(share, intensities.get(name)) for name, share in shares.items()))


def jsc_gco2e(energy_kwh: float | None, intensity_gco2e_per_kwh: float | None) -> float | None:
    """Return the job sustainability cost JSC = energy x intensity, in gCO2e [G; E].

    1.08 kJ at 665.6 g/kWh:

    >>> round(jsc_gco2e(1.08 / 3600, 665.6), 6)
    0.19968
    """
    return times(energy_kwh, intensity_gco2e_per_kwh)


# -- embodied carbon of the systems -----------------------------------------------------------------------


def part_of_lifetime(time_h: float | None, lifetime_h: float | None) -> float | None:
    """Return time / lifetime; a lifetime of 0 raises `InputError`.

    >>> part_of_lifetime(6.0, 24.0)
    0.25
    """
    if lifetime_h is not None and lifetime_h <= 0:
        raise InputError(f"a lifetime of {lifetime_h:g} h is impossible; give more than 0, or leave it empty")
    if time_h is None or lifetime_h is None:
        return None
    return time_h / lifetime_h


def ec_gco2e(
    embodied_gco2e: float | None,
    duration_h: float | None,
    lifetime_h: float | None,
    *,
    devices: float | None = 1.0,
    share: float | None = 1.0,
) -> float | None:
    """Return the systems' embodied tax ec = embodied x devices x time / lifetime x share, in gCO2e [G; E].

    A lifetime of 0 raises `InputError`. 5 minutes alone on a system of 10,000 g that lives 3 years of
    365 days:

    >>> round(ec_gco2e(10_000.0, 5 / 60, 3 * 8760.0), 6)
    0.03171
    """
    return times(embodied_gco2e, devices, part_of_lifetime(duration_h, lifetime_h), share)


def device_hours_ec_gco2e(
    device_hours: float | None,
    embodied_gco2e: float | None,
    lifetime_h: float | None,
    *,
    share: float | None = 1.0,
) -> float | None:
    """Return ec = device-hours x embodied / lifetime x share, in gCO2e, where only device-hours are known.

    >>> device_hours_ec_gco2e(1000.0, 150_000.0, 50_000.0)
    3000.0
    """
    return ec_gco2e(embodied_gco2e, device_hours, lifetime_h, share=share)


def asc_gco2e(jsc: float | None, ec: float | None) -> float | None:
    """Return the amortised sustainability cost ASC = JSC + ec, in gCO2e [G; E].

    >>> round(asc_gco2e(0.19968, ec_gco2e(10_000.0, 5 / 60, 3 * 8760.0)), 6)
    0.23139
    """
    return total(jsc, ec)


# -- rates ------------------------------------------------------------------------------------------------


def scr_gco2e_per_h(cost_gco2e: float | None, duration_h: float | None) -> float | None:
    """Return the sustainability cost rate SCR = cost / duration, in gCO2e/h [G]; None for a duration of 0.

    The cost is ASC^e unless another one is named.

    >>> scr_gco2e_per_h(31.0, 0.5), scr_gco2e_per_h(31.0, 0.0)
    (62.0, None)
    """
    if cost_gco2e is None or not duration_h:
        return None
    return cost_gco2e / duration_h


def jqcr(quality: float | None, scr: float | None, *, higher_is_better: bool = True) -> float | None:
    """Return the job quality per cost rate: quality / SCR, in units of the quality per (gCO2e/h).

    [E] gives JQCR by name only; this is the reading of [G] adopted here, to be confirmed against that paper.
    The quality is a *named* metric with a direction: a metric of which less is better (a latency) enters as
    1 / quality. Two JQCR of different metrics never compare. None where the rate, or such a latency, is 0.

    >>> jqcr(0.9, 30.0), jqcr(0.5, 4.0, higher_is_better=False)
    (0.030000000000000002, 0.5)
    """
    if quality is None or not scr:
        return None
    if higher_is_better:
        return quality / scr
    return None if quality == 0 else 1 / quality / scr
