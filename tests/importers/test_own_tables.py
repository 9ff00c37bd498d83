"""The importer of own tables: recognising a file, reading CSV and Parquet, lines, gzip."""

import csv
import gzip
import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.claims import Source
from lineage.errors import ImportFault
from lineage_importers import IMPORTERS, _csv, tables

PRODUCTS = b"id,own_energy,source\nmodel:a,1507 kWh,Somebody 2024\nmodel:b,,\n"


def source(path: Path) -> Source:
    return Source(address=path.name, format="tables")


def read(path: Path, name: str = "products") -> list[dict[str, object]]:
    rows: list[dict[str, object]] = tables.read(path, source(path)).tables[name].to_pylist()
    return rows


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_it_is_listed_under_tables() -> None:
    entry = IMPORTERS["tables"]
    assert (entry["read"], entry["sniff"]) == (
        "lineage_importers.tables:read",
        "lineage_importers.tables:sniff",
    )
    assert entry["suffixes"] == (".csv", ".csv.gz", ".parquet")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_csv_with_any_line_end_and_with_a_byte_order_mark(
    tmp_path: Path, mark: bytes, line_end: bytes
) -> None:
    rows = read(write(tmp_path / "products.csv", mark + PRODUCTS.replace(b"\n", line_end)))
    assert [(row["id"], row["own_energy_kwh"], row["citation"], row["place"]) for row in rows] == [
        ("model:a", 1507.0, "Somebody 2024", "line 2"),
        ("model:b", None, None, "line 3"),
    ]


def test_gzip_and_parquet_say_the_same(tmp_path: Path) -> None:
    plain = read(write(tmp_path / "products.csv", PRODUCTS))
    assert read(write(tmp_path / "products.csv.gz", gzip.compress(PRODUCTS))) == plain
    table = pa.table(
        {"id": ["model:a", "model:b"], "own_energy_kwh": [1507.0, None], "source": ["Somebody 2024", None]}
    )
    pq.write_table(table, tmp_path / "products.parquet")
    rows = read(tmp_path / "products.parquet")
    assert [row.pop("place") for row in rows] == ["row 1", "row 2"]
    assert rows == [{name: value for name, value in row.items() if name != "place"} for row in plain]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    data = b'# a comment\n\nid,name\nmodel:a,"two\nlines"\n\n ,\nmodel:b,"B ""quoted"""\n'
    rows = read(write(tmp_path / "products.csv", data))
    assert [(row["name"], row["place"]) for row in rows] == [
        ("two\nlines", "line 4"),
        ('B "quoted"', "line 8"),
    ]


def test_a_hash_after_the_header_is_no_comment(tmp_path: Path) -> None:
    rows = read(write(tmp_path / "grids.csv", b"id,intensity\n#1,400\n"), "grids")
    assert [row["id"] for row in rows] == ["#1"]


def test_a_header_without_rows_says_nothing(tmp_path: Path) -> None:
    assert read(write(tmp_path / "edges.csv", b"product,parent\n"), "edges") == []


@pytest.mark.parametrize(
    ("name", "data", "table"),
    [
        ("products.csv", b"id\n", "products"),
        ("products-printed.csv", b"id\n", "products"),
        ("JOBS_2024.CSV", b"id,product,phase\n", "jobs"),
        ("systems.of.mine.csv", b"id\n", "systems"),
        ("grids-eu.csv.gz", b"id\n", "grids"),
        ("anything.csv", b"product,parent\n", "edges"),
        ("anything.csv", b"\xef\xbb\xbf# comment\nid,intensity\n", "grids"),
        ("productsheet.csv", b"a,b\n", None),
        ("emissions.csv", b"timestamp,project_name,run_id,duration,emissions,energy_consumed\n", None),
        ("anything.csv", b"", None),
        ("anything.csv", b'"never closed', None),
        ("anything.csv", b"\xff\xfe\x00", None),
        ("products.json", b"{}", None),
    ],
)
def test_a_file_is_recognised_by_its_name_or_its_columns(
    tmp_path: Path, name: str, data: bytes, table: str | None
) -> None:
    path = write(tmp_path / name, gzip.compress(data) if name.endswith(".gz") else data)
    assert tables.sniff(path, data) is (table is not None)
    if table is not None:
        assert tables.read(path, source(path)).tables[table].num_rows == 0


