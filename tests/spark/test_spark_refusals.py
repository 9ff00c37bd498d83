"""What the Spark engine refuses before it starts, and that it leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lineage import cost as cost_in_memory
from lineage.cli import main
from lineage.errors import MissingExtra, OptionError
from lineage.run import Run
from lineage.spark import refuse, session
from lineage.spark.own import from_jobs
from lineage.testing import graph


@pytest.mark.parametrize("policy", ["shapley", "usage"])
def test_policies_without_edge_weights_are_refused(policy: str) -> None:
    with pytest.raises(OptionError, match=f"engine 'spark' has no policy '{policy}'"):
        refuse(Run(policy=policy))


def test_imputation_is_refused() -> None:
    with pytest.raises(OptionError, match="does not impute"):
        refuse(Run(impute=True))


def test_a_graph_in_memory_is_refused() -> None:
    with pytest.raises(OptionError, match="--output FOLDER"):
        cost_in_memory(graph("a -> b"), Run(engine="spark"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "name a new folder with --output FOLDER"),
        (["--output", "there.csv"], "there.csv exists"),
        (["--output", "new", "--samples", "90"], "does not know --samples"),
        (["--output", "new", "--write-back"], "does not know --write-back"),
        (["--output", "new", "--policy", "usage"], "has no policy 'usage'"),
    ],
)
def test_the_command_refuses(
    options: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").touch()
    done = CliRunner().invoke(main, ["cost", "--engine", "spark", "--store", "demo:", *options])
    assert done.exit_code == 2 and text in done.output


def test_too_many_jobs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.spark.own.MOST_JOBS", 1)
    tables = {"jobs": pa.table({"id": ["one", "two"]})}
    with pytest.raises(OptionError, match="reads at most 1 jobs, and there are 2"):
        from_jobs(Run(), None, None, tables)


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"lineage-epc\[spark\]"), session():
        pass


def test_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(OptionError, match="needs Java 17 or newer"), session():
        pass


PROGRAM = """
import sys
from pathlib import Path
from lineage.spark import session
from lineage.spark.sessions import keep
kept = Path(sys.argv[1])
quick = {"spark.driver.memory": "512m", "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}
quick["spark.checkpoint.dir"] = kept.as_uri()
with session("local[1]", quick) as spark:
    java = spark.sparkContext._gateway.proc
    print(keep(spark.range(3)).count(), any(kept.rglob("part-*")), spark.sparkContext.uiWebUrl)
print(java.poll())
"""


@pytest.mark.slow
@pytest.mark.usefixtures("available")
def test_a_session_is_quiet_and_leaves_nothing(tmp_path: Path) -> None:
    here, kept = tmp_path / "here", tmp_path / "kept"
    here.mkdir()
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(kept)]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=300, check=False)
    assert (done.stdout, done.stderr) == ("3 True None\n0\n", "")
    assert list(here.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("available")
def test_java_that_does_not_start_is_told(tmp_path: Path) -> None:
    program = (
        "from lineage.spark import session\nwith session(settings={'spark.driver.memory': 'much'}): pass"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "lineage.errors.OptionError: Spark did not start: " in done.stderr
