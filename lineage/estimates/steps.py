"""The energy of a step in the life of a model, as terms that are multiplied: training, tuning, quantising, merging.

Sources of the formulas: 6 FLOP per active parameter and token of training and 2 of inference (Kaplan et al. 2020,
Scaling Laws for Neural Language Models); 4 where the weights of the model stay as they are and only activations and an
adapter get gradients. The ranges are those of `lineage.estimates.calibration`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lineage.estimates.amounts import ON_DATA
from lineage.estimates.constants import range_of
from lineage.estimates.spans import Span, Term, product
from lineage.kernels.arrays import Floats

__all__ = ["Inputs", "flop_per_token", "middle_size", "rate_term", "step_energy", "training_energy"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known of products that were made by the same step, (rows,); NaN is not known."""

    parameters: Floats
    active: Floats
    tokens: Floats
    year: Floats
    parents: Floats
    teacher: Floats

    def rows(self, chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "Inputs":
        """Return some of the rows."""
        return Inputs(*(getattr(self, name)[chosen] for name in self.__slots__))


def rate_term(year: Floats) -> Term:
    """Return kWh per FLOP by year, cooling and achieved utilisation included."""
    spread = range_of("rate")
    trend = 10 ** (range_of("rate-at-2020").best + range_of("rate-per-year").best * (year - 2020))
    return Term("energy per FLOP in its year", spread.span.scaled(trend), "kWh/FLOP", spread.citation)


def flop_per_token(step: str, given: Inputs) -> Term:
    """Return FLOP per token: 6 x active parameters; 4 for an adapter; of a distillation also 2 x the teacher's."""
    if step == "adapter":
        return Term(
            "4 x active parameters",
            Span.exact(4 * given.active),
            "FLOP/token",
            "forward and activation gradients",
        )
    if step == "distillation":
        flop = 6 * given.active + 2 * np.nan_to_num(given.teacher)
        return Term(
            "6 x active parameters + 2 x the teacher's", Span.exact(flop), "FLOP/token", "Kaplan et al. 2020"
        )
    return Term("6 x active parameters", Span.exact(6 * given.active), "FLOP/token", "Kaplan et al. 2020")


def _stated(step: str, given: Inputs) -> tuple[Term, ...]:
    return (
        flop_per_token(step, given),
        Term("tokens", Span.exact(given.tokens), "tokens"),
        rate_term(given.year),
    )


def training_energy(given: Inputs, *, stated: bool) -> tuple[Term, ...]:
    """Return the terms of training from nothing: from the tokens, or from the trend of parameters and year."""
    if stated:
        return _stated("training", given)
    spread = range_of("flop")
    trend = 10 ** (
        range_of("flop-at-2020").best
        + range_of("flop-per-year").best * (given.year - 2020)
        + range_of("flop-per-decade").best * np.log10(middle_size(given.parameters, given.active) / 1e9)
    )
    compute = Term(
        "training compute, by parameters and year", spread.span.scaled(trend), "FLOP", spread.citation
    )
    return (compute, rate_term(given.year))


def middle_size(parameters: Floats, active: Floats) -> Floats:
    """Return the size by which a mixture of experts compares with dense models: sqrt(all x active parameters).

    >>> float(middle_size(np.array([619e9]), np.array([1.5e9]))[0] / 1e9).__round__(1)
    30.5
    """
    return np.sqrt(parameters * active)


def _billions(given: Inputs) -> Term:
    return Term("parameters", Span.exact(given.parameters / 1e9), "billions")


def step_energy(step: str, given: Inputs, *, stated: bool) -> tuple[Term, ...]:
    """Return the terms whose product is the energy in kWh of one step (`lineage.estimates.facts.STEPS`).

    `stated` says that the tokens of the step are known. Whatever only rewrites the weights of a model (adapter,
    quantisation, merge) stays below the least that training it from nothing may have taken.
    """
    if step == "training":
        return training_energy(given, stated=stated)
    if step.endswith(ON_DATA):
        return _on_data(step.removesuffix(ON_DATA), given)
    if step == "data":
        used = range_of("data-energy")
        return (
            Term("steps of its pipeline", Span.exact(given.parents), "steps"),
            Term("tokens", Span.exact(given.tokens), "tokens"),
            Term("energy per token", used.span, used.unit, used.citation),
        )
    if stated and step in ("fine-tune", "adapter", "distillation", "continued-pretraining"):
        return _stated(step, given)
    if step == "unstated":
        return (_unstated(given),)
    if step == "merge":
        used = range_of("merge-energy")
        files = Term("models read and written", Span.exact(given.parents + 1), "models")
        terms: Sequence[Term] = (
            _billions(given),
            files,
            Term("energy per billion parameters and model", used.span, used.unit, used.citation),
        )
    else:
        terms = (_billions(given), _per_billion(step))
    if step in ("adapter", "quantization", "merge"):
        return _below_training(terms, given)
    return tuple(terms)


# Of the data a training reads a hundredth (trials on FineWeb, 15 T tokens, with 28 to 350 G of them, Penedo et al.
# 2024) to forty passes (BERT, Devlin et al. 2018). Tuning reads up to four passes (Devlin et al. 2018) of a small data
# set, but of a large corpus a share that nobody states: usually no more than the median of the 33 tuned language
# models in Epoch AI's table with compute and parameters (compute / 6 parameters), 6.8 G tokens, and perhaps no more
# than the least of them, 4 M.
LEAST_SHARE: Final = {"training": 0.01, "distillation": 0.01}
LEAST_SHARE_OF_TUNING: Final = 0.1
MOST_PASSES: Final = {"training": 40.0, "distillation": 40.0}
TUNING_PASSES: Final = 4.0
USUAL_TUNING: Final = 6.8e9
LEAST_TUNING: Final = 4e6


def _on_data(step: str, given: Inputs) -> tuple[Term, ...]:
    """Return the terms of a step of which only the size of the data is known, so that its tokens are a wide range."""
    least, usual = LEAST_SHARE.get(step, LEAST_SHARE_OF_TUNING) * given.tokens, given.tokens
    if step not in MOST_PASSES:
        least, usual = np.minimum(least, LEAST_TUNING), np.minimum(usual, USUAL_TUNING)
    most = MOST_PASSES.get(step, TUNING_PASSES) * given.tokens
    source = "tokens of its data sets: how much of them it read, and how often, is not stated"
    tokens = Term("tokens", Span(least, usual, most), "tokens", source)
    terms = (flop_per_token(step, given), tokens, rate_term(given.year))
    return _below_training(terms, given) if step == "adapter" else terms


def _per_billion(step: str) -> Term:
    if step == "derived":  # the base is known, the step is not: anything from a quantisation to a fine-tuning
        low, usual = range_of("quantization-energy"), range_of("fine-tune-energy")
        span = Span.of(low.lo, usual.best, usual.hi)
        return Term("energy per billion parameters, of an unknown step", span, usual.unit, usual.citation)
    used = range_of(f"{step}-energy")
    return Term("energy per billion parameters", used.span, used.unit, used.citation)


def _unstated(given: Inputs) -> Term:
    """Return the energy of a model that states no base: anything between a quantisation and a training from nothing."""
    derived = product((_billions(given), _per_billion("derived")))
    whole = product(training_energy(given, stated=False))
    span = Span(
        np.minimum(derived.lo, whole.lo),
        np.minimum(derived.best, whole.hi),
        np.maximum(whole.hi, derived.best),
    )
    return Term("energy, of an unknown step, or of a training", span, "kWh", range_of("flop").citation)


def _below_training(terms: Sequence[Term], given: Inputs) -> tuple[Term, ...]:
    """Return the terms, with a factor of at most 1 where they would pass the least energy of training the model."""
    found, least = product(terms), product(training_energy(given, stated=False)).lo
    with np.errstate(divide="ignore", invalid="ignore"):
        share = [np.minimum(1.0, least / side) for side in (found.lo, found.best, found.hi)]
    if all(np.all(side >= 1) for side in share):
        return tuple(terms)
    return (
        Term(
            "energy, at most the least of training it",
            Span(found.lo * share[0], found.best * share[1], found.hi * share[2]),
            "kWh",
            terms[-1].source,
        ),
    )
