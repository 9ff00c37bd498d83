"""Cost on Spark: read, divide, release, assemble. No step brings the graph to the driver."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage.errors import OptionError
from lineage.findings import Finding, finding
from lineage.run import WITHOUT_WEIGHTS, Run
from lineage.spark.columns import FIGURES, union
from lineage.spark.core import solve
from lineage.spark.own import JobCosts, from_jobs, totals, with_jobs
from lineage.spark.release import Round
from lineage.spark.result import SparkCost, assembled, conservation, coverage
from lineage.spark.sessions import keep, sized
from lineage.spark.source import Source
from lineage.spark.weights import Shares, shares

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["carried", "cost", "divided", "refuse"]


def cost(source: Source, run: Run | None = None, tell: Callable[[Round], Any] | None = None) -> SparkCost:
    """Compute own cost, EPC, burden and retained share of every product of a source.

    The same figures as `lineage.cost`, to 1e-12 relative (`Run.engine` does not matter here). `tell` is called after
    every round. Raises what `lineage.cost` raises, and `OptionError` for what Spark does not do: policies without edge
    weights, cycles "break" where there are cycles, imputation.
    """
    run = replace(run or Run(), engine="spark")
    refuse(run)
    rounds: list[Round] = []

    def noted(done: Round) -> None:
        rounds.append(done)
        if tell is not None:
            tell(done)

    sized(source.products.sparkSession, source.edges.count())
    made = divided(source, run)
    products, retained = made.products, keep(made.shares.nodes)
    solved = solve(run, carried(products), made.shares.edges, noted)
    table = keep(assembled(run, products, solved.figures, retained))
    found = keep(union([*made.found, *_found(run, products, retained, made.shares)]))
    counts = {row[0]: row[1] for row in found.groupBy("code").count().orderBy("code").collect()}
    return SparkCost(
        run=run,
        digest=source.digest,
        table=table,
        found=found,
        findings=(*_mended(source), *solved.findings, *made.findings, *_summed_up(counts)),
        counts=counts,
        rounds=tuple(rounds),
        conservation=conservation(run, table),
        coverage=coverage(run, table),
    )


class Divided(NamedTuple):
    """What there is to carry, and who carries which share.

    products  code, id, name, kind, user, lo, best, hi (null is unknown), tier, value
    found     findings of single products on the way; `findings` those of jobs
    """

    products: "DataFrame"
    shares: Shares
    found: "list[DataFrame]"
    findings: tuple[Finding, ...]


def divided(source: Source, run: Run) -> Divided:
    """Read what existed, with own costs, and divide every product among its children and its own use."""
    products, undated = _products(source, run)
    edges, dropped = _edges(source, run, products)
    findings: tuple[Finding, ...] = ()
    if source.small:
        jobs = from_jobs(run, source.products, source.edges, source.small)
        products, edges, findings = with_jobs(products, jobs), _with_job_weights(edges, jobs), jobs.findings
    products, edges = keep(products), keep(edges)
    return Divided(products, shares(run, products, edges), [undated, dropped], findings)


def carried(products: "DataFrame") -> "DataFrame":
    """Return code, id and the figures to be carried: unknown as 0, with flags for what is open or known."""
    from pyspark.sql import functions as F

    figures = [F.coalesce(name, F.lit(0.0)).alias(name) for name in FIGURES]
    flags = [F.col("hi").isNull().alias("open"), F.col("best").isNotNull().alias("some")]
    return products.select("code", "id", *figures, *flags)


def refuse(run: Run) -> None:
    """Raise `OptionError` for what this engine does not do, before anything is started."""
    if run.policy in WITHOUT_WEIGHTS:
        raise OptionError(
            f"engine 'spark' has no policy {run.policy!r}: it asks for the distinct users below every product; choose "
            "a policy with edge weights, or another engine"
        )
    if getattr(run, "impute", False):
        raise OptionError("engine 'spark' does not impute: leave out --impute, or choose another engine")


# -- reading ----------------------------------------------------------------------------------------------


def _products(source: Source, run: Run) -> "tuple[DataFrame, DataFrame]":
    """Return code, id, name, kind, user, figures, tier and value of what existed; and findings on dates."""
    from pyspark.sql import functions as F

    table = source.products
    deployed = F.coalesce(_column(table, "deployed", "boolean"), F.lit(False))
    user = deployed if run.users == "deployed" else deployed | (F.col("kind") == "model")
    own = totals(run, table.columns)
    value = F.lit(None).cast("double")
    if run.policy == "cff":
        value = source.numbers("products", run.quality, "--quality")
    elif _by_product(source, run):
        value = source.numbers("products", run.property or "", "--property")
    elif _by_own_cost(run):
        value = totals(replace(run, impact="carbon"), table.columns)["best"]
    born = _column(table, "created_at", "string")
    made = table.where(_by(born, run.as_of)).select(
        "code",
        "id",
        _column(table, "name", "string").alias("name"),
        "kind",
        user.alias("user"),
        value.alias("value"),
        *(column.alias(name) for name, column in own.items()),
    )
    if _by_own_cost(run) and source.small:
        jobs = from_jobs(replace(run, impact="carbon"), table, source.edges, source.small).own
        told = F.broadcast(jobs.select("code", F.col("best").alias("told"), F.lit(True).alias("has")))
        joined = made.join(told, "code", "left")
        made = joined.withColumn("value", F.when(F.col("has"), F.col("told")).otherwise(F.col("value")))
        made = made.drop("told", "has")
    late = table.where(born.isNull() if run.as_of else F.lit(False))
    return made, _finding("undated", late, F.col("id"), F.lit("no date; counts as always there"))


def _edges(source: Source, run: Run, products: "DataFrame") -> "tuple[DataFrame, DataFrame]":
    """Return parent, child, explicit, stated, value and merge of the edges that existed; and findings on dates."""
    from pyspark.sql import functions as F

    table = source.edges
    columns = {
        "parent": F.col("parent").cast("bigint"),
        "child": F.col("product").cast("bigint"),
        "explicit": _column(table, "w", "double"),
        "stated": _column(table, "weight_source", "string"),
        "merge": F.coalesce(_column(table, "relation", "string") == "merge", F.lit(False)),
    }
    if run.policy == "merge":
        columns["value"] = _column(table, "merge_weight", "double")
    elif run.policy == "property" and not _by_own_cost(run) and not _by_product(source, run):
        columns["value"] = _edge_property(source, run)
    dated = _by(_column(table, "created_at", "string"), run.as_of)
    edges = table.where(dated).select(*(value.alias(name) for name, value in columns.items()))
    nothing = _finding("dropped-edge", table.where("false"), F.lit(""), F.lit(""))
    if run.as_of is None:
        return edges, nothing
    there = products.select(F.col("code").alias("child"), F.col("id").alias("product"))
    edges = edges.join(there, "child")
    names = source.products.select(F.col("code").alias("parent"), F.col("id").alias("above"))
    kept = products.select(F.col("code").alias("parent"))
    early = edges.join(kept, "parent", "left_anti").join(names, "parent")
    text = F.concat(
        "above",
        F.lit(f" is dated after {run.as_of}, though "),
        "product",
        F.lit(" is made out of it: left out"),
    )
    dropped = _finding("dropped-edge", early, F.concat("product", F.lit(" <- "), "above"), text)
    return edges.drop("product").join(kept, "parent", "left_semi"), dropped


def _with_job_weights(edges: "DataFrame", jobs: JobCosts) -> "DataFrame":
    from pyspark.sql import functions as F

    joined = edges.join(F.broadcast(jobs.weights), ["parent", "child"], "left")
    by_job = F.col("share").isNotNull() & (F.col("stated") == "job")
    return joined.withColumn("explicit", F.when(by_job, F.col("share")).otherwise(F.col("explicit"))).drop(
        "share"
    )


def _by_own_cost(run: Run) -> bool:
    return run.policy == "property" and (run.property or "").replace("_", " ") == "own cost"


def _by_product(source: Source, run: Run) -> bool:
    return run.policy == "property" and not _by_own_cost(run) and run.property in source.products.columns


def _edge_property(source: Source, run: Run) -> "Column":
    from lineage.errors import did_you_mean

    name = run.property or ""
    if name not in source.edges.columns:
        known = [*source.products.columns, *source.edges.columns, "own cost"]
        raise OptionError(f"--property {name!r} is no column of products or edges{did_you_mean(name, known)}")
    return source.numbers("edges", name, "--property")


def _column(table: "DataFrame", name: str, kind: str) -> "Column":
    """Return a column, null where the table has none of that name."""
    from pyspark.sql import functions as F

    return (F.col(name) if name in table.columns else F.lit(None)).cast(kind)


def _by(date: "Column", as_of: str | None) -> "Column":
    from pyspark.sql import functions as F

    if as_of is None:
        return F.lit(True)
    return date.isNull() | (F.substring(date, 1, len(as_of)) <= as_of)


# -- findings ---------------------------------------------------------------------------------------------


def _finding(code: str, table: "DataFrame", subject: "Column", text: "Column") -> "DataFrame":
    from pyspark.sql import functions as F

    return table.select(F.lit(code).alias("code"), subject.alias("subject"), text.alias("text"))


def _found(run: Run, products: "DataFrame", retained: "DataFrame", decided: Shares) -> "list[DataFrame]":
    """Return what the shares give rise to."""
    from pyspark.sql import functions as F

    named = retained.join(products.select("code", "id"), "code")
    r, name = F.col("retained"), F.col("id")
    wanted = {"property": run.property, "cff": run.quality}.get(run.policy, "merge coefficient")
    missing = F.lit(
        f"{wanted} is missing here or at a child, or all are 0; its children share equally instead"
    )
    over = F.concat(
        F.lit("explicit weights hand out "), _percent(1 - r), F.lit(" of it; lower them to 100 % in all")
    )
    idle = F.concat(_percent(r), F.lit(" of it stays with a product that is not used itself"))
    found = [
        _finding("missing-property", named.where("missing"), name, missing),
        _finding("over-allocated", named.where(r < 0), name, over),
        _finding("unallocated", named.where(~F.col("user") & (r > 0) & F.col("children")), name, idle),
    ]
    if decided.guessed is not None:
        ids = {
            end: products.select(F.col("code").alias(end), F.col("id").alias(f"{end}_id")) for end in _ENDS
        }
        guessed = decided.guessed.join(ids["parent"], "parent").join(ids["child"], "child")
        count = F.col("parents").cast("string")
        text = F.concat(
            F.lit("no merge coefficient; counted as 1/"), count, F.lit(", one over the number of parents")
        )
        subject = F.concat("child_id", F.lit(" <- "), "parent_id")
        found.append(_finding("missing-property", guessed, subject, text))
    return found


_ENDS = ("parent", "child")


def _percent(share: "Column") -> "Column":
    from pyspark.sql import functions as F

    return F.concat(F.round(100 * share, 4).cast("string"), F.lit(" %"))


def _mended(source: Source) -> list[Finding]:
    return [
        finding(code, "", f"{count:,} of them were left out") for code, count in sorted(source.notes.items())
    ]


def _summed_up(counts: dict[str, int]) -> list[Finding]:
    """Return one finding for each code."""
    return [
        finding(code, "", f"{count:,} of them; findings.parquet lists them") for code, count in counts.items()
    ]
