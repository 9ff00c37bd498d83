"""Where the engine of the offline index is known to differ from Neo4j: the least query of each kind.

The drawn queries leave these out, and no query of the catalogue has them (tests/stores/test_index_doubts.py). A
new version of the engine that answers as Neo4j does makes a test here fail, and then the exclusion in `drawing`
goes too.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from lineage.stores.base import AnswersCypher
from lineage.stores.index import open_index
from lineage.stores.index_doubts import doubts
from lineage.stores.snapshot import SnapshotStore
from lineage.testing import graph
from offline import needed_engine

# A null end: what an OPTIONAL MATCH did not find stays null, and no later pattern ends there.
NULL_END: Final = (
    "MATCH (a:Model) OPTIONAL MATCH (a)-[:BUILT_ON]->(b) MATCH (a)-[:DERIVED_FROM]->(b) RETURN count(*) AS n"
)

# A condition about `a` that holds a subquery or a quantifier about `b`, where more than one step is matched: of the
# models made out of `base`, one is not made of data. The index asks before it knows `b`.
EARLY: Final = (
    "MATCH (a:Model {id: 'model:base'})<-[:DERIVED_FROM]-(b:Model) "
    "WHERE NOT EXISTS { (b)-[:TRAINED_ON]->() } OR a.license = 'mit' "
    "OPTIONAL MATCH (b)-[:BUILT_ON]->() RETURN count(*) AS n"
)
BESIDE: Final = (
    "MATCH (a:Model)-[:DERIVED_FROM]->(b:Model), (a)<-[:DERIVED_FROM]-(c) "
    "WHERE NOT EXISTS { (b)-[:TRAINED_ON]->() } OR a.license = 'mit' RETURN count(*) AS n"
)
QUANTIFIED: Final = (
    "MATCH (a:Model)-[:DERIVED_FROM]->(b:Model), (a)<-[r:DERIVED_FROM*1..2]-(c) "
    "WHERE all(x IN r WHERE x.w IS NULL) OR a.license = 'mit' RETURN count(*) AS n"
)
KNOWN: Final = [
    pytest.param(NULL_END, 0, id="null end"),
    pytest.param(EARLY, 1, id="subquery asked too early"),
    pytest.param(BESIDE, 1, id="subquery asked too early, one MATCH"),
    pytest.param(QUANTIFIED, 1, id="quantifier asked too early"),
]


def filled() -> Any:
    return graph("base -> plain -> late", "base, dataset:web -> tuned")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnswersCypher]:
    """An offline index of a small graph."""
    needed_engine()
    store = SnapshotStore(tmp_path_factory.mktemp("differences") / "store")
    store.write(filled())
    with open_index(store) as opened:
        yield opened


@pytest.mark.xfail(strict=True, reason="arcadedb 26.11.1.dev2 answers otherwise than Neo4j")
@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_the_index_differs(text: str, expected: int, index: AnswersCypher) -> None:
    assert index.cypher(text).records == [{"n": expected}]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_neo4j_answers_as_the_language_says(text: str, expected: int, neo4j_address: str) -> None:
    from lineage.stores.bolt import Login
    from lineage.stores.neo4j import Neo4jStore

    with Neo4jStore(neo4j_address, Login.from_environment()) as store:
        store.write(filled())
        assert store.cypher(text).records == [{"n": expected}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            NULL_END.replace(" MATCH (a)-[:DERIVED", " WITH a, b WHERE b IS NOT NULL MATCH (a)-[:DERIVED"), 0
        ),
        pytest.param(EARLY.replace(" WHERE", " WITH a, b WHERE"), 1),
    ],
)
def test_a_with_in_between_is_the_way_out(text: str, expected: int, index: AnswersCypher) -> None:
    assert index.cypher(text).records == [{"n": expected}]


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_whoever_asks_it_is_warned(text: str, expected: int) -> None:
    assert len(doubts(text)) == 1, expected
