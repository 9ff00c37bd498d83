"""The page of the documentation: a table of what was measured, and for every target that was missed, why."""

import os
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import groupby
from typing import Any, Final

__all__ = ["line", "page"]

HEAD: Final = """# Benchmarks

Made by `make bench`; nothing here is edited by hand. Each figure is a ratio of medians: both sides run alternately in
one process, in seconds of CPU. **L** is a yardstick of the machine and the graph: stream child, parent and share once
and gather one double per edge at random, about the least that any method can do which starts from unsorted edges.

`hub3m` is a copying model of the public Hub (3,000,000 products, 4,114,364 edges, one hub of some 48,000 children),
`rand10m` has 10,000,000 products and 30,000,000 random edges; ids and edges are in random order, the worst case for
locality. Rows have the numbers of the targets; 11 and 13 are single questions, in microseconds; 19 (command), 20 and 21
are seconds of the wall.
"""

# Rows that may miss their target, by the beginning of their name -> what a profile says.
REASONS: Final = {
    "3 plain Python": "72 times at 300,000 products; where neither fits the caches, both wait for memory.",
    "3": "the peer's loops are compiled too.",
    "12 bw2calc, first demand": "the peer's factorisation is within a tenth of the target.",
    "4 scipy engine / numba engine": "scipy substitutes by a general triangular solve, after a search for components: "
    "on a chain twice as many reads at random as the compiled engine makes.",
    "6 plan": "four fifths is the topological order, which the readable kernel makes: each product waits on one "
    "parent, and finding out whether that one is placed is a read at random. Asking ahead saves a sixth here, and "
    "nothing on a random graph.",
    "7 chain cold": "a chain in random order is one dependent read after another: there is nothing to ask for ahead, "
    "and the time is that of memory, two reads a product.",
    "8": "copying is streamed at full bandwidth, while every edge of a block reads one row of its parent, which is "
    "rarely in the cache.",
    "10": "a gamma variate takes two uniforms, a normal quantile and a logarithm, one numpy array after the other. "
    "It is drawn by rejection from counted numbers, so that it depends on its seed, name and sample alone.",
    "14 cyclic": "the products below a cycle are visited twice: left over by the fast pass first, then computed in the "
    "order that the search for cycles gives.",
    "15": "a walk over ancestors reads one place at random a step, and rarely finds it in the cache.",
    "16 p99": "the sketch's own error: a count has 1 / sqrt(k - 2), and a share sums few of them where a product has "
    "few large ancestors; a larger k narrows it.",
    "16": "each edge merges two sorted lists of up to 256 places, and those of a hub's children one after the other.",
    "20": "four fifths are numpy, pyarrow and click; the rest is 64 modules of this package.",
    "19 ids to codes": "all of it is the hash table of pyarrow: 11 million texts, read at random.",
}


def line(row: dict[str, Any]) -> str:
    """Return a row of the table; a size that the target is not stated for has none."""
    met = {True: "yes", False: "**no**", None: ""}[row["met"]]
    return f"| {row['row']} | {row['size']} | {row['ratio']:.3g} | {row['target'] or ''} | {met} |"


def page(rows: list[dict[str, Any]]) -> str:
    """Return the whole page."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba", "pyarrow"))
    made = f"Python {platform.python_version()}, {libraries}"
    parts = [
        HEAD,
        f"Measured on {os.cpu_count()} cores, {platform.machine()}; {made}.\n",
        "| row | size | measured | target | met |\n|---|---|---:|---:|---|\n"
        + "\n".join(map(line, rows))
        + "\n",
    ]
    held = [row for row in rows if row["met"] is not None]
    missed = [row for row in held if not row["met"]]
    parts.append(
        f"{len(held) - len(missed)} of {len(held)} targets are met; rows without one are there to compare.\n"
    )
    if missed:
        parts.append("## What was missed, and why\n\n" + "\n".join(_reasons(missed)) + "\n")
    return "\n".join(parts)


def _reasons(missed: list[dict[str, Any]]) -> Iterator[str]:
    for reason, rows in groupby(missed, key=lambda row: _reason(row["row"])):
        names = _distinct(f"{row['row']} ({row['size']})" for row in rows)
        yield f"- **{'; '.join(names)}**: {reason}"


def _reason(name: str) -> str:
    """Return the reason of the longest beginning that fits; a missed target without one is said to have none."""
    fitting = [
        begin
        for begin in REASONS
        if name == begin or name.startswith(f"{begin} ") or name.startswith(f"{begin},")
    ]
    return REASONS[max(fitting, key=len)] if fitting else "not looked into yet."


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
