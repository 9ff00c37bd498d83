"""What every product carries, released from the sources on: a product when all its parents have been.

A round releases all that is ready, so that there are as many rounds as levels; runs of products with one parent each
would make a round of every product, and are contracted where they dominate (`lineage.spark.chains`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lineage.spark.chains import contract, expand
from lineage.spark.columns import STATE, added, summed, union
from lineage.spark.sessions import SMALL, keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["Released", "Round", "release"]

NARROW: Final = 16  # a frontier of less than one in so many products promises many rounds
MERGED: Final = 8  # so many rounds' results are joined to one table


class Round(NamedTuple):
    """What one round did: `kind` is "release" or "contract"; products released or contracted; products left."""

    kind: str
    products: int
    left: int
    edges: int


class Released(NamedTuple):
    """Code and figures of what was released, and whether that is all."""

    figures: "DataFrame"
    complete: bool


class _Left(NamedTuple):
    """What has not been released: products, those ready, those that wait for one edge, edges."""

    products: int
    ready: int
    single: int
    edges: int

    @property
    def chained(self) -> bool:
        """Whether runs of single parents dominate what is left."""
        waiting = self.products - self.ready
        return 2 * self.single >= waiting > NARROW * self.ready


def release(nodes: "DataFrame", edges: "DataFrame", tell: Callable[[Round], Any]) -> Released:
    """Return the figures of every product that is on no cycle and under none.

    nodes  code, figures: what does not come over these edges
    edges  parent, child, w, passes; both ends are nodes
    """
    from pyspark.sql import functions as F

    edges = keep(
        edges.select("parent", "child", "w", "passes").repartition("parent").sortWithinPartitions("parent")
    )
    parents = edges.groupBy(F.col("child").alias("code")).agg(F.count("*").alias("waiting"))
    joined = nodes.join(parents, "code", "left")
    nodes = keep(joined.select("code", F.coalesce("waiting", F.lit(0)).alias("waiting"), *STATE))
    done: list[DataFrame] = []
    runs: list[DataFrame] = []
    left = _counted(nodes)
    stored, fruitless = left.edges, -1
    while left.ready or (left.chained and left.products != fruitless):
        if left.chained and left.products != fruitless:
            made = contract(nodes, edges)
            nodes, edges = made.nodes, made.edges
            left = _counted(nodes)
            stored, fruitless = left.edges, fruitless if made.contracted else left.products
            runs.append(made.links)
            tell(Round("contract", made.contracted, left.products, left.edges))
            continue
        ready = nodes.where("waiting = 0").drop("waiting")
        done = _merged([*done, ready])
        nodes = _after(nodes, edges, ready, small=left.ready <= SMALL)
        released, left = left.ready, _counted(nodes)
        tell(Round("release", released, left.products, left.edges))
        if 2 * left.edges < stored:  # the rest has been passed on
            edges = keep(edges.join(nodes.select(F.col("code").alias("parent")), "parent", "left_semi"))
            stored = left.edges
    solved = keep(union([*done, nodes.where("false").drop("waiting")]))
    for links in reversed(runs):
        solved = keep(solved.unionByName(expand(links, solved)))
    return Released(solved, left.products == 0)


def _counted(nodes: "DataFrame") -> _Left:
    from pyspark.sql import functions as F

    row = nodes.agg(
        F.count("*"),
        F.count_if(F.col("waiting") == 0),
        F.count_if(F.col("waiting") == 1),
        F.coalesce(F.sum("waiting"), F.lit(0)),
    ).first()
    assert row is not None
    return _Left(*(int(value) for value in row))


def _after(nodes: "DataFrame", edges: "DataFrame", ready: "DataFrame", *, small: bool) -> "DataFrame":
    """Return the products that wait, with what the ready ones hand on to them."""
    from pyspark.sql import functions as F

    source = (F.broadcast(ready) if small else ready).alias("r")
    hits = edges.alias("e").join(source, F.col("e.parent") == F.col("r.code"))
    arriving = hits.groupBy(F.col("e.child").alias("code")).agg(
        F.count("*").alias("arrived"), *summed(F.col("e.w"), F.col("e.passes"), "r")
    )
    waiting = nodes.where("waiting > 0").alias("n").join(arriving, "code", "left")
    return keep(
        waiting.select(
            "code", (F.col("waiting") - F.coalesce("arrived", F.lit(0))).alias("waiting"), *added("n")
        )
    )


def _merged(done: "list[DataFrame]") -> "list[DataFrame]":
    """Join the results of many rounds, so that the tables they were taken from can go."""
    if len(done) < MERGED:
        return done
    return [keep(union(done))]
