"""`lineage serve`: what it prints, who can connect, and how it ends."""

import os
import re
import signal
import socket
import textwrap
from pathlib import Path
from typing import Any

import pytest

from command_lines import Run
from lineage.stores import index_process
from lineage.stores.index_process import installed_engine
from offline import Started, children, needed_engine, python, wait_until


def _serving(store: Path, *more: str) -> Started:
    return python("-m", "lineage", "serve", "--store", str(store), *more)


def _said(process: Started) -> str:
    """Return what it prints once it answers."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "execute_query" in line:
            return "".join(lines)
    raise AssertionError(process.stderr.read() if process.stderr is not None else lines)


def _field(said: str, name: str) -> str:
    found = re.search(rf"^  {name} +(\S+)$", said, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_notebook_lines_work_and_a_signal_ends_it(store: Path, number: signal.Signals) -> None:
    needed_engine()
    with _serving(store) as process:
        said = _said(process)
        assert _field(said, "user") == _field(said, "database") == "lineage"
        assert f"  engine    {installed_engine(lasting=True).name}\n" in said
        lines = textwrap.dedent(said.partition("In a notebook:\n")[2]).splitlines()
        assert len(lines) == 3
        names: dict[str, Any] = {}
        exec("\n".join([*lines[:2], f"rows = {lines[2]}", "driver.close()"]), names)
        assert all(record["m.id"].startswith("model:") for record in names["rows"]) and names["rows"]
        port = int(_field(said, "address").rpartition(":")[2])
        process.send_signal(number)
        rest, noise = process.communicate(timeout=30)
    assert (process.returncode, rest, noise) == (0, "", "stopped\n")
    assert wait_until(lambda: not _answers(port), 5)
    assert [item.name for item in (store / "index").iterdir() if "-" in item.name] == []


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_only_the_password_opens_it_and_nobody_writes(store: Path) -> None:
    import neo4j
    from neo4j.exceptions import AuthError, ClientError

    needed_engine()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _serving(store, "--port", str(port), "--quiet") as process:
        said = _said(process)
        assert _field(said, "address") == f"bolt://127.0.0.1:{port}"
        for user, password in (
            ("lineage", "wrong-password"),
            ("root", _field(said, "password")),
            ("root", "playwithdata"),
        ):
            with (
                pytest.raises(AuthError),
                neo4j.GraphDatabase.driver(_field(said, "address"), auth=(user, password)) as driver,
            ):
                driver.verify_connectivity()
        login = (_field(said, "user"), _field(said, "password"))
        with neo4j.GraphDatabase.driver(_field(said, "address"), auth=login) as driver:
            with pytest.raises(ClientError, match="not allowed"):
                driver.execute_query("CREATE (:Model {id: 'model:new'})", database_="lineage")
            records = driver.execute_query(
                "MATCH (n:Model) RETURN count(n) AS n", database_="lineage"
            ).records
            assert records[0]["n"] > 0
        process.terminate()
        assert process.communicate(timeout=30) == ("", "")


def test_the_login_may_go_to_a_file_instead(store: Path, tmp_path: Path) -> None:
    import neo4j

    needed_engine()
    file = tmp_path / "login.txt"
    file.write_text("older", encoding="utf-8")
    with _serving(store, "--output", str(file)) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert file.stat().st_mode & 0o777 == 0o600
        login = dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
        assert login["NEO4J_PASSWORD"] not in said and login["NEO4J_URI"] in said
        auth = (login["NEO4J_USERNAME"], login["NEO4J_PASSWORD"])
        with neo4j.GraphDatabase.driver(login["NEO4J_URI"], auth=auth) as driver:
            driver.execute_query("RETURN 1", database_=login["NEO4J_DATABASE"])
        process.terminate()
        assert process.communicate(timeout=30) == ("", "stopped\n")
    assert [item.name for item in tmp_path.iterdir()] == ["lineage.store"]


def test_a_large_graph_gets_an_advice(store: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    needed_engine()
    assert store.exists()
    monkeypatch.setattr("lineage.stores.index.LARGE", 1)
    monkeypatch.setattr("lineage.cli.serve._wait", lambda index, stop, *, quiet: None)
    result = run("serve")
    assert result.exit_code == 0 and "note: with a million products and more" in result.stderr


def test_it_says_that_the_store_changed(store: Path) -> None:
    needed_engine()
    from lineage.stores import connect
    from lineage.testing import graph

    with _serving(store) as process:
        _said(process)
        with connect(store) as opened:
            opened.write(graph("new -> newer"))
        assert process.stderr is not None
        assert "the store has changed; start lineage serve again" in process.stderr.readline()
        process.terminate()
        process.communicate(timeout=30)


def test_a_lost_engine_is_an_error(store: Path) -> None:
    needed_engine()
    with _serving(store) as process:
        _said(process)
        for engine in children(process.pid):
            os.kill(engine, signal.SIGKILL)
        _, noise = process.communicate(timeout=30)
    assert process.returncode == 1
    assert noise.startswith("error: the engine of the offline index ended; start lineage serve again")


@pytest.mark.usefixtures("store")
def test_a_port_in_use_is_an_error(run: Run) -> None:
    needed_engine()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("serve", "--port", port)
    assert result.exit_code == 1
    assert f"port {port} cannot be used" in result.stderr


def test_what_cannot_be_served(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("serve", "--store", "bolt://127.0.0.1:1")
    assert result.exit_code == 1 and "is a server already; connect to it, or serve a folder" in result.stderr
    needed_engine()
    result = run("serve", "--store", tmp_path / "none")
    assert result.exit_code == 1 and "there is no store at" in result.stderr
    monkeypatch.setattr(index_process, "_DISTRIBUTIONS", {"no-such-distribution": "nothing"})
    result = run("serve")
    assert result.exit_code == 1
    assert "pip install 'lineage-epc[cypher]'; or copy the graph to a Neo4j: lineage copy" in result.stderr
