"""What existed at a date."""

import pyarrow as pa
import pytest

from lineage.claims import ClaimsBuilder, Source
from lineage.graph import Graph, resolve
from lineage.testing.specimens import family
from lineage.timeline import dated_by, existing_at


@pytest.mark.parametrize(
    ("date", "as_of", "there"),
    [
        ("2024-12-31", "2024-12-31", True),
        ("2024-12-31T23:59:59Z", "2024-12-31", True),
        ("2025-01-01T00:00:00Z", "2024-12-31", False),
        ("2024-12-31T10:00:00Z", "2024-12-31T09:59:59", False),
        ("2024", "2024-01-01", True),
        ("2025", "2024-12-31", False),
        ("2024-12", "2024", True),
        (None, "0001-01-01", True),
    ],
)
def test_a_date_counts_by_its_beginning(date: str | None, as_of: str, there: bool) -> None:
    assert dated_by(pa.array([date], pa.string()), as_of).tolist() == [there]


def test_no_rows_no_flags() -> None:
    assert dated_by(pa.chunked_array([], pa.string()), "2024-01-01").tolist() == []


def test_the_platform_of_a_job_may_come_later() -> None:
    build = ClaimsBuilder(Source(address="x"))
    build.product("model:m", created_at="2020")
    build.product("platform:p", created_at="2022-01-01")
    build.job("job", "model:m", "training", energy_kwh=1.0, platform="platform:p", started_at="2020-01-01")
    graph = resolve(build.done())[0]
    before, after = existing_at(graph, "2021-12-31"), existing_at(graph, "2022-01-01")
    assert before.tables["jobs"].column("platform").to_pylist() == [None]
    assert [after.ids[code] for code in after.integers("jobs", "platform")] == ["platform:p"]


def test_an_edge_needs_both_its_ends() -> None:
    build = ClaimsBuilder(Source(address="x"))
    build.product("model:child", created_at="2020-01-01")
    build.product("model:parent", created_at="2021-01-01")
    build.edge("model:child", "model:parent", relation="fine-tune")
    graph = resolve(build.done())[0]
    assert existing_at(graph, "2020-06-01").tables["edges"].num_rows == 0
    assert existing_at(graph, "2021-06-01").tables["edges"].num_rows == 1


def test_a_later_date_of_an_earlier_part_is_the_earlier_part() -> None:
    graph = family()
    for first, second in (("2019-06-01", "2021-06-15"), ("2020-01-31", "2022-12-31")):
        assert existing_at(existing_at(graph, second), first) == existing_at(graph, first)


def test_only_the_tables_that_are_there() -> None:
    graph = Graph({"products": family().tables["products"]})
    assert list(existing_at(graph, "2020-01-31").tables) == ["products"]


def test_null_codes_stay_null() -> None:
    jobs = existing_at(family(), "9999-12-31").tables["jobs"]
    assert jobs.column("platform").equals(family().tables["jobs"].column("platform"))
    assert jobs.column("platform").null_count == 2
