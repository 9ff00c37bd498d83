"""One Spark session for all tests: two cores, few partitions, and no time spent on making small programs fast."""

import importlib.util
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from lineage.spark.sessions import java_at_hand, session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SMALL = {
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
}


@pytest.fixture(scope="session")
def available() -> None:
    """Skip with what is missing; where CI is set and Java is there, pyspark has to be."""
    if not java_at_hand():
        pytest.skip("the Spark engine needs Java 17 or newer, and there is none here")
    if importlib.util.find_spec("pyspark") is None:
        reason = "the Spark engine needs pyspark: pip install 'lineage-epc[spark]'"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def spark(available: None) -> "Iterator[SparkSession]":
    """One session for all tests."""
    with session("local[2]", SMALL) as made:
        yield made
