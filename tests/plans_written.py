"""Plans that several tests compare."""

from collections.abc import Mapping
from typing import Any

from lineage.strategies import Plan

__all__ = ["bloomz", "distilbert", "made"]


def made(**changes: Any) -> Plan:
    """Return a small plan in carbon; sections are merged key by key."""
    tables: dict[str, Any] = {
        "tasks": 4,
        "inferences": 100,
        "base": {"epc": "100 g"},
        "reuse": {"adaptation": "5 g", "inference": "0.2 g"},
        "scratch": {"training": "50 g", "inference": "0.1 g"},
    }
    for name, value in changes.items():
        tables[name] = {**tables.get(name, {}), **value} if isinstance(value, Mapping) else value
    return Plan(**tables)


def bloomz(base_kwh: float, tuned_kwh: float, inference: str) -> Plan:
    """Return the plan of a model tuned from BLOOM: energies as published, one task."""
    return Plan(
        impact="energy",
        inferences=1_000_000,
        base={"epc": f"{base_kwh!r} kWh"},
        reuse={"adaptation": f"{tuned_kwh!r} kWh", "inference": inference},
        scratch={"training": f"{base_kwh!r} kWh", "inference": inference},
    )


def distilbert(bert_kwh: float, distillation_kwh: float) -> Plan:
    """Return the plan of serving DistilBERT in place of BERT: inference at 60 %, 0.015 against 0.025 kWh."""
    return Plan(
        impact="energy",
        mode="consequential",
        inferences=100_000,
        base={"epc": f"{bert_kwh!r} kWh"},
        reuse={"adaptation": f"{distillation_kwh!r} kWh", "inference": "0.015 kWh"},
        scratch={"training": 0, "inference": "0.025 kWh"},
    )
