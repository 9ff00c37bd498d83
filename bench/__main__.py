"""`python -m bench [--rows 1,3] [--size hub300k] [--json FILE] [--markdown FILE]`: ratios against the targets."""

import argparse
import json
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
    asked.add_argument("--size", choices=sorted(GRAPHS), help="another size than the one stated")
    asked.add_argument("--json", type=Path, help="write all figures to this file")
    asked.add_argument("--markdown", type=Path, help="write the page of the documentation to this file")
    chosen = asked.parse_args()
    measured: list[dict[str, Any]] = []
    done = set()
    for number in chosen.rows.split(","):
        run, sizes = ROWS[number]
        for size in (chosen.size,) if chosen.size else sizes:
            if (run, size) not in done:
                done.add((run, size))
                rows = run(size)
                measured += rows
                print(*map(line, rows), sep="\n", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    if chosen.markdown:
        chosen.markdown.write_text(page(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
