"""Which inputs matter: a product's EPC with one input at a time moved (tornado), and shares of its variance (Sobol)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from lineage.costs.named import unused_lines
from lineage.costs.uncertain import UncertainInput
from lineage.errors import MissingExtra, OptionError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.kernels.arrays import Floats
from lineage.run import Run
from lineage.uncertainty import Uncertainty
from lineage.views.cost import Cost, cost
from lineage.views.samples import run_record
from lineage.views.sampling import BLOCK, Sampler

__all__ = ["Sensitivity", "Swing", "sensitivity"]

LEVELS: Final = (0.05, 0.95)  # each input is moved from its 5th to its 95th percentile
MATTERS: Final = 0.01  # of the largest swing: what swings less is fixed in the Sobol analysis
MOST: Final = 20  # inputs of a Sobol analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """What one input does to the EPC, the others at their best values.

    `kind` is a section of the uncertainty or "weight"; the input goes from `input_low` over `input_best` to
    `input_high` (multiples of its best value where `relative`), the EPC from `low` to `high`. `first` and `total` are
    Sobol's indices with the half-widths of their 95 % intervals; None where they were not computed.
    """

    input: str
    kind: str
    name: str
    relative: bool
    input_low: float
    input_best: float
    input_high: float
    low: float
    high: float
    first: float | None = None
    first_error: float | None = None
    total: float | None = None
    total_error: float | None = None

    @property
    def swing(self) -> float:
        """How far the EPC moves."""
        return abs(self.high - self.low)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"swing": self.swing}


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """A product's inputs by how much they move its EPC, largest first, in `unit`.

    `view` is what they move: "EPC", or "burden" under a policy without edge weights.
    `best` is the EPC with every input at its best value. `analysed` and `fixed` name the inputs that a Sobol analysis
    varied and those that it left at their best; both are empty without one, and `evaluations` is 0.
    """

    product: str
    name: str
    unit: str
    view: str
    result: Cost = field(repr=False)
    uncertainty: Uncertainty
    best: float
    at_least: bool
    rows: tuple[Swing, ...]
    evaluations: int = 0
    analysed: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the JSON document lineage/sensitivity/1."""
        return {
            "schema": "lineage/sensitivity/1",
            "run": run_record(self.result),
            "uncertainty": self.uncertainty.as_dict(),
            "concentration": self.uncertainty.concentration(self.result.run.policy),
            "product": self.product,
            "unit": self.unit,
            "view": self.view,
            "best": self.best,
            "at_least": self.at_least,
            "rows": [row.as_dict() for row in self.rows],
            "sobol": {
                "evaluations": self.evaluations,
                "analysed": list(self.analysed),
                "fixed": list(self.fixed),
            }
            if self.evaluations
            else None,
            "findings": [item.as_dict() for item in self.findings],
        }


def sensitivity(
    graph: Graph,
    product: str,
    run: Run | None = None,
    *,
    uncertainty: Uncertainty | None = None,
    sobol: int | None = None,
) -> Sensitivity:
    """Return how much each uncertain input moves a product's EPC.

    One at a time: each input goes from its 5th to its 95th percentile while the others stay at their best values. A
    weight goes through its own distribution (beta), the parent's other claimants share the rest as before, so cost
    is conserved. With `sobol`, a power of two from 64 on, first-order and total indices (Saltelli et al. 2010) from
    sobol x (inputs + 2) evaluations, for the inputs that swing at least 1 % of the largest swing, 20 at most.
    Raises `UnknownProduct`, `OptionError`, and `MissingExtra` where SALib is not installed.

    >>> from lineage.testing import graph
    >>> told = sensitivity(graph("base -> tuned", own={"base": (80, 100, 140), "tuned": (9, 10, 11)}), "tuned")
    >>> [row.input for row in told.rows]
    ['weight model:tuned <- model:base', 'own cost of a product model:base', 'own cost of a product model:tuned']
    """
    if sobol is not None and (sobol < 64 or sobol & (sobol - 1)):
        raise OptionError(f"a Sobol analysis takes a power of two from 64 on, such as 1024, not {sobol}")
    given = uncertainty or Uncertainty()
    result = cost(graph, run)
    code = result.code(product)
    sampler = Sampler(result, given, [code])
    inputs = _Inputs(sampler)
    rows = inputs.tornado()
    told = Sensitivity(
        product=graph.ids[code],
        name=result.name(code),
        unit=result.unit,
        view=result.view,
        result=result,
        uncertainty=given,
        best=inputs.best,
        at_least=bool(sampler.arrives(sampler.model.open_ended)[0]),
        rows=tuple(row for _, row in rows),
        findings=(*result.findings, *unused_lines(graph, given), *sampler.findings),
    )
    return told if sobol is None else _with_indices(told, inputs, rows, sobol)


