"""Runs of products with one parent each, contracted by pointer jumping.

Along such a run every figure is x -> a + b x of the product the run hangs on. Two such maps compose to one, so that
doubling the step joins a run of length n in log2(n) rounds (Wyllie 1979) instead of n.
"""

from typing import TYPE_CHECKING, NamedTuple

from lineage.spark.columns import FIGURES, FLAGS, added
from lineage.spark.sessions import keep

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["Contracted", "contract", "expand"]


class Contracted(NamedTuple):
    """A graph without its runs: `links` says of each product of one what it is of its `root`.

    nodes  code, waiting (edges that have not arrived), figures
    edges  parent, child, w, passes (w is not 0, nor made of one that is)
    links  code, root, w, passes, figures: x(code) = figures + w x(root)
    """

    nodes: "DataFrame"
    edges: "DataFrame"
    links: "DataFrame"
    contracted: int


def contract(nodes: "DataFrame", edges: "DataFrame") -> Contracted:
    """Take every product with one parent out of a graph, except those on and under cycles of such products."""
    from pyspark.sql import functions as F

    live = keep(edges.join(nodes.select(F.col("code").alias("parent")), "parent", "left_semi"))
    single = nodes.where("waiting = 1").drop("waiting")
    links = single.join(live.withColumnRenamed("child", "code"), "code").withColumnRenamed("parent", "root")
    settled = keep(_jumped(links))
    rest = live.join(settled.select(F.col("code").alias("child")), "child", "left_anti").alias("e")
    moved = rest.join(settled.alias("l"), F.col("e.parent") == F.col("l.code"), "left")
    redirected = keep(
        moved.select(
            F.coalesce("l.root", "e.parent").alias("parent"),
            "e.child",
            (F.col("e.w") * F.coalesce("l.w", F.lit(1.0))).alias("w"),
            (F.col("e.passes") & F.coalesce("l.passes", F.lit(True))).alias("passes"),
            *_arriving(),
        )
        .groupBy("parent", "child")
        .agg(
            F.sum("w").alias("w"),
            F.max("passes").alias("passes"),
            *(F.sum(f"in_{name}").alias(f"in_{name}") for name in FIGURES),
            *(F.max(f"in_{name}").alias(f"in_{name}") for name in FLAGS),
        )
        .repartition("parent")
        .sortWithinPartitions("parent")
    )
    constants = redirected.groupBy(F.col("child").alias("code")).agg(
        F.count("*").alias("parents"),
        *(F.sum(f"in_{name}").alias(f"in_{name}") for name in FIGURES),
        *(F.max(f"in_{name}").alias(f"in_{name}") for name in FLAGS),
    )
    left = nodes.join(settled.select("code"), "code", "left_anti").alias("n").join(constants, "code", "left")
    kept = keep(left.select("code", F.coalesce("parents", F.lit(0)).alias("waiting"), *added("n")))
    return Contracted(kept, redirected.select("parent", "child", "w", "passes"), settled, settled.count())


def expand(links: "DataFrame", solved: "DataFrame") -> "DataFrame":
    """Return the figures of the products of runs, of those whose root has been solved."""
    from pyspark.sql import functions as F

    joined = links.alias("l").join(solved.alias("s"), F.col("l.root") == F.col("s.code"))
    return joined.select("l.code", *_composed("l", "s"))


def _jumped(links: "DataFrame") -> "DataFrame":
    """Let every link point at the end of its run; what never ends lies on or under a cycle and is left out."""
    from pyspark.sql import functions as F

    inner = links.select(F.col("code").alias("root"), F.lit(True).alias("inner"))
    links = keep(
        links.join(inner, "root", "left").withColumn("settled", F.col("inner").isNull()).drop("inner")
    )
    before = -1
    while (open_ended := links.where("not settled").count()) not in (0, before):
        before = open_ended
        joined = (
            links.where("not settled").alias("l").join(links.alias("s"), F.col("l.root") == F.col("s.code"))
        )
        moved = joined.select(
            "l.code",
            "s.root",
            (F.col("l.w") * F.col("s.w")).alias("w"),
            (F.col("l.passes") & F.col("s.passes")).alias("passes"),
            "s.settled",
            *_composed("l", "s"),
        )
        links = keep(links.where("settled").unionByName(moved))
    return links.where("settled").drop("settled")


def _composed(below: str, above: str) -> "list[Column]":
    """Return figures of `below` plus its share of those of `above`."""
    from pyspark.sql import functions as F

    figures = [
        (F.col(f"{below}.{name}") + F.col(f"{below}.w") * F.col(f"{above}.{name}")).alias(name)
        for name in FIGURES
    ]
    flags = [
        (F.col(f"{below}.{name}") | (F.col(f"{below}.passes") & F.col(f"{above}.{name}"))).alias(name)
        for name in FLAGS
    ]
    return figures + flags


def _arriving() -> "list[Column]":
    """Return what an edge brings of a contracted parent's own, nothing where the parent stays."""
    from pyspark.sql import functions as F

    figures = [(F.col("e.w") * F.coalesce(f"l.{name}", F.lit(0.0))).alias(f"in_{name}") for name in FIGURES]
    flags = [
        (F.col("e.passes") & F.coalesce(f"l.{name}", F.lit(False))).alias(f"in_{name}") for name in FLAGS
    ]
    return figures + flags
