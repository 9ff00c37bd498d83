"""The columns that the engine's tables share, and sums over them.

Every product carries its figures as five columns: `lo`, `best` and `hi` with unknown counted as 0, `open` where hi has
no end, and `some` where anything is known.
"""

from functools import reduce
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["FIGURES", "FLAGS", "STATE", "added", "number", "summed", "union"]

FIGURES: Final = ("lo", "best", "hi")
FLAGS: Final = ("open", "some")
STATE: Final = (*FIGURES, *FLAGS)


def number(value: "Column") -> "Column":
    """Return a number as a double; NaN is null, since Spark takes it for the largest of numbers."""
    from pyspark.sql import functions as F

    double = value.cast("double")
    return F.when(~F.isnan(double), double)


def summed(share: "Column", passes: "Column", of: str) -> "list[Column]":
    """Return the aggregates of what arrives: share times each figure of a table, and what is passed on with it."""
    from pyspark.sql import functions as F

    figures = [F.sum(share * F.col(f"{of}.{name}")).alias(f"in_{name}") for name in FIGURES]
    return figures + [F.max(passes & F.col(f"{of}.{name}")).alias(f"in_{name}") for name in FLAGS]


def added(of: str) -> "list[Column]":
    """Return a table's figures with what has arrived, which may be nothing."""
    from pyspark.sql import functions as F

    figures = [
        (F.col(f"{of}.{name}") + F.coalesce(F.col(f"in_{name}"), F.lit(0.0))).alias(name) for name in FIGURES
    ]
    flags = [
        (F.col(f"{of}.{name}") | F.coalesce(F.col(f"in_{name}"), F.lit(False))).alias(name) for name in FLAGS
    ]
    return figures + flags


def union(frames: "list[DataFrame]") -> "DataFrame":
    """Return the rows of one or more tables of the same columns."""
    return reduce(lambda left, right: left.unionByName(right), frames)
