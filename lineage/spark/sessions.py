"""A Spark session for one computation: the caller's where there is one, else one of our own, quiet and local.

Nothing is left behind: no metastore, no warehouse folder, no open port beyond this machine, no Java process.
"""

import importlib.util
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import MissingExtra, OptionError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SMALL", "keep", "local_rows", "session", "sized"]

EDGES_PER_PARTITION: Final = 1_000_000
SMALL: Final = 100_000  # rows that are sent to every worker rather than shuffled

# Where Spark's own ways of configuring it are used, nothing of ours overrides them.
_CONFIGURED: Final = ("PYSPARK_SUBMIT_ARGS", "SPARK_CONF_DIR", "SPARK_HOME", "MASTER")
_QUIET: Final = {
    "spark.app.name": "lineage",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.catalogImplementation": "in-memory",  # no metastore
    "spark.log.level": "ERROR",
    "spark.python.sql.dataFrameDebugging.enabled": "false",  # it asks Java for the place of every expression
}
_LOCAL: Final = {
    "spark.master": "local[*]",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


@contextmanager
def session(master: str | None = None, settings: Mapping[str, str] | None = None) -> Iterator["SparkSession"]:
    """Give a Spark session; the active one where there is one, as under `spark-submit` or in a notebook.

    Else one is started, and stopped at the end with its Java process. `master` is Spark's, such as "local[2]"; without
    it Spark's own configuration decides (PYSPARK_SUBMIT_ARGS, SPARK_CONF_DIR, SPARK_HOME), and without that all cores
    of this machine are used. `settings` are Spark's own, by their names. Raises `MissingExtra` without pyspark,
    `OptionError` without Java.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise MissingExtra("engine 'spark'", "spark", "choose another engine")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # on pandas, which is not used; told when this is imported
        import pyspark.testing.utils
        from pyspark.sql import SparkSession

        del pyspark
    active = SparkSession.getActiveSession()
    if active is not None:
        yield _own_settings(active)
        return
    if not java_at_hand():
        raise OptionError(
            "engine 'spark' needs Java 17 or newer, and there is none: install it, or set JAVA_HOME; or choose "
            "another engine"
        )
    with tempfile.TemporaryDirectory(prefix="lineage-spark-", ignore_cleanup_errors=True) as folder:
        given = {**(settings or {}), **({} if master is None else {"spark.master": master})}
        started = _Started(given, Path(folder))
        try:
            yield _own_settings(started.session)
        finally:
            started.stop()


def java_at_hand() -> bool:
    """Tell whether Java could be started: JAVA_HOME names one, or it is on the path."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin") if home else None) is not None


def _own_settings(spark: "SparkSession") -> "SparkSession":
    """Return a session on the same cluster whose settings are ours: plans by sizes that we know, not by guesses."""
    own = spark.newSession()
    own.conf.set("spark.sql.adaptive.enabled", "false")
    own.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    own.conf.set("spark.sql.ansi.enabled", "false")  # a quotient without a meaning is null, and is asked for
    return own


def sized(spark: "SparkSession", edges: int) -> None:
    """Let shuffles have as many partitions as a graph of so many edges needs, unless somebody has set that."""
    if not spark.sparkContext.getConf().contains("spark.sql.shuffle.partitions"):
        count = max(spark.sparkContext.defaultParallelism, -(-edges // EDGES_PER_PARTITION))
        spark.conf.set("spark.sql.shuffle.partitions", str(count))


def keep(frame: "DataFrame") -> "DataFrame":
    """Compute a table now and cut its history: what follows starts from its rows.

    They stay with the workers that made them; where spark.checkpoint.dir is set, they are written there instead and
    outlast the loss of a worker.
    """
    reliable = frame.sparkSession.sparkContext.getCheckpointDir() is not None
    return frame.checkpoint() if reliable else frame.localCheckpoint()


def local_rows(spark: "SparkSession", rows: list[dict[str, Any]], schema: str) -> "DataFrame":
    """Return a small table of rows that are at hand; no Python is needed where the workers are."""
    from pyspark.sql import functions as F

    told = F.from_json(F.lit(json.dumps(rows, allow_nan=False)), f"array<struct<{schema}>>")
    return spark.range(1).select(F.explode(told).alias("row")).select("row.*")


class _Started:
    """A Java process of our own with a session in it."""

    def __init__(self, given: Mapping[str, str], folder: Path) -> None:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        settings = _QUIET | {"spark.sql.warehouse.dir": str(folder / "warehouse")} | dict(given)
        if not any(os.environ.get(name) for name in _CONFIGURED):
            settings = _LOCAL | {"spark.driver.memory": _memory()} | settings
        conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
        log = folder / "java.log"
        with log.open("wb") as stream:  # what Java says as it starts is for nobody, unless it fails
            try:
                self._gateway: Any = launch_gateway(conf, popen_kwargs={"stdout": stream, "stderr": stream})
            except PySparkRuntimeError as error:
                said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise OptionError(f"Spark did not start: {said[-1] if said else error}") from None
        try:
            self.session = SparkSession(SparkContext(gateway=self._gateway, conf=conf))
        except BaseException:
            self._end_java()
            raise

    def stop(self) -> None:
        """Stop the session, then Java; what is waited for ends by itself when its input closes."""
        try:
            self.session.stop()
        finally:
            self._end_java()

    def _end_java(self) -> None:
        from pyspark import SparkContext

        self._gateway.shutdown()
        process = self._gateway.proc
        process.stdin.close()
        process.wait(timeout=60)
        SparkContext._gateway = SparkContext._jvm = None  # a later session starts its own


def _memory() -> str:
    """Return how much memory Java may take here: half of the machine's, at least 1 GiB."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        total = 4 << 30
    return f"{max(1024, (total >> 20) // 2)}m"
