"""What tests of this package and of other packages build on."""

from lineage.testing.builder import graph
from lineage.testing.importers import ImporterContract
from lineage.testing.stores import ReadingContract, StoreContract

__all__ = ["ImporterContract", "ReadingContract", "StoreContract", "graph"]
