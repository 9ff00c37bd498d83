"""Arithmetic with unknown values: None is *unknown*, makes what needs it None, and is never zero."""

__all__ = ["known_part", "relative_difference", "times", "total"]


def total(*parts: float | None) -> float | None:
    """Return the sum of the parts, None if one of them is unknown.

    >>> total(1.0, 2.0), total(1.0, None)
    (3.0, None)
    """
    result = 0.0
    for part in parts:
        if part is None:
            return None
        result += part
    return result


def known_part(*parts: float | None) -> float | None:
    """Return the sum of those parts that are known: a lower bound. None if none of them is.

    >>> known_part(1.0, None), known_part(None, None)
    (1.0, None)
    """
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def times(*factors: float | None) -> float | None:
    """Return the product of the factors, None if one of them is unknown, 0 x unknown included.

    >>> times(2.0, 3.0), times(0.0, None)
    (6.0, None)
    """
    result = 1.0
    for factor in factors:
        if factor is None:
            return None
        result *= factor
    return result


def relative_difference(left: float, right: float) -> float:
    """Return how far two figures are apart, relative to the larger one; 0 if both are 0.

    >>> relative_difference(100.0, 98.0)
    0.02
    """
    larger = max(abs(left), abs(right))
    return abs(left - right) / larger if larger else 0.0
