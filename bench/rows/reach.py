"""Rows 11, 13, 15 and 16: contributions, what-if, Shapley shares exact and by sketches."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.graphs import graph
from bench.rows.engine import Row, by_child, row
from bench.timing import alternately
from lineage.kernels import adjoint, increment
from lineage.kernels.compiled_reach import Reach
from lineage.kernels.fast import Structure
from lineage.kernels.plan import Plan

__all__ = ["ROWS"]

ASKED = 2000  # products that are asked one by one
SKETCH = 256
HUB = ("hub3m",)  # what the targets of these rows are stated for


def one_by_one(run: Callable[[int], Any], asked: Any) -> Any:
    """Return the seconds of CPU of each call, the first call left out."""
    run(int(asked[0]))
    spent = np.empty(asked.size)
    for place, code in enumerate(asked.tolist()):
        begin = time.process_time_ns()
        run(code)
        spent[place] = (time.process_time_ns() - begin) / 1e9
    return spent


def planned(size: str) -> tuple[Plan, Any, Any, Any]:
    """Return a plan with shares, own costs and EPC in its numbering."""
    made = by_child(graph(size))
    plan = Plan.of(made.n, made.child, made.parent)
    shares = plan.shares(made.w)
    own = made.own[plan.order]
    x = own.copy()
    plan.sweep(shares, x)
    return plan, shares, own, x


def contributions(size: str) -> list[Row]:
    """Row 11: the adjoint of random products that have parents."""
    plan, shares, own, x = planned(size)
    rows, work, ask = (*plan.inward, shares), adjoint.room(plan.n), adjoint.compiled()
    made = np.flatnonzero(np.diff(plan.inward.first.astype(np.int64)) > 0)
    asked = np.random.default_rng(2).choice(made, ASKED)
    worst = 0.0
    for m in asked.tolist():
        cone, y = ask(m, *rows, work)
        worst = max(worst, abs(float(y @ own[cone]) - x[m]) / x[m])
    spent = one_by_one(lambda m: ask(m, *rows, work), asked)
    scratch = own.copy()
    full = alternately({"sweep": lambda: plan.sweep(shares, scratch)})["sweep"]
    return [
        row("11 contributions, median us", size, 1e6 * float(np.median(spent)), 25, stated=HUB),
        row("11 contributions, p99 us", size, 1e6 * float(np.quantile(spent, 0.99)), 300, stated=HUB),
        row("11 full sweep / contributions", size, full / float(np.median(spent)), -1000, stated=HUB),
        row("11 y.c against x, relative", size, worst, 1e-12),
    ]


def what_if(size: str) -> list[Row]:
    """Row 13: own costs of random products changed, then that of the widest hub; each against a fresh sweep."""
    plan, shares, own, x = planned(size)
    rows = increment.Rows(*plan.inward, shares, *plan.outward, own)
    held, pull, cap = increment.space(plan.n), increment.compiled(), plan.n // increment.SHARE
    before = x.copy()

    def change(v: int) -> increment.Done:
        own[v] *= 1.5
        done: increment.Done = pull(np.array([v], np.uint32), rows, x, held, cap)
        return done

    def back(v: int, old: float, done: increment.Done) -> None:
        own[v] = old
        increment.undo(x, held, done)

    def once(v: int) -> float:
        old = float(own[v])
        begin = time.process_time_ns()
        done = change(v)
        seconds = (time.process_time_ns() - begin) / 1e9
        back(v, old, done)
        return seconds

    asked = np.random.default_rng(3).integers(0, plan.n, ASKED).tolist()
    spent = np.array([once(v) for v in [asked[0], *asked]][1:])
    assert x.tobytes() == before.tobytes(), "undone, but not as it was"
    hub = int(np.argmax(Reach(plan.inward.first, plan.inward.parent.view(np.int32)).totals(np.ones(plan.n))))
    for v in (*asked[:3], hub):
        old, done = float(own[v]), change(v)
        fresh = own.copy()
        plan.sweep(shares, fresh)
        assert x.tobytes() == fresh.tobytes(), "an increment differs from a fresh solve"
        back(v, old, done)
    scratch, alone = own.copy(), []
    sides = {
        "hub and back": lambda: alone.append(once(hub)),
        "sweep": lambda: plan.sweep(shares, scratch),
    }
    took = alternately(sides)
    took["hub"] = float(np.median(alone[1:]))
    return [
        row("13 what-if, median us", size, 1e6 * float(np.median(spent)), 10, stated=HUB),
        row("13 what-if, p99 us", size, 1e6 * float(np.quantile(spent, 0.99)), 100, stated=HUB),
        row("13 widest hub, full sweeps", size, took["hub"] / took["sweep"], 1.5, stated=HUB, seconds=took),
    ]


def shapley(size: str) -> list[Row]:
    """Rows 15 and 16: everybody is a user; exact by walks, then counts by sketches."""
    made = by_child(graph(size))
    structure = Structure(made.n, made.child, made.parent)
    users, one = np.ones(made.n, np.bool_), np.ones(made.n)
    reach = Reach(structure.rows.first, made.parent)
    walked = reach.walked(users)
    sample = np.random.default_rng(4).choice(walked, min(walked.size, 20_000), replace=False)
    steps = float(reach.sizes(sample).mean()) * walked.size
    kept: dict[str, Any] = {}

    def count() -> None:
        kept["D"] = reach.totals(one)

    def share() -> None:
        kept["phi"] = reach.sums([made.own / kept["D"]], users)[0]

    rank = np.random.default_rng(5).standard_exponential(made.n)
    order = np.argsort(rank)

    def sketch() -> None:
        kept["sketch"] = reach.sketches(order, one, rank, SKETCH)

    took = alternately({"counts": count, "shares": share, "sketch": sketch}, repeats=3)
    exact, phi = kept["D"], kept["phi"]
    size_of, last, found = kept["sketch"]
    guess = np.where(size_of < SKETCH, found, made.n * (SKETCH - 1) / np.maximum(last, 1))
    large = size_of == SKETCH
    rms = float(np.sqrt(np.mean((guess[large] / exact[large] - 1) ** 2))) if large.any() else 0.0
    told = reach.sums([made.own / guess], users)[0]
    off = np.abs(told * (made.own.sum() / told.sum()) / phi - 1)
    assert np.array_equal(guess[~large], exact[~large]), "a small sketch is not exact"
    both = took["counts"] + took["shares"]
    return [
        row("15 Shapley exact, s", size, both, 10, stated=HUB, seconds=took, steps=steps),
        row("15 ns a closure step", size, 1e9 * both / (2 * steps), 15, stated=HUB),
        row("15 sum of shares against costs", size, abs(phi.sum() / made.own.sum() - 1), 1e-12),
        row("16 sketch k=256, s", size, took["sketch"], 2, stated=HUB),
        row("16 rms error of counts", size, rms, (SKETCH - 2) ** -0.5),
        row("16 p99 error of shares", size, float(np.quantile(off, 0.99)), 0.02, stated=HUB),
    ]


def forest(size: str) -> list[Row]:
    """Row 15 on a forest: the first parent of each product only, in topological numbering, against warm sweeps."""
    made = by_child(graph(size))
    first = np.flatnonzero(np.diff(made.child, prepend=-1))
    plan = Plan.of(made.n, made.child[first], made.parent[first])
    reach = Reach(plan.inward.first, plan.inward.parent.view(np.int32))
    shares, x = plan.shares(np.full(first.size, 0.5)), np.ones(made.n)
    one, users = np.ones(made.n), np.ones(made.n, np.bool_)

    def exact() -> None:
        reach.sums([one / reach.totals(one)], users)

    took = alternately({"forest": exact, "sweep": lambda: plan.sweep(shares, x)})
    return [row("15 forest, warm sweeps", size, took["forest"] / took["sweep"], 5, stated=HUB, seconds=took)]


ROWS = {
    "11": (contributions, ("hub100k", "hub3m", "rand1m")),
    "13": (what_if, ("hub100k", "hub3m")),
    "15": (shapley, ("hub100k", "hub3m")),
    "15-forest": (forest, ("hub100k", "hub3m")),
    "16": (shapley, ("hub3m",)),
}
