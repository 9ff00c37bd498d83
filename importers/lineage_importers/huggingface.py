"""Hugging Face: model cards, data-set cards, and the answers of the Hub's API.

A card is Markdown with YAML on top; its file name says whose it is: OWNER/NAME/README.md or OWNER__NAME.md::

    ---
    base_model: google/flan-t5-base
    datasets: [samsum]
    co2_eq_emissions: {emissions: 17.2, source: codecarbon}
    ---

An API answer is one object, a list, or JSON lines (each also gzipped), or a Parquet table of the same
fields::

    {"id": "org/child", "createdAt": "2024-01-02T03:04:05.000Z", "downloads": 10,
     "tags": ["base_model:org/parent", "base_model:finetune:org/parent", "dataset:squad", "license:mit"]}
"""

from pathlib import Path
from typing import Final

from lineage.claims import Claims, Source
from lineage.errors import ImportFault
from lineage_importers import _files, _json
from lineage_importers._hub_records import Records

__all__ = ["read", "sniff"]

BESIDE_ID: Final = {
    b"downloads",
    b"likes",
    b"createdAt",
    b"cardData",
    b"tags",
    b"lastModified",
    b"private",
    b"sha",
}


def sniff(path: Path, head: bytes) -> bool:
    """Say whether a file looks like a card, or like records of the Hub."""
    if head.startswith(b"PAR1"):
        from lineage_importers._hub_tables import is_hub_table

        return is_hub_table(path)
    start = head.removeprefix(b"\xef\xbb\xbf")
    if path.name.lower().endswith(".md"):
        return start.startswith((b"---\n", b"---\r\n", b"--- \n"))
    start = start.lstrip()
    if not start.startswith((b"{", b"[")) or not start.lstrip(b"[").lstrip().startswith(b"{"):
        return False
    keys = _json.first_keys(head)
    return b"modelId" in keys or (b"id" in keys and len(keys & BESIDE_ID) >= 2)


def read(path: Path, source: Source) -> Claims:
    """Read a card, an API answer or a table of API answers. Raises `ImportFault` with line or JSON path."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        from lineage_importers._hub_tables import read_table

        return read_table(path, source)
    if path.name.lower().endswith(".md"):
        from lineage_importers._hub_cards import read_card

        return read_card(path, source)
    name = path.name.lower().removesuffix(".gz")
    return _read_lines(path, source) if name.endswith((".jsonl", ".ndjson")) else _read_document(path, source)


def _read_lines(path: Path, source: Source) -> Claims:
    records = Records(source)
    add = records.add
    for number, record in _json.records_of_lines(path, source.address):
        add(record, f"line {number}")
    if not len(records):
        raise ImportFault(source.address, "", "the file is empty")
    return records.done()


def _read_document(path: Path, source: Source) -> Claims:
    """Read one object or a list; a file that turns out to hold one object a line is read so."""
    text = _files.text_of(path, source.address)
    if not text.strip():
        raise ImportFault(source.address, "", "the file is empty")
    if _json.is_lines(text):
        return _read_lines(path, source)
    value = _json.parsed(text, source.address)
    records = Records(source)
    if not isinstance(value, list):
        records.add(value, "$")
        return records.done()
    if not value:
        raise ImportFault(source.address, "$", "the list holds no record")
    for number, record in enumerate(value):
        records.add(record, f"$[{number}]")
    return records.done()
