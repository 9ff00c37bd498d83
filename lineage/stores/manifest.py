"""The manifest of a snapshot: what it holds, with a checksum for every file and for itself."""

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lineage import __version__
from lineage.errors import StoreDamaged, StoreError
from lineage.stores.coded import is_coded_file
from lineage.stores.columns import FILES

__all__ = ["MANIFEST_FILE", "SCHEMA", "Entry", "Manifest", "load_manifest", "read_checked"]

SCHEMA: Final = "lineage/store/1"
MANIFEST_FILE: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a snapshot: its rows, its size in bytes and its SHA-256."""

    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a snapshot holds. No time of day: equal content has an equal manifest.

    `digest` is that of the graph (`Graph.digest`), `counts` are the rows of its tables. `coded` describes the arrays
    beside the tables, where there are any, and `coded_files` are their files; versions that know none overlook both.
    """

    digest: str
    counts: Mapping[str, int]
    files: Mapping[str, Entry]
    writer: str = f"lineage {__version__}"
    coded: Mapping[str, Any] | None = None
    coded_files: Mapping[str, Entry] = field(default_factory=dict)

    def render(self) -> bytes:
        """Return the manifest as JSON with its own checksum: the only bytes that `load_manifest` accepts."""
        body = {
            "schema": SCHEMA,
            "writer": self.writer,
            "digest": self.digest,
            "counts": dict(self.counts),
            "files": _written(self.files),
        }
        if self.coded is not None:
            body["coded"] = {**self.coded, "files": _written(self.coded_files)}
        return _render(body)

    def same_content(self, other: "Manifest") -> bool:
        """Return whether two snapshots hold the same bytes."""
        same = self.digest == other.digest and self.files == other.files
        return same and self.coded_files == other.coded_files


def _written(files: Mapping[str, Entry]) -> dict[str, Any]:
    return {
        name: {"rows": item.rows, "size": item.size, "sha256": item.sha256} for name, item in files.items()
    }


def _render(body: dict[str, Any]) -> bytes:
    unsigned = json.dumps(body, indent=2, sort_keys=True)
    signed = body | {"sha256": hashlib.sha256(unsigned.encode()).hexdigest()}
    return (json.dumps(signed, indent=2, sort_keys=True) + "\n").encode()


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of a snapshot folder, and check that every file has its size.

    Raises `StoreDamaged` naming the file that is missing or not what was written, `StoreError` for a snapshot
    of another format version.
    """
    file = folder / MANIFEST_FILE
    data = _bytes_of(file)
    try:
        body = json.loads(data)
        unsigned = {key: value for key, value in body.items() if key != "sha256"}
        intact = _render(unsigned) == data
    except (ValueError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise StoreDamaged(str(file), "it does not match its own checksum")
    manifest = _parse(body, file)
    for name, entry in manifest.files.items():
        _check_size(folder / name, entry)
    return manifest


def _parse(body: dict[str, Any], file: Path) -> Manifest:
    if body.get("schema") != SCHEMA:
        raise StoreError(
            f"{file}: the format is {body.get('schema')!r}, written by {body.get('writer')!r}; "
            f"this is lineage {__version__} and reads {SCHEMA}: install the version that wrote it, or newer"
        )
    try:
        files = _read(body["files"])
        coded = body.get("coded")
        arrays = {} if coded is None else _read(coded["files"])
        counts = {name: int(rows) for name, rows in body["counts"].items()}
        manifest = Manifest(
            digest=str(body["digest"]),
            counts=counts,
            files=files,
            writer=str(body["writer"]),
            coded=coded,
            coded_files=arrays,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StoreDamaged(str(file), "its fields are not those of a manifest") from None
    # A store may come from a stranger: only names that this package writes are ever opened.
    strange = sorted(set(files) - set(FILES)) + sorted(name for name in arrays if not is_coded_file(name))
    if strange:
        raise StoreDamaged(str(file), f"it lists {strange[0]!r}, which is no file of a snapshot")
    return manifest


def _read(files: Mapping[str, Any]) -> dict[str, Entry]:
    return {
        name: Entry(int(item["rows"]), int(item["size"]), str(item["sha256"])) for name, item in files.items()
    }


def read_checked(folder: Path, name: str, manifest: Manifest) -> bytes:
    """Return the bytes of a file of a snapshot; `StoreDamaged` where they are not what was written."""
    entry = manifest.files.get(name) or manifest.coded_files.get(name)
    if entry is None:
        raise StoreDamaged(str(folder / MANIFEST_FILE), f"it does not list {name}")
    data = _bytes_of(folder / name)
    if len(data) != entry.size:
        raise StoreDamaged(str(folder / name), f"it has {len(data)} bytes, not {entry.size}")
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise StoreDamaged(str(folder / name), "it does not match its checksum")
    return data


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreDamaged(str(file), "it is missing") from None
    except OSError as error:
        raise StoreError(
            f"{file} cannot be read: {error.strerror or error}; check its permissions"
        ) from error


def _check_size(file: Path, entry: Entry) -> None:
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreDamaged(str(file), "it is missing") from None
    except OSError as error:
        raise StoreError(
            f"{file} cannot be read: {error.strerror or error}; check its permissions"
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise StoreDamaged(str(file), "it is not a regular file")
    if status.st_size != entry.size:
        raise StoreDamaged(str(file), f"it has {status.st_size} bytes, not {entry.size}")
