"""Files that break the formats of the Hub and of CodeCarbon: each gets its exact message, and none gets through.

The small ones lie in `tests/malformed/<format>`, their messages in `expected.json` there; large ones are made here.
"""

import gzip
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.claims import Source
from lineage.errors import ImportFault
from lineage.importing import read_claims
from lineage_importers import codecarbon, huggingface

MALFORMED = Path(__file__).parents[1] / "malformed"
READERS = {"huggingface": huggingface.read, "codecarbon": codecarbon.read}
EXPECTED: dict[str, dict[str, str]] = {
    name: json.loads((MALFORMED / name / "expected.json").read_text(encoding="utf-8")) for name in READERS
}
CASES = [(format, name) for format, expected in EXPECTED.items() for name in expected]
RECORD = '{"id": "acme/a", "modelId": "acme/a", "tags": [], "likes": 0, "downloads": 1}\n'
ROWS = "project_name,run_id,duration,emissions,energy_consumed\n{name},run-a,300.0,0.01,0.1\n"  # one run, named later


def fault(format: str, path: Path) -> str:
    """Return the message that a file gives, named by itself."""
    with pytest.raises(ImportFault) as caught:
        READERS[format](path, Source(address=path.name, root="the folder", format=format))
    return str(caught.value)


@pytest.mark.parametrize(("format", "name"), CASES)
def test_each_file_gets_its_message(format: str, name: str) -> None:
    assert fault(format, MALFORMED / format / name) == EXPECTED[format][name]


@pytest.mark.parametrize("format", READERS)
def test_every_file_of_the_corpus_has_a_message(format: str) -> None:
    files = {path.name for path in (MALFORMED / format).iterdir()} - {"expected.json"}
    assert files == set(EXPECTED[format])


@pytest.mark.parametrize(("format", "name"), CASES)
def test_each_message_names_the_file_and_a_way_on(format: str, name: str) -> None:
    message = EXPECTED[format][name]
    assert message.startswith(f"{name}")
    assert len(message) < 300
    assert message.isprintable()


# -- one bad file among good ones --------------------------------------------------------------------------


@pytest.mark.parametrize(("format", "name"), CASES)
def test_a_bad_file_stops_a_folder_or_is_left_out(tmp_path: Path, format: str, name: str) -> None:
    (tmp_path / "good.jsonl").write_text(RECORD)
    (tmp_path / name).write_bytes((MALFORMED / format / name).read_bytes())
    try:
        stopped = read_claims(tmp_path)
    except ImportFault:
        pass
    else:  # broken from the first byte on, so that nobody recognises it
        assert [item.code for item in stopped.findings] == ["skipped-file"]
    kept = read_claims(tmp_path, keep_going=True)
    assert kept.tables["products"].column("id").to_pylist() == ["model:acme/a"]
    (skipped,) = kept.findings
    assert (skipped.code, Path(skipped.source).name) == ("skipped-file", name)


# -- too large to keep -------------------------------------------------------------------------------------


def test_a_name_of_a_million_characters(tmp_path: Path) -> None:
    path = tmp_path / "models.jsonl"
    path.write_text(json.dumps({"id": "a" * 1_000_000, "tags": []}) + "\n")
    assert fault("huggingface", path) == (
        "models.jsonl, line 1, $.id: a name of 1,000,000 characters; the Hub allows 96"
    )
    path = tmp_path / "emissions.csv"
    path.write_text(ROWS.format(name="a" * 100_000))
    assert fault("codecarbon", path) == (
        "emissions.csv, line 2, column project_name: a name of 100,000 characters; 256 are the limit"
    )
    path.write_text(ROWS.format(name="a" * 1_000_000))
    assert fault("codecarbon", path).startswith(
        "emissions.csv, line 2: not CSV: field larger than field limit"
    )


def test_a_parent_of_a_million_characters_is_cut_in_its_finding(tmp_path: Path) -> None:
    path = tmp_path / "models.jsonl"
    path.write_text(json.dumps({"id": "acme/a", "tags": ["base_model:" + "b" * 1_000_000]}) + "\n")
    (found,) = huggingface.read(path, Source(address="models.jsonl")).findings
    assert found.code == "unresolved-parent"
    assert len(found.text) < 400


@pytest.mark.parametrize("name", ["deep.json", "deep.jsonl"])
def test_nesting_without_end(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"id": "acme/a", "config": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    assert fault("huggingface", path) == f"{name}, line 1: nested too deeply; no record is"


@pytest.mark.slow
def test_gzip_bombs(tmp_path: Path) -> None:
    start = time.perf_counter()
    path = tmp_path / "models.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "' + b" " * (40 << 20), compresslevel=1))
    expected = "models.jsonl.gz, line 1: the line is longer than 32 MiB; no record is"
    assert fault("huggingface", path) == expected
    path = tmp_path / "models.json.gz"
    path.write_bytes(gzip.compress(b" " * (100 << 20), compresslevel=6))
    expected = "models.json.gz: unpacks to more than 64 MiB; unpack it by hand if it is right"
    assert fault("huggingface", path) == expected
    path = tmp_path / "acme__a.md"
    path.write_bytes(b"---\nlicense: mit\n---\n" + b"x" * (33 << 20))
    assert fault("huggingface", path) == "acme__a.md: larger than 32 MiB; split it, or give JSON lines"
    assert time.perf_counter() - start < 30


def test_front_matter_without_end(tmp_path: Path) -> None:
    path = tmp_path / "acme__a.md"
    path.write_text("---\n" + "a: b\n" * 300_000 + "---\n")
    assert fault("huggingface", path) == (
        "acme__a.md, line 1: front matter of 1,499,999 characters; 1,048,576 are the limit"
    )
    path.write_text("---\n" + "- x\n" * 60_000 + "---\n")
    assert "more than 50,000 values" in fault("huggingface", path)


def test_parquet_that_is_not_whole_or_not_of_the_hub(tmp_path: Path) -> None:
    path = tmp_path / "models.parquet"
    pq.write_table(pa.table({"id": ["acme/a"], "tags": [["x"]], "likes": [1]}), path)
    data = path.read_bytes()
    path.write_bytes(data[:-9])
    assert fault("huggingface", path) == "models.parquet: not a whole Parquet file; fetch the file again"
    pq.write_table(pa.table({"name": ["acme/a"]}), path)
    assert fault("huggingface", path) == (
        "models.parquet: no column id or modelId; this is no table of Hub records"
    )
    pq.write_table(pa.table({"id": ["acme/a"], "tags": [["x"]], "likes": [1.5]}), path)
    assert fault("huggingface", path).startswith("models.parquet, rows 1 to 1, likes: whole numbers up to")
    pq.write_table(pa.table({"id": ["acme/a", None], "tags": [["x"], None], "likes": [1, 2]}), path)
    assert fault("huggingface", path) == "models.parquet, row 2, $.id: the record has no id"


def test_a_yaml_bomb_is_refused_at_once() -> None:
    start = time.perf_counter()
    fault("huggingface", MALFORMED / "huggingface" / "acme__bomb.md")
    assert time.perf_counter() - start < 30  # a bomb would take hours
