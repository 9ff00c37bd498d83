"""Opens a burden under a policy without edge weights: whose cost is shared, among how many, and what part arrives."""

import math
from collections.abc import Callable

from lineage.explanation.answer import Explanation
from lineage.explanation.wording import at_least, counted, joined, number, percent
from lineage.views.bill import weights_to
from lineage.views.cost import Cost

__all__ = ["MOST_PARTS", "burden_explained", "divided_among", "unassigned_explained"]

MOST_PARTS = 25


def burden_explained(cost: Cost, code: int, own: Callable[[int], Explanation], depth: int) -> Explanation:
    """Explain the burden of one product as parts of its own and its ancestors' costs, the largest first.

    `own` explains the own cost of a product; at depth 0 it is not asked.
    """
    assert cost.burden is not None and cost.sharing is not None
    unit, total = cost.unit, cost.burden.at(code)
    title = f"burden of {cost.graph.id(code)}"
    if not cost.sharing.user[code]:
        note = "it is not used itself, so it carries nothing: its users below do"
        opened = (own(code),) if depth else ()
        return Explanation(title, total.best, unit, note=note, interval=total, children=opened)
    weights = {u: weight for u, weight in weights_to(cost, code).items() if weight}
    amounts = {u: _times(weight, cost.own.at(u).best) for u, weight in weights.items()}
    order = sorted(weights, key=lambda u: (-(amounts[u] or 0.0), cost.graph.id(u)))
    children = [_part(cost, u, code, weights[u], own(u) if depth else None) for u in order[:MOST_PARTS]]
    rest = order[MOST_PARTS:]
    if rest:
        known = [amount for u in rest if (amount := amounts[u]) is not None]
        children.append(
            Explanation(
                f"parts of {counted(len(rest), 'product')} that are not opened",
                math.fsum(known) if known else None,
                unit,
                note=f"beyond the {MOST_PARTS} largest: {joined([cost.graph.id(u) for u in rest])}",
            )
        )
    formula = f"parts of {counted(len(order), 'product')}, its own included = {at_least(total, unit)}"
    return Explanation(title, total.best, unit, formula, interval=total, children=tuple(children))


def _times(weight: float, value: float | None) -> float | None:
    return None if value is None else weight * value


def _part(cost: Cost, u: int, v: int, weight: float, opened: Explanation | None) -> Explanation:
    own = cost.own.at(u)
    return Explanation(
        f"part of {cost.graph.id(u)}",
        _times(weight, own.best),
        cost.unit,
        f"{at_least(own, cost.unit)} {divided_among(cost, u, v)}",
        note="" if own.best is not None else "no published figure",
        interval=own.scaled(weight),
        children=() if opened is None else (opened,),
    )


def divided_among(cost: Cost, u: int, v: int) -> str:
    """Say how v's part of u's cost comes about: "/ 4 users at or below it", or by use."""
    shared = cost.sharing
    assert shared is not None
    about = "about " if shared.standard_error is not None else ""
    if shared.by_use[u]:
        total = 1.0 / float(shared.part[u])
        return f"x {number(float(shared.use[v]))} of {about}{number(total, 12)} inferences at or below it"
    users = float(shared.counted[u])
    why = f" (policy {cost.run.policy} misses a use)" if cost.run.policy != "shapley" else ""
    return f"/ {about}{number(round(users, 1), 12)} {'user' if users == 1 else 'users'} at or below it{why}"


def unassigned_explained(cost: Cost) -> tuple[Explanation, ...]:
    """Say what nobody carries, and how exactly the users were counted."""
    shared = cost.sharing
    assert shared is not None
    told = []
    if shared.standard_error is not None:
        note = (
            f"too many ancestors to walk them all: users counted by sketches, standard error "
            f"{percent(shared.standard_error)}; burdens rescaled by {number(shared.rescaled, 9)} to add up"
        )
        told.append(Explanation("how users were counted", note=note))
    if not shared.complete:
        note = "own costs of products without use at or below them, whole graph: part of the total"
        told.append(
            Explanation(
                "unassigned", shared.unassigned.best, cost.unit, note=note, interval=shared.unassigned
            )
        )
    return tuple(told)
