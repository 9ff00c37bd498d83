"""What a scenario moves: before, after, the difference, and what each of its changes has part in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from lineage.errors import CycleError, InputError
from lineage.findings import Finding
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios.applying import changed
from lineage.scenarios.change import Change
from lineage.scenarios.differences import Difference, differences
from lineage.scenarios.movement import Figures, Moved, common_view, figures, moved, moved_count
from lineage.scenarios.scenario import Scenario, changed_run
from lineage.views.cost import Cost, cost
from lineage.views.samples import run_record

__all__ = ["Part", "Step", "WhatIf", "whatif"]


@dataclass(frozen=True, slots=True)
class Step:
    """The result after a change and all those before it."""

    change: Change
    result: Cost


@dataclass(frozen=True, slots=True)
class Part:
    """What one change adds to a product's figure, after those before it; None where a figure is not known.

    `moved` counts the products whose figure this change moves.
    """

    change: str
    amount: float | None
    moved: int

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {"change": self.change, "amount": self.amount, "moved": self.moved}


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A scenario on a graph: results `before` and after each change, the last of which is `after`."""

    scenario: Scenario
    before: Cost = field(repr=False)
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def after(self) -> Cost:
        """The result with every change."""
        return self.steps[-1].result if self.steps else self.before

    @property
    def graph(self) -> Graph:
        """The graph with every change."""
        return self.after.graph

    @property
    def unit(self) -> str:
        """The unit of every figure."""
        return self.before.unit

    @cached_property
    def view(self) -> str:
        """The view that is compared: "EPC", or "burden" where a policy has no EPC."""
        return common_view(self.before, *(step.result for step in self.steps))

    @cached_property
    def stages(self) -> list[Figures]:
        """The figures before, and after each change."""
        return [figures(result, self.view) for result in (self.before, *(step.result for step in self.steps))]

    @cached_property
    def results(self) -> list[Moved]:
        """The products whose figure is another, the largest difference first."""
        return moved(self.stages[0], self.stages[-1])

    def row(self, product: str) -> Moved:
        """Return a product's figure before and after; raises `UnknownProduct` where neither graph has it."""
        name = self.product(product)
        return Moved(id=name, before=self.stages[0].at(name), after=self.stages[-1].at(name))

    def has(self, product: str) -> bool:
        """Tell whether a product, by its id, is there before or after."""
        return product in self.graph.codes or product in self.before.graph.codes

    def product(self, name: str) -> str:
        """Return the id of a product of the changed graph, or of the one before. Raises `UnknownProduct`."""
        try:
            return self.graph.ids[self.graph.code(name)]
        except KeyError:
            return self.before.graph.ids[self.before.graph.code(name)]

    @cached_property
    def inputs(self) -> tuple[Difference, ...]:
        """What differs in the tables of the graph, without what only says how a figure came about."""
        return tuple(item for item in differences(self.before.graph, self.graph) if not item.is_bookkeeping)

    @cached_property
    def reach(self) -> list[int]:
        """How many products' figures each change moves."""
        return [moved_count(a, b) for a, b in pairwise(self.stages)]

    def parts(self, product: str) -> list[Part]:
        """Return what each change adds to a product's figure, in their order; they add up to the difference.

        A change is judged after those before it: in another order the parts may differ, their sum does not.
        """
        name = self.product(product)
        values = [stage.best(name) for stage in self.stages]
        amounts = [None if a is None or b is None else b - a for a, b in pairwise(values)]
        rows = zip(self.steps, amounts, self.reach, strict=True)
        return [Part(step.change.label, amount, reach) for step, amount, reach in rows]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the result, those of the changes among them."""
        own = self.graph.findings[len(self.before.graph.findings) :]
        return (*own, *self.after.findings)

    def as_dict(self, products: Sequence[str] = ()) -> dict[str, Any]:
        """Return the scenario as JSON holds it in lineage/whatif/1; `products`, by id, also with their parts."""
        names = [name for name in products if self.has(name)] or [row.id for row in self.results[:1]]
        return {
            "scenario": self.scenario.as_dict(),
            "run": run_record(self.after),
            "view": self.view,
            "own": {"before": self.before.conservation.sum_own, "after": self.after.conservation.sum_own},
            "coverage": self.after.coverage.as_dict(),
            "results": [row.as_dict() for row in self.results],
            "products": [
                self.row(name).as_dict() | {"parts": [part.as_dict() for part in self.parts(name)]}
                for name in names
            ],
            "inputs": [item.as_dict() for item in self.inputs],
            "findings": [item.as_dict() for item in self.findings],
        }


def whatif(graph: Graph, scenario: Scenario, run: Run | None = None, *, before: Cost | None = None) -> WhatIf:
    """Return what a scenario moves: the result before it, and after each of its changes, in their order.

    The result is that of `cost` on the changed graph, bit for bit; `graph` stays as it is. `before` saves computing
    that again. Raises the faults of `apply`, and one with the change's place where a change makes a cycle, or does not
    fit the run.

    >>> from lineage.testing import graph
    >>> told = whatif(graph("base -> tuned", own={"base": 100, "tuned": 10}), Scenario.of("own[base]=60 g"))
    >>> [(row.id, row.difference) for row in told.results]
    [('model:base', -40.0), ('model:tuned', -20.0)]
    """
    before = cost(graph, run) if before is None else before
    now, options = graph, before.run
    steps = []
    for change in scenario.changes:
        now = changed(now, change, scenario.changes)
        options = changed_run(options, change)
        try:
            steps.append(Step(change, cost(now, options)))
        except (CycleError, InputError) as error:
            raise change.fault(str(error)) from error
    told = WhatIf(scenario=scenario, before=before, steps=tuple(steps))
    try:
        told.view  # noqa: B018 - whether the policies compare is told now
    except InputError as error:
        raise (scenario.changes[-1].fault(str(error)) if scenario.changes else error) from None
    return told
