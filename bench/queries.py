"""The catalogue on the offline index and on a real Neo4j: same graph, same driver, same queries, in turn.

    python bench/queries.py FOLDER [--graph FILE] [--repeat 5] [--limit 60] [--only TEXT]

FOLDER keeps what is prepared (the store, its index, the server's database), so that a second run starts at once.
FILE is anything that `lineage load` reads; by default the Hub graph under LINEAGE_SAMPLES. Needs Java and Maven,
as the tests on a real Neo4j do. Each question is asked once to warm up and then `--repeat` times on each engine,
alternately; what is printed is a Markdown table of medians, with the ratio that the offline index is held to. An
answer that takes longer than the limit counts as long as that, and its question is not asked again.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "importers"), str(ROOT / "tests")]

from bolt_servers import Neo4jServer  # noqa: E402 - found by the line above
from lineage.catalogue import Entry, bound, catalogue  # noqa: E402
from lineage.errors import QueryError  # noqa: E402
from lineage.graph import Graph  # noqa: E402
from lineage.importing import read  # noqa: E402
from lineage.stores.base import AnswersCypher  # noqa: E402
from lineage.stores.bolt import Login  # noqa: E402
from lineage.stores.index import open_index  # noqa: E402
from lineage.stores.neo4j import Neo4jStore  # noqa: E402
from lineage.stores.neo4j_bulk import write_bulk_files  # noqa: E402
from lineage.stores.snapshot import SnapshotStore  # noqa: E402

HUB: Final = "hf_hub_2024/lineage_families.jsonl.gz"
DOWNWARD: Final = (
    "lineage/descendants",
    "lineage/children",
    "lineage/around",
    "carbon/family",
    "data/behind-family",
)
SLOW_S: Final = 20.0  # a question that takes longer is asked twice only


@dataclass(frozen=True)
class Question:
    """What is asked, how often, and how long an answer may take."""

    text: str
    parameters: dict[str, Any]
    repeat: int
    limit_s: float


@dataclass
class Measured:
    """Seconds of one question on both engines, and how many rows it has."""

    name: str
    rows: int = 0
    index_s: list[float] = field(default_factory=list)
    neo4j_s: list[float] = field(default_factory=list)

    @property
    def medians_ms(self) -> tuple[float, float]:
        """The median of each engine, in milliseconds."""
        return statistics.median(self.index_s) * 1000, statistics.median(self.neo4j_s) * 1000

    @property
    def ratio(self) -> float:
        """Index over Neo4j."""
        index, neo4j = self.medians_ms
        return index / neo4j


@contextmanager
def neo4j_holding(graph: Graph, folder: Path) -> Iterator[AnswersCypher]:
    """Have a server that holds the graph, loaded by the bulk path where it is not there yet."""
    home, loaded = folder / "neo4j", folder / f"loaded-{graph.digest[:16]}"
    server = Neo4jServer(home, heap_mb=2048, settings="dbms.security.auth_enabled=false\n")
    if not loaded.exists():
        made = write_bulk_files(graph, folder / f"import-{time.time_ns()}")
        before = Path.cwd()
        os.chdir(made.folder)
        server.admin(*made.command[1:])
        os.chdir(before)
    server.start()
    try:
        login = Login(username=server.username, password=server.password, database="neo4j")
        with Neo4jStore(server.address, login) as store:
            store.write(graph)  # nothing to change; makes the indexes of queries/schema
            store.cypher("CALL db.awaitIndexes(300)").plain()
            loaded.touch()
            yield store
    finally:
        server.stop()


@dataclass(frozen=True)
class Anchors:
    """Products of the graph that questions start at."""

    base: str  # most was made out of it directly
    tip: str  # stands on the most products
    dataset: str  # most was trained on it

    @classmethod
    def of(cls, graph: Graph) -> "Anchors":
        """Return the products that make questions about one product work hardest."""
        import networkx as nx

        ids = graph.ids
        ends = zip(graph.integers("edges", "product"), graph.integers("edges", "parent"), strict=True)
        made: nx.DiGraph[str] = nx.DiGraph()
        made.add_edges_from((ids[a], ids[b]) for a, b in ends)
        by_children = sorted(made, key=lambda name: (-made.in_degree(name), name))
        return cls(
            base=by_children[0],
            tip=max(sorted(made), key=lambda name: len(nx.descendants(made, name))),
            dataset=next((name for name in by_children if name.startswith("dataset:")), by_children[0]),
        )

    def parameters(self, asked: Entry) -> dict[str, Any]:
        """Return values for the parameters of a question that have no default."""
        product = self.base if asked.name in DOWNWARD else self.tip
        named = {
            "product": self.dataset if asked.name == "data/dependents" else product,
            "products": [self.base] if asked.name.endswith("withdrawal") else [self.base, self.tip],
            "parent": self.base,
            "since": "2024-03-01",
            "relation": "quantization",
            "task": "text-generation",
            "system": "any",
            "grid": "any",
            "after": "b_",
            "text": "llama",
        }
        values = {item.name: named[item.name] for item in asked.parameters if item.required}
        return bound(asked.parameters, values, query=asked.name)


def measured(asked: Entry, question: Question, engines: tuple[AnswersCypher, AnswersCypher]) -> Measured:
    """Ask both engines in turn; the first round warms up. Raises `ValueError` where they differ in their rows."""
    made = Measured(asked.name)
    for number in range(question.repeat + 1):
        answers = []
        for engine, times in zip(engines, (made.index_s, made.neo4j_s), strict=True):
            rows, took = timed(engine, question)
            answers.append(rows)
            if number or rows is None:
                times.append(took)
        if any(rows is None for rows in answers):
            made.index_s, made.neo4j_s = made.index_s or [took], made.neo4j_s or [took]
            break
        made.rows = len(answers[0] or ())
        if not same(*answers):
            raise ValueError(f"{asked.name}: the engines do not agree")
        if number == 1 and made.index_s[0] + made.neo4j_s[0] > SLOW_S:
            break
    return made


def timed(engine: AnswersCypher, question: Question) -> tuple[list[dict[str, Any]] | None, float]:
    """Return the answer, None where the limit was passed, and the seconds it took."""
    begun = time.perf_counter()
    rows: list[dict[str, Any]] | None = None
    try:
        rows = engine.cypher(question.text, question.parameters, timeout_s=question.limit_s).plain()
    except QueryError as error:
        if "longer than its limit" not in error.problem:
            raise
    return rows, time.perf_counter() - begun


def same(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    """Compare answers in order; numbers to 1e-9, paths by their number of nodes."""
    return len(rows) == len(others) and all(
        _equal(value, other[key])
        for row, other in zip(rows, others, strict=True)
        for key, value in row.items()
    )


def _equal(value: Any, other: Any) -> bool:
    if isinstance(value, dict) and isinstance(other, dict):
        return len(value["nodes"]) == len(other["nodes"])
    if isinstance(value, float) and isinstance(other, float):
        return abs(value - other) <= 1e-9 * max(abs(value), abs(other))
    return bool(value == other)


def table(rows: list[Measured]) -> Iterator[str]:
    """Yield the lines of the Markdown table, the figures that are asked for under it."""
    yield "| question | rows | index ms | Neo4j ms | ratio |"
    yield "|---|---:|---:|---:|---:|"
    for row in sorted(rows, key=lambda item: item.name):
        index, neo4j = row.medians_ms
        yield f"| {row.name} | {row.rows} | {index:.1f} | {neo4j:.1f} | {row.ratio:.2f} |"
    for title, some in (("all", rows), ("with an answer", [row for row in rows if row.rows])):
        if not some:
            continue
        index, neo4j = (statistics.median(row.medians_ms[place] for row in some) for place in (0, 1))
        ratio = statistics.median(row.ratio for row in some)
        slower = sum(row.ratio > 1.5 for row in some)
        yield ""
        yield (
            f"{title}: {len(some)} questions, median ratio {ratio:.2f}, medians {index:.1f} and {neo4j:.1f} ms "
            f"(ratio {index / neo4j:.2f}), {slower} over 1.5, sums "
            f"{sum(row.medians_ms[0] for row in some):.0f} and {sum(row.medians_ms[1] for row in some):.0f} ms"
        )


def main() -> None:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds an answer may take")
    parser.add_argument("--only", default="", help="questions with this in their name")
    given = parser.parse_args()
    source = given.graph or Path(os.environ["LINEAGE_SAMPLES"]) / HUB
    store = SnapshotStore(given.folder.absolute() / "store")
    store.write(read(source))
    graph = store.read()
    anchors = Anchors.of(graph)
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
    rows = []
    with open_index(store, lasting=True) as index, neo4j_holding(graph, given.folder.absolute()) as neo4j:
        for asked in catalogue().values():
            if given.only in asked.name:
                question = Question(asked.text, anchors.parameters(asked), given.repeat, given.limit)
                rows.append(measured(asked, question, (index, neo4j)))
                ms = "{:.1f} and {:.1f} ms".format(*rows[-1].medians_ms)
                say(f"{asked.name}: {ms}, {rows[-1].rows} rows")
    print(f"{len(graph)} products, {graph.tables['edges'].num_rows} edges; {anchors}\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
