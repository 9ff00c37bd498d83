"""Parquet tables whose rows are records of the Hub, as the dumps of the Hub are."""

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from lineage.claims import Claims, Source
from lineage.errors import ImportFault
from lineage_importers._hub_columns import EXACT
from lineage_importers._hub_keys import DATASET_KEYS, MODEL_KEYS
from lineage_importers._hub_records import Records

__all__ = ["is_hub_table", "read_table"]

BESIDE_ID: Final = ("downloads", "likes", "createdAt", "cardData", "lastModified")
WANTED: Final = (
    "_id",
    "id",
    "modelId",
    "tags",
    "downloads",
    "downloadsAllTime",
    "likes",
    "createdAt",
    "pipeline_tag",
    "library_name",
    "cardData",
    "baseModels",
    "safetensors",
    "sha",
)
ROWS: Final = 10_000


def is_hub_table(path: Path) -> bool:
    """Say whether the columns of a Parquet file are those of the Hub's records; reads the footer only."""
    import pyarrow.parquet as pq

    try:
        names = set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return False
    return bool(names & {"id", "modelId"}) and "tags" in names and bool(names & set(BESIDE_ID))


def read_table(path: Path, source: Source) -> Claims:
    """Read a table, some thousand rows at a time. Raises `ImportFault` with the row."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return _read(file, source)
    except (pa.ArrowException, OSError):
        raise ImportFault(source.address, "", "not a whole Parquet file; fetch the file again") from None


def _read(file: Any, source: Source) -> Claims:
    names = file.schema_arrow.names
    wanted = [name for name in WANTED if name in names]
    if not {"id", "modelId"} & set(wanted):
        raise ImportFault(source.address, "", "no column id or modelId; this is no table of Hub records")
    is_model = "modelId" in names or any(name in names for name in MODEL_KEYS)
    is_dataset = not is_model and any(name in names for name in DATASET_KEYS)
    records = Records(source, kind="dataset" if is_dataset else "model")
    row = 0
    for batch in file.iter_batches(batch_size=ROWS, columns=wanted):
        for record in _plain(batch, source, row).to_pylist():
            row += 1
            records.add({key: value for key, value in record.items() if value is not None}, f"row {row}")
    return records.done()


def _plain(batch: Any, source: Source, row: int) -> Any:
    """Return a batch in the types of the API: dates as text, whole numbers as such, dictionaries unpacked."""
    table = pa.Table.from_batches([batch])
    for place, item in enumerate(table.schema):
        kind = item.type.value_type if pa.types.is_dictionary(item.type) else item.type
        if pa.types.is_timestamp(kind):
            kind = pa.timestamp("s", "UTC")
            text = table.column(place).cast(kind, safe=False).cast(pa.string())
            table = table.set_column(place, item.name, text)
            continue
        if pa.types.is_floating(kind) and item.name in ("downloads", "downloadsAllTime", "likes"):
            kind = pa.int64()
        try:
            table = table.set_column(place, item.name, table.column(place).cast(kind))
        except pa.ArrowInvalid as problem:
            where = f"rows {row + 1} to {row + table.num_rows}, {item.name}"
            raise ImportFault(
                source.address, where, f"whole numbers up to {EXACT} expected: {problem}"
            ) from None
    return table
