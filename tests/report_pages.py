"""Reads an HTML report the way a browser would, as far as the tests need it."""

from html.parser import HTMLParser

__all__ = ["Page", "parsed"]

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Tags with their attributes, the text of the page, of its style sheets, and of every table cell by section."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.styles: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self._open: list[str] = []
        self._section = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "section":
            self._section = dict(attrs).get("id") or ""
        if tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        if tag in ("td", "th"):
            self.rows[self._section][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.styles.append(data)
            return
        self.text.append(data)
        if "td" in self._open or "th" in self._open:
            self.rows[self._section][-1][-1] += data

    def close(self) -> None:
        super().close()
        assert not self._open, f"never closed: {self._open}"

    def attributes(self, name: str) -> list[str]:
        """Return all values of one attribute."""
        return [
            value or "" for _, attributes in self.tags for key, value in attributes.items() if key == name
        ]

    def row(self, section: str, start: str) -> list[str]:
        """Return the cells of the first row of a section whose first cell starts so."""
        return next(row for row in self.rows[section] if row and row[0].strip().startswith(start))


def parsed(html: str) -> Page:
    """Parse a page; tags that do not match are an assertion error."""
    page = Page()
    page.feed(html)
    page.close()
    return page
