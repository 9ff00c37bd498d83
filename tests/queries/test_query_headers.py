"""The header of a `.cypher` file is a signature: what it says is read, and what breaks it is refused with the line."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.catalogue import Entry, OutputColumn, Parameter, catalogue, entry, parse_entry
from lineage.catalogue.page import catalogue_page
from lineage.errors import OptionError, QueryError

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
# One line of words, as people write them.
WORDS = st.from_regex(r"[A-Za-zäß][A-Za-z ,'\"`(]{0,30}[a-z]", fullmatch=True).map(
    lambda text: " ".join(text.split())
)
VALUES = {
    "str": st.text(max_size=20),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "date": st.dates().map(lambda day: day.isoformat()),
    "list[str]": st.lists(st.text(max_size=8), max_size=3),
}


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    kind = draw(st.sampled_from(sorted(VALUES)))
    required = draw(st.booleans())
    default = None if required else draw(st.none() | VALUES[kind])
    return Parameter(
        name=draw(NAMES), type=kind, default=default, required=required, about=draw(st.just("") | WORDS)
    )


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    taken = draw(st.lists(parameters(), max_size=4, unique_by=lambda item: item.name))
    columns = draw(
        st.lists(st.builds(OutputColumn, NAMES, st.sampled_from(("", "gCO2e", "share of 1"))), min_size=1)
    )
    columns = list({item.name: item for item in columns}.values())
    made: dict[str, Any] = {
        "question": draw(WORDS) + "?",
        "about": draw(st.just("") | WORDS),
        "needs_results": draw(st.booleans()),
    }
    lines = [made["question"], *([made["about"]] if made["about"] else [])]
    lines += ["needs: results"] if made["needs_results"] else []
    lines += [item.signature() + (f"   {item.about}" if item.about else "") for item in taken]
    lines += ["-> " + ", ".join(item.name + (f" ({item.unit})" if item.unit else "") for item in columns)]
    body = "RETURN " + ", ".join(["1", *(f"${item.name}" for item in taken)])
    text = "\n".join([*(f"// {line}" for line in lines), body]) + "\n"
    return Entry(name="group/made", parameters=tuple(taken), columns=tuple(columns), text=text, **made)


@given(entries())
def test_a_header_says_what_was_written(made: Entry) -> None:
    assert parse_entry(made.name, made.text) == made
    json.dumps(made.as_dict(), allow_nan=False)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, "// Why?\n" + "\n".join(f"// {line}" for line in text.split("\n"))):
        try:
            parse_entry("x/y", candidate)
        except QueryError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("", "asks a question", 1),
        ("RETURN 1", "asks a question", 1),
        ("// No question.\n// -> id", "asks a question", 1),
        ("// Which?\nRETURN 1", "says what comes back", 1),
        ("// Which?\n// $top int\n// -> id\nRETURN $top", "write a parameter as", 2),
        ("// Which?\n// $top: itn = 3\n// -> id\nRETURN $top", "did you mean 'int'", 2),
        ("// Which?\n// $top: int = three\n// -> id\nRETURN $top", "a whole number", 2),
        ("// Which?\n// $a: int\n// $a: str\n// -> id\nRETURN $a", "declared twice", 3),
        ("// Which?\n// -> id (g, b\nRETURN 1", "is no column", 2),
        ("// Which?\n// -> id, id\nRETURN 1", "there twice", 2),
        ("// Which?\n// needs: luck\n// -> id\nRETURN 1", "can need 'results'", 2),
        ("// Which?\n// $a: int\n// -> id\nRETURN $b", "used and declared differ: $a, $b", 1),
    ],
)
def test_broken_headers_are_refused_with_the_line(text: str, told: str, line: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse_entry("x/y", text)
    assert told in str(caught.value)
    assert caught.value.line == line


def test_a_date_needs_no_quotes() -> None:
    made = parse_entry("x/y", "// Since?\n// $day: date = 2024-01-31   not before\n// -> n\nRETURN $day")
    assert made.parameters[0] == Parameter(
        name="day", type="date", default="2024-01-31", required=False, about="not before"
    )


# -- the files ---------------------------------------------------------------------------------------------


def body(asked: Entry) -> str:
    """Return a query without its comments."""
    return re.sub(r"^//.*\n", "", asked.text, flags=re.MULTILINE)


def test_there_are_enough_questions() -> None:
    groups = {item.group for item in catalogue().values()}
    assert len(catalogue()) >= 40
    assert groups == {"audit", "carbon", "data", "governance", "infrastructure", "lineage", "registry"}
    questions = [item.question for item in catalogue().values()]
    assert len(set(questions)) == len(questions)


@pytest.mark.parametrize("name", catalogue())
def test_every_query_keeps_the_rules(name: str) -> None:
    asked = entry(name)
    text = body(asked)
    first = text.partition("\n")[0]
    # The anchor: a label, with the bound value where the question is about one thing; values that are taken one by
    # one; or a property of relationships of one type, which the engines look up.
    assert re.match(
        r"MATCH \((?:path = \()?\w*:(?:Product|Model|Dataset|Platform|Job|LineageRun)\b"
        r"|UNWIND \$\w+ AS \w+$"
        r"|MATCH \(\w+\)-\[r:[A-Z_]+\]->\(\w+\) WHERE r\.",
        first,
    )
    anchors = [
        item.name for item in asked.parameters if item.name in ("product", "products", "grid", "system")
    ]
    assert all(f"${anchor}" in first for anchor in anchors[:1])
    last = text.rstrip().splitlines()[-1]
    assert re.fullmatch(r"ORDER BY .+ LIMIT \$top", last), last
    assert [item.type for item in asked.parameters if item.name == "top"] == ["int"]
    returned = re.findall(r"(?:AS |RETURN |, )(\w+)(?=,|\n|$)", text[text.rindex("RETURN") :])
    assert [item.name for item in asked.columns if item.name not in returned] == []
    for word in (
        "CREATE",
        "MERGE",
        "DELETE",
        "SET ",
        "REMOVE",
        "LOAD CSV",
        "apoc.",
        "gds.",
        "SHORTEST 1",
        "ANY ",
    ):
        assert word not in text
    assert all(len(line) <= 160 for line in asked.text.splitlines())


@pytest.mark.parametrize("name", catalogue())
def test_every_query_is_documented(name: str) -> None:
    page = catalogue_page()
    assert f"### {name}\n" in page
    assert entry(name).question in page


def test_a_question_is_found_by_its_short_name() -> None:
    assert entry("bill").name == "carbon/bill"
    assert entry("lineage/path").name == "lineage/path"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ancestor", "did you mean 'lineage/ancestors'"),
        ("linage/ancestors", "did you mean 'lineage/ancestors'"),
        ("x`; //\n", "has no question"),
        ("../schema/constraints", "has no question"),
        ("schema/constraints", "has no question"),
        ("n" * 10**6, "has no question"),
    ],
)
def test_a_wrong_name_is_refused(name: str, told: str) -> None:
    with pytest.raises(OptionError, match=re.escape(told)) as caught:
        entry(name)
    assert len(str(caught.value)) < 400
