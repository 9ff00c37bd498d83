"""The graph of a snapshot; what stands in its files is read when it is asked for."""

import hashlib
import mmap
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from lineage.claims import Claims
from lineage.errors import StoreDamaged, StoreError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.coded import Coded
from lineage.stores.columns import FINDINGS_FILE, GRAPH_FILES, decode, findings_of
from lineage.stores.manifest import Manifest

__all__ = ["StoredGraph", "StoredTables"]


class StoredGraph(Graph):
    """A graph whose claims are read from its snapshot when they are first asked for."""

    @classmethod
    def opened(
        cls, tables: "Mapping[str, pa.Table] | StoredTables", findings: tuple[Finding, ...] = ()
    ) -> "StoredGraph":
        """Return a graph of these tables; the findings of `StoredTables` are read when first asked for."""
        graph = cls(tables, findings)
        del graph.__dict__["claims"]  # the plain fields; from now on the properties below answer
        if isinstance(tables, StoredTables):
            del graph.__dict__["findings"]
        return graph

    def backed(
        self, *, digest: str, load_claims: Callable[[], Claims | None], coded: Coded | None
    ) -> "StoredGraph":
        """Say what the snapshot knows of the graph: its digest, its claims, its columns as arrays."""
        # The digest was computed by the writer from the tables whose checksums match.
        self.__dict__.update(digest=digest, _load_claims=load_claims, coded=coded)
        return self

    @cached_property
    def claims(self) -> Claims | None:  # read-only in a frozen dataclass too
        """What the sources said; None where the graph was written without claims."""
        load: Callable[[], Claims | None] = self.__dict__["_load_claims"]
        return load()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:  # likewise
        """What was merged, dropped or overruled."""
        tables = self.tables
        assert isinstance(tables, StoredTables)
        return tables.findings()


class StoredTables(Mapping[str, pa.Table]):
    """The tables of a snapshot, each read and checked when first asked for.

    Their files are mapped at once, so that they stay what they are, whatever is published or discarded later.
    Asking raises `StoreDamaged`, as `explain` makes it, where a file is not what was written.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, explain: Callable[[StoreDamaged], StoreDamaged]
    ) -> None:
        self._folder, self._manifest, self._explain = folder, manifest, explain
        self._files = {
            file: _mapped(folder / file)
            for file in (*GRAPH_FILES.values(), FINDINGS_FILE)
            if file in manifest.files
        }
        self._read: dict[str, pa.Table] = {}

    def __getitem__(self, table: str) -> pa.Table:
        file = GRAPH_FILES.get(table, "")
        if file not in self._files:
            raise KeyError(table)
        if table not in self._read:
            self._read[table] = decode(file, self._checked(file))
        return self._read[table]

    def __iter__(self) -> Iterator[str]:
        return (table for table, file in GRAPH_FILES.items() if file in self._files)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the snapshot."""
        return findings_of(decode(FINDINGS_FILE, self._checked(FINDINGS_FILE)))

    def _checked(self, file: str) -> mmap.mmap:
        data = self._files[file]
        if hashlib.sha256(data).hexdigest() != self._manifest.files[file].sha256:
            raise self._explain(StoreDamaged(str(self._folder / file), "it does not match its checksum"))
        return data


def _mapped(file: Path) -> mmap.mmap:
    try:
        with file.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise StoreDamaged(str(file), "it is missing") from None
    except OSError as error:
        raise StoreError(
            f"{file} cannot be read: {error.strerror or error}; check its permissions"
        ) from error
