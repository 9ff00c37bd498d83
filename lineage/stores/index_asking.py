"""Cypher for stores that are no database: their graph's offline index, opened by the first question."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lineage.stores.result import Result

if TYPE_CHECKING:
    from lineage.stores.index import OfflineIndex
    from lineage.stores.index_process import Progress

__all__ = ["AsksIndex"]


class AsksIndex:
    """What a store inherits to be asked in Cypher; it has to call `close_index` when it closes."""

    progress: "Progress | None" = None
    """Hears of the building of the index: done, total, what."""

    _index: "OfflineIndex | None" = None

    def cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        /,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
        write: bool = False,
        **more: Any,
    ) -> Result:
        """Answer a query about the newest graph; parameters are bound, never put into its text.

        The first question builds the index where there is none yet. Raises `MissingExtra` without the extra
        `cypher`, `QueryError` for a query that is refused or wants to write, `StoreError` where nothing was
        written yet.
        """
        self._check_open()
        if self._index is None:
            from lineage.stores.index import open_index

            self._index = open_index(self, progress=self.progress)  # type: ignore[arg-type]  # a store
        return self._index.cypher(text, parameters, limit=limit, timeout_s=timeout_s, write=write, **more)

    def close_index(self) -> None:
        """End the engine's process, if one was started."""
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def _check_open(self) -> None:
        raise NotImplementedError
