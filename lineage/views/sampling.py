"""Drawing a lineage many times: own costs from their factors, weights around the policy's, solved in blocks.

Only the ancestors of the products in question are computed on, with the siblings that their weights are shared with.
Every number depends on the seed, the name of what is drawn and the sample alone, so that neither the products asked
for nor the size of a block changes any of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from lineage.costs.uncertain import OwnModel, own_model
from lineage.distributions import quantiles
from lineage.errors import DivergentCycle
from lineage.findings import Finding, finding
from lineage.kernels.arrays import Codes, Flags, Floats, Offsets
from lineage.kernels.blocks import Blocks
from lineage.kernels.closure import walk
from lineage.kernels.dirichlet import Claims
from lineage.kernels.draws import key_of, keys_of, paired, uniforms
from lineage.kernels.order import in_edges, row_starts
from lineage.uncertainty import Uncertainty
from lineage.views.cost import Cost
from lineage.views.sharing import Sharing

__all__ = ["Block", "Sampler", "ancestors"]

# Numbers held at once in a block of samples: 8 bytes each, and a few such arrays.
BLOCK: Final = 4_000_000


@dataclass(frozen=True)
class Block:
    """Samples first .. first + k - 1 of a sampler: own (members, k), epc and burden (asked, k).

    `w` are the shares of the sampler's edges, (edges,) where they are fixed, else (edges, k); `epc` and `burden` are
    None where the policy has none.
    """

    first: int
    own: Floats
    w: Floats
    epc: Floats | None
    burden: Floats | None


def ancestors(result: Cost, codes: Sequence[int]) -> Codes:
    """Return these products and everything they are made of, sorted."""
    network = result.network
    first = row_starts(len(result.graph), network.child)
    seen = np.zeros(len(result.graph), dtype=np.bool_)
    frontier: Codes = np.unique(np.asarray(codes, dtype=np.int32))
    while frontier.size:
        seen[frontier] = True
        above = np.unique(network.parent[in_edges(frontier, first)])
        frontier = above[~seen[above]]
    return np.flatnonzero(seen).astype(np.int32)


class Sampler:
    """Draws the costs of some products (`asked`, codes of a result) and of their ancestors (`members`).

    `edges` are the positions, in the network, of the members' edges; `up` and `down` are their ends as places in
    `members`.
    """

    def __init__(self, result: Cost, given: Uncertainty, asked: Sequence[int]) -> None:
        self.result, self.given = result, given
        self.members = ancestors(result, asked)
        self.asked = np.searchsorted(self.members, np.asarray(asked, dtype=np.int32))
        network = result.network
        first = row_starts(len(result.graph), network.child)
        self.edges: Offsets = in_edges(self.members, first)
        self.up = np.searchsorted(self.members, network.parent[self.edges]).astype(np.int32)
        self.down = np.searchsorted(self.members, network.child[self.edges]).astype(np.int32)
        self.blocks = Blocks(len(self.members), self.down, self.up, self._structure())
        self.model: OwnModel = own_model(
            result.graph, result.run, result.own_costs, given, self.members.tolist()
        )
        self.weights = _Weights(self)
        self.shared = None if result.sharing is None else _Shared(self, result.sharing)
        self._keys = np.array(
            [key_of(item.section, item.name) for item in self.model.factors], dtype=np.uint64
        )

    def _structure(self) -> Any:
        """Return an engine for the members where products are made out of each other, else nothing."""
        place = set(self.members.tolist())
        if not any(group[0] in place for group in self.result.network.cycles):
            return None
        return self.engine(self.down, self.up)

    def engine(self, child: Codes, parent: Codes) -> Any:
        """Return an engine for these edges of the members, (child, parent) sorted, that solves cycles."""
        if self.result.engine == "plain":
            from lineage.kernels.plain import Structure as Plain

            return Plain(len(self.members), child.tolist(), parent.tolist())
        from lineage.kernels.sparse import Structure

        return Structure(len(self.members), child, parent)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What could not be drawn."""
        return (*self.model.findings, *self.weights.findings)

    def draws(self, first: int, count: int) -> Floats:
        """Return the values of the factors, (factors, count)."""
        u = uniforms(self.result.run.seed, self._keys, first, count)
        return quantiles([item.distribution for item in self.model.factors], u)

    def over(self, size: int, block: int | None = None) -> Iterator[Block]:
        """Yield `size` samples in blocks, of `block` samples or as many as memory allows."""
        widest = max(len(self.members), len(self.edges), self.weights.claims.alpha.size, 1)
        step = block or max(1, BLOCK // widest)
        for first in range(0, size, step):
            yield self.block(first, min(step, size - first))

    def block(self, first: int, count: int) -> Block:
        """Return these samples. Raises `DivergentCycle` where drawn weights leave a cycle without a finite cost."""
        w, retained = self.weights.drawn(first, count)
        own = self.model.values(self.draws(first, count))
        if self.shared is not None:
            return Block(first, own, w, None, self.shared.burden(own))
        epc = self.solved(w, own)[self.asked]
        burden = None if retained is None else np.where(retained == 0, 0.0, retained * epc + 0.0)  # no -0.0
        return Block(first, own, w, epc, burden)

    def carried(self, w: Floats, own: Floats) -> Floats:
        """Return the allocated view that the policy has, EPC or burden, of those asked for: (asked, k)."""
        return self.solved(w, own)[self.asked] if self.shared is None else self.shared.burden(own)

    def solved(self, w: Floats, own: Floats) -> Floats:
        """Return EPC (members, k) for own costs (members, k)."""
        failing = self.blocks.divergent(w)
        if failing:
            ids = self.result.graph.ids
            raise DivergentCycle([tuple(ids[self.members[v]] for v in group) for group in failing])
        return self.blocks.solve(w, own)

    def arrives(self, start: Flags) -> Flags:
        """Return which of those asked for carry anything of the marked members."""
        if self.shared is not None:
            return self.shared.arrives(start)
        return self.blocks.reach(self.weights.base, start)[self.asked]

    def stands_on(self, marked: Flags) -> Flags:
        """Return which of those asked for have a marked one among themselves and their ancestors."""
        return self.blocks.reach(np.ones(len(self.edges)), marked)[self.asked]

    def parents_of(self) -> tuple[list[int], list[int]]:
        """Return the parents of each member: row starts (members + 1,) and places in `members`."""
        return row_starts(len(self.members), self.down).tolist(), self.up.tolist()


class _Shared:
    """The burdens of a policy without edge weights: fixed parts of the own costs of a product and its ancestors."""

    def __init__(self, sampler: Sampler, sharing: Sharing) -> None:
        first, parent = sampler.parents_of()
        members = sampler.members.tolist()
        self._parts = []
        for v in sampler.asked.tolist():
            rows = sorted([v, *walk(v, first, parent)])
            weights = [sharing.weight(members[u], members[v]) for u in rows]
            self._parts.append([(u, w) for u, w in zip(rows, weights, strict=True) if w])

    def weights(self, place: int, members: int) -> Floats:
        """Return what one of those asked for carries of every member's own cost."""
        found = np.zeros(members)
        for u, w in self._parts[place]:
            found[u] = w
        return found

    def burden(self, own: Floats) -> Floats:
        """Return the burdens, (asked, k), added up in the order of ids."""
        burden = np.zeros((len(self._parts), own.shape[1]))
        for row, parts in enumerate(self._parts):
            for u, w in parts:
                burden[row] += w * own[u]
        return burden

    def arrives(self, start: Flags) -> Flags:
        """Return who carries a part of one of the marked."""
        return np.array([any(start[u] for u, _ in parts) for parts in self._parts], dtype=np.bool_)

    def empty(self) -> Flags:
        """Return who carries nothing."""
        return np.array([not parts for parts in self._parts], dtype=np.bool_)


class _Weights:
    """The weights that a sampler needs: fixed ones as they are, the policy's own drawn around their best values."""

    def __init__(self, sampler: Sampler) -> None:
        result = sampler.result
        self._sampler, self._seed = sampler, result.run.seed
        self.base: Floats = result.shares.w[sampler.edges]
        retained = result.retained_share
        self.retained = None if retained is None else retained[sampler.members[sampler.asked]]
        self.concentration = sampler.given.concentration(result.run.policy)
        self.findings: tuple[Finding, ...] = ()
        self.parents: Codes = np.zeros(0, np.int32)
        self._of_edge = np.full(len(self.base), -1, np.int64)
        self._of_own_use = np.full(len(sampler.asked), -1, np.int64)
        self.claims = Claims(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.uint64))
        if self.concentration is not None and retained is not None:
            self._plan(result, retained, self.concentration)

    def _plan(self, result: Cost, retained: Floats, concentration: float) -> None:
        """Collect the claims on every parent that matters, siblings included."""
        network, sampler = result.network, self._sampler
        wanted = np.zeros(len(result.graph), dtype=np.bool_)
        wanted[network.parent[sampler.edges]] = True
        wanted[sampler.members[sampler.asked]] = True
        self.findings = tuple(_over_allocated(result, np.flatnonzero(wanted & (retained < 0))))
        wanted &= retained >= 0
        by_policy = np.array([name.startswith("policy") for name in result.shares.source], dtype=np.bool_)
        edges = np.flatnonzero(wanted[network.parent] & by_policy & (result.shares.w > 0))
        users = np.flatnonzero(wanted & (retained > 0))
        owner = np.concatenate([network.parent[edges], users]).astype(np.int64)
        share = np.concatenate([result.shares.w[edges], retained[users]])
        keys = np.concatenate([_edge_keys(result, edges), _own_use_keys(result, users)])
        claim = np.concatenate([edges, -1 - users])  # an edge, or -1 - the product for its own use
        several = np.bincount(owner, minlength=len(wanted))[owner] > 1
        order = np.flatnonzero(several)[np.argsort(owner[several], kind="stable")]
        owner, share, keys, claim = owner[order], share[order], keys[order], claim[order]
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if owner.size else np.zeros(0, np.int64)
        left = np.add.reduceat(share, starts) if owner.size else np.zeros(0)
        self.parents = owner[starts].astype(np.int32)
        self.claims = Claims(starts, concentration * share, left, keys)
        self._of_edge = _places(claim, sampler.edges)
        self._of_own_use = _places(claim, -1 - sampler.members[sampler.asked].astype(np.int64))

    def drawn(self, first: int, count: int) -> tuple[Floats, Floats | None]:
        """Return the shares of the edges and the retained shares of those asked for, in some samples."""
        if not self.claims.alpha.size:
            retained = None if self.retained is None else np.repeat(self.retained[:, None], count, axis=1)
            return self.base, retained
        shares = self.claims.drawn(self._seed, first, count)
        return _filled(self.base, self._of_edge, shares), _filled(self.retained, self._of_own_use, shares)

    def left_of(self, edge: int) -> float:
        """Return what the sampled claims on the parent of an edge share; the edge is one of `sampled_edges`."""
        at = int(np.searchsorted(self.claims.starts, self._of_edge[edge], side="right")) - 1
        return float(self.claims.left[at])

    @cached_property
    def sampled_edges(self) -> Offsets:
        """Places of the sampler's edges whose weight is drawn."""
        return np.flatnonzero(self._of_edge >= 0)


