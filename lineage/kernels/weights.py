"""Apportionment policies: how a product's cost is divided among what was built on it and its own use.

Explicit shares come first; the policy divides what they leave, among the children without one and, where the product
is itself used, its own use. Conservation holds by construction: for every product the shares handed on and the retained
share r add up to 1. Source: ACCOUNTING section 3; the rule "proportioned, based on its share of re-use" is from
Eilam et al. (HotCarbon 2023), the half is the 50:50 recycling rule, `cff` follows the EU circular footprint formula.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from lineage.kernels.arrays import Codes, Flags, Floats

__all__ = ["POLICIES", "SOURCES", "Claimants", "Shares", "shares"]


Numbers = np.ndarray[Any, np.dtype[np.int8]]

# Where a share came from, as codes of `Shares.source`.
SOURCES: Final = ("policy", "explicit", "metadata", "job", "policy: equal, a property is missing")
FALLBACK: Final = 4

# Explicit shares such as ten times 0.1 may miss 1 by rounding; nothing is over-allocated by that.
TOLERANCE: Final = 1e-12

# Properties above this are scaled before they are added up, so that their sum stays finite.
HUGE: Final = 1e200


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimants:
    """Who may claim a part of each product; edges (m,) from parent to child, products (n,).

    explicit     share that was given, NaN where the policy decides
    stated_by    code of `SOURCES` for the explicit ones
    user         the product is used itself, so own use is a claimant
    value        the property of a product, NaN where missing (`property`, `cff`)
    edge_value   the property of an edge, if the property is one of edges
    coefficient  merge coefficient of an edge, NaN where missing
    merge        the edge is a merge
    """

    n: int
    child: Codes
    parent: Codes
    explicit: Floats
    stated_by: Numbers
    user: Flags
    value: Floats | None = None
    edge_value: Floats | None = None
    coefficient: Floats | None = None
    merge: Flags | None = None
    retain: bool = True
    cff_a: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What a policy decided.

    w         share of the parent that goes to the child, (m,)
    retained  r, what a product's own use must carry, (n,); None where it has no meaning (`full`)
    source    code of `SOURCES`, (m,)
    missing   products whose children or own use lack the policy's property, codes
    guessed   edges whose merge coefficient is missing, positions
    """

    w: Floats
    retained: Floats | None
    source: Numbers
    missing: Codes
    guessed: Codes


@dataclass(frozen=True, slots=True)
class _Division:
    """What is left of each product, and for whom."""

    claim: Claimants
    open_edges: Flags  # edges without an explicit share
    left: Floats  # (n,) 1 - sum of explicit shares, not below 0
    surplus: Floats  # (n,) 1 - sum of explicit shares, may be below 0
    children: Floats  # (n,) number of children without an explicit share

    def per_parent(self, values: Floats) -> Floats:
        """Sum a per-edge value over each parent's open edges."""
        return _sums(self.claim.parent, np.where(self.open_edges, values, 0.0), self.claim.n)


def shares(policy: str, claim: Claimants) -> Shares:
    """Divide every product among its claimants by a policy.

    >>> two = Claimants(n=3, child=np.array([1, 2], np.int32), parent=np.array([0, 0], np.int32),
    ...                 explicit=np.array([np.nan, 0.25]), stated_by=np.array([1, 1], np.int32),
    ...                 user=np.array([True, True, True]))
    >>> shares("equal", two).w.tolist()
    [0.375, 0.25]
    """
    open_edges = np.isnan(claim.explicit)
    stated = np.flatnonzero(~open_edges)  # rare, in most lineages
    stated_of, explicit = claim.parent[stated], claim.explicit[stated]
    surplus = 1.0 - _sums(stated_of, explicit, claim.n)
    surplus[np.abs(surplus) <= TOLERANCE] = 0.0
    children = np.bincount(claim.parent, minlength=claim.n).astype(np.float64)
    children -= np.bincount(stated_of, minlength=claim.n)
    division = _Division(claim, open_edges, np.maximum(surplus, 0.0), surplus, children)
    decided = POLICIES[policy](division)
    w, source = decided.w, decided.source  # the policy's own arrays, nobody else's
    w[stated], source[stated] = explicit, claim.stated_by[stated]
    if decided.retained is None:
        return replace(decided, w=w, source=source)
    # Where nobody is left to divide among, own use keeps what the explicit shares leave (or lack).
    nobody = children == 0
    retained = np.where(nobody | (surplus < 0), surplus, decided.retained)
    return replace(decided, w=w, source=source, retained=retained)


def _sums(groups: Codes, values: Floats, n: int) -> Floats:
    """Add up values by group, shape (n,), in the order given."""
    return np.asarray(np.bincount(groups, weights=values, minlength=n), dtype=np.float64)


def _nothing_missing(w: Floats, retained: Floats | None) -> Shares:
    none = np.zeros(0, dtype=np.int32)
    return Shares(w=w, retained=retained, source=np.zeros(len(w), np.int8), missing=none, guessed=none)


