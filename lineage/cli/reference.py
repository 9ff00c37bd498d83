"""Writes docs/commands.md from the help texts: `python -m lineage.cli.reference docs/commands.md`."""

import sys
from pathlib import Path
from typing import Final

import click

from lineage.cli import COMMANDS, main

__all__ = ["reference"]

WIDTH: Final = 100
_HEAD: Final = """\
# Commands

Made from the help texts by `python -m lineage.cli.reference docs/commands.md`; do not edit.

Exit codes: 0 fine; 1 an error in the data, or findings under `--strict` or `--fail-on`; 2 wrong use; 130 interrupted;
141 nobody reads the output any more. Results go to stdout, everything else to stderr. What the JSON holds is in
[json.md](json.md).
"""


def reference() -> str:
    """Return the page: the group's help, then every command's."""
    root = click.Context(main, info_name="lineage", terminal_width=WIDTH, max_content_width=WIDTH)
    blocks = [_HEAD, _fenced(main.get_help(root))]
    for name in COMMANDS:
        command = main.get_command(root, name)
        assert command is not None
        context = click.Context(
            command, info_name=name, parent=root, terminal_width=WIDTH, max_content_width=WIDTH
        )
        blocks.append(f"## {name}\n\n{_fenced(command.get_help(context))}")
    return "\n".join(blocks)


def _fenced(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"```text\n{lines}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