def _filled(base: Floats | None, place: Offsets, shares: Floats) -> Any:
    """Return fixed values repeated, drawn ones in their places."""
    if base is None:
        return None
    values = np.repeat(base[:, None], shares.shape[1], axis=1)
    drawn = place >= 0
    values[drawn] = shares[place[drawn]]
    return values


def _places(claim: Offsets, wanted: Offsets) -> Offsets:
    """Return where each wanted claim stands, -1 where it is none."""
    if not claim.size:
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(claim, kind="stable")
    at = np.minimum(np.searchsorted(claim[order], wanted), len(claim) - 1)
    return np.where(claim[order][at] == wanted, order[at], -1)


def _edge_keys(result: Cost, edges: Offsets) -> Any:
    network, ids = result.network, result.graph.ids
    codes, place = np.unique(
        np.concatenate([network.child[edges], network.parent[edges]]), return_inverse=True
    )
    keys = keys_of("weight", (ids[code] for code in codes.tolist()))[place]
    return paired(keys[: len(edges)], keys[len(edges) :])


def _own_use_keys(result: Cost, users: Offsets) -> Any:
    return keys_of("own use", (result.graph.ids[code] for code in users.tolist()))


def _over_allocated(result: Cost, parents: Offsets) -> Iterator[Finding]:
    for code in parents.tolist():
        text = "explicit weights hand out more than all of it, so its weights are not sampled"
        yield finding("not-sampled", result.graph.ids[code], text)
