"""How a product's EPC is written off over its life: the periods of a schedule, and what is due (see kernels)."""

from dataclasses import dataclass
from typing import Final

from lineage.errors import OptionError
from lineage.kernels.depreciation import SCHEDULES, charged_share, rate_over, true_up
from lineage.kernels.jobs_values import times

__all__ = ["HOURS_OF_YEAR", "Charge", "Terms", "WriteOff"]

HOURS_OF_YEAR: Final = 8760.0
_MOST_YEARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a product's cost is written off: the schedule, and what is expected where it is not as the graph says."""

    schedule: str = "straight"
    lifetime_h: float | None = None
    inferences: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no product can have. Raises `OptionError`."""
        if self.schedule not in SCHEDULES:
            raise OptionError(f"there is no schedule {self.schedule!r}; use one of {', '.join(SCHEDULES)}")
        for name, value in (("lifetime", self.lifetime_h), ("inferences", self.inferences)):
            if value is not None and not 0 < value < float("inf"):
                raise OptionError(f"{name} must be above 0, not {value:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a schedule charges in one period, of the EPC and of the burden (`additive`); `left` is to come.

    `per_inference` divides by the inferences of the period, where these are known.
    """

    period: str
    inferences: float | None
    share: float
    charged: float | None
    left: float | None
    per_inference: float | None
    additive: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """A product's EPC (`amount`) and burden (`additive`) under a schedule; None is unknown.

    `first_expected` are the inferences that were expected at first, `expected` those expected now, `used` those
    that the known jobs stand for.
    """

    schedule: str
    amount: float | None
    additive: float | None
    lifetime_h: float | None
    age_h: float | None
    expected: float | None
    first_expected: float | None
    used: float

    def per_use(self, amount: float | None) -> float | None:
        """Return what an inference from now on pays of an amount, true-up included."""
        if amount is None or not self.expected or not self.first_expected:
            return None
        return true_up(amount, self.first_expected, self.used, self.expected)[2]

    def rate_now(self) -> float | None:
        """Return the rate in the current year of life, in rates of the straight line; of the first, if of no age."""
        if self.schedule == "straight":
            return 1.0
        if not self.lifetime_h:
            return None
        start = min((self.age_h or 0.0) // HOURS_OF_YEAR * HOURS_OF_YEAR, self.lifetime_h)
        end = min(start + HOURS_OF_YEAR, self.lifetime_h)
        return rate_over(self.schedule, start / self.lifetime_h, end / self.lifetime_h)

    def charges(self) -> list[Charge]:
        """Return what the schedule charges: year by year, or by use so far and from now on."""
        if self.schedule == "per-use":
            return self._by_use()
        lifetime = self.lifetime_h
        if not lifetime or lifetime > _MOST_YEARS * HOURS_OF_YEAR:
            return []
        ends = [HOURS_OF_YEAR * year for year in range(1, int(lifetime // HOURS_OF_YEAR) + 1)]
        if not ends or ends[-1] < lifetime:
            ends.append(lifetime)
        charges, start = [], 0.0
        for year, end in enumerate(ends, 1):
            before, after = (charged_share(self.schedule, hours / lifetime) for hours in (start, end))
            name = f"year {year}" if end - start == HOURS_OF_YEAR else f"year {year} (to {end:,.0f} h)"
            inferences = times(self.expected, (end - start) / lifetime)
            charges.append(self._charge(name, inferences, after - before, 1 - after))
            start = end
        return charges

    def _by_use(self) -> list[Charge]:
        if not self.expected or not self.first_expected:
            return []
        charged, left, _ = true_up(1.0, self.first_expected, self.used, self.expected)
        charges = [self._charge("so far", self.used, charged, left)] if self.used else []
        if self.expected > self.used:
            charges.append(self._charge("from now on", self.expected - self.used, left, 0.0))
        return charges

    def _charge(self, period: str, inferences: float | None, share: float, left: float) -> Charge:
        charged = times(self.amount, share)
        return Charge(
            period=period,
            inferences=inferences,
            share=share,
            charged=charged,
            left=times(self.amount, left),
            per_inference=times(charged, 1 / inferences) if inferences else None,
            additive=times(self.additive, share),
        )

    def due(self) -> float | None:
        """Return what is left to charge although no more use is expected; below 0 where too much was charged."""
        if (
            self.schedule != "per-use"
            or not self.expected
            or not self.first_expected
            or self.used < self.expected
        ):
            return 0.0
        if self.amount is None:
            return None
        return true_up(self.amount, self.first_expected, self.used, self.expected)[1]
