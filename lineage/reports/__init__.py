"""Reports for people: HTML, Markdown, and the block for a model card.

The modules behind it: `content` (what a report says), `html`, `markdown`, `card` (how it is written), `drawing` and
`layout` (the picture), `text` and `diagrams` (trees), `escaping` (names of strangers).
"""

from lineage.reports.writing import FORMATS, report

__all__ = ["FORMATS", "report"]
