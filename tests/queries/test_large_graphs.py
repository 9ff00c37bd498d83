"""Where the graph is large, a question says that a Neo4j answers faster."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import lineage.stores.index
from lineage.cli import main
from lineage.stores import connect
from lineage.testing.specimens import family
from offline import needed_engine


@pytest.mark.parametrize("quiet", [False, True])
def test_the_advice_comes_beside_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    needed_engine()
    with connect(tmp_path / "s") as store:
        store.write(family())
    asked = ["query", "--cypher", "RETURN 1 AS n", "--store", str(tmp_path / "s"), "--format", "csv"]
    asked += ["--quiet"] if quiet else []
    small = CliRunner().invoke(main, asked)
    assert small.exit_code == 0 and "Neo4j" not in small.stderr
    monkeypatch.setattr(lineage.stores.index, "LARGE", len(family()))
    large = CliRunner().invoke(main, asked)
    assert ("a Neo4j answers faster: lineage copy" in large.stderr) is not quiet
    assert large.stdout == small.stdout
