"""Names come from strangers: in no output do they become markup, syntax, links or control characters."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lineage import explanation, reports
from lineage.graph import Graph
from lineage.reports import report
from lineage.reports.diagrams import tree_dot, tree_mermaid, tree_svg
from lineage.reports.escaping import (
    clipped,
    csv_safe,
    dot_text,
    markdown_text,
    mermaid_text,
    safe_url,
    table_rows_csv_safe,
    visible,
    xml_text,
    yaml_text,
)
from lineage.reports.text import tree_text
from lineage.testing import graph
from lineage.views.tree import tree
from report_pages import parsed

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><style>*{display:none}</style>",
    "a | b\n| c | d |",
    "[click](javascript:alert(1)) ![x](http://evil.example/p.png)",
    'x"]; click n0 "javascript:alert(1)"',
    '\\" ]; evil [label="',
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[31mred\x1b[0m\x07",
    "\u202egpj.exe\u2066",
    "]]><!-- &amp; &#x3c;",
    "---\nco2_eq_emissions: 0",
    "=HYPERLINK(1)",
]


def hostile_graph(name: str) -> Graph:
    facts = {"name": name, "citation": name}
    return graph(
        "p -> q -> r", own={"p": 5.0, "q": 1.0}, products={"p": facts, "q": facts, "r": {"name": name}}
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_html_has_the_name_as_text_only(name: str) -> None:
    harmless = {tag for tag, _ in parsed(report(hostile_graph("plain"), "q")).tags}
    html = report(hostile_graph(name), "q")
    page = parsed(html)
    assert {tag for tag, _ in page.tags} == harmless
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert visible(name.strip()) in "".join(page.text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", html)
    parsed(report(hostile_graph(name), None))


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_keeps_its_shape(name: str) -> None:
    def shape(text: str) -> list[int]:
        return [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines()]

    text, plain = (report(hostile_graph(item), "q", to="markdown") for item in (name, "plain"))
    assert shape(text) == shape(plain)
    assert "<script" not in text and "<img" not in text and "<style" not in text
    assert not re.search(r"(?<!\\)\]\((?!<https)", text), "a name became a link"
    assert "http://evil" not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_the_front_matter_of_a_card_is_not_changed_by_a_name(name: str) -> None:
    made = graph("p -> q", own={"p": 5.0, "q": 1.0}, products={"q": {"name": name}})
    front = yaml.safe_load(report(made, "q", to="card").split("---\n")[1])
    assert set(front) == {"co2_eq_emissions", "lineage_epc"}
    assert front["co2_eq_emissions"]["emissions"] == 1.0


@pytest.mark.parametrize("name", HOSTILE)
def test_pictures_and_diagrams_have_the_name_as_text_only(name: str) -> None:
    view = tree(hostile_graph(name), "q")
    root = ElementTree.fromstring(tree_svg(view))
    assert {item.tag.rpartition("}")[2] for item in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "g",
        "path",
        "rect",
        "text",
    }
    dot = tree_dot(view)
    assert len([line for line in dot.splitlines() if "[label=" in line]) == 3
    for line in dot.splitlines():
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0, line
    mermaid = tree_mermaid(view)
    assert all(line.count('"') in (0, 2) for line in mermaid.splitlines())
    assert len(mermaid.splitlines()) == 1 + 3 + 2 + 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", dot + mermaid + tree_text(view))


def test_ids_are_escaped_in_a_tree_as_text() -> None:
    made = graph("p", products={"model:\x1b[2Jevil\u202e": {}})
    assert tree_text(tree(made, made.ids[0])) == "model:\\x1b[2Jevil\\u202e"


@given(st.text())
def test_xml_text_comes_back_as_what_is_visible(text: str) -> None:
    element = ElementTree.fromstring(f'<a b="{xml_text(text)}">{xml_text(text)}</a>')
    assert (element.text or "") == element.get("b") == visible(text)


@given(st.text())
def test_visible_text_is_one_line_without_hidden_characters(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1 and not re.search(
        r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", shown
    )


@given(st.text(), st.integers(1, 40))
def test_clipped_text_fits(text: str, length: int) -> None:
    assert len(clipped(text, length)) <= length
    assert clipped(text, length) == visible(text) or "…" in clipped(text, length)


def test_a_million_characters_are_clipped_quickly() -> None:
    assert len(clipped("\u202e" * 1_000_000, 60)) == 60


@given(st.text())
def test_markdown_cells_never_end_early(text: str) -> None:
    cell = markdown_text(text)
    assert "\n" not in cell and not re.search(r"(?<!\\)(?:\\\\)*\|", cell) and "<" not in cell


@given(st.text())
def test_mermaid_labels_hold_no_syntax(text: str) -> None:
    assert not set(mermaid_text(text)) & set('"[](){}<>|`\\\n')


@given(st.text())
def test_dot_strings_never_end_early(text: str) -> None:
    assert not re.search(r'(?<!\\)(?:\\\\)*"', dot_text(text))
    assert len(re.findall(r"\\*$", dot_text(text))[0]) % 2 == 0


@given(st.text())
def test_yaml_scalars_come_back(text: str) -> None:
    assert yaml.safe_load(f"key: {yaml_text(text)}") == {"key": visible(text)}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_formulas_are_disarmed(cell: str) -> None:
    assert csv_safe(cell) == f"'{cell}"


def test_numbers_and_plain_text_pass() -> None:
    assert [csv_safe(item) for item in (-1.5, None, 3, "model:a", "a=b")] == [-1.5, None, 3, "model:a", "a=b"]
    assert table_rows_csv_safe([{"=k": "@v", "n": -1}]) == [{"'=k": "'@v", "n": -1}]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a b",
        'https://a"b',
        "//evil",
        "https://",
        "http://[",
        "",
        None,
    ],
)
def test_only_web_addresses_become_links(address: str | None) -> None:
    assert safe_url(address) is None


def test_escaping_is_cheap_to_import() -> None:
    """Every command escapes what it prints, so this must load nothing that computes."""
    program = (
        "import sys, lineage.reports.escaping; "
        "print(*sorted({'numpy', 'pyarrow', 'pandas', 'jinja2', 'pint'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_names_of_a_package_are_loaded_when_used() -> None:
    assert explanation.explain.__module__ == "lineage.explanation.opening"
    assert reports.report.__module__ == "lineage.reports.writing"
    for package in (explanation, reports):
        assert all(getattr(package, name) is not None for name in package.__all__)
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            _ = package.nothing