class _Inputs:
    """The uncertain inputs of one product's EPC: factors first, then weights; `best` is the EPC at their best."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.factors = sampler.model.factors
        self.edges = sampler.weights.sampled_edges
        self.varied = [place for place, item in enumerate(self.factors) if not item.distribution.is_fixed]
        self._still = np.array([_still(item) for item in self.factors])
        self.best = float(self.evaluated(np.full((1, self.count), np.nan))[0])

    @property
    def count(self) -> int:
        """The number of inputs."""
        return len(self.varied) + len(self.edges)

    def evaluated(self, u: Floats) -> Floats:
        """Return the EPC for inputs at these quantiles, (rows, inputs); NaN leaves an input at its best."""
        widest = max(len(self.sampler.members), len(self.sampler.edges), 1)
        step = max(1, BLOCK // widest)
        parts = [self._evaluated(u[start : start + step]) for start in range(0, len(u), step)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _evaluated(self, u: Floats) -> Floats:
        draws = np.repeat(self._still[:, None], len(u), axis=1) if self.factors else np.zeros((0, len(u)))
        for column, place in enumerate(self.varied):
            moved = ~np.isnan(u[:, column])
            draws[place, moved] = self.factors[place].distribution.quantile(u[moved, column])
        own = self.sampler.model.values(draws)
        w = self._weights(u[:, len(self.varied) :])
        carried: Floats = self.sampler.carried(w, own)[0]
        return carried

    def _weights(self, u: Floats) -> Floats:
        """Return shares (edges, rows), stick by stick: a claim takes its beta part of what those before it leave.

        That is exactly the Dirichlet distribution of the claims that are moved; the others keep their proportions.
        """
        base = self.sampler.weights.base
        if not np.isfinite(u).any():
            return base
        w = np.repeat(base[:, None], len(u), axis=1)
        concentration = self.sampler.weights.concentration or 0.0
        of_parent: dict[int, list[int]] = {}
        for column, edge in enumerate(self.edges.tolist()):
            of_parent.setdefault(int(self.sampler.up[edge]), []).append(column)
        for columns in of_parent.values():
            self._divide(w, u, columns, concentration)
        return w

    def _divide(self, w: Floats, u: Floats, columns: list[int], concentration: float) -> None:
        from scipy.special import betaincinv

        edges = self.edges[columns]
        left = np.full(len(u), self.sampler.weights.left_of(edges[0]))
        open_share = left.copy()  # what the best shares of the claims not yet moved add up to
        for column, edge in zip(columns, edges.tolist(), strict=True):
            moved = ~np.isnan(u[:, column])
            share = self.sampler.weights.base[edge]
            others = np.maximum(open_share[moved] - share, 0.0)
            free = others > 1e-12 * open_share[moved]
            part = np.ones(len(free))
            part[free] = betaincinv(
                concentration * share, concentration * others[free], u[moved, column][free]
            )
            w[edge, moved] = left[moved] * part
            left[moved] -= w[edge, moved]
            open_share[moved] -= share
        for column, edge in zip(columns, edges.tolist(), strict=True):
            still = np.isnan(u[:, column]) & (open_share != left)
            scale = left[still] / np.where(open_share[still] > 0, open_share[still], 1.0)
            w[edge, still] = self.sampler.weights.base[edge] * scale

    def tornado(self) -> list[tuple[int, Swing]]:
        """Return every input's number and swing, the largest first, ties by name."""
        u = np.full((2 * self.count, self.count), np.nan)
        for number in range(self.count):
            u[2 * number, number], u[2 * number + 1, number] = LEVELS
        epc = self.evaluated(u)
        rows = [
            (number, self._swing(number, *epc[2 * number : 2 * number + 2])) for number in range(self.count)
        ]
        return sorted(rows, key=lambda row: (-row[1].swing, row[1].input))

    def _swing(self, number: int, low: float, high: float) -> Swing:
        if number < len(self.varied):
            factor = self.factors[self.varied[number]]
            ends = factor.distribution.quantile(np.array(LEVELS)).tolist()
            return Swing(
                input=factor.label,
                kind=factor.section,
                name=factor.name,
                relative=factor.distribution.relative,
                input_low=ends[0],
                input_best=factor.centre,
                input_high=ends[1],
                low=float(low),
                high=float(high),
            )
        edge = int(self.edges[number - len(self.varied)])
        ends = [self._weights(self._only(number, level))[edge, 0] for level in LEVELS]
        ids, members = self.sampler.result.graph.ids, self.sampler.members
        name = f"{ids[members[self.sampler.down[edge]]]} <- {ids[members[self.sampler.up[edge]]]}"
        return Swing(
            input=f"weight {name}",
            kind="weight",
            name=name,
            relative=False,
            input_low=float(ends[0]),
            input_best=float(self.sampler.weights.base[edge]),
            input_high=float(ends[1]),
            low=float(low),
            high=float(high),
        )

    def _only(self, number: int, level: float) -> Floats:
        u = np.full((1, len(self.edges)), np.nan)
        u[0, number - len(self.varied)] = level
        return u


