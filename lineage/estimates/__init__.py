"""Estimates: what is known of a product, turned into an interval with a tier and its sources (docs/estimates.md).

Names are loaded when they are first used: whoever only reads hardware prose does not pay for the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.estimates.hardware import HardwareRun, read_hardware
    from lineage.estimates.products import Estimate, Estimates, estimate_products
    from lineage.estimates.scratch import from_scratch

# public name -> module that holds it
_WHERE = {
    "Estimate": "lineage.estimates.products",
    "Estimates": "lineage.estimates.products",
    "HardwareRun": "lineage.estimates.hardware",
    "estimate_products": "lineage.estimates.products",
    "from_scratch": "lineage.estimates.scratch",
    "read_hardware": "lineage.estimates.hardware",
}

__all__ = ["Estimate", "Estimates", "HardwareRun", "estimate_products", "from_scratch", "read_hardware"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'lineage.estimates' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
