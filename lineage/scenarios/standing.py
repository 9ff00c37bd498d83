"""EPCs that stand: solved once, then brought up to date after each small change, and put back, bit for bit."""

import math
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from lineage.kernels import increment
from lineage.kernels.arrays import Floats
from lineage.kernels.weights import HUGE, Claimants, shares
from lineage.scenarios.slots import Slots, levelled
from lineage.views.apportionment import claimants
from lineage.views.cost import Cost
from lineage.views.interval import Interval

__all__ = ["Standing"]

SPARE: Final = 8  # edges that may be put in at once


class _Column(NamedTuple):
    """One bound in the numbering of the plan: own costs, EPC, and room for the kernel."""

    rows: increment.Rows
    x: Floats
    held: increment.Space


class Standing:
    """The lineage of a result, ready for changes of one own cost, one share or one edge.

    Every change is noted, so that `undo` puts back what was there. Products and edges are those of the result.
    """

    def __init__(self, result: Cost) -> None:
        network = result.network
        n = len(result.graph)
        self.result = result
        self.edges = len(network.edges)  # more may be tried: SPARE
        self.plan = levelled(n, network.child, network.parent)
        self.slots = Slots.of(self.plan, result.shares.w, SPARE)
        self.place, self.w = self.slots.place, self.slots.w
        self.lo, self.best, self.hi = (np.array(side) for side in result.own)
        self.claim = _with_spare(claimants(network, result.run, result.own_costs))
        self.parents_of = np.bincount(network.child, minlength=n)
        self.present = np.arange(self.edges + SPARE) < self.edges
        self.by_parent = np.argsort(network.parent, kind="stable")
        self.first = np.searchsorted(network.parent[self.by_parent], np.arange(n + 1))
        self.columns = self._columns()
        self.notes: list[tuple[Any, Any, Any]] = []
        self.turned: list[tuple[int, Any]] = []  # where the notes stood, and whose bounds opened or closed

    def _columns(self) -> list[_Column]:
        """Solve best, lo and hi; unknown counts as 0. Bounds that are the same share one column."""
        made: list[_Column] = []
        for side in (self.best, self.lo, self.hi):
            same = made and np.array_equal(_filled(side), _filled(self.best))
            made.append(made[0] if same else self._column(side))
        return made

    def _column(self, side: Floats) -> _Column:
        c = _filled(side)[self.plan.order]
        x = c.copy()
        self.slots.sweep(x)
        first, parent, w, out_first, child, _ = self.slots
        rows = increment.Rows(first, parent, w, out_first, child, c)
        return _Column(rows, x, increment.space(self.plan.n))

    @property
    def scaled(self) -> bool:
        """Whether the policy's property is so large that all of it is scaled together: no product alone can tell."""
        sides = (self.claim.value, self.claim.edge_value) if self.result.run.policy == "property" else ()
        return any(side is not None and np.nanmax(side, initial=0.0) > HUGE for side in sides)

    # -- figures -------------------------------------------------------------------------------------------

    def interval(self, code: int) -> Interval:
        """Return the EPC of a product; hi is None where something unknown arrives, best where nothing known does."""
        if not self.result.network.existing[code]:
            return self.result.epc.at(code) if self.result.epc else Interval(None, None, None)
        at = int(self.plan.number[code])
        best, lo, hi = (float(column.x[at]) for column in self.columns)
        known, closed = self._arrives(at)
        return Interval(lo, best if known else None, hi if closed else None)

    def _arrives(self, at: int) -> tuple[bool, bool]:
        """Tell whether anything known arrives at a product with a share above 0, and nothing unknown."""
        first, parent = self.slots.first, self.slots.parent
        order = self.plan.order
        known, closed = False, True
        seen, stack = {at}, [at]
        while stack:
            v = stack.pop()
            code = order[v]
            known |= not math.isnan(self.best[code])
            closed &= not math.isnan(self.hi[code])
            for edge in range(int(first[v]), int(first[v + 1])):
                u = int(parent[edge])
                if u not in seen and self.w[edge] != 0:
                    seen.add(u)
                    stack.append(u)
        return known, closed

    # -- changes -------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """How many notes there are to be put back."""
        return len(self.notes)

    def mark(self) -> int:
        """Return where the notes stand, for `undo`."""
        return len(self.notes)

    def undo(self, mark: int) -> None:
        """Put back, bit for bit, what was noted since a mark, the last first."""
        while len(self.notes) > mark:
            array, places, values = self.notes.pop()
            array[places] = values
        while self.turned and self.turned[-1][0] > mark:
            self.turned.pop()

    def _write(self, array: Any, places: Any, values: Any) -> None:
        self.notes.append((array, places, np.array(array[places])))
        array[places] = values

    def own(self, code: int, values: tuple[float, ...]) -> None:
        """Set the own cost (lo, best, hi) of a product."""
        at = int(self.plan.number[code])
        lo, best, hi = values
        turned = (math.isnan(self.hi[code]), math.isnan(self.best[code])) != (
            math.isnan(hi),
            math.isnan(best),
        )
        filled = [0.0 if math.isnan(value) else value for value in values]
        for array, value in ((self.lo, lo), (self.best, best), (self.hi, hi)):
            self._write(array, code, value)
        for column, value in zip(self.columns, (filled[1], filled[0], filled[2]), strict=True):
            self._write(column.rows.c, at, value)  # twice the same where bounds share a column
        self._pull(np.array([at], np.uint32), turned)

    def share(self, edge: int, value: float) -> None:
        """Set the explicit share of an edge, NaN to leave it to the policy."""
        self._write(self.claim.explicit, edge, value)
        self._share_out({int(self.claim.parent[edge])})

    def without(self, edge: int) -> None:
        """Take an edge away."""
        self._write(self.present, edge, False)
        child = int(self.claim.child[edge])
        self._write(self.parents_of, child, self.parents_of[child] - 1)
        self._write(self.w, int(self.place[edge]), 0.0)
        touched = {int(self.claim.parent[edge])} | self._merged_by(child)
        self._share_out(touched, [child])

    def fits(self, child: int, parent: int) -> bool:
        """Tell whether an edge can be put in as things stand: in the order of solving, and with room for it."""
        v, u = int(self.plan.number[child]), int(self.plan.number[parent])
        return u < v and self.slots.room(v, u) and not self.present[self.edges :].all()

    def within(self, child: int, parent: int, value: float) -> None:
        """Put an edge in, with an explicit share or NaN; where it `fits`."""
        v, u = int(self.plan.number[child]), int(self.plan.number[parent])
        edge = self.edges + int(np.argmin(self.present[self.edges :]))
        for array, entry in (
            (self.claim.child, child),
            (self.claim.parent, parent),
            (self.claim.explicit, value),
        ):
            self._write(array, edge, entry)
        self._write(self.present, edge, True)
        self._write(self.parents_of, child, self.parents_of[child] + 1)
        begin, end = int(self.slots.first[v]), int(self.slots.first[v + 1])
        codes = self.plan.order[self.slots.parent[begin : end - 1]]
        at = begin + int(np.searchsorted(codes, np.uint32(parent)))
        row = np.arange(*self._parents_of(child))
        row = row[self.place[row] >= at]
        self._write(self.place, row, self.place[row] + 1)
        self._write(self.place, edge, at)
        for array, entry in ((self.slots.parent, u), (self.w, 0.0)):
            self._write(array, slice(begin, end), np.insert(array[begin : end - 1], at - begin, entry))
        self._write(self.slots.child, int(self.slots.out_first[u + 1]) - 1, v)
        self._share_out({parent} | self._merged_by(child), [child])

    def _merged_by(self, child: int) -> set[int]:
        """Return the parents whose shares go by how many parents a child has: merges without a coefficient."""
        if self.claim.merge is None or self.claim.coefficient is None:
            return set()
        first, last = self._parents_of(child)
        open_merge = self.claim.merge[first:last] & np.isnan(self.claim.coefficient[first:last])
        return {int(u) for u in self.claim.parent[first:last][open_merge]}

    def _parents_of(self, child: int) -> tuple[int, int]:
        """Return where the edges to a product's parents begin and end."""
        ends = np.searchsorted(self.claim.child[: self.edges], np.array([child, child + 1], np.int32))
        return int(ends[0]), int(ends[1])

    def _share_out(self, parents: set[int], dirty: list[int] | None = None) -> None:
        """Share some products out anew, and pull what stands below the shares that are others."""
        starts = [np.array(dirty or [], np.int64)]
        turned = bool(dirty)
        for u in sorted(parents):
            edges = self._children_of(u)
            new = self._divided(u, edges)
            places = self.place[edges]
            differs = new != self.w[places]
            if differs.any():
                turned |= bool(np.any((new[differs] == 0) != (self.w[places[differs]] == 0)))
                self._write(self.w, places[differs], new[differs])
                starts.append(self.claim.child[edges[differs]])
        codes = np.concatenate(starts)
        if codes.size:
            self._pull(self.plan.number[codes], turned)

    def _children_of(self, u: int) -> Any:
        """Return the edges to the children of a product that are there, by child."""
        every = self.by_parent[self.first[u] : self.first[u + 1]]
        edges = every[self.present[every]]
        tried = self.edges + np.flatnonzero(self.present[self.edges :])
        more = tried[self.claim.parent[tried] == u]
        if not more.size:
            return edges
        edges = np.concatenate((edges, more))
        return edges[np.argsort(self.claim.child[edges], kind="stable")]

    def _divided(self, u: int, edges: Any) -> Floats:
        """Return the shares of one product's children: those of the policy, with the bits of sharing out all."""
        claim, count = self.claim, len(edges)
        child = np.arange(1, count + 1, dtype=np.int32)
        codes = np.concatenate(([u], claim.child[edges]))
        small = replace(
            claim,
            n=count + 1,
            child=child,
            parent=np.zeros(count, np.int32),
            explicit=claim.explicit[edges],
            stated_by=claim.stated_by[edges],
            user=claim.user[codes],
            value=None if claim.value is None else claim.value[codes],
            edge_value=None if claim.edge_value is None else claim.edge_value[edges],
            coefficient=self._coefficients(edges),
            merge=None if claim.merge is None else claim.merge[edges],
        )
        return shares(self.result.run.policy, small).w

    def _coefficients(self, edges: Any) -> Floats | None:
        """Return merge coefficients; a missing one is one over the number of the child's parents."""
        if self.claim.coefficient is None:
            return None
        given = self.claim.coefficient[edges]
        guessed = 1.0 / np.maximum(self.parents_of[self.claim.child[edges]], 1)
        return np.asarray(np.where(np.isnan(given), guessed, given), np.float64)

    def _pull(self, starts: Any, turned: bool) -> None:
        """Bring every bound up to date; where unknowns turned known, or the reverse, all below may have moved."""
        run = increment.compiled()
        cap = max(self.plan.n // increment.SHARE, 1)
        for place, column in enumerate(self.columns):
            if place and column is self.columns[0]:
                continue
            done = run(starts, column.rows, column.x, column.held, cap)
            self.notes.append((column.x, *increment.moved(column.x, column.held, done)))
        if turned:
            self.turned.append((len(self.notes), starts))

    def touched(self, mark: int) -> list[int]:
        """Return the codes of the products that may have moved since a mark."""
        numbers: set[int] = set()
        figures = [column.x for column in self.columns]
        for array, places, _ in self.notes[mark:]:
            if any(array is x for x in figures):
                numbers.update(places.tolist())
        for at, starts in self.turned:
            if at > mark:
                numbers |= self._below(starts)
        codes: list[int] = np.sort(self.plan.order[list(numbers)]).tolist() if numbers else []
        return codes

    def below(self, code: int) -> list[int]:
        """Return the codes of a product and of all that stands below it."""
        codes: list[int] = self.plan.order[sorted(self._below([self.plan.number[code]]))].tolist()
        return codes

    def _below(self, starts: Any) -> set[int]:
        """Return everything that stands below some products, themselves among it."""
        first, child = self.slots.out_first, self.slots.child
        seen = {int(v) for v in starts}
        stack = list(seen)
        while stack:
            v = stack.pop()
            for below in child[first[v] : first[v + 1]].tolist():
                if below not in seen:
                    seen.add(below)
                    stack.append(below)
        return seen


def _with_spare(claim: Claimants) -> Claimants:
    """Return the claims with room for more edges, in arrays that may be written."""

    def longer(values: Any, filler: Any) -> Any:
        return None if values is None else np.concatenate((values, np.full(SPARE, filler, values.dtype)))

    return replace(
        claim,
        child=longer(claim.child, 0),
        parent=longer(claim.parent, -1),
        explicit=longer(claim.explicit, np.nan),
        stated_by=longer(claim.stated_by, 1),
        edge_value=longer(claim.edge_value, np.nan),
        coefficient=longer(claim.coefficient, np.nan),
        merge=longer(claim.merge, False),
    )


def _filled(side: Floats) -> Floats:
    """Return values with unknown as 0."""
    return np.where(np.isnan(side), 0.0, side)
