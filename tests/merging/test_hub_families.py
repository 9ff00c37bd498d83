"""Half of the Hub's families of July 2024: the raw counts, and every change up to the graph accounted for."""

import gzip
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from lineage.claims import Claims
from lineage.findings import count_by_code
from lineage.graph import Graph, resolve
from lineage.importing import read_claims
from lineage.merging.identity import same_identity
from merging.sources import subjects

pytestmark = [pytest.mark.samples, pytest.mark.slow]

_FILLERS = (
    "2022-03-02T23:29:04",
    "2022-03-02T23:29:05",
)  # what the Hub writes for everything before that day
_CYCLES = [
    {
        "model:MrRobotoAI/Ramses40",
        "model:MrRobotoAI/Thoth-3.5",
        "model:MrRobotoAI/Thoth-4",
        "model:MrRobotoAI/Thoth-5",
    },
    {"model:SQAI/bge-embedding-model", "model:SQAI/bge-embedding-model2"},
    {"model:mHossain/bengali_pos_v1_300000", "model:mHossain/bengali_pos_v1_400000"},
]


@dataclass(frozen=True)
class _Hub:
    """The tags as they stand, what the importer made of them, and the graph."""

    created: dict[str, str]
    bases: list[tuple[str, str]]
    sets: list[tuple[str, str]]
    claims: Claims
    graph: Graph
    seconds: dict[str, float]

    def count(self, code: str) -> int:
        return count_by_code(self.graph.findings).get(code, 0)


def _records(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def hub(samples: Path) -> _Hub:
    path = samples / "hf_hub_2024" / "lineage_families.jsonl.gz"
    start = time.process_time()
    records = _records(path)
    parsed = time.process_time()
    tags = [(f"model:{record['id']}", tag) for record in records for tag in record["tags"]]
    began = time.process_time()
    claims = read_claims(path)
    read = time.process_time()
    graph, _ = resolve(claims)
    resolved = time.process_time()
    return _Hub(
        created={f"model:{record['id']}": record["createdAt"] for record in records},
        bases=[(name, f"model:{tag[11:]}") for name, tag in tags if tag.startswith("base_model:")],
        sets=[(name, tag) for name, tag in tags if tag.startswith("dataset:")],
        claims=claims,
        graph=graph,
        seconds={"gzip + json": parsed - start, "import": read - began, "resolve": resolved - read},
    )


def test_the_tags_as_they_stand(hub: _Hub) -> None:
    parents = Counter(child for child, _ in hub.bases)
    assert len(hub.created) == 62_254
    assert len({parent for _, parent in hub.bases} - hub.created.keys()) == 1_229
    assert len({*hub.created, *(parent for _, parent in hub.bases)}) == 63_483
    assert (len(hub.bases), len(set(hub.bases))) == (66_127, 66_127)
    assert (len(parents), sum(count > 1 for count in parents.values()), max(parents.values())) == (
        58_072,
        4_907,
        53,
    )
    assert sum(child == parent for child, parent in hub.bases) == 330
    assert sum(parent not in hub.created for _, parent in hub.bases) == 4_352
    assert (len(hub.sets), len({model for model, _ in hub.sets}), len({name for _, name in hub.sets})) == (
        24_368,
        13_465,
        2_818,
    )
    assert sum(date.startswith(_FILLERS[0]) for date in hub.created.values()) == 131
    older = [pair for pair in hub.bases if hub.created[pair[0]] < hub.created.get(pair[1], "")]
    assert len(older) == 149


def test_every_edge_of_the_tags_is_in_the_graph_or_in_a_finding(hub: _Hub) -> None:
    # The importer counts a parent once that one record spells twice; its subject is the edge.
    repeated = sum(item.code == "repeated-record" and " <- " in item.subject for item in hub.graph.findings)
    told = hub.claims.tables["edges"].num_rows
    assert len(hub.bases) + len(hub.sets) == told + hub.count("unresolved-parent") + repeated
    joined = hub.count("parallel-edge") + hub.count("duplicate-edge")
    assert told == hub.graph.tables["edges"].num_rows + hub.count("self-edge") + joined


def test_every_name_of_the_tags_is_in_the_graph_or_in_a_finding(hub: _Hub) -> None:
    named = {*hub.created, *(parent for _, parent in hub.bases), *(name for _, name in hub.sets)}
    unresolved = {item.text for item in hub.graph.findings if item.code == "unresolved-parent"}
    left = hub.count("merged-identity") + len(unresolved) + hub.count("repaired-value")
    assert len(named) == len(hub.graph) + left
    assert len(hub.graph) == int(hub.graph.flags("products", "known").sum()) + hub.count("unknown-parent")
    assert int(hub.graph.flags("products", "known").sum()) == 62_254


def test_self_edges_are_those_of_the_tags_and_those_that_merging_made(hub: _Hub) -> None:
    merged = same_identity(hub.graph.findings)
    alike = [pair for pair in hub.bases if pair[0] == merged.get(pair[1], pair[1])]
    assert hub.count("self-edge") == len(alike) == 330 + sum(child != parent for child, parent in alike)


def test_parents_without_a_record_stay_unless_they_are_another_spelling(hub: _Hub) -> None:
    merged = same_identity(hub.graph.findings)
    lost = [
        (child, parent.replace("model: ", "model:"))
        for child, parent in hub.bases
        if parent not in hub.created
    ]
    found = [pair for pair in lost if merged.get(pair[1], pair[1]) in hub.created]
    away = [pair for pair in lost if merged.get(pair[1], pair[1]) not in hub.graph.codes]
    assert {child for child, _ in away} <= set(subjects(hub.graph.findings, "unresolved-parent"))
    repaired = sum(parent in hub.created for _, parent in lost)
    joined = len(lost) - len({(child, merged.get(parent, parent)) for child, parent in lost})
    known = hub.graph.flags("products", "known")
    parents = hub.graph.integers("edges", "parent")
    models = [name == "DERIVED_FROM" for name in hub.graph.texts("edges", "type")]
    unknown = sum(model and not known[parent] for model, parent in zip(models, parents.tolist(), strict=True))
    assert unknown == len(lost) - len(found) - len(away) - joined
    assert repaired <= len(found)
    assert len(merged) == hub.count("merged-identity") > 60


def test_the_three_real_cycles_are_named(hub: _Hub) -> None:
    loops = [set(part) for part in nx.strongly_connected_components(hub.graph.to_networkx()) if len(part) > 1]
    assert sorted(loops, key=min) == _CYCLES


def test_the_filler_date_is_no_date(hub: _Hub) -> None:
    filled = sum(date.startswith(_FILLERS) for date in hub.created.values())
    assert hub.count("undated") == filled
    recorded = hub.graph.tables["products"].filter(hub.graph.tables["products"].column("known"))
    assert recorded.column("created_at").null_count == filled


def test_a_second_loading_of_the_same_file_changes_nothing(hub: _Hub) -> None:
    root = hub.claims.roots()[0]
    again = Claims.concat([hub.claims.without(root), hub.claims])
    assert resolve(again)[0] == hub.graph


def test_the_time_against_the_bare_parsing(hub: _Hub, capsys: pytest.CaptureFixture[str]) -> None:
    ratio = (hub.seconds["import"] + hub.seconds["resolve"]) / hub.seconds["gzip + json"]
    spent = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in hub.seconds.items())
    with capsys.disabled():
        print(f"\n{spent}: import and resolve take {ratio:.1f} times the bare parsing (processor time)")
    assert all(seconds > 0 for seconds in hub.seconds.values())
