"""The coded graph beside the tables of a snapshot: its columns as plain arrays that are mapped, not read.

Derived data, one `.npy` file per array in the folder `coded` of a snapshot; the manifest says what each file is, its
size and its SHA-256. Sizes and shapes are checked on opening, checksums by `verify`. Without the folder, or where
its version is not ours, the tables answer; the figures are the same to the bit.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from lineage.errors import StoreDamaged
from lineage.graph import Graph
from lineage.kernels.coded import Coded, Key
from lineage.kernels.labels import Labels, Texts
from lineage.kernels.ordered import Order, order_of
from lineage.schema import GRAPH_TABLES, IMPACTS, Column

__all__ = ["CODED_ROWS", "FOLDER", "LAYOUT", "coded_arrays", "is_coded_file", "open_coded"]

LAYOUT: Final = 1  # the version of this layout; another one is left alone and the tables are read
FOLDER: Final = "coded"
CODED_ROWS: Final = 100_000  # products and edges from which on arrays pay: below, the tables open as quickly

_FILE = re.compile(rf"{FOLDER}/[a-z0-9_]+(-[a-z0-9_]+)*\.npy")
_CODED_TABLES: Final = ("products", "edges")
_LABELS: Final = {"kind", "type", "relation", "tier", "weight_source"} | {
    f"{impact.column.rsplit('_', 1)[0]}_tier" for impact in IMPACTS.values()
}
_MOST_NAMES: Final = 120  # different texts that fit into one byte
_TYPES: Final = {"number": np.float64, "flag": np.bool_, "count": np.int32}
_ORDER: Final = {
    "first": np.int64,
    "edges": np.int32,
    "child": np.int32,
    "parent": np.int32,
    "starts": np.int64,
}

Arrays = Iterator[tuple[str, np.ndarray[Any, np.dtype[Any]]]]


def is_coded_file(name: str) -> bool:
    """Return whether a file name, relative to the snapshot, is one that this module writes."""
    return _FILE.fullmatch(name) is not None


# -- writing ----------------------------------------------------------------------------------------------


def coded_arrays(graph: Graph) -> tuple[dict[str, Any], Arrays] | None:
    """Return the description of a graph's arrays and the arrays by file name; None for graphs that are small, or
    whose tables are not in the order that every graph's are.
    """
    if any(name not in graph.tables for name in _CODED_TABLES):
        return None
    rows = {name: graph.tables[name].num_rows for name in graph.tables}
    if rows["products"] + rows["edges"] < CODED_ROWS or not _in_order(graph):
        return None
    columns: dict[str, dict[str, Any]] = {name: {} for name in _CODED_TABLES}
    arrays = {key: value for name in _CODED_TABLES for key, value in _coded_table(graph, name, columns[name])}
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    order = order_of(rows["products"], child, parent)
    if order is not None:
        arrays |= {_file("order", name): getattr(order, name) for name in _ORDER}
    description = {"layout": LAYOUT, "rows": rows, "columns": columns, "order": order is not None}
    return description, iter(sorted(arrays.items()))


def _in_order(graph: Graph) -> bool:
    """Return whether ids are sorted and different, and edges sorted by (product, parent) with codes that exist."""
    import pyarrow.compute as pc

    ids = graph.tables["products"].column("id").combine_chunks()
    if ids.null_count or (len(ids) > 1 and not pc.all(pc.less(ids[:-1], ids[1:])).as_py()):
        return False
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    for codes in (child, parent):
        if codes.size and not (codes.min() >= 0 and codes.max() < len(ids)):
            return False
    pairs = child.astype(np.int64) * len(ids) + parent
    return bool(np.all(pairs[1:] > pairs[:-1]))


def _coded_table(graph: Graph, table: str, described: dict[str, Any]) -> Arrays:
    for item in GRAPH_TABLES[table]:
        if item.name not in graph.tables[table].column_names:
            continue
        values = graph.tables[table].column(item.name)
        if values.null_count == len(values) and item.name != "id":
            if item.name in _LABELS or item.type in _TYPES:
                described[item.name] = {"as": "empty"}
        elif item.type in _TYPES:
            yield from _numbers(graph, table, item, described)
        elif item.name in _LABELS:
            yield from _labels(table, item.name, values, described)
        elif item.name in ("id", "name"):
            yield from _texts(graph, table, item.name, described)


def _numbers(graph: Graph, table: str, item: Column, described: dict[str, Any]) -> Arrays:
    read = {"number": graph.floats, "flag": graph.flags, "count": graph.integers}[item.type]
    described[item.name] = {"as": item.type}
    yield _file(table, item.name), read(table, item.name)


def _labels(table: str, name: str, values: Any, described: dict[str, Any]) -> Arrays:
    import pyarrow.compute as pc

    coded = pc.fill_null(values, "").combine_chunks().dictionary_encode()
    names = coded.dictionary.to_pylist()
    if len(names) > _MOST_NAMES:
        return
    described[name] = {"as": "label", "names": names}
    yield _file(table, name), coded.indices.to_numpy(zero_copy_only=False).astype(np.int8)


def _texts(graph: Graph, table: str, name: str, described: dict[str, Any]) -> Arrays:
    """Yield a text column end to end; a name that is the id without its kind is only said to be that."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = graph.tables[table].column(name)
    if column.null_count:
        return
    if name == "name":
        bare = pc.replace_substring_regex(
            graph.tables[table].column("id"), r"\A[^:]*:", "", max_replacements=1
        )
        if pc.all(pc.equal(bare, column)).as_py():
            described[name] = {"as": "bare-id"}
            return
    texts = column.cast(pa.large_string()).combine_chunks()
    _, offsets, data = texts.buffers()
    at = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    described[name] = {"as": "text"}
    yield _file(table, name, "offsets"), at - at[0]
    yield _file(table, name, "data"), np.frombuffer(data or b"", np.uint8)[at[0] : at[-1]]


