"""The Cypher schema names labels, relationships and properties that the vocabulary has."""

import re
from pathlib import Path

import pytest

from lineage.schema import GRAPH_TABLES, LABELS

SCHEMA = Path(__file__).parents[2] / "queries" / "schema"
CONSTRAINT = re.compile(r"CREATE CONSTRAINT (\w+) IF NOT EXISTS FOR \(n:(\w+)\) REQUIRE n\.(\w+) IS UNIQUE")
NODE_INDEX = re.compile(r"CREATE INDEX (\w+) IF NOT EXISTS FOR \(n:(\w+)\) ON \(n\.(\w+)\)")
EDGE_INDEX = re.compile(r"CREATE INDEX (\w+) IF NOT EXISTS FOR \(\)-\[r:(\w+)\]-\(\) ON \(r\.(\w+)\)")

TABLE_OF = {
    **dict.fromkeys(LABELS.values(), "products"),
    "Job": "jobs",
    "System": "systems",
    "Grid": "grids",
    "DERIVED_FROM": "edges",
}


def statements(name: str) -> list[str]:
    """Return the statements of a file without its header."""
    text = (SCHEMA / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("//")]
    return [item.strip() for item in "\n".join(lines).split(";") if item.strip()]


def test_each_label_has_a_unique_id() -> None:
    found = [CONSTRAINT.fullmatch(item) for item in statements("constraints.cypher")]
    assert all(found)
    labels = [hit[2] for hit in found if hit]
    assert sorted(labels) == sorted([*LABELS.values(), "Job", "System", "Grid", "Source"])
    assert [(hit[1], hit[3]) for hit in found if hit] == [(f"{label.lower()}_id", "id") for label in labels]


def test_indexes_are_on_columns_that_exist() -> None:
    for item in statements("indexes.cypher"):
        hit = NODE_INDEX.fullmatch(item) or EDGE_INDEX.fullmatch(item)
        assert hit, item
        name, label, column = hit.groups()
        assert name == f"{label.lower()}_{column}"
        assert column in {known.name for known in GRAPH_TABLES[TABLE_OF[label]]}, item


def test_no_index_twice() -> None:
    items = statements("constraints.cypher") + statements("indexes.cypher")
    assert len(items) == len(set(items))


@pytest.mark.parametrize("name", ["constraints.cypher", "indexes.cypher"])
def test_each_file_begins_with_its_question(name: str) -> None:
    first, *_ = (SCHEMA / name).read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"// .+\?", first)
