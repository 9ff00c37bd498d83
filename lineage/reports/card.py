"""The block for a model card: YAML front matter for machines, a section for people; no date, equal bytes.

`co2_eq_emissions` is the key that the Hugging Face Hub reads (grams of CO2e): it holds the product's *own* cost,
as the Hub's cards do. What is inherited stands under `lineage_epc`, so that nobody adds it twice.
"""

import json
from typing import Any

from lineage import __version__
from lineage.reports.content import ProductReport, conservation_line
from lineage.reports.escaping import clipped, markdown_text, visible
from lineage.reports.markdown import bill_table, views_table
from lineage.views.interval import Interval

__all__ = ["card_block", "front_matter"]

MOST_NAMES = 40


def card_block(content: ProductReport) -> str:
    """Return front matter between `---` lines and a Markdown section, to paste into a model card."""
    cost, row = content.cost, content.row
    unknown = [markdown_text(clipped(name, 160)) for name in content.bill.not_covered]
    more = f" and {len(unknown) - MOST_NAMES:,} more" if len(unknown) > MOST_NAMES else ""
    missing = (
        f"No published figure: {', '.join(unknown[:MOST_NAMES])}{more}."
        if unknown
        else "No figure is missing upstream."
    )
    as_of = f", as of {cost.run.as_of}" if cost.run.as_of else ""
    return "\n".join(
        [
            "---",
            *_yaml(front_matter(content)),
            "---",
            "",
            "## Environmental impact, upstream included",
            "",
            f"**{markdown_text(content.headline)}**",
            "",
            f"View: {cost.view}, {cost.run.impact} in {cost.unit}, policy `{cost.run.policy}`{as_of}.",
            "",
            "Do not add up EPC or cumulative figures of several cards: own costs and burdens can be added.",
            "",
            *views_table(content),
            "",
            f"### What the {cost.view} is made of",
            "",
            *bill_table(content),
            "",
            missing,
            "",
            markdown_text(conservation_line(cost)),
            "",
            f"Method: {content.method.formula} (Eilam et al., HotCarbon 2023); shares: "
            f"{markdown_text(content.method.policy)}. Computed by lineage {__version__} from graph "
            f"`{cost.graph.digest[:16]}` for `{_code(row.id)}`.",
            "",
        ]
    )


def _code(text: str) -> str:
    return clipped(text, 300).replace("`", "'")


def front_matter(content: ProductReport) -> dict[str, Any]:
    """Return what the YAML block says; unknown is null, and `co2_eq_emissions` is there only where it is known."""
    cost, row = content.cost, content.row
    front: dict[str, Any] = {}
    if cost.run.impact == "carbon" and row.own.best is not None:
        bound = "at least, " if row.own.hi is None else ""
        front["co2_eq_emissions"] = {
            "emissions": row.own.best,
            "source": f"own cost only, {bound}{row.tier}; lineage {__version__}",
        }
    kept = cost.conservation
    front["lineage_epc"] = {
        "schema": "lineage/card/1",
        "product": visible(row.id),
        "impact": cost.run.impact,
        "unit": cost.unit,
        "policy": cost.run.policy,
        "as_of": cost.run.as_of,
        "own": _bounds(row.own) | {"tier": row.tier},
        "epc": _bounds(row.epc),
        "burden": _bounds(row.burden),
        "cumulative": _bounds(row.cumulative),
        "retained_share": row.retained_share,
        "inherited_share": row.upstream_share,
        "covered": row.covered,
        "figures_known": f"{row.known} of {row.members}",
        "not_covered": [visible(name) for name in content.bill.not_covered[:MOST_NAMES]],
        "conserves": kept.applies if kept.sum_burden is not None else None,
        "graph": cost.graph.digest,
    }
    return front


def _bounds(interval: Interval | None) -> dict[str, float | None]:
    return interval.as_dict() if interval is not None else {"lo": None, "best": None, "hi": None}


def _yaml(values: dict[str, Any], indent: str = "") -> list[str]:
    """Return mappings as YAML lines; every scalar is a JSON scalar, which YAML reads alike, whatever a name says."""
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_yaml(value, f"{indent}  ")]
        else:
            lines.append(f"{indent}{key}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}")
    return lines
