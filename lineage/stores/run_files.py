"""The runs of a store in a folder: one Parquet file per namespace, `STORE/results/PREFIXrun.parquet`.

A row per product with its figures, and under `shares` the edges that it carries cost by. What the run was is in the
file's metadata. A file is replaced in one step and never changed, so that a reader sees the old run or the new one.
Everything here that changes the folder needs the writer lock.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from lineage import __version__
from lineage.errors import StoreDamaged, StoreError
from lineage.stores.kept_run import SHARES, KeptRun, figure_columns, figure_names, is_sound

__all__ = ["RunFiles"]

SCHEMA: Final = "lineage/results/1"
FOLDER: Final = "results"
_INCOMING: Final = "incoming-"
_KEY: Final = b"lineage"
_NAME: Final = re.compile(r"((?:[A-Za-z][A-Za-z0-9_]{0,60})?)run\.parquet")
_SHARE: Final = pa.struct([item for item in SHARES if item.name != "product"])


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The folder with the runs of the store at `store`; it is made with the first run."""

    store: Path

    @property
    def path(self) -> Path:
        """The folder, which need not exist."""
        return self.store / FOLDER

    def files(self) -> list[Path]:
        """Return the files of runs, sorted by name."""
        try:
            return sorted(item for item in self.path.iterdir() if _NAME.fullmatch(item.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def state(self) -> str:
        """Return what changes with every change of a run, "" where there are none."""
        found = []
        for file in self.files():
            with contextlib.suppress(FileNotFoundError):  # removed just now
                status = file.stat()
                found.append([file.name, status.st_size, status.st_mtime_ns])
        return hashlib.sha256(json.dumps(found).encode()).hexdigest() if found else ""

    def nodes(self) -> list[dict[str, Any]]:
        """Return the properties of every run, sorted by id. Raises `StoreDamaged` for a file that cannot be read."""
        return sorted((_node(file) for file in self.files()), key=lambda node: str(node["id"]))

    def load(self, run_id: str) -> KeptRun | None:
        """Return a run with its figures and shares; None where it is not there."""
        return next((_run(file) for file in self.files() if _node(file)["id"] == run_id), None)

    def runs_of(self, digest: str) -> Iterator[KeptRun]:
        """Yield the runs that were computed on a graph, by its digest."""
        for file in self.files():
            if _node(file).get("graph") == digest:
                yield _run(file)

    def put(self, run: KeptRun) -> None:
        """Write a run in place of the one in its namespace."""
        self.path.mkdir(exist_ok=True)
        self._sweep()
        aside = self.path / f"{_INCOMING}{os.getpid()}"
        try:
            with aside.open("xb") as stream:
                stream.write(_bytes(run))
                stream.flush()
                os.fsync(stream.fileno())
            aside.replace(self.path / f"{run.prefix}run.parquet")
        finally:
            aside.unlink(missing_ok=True)

    def remove(self, run_id: str) -> None:
        """Remove a run that is there."""
        for file in self.files():
            if _node(file)["id"] == run_id:
                file.unlink()
        self._sweep()
        with contextlib.suppress(OSError):  # others are there
            self.path.rmdir()

    def _sweep(self) -> None:
        """Remove what a killed writer left."""
        for item in self.path.glob(f"{_INCOMING}*"):
            item.unlink(missing_ok=True)


def _bytes(run: KeptRun) -> bytes:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    ids = run.figures.column("id")
    rows = pc.index_in(run.shares.column("product"), ids.combine_chunks())
    order = pc.sort_indices(rows)
    counts = pc.value_counts(rows)
    lengths = dict(zip(*(counts.field(name).to_pylist() for name in ("values", "counts")), strict=True))
    offsets = [0]
    for row in range(len(ids)):
        offsets.append(offsets[-1] + lengths.get(row, 0))
    told = run.shares.take(order).combine_chunks()
    columns = [told.column(item.name).combine_chunks() for item in _SHARE]
    structs = pa.StructArray.from_arrays([_flat(item) for item in columns], fields=list(_SHARE))
    nested = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)
    table = run.figures.append_column("shares", nested)
    about = {"schema": SCHEMA, "writer": f"lineage {__version__}", "run": dict(run.node)}
    plain = table.replace_schema_metadata({_KEY: json.dumps(about, sort_keys=True)}).combine_chunks()
    sink = pa.BufferOutputStream()
    pq.write_table(plain, sink, compression="zstd", version="2.6", write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _flat(values: Any) -> pa.Array:
    return pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except StoreError:
        raise
    except (pa.ArrowException, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise StoreDamaged(
            str(file), "it is no run as it was written; remove it, and compute it again"
        ) from None
    except OSError as error:
        if error.errno is None:  # pyarrow says so of bytes that are not what they should be
            raise StoreDamaged(
                str(file), "it is no run as it was written; remove it, and compute it again"
            ) from None
        raise StoreError(f"{file} cannot be read: {error.strerror}; check its permissions") from error


def _node(file: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    with _reading(file):
        about = json.loads(pq.read_schema(file).metadata[_KEY])
        if about["schema"] != SCHEMA:
            raise StoreError(
                f"{file}: the format is {str(about['schema'])[:60]!r}; this is lineage {__version__} and reads "
                f"{SCHEMA}: install the version that wrote it, or newer"
            )
        node: Mapping[str, Any] = about["run"]
        named = _NAME.fullmatch(file.name)
        plain = all(value is None or isinstance(value, str | int | float | bool) for value in node.values())
        if named is None or node["prefix"] != named[1] or not is_sound(node) or not plain:
            raise ValueError
        return {**node, "id": str(node["id"]), "properties": figure_names(named[1], node["impact"])}


def _run(file: Path) -> KeptRun:
    import pyarrow.parquet as pq

    node = _node(file)
    del node["properties"]
    with _reading(file):
        table = pq.ParquetFile(file, page_checksum_verification=True).read().combine_chunks()
        types = {"id": pa.string(), **dict.fromkeys(figure_columns(node["impact"]), pa.float64())}
        types["own_tier"] = pa.string()
        figures = pa.table({name: table.column(name).cast(kind) for name, kind in types.items()})
        nested = _flat(table.column("shares"))
        flat = nested.flatten()
        product = figures.column("id").take(nested.value_parent_indices())
        columns = {item.name: flat.field(item.name).cast(item.type) for item in _SHARE}
        shares = pa.table({"product": product} | columns, schema=SHARES)
    return KeptRun(node, figures, shares)
