"""`policies`: a product's burden and EPC under every policy, beside each other, with what each policy answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import OptionError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import POLICIES, Run
from lineage.schema import UNIT_SUFFIXES
from lineage.strategies.fairness import Fairness, fairness
from lineage.views.cost import cost
from lineage.views.interval import Interval
from lineage.views.samples import run_record

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QUESTIONS", "Allotment", "PolicyRow", "PolicyTable", "policies"]

QUESTIONS: Final = {
    "cutoff": "What did its makers cause themselves, if reuse were free?",
    "full": "What would it take to make it again, if everything upstream were made for it alone?",
    "equal": "What is its share if all that use a product, itself included, are alike?",
    "half": "What is its share if making and reusing answer for a half each?",
    "property": "What is its share in proportion to a measured property?",
    "cff": "What is its share if supplier and reuser divide by factor A, and lost quality counts?",
    "merge": "What is its share if merged models divide their parents by merge weights?",
    "shapley": "Who stands on what: what does each user below a product owe for it, so that no group pays too much?",
    "usage": "What does each inference below a product owe for it?",
}
DEFAULT_A: Final = 0.5  # the middle one of the EU's factors 0.2, 0.5 and 0.8
DEFAULT_PROPERTY: Final = "own cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """What one policy gives a product: burden and EPC, None where the policy has none."""

    policy: str
    burden: Interval | None
    epc: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {
            "policy": self.policy,
            "burden": self.burden and self.burden.as_dict(),
            "epc": self.epc and self.epc.as_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """One product under every policy; `least` and `most` are the smallest and largest known burden, with the policy.

    `ratio` is most / least, None where that is 0 or unknown.
    """

    id: str
    name: str
    own: Interval
    tier: str
    covered: float
    allotments: tuple[Allotment, ...]

    @property
    def least(self) -> tuple[float, str] | None:
        """The smallest known burden and its policy."""
        return min(self._known, default=None)

    @property
    def most(self) -> tuple[float, str] | None:
        """The largest known burden and its policy."""
        return max(self._known, key=lambda found: found[0], default=None)

    @property
    def ratio(self) -> float | None:
        """The largest burden over the smallest."""
        least, most = self.least, self.most
        return most[0] / least[0] if least and most and least[0] else None

    @property
    def _known(self) -> list[tuple[float, str]]:
        return [
            (item.burden.best, item.policy)
            for item in self.allotments
            if item.burden is not None and item.burden.best is not None
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        least, most = self.least, self.most
        return {
            "id": self.id,
            "name": self.name,
            "own": self.own.as_dict() | {"tier": self.tier},
            "covered": self.covered,
            "allotments": [item.as_dict() for item in self.allotments],
            "spread": {
                "least": least and {"value": least[0], "policy": least[1]},
                "most": most and {"value": most[0], "policy": most[1]},
                "ratio": self.ratio,
            },
        }


@dataclass(frozen=True, kw_only=True)
class PolicyTable:
    """Products under every policy, in `unit`, with the fairness of each policy on the whole lineage.

    `runs` are the options of each policy: where the caller gave none, `property` divides by own cost and `cff` takes
    A = 0.5; `assumed` names these choices.
    """

    unit: str
    runs: dict[str, Run]
    assumed: tuple[str, ...]
    rows: tuple[PolicyRow, ...]
    checks: dict[str, Fairness]
    record: dict[str, Any] = field(repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def table(self) -> "pd.DataFrame":
        """One row per product and policy as a pandas DataFrame; unknown is NaN."""
        import pandas as pd

        return pd.DataFrame.from_records(self.records())

    def records(self) -> list[dict[str, Any]]:
        """Return one flat row per product and policy."""
        suffix = UNIT_SUFFIXES[self.unit]
        records = []
        for row in self.rows:
            for item in row.allotments:
                record: dict[str, Any] = {"id": row.id, "policy": item.policy, "own_tier": row.tier}
                record["covered"] = row.covered
                for view, figure in (("burden", item.burden), ("epc", item.epc)):
                    lo, best, hi = figure or (None, None, None)
                    stem = f"{view}_{suffix}"
                    record |= {stem: best, f"{stem}_lo": lo, f"{stem}_hi": hi}
                check = self.checks[item.policy]
                record |= {"efficient": check.efficient, "in_core": check.in_core}
                records.append(record | {"question": QUESTIONS[item.policy]})
        return records

    def as_dict(self) -> dict[str, Any]:
        """Return the table as the JSON document lineage/policies/1."""
        return {
            "schema": "lineage/policies/1",
            "run": self.record,
            "unit": self.unit,
            "assumed": list(self.assumed),
            "policies": [
                {"policy": name, "question": QUESTIONS[name], "fairness": self.checks[name].as_dict()}
                for name in self.runs
            ],
            "products": [row.as_dict() for row in self.rows],
            "findings": [item.as_dict() for item in self.findings],
        }


def policies(graph: Graph, products: Sequence[str], run: Run | None = None) -> PolicyTable:
    """Return burden and EPC of products under every policy, the spread, and whether each policy is fair.

    `run` says everything but the policy; its property and factor A are those of `property` and `cff`. Raises
    `UnknownProduct`, `OptionError` without a product, and what `cost` raises.

    >>> from lineage.testing import graph
    >>> told = policies(graph("base -> a, b", own={"base": 90, "a": 1, "b": 1}), ["a"])
    >>> {item.policy: item.burden and round(item.burden.best, 3) for item in told.rows[0].allotments}["shapley"]
    31.0
    >>> told.checks["half"].in_core, told.rows[0].least
    (True, (1.0, 'cutoff'))
    """
    if not products:
        raise OptionError("no product is named; name those to look at, such as model:bert-base")
    run = run or Run()
    runs, assumed = _runs(run)
    results = {name: cost(graph, chosen) for name, chosen in runs.items()}
    first = results["equal"]
    codes = list(dict.fromkeys(first.code(name) for name in products))
    rows = []
    for code in codes:
        told = {name: result.row(code) for name, result in results.items()}
        plain = told["equal"]
        rows.append(
            PolicyRow(
                id=plain.id,
                name=plain.name,
                own=plain.own,
                tier=plain.tier,
                covered=plain.covered,
                allotments=tuple(
                    Allotment(policy=name, burden=row.burden, epc=row.epc) for name, row in told.items()
                ),
            )
        )
    findings = dict.fromkeys(item for result in results.values() for item in result.findings)
    record = {name: value for name, value in run_record(first).items() if name != "policy"}
    return PolicyTable(
        unit=first.unit,
        runs=runs,
        assumed=tuple(assumed),
        rows=tuple(rows),
        checks={name: fairness(result) for name, result in results.items()},
        record=record,
        findings=tuple(findings),
    )


def _runs(run: Run) -> tuple[dict[str, Run], list[str]]:
    """Return the run of each policy, and what had to be chosen for it."""
    assumed = []
    if run.property is None:
        assumed.append(f"property divides by {DEFAULT_PROPERTY} (--property chooses another)")
    if run.cff_a is None:
        assumed.append(f"cff takes A = {DEFAULT_A:g} (--cff-a chooses another)")
    full = replace(
        run,
        property=run.property or DEFAULT_PROPERTY,
        cff_a=DEFAULT_A if run.cff_a is None else run.cff_a,
        policy="equal",
    )
    return {name: replace(full, policy=name) for name in POLICIES}, assumed
