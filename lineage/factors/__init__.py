"""Factors: cited numbers with a range, for hardware, electricity and data centres (docs/factors.md)."""

from lineage.factors.factor import KINDS, Accelerator, Choice, Factor
from lineage.factors.shelf import FactorSource, Shelf, shared_shelf, shelf

__all__ = ["KINDS", "Accelerator", "Choice", "Factor", "FactorSource", "Shelf", "shared_shelf", "shelf"]
