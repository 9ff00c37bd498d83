"""The password of a server: from the environment, or asked for on a terminal, never shown and never in a message."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bolt_servers import Neo4jServer, free_port

pty = pytest.importorskip("pty", reason="there is no pseudo-terminal here")
ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]


def environment(**more: str) -> dict[str, str]:
    told = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "LINEAGE_"))}
    return told | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "importers")))} | more


def on_a_terminal(answers: list[str], *arguments: str, **variables: str) -> tuple[int, str]:
    """Run a command on a terminal and type an answer to each question; return its exit code and what was shown."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lineage", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**variables),
        start_new_session=True,
        close_fds=True,
    )
    os.close(slave)
    shown = b""
    deadline = time.monotonic() + 180
    with contextlib.suppress(OSError):  # Linux says so when the other side is closed
        while time.monotonic() < deadline and (piece := os.read(master, 4096)):
            shown += piece
            while answers and shown.count(b"password of") >= 1 and shown.rstrip().endswith(b":"):
                os.write(master, answers.pop(0).encode() + b"\n")
                shown += b"<typed>\n"
    os.close(master)
    try:
        return process.wait(60), shown.decode()
    finally:
        process.kill()


def test_a_terminal_is_asked_once_and_shows_nothing(neo4j_server: Neo4jServer, neo4j_address: str) -> None:
    query = ("query", "--cypher", "RETURN 40 + 2 AS answer", "--store", neo4j_address)
    code, shown = on_a_terminal([neo4j_server.password], *query)
    assert code == 0, shown
    assert "password of neo4j: <typed>" in shown
    assert "42" in shown
    assert neo4j_server.password not in shown


def test_one_command_asks_once(neo4j_server: Neo4jServer, neo4j_address: str, tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("product,parent\nmodel:a,model:b\n", encoding="utf-8")
    code, shown = on_a_terminal(
        [neo4j_server.password], "load", str(tmp_path / "edges.csv"), "--store", neo4j_address
    )
    assert code == 0, shown
    code, shown = on_a_terminal([neo4j_server.password], "cost", "--write-back", "--store", neo4j_address)
    assert code == 0 and "kept in" in shown, shown
    assert shown.count("password of neo4j") == 1


@pytest.mark.parametrize("answer", ["not the password", ""])
def test_a_wrong_answer_is_refused_and_not_repeated(neo4j_address: str, answer: str) -> None:
    code, shown = on_a_terminal([answer], "results", "--store", neo4j_address, "--verbose")
    assert code == 1
    assert ("check NEO4J_USERNAME and NEO4J_PASSWORD" if answer else "set NEO4J_PASSWORD") in shown
    assert not answer or answer not in shown


def test_the_environment_is_not_asked_about(neo4j_server: Neo4jServer, neo4j_address: str) -> None:
    code, shown = on_a_terminal([], "results", "--store", neo4j_address, **neo4j_server.environment)
    assert code == 0 and "password" not in shown, shown


def test_without_a_terminal_the_error_says_what_to_set(neo4j_address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lineage", "results", "--store", neo4j_address],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 1
    assert "wants a login, and no password was given; set NEO4J_PASSWORD" in done.stderr
    assert "password of" not in done.stdout + done.stderr


def test_nobody_is_asked_for_what_is_no_address() -> None:
    code, shown = on_a_terminal([], "results", "--store", f"neo4j://me:secret@127.0.0.1:{free_port()}")
    assert code == 1 and "leave them out" in shown
    assert "secret" not in shown and "password of" not in shown
