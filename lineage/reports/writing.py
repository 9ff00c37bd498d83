"""`report`: one product or a whole graph, as text, and into a file where one is named."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lineage.errors import OptionError, did_you_mean
from lineage.graph import Graph
from lineage.run import Run
from lineage.views.cost import cost as compute_cost

if TYPE_CHECKING:
    from lineage.reports.content import GraphReport, ProductReport

__all__ = ["FORMATS", "report"]

FORMATS: Final = ("html", "markdown", "card")
_SUFFIXES: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


def report(graph: Graph, name: str | None = None, run: Run | None = None, *, to: str | Path = "html") -> str:
    """Return a report on a product, or on the whole graph if `name` is None; a path in `to` is also written.

    `to` is a format (html, markdown, card) or a path whose suffix says it (.html, .htm, .md, .markdown). The answer
    comes first, then the views with bounds and evidence, the lineage as a picture (HTML), the bill of materials and
    the paths, each up to 100 %, what is not known, who said what, findings, and the method. Every figure has its
    view, its unit and its coverage; unknown is "?", never 0. Equal input gives equal bytes: there is no clock in it.

    Raises `OptionError` for a format that does not exist, a card without a product, or a product that did not exist
    as of the run's date; `UnknownProduct`, `CycleError`; OSError where the file cannot be written.

    >>> from lineage.testing import graph
    >>> text = report(graph("base -> tuned", own={"base": 100, "tuned": 10}), "tuned", to="markdown")
    >>> text.splitlines()[2]
    '**60 g, of which 83 % is inherited; figures known for 2 of 2**'
    """
    form, path = _target(to)
    if form == "card" and name is None:
        raise OptionError("a card is about one product: name it")
    cost = compute_cost(graph, run)
    from lineage.reports.content import graph_report, product_report

    if name is None:
        text = _written(graph_report(graph, cost), form)
    else:
        text = _written(product_report(graph, name, cost), form)
    if path is not None:
        _publish(path, text)
    return text


def _written(content: "ProductReport | GraphReport", form: str) -> str:
    from lineage.reports.content import ProductReport

    if form == "card":
        from lineage.reports.card import card_block

        assert isinstance(content, ProductReport)
        return card_block(content)
    if form == "markdown":
        from lineage.reports.markdown import markdown_page

        return markdown_page(content)
    from lineage.reports.html import html_page

    return html_page(content)


def _target(to: str | Path) -> tuple[str, Path | None]:
    """Return the format, and the path if one is given."""
    if isinstance(to, str) and to in FORMATS:
        return to, None
    path = Path(to)
    form = _SUFFIXES.get(path.suffix.lower())
    if form is not None:
        return form, path
    known = [*FORMATS, *_SUFFIXES]
    hint = did_you_mean(path.suffix or str(to), known)
    raise OptionError(
        f"no report format {str(to)!r}{hint}; there are {', '.join(FORMATS)}, or a file name that ends in "
        f"{', '.join(_SUFFIXES)}"
    )


def _publish(path: Path, text: str) -> None:
    """Write aside, then rename: a reader never sees half a report."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, encoding="utf-8", newline="\n")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
