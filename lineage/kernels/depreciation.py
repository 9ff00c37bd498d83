"""How a product's cost is spread over its life: in equal parts, early parts first, or by use with a true-up.

`x` is the age over the lifetime. Straight-line is the rule of the paper (EPC x t / (LT x k)); the others are those
of bookkeeping. None is unknown. Source of the first: Eilam et al., HotCarbon 2023; the accelerated one is the
continuous form of the sum of the years' digits.
"""

from lineage.errors import InputError

__all__ = ["SCHEDULES", "accelerated_share", "charged_share", "rate_over", "straight_share", "true_up"]

SCHEDULES = ("straight", "accelerated", "per-use")


def straight_share(x: float) -> float:
    """Return the part that is charged by age x (0 new, 1 at the end) in equal parts: x.

    >>> straight_share(0.25), straight_share(1.5)
    (0.25, 1.0)
    """
    return min(max(x, 0.0), 1.0)


def accelerated_share(x: float) -> float:
    """Return the part that is charged by age x where the rate falls evenly to nothing: 1 - (1 - x)^2.

    >>> accelerated_share(0.25), accelerated_share(0.5)
    (0.4375, 0.75)
    """
    return 1 - (1 - straight_share(x)) ** 2


def charged_share(schedule: str, x: float) -> float:
    """Return the part that a schedule by time has charged by age x. Raises `InputError` for one by use.

    >>> charged_share("straight", 0.5), charged_share("accelerated", 0.5)
    (0.5, 0.75)
    """
    if schedule not in ("straight", "accelerated"):
        raise InputError(
            f"schedule {schedule!r} does not go by time; those that do are straight and accelerated"
        )
    return straight_share(x) if schedule == "straight" else accelerated_share(x)


def rate_over(schedule: str, start: float, end: float) -> float:
    """Return the mean rate from one age to another, in rates of the straight line; 0 for no time at all.

    >>> rate_over("straight", 0.0, 0.5), rate_over("accelerated", 0.0, 0.5), rate_over("accelerated", 1.0, 1.0)
    (1.0, 1.5, 0.0)
    """
    if end <= start:
        return 0.0
    return (charged_share(schedule, end) - charged_share(schedule, start)) / (end - start)


def true_up(amount: float, expected: float, used: float, now_expected: float) -> tuple[float, float, float]:
    """Return what was charged per use so far, what is left, and the rate per use from now on.

    So far each use paid amount / `expected`; what is left is spread over the uses that are expected from now on,
    `now_expected` - `used`. Where none are, the rate is 0 and what is left (less than 0 where too much was charged)
    is due at once. Numbers that are expected must be above 0, else `InputError`.

    100 g over 1,000 uses; after 400, only 600 in all are expected: 40 g are charged, and the 200 to come pay 0.3 g:

    >>> true_up(100.0, 1000.0, 400.0, 600.0)
    (40.0, 60.0, 0.3)
    """
    if expected <= 0 or now_expected <= 0:
        raise InputError(f"{min(expected, now_expected):g} expected inferences are too few: give more than 0")
    charged = amount * used / expected
    left = amount - charged
    coming = now_expected - used
    return charged, left, left / coming if coming > 0 else 0.0
