"""Own tables: products, edges, jobs, systems and grids as CSV or Parquet, one table per file.

A sample, `products.csv`::

    id,own_energy,lifetime,source
    model:bert-base,1507 kWh,3 years,Strubell et al. 2019

The columns and their units are in `lineage.tables`. The file name says which table it is: products.csv,
edges.csv.gz, jobs-2024.csv, grids_eu.parquet; any other name leaves it to the column names.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from lineage.claims import Claims, Source
from lineage.errors import ImportFault
from lineage.tables import TABLE_NAMES, claims_from_table, table_of
from lineage_importers import _csv

if TYPE_CHECKING:
    import pyarrow.parquet as pq

__all__ = ["read", "sniff"]

_CSV: Final = (".csv", ".csv.gz")
_ENDINGS: Final = (*_CSV, ".parquet", "")
_BATCH_ROWS: Final = 1_024  # few enough that a batch of the longest cells is small
_RATIO: Final = 400  # plain : packed; a column that says the same in every row takes no room at all
_PARQUET_MAGIC: Final = b"PAR1"
_NAMED: Final = re.compile(rf"({'|'.join(TABLE_NAMES)})([-_].*)?")


def sniff(path: Path, head: bytes) -> bool:
    """Say whether a file is an own table: by its name, else by its column names."""
    name = path.name.lower()
    if name.endswith(_CSV):
        return _named(path) is not None or table_of(_csv.header_of(head)) is not None
    if not name.endswith(".parquet"):
        return False
    return _named(path) is not None or table_of(_parquet_columns(path)) is not None


def read(path: Path, source: Source) -> Claims:
    """Read one table into claims; places are lines of a CSV file, rows of a Parquet file.

    Raises `ImportFault` with file, place, problem and way out.
    """
    if path.name.lower().endswith(".parquet"):
        table = _read_parquet(path, source.address)
        return claims_from_table(_table_name(path, table.column_names, source), table, source)
    found = _csv.read_csv(path, source.address)
    name = _table_name(path, found.header, source)
    table = pa.Table.from_arrays(
        [pa.array(cells, pa.string()) for cells in found.columns], names=found.header
    )
    return claims_from_table(name, table, source, lines=found.lines)


def _named(path: Path) -> str | None:
    """Return the table that the file name says, or None."""
    found = _NAMED.fullmatch(path.name.lower().partition(".")[0])
    return found[1] if found else None


def _table_name(path: Path, columns: list[str], source: Source) -> str:
    name = _named(path) or table_of(columns)
    if name is None:
        ending = next(item for item in _ENDINGS if path.name.lower().endswith(item))
        names = ", ".join(table + ending for table in TABLE_NAMES)
        problem = f"these columns do not say which table this is; name the file {names}"
        raise ImportFault(source.address, "header", problem)
    return name


def _read_parquet(path: Path, address: str) -> pa.Table:
    import pyarrow.parquet as pq

    _refuse_other_bytes(path, address)
    try:
        with pq.ParquetFile(path) as file:
            table = _table_within_limit(file, address, _csv.expanded_limit(path.stat().st_size, _RATIO))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        reason = str(problem).partition("\n")[0].rstrip(".")
        raise ImportFault(address, "", f"is not a sound Parquet file ({reason}); write it again") from None
    try:
        table.validate(full=True)  # a text that is not UTF-8 would only fail much later
        _ = table.column_names
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise ImportFault(
            address, "", "holds values that are not valid, as text that is not UTF-8; write it again"
        ) from None
    return table


def _refuse_other_bytes(path: Path, address: str) -> None:
    """Refuse a file that does not begin and end as Parquet does."""
    with path.open("rb") as file:
        begins = file.read(4)
        file.seek(max(0, path.stat().st_size - 4))
        ends = file.read(4)
    if not begins:
        raise ImportFault(address, "", "is empty; a Parquet file has at least a schema")
    if begins != _PARQUET_MAGIC:
        raise ImportFault(
            address, "", "is not a Parquet file; give it the ending of what it is, such as .csv"
        )
    if ends != _PARQUET_MAGIC:
        raise ImportFault(address, "", "the Parquet data ends too early; fetch the file again")


def _table_within_limit(file: "pq.ParquetFile", address: str, limit: int) -> pa.Table:
    """Read batch by batch, so that a small file that unpacks to too much is refused before it fills the memory."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        size += batch.nbytes
        if size > limit:
            raise _csv.too_much(address, limit)
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=file.schema_arrow)


def _parquet_columns(path: Path) -> list[str]:
    """Return the column names of a Parquet file, or an empty list if it cannot be read."""
    import pyarrow.parquet as pq

    try:
        names: list[str] = pq.read_schema(path).names
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return []
    return names
