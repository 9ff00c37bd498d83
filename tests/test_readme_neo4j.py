"""The Neo4j example of README.md: its commands, as they stand there, against a real server with a foreign graph."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bolt_servers import Neo4jServer
from docs_pages import README
from lineage.stores.neo4j import Neo4jStore

ROOT = README.parent
ADDRESS = "neo4j://localhost:7687"
_BLOCK = re.compile(r"^```console\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
THEIRS = (
    "MATCH (n) WHERE NOT n:LineageRun AND NOT n:LineageStore AND NOT n:LineageWriter RETURN labels(n) AS l, "
)
EVERYTHING = THEIRS + "properties(n) AS p ORDER BY elementId(n)"
RELATIONSHIPS = "MATCH (a)-[r]->(b) RETURN a, type(r) AS t, properties(r) AS p, b ORDER BY elementId(r)"


def blocks(heading: str) -> list[tuple[list[str], str | None]]:
    """Return the commands of each console block under a heading, and the output shown under the block."""
    text = README.read_text(encoding="utf-8")
    part = text[text.index(heading) :]
    part = part[: part.index("\n## ")]
    found = []
    for block in _BLOCK.finditer(part):
        commands = [item.strip() for item in block[1].split("$ ") if item.strip()]
        found.append((commands, block[2]))
    return found


def taken(command: str, server: Neo4jServer, folder: Path) -> str:
    """Run one command of the page, at the port of this server; return what it prints."""
    words = shlex.split(command.replace(ADDRESS, server.address))
    if words[0] == "cypher-shell":  # a program of Neo4j's own that runs the statements of a file
        with Neo4jStore(server.address) as store:
            for statement in (ROOT / words[2]).read_text(encoding="utf-8").split(";\n"):
                if statement.strip():
                    store.cypher(statement, write=True)
        return ""
    assert words[0] == "lineage", command
    words = [str(ROOT / word) if word.startswith("tests/") else word for word in words]
    paths = os.pathsep.join((str(ROOT), str(ROOT / "importers")))
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ | server.environment | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_a_graph_of_others_is_costed_where_it_lives(
    neo4j_server: Neo4jServer, neo4j_address: str, tmp_path: Path
) -> None:
    found = blocks("### Your own Neo4j")
    assert [commands[0].split()[0] for commands, _ in found] == ["cypher-shell", "lineage"]
    assert all(shown is not None for _, shown in found)
    with Neo4jStore(neo4j_address) as store:
        for number, (commands, shown) in enumerate(found):
            printed = ""
            for command in commands:
                printed += taken(command, neo4j_server, tmp_path)
                if number == 0 and command.startswith("cypher-shell"):
                    before = [store.cypher(text).plain() for text in (EVERYTHING, RELATIONSHIPS)]
                    assert len(before[0]) >= 49
            assert printed == shown, f"README.md shows something else than:\n{printed}"
        (run,) = store.results()
        assert run["graph"] and run["products"] == 34
        taken(f"lineage results --remove {run['id']} --store {ADDRESS}", neo4j_server, tmp_path)
        assert [store.cypher(text).plain() for text in (EVERYTHING, RELATIONSHIPS)] == before


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_a_store_goes_to_a_server_with_its_runs(
    neo4j_server: Neo4jServer, neo4j_address: str, tmp_path: Path
) -> None:
    ((commands, _),) = [
        block
        for block in blocks("### Questions in Cypher")
        if block[0][0].startswith("export NEO4J_USERNAME")
    ]
    names = {item.partition("=")[0] for item in shlex.split(commands[0])[1:]}
    assert names <= set(neo4j_server.environment)
    taken("lineage copy demo: lineage.store", neo4j_server, tmp_path)
    taken("lineage cost --write-back", neo4j_server, tmp_path)
    told = [taken(command, neo4j_server, tmp_path) for command in commands[1:]]
    assert "Runs with it: carbon-equal-" in told[0]
    assert "model:distilbert" in told[1]
    with Neo4jStore(neo4j_address) as store:
        assert len(store.results()) == 1


def test_the_mapping_on_the_page_is_part_of_the_file() -> None:
    text = README.read_text(encoding="utf-8")
    shown = re.search(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert shown is not None
    whole = (ROOT / "tests" / "neo4j" / "foreign_model.toml").read_text(encoding="utf-8")
    assert shown[1] in whole
