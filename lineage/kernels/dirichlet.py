"""Sampled weights: Dirichlet draws around the shares of a policy, so that every sample hands on the whole.

alpha = concentration x (w of the children, r). A gamma variate per claimant, in log space and keyed by the edge,
divided by the parent's sum: the draw of an edge is the same for every question that meets it.
"""

from dataclasses import dataclass

import numpy as np

from lineage.kernels.arrays import Floats, Offsets
from lineage.kernels.draws import Keys, log_gammas

__all__ = ["Claims"]


@dataclass(frozen=True)
class Claims:
    """The claims on some parents, parent after parent: `starts` (parents,) is where each one's begin.

    `alpha` (claims,) is above 0, `left` (parents,) what is divided among them, `keys` (claims,) are their names'.

    >>> from lineage.kernels.draws import keys_of
    >>> claims = Claims(np.array([0]), np.array([30.0, 10.0, 10.0]), np.array([0.5]), keys_of("edge", "abc"))
    >>> drawn = claims.drawn(seed=1, first=0, count=2000)
    >>> bool(np.allclose(drawn.sum(axis=0), 0.5)), drawn.mean(axis=1).round(2).tolist()
    (True, [0.3, 0.1, 0.1])
    """

    starts: Offsets
    alpha: Floats
    left: Floats
    keys: Keys

    def drawn(self, seed: int, first: int, count: int) -> Floats:
        """Return the shares of every claim in samples first .. first + count - 1, shape (claims, count)."""
        if not self.alpha.size:
            return np.zeros((0, count))
        owner = np.zeros(len(self.alpha), dtype=np.int64)
        owner[self.starts[1:]] = 1
        owner = np.cumsum(owner)
        logs = log_gammas(self.alpha, seed, self.keys, first, count)
        logs -= np.maximum.reduceat(logs, self.starts, axis=0)[owner]
        np.exp(logs, out=logs)
        scale = self.left[:, None] / np.add.reduceat(logs, self.starts, axis=0)
        shares: Floats = logs * scale[owner]
        return shares