def _by_score(division: _Division, score: Floats, own_score: Floats) -> Shares:
    """Divide what is left in proportion to scores; own use counts only for users."""
    claim = division.claim
    own = np.where(claim.user, own_score, 0.0)
    score = np.where(division.open_edges, score, 0.0)
    total = _sums(claim.parent, score, claim.n) + own
    safe = np.where(total > 0, total, 1.0)
    # The quotient first: a product with a tiny score would be rounded to a multiple of the smallest number there is.
    w = division.left[claim.parent] * (score / safe[claim.parent])
    return _nothing_missing(w, division.left * (own / safe))


def _equally(division: _Division, own_score: Floats | float) -> Shares:
    """Divide as `_by_score` with the score 1 for every child, to the same bits: the quotient is the parent's."""
    claim = division.claim
    own = np.where(claim.user, own_score, 0.0)
    safe = division.children + own
    safe[~(safe > 0)] = 1.0
    return _nothing_missing((division.left / safe).take(claim.parent), division.left * own / safe)


def _with_fallback(division: _Division, decided: Shares, missing: Flags) -> Shares:
    """Give the parents that miss a property equal shares instead, and say so."""
    missing = missing & (division.children > 0)
    if not missing.any() or decided.retained is None:
        return decided
    equal = _equally(division, 1.0)
    assert equal.retained is not None
    at = missing[division.claim.parent]
    return replace(
        decided,
        w=np.where(at, equal.w, decided.w),
        retained=np.where(missing, equal.retained, decided.retained),
        source=np.where(at, np.int8(FALLBACK), decided.source),
        missing=np.flatnonzero(missing).astype(np.int32),
    )


def _cutoff(division: _Division) -> Shares:
    """Reuse is free: children get 0."""
    return _nothing_missing(np.zeros(len(division.claim.parent)), division.left.copy())


def _full(division: _Division) -> Shares:
    """Every child carries the whole: over-allocates by design, so no retained share exists."""
    return _nothing_missing(np.ones(len(division.claim.parent)), None)


def _equal(division: _Division) -> Shares:
    """1/(n+1) over the n children and own use, 1/n without own use."""
    return _equally(division, 1.0 if division.claim.retain else 0.0)


def _half(division: _Division) -> Shares:
    """Own use keeps half, the children share the other half equally."""
    return _equally(division, division.children)


def _property(division: _Division) -> Shares:
    """In proportion to a named quantity of the children, own use counting with the product's own."""
    claim = division.claim
    assert claim.value is not None
    score = claim.value[claim.child] if claim.edge_value is None else claim.edge_value
    own = claim.value if claim.edge_value is None else np.full(claim.n, np.nan)
    missing = division.per_parent((~(score >= 0)).astype(np.float64)) > 0
    missing |= claim.user & ~(own >= 0)
    score, own = np.nan_to_num(score), np.nan_to_num(own)
    largest = max(np.max(score, initial=0.0), np.max(own, initial=0.0))
    if largest > HUGE:
        score, own = score / largest, own / largest
    total = division.per_parent(score) + np.where(claim.user, own, 0.0)
    return _with_fallback(division, _by_score(division, score, own), missing | ~(total > 0))


def _cff(division: _Division) -> Shares:
    """(1 - A) x 1/n x min(1, quality of the child / quality of the parent); own use keeps the rest."""
    claim = division.claim
    assert claim.value is not None
    below, above = claim.value[claim.child], claim.value[claim.parent]
    unknown = ~(below >= 0) | ~(above > 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(unknown, 0.0, np.minimum(1.0, below / above))
    missing = division.per_parent(unknown.astype(np.float64)) > 0
    count = np.maximum(division.children, 1.0)[claim.parent]
    w = division.left[claim.parent] * (1.0 - claim.cff_a) / count * ratio
    used = _nothing_missing(w, division.left - division.per_parent(w))
    scaled = _by_score(division, ratio, np.zeros(claim.n))  # a non-user hands on all that is left
    assert used.retained is not None and scaled.retained is not None
    at = claim.user[claim.parent]
    mixed = _nothing_missing(
        np.where(at, used.w, scaled.w), np.where(claim.user, used.retained, scaled.retained)
    )
    nothing = ~claim.user & ~(division.per_parent(ratio) > 0)
    return _with_fallback(division, mixed, missing | nothing)


def _merge(division: _Division) -> Shares:
    """In proportion to the absolute merge coefficient; own use and children that are not merges count 1."""
    claim = division.claim
    assert claim.coefficient is not None and claim.merge is not None
    parents = np.bincount(claim.child, minlength=claim.n)[claim.child]
    unknown = np.isnan(claim.coefficient)
    stated = np.where(unknown, 1.0 / np.maximum(parents, 1), np.abs(claim.coefficient))
    score = np.where(claim.merge, stated, 1.0)
    nothing = ~claim.user & ~(division.per_parent(score) > 0)
    decided = _with_fallback(division, _by_score(division, score, np.ones(claim.n)), nothing)
    return replace(
        decided, guessed=np.flatnonzero(claim.merge & unknown & division.open_edges).astype(np.int32)
    )


POLICIES: Final[dict[str, Callable[[_Division], Shares]]] = {
    "cutoff": _cutoff,
    "full": _full,
    "equal": _equal,
    "half": _half,
    "property": _property,
    "cff": _cff,
    "merge": _merge,
}
