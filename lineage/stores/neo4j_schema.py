"""Constraints and indexes: those of `queries/schema`, and one per kind of node that the store keeps for itself."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from lineage.errors import StoreError
from lineage.stores.bolt import Bolt

__all__ = ["apply_schema", "statements"]

_FILES: Final = ("constraints.cypher", "indexes.cypher")
_OWN: Final = (
    "CREATE CONSTRAINT lineage_store_id IF NOT EXISTS FOR (n:LineageStore) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT lineage_writer_id IF NOT EXISTS FOR (n:LineageWriter) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT lineage_run_id IF NOT EXISTS FOR (n:LineageRun) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT lineage_part_id IF NOT EXISTS FOR (n:LineagePart) REQUIRE n.id IS UNIQUE",
    "CREATE INDEX lineage_part_sha256 IF NOT EXISTS FOR (n:LineagePart) ON (n.sha256)",
)
_NAME: Final = re.compile(r"CREATE (?:CONSTRAINT|INDEX) (\w+)")


@cache
def statements() -> tuple[str, ...]:
    """Return every schema statement, constraints first."""
    found: list[str] = []
    for name in _FILES:
        lines = [line for line in _text(name).splitlines() if not line.startswith("//")]
        found += [item.strip() for item in "\n".join(lines).split(";") if item.strip()]
    return (*found, *_OWN)


def _text(name: str) -> str:
    installed = files("lineage") / "queries" / "schema" / name
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    # An editable installation: the folder lies beside the package, not in it.
    return (Path(__file__).parents[2] / "queries" / "schema" / name).read_text(encoding="utf-8")


def apply_schema(bolt: Bolt) -> None:
    """Make the constraints and indexes that are missing, and wait until they can be used."""
    there = {str(row["name"]) for row in bolt.command("SHOW INDEXES YIELD name RETURN name")}
    missing = [text for text in statements() if (_NAME.match(text) or [""])[1] not in there]
    for text in missing:
        try:
            bolt.command(text)
        except StoreError as error:
            if type(error) is not StoreError:
                raise
            raise StoreError(
                f"{error}; the schema needs this: {text}. Where two nodes that are not ours share an id, "
                "adopt them by a mapping, or use another database"
            ) from None
    if missing:
        bolt.command("CALL db.awaitIndexes(300)")