def _file(*parts: str) -> str:
    return f"{FOLDER}/{'-'.join(parts)}.npy"


# -- opening ----------------------------------------------------------------------------------------------


def open_coded(folder: Path, described: Mapping[str, Any], sizes: Mapping[str, int]) -> Coded | None:
    """Map the arrays of a snapshot; None where the folder is gone or of another layout.

    Raises `StoreDamaged` where a file is missing, has another size or is not the array it should be.
    """
    if described.get("layout") != LAYOUT or not (folder / FOLDER).is_dir():
        return None
    try:
        return _Reader(folder, described, sizes).coded()
    except (KeyError, TypeError, AttributeError):
        raise StoreDamaged(str(folder / "manifest.json"), "its description of the arrays is none") from None


class _Reader:
    """Maps the arrays that a manifest describes; names come from our schema, never from the manifest."""

    def __init__(self, folder: Path, described: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self._folder, self._described, self._sizes = folder, described, sizes
        self._rows: dict[str, int] = {name: int(rows) for name, rows in described["rows"].items()}

    def coded(self) -> Coded:
        numbers: dict[Key, Any] = {}
        labels: dict[Key, Labels] = {}
        texts: dict[Key, Texts] = {}
        empty: set[Key] = set()
        for table in _CODED_TABLES:
            known = {item.name: item for item in GRAPH_TABLES[table]}
            for name, said in self._described["columns"][table].items():
                item, key, kind = known[name], (table, name), said["as"]
                if kind == "empty":
                    empty.add(key)
                elif kind in _TYPES:
                    numbers[key] = self._array(_file(table, item.name), _TYPES[kind], self._rows[table])
                elif kind == "label":
                    codes = self._array(_file(table, item.name), np.int8, self._rows[table])
                    labels[key] = Labels(codes, [str(label) for label in said["names"]])
                elif kind == "text":
                    texts[key] = self._texts(table, item.name)
                elif kind == "bare-id":
                    texts[key] = _BareIds(self._texts(table, "id"))
        order = self._order() if self._described["order"] else None
        return Coded(
            rows=self._rows,
            numbers=numbers,
            labels=labels,
            texts=texts,
            empty=frozenset(empty),
            order=order,
        )

    def _order(self) -> Order:
        edges = self._rows["edges"]
        lengths = {"first": self._rows["products"] + 1, "starts": None}
        parts = {
            name: self._array(_file("order", name), kind, lengths.get(name, edges))
            for name, kind in _ORDER.items()
        }
        return Order(**parts)

    def _texts(self, table: str, name: str) -> Texts:
        offsets = self._array(_file(table, name, "offsets"), np.int64, self._rows[table] + 1)
        data = self._array(_file(table, name, "data"), np.uint8, None)
        if int(offsets[0]) != 0 or int(offsets[-1]) != data.size:
            raise StoreDamaged(str(self._folder / _file(table, name, "offsets")), "it does not fit its texts")
        return Texts(offsets, data)

    def _array(self, name: str, kind: Any, length: int | None) -> Any:
        file = self._folder / name
        size = self._sizes[name]
        try:
            there = file.stat().st_size
            if there != size:
                raise StoreDamaged(str(file), f"it has {there} bytes, not {size}; {_WAY_OUT}")
            array = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            problem = "it is missing" if isinstance(error, FileNotFoundError) else "it cannot be mapped"
            raise StoreDamaged(str(file), f"{problem}; {_WAY_OUT}") from None
        if array.dtype != kind or array.ndim != 1 or (length is not None and len(array) != length):
            raise StoreDamaged(str(file), f"it is not the array it should be; {_WAY_OUT}")
        return array.view(np.ndarray)


_WAY_OUT: Final = f"arrays are derived: without the folder {FOLDER} the tables are read"


class _BareIds(Texts):
    """Ids without their kind, as `Texts`."""

    def __init__(self, ids: Texts) -> None:
        super().__init__(ids.offsets, ids.data)

    def _bytes(self, row: int) -> bytes:
        return super()._bytes(row).partition(b":")[2]
