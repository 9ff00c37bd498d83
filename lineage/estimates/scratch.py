"""What training a model anew, from nothing, would take."""

import numpy as np

from lineage.estimates.amounts import ON_DATA
from lineage.estimates.facts import facts_of
from lineage.estimates.impacts import Place, impact_terms
from lineage.estimates.products import Bounds3, Estimate, Estimates, Group
from lineage.estimates.runs import runs_of
from lineage.estimates.spans import product
from lineage.estimates.steps import Inputs, step_energy, training_energy
from lineage.factors import shelf
from lineage.graph import Graph
from lineage.kernels.labels import Labels
from lineage.run import Run
from lineage.schema import TIERS

__all__ = ["from_scratch"]


def from_scratch(graph: Graph, code: int, run: Run | None = None) -> Estimate | None:
    """Estimate what training the model with this code from nothing would take; None where its size is not known.

    energy = training compute x kWh per FLOP of its year, where the compute is 6 x active parameters x tokens if the
    model was itself trained from nothing on a known number of tokens, else the trend of parameters and year
    (Epoch AI). The place is the model's own if it is known.

    >>> from lineage.testing import graph
    >>> made = graph("acme/base-7b -> acme/tuned-7b")
    >>> anew = from_scratch(made, made.code("acme/tuned-7b"))
    >>> anew.tier, anew.energy_kwh.lo > 1000
    ('imputed', True)
    """
    run = run or Run()
    facts = facts_of(graph)
    if np.isnan(facts.parameters[code]) or facts.step[code] in ("", "data"):
        return None
    at = np.array([code])
    given = Inputs(
        facts.parameters[at],
        facts.active[at],
        facts.tokens[at],
        facts.year[at],
        facts.parents[at].astype(np.float64),
        facts.teacher[at],
    )
    stated = facts.step[code] == "training" and not np.isnan(facts.tokens[code])
    table = shelf(run.factors)
    chosen = np.zeros(len(graph), np.bool_)
    chosen[code] = True
    ran = runs_of(graph, run, chosen, table)
    places: list[Place] = [None] * len(graph)
    if code in ran:
        places[code] = ran[code].place
    on_data = facts.step[code] == "training" + ON_DATA
    terms = (
        step_energy(facts.step[code], given, stated=False)
        if on_data
        else training_energy(given, stated=stated)
    )
    group = Group(at, "training", "from-flops" if stated else "imputed", terms)
    impact = "carbon" if run.impact == "carbon-market" else run.impact
    span = product((*group.terms, *impact_terms(impact, [places[code]], given.year, table)))
    lo, best, hi = (np.full(len(graph), np.nan) for _ in range(3))
    lo[code], best[code], hi[code] = Bounds3(*span.at(0))
    tier = Labels(np.zeros(len(graph), np.int8), TIERS)
    return Estimates(graph, impact, table, facts, places, facts.year, (group,), lo, best, hi, tier).of(code)
