"""Which names of hardware and electricity the factors know, before any factor is chosen."""

from functools import cache

from lineage.factors.devices import device_names
from lineage.factors.places import place_code
from lineage.factors.tables import shipped

__all__ = ["known_contract", "known_device", "known_place"]


@cache
def _named(kind: str, basis: str = "") -> frozenset[str]:
    return frozenset(
        row.name.lower() for row in shipped() if row.kind == kind and row.basis.startswith(basis)
    )


def known_place(name: str) -> bool:
    """Tell whether a name is that of a place, so that a location-based intensity is known for it.

    >>> known_place("Sweden"), known_place("nowhere")
    (True, False)
    """
    return place_code(name) is not None


def known_contract(name: str) -> bool:
    """Tell whether a market-based intensity is known under a name.

    >>> known_contract("meta"), known_contract("FR")
    (True, False)
    """
    return name.strip().lower() in _named("grid", "market")


def known_device(name: str) -> bool:
    """Tell whether a name is that of an accelerator of the tables.

    >>> known_device("Tesla V100"), known_device("abacus")
    (True, False)
    """
    return any(text.lower() in _named("power") for text in (name, *device_names(name)))
