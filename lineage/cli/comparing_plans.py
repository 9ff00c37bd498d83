"""The answer of `compare` on a plan."""

from typing import TYPE_CHECKING

from lineage.cli.figures import amount, unit_suffix
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import range_of, told_findings
from lineage.cli.text import counted, plain_number, share
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.strategies.cases import BreakEven, Flip
    from lineage.strategies.families import FamilyComparison
    from lineage.strategies.planned import PlanComparison

__all__ = ["break_even_line", "plan_answer", "verdict_said"]

SAID = {"reuse": "reuse", "scratch": "from scratch", "equal": "neither: both cost the same", None: "unknown"}


def plan_answer(told: "PlanComparison", twin: "PlanComparison", run: Run, output: Output) -> Answer:
    """Return both strategies by phase, the break-evens, the flips, and the verdict of the other mode."""
    from lineage.strategies.documents import document_of_plan

    plan, unit = told.plan, told.unit
    names = list(dict.fromkeys((*told.reuse.phases, *told.scratch.phases)))
    rows = [
        (
            name,
            *(
                amount(side.phases[name], unit) if name in side.phases else ""
                for side in (told.reuse, told.scratch)
            ),
        )
        for name in names
    ]
    for label in ("total", "per_task", "per_inference"):
        rows.append(
            (
                label.replace("_", " "),
                *(amount(getattr(side, label), unit) for side in (told.reuse, told.scratch)),
            )
        )
    rows.append(("parity (inferences)", *(_count(side.parity) for side in (told.reuse, told.scratch))))
    tasks = counted(plan.k, "task")
    title = f"{plan.name or 'Plan'}: {tasks}, {plain_number(plan.count)} inferences each, in {unit}; mode: {told.mode}"
    return Answer(
        document=document_of_plan(told, run) | {"other_mode": {"mode": twin.mode, "cheaper": twin.cheaper}},
        records=_records(told),
        title=title,
        grid=Grid(("phase", "reuse", "from scratch"), rows),
        notes=[
            "",
            *_verdict(told, twin),
            *_breaks(told),
            *_flips(told.flips),
            *told_findings(told.findings, output),
        ],
        findings=told.findings,
    )


def _records(told: "PlanComparison") -> list[dict[str, object]]:
    suffix = unit_suffix(told.unit)
    renamed = {"lo": f"cost_{suffix}_lo", "best": f"cost_{suffix}", "hi": f"cost_{suffix}_hi"}
    return [
        {renamed.get(name, name): value for name, value in row.items() if name != "unit"}
        for row in told.records()
    ]


def _count(value: float | None) -> str:
    return "?" if value is None else f"{value:,.10g}" if value < 1e10 else f"{value:.4g}"


def _verdict(told: "PlanComparison", twin: "PlanComparison") -> list[str]:
    lines = [f"Cheaper ({told.mode}): {verdict_said(told)}; {twin.mode}: {verdict_said(twin, other=True)}"]
    if told.mode == "consequential" and told.plan.exists:
        lines.append("The base exists: its cost is sunk and counts for nothing here.")
    elif told.plan.share == "equal":
        lines.append(
            f"The base is shared equally with {plain_number(told.plan.claims)} others (its own use included)."
        )
    if told.plan.outside:
        lines.append(f"Not part of the plan: {', '.join(told.plan.outside)}")
    if told.reuse.total.hi is None or told.scratch.total.hi is None:
        lines.append(
            "≥: something unknown has part in it; such a total is a lower bound, and k* and n* rest on it."
        )
    if told.undrawn is not None and told.size is not None:
        lines.append(f"P(reuse cheaper) is not drawn: {told.undrawn}")
    if told.chances is not None:
        chance = told.chances
        lines.append(
            f"P(reuse cheaper) = {share(chance.less)} (standard error {share(chance.error)}) from "
            f"{counted(told.size or 0, 'sample')}, the same draws for both"
        )
        lines.append(
            f"Totals (median, 5th to 95th percentile): reuse {range_of(told.reuse.spread, told.unit)}; "
            f"from scratch {range_of(told.scratch.spread, told.unit)}"
        )
    if told.tasks_spread is not None and told.tasks_spread.sd:
        drawn = told.tasks_spread
        lines.append(
            f"k* over the samples: {drawn.p50:.4g} ({drawn.p5:.4g} to {drawn.p95:.4g}); never in {share(told.never)}"
        )
    return lines


def verdict_said(told: "PlanComparison | FamilyComparison", *, other: bool = False) -> str:
    """Return the verdict with by how much; qualified where the side that leads has no upper bound."""
    saved = told.saved.best
    by = show(abs(saved), told.unit) if saved else ""
    if told.cheaper is None and told.leads == "equal":
        return "neither, as far as known: both cost the same"
    if told.cheaper is None and told.leads is not None:
        return f"{SAID[told.leads]}, if what is unknown is below {by}"
    return SAID[told.cheaper] + (f", by {by}" if by and not other else "")


def _breaks(told: "PlanComparison") -> list[str]:
    return [
        break_even_line("k*, tasks from which reuse is cheaper", told.tasks_star),
        break_even_line("n*, inferences per task from which reuse is cheaper", told.n_star),
    ]


def break_even_line(what: str, found: "BreakEven") -> str:
    """Return a break-even as a sentence: the integer with the real value beside it, or why there is none."""
    from lineage.strategies.open_ended import side_of

    side = side_of(found)
    if found.unknown is not None and side is None:
        return f"{what}: unknown, as {found.unknown} is not known"
    if found.never is not None:
        return f"{what}: never{'' if side is None else ' as far as known'}, because {found.never}"
    how = "exactly" if side is None else "by what is known"
    real = "" if found.real is None else f" ({_count(found.real)} {how})"
    least, most = {"reuse": ("at least ", "at most "), "scratch": ("at most ", "at least ")}.get(
        side or "", ("", "")
    )
    until = "" if found.last is None else f", up to {most}{found.last:,}"
    known = ", as far as known" if side == "both" else ""
    return f"{what}: {least}{found.integer:,}{until}{known}{real}"


def _flips(flips: "tuple[Flip, ...]") -> list[str]:
    lines = ["", "The ranking flips where one of these alone becomes:"]
    for row in flips:
        now = show(row.now, row.unit) if row.unit else _count(row.now)
        if row.value is None:
            lines.append(f"  {row.parameter} (now {now}): no flip; {row.why}")
            continue
        value = show(row.value, row.unit) if row.unit else _count(row.value)
        known = " as far as known" if row.why.startswith("as far as known") else ""
        lines.append(f"  {row.parameter} (now {now}): {value}; above it {SAID[row.above]} is cheaper{known}")
    return lines
