"""What a cost consists of: the figures of one product, conservation and coverage."""

from dataclasses import dataclass
from typing import Any

from lineage.views.interval import Interval

__all__ = ["Conservation", "Coverage", "ProductCost"]


@dataclass(frozen=True, slots=True)
class Conservation:
    """Whether every known unit of own cost is carried exactly once: sum of burden = sum of own.

    It applies only where no product is over-allocated; `over_allocated` is what explicit weights hand out twice,
    None where that is not known or the policy has no retained share.
    """

    applies: bool
    sum_own: float | None
    sum_burden: float | None
    relative_error: float | None
    over_allocated: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known: products by tier of their own cost, and the known cost by tier (shares of 1).

    `known` counts the products with a best value, of all `total`.
    """

    products: dict[str, int]
    cost: dict[str, float]
    known: int
    total: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {"products": self.products, "cost": self.cost}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCost:
    """The four views of one product; `covered` is the part of it and its ancestors with a known own cost."""

    id: str
    name: str
    kind: str
    own: Interval
    tier: str
    cumulative: Interval
    epc: Interval | None
    retained_share: float | None
    burden: Interval | None
    covered: float
    known: int
    members: int

    @property
    def carried(self) -> Interval | None:
        """EPC, or the burden where the policy has no EPC."""
        return self.burden if self.epc is None else self.epc

    @property
    def upstream_share(self) -> float | None:
        """The part of EPC that is inherited; None where that is not known."""
        if self.epc is None or self.own.best is None or not self.epc.best:
            return None
        # Where nothing known is inherited, that is no 0 if something unknown, or known by bounds only, may be.
        wider = self.epc.hi is None or (self.known < self.members and self.epc.hi != self.own.hi)
        if self.members > 1 and self.epc.best == self.own.best and wider:
            return None
        return 1.0 - self.own.best / self.epc.best

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "id": self.id,
            "name": self.name,
            "own": self.own.as_dict() | {"tier": self.tier},
            "cumulative": self.cumulative.as_dict(),
            "epc": self.epc and self.epc.as_dict(),
            "retained_share": self.retained_share,
            "burden": self.burden and self.burden.as_dict(),
            "covered": self.covered,
        }
