"""Queries that the offline index is known to answer wrongly are told of; those it answers rightly are not."""

from pathlib import Path

import pytest

from lineage.stores.index_doubts import doubts

NULL_END = (
    "MATCH (a:Model) OPTIONAL MATCH (a)-[:BUILT_ON]->(b) MATCH (a)-[:DERIVED_FROM]->(b) RETURN count(*)"
)
EARLY = (
    "MATCH (a:Model)-[:DERIVED_FROM]->(b:Model), (a)<-[:DERIVED_FROM]-(c)\n"
    "WHERE NOT EXISTS { (b)-[:TRAINED_ON]->() }\n   OR a.license = 'mit' RETURN count(*)"
)
QUANTIFIED = (
    "MATCH (a)<-[r:DERIVED_FROM*1..2]-(c) WHERE all(x IN r WHERE x.w IS NULL) OR a.license = $l RETURN c"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (NULL_END, "ends in 'b'"),
        (NULL_END.lower(), "ends in 'b'"),
        (EARLY, "a subquery or a quantifier"),
        (QUANTIFIED, "a subquery or a quantifier"),
    ],
)
def test_told(text: str, told: str) -> None:
    (doubt,) = doubts(text)
    assert told in doubt and "WITH" in doubt


@pytest.mark.parametrize(
    "text",
    [
        NULL_END.replace(" MATCH (a)-[:D", " WITH a, b WHERE b IS NOT NULL MATCH (a)-[:D"),
        EARLY.replace("\nWHERE", "\nWITH a, b WHERE"),
        EARLY.replace("\n   OR a", "\n   AND a"),
        "MATCH (a) WHERE EXISTS { (a)-[:BUILT_ON]->() } RETURN a",
        "MATCH (a) WHERE a.name = 'x OR EXISTS { y }' RETURN a",
        "MATCH (a) WHERE a.x = 1 OR a.y = 2 RETURN EXISTS { (a)-->() } AS there",
        "MATCH (a) OPTIONAL MATCH (a)-->(b) RETURN a, b",
    ],
)
def test_not_told(text: str) -> None:
    assert doubts(text) == ()


def test_no_question_of_the_catalogue_is_in_doubt() -> None:
    folder = Path(__file__).parents[2] / "queries"
    asked = [path for path in folder.glob("*/*.cypher") if path.parent.name != "schema"]
    assert len(asked) >= 40
    for path in asked:
        assert doubts(path.read_text(encoding="utf-8")) == (), path
