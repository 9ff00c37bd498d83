"""A real Neo4j for tests, from the packages of Maven Central, stopped by its process id.

The packages are copied once into the user's cache folder. `tests/neo4j/pom.xml` says which version.
"""

import atexit
import contextlib
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

import pytest

__all__ = [
    "Neo4jServer",
    "NotAvailable",
    "free_port",
    "neo4j_address",
    "neo4j_packages",
    "neo4j_server",
    "pass_over",
]

POM: Final = Path(__file__).parent / "neo4j" / "pom.xml"
READY_S: Final = 400.0  # a hang ends there; a busy machine takes its time
OPENED: Final = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
CONF: Final = """\
server.default_listen_address=127.0.0.1
server.bolt.enabled=true
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size=64m
server.memory.heap.initial_size={heap_mb}m
server.memory.heap.max_size={heap_mb}m
dbms.usage_report.enabled=false
db.tx_log.rotation.retention_policy=keep_none
"""


class NotAvailable(Exception):
    """A real server cannot be started here; the text says what is missing."""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def neo4j_packages() -> Path:
    """Return the folder of jar files, copied by Maven where it is not there yet."""
    version = re.search(r"<neo4j.version>(.+)</neo4j.version>", POM.read_text(encoding="utf-8"))
    assert version, f"{POM} names no version"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage-tests"
    folder = cache / f"neo4j-{version[1]}"
    needed = ("java",) if folder.is_dir() else ("java", "mvn")
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        raise NotAvailable(f"a real Neo4j needs Java 17 or 21 and Maven; missing here: {', '.join(missing)}")
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        aside = cache / f"incoming-{os.getpid()}"
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={aside}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            shutil.rmtree(aside, ignore_errors=True)
            raise NotAvailable(f"Maven could not copy Neo4j's packages: {done.stdout[-800:]}")
        with contextlib.suppress(OSError):  # another process was first
            aside.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _end_with_parent() -> None:
    """Let Linux end the server when the process that started it is killed; elsewhere `atexit` must do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def pass_over(reason: NotAvailable) -> NoReturn:
    """Skip the test that needs a server; where CI is set, fail it."""
    if os.environ.get("CI"):
        pytest.fail(str(reason))
    pytest.skip(str(reason))


@dataclass
class Neo4jServer:
    """One server with its data in `home`; `start` and `stop` may alternate, the data stay."""

    home: Path
    heap_mb: int = 512
    settings: str = ""
    java: tuple[str, ...] = ("-XX:+UseG1GC",)
    scheme: str = "bolt"
    username: str = "neo4j"
    password: str = field(default_factory=lambda: "p" + secrets.token_urlsafe(12), repr=False)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._packages = neo4j_packages()
        for name in ("conf", "data", "logs", "run", "plugins", "import", "licenses"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self._configure()
        self.admin("dbms", "set-initial-password", self.password)
        atexit.register(self.stop)

    def _configure(self) -> None:
        conf = CONF.format(port=self.port, heap_mb=self.heap_mb) + self.settings
        (self.home / "conf" / "neo4j.conf").write_text(conf, encoding="ascii")

    @property
    def address(self) -> str:
        """What `connect` and the driver open."""
        return f"neo4j://127.0.0.1:{self.port}"

    @property
    def direct(self) -> str:
        """The address without routing, secured as the settings want it."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the credentials are taken from."""
        return {"NEO4J_USERNAME": self.username, "NEO4J_PASSWORD": self.password, "NEO4J_DATABASE": "neo4j"}

    def admin(self, *arguments: str) -> str:
        """Run neo4j-admin, which needs the server to be down for most of what it does."""
        command = ["java", "-Xmx512m", "-cp", f"{self._packages}/*", "org.neo4j.cli.AdminTool", *arguments]
        variables = os.environ | {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> "Neo4jServer":
        """Start the server with the settings as they are now, and wait until a driver connects."""
        self._configure()
        command = ["java", *self.java, f"-Xms{self.heap_mb}m", f"-Xmx{self.heap_mb}m"]
        command += [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED]
        command += ["-Dio.netty.tryReflectionSetAccessible=true", "-Dlog4j2.disable.jmx=true"]
        command += ["-cp", f"{self.home}/plugins/*:{self.home}/conf/*:{self._packages}/*"]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home}/conf", "--console-mode"]
        with (self.home / "logs" / "console.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent
            )
        self._wait()
        return self

    def _wait(self) -> None:
        import neo4j
        import neo4j.exceptions

        deadline = time.monotonic() + READY_S
        login = (self.username, self.password)
        with neo4j.GraphDatabase.driver(self.direct, auth=login) as driver:
            while True:
                try:
                    with driver.session(database="neo4j") as session:
                        session.run("RETURN 1").consume()
                    return
                except (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError):
                    if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                        log = (self.home / "logs" / "console.log").read_text(errors="replace")
                        self.stop()
                        raise AssertionError(f"Neo4j did not start: {log[-2000:]}") from None
                    time.sleep(0.25)

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self, patience_s: float = 30.0) -> None:
        """Ask the server to end, and end it where it does not; stopping twice is fine."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def empty(self) -> None:
        """Remove every node; constraints and indexes stay."""
        import neo4j

        login = (self.username, self.password)
        with neo4j.GraphDatabase.driver(self.direct, auth=login) as driver:
            driver.execute_query("MATCH (n) DETACH DELETE n", database_="neo4j")


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A real Neo4j, one per test process. Without Java or Maven: a skip, but where CI is set a failure."""
    try:
        server = Neo4jServer(tmp_path_factory.mktemp("neo4j")).start()
    except NotAvailable as error:
        pass_over(error)
    yield server
    server.stop()


@pytest.fixture
def neo4j_address(neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a real Neo4j with nothing in it; the login is in the environment."""
    for name, value in neo4j_server.environment.items():
        monkeypatch.setenv(name, value)
    neo4j_server.empty()
    return neo4j_server.address
