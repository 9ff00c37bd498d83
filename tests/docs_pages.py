"""Pages of docs/ that are made from the code, and the outputs in README.md: `make docs` writes both.

tests/test_house.py and tests/test_docs.py compare them with what is written.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from lineage.catalogue.page import catalogue_page
from lineage.cli.reference import reference
from lineage.findings import CODES

__all__ = ["PAGES", "README", "Step", "findings_page", "steps", "take"]

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"

_FINDINGS_HEAD: Final = """\
# Findings

Whatever is repaired, guessed, merged, dropped or overruled on the way from files to figures is a *finding*:
collected, kept in the store, and listed by `lineage check`. The codes are stable: a pipeline may fail on them by
name, `lineage check --fail-on does-not-reconcile`. Without `--fail-on`, only those of severity error make
`lineage check` exit with 1.

This page is made from `lineage/findings.py` by `make docs`.

| code | severity | means |
|---|---|---|
"""

_FENCE: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def findings_page() -> str:
    """Return docs/findings.md."""
    rows = [f"| `{code}` | {severity} | {meaning} |\n" for code, (severity, meaning) in sorted(CODES.items())]
    return _FINDINGS_HEAD + "".join(rows)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "commands.md": reference,
    "findings.md": findings_page,
    "queries.md": catalogue_page,
}


class Step(NamedTuple):
    """A block of README.md that is run: `language` is bash or python, `printed` the output shown under it, if any."""

    language: str
    code: str
    printed: str | None
    span: tuple[int, int]


def steps(text: str) -> list[Step]:
    """Return the blocks of a page that are run, in order; examples with >>> are left to doctest."""
    fences = list(_FENCE.finditer(text))
    found = []
    for place, fence in enumerate(fences):
        language, code = fence.groups()
        if language not in ("bash", "python") or code.startswith(">>>"):
            continue
        after = fences[place + 1] if place + 1 < len(fences) else None
        shown = after is not None and after[1] == "text" and not text[fence.end() : after.start()].strip()
        printed, span = (after[2], after.span(2)) if after is not None and shown else (None, (0, 0))
        found.append(Step(language, code, printed, span))
    return found


def take(step: Step, folder: Path) -> str:
    """Run a block in a folder, with this interpreter's `lineage` first on the path; return what it prints."""
    words = ["bash", "-euo", "pipefail", "-c"] if step.language == "bash" else [sys.executable, "-c"]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINEAGE_")}
    outcome = subprocess.run(
        [*words, step.code],
        cwd=folder,
        env=environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if outcome.returncode:
        raise AssertionError(
            f"{step.code}\nexits with {outcome.returncode}:\n{outcome.stdout}{outcome.stderr}"
        )
    return "".join(line.rstrip() + "\n" for line in outcome.stdout.splitlines())


def _with_outputs(text: str) -> str:
    """Return a page with the outputs that its blocks print now."""
    with TemporaryDirectory() as folder:
        told = [(step, take(step, Path(folder))) for step in steps(text)]
    for step, printed in reversed(told):
        if step.printed is not None:
            text = text[: step.span[0]] + printed + text[step.span[1] :]
    return text


if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")
    README.write_text(_with_outputs(README.read_text(encoding="utf-8")), encoding="utf-8")
