"""The command `query` on a server: it writes only when told to, and says where a query is wrong."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from lineage.cli import main
from lineage.stores.bolt import Login
from lineage.stores.neo4j import Neo4jStore
from lineage.testing import graph

pytestmark = pytest.mark.slow
Asked = Callable[..., Result]


@pytest.fixture
def asked(neo4j_address: str) -> Asked:
    """Ask a server that holds a small graph."""
    with Neo4jStore(neo4j_address, Login.from_environment()) as store:
        store.write(graph("dataset:web -> base -> tuned"))

    def ask(*arguments: str) -> Result:
        command = ["query", "--store", neo4j_address, *arguments]
        return CliRunner().invoke(main, command, prog_name="lineage")

    return ask


def test_a_question_of_the_catalogue(asked: Asked) -> None:
    result = asked("ancestors", "--param", "product=tuned", "--format", "csv")
    assert result.stdout.splitlines()[1:] == ["model:base,model,1", "dataset:web,dataset,2"]


def test_writing_needs_the_word(asked: Asked) -> None:
    text = "CREATE (x:Scrap {a: $a}) RETURN x.a AS a"
    refused = asked("--cypher", text, "--param", "a=1")
    assert refused.exit_code == 1 and "--write" in refused.stderr
    count = ("--cypher", "MATCH (x:Scrap) RETURN count(x) AS n", "--format", "csv")
    assert asked(*count).stdout == "n\n0\n"
    assert asked("--cypher", text, "--param", "a=1", "--write", "--limit", "0").exit_code == 0
    assert asked(*count).stdout == "n\n1\n"
    assert asked("--cypher", "MATCH (x:Scrap) DELETE x", "--write").exit_code == 0
    assert asked(*count).stdout == "n\n0\n"


@pytest.mark.parametrize("mode", [[], ["--explain"]])
@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("MATCH (m:Model) RETRN m", "(line 1, column 17)\n  MATCH (m:Model) RETRN m\n                  ^"),
        ("MATCH (m:Model)\nRETRN m", "(line 2, column 1)\n  RETRN m\n  ^"),
    ],
)
def test_a_wrong_query_is_marked(asked: Asked, mode: list[str], text: str, marked: str) -> None:
    result = asked("--cypher", text, *mode)
    assert result.exit_code == 1
    assert marked in result.stderr


def test_a_plan_changes_nothing(asked: Asked) -> None:
    result = asked("--cypher", "MATCH (m:Model {id: $id}) RETURN m", "--param", "id=model:base", "--explain")
    assert result.exit_code == 0 and "NodeUniqueIndexSeek" in result.stdout
    assert asked("--cypher", "CREATE (x:Scrap)", "--explain", "--write").exit_code == 0
    assert asked("--cypher", "MATCH (x:Scrap) RETURN x", "--format", "jsonl").stdout == ""


def test_a_wrong_password_is_not_shown(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "wrong-and-secret")
    result = asked("hotspots")
    assert result.exit_code == 1 and "NEO4J_PASSWORD" in result.stderr
    assert "wrong-and-secret" not in result.output
