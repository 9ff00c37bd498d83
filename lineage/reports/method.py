"""How the numbers were made: formulas, policy and options, in words."""

from dataclasses import dataclass
from typing import Final

from lineage import __version__
from lineage.explanation.wording import number
from lineage.run import Run
from lineage.views.cost import Cost

__all__ = ["FORMULAS", "Method", "method", "policy_in_words"]

FORMULAS: Final = (
    (
        "own",
        "c(v)",
        "the jobs that made v: energy x grid intensity + the hardware's embodied share + platform tax",
    ),
    (
        "EPC",
        "EPC(v) = c(v) + Σ w(u,v) EPC(u)",
        "own cost and the share w of each parent u; solved for all products at once",
    ),
    (
        "burden",
        "burden(u) = (1 − Σ w(u,v)) EPC(u)",
        "what is not handed on to children: u's own use carries it",
    ),
    ("cumulative", "c(v) + Σ c(a), each ancestor a once", "replacement: never summed over products"),
    ("family", "c(v) + Σ c(d), each descendant d once", "never summed over products"),
    ("conservation", "Σ burden = Σ c", "holds if no product is handed out more than once"),
)

_POLICIES: Final = {
    "cutoff": "reuse is free: nothing is handed on to children",
    "full": "every child carries the whole of its parent; counts parents several times by design",
    "equal": "what was made is divided equally among the n children and its own use: 1/(n+1) each",
    "half": "own use keeps one half, the children share the other half equally",
    "property": "in proportion to the column {property}, own use counting with the parent's own value",
    "cff": "circular footprint: (1 − A) x 1/n x quality ratio (at most 1), A = {cff_a}, quality column {quality}",
    "shapley": "no edge weights: a cost is divided equally among the users at or below the product (Shapley value)",
    "usage": "no edge weights: a cost is divided in proportion to inferences among the users at or below the product",
    "merge": "in proportion to absolute merge coefficients; own use and children that are not merges count 1",
}


_WITHOUT_WEIGHTS: Final = (
    FORMULAS[0],
    (
        "burden",
        "burden(v) = Σ c(u) x part(u,v)",
        "v and each ancestor u once; u's cost is shared among its users: those at or below u",
    ),
    *FORMULAS[3:5],
    ("conservation", "Σ burden + unassigned = Σ c", "unassigned: without use at or below"),
)


@dataclass(frozen=True, slots=True)
class Method:
    """Formulas (view, formula, meaning) and options (name, value) of a run."""

    formulas: tuple[tuple[str, str, str], ...]
    policy: str
    options: tuple[tuple[str, str], ...]

    @property
    def lead(self) -> str:
        """What the policy's words follow on."""
        given = "Shares w: explicit weights first; then by policy"
        return given if self.formulas == FORMULAS else "Shares, whatever weights are given"

    @property
    def formula(self) -> str:
        """The formula of the view that the policy allocates."""
        return self.formulas[1][1]


def policy_in_words(run: Run) -> str:
    """Return what the policy of a run does; explicit weights always come first.

    >>> policy_in_words(Run(policy="half"))
    'own use keeps one half, the children share the other half equally'
    """
    text = _POLICIES[run.policy].format(property=run.property, cff_a=number(run.cff_a), quality=run.quality)
    return text if run.retain or run.policy != "equal" else "divided equally among the n children: 1/n each"


def method(cost: Cost) -> Method:
    """Describe the run behind a cost; no clock, so that equal input gives equal bytes."""
    run = cost.run
    options = {
        "policy": run.policy,
        "impact": f"{run.impact} in {run.unit}",
        "as of": run.as_of or "everything in the graph, whatever its date",
        "cycles": run.cycles,
        "users": {"all": "all models; data sets and platforms only if deployed"}.get(
            run.users, "only deployed products"
        ),
        "engine": cost.engine,
        "seed": str(run.seed),
        "graph (SHA-256)": cost.graph.digest,
        "version": f"lineage {__version__}",
    }
    formulas = FORMULAS if cost.epc is not None else _WITHOUT_WEIGHTS
    return Method(formulas, policy_in_words(run), tuple(options.items()))
