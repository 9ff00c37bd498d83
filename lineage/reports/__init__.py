"""Reports for people: HTML, Markdown, and the block for a model card.

The modules behind it: `content` (what a report says), `html`, `markdown`, `card` (how it is written), `drawing` and
`layout` (the picture), `text` and `diagrams` (trees), `escaping` (names of strangers). Names are loaded when they are
first used: whoever only wants the escaping does not pay for the computing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.reports.writing import FORMATS, report

__all__ = ["FORMATS", "report"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lineage.reports' has no attribute {name!r}")
    return getattr(import_module("lineage.reports.writing"), name)
