"""Jobs: the newest record of each, edges to the platforms they ran on, names that no table describes."""

from typing import Any

from lineage.graph import Graph, resolve
from merging.sources import said, subjects, together


def _job(name: str = "j", **values: Any) -> dict[str, Any]:
    return {"id": name, "product": "model:a", "phase": "training", **values}


def _edges(graph: Graph) -> list[list[Any]]:
    rows = graph.edges[["product", "parent", "type", "created_at", "weight_source"]].to_dict("records")
    return [[None if value != value else value for value in row.values()] for row in rows]


def test_jobs_are_sorted_and_coded() -> None:
    claims = said("runs", jobs=[_job("z", platform="platform:p"), _job("b", product="dataset:d")])
    graph, _ = resolve(claims)
    assert graph.texts("jobs", "id") == ["b", "z"]
    assert graph.integers("jobs", "product").tolist() == [graph.codes["dataset:d"], graph.codes["model:a"]]
    assert graph.integers("jobs", "platform").tolist() == [-1, graph.codes["platform:p"]]
    assert graph.jobs["product"].tolist() == ["dataset:d", "model:a"]


def test_the_newer_record_of_a_job_counts_as_a_whole() -> None:
    old = said("old", jobs=[_job(energy_kwh=1.0, duration_h=2.0, note="x")])
    graph, findings = resolve(together(old, said("new", jobs=[_job(energy_kwh=3.0)])))
    (row,) = graph.tables["jobs"].to_pylist()
    assert (row["energy_kwh"], row["duration_h"], row["note"]) == (3.0, None, None)
    assert [(item.code, item.subject, item.source) for item in findings] == [("repeated-record", "j", "old")]


def test_a_platform_of_a_making_phase_is_a_parent_since_the_earliest_start() -> None:
    jobs = [
        _job("1", platform="platform:p", started_at="2024-02-01"),
        _job("2", platform="platform:p", started_at="2024-01-01", phase="testing"),
        _job("3", platform="platform:p", started_at="2023-01-01", phase="inference"),
        _job("4", platform="platform:q", phase="retraining"),
        _job("5", platform="platform:r", phase="platform"),
    ]
    graph, _ = resolve(said("runs", jobs=jobs))
    assert _edges(graph) == [["model:a", "platform:p", "BUILT_ON", "2024-01-01", "job"]]
    assert graph.floats("edges", "w").tolist() != [0.0]
    assert graph.tables["edges"].column("w").null_count == 1


def test_a_job_without_a_date_leaves_its_edge_undated() -> None:
    dated = _job("1", platform="platform:p", started_at="2024-02-01")
    for jobs in ([dated, _job("2", platform="platform:p")], [_job("0", platform="platform:p"), dated]):
        assert _edges(resolve(said("runs", jobs=jobs))[0])[0][3] is None


def test_an_edge_to_the_platform_that_exists_is_not_added_again() -> None:
    edge = {"product": "model:a", "parent": "platform:p", "w": 0.5}
    graph, findings = resolve(said("runs", jobs=[_job(platform="platform:p")], edges=[edge]))
    assert _edges(graph) == [["model:a", "platform:p", "BUILT_ON", None, "explicit"]]
    assert subjects(findings, "parallel-edge") == []


def test_the_edges_of_jobs_are_sorted_among_the_others() -> None:
    edges = [
        {"product": "model:b", "parent": "model:a"},
        {"product": "model:a", "parent": "model:z", "note": "x"},
    ]
    graph, _ = resolve(said("runs", jobs=[_job(platform="platform:p")], edges=edges))
    assert [row[:2] for row in _edges(graph)] == [
        ["model:a", "model:z"],
        ["model:a", "platform:p"],
        ["model:b", "model:a"],
    ]
    assert graph.texts("edges", "note") == ["x", None, None]


def test_a_platform_made_by_a_job_on_itself_has_no_edge_to_itself() -> None:
    graph, _ = resolve(said("runs", jobs=[_job(product="platform:p", platform="platform:p")]))
    assert _edges(graph) == []


def test_hardware_and_supplies_that_no_table_describes_are_findings() -> None:
    jobs = [
        _job("1", system="a100", grid="FR", grid_market="green"),
        _job("2", system="h900", grid="nowhere"),
        _job("3", grid="XX", grid_intensity_gco2e_per_kwh=10.0, grid_market="YY"),
        _job("4", system="V100", grid="DE", grid_market="meta"),
    ]
    graph, findings = resolve(said("runs", jobs=jobs, systems=[{"id": "a100"}], grids=[{"id": "FR"}]))
    assert subjects(findings, "unknown-system") == ["2"]
    assert subjects(findings, "unknown-grid") == ["2", "1", "3"]
    assert graph.texts("jobs", "grid") == ["FR", "nowhere", "XX", "DE"]
    assert "system 'h900' of job 2 is described by no table" in [item.text for item in findings]
