"""Every store of this package keeps the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.stores import Store, connect
from lineage.testing.stores import StoreContract


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with connect("memory:") as store:
            yield store

    def reopen(self, store: Store) -> Store:
        return store  # there is no second user


class TestFolder(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with connect(tmp_path / "new" / "a store") as store:
            yield store
