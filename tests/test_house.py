"""House rules that no linter knows: sizes, names, docstrings, what the wheel holds, what the tree may not say."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from docs_pages import PAGES
from lineage import errors

ROOT = Path(__file__).parents[1]
CODE = ("lineage", "importers")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 5
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".cff",
    ".ipynb",
    ".csv",
    ".cypher",
    ".json",
    ".jsonl",
    ".html",
    ".css",
    "",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files of the repository: what git knows or would add, else everything but caches."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        folders = (*CODE, "tests", "queries", "docs", "notebooks", ".ci")
        found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
        names = [str(path.relative_to(ROOT)) for path in (*found, *ROOT.glob("*.*"))]
    paths = [ROOT / name for name in sorted(names)]
    return tuple(path for path in paths if path.is_file() and "__pycache__" not in path.parts)


def sources(*folders: str) -> list[Path]:
    """Return the Python files under these folders."""
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    """Yield every function of a file with the class it belongs to."""
    owners = {
        item: owner
        for owner in ast.walk(tree(path))
        if isinstance(owner, ast.ClassDef)
        for item in owner.body
        if isinstance(item, Function)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node, owners.get(node)


def place(path: Path, node: Function | ast.ClassDef) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


# -- sizes -------------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_400_lines() -> None:
    watched = [*sources(*CODE, "tests"), *(path for path in tracked() if path.suffix == ".cypher")]
    assert watched
    counts = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in watched}
    assert {str(path.relative_to(ROOT)): n for path, n in counts.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = []
    for path in sources(*CODE, "tests"):
        for node, _ in functions(path):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > LONGEST_FUNCTION:
                long.append(place(path, node))
    assert long == []


def test_no_function_takes_more_than_five_parameters() -> None:
    crowded = []
    for path in sources(*CODE):
        for node, owner in functions(path):
            if "cli" in path.parts and node.decorator_list:
                continue  # a command's parameters are its options
            names = [item.arg for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            if owner is not None and names and names[0] in ("self", "cls"):
                names = names[1:]
            if len(names) > MOST_PARAMETERS:
                crowded.append(f"{place(path, node)}({', '.join(names)})")
    assert crowded == []


# -- names and docstrings ----------------------------------------------------------------------------------


def overrides_click(owner: ast.ClassDef | None) -> bool:
    """Say whether a class is one of click's, whose methods have the names that click calls."""
    return owner is not None and any(ast.unparse(base).startswith("click.") for base in owner.bases)


def test_names_say_what_a_thing_is() -> None:
    vague = []
    for path in sources(*CODE, "tests"):
        if any(word in path.stem.lower() for word in ("util", "helper", "manager")):
            vague.append(str(path.relative_to(ROOT)))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and node.name.lower().endswith(("manager", "helper", "utils")):
                vague.append(place(path, node))
        for function, owner in functions(path):
            name = function.name.lstrip("_")
            if (name.startswith("get_") or "helper" in name) and not overrides_click(owner):
                vague.append(place(path, function))
    assert vague == []


def public(path: Path) -> Iterator[Function | ast.ClassDef]:
    """Yield the public functions and classes of a module, and the public methods of the classes."""
    for node in tree(path).body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name[0] == "_":
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, Function)]
            yield from (item for item in methods if not item.name.startswith(("_", "test_")))


def test_everything_public_has_a_docstring() -> None:
    modules = [path for path in sources(*CODE) if not any(part.startswith("_") for part in path.parts)]
    silent = [place(path, node) for path in modules for node in public(path) if not ast.get_docstring(node)]
    silent += [str(path.relative_to(ROOT)) for path in modules if not ast.get_docstring(tree(path))]
    assert silent == []


# -- the tree of errors, the codes of findings --------------------------------------------------------------


def test_every_error_is_drawn_in_the_tree() -> None:
    named = [name for name in errors.__all__ if isinstance(getattr(errors, name), type)]
    defined = [node.name for node in tree(Path(errors.__file__)).body if isinstance(node, ast.ClassDef)]
    assert sorted(defined) == sorted(named)
    drawn = {
        line.lstrip(" │├└─").partition(" ")[0].partition("(")[0]
        for line in (errors.__doc__ or "").splitlines()
    }
    assert set(named) <= drawn


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_pages_are_fresh(name: str) -> None:
    page = ROOT / "docs" / name
    assert page.read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


# -- what the wheel holds, what the tree may not say ---------------------------------------------------------


def test_packages_are_the_folders() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = config["tool"]["setuptools"]["packages"]
    inits = [path for path in sources(*CODE) if path.name == "__init__.py"]
    folders = {".".join(path.parent.relative_to(ROOT).parts).removeprefix("importers.") for path in inits}
    assert sorted(listed) == sorted(folders | {"lineage.queries"})


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in sources(*CODE)}
    assert {
        str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").is_file()
    } == set()


def test_no_machine_and_no_index_is_named() -> None:
    # in two pieces, so that this file does not name them either
    words = [
        a + b
        for a, b in (
            ("/wo", "rk/"),
            ("/ro", "ot/"),
            ("/opt/", "wheels"),
            ("py", "pi.org"),
            ("python", "hosted"),
        )
    ]
    named = []
    for path in tracked():
        if path.suffix not in TEXT or path.name == "LICENSE":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        named += [f"{path.relative_to(ROOT)}: {word}" for word in words if word in text]
    assert named == []


def test_no_module_postpones_annotations() -> None:
    postponed = [
        str(path.relative_to(ROOT))
        for path in sources(*CODE, "tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert postponed == []
