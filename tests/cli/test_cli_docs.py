"""Every command is documented and its help has an example; the schemas are shipped and used."""

import json
import re
import shlex
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

from command_lines import Run, checked, document, schema
from lineage.cli import COMMANDS, main
from lineage.cli.output import FORMATS
from lineage.cli.reference import reference

DOCS = Path(__file__).parents[2] / "docs"
CONTEXT = click.Context(main, info_name="lineage")
SCHEMAS = sorted(item.name.removesuffix("-1.json") for item in (files("lineage") / "schemas").iterdir())

# How each document comes about on the small store. `serving` is a part of `show`.
DOCUMENTS: dict[str, list[str]] = {
    "bill": ["bill", "merged"],
    "check": ["check"],
    "compare": ["compare", "base", "--samples", "40"],
    "copy": ["copy", "demo:", "copied.store"],
    "cost": ["cost", "--policy", "cff", "--cff-a", "0.5"],
    "diff": ["diff", "demo:", "lineage.store"],
    "drivers": ["drivers", "merged"],
    "explain": ["explain", "merged"],
    "factors": ["factors", "A100"],
    "factors-diff": ["factors", "diff", "shipped", "shipped", "--store", "lineage.store"],
    "family": ["family", "base"],
    "formats": ["formats"],
    "inference": ["inference", "base"],
    "init": ["init", "mine"],
    "job": ["job", "mine/jobs.csv"],
    "list": ["list"],
    "load": ["load", "mine"],
    "paths": ["explain", "merged", "--paths", "2"],
    "queries": ["query", "--list"],
    "query": ["query", "ancestors", "--param", "product=merged"],
    "policies": ["policies", "merged"],
    "recommend": ["recommend", "measure", "merged"],
    "samples": ["cost", "merged", "deep", "--samples", "40"],
    "sensitivity": ["sensitivity", "merged"],
    "restate": ["restate", "merged", "--from", "2020", "--to", "2024"],
    "results": ["results"],
    "show": ["show", "base"],
    "snapshots": ["snapshots"],
    "sources": ["sources", "base"],
    "track": ["track", "--product", "new", "--parent", "base", "--", sys.executable, "-c", "pass"],
    "tree": ["tree", "base"],
    "warmup": ["warmup"],
    "whatif": ["whatif", "--set", "own[base]=x 2", "--sweep", "own[left]=1g:9g:3", "--product", "merged"],
}


def command(name: str) -> click.Command:
    found = main.get_command(CONTEXT, name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_that_parses(name: str) -> None:
    made = command(name)
    assert made.name == name and made.help
    examples = re.findall(rf"^\s*(lineage {name}\b.*)$", made.help, re.MULTILINE)
    assert examples, f"the help of {name} has no example"
    for example in examples:
        made.make_context(name, shlex.split(example)[2:], resilient_parsing=True)
    assert all(option.help for option in made.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_shared_options(name: str) -> None:
    options = {text: item for item in command(name).params for text in item.opts}
    assert {"--output", "--quiet", "--verbose"} <= set(options)
    if name not in ("tree", "report", "query", "serve"):  # these draw, write or stream; they have their own
        assert tuple(options["--format"].type.choices) == FORMATS  # type: ignore[attr-defined]
        assert "--strict" in options
    if name not in ("init", "formats", "demo", "copy", "warmup"):
        assert options["--store"].envvar == "LINEAGE_STORE"


def test_the_group_lists_every_command_with_its_line() -> None:
    text = main.get_help(CONTEXT)
    for name, (_, line) in COMMANDS.items():
        assert name in text and len(line) < 80
        assert line in " ".join(text.split())


def test_the_page_of_commands_holds_every_help() -> None:
    page = reference()
    assert page == reference()
    for name in COMMANDS:
        assert f"## {name}\n" in page and f"Usage: lineage {name} " in page
    assert max(map(len, page.splitlines())) <= 120


def test_json_is_documented() -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    for name in SCHEMAS:
        assert f"| `lineage/{name}/1` |" in page, name
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert checked(example)["conservation"]["sum_own"] == 110.0


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    made = schema(name)
    Draft202012Validator.check_schema(made)
    assert made["title"] == made["properties"]["schema"]["const"] == f"lineage/{name}/1"
    assert list(closed(made)) == []


def closed(part: Any, path: str = "$") -> Any:
    """Yield the objects of a schema that let anything pass."""
    if isinstance(part, dict):
        if part.get("type") == "object" and part.get("additionalProperties") in (None, True):
            yield path
        for key, value in part.items():
            yield from closed(value, f"{path}.{key}")
    elif isinstance(part, list):
        for place, value in enumerate(part):
            yield from closed(value, f"{path}[{place}]")


def test_every_schema_has_a_command() -> None:
    assert sorted(DOCUMENTS) == SCHEMAS


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_document_keeps_its_schema(run: Run, name: str) -> None:
    if name == "query":
        pytest.importorskip("arcadedb", reason="a folder is asked through the extra cypher")
    if name == "warmup":
        pytest.importorskip("numba", reason="compiled by the extra fast")
    if name in ("job", "load"):
        run("init", "mine")
    command, *more = DOCUMENTS[name]
    made = document(run(command, "--format", "json", *more))  # what follows -- is another's command
    assert made["schema"] == f"lineage/{name}/1"
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_a_document_that_breaks_its_schema_is_seen(run: Run, store: Path) -> None:
    made = document(run("list", "--format", "json", "--store", store))
    made["products"][0]["own"]["best"] = "many"
    assert list(Draft202012Validator(schema("list")).iter_errors(made))
