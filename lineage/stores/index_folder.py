"""The folder `STORE/index`: one index per snapshot, published by one rename, and thrown away without loss."""

import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lineage.errors import StoreError
from lineage.stores.locking import runs

__all__ = ["IndexFolder"]

SCHEMA: Final = "lineage/index/2"
MANIFEST_FILE: Final = "index.json"
LOCK_FILE: Final = "build.lock"
DATA: Final = "data"
KEPT: Final = 2  # indexes of the newest snapshots that were asked
_PREFIX: Final = 16
_INCOMING: Final = "incoming-"
_DISCARDED: Final = "discarded-"
_SERVING: Final = "serving-"
_FOREIGN_S: Final = 7 * 24 * 3600  # what another machine left is removed after a week


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """Where the indexes of a store lie. `engine` names engine and layout: an index of another is not used."""

    path: Path
    engine: str

    def of(self, digest: str) -> Path:
        """Return the folder of the index of a snapshot."""
        return self.path / digest[:_PREFIX]

    def data(self, digest: str) -> Path:
        """Return the folder with the engine's files."""
        return self.of(digest) / DATA

    def usable(self, digest: str) -> bool:
        """Return whether the index of a snapshot is there, whole, of this engine, and as it was published."""
        try:
            body = json.loads((self.of(digest) / MANIFEST_FILE).read_bytes())
            there: bool = body == self._manifest(digest, body["counts"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return there

    def _manifest(self, digest: str, counts: Mapping[str, int], data: Path | None = None) -> dict[str, Any]:
        files = {}
        for file in sorted((data or self.data(digest)).iterdir()):
            status = file.stat()
            files[file.name] = [status.st_size, status.st_mtime_ns]
        return {
            "schema": SCHEMA,
            "engine": self.engine,
            "digest": digest,
            "counts": dict(counts),
            "files": files,
        }

    @contextmanager
    def building(self) -> Iterator[None]:
        """Wait for the one place to build in. Raises `StoreError` where the folder cannot be written."""
        from filelock import FileLock

        with self._changing():
            self.path.mkdir(exist_ok=True)
            lock = FileLock(self.path / LOCK_FILE)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def incoming(self, digest: str) -> Path:
        """Return a new folder's path to build into."""
        return self.path / f"{_INCOMING}{digest[:_PREFIX]}-{secrets.token_hex(4)}"

    def serving(self, process: int) -> Path:
        """Return the path of the folder that an engine process opens the index in."""
        return self.path / f"{_SERVING}{_host()}-{process}"

    def publish(self, incoming: Path, digest: str, counts: Mapping[str, int]) -> None:
        """Give what was built its name; what had that name, and old indexes, go."""
        with self._changing():
            body = json.dumps(self._manifest(digest, counts, incoming / DATA), indent=1)
            with (incoming / MANIFEST_FILE).open("x", encoding="utf-8") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            self.discard(digest)
            incoming.rename(self.of(digest))
            self.sweep(digest)

    def discard(self, digest: str) -> None:
        """Remove an index: renamed first, so that no half of it is ever found under its name."""
        gone = self.path / f"{_DISCARDED}{secrets.token_hex(4)}"
        with suppress(FileNotFoundError):
            self.of(digest).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self, digest: str) -> None:
        """Remove what killed processes left, and all but the newest indexes besides this one."""
        with suppress(OSError):
            indexes = []
            for item in self.path.iterdir():
                if item.name.startswith((_INCOMING, _DISCARDED)) or _is_left(item):
                    shutil.rmtree(item, ignore_errors=True)
                elif re.fullmatch(f"[0-9a-f]{{{_PREFIX}}}", item.name) and item != self.of(digest):
                    indexes.append((item.stat().st_mtime_ns, item.name))
            for _, name in sorted(indexes, reverse=True)[KEPT - 1 :]:
                self.discard(name)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"{self.path} cannot be written: {error.strerror or error}; the offline index is kept there: make "
                "room, check its permissions, or copy the store to where you may write"
            ) from error


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:60] or "here"


def _is_left(item: Path) -> bool:
    """Return whether this is the folder of an engine process that is gone."""
    found = re.fullmatch(f"{_SERVING}(.*)-([0-9]+)", item.name)
    if not found:
        return False
    if found[1] == _host():
        return not runs(int(found[2]))
    return time.time() - item.stat().st_mtime > _FOREIGN_S
