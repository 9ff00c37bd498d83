"""One shot: the cost of every product from edges in any order, by the tuned kernels."""

from typing import Any, Final

import numpy as np

from lineage.kernels.arrays import Codes, Floats, Indices
from lineage.kernels.compiled import NONE, ONE
from lineage.kernels.fast import Structure, unsigned
from lineage.kernels.jit import kernel
from lineage.kernels.order import in_edges
from lineage.kernels.tuned import (
    LOW,
    TWO,
    UNSEEN,
    WAITING,
    Table,
    Work,
    begin_rows,
    deal,
    solve_rows,
    sort_buckets,
)

__all__ = ["build", "exercise", "solve_edges"]

BUCKET: Final = 11  # 2,048 products to a bucket: its edges fit into the second-level cache
BUCKETS: Final = 2048  # more of them and dealing gets slow: buckets then are four times as large
WALKS: Final = 16384  # so many walks look for circles at first; twice as many each time
MANY: Final = (
    20  # where more than one product in so many is left, going by number is quicker than waking each
)


@kernel
def _awaited(table: Table, bits: Any, v: Any) -> Any:
    """Return the first parent in the row of v that is not final."""
    for e in range(np.uint64(table.first[v]), np.uint64(table.first[v + ONE])):
        if bits[table.ends[TWO * e + ONE] & LOW] >= WAITING:
            return table.ends[TWO * e + ONE] & LOW
    return np.uint64(NONE)


@kernel
def cores(table: Table, bits: Any, walks: int, stamp: Any, found: Any) -> int:
    """Collect circles and whatever is not final above them, as some walks run into them; return how many products.

    Whoever is not final waits on somebody who is not final either, so a walk from one to the next ends in a circle.
    `stamp` (n,) has who has been walked, by which walk; `found` (n,) receives the products.
    """
    n, size, walk = stamp.size, 0, 0
    collected = np.uint32(walks + 1)
    for start in range(n):
        if walk == walks:
            break
        if bits[start] < WAITING or stamp[start] != 0:
            continue
        walk += 1
        v = np.uint64(start)
        while stamp[v] == 0:
            stamp[v] = walk
            v = _awaited(table, bits, v)
        if stamp[v] != walk:
            continue
        stamp[v] = collected
        head = size
        found[size] = v
        size += 1
        while head < size:
            v = np.uint64(found[head])
            head += 1
            for e in range(np.uint64(table.first[v]), np.uint64(table.first[v + ONE])):
                u = table.ends[TWO * e + ONE] & LOW
                if bits[u] >= WAITING and stamp[u] != collected:
                    stamp[u] = collected
                    found[size] = u
                    size += 1
    return size


@kernel
def wake(work: Work, members: Any, values: Any) -> int:
    """Make the members final and queue up who waited on them; return how many."""
    heads = np.empty(members.size, np.uint32)
    for i in range(members.size):
        heads[i] = work.bits[members[i]] & LOW
        work.x[members[i]] = values[i]
    held = 0
    for v in heads:
        while v != NONE:
            following = work.behind[v]
            if work.bits[v] >= WAITING:
                work.behind[v] = NONE
                work.queue[held] = v
                held += 1
            v = following
    return held


@kernel
def forget(table: Table, work: Work) -> None:
    """Let everybody who is not final count as not seen yet."""
    for v in range(work.bits.size):
        if work.bits[v] >= WAITING:
            work.bits[v] = UNSEEN | np.uint64(NONE)
            work.edge[v] = table.first[v]


def untie(table: Table, own: Floats, work: Work) -> None:
    """Solve cycles and go on with what is made out of them, until all products are final."""
    n = len(own)
    walks, found = WALKS, np.empty(0, dtype=np.uint32)
    while left := int(np.count_nonzero(work.bits >= WAITING)):
        found = found if found.size else np.empty(n, dtype=np.uint32)
        size = cores(table, work.bits, walks, np.zeros(n, dtype=np.uint32), found)
        members = np.sort(found[:size])
        values = _solved(table, own, work.x, members)
        if left * MANY > n:
            work.x[members] = values
            forget(table, work)
            solve_rows(table, own, work, 0, 0)
        else:
            solve_rows(table, own, work, n, wake(work, members, values))
        walks *= 2


def _solved(table: Table, own: Floats, x: Floats, members: Indices) -> Floats:
    """Solve for products all of whose other ancestors are final: with their parents, a small lineage of its own."""
    edges = in_edges(members.astype(np.int32), table.first.astype(np.int64))
    child, parent = ((table.ends[2 * edges + 1] >> np.uint64(32)), table.ends[2 * edges + 1] & LOW)
    all_of_them = np.union1d(members, parent)
    place = np.searchsorted(all_of_them, members)
    start = x[all_of_them]
    start[place] = own[members]
    ends = [np.searchsorted(all_of_them, side).astype(np.int32) for side in (child, parent)]
    return Structure(len(all_of_them), *ends).solve(table.share[2 * edges], start)[place]


def build(n: int, child: Codes, parent: Codes, w: Floats) -> Table:
    """Return the rows of edges (m,) in any order."""
    edges = unsigned(child), unsigned(parent), np.ascontiguousarray(w, dtype=np.float64)
    shift = BUCKET if n >> BUCKET <= BUCKETS else BUCKET + 2
    records = np.empty(2 * len(child))
    table = Table(records, records.view(np.uint64), np.empty(n + 1, dtype=np.uint32))
    starts = np.zeros((max(n - 1, 0) >> shift) + 2, dtype=np.uint32)
    deal(edges, np.uint32(shift), starts, table)
    space = np.empty(2 * int(np.diff(starts).max()))
    sort_buckets(np.uint32(shift), starts, table, Table(space, space.view(np.uint64), starts))
    return table


def solve_edges(child: Codes, parent: Codes, w: Floats, own: Floats) -> Floats:
    """Return EPC (n,) for edges (m,) int32 in any order, shares (m,) and own costs (n,), all finite, in one go.

    Cycles are solved as in `lineage.kernels.fast`; `ZeroDivisionError` where one has no finite solution.

    >>> ends = np.array([3, 1, 3, 2], np.int32), np.array([2, 0, 1, 0], np.int32)
    >>> solve_edges(*ends, np.array([1.0, 0.5, 1.0, 0.5]), np.array([100.0, 5.0, 5.0, 1.0])).tolist()
    [100.0, 55.0, 55.0, 111.0]
    """
    n = len(own)
    own = np.ascontiguousarray(own, dtype=np.float64)
    table = build(n, child, parent, w)
    x = np.empty(n)
    work = Work(x, x.view(np.uint64), *(np.empty(n, dtype=np.uint32) for _ in range(3)))
    begin_rows(table, own, work)
    solve_rows(table, own, work, 0, 0)
    untie(table, own, work)
    return x


def exercise() -> None:
    """Call every kernel of this module once."""
    child, parent = np.array([3, 1, 3, 2, 0], np.int32), np.array([2, 0, 1, 0, 2], np.int32)
    for n in (4, 4 * MANY):  # where much is left for the second pass, and where little is
        solve_edges(child, parent, np.full(5, 0.5), np.ones(n))
