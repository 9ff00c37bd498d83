"""Files that break the format of the own tables: each gets its exact message, and none gets through.

The small ones lie in `tests/malformed/tables`, their messages in `expected.json` there. Parquet files and the
large ones are written here; their messages are in the same file.
"""

import csv
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.claims import Source
from lineage.errors import ImportFault
from lineage_importers import tables

FOLDER = Path(__file__).parents[1] / "malformed" / "tables"
EXPECTED: dict[str, str] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
HOSTILE_NAMES: list[str] = json.loads((FOLDER / "accepted-hostile-names.json").read_text(encoding="utf-8"))
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".json")


def parquet(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)


def truncated_parquet(path: Path) -> None:
    parquet(path, id=["model:a"])
    path.write_bytes(path.read_bytes()[:-20])


def flipped_parquet(path: Path) -> None:
    pq.write_table(pa.table({"id": [f"model:{index}" for index in range(2000)]}), path, compression="gzip")
    data = bytearray(path.read_bytes())
    data[40:60] = bytes(20)
    path.write_bytes(data)


def parquet_with_a_column_twice(path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array(["model:a"])] * 2, names=["id", "id"]), path)


def parquet_that_is_not_utf8(path: Path) -> None:
    names = pa.array([b"model:a", b"model:caf\xe9"]).view(pa.string())
    pq.write_table(pa.table({"id": names}), path)


def parquet_with_a_name_that_is_not_utf8(path: Path) -> None:
    pq.write_table(pa.table({"id": ["model:a"], "naXme": ["A"]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"naXme", b"na\xffme"))


def gzip_of_nothing(path: Path) -> None:
    path.write_bytes(gzip.compress(b""))


WRITTEN: dict[str, Callable[[Path], object]] = {
    "products-million-character-id.csv": lambda path: path.write_text("id\nmodel:" + "a" * 1_000_000 + "\n"),
    "products-long-id.csv": lambda path: path.write_text("id\nmodel:" + "a" * 100_000 + "\n"),
    "products-million-character-column.csv": lambda path: path.write_text(
        "id," + "a" * 1_000_000 + "\nmodel:a,1\n"
    ),
    "products-long-column-name.csv": lambda path: path.write_text("id," + "a" * 100_000 + "\nmodel:a,1\n"),
    "products-long-unit.csv": lambda path: path.write_text(
        "id,own_energy\nmodel:a,1 " + "k" * 100_000 + "\n"
    ),
    "products-many-columns.csv": lambda path: path.write_text(
        "id," + ",".join(f"c{index}" for index in range(5_000)) + "\nmodel:a" + "," * 5_000 + "\n"
    ),
    "products-empty.csv.gz": gzip_of_nothing,
    "products-empty.parquet": lambda path: path.write_bytes(b""),
    "products-text.parquet": lambda path: path.write_bytes(b"id,name\nmodel:a,A\n"),
    "products-truncated.parquet": truncated_parquet,
    "products-column-twice.parquet": parquet_with_a_column_twice,
    "products-not-utf8.parquet": parquet_that_is_not_utf8,
    "products-name-not-utf8.parquet": parquet_with_a_name_that_is_not_utf8,
    "products-nan.parquet": lambda path: parquet(path, id=["model:a"], own_energy_kwh=[float("nan")]),
    "products-negative.parquet": lambda path: parquet(path, id=["model:a", "model:b"], own_water_l=[1, -1]),
    "products-no-unit.parquet": lambda path: parquet(path, id=["model:a"], own_energy=[5.0]),
    "products-id-is-a-number.parquet": lambda path: parquet(path, id=[5]),
    "products-energy-is-a-flag.parquet": lambda path: parquet(path, id=["model:a"], own_energy_kwh=[True]),
    "edges-no-parent.parquet": lambda path: parquet(
        path, product=["model:b"], parent=pa.nulls(1, pa.string())
    ),
    "unknown-columns.parquet": lambda path: parquet(path, colour=["red"]),
}


def refusal(path: Path) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(ImportFault) as caught:
        tables.read(path, Source(address=path.name, format="tables"))
    return str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_gets_its_message(name: str) -> None:
    assert refusal(FOLDER / name) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_broken_file_that_is_written_here_gets_its_message(name: str, tmp_path: Path) -> None:
    WRITTEN[name](tmp_path / name)
    start = time.process_time()
    assert refusal(tmp_path / name) == EXPECTED[name]
    assert time.process_time() - start < 5


def test_a_flipped_byte_in_parquet_is_refused(tmp_path: Path) -> None:
    flipped_parquet(tmp_path / "products.parquet")
    assert refusal(tmp_path / "products.parquet").startswith(
        "products.parquet: is not a sound Parquet file ("
    )


def test_every_expected_message_has_its_file_and_says_where() -> None:
    assert sorted(EXPECTED) == sorted([*FILES, *WRITTEN])
    assert len(FILES) >= 35
    for name, message in EXPECTED.items():
        assert message.startswith(name)
        assert 20 < len(message) < 400
        assert str(FOLDER) not in message


def test_hostile_but_legal_names_load_as_they_are(tmp_path: Path) -> None:
    with (tmp_path / "products.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "name"], *([name, name] for name in HOSTILE_NAMES)])
    claims = tables.read(tmp_path / "products.csv", Source(address="products.csv"))
    products = claims.tables["products"]
    assert products.column("id").to_pylist() == HOSTILE_NAMES
    assert products.column("name").to_pylist() == HOSTILE_NAMES
    assert claims.findings == ()
