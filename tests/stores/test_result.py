"""An answer is read to its end, or says that it was not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.errors import StoreError, StoreUnavailable
from lineage.stores import connect
from lineage.stores.result import Result
from lineage.testing.specimens import family
from offline import needed_engine

CUT = "closed before all its rows were read; ask again"


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    yield ("n",)
    yield from ((number,) for number in range(count))


def test_what_was_read_whole_stays_readable() -> None:
    result = Result(rows(3))
    assert [row["n"] for row in result] == [0, 1, 2]
    assert result.closed and list(result) == []
    result = Result(rows(3), limit=2)
    assert len(result.records) == 2
    result.close()
    assert result.records == [{"n": 0}, {"n": 1}]
    assert list(Result(rows(0))) == list(Result(rows(3), limit=0)) == []


@pytest.mark.parametrize("read", [0, 1, 2])
def test_a_closed_answer_does_not_look_complete(read: int) -> None:
    result = Result(rows(3))
    reading = iter(result)
    for number in range(read):
        assert next(reading) == {"n": number}
    result.close()
    for attempt in (lambda: next(reading), lambda: list(result), lambda: result.records, result.to_arrow):
        with pytest.raises(StoreError, match=CUT):
            attempt()


def test_reading_may_go_on_where_a_loop_was_left() -> None:
    result = Result(rows(3))
    for row in result:
        assert row == {"n": 0}
        break
    assert [row["n"] for row in result] == [1, 2]


def test_an_answer_that_broke_stays_broken() -> None:
    def breaking() -> Iterator[tuple[Any, ...]]:
        yield from rows(2)
        raise StoreUnavailable("gone")

    result = Result(breaking())
    with pytest.raises(StoreUnavailable, match="gone"):
        list(result)
    assert result.closed
    with pytest.raises(StoreError, match=CUT):
        list(result)


def test_a_closed_store_cuts_its_answers(tmp_path: Path) -> None:
    needed_engine()
    with connect(tmp_path / "s") as store:
        store.write(family())
        result = store.cypher("UNWIND range(1, 100000) AS n RETURN n")  # type: ignore[attr-defined]
        reading = iter(result)
        assert next(reading) == {"n": 1}
    with pytest.raises(StoreError, match=CUT):
        list(reading)
