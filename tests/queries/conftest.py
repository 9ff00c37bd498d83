"""Engines that answer Cypher, one after the other; one that cannot be had here is skipped with the reason."""

from collections.abc import Iterator

import pytest

from lineage.errors import MissingExtra
from oracles.engines import Engine


@pytest.fixture(scope="session", params=["offline", pytest.param("neo4j", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine; skipped where it is not installed, or cannot be started."""
    if request.param == "neo4j":
        made = Engine("neo4j", tmp_path_factory.mktemp("none"), request.getfixturevalue("neo4j_server"))
    else:
        from lineage.stores.index_process import installed_engine

        try:
            installed_engine()
        except MissingExtra as reason:
            pytest.skip(str(reason))
        made = Engine("offline", tmp_path_factory.mktemp("offline"))
    yield made
    made.close()
