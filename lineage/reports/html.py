"""A report as one HTML page: opens offline, no script, nothing is fetched, a content security policy that says so."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lineage.explanation.wording import at_least, counted, number, percent, shown
from lineage.reports.content import GraphReport, ProductReport, conservation_line, coverage_line, no_epc
from lineage.reports.drawing import STYLE, draw
from lineage.reports.escaping import clipped, visible

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["html_page"]


def html_page(content: ProductReport | GraphReport) -> str:
    """Return the page. Names are escaped by the template engine; the drawing escapes its own.

    The policy allows one style sheet, by its hash, and nothing else: no script, image, frame, font or connection.
    """
    from markupsafe import Markup

    # The drawing escapes every name itself (`xml_text`), and its style sheet is a constant of this package.
    drawing = Markup(draw(content.picture, embedded=True))
    style = Markup(_style())
    name = "product.html" if isinstance(content, ProductReport) else "graph.html"
    template = _environment().get_template(name)
    return template.render(report=content, drawing=drawing, style=style, policy=_policy(style))


def _style() -> str:
    return files("lineage.reports").joinpath("templates/report.css").read_text(encoding="utf-8") + STYLE


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("lineage.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "quantity": shown,
        "percent": percent,
        "number": number,
        "clip": clipped,
        "at_least": at_least,
        "counted": counted,
    }
    environment.globals |= {
        "coverage_line": coverage_line,
        "conservation_line": conservation_line,
        "no_epc": no_epc,
        "bar": _bar,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Make hidden characters of plain text visible; what is marked as HTML has been through that already."""
    return visible(value) if type(value) is str else value


def _bar(share: float | None) -> Any:
    """Return a small bar that shows a share in [0, 1]; the number stands beside it."""
    from markupsafe import Markup

    if share is None:
        return ""
    width = f"{120 * min(max(share, 0.0), 1.0):.1f}"
    return Markup(
        '<svg class="bar" width="120" height="8" aria-hidden="true">'
        '<rect class="bar-whole" width="120" height="8" rx="2"/>'
        '<rect class="bar-part" width="{}" height="8" rx="2"/></svg>'
    ).format(width)