def _still(factor: UncertainInput) -> float:
    """Return the draw at which a factor stays: NaN is its best value as the best figure uses it."""
    if factor.distribution.is_fixed:
        return factor.distribution.parameters[0]
    return factor.centre if factor.best is None else float("nan")


def _with_indices(
    told: Sensitivity, inputs: _Inputs, rows: Sequence[tuple[int, Swing]], base: int
) -> Sensitivity:
    """Add first-order and total indices of the inputs that matter."""
    try:
        from SALib.analyze import sobol as analysis
        from SALib.sample import sobol as design
    except ImportError:
        raise MissingExtra("a Sobol analysis", "sensitivity", "leave out --sobol for the tornado") from None
    largest = max((row.swing for row in told.rows), default=0.0)
    chosen = [number for number, row in rows if largest and row.swing >= MATTERS * largest][:MOST]
    if not chosen:
        raise OptionError(
            f"nothing that is uncertain moves the EPC of {told.product}; say what is, with --uncertainty FILE"
        )
    problem = {
        "num_vars": len(chosen),
        "names": [f"x{number}" for number in chosen],
        "bounds": [[0.0, 1.0]] * len(chosen),
    }
    seed = told.result.run.seed % 2**31 + 1  # SALib takes 0 for "none given"
    points = design.sample(problem, base, calc_second_order=False, seed=seed)
    u = np.full((len(points), inputs.count), np.nan)
    u[:, chosen] = np.clip(points, 2.0**-53, 1 - 2.0**-53)
    found = analysis.analyze(problem, inputs.evaluated(u), calc_second_order=False, seed=seed)
    place = {number: at for at, number in enumerate(chosen)}
    return replace(
        told,
        rows=tuple(_indexed(row, found, place.get(number)) for number, row in rows),
        evaluations=len(points),
        analysed=tuple(row.input for number, row in rows if number in place),
        fixed=tuple(row.input for number, row in rows if number not in place),
    )


def _indexed(row: Swing, found: Any, at: int | None) -> Swing:
    if at is None:
        return row
    return replace(
        row,
        first=float(found["S1"][at]),
        first_error=float(found["S1_conf"][at]),
        total=float(found["ST"][at]),
        total_error=float(found["ST_conf"][at]),
    )
