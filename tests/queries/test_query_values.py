"""Parameters from a command line: read, typed, bound; whatever is wrong is refused with a way out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.catalogue import Parameter, bound, entry, read_texts, read_value, split_pairs
from lineage.errors import OptionError

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FLOATS | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_is_read_as_json(value: Any) -> None:
    assert read_value(json.dumps(value)) == value


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    value = read_value(text)
    assert value == text or json.dumps(value) is not None


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "1e999", str(2**63), f"[{2**70}]", "[" * 10**5, "{'a': 1}", ""]
)
def test_what_the_database_cannot_hold_stays_text(text: str) -> None:
    assert read_value(text) == text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", "3", "3"),
        ("str", "true", "true"),
        ("str", '"3"', "3"),
        ("str", "x' OR 1=1 //", "x' OR 1=1 //"),
        ("int", "3", 3),
        ("float", "3", 3.0),
        ("bool", "false", False),
        ("date", "2024-01-31", "2024-01-31"),
        ("date", "2024-01-31T10:00:00Z", "2024-01-31T10:00:00Z"),
        ("list[str]", '["a", "b,c"]', ["a", "b,c"]),
        ("list[str]", "a,b", ["a,b"]),
        ("list[str]", "[]", []),
    ],
)
def test_a_text_becomes_the_declared_type(kind: str, text: str, value: object) -> None:
    made = bound([Parameter(name="a", type=kind)], {"a": read_texts(kind, [text])})["a"]
    assert made == value and type(made) is type(value)


def test_a_list_may_be_given_one_by_one() -> None:
    given_twice = split_pairs(["products=model:a", "$products=model:b"])["products"]
    assert read_texts("list[str]", given_twice) == ["model:a", "model:b"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "3.5"),
        ("int", "true"),
        ("int", str(2**63)),
        ("int", "three"),
        ("float", "NaN"),
        ("float", "true"),
        ("float", '"3"'),
        ("bool", "1"),
        ("date", "yesterday"),
        ("date", "2024-13-01"),
        ("date", "5"),
        ("list[str]", "[1]"),
        ("int", "x" * 10**6),
    ],
)
def test_another_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(OptionError, match="parameter 'a' is") as caught:
        bound([Parameter(name="a", type=kind)], {"a": read_texts(kind, [text])})
    assert len(str(caught.value)) < 300


def test_values_of_python_are_checked_too() -> None:
    for kind, value in (
        ("float", 10**400),
        ("str", 3),
        ("date", 3),
        ("list[str]", "a"),
        ("float", float("nan")),
    ):
        with pytest.raises(OptionError):
            bound([Parameter(name="a", type=kind)], {"a": value})


def test_missing_and_unknown_parameters_are_named() -> None:
    asked = entry("ancestors")
    with pytest.raises(OptionError, match=r"needs 'product' \(the product, as kind:name\).*--param product="):
        bound(asked.parameters, {}, query=asked.name)
    with pytest.raises(OptionError, match="no parameter 'prodct'; did you mean 'product'"):
        bound(asked.parameters, {"prodct": "a"}, query=asked.name)
    with pytest.raises(OptionError, match="it has none"):
        bound([], {"a": 1})


@pytest.mark.parametrize("pair", ["product", "=x", "a b=x", "a`=x", "", "x" * 10**6])
def test_a_pair_is_a_name_and_a_value(pair: str) -> None:
    with pytest.raises(OptionError, match="write --param NAME=VALUE") as caught:
        split_pairs([pair])
    assert len(str(caught.value)) < 300


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(OptionError, match="same parameter"):
        read_texts("int", ["1", "2"])
