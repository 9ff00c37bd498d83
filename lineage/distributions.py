"""Distributions of uncertain inputs: read from text, and turned into values by their quantile function.

A distribution is written as a kind with its parameters: "uniform(20, 60)", "triangular(150 kg, 318 kg, 568 kg)",
"normal(100 kWh, 5 kWh)", "lognormal(100%, 1.3)", "pert(90%, 100%, 130%)", "fixed(12 t)". Parameters in per cent are
relative to the input's best value. Costs, energies and intensities are never negative, so parameters are not either;
`normal` is cut off at 0 (and refused where that would cut off more than 5 % of it), and no draw is ever negative.

Kinds of the package stats_arrays, for those who come from there (its lognormal has loc = ln(median) and
scale = ln(gsd)): fixed 1, lognormal 2, normal 3, uniform 4, triangular 5, PERT 13.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from lineage.errors import OptionError, UnitError, did_you_mean
from lineage.kernels.arrays import Floats
from lineage.kernels.beta import pert_quantile
from lineage.units import number, quantity

__all__ = ["KINDS", "Distribution", "fixed", "parse", "pert", "quantiles", "uniform"]

# A normal distribution with more than this below 0 is not what was meant.
MOST_BELOW_ZERO: Final = 0.05

_CALL: Final = re.compile(r"\s*([A-Za-z_][A-Za-z_-]*)\s*\(([^()]*)\)\s*")
_COMMA: Final = re.compile(r",(?!\d{3}(?!\d))|,(?=\s)")  # the comma of 1,507 separates no parameters


class _Kind(NamedTuple):
    """What a kind of distribution takes, an example, and its quantile function."""

    parameters: tuple[str, ...]
    example: str
    quantile: Callable[..., Any]


def _uniform(u: Any, lo: Any, hi: Any) -> Any:
    return lo + u * (hi - lo)


def _triangular(u: Any, lo: Any, mode: Any, hi: Any) -> Any:
    width = np.where(hi > lo, hi - lo, 1.0)
    rising = lo + np.sqrt(u * width * (mode - lo))
    falling = hi - np.sqrt((1 - u) * width * (hi - mode))
    return np.where(u * width < mode - lo, rising, falling)


def _normal(u: Any, mean: Any, sd: Any) -> Any:
    """Draw from what lies above 0; u is moved up by the part that is cut off."""
    from scipy.special import ndtr, ndtri

    safe = np.where(sd > 0, sd, 1.0)
    below = ndtr(-mean / safe)
    drawn = mean + safe * ndtri(below + u * (1 - below))
    return np.where(sd > 0, np.maximum(drawn, 0.0), mean)


def _lognormal(u: Any, median: Any, gsd: Any) -> Any:
    from scipy.special import ndtri

    return median * np.exp(np.log(gsd) * ndtri(u))


def _pert(u: Any, lo: Any, mode: Any, hi: Any) -> Any:
    """lo + (hi - lo) times Beta(1 + 4 (mode - lo)/(hi - lo), 1 + 4 (hi - mode)/(hi - lo))."""
    width = np.where(hi > lo, hi - lo, 1.0)
    shape = (len(u), -1)
    part = pert_quantile(u.reshape(shape), ((mode - lo) / width).reshape(-1))
    return lo + (hi - lo) * part.reshape(u.shape)


def _fixed(u: Any, value: Any) -> Any:
    return value + 0.0 * u


KINDS: Final[dict[str, _Kind]] = {
    "uniform": _Kind(("lo", "hi"), "uniform(20, 60)", _uniform),
    "triangular": _Kind(("lo", "mode", "hi"), "triangular(150, 318, 568)", _triangular),
    "normal": _Kind(("mean", "sd"), "normal(100%, 5%)", _normal),
    "lognormal": _Kind(("median", "gsd"), "lognormal(100%, 1.3)", _lognormal),
    "pert": _Kind(("lo", "mode", "hi"), "pert(90%, 100%, 130%)", _pert),
    "fixed": _Kind(("value",), "fixed(100%)", _fixed),
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of one input: a kind of `KINDS` and its parameters, in the input's base unit.

    `relative` says that the parameters are multiples of the input's best value (written in per cent); the
    geometric standard deviation of `lognormal` is always a plain factor. Raises `OptionError` for parameters
    that make no distribution: out of order, negative, not finite.

    >>> Distribution("uniform", (20.0, 60.0)).quantile(np.array([0.25]))
    array([30.])
    """

    kind: str
    parameters: tuple[float, ...]
    relative: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            known = ", ".join(KINDS)
            raise OptionError(
                f"there is no distribution {self.kind!r}{did_you_mean(self.kind, list(KINDS))}; there are {known}"
            )
        names = KINDS[self.kind].parameters
        if len(self.parameters) != len(names):
            raise OptionError(
                f"{self.kind} takes {len(names)} parameters ({', '.join(names)}), not {len(self.parameters)}; "
                f"write for example {KINDS[self.kind].example!r}"
            )
        problem = _problem(self.kind, self.parameters)
        if problem:
            raise OptionError(f"{self}: {problem}; write for example {KINDS[self.kind].example!r}")

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(self._written())})"

    def _written(self) -> list[str]:
        scaled = [f"{100 * value:.15g}%" if self.relative else f"{value:.15g}" for value in self.parameters]
        if self.kind == "lognormal" and len(scaled) == 2:
            scaled[1] = f"{self.parameters[1]:.15g}"
        return scaled

    @property
    def is_fixed(self) -> bool:
        """Whether every draw is the same."""
        if self.kind == "normal":
            return self.parameters[1] == 0
        if self.kind == "lognormal":
            return self.parameters[1] == 1 or self.parameters[0] == 0
        return len(set(self.parameters)) == 1

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value that can be drawn; the largest may be infinite.

        >>> Distribution("lognormal", (1.0, 2.0)).bounds
        (0.0, inf)
        """
        if self.is_fixed:
            return self.parameters[0], self.parameters[0]
        if self.kind in ("normal", "lognormal"):
            return 0.0, math.inf
        return self.parameters[0], self.parameters[-1]

    def scaled(self, factor: float) -> "Distribution":
        """Return the distribution of factor times the input, no longer relative.

        >>> str(parse("lognormal(100%, 1.3)").scaled(7.0))
        'lognormal(7, 1.3)'
        """
        parameters = tuple(factor * value for value in self.parameters)
        if self.kind == "lognormal":
            parameters = (parameters[0], self.parameters[1])
        return Distribution(self.kind, parameters)

    def quantile(self, u: Floats) -> Floats:
        """Return the value below which a part u of the distribution lies; u lies strictly between 0 and 1."""
        values: Floats = quantiles([self], np.asarray(u)[None])[0]
        return values


def quantiles(distributions: Sequence[Distribution], u: Floats) -> Floats:
    """Return the quantiles of several distributions: u and the result have shape (len(distributions), ...).

    >>> quantiles([fixed(3.0), uniform(0.0, 8.0)], np.array([[0.5], [0.25]])).tolist()
    [[3.0], [2.0]]
    """
    values = np.empty(u.shape, dtype=np.float64)
    for kind, described in KINDS.items():
        rows = [row for row, item in enumerate(distributions) if item.kind == kind]
        if rows:
            columns = np.array([distributions[row].parameters for row in rows], dtype=np.float64)
            shape = (len(rows),) + (1,) * (u.ndim - 1)
            values[rows] = described.quantile(u[rows], *(column.reshape(shape) for column in columns.T))
    return values


def fixed(value: float, *, relative: bool = False) -> Distribution:
    """Return the distribution that is always this value."""
    return Distribution("fixed", (value,), relative)


def uniform(lo: float, hi: float, *, relative: bool = False) -> Distribution:
    """Return the distribution in which every value between two bounds is as likely."""
    return Distribution("uniform", (lo, hi), relative)


def pert(lo: float, mode: float, hi: float, *, relative: bool = False) -> Distribution:
    """Return the PERT distribution: a beta distribution with mean (lo + 4 mode + hi) / 6.

    Source: Malcolm et al., "Application of a Technique for Research and Development Program Evaluation", 1959.
    """
    return Distribution("pert", (lo, mode, hi), relative)


def parse(text: str, unit: str = "", *, bare: bool = True) -> Distribution:
    """Read a distribution: "uniform(20, 60)", "pert(90%, 100%, 130%)", "triangular(150 kg, 318 kg, 568 kg)".

    `unit` is the base unit of the input ("" for a plain number); numbers of which none has a unit count as being in
    it, unless `bare` is false: then each but 0 needs its own. Per cent makes it relative to the input's best value.
    Per cent, units and numbers without a unit do not mix. Raises `OptionError` with the text, what is wrong with it,
    and an example.

    >>> parse("triangular(150 kg, 318 kg, 568 kg)", "gCO2e").parameters
    (150000.0, 318000.0, 568000.0)
    >>> parse("normal(100%, 5%)").relative
    True
    """
    found = _CALL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        example = KINDS["uniform"].example
        raise OptionError(f"{text!r} is not a distribution; write KIND(NUMBERS), for example {example!r}")
    kind, inside = found[1].lower(), found[2].strip()
    words = [word.strip() for word in _COMMA.split(inside)] if inside else []
    factors = [kind == "lognormal" and place == 1 for place in range(len(words))]
    relative = [word.endswith("%") for word, factor in zip(words, factors, strict=True) if not factor]
    if any(relative) and not all(relative):
        raise OptionError(
            f"{text!r} mixes per cent of the best value with other numbers; write all of them in one way"
        )
    plain = [_bare(word) for word, factor in zip(words, factors, strict=True) if unit and not factor]
    if any(plain) and None in plain:
        raise OptionError(f"{text!r} mixes numbers with and without a unit; write the unit with each number")
    if any(plain) and not bare:
        raise OptionError(f"{text!r} has numbers without a unit; write the unit with each number")
    try:
        values = [
            number(word) if factor else number(word[:-1]) / 100 if word.endswith("%") else _read(word, unit)
            for word, factor in zip(words, factors, strict=True)
        ]
    except UnitError as error:
        raise OptionError(f"{text!r}: {error}") from None
    return Distribution(kind, tuple(values), relative=bool(relative) and all(relative))


def _bare(word: str) -> float | None:
    """Return the number that a word is; None where it has a unit or per cent, or is no number."""
    try:
        return number(word)
    except UnitError:
        return None


def _read(word: str, unit: str) -> float:
    return quantity(word, unit, bare=unit) if unit else number(word)


def _problem(kind: str, parameters: tuple[float, ...]) -> str:
    """Return what is wrong with the parameters, or nothing."""
    if not all(math.isfinite(value) for value in parameters):
        return "the parameters must be finite numbers"
    if any(value < 0 for value in parameters):
        return "a cost, energy or intensity is never negative"
    if kind in ("uniform", "triangular", "pert") and list(parameters) != sorted(parameters):
        return f"{' <= '.join(KINDS[kind].parameters)} must hold"
    if kind == "lognormal" and parameters[1] < 1:
        return "the geometric standard deviation is 1 or more"
    if kind == "normal" and parameters[1] > 0:
        below = 0.5 * math.erfc(parameters[0] / parameters[1] / math.sqrt(2))
        if below > MOST_BELOW_ZERO:
            return f"{100 * below:.0f} % of it lies below 0; a lognormal has no such part"
    return ""
