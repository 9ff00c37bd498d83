"""The answers of `compare` on a base, and on the biggest families."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lineage.cli.comparing_plans import verdict_said
from lineage.cli.figures import amount, amount_columns, full_amount, header
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.sampling import told_findings
from lineage.cli.text import counted, share
from lineage.run import Run

if TYPE_CHECKING:
    from lineage.strategies.families import Descendant, FamilyComparison
    from lineage.views.spreads import Chances

__all__ = ["families_answer", "family_answer"]

MOST_ROWS = 30  # of the table for people
_BOUNDS = {"at the earliest": "≥ ", "at the latest": "≤ ", "as far as known": "~ "}
_CHEAPER = {"alone": "from scratch", "reuse": "reuse", "equal": "equal", None: "?"}


def family_answer(
    told: "FamilyComparison", drawn: "Chances | None", run: Run, output: Output, *, asked: bool = False
) -> Answer:
    """Return the descendants in order of date, then the sums; `asked` for chances, why there are none is said."""
    from lineage.strategies.documents import document_of_families

    limited = output.format == "table" and output.file is None
    rows = told.rows[:MOST_ROWS] if limited else told.rows
    notes = [f"... and {counted(len(told.rows) - len(rows), 'descendant')} more (--format csv lists all)"]
    document = document_of_families([told], told.mode, run)
    document["families"][0]["chances"] = drawn and drawn.as_dict()
    what = f"Reuse of {told.product} against from scratch"
    return Answer(
        document=document,
        records=told.records(),
        title=f"{header(told.result.run, what)}; mode: {told.mode}",
        grid=Grid(
            ("descendant, by date", "date", "evidence", "own", "with reuse", "from scratch", "by", "cheaper"),
            [_cells(row, told.unit) for row in rows],
            left=3,
        ),
        notes=[
            *(notes if len(rows) < len(told.rows) else []),
            "",
            *_sums(told),
            *_chance(drawn, told.undrawn if asked else None),
            *told_findings(told.findings, output),
        ],
        findings=told.findings,
    )


def _cells(row: "Descendant", unit: str) -> tuple[str, ...]:
    sure = "" if row.certain or row.cheaper is None else " (not certain)"
    return (
        row.id,
        (row.date or "?")[:10],
        row.tier,
        full_amount(row.own, unit),
        full_amount(row.reuse, unit),
        full_amount(row.scratch, unit),
        row.method,
        f"{_CHEAPER[row.cheaper]}{sure}"
        if row.cheaper is not None or row.leads is None
        else f"{_CHEAPER[row.leads]}, as far as known",
    )


def _sums(told: "FamilyComparison") -> list[str]:
    unit = told.unit
    base = "0, sunk (it exists)" if told.mode == "consequential" else full_amount(told.charged, unit)
    lines = [
        f"Base: {base}; own cost {full_amount(told.base_own, unit)}, {told.base_tier}",
        f"Actual footprint, base and every descendant once: {full_amount(told.footprint, unit)}; "
        f"own costs known of {share(told.covered)}",
    ]
    if told.compared:
        lines.append(
            f"Like for like, {told.compared} of {counted(len(told.rows), 'descendant')} with both figures: "
            f"actual {full_amount(told.actual, unit)}, each from scratch {full_amount(told.counterfactual, unit)}"
        )
    lines.append(f"Cheaper ({told.mode}): {verdict_said(told)}")
    lines.append(paid_line(told))
    if told.cheaper_alone:
        named = ", ".join(row.id for row in told.cheaper_alone[:5])
        more = f" and {len(told.cheaper_alone) - 5:,} more" if len(told.cheaper_alone) > 5 else ""
        lines.append(f"Cheaper trained from scratch: {named}{more}")
    ways = ", ".join(f"{method} {count:,}" for method, count in told.scratch_methods.items())
    if ways:
        from lineage.strategies.counterfactual import METHODS

        said = "; ".join(f"{method}: {METHODS[method]}" for method in told.scratch_methods)
        lines.append(f"Costs from scratch: {ways} ({said})")
    return lines


def paid_line(told: "FamilyComparison") -> str:
    """Return when reuse began to pay, as a sentence."""
    from lineage.strategies.open_ended import side_of

    paid = told.paid
    if paid.count is None:
        return f"Reuse has not begun to pay: {paid.why}"
    day = "" if paid.date is None else f", {paid.date[:10]}"
    average = paid.average
    real = ""
    if average is not None and average.real is not None:
        least = {"reuse": "at least ", "scratch": "at most ", "both": "as far as known "}
        real = f"; k* of an average descendant: {least.get(side_of(average) or '', '')}{average.real:.4g}"
    bound, _, reason = paid.why.partition(": ")
    back = "" if paid.again is None else f"; it fell back, last at descendant {paid.again:,}"
    when, because = (f"{bound} ", f"; {reason}") if paid.why else ("", "")
    return (
        f"Reuse began to pay {when}with descendant {paid.count:,} ({paid.product}{day}){because}{back}{real}"
    )


def _chance(drawn: "Chances | None", why: str | None) -> list[str]:
    if drawn is None:
        return [] if why is None else [f"P(reuse cheaper) is not drawn: {why}"]
    return [
        f"P(reuse cheaper) = {share(drawn.less)} (standard error {share(drawn.error)}), the same draws for both"
    ]


def families_answer(told: "Sequence[FamilyComparison]", mode: str, run: Run, output: Output) -> Answer:
    """Return one row per family, the biggest first."""
    from lineage.strategies.documents import document_of_families

    findings = told[0].findings if told else ()
    columns = (
        "base",
        "evidence",
        "descendants",
        "compared",
        "known",
        "base cost",
        "actual",
        "from scratch",
        "pays from",
        "alone",
    )
    return Answer(
        document=document_of_families(told, mode, run),
        records=[_record(item) for item in told],
        title=f"{header(run, 'Reuse against from scratch, the biggest families')}; mode: {mode}",
        grid=Grid(columns, [_family_cells(item) for item in told], left=2),
        notes=[
            "",
            "Actual and from scratch: over the descendants of which both figures are known (compared);",
            "known: how many own costs are; pays from: the descendant, by date, with which reuse began to pay;",
            "alone: how many would have been cheaper trained from scratch.",
            *_unpaid(told),
            *told_findings(findings, output),
        ],
        findings=findings,
    )


def _unpaid(told: "Sequence[FamilyComparison]") -> list[str]:
    reasons: dict[str, int] = {}
    for item in told:
        if item.paid.count is None:
            reasons[item.paid.why] = reasons.get(item.paid.why, 0) + 1
    return [f"Not paid in {count}: {why}" for why, count in reasons.items()]


def _family_cells(item: "FamilyComparison") -> tuple[str, ...]:
    unit = item.unit
    charged = "0 (sunk)" if item.mode == "consequential" else amount(item.charged, unit)
    return (
        item.product,
        item.base_tier,
        f"{len(item.rows):,}",
        f"{item.compared:,}",
        share(item.covered),
        charged,
        full_amount(item.actual, unit),
        full_amount(item.counterfactual, unit),
        "-"
        if item.paid.count is None
        else f"{_BOUNDS.get(item.paid.why.partition(':')[0], '')}{item.paid.count:,}",
        f"{len(item.cheaper_alone):,}",
    )


def _record(item: "FamilyComparison") -> dict[str, Any]:
    record: dict[str, Any] = {"base": item.product, "mode": item.mode, "base_tier": item.base_tier}
    record |= {"descendants": len(item.rows), "compared": item.compared, "covered": item.covered}
    for view in ("charged", "footprint", "actual", "counterfactual"):
        record |= amount_columns(view, getattr(item, view), item.unit)
    paid = item.paid
    record |= {"pays_from": paid.count, "pays_from_product": paid.product, "pays_from_date": paid.date}
    return record | {
        "cheaper": item.cheaper,
        "cheaper_alone": len(item.cheaper_alone),
        "why": paid.why or None,
    }
