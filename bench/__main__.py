"""`python -m bench [--rows 1,3] [--size hub300k] [--json FILE] [--markdown FILE]`: ratios against the targets."""

import argparse
import json
from pathlib import Path
from typing import Any

from bench.graphs import GRAPHS
from bench.rows import cycles, engine, reach

ROWS: dict[str, tuple[Any, tuple[str, ...]]] = {**engine.ROWS, **cycles.ROWS, **reach.ROWS}


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    lines = ["| row | size | measured | target | met |", "|---|---|---|---|---|"]
    for row in rows:
        met = "yes" if row["met"] else "**no**"
        lines.append(f"| {row['row']} | {row['size']} | {row['ratio']:.3g} | {row['target']} | {met} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure the rows that are asked for, by default all at the sizes they are stated for."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--rows", default=",".join(ROWS), help="numbers of rows, such as 1,3")
    asked.add_argument("--size", choices=sorted(GRAPHS), help="another size than the one stated")
    asked.add_argument("--json", type=Path, help="write all figures to this file")
    asked.add_argument("--markdown", type=Path, help="write the table to this file")
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
                print(markdown(rows).split("\n", 2)[2], end="", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    if chosen.markdown:
        chosen.markdown.write_text(markdown(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
