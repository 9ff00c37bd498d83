"""The options of a computation, in one frozen value that checks itself."""

import builtins
import hashlib
import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from lineage.errors import OptionError, did_you_mean
from lineage.schema import IMPACTS

__all__ = ["CYCLES", "ENGINES", "POLICIES", "USERS", "WITHOUT_WEIGHTS", "Run"]

POLICIES: Final = ("cutoff", "full", "equal", "half", "property", "cff", "merge", "shapley", "usage")
WITHOUT_WEIGHTS: Final = ("shapley", "usage")  # a share is not handed down edge by edge; there is no EPC
CYCLES: Final = ("error", "solve", "break")
USERS: Final = ("all", "deployed")
ENGINES: Final = ("auto", "plain", "scipy", "numba", "spark")

# 2024, 2024-12, 2024-12-31, or a moment of a day.
_DAY: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d([T ]\d\d:\d\d.*)?)?)?")


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OptionError(
            f"{option} {value!r} does not exist{did_you_mean(value, known)}; there are {', '.join(known)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a cost is computed and shared out (ACCOUNTING: policies, cycles, users, as of a date).

    policy    how a product's cost is divided among what was built on it and its own use
    impact    carbon, carbon-market, energy or water
    as_of     ISO date: only what existed then; None is today's graph
    cycles    error, solve (share around the cycle) or break (drop its latest edge)
    users     all: every model is used itself; deployed: only products flagged so
    retain    False gives a product's own use nothing where the policy is `equal`
    property  the column that `property` divides by (a product column, an edge column, or "own cost")
    cff_a     the factor A of `cff`, in [0, 1]
    quality   the quality column of `cff`
    seed      seed of everything random
    impute    True fills unknown own costs with estimates, which are labelled as such (docs/estimates.md)
    factors   a CSV file of factors or a pin file that wins over those that come with the package
    engine    auto, plain, scipy, or numba (extra `fast`); auto goes by the number of edges

    >>> Run(policy="equal").impact
    'carbon'
    """

    policy: str = "equal"
    impact: str = "carbon"
    as_of: str | None = None
    cycles: str = "error"
    users: str = "all"
    retain: bool = True
    property: str | None = None
    cff_a: float | None = None
    quality: str = "quality"
    seed: int = 0
    engine: str = "auto"
    impute: bool = False
    factors: str | None = None

    def __post_init__(self) -> None:
        _one_of("policy", self.policy, POLICIES)
        _one_of("impact", self.impact, tuple(IMPACTS))
        _one_of("cycles", self.cycles, CYCLES)
        _one_of("users", self.users, USERS)
        _one_of("engine", self.engine, ENGINES)
        if self.policy == "property" and not self.property:
            raise OptionError(
                "policy 'property' needs a column: --property COLUMN, such as downloads or 'own cost'"
            )
        if self.policy == "cff" and self.cff_a is None:
            raise OptionError("policy 'cff' needs its factor A: --cff-a NUMBER between 0 and 1")
        if self.cff_a is not None and not 0 <= self.cff_a <= 1:
            raise OptionError(f"the factor A must lie between 0 and 1, not {self.cff_a}")
        if self.as_of is not None:
            object.__setattr__(self, "as_of", _iso_day(self.as_of))

    @builtins.property  # the field above hides the plain name
    def unit(self) -> str:
        """The unit of the impact."""
        return IMPACTS[self.impact].unit

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON shows them; arguments of other policies are left out."""
        fields = asdict(self) | {"unit": self.unit}
        unused = set()
        if self.factors is None:
            unused.add("factors")
        else:
            fields["factors_sha256"] = _sha256(self.factors)
        if self.policy != "property":
            unused.add("property")
        if self.policy != "cff":
            unused |= {"cff_a", "quality"}
        return {key: value for key, value in fields.items() if key not in unused}


def _sha256(file: str) -> str:
    """Return the digest of a file of factors; raises `OptionError` where it cannot be read."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        raise OptionError(
            f"--factors {file!r} cannot be read: {error.strerror or error}; give a CSV file"
        ) from None


def _iso_day(value: str | date) -> str:
    """Return a date, or a moment in UTC, as ISO text that compares with the dates of the graph."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    form = _DAY.fullmatch(text)
    try:
        if form is None:
            raise ValueError
        moment = datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)
    except ValueError:
        raise OptionError(f"as-of {text!r} is not a date; write it as 2024-12-31") from None
    if form[1] is None:
        return text
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
