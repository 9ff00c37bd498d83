"""Costs of graphs beyond one machine, on Apache Spark: from Parquet tables to Parquet tables.

Needs the extra `spark` and Java. The graph never comes to the driver; what does: sums, cycles (up to a stated size),
jobs. Slower than the other engines on any graph that fits one machine (docs/spark.md).
"""

from lineage.spark.engine import cost, refuse
from lineage.spark.release import Round
from lineage.spark.result import SparkCost, figure
from lineage.spark.sessions import session
from lineage.spark.source import Source, open_source

__all__ = ["Round", "Source", "SparkCost", "cost", "figure", "open_source", "refuse", "session"]
