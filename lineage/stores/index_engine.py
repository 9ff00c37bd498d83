"""The engine of the offline index: a process of its own that ends with whoever started it.

It is run by its path (`lineage.stores.index_process` does so) and needs only the standard library and the
engine, so that a question costs no further import. It reads one command per line of standard input, answers in
lines of JSON, and ends at the end of its input; what it made for itself goes with it.
"""

import base64
import hashlib
import importlib
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Final, NoReturn

__all__ = ["main"]

DATABASE: Final = "lineage"
_ROUNDS: Final = 1000  # of hashing a password that is random and lives as long as this process
_SMALL: Final = 1 << 16  # files up to this size are copied: the engine rewrites them
_READER: Final = {
    "resultSetLimit": -1,
    "readTimeout": -1,
    "access": [],
    "types": {"*": {"access": ["readRecord"]}},
}
_NOBODY: Final = {"resultSetLimit": -1, "readTimeout": -1, "access": [], "types": {"*": {"access": []}}}


class Refusal(Exception):
    """What cannot be done, as one sentence; `kind` tells the reader of the answer which case it is."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Process:
    """The state of this process: its channel, its folders, and what it runs."""

    def __init__(self, channel: IO[str]) -> None:
        self._channel = channel
        self.home = Path(tempfile.mkdtemp(prefix="lineage-index-"))
        self._folders: list[str] = [str(self.home)]
        self._orphaned: list[str] = []  # removed only where the parent cannot do it any more
        self._server: Any = None
        os.chdir(self.home)  # an engine that writes into the working directory writes here
        os.environ.update(ARCADEDB_LOG_DIR=str(self.home / "log"), ARCADEDB_LOG_CONSOLE="0")

    def tell(self, answer: dict[str, Any]) -> None:
        """Write an answer; nobody there to read it is the end."""
        try:
            print(json.dumps(answer), file=self._channel, flush=True)
        except OSError:
            self.leave()

    def leave(self, *, orphan: bool = True) -> NoReturn:
        """End now. The engine's own threads are not waited for: its files are nobody else's."""
        for _ in range(2):  # the engine may make a file while its folder is being removed
            for folder in (*self._folders, *(self._orphaned if orphan else ())):
                shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def build(self, command: dict[str, Any]) -> dict[str, Any]:
        """Build an index into a folder that does not exist yet."""
        into = Path(command["into"])
        self._mind(command["own"])
        self._folders.append(str(into))
        sys.path[:] = command["sys_path"]
        building = importlib.import_module("lineage.stores.index_build")
        counts = building.build(_engine(command["module"]), command, self.tell)
        self._folders.remove(str(into))
        return {"counts": counts}

    def serve(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a private copy of an index and answer questions on it over Bolt."""
        if "pyarrow" not in sys.modules:
            sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]  # the engine imports it where it can
        self._mind(command["own"])
        databases = Path(command["links"])
        self._folders.append(str(databases))
        _linked(Path(command["index"]), databases / DATABASE)
        _write_users(self.home / "config", command["user"], command["password"])
        port = command["port"] or _free_port()
        _check_free(port)
        config = {
            "host": "127.0.0.1",
            "mode": "development",  # otherwise errors in a query come without their reason
            "http_port": _free_port(),
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_host": "127.0.0.1",
            "bolt_port": port,
            "bolt_defaultDatabase": DATABASE,
            "server_databaseDirectory": str(databases),
            "server_logsDirectory": str(self.home / "log"),
            "server_saltIterations": _ROUNDS,
            "studio_enabled": False,
            "support_autoRegister": False,
            "serverMetrics": False,
        }
        engine = _engine(command["module"])
        server = engine.create_server(str(self.home), secrets.token_urlsafe(24), config=config)
        server.start()
        server.get_database(DATABASE)
        self._server = server  # kept: its end would be that of the server
        return {"port": port}

    def _mind(self, folder: str | None) -> None:
        if folder is not None and folder not in self._orphaned:
            self._orphaned.append(folder)


def _engine(module: str) -> Any:
    return importlib.import_module(module)


def _linked(index: Path, into: Path) -> None:
    """Make a copy of an index that shares its large files, which nothing that only reads ever changes."""
    into.mkdir(parents=True)
    for file in index.iterdir():
        if file.stat().st_size > _SMALL:
            try:
                os.link(file, into / file.name)
                continue
            except OSError:
                pass  # a file system without links
        shutil.copyfile(file, into / file.name)


def _write_users(folder: Path, user: str, password: str) -> None:
    """Write the only user that may log in, with the right to read, in the engine's own form."""
    folder.mkdir(mode=0o700)
    salt = base64.b64encode(secrets.token_bytes(32)).decode()
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS)
    hashed = f"PBKDF2WithHmacSHA256${_ROUNDS}${salt}${base64.b64encode(digest).decode()}"
    account = {"name": user, "databases": {DATABASE: ["reader"]}, "password": hashed}
    groups = {"databases": {"*": {"groups": {"reader": _READER, "*": _NOBODY}}}, "version": 2}
    (folder / "server-users.jsonl").write_text(json.dumps(account) + "\n", encoding="utf-8")
    (folder / "server-groups.json").write_text(json.dumps(groups), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_free(port: int) -> None:
    try:
        with socket.socket() as probe:
            if os.name == "posix":  # what the engine does too; elsewhere this would share a port in use
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        raise Refusal("port", f"port {port} cannot be used: {error.strerror or error}") from None


def _listen(process: Process, commands: "SimpleQueue[dict[str, Any]]") -> None:
    """Pass commands on; the end of the input is the end of this process."""
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "end":
            process.leave(orphan=False)
        commands.put(command)
    process.leave()


def _watch_parent(process: Process, parent: int) -> None:
    """End when the parent is gone, also where another process inherited the other end of our input."""
    while os.getppid() == parent:
        time.sleep(1)
    process.leave()


def _answer(process: Process, command: dict[str, Any]) -> None:
    try:
        done = process.build(command) if command["do"] == "build" else process.serve(command)
    except Refusal as error:
        process.tell({"error": str(error), "kind": error.kind})
    except MemoryError:
        process.tell({"error": "there is not enough memory", "kind": "memory"})
    except Exception as error:  # whatever it is, the other process has to hear of it
        process.tell({"error": str(error) or type(error).__name__, "kind": type(error).__name__})
    else:
        process.tell({"ok": done})


def main() -> None:
    """Carry out commands until the input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):  # the engine may print; only `channel` is read
        os.dup2(nowhere, standard)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started this process
    process = Process(channel)
    process.tell({"home": str(process.home)})
    commands: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(process, commands), daemon=True).start()
    if os.name == "posix":
        parent = int(sys.argv[1])
        threading.Thread(target=_watch_parent, args=(process, parent), daemon=True).start()
    while True:
        _answer(process, commands.get())


if __name__ == "__main__":
    main()