def test_parquet_is_recognised_by_its_name_or_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"product": ["model:b"], "parent": ["model:a"]}), tmp_path / "x.parquet")
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "train-00000.parquet")
    write(tmp_path / "broken.parquet", b"PAR1")
    head = (tmp_path / "x.parquet").read_bytes()[:8192]
    pq.write_table(pa.table({"naXme": ["a"]}), tmp_path / "y.parquet", store_schema=False)
    write(tmp_path / "y.parquet", (tmp_path / "y.parquet").read_bytes().replace(b"naXme", b"na\xffme"))
    assert not tables.sniff(tmp_path / "y.parquet", head)
    assert tables.sniff(tmp_path / "x.parquet", head)
    assert not tables.sniff(tmp_path / "train-00000.parquet", head)
    assert not tables.sniff(tmp_path / "broken.parquet", b"PAR1")
    assert tables.sniff(tmp_path / "products.parquet", b"")
    assert read(tmp_path / "x.parquet", "edges")[0]["parent"] == "model:a"


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_csv, "EXPANDED_LIMIT_BYTES", 1000)
    path = write(tmp_path / "products.csv.gz", gzip.compress(b"id\n" + b"\n" * 10_000))
    with pytest.raises(ImportFault) as caught:
        tables.read(path, source(path))
    message = "holds more than 1,000 bytes when unpacked; split it into several files"
    assert str(caught.value) == f"products.csv.gz: {message}"
    pq.write_table(
        pa.table({"id": [f"model:{index}" for index in range(1000)]}), tmp_path / "products.parquet"
    )
    with pytest.raises(ImportFault, match=rf"^products\.parquet: {message}"):
        tables.read(tmp_path / "products.parquet", source(tmp_path / "products.parquet"))


def test_a_bomb_is_refused_while_it_is_small(tmp_path: Path) -> None:
    path = write(tmp_path / "products.csv.gz", gzip.compress(b"id\n" + b"\n" * (65 << 20)))
    message = "holds more than 67,108,864 bytes when unpacked; split it into several files"
    with pytest.raises(ImportFault, match=rf"^products\.csv\.gz: {message}"):
        tables.read(path, source(path))
    many = pa.array(["model:" + "y" * 100_000]).take(pa.array([0] * 700))
    pq.write_table(pa.table({"id": many}), tmp_path / "products.parquet", compression="zstd")
    with pytest.raises(ImportFault, match=rf"^products\.parquet: {message}"):
        tables.read(tmp_path / "products.parquet", source(tmp_path / "products.parquet"))


def test_just_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_csv, "EXPANDED_LIMIT_BYTES", len(PRODUCTS))
    assert len(read(write(tmp_path / "products.csv.gz", gzip.compress(PRODUCTS)))) == 2


@given(
    cells=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2),
        max_size=5,
    )
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([["first", "second"], *cells])
    path = tmp_path_factory.getbasetemp() / f"round-{os.getpid()}.csv"
    table = _csv.read_csv(write(path, text.getvalue().encode()), path.name)
    assert table.header == ["first", "second"]
    kept = [row for row in cells if any(cell.strip() for cell in row)]
    assert [list(row) for row in zip(*table.columns, strict=True)] == kept
    assert len(table.lines) == len(set(table.lines)) == len(kept)
    assert table.lines == sorted(table.lines)


def test_columns_that_fit_several_tables_ask_for_a_file_name(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", b"id,name\nmodel:a,A\n")
    assert tables.sniff(path, path.read_bytes())
    assert read(path)[0]["name"] == "A"
    path = write(tmp_path / "mine.csv", b"id\nmodel:a\n")
    with pytest.raises(
        ImportFault, match=r"do not say which table this is; name the file products\.csv, edges\.csv"
    ):
        tables.read(path, source(path))
    path = write(tmp_path / "mine.csv.gz", gzip.compress(b"id\nmodel:a\n"))
    with pytest.raises(ImportFault, match=r"name the file products\.csv\.gz, edges\.csv\.gz"):
        tables.read(path, source(path))
