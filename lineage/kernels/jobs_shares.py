"""What a job carries of its platform, of re-training and of products: functions of plain values.

Sources. [E] Eilam et al., "Towards a Methodology and Framework for AI Sustainability Metrics", HotCarbon 2023
(DOI 10.1145/3604930.3605715). [G] Gandhi et al., "Metrics for Sustainability in Data Centers", HotCarbon 2022
(DOI 10.1145/3630614.3630622), on which [E] builds.

Units are in the names: energy in kWh, carbon in gCO2e, time in h, power in W. None is *unknown* and makes
every result that needs it None; it is never taken for zero. The examples are those of [E]; where its print
is wrong, docs/errata.md shows both figures, and the functions here give the right one.
"""

from lineage.errors import InputError
from lineage.kernels.jobs import part_of_lifetime
from lineage.kernels.jobs_values import times, total

__all__ = [
    "asc_expanded_gco2e",
    "embodied_share_gco2e",
    "equal_share",
    "jsc_expanded_gco2e",
    "platform_tax_gco2e",
    "product_share",
    "retraining_share_by_size_gco2e",
    "retraining_share_gco2e",
    "size_share",
    "unrecovered_share",
    "volume_share",
]


def equal_share(concurrent_jobs: float | None) -> float | None:
    """Return the share of one of k jobs that run at once and count alike: 1 / k.

    k below 1 raises `InputError`.

    >>> equal_share(10)
    0.1
    """
    if concurrent_jobs is None:
        return None
    if concurrent_jobs < 1:
        raise InputError(
            f"{concurrent_jobs:g} concurrent jobs are too few: the job is one of them; give 1 or more"
        )
    return 1 / concurrent_jobs


def size_share(size: float | None, total_size: float | None) -> float | None:
    """Return a job's share in proportion to its size: size / the sizes of all; None if all are 0.

    >>> size_share(3.0, 12.0)
    0.25
    """
    if size is None or not total_size:
        return None
    return size / total_size


def platform_tax_gco2e(
    rate_gco2e_per_h: float | None, duration_h: float | None, share: float | None
) -> float | None:
    """Return the platform operations tax = rate x time x share, in gCO2e [E].

    The rate holds what it takes to operate the platform *after* its release; what came before is its EPC.
    50 g/min, 5 minutes, 10 equal jobs at once:

    >>> round(platform_tax_gco2e(50 * 60.0, 5 / 60, equal_share(10)), 9)
    25.0
    """
    return times(rate_gco2e_per_h, duration_h, share)


def retraining_share_gco2e(
    cf_rt_gco2e: float | None, n: float | None, *, inferences: float | None = 1.0
) -> float | None:
    """Return the re-training that so many inferences carry: cf_rt / n x inferences, in gCO2e [E].

    cf_rt is the sum of ASC^e of the re-training jobs of an interval, n the inferences in it. n = 0 gives
    None: no inference can carry it, and cf_rt is the model's unassigned operation.

    >>> retraining_share_gco2e(500.0, 1000.0), retraining_share_gco2e(500.0, 0.0)
    (0.5, None)
    """
    if not n:
        return None
    return times(cf_rt_gco2e, inferences, 1 / n)


def retraining_share_by_size_gco2e(
    cf_rt_gco2e: float | None, size: float | None, total_size: float | None
) -> float | None:
    """Return the re-training that an inference carries in proportion to its size, in gCO2e [E].

    >>> retraining_share_by_size_gco2e(500.0, 2.0, 10.0)
    100.0
    """
    return times(cf_rt_gco2e, size_share(size, total_size))


def jsc_expanded_gco2e(jsc: float | None, platform: float | None, retraining: float | None) -> float | None:
    """Return JSC^e = JSC + platform operations tax + re-training share, in gCO2e [E].

    >>> jsc_expanded_gco2e(1.0, 25.0, 0.5)
    26.5
    """
    return total(jsc, platform, retraining)


def product_share(
    duration_h: float | None, lifetime_h: float | None, concurrent_jobs: float | None
) -> float | None:
    """Return the part of a product's cost that a job carries by time: t / (LT x k) [E].

    k jobs run at once through the product's lifetime LT. A lifetime of 0 or k below 1 raises `InputError`.
    5 days of a platform that lives 6 years, 10 equal jobs at once:

    >>> round(product_share(5 * 24.0, 6 * 8760.0, 10), 9)
    0.000228311
    """
    return times(part_of_lifetime(duration_h, lifetime_h), equal_share(concurrent_jobs))


def volume_share(inferences: float | None, expected_inferences: float | None) -> float | None:
    """Return the part of a product's cost that a job carries by volume: inferences / those expected in LT.

    None where none are expected. An extension of [E], for products whose use is counted and not timed.

    >>> volume_share(1000.0, 1e6)
    0.001
    """
    if inferences is None or not expected_inferences:
        return None
    return inferences / expected_inferences


def unrecovered_share(*shares: float | None) -> float | None:
    """Return the part of a product's cost that these jobs do not carry: 1 - the sum of their shares.

    It is 0 only if k jobs run all through the lifetime. None if a share is unknown.

    >>> unrecovered_share(0.25, 0.25)
    0.5
    """
    carried = total(*shares)
    return None if carried is None else 1 - carried


def embodied_share_gco2e(amount_gco2e: float | None, share: float | None) -> float | None:
    """Return a product's embodied share in a job: amount x share, in gCO2e [E].

    The amount is EPC(p) for the paper's ASC^e, burden(p) for its additive twin.

    >>> round(embodied_share_gco2e(1e6, product_share(5 * 24.0, 6 * 8760.0, 10)), 3)
    228.311
    """
    return times(amount_gco2e, share)


def asc_expanded_gco2e(jsc_expanded: float | None, ec: float | None, *products: float | None) -> float | None:
    """Return ASC^e = JSC^e + ec + the embodied share of every context product, in gCO2e [E].

    With EPC shares it is the paper's form: it says what a job stands on and is never summed over
    products. With burden shares it is the additive twin, the one to sum.

    >>> asc_expanded_gco2e(26.5, 0.5, 3.0, 1.0)
    31.0
    """
    return total(jsc_expanded, ec, *products)
