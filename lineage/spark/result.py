"""The result of a run on Spark: a table that stays with the workers, and the sums over it."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from lineage.findings import Finding
from lineage.run import Run
from lineage.schema import IMPACTS, TIERS
from lineage.spark.columns import FIGURES
from lineage.spark.release import Round
from lineage.views.interval import Interval
from lineage.views.rows import Conservation, Coverage

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

__all__ = ["SparkCost", "assembled", "conservation", "coverage", "figure", "suffix"]

VIEWS: Final = ("own", "cumulative", "epc", "burden")


def suffix(run: Run) -> str:
    """Return the unit of a run's figures as the end of a column's name."""
    return IMPACTS[run.impact].column.rsplit("_", 1)[1]


@dataclass(frozen=True)
class SparkCost:
    """Own cost, EPC, burden and retained share of every product, as `lineage.cost` computes them.

    `table` has a row for each product that existed, in no order, with the columns of `lineage cost --format parquet`.
    `cumulative_*` and `covered` are null: they take a walk over the distinct ancestors of every product.
    `found` lists findings of single products (code, subject, text), `counts` says how many there are of each code;
    `findings` has one for each of these codes, besides those on cycles, jobs and tables.
    """

    run: Run
    digest: str | None
    table: "DataFrame"
    found: "DataFrame"
    findings: tuple[Finding, ...]
    counts: dict[str, int]
    rounds: tuple[Round, ...]
    conservation: Conservation
    coverage: Coverage

    engine: ClassVar = "spark"
    sharing: ClassVar = None  # policies without edge weights are refused
    dropped: ClassVar[tuple[tuple[str, str], ...]] = ()  # and so are cycles that are to be broken

    @property
    def unit(self) -> str:
        """The unit of every figure."""
        return self.run.unit

    def write(self, folder: str) -> None:
        """Write costs.parquet, findings.parquet and, last of all, run.parquet into a new folder."""
        place = folder.rstrip("/")
        self.table.write.parquet(f"{place}/costs.parquet")
        self.found.write.parquet(f"{place}/findings.parquet")
        self._facts.write.parquet(f"{place}/run.parquet")

    @property
    def _facts(self) -> "DataFrame":
        """One row: the options, conservation, and coverage by tier."""
        from pyspark.sql import functions as F

        from lineage import __version__

        told: dict[str, Any] = {f"run_{name}": value for name, value in self.run.as_dict().items()}
        told |= {"engine": self.engine, "version": __version__, "graph": self.digest}
        told |= {f"conservation_{name}": value for name, value in self.conservation.as_dict().items()}
        told |= {"products": self.coverage.total, "products_known": self.coverage.known}
        told |= {f"products_{_plain(tier)}": self.coverage.products.get(tier, 0) for tier in TIERS}
        told |= {f"cost_share_{_plain(tier)}": self.coverage.cost.get(tier, 0.0) for tier in TIERS}
        columns = [
            F.lit(value)
            .cast(_TYPES.get(type(value), "double" if name.startswith("conservation") else "string"))
            .alias(name)
            for name, value in told.items()
        ]
        return self.table.sparkSession.range(0, 1, 1, 1).select(*columns)

    def rows(self, ids: list[str]) -> "list[Row]":
        """Return the rows of some products, in the order asked for; those that there are not are missing."""
        found = {row["id"]: row for row in self.table.where(self.table["id"].isin(ids)).collect()}
        return [found[name] for name in ids if name in found]

    def top(self, count: int) -> "list[Row]":
        """Return the rows of the products with the largest known EPC, ties by id."""
        from pyspark.sql import functions as F

        epc = F.col(f"epc_{suffix(self.run)}")
        return list(self.table.where(epc.isNotNull()).orderBy(epc.desc(), "id").limit(count).collect())


_TYPES: Final = {bool: "boolean", int: "bigint", float: "double", str: "string"}


def _plain(tier: str) -> str:
    return tier.replace("-", "_")


def figure(row: "Row", view: str, run: Run) -> Interval:
    """Return a view of one row as an interval."""
    stem = f"{view}_{suffix(run)}"
    return Interval(row[f"{stem}_lo"], row[stem], row[f"{stem}_hi"])


def assembled(run: Run, products: "DataFrame", solved: "DataFrame", retained: "DataFrame") -> "DataFrame":
    """Return the columns of the result: `products` (code, id, name, kind, tier, lo, best, hi), figures, shares."""
    from pyspark.sql import functions as F

    joined = (
        products.alias("p").join(solved.alias("s"), "code").join(retained.select("code", "retained"), "code")
    )
    r, end = F.col("retained"), suffix(run)
    epc = {
        "lo": F.col("s.lo"),
        "best": F.when(F.col("s.some"), F.col("s.best")),
        "hi": F.when(~F.col("s.open"), F.col("s.hi")),
    }
    turned = {"lo": "hi", "best": "best", "hi": "lo"}  # a negative share swaps the bounds
    burden = {
        name: F.when(r == 0, 0.0).when(r > 0, r * epc[name] + 0.0).when(r < 0, r * epc[turned[name]] + 0.0)
        for name in FIGURES
    }
    nothing = F.lit(None).cast("double")
    views: dict[str, dict[str, Column]] = {
        "own": {name: F.col(f"p.{name}") for name in FIGURES},
        "cumulative": dict.fromkeys(FIGURES, nothing),
        "epc": epc,
        "burden": burden,
    }
    ends = {"best": "", "lo": "_lo", "hi": "_hi"}
    figures = [
        views[view][name].alias(f"{view}_{end}{ending}") for view in VIEWS for name, ending in ends.items()
    ]
    name = F.coalesce(F.when(F.col("name") != "", F.col("name")), F.expr("substring(id, instr(id, ':') + 1)"))
    return joined.select(
        "id",
        name.alias("name"),
        "kind",
        "tier",
        *figures,
        r.alias("retained_share"),
        nothing.alias("covered"),
    )


def conservation(run: Run, table: "DataFrame") -> Conservation:
    """Compare the sum of burdens with the sum of own costs, as `Cost.conservation` does."""
    from pyspark.sql import functions as F

    end, r = suffix(run), F.col("retained_share")
    handed_out = F.when(r < 0, -r * F.col(f"epc_{end}"))
    row = table.agg(
        F.sum(f"own_{end}").alias("own"),
        F.coalesce(F.sum(f"burden_{end}"), F.lit(0.0)).alias("burden"),
        F.count_if(r < 0).alias("over"),
        F.sum(handed_out).alias("handed_out"),
    ).first()
    assert row is not None
    if run.policy == "full":
        return Conservation(False, row["own"], None, None, None)
    over = row["handed_out"] if row["over"] else 0.0
    if row["own"] is None:
        return Conservation(not row["over"], None, None, None, over)
    error = abs(row["burden"] - row["own"])
    return Conservation(
        not row["over"], row["own"], row["burden"], error / abs(row["own"]) if row["own"] else error, over
    )


def coverage(run: Run, table: "DataFrame") -> Coverage:
    """Count products and known cost by tier."""
    from pyspark.sql import functions as F

    own = f"own_{suffix(run)}"
    rows = table.groupBy("tier").agg(F.count("*"), F.count(own), F.coalesce(F.sum(own), F.lit(0.0))).collect()
    by_tier = {row[0]: (row[1], row[2], row[3]) for row in rows}
    total = math.fsum(part for _, _, part in by_tier.values())
    products = {tier: by_tier.get(tier, (0,))[0] for tier in TIERS if tier in by_tier or tier == "unknown"}
    share = {
        tier: by_tier[tier][2] / total for tier in TIERS if tier in by_tier and total and by_tier[tier][2]
    }
    known, count = (sum(item[place] for item in by_tier.values()) for place in (1, 0))
    return Coverage(products, share, known, count)
