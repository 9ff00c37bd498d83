"""Shares by policy, as `lineage.kernels.weights` divides them, by sums over each parent's edges."""

from typing import TYPE_CHECKING, Final, NamedTuple

from lineage.kernels.weights import HUGE, TOLERANCE
from lineage.run import Run

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["Shares", "shares"]

SCORED: Final = ("property", "cff", "merge")


class Shares(NamedTuple):
    """What a policy decided.

    edges    parent, child, w, passes (w is not 0)
    nodes    code, user, children (has any), retained (null under `full`), missing (a value that the policy needs)
    guessed  parent, child, parents: merges without a coefficient; None under other policies
    """

    edges: "DataFrame"
    nodes: "DataFrame"
    guessed: "DataFrame | None"


def shares(run: Run, nodes: "DataFrame", edges: "DataFrame") -> Shares:
    """Divide every product among its children and its own use.

    nodes  code, user, value (of `property` by a product column and of `cff`, null where missing)
    edges  parent, child, explicit (null where the policy decides), value (`property` by an edge column, merge
           coefficient), merge
    """
    from pyspark.sql import functions as F

    scored = _scored(run, nodes, edges)
    given = scored.groupBy(F.col("parent").alias("code")).agg(
        F.count("*").alias("all"),
        F.coalesce(F.sum("explicit"), F.lit(0.0)).alias("stated"),
        F.count_if(F.col("explicit").isNull()).alias("open"),
        F.coalesce(F.sum(F.when(F.col("explicit").isNull(), F.col("score"))), F.lit(0.0)).alias("scores"),
        F.count_if(F.col("explicit").isNull() & F.col("unknown")).alias("unknowns"),
    )
    zeros = {"all": 0, "stated": 0.0, "open": 0, "scores": 0.0, "unknowns": 0}
    divided = _divided(run, nodes.join(given, "code", "left").fillna(zeros))
    factors = divided.select(F.col("code").alias("parent"), "divides", "safe", "falls_back")
    score = F.when(F.col("falls_back"), F.lit(1.0)).otherwise(F.col("score"))
    weighed = scored.join(factors, "parent").select(
        "parent", "child", F.coalesce("explicit", F.col("divides") * (score / F.col("safe"))).alias("w")
    )
    kept = divided.select(
        "code", "user", (F.col("all") > 0).alias("children"), "retained", F.col("falls_back").alias("missing")
    )
    guessed = None
    if run.policy == "merge":
        wanting = F.col("unknown") & F.col("explicit").isNull() & F.col("merge")
        guessed = scored.where(wanting).select("parent", "child", "parents")
    return Shares(weighed.withColumn("passes", F.col("w") != 0), kept, guessed)


def _scored(run: Run, nodes: "DataFrame", edges: "DataFrame") -> "DataFrame":
    """Return the edges with `score`, by which the policy divides, and `unknown` where it has to be guessed."""
    from pyspark.sql import functions as F

    if run.policy == "merge":
        counted = edges.groupBy("child").agg(F.count("*").alias("parents"))
        stated = F.coalesce(F.abs("value"), 1.0 / F.col("parents"))
        score = F.when(F.col("merge"), stated).otherwise(F.lit(1.0))
        return edges.join(counted, "child").withColumns({"score": score, "unknown": F.col("value").isNull()})
    if run.policy == "property" and "value" in edges.columns:
        value = F.col("value")
    elif run.policy in ("property", "cff"):
        below = nodes.select(F.col("code").alias("child"), F.col("value").alias("below"))
        edges = edges.join(below, "child")
        value = F.col("below")
    else:
        return edges.withColumns({"score": F.lit(1.0), "unknown": F.lit(False)})
    if run.policy == "cff":
        above = nodes.select(F.col("code").alias("parent"), F.col("value").alias("above"))
        ratio = F.when((value >= 0) & (F.col("above") > 0), F.least(F.lit(1.0), value / F.col("above")))
        edges = edges.join(above, "parent")
    else:
        ratio = F.when(value >= 0, value) / _scale(nodes, edges.select(value.alias("value")))
    return edges.withColumns({"score": F.coalesce(ratio, F.lit(0.0)), "unknown": ratio.isNull()})


def _scale(nodes: "DataFrame", edges: "DataFrame") -> float:
    """Return what values are divided by so that their sums stay finite: 1, or the largest where that is huge."""
    from pyspark.sql import functions as F

    row = nodes.select("value").unionByName(edges).agg(F.max("value")).first()
    assert row is not None
    return float(row[0]) if row[0] is not None and row[0] > HUGE else 1.0


def _divided(run: Run, nodes: "DataFrame") -> "DataFrame":
    """Return the products with what is left to divide (`divides`), by how much (`safe`), and what they retain."""
    from pyspark.sql import functions as F

    surplus = 1.0 - F.col("stated")
    nodes = nodes.withColumn("surplus", F.when(F.abs(surplus) <= TOLERANCE, 0.0).otherwise(surplus))
    nodes = nodes.withColumn("left", F.greatest("surplus", F.lit(0.0)))
    children = F.col("open").cast("double")
    own, wanting = _own_use(run, nodes)
    falls_back = F.coalesce(wanting & (children > 0), F.lit(False))
    nodes = nodes.withColumn("falls_back", falls_back)
    own = F.when(F.col("falls_back"), 1.0).otherwise(F.coalesce(own, F.lit(0.0)))
    own = F.when(F.col("user"), own).otherwise(0.0)
    total = F.when(F.col("falls_back"), children).otherwise(F.col("scores")) + own
    safe = F.when(total > 0, total).otherwise(1.0)
    divides, retained = F.col("left"), F.col("left") * (own / safe)
    if run.policy == "cff":
        circular = F.col("user") & ~F.col("falls_back")
        divides = F.when(circular, F.col("left") * (1.0 - (run.cff_a or 0.0))).otherwise(divides)
        safe = F.when(circular, F.greatest(children, F.lit(1.0))).otherwise(safe)
        retained = F.when(circular, F.col("left") - divides * (F.col("scores") / safe)).otherwise(retained)
    elif run.policy == "cutoff":
        divides, retained = F.lit(0.0), F.col("left")
    elif run.policy == "full":
        divides, safe = F.lit(1.0), F.lit(1.0)
    nobody = (F.col("open") == 0) | (F.col("surplus") < 0)
    kept = F.when(nobody, F.col("surplus")).otherwise(retained)
    if run.policy == "full":
        kept = F.lit(None).cast("double")
    return nodes.withColumns({"divides": divides, "safe": safe, "retained": kept})


def _own_use(run: Run, nodes: "DataFrame") -> "tuple[Column, Column]":
    """Return the score of a product's own use, and whether it shares equally for want of what the policy needs."""
    from pyspark.sql import functions as F

    idle = ~F.col("user") & ~(F.col("scores") > 0)
    if run.policy == "property":
        own = F.when(F.col("value") >= 0, F.col("value")) / F.lit(_scale(nodes, nodes.select("value")))
        wanting = (F.col("unknowns") > 0) | (F.col("user") & own.isNull())
        used = F.when(F.col("user"), F.coalesce(own, F.lit(0.0))).otherwise(0.0)
        return own, wanting | ~(F.col("scores") + used > 0)
    if run.policy == "cff":
        return F.lit(0.0), (F.col("unknowns") > 0) | idle
    if run.policy == "merge":
        return F.lit(1.0), idle
    if run.policy == "half":
        return F.col("open").cast("double"), F.lit(False)
    return F.lit(1.0 if run.retain else 0.0), F.lit(False)
