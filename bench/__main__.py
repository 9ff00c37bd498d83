"""`python -m bench [--rows 1,3] [--size hub300k] [--json FILE] [--markdown FILE]`: ratios against the targets."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.graphs import GRAPHS
from bench.page import line, page
from bench.rows import cycles, engine, lca, reach, samples, spark, start, stored

ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {
    **engine.ROWS,
    **samples.ROWS,
    **reach.ROWS,
    **lca.ROWS,
    **cycles.ROWS,
    **stored.ROWS,
    **start.ROWS,
    **spark.ROWS,
}


def main() -> None:
    """Measure the rows that are asked for, by default all at the sizes they are stated for."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--rows", default=",".join(ROWS), help="numbers of rows, such as 1,3")
    asked.add_argument("--size", help=f"another size than the one stated: {', '.join(sorted(GRAPHS))}")
    asked.add_argument("--json", type=Path, help="write all figures to this file")
    asked.add_argument("--markdown", type=Path, help="write the page of the documentation to this file")
    chosen = asked.parse_args()
    wanted = list(_wanted(chosen.rows.split(","), chosen.size))
    measured = _here(*wanted[0]) if len(wanted) == 1 else _one_by_one(wanted)
    if chosen.json:
        chosen.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    if chosen.markdown:
        chosen.markdown.write_text(page(measured), encoding="utf-8")


def _wanted(numbers: list[str], size: str | None) -> Iterator[tuple[str, str]]:
    """Yield numbers and sizes; what one call measures for several rows comes once."""
    done = set()
    for number in numbers:
        run, sizes = ROWS[number]
        for one in (size,) if size else sizes:
            if (run, one) not in done:
                done.add((run, one))
                yield number, one


def _here(number: str, size: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ROWS[number][0](size)
    if rows:
        print(*map(line, rows), sep="\n", flush=True)
    return rows


def _one_by_one(wanted: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Measure each in a process of its own: what one leaves in memory slows the next down."""
    measured: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        for number, size in wanted:
            command = [sys.executable, "-m", "bench", "--rows", number, "--size", size, "--json", str(file)]
            subprocess.run(command, check=True)
            measured += json.loads(file.read_text(encoding="utf-8"))
    return measured


if __name__ == "__main__":
    main()
