"""Records of the Hub written in a line, read, and looked at."""

import json
from pathlib import Path
from typing import Any

from lineage.claims import Claims, Source
from lineage_importers import huggingface


def read_records(tmp_path: Path, *records: Any) -> Claims:
    path = tmp_path / "models.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return huggingface.read(path, Source(address="models.jsonl", format="huggingface"))


def model(name: str = "acme/a", **fields: Any) -> dict[str, Any]:
    return {"id": name, "modelId": name, "tags": [], **fields}


def edges(claims: Claims) -> list[tuple[str, str, str | None]]:
    table = claims.tables["edges"]
    return list(
        zip(*(table.column(name).to_pylist() for name in ("product", "parent", "relation")), strict=True)
    )


def product(claims: Claims, row: int = 0) -> dict[str, Any]:
    filled = claims.tables["products"].to_pylist()[row]
    return {key: value for key, value in filled.items() if value is not None and key != "source"}


def said(claims: Claims, code: str) -> list[str]:
    return [item.text for item in claims.findings if item.code == code]
