"""One shot: from unsorted integer edges to the cost of every product, with the bits of the readable kernels.

What makes it fast, each step measured (`python -m bench --rows 1,2`):

- edges are records of 16 bytes, (share, child and parent in one number), so that a row is one or two cache lines;
- they are dealt into some thousand buckets by child, then sorted bucket by bucket within the second-level cache;
- a product that is not final yet holds, in the place of its cost, the first product that waits on it: as a number that
  is no number (a NaN of our own), so that one memory access answers both "is it final?" and "what is it?";
- a parent that somebody waits on is looked at next, so that a hub makes its first child wait and not all of them;
- whoever was woken is worked on in batches, and everything that a batch will read is asked for beforehand.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from lineage.kernels.compiled import NONE, ONE
from lineage.kernels.jit import kernel
from lineage.kernels.prefetch import prefetch

__all__ = [
    "LOW",
    "ONE",
    "TWO",
    "UNSEEN",
    "WAITING",
    "Table",
    "Work",
    "begin_rows",
    "deal",
    "solve_rows",
    "sort_buckets",
]

WAITING: Final = np.uint64(0xFFFC000000000000)  # from here up: not final; the low half is the first waiter
UNSEEN: Final = np.uint64(0xFFFE000000000000)  # from here up: not even looked at
SHORT: Final = 16  # rows up to this length are read from their start each time
LOW: Final = np.uint64(0xFFFFFFFF)
TWO: Final = np.uint64(2)
HALF: Final = np.uint64(32)
BATCH: Final = 64
MANY: Final = 64  # so many lists of the woken are worked off before the next products by number
AHEAD: Final = np.uint64(24)


class Table(NamedTuple):
    """Edges as records: `share[2 e]` and `ends[2 e + 1]` = child << 32 | parent, two views of one memory (2 m,).

    `first` (n + 1,) uint32 is where each product's row begins.
    """

    share: Any
    ends: Any
    first: Any


class Work(NamedTuple):
    """What a solve works on: `x` (n,) and its `bits`, two views of one memory, and three uint32 (n,).

    edge    how far each long row has been read
    behind  the product that waits behind it for the same parent
    queue   whom to look at: first waiters of what has become final, and parents that are wanted; a ring
    """

    x: Any
    bits: Any
    edge: Any
    behind: Any
    queue: Any


@kernel
def deal(edges: Any, shift: Any, starts: Any, table: Table) -> None:
    """Deal edges (child, parent, w) into buckets by the high bits of the child; `starts` becomes their bounds."""
    child, parent, w = edges
    for v in child:
        starts[(v >> shift) + ONE] += ONE
    for bucket in range(1, starts.size):
        starts[bucket] += starts[bucket - 1]
    to = starts[:-1].copy()
    for e in range(child.size):
        bucket = child[e] >> shift
        place = np.uint64(to[bucket])
        to[bucket] += ONE
        table.share[TWO * place] = w[e]
        table.ends[TWO * place + ONE] = (np.uint64(child[e]) << HALF) | np.uint64(parent[e])


@kernel
def sort_buckets(shift: Any, starts: Any, table: Table, scratch: Table) -> None:
    """Sort each bucket by (child, parent), edges of one pair in their given order, and fill in the row starts."""
    share, ends, first = table
    n = first.size - 1
    width = 1 << shift
    to = np.empty(width + 1, np.uint32)
    first[n] = starts[starts.size - 1]
    for bucket in range(starts.size - 1):
        low, high = np.uint64(starts[bucket]), np.uint64(starts[bucket + 1])
        begin = np.uint64(bucket) << np.uint64(shift)
        end = min(begin + np.uint64(width), np.uint64(n))
        to[:] = 0
        for e in range(low, high):
            scratch.share[TWO * (e - low)] = share[TWO * e]
            both = ends[TWO * e + ONE]
            scratch.ends[TWO * (e - low) + ONE] = both
            to[(both >> HALF) - begin] += ONE
        place = np.uint32(low)
        for v in range(end - begin):
            count = to[v]
            first[begin + v] = place
            to[v] = place
            place += count
        for e in range(high - low):
            both = scratch.ends[TWO * e + ONE]
            v = (both >> HALF) - begin
            p = np.uint64(to[v])
            row = np.uint64(first[begin + v])
            to[v] += ONE
            while p > row and ends[TWO * p - ONE] > both:  # short rows: into its place among those before it
                ends[TWO * p + ONE] = ends[TWO * p - ONE]
                share[TWO * p] = share[TWO * p - TWO]
                p -= np.uint64(1)
            ends[TWO * p + ONE] = both
            share[TWO * p] = scratch.share[TWO * e]


@kernel
def begin_rows(table: Table, own: Any, work: Work) -> None:
    """Make products without parents final, and mark all others as not seen yet."""
    first, x, bits, edge = table.first, work.x, work.bits, work.edge
    for v in range(own.size):
        length = first[v + 1] - first[v]
        if length == 0:
            x[v] = own[v]
        else:
            bits[v] = UNSEEN | np.uint64(NONE)
            if length > SHORT:
                edge[v] = first[v]


@kernel
def next_by_number(table: Table, bits: Any, batch: Any, start: int) -> Any:
    """Fill a batch with products not seen yet, from `start` on; return where the next one begins, and its size."""
    size, n, m = 0, bits.size, np.uint64(table.ends.size) // TWO
    while start < n and size < batch.size:
        v = np.uint32(start)
        start += 1
        if bits[v] >= UNSEEN:
            bits[v] = WAITING | (bits[v] & LOW)
            batch[size] = v
            size += 1
            e = np.uint64(table.first[v]) + AHEAD
            if e < m:
                prefetch(bits, table.ends[TWO * e + ONE] & LOW)
    return start, size


@kernel
def ask_for(table: Table, own: Any, bits: Any, batch: Any) -> None:
    """Ask for what the visits of a batch will read: products, then their rows, then their first parents."""
    for v in batch:
        prefetch(table.first, v)
        prefetch(own, v)
        prefetch(bits, v)
    for v in batch:
        prefetch(table.ends, TWO * np.uint64(table.first[v]))
    for v in batch:
        prefetch(bits, table.ends[TWO * np.uint64(table.first[v]) + ONE] & LOW)


@kernel
def solve_rows(table: Table, own: Any, work: Work, start: int, held: int) -> None:
    """Make every product final but those on a cycle or made out of one; their `bits` stay at `WAITING` or above.

    Batches are the next products by number, from `start` on, while few have been woken; else those woken first. The
    queue holds `held` to begin with.
    """
    share, ends, first = table
    x, bits, edge, behind, queue = work
    batch = np.empty(BATCH, np.uint32)
    n, head, tail = own.size, 0, held
    while start < n or held:
        size = 0
        if start < n and held < MANY:
            start, size = next_by_number(table, bits, batch, start)
        else:
            while held and size < BATCH:
                v = queue[head]
                while v != NONE and size < BATCH:
                    batch[size] = v
                    size += 1
                    v = behind[v]
                if v != NONE:  # a list longer than the batch
                    queue[head] = v
                else:
                    head = head + 1 if head + 1 < n else 0
                    held -= 1
            ask_for(table, own, bits, batch[:size])
        for i in range(size):
            v = batch[i]
            row, end = np.uint64(first[v]), np.uint64(first[v + ONE])
            e = row if end - row <= SHORT else np.uint64(edge[v])
            while e < end and bits[ends[TWO * e + ONE] & LOW] < WAITING:
                e += np.uint64(1)
            if e < end:
                if end - row > SHORT:
                    edge[v] = e
                u = ends[TWO * e + ONE] & LOW
                state = bits[u]
                behind[v] = state & LOW
                bits[u] = WAITING | np.uint64(v)
                if state < UNSEEN:
                    continue
                behind[u] = NONE  # it is wanted: next, not when its number comes
                waiter = np.uint32(u)
            else:
                total = own[v]
                for place in range(row, end):
                    total += share[TWO * place] * x[ends[TWO * place + ONE] & LOW]
                waiter = np.uint32(bits[v] & LOW)
                x[v] = total
            if waiter != NONE:
                prefetch(behind, waiter)
                queue[tail] = waiter
                tail = tail + 1 if tail + 1 < n else 0
                held += 1
