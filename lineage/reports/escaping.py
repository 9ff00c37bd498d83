"""Text from strangers, made safe for the place where it is shown.

Names, titles and addresses come from files that anyone may have written. Every writer of this package passes
them through exactly one of these functions, chosen by the target; `visible` comes first in all of them.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape as _escape_html
from typing import Any, Final
from urllib.parse import urlsplit

from lineage.explanation.wording import visible

__all__ = [
    "clipped",
    "csv_safe",
    "dot_text",
    "markdown_text",
    "mermaid_text",
    "safe_url",
    "table_rows_csv_safe",
    "visible",
    "xml_text",
    "yaml_text",
]

_FORMULA_START: Final = tuple("=+-@\t\r\n＝＋－＠")
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]|~$#!{}])")
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_AUTOLINK: Final = re.compile(r"(?i)(https?|ftp|mailto|xmpp):|(www)\.|(@)")
_MERMAID_PLAIN: Final = frozenset(" ._-/,")


def clipped(text: str, length: int) -> str:
    """Return at most `length` characters, visible; what was cut from the middle shows as "…".

    >>> clipped("a-very-long-product-name-v2", 12)
    'a-very…me-v2'
    """
    if len(text) > 8 * length:  # a million-character name need not be cleaned as a whole
        text = text[: 4 * length] + "…" + text[-4 * length :]
    text = visible(text)
    if len(text) <= length:
        return text
    head = (length - 1 + 1) // 2
    tail = length - 1 - head
    return f"{text[:head]}…{text[len(text) - tail :] if tail else ''}"


def xml_text(text: str) -> str:
    """Return text for an element or a quoted attribute of HTML or SVG.

    >>> xml_text('<b>"x" & y</b>')
    '&lt;b&gt;&quot;x&quot; &amp; y&lt;/b&gt;'
    """
    return _escape_html(visible(text), quote=True)


def markdown_text(text: str) -> str:
    r"""Return text that Markdown shows as it is: no table cell ends, no link, image, code, HTML or mention begins.

    >>> print(markdown_text("a|b [x](javascript:alert(1)) https://e.org"))
    a\|b \[x\](javascript:alert(1)) https\://e.org
    """
    escaped = _MARKDOWN.sub(r"\\\1", visible(text)).translate(_ENTITIES)
    return _AUTOLINK.sub(_broken_autolink, escaped)


def _broken_autolink(match: re.Match[str]) -> str:
    scheme, web, _ = match.groups()
    if scheme:
        return f"{scheme}\\:"
    return f"{web}\\." if web else "\\@"


def mermaid_text(text: str) -> str:
    """Return text for a quoted Mermaid label; all but letters, digits and a few marks become entity codes.

    >>> mermaid_text('say "hi"]; click')
    'say #34;hi#34;#93;#59; click'
    """
    return "".join(
        character if character.isalnum() or character in _MERMAID_PLAIN else f"#{ord(character)};"
        for character in visible(text)
    )


def dot_text(text: str) -> str:
    r"""Return text for a double-quoted DOT string; backslash sequences such as \N stay what they are.

    >>> print(dot_text('a"b\\N'))
    a\"b\\N
    """
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def yaml_text(text: str) -> str:
    r"""Return a double-quoted YAML scalar (a JSON string is one).

    >>> print(yaml_text('a: "b" #c'))
    "a: \"b\" #c"
    """
    import json

    return json.dumps(visible(text), ensure_ascii=False)


def csv_safe(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers and None pass unchanged.

    Text whose first visible character is =, +, -, @ (or their full-width forms), a tab or a line break gets a
    leading apostrophe, as OWASP's page on CSV injection (2020) advises.

    >>> csv_safe("=HYPERLINK(1)"), csv_safe(-1.5), csv_safe("plain")
    ("'=HYPERLINK(1)", -1.5, 'plain')
    """
    if isinstance(value, str) and value.startswith(_FORMULA_START):
        return f"'{value}"
    if isinstance(value, str) and value.lstrip().startswith(_FORMULA_START):
        return f"'{value}"
    return value


def table_rows_csv_safe(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows whose keys and values are all safe cells."""
    return [{str(csv_safe(key)): csv_safe(value) for key, value in row.items()} for row in rows]


def safe_url(text: str | None) -> str | None:
    """Return an http(s) address that may become a link, or None: `javascript:`, `data:` and the like never do.

    >>> safe_url("https://arxiv.org/abs/1910.01108"), safe_url("javascript:alert(1)")
    ('https://arxiv.org/abs/1910.01108', None)
    """
    if not text or visible(text) != text or re.search(r"[\s\"'<>`\\]", text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.netloc else None
