"""A report as Markdown: the same content as the page, for README files, wikis and model cards."""

from collections.abc import Iterable, Sequence

from lineage.explanation import Paths
from lineage.explanation.wording import at_least, percent, shown
from lineage.reports.content import GraphReport, ProductReport, conservation_line, coverage_line, no_epc
from lineage.reports.escaping import clipped, markdown_text, safe_url
from lineage.reports.evidence import SourceFile
from lineage.reports.method import Method

__all__ = ["markdown_page", "table"]

MOST_FINDINGS = 100
MOST_NAMES = 40


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: Sequence[int] = (0,)) -> list[str]:
    """Return the lines of a table; cells are escaped here; columns not in `left` are flush right.

    >>> table(["product", "own"], [["a|b", "1 g"]])[2]
    '| a\\\\|b | 1 g |'
    """
    rule = [":---" if place in left else "---:" for place in range(len(columns))]
    body = [[markdown_text(clipped(cell, 400)) for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in ([markdown_text(name) for name in columns], rule, *body)]


def markdown_page(content: ProductReport | GraphReport) -> str:
    """Return the report; names are escaped, so that no cell ends early and no link, image or HTML comes in."""
    body = _product(content) if isinstance(content, ProductReport) else _graph(content)
    return "\n".join([*body, *_findings(content), *_method(content.method), ""])


def _product(content: ProductReport) -> list[str]:
    cost, row, unit = content.cost, content.row, content.cost.unit
    return [
        f"# {markdown_text(clipped(row.name, 200))}: embodied product cost",
        "",
        f"**{markdown_text(content.headline)}**",
        "",
        markdown_text(clipped(content.standfirst, 800)),
        "",
        f"Product `{_code(row.id)}` · {cost.run.impact} in {unit} · policy `{cost.run.policy}`"
        + (f" · as of {cost.run.as_of}" if cost.run.as_of else ""),
        "",
        "## Views",
        "",
        *views_table(content),
        "",
        markdown_text(conservation_line(cost)),
        "",
        markdown_text(coverage_line(cost)),
        "",
        f"## {'Carbon bill' if cost.run.impact.startswith('carbon') else 'Bill'} of materials",
        "",
        f"View: {content.bill.view} opened by origin, in {unit}.",
        "",
        *bill_table(content),
        "",
        *_paths(content),
        "## What is not known",
        "",
        *_unknown(content),
        "",
        "## Who said what",
        "",
        *_statements(content),
        "",
    ]


def _code(text: str) -> str:
    """Return text for an inline code span, which cannot hold a backtick."""
    return clipped(text, 300).replace("`", "'").replace("|", "\\|")


def views_table(content: ProductReport) -> list[str]:
    """Return the four views and the burden with bounds and evidence."""
    unit, rows = content.cost.unit, []
    for item in content.views:
        if item.interval is None:
            figures = ["no meaning under this policy"] * 3
        else:
            figures = [
                shown(item.interval.lo, unit),
                at_least(item.interval, unit),
                shown(item.interval.hi, unit),
            ]
        rows.append([item.view, *figures, item.evidence, item.summable, item.answers])
    columns = ["view", "at least", "best", "at most", "evidence", "adds up", "answers"]
    return table(columns, rows, left=(0, 4, 5, 6))


def bill_table(content: ProductReport) -> list[str]:
    """Return the bill of materials with its remainder, adding up to 100 %."""
    unit, full, rest = content.cost.unit, content.bill, content.bill_rest
    rows = [
        [
            f"{row.name} ({row.id})",
            at_least(row.own, unit),
            row.tier,
            percent(row.weight),
            shown(row.contribution, unit),
            percent(row.share),
        ]
        for row in content.bill_rows
    ]
    count = f"{rest.count:,} further products" if rest.count else "nothing further"
    rows.append([f"remainder: {count}", "", "", "", shown(rest.contribution, unit), percent(rest.share)])
    if full.not_covered:
        rows.append(
            [
                f"not covered: {len(full.not_covered):,} without a published figure",
                "?",
                "unknown",
                "",
                "?",
                "?",
            ]
        )
    rows.append([full.view, "", "", "", at_least(full.total, unit), "100 %" if full.total.best else "?"])
    return table(
        ["product", "own", "evidence", "part that arrives", "contribution", "share"], rows, left=(0, 2)
    )


def _paths(content: ProductReport) -> list[str]:
    found = content.paths
    if found is None:
        return []
    return ["## Path by path", "", *_paths_note(found), *_paths_table(found), ""]


def _paths_note(found: Paths) -> list[str]:
    notes = []
    if found.cyclic:
        notes.append("There is a cycle upstream, so there are infinitely many paths; each round is one.")
    if not found.complete:
        notes.append("The search was stopped; larger paths may be in the remainder.")
    return [" ".join(notes), ""] if notes else []


def _paths_table(found: Paths) -> list[str]:
    unit, rows = found.unit, []
    for path in found.rows:
        names = list(path.products)
        if len(names) > 12:
            names = [*names[:6], f"… {len(names) - 12:,} more steps …", *names[-6:]]
        way = " → ".join(clipped(name, 60) for name in names)
        rows.append([way, percent(path.weight), shown(path.contribution, unit), percent(path.share)])
    total, rest = found.total.best, found.remainder
    part = percent(rest / total) if total and rest is not None else "?"
    rows.append(["remainder: all other paths", "", shown(rest, unit), part])
    rows.append(["EPC", "", at_least(found.total, unit), "100 %" if total else "?"])
    return table(["path", "product of shares", "contribution", "share"], rows)


def _unknown(content: ProductReport) -> list[str]:
    names = content.bill.not_covered
    if not names:
        return ["Every product that has part in this figure has a known own cost."]
    lines = [f"- {markdown_text(clipped(name, 160))}: no published figure" for name in names[:MOST_NAMES]]
    more = [f"- … and {len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
    return [*lines, *more]


def _statements(content: ProductReport) -> list[str]:
    rows = [
        [
            item.product,
            item.figure,
            f"{item.what}: {item.formula}",
            item.tier,
            item.source,
            "yes" if item.used else "no",
        ]
        for item in content.evidence.statements
    ]
    if not rows:
        return ["Nobody states a figure."]
    lines = table(["product", "figure", "what", "evidence", "source", "used"], rows, left=(0, 2, 3, 4, 5))
    if content.evidence.more:
        lines += [
            "",
            f"… and the figures of {content.evidence.more:,} further products, which contribute least.",
        ]
    if content.evidence.files:
        lines += ["", "Read from:", "", *(f"- {_file(item)}" for item in content.evidence.files[:MOST_NAMES])]
    if len(content.evidence.files) > MOST_NAMES:
        lines.append(f"- … and {len(content.evidence.files) - MOST_NAMES:,} more")
    return lines


def _file(item: SourceFile) -> str:
    name = markdown_text(clipped(item.title or item.name, 200))
    link = safe_url(item.url)
    text = f"[{name}](<{link}>)" if link else name
    return f"{text}, {markdown_text(clipped(item.licence, 80))}" if item.licence else text


def _graph(content: GraphReport) -> list[str]:
    cost, unit = content.cost, content.cost.unit
    rows = [
        [
            f"{row.name} ({row.id})",
            at_least(row.own, unit),
            row.tier,
            at_least(row.epc, unit),
            percent(row.upstream_share) if row.epc is not None else "-",
            at_least(row.burden, unit),
            at_least(row.cumulative, unit),
            f"{row.known:,} of {row.members:,}",
        ]
        for row in content.rows
    ]
    columns = ["product", "own", "evidence", "EPC", "inherited", "burden", "cumulative", "figures known"]
    more = (
        [
            "",
            f"… and {content.rest:,} more products with a smaller {cost.view}, or with none known and fewer children.",
        ]
        if content.rest
        else []
    )
    return [
        "# Lineage and cost",
        "",
        f"**{markdown_text(content.headline)}**",
        "",
        markdown_text(content.standfirst),
        "",
        f"{cost.run.impact} in {unit} · policy `{cost.run.policy}`"
        + (f" · as of {cost.run.as_of}" if cost.run.as_of else ""),
        "",
        "Own costs and burdens add up over products; EPC and cumulative do not. " + no_epc(cost),
        "",
        *table(columns, rows, left=(0, 2)),
        *more,
        "",
        markdown_text(conservation_line(cost)),
        "",
        markdown_text(coverage_line(cost)),
        "",
    ]


def _findings(content: ProductReport | GraphReport) -> list[str]:
    rows = [[item.severity, item.code, item.subject, item.text] for item in content.findings[:MOST_FINDINGS]]
    if not rows:
        return ["## Findings", "", "None.", ""]
    lines = ["## Findings", "", *table(["severity", "finding", "about", "what"], rows, left=(0, 1, 2, 3)), ""]
    if len(content.findings) > MOST_FINDINGS:
        lines += [
            f"… and {len(content.findings) - MOST_FINDINGS:,} more: `lineage check` lists them all.",
            "",
        ]
    return lines


def _method(made: Method) -> list[str]:
    return [
        "## Method",
        "",
        *table(["view", "formula", "meaning"], made.formulas, left=(0, 1, 2)),
        "",
        f"{made.lead}: {markdown_text(made.policy)}.",
        "",
        *table(["option", "value"], made.options, left=(0, 1)),
        "",
        "Unknown is “?”, never 0; “≥” marks a lower bound. EPC after Eilam et al., “Towards a Methodology and "
        "Framework for AI Sustainability Metrics” (HotCarbon 2023).",
    ]
