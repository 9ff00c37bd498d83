"""A real Neo4j keeps the contract of every store, except for what it cannot keep."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from lineage.stores import Store, connect
from lineage.testing.stores import StoreContract

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("neo4j")]


class TestNeo4j(StoreContract):
    gaps: ClassVar[Mapping[str, str]] = {
        "test_snapshots_are_listed_and_old_ones_let_go": "a database keeps one state: the newest",
        "test_findings_and_claims_alone_make_a_new_snapshot": "a database keeps one state: the newest",
    }

    @pytest.fixture
    def store(self, neo4j_address: str) -> Iterator[Store]:
        with connect(neo4j_address) as store:
            yield store
